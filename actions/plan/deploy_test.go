package plan

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"jurymast/actions"
	"jurymast/inventory"
)

var update = flag.Bool("update", false, "write golden files anew")

// deployKinds are an app that is deployed, and proxies that can take a host out
// of turn or not.
func deployKinds() []actions.Kind {
	return []actions.Kind{
		{Name: "linux", Levels: []inventory.Level{inventory.LevelNode}},
		{
			Name: "app", Levels: []inventory.Level{inventory.LevelService}, Options: []inventory.Option{{Name: "also", Type: inventory.TypeList, Doc: "the same elsewhere"}},
			Deploy: func(_ *inventory.Fleet, t inventory.Target) (actions.Deploy, error) {
				d := actions.Deploy{Text: "the app", Survey: act("survey"), Well: act("well"), Do: act("do"), Active: act("active"), Verify: act("verify"), Back: act("back")}
				for _, name := range t.Options.List("also") {
					d.Also = append(d.Also, inventory.MakeRef(inventory.LevelService, name))
				}
				return d, nil
			},
		},
		{Name: "proxy", Levels: []inventory.Level{inventory.LevelRedirect}, Redirect: func(_ *inventory.Fleet, x inventory.Redirect) (actions.Redirect, error) {
			return actions.Redirect{Host: x.On, Text: "lead", Survey: act("able"), Do: act("lead"), Verify: act("led"), Turn: ref("turn"), Drain: ref("drain"), Undrain: ref("undrain")}, nil
		}},
		{Name: "lead", Levels: []inventory.Level{inventory.LevelRedirect}, Redirect: func(_ *inventory.Fleet, x inventory.Redirect) (actions.Redirect, error) {
			return actions.Redirect{Host: x.On, Text: "lead", Survey: act("able"), Do: act("lead"), Verify: act("led")}, nil
		}},
	}
}

const deployInventory = `
[node.app1]
[node.app2]
[node.proxy]
[service.web]
kind = "app"
on = "app1"
also = ["web-2"]
[service.web-2]
kind = "app"
on = "app2"
[service.alone]
kind = "app"
on = "app1"
[service.twice]
kind = "app"
on = "app1"
also = ["alone"]
[service.lost]
kind = "app"
on = "app1"
also = ["nobody"]
[redirect.front]
of = "web"
on = "proxy"
kind = "proxy"
[redirect.other]
of = "web"
on = "proxy"
kind = "lead"
`

func deployPlan(t *testing.T, r Request, answers map[string]string) actions.Plan {
	t.Helper()
	kinds := deployKinds()
	schema := inventory.Schema{}
	for _, k := range kinds {
		schema[k.Name] = k.Schema()
	}
	fleet, err := inventory.Parse("t.toml", []byte(deployInventory), schema)
	if err != nil {
		t.Fatal(err)
	}
	r.Verb = actions.VerbDeploy
	f := Facts{Fleet: fleet, Kinds: kinds, Now: now, Answers: map[string]Answer{}}
	qs, err := Questions(f, r)
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]string{"turn-front": "@serves-1 app1\n@serves-2 app2\n"}
	for _, q := range qs {
		if name, ok := strings.CutPrefix(q.ID, "deploy-"); ok {
			said[q.ID] = "@current v1\n@wanted v2\n@bytes 100\n@free 1000\n@way by pulling it\n@change-1 app:v1 becomes app:v2\n@change-2 second of " + name + "\n"
		}
	}
	for id, s := range answers {
		said[id] = s
	}
	for _, q := range qs {
		switch s := said[q.ID]; s {
		case "-":
			f.Answers[q.ID] = Answer{Err: "connection refused"}
		case "1":
			f.Answers[q.ID] = Answer{Output: actions.Output{Exit: 1, Stderr: []byte("app is restarting\n")}}
		default:
			f.Answers[q.ID] = Answer{Output: actions.Output{Stdout: []byte(s)}}
		}
	}
	p, err := Make(f, r)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestDeployConditions: what makes a deploy wait for a person, and what blocks it.
