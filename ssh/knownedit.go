package ssh

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/skeema/knownhosts"
	gossh "golang.org/x/crypto/ssh"
	xknown "golang.org/x/crypto/ssh/knownhosts"
)

// editKnown takes the host's keys of that type out of a file, where told to,
// and adds the new one. All other lines stay as they are, byte for byte. The
// file is replaced in one piece, under a lock against other processes.
func editKnown(ctx context.Context, path, name string, key gossh.PublicKey, add, remove bool) error {
	if !add { // a file of all users, mostly: it may be read, and holds nothing of this host
		old, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) || err == nil && bytes.Equal(withoutKey(old, name, key.Type()), old) {
			return nil
		}
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	unlock, err := lockKnown(ctx, path+".lock")
	if err != nil {
		return err
	}
	defer unlock()
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	text := old
	if remove {
		text = withoutKey(old, name, key.Type())
	}
	if add {
		if len(text) > 0 && !bytes.HasSuffix(text, []byte("\n")) {
			text = append(bytes.Clone(text), '\n')
		}
		line := knownhosts.Line([]string{name}, key)
		if hashed(old) {
			line = xknown.HashHostname(knownhosts.Normalize(name)) + " " + strings.TrimSpace(string(gossh.MarshalAuthorizedKey(key)))
		}
		text = append(bytes.Clone(text), line+"\n"...)
	}
	if bytes.Equal(text, old) {
		return nil
	}
	return replaceKnown(path, text)
}

// replaceKnown puts text in the place of a file. Who could read it still can: a
// file of all users may hold the keys of many hosts, and root may edit one of
// somebody else's.
func replaceKnown(path string, text []byte) (err error) {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	mode := os.FileMode(0o600)
	info, err := os.Stat(path)
	if err == nil {
		mode = info.Mode().Perm()
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".known_hosts.*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_, werr := f.Write(text)
	if err := errors.Join(werr, keepOwner(f, info), f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// keepOwner gives a file to the owner of the one that it takes the place of,
// nil for none. Only root can, and for anybody else it is the same already.
func keepOwner(f *os.File, was os.FileInfo) error {
	if was == nil || os.Geteuid() != 0 {
		return nil
	}
	s, ok := was.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	return f.Chown(int(s.Uid), int(s.Gid))
}

// lockTick is how often a lock that another process holds is tried again.
const lockTick = 50 * time.Millisecond

// lockKnown makes a lock file and holds it until unlock, which takes the file
// away again. It waits for another process until ctx ends.
func lockKnown(ctx context.Context, path string) (unlock func(), err error) {
	again := time.NewTicker(lockTick)
	defer again.Stop()
	for {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return nil, err
		}
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		// Whoever held it may have taken the file away since it was opened: then
		// this is a lock on nothing, and there is another file or none.
		if err == nil && stillAt(f, path) {
			return func() {
				_ = os.Remove(path) // while it is held: nobody else's is removed
				_ = f.Close()
			}, nil
		}
		_ = f.Close() // there is nothing in it
		switch {
		case err == nil || errors.Is(err, syscall.EINTR):
			continue
		case !errors.Is(err, syscall.EWOULDBLOCK):
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("another process holds %s: %w", path, ctx.Err())
		case <-again.C:
		}
	}
}

// stillAt reports whether an open file is the one at a path.
func stillAt(f *os.File, path string) bool {
	opened, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(path)
	return err == nil && os.SameFile(opened, there)
}

// hashed reports whether a file keeps its host names hashed.
func hashed(text []byte) bool {
	return bytes.HasPrefix(text, []byte("|1|")) || bytes.Contains(text, []byte("\n|1|"))
}

// withoutKey returns a file without the lines that hold a key of this type for
// just this host. A line for several names loses only this one; patterns and
// marked lines stay.
func withoutKey(text []byte, name, keyType string) []byte {
	want := knownhosts.Normalize(name)
	var out []byte
	for _, line := range bytes.SplitAfter(text, []byte("\n")) {
		f := strings.Fields(string(line))
		if len(f) < 3 || strings.HasPrefix(f[0], "#") || strings.HasPrefix(f[0], "@") || f[1] != keyType {
			out = append(out, line...)
			continue
		}
		names := strings.Split(f[0], ",")
		kept := names[:0:0]
		for _, n := range names {
			if n != want && !sameHash(n, want) {
				kept = append(kept, n)
			}
		}
		switch {
		case len(kept) == len(names):
			out = append(out, line...)
		case len(kept) > 0:
			out = append(out, strings.Replace(string(line), f[0], strings.Join(kept, ","), 1)...)
		}
	}
	return out
}
