package run

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
	"jurymast/ssh"
	"jurymast/ssh/sshlab"
)

// bench is a lab of machines, and a way to them.
type bench struct {
	lab    *sshlab.Lab
	secret string
}

func newBench(t testing.TB, hosts ...string) *bench {
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
	for _, h := range hosts {
		if _, err := lab.Add(sshlab.Host{Name: h, Sudo: true, Facts: &sshlab.Linux{}}); err != nil {
			t.Fatal(err)
		}
	}
	return &bench{lab: lab, secret: "s3cr'et"}
}

// pool is a controller's own way to the machines.
func (b *bench) pool(t testing.TB) *Pool {
	t.Helper()
	p := ssh.NewPool(func(name string) (ssh.Host, error) {
		m := b.lab.Machine(inventory.Ref(name).Name())
		host, port, err := net.SplitHostPort(m.Addr())
		if err != nil {
			return ssh.Host{}, err
		}
		n, err := strconv.Atoi(port)
		return ssh.Host{Name: name, Address: host, Port: n, User: "admin", Identities: []string{b.lab.Identity()}, KnownHosts: []string{b.lab.KnownHosts()}}, err
	}, ssh.Options{})
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return &Pool{SSH: p, Sudo: func(inventory.Ref) bool { return true }, Patience: 20 * time.Second,
		Secret: func(context.Context, inventory.Secret) (string, error) { return b.secret, nil }}
}

func (b *bench) runner(t testing.TB, j Journal) *Runner {
	return &Runner{Carrier: b.pool(t), Journal: j, Now: time.Now, Holder: t.Name(), Look: func(context.Context, []inventory.Ref) (string, error) { return "", nil }}
}

func shell(id string, host inventory.Ref, body string, options ...func(*actions.Step)) actions.Step {
	s := actions.Step{ID: id, Title: id, Host: host, Do: actions.Script{Name: id, Body: body}, Timeout: time.Minute}
	for _, o := range options {
		o(&s)
	}
	return s
}

// TestOverSSH carries real scripts to real shells: words go from step to step,
// and leases are given back.
func TestOverSSH(t *testing.T) {
	b := newBench(t, "a", "b")
	dir := t.TempDir()
	p := makePlan(
		shell("one", "node/a", "echo '@copy 17 with blanks'; echo hello"),
		shell("two", "node/b", `test "$SAID_COPY" = '17 with blanks' && echo "$RUN" >>'`+dir+`/seen'`),
	)
	m := newModel(fault{})
	if o, err := b.runner(t, m).Run(t.Context(), "r1", p); o != Done {
		t.Fatalf("%s, %v\n%s", o, err, story(m))
	}
	if got, err := os.ReadFile(filepath.Join(dir, "seen")); err != nil || string(got) != "r1\n" {
		t.Errorf("step two left %q, %v", got, err)
	}
	if o, err := b.runner(t, m).Run(t.Context(), "r2", p); o != Done {
		t.Errorf("the leases were not given back: %s, %v", o, err)
	}
}

