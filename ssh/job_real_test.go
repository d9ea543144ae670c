package ssh

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// jobPool returns a pool to a host that keeps its jobs, and its boot id, under
// a folder of the test's.
func jobPool(t *testing.T) (p *reached, host, root string) {
	t.Helper()
	root = t.TempDir()
	boot(t, root, "boot-1")
	p, host = realPool(t, fmt.Sprintf("SetEnv JURYMAST_ROOT=%s XDG_STATE_HOME=%s/state", root, root))
	return p, host, root
}

func boot(t *testing.T, root, id string) {
	t.Helper()
	dir := filepath.Join(root, "proc/sys/kernel/random")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "boot_id"), []byte(id+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

// folder returns where a job is kept.
func folder(t *testing.T, root, id string) string {
	t.Helper()
	for _, d := range []string{"var/lib", "state"} {
		if d := filepath.Join(root, d, "jurymast/jobs", id); exists(d) {
			return d
		}
	}
	t.Fatalf("job %s has no folder", id)
	return ""
}

func exists(path string) bool { _, err := os.Stat(path); return err == nil }

func mustStart(t *testing.T, p *reached, host, id string, c Command) *Job {
	t.Helper()
	j, err := p.Start(t.Context(), host, id, c)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func TestJob(t *testing.T) {
	p, host, root := jobPool(t)
	steady(t, p, host)
	ctx := t.Context()
	j := mustStart(t, p, host, "run-1.step_a", Command{
		Secrets: []byte("PW='very secret'\n"),
		Text:    "printf 'a\\033[1m\\r\\nb'; echo problem >&2; cat; echo \"${#PW}${JM_DIR-}${JM_JOB-}\"; exit 5",
	})
	if j.Found() {
		t.Error("it was there already")
	}
	var mu sync.Mutex
	lines := map[string]string{}
	o, err := j.Wait(ctx, func(stream, line string) {
		mu.Lock()
		defer mu.Unlock()
		lines[stream] += line + "|"
	})
	if err != nil || o.Exit != 5 || o.Cut || string(o.Stdout) != "a\nb11\n" || string(o.Stderr) != "problem\n" {
		t.Errorf("%+v %q %q, %v", o, o.Stdout, o.Stderr, err)
	}
	if lines["stdout"] != "a|b11|" || lines["stderr"] != "problem|" {
		t.Errorf("%q", lines)
	}
	dir := folder(t, root, j.ID())
	if fi, err := os.Stat(dir); err != nil || fi.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", fi.Mode(), err)
	}
	err = filepath.Walk(root, func(path string, fi os.FileInfo, err error) error {
		if err != nil || fi.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if strings.Contains(string(b), "very secret") {
			t.Errorf("the secret is in %s", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	s, err := j.Status(ctx)
	if err != nil || s.State != JobEnded || s.Exit != 5 || !s.Began || s.Ended.IsZero() {
		t.Errorf("%+v, %v", s, err)
	}
	if err := j.Forget(ctx); err != nil || exists(dir) {
		t.Errorf("forget: %v", err)
	}
	if _, err := p.Attach(ctx, host, j.ID(), false); !isJob(err, JobAbsent) {
		t.Errorf("attach to a forgotten job: %v", err)
	}
}

func isJob(err error, s JobState) bool {
	var e *JobError
	return errors.As(err, &e) && e.State == s
}

func TestJobHappensOnce(t *testing.T) {
	p, host, root := jobPool(t)
	steady(t, p, host)
	count := filepath.Join(root, "count")
	go_ := filepath.Join(root, "go")
	text := "echo x >>'" + count + "'; until [ -e '" + go_ + "' ]; do sleep 0.05; done; echo done"
	const n = 5
	var wg sync.WaitGroup
	jobs := make([]*Job, n)
	errs := make([]error, n)
	for i := range n {
		wg.Go(func() { jobs[i], errs[i] = p.Start(t.Context(), host, "once", Command{Text: text}) })
	}
	wg.Wait()
	fresh := 0
	for i := range n {
		if errs[i] != nil {
			t.Fatal(errs[i])
		}
		if !jobs[i].Found() {
			fresh++
		}
	}
	if fresh != 1 {
		t.Errorf("%d of %d say that they started it", fresh, n)
	}
	if err := jobs[0].Forget(t.Context()); err == nil {
		t.Error("a running job was forgotten")
	}
	if err := os.WriteFile(go_, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, j := range jobs {
		o, err := j.Wait(t.Context(), nil)
		if err != nil || string(o.Stdout) != "done\n" || o.Exit != 0 {
			t.Errorf("%q, %v", o.Stdout, err)
		}
	}
	again := mustStart(t, p, host, "once", Command{Text: text})
	if o, err := again.Wait(t.Context(), nil); err != nil || string(o.Stdout) != "done\n" || !again.Found() {
		t.Errorf("%q, %v", o.Stdout, err)
	}
	if b, _ := os.ReadFile(count); string(b) != "x\n" {
		t.Errorf("it ran %d times", len(b)/2)
	}
}

func TestJobSurvivesTheLine(t *testing.T) {
	p, host, root := jobPool(t)
	steady(t, p, host)
	next := func(n int) string { return filepath.Join(root, fmt.Sprint("next", n)) }
	text := "echo one; until [ -e '" + next(1) + "' ]; do sleep 0.05; done; echo two; echo err >&2; until [ -e '" + next(2) + "' ]; do sleep 0.05; done; echo three"
	j := mustStart(t, p, host, "survivor", Command{Text: text})
	var lines []string
	seen := make(chan string, 10)
	got := make(chan error, 1)
	go func() {
		o, err := j.Wait(t.Context(), func(stream, line string) {
			if stream == "stdout" {
				lines = append(lines, line)
				seen <- line
			}
		})
		if err == nil && (string(o.Stdout) != "one\ntwo\nthree\n" || string(o.Stderr) != "err\n" || o.Exit != 0) {
			err = fmt.Errorf("%q %q %d", o.Stdout, o.Stderr, o.Exit)
		}
		got <- err
	}()
	for n, want := range []string{"one", "two", "three"} {
		if l := <-seen; l != want {
			t.Fatalf("line %d is %q, want %q", n, l, want)
		}
		p.cutLine()
		if n < 2 {
			if err := os.WriteFile(next(n+1), nil, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := <-got; err != nil {
		t.Error(err)
	}
	if strings.Join(lines, " ") != "one two three" {
		t.Errorf("%q", lines)
	}
}

func TestJobAfterReboot(t *testing.T) {
	p, host, root := jobPool(t)
	steady(t, p, host)
	j := mustStart(t, p, host, "rebooted", Command{Text: "sleep 1000"})
	ended := mustStart(t, p, host, "ended", Command{Text: "echo fine"})
	if _, err := ended.Wait(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	pid := leader(t, root, "rebooted")
	boot(t, root, "boot-2")
	if s, err := j.Status(t.Context()); err != nil || s.State != JobInterrupted || !s.Began {
		t.Errorf("%+v, %v", s, err)
	}
	if o, err := j.Wait(t.Context(), nil); !isJob(err, JobInterrupted) || o.Exit != -1 {
		t.Errorf("%+v, %v", o, err)
	}
	if s, err := j.Stop(t.Context(), 0); err != nil || s.State != JobInterrupted {
		t.Errorf("%+v, %v", s, err)
	}
	if len(group(t, pid)) == 0 {
		t.Error("a group of another boot was signalled")
	}
	if s, err := ended.Status(t.Context()); err != nil || s.State != JobEnded || s.Exit != 0 {
		t.Errorf("one that ended before: %+v, %v", s, err)
	}
	boot(t, root, "boot-1")
	if s, err := j.Stop(t.Context(), time.Second); err != nil || s.State != JobEnded || s.Exit == 0 {
		t.Errorf("%+v, %v", s, err)
	}
	if l := group(t, pid); len(l) > 0 {
		t.Errorf("left: %q", l)
	}
}

// leader returns the process group of a job.
func leader(t *testing.T, root, id string) int {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(folder(t, root, id), "group"))
	var pid int
	if err == nil {
		_, err = fmt.Sscan(string(b), &pid)
	}
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func TestJobStop(t *testing.T) {
	p, host, root := jobPool(t)
	steady(t, p, host)
	for _, x := range []struct {
		name, text string
		exit       int
	}{
		{"polite", "trap 'echo bye; exit 9' TERM; echo hi; while :; do sleep 0.05; done", 9},
		{"asleep", "sleep 1000", 143},
		{"stubborn", "trap '' TERM; while :; do sleep 0.05; done", 137},
		{"children", "sleep 1000 & sleep 1000 & wait", 143},
	} {
		t.Run(x.name, func(t *testing.T) {
			j := mustStart(t, p, host, x.name, Command{Text: x.text})
			if s, err := j.Status(t.Context()); err != nil || s.State != JobRunning {
				t.Fatalf("%+v, %v", s, err)
			}
			pid := leader(t, root, x.name)
			s, err := j.Stop(t.Context(), time.Second)
			if err != nil || s.State != JobEnded || s.Exit != x.exit {
				t.Errorf("%+v, %v", s, err)
			}
			if l := group(t, pid); len(l) > 0 {
				t.Errorf("left: %q", l)
			}
			o, err := j.Wait(t.Context(), nil)
			if err != nil || o.Exit != x.exit || x.name == "polite" && string(o.Stdout) != "hi\nbye\n" {
				t.Errorf("%+v, %q, %v", o, o.Stdout, err)
			}
			if s, err := j.Stop(t.Context(), time.Second); err != nil || s.Exit != x.exit {
				t.Errorf("a second time: %+v, %v", s, err)
			}
		})
	}
}

func TestJobLost(t *testing.T) {
	p, host, root := jobPool(t)
	steady(t, p, host)
	j := mustStart(t, p, host, "lost", Command{Text: "sleep 1000"})
	pid := leader(t, root, "lost")
	if o, err := p.Run(t.Context(), host, Command{Text: fmt.Sprintf("kill -KILL -%d", pid)}); err != nil || o.Exit != 0 {
		t.Fatalf("%+v, %v", o, err)
	}
	eventually(t, "it is gone", func() bool { return len(group(t, pid)) == 0 })
	if s, err := j.Status(t.Context()); err != nil || s.State != JobLost {
		t.Errorf("%+v, %v", s, err)
	}
	if _, err := j.Wait(t.Context(), nil); !isJob(err, JobLost) || !strings.Contains(err.Error(), "how far it came is not known") {
		t.Errorf("%v", err)
	}
	if _, err := p.Start(t.Context(), host, "lost", Command{Text: "exit 0"}); err != nil {
		t.Error(err)
	}
	if s, err := j.Status(t.Context()); err != nil || s.State != JobLost {
		t.Errorf("started again: %+v, %v", s, err)
	}
}

func TestJobLeavesADaemon(t *testing.T) {
	p, host, root := jobPool(t)
	steady(t, p, host)
	j := mustStart(t, p, host, "daemon", Command{Text: "sleep 1000 & echo $!; exit 3"})
	o, err := j.Wait(t.Context(), nil)
	if err != nil || o.Exit != 3 {
		t.Errorf("%+v, %v", o, err)
	}
	pid := leader(t, root, "daemon")
	if _, err := p.Run(t.Context(), host, Command{Text: "kill " + string(o.Stdout)}); err != nil {
		t.Error(err)
	}
	eventually(t, "who kept its output is gone", func() bool { return len(group(t, pid)) == 0 })
}

func TestJobWaitEndsWithItsContext(t *testing.T) {
	p, host, _ := jobPool(t)
	steady(t, p, host)
	j := mustStart(t, p, host, "patience", Command{Text: "echo here; sleep 1000"})
	ctx, cancel := context.WithCancel(t.Context())
	o, err := j.Wait(ctx, func(_, _ string) { cancel() })
	if !errors.Is(err, context.Canceled) || string(o.Stdout) != "here\n" {
		t.Errorf("%q, %v", o.Stdout, err)
	}
	if s, err := j.Status(t.Context()); err != nil || s.State != JobRunning {
		t.Errorf("%+v, %v", s, err)
	}
	if _, err := j.Stop(t.Context(), 0); err != nil {
		t.Error(err)
	}
}

func TestJobIDs(t *testing.T) {
	p := &Pool{}
	for _, id := range []string{"", ".", "..", "a/b", "-x", "a b", "a'b", "ä", strings.Repeat("x", 101)} {
		if _, err := p.Start(t.Context(), "h", id, Command{}); !errors.Is(err, Misconfigured) {
			t.Errorf("%q: %v", id, err)
		}
	}
	if !validID(strings.Repeat("x", 100)) || !validID("run-1.step_2") {
		t.Error("a good id was refused")
	}
}
