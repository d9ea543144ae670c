package plan

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// lagLimit is how far behind a standby may be to be promoted without being
// asked (providers: warn above 30 s).
const lagLimit = 30 * time.Second

// shapeReplicated is of a service whose standbys each have the data.
const shapeReplicated = "replicated"

// The roles that a survey tells.
const (
	roleActive  = "active"
	roleStandby = "standby"
	roleStopped = "stopped"
)

// active returns the member that is, or must be taken for, the active one, and
// false when that cannot be said.
func (m *maker) active(s moving) (member, bool) {
	var actives, silent []member
	for _, x := range s.members {
		switch {
		case !x.seen:
			silent = append(silent, x)
		case x.role() == roleActive:
			actives = append(actives, x)
		}
	}
	var hs []string
	for _, x := range actives {
		hs = append(hs, x.host.Name())
	}
	switch {
	case len(actives) > 1:
		m.block("one-active", "exactly one host is active", "active on "+strings.Join(hs, " and "),
			"find out which of them has what was written last, and stop the other: jurymast ssh "+hs[0])
		return member{}, false
	case len(actives) == 1:
		m.holds("one-active", "exactly one host is active", "active on "+hs[0])
		return actives[0], true
	case len(silent) > 1:
		var why []string
		for _, x := range silent {
			why = append(why, x.host.Name()+": "+x.why)
		}
		m.block("one-active", "it is known which host was active", "more than one host does not answer: "+strings.Join(why, "; "),
			"bring one of them back first: "+reachNext(silent[0].host))
		return member{}, false
	case len(silent) == 1:
		return silent[0], true
	}
	m.condition("one-active", "exactly one host is active", "active on none", actions.Noted)
	return s.find(m.target.Host), true
}

// standby chooses the host to move to.
func (m *maker) standby(s moving, from member) (member, bool) {
	if m.To != "" {
		t, err := m.Fleet.Lookup(m.To)
		if err != nil || !slices.Contains(m.hosts(), t.Ref) {
			m.block("standby", "the host to move to is one of its hosts", m.To+" is not among "+names(m.hosts()), "name one of those by --to")
			return member{}, false
		}
		x := s.find(t.Ref)
		if x.host == from.host {
			m.block("standby", "it is not there already", "it is active on "+x.host.Name(), "nothing has to be done; or name another host by --to")
			return member{}, false
		}
		return x, m.must(x.seen, "standby", x.host.Name()+" answers", orElse(x.why, "it answers"), reachNext(x.host))
	}
	if fit := furthest(s, from); len(fit) > 0 {
		m.holds("standby", "a standby answers", fit[0].host.Name()+" does")
		return fit[0], true
	}
	m.noStandby(s, from)
	return member{}, false
}

// noStandby says of each standby why it cannot take over.
func (m *maker) noStandby(s moving, from member) {
	seen, next := "it has none", "add a host to standby of ["+tableOf(m.target.Ref)+"] in the inventory"
	var why []string
	for _, x := range s.members {
		switch {
		case x.host == from.host:
		case !x.seen:
			why = append(why, x.host.Name()+": "+x.why)
			next = reachNext(x.host)
		default:
			why = append(why, x.host.Name()+": "+x.words["trouble"])
			next = mendNext(x.host)
		}
	}
	if len(why) > 0 {
		seen = "none that could take over does: " + strings.Join(why, "; ")
	}
	m.block("standby", "a standby answers", seen, next)
}

