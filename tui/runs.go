package tui

import (
	"fmt"

	tea "github.com/charmbracelet/bubbletea"

	"jurymast/actions"
	"jurymast/tui/widget"
)

// runList is the newest runs.
type runList struct {
	*root
	table   widget.Table
	version int
	page    int
}

func newRuns(m *root) *runList {
	s := &runList{root: m, version: -1}
	s.table = widget.Table{Tail: m.st.tail, Mark: m.st.mark, Tick: m.st.tick, Cursor: m.st.cursor, Cells: s.cells}
	return s
}

func (s *runList) crumb() string          { return "Runs" }
func (s *runList) update(tea.Msg) tea.Cmd { return nil }
func (s *runList) half() int              { return s.page / 2 }
func (s *runList) move(n int)             { s.table.Move(n) }

func (s *runList) cells(id string, buf []widget.Cell) []widget.Cell {
	for _, r := range s.runs {
		if r.ID == id {
			style := s.st.dim
			if underWay(r.State) {
				style = s.st.warn
			}
			if stands(r.State) {
				style = s.st.fail
			}
			return append(buf, widget.Cell{Text: r.ID}, widget.Cell{Text: r.State, Style: style}, widget.Cell{Text: r.Title}, widget.Cell{Text: r.Who}, widget.Cell{Text: s.when(r.Made), Style: s.st.dim})
		}
	}
	return buf
}

func (s *runList) view(w, h int) []string {
	if s.version != s.world.version {
		s.version = s.world.version
		ids := make([]string, len(s.runs))
		for i, r := range s.runs {
			ids[i] = r.ID
		}
		s.table.SetRows(ids)
	}
	s.table.Columns = []widget.Column{{Width: 12}, {Width: 10}, {Flex: true}, {Width: 10}, {Width: 10}}
	if s.room() == layoutTiny {
		s.table.Columns = []widget.Column{{Width: 12}, {Width: 10}, {Flex: true}}
	}
	s.page = h - 1
	out := []string{s.st.ruleLine(fmt.Sprintf("Runs %d", len(s.runs)), "newest first", w)}
	if len(s.runs) == 0 {
		return append(out, "", "  there were no runs")
	}
	return append(out, s.table.View(w, h-1, true)...)
}

func (s *runList) bindings() []binding {
	return []binding{{act: "open", hint: true, do: func() tea.Cmd {
		if id := s.table.Selected(); id != "" {
			return s.open(newRunScreen(s.root, id))
		}
		return nil
	}}}
}

// playbooks are the user's own sequences and when each was last carried out.
type playbooks struct {
	*root
	table widget.Table
	page  int
}

func newPlaybooks(m *root) *playbooks {
	s := &playbooks{root: m}
	s.table = widget.Table{Tail: m.st.tail, Mark: m.st.mark, Tick: m.st.tick, Cursor: m.st.cursor, Cells: s.cells}
	return s
}

func (s *playbooks) crumb() string          { return "Playbooks" }
func (s *playbooks) update(tea.Msg) tea.Cmd { return nil }
func (s *playbooks) half() int              { return s.page / 2 }
func (s *playbooks) move(n int)             { s.table.Move(n) }

// requests are what can be planned, by the words of the command.
func (s *playbooks) requests() (ids []string, of map[string]Request) {
	of = map[string]Request{}
	add := func(r Request) {
		id := planWords(r)
		ids = append(ids, id)
		of[id] = r
	}
	for _, p := range s.engine.Fleet().Playbooks {
		add(playbookRequest(p.Name))
	}
	for t := range s.engine.Fleet().Targets() {
		for _, v := range s.verbsOf(t) {
			add(Request{Verb: v, Target: t.Ref})
		}
	}
	return ids, of
}

// lastRun is the newest run of a request, and when it last went well.
func (s *playbooks) lastRun(r Request) (last, proven *actions.Run) {
	for i := range s.runs {
		x := &s.runs[i]
		if x.Verb != r.Verb || x.Target != r.Target {
			continue
		}
		if last == nil {
			last = x
		}
		if x.State == "done" && proven == nil {
			proven = x
		}
	}
	return last, proven
}

func (s *playbooks) cells(id string, buf []widget.Cell) []widget.Cell {
	_, of := s.requests()
	r, ok := of[id]
	if !ok {
		return buf
	}
	title := verbNotes[r.Verb]
	if r.Verb == actions.VerbPlaybook {
		for _, p := range s.engine.Fleet().Playbooks {
			if p.Name == r.Name {
				title = p.Title
			}
		}
	}
	last, proven := s.lastRun(r)
	lastText, provenCell := "never", widget.Cell{Text: "never", Style: s.st.warn}
	if last != nil {
		lastText = s.since(last.Made) + " ago " + last.State
	}
	if proven != nil {
		provenCell = widget.Cell{Text: s.since(proven.Made)}
	}
	return append(buf, widget.Cell{Text: id}, widget.Cell{Text: title}, widget.Cell{Text: lastText, Style: s.st.dim}, provenCell)
}

func (s *playbooks) view(w, h int) []string {
	ids, _ := s.requests()
	s.table.SetRows(ids)
	s.table.Columns = []widget.Column{{Head: "NAME", Width: 28}, {Head: "WHAT", Flex: true}, {Head: "LAST RUN", Width: 20}, {Head: "PROVEN", Width: 8}}
	if s.room() == layoutTiny {
		s.table.Columns = []widget.Column{{Head: "NAME", Flex: true}, {Width: 1}, {Head: "LAST RUN", Width: 18}, {Head: "PROVEN", Width: 7}}
	}
	out := []string{s.st.ruleLine(fmt.Sprintf("Playbooks %d", len(ids)), s.keys.show("open")+" plans, nothing runs yet", w)}
	if len(ids) == 0 {
		return append(out, "", "  "+s.st.text("the inventory has no playbook, no backup and no standby", w-2))
	}
	out = append(out, s.st.dim.Paint(s.table.Head(w)))
	s.page = h - len(out)
	return append(out, s.table.View(w, s.page, true)...)
}

func (s *playbooks) bindings() []binding {
	return []binding{
		{act: "open", hint: true, word: "plan", why: func() string {
			if s.engine.ReadOnly() {
				return readOnly
			}
			return ""
		}, do: func() tea.Cmd {
			_, of := s.requests()
			if r, ok := of[s.table.Selected()]; ok {
				return s.root.plan(r)
			}
			return nil
		}},
		{act: "log", hint: true, word: "runs", do: func() tea.Cmd { return s.open(newRuns(s.root)) }},
	}
}
