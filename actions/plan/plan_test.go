package plan

import (
	"slices"
	"strings"
	"testing"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

func act(name string) actions.Script { return actions.Script{Name: name, Body: ":"} }

func ref(name string) *actions.Script { s := act(name); return &s }

// testKinds are a service that can be copied and moved, a repository, and
// fences of two grades.
func testKinds(grade actions.Grade) []actions.Kind {
	on := func(name string) func(inventory.Ref) actions.Script {
		return func(inventory.Ref) actions.Script { return act(name) }
	}
	return []actions.Kind{
		{Name: "linux", Levels: []inventory.Level{inventory.LevelNode}},
		{
			Name: "db", Levels: []inventory.Level{inventory.LevelService},
			Data: func(*inventory.Fleet, inventory.Target) (actions.Data, error) {
				return actions.Data{Dump: ref("dump"), Survey: act("survey"), Hold: ref("hold"), Free: ref("free"), Stop: ref("stop"), Start: ref("start"), Put: ref("put"), Back: ref("back"), Prove: ref("prove")}, nil
			},
			Move: func(*inventory.Fleet, inventory.Target) (actions.Move, error) {
				return actions.Move{Shape: "replicated", Survey: on("survey"), Stop: on("stop"), Resume: on("resume"), Promote: on("promote"), Verify: on("verify"), Active: on("active"), Floor: time.Second}, nil
			},
		},
		{
			Name: "cold", Levels: []inventory.Level{inventory.LevelService},
			Data: func(*inventory.Fleet, inventory.Target) (actions.Data, error) {
				return actions.Data{Paths: []string{"/srv"}, Survey: act("survey"), Stop: ref("stop"), Start: ref("start"), Put: ref("put"), Back: ref("back"), Prove: ref("prove")}, nil
			},
		},
		{Name: "baton", Levels: []inventory.Level{inventory.LevelService}, Move: handMove},
		{
			Name: "page", Levels: []inventory.Level{inventory.LevelService},
			Move: func(*inventory.Fleet, inventory.Target) (actions.Move, error) {
				return actions.Move{Shape: shapeProxy, Survey: on("survey"), Stop: on("stop"), Resume: on("resume"), Promote: on("promote"), Verify: on("verify"), Active: on("active"), Floor: time.Second}, nil
			},
		},
		{
			Name: "shelf", Levels: []inventory.Level{inventory.LevelRepository},
			Repository: func(*inventory.Fleet, inventory.Repository, inventory.Ref) (actions.Repository, error) {
				return actions.Repository{Survey: act("survey"), List: act("list"), Copy: act("copy"), Find: act("find"), Extract: act("extract"), Verify: act("verify"), Forget: ref("forget")}, nil
			},
		},
		{Name: "lead", Levels: []inventory.Level{inventory.LevelRedirect}, Redirect: func(_ *inventory.Fleet, x inventory.Redirect) (actions.Redirect, error) {
			return actions.Redirect{Host: x.On, Text: "lead", Survey: act("able"), Do: act("lead"), Verify: act("led")}, nil
		}},
		{Name: "switch", Levels: []inventory.Level{inventory.LevelFence}, Fence: func(_ *inventory.Fleet, x inventory.Fence) (actions.Fence, error) {
			f := actions.Fence{Grade: grade, Host: "node/p", Text: "cut it off", Proof: "seen", Survey: act("able"), Do: act("cut"), Verify: act("seen"), Release: ref("let go"), Takes: time.Second}
			if grade == actions.GradeStorage {
				f.Stands = ref("stands")
			}
			return f, nil
		}},
	}
}

const testInventory = `
[redirect.on-a]
of = "s"
on = "a"
kind = "lead"
[redirect.on-b]
of = "s"
on = "b"
kind = "lead"

[site.home]
[site.away]
[node.a]
site = "home"
[node.b]
site = "home"
[node.p]
site = "away"
[service.s]
kind = "db"
on = "a"
standby = ["b"]
[service.h]
kind = "baton"
on = "a"
standby = ["b"]
[service.cold]
kind = "cold"
on = "a"
standby = ["b"]
[backup.cold]
of = "cold"
to = ["r"]
rpo = "1d"
[service.reader]
kind = "baton"
on = "p"
needs = ["h"]
[service.web]
kind = "db"
on = "p"
needs = ["s"]
[service.shop]
kind = "db"
on = "p"
needs = ["web"]
[service.page]
kind = "page"
on = "a"
standby = ["b"]
[redirect.page]
of = "page"
on = "p"
kind = "lead"
[service.closed]
kind = "db"
on = "a"
standby = ["b"]
protected = true
[repository.r]
kind = "shelf"
on = "p"
[repository.words]
[backup.s]
of = "s"
to = ["r"]
rpo = "1h"
[backup.web]
of = "web"
to = ["words"]
rpo = "1h"
[fence.a]
of = "a"
on = "p"
kind = "switch"
[playbook.patch]
[[playbook.patch.step]]
over = ["a", "b"]
run = "true"
[[playbook.patch.step]]
on = "a"
run = "true"
[playbook.one]
[[playbook.one.step]]
on = "s"
run = "true"
[playbook.seen]
[[playbook.seen.step]]
look = ["a"]
`

var now = time.Date(2026, 11, 20, 3, 0, 0, 0, time.UTC)

// world is what hosts answer: by the beginning of a question's id, "" for no
// answer; and how the host a stands.
type world struct {
	answers map[string]string
	a       actions.Status
	grade   actions.Grade
}

func calm() world {
	return world{answers: map[string]string{
		"member-a": "@role active\n@lag 0\n@system 1\n@version 15\n", "member-b": "@role standby\n@lag 0.5\n@system 1\n@version 15\n",
		"data": "@bytes 1000\n@free 100000\n", "repository-": "@tool shelf\n", "list-": "@copy-1 old 1763600000 900 3\n@copy-2 new 1795142000 1000 3\n", "fence-": "", "fenced-": "", "redirect-": "",
	}, grade: actions.GradePower}
}

func (w world) with(id, answer string) world {
	m := map[string]string{}
	for k, v := range w.answers {
		m[k] = v
	}
	m[id] = answer
	w.answers = m
	return w
}

// silent is a host that does not answer, and what others say of it.
func (w world) silent(st actions.Status) world {
	w = w.with("member-a", "-").with("redirect-on-a", "-")
	w.a = st
	return w
}

func (w world) facts(t *testing.T, r Request) Facts {
	t.Helper()
	kinds := testKinds(w.grade)
	schema := inventory.Schema{}
	for _, k := range kinds {
		schema[k.Name] = k.Schema()
	}
	fleet, err := inventory.Parse("t.toml", []byte(testInventory), schema)
	if err != nil {
		t.Fatal(err)
	}
	f := Facts{Fleet: fleet, Kinds: kinds, Now: now, Answers: map[string]Answer{}}
	qs, err := Questions(f, r)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range qs {
		for id, out := range w.answers {
			if !strings.HasPrefix(q.ID, id) || longer(w.answers, q.ID, id) {
				continue
			}
			switch {
			case out == "-":
				f.Answers[q.ID] = Answer{Err: "connection refused"}
			case id == "fenced-":
				f.Answers[q.ID] = Answer{Output: actions.Output{Exit: 1}}
			default:
				f.Answers[q.ID] = Answer{Output: actions.Output{Stdout: []byte(out)}}
			}
		}
	}
	f.State = actions.MakeState([]actions.Entry{{Result: actions.Result{Target: "node/a", Check: "ssh", Status: w.a, Line: "as others see it"}}}, nil)
	return f
}

// TestConditions: what makes a plan wait for a person, and what blocks it.
func TestConditions(t *testing.T) {
	failover, restore, backup := Request{Verb: actions.VerbFailover, Target: "service/s"}, Request{Verb: actions.VerbRestore, Target: "service/s"}, Request{Verb: actions.VerbBackup, Target: "service/s"}
	lease, cut, rejoin := calm(), calm().silent(actions.Fail).with("member-b", "@role active\n"), Request{Verb: actions.VerbRejoin, Target: "service/s"}
	lease.grade, cut.grade = actions.GradeStopped, actions.GradeStorage
	for _, c := range []struct {
		name  string
		world world
		r     Request
		want  string // "NAME HOLD", or "" when every condition holds
	}{
		{"all is well", calm(), failover, ""},
		{"two actives", calm().with("member-b", "@role active\n"), failover, "one-active blocking"},
		{"the standby is far behind", calm().with("member-b", "@role standby\n@lag 31\n@system 1\n@version 15\n"), failover, "standby-lag open"},
		{"its lag is not known", calm().with("member-b", "@role standby\n@system 1\n"), failover, "standby-lag open"},
		{"another system", calm().with("member-b", "@role standby\n@lag 0\n@system 2\n@version 15\n"), failover, "same-system blocking"},
		{"another major version", calm().with("member-b", "@role standby\n@lag 0\n@system 1\n@version 16\n"), failover, "same-version blocking"},
		{"the standby is silent", calm().with("member-b", "-"), failover, "standby blocking"},
		{"the standby is unwell", calm().with("member-b", "@role standby\n@lag 0\n@trouble no disk\n"), failover, "standby blocking"},
		{"nobody answers", calm().with("member-a", "-").with("member-b", "-"), failover, "one-active blocking"},
		{"dead by the word of others", calm().silent(actions.Fail), failover, ""},
		{"cut off from here", calm().silent(actions.Unknown), failover, "down blocking"},
		{"it answers after all", calm().silent(actions.OK), failover, "down blocking"},
		{"a fence that proves too little", func() world { w := lease.silent(actions.Fail); return w }(), failover, "old-active-off open"},
		{"a fence that cannot be used", calm().silent(actions.Fail).with("fence-", "-"), failover, "old-active-off open"},
		{"a dead host is no fenced one", cut.with("fenced-a", "").with("stands-a", "-"), rejoin, "reach-a blocking"},
		{"a host that is cut off", cut.with("fenced-a", "").with("stands-a", ""), rejoin, "returns-harmless open"},
		{"protected", calm(), Request{Verb: actions.VerbFailover, Target: "service/closed"}, "protected blocking"},
		{"back where it is", calm(), Request{Verb: actions.VerbFailback, Target: "service/s"}, "away blocking"},
		{"all follow", calm(), Request{Verb: actions.VerbRejoin, Target: "service/s"}, "old-active blocking"},
		{"to a host that is none of its", calm(), Request{Verb: actions.VerbFailover, Target: "service/s", To: "p"}, "standby blocking"},

		{"a backup", calm(), backup, ""},
		{"no room for the dump", calm().with("data", "@bytes 1000\n@free 1050\n"), backup, "room blocking"},
		{"no tool", calm().with("repository-", "@missing restic\n"), backup, "repository-r blocking"},
		{"a locked repository", calm().with("repository-", "@locked by x since y\n"), backup, "repository-r blocking"},
		{"a wrong password", calm().with("repository-", "@trouble wrong password\n"), backup, "repository-r blocking"},
		{"the host is silent", calm().with("data", "-"), backup, "reach-a blocking"},
		{"what is copied is lost", calm().with("data", "@free 1000000\n@lost it is stopped\n"), backup, "data blocking"},

		{"what comes back is lost", calm().with("data", "@free 1000000\n@lost it is stopped\n"), restore, ""},
		{"what comes back cannot be used", calm().with("data", "@free 1000000\n@trouble no rights\n"), restore, "data blocking"},
		{"no copy", calm().with("list-", ""), restore, "copy blocking"},
		{"a copy that is too old", calm().with("list-", "@copy-1 old 1763600000 900 3\n"), restore, "stale-copy open"},
		{"a target disk that is too small", calm().with("data", "@bytes 1\n@free 1001\n"), restore, "room blocking"},
		{"a copy that vanished", calm(), Request{Verb: actions.VerbRestore, Target: "service/s", Copy: "gone"}, "copy blocking"},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "-"), func(t *testing.T) {
			p, err := Make(c.world.facts(t, c.r), c.r)
			if err != nil {
				t.Fatal(err)
			}
			var unmet []string
			for _, x := range p.Conditions {
				if x.Hold != actions.Holds && x.Hold != actions.Noted {
					unmet = append(unmet, x.Name+" "+string(x.Hold))
				}
			}
			nextIsSaid(t, p)
			if c.want == "" && len(unmet) > 0 || c.want != "" && (len(unmet) == 0 || unmet[0] != c.want) {
				t.Errorf("unmet: %q, want %q", unmet, c.want)
			}
		})
	}
}

