package actions

import (
	"slices"
	"time"
)

// How a course of points is judged.
const (
	slopeLeast  = 24 * time.Hour // of history, before anything is said of it
	slopePoints = 120            // the slope is taken of no more points than this
)

// Slope returns by how much the numbers of a course, oldest first, grow a day:
// the median of the slopes of all pairs of points (Theil and Sen), which a
// clean-up or a burst does not move. It says nothing of fewer than three points
// and of less than a day before now.
func Slope(points []Point, now time.Time) (perDay float64, ok bool) {
	if len(points) < 3 || now.Sub(points[0].At) < slopeLeast {
		return 0, false
	}
	step := (len(points) + slopePoints - 1) / slopePoints
	var sample []Point
	for i := 0; i < len(points); i += step {
		sample = append(sample, points[i])
	}
	var slopes []float64
	for i, p := range sample {
		for _, q := range sample[i+1:] {
			if d := q.At.Sub(p.At).Hours() / 24; d > 0 {
				slopes = append(slopes, (q.Value-p.Value)/d)
			}
		}
	}
	if len(slopes) == 0 {
		return 0, false
	}
	slices.Sort(slopes)
	return slopes[len(slopes)/2], true
}

// Crossed returns when a course, oldest first, was last below a limit before it
// reached it for good: the time of the first point of those at its end that are
// all at the limit or above. Ok is false where the newest is below it, and where
// there is none below: then it is not known when it was crossed.
func Crossed(points []Point, limit float64) (at time.Time, ok bool) {
	for i := len(points) - 1; i >= 0; i-- {
		if points[i].Value < limit {
			return at, !at.IsZero()
		}
		at = points[i].At
	}
	return time.Time{}, false
}
