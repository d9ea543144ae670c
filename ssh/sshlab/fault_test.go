package sshlab

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	gossh "golang.org/x/crypto/ssh"
)

func TestDown(t *testing.T) {
	l := start(t, Host{Name: "a"}, Host{Name: "b"})
	m := l.Machine("a")
	c := dial(t, m)
	for range 2 { // and once more after it was healed
		if err := l.Fault("a", "down"); err != nil {
			t.Fatal(err)
		}
		if err := c.Wait(); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("the connection was not reset but ended with %v", err)
		}
		if _, err := net.Dial("tcp", m.Addr()); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("connect: %v, want refused", err)
		}
		if _, err := dial(t, l.Machine("b")).Dial("tcp", "a:22"); err == nil {
			t.Error("another machine reached one that is down")
		}
		if other, err := net.Listen("tcp", m.Addr()); err == nil {
			t.Error("the port was given to somebody else")
			_ = other.Close()
		}
		if err := m.Heal(); err != nil {
			t.Fatal(err)
		}
		c = dial(t, m)
	}
	if err := m.Down(); err != nil {
		t.Fatal(err)
	}
	if err := m.Down(); err != nil {
		t.Errorf("down twice: %v", err)
	}
}

func TestCutOff(t *testing.T) {
	l := start(t, Host{Name: "a"}, Host{Name: "b"})
	m := l.Machine("a")
	if err := m.CutOff(); err != nil {
		t.Fatal(err)
	}
	if _, err := net.Dial("tcp", m.Addr()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("connect from outside: %v, want refused", err)
	}
	if _, err := l.Dial(t.Context(), "tcp", "a:22"); err == nil {
		t.Error("the console's own network reached it")
	}
	inner, err := dial(t, l.Machine("b")).Dial("tcp", "a:22")
	if err != nil {
		t.Fatalf("from another machine: %v", err)
	}
	conn, channels, requests, err := gossh.NewClientConn(inner, "a:22", clientConfig(t, m))
	if err != nil {
		t.Fatal(err)
	}
	if out, _, _ := run(t, gossh.NewClient(conn, channels, requests), "echo here", ""); out != "here\n" {
		t.Errorf("got %q", out)
	}
}

// What was asked of a machine that hangs is answered when it no longer does.
func TestHang(t *testing.T) {
	l := start(t, Host{Name: "a"})
	m := l.Machine("a")
	old := dial(t, m)
	m.Hang()
	fresh, err := net.Dial("tcp", m.Addr())
	if err != nil {
		t.Fatalf("a machine that hangs still accepts: %v", err)
	}
	defer fresh.Close()
	if err := fresh.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if n, err := fresh.Read(make([]byte, 100)); n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("it sent %d bytes, %v", n, err)
	}
	done := make(chan string)
	go func() {
		out, _, _ := run(t, old, "echo late", "")
		done <- out
	}()
	select {
	case out := <-done:
		t.Errorf("the old connection was answered: %q", out)
	case <-time.After(50 * time.Millisecond):
	}
	if err := m.Heal(); err != nil {
		t.Fatal(err)
	}
	if out := <-done; out != "late\n" {
		t.Errorf("after it was healed: %q", out)
	}
}

func TestHangEndsWithTheLab(t *testing.T) {
	l := start(t, Host{Name: "a"})
	c := dial(t, l.Machine("a"))
	l.Machine("a").Hang()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if c.Wait() == nil {
		t.Error("the connection lives")
	}
}

