package tui

import (
	"fmt"
	"math"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/tui/widget"
)

// plot draws a course with its scale at the left and its time below, in so many
// lines.
func (d *detail) plot(points []actions.Point, m *actions.Metric, w, h int) []string {
	const scale = 9
	if h < 3 || w < scale+8 || len(points) < 2 {
		return nil
	}
	full := limitOf(m)
	if full == 0 {
		for _, p := range points {
			full = math.Max(full, p.Value)
		}
	}
	out := widget.Plot(resample(points, w-scale), full, w-scale, h-1, d.st.ascii)
	for i, l := range out {
		mark := ""
		switch i {
		case 0:
			mark = number(full, m.Unit)
		case len(out) - 1:
			mark = number(0, m.Unit)
		}
		out[i] = d.st.dim.Paint(fmt.Sprintf("%*s ", scale-1, widget.Cut(mark, scale-1, ""))) + l
	}
	span := points[len(points)-1].At.Sub(points[0].At)
	return append(out, d.st.dim.Paint(d.st.text(strings.Repeat(" ", scale)+"since "+d.stamp(points[0].At)+", "+ageText(span.Truncate(time.Minute)), w)))
}

// plots are the courses of all numbers of the target: as many as there is room
// for, what a host is known by first.
func (d *detail) plots(w, h int) []string {
	out := []string{d.st.ruleLine(d.title(paneCourse, "Course of "+d.ref.Name()), "what is kept of its numbers", w)}
	columns, high := 1, 5
	if w >= wideCols {
		columns = 2
	}
	wide := (w - 2*(columns-1)) / columns
	var cells [][]string
	for _, k := range d.courses() {
		m, now := d.metric(k)
		lines := d.plot(d.series[k], m, wide-2, high)
		if lines == nil {
			continue
		}
		name := strings.TrimSpace(k.Check + " " + k.Item)
		if k.metric != k.Check {
			name += " " + k.metric
		}
		cells = append(cells, append([]string{"  " + d.st.head.Paint(d.st.text(name, wide/2)) + "  " + now}, lines...))
	}
	if len(cells) == 0 {
		return append(out, d.st.dim.Paint("  no number of it has been seen more than once"))
	}
	for i := 0; i < len(cells) && len(out)+high+1 <= h; i += columns {
		row := cells[i]
		if columns > 1 && i+1 < len(cells) {
			row = make([]string, high+1)
			for j := range row {
				row[j] = beside(cells[i][j], cells[i+1][j], wide, "  ")
			}
		}
		out = append(out, row...)
	}
	return out[:min(len(out), h)]
}

// metric returns a metric as it was seen last, and its value as people read it.
func (d *detail) metric(k metricKey) (*actions.Metric, string) {
	for i := range d.entries {
		e := &d.entries[i]
		if e.Key() != k.Key {
			continue
		}
		for j := range e.Metrics {
			if m := &e.Metrics[j]; m.Name == k.metric {
				return m, number(m.Value, m.Unit)
			}
		}
	}
	return &actions.Metric{Name: k.metric}, ""
}

// growth is by how much a course grows a day, where that can be told.
type growth struct {
	slope float64
	known bool
}

func growthOf(points []actions.Point, now time.Time) growth {
	slope, ok := actions.Slope(points, now)
	return growth{slope, ok}
}

// fills reports whether a metric is of something that fills.
func fills(k metricKey) bool { return k.Check == actions.CheckDisk && k.metric == actions.MetricUsed }

// named returns a metric of an entry, nil where it has none of that name.
func named(e *actions.Entry, name string) *actions.Metric {
	for i := range e.Metrics {
		if m := &e.Metrics[i]; m.Name == name {
			return m
		}
	}
	return nil
}

// filled is how many bytes of a file system are in use of how many, "" for
// everything else and where it has not been told.
func filled(e *actions.Entry) string {
	taken, all := named(e, actions.MetricTaken), named(e, actions.MetricSize)
	if e.Check != actions.CheckDisk || taken == nil || all == nil {
		return ""
	}
	used, total := number(taken.Value, taken.Unit), number(all.Value, all.Unit)
	if head, unit, ok := strings.Cut(used, " "); ok && strings.HasSuffix(total, " "+unit) {
		used = head
	}
	return "used " + used + " of " + total
}

// taken are the courses of the bytes that the host's file systems take.
func (d *detail) taken() []metricKey {
	var out []metricKey
	for i := range d.entries {
		if e := &d.entries[i]; e.Check == actions.CheckDisk && named(e, actions.MetricTaken) != nil {
			out = append(out, metricKey{e.Key(), actions.MetricTaken})
		}
	}
	return out
}

// wanted are the courses that are read: those that are drawn, and what file
// systems take.
func (d *detail) wanted() []metricKey { return append(d.courses(), d.taken()...) }

// grewMost says which file system of the host takes how much more than where
// its kept course begins, a day ago at least. What is less than a thousandth of
// it is not worth a line.
func (d *detail) grewMost() string {
	const grewLeast = 1e-3
	var at string
	var most float64
	var since time.Time
	for _, k := range d.taken() {
		points := d.series[k]
		if len(points) < 2 || d.now.Sub(points[0].At) < 24*time.Hour {
			continue
		}
		e := d.entry(k.Key.String())
		grew := named(e, actions.MetricTaken).Value - points[0].Value
		if all := named(e, actions.MetricSize); all == nil || grew < grewLeast*all.Value || grew <= most {
			continue
		}
		at, most, since = k.Item, grew, points[0].At
	}
	if at == "" {
		return ""
	}
	return fmt.Sprintf("largest growth on %s: %s, +%s in %s", d.ref.Name(), at, size(int64(most)), days(d.now.Sub(since)))
}

// foretold is what the course of a check's first number says of its limits: by
// how much it grows, when it crossed the first, and when it will reach the other.
// It is said of what fills, and of nothing else.
func (d *detail) foretold(e *actions.Entry) []string {
	points := d.points(e)
	if len(points) == 0 {
		return nil
	}
	m := &e.Metrics[0]
	k := metricKey{e.Key(), m.Name}
	if !fills(k) {
		return nil
	}
	var out []string
	g := d.growth[k]
	if g.known {
		out = append(out, fmt.Sprintf("growth %+.1f%s/day (%s)", g.slope, m.Unit, days(d.now.Sub(points[0].At))))
	}
	if m.Warn != nil && m.Value >= *m.Warn {
		crossed := "before what is kept"
		if at, ok := actions.Crossed(points, *m.Warn); ok {
			crossed = d.stamp(at)
		}
		out = append(out, "warn at "+number(*m.Warn, m.Unit)+", crossed "+crossed)
	}
	if m.Fail == nil || g.slope < growthLeast || m.Value >= *m.Fail {
		return out
	}
	if left := (*m.Fail - m.Value) / g.slope; left < foretellMost {
		at := d.now.Add(time.Duration(left * float64(24*time.Hour)))
		out = append(out, fmt.Sprintf("fail at %s in about %.0f days (%s)", number(*m.Fail, m.Unit), math.Max(1, left), at.In(d.now.Location()).Format("Mon 2 Jan")))
	}
	return out
}

// What is foretold: growth that is more than rounding, a percent in three weeks,
// and no further ahead than a year.
const (
	growthLeast  = 0.05
	foretellMost = 365.0
)
