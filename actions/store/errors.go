package store

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"time"
)

// What can be wrong with a store. Each asks for something else to be done;
// test with errors.Is.
var (
	ErrBusy     = errors.New("the store is in use by another process")
	ErrCorrupt  = errors.New("the store is damaged")
	ErrForeign  = errors.New("not a jurymast store")
	ErrFull     = errors.New("no room left to write")
	ErrReadOnly = errors.New("the store cannot be written")
	ErrNewer    = errors.New("the store was written by a newer jurymast")
	ErrOlder    = errors.New("the store is of an earlier release, and only what writes to it brings it up to date")
	ErrIO       = errors.New("the disk gave an error")
	ErrNotFound = errors.New("not found")
)

// errBroken is a row that is there and cannot be understood.
var errBroken = errors.New("unreadable")

// Error is a store that could not be used.
type Error struct {
	Path  string // the file
	Doing string // "read the state"
	Why   error  // one of the errors above; nil when it is none of them
	Err   error  // the innermost cause; may be nil
}

func (e *Error) Error() string {
	s := fmt.Sprintf("store %s: %s", e.Path, e.Doing)
	if e.Why != nil && !errors.Is(e.Err, e.Why) { // else the cause says it
		s += ": " + e.Why.Error()
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns what is wrong and its cause.
func (e *Error) Unwrap() []error {
	var errs []error
	if e.Why != nil {
		errs = append(errs, e.Why)
	}
	if e.Err != nil {
		errs = append(errs, e.Err)
	}
	return errs
}

// Hint says what to do next, "" where there is nothing to say.
func (e *Error) Hint() string {
	switch {
	case errors.Is(e.Why, ErrBusy):
		return "another jurymast is writing: try again in some seconds; fuser " + e.Path + " names it"
	case errors.Is(e.Why, ErrCorrupt):
		return "move " + e.Path + ", " + e.Path + "-wal and " + e.Path + "-shm aside; a new store is made by itself and only history is lost"
	case errors.Is(e.Why, ErrForeign):
		return "name another file for the store; this one is left as it is"
	case errors.Is(e.Why, ErrFull):
		return "make room on the disk of " + e.Path + " (df, quota) and run it again; what was written before is safe"
	case errors.Is(e.Why, ErrReadOnly):
		return "check owner and mode of " + e.Path + " and of its folder, and that the file system is mounted rw"
	case errors.Is(e.Why, ErrNewer):
		return "use that newer jurymast, or name another file for the store"
	case errors.Is(e.Why, ErrOlder):
		return "jurymast check"
	case errors.Is(e.Why, ErrIO):
		return "look at the kernel's log (dmesg) and at the health of the disk"
	case errors.Is(e.Err, fs.ErrNotExist):
		return "nothing was looked at yet: jurymast check"
	}
	return ""
}

// LockedError says who holds a lock.
type LockedError struct {
	Name  string
	By    string    // as the holder called itself; "" when that cannot be read
	PID   int       // of the holder, 0 when that cannot be read
	Since time.Time // zero when that cannot be read
}

func (e *LockedError) Error() string {
	s := e.Name + " is locked"
	if e.By != "" {
		s += " by " + e.By
	}
	if e.PID != 0 {
		s += fmt.Sprintf(" (pid %d)", e.PID)
	}
	if !e.Since.IsZero() {
		s += " since " + e.Since.Format(time.RFC3339)
	}
	return s
}

// wrap makes an *Error of what went wrong with the store, nil of nil. Ends of
// a context are handed on as they are.
func (s *Store) wrap(doing string, err error) error {
	if err == nil || isContext(err) {
		return err
	}
	var done *Error
	if errors.As(err, &done) {
		return err
	}
	return &Error{Path: s.path, Doing: doing, Why: why(err), Err: err}
}

// why sorts an error of the operating system or of SQLite.
func why(err error) error {
	for _, known := range []error{ErrBusy, ErrCorrupt, ErrForeign, ErrFull, ErrReadOnly, ErrNewer, ErrOlder, ErrIO, ErrNotFound} {
		if errors.Is(err, known) {
			return known
		}
	}
	switch {
	case errors.Is(err, errBroken):
		return ErrCorrupt
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG):
		return ErrFull
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return ErrReadOnly
	case errors.Is(err, syscall.EIO):
		return ErrIO
	}
	return whySQLite(err)
}
