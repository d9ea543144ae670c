package main

import (
	"fmt"
	"slices"
	"strings"

	"jurymast/actions"
	"jurymast/inventory"
)

// order puts what is wrong first: muted ones last among their like, then the
// worst state, then the newest change, then the name.
func order(a, b actions.Summary) int {
	if x, y := a.Muted != "", b.Muted != ""; x != y && a.State != actions.OK && b.State != actions.OK {
		if x {
			return 1
		}
		return -1
	}
	if shown(a).Worse(shown(b)) {
		return -1
	}
	if shown(b).Worse(shown(a)) {
		return 1
	}
	if a.State != actions.OK {
		if c := b.Since.Compare(a.Since); c != 0 {
			return c
		}
	}
	return strings.Compare(string(a.Ref), string(b.Ref))
}

// shown is the state to draw: a stale ok is not ok.
func shown(s actions.Summary) actions.Status {
	if s.Stale && s.State == actions.OK {
		return actions.Unknown
	}
	return s.State
}

// summaryListing is targets as rows, for check, status and list.
func (a *app) summaryListing(schema string, all []actions.Summary) listing {
	all = slices.Clone(all)
	slices.SortStableFunc(all, order)
	l := listing{
		schema: schema,
		columns: []column{
			{head: "STATE"}, {head: "WHAT"}, {head: "FOR"}, {head: "WHY", flex: true},
			{head: "KIND", wide: true}, {head: "ON", wide: true}, {head: "LAST OK", wide: true}, {head: "CHECKED", wide: true}, {head: "NEXT", wide: true},
		},
	}
	p, st := a.printer(), timeStyle(a.flags.time)
	for _, s := range all {
		state := shown(s)
		since := "-"
		if !s.Since.IsZero() {
			since = st.show(s.Since, p.now)
		}
		on := string(s.On)
		if on == "" {
			on = string(s.Host)
		}
		l.rows = append(l.rows, row{
			name:  string(s.Ref),
			state: &state,
			cells: []string{state.String(), what(s), since, why(s, p), s.Kind, on, st.show(s.LastOK, p.now), st.show(s.CheckedAt, p.now), s.Next},
			item:  summaryItem{Summary: s, Standby: s.Standby},
		})
	}
	return l
}

// summaryItem is a Summary as programs read it: a service always says where it
// runs and who could take over, also when that is nobody.
type summaryItem struct {
	actions.Summary
	Standby []inventory.Ref `json:"standby"`
}

func what(s actions.Summary) string {
	w := string(s.Ref)
	if s.State == actions.OK {
		return w
	}
	if s.Check != "" && s.Check != "ssh" {
		w += " " + s.Check
	}
	if s.Item != "" {
		w += " " + s.Item
	}
	return w
}

// why is the reason of a state. The check's name is left out of it: it stands
// in the column before.
func why(s actions.Summary, p printer) string {
	w := s.Summary
	if s.State != actions.OK {
		w = strings.TrimPrefix(w, strings.TrimSpace(s.Check+" "+s.Item)+": ")
	}
	if s.Muted != "" {
		w = p.signs.muted + " " + s.Muted + ": " + w
	}
	if s.Stale {
		w = p.signs.stale + " seen " + age(p.now.Sub(s.CheckedAt)) + " ago: " + w
	}
	return w
}

// problems keeps what a person has to know of: what is not ok and not muted.
func problems(all []actions.Summary) []actions.Summary {
	return slices.DeleteFunc(slices.Clone(all), func(s actions.Summary) bool { return shown(s) == actions.OK || s.Muted != "" })
}

// tally is the last line of a table: how many of what.
func tally(all []actions.Summary, p printer) string {
	var c actions.Counts
	muted := 0
	for _, s := range all {
		if s.Muted != "" && shown(s) != actions.OK {
			muted++
			continue
		}
		c.Add(shown(s))
	}
	var parts []string
	add := func(n int, sign, word, sgr string) {
		if n > 0 {
			parts = append(parts, p.paint(sgr, fmt.Sprintf("%s %d %s", sign, n, word)))
		}
	}
	add(c.Fail, p.signs.fail, "fail", stateColor[actions.Fail])
	add(c.Warn, p.signs.warn, "warn", stateColor[actions.Warn])
	add(c.Unknown, p.signs.unknown, "unknown", stateColor[actions.Unknown])
	add(c.OK, p.signs.ok, "ok", stateColor[actions.OK])
	add(muted, p.signs.muted, "muted", sgrDim)
	return strings.Join(parts, "  ")
}
