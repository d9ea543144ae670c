package run

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"jurymast/actions"
	"jurymast/actions/plan"
	"jurymast/inventory"
)

// box is a kind with every verb, whose scripts are those of the model.
var box = actions.Kind{
	Name: "box", Levels: []inventory.Level{inventory.LevelService},
	Data: func(f *inventory.Fleet, _ inventory.Target) (actions.Data, error) {
		return actions.Data{
			Paths: []string{"/data"}, Scratch: filepath.Dir(f.Path), Survey: act("survey"), Hold: ref("set hold"), Free: ref("unset hold"), HoldsDown: true,
			Stop: ref("set stopped"), Start: ref("unset stopped"), Put: ref("set put"), Back: ref("unset put"), Prove: ref("is put"),
			Try: ref("set try"), Clear: ref("unset try"),
		}, nil
	},
	Move: boxMove,
	Deploy: func(_ *inventory.Fleet, t inventory.Target) (actions.Deploy, error) {
		v := "v2-" + t.Ref.Name()
		d := actions.Deploy{Text: "the box", Survey: act("survey"), Well: act("well"), Do: act("set " + v), Active: act("is " + v), Verify: act("is " + v), Back: act("unset " + v)}
		if t.Ref == "service/s" {
			d.Also = []inventory.Ref{"service/user"}
		}
		return d, nil
	},
}

// baton is a kind that hands over by itself, and whose members choose among
// themselves when its active one is lost.
var baton = actions.Kind{
	Name: "baton", Levels: []inventory.Level{inventory.LevelService},
	Move: func(f *inventory.Fleet, t inventory.Target) (actions.Move, error) {
		m, err := boxMove(f, t)
		m.Elects = "they choose"
		m.Hand = func(from, to inventory.Ref) []actions.Step {
			return []actions.Step{
				{ID: "ready", Title: "make ready", Host: to, Do: act("set ready"), Undo: ref("unset ready"), Timeout: time.Minute},
				{ID: "hand", Title: "hand over", Host: from, Do: act("hand on-" + from.Name() + " on-" + to.Name()), Undo: ref("is on-" + from.Name()), Timeout: time.Minute, Ends: true},
			}
		}
		return m, err
	},
}

// front is a proxy that leads to hosts by turns.
var front = actions.Kind{
	Name: "front", Levels: []inventory.Level{inventory.LevelRedirect},
	Redirect: func(_ *inventory.Fleet, x inventory.Redirect) (actions.Redirect, error) {
		return actions.Redirect{
			Host: x.On, Text: "lead", Survey: act("able"), Do: act("led"), Verify: act("led"), Turn: ref("turn"), Drain: ref("set drained"), Undrain: ref("unset drained"),
		}, nil
	},
}

func boxMove(*inventory.Fleet, inventory.Target) (actions.Move, error) {
	on := func(verb string) func(inventory.Ref) actions.Script {
		return func(h inventory.Ref) actions.Script { return act(verb + " on-" + h.Name()) }
	}
	return actions.Move{
		Shape: "replicated", Survey: on("survey"), Stop: on("unset"), Resume: on("set"), Promote: on("set"), Verify: on("is"), Active: on("is"),
		Caught: func(inventory.Ref) *actions.Script { return ref("caught") },
		Rejoin: func(old, _ inventory.Ref) []actions.Step {
			return []actions.Step{{ID: "follow", Title: "follow", Host: old, Do: act("set follow"), Check: ref("is follow"), Timeout: time.Minute}}
		},
		Follow: func(standby, active inventory.Ref) []actions.Step {
			return []actions.Step{{ID: "follow", Title: "follow", Host: standby, Do: act("set " + standby.Name() + "-follows-" + active.Name()), Redo: true, Timeout: time.Minute}}
		},
	}, nil
}

var shelf = actions.Kind{
	Name: "shelf", Levels: []inventory.Level{inventory.LevelRepository},
	Repository: func(*inventory.Fleet, inventory.Repository, inventory.Ref) (actions.Repository, error) {
		return actions.Repository{
			Survey: act("survey"), List: act("list"), Copy: act("set copied"), Find: act("is copied"), Extract: act("set extracted"), Verify: act("verify"), Forget: ref("forget"),
		}, nil
	},
}

