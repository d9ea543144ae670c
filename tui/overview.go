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

// overview is the first screen: what is wrong, then everything else in short.
type overview struct {
	*root
	marked   marks
	problems widget.Table
	panes    []*pane
	at       int // pane with the cursor: 0 are the problems
	sieve
	zoom
	gauges vitals
	order  ordering
	busy   string // which hosts are, when nothing is wrong
	silent string // what is not looked at because a host does not answer
	page   int
	cols   layout
}

func newOverview(m *root) *overview {
	o := &overview{root: m, marked: marks{}, sieve: sieve{version: -1}, gauges: newVitals(), cols: layoutNone}
	o.problems = o.newTable(o.problemCells)
	o.problems.Marked = o.marked.has
	for _, x := range []struct {
		name  string
		level inventory.Level
	}{{"Nodes", inventory.LevelNode}, {"Services", inventory.LevelService}, {"VMs", inventory.LevelVM}, {"Shares", inventory.LevelShare}} {
		p := &pane{name: x.name, level: x.level}
		p.table = o.newTable(o.paneCells)
		p.table.Marked = o.marked.has
		p.table.Columns = []widget.Column{{Width: 1}, {Width: 11}, {Flex: true}, {Width: 5, Right: true}}
		o.panes = append(o.panes, p)
	}
	return o
}

func (o *overview) crumb() string { return "Overview" }
func (o *overview) half() int     { return o.page / 2 }

// update asks for the courses that were missing on the screen.
func (o *overview) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tickMsg:
		return o.gauges.ask(o.root)
	case sparksMsg:
		o.gauges.take(o.root, msg)
	}
	return nil
}

// focus is the pane with the cursor. Where there is no problem it is the first
// one below.
func (o *overview) focus() int {
	if o.at == 0 && o.problems.Len() == 0 && o.cols != layoutTiny {
		return 1
	}
	return o.at
}

func (o *overview) table() *widget.Table {
	if at := o.focus(); at > 0 && at <= len(o.panes) {
		return &o.panes[at-1].table
	}
	return &o.problems
}

func (o *overview) move(n int) { o.refresh(); o.table().Move(n) }

func (o *overview) selected() inventory.Ref {
	o.refresh()
	return inventory.Ref(o.table().Selected())
}

func (o *overview) refresh() {
	if o.fresh(o.world.version) {
		return
	}
	var bad []string
	rows := map[inventory.Level][]string{}
	byLevel := map[inventory.Level]*pane{}
	for _, p := range o.panes {
		byLevel[p.level] = p
		p.total, p.all, p.kept = 0, actions.Counts{}, actions.Counts{}
	}
	for i := range o.sums {
		s := &o.sums[i]
		keep := len(o.filt.words) == 0 || o.filt.keeps(o.rowOf(s))
		if problem(s) && keep {
			bad = append(bad, string(s.Ref))
		}
		p := byLevel[s.Ref.Level()]
		if p == nil {
			continue
		}
		p.total++
		p.all.Add(seen(s))
		if keep {
			p.kept.Add(seen(s))
			rows[p.level] = append(rows[p.level], string(s.Ref))
		}
	}
	o.order.sort(o.world, bad)
	o.problems.SetRows(bad)
	for _, p := range o.panes {
		o.order.sort(o.world, rows[p.level])
		p.table.SetRows(rows[p.level])
	}
	o.busy, o.silent = "", ""
	if len(bad) == 0 {
		o.busy = o.busiest()
	} else {
		o.silent = o.unreached()
	}
}

// note says what is not looked at because a host does not answer.
func (o *overview) note() string { return o.silent }

func (o *overview) columns(room layout) {
	if o.cols == room {
		return
	}
	o.cols = room
	switch room {
	case layoutWide:
		o.problems.Columns = []widget.Column{{Head: "STATE", Width: 6}, {Head: "WHAT", Width: 26}, {Head: "FOR", Width: 7, Right: true}, {Head: "WHY", Flex: true}, {Head: "LAST OK", Width: 9}, {Head: "NEXT STEP", Width: 20}}
	case layoutNarrow:
		o.problems.Columns = []widget.Column{{Width: 1}, {Width: 27}, {Width: 6, Right: true}, {Flex: true}}
	default:
		o.problems.Columns = []widget.Column{{Width: 1}, {Width: 20}, {Flex: true}}
	}
}

func (o *overview) problemCells(id string, buf []widget.Cell) []widget.Cell {
	s, ok := o.sum(inventory.Ref(id))
	if !ok {
		return append(buf, widget.Cell{Text: "-"}, widget.Cell{Text: id})
	}
	st := seen(s)
	sign := o.st.sign(st, s.Stale, s.Muted != "", o.looking[s.Ref])
	what := widget.Cell{Text: string(s.Ref)}
	if o.cols != layoutTiny && s.Check != "ssh" {
		what.Text = strings.TrimSpace(what.Text + " " + aboutCheck(s))
	}
	why := widget.Cell{Text: reason(s, o.cols != layoutTiny)}
	switch o.cols {
	case layoutWide:
		sign.Text = o.st.worded(sign.Text, st)
		return append(buf, sign, what, widget.Cell{Text: o.since(s.Since)}, why, widget.Cell{Text: o.stamp(s.LastOK), Style: o.st.dim}, widget.Cell{Text: s.Next, Style: o.st.dim})
	case layoutNarrow:
		return append(buf, sign, what, widget.Cell{Text: o.since(s.Since)}, why)
	}
	return append(buf, sign, what, why)
}

