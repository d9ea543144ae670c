package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"unicode"

	"github.com/pelletier/go-toml/v2"
	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"jurymast/actions/engine"
	"jurymast/inventory"
	"jurymast/tui"
)

// uiCommand opens the console at a place.
func (a *app) uiCommand() *cobra.Command {
	var screen, at string
	c := a.command(&cobra.Command{
		Use:     "ui",
		Short:   "Open the console, as jurymast alone does at a terminal",
		Example: "  jurymast ui --screen backups\n  jurymast ui --at service/mail",
		Args:    args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			if !slices.Contains(tui.Screens(), screen) {
				return usagef("there is no screen %q: %s", screen, strings.Join(tui.Screens(), ", "))
			}
			return a.console(c.Context(), screen, at)
		},
	})
	c.Flags().StringVar(&screen, "screen", "overview", "what is shown first: "+strings.Join(tui.Screens(), ", "))
	c.Flags().StringVar(&at, "at", "", "open this `target`")
	cobra.CheckErr(c.RegisterFlagCompletionFunc("screen", cobra.FixedCompletions(tui.Screens(), cobra.ShellCompDirectiveNoFileComp)))
	cobra.CheckErr(c.RegisterFlagCompletionFunc("at", a.completeTargets()))
	return c
}

// gcWhileOpening is how much may be allocated while the console opens, in percent
// of what is in use: some 40 MB at first, of which 1000 hosts take a third.
const gcWhileOpening = 800

// console opens the console on a screen, where a person sits at a terminal; at
// names a target to be opened over it, "" for none.
func (a *app) console(ctx context.Context, screen, at string) error {
	if !a.inTTY || !a.outTTY {
		return usageError{"say what to do: the console needs a terminal, and this is none", "jurymast check all --watch, or jurymast help"}
	}
	set, err := loadConsole(filepath.Dir(a.paths().Inventory))
	if err != nil {
		return err
	}
	stop, err := a.letChildrenReachDemo(ctx)
	if err != nil {
		return err
	}
	defer stop()
	// What is read now is kept: to look through it for what is not costs time
	// that somebody waits for.
	often := debug.SetGCPercent(gcWhileOpening)
	e, err := a.openConsole(ctx)
	debug.SetGCPercent(often)
	if err != nil {
		return err
	}
	defer e.close()
	var ref inventory.Ref
	if at != "" {
		t, err := e.Fleet().Lookup(at)
		if err != nil {
			return err
		}
		ref = t.Ref
	}
	theme := a.env.get("JURYMAST_THEME")
	if theme == "" {
		theme = set.Theme
	}
	times := a.flags.time
	if set.Time != "" && a.env.get("JURYMAST_TIME") == "" {
		times = set.Time
	}
	release := a.keepTerminal()
	err = tui.Run(ctx, e, tui.Options{
		Theme: theme, Color: a.colored(a.outTTY), ASCII: a.asciiOnly() || set.ASCII, Mouse: set.Mouse, Time: times, Keys: set.Keys, Settings: set.path,
		Now: a.now, In: a.in, Out: a.out,
		Screen: screen, At: ref, Shell: shellBehind(),
		Ring:  func(text string) error { return ring(a.out, text, set.Notify) },
		Copy:  func(text string) error { return a.clipboard(ctx, set.CopyCommand, text) },
		Write: a.writeNew, Questions: e.person, Agent: a.env.get("SSH_AUTH_SOCK") != "",
	})
	release()
	var keys *tui.KeysError
	var fault *tui.Fault
	switch {
	case errors.As(err, &fault):
		a.log.Error("the console met a fault of its own", "fault", fault.Value, "stack", string(fault.Stack))
		return &engine.Trouble{Class: engine.ClassInternal, What: "the console met a fault of its own and has ended; runs go on by themselves", Details: faultLines(fault), Next: "jurymast opens it again; please report these lines"}
	case errors.Is(err, tui.ErrGone):
		return resultError(128 + int(syscall.SIGHUP)) // as if it had said so
	case errors.As(err, &keys):
		return &engine.Trouble{Class: engine.ClassInventory, What: "the keys in " + set.path + " cannot be used", Details: keys.Problems, Next: "jurymast help, and ? in the console, say what keys do"}
	case errors.Is(err, tui.ErrTheme):
		return usageError{"theme " + err.Error(), "JURYMAST_THEME=default jurymast"}
	}
	return err
}

