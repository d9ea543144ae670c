package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"
)

// tmuxWait is how long tmux may take to take text over a local socket.
const tmuxWait = 2 * time.Second

// clipboard gives text to the clipboard of the admin's terminal. A tmux that is
// at hand is asked itself: by default it drops what programs send (tmux(1),
// set-clipboard and allow-passthrough) and passes on what it was given.
func (a *app) clipboard(ctx context.Context, text string) error {
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
