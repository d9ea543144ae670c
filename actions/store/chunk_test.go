package store

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"testing"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

func TestChunkKeepsTheFirstOfASlot(t *testing.T) {
	c := &chunk{}
	a, b := column{"load", "", "m"}, column{"disk", "/srv", "used"}
	for _, x := range []struct {
		at    int64
		col   column
		value float64
		isNew bool
	}{
		{1000, a, 1, true},
		{1100, a, 2, false}, // the same slot
		{1150, b, 3, true},
		{1200, a, 4, true},
		{2400, b, 5, true},
		{1500, a, 6, true}, // a clock was set back
		{800, a, 7, true},
	} {
		if got := c.set(300, x.at, x.col, x.value); got != x.isNew {
			t.Errorf("%v at %d is new: %t", x.value, x.at, got)
		}
	}
	d, err := decodeChunk(c.encode(), map[string]string{})
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range []struct {
		col  column
		want string
	}{
		{a, "800=7 1000=1 1200=4 1500=6 "},
		{b, "1000=3 2400=5 "},
		{column{"no", "", "m"}, ""},
	} {
		for _, x := range []*chunk{c, d} {
			got := ""
			for _, p := range x.points(nil, w.col, 0, math.MaxInt64) {
				got += fmt.Sprintf("%d=%v ", p.At.Unix(), p.Value)
			}
			if got != w.want {
				t.Errorf("%v has %q, want %q", w.col, got, w.want)
			}
		}
	}
}

func FuzzDecodeChunk(f *testing.F) {
	c := &chunk{}
	c.set(300, 1000, column{"a", "b", "c"}, math.Pi)
	c.set(300, 2000, column{"a", "b", "d"}, -1)
	f.Add(c.encode())
	f.Add([]byte{1, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := decodeChunk(b, map[string]string{})
		if err != nil {
			return
		}
		c.set(300, 5000, column{"x", "y", "z"}, 1)
		d, err := decodeChunk(c.encode(), map[string]string{})
		if err != nil {
			t.Fatalf("what was decoded does not decode again: %v", err)
		}
		if len(d.rows) != len(c.rows) || !reflect.DeepEqual(c.columns, d.columns) {
			t.Fatalf("%d rows of %v became %d of %v", len(c.rows), c.columns, len(d.rows), d.columns)
		}
	})
}

func TestSeriesAreThinned(t *testing.T) {
	s := newTest(t)
	k := actions.Key{Target: "node/a", Check: "load"}
	start := noon.Add(-3 * 24 * time.Hour)
	// A look every 100 s for the last 14 hours and one in ten minutes before
	// them show the same as one every minute and are faster.
	for at := start; at.Before(noon); {
		e := entry(k.Target, k.Check, at, actions.OK, actions.Metric{Name: "m", Value: float64(at.Unix())})
		other := entry(k.Target, "disk", at, actions.OK, actions.Metric{Name: "m", Value: -1})
		other.Item = "/srv"
		commit(t, s, Sweep{At: at, Entries: []actions.Entry{other, e}})
		if at.Before(noon.Add(-14 * time.Hour)) {
			at = at.Add(10 * time.Minute)
		} else {
			at = at.Add(100 * time.Second)
		}
	}
	ps, err := s.Series(t.Context(), k, "m", start)
	if err != nil {
		t.Fatal(err)
	}
	if want := (3*24-14)*6 + 14*12; len(ps) != want {
		t.Errorf("%d points, want %d", len(ps), want)
	}
	checkPoints(t, ps)

	day, err := s.Series(t.Context(), k, "m", noon.Add(-time.Hour))
	if err != nil || len(day) != 12 {
		t.Errorf("%d points in the last hour, want 12; %v", len(day), err)
	}
	b, err := s.SeriesFor(t.Context(), noon.Add(-7*24*time.Hour), k, actions.Key{Target: "node/a", Check: "disk", Item: "/srv"}, actions.Key{Target: "node/none"})
	if err != nil {
		t.Fatal(err)
	}
	week := b.Points(k, "m")
	if n := len(week); n < 200 || n > 210 { // 12 hours of twelve, 60 of one
		t.Errorf("%d points for a look, want about 204", n)
	}
	checkPoints(t, week)
	if n := len(b.Points(actions.Key{Target: "node/a", Check: "disk", Item: "/srv"}, "m")); n != len(week) {
		t.Errorf("%d points of the other item, want %d", n, len(week))
	}
	for _, k := range []actions.Key{k, {Target: "node/none", Check: "load"}, {Target: "node/not-asked", Check: "load"}} {
		if ps := b.Points(k, "none"); ps != nil {
			t.Errorf("points of nothing: %v", ps)
		}
	}
	if err := b.Err(); err != nil {
		t.Error(err)
	}
	if n := s.count(t, `select count(*) from chunk where step = 300`); n > ((3*24-14)*6+14*12)/chunkRows+2 {
		t.Errorf("%d fine chunks: they are not filled", n)
	}
}