// glass is a system that copies by means of its own.
var glass = actions.Kind{
	Name: "glass", Levels: []inventory.Level{inventory.LevelRepository},
	Native: func(*inventory.Fleet, inventory.Repository, inventory.Target) (actions.Native, error) {
		return actions.Native{
			Repository: actions.Repository{
				Survey: act("survey"), List: act("list"), Copy: act("set copied"), Find: act("is copied"), Extract: act("set try"), Verify: act("verify"), Forget: ref("forget"),
			},
			Host: "node/p", Room: act("room"), Clear: act("unset try"), Spare: "spare", Try: ref("is try"), Put: act("set put"), Back: ref("unset put"),
			Stop: ref("set stopped"), Start: ref("unset stopped"), Prove: ref("is put"),
		}, nil
	},
}

const boxInventory = `
[node.a]
[node.b]
[node.p]
[service.s]
kind = "box"
on = "a"
standby = ["b"]
[service.h]
kind = "baton"
on = "a"
standby = ["b"]
[service.trio]
kind = "box"
on = "a"
standby = ["b", "p"]
[service.user]
kind = "box"
on = "p"
needs = ["s"]
[repository.r]
kind = "shelf"
on = "p"
[backup.s]
of = "s"
to = ["r"]
rpo = "1d"
[service.n]
kind = "box"
on = "a"
[service.nuser]
kind = "box"
on = "p"
needs = ["n"]
[repository.g]
kind = "glass"
[backup.n]
of = "n"
to = ["g"]
rpo = "1d"
[service.m]
kind = "box"
on = "a"
[backup.m]
of = "m"
to = ["r", "g"]
rpo = "1d"
[fence.a]
of = "a"
on = "p"
kind = "sim-power"
[redirect.front]
of = "s"
on = "p"
kind = "front"

[playbook.every]
[[playbook.every.step]]
on = "p"
check = "box is one"
run = "box set one"
undo = "box unset one"
verify = "box is one"
[[playbook.every.step]]
over = ["a", "b", "p"]
at_once = 2
check = "box is \"rolled-$HOST\""
run = "box set \"rolled-$HOST\""
undo = "box unset \"rolled-$HOST\""
[[playbook.every.step]]
on = "a"
when = "box is nothing"
run = "box set unwanted"
[[playbook.every.step]]
plan = "backup s"
[[playbook.every.step]]
look = ["s"]
[[playbook.every.step]]
plan = "failover s"
[[playbook.every.step]]
on = "b"
when = "box is one"
check = "box is last"
run = "box set last"
verify = "box is last"
no_return = true

[playbook.back]
[[playbook.back.step]]
on = "p"
run = "box set one"
undo = "box unset one"
verify = "box is one"
[[playbook.back.step]]
over = ["a", "b"]
at_once = 2
check = "box is \"rolled-$HOST\""
run = "box set \"rolled-$HOST\""
undo = "box unset \"rolled-$HOST\""
[[playbook.back.step]]
on = "b"
run = "box fail"
undo = "box unset failed"
`

// request is what is asked for, with what the hosts answer.
type request struct {
	name  string
	ask   plan.Request
	roles [2]string // of a and b; "" does not answer
	ends  Outcome
	open  string // the condition that a person has accepted
}

const boxService = inventory.Ref("service/s")

