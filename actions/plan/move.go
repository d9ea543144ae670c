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

// sshCheck is the check that says whether a host answers: ok, fail when others
// do not reach it either, unknown when it may only be cut off from here.
const sshCheck = "ssh"

// lagLimit is how far behind a standby may be to be promoted without being
// asked (providers: warn above 30 s).
const lagLimit = 30 * time.Second

// The roles that a survey tells.
const (
	roleActive  = "active"
	roleStandby = "standby"
	roleStopped = "stopped"
)

// member is one host that can run the service.
type member struct {
	host  inventory.Ref
	words map[string]string
	seen  bool   // it answered
	why   string // why not
}

func (m member) role() string { return m.words["role"] }

// fence is a way to fence that the inventory names.
type fence struct {
	actions.Fence
	name  string
	ready bool
	why   string
	holds bool // it is fenced now
}

type redirect struct {
	actions.Redirect
	name  string
	ready bool
	why   string
	words map[string]string // what its survey said
}

// maxTTL is how long resolvers keep an answer at most, whatever its TTL says
// (max-cache-ttl of BIND: a week; others keep it for a day).
const maxTTL = 7 * 24 * time.Hour

// floor is how long clients may stay with the old host: by what was seen, else
// by what is declared.
func (r redirect) floor() time.Duration {
	if n, ok := number(r.words, "floor"); ok && n >= 0 {
		return time.Duration(min(n, int64(maxTTL/time.Second))) * time.Second
	}
	return r.Floor
}

// seenInputs are what its scripts are told of what was seen.
func (r redirect) seenInputs() map[string]string {
	in := map[string]string{}
	for name, value := range r.words {
		in[actions.SeenInput(name)] = value
	}
	return in
}

// moving is what is known of a service that can move.
type moving struct {
	move      actions.Move
	members   []member
	fences    []fence
	redirects []redirect
}

func (m *maker) hosts() []inventory.Ref {
	var hs []inventory.Ref
	for _, h := range append([]inventory.Ref{m.target.Host}, m.target.Standby...) {
		if h != "" && !slices.Contains(hs, h) {
			hs = append(hs, h)
		}
	}
	return hs
}

func (m *maker) moveOf() (actions.Move, error) {
	t := m.target
	if len(t.Standby) == 0 {
		return actions.Move{}, errorf("add standby = [\"HOST\"] to it", "%s has no standby: there is no host to move it to", t.Ref)
	}
	k, ok := m.kind(t.Kind)
	if !ok {
		return actions.Move{}, errorf("jurymast kinds", "kind %s is not known", t.Kind)
	}
	if k.Move == nil {
		if k.Data != nil {
			return m.restoreMove()
		}
		return actions.Move{}, errorf("jurymast kinds", "%s is of kind %s, which jurymast cannot move", t.Ref, t.Kind)
	}
	mv, err := k.Move(m.Fleet, *t)
	if err != nil {
		return mv, errorf("", "%s: %v", t.Ref, err)
	}
	return mv, nil
}

func moveQuestions(m *maker) error {
	mv, err := m.moveOf()
	if err != nil {
		return err
	}
	for _, h := range m.hosts() {
		m.ask("member-"+h.Name(), h, mv.Survey(h))
	}
	fs, rs, err := m.ways()
	if err != nil {
		return err
	}
	for _, f := range fs {
		m.ask("fence-"+f.name, f.Host, f.Survey)
		m.ask("fenced-"+f.name, f.verifyOn(), f.Verify)
	}
	for _, r := range rs {
		m.ask("redirect-"+r.name, r.Host, r.Survey)
	}
	if mv.Shape == shapeRestore {
		return m.restoreMoveQuestions()
	}
	return nil
}

func (f fence) verifyOn() inventory.Ref {
	if f.On != "" {
		return f.On
	}
	return f.Host
}

