package plan

import (
	"fmt"
	"slices"

	"jurymast/actions"
	"jurymast/inventory"
)

// failback is a planned move to the host that the inventory names.
func failback(m *maker) error {
	m.plan.Title, m.plan.Ladder = fmt.Sprintf("Move %s back to %s", m.target.Ref, m.target.Host.Name()), actions.LadderGrave
	s, err := m.seen()
	if err != nil {
		return err
	}
	from, ok := m.active(s)
	if !ok {
		return nil
	}
	m.To = string(m.target.Host)
	m.must(from.host != m.target.Host, "away", "it is away from "+m.target.Host.Name(), "it is active on "+from.host.Name(), "nothing has to be done: it is where the inventory has it")
	m.must(from.seen, "planned", "the host that it is on now answers", orElse(from.why, "it answers"), "jurymast plan failover "+string(m.target.Ref))
	if len(m.plan.Unmet(actions.Blocking)) > 0 {
		return nil
	}
	return m.moveTo(s, from)
}

// rejoin plans to make a host that was the active one a standby again. It is
// released from its fence first, and what it wrote on its own is given up.
func rejoin(m *maker) error {
	m.plan.Title, m.plan.Ladder = fmt.Sprintf("Make the old active of %s a standby again", m.target.Ref), actions.LadderGrave
	s, err := m.seen()
	if err != nil {
		return err
	}
	active, ok := m.active(s)
	if !ok {
		return nil
	}
	p := &m.plan
	m.must(active.seen && active.role() == roleActive, "active", "a host is active", orElse(active.why, "it is "+orElse(active.role(), "not known to be active")), "jurymast plan failover "+string(m.target.Ref))
	old, ok := m.stray(s, active)
	if !ok {
		return nil
	}
	p.From, p.To = active.host, old.host
	p.Title = fmt.Sprintf("Make %s a standby of %s again", old.host.Name(), m.target.Ref)
	p.Impact.AtRisk, p.Impact.AtRiskBytes = -1, -1
	p.Impact.Risk = "what " + old.host.Name() + " wrote that " + active.host.Name() + " does not have is given up"
	m.lockData()
	var held []fence
	for _, f := range s.fences {
		if f.holds && f.Release != nil && m.covers(f, old) {
			held = append(held, f)
		}
	}
	switch {
	case old.seen:
		// It can be asked while it is fenced: it is made harmless first.
		m.follow(s, old, active)
		m.release(held, old, "")
	case len(held) == 0:
		m.block("reach-"+old.host.Name(), string(old.host)+" answers", old.why, "power it on, or mend the way there: "+reachNext(old.host))
	default:
		// It cannot be asked before it is released, and then it may do at once
		// what it did before.
		c := m.condition("returns-harmless", old.host.Name()+" does not run "+m.target.Ref.Name()+" by itself once it is released", "that cannot be seen while it is fenced", actions.Open)
		c.Grave = true
		m.release(held, old, old.host)
		m.follow(s, old, active)
	}
	m.lookAt([]inventory.Ref{m.target.Ref})
	return nil
}

// release plans to let a host go from its fences, which brings it back where it
// does not answer before.
func (m *maker) release(held []fence, old member, brings inventory.Ref) {
	for _, f := range held {
		m.step(actions.Step{
			ID: own("release", f.name), Title: "release " + old.host.Name() + " from fence " + f.name, Host: f.Host, Do: *f.Release, Redo: true, Timeout: startLimit,
			Brings: brings,
		})
	}
}

// follow plans to make a host a standby of the active one, or where its kind
// knows none, to see that it does not run the service.
func (m *maker) follow(s moving, old, active member) {
	if s.move.Rejoin == nil {
		m.step(actions.Step{
			ID: "stop", Title: "see that it is stopped on " + old.host.Name(), Host: old.host, Do: s.move.Stop(old.host), Redo: true, Timeout: startLimit,
		})
		return
	}
	for i, st := range s.move.Rejoin(old.host, active.host) {
		st.Undo = nil
		st.NoReturn = i == 0
		m.step(st)
	}
}

// stray returns the host that is to be made a standby.
func (m *maker) stray(s moving, active member) (member, bool) {
	for _, x := range s.members {
		if x.host == active.host || m.To != "" && x.host.Name() != inventory.Ref(m.To).Name() {
			continue
		}
		if m.To != "" || !x.seen || x.role() != roleStandby || m.isFenced(s, x) {
			m.holds("old-active", "a host is to be made a standby", x.host.Name()+" is "+orElse(x.role(), "silent"))
			return x, true
		}
	}
	m.block("old-active", "a host is to be made a standby", "every other host follows already", "nothing has to be done")
	return member{}, false
}

func (m *maker) isFenced(s moving, x member) bool {
	return slices.ContainsFunc(s.fences, func(f fence) bool { return f.holds && m.covers(f, x) })
}
