// Package plan makes plans. It is pure: what it may know is in [Facts], and
// what it wants to know first it asks for by [Questions], which are scripts that
// change nothing. It sends none of them.
package plan

import (
	"embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

//go:embed sh/*.sh
var scripts embed.FS

// Request is what is to be planned.
type Request struct {
	Verb   actions.Verb
	Target inventory.Ref
	Name   string // of the backup where a target has several, or of the playbook
	// To is a host to move or restore to, for a restore also an absolute path or
	// what a system that copies by means of its own takes for a place, for a deploy
	// a version.
	To   string
	Copy string // id of a copy, or its beginning; "" or "latest" is the newest that is whole
	At   time.Time
	// Accept names conditions that are accepted: a statement of a person that
	// the old active is off raises the grade of its fence.
	Accept []string
}

// Question is asked of a host before planning.
type Question struct {
	ID     string
	Host   inventory.Ref
	Script actions.Script
}

// Answer is what came of a question.
type Answer struct {
	Output actions.Output
	Err    string // why there is none
}

// Said returns the words of the answer.
func (a Answer) Said() map[string]string { return actions.Said(a.Output.Stdout) }

// Facts is all that a planner may know.
type Facts struct {
	Fleet   *inventory.Fleet
	Kinds   []actions.Kind
	State   actions.State // looked at just now, of every host that is concerned
	Answers map[string]Answer
	Copies  []actions.Copy // that the store knows of
	Took    map[string][]time.Duration
	Files   map[string]string // scripts that playbooks name, by their absolute path
	Now     time.Time
}

// UndoTook stands ahead of a step's id in [Facts.Took], for how long it took to
// take it back. No id of a step has a blank.
const UndoTook = "undo "

// valid is how long what was seen may be acted upon.
const valid = 5 * time.Minute

// Error is a plan that cannot be made, whatever is accepted: what was asked
// for makes no sense with this inventory.
type Error struct {
	What string
	Next string
}

func (e *Error) Error() string { return e.What }

func errorf(next, format string, args ...any) error {
	return &Error{What: fmt.Sprintf(format, args...), Next: next}
}

// planner is how one verb is planned. Questions and Make see the same request.
type planner struct {
	questions func(m *maker) error
	make      func(m *maker) error
}

// plannerOf returns the planner of a verb. It is no table: playbooks call other
// planners, and Go allows no table that leads back to itself.
func plannerOf(v actions.Verb) (planner, bool) {
	switch v {
	case actions.VerbBackup:
		return planner{backupQuestions, backup}, true
	case actions.VerbRestore:
		return planner{restoreQuestions, restore}, true
	case actions.VerbDrill:
		return planner{restoreQuestions, drill}, true
	case actions.VerbFailover:
		return planner{moveQuestions, failover}, true
	case actions.VerbFailback:
		return planner{moveQuestions, failback}, true
	case actions.VerbRejoin:
		return planner{moveQuestions, rejoin}, true
	case actions.VerbDeploy:
		return planner{deployQuestions, deploy}, true
	case actions.VerbPlaybook:
		return planner{playbookQuestions, playbook}, true
	}
	return planner{}, false
}

// Questions returns what has to be asked before a request can be planned.
func Questions(f Facts, r Request) ([]Question, error) {
	m, err := newMaker(f, r)
	if err != nil {
		return nil, err
	}
	if err := m.by.questions(m); err != nil {
		return nil, err
	}
	return m.questions, nil
}

// Make plans a request on what was seen. Its error is an [*Error]: a plan that
// may not be run now is no error but has conditions that do not hold.
func Make(f Facts, r Request) (actions.Plan, error) {
	m, err := newMaker(f, r)
	if err != nil {
		return actions.Plan{}, err
	}
	if err := m.by.make(m); err != nil {
		return actions.Plan{}, err
	}
	return m.finish()
}

// maker holds a plan while it is made.
type maker struct {
	Facts
	Request
	by        planner
	target    *inventory.Target // nil for playbooks
	plan      actions.Plan
	questions []Question
}

func newMaker(f Facts, r Request) (*maker, error) {
	m := &maker{Facts: f, Request: r}
	var ok bool
	if m.by, ok = plannerOf(r.Verb); !ok {
		return nil, errorf("jurymast plan --help", "there is no plan called %q", r.Verb)
	}
	m.plan = actions.Plan{
		Verb: r.Verb, Target: r.Target, Name: r.Name, Made: f.Now, Expires: f.Now.Add(valid), Inventory: f.Fleet.Digest,
		Impact: actions.Impact{AtRisk: 0},
	}
	if r.Verb == actions.VerbPlaybook {
		return m, nil
	}
	t, ok := f.Fleet.Target(r.Target)
	if !ok {
		return nil, errorf("jurymast list", "no target is called %q", r.Target)
	}
	m.target = t
	m.plan.Locks = []inventory.Ref{t.Ref}
	m.mayChange(t, "protected", "the target may be changed")
	return m, nil
}

// finish fills in what follows from the steps.
func (m *maker) finish() (actions.Plan, error) {
	p := &m.plan
	for i := range p.Steps {
		s := &p.Steps[i]
		if took := m.Took[s.ID]; len(took) > 0 {
			s.Estimate, s.Longest = median(took), slices.Max(took)
		}
		if took := m.Took[UndoTook+s.ID]; len(took) > 0 && s.Undoable() {
			s.UndoEstimate = median(took)
		}
		for _, h := range []inventory.Ref{s.Host, s.VerifyOn} {
			if h != "" && !slices.Contains(p.Impact.Touches, h) {
				p.Impact.Touches = append(p.Impact.Touches, h)
			}
		}
	}
	if m.target != nil {
		p.Impact.NeededBy = m.dependents()
	}
	m.outages()
	if p.Ladder == actions.LadderGrave && p.Word == "" {
		p.Word = word(p.Target.Name())
	}
	for _, c := range p.Conditions {
		if c.Grave && c.Hold == actions.Open {
			p.Ladder = actions.LadderGrave
			if p.Word == "" {
				p.Word = word(p.Target.Name())
			}
		}
	}
	p.ID = actions.PlanID(p.Digest())
	if err := p.Validate(); err != nil && len(p.Unmet(actions.Blocking)) == 0 {
		return *p, fmt.Errorf("plan %s %s: %w", p.Verb, p.Target, err)
	}
	return *p, nil
}

// maxWord is the most letters that a person has to type.
const maxWord = 12

func word(name string) string { return name[:min(len(name), maxWord)] }

// outages reckons how long targets are down from the estimates of the steps
// that name them.
func (m *maker) outages() {
	var order []inventory.Ref
	sum := map[inventory.Ref]time.Duration{}
	unknown := map[inventory.Ref]bool{}
	down := false
	for _, s := range m.plan.Steps {
		refs := s.Down
		down = (down || s.Ends) && m.target != nil
		if down && !slices.Contains(refs, m.target.Ref) {
			refs = append(slices.Clone(refs), m.target.Ref)
		}
		if s.Starts {
			down = false
		}
		for _, t := range refs {
			if !slices.Contains(order, t) {
				order = append(order, t)
			}
			sum[t] += s.Estimate
			unknown[t] = unknown[t] || s.Estimate == 0
		}
	}
	for _, t := range order {
		o := actions.Outage{Target: t, For: sum[t]}
		if unknown[t] {
			o.For, o.Why = 0, "not every step has been timed yet"
		}
		m.plan.Impact.Down = append(m.plan.Impact.Down, o)
	}
}

func median(ds []time.Duration) time.Duration {
	if len(ds) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(ds))
	return s[len(s)/2]
}

