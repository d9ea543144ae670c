package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// pane is a terminal of tmux in which a script runs.
type pane struct {
	t       *testing.T
	socket  string
	dir     string
	changed <-chan struct{} // holds one token when something was written to it
}

// aProgram is this test's own program under the name jurymast: a copy, since
// the program starts itself by the name that it finds itself under.
func aProgram(t *testing.T, dir string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	in, err := os.Open(self)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close() }() // only read
	// A child that is started meanwhile would hold the file open for writing, and
	// a program that is written to cannot be run.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	path := filepath.Join(dir, "jurymast")
	out, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o700)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// openPane runs a script on a terminal of 100 by 30, in a demo fleet.
func openPane(t *testing.T, script string) *pane {
	t.Helper()
	dir, err := os.MkdirTemp("", "jm") // short: tmux's socket has room for 100 bytes
	if err != nil {
		t.Fatal(err)
	}
	p := &pane{t: t, dir: dir, socket: filepath.Join(dir, "tmux")}
	program := aProgram(t, dir)
	session := filepath.Join(dir, "session.sh")
	if err := os.WriteFile(session, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.tmux("kill-server").Run() // it may have ended with its session
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	c := p.tmux("-f", "/dev/null", "new-session", "-d", "-x", "100", "-y", "30",
		fmt.Sprintf("exec %s demo --calm shell -c 'PIDFILE=%s/pid; export PIDFILE; . %s'", program, dir, session))
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	p.watch()
	return p
}

// watch has tmux tell what is written to the pane, as it tells terminals that
// are programs (tmux(1), control mode). It ends with the session.
func (p *pane) watch() {
	p.t.Helper()
	c := p.tmux("-C", "attach-session", "-f", "ignore-size,read-only")
	in, err := c.StdinPipe() // held open: its end would detach
	if err != nil {
		p.t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		p.t.Fatal(err)
	}
	changed, over := make(chan struct{}, 1), make(chan struct{})
	p.changed = changed
	go func() {
		defer close(over)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			select {
			case changed <- struct{}{}:
			default: // whoever waits will look at the newest
			}
		}
	}()
	p.t.Cleanup(func() {
		_ = in.Close() // it may have ended with the session
		<-over
		_ = c.Wait()
	})
}

func (p *pane) tmux(args ...string) *exec.Cmd {
	c := exec.CommandContext(context.Background(), "tmux", append([]string{"-S", p.socket}, args...)...)
	c.Env = append(os.Environ(), "LANG=C.UTF-8", "LC_ALL=C.UTF-8", "CI=", "TMUX=", "TERM=xterm-256color", "HOME="+p.dir, "SHELL=/bin/sh", "VISUAL=true")
	return c
}

func (p *pane) screen() string {
	out, err := p.tmux("capture-pane", "-p").CombinedOutput()
	if err != nil {
		p.t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

func (p *pane) sees(text string) *pane {
	p.t.Helper()
	if !p.shows(text, true, 40*time.Second) {
		p.t.Fatalf("%q never came; the screen is\n%s", text, p.screen())
	}
	return p
}

// shows waits until the screen has a text, or has it no longer, and reports
// whether that came about in time.
func (p *pane) shows(text string, there bool, within time.Duration) bool {
	p.t.Helper()
	limit := time.NewTimer(within)
	defer limit.Stop()
	for {
		if strings.Contains(p.screen(), text) == there {
			return true
		}
		select {
		case <-p.changed:
		case <-limit.C:
			return false
		}
	}
}

// gone waits until a text is no longer there: a key that comes right behind an
// escape is another key to a terminal.
func (p *pane) gone(text string) *pane {
	p.t.Helper()
	if !p.shows(text, false, 40*time.Second) {
		p.t.Fatalf("%q never went; the screen is\n%s", text, p.screen())
	}
	return p
}

// says waits for a message. It leaves its line after some seconds, which a slow
// machine may miss, and stays among all messages.
func (p *pane) says(text string) *pane {
	p.t.Helper()
	if p.shows(text, true, 10*time.Second) {
		return p
	}
	return p.press("M").sees("Messages").sees(text).press("Escape").gone("Messages")
}

func (p *pane) press(keys ...string) *pane {
	p.t.Helper()
	for _, k := range keys {
		if out, err := p.tmux("send-keys", k).CombinedOutput(); err != nil {
			p.t.Fatalf("%v: %s", err, out)
		}
	}
	return p
}

func (p *pane) signal(s syscall.Signal) *pane {
	p.t.Helper()
	b, err := os.ReadFile(filepath.Join(p.dir, "pid"))
	if err != nil {
		p.t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		p.t.Fatal(err)
	}
	if err := syscall.Kill(pid, s); err != nil {
		p.t.Fatal(err)
	}
	return p
}

// does types a command into the palette and carries it out.
func (p *pane) does(command string) *pane {
	p.t.Helper()
	return p.press(":").sees("tab complete").types(command).sees(": " + command + "_").press("Enter").gone("tab complete")
}

// types sends letters as they are, not as names of keys.
func (p *pane) types(text string) *pane {
	p.t.Helper()
	if out, err := p.tmux("send-keys", "-l", text).CombinedOutput(); err != nil {
		p.t.Fatalf("%v: %s", err, out)
	}
	return p
}
