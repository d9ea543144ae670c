package actions

import (
	"encoding/json"
	"testing"
	"time"
)

// TestWorst holds the order of a fleet: fail over warn over unknown over ok,
// which is not the order of the codes.
func TestWorst(t *testing.T) {
	order := []Status{OK, Unknown, Warn, Fail}
	for i, a := range order {
		for j, b := range order {
			if got := a.Worse(b); got != (i > j) {
				t.Errorf("%v worse than %v: %v", a, b, got)
			}
			if got, want := Worst(a, b), order[max(i, j)]; got != want {
				t.Errorf("Worst(%v, %v) = %v, want %v", a, b, got, want)
			}
		}
	}
	if Worst() != OK {
		t.Error("nothing is not ok")
	}
}

func TestStatusText(t *testing.T) {
	for _, s := range []Status{OK, Warn, Fail, Unknown} {
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var back Status
		if err := json.Unmarshal(b, &back); err != nil || back != s {
			t.Errorf("%v became %s and %v, %v", s, b, back, err)
		}
	}
	for _, word := range []string{`""`, `"OK"`, `"fine"`} {
		var s Status
		if err := json.Unmarshal([]byte(word), &s); err == nil {
			t.Errorf("%s was taken for %v", word, s)
		}
	}
	if Status(9).String() != "unknown" {
		t.Errorf("a status that is none is %q", Status(9))
	}
}

func TestState(t *testing.T) {
	now := time.Date(2026, 11, 20, 20, 0, 0, 0, time.UTC)
	entry := func(check, item string, age time.Duration) Entry {
		return Entry{Result: Result{Target: "node/x", Check: check, Item: item, At: now.Add(-age)}, Every: time.Minute}
	}
	s := MakeState([]Entry{entry("disk", "/", time.Minute), entry("disk", "/srv", 3*time.Minute), entry("load", "", 0)}, nil)
	if s.Len() != 3 || len(s.Of("node/x")) != 3 || len(s.Of("node/y")) != 0 {
		t.Errorf("%d entries, %d of node/x", s.Len(), len(s.Of("node/x")))
	}
	if !s.Swept.Equal(now) {
		t.Errorf("swept %v", s.Swept)
	}
	e, ok := s.Find(Key{"node/x", "disk", "/srv"})
	if !ok || !e.Stale(now) {
		t.Errorf("found %v, stale %v: three intervals of a minute have passed", ok, e.Stale(now))
	}
	if e, ok := s.Find(Key{"node/x", "disk", "/"}); !ok || e.Stale(now) {
		t.Errorf("found %v, stale %v: one interval has passed", ok, e.Stale(now))
	}
	if _, ok := s.Find(Key{"node/x", "disk", ""}); ok {
		t.Error("found what is not there")
	}
	n := 0
	s.All(func(Entry) bool { n++; return false })
	if n != 1 {
		t.Errorf("went on after false: %d", n)
	}
	if zero := (State{}); zero.Len() != 0 || zero.Of("node/x") != nil {
		t.Error("the zero state is not empty")
	}
}

func TestSilenceCovers(t *testing.T) {
	from := time.Date(2026, 11, 20, 20, 0, 0, 0, time.UTC)
	s := Silence{Target: "node/x", Check: "disk", From: from, Until: from.Add(time.Hour)}
	for _, tt := range []struct {
		k    Key
		at   time.Duration
		want bool
	}{
		{Key{"node/x", "disk", "/"}, 0, true},
		{Key{"node/x", "disk", ""}, 59 * time.Minute, true},
		{Key{"node/x", "disk", "/"}, time.Hour, false},
		{Key{"node/x", "disk", "/"}, -time.Second, false},
		{Key{"node/x", "load", ""}, 0, false},
		{Key{"node/y", "disk", "/"}, 0, false},
	} {
		if got := s.Covers(tt.k, from.Add(tt.at)); got != tt.want {
			t.Errorf("%v at %v: %v", tt.k, tt.at, got)
		}
	}
}
