package check

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
	"jurymast/ssh"
)

// shells are those that a batch must run under, and what else they need.
var shells = []struct {
	name string
	argv []string
}{
	{"dash", []string{"dash"}},
	{"bash", []string{"bash", "--posix"}},
	{"busybox", []string{"busybox", "sh"}},
}

// busyboxPath returns a folder in which the tools are busybox's, but for those
// that are left out.
func busyboxPath(t *testing.T, without ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, tool := range []string{"sh", "head", "cat", "dd", "sleep", "timeout", "setsid", "id", "echo", "yes", "seq", "tr", "true"} {
		if slices.Contains(without, tool) {
			continue
		}
		if err := os.Symlink("/bin/busybox", filepath.Join(dir, tool)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func script(name, body string) actions.Script { return actions.Script{Name: name, Body: body} }

// scriptsOf makes the checks of a target from bodies, by their names.
func scriptsOf(limit time.Duration, named ...string) []Due {
	var out []Due
	for i := 0; i+1 < len(named); i += 2 {
		out = append(out, Due{Target: "node/a", Kind: "test", Check: actions.Check{
			ID: named[i], Script: script(named[i]+".sh", named[i+1]), Limit: limit, Every: time.Minute, Confirm: 1, Host: "node/a",
		}})
	}
	return out
}

// runBatch runs checks as one batch and returns the frames.
func runBatch(t *testing.T, p *shellPool, budget time.Duration, checks []Due) (answer, ssh.Output) {
	t.Helper()
	runs := plan(checks)
	c, broken := batch(runs, "N0NCE", budget, true)
	if len(broken) > 0 {
		t.Fatal(broken)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	out, err := p.Run(ctx, "node/a", c)
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, out.Stdout, out.Stderr)
	}
	if len(out.Stdout) > c.Max {
		t.Errorf("%d bytes came, of which %d are kept", len(out.Stdout), c.Max)
	}
	return parse(out.Stdout, "N0NCE", len(runs)), out
}

// eachShell runs a test under each shell with the tools of this machine, and
// under the small ones with those of busybox, whose timeout kills otherwise.
func eachShell(t *testing.T, f func(t *testing.T, p *shellPool)) {
	t.Helper()
	for _, s := range shells {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			f(t, &shellPool{argv: s.argv, env: os.Environ(), sh: "/bin/" + strings.Join(s.argv, " ")})
		})
		if s.name == "bash" {
			continue
		}
		t.Run(s.name+" with busybox tools", func(t *testing.T) {
			t.Parallel()
			argv := slices.Clone(s.argv)
			argv[0] = "/bin/" + argv[0]
			f(t, &shellPool{argv: argv, env: []string{"PATH=" + busyboxPath(t)}, sh: strings.Join(argv, " ")})
		})
	}
}

func TestBatchFramesBothStreams(t *testing.T) {
	eachShell(t, func(t *testing.T, p *shellPool) {
		a, out := runBatch(t, p, time.Minute, scriptsOf(5*time.Second,
			"plain", "echo one; echo two; echo bad >&2; exit 3",
			"silent", ":",
			"no newline", "printf 'x\ny'; printf 'e' >&2",
			"marks", "printf '\n==N0NCX end 0 .\n==N0NCE end 0\nx ==N0NCE end 1 .\n'",
			"grammar", "echo never; if",
			"stdin", "cat; echo done",
		))
		want := []struct {
			out, err string
			code     int
		}{
			{"one\ntwo\n", "bad\n", 3},
			{"", "", 0},
			{"x\ny", "e", 0},
			{"\n==N0NCX end 0 .\n==N0NCE end 0\nx ==N0NCE end 1 .\n", "", 0},
			{"", "*", 2},
			{"done\n", "", 0},
		}
		if !a.hello || !a.bye {
			t.Fatalf("hello %t, bye %t:\n%s\n%s", a.hello, a.bye, out.Stdout, out.Stderr)
		}
		for i, w := range want {
			f := a.frames[i]
			if !f.answered(maxOut) || string(f.out) != w.out || f.code != w.code || w.err != "*" && string(f.err) != w.err {
				t.Errorf("run %d: answered %t, out %q, err %q, code %d, left %d; want %+v", i, f.answered(maxOut), f.out, f.err, f.code, f.left, w)
			}
		}
		if len(out.Stderr) > 0 {
			t.Errorf("the batch itself says %q", out.Stderr)
		}
	})
}

