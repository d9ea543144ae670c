package tui

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"time"

	tea "github.com/charmbracelet/bubbletea"
)

// runChild asks the root to give the terminal to a program of this machine.
type runChild struct {
	what  string // "the shell on nas1"
	intro string // printed ahead of it, "" for nothing
	argv  []string
}

// run gives the terminal away until the program ends. Meanwhile the view is
// blank: the last one would be printed ahead of it.
func (m *root) run(c runChild) tea.Cmd {
	m.child = true
	clock, began := m.clock, m.clock()
	cmd := exec.CommandContext(context.WithoutCancel(m.ctx), c.argv[0], c.argv[1:]...) // it ends by itself
	return tea.Sequence(tea.SetWindowTitle(c.what), tea.Exec(&guest{cmd: cmd, intro: c.intro, clock: clock}, func(err error) tea.Msg {
		return childMsg{c.what, clock().Sub(began), err}
	}))
}

// guest is a program that has the terminal for a while.
type guest struct {
	cmd   *exec.Cmd
	intro string
	clock func() time.Time
	in    io.Reader
	out   io.Writer
}

// SetStdin implements tea.ExecCommand. The program gets the terminal itself:
// anything else would reach it through a pipe.
func (g *guest) SetStdin(r io.Reader) {
	if t, ok := r.(*terminal); ok {
		r = t.File
	}
	g.in, g.cmd.Stdin = r, r
}

// SetStdout implements tea.ExecCommand.
func (g *guest) SetStdout(w io.Writer) { g.out, g.cmd.Stdout = w, w }

// SetStderr implements tea.ExecCommand.
func (g *guest) SetStderr(w io.Writer) { g.cmd.Stderr = w }

// atOnce is how soon a program that could not do its work has ended: nobody has
// read yet what it said.
const atOnce = 2 * time.Second

// Run implements tea.ExecCommand. What fails at once stays on the screen until
// enter is pressed.
func (g *guest) Run() error {
	if g.intro != "" {
		_, _ = fmt.Fprintln(g.out, g.intro) // a terminal that is gone ends the program, too
	}
	began := g.clock()
	err := g.cmd.Run()
	if err == nil || g.clock().Sub(began) >= atOnce {
		return err
	}
	_, _ = fmt.Fprintf(g.out, "\n%v. enter goes back to the console.\n", err)
	for b := make([]byte, 1); b[0] != '\n' && b[0] != '\r'; {
		if _, end := g.in.Read(b); end != nil {
			break
		}
	}
	return err
}
