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

// The panes of a detail screen.
const (
	paneChecks = iota
	paneOutput
	paneRecent
	paneDepends
	detailPanes
)

// detail is all that is known of one target.
type detail struct {
	*root
	zoom
	pane    int // of detailPanes
	ref     inventory.Ref
	table   widget.Table
	entries []actions.Entry
	skipped int             // checks that were not made because of another
	past    []actions.Event // of the target, newest first
	version int
	series  map[actions.Key][]actions.Point // of the first metric of each check
	cols    layout
	page    int
}

func newDetail(m *root, r inventory.Ref) *detail {
	d := &detail{root: m, ref: r, version: -1, series: map[actions.Key][]actions.Point{}, cols: layoutNone}
	d.table = m.newTable(d.cells)
	return d
}

func (d *detail) crumb() string {
	return map[inventory.Level]string{inventory.LevelNode: "Nodes", inventory.LevelVM: "VMs", inventory.LevelShare: "Shares", inventory.LevelService: "Services"}[d.ref.Level()] + " > " + d.ref.Name()
}

func (d *detail) half() int  { return d.page / 2 }
func (d *detail) move(n int) { d.refresh(); d.table.Move(n) }

// opened asks for what happened to it, and for the course of every check that
// has a number.
func (d *detail) opened() tea.Cmd {
	d.refresh()
	cmds := []tea.Cmd{d.readPast(d.ref)}
	for _, e := range d.entries {
		if len(e.Metrics) > 0 {
			cmds = append(cmds, d.readSeries(e.Key(), e.Metrics[0].Name))
		}
	}
	return tea.Batch(cmds...)
}

func (d *detail) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case seriesMsg:
		if msg.key.Target == d.ref {
			d.series[msg.key] = msg.points
		}
	case pastMsg:
		if msg.of == d.ref && msg.err == nil {
			d.past = msg.events
		}
	}
	return nil
}

func (d *detail) refresh() {
	if d.version == d.world.version {
		return
	}
	d.version = d.world.version
	// One cause is one line: what was not looked at because of it is counted.
	all := d.state.Of(d.ref)
	d.entries = slices.DeleteFunc(slices.Clone(all), actions.Entry.Skipped)
	if len(d.entries) == 0 {
		d.entries = slices.Clone(all)
	}
	d.skipped = len(all) - len(d.entries)
	slices.SortStableFunc(d.entries, func(a, b actions.Entry) int { return rank(a.Status) - rank(b.Status) })
	ids := make([]string, len(d.entries))
	for i := range d.entries {
		ids[i] = d.entries[i].Key().String()
	}
	d.table.SetRows(ids)
}

func (d *detail) entry(id string) *actions.Entry {
	for i := range d.entries {
		if d.entries[i].Key().String() == id {
			return &d.entries[i]
		}
	}
	return nil
}

func (d *detail) columns(room layout) {
	if d.cols == room {
		return
	}
	d.cols = room
	switch room {
	case layoutWide:
		d.table.Columns = []widget.Column{{Head: "STATE", Width: 6}, {Head: "CHECK", Width: 18}, {Head: "VALUE", Width: 10}, {Head: "LIMITS", Width: 20}, {Head: "COURSE", Width: 16}, {Head: "ANSWER", Flex: true}, {Head: "FOR", Width: 7, Right: true}, {Head: "RAN", Width: 6, Right: true}, {Head: "TOOK", Width: 6, Right: true}}
	case layoutNarrow:
		d.table.Columns = []widget.Column{{Width: 1}, {Width: 16}, {Flex: true}, {Width: 12}, {Width: 7, Right: true}, {Width: 6, Right: true}}
	default:
		d.table.Columns = []widget.Column{{Width: 1}, {Width: 16}, {Flex: true}}
	}
}

func (d *detail) cells(id string, buf []widget.Cell) []widget.Cell {
	e := d.entry(id)
	if e == nil {
		return append(buf, widget.Cell{Text: "-"})
	}
	sign := d.st.sign(e.Status, e.Stale(d.now), false, d.looking[d.ref])
	name := widget.Cell{Text: strings.TrimSpace(e.Check + " " + e.Item)}
	line := widget.Cell{Text: e.Line}
	dim := func(t string) widget.Cell { return widget.Cell{Text: t, Style: d.st.dim} }
	switch d.cols {
	case layoutWide:
		sign.Text += " " + words[e.Status]
		value, limits := valueOf(e)
		took := e.Took.Round(time.Millisecond).String()
		return append(buf, sign, name, widget.Cell{Text: value}, dim(limits), widget.Cell{Text: d.spark(e, 16)}, line, widget.Cell{Text: d.since(e.Since)}, dim(d.since(e.At)), dim(took))
	case layoutNarrow:
		return append(buf, sign, name, line, widget.Cell{Text: d.spark(e, 12)}, widget.Cell{Text: d.since(e.Since)}, dim(d.since(e.At)))
	}
	return append(buf, sign, name, line)
}

