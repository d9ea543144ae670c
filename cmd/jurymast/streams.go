package main

import (
	"io"
	"os"
	"strconv"

	"golang.org/x/term"
)

// streams are where a command reads and writes, and whether a person sits
// there. Data goes to out, talk to err.
type streams struct {
	in             io.Reader
	out, err       io.Writer
	inTTY          bool
	outTTY, errTTY bool
	width          int // columns of out; 0 where it is no terminal: nothing is cut
}

func processStreams() streams {
	s := streams{
		in: os.Stdin, out: os.Stdout, err: os.Stderr,
		inTTY:  term.IsTerminal(int(os.Stdin.Fd())),
		outTTY: term.IsTerminal(int(os.Stdout.Fd())),
		errTTY: term.IsTerminal(int(os.Stderr.Fd())),
	}
	if s.outTTY {
		s.width = 80
		if w, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil && w > 0 {
			s.width = w
		}
	}
	return s
}

// settle applies the environment's word on terminals: TERM=dumb and CI count
// as piped, JURYMAST_FORCE_TTY as a terminal of that many columns.
func (s streams) settle(env lookupEnv) streams {
	if v, ok := env("JURYMAST_FORCE_TTY"); ok && v != "" {
		s.outTTY, s.errTTY, s.width = true, true, 80
		if n, err := strconv.Atoi(v); err == nil && n > 1 {
			s.width = n
		}
		return s
	}
	if v, _ := env("TERM"); v == "dumb" {
		s.outTTY, s.errTTY, s.width = false, false, 0
	}
	if v, _ := env("CI"); v != "" && v != "false" {
		s.outTTY, s.errTTY, s.width = false, false, 0
	}
	if v, _ := env("COLUMNS"); v != "" && s.outTTY {
		if n, err := strconv.Atoi(v); err == nil && n > 0 {
			s.width = n
		}
	}
	return s
}

// lookupEnv is os.LookupEnv, or a test's.
type lookupEnv func(string) (string, bool)

func (e lookupEnv) get(name string) string { v, _ := e(name); return v }