// planned has every planner, and its ways that differ in their steps.
var planned = []request{
	{"backup", plan.Request{Verb: actions.VerbBackup, Target: boxService}, [2]string{"active", "standby"}, Done, ""},
	{"restore", plan.Request{Verb: actions.VerbRestore, Target: boxService}, [2]string{"active", "standby"}, Done, ""},
	{"drill", plan.Request{Verb: actions.VerbDrill, Target: boxService}, [2]string{"active", "standby"}, Done, ""},
	{"native backup", plan.Request{Verb: actions.VerbBackup, Target: "service/n"}, [2]string{"active", "standby"}, Done, ""},
	{"native restore", plan.Request{Verb: actions.VerbRestore, Target: "service/n"}, [2]string{"active", "standby"}, Done, ""},
	{"native drill", plan.Request{Verb: actions.VerbDrill, Target: "service/n"}, [2]string{"active", "standby"}, Done, ""},
	{"both sorts of copies", plan.Request{Verb: actions.VerbBackup, Target: "service/m"}, [2]string{"active", "standby"}, Done, ""},
	{"failover", plan.Request{Verb: actions.VerbFailover, Target: boxService}, [2]string{"active", "standby"}, Done, ""},
	{"emergency", plan.Request{Verb: actions.VerbFailover, Target: boxService}, [2]string{"", "standby"}, Done, ""},
	{"failover of three", plan.Request{Verb: actions.VerbFailover, Target: "service/trio", To: "b"}, [2]string{"active", "standby"}, Done, ""},
	{"emergency of three", plan.Request{Verb: actions.VerbFailover, Target: "service/trio"}, [2]string{"", "standby"}, Done, ""},
	{"failback", plan.Request{Verb: actions.VerbFailback, Target: boxService}, [2]string{"standby", "active"}, Done, ""},
	{"rejoin", plan.Request{Verb: actions.VerbRejoin, Target: boxService}, [2]string{"stopped", "active"}, Done, ""},
	{"deploy", plan.Request{Verb: actions.VerbDeploy, Target: boxService}, [2]string{"active", "standby"}, Done, ""},
	{"hand over", plan.Request{Verb: actions.VerbFailover, Target: "service/h"}, [2]string{"active", "standby"}, Done, ""},
	{"hand back", plan.Request{Verb: actions.VerbFailback, Target: "service/h"}, [2]string{"standby", "active"}, Done, ""},
	{"elected", plan.Request{Verb: actions.VerbFailover, Target: "service/h"}, [2]string{"", "standby"}, Done, ""},
	{"rejoin a fenced host", plan.Request{Verb: actions.VerbRejoin, Target: boxService}, [2]string{"", "active"}, Done, "returns-harmless"},
	{"playbook", plan.Request{Verb: actions.VerbPlaybook, Name: "every"}, [2]string{"active", "standby"}, Done, ""},
	{"playbook that is undone", plan.Request{Verb: actions.VerbPlaybook, Name: "back"}, [2]string{"active", "standby"}, Undone, ""},
}

// TestEveryPlannerIsPlanned: a planner that is not among them would go
// undisturbed.
func TestEveryPlannerIsPlanned(t *testing.T) {
	for _, v := range append(slices.Clone(actions.Verbs), actions.VerbPlaybook) {
		if !slices.ContainsFunc(planned, func(r request) bool { return r.ask.Verb == v }) {
			t.Errorf("no plan of %s is disturbed", v)
		}
	}
}

// test names a request as a test is named.
func (r request) test() string { return strings.ReplaceAll(r.name, " ", "-") }

// boxPlan makes the plan of a request; work files lie below dir.
func boxPlan(t *testing.T, r request, dir string) actions.Plan {
	t.Helper()
	kinds := append([]actions.Kind{box, baton, shelf, glass, front}, simulated...)
	schema := inventory.Schema{}
	for _, k := range kinds {
		schema[k.Name] = k.Schema()
	}
	fleet, err := inventory.Parse(filepath.Join(dir, "box.toml"), []byte(boxInventory), schema)
	if err != nil {
		t.Fatal(err)
	}
	f := plan.Facts{Fleet: fleet, Kinds: kinds, Now: time.Unix(1_700_000_000, 0), Answers: map[string]plan.Answer{}}
	qs, err := plan.Questions(f, r.ask)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range qs {
		id := q.ID
		if r.ask.Verb == actions.VerbPlaybook { // "p4-list-r": of a plan that it calls
			_, id, _ = strings.Cut(id, "-")
		}
		f.Answers[q.ID] = r.answer(id, q.Host)
	}
	down := actions.OK
	if r.roles[0] == "" {
		down = actions.Fail
	}
	f.State = actions.MakeState([]actions.Entry{{Result: actions.Result{Target: "node/a", Check: "ssh", Status: down}}}, nil)
	p, err := plan.Make(f, r.ask)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range []actions.Hold{actions.Blocking, actions.Open} {
		for _, u := range p.Unmet(h) {
			if u.Name != r.open || h == actions.Blocking {
				t.Fatalf("%s: %s is %s: %s", r.name, u.Name, h, u.Seen)
			}
		}
	}
	if err := p.Validate(); err != nil {
		t.Fatal(err)
	}
	return p
}

