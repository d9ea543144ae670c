package tui

import (
	"fmt"
	"strconv"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"jurymast/actions"
	"jurymast/inventory"
	"jurymast/tui/widget"
)

// backups is how fresh every backup is, and how well each set of data is kept.
type backups struct {
	*root
	table  widget.Table
	covers widget.Table
	pane   int
	page   int
	cols   layout
}

func newBackups(m *root) *backups {
	s := &backups{root: m}
	s.table = widget.Table{Tail: m.st.tail, Mark: m.st.mark, Tick: m.st.tick, Cursor: m.st.cursor, Cells: s.jobCells}
	s.covers = widget.Table{Tail: m.st.tail, Mark: m.st.mark, Tick: m.st.tick, Cursor: m.st.cursor, Cells: s.coverCells}
	return s
}

func (s *backups) crumb() string          { return "Backups" }
func (s *backups) update(tea.Msg) tea.Cmd { return nil }
func (s *backups) half() int              { return s.page / 2 }

func (s *backups) move(n int) {
	if s.pane == 0 {
		s.table.Move(n)
		return
	}
	s.covers.Move(n)
}

func (s *backups) job() *Job {
	for i := range s.jobs {
		if s.jobs[i].Name == s.table.Selected() {
			return &s.jobs[i]
		}
	}
	return nil
}

func (s *backups) selected() inventory.Ref {
	if s.pane == 1 {
		return inventory.Ref(s.covers.Selected())
	}
	if j := s.job(); j != nil {
		return j.Target
	}
	return ""
}

func (s *backups) jobCells(id string, buf []widget.Cell) []widget.Cell {
	for i := range s.jobs {
		j := &s.jobs[i]
		if j.Name != id {
			continue
		}
		sign := widget.Cell{Text: s.st.signs[j.State], Style: s.st.status(j.State)}
		age, part := "never / "+ageText(j.RPO), 0.0
		if !j.At.IsZero() {
			d := s.now.Sub(j.At)
			age = ageText(d) + " / " + ageText(j.RPO)
			part = float64(d) / float64(max(j.RPO, 1))
		}
		width := 12
		if s.cols == layoutTiny {
			return append(buf, sign, widget.Cell{Text: j.Name}, widget.Cell{Text: age})
		}
		bar := widget.Cell{Text: widget.Bar(part, width, s.st.bar, s.st.rest), Style: s.st.status(j.State)}
		pct := "-"
		if !j.At.IsZero() {
			pct = strconv.Itoa(int(part*100)) + "%"
		}
		if s.cols == layoutNarrow {
			return append(buf, sign, widget.Cell{Text: j.Name}, widget.Cell{Text: age}, bar, widget.Cell{Text: pct}, widget.Cell{Text: j.Line})
		}
		drill := "never"
		if !j.Drilled.IsZero() {
			drill = s.since(j.Drilled) + " " + j.Proof
		}
		bytes := "-"
		if j.Bytes > 0 {
			bytes = size(j.Bytes)
		}
		return append(buf, sign, widget.Cell{Text: j.Name}, widget.Cell{Text: string(j.Target)}, widget.Cell{Text: age}, bar, widget.Cell{Text: pct},
			widget.Cell{Text: bytes}, widget.Cell{Text: drill}, widget.Cell{Text: j.Line, Style: s.st.dim})
	}
	return buf
}

func (s *backups) coverCells(id string, buf []widget.Cell) []widget.Cell {
	for i := range s.root.covers {
		c := &s.root.covers[i]
		if string(c.Target) != id {
			continue
		}
		n := func(v int, what string) widget.Cell { return widget.Cell{Text: strconv.Itoa(v) + " " + what} }
		buf = append(buf, widget.Cell{Text: s.st.signs[c.State], Style: s.st.status(c.State)}, widget.Cell{Text: id},
			n(c.Copies, "copies"), n(c.Media, "media"), n(c.OffSite, "off site"))
		if s.cols == layoutWide {
			var places []string
			for _, p := range c.Places {
				places = append(places, p.Repository+" "+ageText(p.Age))
			}
			buf = append(buf, n(c.Locked, "locked"), widget.Cell{Text: strings.Join(places, ", "), Style: s.st.dim})
		}
		return append(buf, widget.Cell{Text: c.Line})
	}
	return buf
}

func (s *backups) view(w, h int) []string {
	s.cols = s.room()
	ids := make([]string, len(s.jobs))
	for i := range s.jobs {
		ids[i] = s.jobs[i].Name
	}
	s.table.SetRows(ids)
	ids = make([]string, len(s.root.covers))
	holds := 0
	for i := range s.root.covers {
		ids[i] = string(s.root.covers[i].Target)
		if s.root.covers[i].State == actions.OK {
			holds++
		}
	}
	s.covers.SetRows(ids)
	switch s.cols {
	case layoutWide:
		s.table.Columns = []widget.Column{{Head: "", Width: 1}, {Head: "BACKUP", Width: 14}, {Head: "DATA SET", Width: 17}, {Head: "AGE / RPO", Width: 17}, {Head: "", Width: 12}, {Head: "", Width: 5, Right: true}, {Head: "SIZE", Width: 9, Right: true}, {Head: "RESTORE TEST", Width: 14}, {Head: "ANSWER", Flex: true}}
		s.covers.Columns = []widget.Column{{Width: 1}, {Head: "DATA SET", Width: 20}, {Width: 9}, {Width: 8}, {Width: 10}, {Width: 8}, {Head: "COPIES", Width: 26}, {Head: "VERDICT", Flex: true}}
	case layoutNarrow:
		s.table.Columns = []widget.Column{{Width: 1}, {Width: 14}, {Width: 16}, {Width: 12}, {Width: 5, Right: true}, {Flex: true}}
		s.covers.Columns = []widget.Column{{Width: 1}, {Width: 18}, {Width: 9}, {Width: 8}, {Width: 10}, {Flex: true}}
	default:
		s.table.Columns = []widget.Column{{Width: 1}, {Flex: true}, {Width: 20}}
	}
	note := ""
	if s.cols != layoutTiny {
		note = "age of the newest copy that was listed, against its RPO"
	}
	out := []string{s.st.ruleLine(fmt.Sprintf("Freshness %d backups", len(s.jobs)), note, w)}
	if len(s.jobs) == 0 {
		out = append(out, "  "+s.st.text("the inventory has no backup", w-2))
	}
	if s.cols == layoutTiny {
		s.page = h - 1
		return append(out, s.table.View(w, h-1, true)...)
	}
	rows := share(h-8, 2, len(s.jobs), len(s.root.covers))
	s.page = max(rows[0], rows[1])
	out = append(out, s.table.View(w, rows[0], s.pane == 0)...)
	out = append(out, "", s.st.ruleLine("3-2-1", fmt.Sprintf("3 copies, 2 media, 1 off site: %d of %d hold", holds, len(s.root.covers)), w))
	out = append(out, s.covers.View(w, rows[1], s.pane == 1)...)
	if j := s.job(); j != nil && len(out) < h-3 {
		out = append(out, "", s.st.ruleLine(j.Name, "to "+strings.Join(j.To, ", "), w), "  "+s.st.text(j.Line, w-2))
	}
	return out
}

func (s *backups) bindings() []binding {
	bs := s.about(s.selected, func() []inventory.Ref { return []inventory.Ref{s.selected()} })
	turn := func() tea.Cmd { s.pane = 1 - s.pane; return nil }
	return append(bs, binding{act: "next-pane", hint: true, do: turn}, binding{act: "prev-pane", do: turn})
}
