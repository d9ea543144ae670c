package check

import (
	"fmt"
	"slices"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// placement makes the entry of the built-in check of a service with standbys:
// that exactly one host is seen to run it. It is made from what the service's
// other checks found out, once one of them has ever found a host.
//
// Two hosts at once is fail, none is fail, and where a host that could run it
// was not seen it is unknown: a second active would be just there.
func (m *merger) placement(t *inventory.Target) {
	if len(placesOf(t)) == 0 {
		return
	}
	g := group{t.Ref, Placement}
	was := m.get(g)
	found := m.active(t)
	if len(found) == 0 && len(was) == 0 {
		return
	}
	r := actions.Result{Target: t.Ref, Check: Placement, At: m.seenAt(t)}
	blind := m.blind(t)
	switch {
	case len(found) > 1:
		r.Status, r.Line = actions.Fail, fmt.Sprintf("active on %d hosts at once: %s", len(found), refs(found))
		r.Next = "stop all but one before they drift further apart"
	case len(blind) > 0 && len(found) == 1:
		r.Status, r.On, r.Line = actions.Unknown, found[0], fmt.Sprintf("on %s, but %s could not be seen", found[0], refs(blind))
	case len(blind) > 0:
		r.Status, r.Line = actions.Unknown, fmt.Sprintf("not seen to run, but %s could not be seen", refs(blind))
	case len(found) == 0:
		r.Status, r.Line = actions.Fail, "active on no host"
	default:
		r.On, r.Line = found[0], "on "+string(found[0])
	}
	if r.On == "" && len(found) == 0 && len(was) > 0 {
		r.On = was[0].On // where it was seen last
	}
	d := Due{Target: t.Ref, Check: actions.Check{ID: Placement, Every: m.every(t), Confirm: max(1, t.Confirm)}}
	m.check(d, []actions.Result{r})
}

// placesOf returns the hosts that could run a service with standbys, each once;
// none of any other target.
func placesOf(t *inventory.Target) []inventory.Ref {
	if len(t.Standby) == 0 || t.Ref.Level() != inventory.LevelService {
		return nil
	}
	var out []inventory.Ref
	for _, h := range append([]inventory.Ref{t.Host}, t.Standby...) {
		if h != "" && !slices.Contains(out, h) {
			out = append(out, h)
		}
	}
	return out
}

// active returns the hosts that fresh entries of a service say run it.
func (m *merger) active(t *inventory.Target) []inventory.Ref {
	var out []inventory.Ref
	for id, es := range m.checks[t.Ref] {
		if id == Placement {
			continue
		}
		for _, e := range es {
			if e.On != "" && !e.Stale(m.now) && !slices.Contains(out, e.On) {
				out = append(out, e.On)
			}
		}
	}
	slices.Sort(out)
	return out
}

// blind returns the hosts that could run a service and of which it is not
// known whether they do: they do not answer, or not lately.
func (m *merger) blind(t *inventory.Target) []inventory.Ref {
	var out []inventory.Ref
	for _, h := range placesOf(t) {
		es := m.get(group{h, SSH})
		if len(es) == 0 || es[0].Status != actions.OK || es[0].Bad > 0 || es[0].Stale(m.now) {
			out = append(out, h)
		}
	}
	return out
}

// seenAt is when the newest of a service's other checks was made.
func (m *merger) seenAt(t *inventory.Target) time.Time {
	var at time.Time
	for id, es := range m.checks[t.Ref] {
		if id == Placement {
			continue
		}
		for _, e := range es {
			if e.At.After(at) {
				at = e.At
			}
		}
	}
	return at
}

// every is the longest interval of those other checks.
func (m *merger) every(t *inventory.Target) time.Duration {
	var d time.Duration
	for id, es := range m.checks[t.Ref] {
		if id == Placement {
			continue
		}
		for _, e := range es {
			d = max(d, e.Every)
		}
	}
	return d
}
