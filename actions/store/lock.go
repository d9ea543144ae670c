package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
// already is told by the *[LockedError].
//
// It is a lock of the kernel on a file beside the store: it ends with the
// process that holds it, however that ends. The file stays. Unlock may be
// called more than once.
func (s *Store) Lock(ctx context.Context, name, by string, wait time.Duration) (unlock func() error, err error) {
	path := s.path + "." + url.PathEscape(name) + ".lock"
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
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
	return sync.OnceValue(func() error { return errors.Join(f.Truncate(0), f.Close()) }), nil
}

// flock tries until it has the lock, the wait is over (EWOULDBLOCK) or ctx
// ends. A blocking flock could not be called off.
func flock(ctx context.Context, f *os.File, wait time.Duration) error {
	over := time.NewTimer(wait)
	defer over.Stop()
	again := time.NewTicker(tick)
	defer again.Stop()
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return err
		}
		if wait <= 0 && errors.Is(err, syscall.EWOULDBLOCK) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-over.C:
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
