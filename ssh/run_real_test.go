package ssh

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// eventually waits for a condition; it never waits longer than it must.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("it did not come to this: " + what)
		}
	}
}

// steady holds that no goroutine is left when the test ends but those of the
// connection.
func steady(t *testing.T, p *reached, host string) {
	t.Helper()
	if _, err := p.Run(t.Context(), host, Command{Text: ":"}); err != nil {
		t.Fatal(err)
	}
	before := runtime.NumGoroutine()
	t.Cleanup(func() {
		eventually(t, "no more goroutines than before", func() bool { return runtime.NumGoroutine() <= before })
	})
}

func TestRunReal(t *testing.T) {
	p, host := realPool(t)
	ctx := t.Context()
	for _, x := range []struct {
		name, text string
		secrets    string
		out, err   string
		exit       int
		signal     string
	}{
		{name: "both streams", text: "echo out; echo err >&2; exit 3", out: "out\n", err: "err\n", exit: 3},
		{name: "nothing", text: ":"},
		{name: "input is empty", text: "cat; echo end", out: "end\n"},
		{name: "secrets", secrets: "PW='a b'\n", text: `echo "$PW"; tr '\0' '\n' </proc/$$/environ | grep -c '^PW='; tr '\0' ' ' </proc/$$/cmdline | grep -c 'a b'`, out: "a b\n0\n0\n", exit: 1},
		{name: "ended by a signal", text: "echo a; kill -KILL $$", out: "a\n", exit: -1, signal: "KILL"},
		{name: "not found", text: "no-such-command", exit: 127, err: "not found"},
		{name: "mistake in the grammar", text: "echo a\nif", exit: 2, err: "yntax error"},
		{name: "cleaned", text: `printf '\033[31mred\033[0m\r\n\200\001'`, out: "red\n\uFFFD"},
		{name: "long text", text: strings.Repeat("# it's a long text\n", 20000) + "echo end", out: "end\n"},
		{name: "left behind", text: "sleep 30 >/dev/null 2>&1 & echo $!; exit 0", out: "\n"},
	} {
		t.Run(x.name, func(t *testing.T) {
			o, err := p.Run(ctx, host, Command{Text: x.text, Secrets: []byte(x.secrets)})
			if err != nil {
				t.Fatal(err)
			}
			if o.Exit != x.exit || o.Signal != x.signal {
				t.Errorf("exit %d %q, want %d %q", o.Exit, o.Signal, x.exit, x.signal)
			}
			if x.name == "left behind" {
				n, _ := strconv.Atoi(strings.TrimSpace(string(o.Stdout)))
				if syscall.Kill(n, syscall.SIGKILL) != nil {
					t.Errorf("what was left behind properly is gone")
				}
				return
			}
			if string(o.Stdout) != x.out {
				t.Errorf("stdout %q, want %q", o.Stdout, x.out)
			}
			if !strings.Contains(string(o.Stderr), x.err) || x.err == "" && len(o.Stderr) > 0 {
				t.Errorf("stderr %q, want %q", o.Stderr, x.err)
			}
			if o.Cut || o.Took <= 0 {
				t.Errorf("cut %v, took %v", o.Cut, o.Took)
			}
		})
	}
}

func TestRunBounds(t *testing.T) {
	p, host := realPool(t)
	steady(t, p, host)
	o, err := p.Run(t.Context(), host, Command{Text: "head -c 5000 /dev/zero | tr '\\0' x; echo err >&2", Max: 1000})
	if err != nil || len(o.Stdout) != 1000 || !o.Cut || string(o.Stderr) != "err\n" || o.Exit != 0 {
		t.Errorf("%d bytes, cut %v, %q, exit %d, %v", len(o.Stdout), o.Cut, o.Stderr, o.Exit, err)
	}
	for _, to := range []string{"", " >&2"} {
		start := time.Now()
		o, err = p.Run(t.Context(), host, Command{Text: "echo $$; head -c 1073741824 /dev/zero" + to, Max: 1000})
		if !errors.Is(err, TooLarge) || !strings.Contains(err.Error(), wasEnded) {
			t.Errorf("a gigabyte%s: %v", to, err)
		}
		if len(o.Stdout) > 1000 || len(o.Stderr) > 1000 || time.Since(start) > 20*time.Second {
			t.Errorf("%d and %d bytes, took %v", len(o.Stdout), len(o.Stderr), time.Since(start))
		}
		gone(t, o)
	}
}

