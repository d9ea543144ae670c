package tui

import (
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"jurymast/actions"
	"jurymast/tui/widget"
)

// runList is the newest runs.
type runList struct {
	*root
	sieve
	table widget.Table
	of    map[string]*actions.Run
	page  int
}

func newRuns(m *root) *runList {
	s := &runList{root: m, sieve: sieve{version: -1}}
	s.table = m.newTable(s.cells)
	return s
}

func (s *runList) crumb() string          { return "Runs" }
func (s *runList) update(tea.Msg) tea.Cmd { return nil }
func (s *runList) half() int              { return s.page / 2 }
func (s *runList) move(n int)             { s.refresh(); s.table.Move(n) }

func (s *runList) refresh() {
	if s.fresh(s.world.version) {
		return
	}
	s.of = make(map[string]*actions.Run, len(s.runs))
	var ids []string
	for i := range s.runs {
		r := &s.runs[i]
		row := filterRow{
			text:  strings.ToLower(strings.Join([]string{r.ID, r.State, r.Title, r.Who, string(r.Target), string(r.Verb)}, " ")),
			state: r.State, kind: string(r.Verb), who: r.Who, host: r.Target.Name(), age: s.now.Sub(r.Made),
		}
		if s.filt.keeps(row) {
			s.of[r.ID] = r
			ids = append(ids, r.ID)
		}
	}
	s.table.SetRows(ids)
}

func (s *runList) cells(id string, buf []widget.Cell) []widget.Cell {
	r := s.of[id]
	if r == nil {
		return buf
	}
	style := s.st.dim
	if underWay(r.State) {
		style = s.st.warn
	}
	if stands(r.State) {
		style = s.st.fail
	}
	return append(buf, widget.Cell{Text: r.ID}, widget.Cell{Text: r.State, Style: style}, widget.Cell{Text: r.Title}, widget.Cell{Text: r.Who}, widget.Cell{Text: s.when(r.Made), Style: s.st.dim})
}

func (s *runList) view(w, h int) []string {
	s.refresh()
	s.table.Columns = []widget.Column{{Width: 12}, {Width: 10}, {Flex: true}, {Width: 10}, {Width: 10}}
	if s.room() == layoutTiny {
		s.table.Columns = []widget.Column{{Width: 12}, {Width: 10}, {Flex: true}}
	}
	s.page = h - 1
	out := []string{s.st.ruleLine(s.titled("Runs", s.table.Len(), len(s.runs)), "newest first", w)}
	if s.table.Len() == 0 {
		return append(out, "", "  "+s.st.text("there were no runs that fit", w-2))
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
