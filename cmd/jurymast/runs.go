package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"jurymast/actions"
	"jurymast/actions/engine"
)

func (a *app) runsCommand() *cobra.Command {
	return a.group(a.command(&cobra.Command{
		Use:     "runs",
		Short:   "Runs: list, follow, stop, go on, undo, note, report",
		Example: "  jurymast runs list\n  jurymast runs attach 0412\n  jurymast runs stop 0412 --then undo\n  jurymast runs resume 0412",
	}), a.runsList(), a.runsShow(), a.runsAttach(), a.runsStop(), a.runsResume(), a.runsUndo(), a.runsClose(), a.runsNote(), a.runsReport(), a.runsCarry())
}

// one is a command about one run.
func (a *app) one(use, short, example string, do func(ctx context.Context, e *engine.Engine, id string) error, codes ...string) *cobra.Command {
	return a.command(&cobra.Command{
		Use: use, Short: short, Example: example, Args: args(cobra.ExactArgs(1)), ValidArgsFunction: a.completeRuns(),
		RunE: func(c *cobra.Command, as []string) error {
			e, err := a.open(c.Context())
			if err != nil {
				return err
			}
			return do(c.Context(), e, as[0])
		},
	}, codes...)
}

func (a *app) runsList() *cobra.Command {
	var open bool
	c := a.command(&cobra.Command{
		Use: "list", Aliases: []string{"ls"}, Short: "Say which runs there were, newest first", Example: "  jurymast runs list --open\n  jurymast runs list -o json",
		Args: args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			e, err := a.open(c.Context())
			if err != nil {
				return err
			}
			rs, err := e.Runs(c.Context(), engine.RunFilter{Open: open})
			if err != nil {
				return err
			}
			for i := range rs {
				rs[i].State = a.standing(c.Context(), e, rs[i])
			}
			p := a.printer()
			return p.print(runListing(rs, p, timeStyle(a.flags.time)), exitOK)
		},
	})
	c.Flags().BoolVar(&open, "open", false, "only those that hold their targets")
	return c
}

// standing is the state of a run as people are told it: one that should be
// under way and has no process was cut off.
func (a *app) standing(ctx context.Context, e *engine.Engine, r actions.Run) string {
	if running(r.State) && !e.Alive(r.ID) {
		return "cut off"
	}
	return r.State
}

func runListing(rs []actions.Run, p printer, ts timeStyle) listing {
	l := listing{schema: "runs", empty: "there were no runs", columns: []column{{head: "RUN"}, {head: "STATE"}, {head: "WHAT", flex: true}, {head: "WHO"}, {head: "WHEN"}, {head: "TOOK"}}}
	for _, r := range rs {
		took := "-"
		if !r.Began.IsZero() && !r.Ended.IsZero() {
			took = age(r.Ended.Sub(r.Began))
		}
		l.rows = append(l.rows, row{name: r.ID, cells: []string{r.ID, r.State, r.Title, r.Who, ts.show(r.Made, p.now), took}, item: r})
	}
	return l
}

func (a *app) runsShow() *cobra.Command {
	return a.one("show RUN", "Say how a run stands, step by step", "  jurymast runs show 0412", func(ctx context.Context, e *engine.Engine, id string) error {
		rep, err := e.Report(ctx, id)
		if err != nil {
			return err
		}
		l := listing{schema: "run", columns: []column{{head: "STEP"}, {head: "STATE"}, {head: "WHERE"}, {head: "WHAT", flex: true}, {head: "TOOK"}}, extra: map[string]any{"report": rep}}
		for _, s := range rep.Steps {
			state := s.State
			if state == "" {
				state = "not begun"
			}
			what := s.Title
			if s.Line != "" {
				what += ": " + s.Line
			}
			l.rows = append(l.rows, row{name: s.ID, cells: []string{s.ID, state, s.Host.Name(), what, age(s.Took)}, item: s})
		}
		p := a.printer()
		if p.forPeople() {
			r := rep.Run
			_, err := fmt.Fprintf(a.out, "run %s  %s  %s  by %s\n", r.ID, a.standing(ctx, e, r), r.Title, r.Who)
			if err != nil {
				return err
			}
		}
		return p.print(l, exitOK)
	})
}

func (a *app) runsAttach() *cobra.Command {
	return a.one("attach RUN", "Follow a run until it stands still", "  jurymast runs attach 0412", func(ctx context.Context, e *engine.Engine, id string) error {
		r, err := e.Run(ctx, id)
		if err != nil {
			return err
		}
		if err := a.printRun(ctx, e, r, 0); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := a.outcome(ctx, e, r.ID); err != nil {
			return err
		}
		return a.ended(ctx, e, r.ID)
	}, "0", "10", "11", "12", "13", "64", "74", "77", "129")
}

// ended is the exit code of a run that stands still.
func (a *app) ended(ctx context.Context, e *engine.Engine, id string) error {
	r, err := e.Run(ctx, id)
	if err != nil {
		return err
	}
	switch engine.Outcome(r.State) {
	case engine.Undone:
		return resultError(exitUndone)
	case engine.Hands, engine.Partial:
		return resultError(exitHands)
	case engine.Stopped:
		return resultError(exitStopped)
	case engine.Refused:
		return resultError(exitRefused)
	}
	return nil
}