// answer is what a host says to a planner's question.
func (r request) answer(id string, host inventory.Ref) plan.Answer {
	role := map[inventory.Ref]string{"node/a": r.roles[0], "node/b": r.roles[1], "node/p": "standby"}[host]
	out := "@bytes 10\n@free 1000\n"
	switch {
	case strings.HasPrefix(id, "member-") && role == "":
		return plan.Answer{Err: "no answer"}
	case strings.HasPrefix(id, "member-"):
		out = "@role " + role + "\n@lag 0\n@system 1\n"
	case strings.HasPrefix(id, "room-"):
		if out = "@present yes\n"; r.ask.Verb == actions.VerbDrill {
			out = "@present no\n@free 1000\n"
		}
	case strings.HasPrefix(id, "list-"):
		out = "@copy-1 c17 1699990000 10 1\n"
	case strings.HasPrefix(id, "deploy-"):
		out = "@current v1\n@wanted v2\n"
	case strings.HasPrefix(id, "turn-"):
		out = "@serves-1 a\n@serves-2 p\n"
	case strings.HasPrefix(id, "fenced-") && !r.fenced():
		return plan.Answer{Output: actions.Output{Exit: 1}}
	}
	return plan.Answer{Output: actions.Output{Stdout: []byte(out)}}
}

// fenced reports whether a is turned off in the beginning.
func (r request) fenced() bool { return r.open == "returns-harmless" }

// starts is what is set in the beginning.
func (r request) starts() []string {
	on := []string{"put"}
	for i, h := range []string{"a", "b"} {
		if r.roles[i] == "active" {
			on = append(on, "on-"+h)
		}
	}
	if r.fenced() {
		on = append(on, "off-a")
	}
	return on
}

// boxModel is a model as it is before a request is carried out.
func boxModel(f fault, r request) *model {
	m := newModel(f)
	for _, what := range r.starts() {
		m.state[what] = true
	}
	return m
}

// undone is what is left of a run that took back what it had done: nothing.
func (r request) undone(snapshot string) bool {
	return snapshot == strings.Join(slices.Sorted(slices.Values(r.starts())), " ")
}

// TestEveryPlannerExactlyOnce disturbs the plans of every planner at every
// point, as TestExactlyOnce does with plans made by hand.
func TestEveryPlannerExactlyOnce(t *testing.T) {
	for _, r := range planned {
		t.Run(r.test(), func(t *testing.T) {
			p := boxPlan(t, r, "/box")
			calm := boxModel(fault{}, r)
			if o, err := calm.finish(t.Context(), p); o != r.ends {
				t.Fatalf("undisturbed: %s, %v\n%s", o, err, story(calm))
			}
			points := 0
			for kind, n := range map[string]int{
				"journal-before": calm.appends, "journal-after": calm.appends,
				"kill-before": calm.ops, "kill-after": calm.ops, "lose-before": calm.ops, "lose-after": calm.ops,
			} {
				for at := 1; at <= n; at++ {
					points++
					m := boxModel(fault{kind, at}, r)
					o, err := m.finish(t.Context(), p)
					where := fmt.Sprintf("%s %d", kind, at)
					same := o == r.ends && m.snapshot() == calm.snapshot()
					lost := strings.HasPrefix(kind, "lose") // nobody can know
					if !same && !(lost && (o == Undone && r.undone(m.snapshot()) || o == Hands && err != nil)) {
						t.Errorf("%s: %s with %q, want %s with %q (%v)\n%s", where, o, m.snapshot(), r.ends, calm.snapshot(), err, story(m))
					}
					if m.state["drained"] {
						t.Errorf("%s: a host is left out of turn\n%s", where, story(m))
					}
					if m.state["hold"] {
						t.Errorf("%s: the data is still held\n%s", where, story(m))
					}
					onlyOnce(t, where, p, m)
				}
			}
			t.Logf("%d steps, disturbed at %d points", len(p.Steps), points)
		})
	}
}