// ways returns the fences and redirects of the inventory for this service.
func (m *maker) ways() ([]fence, []redirect, error) {
	var fs []fence
	var rs []redirect
	for _, x := range m.Fleet.Fences {
		if x.Of != m.target.Ref && !slices.Contains(m.hosts(), x.Of) {
			continue
		}
		k, ok := m.kind(x.Kind)
		if !ok || k.Fence == nil {
			return nil, nil, errorf("jurymast kinds", "fence/%s is of kind %s, which is no fence", x.Name, x.Kind)
		}
		f, err := k.Fence(m.Fleet, x)
		if err != nil {
			return nil, nil, errorf("", "fence/%s: %v", x.Name, err)
		}
		fs = append(fs, fence{Fence: f, name: x.Name})
	}
	for _, x := range m.Fleet.Redirects {
		if x.Of != m.target.Ref {
			continue
		}
		k, ok := m.kind(x.Kind)
		if !ok || k.Redirect == nil {
			return nil, nil, errorf("jurymast kinds", "redirect/%s is of kind %s, which is no redirect", x.Name, x.Kind)
		}
		r, err := k.Redirect(m.Fleet, x)
		if err != nil {
			return nil, nil, errorf("", "redirect/%s: %v", x.Name, err)
		}
		rs = append(rs, redirect{Redirect: r, name: x.Name})
	}
	return fs, rs, nil
}

// seen gathers what was answered.
func (m *maker) seen() (moving, error) {
	var s moving
	var err error
	if s.move, err = m.moveOf(); err != nil {
		return s, err
	}
	if s.fences, s.redirects, err = m.ways(); err != nil {
		return s, err
	}
	for _, h := range m.hosts() {
		a, ok := m.Answers["member-"+h.Name()]
		x := member{host: h, words: map[string]string{}}
		switch {
		case !ok || a.Err != "":
			x.why = orElse(a.Err, "it was not asked")
		case a.Output.Exit != 0:
			x.seen, x.words = true, map[string]string{"trouble": fmt.Sprintf("exit %d: %s", a.Output.Exit, said(a.Output))}
		default:
			x.seen, x.words = true, a.Said()
		}
		s.members = append(s.members, x)
	}
	for i := range s.fences {
		s.fences[i].ready, s.fences[i].why = m.ready("fence-" + s.fences[i].name)
		s.fences[i].holds, _ = m.ready("fenced-" + s.fences[i].name)
	}
	for i := range s.redirects {
		id := "redirect-" + s.redirects[i].name
		s.redirects[i].ready, s.redirects[i].why = m.ready(id)
		s.redirects[i].words = m.Answers[id].Said()
	}
	slices.SortStableFunc(s.fences, func(a, b fence) int { return int(b.Grade) - int(a.Grade) })
	return s, nil
}

func (m *maker) ready(id string) (bool, string) {
	a, ok := m.Answers[id]
	switch {
	case !ok || a.Err != "":
		return false, orElse(a.Err, "it was not asked")
	case a.Output.Exit != 0:
		return false, fmt.Sprintf("exit %d: %s", a.Output.Exit, said(a.Output))
	}
	return true, ""
}

func (s moving) find(h inventory.Ref) member {
	i := slices.IndexFunc(s.members, func(x member) bool { return x.host == h })
	if i < 0 {
		return member{host: h, words: map[string]string{}}
	}
	return s.members[i]
}

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
		m.must(false, "one-active", "exactly one host is active", "active on "+strings.Join(hs, " and ")+": stop all but one first")
		return member{}, false
	case len(actives) == 1:
		m.must(true, "one-active", "exactly one host is active", "active on "+hs[0])
		return actives[0], true
	case len(silent) > 1:
		m.must(false, "one-active", "it is known which host was active", "more than one host does not answer")
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
			m.must(false, "standby", "the host to move to is one of its hosts", m.To+" is not among "+names(m.hosts()))
			return member{}, false
		}
		x := s.find(t.Ref)
		if x.host == from.host {
			m.must(false, "standby", "it is not there already", "it is active on "+x.host.Name())
			return member{}, false
		}
		return x, m.must(x.seen, "standby", x.host.Name()+" answers", orElse(x.why, "it answers"))
	}
	for _, x := range s.members {
		if x.host != from.host && x.seen && x.words["trouble"] == "" {
			m.must(true, "standby", "a standby answers", x.host.Name()+" does")
			return x, true
		}
	}
	m.must(false, "standby", "a standby answers", "none that could take over does")
	return member{}, false
}

