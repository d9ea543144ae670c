package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"jurymast/actions"
	"jurymast/actions/engine"
	"jurymast/inventory"
)

func (a *app) backupCommand() *cobra.Command {
	return a.group(a.command(&cobra.Command{
		Use:     "backup",
		Short:   "Copies: how old, how well kept, made now, practised",
		Example: "  jurymast backup status\n  jurymast backup coverage\n  jurymast backup run --due             for cron\n  jurymast backup drill files --yes",
	}), a.backupStatus(), a.backupCoverage(), a.backupRun(), a.backupVerify(), a.backupDrill())
}

func (a *app) backupStatus() *cobra.Command {
	var offline bool
	c := a.command(&cobra.Command{
		Use:   "status [JOB...]",
		Short: "Say how old the newest copy of each is, against its rpo",
		Long: `List the copies in every repository, in one round trip a host, and say how old
the newest is that counts: seen there, whole, not damaged. The exit code is that
of check.`,
		Example:           "  jurymast backup status\n  jurymast backup status -q               for cron\n  jurymast backup status --offline        by what was seen last",
		ValidArgsFunction: a.completeWith(jobNames),
		RunE: func(c *cobra.Command, as []string) error {
			e, err := a.open(c.Context())
			if err != nil {
				return err
			}
			policies, err := policies(e, as)
			if err != nil {
				return err
			}
			var listed []engine.Listed
			if !offline {
				bar := a.progress()
				listed, err = e.ListCopies(c.Context(), policies, bar.update)
				bar.clear()
				if err != nil {
					return err
				}
			}
			jobs, err := e.Jobs(c.Context())
			if err != nil {
				return err
			}
			jobs = slices.DeleteFunc(jobs, func(j engine.Job) bool {
				return !slices.ContainsFunc(policies, func(b inventory.Backup) bool { return b.Name == j.Backup })
			})
			return a.showJobs(jobs, listed)
		},
	}, "0", "1", "64", "65", "74", "77")
	c.Flags().BoolVar(&offline, "offline", false, "ask nobody: by what was seen last")
	return c
}

func jobNames(f *inventory.Fleet) []string {
	var out []string
	for _, b := range f.Backups {
		out = append(out, b.Name)
	}
	return out
}

// policies returns the backups of these names, all where none is named.
func policies(e *engine.Engine, names []string) ([]inventory.Backup, error) {
	all := e.Fleet().Backups
	if len(names) == 0 || len(names) == 1 && names[0] == "all" {
		return all, nil
	}
	var out []inventory.Backup
	for _, n := range names {
		n = strings.TrimPrefix(n, "backup/")
		i := slices.IndexFunc(all, func(b inventory.Backup) bool { return b.Name == n || string(b.Of) == n || b.Of.Name() == n })
		if i < 0 {
			return nil, usageError{fmt.Sprintf("no backup is called %q", n), "jurymast list jobs"}
		}
		out = append(out, all[i])
	}
	return out, nil
}

func (a *app) showJobs(jobs []engine.Job, listed []engine.Listed) error {
	p := a.printer()
	unlisted := map[string]string{}
	for _, l := range listed {
		if l.Err != "" {
			unlisted[l.Backup] = l.Repository + " could not be listed: " + l.Err
		}
	}
	l := listing{
		schema: "backup-status", empty: "the inventory has no [backup.NAME]",
		columns: []column{{head: "STATE"}, {head: "JOB"}, {head: "OF"}, {head: "NEWEST"}, {head: "SIZE"}, {head: "PROVEN"}, {head: "WHY", flex: true}},
	}
	worst := actions.OK
	for _, j := range jobs {
		why := j.Line
		if u := unlisted[j.Backup]; u != "" {
			why += "; " + u
			if j.State == actions.OK {
				j.State = actions.Unknown
			}
		}
		j.Line = why
		worst = actions.Worst(worst, j.State)
		if a.flags.quiet && j.State == actions.OK {
			continue
		}
		newest, size := "never", "-"
		if j.Newest.ID != "" {
			newest, size = timeStyle(a.flags.time).show(j.Newest.At, p.now), bytesText(j.Newest.Bytes)
		}
		state := j.State
		l.rows = append(l.rows, row{name: j.Backup, state: &state, cells: []string{state.String(), j.Backup, string(j.Target), newest, size, dash(j.Proof), why}, item: j})
	}
	code := int(worst)
	if len(l.rows) > 0 || !a.flags.quiet || !p.forPeople() {
		if err := p.print(l, code); err != nil {
			return err
		}
	}
	if code != 0 {
		return resultError(code)
	}
	return nil
}

