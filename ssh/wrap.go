package ssh

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// The lines that the login shell is given. They mean the same to sh, bash,
// zsh, fish, csh and tcsh: no redirection, no double quotes, no history
// character, no variable outside of single quotes. What is to be run follows
// on standard input, read by a POSIX shell.
const (
	plainLine = "exec /bin/sh -s"
	// The login may be root under any name, and then sudo need not be there.
	// LC_ALL: what sudo says is read.
	sudoLine = "exec /bin/sh -c 'LC_ALL=C; export LC_ALL; test $(id -u) -eq 0 && exec /bin/sh -s; exec sudo -n /bin/sh -s'"
)

func loginLine(sudo bool) string {
	if sudo {
		return sudoLine
	}
	return plainLine
}

//go:embed sh/announce.sh
var announceScript string

//go:embed sh/kill.sh
var killScript string

var errNUL = errors.New("the text holds a NUL byte, which no shell can be given")

// wrap returns what is written to the standard input of the remote shell.
//
// The text is one quoted word: the shell has read all of it before any of it
// runs, so one that was cut off on the way does nothing. Within it the text is
// one compound command, so one with a mistake in its grammar does nothing
// either.
func wrap(mark string, c Command) ([]byte, error) {
	if strings.IndexByte(c.Text, 0) >= 0 || bytes.IndexByte(c.Secrets, 0) >= 0 {
		return nil, errNUL
	}
	var b bytes.Buffer
	b.Grow(len(announceScript) + len(c.Secrets) + len(c.Text) + len(`\''`)*strings.Count(c.Text, "'") + 256)
	fmt.Fprintf(&b, "JM_MARK=%s\n", mark)
	b.WriteString(announceScript)
	b.Write(c.Secrets)
	if n := len(c.Secrets); n > 0 && c.Secrets[n-1] != '\n' {
		b.WriteByte('\n')
	}
	b.WriteString("eval '{ :\n")
	b.WriteString(inQuotes(c.Text))
	b.WriteString("\n}' </dev/null\n")
	return b.Bytes(), nil
}

// quote returns s as one word of POSIX sh.
func quote(s string) string { return "'" + inQuotes(s) + "'" }

// inQuotes returns s as it stands between the quotes of such a word.
func inQuotes(s string) string { return strings.ReplaceAll(s, "'", `'\''`) }

// place is where a text runs, as announced.
type place struct {
	group int   // process group; 0 when the host could not tell
	start int64 // of its leader, in ticks since boot; 0 when the host could not tell
}

// parsePlace reads what stands behind the mark.
func parsePlace(s string) place {
	f := strings.Fields(s)
	if len(f) != 2 {
		return place{}
	}
	group, err := strconv.Atoi(f[0])
	if err != nil || group <= 1 { // 0 and 1 mean "everything" to kill
		return place{}
	}
	start, err := strconv.ParseInt(f[1], 10, 64)
	if err != nil || start < 0 {
		start = 0
	}
	return place{group, start}
}

// killText returns the text that ends what runs at a place: TERM, and KILL
// after grace seconds. It prints killGone once nothing is left.
func (p place) killText(grace int) string {
	return fmt.Sprintf("%s\njm_end %d %d %d && echo %s\n", killScript, p.group, p.start, grace, killGone)
}

const killGone = "gone"