func TestDeployConditions(t *testing.T) {
	web := Request{Target: "service/web"}
	for name, c := range map[string]struct {
		r       Request
		answers map[string]string
		want    string // of the conditions that do not hold, and are not only noted
	}{
		"all is well":            {web, nil, ""},
		"without a proxy":        {Request{Target: "service/alone"}, nil, ""},
		"it is not well now":     {web, map[string]string{"well-web": "1"}, "well-web open"},
		"the second is not well": {web, map[string]string{"well-web-2": "-"}, "well-web-2 open"},
		"no such version":        {web, map[string]string{"deploy-web": "@current v1\n@trouble app:v2 is not to be had: no such manifest\n"}, "deploy-web blocking"},
		"no tool":                {web, map[string]string{"deploy-web-2": "@missing docker\n"}, "deploy-web-2-tool blocking"},
		"a host is silent":       {web, map[string]string{"deploy-web-2": "-"}, "reach-app2 blocking"},
		"another newest":         {web, map[string]string{"deploy-web-2": "@current v1\n@wanted v3\n"}, "version blocking"},
		"it does not say":        {web, map[string]string{"deploy-web": "", "deploy-web-2": ""}, "version blocking"},
		"no room":                {web, map[string]string{"deploy-web": "@wanted v2\n@bytes 1000\n@free 1050\n"}, "room-web blocking"},
		"how much is not known":  {web, map[string]string{"deploy-web": "@wanted v2\n@free 1050\n"}, "room-web open"},
		"out of turn already":    {web, map[string]string{"turn-front": "@serves-1 app1\n@rests-2 app2 it is in maintenance\n@serves-3 app3\n"}, "turn-front blocking"},
		"no server of the proxy": {web, map[string]string{"turn-front": "@serves-1 app1\n@serves-2 other\n"}, "turn-front blocking"},
		"nobody else serves":     {web, map[string]string{"deploy-web-2": "@current v2\n@wanted v2\n@there yes\n", "turn-front": "@serves-1 app1\n@rests-2 app2 it is drained\n"}, "others-front open"},
		"the proxy says nothing": {web, map[string]string{"turn-front": "-"}, "reach-proxy blocking"},
		"it may not be told":     {web, map[string]string{"redirect-front": "1"}, "redirect-front blocking"},
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			p := deployPlan(t, c.r, c.answers)
			var unmet []string
			for _, x := range p.Conditions {
				if x.Hold == actions.Open || x.Hold == actions.Blocking {
					unmet = append(unmet, x.Name+" "+string(x.Hold))
				}
			}
			nextIsSaid(t, p)
			if strings.Join(unmet, ", ") != c.want {
				t.Errorf("unmet: %q, want %q", unmet, c.want)
			}
			if i := slices.IndexFunc(p.Conditions, func(x actions.Condition) bool { return x.Name == "well-web" }); c.want == "well-web open" && p.Conditions[i].Seen != "app is restarting" {
				t.Errorf("why it is not well: %q", p.Conditions[i].Seen)
			}
		})
	}
}