// TestNobodyAnswers: what keeps each host from answering is said.
func TestNobodyAnswers(t *testing.T) {
	r := Request{Verb: actions.VerbFailover, Target: "service/s"}
	p, err := Make(calm().with("member-a", "-").with("member-b", "-").facts(t, r), r)
	if err != nil {
		t.Fatal(err)
	}
	if c := p.Unmet(actions.Blocking); len(c) == 0 || c[0].Seen != "more than one host does not answer: a: connection refused; b: connection refused" {
		t.Errorf("%+v", c)
	}
}

// nextIsSaid is that each condition that blocks says what to do about it.
func nextIsSaid(t *testing.T, p actions.Plan) {
	t.Helper()
	for _, c := range p.Unmet(actions.Blocking) {
		if c.Next == "" || c.Next == c.Seen {
			t.Errorf("%s blocks, and it is not said what to do: %+v", c.Name, c)
		}
	}
}

// TestWhatToDoNext: a plan that is blocked leads on, to the host and by the
// command that is about what blocks it.
func TestWhatToDoNext(t *testing.T) {
	s := func(v actions.Verb) Request { return Request{Verb: v, Target: "service/s"} }
	for _, c := range []struct {
		name  string
		world world
		r     Request
		want  string
	}{
		{"two actives", calm().with("member-b", "@role active\n"), s(actions.VerbFailover), "find out which of them has what was written last, and stop the other: jurymast ssh a"},
		{"the standby is silent", calm().with("member-b", "-"), s(actions.VerbFailover), "jurymast check node/b"},
		{"the standby is unwell", calm().with("member-b", "@role standby\n@lag 0\n@trouble no disk\n"), s(actions.VerbFailover), "mend that there: jurymast ssh b"},
		{"another system", calm().with("member-b", "@role standby\n@lag 0\n@system 2\n@version 15\n"), s(actions.VerbFailover), "jurymast plan rejoin service/s --to b"},
		{"cut off from here", calm().silent(actions.Unknown), s(actions.VerbFailover), "plan it where it can be reached from, or mend the way there: jurymast check node/a"},
		{"protected", calm(), Request{Verb: actions.VerbFailover, Target: "service/closed"}, "take protected = true from [service.closed] in the inventory"},
		{"its users cannot be led", calm().with("redirect-on-b", "-"), s(actions.VerbFailover), "mend that there: jurymast ssh b; or take [redirect.on-b] out of the inventory"},
		{"no room", calm().with("data", "@bytes 1000\n@free 1050\n@scratch /var/lib\n"), s(actions.VerbBackup), "free 50 B on the disk of /var/lib there: jurymast ssh a"},
		{"no tool", calm().with("repository-", "@missing restic\n"), s(actions.VerbBackup), "install restic there: jurymast ssh a"},
		{"a locked repository", calm().with("repository-", "@locked by x\n"), s(actions.VerbBackup), "wait until who holds it is done; where nobody does, take its lock away: jurymast ssh a"},
		{"no copy", calm().with("list-", ""), s(actions.VerbRestore), "look where jurymast does not: a disk kept elsewhere, snapshots of the storage below it, a repository that [backup.s] does not name; a backup made now only keeps what is there now"},
		{"no copy to practise with", calm().with("list-", ""), s(actions.VerbDrill), "jurymast run backup service/s"},
		{"a repository that lists nothing", calm().with("list-", "-"), s(actions.VerbRestore), "get r to answer: a copy may be there"},
		{"a copy that vanished", calm(), Request{Verb: actions.VerbRestore, Target: "service/s", Copy: "gone"}, "jurymast backup status s"},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "-"), func(t *testing.T) {
			p, err := Make(c.world.facts(t, c.r), c.r)
			if err != nil {
				t.Fatal(err)
			}
			if b := p.Unmet(actions.Blocking); len(b) == 0 || b[0].Next != c.want {
				t.Errorf("%+v, want %q", b, c.want)
			}
		})
	}
}

