package store

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// childEnv makes the test binary do a part in a process of its own.
const childEnv = "JURYMAST_STORE_CHILD"

func TestMain(m *testing.M) {
	part := os.Getenv(childEnv)
	if part == "" {
		os.Exit(m.Run())
	}
	if err := parts[part](context.Background(), os.Args[1:]); err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// parts are what a child can be told to do. Each says on stdout, line by line,
// what it has done.
var parts = map[string]func(ctx context.Context, args []string) error{
	"write":  writePart,
	"read":   readPart,
	"lock":   lockPart,
	"full":   fullPart,
	"denied": deniedPart,
	"start":  startPart,
}

// child starts a part. The process is killed when the test ends.
func child(tb testing.TB, bin, part string, args ...string) (*exec.Cmd, *bufio.Scanner, io.WriteCloser) {
	tb.Helper()
	if bin == "" {
		bin = os.Args[0]
	}
	cmd := exec.Command(bin, args...)
	cmd.Env = append(os.Environ(), childEnv+"="+part)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()
	})
	return cmd, bufio.NewScanner(out), in
}

// fleetOf is one sweep of hosts with ten checks each.
func fleetOf(hosts int, at time.Time, run int) []actions.Entry {
	var entries []actions.Entry
	for h := range hosts {
		target := inventory.MakeRef(inventory.LevelNode, fmt.Sprintf("host%04d", h))
		for c := range 10 {
			e := entry(target, fmt.Sprintf("check%d", c), at, actions.Status(run%2), //
				actions.Metric{Name: "used", Value: float64(h*c%97) + float64(run)/8, Unit: "%", Warn: ptr(85.0), Fail: ptr(95.0)},
				actions.Metric{Name: "total", Value: 1e11, Unit: "B"})
			e.Line = "91.2 % used of 93.1 GiB, warn at 85 %, fail at 95 %"
			e.Took = time.Duration(run) * time.Millisecond
			entries = append(entries, e)
		}
	}
	return entries
}

// writePart commits sweeps of its own and says which are durable. Every sweep
// has one event that carries its number.
func writePart(ctx context.Context, args []string) error {
	who, hosts, sweeps := args[1], atoi(args[2]), atoi(args[3])
	s, err := Open(ctx, args[0])
	if err != nil {
		return err
	}
	defer s.Close()
	for i := range sweeps {
		at := noon.Add(time.Duration(i) * time.Minute)
		events := []actions.Event{{Type: actions.EventState, At: at, Who: who, Line: strconv.Itoa(i)}}
		if err := s.Commit(ctx, Sweep{Entries: fleetOf(hosts, at, i), Events: events, At: at}); err != nil {
			return err
		}
		fmt.Println(i)
	}
	return nil
}

// readPart reads until its stdin ends, and says in µs what one time took at most
// and what nineteen of twenty did, and how often it has read. It says when it has
// begun, and when it has read fifty times.
func readPart(ctx context.Context, args []string) error {
	s, err := Open(ctx, args[0])
	if err != nil {
		return err
	}
	defer s.Close()
	ended := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(ended)
	}()
	var took []time.Duration
	for {
		select {
		case <-ended:
			slices.Sort(took)
			fmt.Println(took[len(took)-1].Microseconds(), took[len(took)*95/100].Microseconds(), len(took))
			return nil
		default:
		}
		start := time.Now()
		st, err := s.State(ctx)
		if err != nil {
			return err
		}
		// A sweep is seen whole or not at all.
		for e := range st.All {
			if !e.At.Equal(st.Swept) {
				return fmt.Errorf("%s is of %v in a state of %v", e.Key(), e.At, st.Swept)
			}
		}
		if _, err := s.History(ctx, Filter{Limit: 100}); err != nil {
			return err
		}
		took = append(took, time.Since(start))
		switch len(took) {
		case 1:
			fmt.Println("reading")
		case 50:
			fmt.Println("read")
		}
	}
}

func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(err)
	}
	return n
}

func TestTwoWriteWhileOneReads(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	const sweeps = 40
	// Nobody makes the store first: all three find no file.
	_, reader, stop := child(t, "", "read", path)
	_, a, _ := child(t, "", "write", path, "a", "5", strconv.Itoa(sweeps))
	_, b, _ := child(t, "", "write", path, "b", "5", strconv.Itoa(sweeps))
	if !reader.Scan() || reader.Text() != "reading" {
		t.Fatal(reader.Text())
	}
	for name, out := range map[string]*bufio.Scanner{"a": a, "b": b} {
		n := 0
		for ; out.Scan(); n++ {
			if out.Text() != strconv.Itoa(n) {
				t.Fatalf("%s: %s", name, out.Text())
			}
		}
		if n != sweeps {
			t.Errorf("%s committed %d", name, n)
		}
	}
	if err := stop.Close(); err != nil {
		t.Fatal(err)
	}
	said := ""
	for reader.Scan() {
		said = reader.Text()
	}
	if said == "" || strings.HasPrefix(said, "error") {
		t.Errorf("the reader: %q", said)
	}
	s := openTest(t, path)
	for _, who := range []string{"a", "b"} {
		events, err := s.History(t.Context(), Filter{Who: who})
		if err != nil || len(events) != sweeps {
			t.Errorf("%d events of %s, want %d; %v", len(events), who, sweeps, err)
		}
	}
	if n := s.count(t, `select max(seq) - min(seq) + 1 from event`); n != 2*sweeps {
		t.Errorf("the journal spans %d places, want %d", n, 2*sweeps)
	}
	st, err := s.State(t.Context())
	if err != nil || st.Len() != 50 || !st.Swept.Equal(noon.Add((sweeps-1)*time.Minute)) {
		t.Errorf("%d entries of %v, %v", st.Len(), st.Swept, err)
	}
}