// fit adds the conditions that a standby has to meet.
func (m *maker) fit(s moving, from, to member) {
	if why := to.words["trouble"]; why != "" {
		m.block("standby-well", to.host.Name()+" can take over", why, mendNext(to.host))
	}
	again := fmt.Sprintf("jurymast plan rejoin %s --to %s", m.target.Ref, to.host.Name())
	same := func(word, name, text, next string) {
		a, b := from.words[word], to.words[word]
		if a != "" && b != "" {
			m.must(a == b, name, text, fmt.Sprintf("%s has %s, %s has %s", from.host.Name(), a, to.host.Name(), b), next)
		}
	}
	same("system", "same-system", "both hold the same system", again)
	same("version", "same-version", "both run the same major version", "bring both to one version: jurymast ssh "+to.host.Name())
	if s.move.Shape != shapeReplicated {
		return
	}
	m.more(s, from, to)
	m.must(to.role() == roleStandby, "standby-role", to.host.Name()+" follows as a standby", "it is "+orElse(to.role(), "not known what it is"), again)
	lag, err := strconv.ParseFloat(to.words["lag"], 64)
	switch {
	case err != nil:
		m.condition("standby-lag", "how far the standby is behind is known", "it did not say", actions.Open)
	case time.Duration(lag*float64(time.Second)) > lagLimit:
		m.condition("standby-lag", "the standby is at most "+age(lagLimit)+" behind", fmt.Sprintf("%.0f s behind", lag), actions.Open)
	default:
		m.holds("standby-lag", "the standby is at most "+age(lagLimit)+" behind", fmt.Sprintf("%.1f s behind", lag))
	}
}

// failover plans the move of a service to a standby: with the help of the old
// active where it answers, and with a fence that needs none where it does not.
func failover(m *maker) error {
	m.plan.Title, m.plan.Ladder = fmt.Sprintf("Move %s to another host", m.target.Ref), actions.LadderGrave
	s, err := m.seen()
	if err != nil {
		return err
	}
	from, ok := m.active(s)
	if !ok {
		return nil
	}
	m.chosen(s, from)
	return m.moveTo(s, from)
}

func (m *maker) moveTo(s moving, from member) error {
	p := &m.plan
	p.Ladder = actions.LadderGrave
	p.From, p.RTO = from.host, m.target.RTO
	to, ok := m.standby(s, from)
	if to.host != "" {
		p.To = to.host
		p.Title = fmt.Sprintf("Move %s from %s to %s", m.target.Ref, from.host.Name(), to.host.Name())
	} else {
		p.Title = fmt.Sprintf("Move %s away from %s", m.target.Ref, from.host.Name())
	}
	m.lockData()
	if !ok {
		return nil
	}
	m.fit(s, from, to)
	// What would be done on a host that is gone cannot be, and its part of a
	// redirect is gone with it.
	s.redirects = slices.DeleteFunc(s.redirects, func(r redirect) bool {
		if r.Host != from.host || from.seen {
			return false
		}
		m.condition(own("redirect", r.name), "clients can be led over: "+r.Text, from.host.Name()+" is gone, and its part of it with it", actions.Noted)
		return true
	})
	for _, r := range s.redirects {
		m.must(r.ready, own("redirect", r.name), "clients can be led over: "+r.Text, orElse(r.why, orElse(r.words["seen"], "seen to be possible")), wayNext("redirect."+r.name, r.Host))
	}
	if s.move.Shape == shapeRestore {
		if err := m.restoreMoveConditions(to); err != nil {
			return err
		}
	}
	switch {
	case from.seen && s.move.Hand != nil:
		m.handOver(s, from, to)
		return nil
	case from.seen && s.move.Shape == shapeProxy:
		m.switchOver(s, from, to)
	case from.seen:
		m.planned(s, from, to)
		m.takeOver(s, from, to)
	default:
		m.emergency(s, from, to)
		m.takeOver(s, from, to)
	}
	p.Left = append(p.Left,
		actions.Todo{Text: fmt.Sprintf("%s has no standby until %s is rebuilt as one", m.target.Ref, from.host.Name()), Command: "jurymast run rejoin " + string(m.target.Ref)})
	m.wayBack("to go back once that is done")
	return nil
}

// wayBack leaves the way to the host that the inventory names.
func (m *maker) wayBack(text string) {
	if m.plan.To != m.target.Host {
		m.plan.Left = append(m.plan.Left, actions.Todo{Text: text, Command: "jurymast run failback " + string(m.target.Ref)})
	}
}

// lockData holds the shares that move along.
func (m *maker) lockData() {
	for _, d := range m.target.Data {
		if ref := inventory.Ref(d); ref.Level() == inventory.LevelShare && !slices.Contains(m.plan.Locks, ref) {
			m.plan.Locks = append(m.plan.Locks, ref)
		}
	}
}