// TestRequestsThatMakeNoSense are errors and no plans.
func TestRequestsThatMakeNoSense(t *testing.T) {
	for want, r := range map[string]Request{
		`there is no plan called "dance"`:        {Verb: "dance", Target: "service/s"},
		`no target is called "service/x"`:        {Verb: actions.VerbBackup, Target: "service/x"},
		"no backup copies service/shop":          {Verb: actions.VerbBackup, Target: "service/shop"},
		"it has no kind that jurymast can drive": {Verb: actions.VerbBackup, Target: "service/web"},
		"a restore to / is refused":              {Verb: actions.VerbRestore, Target: "service/s", To: "/"},
		"has no standby":                         {Verb: actions.VerbFailover, Target: "service/web"},
		`no playbook is called "p"`:              {Verb: actions.VerbPlaybook, Name: "p", Target: "playbook/p"},
	} {
		f := Facts{Kinds: testKinds(actions.GradePower), Now: now}
		schema := inventory.Schema{}
		for _, k := range f.Kinds {
			schema[k.Name] = k.Schema()
		}
		var err error
		if f.Fleet, err = inventory.Parse("t.toml", []byte(testInventory), schema); err != nil {
			t.Fatal(err)
		}
		if _, err := Questions(f, r); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s %s: %v, want %q", r.Verb, r.Target, err, want)
		}
	}
}

