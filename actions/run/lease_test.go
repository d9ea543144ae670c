package run

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// leaseShells are the shells that the leases of a host are kept by.
var leaseShells = [][]string{{"dash"}, {"bash", "--posix"}, {"busybox", "sh"}}

// leaseHost is a host with leases of its own. Whoever writes one there waits on
// a pipe before it is in its place.
type leaseHost struct {
	t     *testing.T
	shell []string
	root  string
	begun string // a pipe that tells that somebody writes
	gate  string // a pipe that lets somebody go on
}

func newLeaseHost(t *testing.T, shell []string) *leaseHost {
	t.Helper()
	dir := t.TempDir()
	h := &leaseHost{t: t, shell: shell, root: filepath.Join(dir, "root"), begun: filepath.Join(dir, "begun"), gate: filepath.Join(dir, "gate")}
	for _, p := range []string{h.begun, h.gate} {
		if err := syscall.Mkfifo(p, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	slow := fmt.Sprintf("#!/bin/sh\necho >%s\nread -r go <%s\nexec /bin/mv \"$@\"\n", h.begun, h.gate)
	if err := os.WriteFile(filepath.Join(dir, "mv"), []byte(slow), 0o700); err != nil {
		t.Fatal(err)
	}
	return h
}

// take begins to take the lease of a target for a run; a slow one waits at the gate.
func (h *leaseHost) take(run string, slow bool) (*exec.Cmd, *bytes.Buffer) {
	h.t.Helper()
	cmd := exec.CommandContext(h.t.Context(), h.shell[0], h.shell[1:]...)
	path := os.Getenv("PATH")
	if slow {
		path = filepath.Dir(h.gate) + ":" + path
	}
	cmd.Env = []string{
		"PATH=" + path, "HOME=" + h.root, "XDG_STATE_HOME=" + h.root, "JURYMAST_ROOT=" + h.root,
		"JM_DO=take", "JM_TARGETS=service=db", "RUN=" + run, "JM_HOLDER=ops@console", "JM_TTL=120", "JM_EPOCH=",
	}
	cmd.Stdin = strings.NewReader(leaseScript)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	if slow {
		h.wait(h.begun)
	}
	return cmd, &out
}

// wait waits until somebody writes into a pipe.
func (h *leaseHost) wait(pipe string) {
	h.t.Helper()
	if _, err := os.ReadFile(pipe); err != nil {
		h.t.Fatal(err)
	}
}

// TestALeftLockIsTakenAway: a controller is killed, or its line lost, while a
// host's leases are written. The next run is not made to wait for a shell that
// is gone.
func TestALeftLockIsTakenAway(t *testing.T) {
	// Who runs the tests under nohup begins them deaf to it, and what they start.
	heard := make(chan os.Signal, 1)
	signal.Notify(heard, syscall.SIGHUP)
	t.Cleanup(func() { signal.Stop(heard) })
	for _, shell := range leaseShells {
		for _, by := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM, syscall.SIGHUP} {
			t.Run(fmt.Sprint(shell[0], " ", by), func(t *testing.T) {
				h := newLeaseHost(t, shell)
				left, _ := h.take("first", true)
				if err := syscall.Kill(-left.Process.Pid, by); err != nil {
					t.Fatal(err)
				}
				if err := left.Wait(); err == nil {
					t.Fatal("it ended well, though it was killed")
				}
				next, out := h.take("second", false)
				if err := next.Wait(); err != nil || !strings.Contains(out.String(), "@epoch 1") {
					t.Fatalf("%v: %s", err, out)
				}
			})
		}
	}
}

// TestALockIsLeftToWhoLives: nobody else's lease comes between the read and the
// write of one that takes its time.
func TestALockIsLeftToWhoLives(t *testing.T) {
	for _, shell := range leaseShells {
		t.Run(shell[0], func(t *testing.T) {
			t.Parallel()
			h := newLeaseHost(t, shell)
			first, said := h.take("first", true)
			second, refused := h.take("second", false)
			if err := os.WriteFile(h.gate, []byte("go\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := first.Wait(); err != nil || !strings.Contains(said.String(), "@epoch 1") {
				t.Fatalf("the first: %v: %s", err, said)
			}
			err := second.Wait()
			if second.ProcessState.ExitCode() != 75 || !strings.Contains(refused.String(), "@held service=db first") {
				t.Fatalf("the second: %v: %s", err, refused)
			}
		})
	}
}
