package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"jurymast/actions"
	"jurymast/actions/engine"
	"jurymast/inventory"
)

// checkOptions are the flags of check.
type checkOptions struct {
	only   []string
	maxAge time.Duration
	failOn string
	watch  bool
}

func (a *app) checkCommand() *cobra.Command {
	var o checkOptions
	c := a.command(&cobra.Command{
		Use:   "check [SELECTOR...]",
		Short: "Look at the fleet now; the exit code is for cron",
		Long: `Look at the selected targets now, all of them when none is named. Every host
is asked once, over one connection, whatever the number of its checks.

The exit code is that of a monitoring plugin: fail 2 over warn 1 over unknown 3
over ok 0. When no host at all could be looked at it says why: 69, 76 or 77. What is
not seen within --timeout is unknown, and where that is everything the code is 3.`,
		Example:           "  jurymast check all\n  jurymast check all -q --max-age 10m     for cron: silent when all is well\n  jurymast check nas1 --only disk,mdraid\n  jurymast check tag:prod --watch",
		ValidArgsFunction: a.completeSelectors(),
		RunE: func(c *cobra.Command, as []string) error {
			if c.Flags().Changed("only") && len(o.only) == 0 {
				return usageError{"--only is empty: a look at everything was hardly meant", "jurymast list checks"}
			}
			err := a.runCheck(c.Context(), o, as)
			if errors.Is(err, context.DeadlineExceeded) && errors.Is(c.Context().Err(), context.DeadlineExceeded) {
				return unseenError{err}
			}
			return err
		},
	}, "0", "1", "64", "65", "69", "74", "75", "76", "77", "129")
	f := c.Flags()
	f.StringSliceVar(&o.only, "only", nil, "only checks of these `names`")
	f.DurationVar(&o.maxAge, "max-age", 0, "do not look again at what is younger than this `duration`")
	f.StringVar(&o.failOn, "fail-on", "warn", "leave with 0 below this `state`: warn, fail")
	f.BoolVar(&o.watch, "watch", false, "go on looking, each check when it is due")
	return c
}

func (a *app) runCheck(ctx context.Context, o checkOptions, selectors []string) error {
	failOn, err := failOnStatus(o.failOn)
	if err != nil {
		return err
	}
	if o.maxAge < 0 {
		return usagef("--max-age %s: it is 0 or more", o.maxAge)
	}
	if o.watch && !a.printer().forPeople() && a.flags.output != string(formatNDJSON) {
		return usagef("--watch goes with -o table, wide or ndjson")
	}
	e, err := a.open(ctx)
	if err != nil {
		return err
	}
	if o.watch {
		return a.watch(ctx, e, o, selectors)
	}
	unlock, err := a.lockJob(ctx, e, "check", selectors)
	if err != nil {
		return err
	}
	defer unlock()

	targets, err := a.targets(ctx, e, selectors)
	if err != nil {
		return err
	}
	if err := knownChecks(e, targets, o.only); err != nil {
		return err
	}
	bar := a.progress()
	sight, err := e.Look(ctx, engine.LookOptions{Targets: targets, Only: o.only, MaxAge: o.maxAge, Progress: bar.update})
	bar.clear()
	// What was seen before the time had passed is not lost by it.
	late := errors.Is(err, context.DeadlineExceeded) && (sight.Store == nil || !errors.Is(sight.Store, err))
	if err != nil && !late {
		return err
	}
	sums := sight.Of(targets)
	if len(o.only) > 0 {
		sums = sight.Only(targets, o.only)
	}
	return a.verdict(sight, a.showStatus("check", sums, failOn))
}

// verdict is the exit code of a look whose rows have been printed. What could
// not be kept, and why no host at all could be looked at, is said below them
// and has a code of its own; but a host that is known to be down is a finding.
func (a *app) verdict(sight engine.Sight, result error) error {
	t := sight.Store
	if t == nil {
		t = sight.Trouble
		if t == nil || result == nil || t.Class == engine.ClassUnreachable && explain(result).code == int(actions.Fail) {
			return result
		}
	}
	r := explain(t)
	if a.printer().forPeople() {
		r.write(a.err)
	} else {
		a.fatalJSON(r)
	}
	return resultError(r.code)
}

// targets returns what the selectors choose; none means all.
func (a *app) targets(ctx context.Context, e *engine.Engine, selectors []string) ([]*inventory.Target, error) {
	if len(selectors) == 0 {
		return slices.Collect(e.Fleet().Targets()), nil
	}
	var st actions.State
	if needsState(selectors) {
		var err error
		if st, err = e.State(ctx); err != nil {
			return nil, err
		}
	}
	states := map[inventory.Ref]string{}
	for _, s := range e.Summaries(st) {
		states[s.Ref] = shown(s).String()
	}
	return e.Fleet().SelectWith(selectors, func(r inventory.Ref) string { return states[r] })
}

func needsState(selectors []string) bool {
	return slices.ContainsFunc(selectors, func(s string) bool { return strings.Contains(s, "state:") })
}

// knownChecks refuses an --only that names nothing: an empty look would be
// taken for a good one.
func knownChecks(e *engine.Engine, targets []*inventory.Target, only []string) error {
	have := map[string]bool{}
	for _, t := range targets {
		for _, c := range e.Checks(t) {
			have[c.ID] = true
		}
	}
	for _, o := range only {
		if !have[o] {
			return usageError{fmt.Sprintf("--only %q: none of the selected targets has such a check", o), "jurymast list checks"}
		}
	}
	return nil
}

// lockJob makes a second copy of the same cron job leave or wait. A person at
// a terminal who wants to look is never kept waiting by cron.
func (a *app) lockJob(ctx context.Context, e *engine.Engine, verb string, selectors []string) (func(), error) {
	if a.errTTY && a.flags.wait == 0 {
		return func() {}, nil
	}
	unlock, err := e.Lock(ctx, verb+" "+strings.Join(selectors, " "), a.flags.wait)
	if err != nil {
		return nil, err
	}
	return func() { _ = unlock() }, nil // the kernel frees it with the process
}
