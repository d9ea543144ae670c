package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"jurymast/actions"
	"jurymast/actions/engine"
	"jurymast/inventory"
)

func (a *app) statusCommand() *cobra.Command {
	var failOn string
	c := a.command(&cobra.Command{
		Use:   "status [SELECTOR...]",
		Short: "Say what was seen last, without the network",
		Long: `Say what was seen last, without touching the network. What is older than two
of its intervals is marked stale and counts as unknown.`,
		Example:           "  jurymast status\n  jurymast status state:fail -o name\n  jurymast status tag:prod,site:home",
		ValidArgsFunction: a.completeSelectors(),
		RunE: func(c *cobra.Command, as []string) error {
			limit, err := failOnStatus(failOn)
			if err != nil {
				return err
			}
			e, err := a.open(c.Context())
			if err != nil {
				return err
			}
			sums, err := a.known(c.Context(), e, as)
			if err != nil {
				return err
			}
			return a.showStatus("status", sums, limit)
		},
	}, "0", "1", "64", "65", "74", "77")
	c.Flags().StringVar(&failOn, "fail-on", "warn", "leave with 0 below this `state`: warn, fail")
	return c
}

func failOnStatus(s string) (actions.Status, error) {
	switch s {
	case "warn":
		return actions.Warn, nil
	case "fail":
		return actions.Fail, nil
	}
	return 0, usagef("--fail-on %q: it is warn or fail", s)
}

// known returns the summaries of the selected targets as the store has them;
// no selector means all.
func (a *app) known(ctx context.Context, e *engine.Engine, selectors []string) ([]actions.Summary, error) {
	st, err := e.State(ctx)
	if err != nil {
		return nil, err
	}
	return selectSummaries(e, st, selectors)
}

func selectSummaries(e *engine.Engine, st actions.State, selectors []string) ([]actions.Summary, error) {
	sums := e.Summaries(st)
	if len(selectors) == 0 {
		return sums, nil
	}
	at := map[inventory.Ref]actions.Summary{}
	for _, s := range sums {
		at[s.Ref] = s
	}
	ts, err := e.Fleet().SelectWith(selectors, func(r inventory.Ref) string { return shown(at[r]).String() })
	if err != nil {
		return nil, err
	}
	out := make([]actions.Summary, 0, len(ts))
	for _, t := range ts {
		if s, ok := at[t.Ref]; ok {
			out = append(out, s)
		}
	}
	return out, nil
}

// showStatus prints summaries and returns the exit code they stand for.
func (a *app) showStatus(schema string, sums []actions.Summary, failOn actions.Status) error {
	code := engine.ExitCode(sums, failOn)
	rows := sums
	if a.flags.quiet {
		rows = problems(sums)
	}
	p := a.printer()
	l := a.summaryListing(schema, rows)
	if !a.flags.quiet || len(rows) > 0 || !p.forPeople() {
		if err := p.print(l, code); err != nil {
			return err
		}
	}
	if p.forPeople() && !a.flags.quiet {
		if _, err := fmt.Fprintf(a.out, "\n%s\n", tally(sums, p)); err != nil {
			return err
		}
	}
	if code != exitOK {
		return resultError(code)
	}
	return nil
}

// forPeople reports whether the output is read by a person.
func (p printer) forPeople() bool { return p.format == formatTable || p.format == formatWide }
