package kind

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"jurymast/actions"
	"jurymast/actions/plan"
	"jurymast/inventory"
)

// What the plans of a kind are made of is testdata/NAME/plan.toml: the kind's
// own tables, ahead of which stand planHosts and, by what the kind can do, what
// it does that to. What comes of it is testdata/NAME/plan.golden, written by
//
//	go test ./actions/kind -run TestPlansOfEveryKind/NAME -update
//
// A line "# answer ID: TEXT" of plan.toml is said instead of what planAnswer
// says to the question of that id; several make several lines.
const (
	planHosts = `
[site.home]
[site.away]
[node.pve]
site = "home"
address = "10.0.0.1"
[node.nas]
site = "away"
address = "10.0.0.2"
[vm.old]
on = "pve"
id = 114
address = "10.0.0.3"
[vm.new]
on = "pve"
id = 115
address = "10.0.0.4"
`
	// The data of a kind is called s, and copied to a folder.
	planShelf = `
[repository.shelf]
kind = "directory"
site = "away"
path = "/srv/copies"
[backup.s]
of = "s"
to = ["shelf"]
rpo = "1d"
`
	// A repository is called shelf, and holds copies of a folder.
	planPapers = `
[share.papers]
kind = "files"
class = "user"
on = "old"
path = "/srv/papers"
[backup.papers]
of = "papers"
to = ["shelf"]
rpo = "1d"
`
	// A system that copies targets by means of its own copies one called guest.
	planGuest = `
[backup.guest]
of = "guest"
to = ["shelf"]
rpo = "1d"
`
	// Fences and redirects are of this.
	planWeb = `
[service.web]
kind = "systemd"
on = "old"
standby = ["new"]
data = ["state"]
[share.state]
kind = "nfs"
class = "system"
on = "nas"
path = "/srv/state"
mounts = [{ on = "old", at = "/srv/state" }, { on = "new", at = "/srv/state" }]
`
)

// planNow is when every plan is made.
var planNow = time.Date(2026, 11, 20, 3, 0, 0, 0, time.UTC)

// planned is one plan of a kind: what is asked for, and how things stand.
type planned struct {
	verb   actions.Verb
	of     string
	first  string // what the host says to be that the inventory names first; "" does not answer
	second string // what its standby says to be
	fenced bool   // its fences are seen to hold
}

func (p planned) String() string {
	s := string(p.verb) + " " + p.of
	if p.first == "" {
		s += ", whose host is dead"
	}
	return s
}

// plansOf returns the plans that show what a kind can do.
func plansOf(k actions.Kind) []planned {
	const active, standby, stopped = "active", "standby", "stopped"
	var out []planned
	copies := func(of string) {
		for _, v := range []actions.Verb{actions.VerbBackup, actions.VerbRestore, actions.VerbDrill} {
			out = append(out, planned{verb: v, of: of, first: active, second: standby})
		}
	}
	if k.Data != nil {
		copies("s")
	}
	if k.Move != nil {
		out = append(out, planned{verb: actions.VerbFailover, of: "s", first: active, second: standby},
			planned{verb: actions.VerbRejoin, of: "s", first: stopped, second: active})
	}
	if k.Repository != nil {
		copies("papers")
	}
	if k.Native != nil {
		copies("guest")
	}
	if k.Redirect != nil {
		out = append(out, planned{verb: actions.VerbFailover, of: "web", first: active, second: stopped})
	}
	if k.Fence != nil {
		out = append(out, planned{verb: actions.VerbFailover, of: "web", second: stopped},
			planned{verb: actions.VerbRejoin, of: "web", first: stopped, second: active, fenced: true})
	}
	return out
}

