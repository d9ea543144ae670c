package tui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"jurymast/actions"
	"jurymast/inventory"
	"jurymast/tui/widget"
)

// playbooks are all that can be planned: the user's own sequences, then the
// plans that are built in, with when each was last carried out.
type playbooks struct {
	*root
	sieve
	zoom
	table widget.Table
	rows  map[string]*playRow
	total int
	page  int
	cols  layout
}

// playRow is one thing that can be planned.
type playRow struct {
	asked        Request
	title        string
	hosts        string
	took         time.Duration // median of the runs that went well; 0: there was none
	runs         int           // of those
	last, proven *actions.Run
}

func newPlaybooks(m *root) *playbooks {
	s := &playbooks{root: m, sieve: sieve{version: -1}, cols: layoutNone}
	s.table = m.newTable(s.cells)
	return s
}

func (s *playbooks) crumb() string          { return "Playbooks" }
func (s *playbooks) update(tea.Msg) tea.Cmd { return nil }
func (s *playbooks) half() int              { return s.page / 2 }
func (s *playbooks) move(n int)             { s.refresh(); s.table.Move(n) }

// selected is the row under the cursor, nil where there is none.
func (s *playbooks) selected() *playRow {
	s.refresh()
	return s.rows[s.table.Selected()]
}

func (s *playbooks) refresh() {
	if s.fresh(s.world.version) {
		return
	}
	s.rows, s.total = map[string]*playRow{}, 0
	var ids []string
	add := func(r *playRow) {
		s.total++
		id := planWords(r.asked)
		s.records(r)
		text := strings.ToLower(id + " " + r.title + " " + r.hosts)
		state := "never"
		if r.last != nil {
			state = r.last.State
		}
		if s.filt.keeps(filterRow{text: text, state: state, host: r.hosts, kind: string(r.asked.Verb)}) {
			ids = append(ids, id)
			s.rows[id] = r
		}
	}
	fleet := s.engine.Fleet()
	for _, p := range fleet.Playbooks {
		add(&playRow{asked: playbookRequest(p.Name), title: p.Title, hosts: names(playbookHosts(p))})
	}
	for t := range fleet.Targets() {
		for _, v := range s.verbsOf(t) {
			hosts := s.hostOf(t.Ref).Name()
			if moves(v) {
				hosts += " > " + names(t.Standby)
			}
			add(&playRow{asked: Request{Verb: v, Target: t.Ref}, title: verbNotes[v], hosts: hosts})
		}
	}
	s.table.SetRows(ids)
}

// playbookHosts are the hosts that a playbook's steps act on.
func playbookHosts(p inventory.Playbook) []inventory.Ref {
	var out []inventory.Ref
	for _, st := range p.Steps {
		for _, r := range append([]inventory.Ref{st.On}, st.Over...) {
			if r != "" && !slices.Contains(out, r) {
				out = append(out, r)
			}
		}
	}
	return out
}

// records takes in what earlier runs of a row came to.
func (m *root) records(r *playRow) {
	var took []time.Duration
	for i := range m.runs {
		x := &m.runs[i]
		if x.Verb != r.asked.Verb || x.Target != r.asked.Target {
			continue
		}
		if r.last == nil {
			r.last = x
		}
		if x.State != "done" {
			continue
		}
		if r.proven == nil {
			r.proven = x
		}
		if !x.Began.IsZero() && x.Ended.After(x.Began) {
			took = append(took, x.Ended.Sub(x.Began))
		}
	}
	if r.runs = len(took); r.runs > 0 {
		slices.Sort(took)
		r.took = took[r.runs/2]
	}
}

func (s *playbooks) cells(id string, buf []widget.Cell) []widget.Cell {
	r := s.rows[id]
	if r == nil {
		return buf
	}
	last, proven, est := "never", widget.Cell{Text: "never", Style: s.st.warn}, "-"
	if r.last != nil {
		last = s.since(r.last.Made) + " ago " + r.last.State
	}
	if r.proven != nil {
		proven = widget.Cell{Text: s.since(r.proven.Made)}
	}
	if r.runs > 0 {
		est = ageText(r.took)
	}
	dim := func(t string) widget.Cell { return widget.Cell{Text: t, Style: s.st.dim} }
	switch s.cols {
	case layoutWide:
		return append(buf, widget.Cell{Text: id}, dim(r.hosts), widget.Cell{Text: r.title}, widget.Cell{Text: est}, dim(last), proven)
	case layoutNarrow:
		return append(buf, widget.Cell{Text: id}, dim(r.hosts), widget.Cell{Text: est}, dim(last), proven)
	}
	return append(buf, widget.Cell{Text: id}, dim(last), proven)
}

func (s *playbooks) columns(room layout) {
	if s.cols == room {
		return
	}
	s.cols = room
	last := []widget.Column{{Head: "EST", Width: 6, Right: true}, {Head: "LAST RUN", Width: 18}, {Head: "PROVEN", Width: 7}}
	switch room {
	case layoutWide:
		s.table.Columns = append([]widget.Column{{Head: "NAME", Width: 30}, {Head: "HOSTS", Width: 16}, {Head: "WHAT", Flex: true}}, last...)
	case layoutNarrow:
		s.table.Columns = append([]widget.Column{{Head: "NAME", Flex: true}, {Head: "HOSTS", Width: 12}}, last...)
	default:
		s.table.Columns = append([]widget.Column{{Head: "NAME", Flex: true}}, last[1:]...)
	}
}