func bytesText(n int64) string {
	f, units := float64(n), []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB"}
	i := 0
	for f >= 1024 && i < len(units)-1 {
		f, i = f/1024, i+1
	}
	if i == 0 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f %s", f, units[i])
}

func (a *app) backupCoverage() *cobra.Command {
	return a.command(&cobra.Command{
		Use:   "coverage",
		Short: "Audit every set of data: three copies, two places, one off site",
		Long: `Audit every set of data by what is known of its copies, also what nothing
copies: that no copy exists is the worst that can be found. Nothing is asked of
a machine; "backup status" asks.`,
		Example: "  jurymast backup coverage\n  jurymast backup coverage -o json",
		Args:    args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			e, err := a.open(c.Context())
			if err != nil {
				return err
			}
			covers, err := e.Coverage(c.Context())
			if err != nil {
				return err
			}
			l := listing{schema: "backup-coverage", empty: "the inventory names no data", columns: []column{
				{head: "STATE"}, {head: "DATA"}, {head: "CLASS"}, {head: "COPIES", right: true}, {head: "PLACES", right: true}, {head: "OFF SITE", right: true},
				{head: "ENCRYPTED", right: true}, {head: "LOCKED", right: true}, {head: "DRILL"}, {head: "WHY", flex: true},
			}}
			worst := actions.OK
			p := a.printer()
			for _, x := range covers {
				worst = actions.Worst(worst, x.State)
				drill := "never"
				if !x.Drilled.IsZero() {
					drill = x.Proof + " " + timeStyle(a.flags.time).show(x.Drilled, p.now)
				}
				state := x.State
				n := func(i int) string { return fmt.Sprint(i) }
				l.rows = append(l.rows, row{name: string(x.Target), state: &state, item: x, cells: []string{
					state.String(), string(x.Target), string(x.Class), n(x.Copies), n(x.Media), n(x.OffSite), n(x.Encrypted), n(x.Locked), drill, x.Line,
				}})
			}
			if err := p.print(l, int(worst)); err != nil {
				return err
			}
			if worst != actions.OK {
				return resultError(int(worst))
			}
			return nil
		},
	}, "0", "1", "64", "65", "74", "77")
}

func (a *app) backupRun() *cobra.Command {
	var f runFlags
	var due bool
	c := a.command(&cobra.Command{
		Use:   "run [JOB...]",
		Short: "Copy now, one after the other",
		Long: `Copy now, one job after the other; one that fails does not keep the others back.
With --due only what is due is copied: what has no copy, or one older than three
quarters of its rpo. The exit code is that of the worst run.`,
		Example:           "  jurymast backup run files\n  jurymast backup run --due -q            for cron",
		ValidArgsFunction: a.completeWith(jobNames),
		RunE: func(c *cobra.Command, as []string) error {
			return a.eachJob(c.Context(), as, due, actions.VerbBackup, f, func(j engine.Job) bool { return j.Due })
		},
	}, "0", "10", "11", "12", "13", "64", "65", "74", "75", "77", "129")
	c.Flags().BoolVar(&due, "due", false, "only what is due")
	c.Flags().StringSliceVar(&f.accept, "accept", nil, "accept these open `conditions`, by name")
	return c
}

func (a *app) backupDrill() *cobra.Command {
	var f runFlags
	var due bool
	c := a.command(&cobra.Command{
		Use:   "drill [JOB...]",
		Short: "Practise a restore beside the live data, and keep what it proved",
		Long: `Bring the newest copy back beside the live data, as far as its kind can bring it
up, and keep what that proved, how long it took, and of which copy. Everything
it made is removed again. With --due only what the inventory's drill wants now.`,
		Example:           "  jurymast backup drill files --yes\n  jurymast backup drill --due --yes -q    for cron",
		ValidArgsFunction: a.completeWith(jobNames),
		RunE: func(c *cobra.Command, as []string) error {
			return a.eachJob(c.Context(), as, due, actions.VerbDrill, f, func(j engine.Job) bool { return j.DueTry })
		},
	}, "0", "10", "11", "12", "13", "14", "64", "65", "74", "75", "77", "129")
	c.Flags().BoolVar(&due, "due", false, "only what is due")
	f.addApproval(c)
	return c
}