// TestALookLongerThanAChunk keeps the points of more targets than one statement
// takes, of which every third brings some that lie further apart than a chunk is
// long, behind ones of another target.
func TestALookLongerThanAChunk(t *testing.T) {
	s := newTest(t)
	hours := func(target int) []int {
		if target%3 == 0 {
			return []int{0, 1, 9, 30, 31}
		}
		return []int{30}
	}
	const targets = 2*atOnce + 7
	key := func(target int) actions.Key {
		return actions.Key{Target: inventory.Ref(fmt.Sprintf("node/%03d", target)), Check: "load"}
	}
	for range 2 { // and the second of the same adds nothing
		w := Sweep{At: noon.Add(31 * time.Hour)}
		for i := range targets {
			for _, h := range hours(i) {
				at := noon.Add(time.Duration(h) * time.Hour)
				w.Entries = append(w.Entries, entry(key(i).Target, key(i).Check, at, actions.OK, actions.Metric{Name: "m", Value: float64(at.Unix())}))
			}
		}
		commit(t, s, w)
		for i := range targets {
			ps, err := s.Series(t.Context(), key(i), "m", noon)
			if err != nil || len(ps) != len(hours(i)) {
				t.Fatalf("%s has %d points, want %d; %v", key(i).Target, len(ps), len(hours(i)), err)
			}
			checkPoints(t, ps)
		}
	}
	const long = targets/3 + 1
	if n := s.count(t, `select count(*) from chunk where step = 300`); n != 3*long+targets-long {
		t.Errorf("%d fine chunks, want three of each of %d, and one of each other", n, long)
	}
}

func checkPoints(t *testing.T, ps []actions.Point) {
	t.Helper()
	for i, p := range ps {
		if p.Value != float64(p.At.Unix()) {
			t.Fatalf("point %d has the value %v at %d", i, p.Value, p.At.Unix())
		}
		if i > 0 && !p.At.After(ps[i-1].At) {
			t.Fatalf("point %d at %v comes after %v", i, p.At, ps[i-1].At)
		}
	}
}

func TestTwoProcessesOneSlot(t *testing.T) {
	// Two stores on one file know nothing of what the other has kept.
	a := newTest(t)
	b := openTest(t, a.Path())
	k := actions.Key{Target: "node/a", Check: "load"}
	for i := range 30 {
		at := noon.Add(time.Duration(i) * time.Minute)
		s := a
		if i%2 == 1 {
			s = b
		}
		commit(t, s, Sweep{At: at, Entries: []actions.Entry{entry(k.Target, k.Check, at, actions.OK, actions.Metric{Name: "m", Value: float64(i)})}})
	}
	ps, err := a.Series(t.Context(), k, "m", noon)
	if err != nil {
		t.Fatal(err)
	}
	var got []float64
	for _, p := range ps {
		got = append(got, p.Value)
	}
	if want := []float64{0, 5, 10, 15, 20, 25}; !reflect.DeepEqual(got, want) {
		t.Errorf("kept %v, want %v", got, want)
	}
}

func TestABrokenChunkCostsOnlyItself(t *testing.T) {
	s := newTest(t)
	k := actions.Key{Target: "node/a", Check: "load"}
	put := func(at time.Time) {
		t.Helper()
		commit(t, s, Sweep{At: at, Entries: []actions.Entry{entry(k.Target, k.Check, at, actions.OK, actions.Metric{Name: "m", Value: 1})}})
	}
	put(noon)
	if _, err := s.write.ExecContext(t.Context(), `update chunk set data = $1`, []byte{1, 255}); err != nil {
		t.Fatal(err)
	}
	put(noon.Add(10 * time.Minute))
	put(noon.Add(20 * time.Minute))
	b, err := s.SeriesFor(t.Context(), noon, k)
	if ps := b.Points(k, "m"); !errors.Is(err, ErrCorrupt) || !errors.Is(b.Err(), ErrCorrupt) || ps != nil {
		t.Errorf("a look is told %v, %v", ps, err)
	}
	if ps, err := s.Series(t.Context(), k, "m", noon); !errors.Is(err, ErrCorrupt) {
		t.Errorf("the broken chunk was passed over in silence: %v, %v", ps, err)
	}
	if ps, err := s.Series(t.Context(), k, "m", noon.Add(5*time.Minute)); err != nil || len(ps) != 2 {
		t.Errorf("after the broken chunk there is %v, %v; want two points", ps, err)
	}
	if n := s.count(t, `select count(*) from chunk`); n != 3 {
		t.Errorf("%d chunks, want the two broken ones and a fine one", n)
	}
}
