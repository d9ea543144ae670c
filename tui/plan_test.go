package tui

import (
	"fmt"
	"strings"
	"testing"

	"jurymast/actions"
)

// TestPlanSaysWhatItNeeds: however many steps there are and however small the
// terminal, what it takes to run a plan is seen, and the condition under the
// cursor in full.
func TestPlanSaysWhatItNeeds(t *testing.T) {
	t.Parallel()
	p := failover()
	for i := range 30 {
		p.Steps = append(p.Steps, actions.Step{ID: fmt.Sprintf("more-%d", i), Title: "one step more", Host: "node/pve"})
	}
	c := &p.Conditions[0]
	for i := range p.Conditions {
		if p.Conditions[i].Hold == actions.Open {
			c = &p.Conditions[i]
		}
	}
	c.Seen = "of the two copies that are known one is 30 h old, and the other could not be listed again: its end"
	for _, size := range [][2]int{{120, 36}, {80, 24}, {60, 15}} {
		m := opened(t, newFake(t), size[0], size[1])
		s := newPlanScreen(m, moved, p)
		lines := func() string { return stripped(strings.Join(s.view(size[0], size[1]-4), "\n")) }
		look := func() string { return strings.Join(strings.Fields(lines()), " ") }
		for _, want := range []string{"accept 1 open condition (space), then type postgres", "[ ]", "could not be listed again: its end"} {
			if got := look(); !strings.Contains(got, want) {
				t.Errorf("%dx%d: %q is not seen:\n%s", size[0], size[1], want, lines())
			}
		}
		s.zoomed = true
		if got := look(); !strings.Contains(got, "then type postgres") {
			t.Errorf("%dx%d, steps alone: what is needed is not seen:\n%s", size[0], size[1], lines())
		}
		s.zoomed = false
		s.table.Move(1000)
		if got := look(); !strings.Contains(got, "then type postgres") || !strings.Contains(got, "one step more") || strings.Contains(got, "its end") {
			t.Errorf("%dx%d, at the last step:\n%s", size[0], size[1], lines())
		}
	}
}
