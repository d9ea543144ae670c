package plan

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"jurymast/actions"
	"jurymast/inventory"
)

// others plans to have the standbys that remain follow the new active one; they
// would stay with the old one, and have nothing from then on. It comes last and
// may fail: the service works without it. One that cannot be told is left for a
// person.
func (m *maker) others(s moving, from, to member) {
	if s.move.Follow == nil {
		return
	}
	for _, x := range s.members {
		if x.host == from.host || x.host == to.host {
			continue
		}
		why := ""
		switch {
		case !x.seen:
			why = "it did not answer"
		case x.words["trouble"] != "":
			why = x.words["trouble"]
		case x.role() != roleStandby:
			why = "it is " + orElse(x.role(), "not known what it is")
		}
		if why != "" {
			m.plan.Left = append(m.plan.Left, actions.Todo{
				Text:    fmt.Sprintf("%s does not follow %s: %s", x.host.Name(), to.host.Name(), why),
				Command: rejoinWords(m.target.Ref, x.host),
			})
			continue
		}
		for _, st := range s.move.Follow(x.host, to.host) {
			st.ID, st.MayFail = own(st.ID, x.host.Name()), true
			for i, a := range st.After {
				st.After[i] = own(a, x.host.Name())
			}
			m.step(st)
		}
	}
}

func rejoinWords(service, host inventory.Ref) string {
	return fmt.Sprintf("jurymast run rejoin %s --to %s", service, host.Name())
}

// furthest returns the standbys that could take over, the one first that has
// most of what the active wrote. Where it answers that does not matter: it hands
// over all.
func furthest(s moving, from member) []member {
	var fit []member
	for _, x := range s.members {
		if x.host != from.host && x.seen && x.words["trouble"] == "" {
			fit = append(fit, x)
		}
	}
	if !from.seen {
		slices.SortStableFunc(fit, func(a, b member) int { return comparePositions(b.words["position"], a.words["position"]) })
	}
	return fit
}

// more adds the condition that no other standby has more than the one that is to
// take over for a host that is gone: what it has more would be given up.
func (m *maker) more(s moving, from, to member) {
	best := furthest(s, from)
	if from.seen || len(best) == 0 || comparePositions(best[0].words["position"], to.words["position"]) <= 0 {
		return
	}
	c := m.condition("standby-furthest", "no other standby has more of what was written",
		fmt.Sprintf("%s is at %s, %s at %s", best[0].host.Name(), best[0].words["position"], to.host.Name(), to.words["position"]), actions.Open)
	c.Next = fmt.Sprintf("jurymast plan failover %s --to %s", m.target.Ref, best[0].host.Name())
}

// comparePositions compares places in a log: plain numbers, or two of base 16 as
// PostgreSQL writes them. Places that cannot be compared are equal.
func comparePositions(a, b string) int {
	x, okX := position(a)
	y, okY := position(b)
	switch {
	case !okX || !okY || strings.Contains(a, "/") != strings.Contains(b, "/"):
		return 0
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

func position(s string) (uint64, bool) {
	high, low, two := strings.Cut(s, "/")
	if !two {
		n, err := strconv.ParseUint(s, 10, 64)
		return n, err == nil
	}
	h, err := strconv.ParseUint(high, 16, 32)
	l, err2 := strconv.ParseUint(low, 16, 32)
	return h<<32 | l, err == nil && err2 == nil
}
