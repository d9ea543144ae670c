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
	problems widget.Table
	panes    []*pane
	at       int // pane with the cursor: 0 are the problems
	filt     filter
	version  int
	page     int
	cols     layout
}

// pane is the rows of one level, of which the healthy ones are folded.
type pane struct {
	name  string
	level inventory.Level
	table widget.Table
	total int
	all   actions.Counts // of the level
	kept  actions.Counts // of the rows, which a filter may have thinned
}

func newOverview(m *root) *overview {
	o := &overview{root: m, version: -1, cols: layoutNone}
	o.problems = o.newTable(o.problemCells)
	for _, x := range []struct {
		name  string
		level inventory.Level
	}{{"Nodes", inventory.LevelNode}, {"Services", inventory.LevelService}, {"VMs", inventory.LevelVM}, {"Shares", inventory.LevelShare}} {
		p := &pane{name: x.name, level: x.level}
		p.table = o.newTable(o.paneCells)
		p.table.Columns = []widget.Column{{Width: 1}, {Width: 14}, {Flex: true}, {Width: 6, Right: true}}
		o.panes = append(o.panes, p)
	}
	return o
}

func (o *overview) newTable(cells func(string, []widget.Cell) []widget.Cell) widget.Table {
	return widget.Table{Tail: o.st.tail, Mark: o.st.mark, Tick: o.st.tick, Cursor: o.st.cursor, Cells: cells}
}

func (o *overview) crumb() string          { return "Overview" }
func (o *overview) update(tea.Msg) tea.Cmd { return nil }
func (o *overview) filtered() string       { return o.filt.text }
func (o *overview) half() int              { return o.page / 2 }

