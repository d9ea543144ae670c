package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"jurymast/actions"
	"jurymast/testdata/disk"
)

// fileLimit and diskSize leave room for a store and some sweeps.
const (
	fileLimit = 512 << 10
	diskSize  = 2 << 20
)

// limitFiles bounds how large a file of this process may get, and lifts that
// again: what a full disk is like where no disk can be had.
func limitFiles() (lift func() error, err error) {
	// Past the limit the kernel sends a signal that would end the process.
	signal.Ignore(syscall.SIGXFSZ)
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		return nil, err
	}
	lift = func() error { return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old) }
	return lift, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: fileLimit, Max: old.Max})
}

// fullPart commits until nothing more can be written, then reads, then gets
// its room back and writes again. It says how many sweeps were kept.
func fullPart(ctx context.Context, args []string) error {
	path, own := args[0], args[1] == "disk"
	s, err := Open(ctx, path)
	if err != nil {
		return err
	}
	defer s.Close()
	widen := func() error { return disk.Resize(filepath.Dir(path), 16*diskSize) }
	if !own {
		if widen, err = limitFiles(); err != nil {
			return err
		}
	}
	done := 0
	write := func() error {
		at := noon.Add(time.Duration(done) * time.Minute)
		return s.Commit(ctx, Sweep{Entries: fleetOf(50, at, done), Events: []actions.Event{{Type: actions.EventState, At: at}}, At: at})
	}
	for ; err == nil && done < 5000; done++ {
		err = write()
	}
	done-- // the last was not
	var e *Error
	if !errors.As(err, &e) || !errors.Is(err, ErrFull) || e.Hint() == "" {
		return fmt.Errorf("on a full disk: %w", err)
	}
	if _, err := s.State(ctx); err != nil {
		return fmt.Errorf("reading on a full disk: %w", err)
	}
	if _, err := s.Lock(ctx, "check", "me", 0); err != nil {
		return fmt.Errorf("locking on a full disk: %w", err)
	}
	if err := widen(); err != nil {
		return err
	}
	if err := write(); err != nil {
		return fmt.Errorf("with room again: %w", err)
	}
	return json.NewEncoder(os.Stdout).Encode(done + 1)
}

// TestFullDisk fills the disk under a store: a small one of its own where the
// test may mount one, and always as far as a limit of file sizes goes.
func TestFullDisk(t *testing.T) {
	full := func(t *testing.T, how, path string) {
		_, out, _ := child(t, "", "full", path, how)
		out.Scan()
		var done int
		if err := json.Unmarshal(out.Bytes(), &done); err != nil || done < 2 {
			t.Fatal(out.Text())
		}
		s := openTest(t, path)
		if err := s.Check(t.Context()); err != nil {
			t.Error(err)
		}
		events, err := s.History(t.Context(), Filter{})
		if err != nil || len(events) != done {
			t.Errorf("%d events, want %d; %v", len(events), done, err)
		}
	}
	t.Run("limit", func(t *testing.T) { full(t, "limit", filepath.Join(t.TempDir(), "s.db")) })
	dir := t.TempDir()
	if !disk.Mount(t, dir, diskSize) {
		return
	}
	t.Run("disk", func(t *testing.T) { full(t, "disk", filepath.Join(dir, "s.db")) })
	t.Run("a new store on it", func(t *testing.T) {
		if err := disk.Resize(dir, diskSize*2); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "filler"), make([]byte, 4*diskSize), 0o600); !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("the disk is not full: %v", err)
		}
		path := filepath.Join(dir, "new.db")
		s, err := Open(t.Context(), path)
		if err == nil {
			_ = s.Close()
		}
		var e *Error
		if !errors.Is(err, ErrFull) || !errors.As(err, &e) || e.Path != path || e.Hint() == "" {
			t.Errorf("open: %v", err)
		}
		if err := os.Remove(filepath.Join(dir, "filler")); err != nil {
			t.Fatal(err)
		}
		commit(t, openTest(t, path), Sweep{Entries: fleetOf(1, noon, 1), At: noon})
	})
}
