package kind

import (
	"slices"
	"strings"
	"testing"

	"jurymast/actions"
	"jurymast/inventory"
)

// wholeScript holds every script of a verb to what the runner needs: a name, a
// text that can be sent, root's rights, and no secret among its inputs.
func wholeScript(t *testing.T, what string, s *actions.Script) {
	t.Helper()
	if s == nil {
		return
	}
	if s.Name == "" || !strings.HasSuffix(s.Name, ".sh") && !strings.Contains(s.Name, ".sh+") || len(s.Body) == 0 {
		t.Errorf("%s has no name or no text: %q", what, s.Name)
	}
	if !s.Sudo {
		t.Errorf("%s (%s) does not ask for root", what, s.Name)
	}
	if _, _, err := s.Render(); err != nil {
		t.Errorf("%s: %v", what, err)
	}
	for variable := range s.Keep {
		if _, both := s.Inputs[variable]; both {
			t.Errorf("%s: the secret %s is an input too", what, variable)
		}
	}
}

// wholeNative holds a system that copies the target guest to the same.
func wholeNative(t *testing.T, k actions.Kind, f *inventory.Fleet) {
	t.Helper()
	name := k.Name
	target, err := f.Lookup("guest")
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if k.Takes != nil {
		if why, _ := k.Takes(*target); why != "" {
			t.Errorf("%s does not take %s: %s", name, target.Ref, why)
		}
	}
	n, err := k.Native(f, f.Repositories[0], *target)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if !slices.Contains([]string{"disk", "object-store", "tape"}, n.Medium) || n.Host == "" || n.Place == nil || n.Init != nil {
		t.Errorf("%s: %+v", name, n)
	}
	for i, s := range []*actions.Script{
		&n.Survey, &n.List, &n.Copy, &n.Find, &n.Extract, &n.Verify, n.Forget, &n.Room, &n.Clear, n.Try, &n.Put, n.Back, n.Stop, n.Start, n.Prove,
	} {
		wholeScript(t, name+" native "+string(rune('a'+i)), s)
	}
	if (n.Stop == nil) != (n.Start == nil) {
		t.Errorf("%s: it stops what it cannot start, or the other way", name)
	}
}

func TestEveryVerbIsWhole(t *testing.T) {
	for _, k := range All() {
		if len(plansOf(k)) == 0 {
			continue
		}
		f, _ := planFleet(t, k)
		if k.Repository != nil {
			wholeRepository(t, k, f)
		}
		if k.Native != nil {
			wholeNative(t, k, f)
		}
		if k.Data != nil {
			target, err := f.Lookup("s")
			if err != nil {
				t.Fatalf("%s: %v", k.Name, err)
			}
			wholeData(t, k, f, *target)
		}
		if k.Move != nil {
			target, err := f.Lookup("s")
			if err != nil {
				t.Fatalf("%s: %v", k.Name, err)
			}
			wholeMove(t, k, f, *target)
		}
	}
}

func wholeRepository(t *testing.T, k actions.Kind, f *inventory.Fleet) {
	t.Helper()
	r, err := k.Repository(f, f.Repositories[0], "vm/old")
	if err != nil {
		t.Fatalf("%s: %v", k.Name, err)
	}
	if !slices.Contains([]string{"disk", "object-store", "tape"}, r.Medium) {
		t.Errorf("%s: medium %q", k.Name, r.Medium)
	}
	for i, s := range []*actions.Script{&r.Survey, &r.List, &r.Copy, &r.Find, &r.Extract, &r.Verify, r.Init, r.Forget} {
		wholeScript(t, k.Name+" repository "+string(rune('0'+i)), s)
	}
}

func wholeData(t *testing.T, k actions.Kind, f *inventory.Fleet, target inventory.Target) {
	t.Helper()
	d, err := k.Data(f, target)
	if err != nil {
		t.Fatalf("%s: %v", k.Name, err)
	}
	for i, s := range []*actions.Script{&d.Survey, d.Dump, d.Hold, d.Free, d.Stop, d.Start, d.Put, d.Back, d.Prove, d.Try, d.Clear} {
		wholeScript(t, k.Name+" data "+string(rune('0'+i)), s)
	}
	for _, pair := range [][2]*actions.Script{{d.Hold, d.Free}, {d.Stop, d.Start}, {d.Put, d.Back}} {
		if (pair[0] == nil) != (pair[1] == nil) {
			t.Errorf("%s: it does what it cannot undo: %+v", k.Name, pair)
		}
	}
	// A try may leave nothing behind; then there is nothing to clear.
	if d.Try == nil && d.Clear != nil {
		t.Errorf("%s: it clears what it never tries", k.Name)
	}
}

func wholeMove(t *testing.T, k actions.Kind, f *inventory.Fleet, target inventory.Target) {
	t.Helper()
	if len(target.Standby) == 0 {
		return // in this fleet it is copied, and not moved
	}
	m, err := k.Move(f, target)
	if err != nil {
		t.Fatalf("%s: %v", k.Name, err)
	}
	if !slices.Contains([]string{"shared", "replicated", "proxy", "restore"}, m.Shape) || m.Floor <= 0 {
		t.Errorf("%s: shape %q, floor %v", k.Name, m.Shape, m.Floor)
	}
	old, standby := target.Host, target.Standby[0]
	for i, of := range []func(inventory.Ref) actions.Script{m.Survey, m.Stop, m.Resume, m.Promote, m.Verify, m.Active} {
		if of == nil && m.Hand != nil {
			continue // it hands over by itself
		}
		s := of(standby)
		wholeScript(t, k.Name+" move "+string(rune('0'+i)), &s)
	}
	var steps []actions.Step
	if m.Rejoin != nil {
		steps = m.Rejoin(old, standby)
	}
	if m.Hand != nil {
		steps = append(steps, m.Hand(old, standby)...)
	}
	for _, s := range steps {
		wholeScript(t, k.Name+" step", &s.Do)
		if s.Title == "" || s.Host == "" || s.Timeout <= 0 {
			t.Errorf("%s: %+v", k.Name, s)
		}
	}
}
