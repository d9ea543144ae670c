package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// tmuxWait is how long tmux may take to take text over a local socket.
const tmuxWait = 2 * time.Second

// copyWait is how long the admin's own command may take. Those that hold the
// clipboard go on behind it and come back at once.
const copyWait = 5 * time.Second

// clipboard gives text to the clipboard of the admin's terminal, by their own
// command where there is one. A tmux that is at hand is asked itself: by default
// it drops what programs send (tmux(1), set-clipboard and allow-passthrough) and
// passes on what it was given.
func (a *app) clipboard(ctx context.Context, command, text string) error {
	if words := strings.Fields(command); len(words) > 0 {
		return copyBy(ctx, words, text)
	}
	if a.env.get("TMUX") != "" {
		ctx, cancel := context.WithTimeout(ctx, tmuxWait)
		defer cancel()
		c := exec.CommandContext(ctx, "tmux", "load-buffer", "-w", "-")
		c.Stdin = strings.NewReader(text)
		if c.Run() == nil {
			return nil
		}
	}
	if _, err := io.WriteString(a.out, clipSequence(text, a.env.get)); err != nil {
		return fmt.Errorf("copy to the terminal: %w", err)
	}
	return nil
}

// copyBy gives text to a command on its standard input. What it prints is kept
// for its error: the terminal is the console's.
func copyBy(ctx context.Context, words []string, text string) error {
	ctx, cancel := context.WithTimeout(ctx, copyWait)
	defer cancel()
	c := exec.CommandContext(ctx, words[0], words[1:]...)
	c.Stdin = strings.NewReader(text)
	said, err := os.CreateTemp("", "jurymast-copy-")
	if err != nil {
		return fmt.Errorf("nothing was copied: copy_command %s: %w", words[0], err)
	}
	defer func() { _ = errors.Join(said.Close(), os.Remove(said.Name())) }() // nobody needs it any more
	c.Stderr = said                                                          // a file: a pipe would be waited for as long as anybody behind the command holds it
	if err := c.Run(); err != nil {
		why, _ := os.ReadFile(said.Name()) // without it the exit code has to do
		if text := strings.Join(strings.Fields(string(why)), " "); text != "" {
			err = fmt.Errorf("%w: %s", err, text)
		}
		return fmt.Errorf("nothing was copied: copy_command %s: %w", words[0], err)
	}
	return nil
}

// clipSequence is what gives text to a terminal's clipboard: OSC 52 (xterm,
// ctlseqs), wrapped for what stands between. It is written at once, so that it
// stands between two frames. A terminal called screen may be tmux or screen on
// the machine that one came from: each understands one of the two and drops the
// other.
func clipSequence(text string, env func(string) string) string {
	seq := "\x1b]52;c;" + base64.StdEncoding.EncodeToString([]byte(text)) + "\a"
	switch {
	case env("TMUX") != "":
		return seq + "\x1bPtmux;" + strings.ReplaceAll(seq, "\x1b", "\x1b\x1b") + "\x1b\\"
	case env("STY") != "":
		return forScreen(seq)
	case strings.HasPrefix(env("TERM"), "screen"):
		return seq + forScreen(seq)
	}
	return seq
}

// screenString is the most that GNU screen passes on of one string, in bytes
// (MAXSTR in its sources is 768; older ones had 256).
const screenString = 240

// forScreen wraps a sequence so that GNU screen passes it on, in pieces.
func forScreen(seq string) string {
	var b strings.Builder
	for len(seq) > 0 {
		n := min(len(seq), screenString)
		b.WriteString("\x1bP" + seq[:n] + "\x1b\\")
		seq = seq[n:]
	}
	return b.String()
}
