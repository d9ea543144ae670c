package plan

import (
	"slices"
	"strings"
	"testing"

	"jurymast/actions"
	"jurymast/inventory"
)

// chain is a service whose standbys can be told whom to follow.
func chain(follow bool) actions.Kind {
	on := func(name string) func(inventory.Ref) actions.Script {
		return func(inventory.Ref) actions.Script { return act(name) }
	}
	two := func(name string) func(a, b inventory.Ref) []actions.Step {
		return func(a, _ inventory.Ref) []actions.Step {
			return []actions.Step{
				{ID: name, Title: name, Host: a, Do: act(name), Redo: true, Timeout: 1},
				{ID: "seen", Title: "seen", Host: a, Do: act("seen"), Redo: true, Timeout: 1, After: []string{name}},
			}
		}
	}
	return actions.Kind{
		Name: "chain", Levels: []inventory.Level{inventory.LevelService},
		Move: func(*inventory.Fleet, inventory.Target) (actions.Move, error) {
			m := actions.Move{
				Shape: shapeReplicated, Survey: on("survey"), Stop: on("stop"), Resume: on("resume"), Promote: on("promote"), Verify: on("verify"), Active: on("active"),
				Rejoin: two("rejoin"),
			}
			if follow {
				m.Follow = two("follow")
			}
			return m, nil
		},
	}
}

const chainInventory = `
[node.a]
[node.b]
[node.c]
[node.d]
[service.s]
kind = "chain"
on = "a"
standby = ["b", "c", "d"]
`

// chainPlan plans a failover; answers are by the host, "-" is none.
func chainPlan(t *testing.T, follow bool, to string, answers map[string]string) actions.Plan {
	t.Helper()
	kinds := []actions.Kind{{Name: "linux", Levels: []inventory.Level{inventory.LevelNode}}, chain(follow)}
	schema := inventory.Schema{}
	for _, k := range kinds {
		schema[k.Name] = k.Schema()
	}
	fleet, err := inventory.Parse("t.toml", []byte(chainInventory), schema)
	if err != nil {
		t.Fatal(err)
	}
	f := Facts{Fleet: fleet, Kinds: kinds, Now: now, Answers: map[string]Answer{}}
	f.State = actions.MakeState([]actions.Entry{{Result: actions.Result{Target: "node/a", Check: "ssh", Status: actions.Fail}}}, nil)
	r := Request{Verb: actions.VerbFailover, Target: "service/s", To: to}
	qs, err := Questions(f, r)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range qs {
		if said := answers[q.Host.Name()]; said != "-" {
			f.Answers[q.ID] = Answer{Output: actions.Output{Stdout: []byte(said)}}
		}
	}
	p, err := Make(f, r)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestOtherStandbysFollow: those that remain follow the new active one, once it
// works, and what cannot be told is left for a person.
func TestOtherStandbysFollow(t *testing.T) {
	standby := func(position string) string { return "@role standby\n@lag 0\n@position " + position + "\n" }
	for _, c := range []struct {
		name    string
		follow  bool
		to      string
		answers map[string]string
		steps   string
		left    []string // beginnings of what is left, ahead of what is always
		open    string
	}{
		{"as planned", true, "", map[string]string{"a": "@role active\n", "b": standby("0/10"), "c": standby("0/20"), "d": standby("0/9")},
			"stop promote look follow-c seen-c follow-d seen-d", nil, ""},
		{"the furthest takes over", true, "", map[string]string{"a": "-", "b": standby("0/FF000000"), "c": standby("1/0"), "d": standby("1/0")},
			"promote look follow-b seen-b follow-d seen-d", nil, "old-active-off"},
		{"another is further", true, "b", map[string]string{"a": "-", "b": standby("9"), "c": standby("10"), "d": standby("8")},
			"promote look follow-c seen-c follow-d seen-d", nil, "standby-furthest old-active-off"},
		{"they cannot be compared", true, "", map[string]string{"a": "-", "b": standby("x"), "c": standby("10"), "d": standby("0/1")},
			"promote look follow-c seen-c follow-d seen-d", nil, "old-active-off"},
		{"some cannot be told", true, "", map[string]string{"a": "@role active\n", "b": standby("1"), "c": "-", "d": "@role stopped\n"},
			"stop promote look", []string{"c does not follow b: it did not answer", "d does not follow b: it is stopped"}, ""},
		{"one is not well", true, "", map[string]string{"a": "@role active\n", "b": standby("1"), "c": standby("1") + "@trouble no disk\n", "d": standby("1")},
			"stop promote look follow-d seen-d", []string{"c does not follow b: no disk"}, ""},
		{"they follow by themselves", false, "", map[string]string{"a": "@role active\n", "b": standby("1"), "c": standby("1"), "d": standby("1")},
			"stop promote look", nil, ""},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "-"), func(t *testing.T) {
			p := chainPlan(t, c.follow, c.to, c.answers)
			if got := steps(p); got != c.steps {
				t.Errorf("steps: %s, want %s", got, c.steps)
			}
			for _, s := range p.Steps {
				if _, _, own := strings.Cut(s.ID, "-"); s.MayFail != own {
					t.Errorf("step %s may fail: %t", s.ID, s.MayFail)
				}
			}
			if s, ok := p.Step("seen-d"); ok && !slices.Equal(s.After, []string{"follow-d"}) {
				t.Errorf("seen-d comes after %v", s.After)
			}
			for i, want := range c.left {
				if got := p.Left[i]; !strings.HasPrefix(got.Text, want) || got.Command != "jurymast run rejoin service/s --to "+want[:1] {
					t.Errorf("left: %+v, want %s", got, want)
				}
			}
			if len(p.Left) != len(c.left)+2 && len(p.Left) != len(c.left)+1 {
				t.Errorf("left: %+v", p.Left)
			}
			var open []string
			for _, x := range p.Unmet(actions.Open) {
				open = append(open, x.Name)
			}
			if strings.Join(open, " ") != c.open || len(p.Unmet(actions.Blocking)) > 0 {
				t.Errorf("conditions: %+v", p.Conditions)
			}
		})
	}
}
