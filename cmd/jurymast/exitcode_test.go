package main

import (
	"errors"
	"os/exec"
	"strconv"
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
