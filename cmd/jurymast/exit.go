package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"jurymast/actions"
	"jurymast/actions/engine"
	"jurymast/inventory"
)

// The exit codes. 0 to 3 are those of a monitoring plugin and are given by
// commands that look and report, 10 to 14 those of runs; 64 and up follow sysexits.h, so that such a server
// reads them as unknown. A code that is not listed is a failure.
const (
	exitOK          = 0
	exitUndone      = 10 // a run failed, everything undone
	exitHands       = 11 // a run failed, hands needed
	exitStopped     = 12 // a run was stopped by a person
	exitRefused     = 13 // a condition does not hold
	exitUnconfirmed = 14 // confirmation missing or wrong
	exitUsage       = 64 // bad flag, unknown or empty selector
	exitInventory   = 65 // inventory invalid
	exitUnreachable = 69 // nothing reachable at all
	exitInternal    = 70 // a fault of jurymast itself
	exitIO          = 74 // the store or a file cannot be read or written
	exitBusy        = 75 // a lock is held; try later
	exitHostKey     = 76 // host key unknown or changed
	exitNoPerm      = 77 // login refused, or file permissions too open
	exitInterrupted = 130
)

var exitHelp = []struct {
	code    string
	meaning string
}{
	{"0", "ok"},
	{"1, 2, 3", "warn, fail, unknown: of what was looked at"},
	{"10", "run failed, everything undone"},
	{"11", "run failed, hands needed"},
	{"12", "stopped by a person"},
	{"13", "refused: a condition does not hold"},
	{"14", "confirmation missing or wrong"},
	{"64", "usage: bad flag, unknown or empty selector"},
	{"65", "inventory invalid"},
	{"69", "nothing reachable at all"},
	{"70", "a fault of jurymast itself"},
	{"74", "the store or a file cannot be read or written"},
	{"75", "busy: another jurymast holds the lock; try later"},
	{"76", "host key unknown or changed"},
	{"77", "login refused, or file permissions too open"},
	{"129, 130, 143", "hung up, interrupted, terminated"},
}

// resultError carries the exit code of a command that did its work: it is not
// printed.
type resultError int

func (e resultError) Error() string { return fmt.Sprintf("exit %d", int(e)) }

// unseenError is a look whose time was over before it saw anything.
type unseenError struct{ error }

func (e unseenError) Unwrap() error { return e.error }

// usageError is a command line that cannot be meant.
type usageError struct{ text, hint string }

func (e usageError) Error() string { return e.text }

func usagef(layout string, args ...any) error { return usageError{text: fmt.Sprintf(layout, args...)} }

// report is an error as three lines: what, why, what to do next.
type report struct {
	what, why, next string
	code            int
}

// explain is the one place where an error becomes an exit code and words. An
// engine.Trouble has both parts already; what is left are errors of the command
// line, of the inventory and of the operating system.
func explain(err error) report {
	var (
		result   resultError
		usage    usageError
		unseen   unseenError
		problems inventory.Problems
		perm     *inventory.PermissionError
		sel      *inventory.SelectError
		trouble  *engine.Trouble
		read     *inventory.ReadError
		path     *fs.PathError
	)
	switch {
	case errors.As(err, &result):
		return report{code: int(result)}
	case errors.As(err, &unseen):
		return report{what: "the time allowed has passed before anything was seen: all is unknown", why: beside(unseen.error), next: "allow more with --timeout", code: int(actions.Unknown)}
	case errors.As(err, &usage):
		next := usage.hint
		if next == "" {
			next = "jurymast help"
		}
		return report{what: usage.text, next: next, code: exitUsage}
	case errors.As(err, &sel):
		next := "jurymast list"
		if sel.Hint != "" {
			next = sel.Hint
		}
		return report{what: sel.Error(), next: next, code: exitUsage}
	case errors.As(err, &trouble):
		return report{what: trouble.What, why: trouble.Why(), next: trouble.Next, code: troubleCode[trouble.Class]}
	case errors.As(err, &perm):
		return report{what: "the inventory is not used: it may hold commands to run as root, and others can change it", why: perm.Error(), next: perm.Hint, code: exitNoPerm}
	case errors.As(err, &read):
		code := exitIO
		if errors.Is(err, fs.ErrPermission) {
			code = exitNoPerm
		}
		next := read.Hint
		if next == "" {
			next = "is the path right, and may you read it? jurymast config path"
		}
		return report{what: "the inventory " + read.Path + " cannot be read", why: read.Err.Error(), next: next, code: code}
	case errors.As(err, &problems):
		return report{what: problems.Error(), next: "mend the lines above; jurymast inventory validate", code: exitInventory}
	case errors.Is(err, context.Canceled):
		return report{what: "interrupted", code: exitInterrupted}
	case errors.Is(err, context.DeadlineExceeded):
		return report{what: "the time allowed has passed", why: beside(err), next: "allow more with --timeout", code: exitIO}
	case errors.As(err, &path):
		return pathReport(path)
	case errors.Is(err, os.ErrPermission):
		return report{what: err.Error(), code: exitNoPerm}
	}
	return report{what: err.Error(), code: exitInternal}
}

// reason words an error in one line.
func reason(err error) string {
	var trouble *engine.Trouble
	if errors.As(err, &trouble) {
		return trouble.What + ": " + trouble.Why()
	}
	return err.Error()
}

// beside words what was under way when the time ran out, "" where nothing says.
func beside(err error) string {
	if why := reason(err); why != context.DeadlineExceeded.Error() {
		return why
	}
	return ""
}

// pathReport words what the operating system says of a file.
func pathReport(e *fs.PathError) report {
	r := report{what: "cannot " + e.Op + " " + e.Path, why: e.Err.Error(), next: "is the path right, and may you use it?", code: exitIO}
	switch {
	case e.Path == os.Stdout.Name():
		r.what = "the output could not be written"
		r.next = "what was looked at or done counts all the same; give it a place with room, and ask again"
	case errors.Is(e, syscall.ENOSPC):
		r.next = "make room on the disk, and try again"
	}
	return r
}

var troubleCode = map[engine.Class]int{
	engine.ClassUnreachable: exitUnreachable,
	engine.ClassHostKey:     exitHostKey,
	engine.ClassAccess:      exitNoPerm,
	engine.ClassBusy:        exitBusy,
	engine.ClassStore:       exitIO,
	engine.ClassUsage:       exitUsage,
	engine.ClassInventory:   exitInventory,
	engine.ClassReadOnly:    exitNoPerm,
	engine.ClassInternal:    exitInternal,
	engine.ClassRefused:     exitRefused,
	engine.ClassUnconfirmed: exitUnconfirmed,
	engine.ClassUndone:      exitUndone,
	engine.ClassHands:       exitHands,
	engine.ClassStopped:     exitStopped,
}

// write prints the report, one line a part; a part of many lines is indented.
func (r report) write(w io.Writer) {
	if r.what == "" {
		return
	}
	var b strings.Builder
	part := func(head, text string) {
		for i, ln := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
			if i > 0 {
				head = strings.Repeat(" ", len(head))
			}
			b.WriteString(head + ln + "\n")
		}
	}
	part("jurymast: ", r.what)
	if r.why != "" {
		part("     why: ", r.why)
	}
	if r.next != "" {
		part("    next: ", r.next)
	}
	_, _ = io.WriteString(w, b.String()) // a closed stderr is nobody to tell
}
