package run

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// errDead is what a runner is told once it has been killed: nothing it does
// comes through any more, as for a process that is gone.
var errDead = errors.New("the runner was killed")

// model is hosts and a journal in memory, with one fault at a chosen point.
// Scripts are named by what they do: "set X", "unset X", "hand X Y", "is X", "fail",
// "say NAME VALUE". Those of playbooks say it in their text, by the tool box.
type model struct {
	mu      sync.Mutex
	state   map[string]bool
	did     map[string]int // by step: how often its act was done; one that failed may be tried again
	jobs    map[string]actions.Output
	lost    map[string]bool // jobs of which no end can be told
	journal []actions.Event
	appends int
	ops     int
	dead    bool
	outside bool // it was killed by somebody else: its own fault is still to come

	fault fault
	mute  int    // so many questions get no answer
	away  string // an act whose host does not answer
	trace []string
}

// fault is what goes wrong, and where.
type fault struct {
	kind string // "", "journal-before", "journal-after", "kill-before", "kill-after", "lose-before", "lose-after"
	at   int    // counted from 1
}

func newModel(f fault) *model {
	return &model{state: map[string]bool{}, did: map[string]int{}, jobs: map[string]actions.Output{}, lost: map[string]bool{}, fault: f}
}

// revive is a new process: the fault that killed the last has happened.
func (m *model) revive() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.outside {
		m.fault = fault{}
	}
	m.dead, m.outside = false, false
}

// kill is the end of the process, by somebody else.
func (m *model) kill() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.dead {
		m.dead, m.outside = true, true
	}
}

func (m *model) killed() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.dead
}

func (m *model) Append(_ context.Context, es ...actions.Event) ([]int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead {
		return nil, errDead
	}
	m.appends++
	if m.fault == (fault{"journal-before", m.appends}) {
		m.dead = true
		return nil, errDead
	}
	var seqs []int64
	for _, e := range es {
		e.Seq = int64(len(m.journal) + 1)
		m.journal = append(m.journal, e)
		seqs = append(seqs, e.Seq)
	}
	if m.fault == (fault{"journal-after", m.appends}) {
		m.dead = true
		return nil, errDead
	}
	return seqs, nil
}

func (m *model) Since(_ context.Context, run string, seq int64) ([]actions.Event, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []actions.Event
	for _, e := range m.journal {
		if e.Run == run && e.Seq > seq {
			out = append(out, e)
		}
	}
	return out, nil
}

func (m *model) Do(_ context.Context, _ inventory.Ref, id string, s actions.Script, line func(string)) (actions.Output, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead {
		return actions.Output{}, errDead
	}
	if m.lost[id] {
		return actions.Output{}, &Uncertain{errors.New("the host was started anew while it ran")}
	}
	if out, ok := m.jobs[id]; ok {
		return out, nil
	}
	if s.Name == m.away {
		return actions.Output{}, &NotBegun{errors.New("no route")}
	}
	m.ops++
	at := func(kind string) bool { return m.fault == (fault{kind, m.ops}) }
	switch {
	case at("kill-before"):
		m.dead = true
		return actions.Output{}, errDead
	case at("lose-before"):
		m.lost[id] = true
		return actions.Output{}, &Uncertain{errors.New("the host was started anew while it ran")}
	}
	out := m.perform(s)
	m.trace = append(m.trace, s.Name)
	if step, ok := stepOf(id); ok && out.Exit == 0 {
		m.did[step]++
	}
	if at("lose-after") {
		m.lost[id] = true
		return actions.Output{}, &Uncertain{errors.New("the host was started anew while it ran")}
	}
	m.jobs[id] = out
	if at("kill-after") {
		m.dead = true
		return actions.Output{}, errDead
	}
	line("did " + s.Name)
	return out, nil
}

// stepOf returns the step that a job does; false for one that undoes.
func stepOf(id string) (string, bool) {
	f := strings.Split(id, ".")
	return f[1], !strings.HasPrefix(f[2], "undo")
}

// boxed finds what a playbook's text does by the tool box, for one of its
// parts: the text itself, or one of the functions that a check is made of.
func boxed(s actions.Script, part string) (string, bool) {
	text := s.Body
	if part != "" {
		_, text, _ = strings.Cut(text, part+"() (\n")
	}
	_, text, ok := strings.Cut(text, "box ")
	text, _, _ = strings.Cut(text, "\n")
	return strings.NewReplacer(`"`, "", "$HOST", s.Inputs["HOST"]).Replace(text), ok
}

func (m *model) perform(s actions.Script) actions.Output {
	if strings.HasPrefix(s.Name, "playbook/") {
		return m.performOwn(s)
	}
	return m.performs(s)
}