func steps(p actions.Plan) string {
	var ids []string
	for _, s := range p.Steps {
		ids = append(ids, s.ID)
	}
	return strings.Join(ids, " ")
}

// away is that only one host can start from a copy: what another says of it is
// not asked for.
func away(w world, to string) world {
	for _, h := range []string{"a", "b"} {
		for id, said := range map[string]string{"data": "@bytes 10\n@free 100000\n", "repository-": "@tool shelf\n", "list-": "@copy-1 new 1795142000 1000 3\n"} {
			if h != to {
				said = "-"
			}
			w = w.with("to-"+h+"-"+id, said)
		}
	}
	return w
}

// TestOrder: what is done, and in which order.
func TestOrder(t *testing.T) {
	cut := calm().silent(actions.Fail)
	cut.grade = actions.GradeStorage
	for _, c := range []struct {
		r     Request
		world world
		want  string
	}{
		{Request{Verb: actions.VerbBackup, Target: "service/s"}, calm(), "stage hold dump free copy-r list-r forget-r unstage"},
		{Request{Verb: actions.VerbRestore, Target: "service/s"}, calm(), "make extract stop-shop stop-web stop put start prove start-web start-shop look tidy"},
		{Request{Verb: actions.VerbRestore, Target: "service/s", To: "/tmp/out"}, calm(), "make extract"},
		{Request{Verb: actions.VerbDrill, Target: "service/s"}, calm(), "verify make extract tidy"},
		{Request{Verb: actions.VerbFailover, Target: "service/s"}, calm(), "stop promote redirect-on-a redirect-on-b look"},
		{Request{Verb: actions.VerbFailover, Target: "service/s"}, calm().silent(actions.Fail), "fence promote redirect-on-b look"},
		{Request{Verb: actions.VerbFailover, Target: "service/cold"}, away(calm(), "b"), "stop make extract put promote look"},
		{Request{Verb: actions.VerbFailover, Target: "service/cold"}, away(calm().silent(actions.Fail), "b"), "fence make extract put promote look"},
		{Request{Verb: actions.VerbFailback, Target: "service/cold"}, away(calm().with("member-a", "@role stopped\n").with("member-b", "@role active\n"), "a"), "stop make extract put promote look"},
		{Request{Verb: actions.VerbFailover, Target: "service/s"}, cut, "fence fence-stands promote redirect-on-b look"},
		{Request{Verb: actions.VerbFailover, Target: "service/page"}, calm(), "promote redirect-page stop look"},
		{Request{Verb: actions.VerbFailover, Target: "service/page"}, calm().silent(actions.Fail), "fence promote redirect-page look"},
	} {
		p, err := Make(c.world.facts(t, c.r), c.r)
		if err != nil {
			t.Fatal(err)
		}
		if got := steps(p); got != c.want {
			t.Errorf("%s: %s, want %s", c.r.Verb, got, c.want)
		}
		if err := p.Validate(); err != nil {
			t.Error(err)
		}
	}
}

