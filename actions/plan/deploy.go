package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"jurymast/actions"
	"jurymast/inventory"
)

// place is one of the targets that a deploy goes to: the same thing, each on a
// host of its own.
type place struct {
	*inventory.Target
	how   actions.Deploy
	words map[string]string // what its survey said
	ok    bool              // it may be deployed to
}

func (p place) name() string { return p.Ref.Name() }

// there reports whether it runs what is wanted already.
func (p place) there() bool { return p.words["there"] == "yes" }

// versionText words a version: its name alone may read as a number of things.
func versionText(v string) string {
	if v == actions.VersionNewest || v == actions.VersionPrevious {
		return "the " + v + " version"
	}
	return "version " + v
}

// wantedVersion is the version that is asked for.
func (m *maker) wantedVersion() string { return orElse(m.To, actions.VersionNewest) }

// places returns the target and those that are the same elsewhere.
func (m *maker) places() ([]place, error) {
	first, err := m.place(m.target)
	if err != nil {
		return nil, err
	}
	ps := []place{first}
	for _, r := range first.how.Also {
		t, ok := m.Fleet.Target(r)
		switch {
		case !ok:
			return nil, errorf("jurymast list", "%s is the same as %s, which is no target", m.target.Ref, r)
		case slices.ContainsFunc(ps, func(p place) bool { return p.Ref == t.Ref }):
			return nil, errorf("name each once", "%s is deployed to twice", t.Ref)
		case slices.ContainsFunc(ps, func(p place) bool { return p.Host == t.Host }):
			return nil, errorf("name what runs on another host", "%s and another of them are both on %s", t.Ref, t.Host)
		}
		p, err := m.place(t)
		if err != nil {
			return nil, err
		}
		ps = append(ps, p)
	}
	return ps, nil
}

func (m *maker) place(t *inventory.Target) (place, error) {
	k, ok := m.kind(t.Kind)
	if !ok || k.Deploy == nil {
		return place{}, errorf("jurymast kinds", "%s is of kind %s, which jurymast cannot deploy", t.Ref, t.Kind)
	}
	d, err := k.Deploy(m.Fleet, *t)
	if err != nil {
		return place{}, errorf("jurymast kinds "+t.Kind, "%s: %v", t.Ref, err)
	}
	return place{Target: t, how: d}, nil
}

// Deploys returns why a target cannot be brought to another version, nil when
// it can.
func Deploys(f *inventory.Fleet, kinds []actions.Kind, r inventory.Ref) error {
	m, err := newMaker(Facts{Fleet: f, Kinds: kinds}, Request{Verb: actions.VerbDeploy, Target: r})
	if err != nil {
		return err
	}
	_, err = m.places()
	return err
}

// proxies returns the redirects of the places that can take a host out of turn.
func (m *maker) proxies(ps []place) ([]redirect, error) {
	var rs []redirect
	for _, x := range m.Fleet.Redirects {
		if !slices.ContainsFunc(ps, func(p place) bool { return p.Ref == x.Of }) {
			continue
		}
		k, ok := m.kind(x.Kind)
		if !ok || k.Redirect == nil {
			return nil, errorf("jurymast kinds", "redirect/%s is of kind %s, which is no redirect", x.Name, x.Kind)
		}
		r, err := k.Redirect(m.Fleet, x)
		if err != nil {
			return nil, errorf("", "redirect/%s: %v", x.Name, err)
		}
		if r.Turn != nil && r.Drain != nil && r.Undrain != nil {
			rs = append(rs, redirect{Redirect: r, name: x.Name})
		}
	}
	return rs, nil
}

func deployQuestions(m *maker) error {
	ps, err := m.places()
	if err != nil {
		return err
	}
	rs, err := m.proxies(ps)
	if err != nil {
		return err
	}
	for _, p := range ps {
		m.ask("deploy-"+p.name(), p.Host, p.how.Survey.With(map[string]string{actions.InWanted: m.wantedVersion()}))
		m.ask("well-"+p.name(), p.Host, p.how.Well)
	}
	for _, r := range rs {
		m.ask("redirect-"+r.name, r.Host, r.Survey)
		m.ask("turn-"+r.name, r.Host, *r.Turn)
	}
	return nil
}

