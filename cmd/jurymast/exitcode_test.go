package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"strconv"
	"strings"
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

// fullOutput is a standard output on a full disk.
type fullOutput struct{}

func (fullOutput) Write([]byte) (int, error) {
	return 0, &fs.PathError{Op: "write", Path: os.Stdout.Name(), Err: syscall.ENOSPC}
}

// TestFullStandardOutput: what of it could not be written is not taken for given.
func TestFullStandardOutput(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, args := range [][]string{{"--help"}, {"check", "-h"}, {"help"}, {"help", "check"}, {"inventory", "--help"}, {"kinds"}, {"kinds", "linux"}, {"list"}, {"list", "-o", "json"}, {"version"},
		{"completion", "bash"}, {"completion", "zsh"}, {"completion", "fish"}, {"completion", "powershell"}, {"man"}, {"metrics"}, {"units", "print"}, {"inventory", "schema"}, {"config", "env"}} {
		var said bytes.Buffer
		env := map[string]string{"JURYMAST_INVENTORY": "../../inventory.example.toml", "JURYMAST_STATE_DIR": dir, "HOME": dir}
		code := newApp(args, streams{in: strings.NewReader(""), out: fullOutput{}, err: &said}, func(name string) (string, bool) { v, ok := env[name]; return v, ok }).run(t.Context())
		if code != exitIO || !strings.Contains(said.String(), "the output could not be written") || strings.Count(said.String(), "no space left on device") != 1 {
			t.Errorf("%v: exit %d: %s", args, code, said.String())
		}
	}
}
