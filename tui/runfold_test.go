package tui

import (
	"strings"
	"testing"
	"time"

	"jurymast/actions"
)

// TestFoldedSteps: what is done makes room for what is not, each of it is shown
// on demand, and the cursor stays where it was meant to be.
func TestFoldedSteps(t *testing.T) {
	t.Parallel()
	m := showScreen(t, goldenScreen{msgs: longRun(7)}, 80, 24)
	s := m.top().(*runScreen)
	for _, x := range []struct {
		name, key string
		has, not  []string
		at        string // the row under the cursor
	}{
		{"they do not fit", "", []string{"1-5 done: patch host 1, patch host 2", "15s / 25s", "6-7 done", "▸ ↻ 8 "}, []string{"✓ 4"}, "patch-8"},
		{"on the line of those that are done", "k", []string{"▸ ✓    "}, nil, foldedID + "patch-6"},
		{"which enter opens", "enter", []string{"▸ ✓ 6 "}, []string{"done:"}, "patch-6"},
		{"up to one of the others", "k", nil, nil, noReturnRow},
		{"", "k", []string{"▸ ✓ 5 "}, nil, "patch-5"},
		{"that is folded with its line", "z", []string{"▸ ✓    "}, []string{"✓ 5"}, foldedID + "patch-1"},
		{"and out again", "z", []string{"▸ ✓ 1 "}, []string{"done:"}, "patch-1"},
		{"down past them all", "G", nil, nil, "patch-9"},
		{"it stays on what is not done", "z", []string{"▸ · 9 ", "1-5 done"}, nil, "patch-9"},
	} {
		if x.key != "" {
			m.Update(keyOf(x.key))
		}
		got := m.View()
		fits(t, got, 80, 24)
		for _, want := range x.has {
			if !strings.Contains(got, want) {
				t.Errorf("%s: no %q in\n%s", x.name, want, got)
			}
		}
		for _, no := range x.not {
			if strings.Contains(got, no) {
				t.Errorf("%s: %q in\n%s", x.name, no, got)
			}
		}
		if at := s.table.Selected(); at != x.at {
			t.Errorf("%s: the cursor is on %q, want %q", x.name, at, x.at)
		}
	}
	m.Update(eventsMsg{after: m.after, events: []actions.Event{
		{Run: s.id, Seq: 98, Type: actions.EventDone, Step: "patch-8", To: "ok", At: at}, {Run: s.id, Seq: 99, Type: actions.EventIntent, Step: "patch-9", At: at},
	}})
	if got := m.View(); !strings.Contains(got, "6-8 done") || s.table.Selected() != "patch-9" {
		t.Errorf("on %q in\n%s", s.table.Selected(), got)
	}
}

// TestHowLongAnUndoTakes: by earlier runs that did it, else what the steps took.
func TestHowLongAnUndoTakes(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		back [2]time.Duration // of the first two steps
		n    int              // events of the run
		want string
	}{
		{[2]time.Duration{28 * time.Second, 12 * time.Second}, 3, "steps 2, 1, about 40s"},
		{[2]time.Duration{28 * time.Second, 0}, 3, "steps 2, 1, which took 50s"},
		{[2]time.Duration{28 * time.Second, 0}, 2, "step 1, about 28s"},
		{[2]time.Duration{}, 0, "nothing so far can be taken back"},
	} {
		m := showScreen(t, goldenScreen{msgs: running(x.n)}, 80, 24)
		s := m.top().(*runScreen)
		for i, d := range x.back {
			s.run.Plan.Steps[i].UndoEstimate = d
		}
		m.Update(keyOf("x"))
		if got := m.View(); !strings.Contains(got, x.want) {
			t.Errorf("no %q in\n%s", x.want, got)
		}
	}
}