// deploy plans to go to another version, one host after the other: out of turn,
// the new version, a look, back in turn. The first bad look undoes that host and
// ends it; a host that was seen to be well keeps what it has.
func deploy(m *maker) error {
	p := &m.plan
	p.Title, p.Ladder, p.Impact.Risk = "Deploy "+string(m.target.Ref), actions.LadderDisruptive, "not known before the version is"
	ps, err := m.places()
	if err != nil {
		return err
	}
	rs, err := m.proxies(ps)
	if err != nil {
		return err
	}
	for i := range ps {
		m.surveyPlace(&ps[i])
	}
	version, ok := m.version(ps)
	if !ok {
		return nil
	}
	p.Name, p.Title = version, fmt.Sprintf("Deploy version %s of %s on %s", version, m.target.Ref, thens(ps))
	p.Impact.AtRisk, p.Impact.AtRiskBytes = -1, -1
	p.Impact.Risk = "what version " + version + " does to its data is not undone by going back"
	ps = m.without(ps, version)
	if len(ps) == 0 {
		p.Ladder, p.Impact.AtRisk, p.Impact.AtRiskBytes, p.Impact.Risk = actions.LadderLook, 0, 0, "none: nothing is changed"
		m.lookAt([]inventory.Ref{m.target.Ref})
		return nil
	}
	if len(ps) > 1 {
		p.Ladder = actions.LadderGrave
	}
	m.turns(ps, rs)
	for _, x := range ps {
		m.deployTo(x, rs, version)
	}
	m.deployed(ps)
	return nil
}

// surveyPlace adds the conditions that one place has to meet.
func (m *maker) surveyPlace(x *place) {
	if x.Ref != m.target.Ref {
		m.plan.Locks = append(m.plan.Locks, x.Ref)
		m.mayChange(x.Target, "protected-"+x.name(), string(x.Ref)+" may be changed")
	}
	words, ok := m.answered("deploy-"+x.name(), x.Host)
	if !ok {
		return
	}
	x.words = words
	x.ok = m.usable("deploy-"+x.name(), fmt.Sprintf("%s can be brought to %s", versionText(m.wantedVersion()), x.Host.Name()), words, x.Host)
	if !x.ok && words["missing"] == "" {
		m.plan.Conditions[len(m.plan.Conditions)-1].Next += "; or name another version by --to"
	}
	if !x.ok || x.there() {
		return
	}
	if words["bytes"] != "" || words["free"] != "" {
		bytes, known := number(words, "bytes")
		m.room(words, bytes, known, "for another as large on "+x.Host.Name(), x.Host)
		m.plan.Conditions[len(m.plan.Conditions)-1].Name = own("room", x.name())
	}
	well, why := m.ready("well-" + x.name())
	h := actions.Holds
	if !well {
		// To go back from a version that does not work is what this is for.
		h = actions.Open
	}
	m.condition(own("well", x.name()), string(x.Ref)+" works before anything is changed", orElse(why, "seen to be so"), h)
	var changes []string
	for _, name := range numbered(words, "change-") {
		changes = append(changes, words[name])
	}
	seen, known := someOf(changes), actions.Holds
	if seen == "" {
		seen, known = "it did not say", actions.Noted
	}
	m.condition(own("change", x.name()), fmt.Sprintf("what changes on %s from %s to version %s is known", x.Host.Name(), orElse(words["current"], "what runs"), words["wanted"]), seen, known)
}

// version returns the one version that all places would get.
func (m *maker) version(ps []place) (string, bool) {
	var said []string
	version, same := "", true
	for _, x := range ps {
		if !x.ok {
			return "", false
		}
		v := x.words["wanted"]
		said = append(said, fmt.Sprintf("%s: %s, and runs %s", x.Host.Name(), orElse(v, "it did not say"), orElse(x.words["current"], "what is not known")))
		same = same && v != "" && (version == "" || v == version)
		version = v
	}
	return version, m.must(same, "version", "it is the same version on every host", strings.Join(said, "; "), "name one by --to")
}

// without leaves out the places that run the version already.
func (m *maker) without(ps []place, version string) []place {
	var left []place
	for _, x := range ps {
		if x.there() {
			m.condition(own("there", x.name()), x.Host.Name()+" runs version "+version, "it does already, and is left alone", actions.Holds)
			m.plan.Impact.Spares = append(m.plan.Impact.Spares, x.Host)
			continue
		}
		left = append(left, x)
	}
	return left
}

// turns adds the conditions that the proxies have to meet: each host can be
// taken out of turn, and another serves meanwhile.
func (m *maker) turns(ps []place, rs []redirect) {
	if len(rs) == 0 {
		m.condition("drain", "who uses it is led elsewhere while a host is deployed to", "the inventory names no proxy that can be told: what is asked of that host then fails, unless a proxy sees by itself that it is down", actions.Noted)
	}
	for _, r := range rs {
		ready, why := m.ready("redirect-" + r.name)
		if !m.must(ready, own("redirect", r.name), r.Host.Name()+" can be told who takes part", orElse(why, "seen to be so"), mendNext(r.Host)) {
			continue
		}
		words, ok := m.answered("turn-"+r.name, r.Host)
		if !ok {
			continue
		}
		serves, rests := map[string]bool{}, map[string]string{}
		for _, name := range numbered(words, "serves-") {
			serves[words[name]] = true
		}
		for _, name := range numbered(words, "rests-") {
			host, why, _ := strings.Cut(words[name], " ")
			rests[host] = orElse(why, "it does not take part")
		}
		seen := "of " + r.Host.Name() + ", by turns: " + strings.Join(slices.Sorted(maps.Keys(serves)), ", ")
		var trouble, alone []string
		for _, x := range ps {
			switch host := x.Host.Name(); {
			case rests[host] != "":
				trouble = append(trouble, host+": "+rests[host])
			case !serves[host]:
				trouble = append(trouble, host+" is none of its servers")
			case len(serves) < 2:
				alone = append(alone, host)
			}
		}
		m.must(len(trouble) == 0, own("turn", r.name), "each host takes part in "+r.name+" now", orElse(strings.Join(trouble, "; "), seen), mendNext(r.Host))
		if len(alone) > 0 {
			m.condition(own("others", r.name), "another host serves while one is out of turn", "none but "+strings.Join(alone, ", ")+" does", actions.Open)
			continue
		}
		m.condition(own("others", r.name), "another host serves while one is out of turn", seen, actions.Holds)
	}
}

