package run

import (
	"fmt"
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
	Data: func(*inventory.Fleet, inventory.Target) (actions.Data, error) {
		return actions.Data{
			Paths: []string{"/data"}, Survey: act("survey"), Hold: ref("set hold"), Free: ref("unset hold"), HoldsDown: true,
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
`

// planned are requests with what the hosts answer.
var planned = []struct {
	name  string
	of    inventory.Ref
	verb  actions.Verb
	roles [2]string // of a and b; "" does not answer
	ends  Outcome
}{
	{"backup", "service/s", actions.VerbBackup, [2]string{"active", "standby"}, Done},
	{"restore", "service/s", actions.VerbRestore, [2]string{"active", "standby"}, Done},
	{"drill", "service/s", actions.VerbDrill, [2]string{"active", "standby"}, Done},
	{"native backup", "service/n", actions.VerbBackup, [2]string{"active", "standby"}, Done},
	{"native restore", "service/n", actions.VerbRestore, [2]string{"active", "standby"}, Done},
	{"native drill", "service/n", actions.VerbDrill, [2]string{"active", "standby"}, Done},
	{"both sorts of copies", "service/m", actions.VerbBackup, [2]string{"active", "standby"}, Done},
	{"failover", "service/s", actions.VerbFailover, [2]string{"active", "standby"}, Done},
	{"emergency", "service/s", actions.VerbFailover, [2]string{"", "standby"}, Done},
	{"failback", "service/s", actions.VerbFailback, [2]string{"standby", "active"}, Done},
	{"rejoin", "service/s", actions.VerbRejoin, [2]string{"stopped", "active"}, Done},
	{"deploy", "service/s", actions.VerbDeploy, [2]string{"active", "standby"}, Done},
	{"hand over", "service/h", actions.VerbFailover, [2]string{"active", "standby"}, Done},
	{"hand back", "service/h", actions.VerbFailback, [2]string{"standby", "active"}, Done},
	{"elected", "service/h", actions.VerbFailover, [2]string{"", "standby"}, Done},
}

func boxPlan(t *testing.T, of inventory.Ref, verb actions.Verb, roles [2]string) actions.Plan {
	t.Helper()
	kinds := append([]actions.Kind{box, baton, shelf, glass, front}, simulated...)
	schema := inventory.Schema{}
	for _, k := range kinds {
		schema[k.Name] = k.Schema()
	}
	fleet, err := inventory.Parse("box.toml", []byte(boxInventory), schema)
	if err != nil {
		t.Fatal(err)
	}
	f := plan.Facts{Fleet: fleet, Kinds: kinds, Now: time.Unix(1_700_000_000, 0), Answers: map[string]plan.Answer{}}
	r := plan.Request{Verb: verb, Target: of}
	qs, err := plan.Questions(f, r)
	if err != nil {
		t.Fatal(err)
	}
	role := map[inventory.Ref]string{"node/a": roles[0], "node/b": roles[1]}
	for _, q := range qs {
		out := "@bytes 10\n@free 1000\n"
		switch {
		case strings.HasPrefix(q.ID, "member-") && role[q.Host] == "":
			f.Answers[q.ID] = plan.Answer{Err: "no answer"}
			continue
		case strings.HasPrefix(q.ID, "member-"):
			out = "@role " + role[q.Host] + "\n@lag 0\n@system 1\n"
		case strings.HasPrefix(q.ID, "room-"):
			if out = "@present yes\n"; verb == actions.VerbDrill {
				out = "@present no\n@free 1000\n"
			}
		case strings.HasPrefix(q.ID, "list-"):
			out = "@copy-1 c17 1699990000 10 1\n"
		case strings.HasPrefix(q.ID, "deploy-"):
			out = "@current v1\n@wanted v2\n"
		case strings.HasPrefix(q.ID, "turn-"):
			out = "@serves-1 a\n@serves-2 p\n"
		case strings.HasPrefix(q.ID, "fenced-"):
			f.Answers[q.ID] = plan.Answer{Output: actions.Output{Exit: 1}}
			continue
		}
		f.Answers[q.ID] = plan.Answer{Output: actions.Output{Stdout: []byte(out)}}
	}
	down := actions.OK
	if roles[0] == "" {
		down = actions.Fail
	}
	f.State = actions.MakeState([]actions.Entry{{Result: actions.Result{Target: "node/a", Check: "ssh", Status: down}}}, nil)
	p, err := plan.Make(f, r)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range []actions.Hold{actions.Blocking, actions.Open} {
		if u := p.Unmet(h); len(u) > 0 {
			t.Fatalf("%s: %s is %s: %s", verb, u[0].Name, h, u[0].Seen)
		}
	}
	if err := p.Validate(); err != nil {
		t.Fatal(err)
	}
	return p
}

// boxModel is a model in which the service runs where the roles say.
func boxModel(f fault, roles [2]string) *model {
	m := newModel(f)
	m.state["put"] = true
	for i, h := range []string{"a", "b"} {
		if roles[i] == "active" {
			m.state["on-"+h] = true
		}
	}
	return m
}

// TestEveryPlannerExactlyOnce disturbs the plans of every planner at every
// point, as TestExactlyOnce does with plans made by hand.
func TestEveryPlannerExactlyOnce(t *testing.T) {
	for _, c := range planned {
		t.Run(c.name, func(t *testing.T) {
			p := boxPlan(t, c.of, c.verb, c.roles)
			calm := boxModel(fault{}, c.roles)
			if o, err := calm.finish(t.Context(), p); o != c.ends {
				t.Fatalf("undisturbed: %s, %v\n%s", o, err, story(calm))
			}
			points := 0
			for kind, n := range map[string]int{
				"journal-before": calm.appends, "journal-after": calm.appends,
				"kill-before": calm.ops, "kill-after": calm.ops, "lose-before": calm.ops, "lose-after": calm.ops,
			} {
				for at := 1; at <= n; at++ {
					points++
					m := boxModel(fault{kind, at}, c.roles)
					o, err := m.finish(t.Context(), p)
					same := o == c.ends && m.snapshot() == calm.snapshot()
					undone := o == Undone && !m.state["hold"] && !m.state["stopped"] && !m.state["try"] && !m.state["ready"] && m.state["on-a"] == boxModel(fault{}, c.roles).state["on-a"]
					lost := strings.HasPrefix(kind, "lose") // nobody can know
					if !same && !(lost && (undone || o == Hands && err != nil)) {
						t.Errorf("%s %d: %s with %q, want %s with %q (%v)\n%s", kind, at, o, m.snapshot(), c.ends, calm.snapshot(), err, story(m))
					}
					if m.state["drained"] {
						t.Errorf("%s %d: a host is left out of turn\n%s", kind, at, story(m))
					}
					if m.state["hold"] {
						t.Errorf("%s %d: the data is still held\n%s", kind, at, story(m))
					}
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
		p := boxPlan(t, c.of, c.verb, c.roles)
		for i := range p.Steps {
			if p.Steps[i].Do.Name == "" {
				continue
			}
			bad := p
			bad.Steps = append([]actions.Step{}, p.Steps...)
			bad.Steps[i].Do, bad.Steps[i].Check = act("fail"), nil
			m := boxModel(fault{}, c.roles)
			o, err := m.finish(t.Context(), bad)
			at := fmt.Sprintf("%s, step %s", c.name, p.Steps[i].ID)
			past := p.NoReturn() >= 0 && i >= p.NoReturn()
			switch {
			case o == Done || err == nil:
				t.Errorf("%s: %s, %v", at, o, err)
			case past && o != Hands:
				t.Errorf("%s: %s behind the point of no return, %v", at, o, err)
			case !past && o != Undone && o != Partial:
				t.Errorf("%s: %s, %v", at, o, err)
			case m.state["drained"] && !strings.HasPrefix(p.Steps[i].ID, "undrain"):
				t.Errorf("%s: a host is left out of turn", at)
			case m.state["hold"] && p.Steps[i].ID != "free", m.state["try"] && p.Steps[i].ID != "clear":
				t.Errorf("%s: something is still held: %s", at, m.snapshot())
			case !past && o == Undone && (m.state["stopped"] || m.state["ready"] || m.state["on-a"] != boxModel(fault{}, c.roles).state["on-a"]):
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
	p := boxPlan(t, "service/s", actions.VerbDeploy, [2]string{"active", "standby"})
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
		calm := boxModel(fault{}, [2]string{})
		delete(calm.state, "put")
		o, err := calm.finish(t.Context(), bad)
		if o != ends || calm.snapshot() != left || err == nil {
			t.Fatalf("%s fails: %s with %q, want %s with %q (%v)\n%s", s.ID, o, calm.snapshot(), ends, left, err, story(calm))
		}
		if touched := calm.done["v2-user"]; first && touched > 0 {
			t.Errorf("%s fails, and the second host was touched", s.ID)
		}
		if first == strings.Contains(err.Error(), "stays") {
			t.Errorf("%s fails: %v", s.ID, err)
		}
		for kind, n := range map[string]int{"journal-before": calm.appends, "journal-after": calm.appends, "kill-before": calm.ops, "kill-after": calm.ops} {
			for at := 1; at <= n; at++ {
				m := boxModel(fault{kind, at}, [2]string{})
				delete(m.state, "put")
				if o, err := m.finish(t.Context(), bad); o != ends || m.snapshot() != left {
					t.Errorf("%s fails, %s %d: %s with %q, want %s with %q (%v)\n%s", s.ID, kind, at, o, m.snapshot(), ends, left, err, story(m))
				}
			}
		}
	}
}