// TestFailuresLetGo makes each step fail in turn: whatever fails, what was held
// is let go, and before the point of no return everything is as it was.
func TestFailuresLetGo(t *testing.T) {
	for _, c := range planned {
		p := boxPlan(t, c, "/box")
		for i := range p.Steps {
			if p.Steps[i].Do.Name == "" {
				continue
			}
			bad := p
			bad.Steps = append([]actions.Step{}, p.Steps...)
			bad.Steps[i].Do, bad.Steps[i].Check = act("fail"), nil
			m := boxModel(fault{}, c)
			o, err := m.finish(t.Context(), bad)
			at := fmt.Sprintf("%s, step %s", c.name, p.Steps[i].ID)
			past := p.NoReturn() >= 0 && i >= p.NoReturn()
			switch {
			case o == Done || err == nil:
				t.Errorf("%s: %s, %v", at, o, err)
			case past && p.Steps[i].MayFail && o == Partial: // the service works without it
			case past && o != Hands:
				t.Errorf("%s: %s behind the point of no return, %v", at, o, err)
			case !past && o != Undone && o != Partial:
				t.Errorf("%s: %s, %v", at, o, err)
			case m.state["drained"] && !strings.HasPrefix(p.Steps[i].ID, "undrain"):
				t.Errorf("%s: a host is left out of turn", at)
			case m.state["hold"] && !strings.HasSuffix(p.Steps[i].ID, "free"), m.state["try"] && p.Steps[i].ID != "clear":
				t.Errorf("%s: something is still held: %s", at, m.snapshot())
			case !past && o == Undone && (m.state["stopped"] || m.state["ready"] || m.state["on-a"] != boxModel(fault{}, c).state["on-a"]):
				t.Errorf("%s: it is left stopped: %s", at, m.snapshot())
			}
		}
	}
}

// TestDeployStopsAtTheFirst makes each step of a deploy to two hosts fail, and
// each look: the host that it was about has what it had before, the one ahead of
// it keeps the new version, and the one behind it was never touched. The runner
// is killed at every point meanwhile.
func TestDeployStopsAtTheFirst(t *testing.T) {
	p := boxPlan(t, request{ask: plan.Request{Verb: actions.VerbDeploy, Target: boxService}, roles: [2]string{"active", "standby"}}, "/box")
	for i, s := range p.Steps {
		bad := p
		bad.Steps = append([]actions.Step{}, p.Steps...)
		if s.Do.Name == "" {
			bad.Steps[i] = actions.Step{ID: s.ID, Title: s.Title, Host: "node/p", Do: act("fail"), Timeout: s.Timeout}
		} else {
			bad.Steps[i].Do, bad.Steps[i].Check = act("fail"), nil
		}
		first := i < len(p.Steps)/2
		ends, left := Undone, ""
		if !first {
			ends, left = Partial, "v2-s"
		}
		calm := boxModel(fault{}, request{})
		delete(calm.state, "put")
		o, err := calm.finish(t.Context(), bad)
		if o != ends || calm.snapshot() != left || err == nil {
			t.Fatalf("%s fails: %s with %q, want %s with %q (%v)\n%s", s.ID, o, calm.snapshot(), ends, left, err, story(calm))
		}
		if first && slices.Contains(calm.trace, "set v2-user") {
			t.Errorf("%s fails, and the second host was touched", s.ID)
		}
		if first == strings.Contains(err.Error(), "stays") {
			t.Errorf("%s fails: %v", s.ID, err)
		}
		for kind, n := range map[string]int{"journal-before": calm.appends, "journal-after": calm.appends, "kill-before": calm.ops, "kill-after": calm.ops} {
			for at := 1; at <= n; at++ {
				m := boxModel(fault{kind, at}, request{})
				delete(m.state, "put")
				if o, err := m.finish(t.Context(), bad); o != ends || m.snapshot() != left {
					t.Errorf("%s fails, %s %d: %s with %q, want %s with %q (%v)\n%s", s.ID, kind, at, o, m.snapshot(), ends, left, err, story(m))
				}
			}
		}
	}
}