// TestSwitchOver: what keeps nothing is never down while it moves, and it is taken
// back until its users are led over.
func TestSwitchOver(t *testing.T) {
	r := Request{Verb: actions.VerbFailover, Target: "service/page"}
	p, err := Make(calm().facts(t, r), r)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Impact.Down) > 0 {
		t.Errorf("down: %+v", p.Impact.Down)
	}
	for i, s := range p.Steps {
		if s.Undoable() != (s.ID == "promote") || s.NoReturn != (s.ID == "redirect-page") || s.Ends || i != 1 && s.Do.Inputs["DRAIN"] != "" {
			t.Errorf("%+v", s)
		}
	}
	if got := p.Steps[1].Do.Inputs["DRAIN"]; got != "yes" {
		t.Errorf("the redirect is told DRAIN=%q", got)
	}
}

// TestDigest: the same plan a minute later has the same digest; another
// inventory, condition or step has not.
func TestDigest(t *testing.T) {
	r := Request{Verb: actions.VerbFailover, Target: "service/s"}
	f := calm().facts(t, r)
	p, err := Make(f, r)
	if err != nil {
		t.Fatal(err)
	}
	f.Now = now.Add(time.Minute)
	f.Answers["member-b"] = Answer{Output: actions.Output{Stdout: []byte("@role standby\n@lag 0.7\n@system 1\n@version 15\n")}}
	f.Took = map[string][]time.Duration{"promote": {time.Second, 3 * time.Second, time.Second}, UndoTook + "stop": {9 * time.Second}, UndoTook + "promote": {time.Second}}
	later, err := Make(f, r)
	if err != nil {
		t.Fatal(err)
	}
	if p.Digest() != later.Digest() {
		t.Error("the same plan has another digest a minute later")
	}
	if d, _ := later.Step("promote"); d.Estimate != time.Second || d.Longest != 3*time.Second {
		t.Errorf("promote is estimated at %s, longest %s", d.Estimate, d.Longest)
	}
	for id, want := range map[string]time.Duration{"stop": 9 * time.Second, "promote": 0} {
		if d, ok := later.Step(id); !ok || d.UndoEstimate != want {
			t.Errorf("to take %s back is estimated at %s, want %s", id, d.UndoEstimate, want)
		}
	}
	for name, change := range map[string]func(*actions.Plan){
		"inventory": func(p *actions.Plan) { p.Inventory = "x" },
		"condition": func(p *actions.Plan) { p.Conditions[0].Hold = actions.Open },
		"step":      func(p *actions.Plan) { p.Steps[0].Do.Body += "rm -rf /" },
		"verify":    func(p *actions.Plan) { p.Steps[0].Verify = nil },
	} {
		other, err := Make(f, r)
		if err != nil {
			t.Fatal(err)
		}
		if change(&other); other.Digest() == p.Digest() {
			t.Errorf("another %s, and the same digest", name)
		}
	}
}