func TestRefuseAndKeysAndGarbage(t *testing.T) {
	l := start(t, Host{Name: "a"})
	m := l.Machine("a")
	before := clientConfig(t, m)
	ways := map[string]string{"refuse": "unable to authenticate", "newkey": "host key mismatch", "garbage": "ssh: "}
	for _, word := range []string{"refuse", "garbage", "newkey"} {
		c := dial(t, m)
		if err := l.Fault("a", word); err != nil {
			t.Fatal(err)
		}
		if c.Wait() == nil {
			t.Errorf("%s: the old connection lives", word)
		}
		config := *before
		config.Timeout = time.Second
		_, err := gossh.Dial("tcp", m.Addr(), &config)
		if word != "garbage" && (err == nil || !strings.Contains(err.Error(), ways[word])) {
			t.Errorf("%s: login: %v", word, err)
		}
		if word == "garbage" && err == nil {
			t.Error("garbage: login")
		}
		if err := m.Heal(); err != nil {
			t.Fatal(err)
		}
	}
	_, stderr, code := openssh(t, l, "", "a", "true")
	if code != 255 || !strings.Contains(stderr, "REMOTE HOST IDENTIFICATION HAS CHANGED") {
		t.Errorf("a changed key: %d, %s", code, stderr)
	}
}

func TestCut(t *testing.T) {
	l := start(t, Host{Name: "a"})
	m := l.Machine("a")
	c := dial(t, m)
	m.CutOnce(5000)
	stdout, stderr, code := run(t, c, "head -c 100000 /dev/zero", "")
	if code != -2 || len(stdout) >= 5000 {
		t.Errorf("%d bytes came through, %s, %d", len(stdout), stderr, code)
	}
	if out, _, _ := run(t, dial(t, m), "head -c 100000 /dev/zero", ""); len(out) != 100000 {
		t.Errorf("after a cut that happens once: %d bytes", len(out))
	}
	m.CutAfter(7)
	for range 2 {
		raw, err := net.Dial("tcp", m.Addr())
		if err != nil {
			t.Fatal(err)
		}
		got, _ := io.ReadAll(raw) // an end or a reset, either is a line that broke
		if string(got) != "SSH-2.0" {
			t.Errorf("got %q, want 7 bytes", got)
		}
		_ = raw.Close()
	}
}

// Bytes are each under way as long as told, and do not wait for one another.
func TestSlow(t *testing.T) {
	const delay = 40 * time.Millisecond
	l := start(t, Host{Name: "a"})
	m := l.Machine("a")
	c := dial(t, m)
	m.Slow(delay, 2*delay)
	for range 2 {
		begin := time.Now()
		if out, stderr, code := run(t, c, "cat", "x"); out != "x" || code != 0 {
			t.Fatal(out, stderr, code)
		}
		// Open and its answer, exec and its answer: two flights each way.
		if took := time.Since(begin); took < 2*3*delay {
			t.Errorf("a command took %v, want at least two round trips, %v", took, 2*3*delay)
		}
	}
	begin := time.Now()
	out, _, _ := run(t, c, "head -c 4000000 /dev/zero", "")
	took := time.Since(begin)
	// In ssh's windows of 2 MiB this takes some round trips; delays that added
	// up over the 32 KiB of a packet would make it more than a hundred.
	if len(out) != 4000000 || took > 40*3*delay {
		t.Errorf("%d bytes in %v", len(out), took)
	}
	if err := m.Heal(); err != nil {
		t.Fatal(err)
	}
	if out, _, _ := run(t, c, "echo again", ""); out != "again\n" {
		t.Errorf("after it was healed: %q", out)
	}
}

func TestFaultWords(t *testing.T) {
	l := start(t, Host{Name: "a"})
	for _, good := range [][]string{{"slow 20ms"}, {"slow", "20ms", "1ms"}, {"cut 1000"}, {"cut-once", "10"}, {"hang"}, {"cutoff"}, {"reboot"}, {"full"}, {"no-shell"}, {"read-only-tmp"}, {"clock 1970-01-01T00:10:00Z"}, {"heal"}} {
		if err := l.Fault("a", good[0], good[1:]...); err != nil {
			t.Errorf("%v: %v", good, err)
		}
	}
	for _, bad := range [][]string{{""}, {"burn"}, {"slow"}, {"slow x"}, {"slow -1s"}, {"cut -1"}, {"cut 1 2"}, {"down 3"}, {"clock"}, {"clock noon"}, {"full 3"}} {
		if err := l.Fault("a", bad[0], bad[1:]...); err == nil {
			t.Errorf("%v was taken", bad)
		}
	}
	if err := l.Fault("b", "down"); err == nil {
		t.Error("a machine that is not there was broken")
	}
}

