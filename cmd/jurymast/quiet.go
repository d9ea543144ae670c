package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"jurymast/actions"
	"jurymast/actions/engine"
	"jurymast/inventory"
)

func (a *app) ackCommand() *cobra.Command {
	var span, reason, check string
	c := a.command(&cobra.Command{
		Use:   "ack TARGET --for DURATION --reason TEXT",
		Short: "Acknowledge a problem: keep it quiet until it is mended or time is up",
		Long: `Acknowledge a problem. The target is looked at and recorded all the same; only
the noise stops. It ends by itself when the target is ok again.`,
		Example:           "  jurymast ack nas1 --for 4h --reason 'disk ordered'\n  jurymast ack nas1 --check disk --for 2d --reason 'known'",
		Args:              args(cobra.ExactArgs(1)),
		ValidArgsFunction: a.completeTargets(),
		RunE: func(c *cobra.Command, as []string) error {
			return a.silence(c, actions.EventAck, as[0], check, span, reason)
		},
	})
	f := c.Flags()
	f.StringVar(&span, "for", "", "how long: 30m, 4h, 2d (required)")
	f.StringVar(&reason, "reason", "", "why, for those who come after (required)")
	f.StringVar(&check, "check", "", "only this `check` of the target")
	return c
}

func (a *app) noteCommand() *cobra.Command {
	var over bool
	c := a.command(&cobra.Command{
		Use:   "note TARGET TEXT...",
		Short: "Write something down about a target, for those who come after",
		Long: `Write something down about a target: what was ordered, who was called. The
newest note stands beside the target in the console and in "jurymast show", with
who wrote it and when, until another takes its place or --over takes it away; all
stand in history. On a run: jurymast runs note.`,
		Example: "  jurymast note nas1 new disks ordered, here on Friday\n  jurymast note nas1 --over\n  jurymast history nas1 --kind note",
		Args: args(func(c *cobra.Command, as []string) error {
			if over {
				return cobra.ExactArgs(1)(c, as)
			}
			return cobra.MinimumNArgs(2)(c, as)
		}),
		ValidArgsFunction: a.completeTargets(),
		RunE: func(c *cobra.Command, as []string) error {
			e, err := a.open(c.Context())
			if err != nil {
				return err
			}
			t, err := e.Fleet().Lookup(as[0])
			if err != nil {
				return err
			}
			if over {
				return e.EndNote(c.Context(), t.Ref)
			}
			return e.NoteTarget(c.Context(), t.Ref, strings.Join(as[1:], " "))
		},
	}, "0", "64", "74", "77")
	c.Flags().BoolVar(&over, "over", false, "take the note away that stands beside the target")
	return c
}

func (a *app) maintCommand() *cobra.Command {
	var span, reason string
	start := a.command(&cobra.Command{
		Use:     "start TARGET --for DURATION",
		Short:   "Begin maintenance: the target and what runs on it are expected to be red",
		Example: "  jurymast maint start pve1 --for 2h --reason 'new memory'",
		Args:    args(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, as []string) error {
			return a.silence(c, actions.EventMaint, as[0], "", span, reason)
		},
	})
	start.ValidArgsFunction = a.completeTargets()
	start.Flags().StringVar(&span, "for", "", "how long: 30m, 4h, 2d (required)")
	start.Flags().StringVar(&reason, "reason", "maintenance", "why")
	end := a.command(&cobra.Command{
		Use:     "end TARGET",
		Short:   "End maintenance, or take an acknowledgement back",
		Example: "  jurymast maint end pve1",
		Args:    args(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, as []string) error {
			e, err := a.open(c.Context())
			if err != nil {
				return err
			}
			t, err := e.Fleet().Lookup(as[0])
			if err != nil {
				return err
			}
			n, err := e.EndSilences(c.Context(), t.Ref)
			if err != nil {
				return err
			}
			if n == 0 {
				return usageError{fmt.Sprintf("nothing keeps %s quiet", t.Ref), "jurymast maint list"}
			}
			_, err = fmt.Fprintf(a.err, "%s is no longer kept quiet\n", t.Ref)
			return err
		},
	})
	end.ValidArgsFunction = a.completeTargets()
	list := a.command(&cobra.Command{
		Use:     "list",
		Short:   "List what is kept quiet, by whom and until when",
		Example: "  jurymast maint list",
		Args:    args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			e, err := a.open(c.Context())
			if err != nil {
				return err
			}
			all, err := e.Silences(c.Context())
			if err != nil {
				return err
			}
			return a.printer().print(a.silenceListing(all), exitOK)
		},
	})
	return a.group(&cobra.Command{Use: "maint", Short: "Begin, end and list maintenance", Example: "  jurymast maint start pve1 --for 2h"}, start, end, list)
}

func (a *app) silence(c *cobra.Command, kind actions.EventType, target, check, span, reason string) error {
	if span == "" || reason == "" {
		return usageError{"--for and --reason are required: those who come after must know until when, and why", c.CommandPath() + " --help"}
	}
	d, err := parseSpan(span)
	if err != nil {
		return err
	}
	e, err := a.open(c.Context())
	if err != nil {
		return err
	}
	t, err := e.Fleet().Lookup(target)
	if err != nil {
		return err
	}
	if check != "" {
		if err := knownChecks(e, []*inventory.Target{t}, []string{check}); err != nil {
			return err
		}
	}
	s, err := e.Silence(c.Context(), engine.SilenceRequest{Kind: kind, Target: t.Ref, Check: check, For: d, Reason: reason})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.err, "%s is kept quiet until %s; looks go on. To end it: jurymast maint end %s\n", t.Ref, s.Until.Local().Format("Mon 15:04"), t.Ref)
	return err
}

func (a *app) silenceListing(all []actions.Silence) listing {
	now := a.now()
	l := listing{schema: "silences", empty: "nothing is kept quiet", columns: []column{{head: "KIND"}, {head: "TARGET"}, {head: "CHECK"}, {head: "ENDS IN"}, {head: "BY"}, {head: "REASON", flex: true}}}
	for _, s := range all {
		l.rows = append(l.rows, row{name: string(s.Target), cells: []string{string(s.Kind), string(s.Target), dash(s.Check), age(s.Until.Sub(now).Truncate(time.Second)), s.Who, s.Reason}, item: s})
	}
	return l
}