// TestSecondControllerIsRefused: another store, another pool, the same target.
func TestSecondControllerIsRefused(t *testing.T) {
	b := newBench(t, "a")
	g := newGate(t)
	p := makePlan(shell("slow", "node/a", g.text()))
	first := newModel(fault{})
	ended := make(chan error, 1)
	go func() {
		o, err := b.runner(t, first).Run(t.Context(), "first", p)
		if o != Done {
			err = fmt.Errorf("%s: %w", o, err)
		}
		ended <- err
	}()
	if err := g.wait(); err != nil { // it has its lease, and has begun
		t.Fatal(err)
	}
	o, err := b.runner(t, newModel(fault{})).Run(t.Context(), "second", p)
	var held *HeldError
	if o != Refused || !errors.As(err, &held) || held.Run != "first" || held.By != t.Name() || held.Target != "playbook/t" {
		t.Errorf("%s, %v", o, err)
	}
	if err := g.let(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestARenewalDoesNotTakeBack: one that was on its way while its lease was given
// back comes too late, and the next run has the target.
func TestARenewalDoesNotTakeBack(t *testing.T) {
	b := newBench(t, "a")
	p := makePlan(shell("act", "node/a", "true"))
	old := &carried{Runner: b.runner(t, newModel(fault{})), id: "old", plan: p, progress: Replay(p, nil)}
	if err := old.lease(t.Context()); err != nil {
		t.Fatal(err)
	}
	epoch, _ := old.epoch("node/a")
	if _, err := old.leaseOn(t.Context(), "node/a", "renew", epoch); err != nil {
		t.Errorf("a lease that is held is not renewed: %v", err)
	}
	old.release(t.Context())
	var held *HeldError
	if _, err := old.leaseOn(t.Context(), "node/a", "renew", epoch); !errors.As(err, &held) {
		t.Errorf("a lease that was given back is renewed: %v", err)
	}
	if o, err := b.runner(t, newModel(fault{})).Run(t.Context(), "new", p); o != Done {
		t.Errorf("%s, %v", o, err)
	}
}

// TestAnOldEpochIsRefused: an act that was on its way while another controller
// took the target does nothing.
func TestAnOldEpochIsRefused(t *testing.T) {
	b := newBench(t, "a")
	mark := filepath.Join(t.TempDir(), "mark")
	p := makePlan(shell("act", "node/a", "echo x >>'"+mark+"'"))
	old := &carried{Runner: b.runner(t, newModel(fault{})), id: "old", plan: p, progress: Replay(p, nil)}
	if err := old.lease(t.Context()); err != nil {
		t.Fatal(err)
	}
	old.release(t.Context()) // as if it had stood still until its lease was over
	if o, err := b.runner(t, newModel(fault{})).Run(t.Context(), "new", p); o != Done {
		t.Fatal(o, err)
	}
	err := old.step(t.Context(), p.Steps[0])
	if err == nil || !strings.Contains(err.Error(), "refused: playbook=t is now held by run new") {
		t.Errorf("the old controller was told: %v", err)
	}
	if got, err := os.ReadFile(mark); err != nil || string(got) != "x\n" {
		t.Errorf("it was done %q, %v", got, err)
	}
}

// TestCutOffInEveryStep loses the line once in the middle of each step, by so
// many bytes; the run goes on by itself, and every step happens once.
func TestCutOffInEveryStep(t *testing.T) {
	refused := 0
	for _, after := range []int64{300, 3000, 9000, 14000, 20000, 30000} {
		b := newBench(t, "a")
		dir := t.TempDir()
		var steps []actions.Step
		for i := range 4 {
			steps = append(steps, shell(fmt.Sprint("s", i), "node/a", fmt.Sprintf("echo %d >>'%s/log'; sleep 0.05", i, dir)))
		}
		m := newModel(fault{})
		r := b.runner(t, m)
		b.lab.Machine("a").CutOnce(after)
		o, err := r.Run(t.Context(), "r", makePlan(steps...))
		for tries := 0; o.Open() && tries < 3; tries++ {
			o, err = r.Run(t.Context(), "r", makePlan(steps...))
		}
		if o == Refused && !Replay(makePlan(steps...), m.journal).begun() {
			refused++
			continue // cut before anything was begun: it said so
		}
		got, rerr := os.ReadFile(filepath.Join(dir, "log"))
		if o != Done || rerr != nil || string(got) != "0\n1\n2\n3\n" {
			t.Errorf("cut after %d bytes: %s, %v: did %q\n%s", after, o, err, got, story(m))
		}
	}
	if refused > 1 {
		t.Errorf("%d of the cuts came before anything was begun", refused)
	}
}

// TestRebootInAStep: a host that was started anew in the middle of a step. With
// a look of its own the step is found done or done again; without one a person
// has to find out.
func TestRebootInAStep(t *testing.T) {
	for name, c := range map[string]struct {
		check string
		want  Outcome
	}{"done": {"test -e MARK", Done}, "blind": {"", Hands}} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, "a")
			mark := filepath.Join(t.TempDir(), "mark")
			g := newGate(t)
			s := shell("act", "node/a", "echo x >>'"+mark+"'\n"+g.text())
			if c.check != "" {
				s.Check = &actions.Script{Name: "check", Body: strings.ReplaceAll(c.check, "MARK", "'"+mark+"'")}
			}
			m := newModel(fault{})
			ended := make(chan error, 1)
			var o Outcome
			go func() {
				var err error
				o, err = b.runner(t, m).Run(t.Context(), "r", makePlan(s))
				ended <- err
			}()
			if err := g.wait(); err != nil {
				t.Fatal(err)
			}
			if err := b.lab.Fault("a", "reboot"); err != nil {
				t.Fatal(err)
			}
			if err := <-ended; o != c.want {
				t.Fatalf("%s, want %s: %v\n%s", o, c.want, err, story(m))
			}
			if got, err := os.ReadFile(mark); err != nil || string(got) != "x\n" {
				t.Errorf("it was done %q, %v", got, err)
			}
		})
	}
}

