package ssh

import "fmt"

// Trouble is why a host could not be used. The set is closed: each asks for
// another next step of the admin.
type Trouble string

// The troubles.
const (
	Refused        Trouble = "connection refused"
	Timeout        Trouble = "timeout"
	NoSuchName     Trouble = "name not found"
	NoRoute        Trouble = "no route"
	HostKeyUnknown Trouble = "host key unknown"
	HostKeyChanged Trouble = "host key changed"
	LoginRefused   Trouble = "login refused"
	KeyUnusable    Trouble = "key unusable" // the key file cannot be read, is open to others, or needs a passphrase
	SudoRefused    Trouble = "sudo refused"
	ShellMissing   Trouble = "shell missing"
	LineLost       Trouble = "line lost"
	TooLarge       Trouble = "output too large"
	NotSSH         Trouble = "not an ssh server"
	Forbidden      Trouble = "forwarding forbidden"
	Misconfigured  Trouble = "misconfigured" // the resolver or a file of ours is at fault
)

// Error is a host that could not be used: what was being done, why, and what
// to do next. It is not used for a command that ran and failed.
type Error struct {
	Host    string // as the caller named it
	Via     string // the jump host at which it failed, "" for the host itself
	Address string // "pve1.lan:22"
	Trouble Trouble
	Err     error  // the innermost cause; may be nil
	Hint    string // what to do next, as a command where there is one; may be empty
}

func (e *Error) Error() string {
	at := e.Host
	if e.Via != "" {
		at += " through " + e.Via
	}
	s := fmt.Sprintf("ssh %s: %s", at, e.Trouble)
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is makes errors.Is(err, ssh.Timeout) true of an Error of that trouble.
func (e *Error) Is(target error) bool { t, ok := target.(Trouble); return ok && t == e.Trouble }

func (t Trouble) Error() string { return string(t) }