// fit adds the conditions that a standby has to meet.
func (m *maker) fit(s moving, from, to member) {
	if why := to.words["trouble"]; why != "" {
		m.must(false, "standby-well", to.host.Name()+" can take over", why)
	}
	same := func(word, name, text string) {
		a, b := from.words[word], to.words[word]
		if a != "" && b != "" {
			m.must(a == b, name, text, fmt.Sprintf("%s has %s, %s has %s", from.host.Name(), a, to.host.Name(), b))
		}
	}
	same("system", "same-system", "both hold the same system")
	same("version", "same-version", "both run the same major version")
	if s.move.Shape != "replicated" {
		return
	}
	m.must(to.role() == roleStandby, "standby-role", to.host.Name()+" follows as a standby", "it is "+orElse(to.role(), "not known what it is"))
	lag, err := strconv.ParseFloat(to.words["lag"], 64)
	switch {
	case err != nil:
		m.condition("standby-lag", "how far the standby is behind is known", "it did not say", actions.Open)
	case time.Duration(lag*float64(time.Second)) > lagLimit:
		m.condition("standby-lag", "the standby is at most "+age(lagLimit)+" behind", fmt.Sprintf("%.0f s behind", lag), actions.Open)
	default:
		m.must(true, "standby-lag", "the standby is at most "+age(lagLimit)+" behind", fmt.Sprintf("%.1f s behind", lag))
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
	return m.moveTo(s, from)
}

func (m *maker) moveTo(s moving, from member) error {
	p := &m.plan
	p.Ladder = actions.LadderGrave
	p.From, p.RTO = from.host, 0
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
		m.must(r.ready, own("redirect", r.name), "clients can be led over: "+r.Text, orElse(r.why, orElse(r.words["seen"], "seen to be possible")))
	}
	if s.move.Shape == shapeRestore {
		if err := m.restoreMoveConditions(to); err != nil {
			return err
		}
	}
	if from.seen {
		m.planned(s, from, to)
	} else {
		m.emergency(s, from, to)
	}
	m.takeOver(s, from, to)
	p.Left = append(p.Left,
		actions.Todo{Text: fmt.Sprintf("%s has no standby until %s is rebuilt as one", m.target.Ref, from.host.Name()), Command: "jurymast run rejoin " + string(m.target.Ref)})
	if to.host != m.target.Host {
		p.Left = append(p.Left, actions.Todo{Text: "to go back once that is done", Command: "jurymast run failback " + string(m.target.Ref)})
	}
	return nil
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
	if lag, err := strconv.ParseFloat(to.words["lag"], 64); err == nil && s.move.Shape == "replicated" {
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
		m.must(true, "down", x.host.Name()+" is down, and others do not reach it either", e.Line)
	case ok && e.Status == actions.OK:
		m.must(false, "down", x.host.Name()+" is down", "it answers, and could not be asked: "+x.why)
	case ok:
		m.must(false, "down", x.host.Name()+" is down, and others do not reach it either", e.Line)
	default:
		m.must(false, "down", x.host.Name()+" is down, and others do not reach it either", x.why+"; nobody else was asked")
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
		in := m.addresses(from.host, to.host)
		maps.Copy(in, r.seenInputs())
		v := r.Verify.With(in)
		m.step(actions.Step{
			ID: own("redirect", r.name), Title: r.Text, Host: r.Host, Do: r.Do.With(in), Verify: &v, Redo: true, Timeout: startLimit, Down: m.downWith(),
		})
	}
	// From the consumers' side: what needs it has to be well too.
	m.step(actions.Step{
		ID: "look", Title: "look at it as its users do", Look: m.downWith(), Timeout: startLimit, Starts: true, Down: m.downWith(),
	})
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
	m.must(from.host != m.target.Host, "away", "it is away from "+m.target.Host.Name(), "it is active on "+from.host.Name())
	m.must(from.seen, "planned", "the host that it is on now answers", orElse(from.why, "it answers"))
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
	m.must(active.seen && active.role() == roleActive, "active", "a host is active", orElse(active.why, "it is "+orElse(active.role(), "not known to be active")))
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
		m.must(false, "reach-"+old.host.Name(), string(old.host)+" answers", old.why)
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
			return x, m.must(true, "old-active", "a host is to be made a standby", x.host.Name()+" is "+orElse(x.role(), "silent"))
		}
	}
	return member{}, m.must(false, "old-active", "a host is to be made a standby", "every other host follows already")
}

func (m *maker) isFenced(s moving, x member) bool {
	return slices.ContainsFunc(s.fences, func(f fence) bool { return f.holds && m.covers(f, x) })
}