func TestKilledInTheMiddle(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	for round := range 5 {
		cmd, out, _ := child(t, "", "write", path, fmt.Sprint("round", round), "200", "1000")
		last := -1
		for range 2 + round {
			if !out.Scan() {
				t.Fatal("it ended by itself")
			}
			last = atoi(out.Text())
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for out.Scan() { // said before it died
			last = atoi(out.Text())
		}
		s := openTest(t, path)
		if err := s.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
		events, err := s.History(t.Context(), Filter{Who: fmt.Sprint("round", round)})
		if err != nil {
			t.Fatal(err)
		}
		// What it said is there; one more may be durable and not yet said.
		if n := len(events); n != last+1 && n != last+2 {
			t.Fatalf("it said %d, there are %d", last, n)
		}
		st, err := s.State(t.Context())
		if err != nil || st.Len() != 2000 {
			t.Fatalf("%d entries, %v", st.Len(), err)
		}
		if _, err := s.Series(t.Context(), actions.Key{Target: "node/host0001", Check: "check1"}, "used", noon); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// lockPart takes a lock and holds it until its stdin ends.
func lockPart(ctx context.Context, args []string) error {
	s, err := Open(ctx, args[0])
	if err != nil {
		return err
	}
	defer s.Close()
	s.Now = func() time.Time { return noon }
	if _, err := s.Lock(ctx, "check", "cron job", 0); err != nil {
		return err
	}
	fmt.Println("locked")
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

func TestLockBetweenProcesses(t *testing.T) {
	s := newTest(t)
	cmd, out, _ := child(t, "", "lock", s.Path())
	if !out.Scan() || out.Text() != "locked" {
		t.Fatal(out.Text())
	}
	for _, wait := range []time.Duration{0, 2 * tick} {
		_, err := s.Lock(t.Context(), "check", "me", wait)
		var held *LockedError
		if !errors.As(err, &held) || *held != (LockedError{Name: "check", By: "cron job", PID: cmd.Process.Pid, Since: noon}) {
			t.Fatalf("with a wait of %v: %v", wait, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Lock(ctx, "check", "me", time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("called off: %v", err)
	}
	other, err := s.Lock(t.Context(), "another/../name", "me", 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(other(), other()); err != nil {
		t.Error(err)
	}
	// Whoever waits gets it when the holder dies, however it dies.
	got := make(chan error, 1)
	go func() {
		unlock, err := s.Lock(context.Background(), "check", "me", time.Hour)
		if err == nil {
			err = unlock()
		}
		got <- err
	}()
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := <-got; err != nil {
		t.Error(err)
	}
	b, err := os.ReadFile(s.Path() + ".check.lock")
	if err != nil || len(b) != 0 {
		t.Errorf("the file says %q after the lock ended, %v", b, err)
	}
}

func TestLockWithinOneProcess(t *testing.T) {
	s := newTest(t)
	unlock, err := s.Lock(t.Context(), "check", "one", 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Lock(t.Context(), "check", "two", 0)
	var held *LockedError
	if !errors.As(err, &held) || held.By != "one" || held.PID != os.Getpid() {
		t.Errorf("second lock: %v", err)
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	unlock, err = s.Lock(t.Context(), "check", "two", 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unlock(); err != nil {
		t.Error(err)
	}
}

// TestALockEndsWhoeverHasItsFile has another descriptor of a lock's open file, as a
// child has between its fork and its exec.
func TestALockEndsWhoeverHasItsFile(t *testing.T) {
	s := newTest(t)
	unlock, err := s.Lock(t.Context(), "check", "one", 0)
	if err != nil {
		t.Fatal(err)
	}
	var lock, is syscall.Stat_t
	if err := syscall.Stat(s.lockPath("check"), &lock); err != nil {
		t.Fatal(err)
	}
	fd := 0
	for ; fd < 1<<10; fd++ {
		if syscall.Fstat(fd, &is) == nil && is.Dev == lock.Dev && is.Ino == lock.Ino {
			break
		}
	}
	also, err := syscall.Dup(fd)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Close(also) }()
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	if unlock, err = s.Lock(t.Context(), "check", "two", 0); err != nil {
		t.Fatal(err)
	}
	if err := unlock(); err != nil {
		t.Error(err)
	}
}

// TestWhoAsksForALockKeepsNobodyFromIt holds a share of a lock, as those do who
// ask whether somebody has it.
func TestWhoAsksForALockKeepsNobodyFromIt(t *testing.T) {
	s := newTest(t)
	locked := func(want bool) {
		t.Helper()
		if held, err := s.Locked("run"); held != want || err != nil {
			t.Errorf("locked: %v, %v, want %v", held, err, want)
		}
	}
	locked(false)
	if _, err := os.Stat(s.lockPath("run")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("asking has made its file: %v", err)
	}
	unlock, err := s.Lock(t.Context(), "run", "one", 0)
	if err != nil {
		t.Fatal(err)
	}
	locked(true)
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	asks, err := os.Open(s.lockPath("run"))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(int(asks.Fd()), syscall.LOCK_SH); err != nil {
		t.Fatal(err)
	}
	locked(false)
	// It is waited for, and not told as somebody who holds the lock.
	soon, cancel := context.WithTimeout(t.Context(), 3*tick)
	defer cancel()
	if _, err := s.Lock(soon, "run", "two", 0); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("beside one who asks: %v", err)
	}
	got := make(chan error, 1)
	go func() {
		_, err := s.Lock(t.Context(), "run", "two", 0)
		got <- err
	}()
	if err := asks.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-got; err != nil {
		t.Error(err)
	}
	locked(true)
}
