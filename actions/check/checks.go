package check

import (
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// Checks returns all checks of a target, with Host, Every, Limit and Confirm
// filled in: those of its kind; one of its url, unless its kind is http and
// looks at that already; those that the user added; and for a host whether it
// answers.
//
// The id of an added check is its name, or NAME.ID where its kind has several.
func (l *Looker) Checks(f *inventory.Fleet, t *inventory.Target) []actions.Check {
	due := l.checksOf(f, t)
	out := make([]actions.Check, len(due))
	for i, d := range due {
		out[i] = d.Check
	}
	return out
}

// checksOf is Checks with the target and the kind of each.
func (l *Looker) checksOf(f *inventory.Fleet, t *inventory.Target) []Due {
	var out []Due
	taken := map[string]bool{}
	add := func(kind string, every time.Duration, confirm int, cs ...actions.Check) {
		for _, c := range cs {
			if taken[c.ID] {
				continue // an added check of a name that the kind has: the kind's stands
			}
			taken[c.ID] = true
			out = append(out, Due{Target: t.Ref, Kind: kind, Check: l.fill(t, c, every, confirm)})
		}
	}
	if isHost(t.Ref) {
		add("", 0, 0, actions.Check{ID: SSH, Title: "answers over ssh", Host: t.Ref})
	}
	if k, ok := l.kind(t.Kind); ok && k.Checks != nil {
		add(k.Name, 0, 0, k.Checks(f, *t)...)
	}
	if k, ok := l.kind(urlKind); ok && k.Checks != nil && t.URL != "" && t.Kind != urlKind && isWeb(t.URL) {
		add(k.Name, 0, 0, rename("url", k.Checks(f, asURL(*t, k)))...)
	}
	for _, x := range t.Checks {
		k, ok := l.kind(x.Kind)
		if !ok || k.Checks == nil {
			continue // an inventory that names no such kind was refused
		}
		as := *t
		as.Kind, as.Options, as.Limits = x.Kind, x.Options, x.Limits
		as.Every, as.Confirm, as.Checks = x.Every, x.Confirm, nil
		cs := k.Checks(f, as)
		for i := range cs {
			if x.From != "" && cs[i].Host == "" {
				cs[i].Host = x.From
			}
		}
		add(k.Name, x.Every, x.Confirm, rename(x.Name, cs)...)
	}
	return out
}

// urlKind is the kind that looks at urls.
const urlKind = "http"

func isWeb(url string) bool {
	return strings.HasPrefix(url, "http://") || strings.HasPrefix(url, "https://")
}

// asURL returns a target as kind http sees it when all that is said is a url.
func asURL(t inventory.Target, k actions.Kind) inventory.Target {
	o, limits := inventory.Defaults(k.Schema())
	o["url"] = t.URL
	t.Kind, t.Options, t.Limits, t.Checks = k.Name, o, limits, nil
	return t
}

// rename puts checks under a name of the user's.
func rename(name string, cs []actions.Check) []actions.Check {
	if len(cs) == 1 {
		cs[0].ID, cs[0].Needs = name, nil
		return cs
	}
	for i := range cs {
		cs[i].ID = name + "." + cs[i].ID
		needs := make([]string, len(cs[i].Needs))
		for j, n := range cs[i].Needs {
			needs[j] = name + "." + n
		}
		cs[i].Needs = needs
	}
	return cs
}

// fill writes out what a check leaves to its surroundings. What an added check
// says wins over what its target says, and that over the check's own.
func (l *Looker) fill(t *inventory.Target, c actions.Check, every time.Duration, confirm int) actions.Check {
	if c.Host == "" {
		c.Host = t.Host
	}
	if c.Host == "" {
		c.Host = inventory.Console
	}
	for _, d := range []time.Duration{actions.DefaultEvery, c.Every, t.Every, every} {
		if d > 0 {
			c.Every = d
		}
	}
	for _, n := range []int{1, c.Confirm, t.Confirm, confirm} {
		if n > 0 {
			c.Confirm = n
		}
	}
	if c.Limit <= 0 {
		c.Limit = l.limit()
	}
	others := c.Else
	c.Else = make([]actions.Check, len(others))
	for i, o := range others {
		o.ID, o.Else = c.ID, nil
		c.Else[i] = l.fill(t, o, every, confirm)
	}
	return c
}

func (l *Looker) kind(name string) (actions.Kind, bool) {
	for _, k := range l.Kinds {
		if k.Name == name {
			return k, true
		}
	}
	return actions.Kind{}, false
}

func isHost(r inventory.Ref) bool {
	return r.Level() == inventory.LevelNode || r.Level() == inventory.LevelVM
}

// ByInterval as the greatest age of [Looker.Due] means that of each check: how
// often it is to be made.
const ByInterval time.Duration = -1

// Due returns what is due of targets, by the host it is looked at from, hosts
// in the order in which they come up. A maxAge of 0 is everything, a positive
// one whatever is older than that, and [ByInterval] what each check says.
//
// What a check needs is due with it, and the ssh check with anything that is
// looked at from its host. Of a service with standbys every host is visited, also
// one that none of its checks is asked on: whether one host alone runs it is not
// known while another was not seen.
func (l *Looker) Due(f *inventory.Fleet, targets []*inventory.Target, s actions.State, now time.Time, maxAge time.Duration) []Visit {
	var visits []*Visit
	byHost := map[inventory.Ref]*Visit{}
	visit := func(host inventory.Ref) *Visit {
		v, ok := byHost[host]
		if !ok {
			v = &Visit{Host: host}
			byHost[host] = v
			visits = append(visits, v)
			if h, ok := f.Target(host); ok {
				v.Checks = append(v.Checks, l.checksOf(f, h)[0]) // the ssh check of a host comes first
			}
		}
		return v
	}
	for _, t := range targets {
		all := l.checksOf(f, t)
		for _, i := range due(all, s.Of(t.Ref), now, maxAge) {
			d := all[i]
			v := visit(d.Check.Host)
			if d.Check.ID != SSH || !isHost(t.Ref) {
				v.Checks = append(v.Checks, d)
			}
			for _, h := range placesOf(t) {
				visit(h)
			}
		}
		if o := orphans(all, s.Of(t.Ref)); len(o) > 0 {
			v := visit(inventory.Console)
			v.Orphans = append(v.Orphans, o...)
		}
	}
	out := make([]Visit, len(visits))
	for i, v := range visits {
		out[i] = *v
	}
	return out
}

// due returns which of a target's checks are due, in their order.
func due(all []Due, entries []actions.Entry, now time.Time, maxAge time.Duration) []int {
	last := map[string]time.Time{}
	for _, e := range entries {
		if at, ok := last[e.Check]; !ok || e.At.Before(at) {
			last[e.Check] = e.At
		}
	}
	wanted := make([]bool, len(all))
	at := map[string]int{}
	for i, d := range all {
		at[d.Check.ID] = i
		age := now.Sub(last[d.Check.ID])
		limit := maxAge
		if maxAge == ByInterval {
			limit = d.Check.Every - d.Check.Every/20 // a tick that comes a little early must not skip a look
		}
		// A look from the future: the clock has been set back since.
		wanted[i] = maxAge == 0 || age > limit || age < -limit || limit == age
	}
	var want func(i int)
	want = func(i int) {
		wanted[i] = true
		for _, id := range all[i].Check.Needs {
			if n, ok := at[id]; ok && !wanted[n] {
				want(n)
			}
		}
	}
	for i := range all {
		if wanted[i] {
			want(i)
		}
	}
	var out []int
	for i, w := range wanted {
		if w {
			out = append(out, i)
		}
	}
	return out
}

// orphans returns the places of entries whose check is no longer there.
func orphans(all []Due, entries []actions.Entry) []actions.Key {
	ids := map[string]bool{Placement: true, Backup: true, Exposed: true}
	for _, d := range all {
		ids[d.Check.ID] = true
	}
	var out []actions.Key
	for _, e := range entries {
		if !ids[e.Check] {
			out = append(out, e.Key())
		}
	}
	return out
}
