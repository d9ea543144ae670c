package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"jurymast/actions"
)

// shapes are plans of every sort of step, with how they end undisturbed.
var shapes = []struct {
	name string
	plan actions.Plan
	ends Outcome
	left string // what is set in the end
}{
	{"plain", makePlan(makeStep("a", checked), makeStep("b", verified), makeStep("c", checked)), Done, "a b c"},
	{"undoable", makePlan(makeStep("a", undoable, checked), makeStep("b", undoable, checked), makeStep("c", failing)), Undone, ""},
	{"no way back", makePlan(makeStep("a", undoable, checked), makeStep("b", noReturn, checked), makeStep("c", failing)), Hands, "a b"},
	{"beside", makePlan(makeStep("a", checked), makeStep("b", beside, checked), makeStep("c", beside, checked), makeStep("d", checked)), Done, "a b c d"},
	{"may fail", makePlan(makeStep("hold", undoable, checked), makeStep("copy-a", mayFail, failing), makeStep("copy-b", mayFail, checked), makeStep("list-a", mayFail, after("copy-a")), makeStep("free", checked)), Partial, "copy-b free hold"},
	{"hold is let go", makePlan(makeStep("hold", undoable, checked), makeStep("copy", failing)), Undone, ""},
	{"redo", makePlan(makeStep("a", redo), makeStep("b", redo)), Done, "a b"},
	{"blind", makePlan(makeStep("a"), makeStep("b")), Done, "a b"},
	{"words", makePlan(
		actions.Step{ID: "one", Title: "say", Host: "node/a", Do: act("say copy 17"), Redo: true, Timeout: 1e9},
		actions.Step{ID: "two", Title: "say", Host: "node/a", Do: act("say copy 18"), Redo: true, Timeout: 1e9},
		actions.Step{ID: "hear-two", Title: "hear", Host: "node/a", Do: act("heard copy 18"), Redo: true, Timeout: 1e9},
		actions.Step{ID: "hear-one", Title: "hear", Host: "node/a", Do: act("heard copy 17"), Redo: true, Timeout: 1e9, After: []string{"one"}},
	), Done, ""},
}

// TestExactlyOnce kills the runner before and after every write to the journal
// and around every act, and starts the host anew before and after every act.
// Resumed, the run ends as an undisturbed one, or stops and says why; and no
// act is done twice unless its step says that this is as good as once.
func TestExactlyOnce(t *testing.T) {
	for _, shape := range shapes {
		t.Run(strings.ReplaceAll(shape.name, " ", "-"), func(t *testing.T) {
			if err := shape.plan.Validate(); err != nil {
				t.Fatal(err)
			}
			calm := newModel(fault{})
			if o, err := calm.finish(t.Context(), shape.plan); o != shape.ends || calm.snapshot() != shape.left {
				t.Fatalf("undisturbed: %s with %q, want %s with %q (%v)", o, calm.snapshot(), shape.ends, shape.left, err)
			}
			for kind, n := range map[string]int{
				"journal-before": calm.appends, "journal-after": calm.appends,
				"kill-before": calm.ops, "kill-after": calm.ops, "lose-before": calm.ops, "lose-after": calm.ops,
			} {
				for at := 1; at <= n; at++ {
					disturb(t, shape.plan, fault{kind, at}, shape.ends, shape.left)
				}
			}
		})
	}
}

func disturb(t *testing.T, p actions.Plan, f fault, ends Outcome, left string) {
	t.Helper()
	m := newModel(f)
	o, err := m.finish(t.Context(), p)
	at := fmt.Sprintf("%s %d", f.kind, f.at)
	switch {
	case o == ends && m.snapshot() == left:
	case o == Hands && err != nil && strings.HasPrefix(f.kind, "lose"):
		// Nobody can know, and it says so.
	case o == Undone && m.snapshot() == "" && strings.HasPrefix(f.kind, "lose"):
	default:
		t.Errorf("%s: %s with %q, want %s with %q (%v)\n%s", at, o, m.snapshot(), ends, left, err, story(m))
	}
	onlyOnce(t, at, p, m)
}

// onlyOnce is that no act was done twice whose step does not say that this is
// as good as once.
func onlyOnce(t *testing.T, at string, p actions.Plan, m *model) {
	t.Helper()
	for id, n := range m.did {
		if s, _ := p.Step(id); n > 1 && !s.Redo {
			t.Errorf("%s: %s was done %d times\n%s", at, id, n, story(m))
		}
	}
}

func story(m *model) string {
	var b strings.Builder
	for _, e := range m.journal {
		fmt.Fprintf(&b, "  %s %s %s %s\n", e.Type, e.Step, e.To, e.Line)
	}
	return b.String() + "  acts: " + strings.Join(m.trace, ", ")
}

func TestUndoGoesBackwards(t *testing.T) {
	p := makePlan(makeStep("a", undoable), makeStep("b"), makeStep("c", undoable), makeStep("d", failing, undoable))
	m := newModel(fault{})
	o, err := m.finish(t.Context(), p)
	if o != Undone || err == nil || !strings.Contains(err.Error(), "it went wrong") {
		t.Fatalf("%s, %v", o, err)
	}
	want := []string{"set a", "set b", "set c", "fail", "unset d", "unset c", "unset a"}
	if !slices.Equal(m.trace, want) {
		t.Errorf("did %v, want %v", m.trace, want)
	}
}