func (o *overview) view(w, h int) []string {
	o.refresh()
	room := o.room()
	o.columns(room)
	if room == layoutTiny {
		return o.tiny(w, h)
	}
	if o.zoomed {
		if at := o.focus(); at > 0 {
			return o.paneLines(o.panes[at-1], at, w, h)
		}
		return o.problemLines(w, h-2)
	}
	backups, recent := o.backupLines(w), o.recentLines(w)
	var rest []string
	if room == layoutNarrow {
		backups, recent = nil, nil
		rest = append(o.restLines(w), "")
	}
	if next := o.nextLines(w, 3); o.problems.Len() == 0 && h-len(backups)-len(recent)-len(rest)-len(next) >= calmLeast {
		rest = append(rest, next...)
	}
	room1 := h - len(backups) - len(recent) - len(rest)
	out := o.problemLines(w, max(4, min(o.problems.Len()+1, room1/2)))
	left := room1 - len(out)
	if room == layoutNarrow {
		out = append(out, o.paneLines(o.panes[0], 1, w, left)...)
	} else {
		for i := 0; i < len(o.panes); i += 2 {
			n := left / ((len(o.panes) - i) / 2)
			left -= n
			out = append(out, o.pair(i, w, n)...)
		}
	}
	for len(out) < room1 {
		out = append(out, "")
	}
	out = append(out, rest...)
	out = append(out, backups...)
	return append(out, recent...)
}

// calmLeast is how many lines are left to what is well before what comes next
// is shown.
const calmLeast = 10

func (o *overview) tiny(w, h int) []string {
	out := []string{o.st.head.Paint(o.st.text(o.problemTitle(), w))}
	if o.problems.Len() == 0 {
		out = append(out, o.calm(w)...)
	} else {
		out = append(out, o.problems.View(w, h-2, o.at == 0)...)
	}
	for len(out) < h-1 {
		out = append(out, "")
	}
	return append(out[:min(len(out), h-1)], o.st.dim.Paint(o.st.text("Narrow terminal: one list at a time. 1-8 switch.", w)))
}

func (o *overview) problemTitle() string {
	t := "Problems none"
	if n := o.problems.Len(); n > 0 {
		t = "Problems " + strconv.Itoa(n)
	}
	if o.filt.text != "" {
		t += "  / " + o.filt.text
	}
	if n := len(o.marked); n > 0 {
		t += fmt.Sprintf("  %d marked", n)
	}
	return t
}

func (o *overview) problemLines(w, h int) []string {
	note := ""
	switch {
	case !o.order.usual():
		note = o.order.note()
	case o.cols == layoutWide && o.problems.Len() > 0:
		note = "worst first, newest change on top"
	}
	out := []string{o.st.ruleLine(o.problemTitle(), note, w)}
	if o.problems.Len() == 0 {
		return append(append(out, o.calm(w)...), "")
	}
	if o.cols == layoutWide {
		out = append(out, o.st.dim.Paint(o.problems.Head(w)))
		h++
	}
	o.page = h - len(out)
	out = append(out, o.problems.View(w, o.page, o.focus() == 0)...)
	if o.problems.Len() > o.page {
		out[0] = o.st.ruleLine(o.problemTitle(), fmt.Sprintf("%d of %d", o.problems.At()+1, o.problems.Len()), w)
	}
	return append(out, "")
}

// calm is what stands in the place of problems when there are none.
func (o *overview) calm(w int) []string {
	switch {
	case !o.got:
		return []string{"", "  " + o.st.text("Looking at the fleet for the first time.", w-2)}
	case len(o.sums) == 0:
		return []string{"", "  " + o.st.text("Nothing is known yet.", w-2)}
	case o.filt.text != "":
		return []string{"", "  " + o.st.text("Nothing matches the filter.", w-2)}
	}
	n := o.checks.OK + o.checks.Warn + o.checks.Fail + o.checks.Unknown
	out := []string{"", "  " + o.st.text(fmt.Sprintf("Nothing needs you. All %d checks passed, the last sweep was %s ago.", n, o.since(o.state.Swept)), w-2)}
	oldest := "Oldest result: " + o.since(o.oldest) + "."
	if o.cols == layoutWide && o.busy != "" {
		oldest += " The " + o.busy + "." // there is no room for it over half a screen
	}
	for _, l := range []string{oldest, o.lastCleared()} {
		if l != "" {
			out = append(out, "  "+o.st.text(l, w-2))
		}
	}
	return out
}

func (o *overview) bindings() []binding {
	turn := func(by int) func() tea.Cmd {
		return func() tea.Cmd {
			n := len(o.panes) + 1
			if o.cols != layoutWide {
				n = 2
			}
			if o.cols == layoutTiny {
				n = 1
			}
			o.at = (o.focus() + by + n) % n
			return nil
		}
	}
	bs := o.about(o.selected, func() []inventory.Ref { return o.marked.or(o.selected()) })
	bs = append(bs, o.marked.bindings(func() *widget.Table { o.refresh(); return o.table() })...)
	bs = append(bs, binding{act: "back", do: func() tea.Cmd {
		if len(o.marked) > 0 && o.filt.text == "" && !o.zoomed {
			clear(o.marked)
			return nil
		}
		return o.root.back()
	}})
	bs = append(bs, o.order.bindings(func() { o.version = -1 })...)
	return append(bs, binding{act: "next-pane", do: turn(1)}, binding{act: "prev-pane", do: turn(-1)},
		o.zoomBinding(), binding{act: "problems", do: func() tea.Cmd { o.at, o.zoomed = 0, o.at != 0 || !o.zoomed; return nil }})
}