// TestSick has a machine answer that is in no state to work, and recover.
func TestSick(t *testing.T) {
	l := start(t, Host{Name: "a"})
	m := l.Machine("a")
	ask := func(command string) string {
		t.Helper()
		out, said, code := run(t, dial(t, m), command, "echo ran\n")
		return fmt.Sprintf("%s%s%d", out, said, code)
	}
	const (
		write = `cd; (echo x >new) 2>/dev/null; wc -c <new | tr -d ' '; rm -f new`
		tmp   = `mktemp -d "$TMPDIR/x.XXXXXX" >/dev/null 2>&1 && echo made`
		clock = `date -u +%Y; date -u -r "$HOME" +%Y`
		shell = "exec /bin/sh -s"
	)
	year := time.Now().UTC().Format("2006")
	well := func() {
		t.Helper()
		for command, want := range map[string]string{write: "2\n0", tmp: "made\n0", clock: year + "\n" + year + "\n0", shell: "ran\n0"} {
			if got := ask(command); got != want {
				t.Errorf("%s: %q, want %q", command, got, want)
			}
		}
	}
	well()
	m.Full()
	if got := ask(write); got != "0\n0" {
		t.Errorf("full: %q", got)
	}
	m.NoShell()
	if got := ask(shell); !strings.HasSuffix(got, "127") || strings.Contains(got, "ran") {
		t.Errorf("no shell: %q", got)
	}
	if err := m.ReadOnlyTmp(); err != nil {
		t.Fatal(err)
	}
	if got := ask(tmp); got != "1" {
		t.Errorf("tmp: %q", got)
	}
	if err := m.Clock(time.Unix(600, 0)); err != nil {
		t.Fatal(err)
	}
	if got := ask(clock); got != "1970\n"+year+"\n0" {
		t.Errorf("clock: %q", got)
	}
	if err := m.Heal(); err != nil {
		t.Fatal(err)
	}
	well()
}

func TestReboot(t *testing.T) {
	l := start(t, Host{Name: "a"})
	m := l.Machine("a")
	const look = `cat "$JURYMAST_ROOT/proc/sys/kernel/random/boot_id"`
	before, _, _ := run(t, dial(t, m), look+"; (sleep 300) >/dev/null 2>&1 &", "")
	if err := m.Reboot(); err != nil {
		t.Fatal(err)
	}
	if left, _, err := strays(m.dir); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
	if after, _, _ := run(t, dial(t, m), look, ""); after == before || len(after) != 37 {
		t.Errorf("boot id %q, before %q", after, before)
	}
}

func TestCannedThousand(t *testing.T) {
	const many = 1000
	l := start(t)
	for i := range many {
		if _, err := l.Add(Host{Name: "web" + strconv.Itoa(i), SharedKey: i%2 == 0,
			Canned: func(command string, stdin []byte) ([]byte, []byte, int) {
				return []byte(command + string(stdin)), []byte("e"), 3
			}}); err != nil {
			t.Fatal(err)
		}
	}
	// The key exchanges cost the time; so few of them at once.
	slots := make(chan struct{}, 16)
	var wg sync.WaitGroup
	for _, m := range l.Machines() {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			c, err := gossh.Dial("tcp", m.Addr(), clientConfig(t, m))
			if err != nil {
				t.Error(err)
				return
			}
			if out, stderr, code := run(t, c, "look", "!"); out != "look!" || stderr != "e" || code != 3 {
				t.Errorf("got %q, %q, %d", out, stderr, code)
			}
			if m.Execs() != 1 {
				t.Errorf("%d execs", m.Execs())
			}
			_ = c.Close()
		})
	}
	wg.Wait()
}
