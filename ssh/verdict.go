package ssh

import (
	"errors"
	"fmt"
	"strings"
)

// verdict says what went wrong with a command that ended by itself: nothing
// once it began and its end was told, else why it never began.
func (r *running) verdict() error {
	told := r.told()
	if r.out.passed {
		if !told {
			return r.s.fail(LineLost, errors.New("the connection ended before the command did; it may still run there"), hintAgain(r.s.host))
		}
		return nil
	}
	said := lastLine(r.err.prelude)
	if said == "" {
		said = lastLine(r.out.prelude)
	}
	why := errNothingRan
	switch {
	case errors.Is(r.sendErr, errExecRefused):
		return r.s.fail(ShellMissing, errExecRefused, hintShell)
	case !told && said == "":
		return r.s.fail(LineLost, fmt.Errorf("the connection ended before the command began: %w", why), hintAgain(r.s.host))
	case !told:
		return r.s.fail(LineLost, fmt.Errorf("the connection ended before the command began: %w; the host says: %s", why, said), hintAgain(r.s.host))
	}
	if said == "" {
		said = r.ending()
	}
	if r.s.sudo {
		if line := sudoSays(r.err.prelude); line != "" {
			return r.s.fail(SudoRefused, fmt.Errorf("%w: %s", why, line), hintSudo)
		}
	}
	return r.s.fail(ShellMissing, fmt.Errorf("%w; the host says: %s", why, said), hintShell)
}

// told reports whether the server said how the shell ended. It may be asked
// once r is done.
func (r *running) told() bool { return r.status != nil || r.signal != "" }

const (
	hintShell = "the login needs a shell that runs commands, and the host /bin/sh: ssh HOST 'exec /bin/sh -s' must work"
	hintSudo  = "jurymast kinds NAME --sudoers prints the rule that is missing"
)

func hintAgain(host string) string { return "try again; jurymast ssh " + base(host) + " shows more" }

func hintSlow(host string) string {
	return "allow more time, or see what holds it up: jurymast ssh " + base(host)
}

func (r *running) ending() string {
	if r.signal != "" {
		return "ended by " + r.signal
	}
	return fmt.Sprintf("exit status %d", *r.status)
}

// sudoSays returns sudo's own word on why it would not, "" when it said none
// (sudo 1.9, with LC_ALL=C; its plugins word the same ways).
func sudoSays(b []byte) string {
	last := ""
	for l := range strings.Lines(string(Clean(b, 400))) {
		l = strings.TrimSpace(l)
		for _, w := range []string{"password is required", "not in the sudoers", "not allowed to", "may not run sudo", "terminal is required", "must have a tty", "no tty present", "account validation", "account or password is expired"} {
			if strings.Contains(l, w) {
				last = l
			}
		}
		if strings.Contains(l, "sudo") && strings.Contains(l, "not found") || last == "" && strings.HasPrefix(l, "sudo:") {
			last = l
		}
	}
	return last
}
