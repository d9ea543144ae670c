package tui

import (
	"fmt"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"jurymast/actions"
	"jurymast/inventory"
	"jurymast/tui/widget"
)

// backups is how fresh every backup is, and how well each set of data is kept.
type backups struct {
	*root
	sieve
	zoom
	table  widget.Table
	covers widget.Table
	jobOf  map[string]*Job
	setOf  map[string]*Cover
	ran    map[string]*actions.Run // the newest run of each backup
	holds  int                     // sets of data that are kept well
	pane   int                     // 0 the backups, 1 the sets of data
	page   int
	cols   layout
	order  jobOrder
	turned bool // the order is the other way round
}

func newBackups(m *root) *backups {
	s := &backups{root: m, sieve: sieve{version: -1}, cols: layoutNone}
	s.table = m.newTable(s.jobCells)
	s.covers = m.newTable(s.coverCells)
	return s
}

func (s *backups) crumb() string          { return "Backups" }
func (s *backups) update(tea.Msg) tea.Cmd { return nil }
func (s *backups) half() int              { return s.page / 2 }

func (s *backups) move(n int) {
	s.refresh()
	if s.pane == 0 {
		s.table.Move(n)
		return
	}
	s.covers.Move(n)
}

func (s *backups) refresh() {
	if s.fresh(s.world.version) {
		return
	}
	s.jobOf, s.setOf, s.ran, s.holds = map[string]*Job{}, map[string]*Cover{}, map[string]*actions.Run{}, 0
	var ids []string
	for i := range s.jobs {
		j := &s.jobs[i]
		for k := range s.runs {
			if r := &s.runs[k]; r.Verb == actions.VerbBackup && r.Target == j.Target {
				s.ran[j.Name] = r // the newest comes first
				break
			}
		}
		text := strings.ToLower(strings.Join([]string{j.Name, string(j.Target), j.Line, strings.Join(j.To, " ")}, " "))
		if s.filt.keeps(filterRow{text: text, state: j.State.String(), host: s.hostOf(j.Target).Name(), kind: "backup"}) {
			ids = append(ids, j.Name)
			s.jobOf[j.Name] = j
		}
	}
	s.order.sort(ids, s.jobOf, s.turned)
	s.table.SetRows(ids)
	ids = nil
	for i := range s.root.covers {
		c := &s.root.covers[i]
		if c.State == actions.OK {
			s.holds++
		}
		if s.filt.keeps(filterRow{text: strings.ToLower(string(c.Target) + " " + c.Line), state: c.State.String(), host: s.hostOf(c.Target).Name(), kind: "coverage"}) {
			ids = append(ids, string(c.Target))
			s.setOf[string(c.Target)] = c
		}
	}
	s.covers.SetRows(ids)
}

// job is the backup under the cursor, nil where there is none.
func (s *backups) job() *Job { s.refresh(); return s.jobOf[s.table.Selected()] }

func (s *backups) selected() inventory.Ref {
	if s.pane == 1 {
		return inventory.Ref(s.covers.Selected())
	}
	if j := s.job(); j != nil {
		return j.Target
	}
	return ""
}

func (s *backups) view(w, h int) []string {
	s.refresh()
	room := s.room()
	s.columns(room)
	if room == layoutTiny || s.zoomed {
		s.page = h - 2
		if s.pane == 1 {
			return s.coverage(w, h)
		}
		return s.freshness(w, h)
	}
	foot := s.foot(w)
	heads := 1
	if room == layoutWide {
		heads = 2
	}
	rows := share(h-4-heads-len(foot), 2, max(1, s.table.Len()), s.covers.Len())
	s.page = max(rows[0], rows[1])
	out := append(s.freshness(w, rows[0]+2), "")
	out = append(out, s.coverage(w, rows[1]+heads)...)
	if free := h - len(out) - len(foot); free > 0 {
		out = append(append(out, ""), foot...)
	}
	return out
}

