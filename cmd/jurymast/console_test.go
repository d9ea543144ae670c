package main

import (
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
	t      *testing.T
	socket string
	dir    string
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
	return p
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
	for end := time.Now().Add(within); ; time.Sleep(50 * time.Millisecond) { // tmux tells nobody that a screen has changed
		if strings.Contains(p.screen(), text) == there {
			return true
		}
		if time.Now().After(end) {
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

// TestConsoleOnATerminal drives the real program on a real terminal: through
// its screens, through a run that outlives it, and through every way of ending,
// after which the terminal is as it was.
func TestConsoleOnATerminal(t *testing.T) {
	t.Parallel()
	p := openPane(t, `
cat >>"$JURYMAST_INVENTORY" <<EOF
[playbook.slow]
title = "wait a little"
[[playbook.slow.step]]
title = "wait on a machine"
on = "home1"
run = "sleep 4; echo waited"
EOF
before=$(stty -g)
while :; do
	sh -c 'echo $$ >"$PIDFILE"; exec jurymast'
	code=$?
	after=$(stty -g)
	if [ "$before" = "$after" ]; then whole=whole; else whole=broken; stty "$before"; fi
	printf 'ended %s, terminal %s\n' "$code" "$whole"
	read -r _ || exit 1
	clear
done
`)
	again := func() { p.press("Enter").sees("Problems none") }

	p.sees("Problems none").press("2").sees("Nodes 10").press("Enter").sees("Nodes > ").sees("Checks").press("?").sees("Keys on Nodes").press("Escape").gone("Keys on Nodes")
	p.press("8").sees("History").press("q").sees("ended 0, terminal whole")

	again()
	p.press(":").sees("Command").signal(syscall.SIGTERM).sees("ended 143, terminal whole")

	again()
	p.sees("▸ ✓ home1").press("e").says("the editor ended").sees("Problems none")
	p.press(":").sees("Command").press("plan slow").sees("jurymast plan slow").press("Enter").sees("Plans > slow > plan").press("x").sees("Type  slow")
	time.Sleep(600 * time.Millisecond) // a question is deaf until keys have rested
	p.press("slow").sees("> slow_")
	time.Sleep(600 * time.Millisecond) // enter counts once the letters have rested
	p.press("Enter").sees("RUNNING")
	p.signal(syscall.SIGKILL).sees("ended 137")

	again()
	p.sees("run ").press("0").sees("Runs > ").sees("DONE").press("p").sees("Left to do").signal(syscall.SIGHUP).sees("ended 129, terminal whole")
}

// TestRing: text from a machine cannot end the sequence that it stands in.
func TestRing(t *testing.T) {
	t.Parallel()
	for want, notify := range map[string]bool{"\a": false, "\a\x1b]9;run 7: done]0;x\a": true} {
		var out strings.Builder
		if err := ring(&out, "run 7: done\x1b]0;x\a", notify); err != nil || out.String() != want {
			t.Errorf("%q, %v, want %q", out.String(), err, want)
		}
	}
}

// TestConsoleSettings holds what console.toml may say.
func TestConsoleSettings(t *testing.T) {
	t.Parallel()
	for name, x := range map[string]struct{ text, want string }{
		"none":         {"", ""},
		"good":         {"theme = \"mono\"\n[keys]\nshell = [\"S\"]\n", ""},
		"unknown":      {"colour = 1\n", "colour"},
		"not TOML":     {"[keys\n", "keys"},
		"another type": {"theme = 3\n", "theme"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if x.text != "" {
				if err := os.WriteFile(filepath.Join(dir, "console.toml"), []byte(x.text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			_, err := loadConsole(dir)
			if (err == nil) != (x.want == "") {
				t.Fatalf("%v", err)
			}
			if err == nil {
				return
			}
			if r := explain(err); r.code != exitInventory || !strings.Contains(r.what+r.why, x.want) {
				t.Errorf("%+v does not speak of %q", r, x.want)
			}
		})
	}
}