func (d *detail) view(w, h int) []string {
	d.refresh()
	room := d.room()
	d.columns(room)
	t, ok := d.engine.Fleet().Target(d.ref)
	if !ok {
		return []string{"", "  " + d.st.text(string(d.ref)+" is no longer in the inventory", w-2)}
	}
	out := d.head(t, w, room)
	var c actions.Counts
	for i := range d.entries {
		c.Add(d.entries[i].Status)
	}
	note := tallyWords(c)
	if d.skipped > 0 {
		note += fmt.Sprintf("  %d skipped", d.skipped)
	}
	if d.zoomed && d.pane != paneChecks {
		return append(out, d.alone(w, h-len(out))...)
	}
	out = append(out, d.st.ruleLine(d.title(paneChecks, fmt.Sprintf("Checks %d", len(d.entries)+d.skipped)), note, w))
	if len(d.entries) == 0 {
		return append(out, "", "  "+d.st.text("never looked at: "+d.keys.show("look")+" looks now", w-2))
	}
	if room == layoutWide {
		out = append(out, d.st.dim.Paint(d.table.Head(w)))
	}
	left := h - len(out)
	if room == layoutTiny || d.zoomed {
		d.page = left
		return append(out, d.table.View(w, left, true)...)
	}
	d.page = min(len(d.entries), max(3, left*2/5))
	out = append(out, d.table.View(w, d.page, true)...)
	out = append(out, "")
	rest := h - len(out)
	foot := d.dependents(w)
	if len(foot) > rest/3 {
		foot = foot[:rest/3]
	}
	rest -= len(foot)
	if room == layoutWide {
		half := (w - 1) / 2
		a, b := d.output(half, rest), d.recent(w-half-2, rest)
		for i := range rest {
			var x, y string
			if i < len(a) {
				x = a[i]
			}
			if i < len(b) {
				y = b[i]
			}
			out = append(out, beside(x, y, half, d.st.between(i)))
		}
		return append(out, foot...)
	}
	upper := d.output(w, rest*3/5)
	out = append(out, upper...)
	out = append(out, d.recent(w, rest-len(upper))...)
	for len(out) < h-len(foot) {
		out = append(out, "")
	}
	return append(out, foot...)
}

// title is the title of a pane, marked where it has the focus.
func (d *detail) title(pane int, name string) string {
	if d.pane == pane && d.room() != layoutTiny {
		return d.st.mark + " " + name
	}
	return name
}

// alone is the pane with the focus on the whole screen.
func (d *detail) alone(w, h int) []string {
	switch d.pane {
	case paneOutput:
		return d.output(w, h)
	case paneRecent:
		return d.recent(w, h)
	}
	return d.dependents(w)
}

// head is where one is, how it stands, and what it is.
func (d *detail) head(t *inventory.Target, w int, room layout) []string {
	crumb, state := d.crumb(), ""
	style := d.st.ok
	if s, ok := d.sum(d.ref); ok {
		st := seen(s)
		style = d.st.status(st)
		state = d.st.sign(st, s.Stale, s.Muted != "", false).Text + " " + words[st] + " for " + d.since(s.Since)
		if s.Muted != "" {
			state += ", " + s.Muted
		}
	}
	state = widget.Cut(state, w/2, d.st.tail)
	line := d.st.head.Paint(d.st.text(crumb, w-widget.Width(state)-1))
	line += strings.Repeat(" ", max(1, w-widget.Width(stripped(line))-widget.Width(state))) + style.Paint(state)
	if room == layoutTiny {
		return []string{line}
	}
	facts := []string{t.Kind}
	add := func(name, v string) {
		if v != "" {
			facts = append(facts, strings.TrimSpace(name+" "+v))
		}
	}
	add("", t.Title)
	add("", t.Reach.Address)
	if t.Host != t.Ref {
		add("on", d.hostOf(d.ref).Name())
	}
	add("needs", names(d.engine.Fleet().Needs(d.ref)))
	add("standby", names(t.Standby))
	add("path", t.Path)
	add("", t.URL)
	add("site", t.Site)
	add("class", string(t.Class))
	add("tags", strings.Join(t.Tags, ","))
	if t.Protected {
		add("", "protected: only ever looked at")
	}
	return []string{line, d.st.text(strings.Join(facts, "  "), w)}
}

