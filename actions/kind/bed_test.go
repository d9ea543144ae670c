package kind

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"jurymast/actions"
)

// What the tests against real servers have in common.

// needed returns where a program is, and ends the test where there is none: as
// a failure in CI, which installs it, else with a word of what is missing.
func needed(t testing.TB, name, from string) string {
	t.Helper()
	places := []string{name}
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin/", "/usr/pgsql-*/bin/", "/usr/sbin/"} {
		found, err := filepath.Glob(pattern + name)
		if err != nil {
			t.Fatal(err)
		}
		slices.Reverse(found)
		places = append(places, found...)
	}
	slices.SortStableFunc(places, func(a, b string) int { return strings.Count(b, "postgresql") - strings.Count(a, "postgresql") })
	for _, p := range places {
		if path, err := exec.LookPath(p); err == nil {
			return path
		}
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("%s is not there, and .ci/run should have installed it (apt install %s)", name, from)
	}
	t.Skipf("not tested: %s is not there (apt install %s)", name, from)
	return ""
}

// serverUser returns the user that a server is run as: the tests themselves may
// run as root, which servers refuse to.
func serverUser(t testing.TB, name string) string {
	t.Helper()
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	if me.Uid != "0" {
		return me.Username
	}
	if _, err := user.Lookup(name); err != nil {
		t.Fatal(err)
	}
	return name
}

// serverFolder makes a folder that belongs to a user and goes with the test.
// Its name is short: sockets lie in it.
func serverFolder(t testing.TB, owner string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "jm")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if os.Getuid() == 0 {
		if out, err := exec.CommandContext(t.Context(), "chown", owner, dir).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	return dir
}

// freePort returns a port of loopback that nobody listens on.
func freePort(t testing.TB) int {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// ran is what came of a script.
type ran struct {
	actions.Output
	said map[string]string
}

// runFully runs a script as a runner does: its secrets ahead, its text as one
// compound command with nothing on standard input.
func runFully(ctx context.Context, t testing.TB, s actions.Script, shell ...string) ran {
	t.Helper()
	text, secrets, err := s.Render()
	if err != nil {
		t.Fatal(err)
	}
	if len(shell) == 0 { // each of them has its share, the same each time
		shell = [][]string{{"dash"}, {"busybox", "sh"}, {"bash", "--posix"}}[len(t.Name()+s.Name)%3]
	}
	cmd := exec.CommandContext(ctx, shell[0], append(shell[1:], "-s")...)
	cmd.Stdin = strings.NewReader(string(secrets) + "eval " + actions.Quote("{ :\n"+text+"\n}") + " </dev/null\n")
	cmd.Env = append(os.Environ(), "HOME=/")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	start := time.Now()
	err = cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) && ctx.Err() == nil {
		t.Fatal(err)
	}
	o := actions.Output{Stdout: stdout.Bytes(), Stderr: stderr.Bytes(), Exit: cmd.ProcessState.ExitCode(), Took: time.Since(start)}
	return ran{o, actions.Said(o.Stdout)}
}

// must runs a script that has to end well.
func must(t testing.TB, s actions.Script, in map[string]string) ran {
	t.Helper()
	r := runFully(t.Context(), t, s.With(in))
	if r.Exit != 0 {
		t.Fatalf("%s: exit %d\n%s%s", s.Name, r.Exit, r.Stdout, r.Stderr)
	}
	return r
}

// cut runs a script and kills it and all that it began after a while, as the
// end of a host's power does; it reports whether the script had ended by itself.
func cut(t testing.TB, s actions.Script, in map[string]string, after time.Duration) bool {
	t.Helper()
	text, secrets, err := s.With(in).Render()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "dash", "-s")
	cmd.Stdin = strings.NewReader(string(secrets) + text)
	cmd.Env = append(os.Environ(), "HOME=/")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(after, func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	err = cmd.Wait()
	return timer.Stop() && err == nil
}

// await waits until something holds.
func await(t testing.TB, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited in vain: %s", what)
		case <-tick.C:
		}
	}
}