// longer reports whether a longer beginning of a question's id has an answer of
// its own.
func longer(answers map[string]string, question, id string) bool {
	for other := range answers {
		if len(other) > len(id) && strings.HasPrefix(question, other) {
			return true
		}
	}
	return false
}

// TestRedirectIsToldWhatWasSeen: the words of its survey reach the change, the
// TTL that was seen is part of the outage, and people read what was found.
func TestRedirectIsToldWhatWasSeen(t *testing.T) {
	r := Request{Verb: actions.VerbFailover, Target: "service/s"}
	planned := func(said string) actions.Plan {
		t.Helper()
		p, err := Make(calm().with("redirect-on-a", said).facts(t, r), r)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	calmly := planned("").Impact.Floor
	p := planned("@was 10.0.0.3\n@floor 300\n@seen s leads to 10.0.0.3\n")
	if got := p.Impact.Floor - calmly; got != 5*time.Minute {
		t.Errorf("the outage takes %v longer, want 5m", got)
	}
	for _, s := range p.Steps {
		if s.ID == "redirect-on-a" && (s.Do.Inputs["SEEN_WAS"] != "10.0.0.3" || s.Verify.Inputs["SEEN_WAS"] != "10.0.0.3" || s.Do.Inputs["TO"] != "b") {
			t.Errorf("it is told %v, and its proof %v", s.Do.Inputs, s.Verify.Inputs)
		}
	}
	if !slices.ContainsFunc(p.Conditions, func(c actions.Condition) bool { return c.Name == "redirect-on-a" && c.Seen == "s leads to 10.0.0.3" }) {
		t.Errorf("what was seen is not said: %+v", p.Conditions)
	}
	for said, want := range map[string]time.Duration{"@floor 4000000000000000000\n": maxTTL, "@floor -1\n": 0, "@floor soon\n": 0} {
		if got := planned(said).Impact.Floor - calmly; got != want {
			t.Errorf("%q: the outage takes %v longer, want %v", said, got, want)
		}
	}
}

// TestWhatTheSurveyMeans: the same answer about the live data is worded as the
// plan needs it.
func TestWhatTheSurveyMeans(t *testing.T) {
	for _, c := range []struct {
		r    Request
		want string
	}{
		{Request{Verb: actions.VerbBackup, Target: "service/s"}, "service/s can be copied"},
		{Request{Verb: actions.VerbRestore, Target: "service/s"}, "what is there now can be read, and set aside first"},
		{Request{Verb: actions.VerbRestore, Target: "service/s", To: "/srv/beside"}, "the host can handle a copy of service/s"},
		{Request{Verb: actions.VerbDrill, Target: "service/s"}, "the host can handle a copy of service/s"},
	} {
		p, err := Make(calm().facts(t, c.r), c.r)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(p.Conditions, func(x actions.Condition) bool { return x.Name == "data" })
		if i < 0 || p.Conditions[i].Text != c.want {
			t.Errorf("%s to %q: %+v, want %q", c.r.Verb, c.r.To, p.Conditions, c.want)
		}
	}
}