// TestDeploySteps: what is done, in which order, what settles it and what it
// takes to be confirmed.
func TestDeploySteps(t *testing.T) {
	for name, c := range map[string]struct {
		r       Request
		answers map[string]string
		want    string // a step that settles ends with a full stop
		ladder  actions.Ladder
	}{
		"two hosts": {Request{Target: "service/web"}, nil, "drain-web deploy-web look-web undrain-web. drain-web-2 deploy-web-2 look-web-2 undrain-web-2.", actions.LadderGrave},
		"one is there": {Request{Target: "service/web"}, map[string]string{"deploy-web": "@current v2\n@wanted v2\n@there yes\n"},
			"drain-web-2 deploy-web-2 look-web-2 undrain-web-2.", actions.LadderDisruptive},
		"both are there": {Request{Target: "service/web"}, map[string]string{"deploy-web": "@current v2\n@wanted v2\n@there yes\n", "deploy-web-2": "@current v2\n@wanted v2\n@there yes\n"},
			"look", actions.LadderLook},
		"alone": {Request{Target: "service/alone"}, nil, "deploy-alone look-alone.", actions.LadderDisruptive},
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			p := deployPlan(t, c.r, c.answers)
			var ids []string
			for _, s := range p.Steps {
				id := s.ID
				if s.Settles {
					id += "."
				}
				ids = append(ids, id)
			}
			if got := strings.Join(ids, " "); got != c.want || p.Ladder != c.ladder {
				t.Errorf("%s, %s; want %s, %s", got, p.Ladder, c.want, c.ladder)
			}
			if err := p.Validate(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestDeployTells: what the survey said reaches the scripts, and what is another
// a moment later does not: the same plan has the same digest.
func TestDeployTells(t *testing.T) {
	r := Request{Target: "service/web", To: "v2"}
	p := deployPlan(t, r, nil)
	s, _ := p.Step("deploy-web")
	for _, x := range []actions.Script{s.Do, *s.Check, *s.Verify, *s.Undo} {
		if x.Inputs["VERSION"] != "v2" || x.Inputs["WANTED"] != "v2" || x.Inputs["SEEN_CURRENT"] != "v1" || x.Inputs["SEEN_FREE"] != "" {
			t.Errorf("%s is told %v", x.Name, x.Inputs)
		}
	}
	if d, _ := p.Step("drain-web-2"); d.Do.Inputs["TO"] != "app2" || d.Undo.Inputs["TO"] != "app2" || d.Undo.Name != "undrain" {
		t.Errorf("it drains %+v, and takes it back by %+v", d.Do, d.Undo)
	}
	later := deployPlan(t, r, map[string]string{"deploy-web": "@current v1\n@wanted v2\n@bytes 100\n@free 900\n@way by pulling it\n@change-1 other words\n"})
	if p.Digest() != later.Digest() {
		t.Error("less is free, and the plan is another")
	}
	if !slices.Contains(p.Locks, "service/web-2") || p.Name != "v2" {
		t.Errorf("it locks %v, and is for %s", p.Locks, p.Name)
	}
}

// TestDeployMakesNoSense are errors and no plans.
func TestDeployMakesNoSense(t *testing.T) {
	kinds := deployKinds()
	schema := inventory.Schema{}
	for _, k := range kinds {
		schema[k.Name] = k.Schema()
	}
	fleet, err := inventory.Parse("t.toml", []byte(deployInventory), schema)
	if err != nil {
		t.Fatal(err)
	}
	for want, target := range map[string]inventory.Ref{
		"both on node/app1":                 "service/twice",
		"service/nobody, which is no":       "service/lost",
		"linux, which jurymast cannot":      "node/app1",
		"no target is called \"service/x\"": "service/x",
	} {
		if _, err := Questions(Facts{Fleet: fleet, Kinds: kinds, Now: now}, Request{Verb: actions.VerbDeploy, Target: target}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", target, err, want)
		}
		if err := Deploys(fleet, kinds, target); err == nil {
			t.Errorf("%s is said to be deployed", target)
		}
	}
	if err := Deploys(fleet, kinds, "service/web"); err != nil {
		t.Error(err)
	}
}

// TestDeployGolden holds the whole plan as text.
func TestDeployGolden(t *testing.T) {
	p := deployPlan(t, Request{Target: "service/web", To: "v2"}, map[string]string{"deploy-web": "@current v1\n@wanted v2\n@bytes 100\n@free 1000\n@way by pulling it\n@change-1 app:v1 becomes app:v2\n@left-1 it has another kernel than was booted: reboot\n"})
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s, confirmed by %q\n", p.Title, p.Ladder, p.Word)
	for _, c := range p.Conditions {
		fmt.Fprintf(&b, "%s %s: %s\n    %s\n", c.Hold, c.Name, c.Text, c.Seen)
	}
	for _, s := range p.Steps {
		fmt.Fprintf(&b, "%s at %s: %s", s.ID, s.Host.Name(), s.Title)
		for _, x := range []struct {
			what string
			s    *actions.Script
		}{{"do", &s.Do}, {"check", s.Check}, {"verify", s.Verify}, {"undo", s.Undo}} {
			if x.s != nil && x.s.Name != "" {
				fmt.Fprintf(&b, "; %s %s", x.what, x.s.Name)
			}
		}
		if len(s.Look) > 0 {
			fmt.Fprintf(&b, "; look at %v", s.Look)
		}
		if s.Settles {
			b.WriteString("; settles")
		}
		b.WriteByte('\n')
	}
	for _, l := range p.Left {
		fmt.Fprintf(&b, "left: %s: %s\n", l.Text, l.Command)
	}
	fmt.Fprintf(&b, "risk: %s\ntouches %v\n", p.Impact.Risk, p.Impact.Touches)
	golden := filepath.Join("testdata", "deploy.golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("the plan is another:\n%s\nwant:\n%s", b.String(), want)
	}
}
