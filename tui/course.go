package tui

import (
	"math"
	"strings"

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

// course is the newest numbers of a check, evenly spaced, and the scale's end:
// the limit at which it fails.
func (d *detail) course(e *actions.Entry, n int) (ps []float64, full float64) {
	points := d.series[e.Key()]
	if len(e.Metrics) == 0 || len(points) == 0 {
		return nil, 0
	}
	// Where less is worse, the limit is no end of the scale.
	if m := e.Metrics[0]; m.Fail != nil && *m.Fail > 0 && (m.Warn == nil || *m.Warn <= *m.Fail) {
		full = *m.Fail
	}
	return resample(points, n), full
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

func (d *detail) spark(e *actions.Entry, w int) string {
	ps, full := d.course(e, w)
	if len(ps) == 0 {
		return ""
	}
	return widget.Spark(ps, full, w, d.st.ascii)
}
