package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// quiet is a terminal that answers nothing: whatever it is asked, nobody reads.
type quiet struct {
	t             testing.TB
	master, slave *os.File
	cmd           *exec.Cmd

	mu   sync.Mutex
	out  []byte
	from int           // what was written before is not looked at
	more chan struct{} // closed when there is more
	over chan struct{} // closed when nothing more can come
}

// newQuiet opens a terminal of a size.
func newQuiet(t testing.TB, cols, lines uint16) *quiet {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	q := &quiet{t: t, master: master, more: make(chan struct{}), over: make(chan struct{})}
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if q.slave, err = os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		t.Fatal(err)
	}
	q.size(cols, lines)
	t.Cleanup(func() {
		if q.cmd != nil && q.cmd.ProcessState == nil {
			_ = q.cmd.Process.Kill() // the test has failed already
		}
		_ = errors.Join(q.slave.Close(), q.master.Close()) // some tests have closed them
		if q.cmd != nil {
			<-q.over
		}
	})
	return q
}

func (q *quiet) size(cols, lines uint16) {
	q.t.Helper()
	if err := unix.IoctlSetWinsize(int(q.slave.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: lines, Col: cols}); err != nil {
		q.t.Fatal(err)
	}
}

// modes is how the terminal treats what is typed and written.
func (q *quiet) modes() unix.Termios {
	q.t.Helper()
	m, err := unix.IoctlGetTermios(int(q.slave.Fd()), unix.TCGETS)
	if err != nil {
		q.t.Fatal(err)
	}
	return *m
}

// run starts the program on the terminal, as the session's own where owned.
func (q *quiet) run(owned bool, env []string, args ...string) {
	q.t.Helper()
	q.cmd = exec.CommandContext(context.Background(), "jurymast", args...)
	q.cmd.Env = append(os.Environ(), append([]string{"CI=", "TMUX=", "STY=", "NO_COLOR=", "COLORTERM=", "LANG=C.UTF-8"}, env...)...)
	q.cmd.Stdin, q.cmd.Stdout, q.cmd.Stderr = q.slave, q.slave, q.slave
	q.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: owned}
	if err := q.cmd.Start(); err != nil {
		q.cmd = nil
		q.t.Fatal(err)
	}
	go func() {
		defer close(q.over)
		for b := make([]byte, 64<<10); ; {
			n, err := q.master.Read(b)
			q.mu.Lock()
			q.out = append(q.out, b[:n]...)
			close(q.more)
			q.more = make(chan struct{})
			q.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
}

// sees waits until text was written, and returns all that was written so far.
func (q *quiet) sees(text string) []byte {
	q.t.Helper()
	limit := time.NewTimer(40 * time.Second)
	defer limit.Stop()
	for {
		q.mu.Lock()
		out, more := slices.Clone(q.out), q.more
		q.mu.Unlock()
		if bytes.Contains(out[q.from:], []byte(text)) {
			return out
		}
		select {
		case <-more:
		case <-limit.C:
			q.t.Fatalf("%q never came; this did: %q", text, out)
		}
	}
}

// after has only what comes behind the newest place of a text looked at.
func (q *quiet) after(text string) *quiet {
	q.t.Helper()
	q.from = bytes.LastIndex(q.sees(text), []byte(text)) + len(text)
	return q
}

func (q *quiet) types(text string) {
	q.t.Helper()
	if _, err := q.master.WriteString(text); err != nil {
		q.t.Fatal(err)
	}
}

// ends waits for the program and returns its exit code.
func (q *quiet) ends() int {
	q.t.Helper()
	done := make(chan error, 1)
	go func() { done <- q.cmd.Wait() }()
	select {
	case err := <-done:
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			q.t.Fatal(err)
		}
		return q.cmd.ProcessState.ExitCode()
	case <-time.After(40 * time.Second):
		q.t.Fatal("it did not end")
		return 0
	}
}

// silentPort takes connections on loopback and never says a word.
func silentPort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var held []net.Conn
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			held = append(held, c)
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-done
		for _, c := range held {
			_ = c.Close()
		}
	})
	return l.Addr().(*net.TCPAddr).Port
}

// silentHost is an inventory of one machine that never says a word.
func silentHost(t *testing.T) (env []string) {
	t.Helper()
	return inventoryOf(t, fmt.Sprintf("name = \"lonely\"\n[node.mute]\naddress = \"127.0.0.1\"\nport = %d\n", silentPort(t)))
}