// downWith is who does not work while the service moves.
func (m *maker) downWith() []inventory.Ref {
	return append([]inventory.Ref{m.target.Ref}, m.dependents()...)
}

// planned plans to stop the old active, which answers, and to see it stopped:
// its own word is proof enough, since nothing has gone wrong with it.
func (m *maker) planned(s moving, from, to member) {
	resume := s.move.Resume(from.host)
	stopped, idle := inactive(s.move.Active(from.host)), inactive(s.move.Active(to.host))
	m.step(actions.Step{
		ID: "stop", Title: "stop it on " + from.host.Name() + " for good", Host: from.host, Do: s.move.Stop(from.host), Undo: &resume,
		UndoIf: &idle, UndoIfOn: to.host,
		Verify: &stopped, Redo: true, Timeout: startLimit, Ends: true, Down: m.downWith(),
	})
	m.condition("fence", "the old active can no longer write", "grade: "+actions.GradeStopped.String()+" (enough while it answers)", actions.Holds)
	m.plan.Impact.Risk = "none: everything is handed over before the standby takes over"
	if s.move.Caught == nil {
		return
	}
	if caught := s.move.Caught(to.host); caught != nil {
		m.step(actions.Step{
			ID: "caught-up", Title: "see that " + to.host.Name() + " has everything", Host: to.host, Do: *caught, Redo: true, Timeout: startLimit,
			Down: m.downWith(), After: []string{"stop"},
		})
	}
}

// inactive turns the question whether a host is active around.
func inactive(s actions.Script) actions.Script {
	s.Name += "+not"
	s.Body = "jm_active() (\n" + s.Body + "\n)\n" + script("inactive.sh", nil).Body
	return s
}

// emergency plans to fence an old active that does not answer. That it does
// not is no proof of anything: others are asked, and a fence is needed that
// does not depend on it.
func (m *maker) emergency(s moving, from, to member) {
	p := &m.plan
	p.Emergency = true
	m.dead(from)
	p.Impact.AtRisk, p.Impact.AtRiskBytes = -1, -1
	p.Impact.Risk = "what " + from.host.Name() + " had acknowledged and not handed on"
	if lag, err := strconv.ParseFloat(to.words["lag"], 64); err == nil && s.move.Shape == shapeReplicated {
		p.Impact.AtRisk = time.Duration(lag * float64(time.Second))
		p.Impact.Risk = fmt.Sprintf("what %s acknowledged after %s last heard of it, %.1f s ago", from.host.Name(), to.host.Name(), lag)
	}
	if n, ok := number(to.words, "lag-bytes"); ok {
		p.Impact.AtRiskBytes = n
	}
	if s.move.Shape == "shared" {
		p.Impact.AtRisk, p.Impact.AtRiskBytes = 0, 0
		p.Impact.Risk = "what had not reached the share"
	}
	if m.elected(s) {
		return
	}
	i := slices.IndexFunc(s.fences, func(f fence) bool { return f.ready && f.Grade >= actions.GradeLease && m.covers(f, from) })
	if i < 0 {
		m.stated(s, from)
		return
	}
	f := s.fences[i]
	p.Impact.Floor = f.Takes
	m.condition("fence", "the old active can be kept from writing", "fence "+f.name+": "+f.Text+"; proof: "+f.Proof+"; grade: "+f.Grade.String(), actions.Holds)
	// A fence is never lifted because a later step failed: somebody else may
	// have moved the service meanwhile. To lift it is a matter of rejoin.
	m.step(actions.Step{
		ID: "fence", Title: "fence " + from.host.Name() + ": " + f.Text, Host: f.Host, Do: f.Do, Verify: &f.Verify, VerifyOn: f.On, NoReturn: true,
		Redo: true, Timeout: max(2*f.Takes, shortLimit), Ends: true, Down: m.downWith(),
	})
	if f.Stands != nil {
		// A proof as well, so that it is seen once more just before the point of no
		// return.
		m.step(actions.Step{
			ID: "fence-stands", Title: "see that what keeps " + from.host.Name() + " out is in place at " + f.Host.Name(), Host: f.Host, Do: *f.Stands, Verify: f.Stands,
			Redo: true, Timeout: shortLimit, Down: m.downWith(),
		})
	}
}

