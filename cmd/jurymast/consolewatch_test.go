package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"jurymast/actions"
	"jurymast/actions/store"
	"jurymast/inventory"
	"jurymast/ssh/sshlab"
	"jurymast/tui"
)

// openLab opens what the console sees of a fleet of machines, each a node that is
// looked at every second.
func openLab(t *testing.T, names ...string) (c *consoleEngine, lab *sshlab.Lab, path string) {
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
		text += fmt.Sprintf("[node.%s]\nkind = \"host\"\naddress = \"127.0.0.1\"\nport = %d\nevery = \"1s\"\nconnect_timeout = \"2m\"\n", n, m.Port())
	}
	path = filepath.Join(dir, "inventory.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"HOME": dir, "JURYMAST_INVENTORY": path, "JURYMAST_STATE_DIR": filepath.Join(dir, "state")}
	c, err = newApp(nil, streams{}, func(n string) (string, bool) { v, ok := env[n]; return v, ok }).openConsole(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	return c, lab, path
}

// seen is what a watch has told so far.
type seen struct {
	mu      sync.Mutex
	looking map[inventory.Ref]bool
	looks   map[inventory.Ref]map[time.Time]bool
	err     error
	more    chan struct{} // closed when it was told more
}

// watched has an engine watch until the test ends.
func watched(t *testing.T, c *consoleEngine) *seen {
	t.Helper()
	s := &seen{looking: map[inventory.Ref]bool{}, looks: map[inventory.Ref]map[time.Time]bool{}, more: make(chan struct{})}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- c.Watch(ctx, func(l tui.Looked) {
			s.tell(func() { s.looking[l.Host] = !l.Done })
		}, func(n tui.News) {
			s.tell(func() {
				s.err = errors.Join(s.err, n.Err)
				for e := range n.State.All {
					if s.looks[e.Target] == nil {
						s.looks[e.Target] = map[time.Time]bool{}
					}
					s.looks[e.Target][e.At] = true
				}
			})
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("the watch ended with %v", err)
		}
	})
	return s
}

func (s *seen) tell(do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do()
	close(s.more)
	s.more = make(chan struct{})
}

// until waits for what was told to be so.
func (s *seen) until(t *testing.T, what string, is func() bool) {
	t.Helper()
	limit := time.NewTimer(60 * time.Second) // less than the one that hangs is waited for
	defer limit.Stop()
	for {
		s.mu.Lock()
		ok, more, err := is(), s.more, s.err
		s.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-more:
		case <-limit.C:
			t.Fatalf("%s never came: %v, %v", what, s.looks, err)
		}
	}
}

// TestConsoleLooksAtEachHostInItsTime has one host of three hang: the others are
// looked at again and again, what they answer is told, and they can be asked for.
func TestConsoleLooksAtEachHostInItsTime(t *testing.T) {
	t.Parallel()
	c, lab, _ := openLab(t, "hangs", "one", "two")
	lab.Machine("hangs").Hang()
	s := watched(t, c)
	s.until(t, "a third look at those that answer", func() bool { return len(s.looks["node/one"]) >= 3 && len(s.looks["node/two"]) >= 3 })
	if err := c.Look(t.Context(), []inventory.Ref{"node/one"}); err != nil {
		t.Error(err)
	}
	all := make(chan error, 1)
	go func() { all <- c.Look(t.Context(), []inventory.Ref{"node/hangs", "node/one", "node/two"}) }()
	s.mu.Lock()
	before := len(s.looks["node/two"])
	s.mu.Unlock()
	s.until(t, "an answer of those that can", func() bool { return len(s.looks["node/two"]) > before })
	select {
	case err := <-all:
		t.Errorf("all have answered, though one hangs: %v", err)
	default:
	}
	s.mu.Lock()
	if !s.looking["node/hangs"] || len(s.looks["node/hangs"]) > 0 || s.err != nil {
		t.Errorf("looking %v, looks %v, %v", s.looking, s.looks, s.err)
	}
	s.mu.Unlock()
	if err := lab.Machine("hangs").Heal(); err != nil {
		t.Fatal(err)
	}
	s.until(t, "an answer of the one that hung", func() bool { return len(s.looks["node/hangs"]) > 0 })
	if err := <-all; err != nil {
		t.Error(err)
	}
}

// TestConsoleWatchesTheNewInventory holds that a watch, and what was asked of it,
// go on when the inventory is read again while a host hangs.
func TestConsoleWatchesTheNewInventory(t *testing.T) {
	t.Parallel()
	c, lab, path := openLab(t, "hangs", "one")
	lab.Machine("hangs").Hang()
	s := watched(t, c)
	s.until(t, "the first answer", func() bool { return len(s.looks["node/one"]) > 0 && s.looking["node/hangs"] })
	asked := make(chan error, 1)
	go func() { asked <- c.Look(t.Context(), []inventory.Ref{"node/hangs", "node/late"}) }()
	m, err := lab.Add(sshlab.Host{Name: "late"})
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = fmt.Fprintf(f, "[node.late]\nkind = \"host\"\naddress = \"127.0.0.1\"\nport = %d\n", m.Port())
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	if changed, err := c.Reload(t.Context()); err != nil || !changed {
		t.Fatalf("changed %t, %v", changed, err)
	}
	s.until(t, "an answer of the new one", func() bool { return len(s.looks["node/late"]) > 0 && s.looking["node/hangs"] })
	if err := lab.Machine("hangs").Heal(); err != nil {
		t.Fatal(err)
	}
	if err := <-asked; err != nil {
		t.Error(err)
	}
	s.until(t, "an answer of the one that hung", func() bool { return len(s.looks["node/hangs"]) > 0 && !s.looking["node/hangs"] })
}

// TestTheStateIsReadAhead: what was seen last is there with the inventory; what is
// asked for after that comes from the store as it is then.
func TestTheStateIsReadAhead(t *testing.T) {
	_, _, path := openLab(t, "a")
	dir := filepath.Dir(path)
	env := map[string]string{"HOME": dir, "JURYMAST_INVENTORY": path, "JURYMAST_STATE_DIR": filepath.Join(dir, "state")}
	s, err := store.Open(t.Context(), filepath.Join(dir, "state", "jurymast.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	look := func(line string) {
		t.Helper()
		at := time.Now()
		e := actions.Entry{Result: actions.Result{Target: "node/a", Check: "ssh", Line: line, At: at}, Since: at}
		if err := s.Commit(t.Context(), store.Sweep{Entries: []actions.Entry{e}, At: at}); err != nil {
			t.Fatal(err)
		}
	}
	look("before")
	c, err := newApp(nil, streams{}, func(n string) (string, bool) { v, ok := env[n]; return v, ok }).openConsole(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	for _, want := range []string{"before", "after"} {
		st, err := c.State(t.Context())
		if got := st.Of("node/a"); err != nil || len(got) != 1 || got[0].Line != want {
			t.Errorf("%+v, %v, want %q", got, err, want)
		}
		look("after")
	}
}
