package tui

import (
	"math"
	"slices"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/tui/widget"
)

// valueOf is a check's first number and its limits.
func valueOf(e *actions.Entry) (value, limits string) {
	if len(e.Metrics) == 0 {
		return "", ""
	}
	m := e.Metrics[0]
	if m.Warn != nil {
		limits = "warn " + number(*m.Warn, m.Unit)
	}
	if m.Fail != nil {
		limits = strings.TrimSpace(limits + "  fail " + number(*m.Fail, m.Unit))
	}
	return number(m.Value, m.Unit), limits
}

// limitOf is the end of a metric's scale: the limit at which it fails. Where
// less is worse the limit is none, and a share ends at a hundred; 0: there is no
// end.
func limitOf(m *actions.Metric) float64 {
	switch {
	case m.Fail != nil && *m.Fail > 0 && (m.Warn == nil || *m.Warn <= *m.Fail):
		return *m.Fail
	case m.Unit == "%":
		return 100
	}
	return 0
}

// resample spreads points over n places of equal time up to the newest; places
// without a point are NaN.
func resample(points []actions.Point, n int) []float64 {
	first, last := points[0].At, points[len(points)-1].At
	if len(points) <= n {
		out := make([]float64, len(points))
		for i, p := range points {
			out[i] = p.Value
		}
		return out
	}
	out := make([]float64, n)
	for i := range out {
		out[i] = math.NaN()
	}
	span := last.Sub(first) + 1
	for _, p := range points {
		i := int(float64(n) * float64(p.At.Sub(first)) / float64(span))
		if i = min(max(i, 0), n-1); math.IsNaN(out[i]) || p.Value > out[i] {
			out[i] = p.Value // the worst of a place is what is looked for
		}
	}
	return out
}

// lately spreads the newest points over n cells of equal time up to now. A cell
// without a point is what was before it, for hold at most, then NaN; in one with
// several the worst is what is looked for.
func lately(points []actions.Point, now time.Time, n int, cell, hold time.Duration) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = math.NaN()
	}
	first := now.Truncate(cell).Add(-time.Duration(n-1) * cell)
	// There may be a week of them, and the row is drawn with every frame.
	from, _ := slices.BinarySearchFunc(points, first, func(p actions.Point, t time.Time) int { return p.At.Compare(t) })
	for i := range points[from:] {
		p := &points[from+i]
		at := min(int(p.At.Sub(first)/cell), n-1)
		if math.IsNaN(out[at]) || p.Value > out[at] {
			out[at] = p.Value
		}
	}
	last, at := math.NaN(), time.Time{}
	if from > 0 {
		last, at = points[from-1].Value, points[from-1].At
	}
	for i := range out {
		start := first.Add(time.Duration(i) * cell)
		switch {
		case !math.IsNaN(out[i]):
			last, at = out[i], start
		case start.Sub(at) <= hold:
			out[i] = last
		}
	}
	return out
}

// spark is the last hour of a check's first number.
func (d *detail) spark(e *actions.Entry, w int) string {
	points := d.points(e)
	if len(points) == 0 {
		return ""
	}
	// What is looked at less often than a cell lasts holds until the next look.
	cell := time.Hour / time.Duration(w)
	return widget.Spark(lately(points, d.now, w, cell, 2*max(cell, e.Every)), limitOf(&e.Metrics[0]), w, d.st.ascii)
}
