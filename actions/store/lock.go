package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"sync"
	"syscall"
	"time"
)

// tick is how often a lock that is held is tried again.
const tick = 50 * time.Millisecond

// holder is what a lock's file says to the one who finds it locked.
type holder struct {
	By    string    `json:"by"`
	PID   int       `json:"pid"`
	Since time.Time `json:"since"`
}

// Lock takes the lock of a name for this store, across processes, and waits
// for it at most so long; with a wait of 0 it does not wait. Who holds it
// already is told by the *[LockedError]; one who only asks ([Store.Locked]) is none.
//
// It is a lock of the kernel on a file beside the store: it ends with the
// process that holds it, however that ends. The file stays. Unlock may be
// called more than once.
func (s *Store) Lock(ctx context.Context, name, by string, wait time.Duration) (unlock func() error, err error) {
	f, err := os.OpenFile(s.lockPath(name), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, s.wrap("lock "+name, err)
	}
	if err := flock(ctx, f, wait); err != nil {
		defer func() { _ = f.Close() }() // there is nothing of ours in it
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, s.wrap("lock "+name, err)
		}
		held := &LockedError{Name: name}
		var h holder
		// The holder may be between taking the lock and signing it.
		if b, err := io.ReadAll(io.LimitReader(f, 4<<10)); err == nil && json.Unmarshal(b, &h) == nil {
			held.By, held.PID, held.Since = h.By, h.PID, h.Since
		}
		return nil, held
	}
	// A lock that could not be signed, as on a full disk, locks all the same.
	_ = sign(f, holder{By: by, PID: os.Getpid(), Since: s.Now().UTC().Truncate(time.Second)})
	return sync.OnceValue(func() error {
		// To close it is not enough: a child has it, too, until its program begins.
		return errors.Join(f.Truncate(0), syscall.Flock(int(f.Fd()), syscall.LOCK_UN), f.Close())
	}), nil
}

// Locked reports whether a process holds the lock of a name now. Asking keeps
// nobody from the lock.
func (s *Store) Locked(name string) (bool, error) {
	f, err := os.Open(s.lockPath(name))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, s.wrap("see the lock "+name, err)
	}
	held, err := heldAlone(f)
	return held, s.wrap("see the lock "+name, errors.Join(err, f.Close()))
}

func (s *Store) lockPath(name string) string { return s.path + "." + url.PathEscape(name) + ".lock" }

// heldAlone reports whether somebody holds a file's lock for himself. To see that
// it takes a share of the lock, for an instant.
func heldAlone(f *os.File) (bool, error) {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB)
		switch {
		case err == nil:
			return false, syscall.Flock(int(f.Fd()), syscall.LOCK_UN)
		case errors.Is(err, syscall.EWOULDBLOCK):
			return true, nil
		case !errors.Is(err, syscall.EINTR):
			return false, err
		}
	}
}

// flock tries until it has the lock, the wait is over (EWOULDBLOCK) or ctx
// ends. A blocking flock could not be called off. Those who only ask for the lock
// are waited for in any case: they have it for an instant.
func flock(ctx context.Context, f *os.File, wait time.Duration) error {
	over := time.NewTimer(wait)
	defer over.Stop()
	again := time.NewTicker(tick)
	defer again.Stop()
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return err
		}
		held, serr := heldAlone(f)
		late := over.C
		switch {
		case serr != nil:
			return serr
		case held && wait <= 0:
			return err
		case !held:
			late = nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-late:
			return syscall.EWOULDBLOCK
		case <-again.C:
		}
	}
}

func sign(f *os.File, h holder) error {
	b, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("sign: %w", err)
	}
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err = f.WriteAt(append(b, '\n'), 0)
	return err
}
