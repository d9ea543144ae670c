package main

import (
	"errors"
	"os/exec"
	"strconv"
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
