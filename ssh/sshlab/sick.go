package sshlab

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// A machine that answers may still be in no state to work. These faults hold
// for commands that begin after them.

// Full leaves no room on the machine: files can be made, and nothing can be
// written to them. The error is that of a limit (EFBIG) and not ENOSPC.
func (m *Machine) Full() { m.change(func(w *weather) { w.full = true }) }

// NoShell takes the machine's /bin/sh away; the login shell is still there.
func (m *Machine) NoShell() { m.change(func(w *weather) { w.noShell = true }) }

// fullScript starts a program that can write to no file. XFSZ would end it
// before it could say so.
const fullScript = `trap '' XFSZ; ulimit -f 0; exec "$@"`

// suffer returns the command line of a shell as the machine's faults leave it.
func (m *Machine) suffer(shell, command string) (program string, args []string) {
	w := m.weather.Load()
	if w.noShell {
		command = strings.ReplaceAll(command, "/bin/sh", filepath.Join(m.dir, "bin/sh-is-gone"))
	}
	if w.full {
		return "/bin/sh", []string{"-c", fullScript, "sh", shell, "-c", command}
	}
	return shell, []string{"-c", command}
}

// ReadOnlyTmp lets nothing be made in the machine's /tmp. Root could write to
// any folder, so that a file takes its place.
func (m *Machine) ReadOnlyTmp() error {
	err := os.RemoveAll(m.tmp())
	if err == nil {
		err = os.WriteFile(m.tmp(), nil, 0o400)
	}
	if err != nil {
		return fmt.Errorf("machine %s: read-only tmp: %w", m.host.Name, err)
	}
	return nil
}

func (m *Machine) tmp() string { return filepath.Join(m.dir, "tmp") }

// Clock stops the machine's clock, as far as date tells it, at a time.
func (m *Machine) Clock(at time.Time) error {
	date, err := exec.LookPath("date")
	if err != nil {
		return fmt.Errorf("machine %s: clock: %w", m.host.Name, err)
	}
	set := "-d"
	when := fmt.Sprintf("@%d", at.Unix())
	if runtime.GOOS == "darwin" {
		set, when = "-r", fmt.Sprint(at.Unix())
	}
	// What a call says itself comes behind, and wins.
	text := fmt.Sprintf("#!/bin/sh\ncase \" $* \" in *' -r '*) exec %s \"$@\" ;; esac\nexec %s %s %s \"$@\"\n", date, date, set, when)
	if err := writeFile(m.dir, "bin/date", text, 0o755); err != nil {
		return fmt.Errorf("machine %s: clock: %w", m.host.Name, err)
	}
	return nil
}

// recover ends what Clock and ReadOnlyTmp have left in the machine's files.
func (m *Machine) recover() error {
	if m.host.canned() {
		return nil
	}
	if _, own := m.host.Tools["date"]; !own {
		if err := os.Remove(filepath.Join(m.dir, "bin/date")); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if i, err := os.Stat(m.tmp()); err == nil && i.IsDir() {
		return nil
	}
	if err := os.Remove(m.tmp()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Mkdir(m.tmp(), 0o700)
}
