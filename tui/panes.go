package tui

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"jurymast/actions"
	"jurymast/inventory"
	"jurymast/tui/widget"
)

// pane is the rows of one level, of which the healthy ones are folded.
type pane struct {
	name  string
	level inventory.Level
	table widget.Table
	total int
	all   actions.Counts // of the level
	kept  actions.Counts // of the rows, which a filter may have thinned
}

func (o *overview) paneCells(id string, buf []widget.Cell) []widget.Cell {
	s, ok := o.sum(inventory.Ref(id))
	if !ok {
		return append(buf, widget.Cell{Text: "-"}, widget.Cell{Text: id})
	}
	text := s.Summary
	switch s.Ref.Level() {
	case inventory.LevelService, inventory.LevelShare:
		if !problem(s) {
			text = o.telling(s)
		}
		text = widget.Fit(host(s), 9, "") + " " + text
	case inventory.LevelVM:
		if at := o.gauges.glance(o.root, s.Ref); at != "" && !problem(s) {
			text = at
		}
		if t, ok := o.engine.Fleet().Target(s.Ref); ok {
			text = widget.Fit(t.On.Name(), 5, "") + " " + text
		}
	case inventory.LevelNode:
		if at := o.gauges.glance(o.root, s.Ref); at != "" {
			text = at // what is wrong stands above, among the problems
		}
	}
	return append(buf, o.st.sign(seen(s), s.Stale, s.Muted != "", o.looking[s.Ref]), widget.Cell{Text: s.Ref.Name()},
		widget.Cell{Text: text}, widget.Cell{Text: o.since(s.CheckedAt), Style: o.st.dim})
}

// tellingMetrics are the numbers that say the most of what is well, best first.
var tellingMetrics = []string{"time", "lag", "used", "full"}

// telling is what says the most of a target that is well: the answer that has a
// number people ask for, else how many checks there are.
func (w *world) telling(s *actions.Summary) string {
	text, best := s.Summary, len(tellingMetrics)
	for _, e := range w.state.Of(s.Ref) {
		for j := range e.Metrics {
			if i := slices.Index(tellingMetrics[:best], e.Metrics[j].Name); i >= 0 && !e.Skipped() {
				text, best = e.Line, i
			}
		}
	}
	return text
}

func (o *overview) paneLines(p *pane, at, w, h int) []string {
	note := "age"
	if p.level == inventory.LevelNode && o.busy != "" && o.cols == layoutNarrow {
		note = o.busy
	}
	out := []string{o.st.ruleLine(p.name+" "+strconv.Itoa(p.total), note, w)}
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
	case e.Type == actions.EventNote && e.To == actions.NoteOver:
		return "note taken away by " + e.Who + ": " + e.Line
	case e.Type == actions.EventNote && e.Run == "":
		return "note  " + e.Who + ": " + e.Line
	case e.From != "" && e.To != "":
		return e.From + " -> " + e.To + "  " + e.Line
	case e.Run != "":
		return "run " + e.Run + " " + e.To + " " + e.Line
	}
	return string(e.Type) + " " + e.Line
}