func (s *playbooks) view(w, h int) []string {
	s.refresh()
	room := s.room()
	s.columns(room)
	out := []string{s.st.ruleLine(s.titled("Playbooks", s.table.Len(), s.total), s.keys.show("open")+" plans, nothing runs yet", w)}
	if s.table.Len() == 0 {
		text := "the inventory has no playbook, no backup and no standby"
		if s.total > 0 {
			text = "nothing matches; " + s.keys.show("back") + " shows all"
		}
		return append(out, "", "  "+s.st.text(text, w-2))
	}
	out = append(out, s.st.dim.Paint(s.table.Head(w)))
	var foot []string
	if room != layoutTiny && !s.zoomed {
		foot = s.foot(w)
	}
	s.page = max(1, h-len(out)-len(foot))
	out = append(out, s.table.View(w, s.page, true)...)
	for len(out) < h-len(foot) {
		out = append(out, "")
	}
	return append(out, foot...)
}

// foot is what the row under the cursor would do, and what it came to so far.
func (s *playbooks) foot(w int) []string {
	r := s.selected()
	if r == nil {
		return nil
	}
	out := []string{s.st.ruleLine(s.table.Selected(), "", w)}
	add := func(format string, args ...any) { out = append(out, "  "+s.st.text(fmt.Sprintf(format, args...), w-2)) }
	add("%s", r.title)
	for _, p := range s.engine.Fleet().Playbooks {
		if r.asked.Verb != actions.VerbPlaybook || p.Name != r.asked.Name {
			continue
		}
		undo, point, unattended := 0, "", "no"
		for i, st := range p.Steps {
			if st.Undo != "" {
				undo++
			}
			if st.NoReturn && point == "" {
				point = fmt.Sprintf(" From step %d, %s, on nothing is taken back by itself.", i+1, st.Title)
			}
		}
		if p.Unattended {
			unattended = "yes"
		}
		back := "none says how it is taken back"
		if undo > 0 {
			back = fmt.Sprintf("%d can be taken back", undo)
		}
		add("Steps: %d, %s.%s Runs unattended: %s.", len(p.Steps), back, point, unattended)
	}
	add("%s", s.conditionsOf(r))
	switch {
	case r.last == nil:
		add("It never ran: nobody knows whether it works.")
	case r.proven == nil:
		add("Run %s, %s ago: %s. It never went well.", r.last.ID, s.since(r.last.Made), r.last.State)
	default:
		add("Run %s, %s ago: %s. It took %s, the median of %d.", r.last.ID, s.since(r.last.Made), r.last.State, ageText(r.took), r.runs)
	}
	return out
}

// conditionsOf says how much of what a plan rests on held when it was made last.
// Nobody is asked for it: to plan is one key away, and may take a while.
func (s *playbooks) conditionsOf(r *playRow) string {
	p, ok := s.plans[planWords(r.asked)]
	if !ok {
		return "Whether it could run now is not known: " + s.keys.show("open") + " asks, and changes nothing."
	}
	text := fmt.Sprintf("Planned %s ago: ", s.since(p.Made))
	if len(p.Conditions) == 0 {
		return text + "it has no conditions."
	}
	text += fmt.Sprintf("%d of %d conditions hold", holding(p), len(p.Conditions))
	for _, h := range []actions.Hold{actions.Blocking, actions.Open} {
		if un := p.Unmet(h); len(un) > 0 {
			return text + fmt.Sprintf("; %s: %s: %s", h, un[0].Text, un[0].Seen)
		}
	}
	return text + "."
}

func (s *playbooks) bindings() []binding {
	none := func() string {
		if s.selected() == nil {
			return "nothing is under the cursor"
		}
		return ""
	}
	plans := func() string {
		if s.engine.ReadOnly() {
			return readOnly
		}
		return none()
	}
	return []binding{
		{act: "open", hint: true, word: "plan", why: plans, do: func() tea.Cmd { return s.root.plan(s.selected().asked) }},
		{act: "drill", hint: true, why: func() string {
			if why := plans(); why != "" {
				return why
			}
			if !s.copied(s.selected().asked.Target) {
				return "no backup is written of it: there is nothing to prove"
			}
			return ""
		}, do: func() tea.Cmd {
			return s.root.plan(Request{Verb: actions.VerbDrill, Target: s.selected().asked.Target})
		}},
		{act: "log", hint: true, word: "runs", do: func() tea.Cmd { return s.open(newRuns(s.root)) }},
		{act: "edit", why: none, do: func() tea.Cmd {
			r := s.selected()
			for _, p := range s.engine.Fleet().Playbooks {
				if r.asked.Verb == actions.VerbPlaybook && p.Name == r.asked.Name {
					return s.editAt(p.Pos)
				}
			}
			return s.edit(r.asked.Target)
		}},
		s.zoomBinding(),
	}
}