// planFleet returns the fleet of a kind's plan.toml, and what is answered there.
func planFleet(t *testing.T, k actions.Kind) (*inventory.Fleet, map[string]string) {
	t.Helper()
	name := filepath.Join("testdata", k.Name, "plan.toml")
	own, err := os.ReadFile(name)
	if err != nil {
		t.Fatalf("%s can %v, and its plans are not shown: %v; see planHosts", k.Name, k.Verbs(), err)
	}
	text := string(own) + planHosts
	if k.Data != nil {
		text += planShelf
	}
	if k.Repository != nil {
		text += planPapers
	}
	if k.Native != nil {
		text += planGuest
	}
	if k.Fence != nil || k.Redirect != nil {
		text += planWeb
	}
	f, err := inventory.Parse(name, []byte(text), Schema())
	if err != nil {
		t.Fatal(err)
	}
	answers := map[string]string{}
	for ln := range strings.Lines(string(own)) {
		if rest, ok := strings.CutPrefix(ln, "# answer "); ok {
			id, said, _ := strings.Cut(rest, ": ")
			answers[id] += said
		}
	}
	return f, answers
}

// askedFor is what a question is about, whichever host that a service may move to
// is asked.
func askedFor(q plan.Question) string {
	if rest, ok := strings.CutPrefix(q.ID, "to-"+q.Host.Name()+"-"); ok {
		return rest
	}
	return q.ID
}

// planAnswer is what a healthy host says to a question.
func (p planned) planAnswer(q plan.Question, target inventory.Target) plan.Answer {
	what, _, _ := strings.Cut(askedFor(q), "-")
	role := p.second
	if q.Host == target.Host {
		role = p.first
	}
	if what == "member" && role == "" {
		return plan.Answer{Err: "connection refused"}
	}
	said := map[string]string{
		"data":       "@version 1\n@bytes 1000\n@free 1000000\n",
		"repository": "@tool tool\n@version 1\n",
		"list":       fmt.Sprintf("@copy-1 c17 %d 1000 3\n", planNow.Add(-2*time.Hour).Unix()),
		"member":     "@role " + role + "\n@lag 0\n@system 1\n@version 1\n",
		"redirect":   "@seen it leads to old\n@floor 60\n",
		"room":       "@present yes\n@free 1000000\n",
	}
	if what == "room" && q.Script.Inputs[actions.InInto] != "" {
		said[what] = "@present no\n@free 1000000\n"
	}
	exit := 0
	if what == "fenced" && !p.fenced {
		exit = 1
	}
	return plan.Answer{Output: actions.Output{Stdout: []byte(said[what]), Exit: exit}}
}

// text makes the plan, of what the hosts answer, and words it, or the reason for
// which there is none.
func (p planned) text(t *testing.T, f *inventory.Fleet, own map[string]string) string {
	t.Helper()
	target, err := f.Lookup(p.of)
	if err != nil {
		t.Fatal(err)
	}
	facts := plan.Facts{Fleet: f, Kinds: All(), Now: planNow, Answers: map[string]plan.Answer{}}
	request := plan.Request{Verb: p.verb, Target: target.Ref}
	questions, err := plan.Questions(facts, request)
	if why := (*plan.Error)(nil); errors.As(err, &why) {
		return fmt.Sprintf("refused: %s; %s\n", why.What, why.Next)
	} else if err != nil {
		t.Fatalf("%s: %v", p, err)
	}
	for _, q := range questions {
		a := p.planAnswer(q, *target)
		if said, ok := own[askedFor(q)]; ok && a.Err == "" {
			a.Output.Stdout = []byte(said)
		}
		facts.Answers[q.ID] = a
	}
	if p.first == "" {
		facts.State = actions.MakeState([]actions.Entry{{Result: actions.Result{Target: target.Host, Check: "ssh", Status: actions.Fail, Line: "nobody reaches it"}}}, nil)
	}
	made, err := plan.Make(facts, request)
	if why := (*plan.Error)(nil); errors.As(err, &why) {
		return fmt.Sprintf("refused: %s; %s\n", why.What, why.Next)
	} else if err != nil {
		t.Fatalf("%s: %v", p, err)
	}
	for _, c := range made.Unmet(actions.Blocking) {
		t.Errorf("%s: %s is blocking: %s", p, c.Name, c.Seen)
	}
	if err := made.Validate(); err != nil {
		t.Errorf("%s: %v", p, err)
	}
	return planWords(made)
}

