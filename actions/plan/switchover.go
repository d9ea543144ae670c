package plan

import "jurymast/actions"

// shapeProxy is of a service that keeps nothing on its hosts: it may run on two
// of them at once, and nobody has to go without it while it moves.
const shapeProxy = "proxy"

// switchOver plans to start the service beside the one that runs, to lead its
// users over, and then to stop the old one. Until the first of them is led over
// the old one is as it was.
func (m *maker) switchOver(s moving, from, to member) {
	m.condition("fence", "no two hosts write the same", "it keeps nothing on its hosts: both may run for a while", actions.Holds)
	m.plan.Impact.Risk = "none: it keeps nothing, and " + from.host.Name() + " serves until " + to.host.Name() + " does"
	for _, r := range s.redirects {
		m.plan.Impact.Floor = max(m.plan.Impact.Floor, r.floor())
	}
	active, verify, back := s.move.Active(to.host), s.move.Verify(to.host), s.move.Stop(to.host)
	if s.move.Rejoin != nil {
		// What makes a host a standby leaves nothing to be done there.
		if steps := s.move.Rejoin(to.host, from.host); len(steps) == 1 {
			back = steps[0].Do
		}
	}
	m.step(actions.Step{
		ID: "promote", Title: "start it on " + to.host.Name() + " beside " + from.host.Name(), Host: to.host, Do: s.move.Promote(to.host),
		Check: &active, Verify: &verify, Undo: &back, Redo: true, Timeout: startLimit,
	})
	m.lead(s, from, to, map[string]string{"DRAIN": "yes"}, nil)
	if n := len(m.plan.Steps); n > 1 {
		m.plan.Steps[1].NoReturn = true
	}
	stopped := inactive(s.move.Active(from.host))
	m.step(actions.Step{
		ID: "stop", Title: "stop it on " + from.host.Name() + " for good", Host: from.host, Do: s.move.Stop(from.host), Verify: &stopped,
		NoReturn: len(s.redirects) == 0, Redo: true, Timeout: startLimit,
	})
	m.step(actions.Step{ID: "look", Title: "look at it as its users do", Look: m.downWith(), Timeout: startLimit})
}