func TestAnUndoThatFailsNeedsHands(t *testing.T) {
	bad := makeStep("a", func(s *actions.Step) { s.Undo = ref("fail") })
	m := newModel(fault{})
	o, err := m.finish(t.Context(), makePlan(bad, makeStep("b", failing)))
	if o != Hands || err == nil || !strings.Contains(err.Error(), "step a could not be undone") {
		t.Fatalf("%s, %v", o, err)
	}
	if g := Replay(makePlan(bad, makeStep("b", failing)), m.journal); g.Step("a").State != StepKept {
		t.Errorf("step a is %q", g.Step("a").State)
	}
}

// TestAFailedStepTellsOfItsCopy: of what a step says that fails nothing is kept
// but that the copy is why, and that comes ahead of its end.
func TestAFailedStepTellsOfItsCopy(t *testing.T) {
	m := newModel(fault{})
	p := makePlan(makeStep("extract", func(s *actions.Step) { s.Do = act("spoiled volume data error") }))
	if o, err := m.finish(t.Context(), p); o == Done || err == nil {
		t.Fatalf("%s, %v", o, err)
	}
	var told []string
	for _, e := range m.journal {
		if e.Step == "extract" && (e.Type == actions.EventSaid || e.Type == actions.EventDone) {
			told = append(told, e.Item+e.To+" "+e.Line)
		}
	}
	if want := []string{"damaged volume data error", "failed exit 1: volume data error"}; !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
}

// TestALiarIsFound: a step that says it is done, and whose proof does not hold,
// has failed.
func TestALiarIsFound(t *testing.T) {
	liar := makeStep("fence", func(s *actions.Step) { s.Do, s.Verify = act("say fenced yes"), ref("is fence") })
	m := newModel(fault{})
	o, err := m.finish(t.Context(), makePlan(liar, makeStep("promote", noReturn)))
	if o != Undone || err == nil || !strings.Contains(err.Error(), "it is not so") || m.state["promote"] {
		t.Fatalf("%s, %v, promoted: %t", o, err, m.state["promote"])
	}
}

// TestTwoWritesAStep: one before the act and one after it, and none else.
func TestTwoWritesAStep(t *testing.T) {
	m := newModel(fault{})
	if o, err := m.finish(t.Context(), makePlan(makeStep("a"), makeStep("b"), makeStep("c"))); o != Done {
		t.Fatal(o, err)
	}
	if want := 1 + 3*2 + 1; m.appends != want { // the run's begin and end
		t.Errorf("%d writes to the journal, want %d", m.appends, want)
	}
}

func TestAnEndedRunIsOver(t *testing.T) {
	p := makePlan(makeStep("a"))
	m := newModel(fault{})
	if o, err := m.finish(t.Context(), p); o != Done {
		t.Fatal(o, err)
	}
	if o, err := m.runner().Run(t.Context(), "r", p); o != Done || !errors.Is(err, ErrOver) {
		t.Errorf("%s, %v", o, err)
	}
	if m.did["a"] != 1 {
		t.Errorf("it was done %d times", m.did["a"])
	}
}

// TestDoneButNotSeen: a step was done, and its proof gave no answer. Resumed, it
// is looked into and not done again.
func TestDoneButNotSeen(t *testing.T) {
	p := makePlan(makeStep("a", noReturn, verified))
	m := newModel(fault{})
	m.mute = 1
	if o, err := m.finish(t.Context(), p); o != Hands || err == nil {
		t.Fatalf("%s, %v\n%s", o, err, story(m))
	}
	if o, err := m.finish(t.Context(), p); o != Done || m.did["a"] != 1 {
		t.Errorf("resumed: %s, %v, done %d times\n%s", o, err, m.did["a"], story(m))
	}
}

// TestUndoIsTriedAgain: the host was away when a step was to be undone. Asked
// again, it is.
func TestUndoIsTriedAgain(t *testing.T) {
	p := makePlan(makeStep("a", undoable), makeStep("b", failing))
	m := newModel(fault{})
	m.away = "unset a"
	if o, err := m.finish(t.Context(), p); o != Hands || err == nil || !m.state["a"] {
		t.Fatalf("%s, %v\n%s", o, err, story(m))
	}
	m.away = ""
	if o, err := m.runner().Undo(t.Context(), "r", p); o != Undone || m.state["a"] {
		t.Errorf("asked again: %s, %v\n%s", o, err, story(m))
	}
}

func TestAStopIsWaitedFor(t *testing.T) {
	p := makePlan(makeStep("a", undoable), makeStep("b", undoable))
	for wish, want := range map[Wish]struct {
		o    Outcome
		left string
	}{WishWait: {Stopped, "a"}, WishUndo: {Undone, ""}} {
		m := newModel(fault{})
		r := m.runner()
		r.Poll = 1
		r.Wished = func(_ context.Context, _ string) (Wish, error) {
			m.mu.Lock()
			defer m.mu.Unlock()
			if m.did["a"] > 0 {
				return wish, nil
			}
			return "", nil
		}
		if o, _ := r.Run(t.Context(), "r", p); o != want.o || m.snapshot() != want.left {
			t.Errorf("%s: %s with %q, want %s with %q", wish, o, m.snapshot(), want.o, want.left)
		}
	}
}
