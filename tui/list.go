package tui

import (
	"fmt"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"jurymast/actions"
	"jurymast/inventory"
	"jurymast/tui/widget"
)

// list is all targets of a level.
type list struct {
	*root
	name  string
	level inventory.Level
	table widget.Table
	sieve
	only    bool // problems only
	order   ordering
	marked  marks
	total   int
	sizedTo [2]int
	page    int
}

func newList(m *root, name string, level inventory.Level) *list {
	l := &list{root: m, name: name, level: level, marked: marks{}, sieve: sieve{version: -1}, sizedTo: [2]int{-1, -1}}
	l.table = m.newTable(l.cells)
	l.table.Marked = l.marked.has
	return l
}

func (l *list) crumb() string           { return l.name }
func (l *list) update(tea.Msg) tea.Cmd  { return nil }
func (l *list) half() int               { return l.page / 2 }
func (l *list) move(n int)              { l.refresh(); l.table.Move(n) }
func (l *list) selected() inventory.Ref { l.refresh(); return inventory.Ref(l.table.Selected()) }

// refresh makes the rows anew where what is known has changed.
func (l *list) refresh() {
	if l.fresh(l.world.version) {
		return
	}
	ids := make([]string, 0, len(l.sums))
	l.total = 0
	for i := range l.sums {
		s := &l.sums[i]
		if s.Ref.Level() != l.level {
			continue
		}
		l.total++
		if l.only && !problem(s) || len(l.filt.words) > 0 && !l.filt.keeps(l.rowOf(s)) {
			continue
		}
		ids = append(ids, string(s.Ref))
	}
	l.order.sort(l.world, ids)
	l.table.SetRows(ids)
}

func (l *list) columns(room layout) {
	if l.sizedTo == [2]int{int(room), int(l.times)} {
		return
	}
	l.sizedTo = [2]int{int(room), int(l.times)}
	when := 7
	if l.times != asAge {
		when = 16
	}
	switch room {
	case layoutWide:
		l.table.Columns = []widget.Column{{Head: "STATE", Width: 6}, {Head: "NAME", Width: 20}, {Head: "KIND", Width: 10}, {Head: "HOST", Width: 12}, {Head: "FOR", Width: when, Right: true}, {Head: "WHY", Flex: true}, {Head: "AGE", Width: 6, Right: true}}
	case layoutNarrow:
		l.table.Columns = []widget.Column{{Width: 1}, {Width: 18}, {Width: when, Right: true}, {Flex: true}, {Width: 6, Right: true}}
	default:
		l.table.Columns = []widget.Column{{Width: 1}, {Width: 18}, {Flex: true}}
	}
}

func (l *list) cells(id string, buf []widget.Cell) []widget.Cell {
	s, ok := l.sum(inventory.Ref(id))
	if !ok {
		return append(buf, widget.Cell{Text: "-"}, widget.Cell{Text: id})
	}
	st := seen(s)
	sign := l.st.sign(st, s.Stale, s.Muted != "", l.looking[s.Ref])
	name := widget.Cell{Text: s.Ref.Name()}
	why := widget.Cell{Text: reason(s, false)}
	since := widget.Cell{Text: l.when(s.Since)}
	age := widget.Cell{Text: l.since(s.CheckedAt), Style: l.st.dim}
	switch len(l.table.Columns) {
	case 7:
		sign.Text = l.st.worded(sign.Text, st)
		return append(buf, sign, name, widget.Cell{Text: s.Kind, Style: l.st.dim}, widget.Cell{Text: host(s), Style: l.st.dim}, since, why, age)
	case 5:
		return append(buf, sign, name, since, why, age)
	}
	return append(buf, sign, name, why)
}

// aboutCheck is the check that a row's status comes from, with its item.
func aboutCheck(s *actions.Summary) string {
	if s.Check == "" || seen(s) == actions.OK {
		return ""
	}
	return strings.TrimSpace(s.Check + " " + s.Item)
}

// reason is why a row is as it is, with what it probably comes from. Short
// leaves the name of the check out, where it stands beside.
func reason(s *actions.Summary, short bool) string {
	t := s.Summary
	if short {
		t = strings.TrimPrefix(t, aboutCheck(s)+": ")
	}
	if s.Muted != "" {
		t = s.Muted + ": " + t
	}
	return t
}

func host(s *actions.Summary) string {
	if s.On != "" {
		return s.On.Name()
	}
	return s.Host.Name()
}

func (l *list) view(w, h int) []string {
	l.refresh()
	room := l.room()
	l.columns(room)
	title := l.titled(l.name, l.table.Len(), l.total)
	if l.only {
		title += "  problems only"
	}
	if n := len(l.marked); n > 0 {
		title += fmt.Sprintf("  %d marked", n)
	}
	out := []string{l.st.ruleLine(title, l.order.note(), w)}
	if room == layoutWide {
		out = append(out, l.st.dim.Paint(l.table.Head(w)))
	}
	l.page = h - len(out)
	if l.table.Len() == 0 {
		text := "there are none in the inventory"
		if l.total > 0 {
			text = "nothing matches; " + l.keys.show("back") + " shows all"
		} else if !l.got {
			text = "nothing is known yet"
		}
		return append(out, "", "  "+l.st.text(text, w-2))
	}
	return append(out, l.table.View(w, h-len(out), true)...)
}

func (l *list) bindings() []binding {
	bs := append(l.about(l.selected, func() []inventory.Ref { return l.marked.or(l.selected()) }),
		binding{act: "back", do: func() tea.Cmd {
			if len(l.marked) > 0 && l.filt.text == "" {
				clear(l.marked)
				return nil
			}
			return l.root.back()
		}},
		binding{act: "problems", hint: true, do: func() tea.Cmd { l.only, l.version = !l.only, -1; return nil }},
	)
	bs = append(bs, l.order.bindings(func() { l.version = -1 })...)
	return append(bs, l.marked.bindings(func() *widget.Table { l.refresh(); return &l.table })...)
}
