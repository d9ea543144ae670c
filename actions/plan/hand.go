package plan

import (
	"fmt"
	"slices"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// maxFloor bounds what a survey may say that a move takes at least.
const maxFloor = 24 * time.Hour

// handOver plans to have the system hand over by itself. That the old active is
// one no longer is proved before it is gone on, and once more just before the
// point of no return: the system's word for it is not enough.
func (m *maker) handOver(s moving, from, to member) {
	p := &m.plan
	why := orElse(from.words["stays"], to.words["stays"])
	how := orElse(from.words["seen"], to.words["seen"])
	m.must(why == "", "hand", from.host.Name()+" can hand over by itself", orElse(why, orElse(how, "seen to be possible")), mendNext(from.host))
	m.condition("fence", "the old active can no longer write", "it hands over by itself, and is seen to have done so", actions.Holds)
	p.Impact.Risk = "none: it hands over by itself, to one writer at any time"
	floor := s.move.Floor
	if n, ok := number(from.words, "floor"); ok && n >= 0 {
		floor = time.Duration(min(n, int64(maxFloor/time.Second))) * time.Second
	}
	p.Impact.Floor += floor
	left, idle := inactive(s.move.Active(from.host)), inactive(s.move.Active(to.host))
	steps := s.move.Hand(from.host, to.host)
	var down []inventory.Ref
	for i, st := range steps {
		st.NoReturn = false
		if st.Undo != nil {
			st.UndoIf, st.UndoIfOn = &idle, to.host
		}
		if st.Ends {
			down = m.downWith()
		}
		st.Down = down
		if i == len(steps)-1 {
			st.Redo, st.Verify, st.VerifyOn = false, &left, from.host
		}
		m.step(st)
	}
	m.step(actions.Step{
		ID: actions.StepHanded, Title: "see that " + to.host.Name() + " is the active one", Host: to.host, Do: s.move.Verify(to.host), NoReturn: true,
		Redo: true, Timeout: startLimit, Down: down,
	})
	for _, r := range s.redirects {
		p.Impact.Floor += r.floor()
	}
	m.lead(s, from, to, nil, down)
	m.step(actions.Step{
		ID: "look", Title: "look at it as its users do", Look: m.downWith(), Timeout: startLimit, Starts: true, Down: down,
	})
	m.wayBack("to go back")
}

// elected plans nothing to fence where the members choose the active one by
// majority: one that is cut off from the others gives up by itself, which is a
// lease of its own that they wait out.
func (m *maker) elected(s moving) bool {
	if s.move.Elects == "" {
		return false
	}
	m.condition("fence", "the old active can no longer write", s.move.Elects+"; grade: "+actions.GradeLease.String(), actions.Holds)
	return true
}

// chosen asks a person before a service is moved that its members have moved
// already: the host that was lost is most likely why they are asked to.
func (m *maker) chosen(s moving, from member) {
	i := slices.IndexFunc(s.members, func(x member) bool { return !x.seen })
	if s.move.Elects == "" || !from.seen || i < 0 {
		return
	}
	m.condition("moved", "it has not moved by itself already",
		fmt.Sprintf("it is active on %s, as its members chose, and %s does not answer: nothing has to be done for it to work", from.host.Name(), s.members[i].host.Name()), actions.Open)
}