// TestPlansOfEveryKind compares what plans say and do with what a person has
// read: for each kind that copies, moves, fences, leads over or keeps copies.
func TestPlansOfEveryKind(t *testing.T) {
	t.Parallel()
	for _, k := range All() {
		plans := plansOf(k)
		if len(plans) == 0 {
			continue
		}
		t.Run(k.Name, func(t *testing.T) {
			t.Parallel()
			f, own := planFleet(t, k)
			var got strings.Builder
			for i, p := range plans {
				if i > 0 {
					got.WriteString("\n")
				}
				fmt.Fprintf(&got, "%s: %s", p, p.text(t, f, own))
			}
			golden := filepath.Join("testdata", k.Name, "plan.golden")
			if *update && !t.Failed() {
				if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatalf("%v: write it with -update, and read it", err)
			}
			if at, w, g := firstDifference(string(want), got.String()); at > 0 {
				t.Errorf("%s, line %d:\nwant %s\ngot  %s\nwrite it again with -update, and read the difference", golden, at, w, g)
			}
		})
	}
}

// firstDifference returns the number of the first line that is not the same in
// two texts, 0 where there is none, and the line of each.
func firstDifference(want, got string) (line int, w, g string) {
	ws, gs := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(ws), len(gs)) {
		w, g = "nothing", "nothing"
		if i < len(ws) {
			w = strconv.Quote(ws[i])
		}
		if i < len(gs) {
			g = strconv.Quote(gs[i])
		}
		if w != g {
			return i + 1, w, g
		}
	}
	return 0, "", ""
}

// planWords words a plan for the golden files: its title, its conditions, and of
// each step where it is done, by which script, what it tells it, and what
// proves and undoes it.
func planWords(p actions.Plan) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s)\n", p.Title, p.Ladder)
	for _, c := range p.Conditions {
		fmt.Fprintf(&b, "  %s: %s: %s: %s\n", c.Hold, c.Name, c.Text, c.Seen)
	}
	for i, s := range p.Steps {
		fmt.Fprintf(&b, "  %d %s", i+1, s.ID)
		if s.Host != "" {
			fmt.Fprintf(&b, " on %s", s.Host.Name())
		}
		fmt.Fprintf(&b, ": %s\n", s.Title)
		planLine(&b, "do", s.Do.Name, planTold(s.Do), planIf(s.Do.Sudo, "as root"), planIf(s.MayFail, "may fail"))
		if s.Check != nil {
			planLine(&b, "done already by", s.Check.Name)
		}
		if s.Verify != nil {
			planLine(&b, "proved by", s.Verify.Name, planIf(s.VerifyOn != "", "on "+s.VerifyOn.Name()))
		}
		switch {
		case s.NoReturn:
			b.WriteString("      no return: nothing is undone from here\n")
		case s.Undo != nil:
			planLine(&b, "undone by", s.Undo.Name, planIf(s.UndoIf != nil, "if another has not gone on from there"))
		}
	}
	for _, x := range p.Left {
		fmt.Fprintf(&b, "  left: %s\n", x.Text)
	}
	return b.String()
}

func planLine(b *strings.Builder, what, script string, more ...string) {
	if script == "" {
		return
	}
	more = slices.DeleteFunc(more, func(s string) bool { return s == "" })
	fmt.Fprintf(b, "      %s %s\n", what, strings.Join(append([]string{script}, more...), ", "))
}

func planIf(yes bool, text string) string {
	if yes {
		return text
	}
	return ""
}

// planTold are the inputs of a script that say anything, and the names of its
// secrets.
func planTold(s actions.Script) string {
	var words []string
	for _, name := range slices.Sorted(maps.Keys(s.Inputs)) {
		switch v := s.Inputs[name]; {
		case v == "", name == "WHY": // why a survey finds nothing
		case strings.Contains(v, "\n# "): // what another script has run, later on
			words = append(words, name+"=a script")
		default:
			words = append(words, name+"="+strings.NewReplacer("\n", "|", "\t", " ").Replace(v))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Keep)) {
		words = append(words, name+" is kept secret")
	}
	return strings.Join(words, " ")
}