// TestBatchKeepsTheExitCode: the clock's signal comes at any moment, also when a
// check ends, and is not taken for how it ended.
func TestBatchKeepsTheExitCode(t *testing.T) {
	eachShell(t, func(t *testing.T, p *shellPool) {
		if p.argv[0] == "bash" {
			p.sh = "" // its wait may lose the code of a job that ends with a signal to it
		}
		var named []string
		codes := []int{0, 3, 127, 255}
		for i := range 40 {
			// $$ is the worker, which the check is a subshell of.
			named = append(named, fmt.Sprintf("check%d", i), fmt.Sprintf("kill -s USR1 $$; exit %d", codes[i%len(codes)]))
		}
		a, out := runBatch(t, p, time.Minute, scriptsOf(5*time.Second, named...))
		for i, f := range a.frames {
			if want := codes[i%len(codes)]; !f.answered(maxOut) || f.code != want {
				t.Errorf("run %d: answered %t, code %d, want %d\n%s", i, f.answered(maxOut), f.code, want, out.Stderr)
			}
		}
	})
}

// TestBatchOvertakesTheSlow has checks that each take longer than it takes to
// be overtaken: they run side by side, and their answers do not mix.
func TestBatchOvertakesTheSlow(t *testing.T) {
	eachShell(t, func(t *testing.T, p *shellPool) {
		var named []string
		for i := range 4 {
			named = append(named, fmt.Sprintf("c%d", i), fmt.Sprintf("seq 1 %d; echo e%d >&2; sleep 3; seq 1 %d; exit %d", 20000+i, i, 20000+i, i))
		}
		start := time.Now()
		a, out := runBatch(t, p, time.Minute, scriptsOf(20*time.Second, named...))
		if d := time.Since(start); d > 10*time.Second {
			t.Errorf("it took %s; one after the other is 12", d)
		}
		for i, f := range a.frames {
			if !f.answered(maxOut) || f.code != i || string(f.err) != fmt.Sprintf("e%d\n", i) {
				t.Fatalf("run %d: %t %d %q left %d\n%s", i, f.answered(maxOut), f.code, f.err, f.left, out.Stderr)
			}
			if !strings.HasSuffix(string(f.out), fmt.Sprintf("\n%d\n", 20000+i)) {
				t.Errorf("run %d ends with %q", i, f.out[max(0, len(f.out)-20):])
			}
		}
	})
}

func TestBatchHangCostsOnlyItself(t *testing.T) {
	eachShell(t, func(t *testing.T, p *shellPool) {
		checks := scriptsOf(time.Second,
			"sleeps", "echo before; sleep 60",
			"ignores TERM", "trap '' TERM; echo before; while :; do sleep 60; done",
			"spins", "echo before; while :; do :; done",
			"stops", "echo before; kill -STOP $$",
			"fine", "echo fine",
			"fine too", "echo fine too",
		)
		start := time.Now()
		a, out := runBatch(t, p, 6*time.Second, checks)
		if d := time.Since(start); d > 15*time.Second {
			t.Errorf("it took %s", d)
		}
		for i, d := range checks {
			fine := strings.HasPrefix(d.Check.ID, "fine")
			if f := a.frames[i]; f.answered(maxOut) != fine || f.gone == fine {
				t.Errorf("%s: %+v\n%s\n%s", d.Check.ID, f, out.Stdout, out.Stderr)
			}
		}
		if o := unanswered(a.frames[0], plan(checks)[0]); o.readings[0].Line != "no answer in 1s" {
			t.Errorf("%+v", o.readings)
		}
	})
}

