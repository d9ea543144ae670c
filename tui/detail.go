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
	paneCourse // last, so that one key goes back to it from the first
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
	noted   *actions.Event  // the note that stands beside it, nil where none does
	depends dependents
	known   []HostKey // of a host's keys
	version int
	series  map[metricKey][]actions.Point
	growth  map[metricKey]growth
	changed []float64 // how often it did on each of the last days
	askedAt time.Time // for its series
	cols    layout
	page    int
}

// metricKey is one metric of one check.
type metricKey struct {
	actions.Key
	metric string
}

func newDetail(m *root, r inventory.Ref) *detail {
	d := &detail{root: m, ref: r, version: -1, series: map[metricKey][]actions.Point{}, growth: map[metricKey]growth{}, cols: layoutNone}
	d.table = m.newTable(d.cells)
	return d
}

func (d *detail) crumb() string {
	return map[inventory.Level]string{inventory.LevelNode: "Nodes", inventory.LevelVM: "VMs", inventory.LevelShare: "Shares", inventory.LevelService: "Services"}[d.ref.Level()] + " > " + d.ref.Name()
}

func (d *detail) half() int  { return d.page / 2 }
func (d *detail) move(n int) { d.refresh(); d.table.Move(n) }

// opened asks for what happened to it, and for the courses of its numbers.
func (d *detail) opened() tea.Cmd {
	d.refresh()
	cmds := []tea.Cmd{d.readPast(d.ref), d.readCourses()}
	if isHost(d.ref) {
		cmds = append(cmds, d.readKnown(d.ref))
	}
	return tea.Batch(cmds...)
}

func (d *detail) readCourses() tea.Cmd {
	d.askedAt = d.now
	var cmds []tea.Cmd
	for _, k := range d.wanted() {
		cmds = append(cmds, d.readSeries(k.Key, k.metric))
	}
	return tea.Batch(cmds...)
}

func isHost(r inventory.Ref) bool {
	return r.Level() == inventory.LevelNode || r.Level() == inventory.LevelVM
}

// courses are the metrics that are drawn: the first of each check, and what a
// host is known by.
func (d *detail) courses() []metricKey {
	var out []metricKey
	v := d.state.Vitals(d.ref)
	for _, g := range []actions.Gauge{v.CPU, v.Memory, v.Disk} {
		if g.Known {
			out = append(out, metricKey{g.Key, g.Metric})
		}
	}
	for i := range d.entries {
		if e := &d.entries[i]; len(e.Metrics) > 0 && e.Metrics[0].Name != actions.MetricUptime {
			if k := (metricKey{e.Key(), e.Metrics[0].Name}); !slices.Contains(out, k) {
				out = append(out, k)
			}
		}
	}
	return out
}

func (d *detail) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tickMsg:
		if d.now.Sub(d.askedAt) >= sparkEvery {
			return d.readCourses()
		}
	case seriesMsg:
		if msg.key.Target == d.ref {
			k := metricKey{msg.key, msg.metric}
			d.series[k] = msg.points
			if fills(k) {
				d.growth[k] = growthOf(msg.points, d.now)
			}
		}
	case pastMsg:
		if msg.of == d.ref && msg.err == nil {
			d.past, d.version = msg.events, -1
		}
	case knownKeysMsg:
		if msg.of == d.ref {
			d.known = msg.keys
		}
	}
	return nil
}

