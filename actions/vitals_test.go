package actions

import (
	"testing"
	"time"
)

func TestVitals(t *testing.T) {
	t.Parallel()
	entry := func(check, item string, ms ...Metric) Entry {
		return Entry{Result: Result{Target: "node/a", Check: check, Item: item, Metrics: ms, Line: "up 3 d; Debian GNU/Linux 12, Linux 6.1"}}
	}
	skipped := entry(CheckDisk, "/srv", Metric{Name: MetricUsed, Value: 99})
	skipped.Cause = "node/b"
	v := MakeState([]Entry{
		entry("uptime", "", Metric{Name: MetricUptime, Value: 3 * 86400}),
		entry(CheckLoad, "", Metric{Name: "load", Value: 0.3}, Metric{Name: MetricBusy, Value: 31}),
		entry(CheckMemory, "", Metric{Name: MetricAvailable, Value: 30}),
		entry(CheckDisk, "/", Metric{Name: MetricUsed, Value: 40}),
		entry(CheckDisk, "/tank", Metric{Name: MetricUsed, Value: 91}),
		entry("inodes", "/", Metric{Name: MetricUsed, Value: 98}),
		skipped,
	}, nil).Vitals("node/a")
	want := Vitals{
		CPU:    Gauge{true, 31, Key{"node/a", CheckLoad, ""}, MetricBusy},
		Memory: Gauge{true, 70, Key{"node/a", CheckMemory, ""}, MetricAvailable},
		Disk:   Gauge{true, 91, Key{"node/a", CheckDisk, "/tank"}, MetricUsed},
		Up:     72 * time.Hour, System: "Debian GNU/Linux 12, Linux 6.1",
	}
	if v != want {
		t.Errorf("vitals %+v, want %+v", v, want)
	}
	if v := (State{}).Vitals("node/a"); v.Known() {
		t.Errorf("of a host that was never looked at it knows %+v", v)
	}
}

func TestSlopeAndCrossed(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 20, 0, 0, 0, time.UTC)
	course := func(vs ...float64) []Point {
		ps := make([]Point, len(vs))
		for i, v := range vs {
			ps[i] = Point{At: now.Add(time.Duration(i-len(vs)) * 12 * time.Hour), Value: v}
		}
		return ps
	}
	for _, c := range []struct {
		name   string
		points []Point
		slope  float64
		ok     bool
		cross  int // place of the point at which 85 was crossed, -1 for none
	}{
		{"grows", course(80, 82, 84, 86, 88), 4, true, 3},
		{"a burst does not turn it", course(80, 82, 84, 99, 88, 90), 4, true, 3},
		{"crossed twice: the last time counts", course(86, 84, 86, 87), 2, true, 2},
		{"above since ever", course(90, 91, 92), 2, true, -1},
		{"two points say nothing", course(80, 82), 0, false, -1},
		{"none", nil, 0, false, -1},
	} {
		slope, ok := Slope(c.points, now)
		if ok != c.ok || ok && (slope < c.slope-2 || slope > c.slope+2) {
			t.Errorf("%s: slope %v %v, want %v %v", c.name, slope, ok, c.slope, c.ok)
		}
		at, ok := Crossed(c.points, 85)
		if want := c.cross >= 0; ok != want || ok && !at.Equal(c.points[c.cross].At) {
			t.Errorf("%s: crossed at %v %v, want point %d", c.name, at, ok, c.cross)
		}
	}
	young := []Point{{At: now.Add(-2 * time.Hour), Value: 1}, {At: now.Add(-time.Hour), Value: 2}, {At: now, Value: 3}}
	if s, ok := Slope(young, now); ok {
		t.Errorf("two hours of history tell a slope of %v a day", s)
	}
}
