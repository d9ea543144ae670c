package tui

import (
	"fmt"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/tui/widget"
)

// impact is what the plan means for the fleet, and what becomes of it when a
// step fails.
func (s *planScreen) impact(w int) []string {
	if s.room() != layoutWide {
		return append(append([]string{s.st.ruleLine("Blast radius", "", w)}, s.radius(w)...), s.named("undo", undoText(s.plan), w)...)
	}
	half := (w - 1) / 2
	left := append([]string{s.st.ruleLine("Blast radius", "", half)}, s.radius(half)...)
	right := []string{s.st.ruleLine("If it goes wrong", "", w-half-2)}
	for _, l := range wrong(s.plan) {
		for _, row := range wrap(l, w-half-4) {
			right = append(right, "  "+row)
		}
	}
	var out []string
	for i := range max(len(left), len(right)) {
		var a, b string
		if i < len(left) {
			a = left[i]
		}
		if i < len(right) {
			b = right[i]
		}
		out = append(out, beside(a, b, half, s.st.between(i)))
	}
	return out
}

// need is what it takes to run the plan, in full.
func (s *planScreen) need(w int) []string {
	var out []string
	name := "to run"
	if s.room() == layoutWide {
		out, name = []string{s.st.ruleLine("Needed to run", "", w)}, ""
	}
	out = append(out, s.keyLines(w)...)
	name = widget.Fit(name, min(len(name), 1)*14, "")
	for _, l := range wrap(s.needed(), w-2-len(name)) {
		if l != "" {
			out = append(out, "  "+name+s.st.text(l, w-2-len(name)))
		}
		name = strings.Repeat(" ", len(name))
	}
	return out
}

// named is a value under a name, nothing for an empty one.
func (s *planScreen) named(name, v string, w int) []string {
	if v == "" {
		return nil
	}
	if name != "" {
		name = widget.Fit(name, 14, "")
	}
	return []string{"  " + s.st.text(name+v, w-2)}
}

// radius is what does not work meanwhile, what may be lost, and what is touched.
func (s *planScreen) radius(w int) []string {
	p := s.plan
	var down []string
	for _, o := range p.Impact.Down {
		t := string(o.Target)
		if o.For > 0 {
			t += " ~" + ageText(o.For)
		}
		down = append(down, t)
	}
	if len(down) == 0 {
		down = []string{"nothing"}
	}
	var out []string
	for _, x := range [][2]string{
		{"down", strings.Join(down, ", ")}, {"back after", recoveryText(p)}, {"data at risk", p.Impact.Risk},
		{"touches", refsText(p.Impact.Touches)}, {"not touched", refsText(p.Impact.Spares)},
	} {
		out = append(out, s.named(x[0], x[1], w)...)
	}
	return out
}

// wrong says what becomes of a run whose steps fail, or that is left alone.
func wrong(p actions.Plan) []string {
	out := []string{undoText(p)}
	if p.NoReturn() >= 0 {
		out = append(out, "past that it stops where it stands, and says what is left to do")
	}
	return append(out, "to stop it waits for the step under way, or kills it: it asks which", "closing the console does not stop it")
}

// undoText says what is taken back by itself when a step fails.
func undoText(p actions.Plan) string {
	n, takes, known := 0, time.Duration(0), true
	for i, x := range p.Steps {
		if !x.Undoable() {
			continue
		}
		n++
		if p.NoReturn() < 0 || i < p.NoReturn() {
			takes, known = takes+x.UndoEstimate, known && x.UndoEstimate > 0
		}
	}
	text := fmt.Sprintf("%d of %d steps undo themselves", n, len(p.Steps))
	if n == 0 {
		text = "nothing is taken back by itself"
	}
	if known && takes > 0 {
		text += ", in ~" + ageText(takes)
	}
	if i := p.NoReturn(); i >= 0 {
		text += fmt.Sprintf("; none from step %d on", i+1)
	}
	return text
}

// needed says what is still missing before it may be run.
func (s *planScreen) needed() string {
	if b := s.plan.Unmet(actions.Blocking); len(b) > 0 {
		return "cannot: " + b[0].Name + ": " + b[0].Text + nextText(b[0])
	}
	var out []string
	if n := len(s.unaccepted()); n > 0 {
		what := "conditions, one by one"
		if n == 1 {
			what = "condition"
		}
		out = append(out, fmt.Sprintf("accept %d open %s (%s)", n, what, s.keys.show("mark")))
	}
	switch s.plan.Ladder {
	case actions.LadderGrave:
		out = append(out, "type "+s.plan.Word)
	case actions.LadderDisruptive, actions.LadderHarmless:
		out = append(out, "say y")
	case actions.LadderLook:
	}
	return strings.Join(out, ", then ")
}

// recoveryText says how long it takes until the target works again, of how long
// it may; "" where the inventory does not say.
func recoveryText(p actions.Plan) string {
	if p.RTO == 0 {
		return ""
	}
	est, known := p.Recovery()
	switch {
	case !known:
		return "not known yet, of " + ageText(p.RTO)
	case est > p.RTO:
		return "estimate " + ageText(est) + ", MORE than its rto of " + ageText(p.RTO)
	}
	return "estimate " + ageText(est) + " of " + ageText(p.RTO)
}

// nextText says what to do about a condition that does not hold, where that is
// known.
func nextText(c actions.Condition) string {
	if c.Next == "" {
		return ""
	}
	return "; next: " + c.Next
}