// TestBatchDoesNotWaitForWhatIsLeft has a check that ends and leaves a process
// behind that holds its output: it has answered, and the look ends.
func TestBatchDoesNotWaitForWhatIsLeft(t *testing.T) {
	eachShell(t, func(t *testing.T, p *shellPool) {
		start := time.Now()
		a, out := runBatch(t, p, time.Minute, scriptsOf(20*time.Second,
			"leaves", "echo before; sleep 61 & exit 0",
			"stubborn", "(trap '' TERM; exec sleep 62) & echo before",
			"detached", "sleep 63 >/dev/null 2>&1 & echo before",
		))
		if d := time.Since(start); d > 15*time.Second {
			t.Errorf("it took %s", d)
		}
		for i, f := range a.frames {
			if !f.answered(maxOut) || string(f.out) != "before\n" {
				t.Errorf("%d: %+v\n%s\n%s", i, f, out.Stdout, out.Stderr)
			}
		}
	})
}

func TestBatchBoundsEachCheck(t *testing.T) {
	eachShell(t, func(t *testing.T, p *shellPool) {
		named := []string{"flood", "yes 0123456789", "errors", "yes 0123456789 >&2", "small", "echo ok"}
		for i := range 20 {
			named = append(named, fmt.Sprint("more", i), "head -c 60000 /dev/zero | tr '\\0' x")
		}
		named = append(named, "again", "yes 0123456789", "last", "echo last")
		a, _ := runBatch(t, p, time.Minute, scriptsOf(10*time.Second, named...))
		for i, f := range a.frames[3:23] {
			if !f.answered(maxOut) || len(f.out) != 60000 {
				t.Errorf("more%d: %d bytes, answered %t", i, len(f.out), f.answered(maxOut))
			}
		}
		if f := a.frames[24]; !f.answered(maxOut) || string(f.out) != "last\n" {
			t.Errorf("behind all: %+v", f)
		}
		if f := a.frames[0]; !f.answered(maxOut) || len(f.out) <= maxOut {
			f.out = f.out[:min(len(f.out), 20)]
			t.Errorf("%d bytes kept of the flood: %+v", len(f.out), f)
		}
		if n := len(a.frames[1].err); n < maxErr || n > maxErr+20 {
			t.Errorf("%d bytes kept of the errors", n)
		}
		if f := a.frames[2]; !f.answered(maxOut) || string(f.out) != "ok\n" {
			t.Errorf("%+v", f)
		}
	})
}

func TestBatchSkipsWhatNeedsTheHung(t *testing.T) {
	eachShell(t, func(t *testing.T, p *shellPool) {
		checks := scriptsOf(time.Second, "daemon", "sleep 60", "a", "echo a", "b", "echo b", "free", "echo free")
		checks[1].Check.Needs = []string{"daemon"}
		checks[2].Check.Needs = []string{"a"}
		a, _ := runBatch(t, p, time.Minute, checks)
		if a.frames[1].needed != 0 || a.frames[2].needed != 1 || !a.frames[3].answered(maxOut) {
			t.Errorf("%+v", a.frames)
		}
	})
}

func TestBatchKeepsSecretsOutOfArgvAndText(t *testing.T) {
	eachShell(t, func(t *testing.T, p *shellPool) {
		checks := scriptsOf(5*time.Second, "secret", `case $WORD in s3*"r'et") echo same ;; esac
for f in /proc/[0-9]*/cmdline /proc/[0-9]*/environ; do
	grep -a -q "s3c[r]'et" "$f" 2>/dev/null && echo "seen in $f"
done
exit 0`)
		checks[0].Check.Script.Secrets = map[string]string{"WORD": "s3cr'et"}
		p.env = slices.Clone(p.env)
		a, _ := runBatch(t, p, time.Minute, checks)
		if got := string(a.frames[0].out); got != "same\n" {
			t.Errorf("got %q, err %q", got, a.frames[0].err)
		}
		if strings.Contains(p.last.Text, "s3cr") {
			t.Error("the text holds the secret")
		}
	})
}