// covers reports whether a fence keeps the service on that host from writing.
func (m *maker) covers(f fence, from member) bool {
	i := slices.IndexFunc(m.Fleet.Fences, func(x inventory.Fence) bool { return x.Name == f.name })
	of := m.Fleet.Fences[i].Of
	return of == from.host || of == m.target.Ref
}

// dead adds the condition that a host is down by the word of others.
func (m *maker) dead(x member) {
	e, ok := m.State.Find(actions.Key{Target: x.host, Check: sshCheck})
	switch {
	case ok && e.Status == actions.Fail:
		m.holds("down", x.host.Name()+" is down, and others do not reach it either", e.Line)
	case ok && e.Status == actions.OK:
		m.block("down", x.host.Name()+" is down", "it answers, and could not be asked: "+x.why, mendNext(x.host))
	case ok:
		m.block("down", x.host.Name()+" is down, and others do not reach it either", e.Line,
			"plan it where it can be reached from, or mend the way there: "+reachNext(x.host))
	default:
		m.block("down", x.host.Name()+" is down, and others do not reach it either", x.why+"; nobody else was asked", reachNext(x.host))
	}
}

// stated is what is left without a fence: a person's word, which is of the
// gravest kind to give.
func (m *maker) stated(s moving, from member) {
	seen := "the inventory names no fence for it"
	for _, f := range s.fences {
		if m.covers(f, from) {
			seen = fmt.Sprintf("fence %s cannot be used: %s", f.name, orElse(f.why, "its grade is "+f.Grade.String()))
			break
		}
	}
	c := m.condition("old-active-off", "I have seen myself that "+from.host.Name()+" is powered off and stays off", seen, actions.Open)
	c.Grave = true
}

// takeOver plans what comes once the old active cannot write.
func (m *maker) takeOver(s moving, from, to member) {
	p := &m.plan
	p.Impact.Floor += s.move.Floor
	if s.move.Shape == shapeRestore {
		m.restoreMoveSteps(to)
	}
	active, verify := s.move.Active(to.host), s.move.Verify(to.host)
	m.step(actions.Step{
		ID: "promote", Title: "make " + to.host.Name() + " the active one", Host: to.host, Do: s.move.Promote(to.host), Check: &active, Verify: &verify,
		NoReturn: true, Redo: true, Timeout: startLimit, Ends: len(p.Steps) == 0, Down: m.downWith(),
	})
	for _, r := range s.redirects {
		p.Impact.Floor += r.floor()
	}
	m.lead(s, from, to, nil, m.downWith())
	// From the consumers' side: what needs it has to be well too.
	m.step(actions.Step{
		ID: "look", Title: "look at it as its users do", Look: m.downWith(), Timeout: startLimit, Starts: true, Down: m.downWith(),
	})
	m.others(s, from, to)
}

// lead plans to lead clients to the new host, while down do not work.
func (m *maker) lead(s moving, from, to member, more map[string]string, down []inventory.Ref) {
	for _, r := range s.redirects {
		in := m.addresses(from.host, to.host)
		maps.Copy(in, r.seenInputs())
		maps.Copy(in, more)
		v := r.Verify.With(in)
		m.step(actions.Step{
			ID: own("redirect", r.name), Title: r.Text, Host: r.Host, Do: r.Do.With(in), Verify: &v, Redo: true, Timeout: startLimit, Down: down,
		})
	}
}

func (m *maker) addresses(from, to inventory.Ref) map[string]string {
	addr := func(h inventory.Ref) string {
		if t, ok := m.Fleet.Target(h); ok && t.Reach.Address != "" {
			return t.Reach.Address
		}
		return h.Name()
	}
	return map[string]string{"TO": to.Name(), "TO_ADDRESS": addr(to), "FROM_HOST": from.Name(), "FROM_ADDRESS": addr(from)}
}