func names(rs []inventory.Ref) string {
	var s []string
	for _, r := range rs {
		s = append(s, r.Name())
	}
	return strings.Join(s, ", ")
}

func tallyWords(c actions.Counts) string {
	var s []string
	for _, x := range []struct {
		n int
		w string
	}{{c.Fail, "fail"}, {c.Warn, "warn"}, {c.Unknown, "unknown"}, {c.OK, "ok"}} {
		if x.n > 0 {
			s = append(s, fmt.Sprintf("%d %s", x.n, x.w))
		}
	}
	return strings.Join(s, "  ")
}

func (d *detail) recent(w, h int) []string {
	if h < 2 {
		return nil
	}
	out := []string{d.st.ruleLine(d.title(paneRecent, "Recent on "+d.ref.Name()), "", w)}
	for _, e := range d.of(d.ref, d.past, h-1) {
		item := strings.TrimSpace(e.Check + " " + e.Item)
		out = append(out, "  "+d.st.text(d.stamp(e.At)+"  "+item+"  "+change(&e), w-2))
	}
	if len(out) == 1 {
		out = append(out, d.st.dim.Paint("  nothing yet"))
	}
	return out
}

// dependents is what breaks if it goes, and what could take its place.
func (d *detail) dependents(w int) []string {
	out := []string{d.st.ruleLine(d.title(paneDepends, "Depends on "+d.ref.Name()), "what breaks if it goes", w)}
	add := func(name, v string) {
		if v != "" {
			out = append(out, "  "+d.st.text(widget.Fit(name, 12, "")+v, w-2))
		}
	}
	byLevel := map[inventory.Level][]inventory.Ref{}
	for _, r := range d.engine.Fleet().NeededBy(d.ref) {
		byLevel[r.Level()] = append(byLevel[r.Level()], r)
	}
	for _, x := range []struct {
		level inventory.Level
		name  string
	}{{inventory.LevelNode, "nodes"}, {inventory.LevelVM, "vms"}, {inventory.LevelShare, "shares"}, {inventory.LevelService, "services"}} {
		add(x.name, names(byLevel[x.level]))
	}
	var kept []string
	for _, j := range d.jobs {
		if j.Target == d.ref {
			kept = append(kept, j.Name+" to "+strings.Join(j.To, ", "))
		}
	}
	add("backups", strings.Join(kept, "; "))
	if t, ok := d.engine.Fleet().Target(d.ref); ok {
		add("standby", names(t.Standby))
	}
	if len(out) == 1 {
		return append(out, d.st.dim.Paint("  nothing that the inventory knows of"))
	}
	return out
}

func refsText(rs []inventory.Ref) string {
	var s []string
	for _, r := range rs {
		s = append(s, string(r))
	}
	return strings.Join(s, "  ")
}

// note says the likely first cause: the target that explains it, else the first
// of what changed shortly before.
func (d *detail) note() string {
	s, ok := d.sum(d.ref)
	if !ok || seen(s) == actions.OK {
		return ""
	}
	if s.Cause != "" {
		return "Likely first cause: " + string(s.Cause) + "."
	}
	near := map[inventory.Ref]bool{d.ref: true, d.hostOf(d.ref): true}
	for _, n := range d.engine.Fleet().Needs(d.ref) {
		near[n] = true
	}
	var first *actions.Event
	for i := range d.events {
		e := &d.events[i]
		if before := s.Since.Sub(e.At); near[e.Target] && before > 0 && before <= causeWithin {
			first = e
		}
	}
	if first == nil {
		return ""
	}
	return fmt.Sprintf("Likely first cause: %s %s, %s before.", first.Target, change(first), ageText(s.Since.Sub(first.At)))
}

// causeWithin is how long before trouble its cause is looked for.
const causeWithin = 5 * time.Minute

func (d *detail) bindings() []binding {
	one := func() inventory.Ref { return d.ref }
	bs := d.about(one, func() []inventory.Ref { return []inventory.Ref{d.ref} })
	bs[0] = binding{act: "open", hint: true, word: "output", do: d.openCheck}
	turn := func(by int) func() tea.Cmd {
		return func() tea.Cmd { d.pane = (d.pane + by + detailPanes) % detailPanes; return nil }
	}
	return append(bs, binding{act: "next-pane", hint: true, do: turn(1)}, binding{act: "prev-pane", do: turn(-1)}, d.zoomBinding())
}
