package store

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"jurymast/actions"
)

// TestTook: what went well counts, there and back, the newest run first; what was
// kept, or failed, says nothing of how long it takes.
func TestTook(t *testing.T) {
	s := newTest(t)
	for i, scale := range []time.Duration{1, 2} {
		r, err := s.AddRun(t.Context(), actions.Run{Verb: actions.VerbFailover, Target: "service/db", Title: "move", Digest: fmt.Sprint(i), Made: noon}, "test")
		if err != nil {
			t.Fatal(err)
		}
		at := func(seconds time.Duration) time.Time { return noon.Add(seconds * scale * time.Second) }
		if _, err := s.Append(t.Context(),
			actions.Event{Run: r.ID, Step: "stop", Type: actions.EventIntent, At: at(0)},
			actions.Event{Run: r.ID, Step: "stop", Type: actions.EventDone, To: "ok", At: at(4)},
			actions.Event{Run: r.ID, Step: "fence", Type: actions.EventIntent, At: at(4)},
			actions.Event{Run: r.ID, Step: "fence", Type: actions.EventDone, To: "failed", At: at(9)},
			actions.Event{Run: r.ID, Step: "fence", Type: actions.EventUndo, At: at(9)},
			actions.Event{Run: r.ID, Step: "fence", Type: actions.EventUndone, To: "kept", At: at(10)},
			actions.Event{Run: r.ID, Step: "stop", Type: actions.EventUndo, At: at(10)},
			actions.Event{Run: r.ID, Step: "stop", Type: actions.EventUndone, To: "undone", At: at(17)},
		); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.Took(t.Context(), actions.VerbFailover, "service/db", "move", 20)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]time.Duration{"stop": {8 * time.Second, 4 * time.Second}, "undo stop": {14 * time.Second, 7 * time.Second}}
	if !maps.EqualFunc(got, want, func(a, b []time.Duration) bool { return fmt.Sprint(a) == fmt.Sprint(b) }) {
		t.Errorf("%v, want %v", got, want)
	}
}