// gone holds that the process group whose leader the command printed first has
// ended.
func gone(t *testing.T, o Output) {
	t.Helper()
	first, _, _ := strings.Cut(string(o.Stdout), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		t.Fatalf("no process id in %q", o.Stdout)
	}
	if l := group(t, pid); len(l) > 0 {
		t.Errorf("of the process group %d there are still %q", pid, l)
	}
}

// group returns the processes of a group, but for those that are dead and have
// not been asked after.
func group(t *testing.T, pgid int) (live []string) {
	t.Helper()
	b, err := exec.Command("ps", "-A", "-o", "pgid=,stat=,pid=,comm=").Output()
	if err != nil {
		t.Fatal(err)
	}
	for l := range strings.Lines(string(b)) {
		if f := strings.Fields(l); len(f) > 2 && f[0] == strconv.Itoa(pgid) && f[1][0] != 'Z' {
			live = append(live, l)
		}
	}
	return live
}

func TestRunCanceled(t *testing.T) {
	p, host := realPool(t)
	for _, x := range []struct{ name, text string }{
		{"asleep", "sleep 1000"},
		{"children", "sh -c 'sleep 1000 & sleep 1000 & wait'"},
		{"ignores TERM", "trap '' TERM; while :; do sleep 1; done"},
		{"INT and HUP ignored", "trap '' INT HUP; sleep 1000; sleep 1000"},
		{"prints and prints", "while :; do echo x; done"},
		{"children ignore TERM, their parent does not", "sh -c 'trap \"\" TERM; sleep 1000; sleep 1000' & wait"},
	} {
		for _, sudo := range []bool{false, true} {
			if sudo && os.Geteuid() != 0 {
				continue
			}
			t.Run(fmt.Sprintf("%s/sudo=%v", x.name, sudo), func(t *testing.T) {
				steady(t, p, host)
				dir := t.TempDir()
				began := filepath.Join(dir, "began")
				ctx, cancel := context.WithCancel(t.Context())
				go func() {
					defer cancel()
					eventually(t, "the command began", func() bool { _, err := os.Stat(began); return err == nil })
				}()
				start := time.Now()
				o, err := p.Run(ctx, host, Command{Text: "echo $$; : >'" + began + "'\n" + x.text, Sudo: sudo, Max: 64 << 20})
				if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), wasEnded) {
					t.Errorf("%v", err)
				}
				gone(t, o)
				if time.Since(start) > 8*time.Second {
					t.Errorf("it took %v", time.Since(start))
				}
			})
		}
	}
	t.Run("deadline", func(t *testing.T) {
		steady(t, p, host)
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		o, err := p.Run(ctx, host, Command{Text: "echo $$; sleep 1000"})
		if !errors.Is(err, Timeout) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		gone(t, o)
	})
}

func TestStream(t *testing.T) {
	p, host := realPool(t)
	steady(t, p, host)
	var out, errs []string
	first := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		o, err := p.Stream(t.Context(), host, Command{Text: "printf 'a\\033[1m\\nb'; echo e >&2; sleep 0.2; echo c; exit 4"},
			func(l []byte) {
				if out == nil {
					close(first)
				}
				out = append(out, string(l))
			}, func(l []byte) { errs = append(errs, string(l)) })
		if err != nil || o.Exit != 4 {
			t.Errorf("%+v, %v", o, err)
		}
	}()
	<-first
	<-done
	if strings.Join(out, "|") != "a|bc" || strings.Join(errs, "|") != "e" {
		t.Errorf("%q, %q", out, errs)
	}
}

func TestSFTPReal(t *testing.T) {
	p, host := realPool(t)
	steady(t, p, host)
	f, err := p.SFTP(t.Context(), host)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "a file")
	for _, want := range []string{"one", strings.Repeat("two", 100000)} {
		if err := f.Put(t.Context(), path, 0o640, strings.NewReader(want)); err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		n, err := f.Get(t.Context(), path, &got)
		if err != nil || got.String() != want || n != int64(len(want)) {
			t.Errorf("%d bytes, %v", n, err)
		}
		if fi, err := os.Stat(path); err != nil || fi.Mode() != 0o640 {
			t.Errorf("%v, %v", fi, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.Put(ctx, path, 0o600, strings.NewReader("x")); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	if err := f.Put(t.Context(), "/no/such/folder/file", 0o600, strings.NewReader("x")); err == nil {
		t.Error("a file in no folder")
	}
	if left, _ := filepath.Glob(path + ".new-*"); len(left) > 0 {
		t.Errorf("left over: %q", left)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}
