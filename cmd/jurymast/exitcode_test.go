package main

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"

	"jurymast/actions/engine"
)

// exitText returns the exit code of a command's error, or the error itself
// where it was not even run.
func exitText(err error) string {
	var e *exec.ExitError
	if errors.As(err, &e) {
		return strconv.Itoa(e.ExitCode())
	}
	return err.Error()
}

// TestEveryTroubleHasACode: one without would end as a success.
func TestEveryTroubleHasACode(t *testing.T) {
	for class := engine.ClassInternal; class <= engine.ClassStopped; class++ {
		if code := explain(&engine.Trouble{Class: class, What: "it went wrong"}).code; code == exitOK {
			t.Errorf("trouble of class %d ends with %d", class, code)
		}
	}
}

// TestNoRoomForTheOutput: that it could not be written is not a mistake in a
// path that somebody gave.
func TestNoRoomForTheOutput(t *testing.T) {
	r := explain(&fs.PathError{Op: "write", Path: os.Stdout.Name(), Err: syscall.ENOSPC})
	want := report{what: "the output could not be written", why: "no space left on device", next: "what was looked at or done counts all the same; give it a place with room, and ask again", code: exitIO}
	if r != want {
		t.Errorf("%+v", r)
	}
	if r := explain(&fs.PathError{Op: "write", Path: "x.prom", Err: syscall.ENOSPC}); r.what != "cannot write x.prom" || r.next != "make room on the disk, and try again" {
		t.Errorf("%+v", r)
	}
}
