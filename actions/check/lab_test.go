package check_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"jurymast/actions"
	"jurymast/actions/check"
	"jurymast/inventory"
	"jurymast/ssh"
	"jurymast/ssh/sshlab"
)

// bed is a fleet on a lab, with the looker that looks at it.
type bed struct {
	lab    *sshlab.Lab
	pool   *ssh.Pool
	fleet  *inventory.Fleet
	looker *check.Looker
}

// kinds has one kind, whose checks are the scripts of the target's option: one
// a line, "ID SCRIPT". What a script prints is the line, its exit code the status.
func kinds() []actions.Kind {
	return []actions.Kind{{
		Name: "linux", Levels: []inventory.Level{inventory.LevelNode, inventory.LevelVM, inventory.LevelService},
		Options: []inventory.Option{{Name: "scripts", Type: inventory.TypeList, Doc: "d"}},
		Checks: func(_ *inventory.Fleet, t inventory.Target) []actions.Check {
			var out []actions.Check
			for _, s := range t.Options.List("scripts") {
				id, body, _ := strings.Cut(s, " ")
				out = append(out, actions.Check{ID: id, Script: actions.Script{Name: id + ".sh", Body: body}, Read: func(a actions.Answer) []actions.Reading {
					if a.Cut {
						return actions.UnknownReading("%d bytes and more", len(a.Stdout))
					}
					return []actions.Reading{{Status: actions.Status(min(3, a.Exit)), Line: string(a.Stdout)}}
				}})
			}
			return out
		},
	}}
}