// freshness is the backups: the age of each against its limit.
func (s *backups) freshness(w, h int) []string {
	note := ""
	if s.cols != layoutTiny {
		note = "age of the newest copy that was listed, against its RPO"
	}
	out := []string{s.st.ruleLine(s.titled("Freshness, backups", s.table.Len(), len(s.jobs)), note, w)}
	if s.table.Len() == 0 {
		text := "the inventory has no backup"
		if len(s.jobs) > 0 {
			text = "nothing matches; " + s.keys.show("back") + " shows all"
		}
		return append(out, "  "+s.st.text(text, w-2))
	}
	if s.cols == layoutWide {
		out = append(out, s.st.dim.Paint(s.table.Head(w)))
	}
	return append(out, s.table.View(w, h-len(out), s.pane == 0)...)
}

// coverage is the sets of data: how many copies of each there are, and where.
func (s *backups) coverage(w, h int) []string {
	out := []string{s.st.ruleLine(s.titled("3-2-1", s.covers.Len(), len(s.root.covers)), fmt.Sprintf("3 copies, 2 media, 1 off site: %d of %d hold", s.holds, len(s.root.covers)), w)}
	if s.cols == layoutWide {
		out = append(out, s.st.dim.Paint(s.covers.Head(w)))
	}
	return append(out, s.covers.View(w, h-len(out), s.pane == 1)...)
}

// foot is the backup under the cursor: what it keeps, when it ran, and what a
// loss would cost now.
func (s *backups) foot(w int) []string {
	j := s.job()
	if j == nil {
		return nil
	}
	out := []string{s.st.ruleLine(j.Name, "to "+strings.Join(j.To, ", "), w)}
	add := func(name, text string) {
		if text != "" {
			out = append(out, "  "+s.st.text(widget.Fit(name, 10, "")+text, w-2))
		}
	}
	add("answer", j.Line)
	if r := s.ran[j.Name]; r != nil {
		add("last run", fmt.Sprintf("%s  %s  %s ago by %s", r.ID, r.State, s.since(r.Made), r.Who))
	} else {
		add("last run", "none that was started from here")
	}
	lost := "all of it: there is no copy"
	if !j.At.IsZero() {
		lost = "up to " + ageText(s.now.Sub(j.At)) + " of changes"
	}
	if c := s.setOf[string(j.Target)]; c != nil && len(c.Places) > 0 {
		lost += "; copies left: " + placeText(c.Places)
	}
	add("if lost", lost)
	if j.Drilled.IsZero() {
		add("tested", "never: nobody knows whether it can be brought back")
	} else {
		add("tested", s.since(j.Drilled)+" ago: "+j.Proof)
	}
	if next := s.policy(j).Schedule.Next(s.now); !next.IsZero() {
		add("next run", next.Format("Mon 15:04")+", in "+ageText(next.Sub(s.now)))
	}
	add("late", s.lateText(j))
	add("kept", keepText(s.policy(j).Keep))
	return out
}

func (s *backups) bindings() []binding {
	bs := s.about(s.selected, func() []inventory.Ref { return []inventory.Ref{s.selected()} })
	turn := func() tea.Cmd { s.pane = 1 - s.pane; return nil }
	return append(bs, binding{act: "next-pane", hint: true, do: turn}, binding{act: "prev-pane", do: turn},
		binding{act: "coverage", hint: true, do: func() tea.Cmd {
			on := s.pane == 1 && s.zoomed
			s.pane, s.zoomed = 1, !on
			if on {
				s.pane = 0
			}
			return nil
		}},
		binding{act: "sort", do: func() tea.Cmd {
			s.order = (s.order + 1) % jobOrder(len(jobOrders))
			s.version = -1
			s.say("backups " + jobOrders[s.order])
			return nil
		}},
		binding{act: "reverse", do: func() tea.Cmd { s.turned, s.version = !s.turned, -1; return nil }},
		binding{act: "report", word: "report of its last run", why: func() string {
			if j := s.job(); j == nil || s.ran[j.Name] == nil {
				return "no run of it was started from here"
			}
			return ""
		}, do: func() tea.Cmd { return s.readReport(*s.ran[s.job().Name], false) }},
		binding{act: "drill", why: func() string {
			switch {
			case s.engine.ReadOnly():
				return readOnly
			case s.selected() == "" || !s.copied(s.selected()):
				return "no backup is written of it: there is nothing to prove"
			}
			return ""
		}, do: func() tea.Cmd { return s.root.plan(Request{Verb: actions.VerbDrill, Target: s.selected()}) }},
		s.zoomBinding())
}