func (a *app) backupVerify() *cobra.Command {
	var f runFlags
	c := a.command(&cobra.Command{
		Use:               "verify JOB...",
		Short:             "Read the newest copy back, beside the live data",
		Long:              `Practise a restore, as drill does: a copy that was only listed is not proven.`,
		Example:           "  jurymast backup verify files --yes",
		Args:              args(cobra.MinimumNArgs(1)),
		ValidArgsFunction: a.completeWith(jobNames),
		RunE: func(c *cobra.Command, as []string) error {
			return a.eachJob(c.Context(), as, false, actions.VerbDrill, f, nil)
		},
	}, "0", "10", "11", "12", "13", "14", "64", "65", "74", "75", "77", "129")
	f.addApproval(c)
	return c
}

// eachJob plans and runs a verb for each job. What went wrong with one is said
// and does not keep the others back; the worst code is the command's.
func (a *app) eachJob(ctx context.Context, names []string, due bool, verb actions.Verb, f runFlags, wanted func(engine.Job) bool) error {
	if len(names) == 0 && !due {
		return usageError{"say which jobs, all, or --due", "jurymast list jobs"}
	}
	e, err := a.open(ctx)
	if err != nil {
		return err
	}
	chosen, err := policies(e, names)
	if err != nil {
		return err
	}
	if due {
		if chosen, err = a.dueOf(ctx, e, chosen, wanted); err != nil {
			return err
		}
	}
	worst := 0
	for _, b := range chosen {
		err := a.oneJob(ctx, e, b, verb, f)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil {
			continue
		}
		r := explain(err)
		r.write(a.err)
		worst = graver(worst, r.code)
	}
	if worst != 0 {
		return resultError(worst)
	}
	return nil
}

// graver returns the code that says more: one that needs hands over one that
// was undone, and that over one that was refused or has to come again.
func graver(a, b int) int {
	rank := []int{exitOK, exitBusy, exitRefused, exitUnconfirmed, exitStopped, exitUndone, exitHands}
	i, j := slices.Index(rank, a), slices.Index(rank, b)
	if i < 0 {
		return a // unreachable, no permission …: nothing could even be tried
	}
	if j < 0 || j > i {
		return b
	}
	return a
}

// dueOf keeps the jobs that are due, by a listing made now.
func (a *app) dueOf(ctx context.Context, e *engine.Engine, bs []inventory.Backup, wanted func(engine.Job) bool) ([]inventory.Backup, error) {
	if _, err := e.ListCopies(ctx, bs, nil); err != nil {
		return nil, err
	}
	jobs, err := e.Jobs(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(bs), func(b inventory.Backup) bool {
		i := slices.IndexFunc(jobs, func(j engine.Job) bool { return j.Backup == b.Name })
		return i < 0 || !wanted(jobs[i])
	}), nil
}

func (a *app) oneJob(ctx context.Context, e *engine.Engine, b inventory.Backup, verb actions.Verb, f runFlags) error {
	// A run that was cut off would hold its target until somebody sees it.
	if id, err := e.CutOff(ctx, b.Of); err != nil {
		return err
	} else if id != "" {
		r, err := e.Run(ctx, id)
		if err != nil {
			return err
		}
		if r.Plan.Ladder <= actions.LadderHarmless || f.yes && r.Plan.Ladder == actions.LadderDisruptive {
			if err := a.carry(ctx, e, r, e.Carry); err != nil {
				return err
			}
		}
	}
	p, err := e.Plan(ctx, engine.PlanRequest{Verb: verb, Target: b.Of, Name: b.Name}, nil)
	if err != nil {
		return err
	}
	err = a.startPlan(ctx, e, p, f)
	var t *engine.Trouble
	if errors.As(err, &t) {
		t.What = b.Name + ": " + t.What
	}
	return err
}
