package plan

import (
	"slices"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// sshCheck is the check that says whether a host answers: ok, fail when others
// do not reach it either, unknown when it may only be cut off from here.
const sshCheck = "ssh"

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
		if f.Stands != nil {
			m.ask("stands-"+f.name, f.Host, *f.Stands)
		}
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
			x.why = orElse(a.Err, notAsked)
		case a.Output.Exit != 0:
			x.seen, x.words = true, map[string]string{"trouble": badAnswer(a.Output)}
		default:
			x.seen, x.words = true, a.Said()
		}
		s.members = append(s.members, x)
	}
	for i := range s.fences {
		s.fences[i].ready, s.fences[i].why = m.ready("fence-" + s.fences[i].name)
		s.fences[i].holds, _ = m.ready("fenced-" + s.fences[i].name)
		if s.fences[i].Stands != nil {
			stands, _ := m.ready("stands-" + s.fences[i].name)
			s.fences[i].holds = s.fences[i].holds && stands
		}
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
		return false, orElse(a.Err, notAsked)
	case a.Output.Exit != 0:
		return false, badAnswer(a.Output)
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
