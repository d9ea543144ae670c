package check

import (
	"context"
	"slices"

	"jurymast/actions"
)

// elsewhere asks for what a look could not tell where others know it too
// ([actions.Check.Else]), one after the other until one does, within one more
// deadline of a host. What they say takes the place of what is unknown; where
// nobody knows, what was said first stands.
func (s *sweep) elsewhere(ctx context.Context, look *Look) {
	if !slices.ContainsFunc(look.Asked, func(d Due) bool { return len(d.Check.Else) > 0 }) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, s.deadline())
	defer cancel()
	for n := 0; ; n++ {
		visits := further(look, n)
		if len(visits) == 0 || ctx.Err() != nil {
			return
		}
		for _, v := range visits {
			look.take(s.visit(ctx, s.fleet, v))
		}
	}
}

// further returns the visits to those who are n-th to be asked of what is still
// unknown; none where nobody is left to ask.
func further(look *Look, n int) []Visit {
	var visits []Visit
	for _, d := range look.Asked {
		if len(d.Check.Else) <= n || !look.ignorant(d) {
			continue
		}
		d.Check = d.Check.Else[n]
		i := slices.IndexFunc(visits, func(v Visit) bool { return v.Host == d.Check.Host })
		if i < 0 {
			i = len(visits)
			visits = append(visits, Visit{Host: d.Check.Host})
		}
		visits[i].Checks = append(visits[i].Checks, d)
	}
	return visits
}

// of reports whether a result is one of a check.
func (d Due) of(r actions.Result) bool { return r.Target == d.Target && r.Check == d.Check.ID }

// ignorant reports whether all that a look says of a check is that it is unknown.
func (k *Look) ignorant(d Due) bool {
	return !slices.ContainsFunc(k.Results, func(r actions.Result) bool { return d.of(r) && r.Status != actions.Unknown })
}

// take has what another look knows of checks replace what is unknown of them.
func (k *Look) take(other Look) {
	for _, d := range other.Asked {
		if other.ignorant(d) {
			continue
		}
		k.Results = slices.DeleteFunc(k.Results, d.of)
		for _, r := range other.Results {
			if d.of(r) {
				k.Results = append(k.Results, r)
			}
		}
	}
}