// dependents returns the services that cannot work without the target, nearest
// first.
func (m *maker) dependents() []inventory.Ref {
	var out []inventory.Ref
	for next := []inventory.Ref{m.target.Ref}; len(next) > 0; {
		r := next[0]
		next = next[1:]
		for _, by := range m.Fleet.NeededBy(r) {
			if by.Level() != inventory.LevelService && by.Level() != inventory.LevelShare || by == m.target.Ref {
				continue
			}
			// One that is needed by another again has to come after it.
			if i := slices.Index(out, by); i >= 0 {
				out = slices.Delete(out, i, i+1)
			}
			out = append(out, by)
			next = append(next, by)
		}
	}
	return out
}

// ask adds a question.
func (m *maker) ask(id string, host inventory.Ref, s actions.Script) {
	if host == "" || s.Name == "" {
		return
	}
	m.questions = append(m.questions, Question{ID: id, Host: host, Script: s})
}

// step adds a step.
func (m *maker) step(s actions.Step) {
	m.plan.Steps = append(m.plan.Steps, s)
}

// kind returns the kind of a name.
func (m *maker) kind(name string) (actions.Kind, bool) {
	i := slices.IndexFunc(m.Kinds, func(k actions.Kind) bool { return k.Name == name })
	if i < 0 {
		return actions.Kind{}, false
	}
	return m.Kinds[i], true
}

// answered adds the condition that a host answered a question, and returns its
// words.
func (m *maker) answered(id string, host inventory.Ref) (map[string]string, bool) {
	a, ok := m.Answers[id]
	switch {
	case !ok || a.Err != "":
		why := a.Err
		if why == "" {
			why = notAsked
		}
		m.block("reach-"+host.Name(), string(host)+" answers", why, reachNext(host))
		return nil, false
	case a.Output.Exit != 0:
		m.block("look-"+id, string(host)+" can be asked", badAnswer(a.Output), mendNext(host))
		return nil, false
	}
	return a.Said(), true
}

// badAnswer words an answer of a script that failed: what it said, else how it
// ended.
func badAnswer(o actions.Output) string {
	if ln := said(o); ln != "" {
		return ln
	}
	return fmt.Sprintf("it ended with %d and said nothing", o.Exit)
}

func said(o actions.Output) string {
	for _, b := range [][]byte{o.Stderr, o.Stdout} {
		if ln := actions.Line(string(b)); ln != "" {
			return ln
		}
	}
	return ""
}

// script returns a script of this package. It panics if there is none: the
// files are in the binary.
func script(name string, inputs map[string]string) actions.Script {
	b, err := scripts.ReadFile("sh/" + name)
	if err != nil {
		panic("plan: " + err.Error())
	}
	return actions.Script{Name: "plan/" + name, Body: string(b), Inputs: inputs}
}

// number reads a word that is a whole number.
func number(said map[string]string, name string) (int64, bool) {
	n, err := strconv.ParseInt(strings.TrimSpace(said[name]), 10, 64)
	return n, err == nil
}

// size words bytes for people: IEC units, as df -h has them.
func size(n int64) string {
	if n < 1<<10 {
		return fmt.Sprintf("%d B", n)
	}
	f, unit := float64(n), 0
	for f >= 1024 && unit < 5 {
		f /= 1024
		unit++
	}
	return fmt.Sprintf("%.1f %ciB", f, " KMGTP"[unit])
}

// age words a duration with at most two units.
func age(d time.Duration) string {
	switch {
	case d < 0:
		return "in the future"
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%dd%02dh", int(d.Hours())/24, int(d.Hours())%24)
}
