package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"jurymast/actions"
	"jurymast/actions/check"
	"jurymast/inventory"
)

// well looks at targets now and says what is not well, for a run that waits
// for it. What a run cannot change is no reason to wait: the age of copies,
// that a standby is missing, that something newer is out, what is said of a
// host that the service has left, and what was as bad before the run began and
// is not what it is about.
func (e *Engine) well(ctx context.Context, about inventory.Ref, before actions.State, refs []inventory.Ref) (string, error) {
	var ts []*inventory.Target
	for _, r := range refs {
		if t, ok := e.fleet.Target(r); ok {
			ts = append(ts, t)
		}
	}
	began := e.now()
	sight, err := e.Look(ctx, LookOptions{Targets: ts})
	if err != nil {
		return "", err
	}
	var bad []string
	for _, t := range ts {
		good := 0
		elsewhere, aside := e.elsewhere(t, sight.State), e.aside(t)
		for _, en := range sight.State.Of(t.Ref) {
			why, counts := unwell(en)
			was, known := before.Find(en.Key())
			switch {
			case !counts || elsewhere[en.Check] || aside[en.Check] || en.At.Before(began):
			case why != "" && known && t.Ref != about && was.Status == en.Status:
			case why == "":
				good++
			default:
				bad = append(bad, fmt.Sprintf("%s %s: %s", t.Ref, en.Check, why))
			}
		}
		if good == 0 && len(sight.State.Of(t.Ref)) > 0 {
			bad = append(bad, fmt.Sprintf("%s: nothing of it is seen to be well", t.Ref))
		}
	}
	return strings.Join(bad, "; "), nil
}

// elsewhere names the checks of a service on the hosts that it does not run on,
// once it is seen to run on exactly one.
func (e *Engine) elsewhere(t *inventory.Target, s actions.State) map[string]bool {
	i := slices.IndexFunc(s.Of(t.Ref), func(en actions.Entry) bool { return en.Check == check.Placement && en.Status == actions.OK })
	if i < 0 {
		return nil
	}
	on := s.Of(t.Ref)[i].On
	ids := map[string]bool{}
	for _, c := range e.looker().Checks(e.fleet, t) {
		host := c.Host
		if host == "" {
			host = t.Host
		}
		if host != on && (host == t.Host || slices.Contains(t.Standby, host)) {
			ids[c.ID] = true
		}
	}
	return ids
}

// aside names the checks of a target that do not say whether it works.
func (e *Engine) aside(t *inventory.Target) map[string]bool {
	ids := map[string]bool{}
	for _, c := range e.looker().Checks(e.fleet, t) {
		if c.Aside {
			ids[c.ID] = true
		}
	}
	return ids
}

// unwell says what is wrong with an entry, "" for nothing, and whether it
// counts at all.
func unwell(e actions.Entry) (why string, counts bool) {
	switch {
	case e.Check == check.Backup, e.Check == check.Exposed, e.Item == actions.ItemStandbys, e.Skipped():
		return "", false
	case e.Check == check.Placement && e.On != "" && e.Status != actions.Fail:
		return "", true // another host could not be seen: the run knows why
	case e.Bad > 0:
		return "it looks worse than it did, and that is not confirmed yet", true
	case e.Status == actions.Fail, e.Status == actions.Unknown:
		return e.Line, true
	}
	return "", true
}