// TestSecretsStayAway: a secret reaches its script, and nothing else that is
// kept: no journal, no plan, no file of the job, no argument of a process.
func TestSecretsStayAway(t *testing.T) {
	b := newBench(t, "a")
	b.secret = "canary'4711"
	dir := t.TempDir()
	s := shell("act", "node/a", `test "$PW" = "can""ary'4711" || exit 3
cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' ' ' | grep -c "can[a]ry.4711" >'`+dir+`/argv'
find "${XDG_STATE_HOME:-$HOME/.local/state}" -type f -exec grep -l "can[a]ry" {} + >'`+dir+`/files' 2>/dev/null
true`)
	s.Do.Keep = map[string]inventory.Secret{"PW": {Env: "PW"}}
	p := makePlan(s)
	m := newModel(fault{})
	if o, err := b.runner(t, m).Run(t.Context(), "r", p); o != Done {
		t.Fatal(o, err)
	}
	for name, want := range map[string]string{"argv": "0\n", "files": ""} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	for _, text := range []string{fmt.Sprint(m.journal), fmt.Sprintf("%+v", MakeReport(actions.Run{Plan: p}, m.journal)), p.Digest()} {
		if strings.Contains(text, "canary") {
			t.Errorf("the secret stands in %q", text)
		}
	}
}

// BenchmarkStep is what a step costs beyond its own time, which is none, over
// a connection on loopback; the second figure is a run of the same script
// without all that makes it happen once.
func BenchmarkStep(b *testing.B) {
	lab := newBench(b, "a")
	pool := lab.pool(b)
	b.Run("job", func(b *testing.B) {
		for i := range b.N {
			if _, err := pool.Do(b.Context(), "node/a", fmt.Sprintf("bench.%d.%d", b.N, i), actions.Script{Name: "true", Body: ":"}, func(string) {}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("bare", func(b *testing.B) {
		for range b.N {
			if _, err := pool.Ask(b.Context(), "node/a", actions.Script{Name: "true", Body: ":"}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// TestLeaseOfRootHoldsForAll: a plan with steps that need root and others that
// do not has one lease on a host.
func TestLeaseOfRootHoldsForAll(t *testing.T) {
	b := newBench(t, "a")
	root := shell("root", "node/a", "true")
	root.Do.Sudo = true
	m := newModel(fault{})
	if o, err := b.runner(t, m).Run(t.Context(), "r", makePlan(root, shell("user", "node/a", "true"))); o != Done {
		t.Errorf("%s, %v\n%s", o, err, story(m))
	}
}