// performOwn does what the text of a playbook does. A check says done also of
// what is not wanted.
func (m *model) performOwn(s actions.Script) actions.Output {
	if !strings.HasSuffix(s.Name, "-check") {
		what, _ := boxed(s, "")
		return m.performs(act(what))
	}
	if what, ok := boxed(s, "jm_when"); ok && m.performs(act(what)).Exit != 0 {
		return actions.Output{}
	}
	what, ok := boxed(s, "jm_check")
	return yes(ok && m.performs(act(what)).Exit == 0)
}

func (m *model) performs(s actions.Script) actions.Output {
	verb, what, _ := strings.Cut(s.Name, " ")
	switch verb {
	case "set":
		m.state[what] = true
	case "unset":
		m.state[what] = false
	case "hand": // FROM TO, in one
		from, to, _ := strings.Cut(what, " ")
		m.state[from], m.state[to] = false, true
	case "power-off", "power-on":
		m.state["off-"+what] = verb == "power-off"
	case "power-seen":
		return yes(m.state["off-"+what])
	case "say":
		return actions.Output{Stdout: []byte("@" + what + "\n")}
	case "heard":
		name, want, _ := strings.Cut(what, " ")
		if s.Inputs[actions.SaidInput(name)] != want {
			return actions.Output{Exit: 2, Stderr: fmt.Appendf(nil, "heard %q\n", s.Inputs)}
		}
	case "spoiled":
		return actions.Output{Exit: 1, Stdout: []byte("@level data-checked\n@damaged " + what + "\n"), Stderr: []byte(what + "\n")}
	case "fail":
		return actions.Output{Exit: 7, Stderr: []byte("it went wrong\n")}
	case "is":
		if what, not := strings.CutSuffix(what, "+not"); m.state[what] == not {
			return actions.Output{Exit: 1}
		}
	}
	return actions.Output{}
}

func (m *model) Ask(_ context.Context, _ inventory.Ref, s actions.Script) (actions.Output, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead {
		return actions.Output{}, errDead
	}
	if m.mute > 0 {
		m.mute--
		return actions.Output{}, errors.New("no answer")
	}
	return m.perform(s), nil
}

func (m *model) Kill(context.Context, inventory.Ref, string, bool) error { return nil }

func (m *model) Forget(_ context.Context, _ inventory.Ref, ids []string, _ bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range ids {
		delete(m.jobs, id)
	}
	return nil
}

func (m *model) runner() *Runner {
	return &Runner{
		Carrier: m, Journal: m, NoLease: true, Holder: "a test",
		Now:  func() time.Time { return time.Unix(1_700_000_000, 0) },
		Look: func(context.Context, []inventory.Ref) (string, error) { return "", nil },
	}
}

// finish resumes a run until it is over, or stands still for a person.
func (m *model) finish(ctx context.Context, p actions.Plan) (Outcome, error) {
	for range 5 {
		o, err := m.runner().Run(ctx, "r", p)
		if !errors.Is(err, errDead) {
			return o, err
		}
		m.revive()
	}
	return "", errors.New("it never came to an end")
}

func (m *model) snapshot() string {
	var on []string
	for _, k := range slices.Sorted(maps.Keys(m.state)) {
		if m.state[k] {
			on = append(on, k)
		}
	}
	return strings.Join(on, " ")
}

// act is a script whose text does by the tool box of a world what the model
// knows by its name.
func act(name string) actions.Script { return actions.Script{Name: name, Body: "box " + name} }

func ref(name string) *actions.Script { s := act(name); return &s }

// makeStep is a step that sets what it is named by, with all that a step can have.
func makeStep(id string, options ...func(*actions.Step)) actions.Step {
	s := actions.Step{ID: id, Title: "set " + id, Host: "node/a", Do: act("set " + id), Timeout: time.Minute}
	for _, o := range options {
		o(&s)
	}
	return s
}

func undoable(s *actions.Step) { s.Undo = ref("unset " + s.ID) }
func checked(s *actions.Step)  { s.Check = ref("is " + s.ID) }
func verified(s *actions.Step) { s.Verify = ref("is " + s.ID) }
func noReturn(s *actions.Step) { s.NoReturn = true }
func beside(s *actions.Step)   { s.Beside = true }
func mayFail(s *actions.Step)  { s.MayFail = true }
func redo(s *actions.Step)     { s.Redo = true }
func failing(s *actions.Step)  { s.Do = act("fail") }
func after(ids ...string) func(*actions.Step) {
	return func(s *actions.Step) { s.After = ids }
}

func makePlan(steps ...actions.Step) actions.Plan {
	return actions.Plan{Verb: actions.VerbPlaybook, Target: "playbook/t", Title: "t", Steps: steps, Locks: []inventory.Ref{"playbook/t"}}
}
