package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

// demoEnv names the socket over which `demo fault` breaks a running demo fleet.
const demoEnv = "JURYMAST_DEMO"

func (a *app) demoCommand() *cobra.Command {
	var calm bool
	c := a.command(&cobra.Command{
		Use:   "demo [--calm] [COMMAND...]",
		Short: "Run any command against a simulated fleet, no set-up at all",
		Long: `Run any command against a simulated fleet: the example inventory on SSH servers
inside this process, with a few things wrong. Nothing leaves this machine and
nothing of yours is read or changed. With no command it opens the console, and
where there is no terminal it looks and goes on looking.

  demo shell [-c SCRIPT]            a shell in which jurymast means the demo fleet
  demo fault NODE FAULT             inside that shell: break a machine, or heal it

Faults: down, hang, slow DURATION, cut, newkey, refuse, full, no-shell,
read-only-tmp, clock TIME, heal.`,
		Example: "  jurymast demo\n  jurymast demo check all -o json\n  jurymast demo --calm check all\n  jurymast demo shell\n  jurymast demo shell -c 'jurymast demo fault nas down; jurymast check nas'",
		RunE: func(c *cobra.Command, as []string) error {
			return a.runDemo(c.Context(), calm, as)
		},
	}, "0", "1", "64", "65", "69", "70", "74", "75", "76", "77", "129")
	c.Flags().SetInterspersed(false)
	c.Flags().BoolVar(&calm, "calm", false, "nothing is wrong")
	return c
}

func (a *app) runDemo(ctx context.Context, calm bool, as []string) error {
	if len(as) > 0 && as[0] == "fault" {
		return a.demoFault(ctx, as[1:])
	}
	if len(as) > 0 && as[0] == "demo" {
		return usageError{"a demo inside a demo", "jurymast demo " + strings.Join(as[1:], " ")}
	}
	dir, err := os.MkdirTemp("", "jurymast-demo-")
	if err != nil {
		return err
	}
	fleet, err := startDemo(ctx, dir, calm)
	if err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	defer func() { _ = errors.Join(fleet.Close(), os.RemoveAll(dir)) }() // it is only a demo: what is left lies in the temp folder

	switch {
	case len(as) == 0 && a.inTTY && a.outTTY: // no command is the console
		if err := fleet.remember(ctx, a.now(), calm); err != nil {
			return err
		}
	case len(as) == 0:
		as = []string{"check", "--watch"}
	case as[0] == "shell":
		return a.demoShell(ctx, fleet, as[1:])
	}
	// Go reads from here, and once, which certificates to trust.
	if err := os.Setenv(certEnv, fleet.ca); err != nil {
		return err
	}
	inner := newApp(append(a.passedOn(), as...), a.streams, overlay(a.env, fleet.environment()))
	inner.now, inner.demo = a.now, fleet
	if code := inner.run(ctx); code != exitOK {
		return resultError(code)
	}
	return nil
}

// passedOn is the global flags that stood before the inner command.
func (a *app) passedOn() []string {
	out := []string{"--output", a.flags.output, "--color", a.flags.color, "--time", a.flags.time}
	for flag, set := range map[string]bool{"--quiet": a.flags.quiet, "--ascii": a.flags.ascii, "--read-only": a.flags.readOnly, "--no-input": a.flags.noInput} {
		if set {
			out = append(out, flag)
		}
	}
	if a.flags.logFile != "" {
		out = append(out, "--log-file", a.flags.logFile)
	}
	if a.flags.verbose > 0 {
		out = append(out, "-"+strings.Repeat("v", a.flags.verbose))
	}
	return append(out, "--parallel", strconv.Itoa(a.flags.parallel), "--wait", a.flags.wait.String())
}

// overlay is an environment with some variables set otherwise; "" unsets.
func overlay(env lookupEnv, over map[string]string) lookupEnv {
	return func(name string) (string, bool) {
		if v, ok := over[name]; ok {
			return v, v != ""
		}
		return env(name)
	}
}

// demoShell runs a shell, or one script, in which jurymast means this binary
// and the demo fleet. Its exit code is the shell's.
func (a *app) demoShell(ctx context.Context, fleet *demoFleet, as []string) error {
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	bin := filepath.Join(fleet.dir, "bin")
	if err := os.MkdirAll(bin, 0o700); err != nil {
		return err
	}
	if err := os.Symlink(exe, filepath.Join(bin, "jurymast")); err != nil {
		return err
	}
	socket, stop, err := fleet.control(ctx)
	if err != nil {
		return err
	}
	defer stop()

	shell := a.env.get("SHELL")
	if shell == "" || len(as) > 0 {
		shell = "/bin/sh"
	}
	vars := fleet.environment()
	vars[demoEnv] = socket
	vars["PATH"] = bin + string(filepath.ListSeparator) + a.env.get("PATH")
	if a.errTTY && len(as) == 0 {
		_, _ = fmt.Fprintf(a.err, "A demo fleet is running. Try: jurymast check all; jurymast demo fault %s down; exit ends it.\n", "nas")
	}
	return a.execWith(ctx, append([]string{shell}, as...), vars)
}

// demoFault asks the demo fleet of the shell around this call to break.
func (a *app) demoFault(ctx context.Context, as []string) error {
	if len(as) < 2 {
		return usageError{"say which machine, and what happens to it", "jurymast demo fault nas down"}
	}
	socket := a.env.get(demoEnv)
	if socket == "" {
		return usageError{"there is no demo fleet around this call", "jurymast demo shell"}
	}
	return askDemo(ctx, socket, as)
}
