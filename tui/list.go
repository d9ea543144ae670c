package tui

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"jurymast/actions"
	"jurymast/inventory"
	"jurymast/tui/widget"
)

// list is all targets of a level.
type list struct {
	*root
	name    string
	level   inventory.Level
	table   widget.Table
	filt    filter
	only    bool // problems only
	order   int  // of sortings
	turned  bool
	marked  map[inventory.Ref]bool
	total   int
	version int // of the world that the rows were made from
	sizedTo [2]int
	page    int
}

// sortings are the orders of a list.
var sortings = []string{"worst first", "name", "age", "host"}

func newList(m *root, name string, level inventory.Level) *list {
	l := &list{root: m, name: name, level: level, marked: map[inventory.Ref]bool{}, version: -1, sizedTo: [2]int{-1, -1}}
	l.table = widget.Table{Tail: m.st.tail, Mark: m.st.mark, Tick: m.st.tick, Cursor: m.st.cursor, Cells: l.cells}
	l.table.Marked = func(id string) bool { return l.marked[inventory.Ref(id)] }
	return l
}

func (l *list) crumb() string           { return l.name }
func (l *list) update(tea.Msg) tea.Cmd  { return nil }
func (l *list) filtered() string        { return l.filt.text }
func (l *list) half() int               { return l.page / 2 }
func (l *list) move(n int)              { l.refresh(); l.table.Move(n) }
func (l *list) selected() inventory.Ref { l.refresh(); return inventory.Ref(l.table.Selected()) }
func (l *list) filter(text string) error {
	f, err := parseFilter(text)
	if err != nil {
		return err
	}
	l.filt, l.version = f, -1
	return nil
}

// refresh makes the rows anew where what is known has changed.
func (l *list) refresh() {
	if l.version == l.world.version {
		return
	}
	l.version = l.world.version
	ids := make([]string, 0, len(l.sums))
	l.total = 0
	for i := range l.sums {
		s := &l.sums[i]
		if s.Ref.Level() != l.level {
			continue
		}
		l.total++
		if l.only && !problem(s) || len(l.filt.words) > 0 && !l.filt.keeps(rowOf(s)) {
			continue
		}
		ids = append(ids, string(s.Ref))
	}
	l.sorted(ids)
	l.table.SetRows(ids)
}

func (l *list) sorted(ids []string) {
	of := func(id string) *actions.Summary { s, _ := l.sum(inventory.Ref(id)); return s }
	switch l.order {
	case 1:
		slices.Sort(ids)
	case 2:
		slices.SortStableFunc(ids, func(a, b string) int { return of(a).CheckedAt.Compare(of(b).CheckedAt) })
	case 3:
		slices.SortStableFunc(ids, func(a, b string) int { return strings.Compare(string(of(a).Host), string(of(b).Host)) })
	}
	if l.turned {
		slices.Reverse(ids)
	}
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
	title := l.name + " " + strconv.Itoa(l.total)
	if l.filt.text != "" || l.only {
		title = fmt.Sprintf("%s %d of %d", l.name, l.table.Len(), l.total)
	}
	if l.filt.text != "" {
		title += "  / " + l.filt.text
	}
	if l.only {
		title += "  problems only"
	}
	if n := len(l.marked); n > 0 {
		title += fmt.Sprintf("  %d marked", n)
	}
	note := sortings[l.order]
	if l.turned {
		note += ", reversed"
	}
	out := []string{l.st.ruleLine(title, note, w)}
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

// chosen is what an act is about: all that is marked, else what is under the
// cursor.
func (l *list) chosen() []inventory.Ref {
	if len(l.marked) == 0 {
		if r := l.selected(); r != "" {
			return []inventory.Ref{r}
		}
		return nil
	}
	var out []inventory.Ref
	for r := range l.marked {
		out = append(out, r)
	}
	slices.Sort(out)
	return out
}

func (l *list) bindings() []binding {
	redo := func(f func()) func() tea.Cmd { return func() tea.Cmd { f(); l.version = -1; return nil } }
	bs := l.about(l.selected, l.chosen)
	return append(bs,
		binding{act: "back", do: func() tea.Cmd {
			if len(l.marked) > 0 && l.filt.text == "" {
				clear(l.marked)
				return nil
			}
			return l.root.back()
		}},
		binding{act: "problems", hint: true, do: redo(func() { l.only = !l.only })},
		binding{act: "sort", do: redo(func() { l.order = (l.order + 1) % len(sortings) })},
		binding{act: "reverse", do: redo(func() { l.turned = !l.turned })},
		binding{act: "mark", do: func() tea.Cmd {
			if r := l.selected(); l.marked[r] {
				delete(l.marked, r)
			} else if r != "" {
				l.marked[r] = true
			}
			l.table.Move(1)
			return nil
		}},
		binding{act: "mark-all", do: func() tea.Cmd {
			if len(l.marked) > 0 {
				clear(l.marked)
				return nil
			}
			for _, id := range l.table.Rows() {
				l.marked[inventory.Ref(id)] = true
			}
			return nil
		}},
	)
}