// inventoryOf is the environment of a program with an inventory and a state folder
// of its own.
func inventoryOf(t testing.TB, text string) (env []string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "inventory.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{"JURYMAST_INVENTORY=" + path, "JURYMAST_STATE_DIR=" + filepath.Join(dir, "state"), "HOME=" + dir}
}

// asks are sequences that a terminal is expected to answer: its colours
// (OSC 10, 11), where its cursor is (DSR), what it is (DA, XTVERSION, kitty).
var asks = regexp.MustCompile("\x1b\\]1[01];\\?|\x1b\\[[?>=]?[0-9;]*[cn]|\x1b\\[>[0-9]*q|\x1b\\[\\?u")

// colours are sequences of colours beyond the sixteen of the terminal's theme.
var colours = regexp.MustCompile("\x1b\\[([0-9;]*;)?[34]8[;:][0-9;:]*m")

// TestATerminalThatAnswersNothing: the console asks a terminal nothing, so that
// nothing is waited for, and its first frame is there before any host has
// answered. Terminals that lie about their colours get the sixteen as well.
func TestATerminalThatAnswersNothing(t *testing.T) {
	t.Parallel()
	for name, env := range map[string][]string{
		"xterm":              {"TERM=xterm-256color"},
		"a serial console":   {"TERM=linux"},
		"lies about colours": {"TERM=vt100", "COLORTERM=truecolor", "CLICOLOR_FORCE=1"},
		"says it has none":   {"TERM=xterm-256color", "NO_COLOR=1"},
		"has no name":        {"TERM="},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := newQuiet(t, 100, 30)
			before := q.modes()
			q.run(true, append(silentHost(t), env...))
			frame := q.sees("not looked at yet")
			if drawn, answered := bytes.Index(frame, []byte("not looked at yet")), bytes.Index(frame, []byte("not reached")); answered >= 0 && answered < drawn {
				t.Error("the first frame waited for a host")
			}
			if at := asks.FindIndex(frame); at != nil {
				t.Errorf("the terminal is asked something: %q", frame[at[0]:at[1]])
			}
			q.types("2")
			q.sees("[2 Node]")
			q.types("q")
			if code := q.ends(); code != 0 {
				t.Errorf("it ended with %d", code)
			}
			all := q.sees("\x1b[?1049l")
			if at := colours.FindIndex(all); at != nil {
				t.Errorf("a colour that the theme does not rule: %q", all[at[0]:at[1]])
			}
			if strings.Contains(name, "none") && regexp.MustCompile("\x1b\\[[0-9;]+m").Match(all) {
				t.Error("styles without colour")
			}
			if q.modes() != before {
				t.Error("the terminal is not as it was")
			}
		})
	}
}

// TestCommandsAskATerminalNothing: what is printed and gone does not wait either.
func TestCommandsAskATerminalNothing(t *testing.T) {
	t.Parallel()
	for command, says := range map[string]string{"version": "PLATFORM", "help": "jurymast"} {
		q := newQuiet(t, 100, 30)
		q.run(true, []string{"TERM=xterm-256color"}, command)
		if code := q.ends(); code != 0 {
			t.Errorf("%s ended with %d", command, code)
		}
		if out := q.sees(says); asks.Match(out) {
			t.Errorf("%s asks the terminal something: %q", command, out)
		}
	}
}

// TestTerminalsOfAnySize: the smallest and the largest, one after the other.
func TestTerminalsOfAnySize(t *testing.T) {
	t.Parallel()
	q := newQuiet(t, 1, 1)
	q.run(true, append(silentHost(t), "TERM=xterm-256color"))
	q.sees("\x1b[?1049h")
	q.size(38, 9)
	q.sees("too small, need 40x10, have 38x9")
	q.size(500, 200)
	q.sees("not looked at yet")
	q.size(1, 1)
	q.size(60, 15)
	q.sees("Narrow terminal")
	q.types("q")
	if code := q.ends(); code != 0 {
		t.Errorf("it ended with %d", code)
	}
}

// TestATerminalThatIsLost: the console ends with its terminal, told by a signal
// or not.
func TestATerminalThatIsLost(t *testing.T) {
	t.Parallel()
	for name, owned := range map[string]bool{"hangs up": true, "is gone without a signal": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := newQuiet(t, 100, 30)
			q.run(owned, append(silentHost(t), "TERM=xterm-256color"))
			q.sees("not looked at yet")
			if err := q.slave.Close(); err != nil {
				t.Fatal(err)
			}
			if err := q.master.Close(); err != nil {
				t.Fatal(err)
			}
			if code := q.ends(); code != 129 {
				t.Errorf("it ended with %d, want 129", code)
			}
		})
	}
}
