package ssh

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
)

// TestFewSessions has many commands of both kinds run side by side where the
// server allows fewer sessions than the pool would use: what waits ahead must
// make room.
func TestFewSessions(t *testing.T) {
	for _, n := range []int{1, 2, 3} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			p, host := realPool(t, fmt.Sprintf("MaxSessions %d", n))
			var wg sync.WaitGroup
			for i := range 24 {
				wg.Go(func() {
					c := Command{Text: fmt.Sprintf("echo %d", i), Sudo: i%2 == 0 && os.Geteuid() == 0}
					o, err := p.Run(t.Context(), host, c)
					if err != nil || strings.TrimSpace(string(o.Stdout)) != fmt.Sprint(i) {
						t.Errorf("%d: %q, %v", i, o.Stdout, err)
					}
				})
			}
			wg.Wait()
			f, err := p.SFTP(t.Context(), host)
			if err != nil {
				t.Fatal(err)
			}
			if err := f.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestShellAhead holds what a shell that was started ahead may not change.
func TestShellAhead(t *testing.T) {
	p, host := realPool(t)
	steady(t, p, host)
	pwd := func() string {
		t.Helper()
		o, err := p.Run(t.Context(), host, Command{Text: "pwd"})
		if err != nil || o.Exit != 0 {
			t.Fatalf("%+v, %v", o, err)
		}
		return string(o.Stdout)
	}
	waits := func() bool {
		k, err := p.connect(t.Context(), host)
		if err != nil {
			t.Fatal(err)
		}
		k.spares.mu.Lock()
		defer k.spares.mu.Unlock()
		return k.spares.has(plainLine)
	}
	home := pwd()
	eventually(t, "a shell waits", waits)
	if again := pwd(); again != home {
		t.Errorf("first in %q, then in %q", home, again)
	}
	eventually(t, "a shell waits", waits)

	t.Run("it was ended while it waited", func(t *testing.T) {
		k, err := p.connect(t.Context(), host)
		if err != nil {
			t.Fatal(err)
		}
		k.spares.mu.Lock()
		var s *session
		for _, x := range k.spares.list {
			if x.line == plainLine {
				s = x
			}
		}
		k.spares.mu.Unlock()
		if _, err := s.ch.Write([]byte("kill -KILL $$\n")); err != nil {
			t.Fatal(err)
		}
		if pwd() != home {
			t.Error("another place")
		}
	})
	t.Run("the line was cut while it waited", func(t *testing.T) {
		eventually(t, "a shell waits", waits)
		p.cutLine()
		o, err := p.Run(t.Context(), host, Command{Text: "echo here"})
		if err != nil || string(o.Stdout) != "here\n" {
			t.Errorf("%q, %v", o.Stdout, err)
		}
	})
}

func TestSpares(t *testing.T) {
	s := newSpares()
	if w, ok := s.wants("a"); w != "" || !ok {
		t.Errorf("after one use: %q %v", w, ok)
	}
	raw, a := &session{}, &session{line: "a"}
	if !s.put(raw) || s.put(&session{}) || !s.put(a) || s.put(&session{line: "a"}) {
		t.Error("one of each is kept")
	}
	if w, ok := s.wants("a"); w != "a" || ok {
		t.Errorf("when it waits already: %q %v", w, ok)
	}
	if s.take("b") != raw || s.take("b") != nil || s.take("a") != a || s.take("a") != nil {
		t.Error("the one with the line, or one with none")
	}
	if w, ok := s.wants("a"); w != "a" || !ok {
		t.Errorf("used again: %q %v", w, ok)
	}
	if s.any() != nil {
		t.Error("nothing is left")
	}
}