// TestBatchWithoutSetsid has hosts on which something else must make a process
// group for the checks, or nothing can.
func TestBatchWithoutSetsid(t *testing.T) {
	real := func(tool string) string {
		path, err := exec.LookPath(tool)
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, tool := range []string{"", "perl", "timeout"} {
		t.Run("with "+tool, func(t *testing.T) {
			t.Parallel()
			dir := busyboxPath(t, "timeout", "setsid")
			if tool != "" {
				if err := os.Symlink(real(tool), filepath.Join(dir, tool)); err != nil {
					t.Fatal(err)
				}
			}
			// batch.sh adds the folders of the system's own tools, which hold none of these.
			p := &shellPool{argv: []string{"/bin/dash"}, env: []string{"PATH=" + dir}}
			checks := scriptsOf(time.Second, "one", "echo 1", "two", "exit 2")
			if tool != "" {
				checks = scriptsOf(time.Second, "hung", "echo before; sleep 60", "two", "exit 2", "ignores TERM", "trap '' TERM; while :; do sleep 61; done")
			}
			a, out := runBatch(t, p, time.Minute, checks)
			if a.frames[0].answered(maxOut) != (tool == "") || !a.frames[1].answered(maxOut) || a.frames[1].code != 2 {
				t.Errorf("%s\n%s", out.Stdout, out.Stderr)
			}
			for _, f := range a.frames {
				if !f.answered(maxOut) && f.left != leftLate {
					t.Errorf("%+v", f)
				}
			}
		})
	}
}

func TestBatchSudoRefused(t *testing.T) {
	dir := busyboxPath(t)
	fake := "#!/bin/sh\necho 'sudo: a password is required' >&2\nexit 1\n"
	if err := os.WriteFile(filepath.Join(dir, "sudo"), []byte(fake), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "id")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "id"), []byte("#!/bin/sh\necho 1000\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	p := &shellPool{argv: []string{"/bin/dash"}, env: []string{"PATH=" + dir}}
	checks := scriptsOf(time.Second, "root", "id", "plain", "echo 2")
	checks[0].Check.Script.Sudo = true
	runs := plan(checks)
	a, _ := runBatch(t, p, time.Minute, checks)
	if f := a.frames[1]; !f.answered(maxOut) {
		t.Errorf("%+v", f)
	}
	o := unanswered(a.frames[0], runs[0])
	if got := o.readings[0]; got.Line != "sudo refused: sudo: a password is required" || got.Next == "" {
		t.Errorf("got %+v", got)
	}
	// Forbidden by the inventory, sudo is not even tried.
	c, _ := batch(runs, "N0NCE", time.Minute, false)
	out, err := p.Run(t.Context(), "node/a", c)
	if err != nil {
		t.Fatal(err)
	}
	o = unanswered(parse(out.Stdout, "N0NCE", 2).frames[0], runs[0])
	if got := o.readings[0].Line; got != "sudo refused: it needs root, and the inventory says sudo = false" {
		t.Errorf("got %q", got)
	}
	// Allowed, it runs the same.
	if err := os.WriteFile(filepath.Join(dir, "sudo"), []byte("#!/bin/sh\nshift\nexec \"$@\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	a, _ = runBatch(t, p, time.Minute, checks)
	if f := a.frames[0]; !f.answered(maxOut) || string(f.out) != "1000\n" {
		t.Errorf("%+v %s", f, f.err)
	}
}

func TestOrder(t *testing.T) {
	many := func(n int, limit time.Duration) []job {
		rs := make([]job, n)
		for i := range rs {
			rs[i].limit = limit
		}
		return rs
	}
	for _, c := range []struct {
		name   string
		runs   []job
		budget time.Duration
		want   time.Duration // limit of each
	}{
		{"none", nil, time.Minute, 0},
		{"one", many(1, 10*time.Second), time.Minute, 10 * time.Second},
		{"ten in the usual time", many(10, 10*time.Second), 45 * time.Second, 10 * time.Second},
		{"as many as there are workers", many(maxWorkers, 10*time.Second), 45 * time.Second, 10 * time.Second},
		{"the last worker has more to do", many(maxWorkers+1, 10*time.Second), 45 * time.Second, 8 * time.Second},
		{"far too many", many(100, 10*time.Second), 45 * time.Second, time.Second},
		{"longer than the budget", many(1, 10*time.Minute), 45 * time.Second, 42 * time.Second},
		{"those behind are held up", many(5, 10*time.Second), 10 * time.Second, 3 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := 0
			for _, g := range order(c.runs, c.budget) {
				n += len(g)
			}
			if n != len(c.runs) {
				t.Errorf("%d runs of %d", n, len(c.runs))
			}
			for i, r := range c.runs {
				if r.limit != c.want {
					t.Fatalf("the limit of run %d is %s, want %s", i, r.limit, c.want)
				}
			}
		})
	}
	t.Run("needs hang together, the needed first", func(t *testing.T) {
		rs := many(9, 10*time.Second)
		rs[1].needs, rs[0].needs = []int{8}, []int{1}
		rs[3].limit = time.Second
		got := order(rs, 45*time.Second)
		if len(got) != 7 || !slices.Equal(got[0], []int{3}) || !slices.Equal(got[1], []int{8, 1, 0}) {
			t.Errorf("%v", got)
		}
	})
	t.Run("a loop of needs ends", func(t *testing.T) {
		rs := many(2, time.Second)
		rs[0].needs, rs[1].needs = []int{1}, []int{0}
		if got := order(rs, time.Minute); len(got) != 1 || len(got[0]) != 2 {
			t.Errorf("%v", got)
		}
	})
}

func TestPlanSharesEqualScripts(t *testing.T) {
	s := script("docker/ps.sh", "docker ps")
	mk := func(id string, s actions.Script, limit time.Duration) Due {
		return Due{Target: inventory.Ref("service/" + id), Check: actions.Check{ID: id, Script: s, Limit: limit}}
	}
	secret := s
	secret.Secrets = map[string]string{"P": "x"}
	other := s
	other.Inputs = map[string]string{"A": "1"}
	runs := plan([]Due{mk("a", s, 1), mk("b", s, 5), mk("c", other, 1), mk("d", secret, 1), mk("e", secret, 1), {Check: actions.Check{ID: "p", Probe: &actions.Probe{}}}})
	var got []string
	for _, r := range runs {
		got = append(got, fmt.Sprint(r.checks, int(r.limit)))
	}
	if want := []string{"[0 1] 5", "[2] 1", "[3] 1", "[4] 1"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestBatchAnswersAtOnce: a check's answer has left the host when the next one
// runs, so that a line that is cut then costs only that one.
func TestBatchAnswersAtOnce(t *testing.T) {
	eachShell(t, func(t *testing.T, p *shellPool) {
		checks := scriptsOf(50*time.Second, "first", "echo 1", "second", "echo 2; exit 2",
			"hung", "echo half; sleep 60")
		ctx, cut := context.WithTimeout(t.Context(), 30*time.Second)
		defer cut()
		sent := &lines{}
		p.tee = sent
		c, _ := batch(plan(checks), "N0NCE", time.Minute, true)
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, _ = p.Run(ctx, "node/a", c)
		}()
		answered := func() []bool {
			var out []bool
			for _, f := range parse(sent.bytes(), "N0NCE", len(checks)).frames {
				out = append(out, f.answered(maxOut))
			}
			return out
		}
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for !slices.Equal(answered(), []bool{true, true, false}) {
			select {
			case <-tick.C:
			case <-ctx.Done():
				<-done
				t.Fatalf("while the third ran, this had come: %s", sent.bytes())
			}
		}
		cut()
		<-done
	})
}

// TestBatchKeepsOutputsApart has checks that leave something behind that prints
// while the next ones run: it is in none of their answers, and none waits for it.
func TestBatchKeepsOutputsApart(t *testing.T) {
	eachShell(t, func(t *testing.T, p *shellPool) {
		late := "(trap '' TERM; sleep 0.3; echo CRITICAL late; echo CRITICAL late >&2; sleep 30) & exit 0"
		wait := "sleep 0.6; echo fine"
		start := time.Now()
		a, out := runBatch(t, p, time.Minute, scriptsOf(20*time.Second, "plugin", late, "next", wait, "again", late, "last", wait, "daemon", "sleep 40 & echo up"))
		if d := time.Since(start); d > 20*time.Second {
			t.Errorf("it took %s", d)
		}
		for i, want := range []string{"", "fine\n", "", "fine\n", "up\n"} {
			if f := a.frames[i]; !f.answered(maxOut) || f.code != 0 || string(f.out) != want || len(f.err) > 0 {
				t.Errorf("run %d: answered %t, code %d, out %q, err %q\n%s", i, f.answered(maxOut), f.code, f.out, f.err, out.Stdout)
			}
		}
	})
}
