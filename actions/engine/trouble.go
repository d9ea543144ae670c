package engine

import (
	"errors"
	"strings"

	"jurymast/actions/store"
	"jurymast/ssh"
)

// Class says what sort of trouble kept the engine from doing what it was asked.
// A face turns it into an exit code or a colour; nothing else is needed of it.
type Class int

// The classes of trouble.
const (
	ClassInternal    Class = iota // a fault of jurymast itself
	ClassUsage                    // asked for something that cannot be meant
	ClassInventory                // the inventory does not allow it
	ClassUnreachable              // no host answered
	ClassHostKey                  // a host key is unknown or changed
	ClassAccess                   // a login was refused, or a file is closed to us
	ClassBusy                     // another process holds the lock
	ClassStore                    // the store cannot be read or written
	ClassReadOnly                 // asked to change something while read-only
	ClassRefused                  // a condition does not hold, or nothing was done
	ClassUnconfirmed              // it was not confirmed, or wrongly
	ClassUndone                   // a run failed and everything was undone
	ClassHands                    // a run failed and needs a person
	ClassStopped                  // a person stopped a run
)

// Trouble is an error for people: what could not be done, why, and what to do
// next.
type Trouble struct {
	Class   Class
	What    string
	Details []string // more lines of why
	Next    string
	Err     error // the innermost cause; may be nil
}

func (t *Trouble) Error() string {
	if w := t.Why(); w != "" {
		return t.What + ": " + w
	}
	return t.What
}

// Unwrap returns the cause.
func (t *Trouble) Unwrap() error { return t.Err }

// Why returns the cause as text, one line a part, never cut.
func (t *Trouble) Why() string {
	lines := t.Details
	if t.Err != nil {
		lines = append([]string{t.Err.Error()}, lines...)
	}
	return strings.Join(lines, "\n")
}

// hostTrouble words a host that could not be used.
func hostTrouble(doing string, err error) error {
	var e *ssh.Error
	if !errors.As(err, &e) {
		return err
	}
	t := &Trouble{Class: ClassOfHost(e.Trouble), What: doing + ": " + string(e.Trouble), Next: e.Hint, Err: e.Err}
	if e.Via != "" {
		t.Details = append(t.Details, "on the way: "+e.Via)
	}
	return t
}

// ClassOfHost returns the class of a trouble with a host.
func ClassOfHost(t ssh.Trouble) Class {
	switch t {
	case ssh.HostKeyUnknown, ssh.HostKeyChanged:
		return ClassHostKey
	case ssh.LoginRefused, ssh.KeyUnusable, ssh.SudoRefused, ssh.Forbidden:
		return ClassAccess
	case ssh.Misconfigured:
		return ClassInventory
	case ssh.Refused, ssh.Timeout, ssh.NoSuchName, ssh.NoRoute, ssh.ShellMissing, ssh.LineLost, ssh.TooLarge, ssh.NotSSH:
		return ClassUnreachable
	}
	return ClassUnreachable
}

// storeTrouble words a store that could not be used.
func storeTrouble(doing string, err error) error {
	if err == nil {
		return nil
	}
	class, next := ClassStore, "jurymast doctor"
	var locked *store.LockedError
	switch {
	case errors.As(err, &locked):
		class, next = ClassBusy, "try later, or wait for it: --wait 1m"
	case errors.Is(err, store.ErrBusy):
		class, next = ClassBusy, "try again; another jurymast is writing"
	}
	if h, ok := hint(err); ok {
		next = h
	}
	return &Trouble{Class: class, What: doing, Next: next, Err: err}
}

// hint returns the next step that an error carries itself.
func hint(err error) (string, bool) {
	var h interface{ Hint() string }
	if errors.As(err, &h) && h.Hint() != "" {
		return h.Hint(), true
	}
	return "", false
}
