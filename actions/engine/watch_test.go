package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
	"jurymast/ssh/sshlab"
)

// labFleet starts machines and opens an engine on a fleet of them, each a node
// that is looked at so often.
func labFleet(t *testing.T, every string, names ...string) (*Engine, *sshlab.Lab) {
	t.Helper()
	lab, err := sshlab.Start(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := lab.Close(); err != nil {
			t.Error(err)
		}
	})
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("[ssh]\nidentity = %q\nknown_hosts = %q\nconfig = \"none\"\nuser = \"admin\"\n", lab.Identity(), lab.KnownHosts())
	for _, n := range names {
		m, err := lab.Add(sshlab.Host{Name: n})
		if err != nil {
			t.Fatal(err)
		}
		text += fmt.Sprintf("[node.%s]\nkind = \"host\"\naddress = \"127.0.0.1\"\nport = %d\nevery = %q\nconnect_timeout = \"1m\"\n", n, m.Port(), every)
	}
	path := filepath.Join(dir, "inventory.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return open(t, dir, path), lab
}

var errEnough = errors.New("enough was seen")

// TestWatchOwnRhythm has one host of two hang: the other one is looked at again
// and again all the same, and what it answers is shown and kept.
func TestWatchOwnRhythm(t *testing.T) {
	e, lab := labFleet(t, "1s", "hangs", "works")
	lab.Machine("hangs").Hang()
	o := LookOptions{Targets: slices.Collect(e.Fleet().Targets())}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Second) // less than the one that hangs is waited for
	defer cancel()
	looks := map[int64]bool{}
	err := e.Watch(ctx, o, 50*time.Millisecond, func(s Sight) error {
		if _, there := s.State.Find(actions.Key{Target: "node/hangs", Check: "ssh"}); there {
			return errors.New("the one that hangs has answered")
		}
		if entry, there := s.State.Find(actions.Key{Target: "node/works", Check: "ssh"}); there {
			if entry.Status != actions.OK || s.Waiting != 1 || len(s.Summaries) != 2 {
				return fmt.Errorf("%+v, %d waited for, %d rows", entry, s.Waiting, len(s.Summaries))
			}
			looks[entry.At.UnixNano()] = true
		}
		if len(looks) == 3 {
			return errEnough
		}
		return nil
	})
	if !errors.Is(err, errEnough) {
		t.Fatalf("%v, after %d looks", err, len(looks))
	}
	st, err := e.State(t.Context())
	if entry, ok := st.Find(actions.Key{Target: "node/works", Check: "ssh"}); err != nil || !ok || !looks[entry.At.UnixNano()] {
		t.Errorf("%+v was kept, %v", entry, err)
	}
}

// TestWatchIsAsked has one host of two hang. What is asked of the other one is
// answered, also twice in a row; what is asked of both waits for the first, which
// is not asked again before it has answered.
func TestWatchIsAsked(t *testing.T) {
	e, lab := labFleet(t, "1h", "hangs", "works")
	lab.Machine("hangs").Hang()
	all := slices.Collect(e.Fleet().Targets())
	works, ok := e.Fleet().Target("node/works")
	if !ok {
		t.Fatal("no such node")
	}
	asks := make(chan Ask, 2)
	open, looks := map[inventory.Ref]int{}, map[inventory.Ref]map[int64]bool{"node/hangs": {}, "node/works": {}}
	o := LookOptions{Targets: all, Asks: asks, Progress: func(p Progress) {
		if p.Done {
			open[p.Host]--
		} else if open[p.Host]++; open[p.Host] > 1 {
			t.Errorf("%s is asked twice at a time", p.Host)
		}
	}}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Second) // less than the one that hangs is waited for
	defer cancel()
	var sent, one, both, healed bool
	err := e.Watch(ctx, o, 50*time.Millisecond, func(s Sight) error {
		for entry := range s.State.All {
			if entry.Check == "ssh" {
				looks[entry.Target][entry.At.UnixNano()] = true
			}
		}
		switch hung, worked := len(looks["node/hangs"]), len(looks["node/works"]); {
		case !sent && worked == 1:
			sent = true
			asks <- Ask{Targets: all, Answered: func() { both = true }}
			asks <- Ask{Targets: []*inventory.Target{works}, Answered: func() { one = true }}
		case one && !healed:
			if worked != 3 || hung != 0 || both {
				return fmt.Errorf("%d looks at the one that works, %d at the one that hangs, both answered: %t", worked, hung, both)
			}
			healed = true
			return lab.Machine("hangs").Heal()
		case both:
			if worked != 3 || hung != 2 {
				return fmt.Errorf("%d looks at the one that works, %d at the one that hung", worked, hung)
			}
			return errEnough
		}
		return nil
	})
	if !errors.Is(err, errEnough) {
		t.Fatalf("%v, asked %t, one %t, both %t, looks %v", err, sent, one, both, looks)
	}
	for host, n := range open {
		if n != 0 {
			t.Errorf("%s: %d looks were begun and never ended", host, n)
		}
	}
}

// TestWatchWithoutStore holds that a watch goes on where nothing can be kept,
// knows what it has seen itself, and says why.
func TestWatchWithoutStore(t *testing.T) {
	e, _ := labFleet(t, "1s", "a", "b")
	if err := os.MkdirAll(e.options.Paths.Store(), 0o700); err != nil { // a folder is no store
		t.Fatal(err)
	}
	o := LookOptions{Targets: slices.Collect(e.Fleet().Targets())}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	seen := map[inventory.Ref]map[int64]bool{"node/a": {}, "node/b": {}}
	err := e.Watch(ctx, o, 50*time.Millisecond, func(s Sight) error {
		if s.Store == nil || !strings.Contains(s.Store.Error(), "cannot be opened") {
			return fmt.Errorf("the store is said to be %v", s.Store)
		}
		for entry := range s.State.All {
			seen[entry.Target][entry.At.UnixNano()] = true
		}
		if len(seen["node/a"]) > 3 && len(seen["node/b"]) > 3 && len(s.State.Of("node/a")) > 0 && len(s.State.Of("node/b")) > 0 {
			return errEnough
		}
		return nil
	})
	if !errors.Is(err, errEnough) {
		t.Errorf("%v, after %v", err, seen)
	}
}
