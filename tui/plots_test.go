package tui

import (
	"testing"
	"time"

	"jurymast/actions"
)

// TestLargestGrowth: the file system of a host that takes the most bytes more
// than it did is named with by how much and since when, where that is known.
func TestLargestGrowth(t *testing.T) {
	const gib = 1 << 30
	disk := func(at string, taken, size float64) actions.Entry {
		return entry("node/nas1", actions.CheckDisk, at, actions.OK, "used", time.Hour,
			actions.Metric{Name: actions.MetricUsed, Value: 100 * taken / size, Unit: "%"}, actions.Metric{Name: actions.MetricTaken, Value: taken, Unit: "B"}, actions.Metric{Name: actions.MetricSize, Value: size, Unit: "B"})
	}
	old := entry("node/nas1", actions.CheckDisk, "/old", actions.OK, "used", time.Hour, actions.Metric{Name: actions.MetricUsed, Value: 3, Unit: "%"})
	type course struct {
		ago  time.Duration
		from float64
	}
	day := 24 * time.Hour
	for name, c := range map[string]struct {
		was  map[string]course
		want string
	}{
		"the larger of two":          {map[string]course{"/": {7 * day, 10 * gib}, "/srv": {7 * day, 90 * gib}}, "largest growth on nas1: /srv, +410 GiB in 7d"},
		"one of them shrank":         {map[string]course{"/": {7 * day, 10 * gib}, "/srv": {7 * day, 600 * gib}}, "largest growth on nas1: /, +30.0 GiB in 7d"},
		"less is kept than a week":   {map[string]course{"/": {50 * time.Hour, 10 * gib}}, "largest growth on nas1: /, +30.0 GiB in 2d"},
		"too young to say":           {map[string]course{"/": {23 * time.Hour, 10 * gib}}, ""},
		"nothing grew":               {map[string]course{"/": {7 * day, 40 * gib}, "/srv": {7 * day, 500 * gib}}, ""},
		"less than a thousandth":     {map[string]course{"/srv": {7 * day, 499.5 * gib}}, ""},
		"nothing is kept":            {nil, ""},
		"of one that is gone by now": {map[string]course{"/gone": {7 * day, gib}}, ""},
	} {
		f := newFake(t)
		f.state = actions.MakeState([]actions.Entry{disk("/", 40*gib, 100*gib), disk("/srv", 500*gib, 1000*gib), old}, nil)
		m := opened(t, f, 120, 36)
		d := newDetail(m, "node/nas1")
		d.refresh()
		for at, was := range c.was {
			k := actions.Key{Target: "node/nas1", Check: actions.CheckDisk, Item: at}
			d.update(seriesMsg{k, actions.MetricTaken, []actions.Point{{At: m.now.Add(-was.ago), Value: was.from}, {At: m.now, Value: was.from}}})
		}
		if got := d.grewMost(); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	for want, e := range map[string]actions.Entry{"used 40.0 of 100 GiB": disk("/", 40*gib, 100*gib), "used 500 GiB of 2.0 TiB": disk("/", 500*gib, 2048*gib), "": old} {
		if got := filled(&e); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
