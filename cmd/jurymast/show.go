package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"jurymast/actions"
	"jurymast/actions/engine"
	"jurymast/inventory"
)

func (a *app) showCommand() *cobra.Command {
	return a.command(&cobra.Command{
		Use:               "show TARGET",
		Short:             "Show all that is known of one target",
		Example:           "  jurymast show node/nas1\n  jurymast show api -o json",
		Args:              args(cobra.ExactArgs(1)),
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
			st, err := e.State(c.Context())
			if err != nil {
				return err
			}
			events, err := e.History(c.Context(), engine.Filter{Target: t.Ref, Limit: 10})
			if err != nil {
				return err
			}
			v := targetView{target: t, fleet: e.Fleet(), entries: st.Of(t.Ref), events: events}
			if v.note, err = e.NoteOn(c.Context(), t.Ref); err != nil {
				return err
			}
			for _, s := range e.Summaries(st) {
				if s.Ref == t.Ref {
					v.summary = s
				}
			}
			if p := a.printer(); !p.forPeople() {
				return p.print(v.listing(p), exitOK)
			}
			return a.showTarget(v)
		},
	})
}

// targetView is all that is known of one target.
type targetView struct {
	target  *inventory.Target
	fleet   *inventory.Fleet
	summary actions.Summary
	entries []actions.Entry
	events  []actions.Event
	note    *actions.Event // the one that stands, nil where none does
}

func (v targetView) listing(p printer) listing {
	results := []resultItem{}
	for _, en := range v.entries {
		results = append(results, resultItem{Entry: en, State: en.Status.String(), Summary: en.Line, CheckedAt: en.At, Stale: en.Stale(p.now)})
	}
	item := struct {
		summaryItem
		Needs    []inventory.Ref `json:"needs"`
		NeededBy []inventory.Ref `json:"needed_by"`
		Results  []resultItem    `json:"results"`
		Events   []actions.Event `json:"events"`
		Note     *actions.Event  `json:"note"`
		Declared string          `json:"declared"`
	}{summaryItem{v.summary, v.summary.Standby}, v.fleet.Needs(v.target.Ref), v.fleet.NeededBy(v.target.Ref), results, v.events, v.note, v.target.Pos.String()}
	return listing{
		schema:  "target",
		columns: []column{{head: "STATE"}, {head: "WHAT"}, {head: "WHY"}},
		rows:    []row{{name: string(v.target.Ref), state: &v.summary.State, cells: []string{"", string(v.target.Ref), v.summary.Summary}, item: item}},
	}
}

func (a *app) showTarget(v targetView) error {
	p, ts, t := a.printer(), timeStyle(a.flags.time), v.target
	state := shown(v.summary)
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s", p.paint(stateColor[state], p.signs.state(state)), p.paint(sgrBold, string(t.Ref)))
	if t.Title != "" {
		fmt.Fprintf(&b, "  %s", t.Title)
	}
	fmt.Fprintf(&b, "\n   %s\n\n", why(v.summary, p))
	fact := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%-10s %s\n", name, value)
		}
	}
	fact("kind", t.Kind)
	fact("address", t.Reach.Address)
	fact("site", t.Site)
	if t.Host != t.Ref {
		fact("host", string(t.Host))
	}
	fact("running on", string(v.summary.On))
	fact("standby", refs(t.Standby))
	fact("path", t.Path)
	fact("url", t.URL)
	fact("class", string(t.Class))
	fact("tags", strings.Join(t.Tags, ", "))
	fact("needs", refs(v.fleet.Needs(t.Ref)))
	fact("needed by", refs(v.fleet.NeededBy(t.Ref)))
	fact("declared", t.Pos.String())
	if t.Protected {
		fact("protected", "yes: it is only ever looked at")
	}
	if n := v.note; n != nil {
		when := ts.show(n.At, p.now)
		if ts == timeAge {
			when += " ago"
		}
		fact("note", fmt.Sprintf("by %s, %s: %s", n.Who, when, n.Line))
	}
	if _, err := fmt.Fprint(a.out, b.String()); err != nil {
		return err
	}
	if err := a.section(a.entryListing(v, ts, p)); err != nil {
		return err
	}
	if len(v.events) == 0 {
		return nil
	}
	return a.section(a.eventListing(v.events))
}

func (a *app) entryListing(v targetView, ts timeStyle, p printer) listing {
	l := listing{columns: []column{{head: "STATE"}, {head: "CHECK"}, {head: "FOR"}, {head: "AGE"}, {head: "ANSWER", flex: true}}, empty: "never looked at: jurymast check " + string(v.target.Ref)}
	for _, en := range v.entries {
		id := en.Check
		if en.Item != "" {
			id += " " + en.Item
		}
		line := en.Line
		if en.Stale(p.now) {
			line = p.signs.stale + " " + line
		}
		if en.Next != "" && en.Status != actions.OK {
			line += "; " + en.Next
		}
		l.rows = append(l.rows, row{state: &en.Status, cells: []string{"", id, ts.show(en.Since, p.now), age(p.now.Sub(en.At)), line}})
	}
	return l
}

func refs(rs []inventory.Ref) string {
	ss := make([]string, len(rs))
	for i, r := range rs {
		ss[i] = string(r)
	}
	return strings.Join(ss, ", ")
}