// faultLines are what a fault was and where, as lines for a report: the places
// in this program, innermost first.
func faultLines(f *tui.Fault) []string {
	out := []string{fmt.Sprint(f.Value)}
	_, at, _ := strings.Cut(string(f.Stack), "\npanic(") // what stands above caught it
	lines := strings.Split(at, "\n")
	for i := range len(lines) - 1 { // a function's line, then its place in the sources
		if strings.HasPrefix(lines[i], "jurymast/") && len(out) < maxFaultLines {
			place, _, _ := strings.Cut(strings.TrimSpace(lines[i+1]), " ")
			name, _, _ := strings.Cut(lines[i], "(0x")
			out = append(out, name+"  "+place)
		}
	}
	return out
}

// maxFaultLines bounds what is printed of a fault; the log has all of it.
const maxFaultLines = 9

// consoleSettings is console.toml, beside the inventory: how the console looks
// and which keys it takes.
type consoleSettings struct {
	Theme string `toml:"theme"`
	ASCII bool   `toml:"ascii"`
	Mouse bool   `toml:"mouse"`
	// CopyCommand takes what is copied on its standard input, where the terminal
	// has no clipboard to give it to: "wl-copy".
	CopyCommand string `toml:"copy_command"`
	// Notify sends a word to the terminal's notifications (OSC 9), beside the bell.
	Notify bool                `toml:"notify"`
	Time   string              `toml:"time"`
	Keys   map[string][]string `toml:"keys"`
	path   string
}

func loadConsole(dir string) (consoleSettings, error) {
	s := consoleSettings{path: filepath.Join(dir, "console.toml")}
	data, err := os.ReadFile(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, err
	}
	if err := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields().Decode(&s); err != nil {
		why := err.Error()
		var strict *toml.StrictMissingError
		var wrong *toml.DecodeError
		switch {
		case errors.As(err, &strict):
			why = strict.String()
		case errors.As(err, &wrong):
			why = wrong.String()
		}
		return s, &engine.Trouble{Class: engine.ClassInventory, What: s.path + " cannot be used", Details: strings.Split(why, "\n"), Next: "edit it, or take it away"}
	}
	return s, nil
}

// writeNew writes text to a file that is not there yet, for its owner alone, and
// returns its full path. A name that begins with ~/ is below the home folder.
func (a *app) writeNew(path, text string) (string, error) {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		path = filepath.Join(a.env.get("HOME"), rest)
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("%s is there already and stays as it is: give another name", path)
	}
	if err != nil {
		return "", fmt.Errorf("nothing was written: %w", err)
	}
	if _, err := f.WriteString(text); err != nil {
		return "", fmt.Errorf("not all of it was written: %w", errors.Join(err, f.Close()))
	}
	if err := f.Close(); err != nil {
		return "", fmt.Errorf("not all of it was written: %w", err)
	}
	return path, nil
}

// shellBehind reports whether a shell waits that can go on with this program
// once it was stopped. A shell gives its jobs groups of their own; in the group
// of the session's leader there is nobody, and to stop would be to hang.
func shellBehind() bool {
	session, err := unix.Getsid(0)
	return err == nil && unix.Getpgrp() != session
}

// ring sounds the terminal's bell, and where it is asked for sends text to its
// notifications (OSC 9, of iTerm2), in one write, so that it stands between two
// frames.
func ring(out io.Writer, text string, notify bool) error {
	seq := "\a"
	if notify {
		seq += "\x1b]9;" + strings.Map(func(r rune) rune {
			if unicode.IsControl(r) {
				return -1 // it would end the sequence
			}
			return r
		}, text) + "\a"
	}
	if _, err := io.WriteString(out, seq); err != nil {
		return fmt.Errorf("ring the terminal: %w", err)
	}
	return nil
}

// editor is the command line of the admin's editor.
func (a *app) editor() []string {
	for _, name := range []string{"VISUAL", "EDITOR"} {
		if words := strings.Fields(a.env.get(name)); len(words) > 0 {
			return words
		}
	}
	return []string{"vi"}
}

// letChildrenReachDemo lets runs that the console of a demo starts, processes
// of their own, ask what is asked from the console's machine.
func (a *app) letChildrenReachDemo(ctx context.Context) (stop func(), err error) {
	if a.demo == nil {
		return func() {}, nil
	}
	socket, stop, err := a.demo.control(ctx)
	if err != nil {
		return nil, err
	}
	a.demoSocket = socket
	return stop, nil
}