// points is the course of a check's first number.
func (d *detail) points(e *actions.Entry) []actions.Point {
	if len(e.Metrics) == 0 {
		return nil
	}
	return d.series[metricKey{e.Key(), e.Metrics[0].Name}]
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
	d.depends, d.changed, d.noted = d.dependentsOf(), d.changes(), actions.StandingNote(d.of(d.ref, d.past, eventsMost))
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
		d.table.Columns = []widget.Column{{Head: "STATE", Width: 6}, {Head: "CHECK", Width: 18}, {Head: "VALUE", Width: 10}, {Head: "LIMITS", Width: 20}, {Head: "LAST 60 MIN", Width: 12}, {Head: "ANSWER", Flex: true}, {Head: "FOR", Width: 7, Right: true}, {Head: "RAN", Width: 6, Right: true}, {Head: "TOOK", Width: 6, Right: true}}
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
		return append(buf, sign, name, widget.Cell{Text: value}, dim(limits), widget.Cell{Text: d.spark(e, 12)}, line, widget.Cell{Text: d.since(e.Since)}, dim(d.since(e.At)), dim(took))
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
	if every := d.every(); every > 0 && room == layoutWide {
		note += "   every " + ageText(every)
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
		return append(out, d.checks(w, left)...)
	}
	out = append(out, d.checks(w, min(len(d.entries), max(4, left*2/5)))...)
	out = append(out, "")
	rest := h - len(out)
	if d.pane == paneCourse {
		return append(out, d.plots(w, rest)...)
	}
	foot := d.dependLines(w)
	if room == layoutNarrow && d.pane != paneDepends {
		foot = nil // it stands in one line below
	}
	if len(foot) > rest/3 {
		foot = foot[:rest/3]
	}
	rest -= len(foot)
	if room == layoutWide {
		half := (w - 1) / 2
		return append(append(out, d.abreast(d.output(half, rest), d.recent(w-half-2, rest), half, rest)...), foot...)
	}
	upper := d.output(w, rest*3/5)
	out = append(out, upper...)
	out = append(out, d.recent(w, rest-len(upper))...)
	for len(out) < h-len(foot) {
		out = append(out, "")
	}
	return append(out, foot...)
}

// abreast puts two panes side by side, the first so many cells wide.
func (d *detail) abreast(a, b []string, wide, h int) []string {
	out := make([]string, h)
	for i := range out {
		var x, y string
		if i < len(a) {
			x = a[i]
		}
		if i < len(b) {
			y = b[i]
		}
		out[i] = beside(x, y, wide, d.st.between(i))
	}
	return out
}

// checks are the rows of the checks, and how many there are below them.
func (d *detail) checks(w, h int) []string {
	d.page = h
	if d.table.Len() <= h {
		return d.table.View(w, h, true)
	}
	d.page = h - 1
	out := d.table.View(w, d.page, true)
	bad, n := 0, 0
	for _, id := range d.table.Below() {
		n++
		if e := d.entry(id); e != nil && e.Status != actions.OK {
			bad++
		}
	}
	switch {
	case n == 0:
		return append(out, d.st.dim.Paint("  the last of "+fmt.Sprint(d.table.Len())))
	case bad > 0:
		return append(out, d.st.dim.Paint(fmt.Sprintf("  %d more, %d not ok", n, bad)))
	}
	return append(out, d.st.dim.Paint(fmt.Sprintf("  %s %d more ok", d.st.signs[actions.OK], n)))
}

// every is how often most of the checks are made.
func (d *detail) every() time.Duration {
	count := map[time.Duration]int{}
	best := time.Duration(0)
	for i := range d.entries {
		e := d.entries[i].Every
		if count[e]++; count[e] > count[best] || count[e] == count[best] && e < best {
			best = e
		}
	}
	return best
}

// title is the title of a pane, marked where it has the focus.
func (d *detail) title(pane int, name string) string {
	if d.pane == pane && d.room() != layoutTiny {
		return d.st.mark + " " + name
	}
	return name
}

func names(rs []inventory.Ref) string {
	var s []string
	for _, r := range rs {
		s = append(s, r.Name())
	}
	return strings.Join(s, ", ")
}

func refsText(rs []inventory.Ref) string {
	var s []string
	for _, r := range rs {
		s = append(s, string(r))
	}
	return strings.Join(s, "  ")
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

func (d *detail) bindings() []binding {
	one := func() inventory.Ref { return d.ref }
	bs := d.about(one, func() []inventory.Ref { return []inventory.Ref{d.ref} })
	bs[0] = binding{act: "open", hint: true, word: "output", do: d.openCheck}
	turn := func(by int) func() tea.Cmd {
		return func() tea.Cmd { d.pane = (d.pane + by + detailPanes) % detailPanes; return nil }
	}
	return append(bs, binding{act: "next-pane", hint: true, do: turn(1)}, binding{act: "prev-pane", do: turn(-1)}, d.zoomBinding())
}