func (a *app) runsStop() *cobra.Command {
	var then string
	c := a.one("stop RUN", "Stop a run when the step under way has ended", "  jurymast runs stop 0412 --then undo", func(ctx context.Context, e *engine.Engine, id string) error {
		r, err := e.Run(ctx, id)
		if err != nil {
			return err
		}
		if err := e.Ask(ctx, r.ID, then); err != nil {
			return err
		}
		if running(r.State) && !e.Alive(r.ID) {
			_, err = fmt.Fprintf(a.err, "run %s has no process now: jurymast runs resume %s, or undo, or close\n", r.ID, r.ID)
		}
		return err
	})
	c.Flags().StringVar(&then, "then", "wait", "what comes after: wait; undo; kill, which ends the step under way at once")
	cobra.CheckErr(c.RegisterFlagCompletionFunc("then", cobra.FixedCompletions([]string{"wait", "undo", "kill"}, cobra.ShellCompDirectiveNoFileComp)))
	return c
}

var carryCodes = []string{"0", "10", "11", "12", "13", "64", "65", "74", "75", "77", "129"}

func (a *app) runsResume() *cobra.Command {
	var detach bool
	c := a.one("resume RUN", "Go on with a run where it stands", "  jurymast runs resume 0412", func(ctx context.Context, e *engine.Engine, id string) error {
		r, err := e.Run(ctx, id)
		if err != nil {
			return err
		}
		if detach {
			return a.detach(ctx, e, r)
		}
		return a.carry(ctx, e, r, e.Carry)
	}, carryCodes...)
	c.Flags().BoolVar(&detach, "detach", false, "in a process of its own")
	return c
}

func (a *app) runsUndo() *cobra.Command {
	return a.one("undo RUN", "Take back what a run has done, last first", "  jurymast runs undo 0412", func(ctx context.Context, e *engine.Engine, id string) error {
		r, err := e.Run(ctx, id)
		if err != nil {
			return err
		}
		return a.carry(ctx, e, r, e.Undo)
	}, carryCodes...)
}

func (a *app) runsClose() *cobra.Command {
	var reason string
	c := a.one("close RUN", "Let go of a run's targets: a person has seen to what was left", "  jurymast runs close 0412 --reason 'started by hand'", func(ctx context.Context, e *engine.Engine, id string) error {
		return e.CloseRun(ctx, id, reason)
	}, "0", "64", "74", "75", "77")
	c.Flags().StringVar(&reason, "reason", "", "what was done, for the record")
	return c
}

func (a *app) runsNote() *cobra.Command {
	return a.command(&cobra.Command{
		Use: "note RUN TEXT...", Short: "Write something down about a run, for its report and for history", Example: "  jurymast runs note 0412 the disk of nas1 was full, and is not now",
		Args: args(cobra.MinimumNArgs(2)), ValidArgsFunction: a.completeRuns(),
		RunE: func(c *cobra.Command, as []string) error {
			e, err := a.open(c.Context())
			if err != nil {
				return err
			}
			return e.NoteRun(c.Context(), as[0], strings.Join(as[1:], " "))
		},
	}, "0", "64", "74", "77")
}

func (a *app) runsReport() *cobra.Command {
	return a.one("report RUN", "Say what a run came to: what is left to do, what was measured", "  jurymast runs report 0412\n  jurymast runs report 0412 -o json", func(ctx context.Context, e *engine.Engine, id string) error {
		rep, err := e.Report(ctx, id)
		if err != nil {
			return err
		}
		if a.printer().forPeople() {
			_, err = io.WriteString(a.out, rep.Markdown())
			return err
		}
		enc := json.NewEncoder(a.out)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		return enc.Encode(map[string]any{"schema": "jurymast/report/v1", "generated_at": a.now(), "exit": exitOK, "report": rep})
	})
}

// runsCarry is how a process of its own is started for a run.
func (a *app) runsCarry() *cobra.Command {
	c := a.one("carry RUN", "Carry a run out in this process", "  jurymast runs carry 0412", func(ctx context.Context, e *engine.Engine, id string) error {
		// The end of a terminal is no reason to stop.
		signal.Ignore(syscall.SIGHUP)
		_, err := e.Carry(ctx, id)
		return err
	}, carryCodes...)
	c.Hidden = true
	return c
}

func (a *app) completeRuns() completer {
	return func(c *cobra.Command, as []string, prefix string) ([]string, cobra.ShellCompDirective) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		e, err := a.open(ctx)
		if err != nil || len(as) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		rs, err := e.Runs(ctx, engine.RunFilter{})
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var out []string
		for _, r := range rs {
			out = append(out, r.ID+"\t"+r.Title)
		}
		return out, cobra.ShellCompDirectiveNoFileComp
	}
}

// completePlans completes a verb or playbook, then a target.
func (a *app) completePlans() completer {
	targets := a.completeTargets()
	return func(c *cobra.Command, as []string, prefix string) ([]string, cobra.ShellCompDirective) {
		if len(as) == 1 && slices.Contains(actions.Verbs, actions.Verb(as[0])) {
			return targets(c, nil, prefix)
		}
		if len(as) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var out []string
		for _, v := range actions.Verbs {
			out = append(out, string(v))
		}
		more, directive := a.completeWith(playbookNames)(c, as, prefix)
		out = append(out, more...)
		return slices.DeleteFunc(out, func(s string) bool { return !strings.HasPrefix(s, prefix) }), directive
	}
}

// completeTo completes where a plan goes: a host, or of a deploy a version that
// needs no name.
func (a *app) completeTo() completer {
	hosts := a.completeHosts()
	return func(c *cobra.Command, as []string, prefix string) ([]string, cobra.ShellCompDirective) {
		if len(as) > 0 && actions.Verb(as[0]) == actions.VerbDeploy {
			return cobra.FixedCompletions([]string{actions.VersionNewest, actions.VersionPrevious}, cobra.ShellCompDirectiveNoFileComp)(c, as, prefix)
		}
		return hosts(c, as, prefix)
	}
}