// newBed starts hosts and loads a fleet of them: each a node whose scripts are
// those given for its name, or "echo ok".
func newBed(t testing.TB, scripts map[string][]string, hosts ...sshlab.Host) *bed {
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
	var toml strings.Builder
	for _, h := range hosts {
		if _, err := lab.Add(h); err != nil {
			t.Fatal(err)
		}
		s := scripts[h.Name]
		if s == nil {
			s = []string{"vitals echo ok"}
		}
		quoted := make([]string, len(s))
		for i := range s {
			quoted[i] = strconv.Quote(s[i])
		}
		fmt.Fprintf(&toml, "[node.%s]\nscripts = [%s]\n", h.Name, strings.Join(quoted, ", "))
	}
	path := filepath.Join(t.TempDir(), "inventory.toml")
	if err := os.WriteFile(path, []byte(toml.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	k := kinds()
	f, err := inventory.Load(path, inventory.Schema{"linux": k[0].Schema()})
	if err != nil {
		t.Fatal(err)
	}
	pool := ssh.NewPool(func(name string) (ssh.Host, error) {
		m := lab.Machine(inventory.Ref(name).Name())
		if m == nil {
			return ssh.Host{}, fmt.Errorf("no machine %s", name)
		}
		return ssh.Host{Name: name, Address: "127.0.0.1", Port: m.Port(), User: "admin", Identities: []string{lab.Identity()},
			IdentitiesOnly: true, KnownHosts: []string{lab.KnownHosts()}, Timeout: 3 * time.Second}, nil
	}, ssh.Options{})
	t.Cleanup(func() { _ = pool.Close() })
	return &bed{lab: lab, pool: pool, fleet: f, looker: &check.Looker{Pool: pool, Kinds: k, Limit: 2 * time.Second, Deadline: 20 * time.Second}}
}

// sweep looks at everything and returns "status: line" by host and check.
func (b *bed) sweep(t testing.TB) map[string]string {
	t.Helper()
	out := map[string]string{}
	for k := range b.looker.Sweep(t.Context(), b.fleet, b.visits()) {
		for _, r := range k.Results {
			out[r.Target.Name()+" "+r.Check] = r.Status.String() + ": " + r.Line
		}
	}
	return out
}

func (b *bed) visits() []check.Visit {
	var all []*inventory.Target
	for t := range b.fleet.Targets() {
		all = append(all, t)
	}
	return b.looker.Due(b.fleet, all, actions.State{}, time.Now(), 0)
}

func TestLabOneExecAHostASweep(t *testing.T) {
	var many []string
	for i := range 20 {
		many = append(many, fmt.Sprintf("c%d echo %d; exit %d", i, i, i%3))
	}
	b := newBed(t, map[string][]string{"a": many}, sshlab.Host{Name: "a"}, sshlab.Host{Name: "b"})
	for sweep := range 4 {
		got := b.sweep(t)
		// A shell may wait there already for the next sweep.
		if n := b.lab.Machine("a").Execs(); n < int64(sweep+1) || n > int64(sweep+2) {
			t.Errorf("%d execs for %d sweeps", n, sweep+1)
		}
		for i := range 20 {
			want := fmt.Sprintf("%s: %d", []string{"ok", "warn", "fail"}[i%3], i)
			if g := got[fmt.Sprintf("a c%d", i)]; g != want {
				t.Errorf("c%d: %q, want %q", i, g, want)
			}
		}
		if got["b vitals"] != "ok: ok" || !strings.HasPrefix(got["b ssh"], "ok: ") {
			t.Errorf("%v", got)
		}
	}
}

// TestLabTroubleIsTheHostsOwn breaks one host in every way and looks at all:
// the two others answer as if nothing were.
func TestLabTroubleIsTheHostsOwn(t *testing.T) {
	for _, c := range []struct {
		name    string
		scripts []string
		host    sshlab.Host
		fault   func(*sshlab.Machine) error
		want    map[string]string // patterns
	}{
		{name: "down", fault: (*sshlab.Machine).Down, want: map[string]string{
			"bad ssh": `^fail: down: connection refused.*; also not seen from node/a, node/b$`, "bad vitals": `^unknown: not looked at: node/bad: connection refused$`}},
		{name: "cut off from me", fault: (*sshlab.Machine).CutOff, want: map[string]string{
			"bad ssh": `^unknown: cut off from me: node/a, node/b reach it, from here: connection refused`}},
		{name: "hangs", fault: func(m *sshlab.Machine) error { m.Hang(); return nil }, want: map[string]string{
			"bad ssh": `^fail: down: timeout.*; also not seen from node/a, node/b$`}},
		{name: "garbage", fault: func(m *sshlab.Machine) error { m.Garbage(); return nil }, want: map[string]string{
			"bad ssh": `^(unknown: cannot be used: not an ssh server|fail: down: timeout)`}},
		{name: "another key", fault: (*sshlab.Machine).NewKey, want: map[string]string{"bad ssh": `^fail: host key changed`}},
		{name: "refuses logins", fault: func(m *sshlab.Machine) error { m.RefuseLogins(); return nil }, want: map[string]string{
			"bad ssh": `^unknown: cannot be used: login refused`}},
		{name: "unknown key", host: sshlab.Host{Untrusted: true}, want: map[string]string{"bad ssh": `^unknown: cannot be used: host key unknown`}},
		{name: "one check hangs", scripts: []string{"first echo 1", "hung sleep 60", "last echo 3"}, want: map[string]string{
			"bad ssh": `^ok: `, "bad first": `^ok: 1$`, "bad hung": `^unknown: no answer in 2s$`, "bad last": `^ok: 3$`}},
		{name: "one check floods", scripts: []string{"first echo 1", "flood yes", "last echo 3"}, want: map[string]string{
			"bad ssh": `^ok: `, "bad first": `^ok: 1$`, "bad flood": `^unknown: 262144 bytes and more$`, "bad last": `^ok: 3$`}},
		{name: "one check prints escapes", scripts: []string{`esc printf '\033]0;title'; printf '\033[31mred\r'`, "last echo 3"}, want: map[string]string{
			"bad ssh": `^ok: `, "bad last": `^ok: 3$`}},
		{name: "no shell", host: sshlab.Host{Canned: func(string, []byte) ([]byte, []byte, int) { return []byte("% Unknown command\n"), nil, 1 }}, want: map[string]string{
			"bad ssh": `^unknown: cannot be used: shell missing: .*Unknown command`}},
		{name: "sends a gigabyte", host: sshlab.Host{Stream: func(_ string, in io.Reader, out, _ io.Writer) int {
			_, _ = bufio.NewReader(in).ReadString('\n') // as a shell would begin to read
			chunk := []byte(strings.Repeat("0123456789abcdef", 4096))
			for range 1 << 14 {
				if _, err := out.Write(chunk); err != nil {
					return 1
				}
			}
			return 0
		}}, want: map[string]string{"bad ssh": `^unknown: cannot be used: `, "bad vitals": `^unknown: not looked at: `}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.host.Name = "bad"
			b := newBed(t, map[string][]string{"bad": c.scripts}, sshlab.Host{Name: "a"}, sshlab.Host{Name: "b"}, c.host)
			if c.fault != nil {
				if err := c.fault(b.lab.Machine("bad")); err != nil {
					t.Fatal(err)
				}
			}
			got := b.sweep(t)
			for k, want := range c.want {
				if !regexp.MustCompile(want).MatchString(got[k]) {
					t.Errorf("%s: %q, want %s", k, got[k], want)
				}
			}
			for _, k := range []string{"a", "b"} {
				if got[k+" vitals"] != "ok: ok" || !strings.HasPrefix(got[k+" ssh"], "ok: ") {
					t.Errorf("%s: %q, %q", k, got[k+" vitals"], got[k+" ssh"])
				}
			}
		})
	}
}

func TestLabLineCutInTheMiddle(t *testing.T) {
	b := newBed(t, map[string][]string{"bad": {"first echo 1", "second echo 2; : >\"$JURYMAST_ROOT/runs\"; while [ ! -e \"$JURYMAST_ROOT/go\" ]; do sleep 0.05; done; yes | head -c 100000"}},
		sshlab.Host{Name: "a"}, sshlab.Host{Name: "b"}, sshlab.Host{Name: "bad"})
	b.looker.Limit = 10 * time.Second
	m := b.lab.Machine("bad")
	done := make(chan map[string]string)
	go func() { done <- b.sweep(t) }()
	until(t, "the second check runs", func() bool { _, err := os.Stat(filepath.Join(m.Dir(), "runs")); return err == nil })
	m.CutOnce(20000)
	if err := os.WriteFile(filepath.Join(m.Dir(), "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	got := <-done
	// What was answered ahead of the cut may have been on its way.
	lost := "unknown: not looked at: node/bad: line lost"
	if first := got["bad first"]; first != "ok: 1" && !strings.HasPrefix(first, lost) {
		t.Errorf("the first: %q", first)
	}
	if !strings.HasPrefix(got["bad second"], lost) ||
		!strings.HasPrefix(got["bad ssh"], "unknown: its look broke off: line lost") || got["a vitals"] != "ok: ok" {
		t.Errorf("%q", got)
	}
	if got := b.sweep(t); !strings.HasPrefix(got["bad ssh"], "ok: ") {
		t.Errorf("it does not heal: %q", got)
	}
}

func TestLabCancelLeavesNothingRunning(t *testing.T) {
	b := newBed(t, map[string][]string{"a": {"long while :; do sleep 0.05; date +%s%N > \"$JURYMAST_ROOT/alive\"; done"}}, sshlab.Host{Name: "a"})
	b.looker.Limit, b.looker.Deadline = 30*time.Second, 60*time.Second
	alive := filepath.Join(b.lab.Machine("a").Dir(), "alive")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range b.looker.Sweep(ctx, b.fleet, b.visits()) {
		}
	}()
	until(t, "the check runs", func() bool { _, err := os.Stat(alive); return err == nil })
	cancel()
	<-done
	// What still ran would write on. It gets a few of its turns to show.
	until(t, "it has stopped", func() bool {
		before, err := os.ReadFile(alive)
		if err != nil {
			return false
		}
		give := time.NewTimer(500 * time.Millisecond)
		defer give.Stop()
		<-give.C
		after, err := os.ReadFile(alive)
		return err == nil && string(before) == string(after)
	})
}

func until(t testing.TB, what string, f func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	give := time.After(8 * time.Second)
	for !f() {
		select {
		case <-tick.C:
		case <-give:
			t.Fatalf("waited in vain until %s", what)
		}
	}
}
