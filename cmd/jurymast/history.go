package main

import (
	"strings"
	"time"

	"github.com/spf13/cobra"

	"jurymast/actions"
	"jurymast/actions/engine"
)

var eventTypes = []actions.EventType{actions.EventState, actions.EventBooted, actions.EventAck, actions.EventMute, actions.EventMaint, actions.EventShell, actions.EventTrust, actions.EventRun, actions.EventNote, actions.EventAccept, actions.EventAsk}

func (a *app) historyCommand() *cobra.Command {
	var (
		since string
		kinds []string
		who   string
		limit int
	)
	c := a.command(&cobra.Command{
		Use:               "history [TARGET]",
		Short:             "Say what changed, and who did what",
		Example:           "  jurymast history --since 7d\n  jurymast history nas1 --kind state\n  jurymast history --who anna -o ndjson",
		Args:              args(cobra.MaximumNArgs(1)),
		ValidArgsFunction: a.completeTargets(),
		RunE: func(c *cobra.Command, as []string) error {
			back, err := parseSpan(since)
			if err != nil {
				return err
			}
			if limit < 1 {
				return usagef("--limit %d: it is 1 or more", limit)
			}
			f := engine.Filter{Since: a.now().Add(-back), Who: who, Types: eventTypes, Limit: limit}
			if types, err := parseEventTypes(kinds); err != nil {
				return err
			} else if len(types) > 0 {
				f.Types = types
			}
			e, err := a.open(c.Context())
			if err != nil {
				return err
			}
			if len(as) == 1 {
				t, err := e.Fleet().Lookup(as[0])
				if err != nil {
					return err
				}
				f.Target = t.Ref
			}
			events, err := e.History(c.Context(), f)
			if err != nil {
				return err
			}
			return a.printer().print(a.eventListing(events), exitOK)
		},
	})
	f := c.Flags()
	f.StringVar(&since, "since", "7d", "how far back: 90m, 12h, 7d, 4w")
	f.StringSliceVar(&kinds, "kind", nil, "only these `kinds`: "+strings.Join(eventWords(), ", "))
	f.StringVar(&who, "who", "", "only what this `person` did")
	f.IntVar(&limit, "limit", 200, "at most this many, the newest")
	cobra.CheckErr(c.RegisterFlagCompletionFunc("kind", cobra.FixedCompletions(eventWords(), cobra.ShellCompDirectiveNoFileComp)))
	return c
}

func eventWords() []string {
	var out []string
	for _, t := range eventTypes {
		out = append(out, string(t))
	}
	return out
}

func parseEventTypes(words []string) ([]actions.EventType, error) {
	var out []actions.EventType
	for _, w := range words {
		found := false
		for _, t := range eventTypes {
			if string(t) == w {
				out, found = append(out, t), true
			}
		}
		if !found {
			return nil, usagef("--kind %q: it is one of %s", w, strings.Join(eventWords(), ", "))
		}
	}
	return out, nil
}

// parseSpan reads a duration that may also count days and weeks.
func parseSpan(s string) (time.Duration, error) {
	d, err := engine.ParseDuration(s)
	if err != nil || d <= 0 {
		return 0, usagef("%q is no span of time: write 90m, 12h, 7d or 4w", s)
	}
	return d, nil
}

func (a *app) eventListing(events []actions.Event) listing {
	p, ts := a.printer(), timeStyle(a.flags.time)
	l := listing{schema: "history", empty: "nothing happened", columns: []column{{head: "WHEN"}, {head: "KIND"}, {head: "WHAT"}, {head: "CHANGE"}, {head: "WHO"}, {head: "LINE", flex: true}}}
	for _, ev := range events {
		change := "-"
		if ev.From != "" || ev.To != "" {
			change = dash(ev.From) + " -> " + dash(ev.To)
		}
		when := ts.show(ev.At, p.now)
		if ts == timeAge {
			when += " ago"
		}
		what := strings.TrimSpace(subject(ev))
		l.rows = append(l.rows, row{name: what, cells: []string{when, string(ev.Type), what, change, dash(ev.Who), ev.Line}, item: ev})
	}
	return l
}
