package ssh

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"jurymast/testdata/disk"
)

// fullElsewhere is set in the process whose files may not grow.
const fullElsewhere = "JURYMAST_SSH_FULL"

func trustOne(t *testing.T, known string) error {
	t.Helper()
	return editKnown(t.Context(), known, "new:22", anyKey(t), true, false)
}

// TestFullElsewhere is no test by itself: TestKnownHostsOnAFullDisk runs it.
func TestFullElsewhere(t *testing.T) {
	known := os.Getenv(fullElsewhere)
	if known == "" {
		return
	}
	signal.Ignore(syscall.SIGXFSZ)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 16, Max: 16}); err != nil {
		t.Fatal(err)
	}
	if err := trustOne(t, known); !errors.Is(err, syscall.EFBIG) {
		t.Errorf("got %v", err)
	}
}

// TestKnownHostsOnAFullDisk holds that trusting a key there is room for no more
// says so, and that the keys known before stay.
func TestKnownHostsOnAFullDisk(t *testing.T) {
	const old = "# kept\n"
	stays := func(t *testing.T, known string) {
		t.Helper()
		if got := file(t, known); got != old {
			t.Errorf("the file is now %q", got)
		}
		left, err := filepath.Glob(filepath.Join(filepath.Dir(known), ".known_hosts.*"))
		if err != nil || len(left) > 0 || exists(known+".lock") {
			t.Errorf("left behind: %v, the lock %t; %v", left, exists(known+".lock"), err)
		}
	}
	begin := func(t *testing.T, dir string) string {
		t.Helper()
		known := filepath.Join(dir, "known_hosts")
		if err := os.WriteFile(known, []byte(old), 0o600); err != nil {
			t.Fatal(err)
		}
		return known
	}
	t.Run("limit", func(t *testing.T) {
		known := begin(t, t.TempDir())
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestFullElsewhere$")
		cmd.Env = append(os.Environ(), fullElsewhere+"="+known)
		cmd.Stdout, cmd.Stderr = nil, nil // the limit would hold for a file as well
		if err := cmd.Run(); err != nil {
			t.Error(err)
		}
		stays(t, known)
	})
	dir := t.TempDir()
	if !disk.Mount(t, dir, 64<<10) {
		return
	}
	t.Run("disk", func(t *testing.T) {
		known := begin(t, dir)
		filler := filepath.Join(dir, "filler")
		if err := os.WriteFile(filler, make([]byte, 128<<10), 0o600); !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("the disk is not full: %v", err)
		}
		if err := trustOne(t, known); !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), dir) {
			t.Errorf("got %v", err)
		}
		stays(t, known)
		if err := os.Remove(filler); err != nil {
			t.Fatal(err)
		}
		if err := trustOne(t, known); err != nil || !strings.HasPrefix(file(t, known), old) || file(t, known) == old {
			t.Errorf("with room again: %q, %v", file(t, known), err)
		}
	})
}