func (o *overview) filter(text string) error {
	f, err := parseFilter(text)
	if err != nil {
		return err
	}
	o.filt, o.version = f, -1
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
	if o.version == o.world.version {
		return
	}
	o.version = o.world.version
	var bad []string
	rows := map[inventory.Level][]string{}
	byLevel := map[inventory.Level]*pane{}
	for _, p := range o.panes {
		byLevel[p.level] = p
		p.total, p.all, p.kept = 0, actions.Counts{}, actions.Counts{}
	}
	for i := range o.sums {
		s := &o.sums[i]
		keep := len(o.filt.words) == 0 || o.filt.keeps(rowOf(s))
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
	o.problems.SetRows(bad)
	for _, p := range o.panes {
		p.table.SetRows(rows[p.level])
	}
}

func (o *overview) columns(room layout) {
	if o.cols == room {
		return
	}
	o.cols = room
	switch room {
	case layoutWide:
		o.problems.Columns = []widget.Column{{Head: "STATE", Width: 6}, {Head: "WHAT", Width: 30}, {Head: "FOR", Width: 7, Right: true}, {Head: "WHY", Flex: true}, {Head: "LAST OK", Width: 9}, {Head: "NEXT STEP", Width: 24}}
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

func (o *overview) paneCells(id string, buf []widget.Cell) []widget.Cell {
	s, ok := o.sum(inventory.Ref(id))
	if !ok {
		return append(buf, widget.Cell{Text: "-"}, widget.Cell{Text: id})
	}
	text := s.Summary
	if s.Ref.Level() == inventory.LevelService || s.Ref.Level() == inventory.LevelShare {
		text = widget.Cut(host(s), 9, "") + "  " + text
	}
	return append(buf, o.st.sign(seen(s), s.Stale, s.Muted != "", o.looking[s.Ref]), widget.Cell{Text: s.Ref.Name()},
		widget.Cell{Text: text}, widget.Cell{Text: o.since(s.CheckedAt), Style: o.st.dim})
}

func (o *overview) view(w, h int) []string {
	o.refresh()
	room := o.room()
	o.columns(room)
	if room == layoutTiny {
		return o.tiny(w, h)
	}
	backups, recent := o.backupLines(w), o.recentLines(w)
	var rest []string
	if room == layoutNarrow {
		backups, recent = nil, nil
		rest = append(o.restLines(w), "")
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
	return t
}

func (o *overview) problemLines(w, h int) []string {
	note := ""
	if o.cols == layoutWide {
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
	case !o.got && o.looks > 0:
		return []string{"", "  " + o.st.text("Looking at the fleet for the first time.", w-2)}
	case len(o.sums) == 0:
		return []string{"", "  " + o.st.text("Nothing is known yet.", w-2)}
	case o.filt.text != "":
		return []string{"", "  " + o.st.text("Nothing matches the filter.", w-2)}
	}
	n := o.checks.OK + o.checks.Warn + o.checks.Fail + o.checks.Unknown
	out := []string{"", "  " + o.st.text(fmt.Sprintf("Nothing needs you. All %d checks passed, newest %s ago.", n, o.since(o.state.Swept)), w-2)}
	for _, e := range o.events {
		if e.Type == actions.EventState && e.To == actions.OK.String() {
			return append(out, "  "+o.st.text(fmt.Sprintf("Last problem: %s %s, cleared %s ago.", e.Target, e.Check, o.since(e.At)), w-2))
		}
	}
	return out
}

func (o *overview) paneLines(p *pane, at, w, h int) []string {
	out := []string{o.st.ruleLine(p.name+" "+strconv.Itoa(p.total), "age", w)}
	room := h - 2
	if room < 1 {
		return out
	}
	fold := p.table.Len() > room && o.focus() != at
	if fold {
		room--
	}
	out = append(out, p.table.View(w, room, o.focus() == at)...)
	if fold {
		out = append(out, o.st.dim.Paint("  "+o.folded(p, room)))
	}
	for len(out) < h {
		out = append(out, "")
	}
	return out
}

// folded says what the rows below the window are: the worst stand above it.
func (o *overview) folded(p *pane, shown int) string {
	c := p.kept
	for _, id := range p.table.Rows()[:min(shown, p.table.Len())] {
		if s, ok := o.sum(inventory.Ref(id)); ok {
			switch seen(s) {
			case actions.OK:
				c.OK--
			case actions.Warn:
				c.Warn--
			case actions.Fail:
				c.Fail--
			case actions.Unknown:
				c.Unknown--
			}
		}
	}
	if bad := c.Fail + c.Warn + c.Unknown; bad > 0 {
		return fmt.Sprintf("%d more, %d not ok", c.OK+bad, bad)
	}
	return fmt.Sprintf("%s %d more ok", o.st.signs[actions.OK], c.OK)
}

func (o *overview) pair(i, w, h int) []string {
	half := (w - 1) / 2
	a, b := o.paneLines(o.panes[i], i+1, half, h), o.paneLines(o.panes[i+1], i+2, w-half-2, h)
	out := make([]string, h)
	for j := range out {
		var x, y string
		if j < len(a) {
			x = a[j]
		}
		if j < len(b) {
			y = b[j]
		}
		out[j] = beside(x, y, half, o.st.between(j))
	}
	return out
}

// beside puts two lines side by side, with two cells between them.
func beside(a, b string, w int, side string) string {
	if n := w - widget.Width(stripped(a)); n > 0 {
		a += strings.Repeat(" ", n)
	}
	return a + side + b
}

// restLines counts the levels that have no pane.
func (o *overview) restLines(w int) []string {
	out := []string{o.st.ruleLine("Rest", "", w)}
	var parts []string
	for _, p := range o.panes[1:] {
		parts = append(parts, widget.Fit(p.name+" "+strconv.Itoa(p.total), 12, "")+o.short(p.all))
	}
	var c actions.Counts
	for _, j := range o.jobs {
		c.Add(j.State)
	}
	parts = append(parts, widget.Fit("Backups "+strconv.Itoa(len(o.jobs)), 12, "")+o.short(c))
	for i := 0; i < len(parts); i += 2 {
		line := "  " + widget.Fit(parts[i], w/2-2, "") + " "
		if i+1 < len(parts) {
			line += parts[i+1]
		}
		out = append(out, o.st.text(line, w))
	}
	return out
}

func (o *overview) short(c actions.Counts) string {
	var s []string
	for _, x := range []struct {
		n  int
		st actions.Status
	}{{c.Fail, actions.Fail}, {c.Warn, actions.Warn}, {c.Unknown, actions.Unknown}, {c.OK, actions.OK}} {
		if x.n > 0 {
			s = append(s, fmt.Sprintf("%s %d %s", o.st.signs[x.st], x.n, strings.ToLower(words[x.st])))
		}
	}
	return strings.Join(s, "  ")
}

func (o *overview) backupLines(w int) []string {
	if len(o.jobs) == 0 {
		return nil
	}
	holds := 0
	for _, c := range o.covers {
		if c.State == actions.OK {
			holds++
		}
	}
	out := []string{o.st.ruleLine("Backups "+strconv.Itoa(len(o.jobs)), fmt.Sprintf("3-2-1 holds for %d of %d data sets", holds, len(o.covers)), w)}
	var b strings.Builder
	used, shown := 2, 0
	for _, j := range o.jobs {
		age := "never"
		if !j.At.IsZero() {
			age = ageText(o.now.Sub(j.At)) + "/" + ageText(j.RPO)
		}
		t := o.st.signs[j.State] + " " + widget.Cut(j.Name, 20, o.st.tail) + " " + age
		if n := widget.Width(t); used+n+3 > w-10 {
			break
		} else {
			used += n + 3
		}
		b.WriteString(o.st.status(j.State).Paint(t) + "   ")
		shown++
	}
	if more := len(o.jobs) - shown; more > 0 {
		b.WriteString(strconv.Itoa(more) + " more")
	}
	return append(out, "  "+b.String(), "")
}

func (o *overview) recentLines(w int) []string {
	out := []string{o.st.ruleLine("Recent", o.keys.show("tab-8")+" all history", w)}
	half := (w - 2) / 2
	var es []string
	for i := 0; i < min(4, len(o.events)); i++ {
		es = append(es, widget.Fit(o.eventText(&o.events[i]), half-1, o.st.tail))
	}
	for i := 0; i < 2; i++ {
		line := ""
		if i < len(es) {
			line = "  " + es[i]
		}
		if i+2 < len(es) {
			line += " " + es[i+2]
		}
		out = append(out, line)
	}
	return out
}

// eventText is an event in one line.
func (m *root) eventText(e *actions.Event) string {
	return m.stamp(e.At) + "  " + actions.Key{Target: e.Target, Check: e.Check, Item: e.Item}.String() + "  " + change(e)
}

// change says what an event did.
func change(e *actions.Event) string {
	switch {
	case e.From != "" && e.To != "":
		return e.From + " -> " + e.To + "  " + e.Line
	case e.Run != "":
		return "run " + e.Run + " " + e.To + " " + e.Line
	}
	return string(e.Type) + " " + e.Line
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
	bs := o.about(o.selected, func() []inventory.Ref { return []inventory.Ref{o.selected()} })
	return append(bs, binding{act: "next-pane", do: turn(1)}, binding{act: "prev-pane", do: turn(-1)},
		binding{act: "problems", do: func() tea.Cmd { o.at = 0; return nil }})
}
