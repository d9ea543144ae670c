package ssh

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	gossh "golang.org/x/crypto/ssh"
)

// TestKnownLock holds that a lock that another process holds is waited for until
// the context ends, and that no lock file is left behind.
func TestKnownLock(t *testing.T) {
	key := anyKey(t)
	known := filepath.Join(t.TempDir(), "known_hosts")
	other, err := os.Create(known + ".lock")
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(int(other.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*lockTick)
	defer cancel()
	start := time.Now()
	if err := editKnown(ctx, known, "a:22", key, true, false); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), known+".lock") {
		t.Errorf("held by another: %v", err)
	}
	if took := time.Since(start); took > 5*time.Second || exists(known) {
		t.Errorf("it was waited for %v, and the file is there: %v", took, exists(known))
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	// Everybody at once: whoever waits on a file that is taken away must not
	// believe that it holds anything.
	const writers = 20
	var all sync.WaitGroup
	for i := range writers {
		all.Go(func() {
			if err := editKnown(t.Context(), known, fmt.Sprintf("host%d:22", i), key, true, false); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := strings.Count(file(t, known), "\n"); n != writers {
		t.Errorf("%d of %d lines were kept", n, writers)
	}
	if exists(known + ".lock") {
		t.Error("the lock file is left behind")
	}
}

// TestKnownStaysReadable holds that a file of all users is theirs afterwards.
func TestKnownStaysReadable(t *testing.T) {
	key := anyKey(t)
	known := filepath.Join(t.TempDir(), "ssh_known_hosts")
	put(t, known, "")
	owner := os.Getuid()
	if owner == 0 {
		owner = 65534
	}
	if err := errors.Join(os.Chown(known, owner, -1), os.Chmod(known, 0o644)); err != nil {
		t.Fatal(err)
	}
	if err := editKnown(t.Context(), known, "a:22", key, true, false); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(known)
	if err != nil {
		t.Fatal(err)
	}
	if uid := int(info.Sys().(*syscall.Stat_t).Uid); info.Mode().Perm() != 0o644 || uid != owner || info.Size() == 0 {
		t.Errorf("mode %04o, of user %d, %d bytes; it was 0644 of %d", info.Mode().Perm(), uid, info.Size(), owner)
	}
}

// anyKey is a public key that nobody has.
func anyKey(t testing.TB) gossh.PublicKey {
	t.Helper()
	public, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	key, err := gossh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return key
}
