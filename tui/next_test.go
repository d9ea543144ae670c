package tui

import (
	"slices"
	"testing"
	"time"
)

// TestTerms: what a schedule begins stands there by its time; a copy that grows
// too old before that does so as well.
func TestTerms(t *testing.T) {
	t.Parallel()
	m, _ := ready(t, newFake(t), 120, 36, Options{})
	terms := func(age time.Duration) (out []string) {
		m.jobs = []Job{{Name: "homes", Target: "share/homes", At: at.Add(-age), RPO: 24 * time.Hour}}
		for _, x := range m.terms() {
			out = append(out, m.comes(x.at)+" "+x.what+": "+x.why)
		}
		return out
	}
	begins := []string{"01:30 backup homes: begins by its schedule", "Mon 02:00 backup pg: begins by its schedule"}
	if got := terms(5 * time.Hour); !slices.Equal(got, begins) {
		t.Errorf("%q, want %q", got, begins)
	}
	late := append([]string{"22:05 backup homes: newest copy 22h old, at most 1d"}, begins...)
	if got := terms(22 * time.Hour); !slices.Equal(got, late) {
		t.Errorf("%q, want %q", got, late)
	}
}

// TestPlaybookKnowsItsConditions: of a plan that was made here.
func TestPlaybookKnowsItsConditions(t *testing.T) {
	t.Parallel()
	sit(t, newFake(t), 120, 36, Options{}).sees("Problems 6").press("7").sees("Whether it could run now is not known: enter asks").
		press("enter").sees("plan 7f3a11c0").press("esc").sees("1 of 2 conditions hold; open: the newest copy is younger than 24 h: 30 h old")
}
