package plan

import (
	"slices"
	"strings"
	"testing"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// handMove is of a service that hands over by itself, in two steps of which the
// second takes it down, and whose members choose the active one.
func handMove(*inventory.Fleet, inventory.Target) (actions.Move, error) {
	on := func(name string) func(inventory.Ref) actions.Script {
		return func(h inventory.Ref) actions.Script { return act(name + " " + h.Name()) }
	}
	return actions.Move{
		Shape: "replicated", Elects: "more than half of them choose it", Survey: on("survey"), Stop: on("stop"), Resume: on("resume"), Promote: on("promote"),
		Verify: on("verify"), Active: on("active"), Floor: time.Second,
		Hand: func(from, to inventory.Ref) []actions.Step {
			return []actions.Step{
				{ID: "ready", Title: "make ready", Host: to, Do: act("ready"), Undo: ref("unready"), Timeout: time.Minute, Redo: true},
				{ID: "hand", Title: "hand over", Host: from, Do: act("hand"), Undo: ref("stay"), Timeout: time.Minute, Ends: true, NoReturn: true, Redo: true},
			}
		},
	}, nil
}

func handPlan(t *testing.T, w world, verb actions.Verb) actions.Plan {
	t.Helper()
	r := Request{Verb: verb, Target: "service/h"}
	p, err := Make(w.facts(t, r), r)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func unmet(p actions.Plan) string {
	var out []string
	for _, c := range p.Conditions {
		if c.Hold == actions.Open || c.Hold == actions.Blocking {
			out = append(out, c.Name+" "+string(c.Hold))
		}
	}
	return strings.Join(out, ", ")
}

// TestHandOver: the system hands over, and is seen to have done so on both
// hosts before the point of no return; nothing is done twice blindly.
func TestHandOver(t *testing.T) {
	p := handPlan(t, calm(), actions.VerbFailover)
	if u := unmet(p); u != "" {
		t.Fatalf("unmet: %s", u)
	}
	if got := steps(p); got != "ready hand handed look" {
		t.Fatalf("steps: %s", got)
	}
	for _, id := range []string{"ready", "hand"} {
		s, _ := p.Step(id)
		if s.Redo != (id == "ready") || s.NoReturn || s.Undo == nil || s.UndoIf == nil || s.UndoIf.Name != "active b+not" || s.UndoIfOn != "node/b" {
			t.Errorf("%s may be redone blindly, or be undone behind the back of b: %+v", id, s)
		}
	}
	hand, _ := p.Step("hand")
	if hand.Verify == nil || hand.Verify.Name != "active a+not" || hand.VerifyOn != "node/a" {
		t.Errorf("it is not seen that a is active no longer: %+v", hand.Verify)
	}
	handed, _ := p.Step("handed")
	if !handed.NoReturn || handed.Do.Name != "verify b" || handed.Host != "node/b" {
		t.Errorf("%+v", handed)
	}
	if p.Exposes() {
		t.Error("the host that it left is said to be no standby")
	}
	if lost := handPlan(t, calm().silent(actions.Fail), actions.VerbFailover); !lost.Exposes() {
		t.Error("a host that is lost is said to be a standby")
	}
	if p.NoReturn() != 2 {
		t.Errorf("the point of no return is step %d", p.NoReturn())
	}
	if !slices.Equal(hand.Down, []inventory.Ref{"service/h", "service/reader"}) {
		t.Errorf("down: %v", hand.Down)
	}
	if ready, _ := p.Step("ready"); len(ready.Down) > 0 {
		t.Errorf("down while it is made ready: %v", ready.Down)
	}
	if len(p.Left) != 1 || p.Left[0].Command != "jurymast run failback service/h" {
		t.Errorf("left: %v", p.Left)
	}
	if p.Impact.Floor != time.Second {
		t.Errorf("it takes at least %v", p.Impact.Floor)
	}
}

// TestHandOverIsToldWhatWasSeen: a survey says how long it takes and why, or
// that it cannot be now.
func TestHandOverIsToldWhatWasSeen(t *testing.T) {
	w := calm().with("member-a", "@role active\n@lag 0\n@system 1\n@version 15\n@floor 90\n@seen 3 tasks go, each is given 30 s to end\n")
	p := handPlan(t, w, actions.VerbFailover)
	i := slices.IndexFunc(p.Conditions, func(c actions.Condition) bool { return c.Name == "hand" })
	if p.Impact.Floor != 90*time.Second || i < 0 || p.Conditions[i].Seen != "3 tasks go, each is given 30 s to end" {
		t.Errorf("floor %v, conditions %+v", p.Impact.Floor, p.Conditions)
	}
	w = calm().with("member-a", "@role active\n@lag 0\n@system 1\n@version 15\n@stays it is locked\n")
	if u := unmet(handPlan(t, w, actions.VerbFailover)); u != "hand blocking" {
		t.Errorf("unmet: %s", u)
	}
	for said, want := range map[string]time.Duration{"9000000000000000000": maxFloor, "-1": time.Second, "soon": time.Second} {
		w = calm().with("member-a", "@role active\n@lag 0\n@system 1\n@version 15\n@floor "+said+"\n")
		if got := handPlan(t, w, actions.VerbFailover).Impact.Floor; got != want {
			t.Errorf("%s: it takes at least %v, want %v", said, got, want)
		}
	}
}

// TestElected: where members choose by majority, an emergency forces nothing. It
// is still refused where the old active may only be cut off from here.
func TestElected(t *testing.T) {
	p := handPlan(t, calm().silent(actions.Fail), actions.VerbFailover)
	if u := unmet(p); u != "" || steps(p) != "promote look" || !p.Emergency {
		t.Errorf("unmet: %s, steps: %s", u, steps(p))
	}
	if u := unmet(handPlan(t, calm().silent(actions.Unknown), actions.VerbFailover)); u != "down blocking" {
		t.Errorf("cut off from here: %s", u)
	}
	// They have chosen: what was lost need not be moved any more.
	p = handPlan(t, calm().silent(actions.Fail).with("member-b", "@role active\n@lag 0\n"), actions.VerbFailover)
	if u := unmet(p); u != "moved open, standby blocking" {
		t.Errorf("they have chosen: %s", u)
	}
	if p = handPlan(t, calm().with("member-a", "@role standby\n@lag 0\n").with("member-b", "@role active\n"), actions.VerbFailback); steps(p) != "ready hand handed look" || p.To != "node/a" {
		t.Errorf("back: %s to %s", steps(p), p.To)
	}
}
