package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"jurymast/actions/engine"
)

// app is one call of jurymast: its arguments, its streams, its environment and
// what the global flags say. Nothing of it is shared with another call.
type app struct {
	args []string
	streams
	env   lookupEnv
	now   func() time.Time
	flags globals
	log   *slog.Logger
	close []func() error
	demo  *demoFleet // set while the command runs against a demo fleet
	// helped is what came of a page of help that was asked for by --help.
	helped error
	// demoSocket is where runs that are processes of their own find that fleet.
	demoSocket string
}

// globals are the flags that every command has.
type globals struct {
	inventory string
	output    string
	quiet     bool
	verbose   int
	readOnly  bool
	noInput   bool
	color     string
	ascii     bool
	time      string
	timeout   time.Duration
	parallel  int
	wait      time.Duration
	logFile   string
}

func newApp(args []string, s streams, env lookupEnv) *app {
	return &app{args: args, streams: s.settle(env), env: env, now: time.Now, log: slog.New(slog.DiscardHandler)}
}

// run carries out the command line and returns the exit code.
func (a *app) run(ctx context.Context) int {
	root := a.rootCommand()
	root.SetArgs(a.args)
	err := errors.Join(root.ExecuteContext(ctx), a.helped)
	for _, f := range slices.Backward(a.close) {
		err = errors.Join(err, f())
	}
	if err == nil {
		return exitOK
	}
	r := explain(err)
	if a.flags.output == string(formatNDJSON) || a.flags.output == string(formatJSON) {
		a.fatalJSON(r)
	} else {
		r.write(a.err)
	}
	return r.code
}

// fatalJSON tells a program on stderr what a person is told in three lines.
func (a *app) fatalJSON(r report) {
	if r.what == "" {
		return
	}
	e := json.NewEncoder(a.err)
	e.SetEscapeHTML(false)
	_ = e.Encode(map[string]any{"type": "error", "code": r.code, "message": r.what, "why": r.why, "next": r.next})
}

// command fills in what every command of the tree has in common: flag mistakes
// are usage errors, and the exit codes stand at the end of its help.
func (a *app) command(c *cobra.Command, codes ...string) *cobra.Command {
	if len(codes) > 0 {
		c.Annotations = map[string]string{"codes": strings.Join(codes, " ")}
	}
	return c
}

// printer returns a printer for this call's output.
func (a *app) printer() printer {
	p := printer{out: a.out, format: format(a.flags.output), width: a.width, signs: unicodeSigns, now: a.now(), color: a.colored(a.outTTY)}
	if a.asciiOnly() {
		p.signs = asciiSigns
	}
	return p
}

// colored reports whether a stream gets colour: the flag wins, then NO_COLOR
// (no-color.org: set and not empty), then CLICOLOR_FORCE, then what the stream is.
func (a *app) colored(tty bool) bool {
	switch a.flags.color {
	case "always":
		return true
	case "never":
		return false
	}
	if a.env.get("NO_COLOR") != "" {
		return false
	}
	if f := a.env.get("CLICOLOR_FORCE"); f != "" && f != "0" {
		return true
	}
	return tty && a.env.get("CLICOLOR") != "0"
}

// asciiOnly reports whether signs must be plain: asked for, a console without
// the glyphs, or a locale that is not UTF-8, as under cron.
func (a *app) asciiOnly() bool {
	if a.flags.ascii || truthy(a.env.get("JURYMAST_ASCII")) || a.env.get("TERM") == "linux" {
		return true
	}
	for _, v := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if s := a.env.get(v); s != "" {
			s = strings.ToLower(strings.ReplaceAll(s, "-", ""))
			return !strings.Contains(s, "utf8")
		}
	}
	return true
}

func truthy(s string) bool { return s != "" && s != "0" && s != "false" && s != "no" }

// paths returns where the inventory, the store and the rest are looked for.
func (a *app) paths() engine.Paths {
	return engine.FindPaths(a.flags.inventory, engine.Env(a.env), os.Geteuid() == 0)
}

// open opens the fleet and its store. What it opened is closed when the
// command ends.
func (a *app) open(ctx context.Context) (*engine.Engine, error) {
	o, err := a.options()
	if err != nil {
		return nil, err
	}
	e, err := engine.Open(ctx, o)
	if err != nil {
		return nil, err
	}
	a.close = append(a.close, e.Close)
	a.warn(e)
	return e, nil
}

func (a *app) options() (engine.Options, error) {
	if err := a.openLog(); err != nil {
		return engine.Options{}, err
	}
	return engine.Options{
		Paths:    a.paths(),
		ReadOnly: a.flags.readOnly || truthy(a.env.get("JURYMAST_READ_ONLY")),
		Parallel: a.flags.parallel,
		Now:      a.now,
		Who:      a.who(),
		Agent:    a.env.get("SSH_AUTH_SOCK"),
		Dial:     a.demoDial(),
		Log:      a.log,
	}, nil
}

// warn says on a terminal what of the ssh configuration is not applied and, when
// asked for more, what the inventory allows and probably does not mean. Cron is
// not bothered: `doctor` and `inventory validate` say it when asked.
func (a *app) warn(e *engine.Engine) {
	if !a.errTTY || a.flags.quiet {
		return
	}
	if p, ok := e.ConfigWarning(); ok {
		_, _ = io.WriteString(a.err, p.String()+"\n")
	}
	if a.flags.verbose == 0 {
		return
	}
	for _, p := range e.Fleet().Warnings {
		_, _ = io.WriteString(a.err, p.String()+"\n")
	}
}

// who is the admin as the journal names them.
func (a *app) who() string {
	for _, v := range []string{"SUDO_USER", "LOGNAME", "USER"} {
		if s := a.env.get(v); s != "" {
			return s
		}
	}
	return "unknown"
}

// openLog sends the log to --log-file or JURYMAST_LOG, at debug level with -vv.
func (a *app) openLog() error {
	name := a.flags.logFile
	if name == "" {
		name = a.env.get("JURYMAST_LOG")
	}
	if name == "" {
		return nil
	}
	f, err := os.OpenFile(filepath.Clean(name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	a.close = append(a.close, f.Close)
	level := slog.LevelInfo
	if a.flags.verbose > 1 {
		level = slog.LevelDebug
	}
	a.log = slog.New(slog.NewTextHandler(f, &slog.HandlerOptions{Level: level}))
	return nil
}
