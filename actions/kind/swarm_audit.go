package kind

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"jurymast/actions"
	"jurymast/inventory"
)

// meeting is a rule of the audit: who, and whom.
type meeting struct {
	who   string
	whom  []string
	words string // as it stands in the inventory
}

// meetings reads rules, "proxy: shop_* wiki", or returns the first that is none.
func meetings(rules []string) (out []meeting, bad string) {
	for _, rule := range rules {
		who, whom, ok := strings.Cut(rule, ":")
		m := meeting{who: strings.TrimSpace(who), whom: strings.Fields(whom), words: rule}
		if !ok || m.who == "" || len(m.whom) == 0 || len(strings.Fields(m.who)) > 1 {
			return nil, rule
		}
		for _, p := range append([]string{m.who}, m.whom...) {
			if _, err := path.Match(p, ""); err != nil {
				return nil, rule
			}
		}
		out = append(out, m)
	}
	return out, ""
}

func matches(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return ok && err == nil
}

// covers reports whether a rule is about these two, in any order.
func (m meeting) covers(a, b string) bool {
	return slices.ContainsFunc(m.whom, func(p string) bool {
		return matches(m.who, a) && matches(p, b) || matches(m.who, b) && matches(p, a)
	})
}

// overlays returns the networks that reach from node to node.
func (w swarmSaid) overlays() []swarmNetwork {
	return slices.DeleteFunc(slices.Clone(w.networks), func(n swarmNetwork) bool { return n.Driver != "overlay" })
}

// members returns who is on each network, by the network's id: services by
// their names, and containers of the manager that were joined by hand. What
// names a network that is not listed is returned as readings.
func (w swarmSaid) members() (on map[string][]string, lost []actions.Reading) {
	id := map[string]string{}
	for _, n := range w.networks {
		id[n.Name], id[n.ID] = n.ID, n.ID
	}
	on = map[string][]string{}
	join := func(network, who string) {
		if at, ok := id[network]; !ok {
			lost = append(lost, actions.Reading{Item: who, Status: actions.Unknown, Line: "it is on " + actions.Line(network) + ", which docker network ls does not list"})
		} else if !slices.Contains(on[at], who) {
			on[at] = append(on[at], who)
		}
	}
	for _, s := range w.services {
		for _, n := range slices.Concat(s.Networks, s.Older) {
			join(n.Target, s.Name)
		}
		for _, n := range s.Addresses {
			join(n.NetworkID, s.Name)
		}
	}
	for _, c := range w.containers {
		for _, n := range strings.Split(c.Networks, ",") {
			if n != "" && c.Service == "" {
				join(n, "container "+c.Name)
			}
		}
	}
	for _, who := range on {
		slices.Sort(who)
	}
	return on, lost
}

// audit says on which overlay networks somebody meets who should not.
func (w swarmSaid) audit(t inventory.Target) []actions.Reading {
	meet, bad := meetings(t.Options.List("meet"))
	apart, worse := meetings(t.Options.List("apart"))
	if bad += worse; bad != "" {
		return []actions.Reading{{Status: actions.Unknown, Line: "a rule of the audit is not understood: " + bad, Next: `write it as "who: whom whom"`}}
	}
	on, lost := w.members()
	var out []actions.Reading
	pairs := 0
	overlays := w.overlays()
	for _, n := range overlays {
		who := on[n.ID]
		pairs += len(who) * (len(who) - 1) / 2
		if r := n.judge(t, who, meet, apart); r.Status != actions.OK {
			out = append(out, r)
		}
	}
	for _, name := range t.Options.List("encrypted") {
		if !slices.ContainsFunc(overlays, func(n swarmNetwork) bool { return n.Name == name }) {
			out = append(out, actions.Reading{Item: name, Status: actions.Fail, Line: "there is no such overlay network, and it is to be encrypted", Next: "docker network ls --filter driver=overlay"})
		}
	}
	out = append(out, w.unmatched(apart)...)
	if out = append(out, lost...); len(out) > 0 {
		return sorted(out)
	}
	r := actions.Reading{Metrics: []actions.Metric{{Name: "networks", Value: float64(len(overlays))}, {Name: "pairs", Value: float64(pairs)}}}
	r.Line = fmt.Sprintf("%s on %s: ", count(pairs, "pair"), count(len(overlays), "overlay network"))
	if len(meet)+len(apart) == 0 {
		r.Line += "no rule says who may meet whom"
	} else {
		r.Line += "nobody meets whom it should not"
	}
	return []actions.Reading{r}
}

// unmatched warns of rules that keep nobody apart because nothing has such a
// name: most likely one that was misspelt, or a service that was renamed.
func (w swarmSaid) unmatched(apart []meeting) []actions.Reading {
	var out []actions.Reading
	for _, m := range apart {
		for _, p := range append([]string{m.who}, m.whom...) {
			if !slices.ContainsFunc(w.services, func(s swarmService) bool { return matches(p, s.Name) }) && !strings.HasPrefix(p, "container ") {
				out = append(out, actions.Reading{Item: p, Status: actions.Warn, Line: fmt.Sprintf("a rule keeps it apart (%q), and no service has such a name", m.words), Next: "docker service ls"})
			}
		}
	}
	return slices.CompactFunc(sorted(out), func(a, b actions.Reading) bool { return a.Item == b.Item })
}

// judge says what is wrong with a network that has these members.
func (n swarmNetwork) judge(t inventory.Target, who []string, meet, apart []meeting) actions.Reading {
	r := actions.Reading{Item: n.Name}
	say := func(s actions.Status, next, layout string, args ...any) {
		if r.Line != "" {
			r.Line += "; "
		}
		r.Line += fmt.Sprintf(layout, args...)
		if s.Worse(r.Status) {
			r.Status, r.Next = s, next
		}
	}
	if pairs := forbidden(who, meet, apart); len(pairs) > 0 {
		const most = 5
		more := ""
		if len(pairs) > most {
			more = fmt.Sprintf(" and %d more", len(pairs)-most)
			pairs = pairs[:most]
		}
		words, next := "share it and should not: ", "docker service update --network-rm "+n.Name+" SERVICE, or let a rule allow it"
		if n.Ingress {
			words, next = "meet by their published ports and should not: ", "publish a port in mode host, or not at all, or let a rule allow it"
		}
		say(actions.Fail, next, "%s%s%s", words, strings.Join(pairs, ", "), more)
	}
	if _, yes := n.Options["encrypted"]; !yes && slices.Contains(t.Options.List("encrypted"), n.Name) {
		say(actions.Fail, "make it anew with --opt encrypted: that cannot be changed", "it is not encrypted")
	}
	if n.Attachable && len(meet)+len(apart) > 0 && !slices.Contains(t.Options.List("attachable"), n.Name) {
		say(actions.Warn, "make it anew without attachable, or name it in attachable", "any container may be joined to it by hand (attachable)")
	}
	return r
}

// forbidden returns the pairs among members that the rules keep apart.
func forbidden(who []string, meet, apart []meeting) []string {
	if len(meet)+len(apart) == 0 {
		return nil
	}
	var out []string
	for i, a := range who {
		for _, b := range who[i+1:] {
			covers := func(m meeting) bool {
				return m.covers(strings.TrimPrefix(a, "container "), strings.TrimPrefix(b, "container "))
			}
			if slices.ContainsFunc(apart, covers) || len(meet) > 0 && !slices.ContainsFunc(meet, covers) {
				out = append(out, a+" and "+b)
			}
		}
	}
	return out
}
