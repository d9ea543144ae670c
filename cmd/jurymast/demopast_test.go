package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"jurymast/actions"
	"jurymast/actions/engine"
	"jurymast/inventory"
)

// TestDemoPast is that the demo remembers only what its fleet has, and nothing
// that would be stale or still to come when the console is opened.
func TestDemoPast(t *testing.T) {
	t.Parallel()
	f, err := inventory.Parse("inventory.toml", []byte(demoInventory), engine.Schema())
	if err != nil {
		t.Fatal(err)
	}
	d := &demoFleet{dir: t.TempDir(), fleet: f}
	now := time.Date(2026, 11, 20, 20, 0, 0, 0, time.UTC)
	for _, calm := range []bool{false, true} {
		p := d.past(now, calm)
		newest := map[actions.Key]actions.Entry{}
		for _, e := range p.Entries {
			if last := newest[e.Key()]; e.At.Before(last.At) || e.At.After(now) || e.Since.After(e.At) {
				t.Fatalf("%s at %s, since %s, follows one of %s", e.Key(), e.At, e.Since, last.At)
			}
			newest[e.Key()] = e
		}
		bad := 0
		for k, e := range newest {
			target, ok := f.Target(k.Target)
			if !ok {
				t.Fatalf("%s is none of its fleet", k.Target)
			}
			if k.Check != "ssh" && !slices.ContainsFunc(engine.ChecksOf(f, target), func(c actions.Check) bool { return c.ID == k.Check }) {
				t.Errorf("%s has no check %s", k.Target, k.Check)
			}
			if e.Status != actions.OK {
				bad++
			}
			if e.Status != actions.OK && e.Stale(now) {
				t.Errorf("%s is stale", k)
			}
		}
		if calm != (bad == 0) {
			t.Errorf("calm %v, and %d things are wrong", calm, bad)
		}
		for _, e := range p.Events {
			if _, ok := f.Target(e.Target); !ok || !e.At.Before(now) {
				t.Errorf("%s at %s", e.Target, e.At)
			}
		}
	}
}

// TestDemoPastIsKept is that the store of the demo tells how its NAS fills.
func TestDemoPastIsKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f, err := inventory.Parse("inventory.toml", []byte(demoInventory), engine.Schema())
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	path := filepath.Join(dir, "inventory.toml")
	if err := os.WriteFile(path, []byte(demoInventory), 0o600); err != nil {
		t.Fatal(err)
	}
	paths := engine.Paths{Inventory: path, State: filepath.Join(dir, "state"), SSHConfig: "none"}
	e, err := engine.Open(t.Context(), engine.Options{Paths: paths, Now: func() time.Time { return now }, Who: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = e.Close() }()
	if err := e.TakeIn(t.Context(), (&demoFleet{fleet: f}).past(now, false)); err != nil {
		t.Fatal(err)
	}
	ps, err := e.Series(t.Context(), actions.Key{Target: "node/nas", Check: actions.CheckDisk, Item: "/srv/volumes"}, actions.MetricUsed)
	if err != nil {
		t.Fatal(err)
	}
	if slope, ok := actions.Slope(ps, now); !ok || slope < pastGrowth*0.9 || slope > pastGrowth*1.1 {
		t.Errorf("of %d points it grows %.2f a day (%v), want %v", len(ps), slope, ok, pastGrowth)
	}
	if at, ok := actions.Crossed(ps, demoWarn); !ok || now.Sub(at) < 5*24*time.Hour || now.Sub(at) > 6*24*time.Hour {
		t.Errorf("its limit was crossed %s ago (%v)", now.Sub(at), ok)
	}
	events, err := e.History(t.Context(), engine.Filter{Target: "node/nas", Limit: 10})
	if err != nil || len(events) < 3 {
		t.Errorf("%d events of the NAS, %v", len(events), err)
	}
	if !slices.IsSortedFunc(events, func(a, b actions.Event) int { return int(b.Seq - a.Seq) }) {
		t.Errorf("the newest event is not the last that was written: %+v", events)
	}
}