// deployTo plans one host. Its last step settles it: what goes wrong on a later
// host is undone there alone.
func (m *maker) deployTo(x place, rs []redirect, version string) {
	host, in := x.Host.Name(), map[string]string{"TO": x.Host.Name()}
	for _, r := range rs {
		undrain := r.Undrain.With(in)
		m.step(actions.Step{
			ID: m.turnID("drain", x, r, rs), Title: "take " + host + " out of turn in " + r.name, Host: r.Host, Do: r.Drain.With(in), Undo: &undrain, Redo: true, Timeout: startLimit,
		})
	}
	said := map[string]string{actions.InVersion: version, actions.InWanted: m.wantedVersion()}
	for name, v := range x.words {
		if !passing(name) {
			said[actions.SeenInput(name)] = v
		}
	}
	active, verify, back := x.how.Active.With(said), x.how.Verify.With(said), x.how.Back.With(said)
	way := ""
	if w := x.words["way"]; w != "" {
		way = ", " + w
	}
	s := actions.Step{
		ID: own("deploy", x.name()), Title: fmt.Sprintf("bring %s to version %s%s", x.how.Text, version, way), Host: x.Host, Do: x.how.Do.With(said),
		Check: &active, Verify: &verify, Undo: &back, Redo: true, Timeout: orDuration(x.how.Limit, startLimit),
	}
	look := actions.Step{ID: own("look", x.name()), Title: "look at it as its users do", Look: []inventory.Ref{x.Ref}, Timeout: shortLimit}
	if len(rs) == 0 {
		s.Down, look.Down = []inventory.Ref{x.Ref}, []inventory.Ref{x.Ref}
		s.Ends, look.Starts = x.Ref == m.target.Ref, x.Ref == m.target.Ref
		look.Settles = true
	}
	m.step(s)
	m.step(look)
	for i, r := range rs {
		m.step(actions.Step{
			ID: m.turnID("undrain", x, r, rs), Title: "have " + host + " take part in " + r.name + " again", Host: r.Host, Do: r.Undrain.With(in), Redo: true, Timeout: startLimit,
			Settles: i == len(rs)-1,
		})
	}
}

// passing reports whether a word of a survey is for the plan alone: what is free
// is another a moment later, and the plan would be another too.
func passing(word string) bool {
	return word == "bytes" || word == "free" || strings.HasPrefix(word, "change-") || strings.HasPrefix(word, "left-")
}

func (m *maker) turnID(what string, x place, r redirect, rs []redirect) string {
	if len(rs) == 1 {
		return own(what, x.name())
	}
	return own(what, r.name+"-"+x.name())
}

// deployed adds what is left for a person.
func (m *maker) deployed(ps []place) {
	before := ps[0].words["current"]
	for _, x := range ps {
		if x.words["current"] != before {
			before = ""
		}
		for _, name := range numbered(x.words, "left-") {
			m.plan.Left = append(m.plan.Left, actions.Todo{Text: x.words[name] + " on " + x.Host.Name(), Command: "jurymast ssh " + x.Host.Name()})
		}
	}
	m.plan.Left = append(m.plan.Left, actions.Todo{
		Text: "to go back to what ran before", Command: fmt.Sprintf("jurymast run deploy %s --to %s", m.target.Ref, orElse(before, actions.VersionPrevious)),
	})
}

// thens words the hosts of places in their order.
func thens(ps []place) string {
	hosts := make([]string, len(ps))
	for i, x := range ps {
		hosts[i] = x.Host.Name()
	}
	return strings.Join(hosts, ", then ")
}

// numbered returns the words that begin with a name, in the order of the
// numbers that they end with.
func numbered(words map[string]string, name string) []string {
	var found []string
	for w := range words {
		if strings.HasPrefix(w, name) {
			found = append(found, w)
		}
	}
	slices.SortFunc(found, func(a, b string) int {
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return strings.Compare(a, b)
	})
	return found
}

// maxChanges is how many changes a plan names: what a person reads.
const maxChanges = 12

func someOf(lines []string) string {
	if more := len(lines) - maxChanges; more > 0 {
		return fmt.Sprintf("%s; and %d more", strings.Join(lines[:maxChanges], "; "), more)
	}
	return strings.Join(lines, "; ")
}
