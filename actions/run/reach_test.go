package run

import (
	"context"
	"errors"
	"testing"

	"jurymast/actions"
	"jurymast/inventory"
)

// asleep is hosts of which one answers only once the step "power" was done, and
// a second later.
type asleep struct {
	*model
	host  inventory.Ref
	later int // so many questions after it was powered on go unanswered
	takes map[inventory.Ref]int
	drops map[inventory.Ref]int
}

func (a *asleep) Ask(ctx context.Context, h inventory.Ref, s actions.Script) (actions.Output, error) {
	if s.Name != "run/lease.sh" {
		return a.model.Ask(ctx, h, s)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if h == a.host && !a.state["power"] {
		return actions.Output{}, errors.New("no route")
	}
	if h == a.host && a.later > 0 {
		a.later--
		return actions.Output{}, errors.New("it boots")
	}
	switch s.Inputs["JM_DO"] {
	case "take":
		a.takes[h]++
	case "drop":
		a.drops[h]++
	}
	return actions.Output{Stdout: []byte("@epoch 7\n")}, nil
}

// TestHostThatIsBroughtBack has a plan whose first step powers on the host of
// its second: the lease there is taken when it answers, and not before.
func TestHostThatIsBroughtBack(t *testing.T) {
	p := makePlan(
		makeStep("power", redo, func(s *actions.Step) { s.Host, s.Brings = "node/switch", "node/old" }),
		makeStep("follow", func(s *actions.Step) { s.Host = "node/old" }))
	for _, f := range []fault{{}, {"journal-after", 3}, {"kill-after", 1}, {"kill-before", 2}, {"kill-after", 2}} {
		m := newModel(f)
		a := &asleep{m, "node/old", 1, map[inventory.Ref]int{}, map[inventory.Ref]int{}}
		r := m.runner()
		r.Carrier, r.NoLease = a, false
		out, err := r.Run(t.Context(), "0001-brings", p)
		if f.kind != "" {
			if out != Running {
				t.Fatalf("%v: %s, %v", f, out, err)
			}
			m.revive()
			out, err = r.Run(t.Context(), "0001-brings", p)
		}
		if out != Done || err != nil {
			t.Errorf("%v: %s, %v", f, out, err)
		}
		if m.did["follow"] != 1 || a.takes["node/old"] == 0 {
			t.Errorf("%v: follow was done %d times, with %d leases", f, m.did["follow"], a.takes["node/old"])
		}
	}
}

// TestLeasesGoFirst kills the runner at its last write: what it held on hosts
// is free then, since nobody would come back to let go of it.
func TestLeasesGoFirst(t *testing.T) {
	p := makePlan(makeStep("one"))
	m := newModel(fault{})
	a := &asleep{m, "", 0, map[inventory.Ref]int{}, map[inventory.Ref]int{}}
	r := m.runner()
	r.Carrier, r.NoLease = a, false
	if out, err := r.Run(t.Context(), "0001-last", p); out != Done {
		t.Fatalf("%s, %v", out, err)
	}
	last := m.appends
	m = newModel(fault{"journal-after", last})
	a = &asleep{m, "", 0, map[inventory.Ref]int{}, map[inventory.Ref]int{}}
	r = m.runner()
	r.Carrier, r.NoLease = a, false
	if out, err := r.Run(t.Context(), "0001-last", p); !errors.Is(err, errDead) {
		t.Fatalf("%s, %v", out, err)
	}
	if a.takes["node/a"] != 1 || a.drops["node/a"] != 1 {
		t.Errorf("%d leases were taken and %d let go of", a.takes["node/a"], a.drops["node/a"])
	}
}
