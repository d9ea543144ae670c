package kind

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"jurymast/actions"
	"jurymast/actions/plan"
	"jurymast/inventory"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// handed are services that hand over by themselves, with what their hosts say.
var handed = []struct {
	kind, name string
	verb       actions.Verb
	toml       string
	said       map[string]string // by host; none does not answer
}{
	{"proxmox-guest", "live", actions.VerbFailover, "guest = 113\n", map[string]string{
		"a": "@role active\n@version 9\n@floor 0\n@seen it goes on running while its memory is copied\n", "b": "@role standby\n@version 9\n",
	}},
	{"proxmox-guest", "restart", actions.VerbFailover, "guest = 113\ncontainer = true\n", map[string]string{
		"a": "@role active\n@version 9\n@seen the cluster shuts it down, moves it and starts it anew\n", "b": "@role standby\n@version 9\n",
	}},
	{"proxmox-guest", "stays", actions.VerbFailover, "guest = 113\n", map[string]string{
		"a": "@role active\n@version 9\n@floor 0\n@stays it uses hostpci0 of its node\n", "b": "@role standby\n@version 9\n",
	}},
	{"proxmox-guest", "offline", actions.VerbFailover, "guest = 113\nlive = false\n", map[string]string{
		"a": "@role active\n@version 9\n", "b": "@role standby\n@version 9\n",
	}},
	{"mongodb", "planned", actions.VerbFailover, "", map[string]string{
		"a": "@role active\n@system rs0 65f\n@seen it steps down once the other has all of it; 3 members, 2 votes choose\n", "b": "@role standby\n@system rs0 65f\n@lag 1\n",
	}},
	{"mongodb", "lost", actions.VerbFailover, "", map[string]string{"b": "@role standby\n@system rs0 65f\n@lag 4\n"}},
	{"opnsense", "planned", actions.VerbFailover, "", map[string]string{
		"a": "@role active\n@system vhids 1 2\n@seen 2 CARP addresses, some seconds; no pfsync: connections that are open are cut\n", "b": "@role standby\n@system vhids 1 2\n",
	}},
	{"opnsense", "back", actions.VerbFailback, "", map[string]string{
		"a": "@role standby\n@system vhids 1 2\n", "b": "@role active\n@system vhids 1 2\n@seen 2 CARP addresses, some seconds; no pfsync: connections that are open are cut\n",
	}},
	{"swarm-node", "drain", actions.VerbFailover, "", map[string]string{
		"a": "@role active\n", "b": "@role standby\n@seen tasks of 2 services go: each has its stop grace period to end (at most 30 s, wiki), and starts elsewhere once it has ended, after a pull where its image is missing; 2 other nodes take tasks\n",
	}},
	{"swarm-node", "open", actions.VerbFailback, "", map[string]string{"a": "@role stopped\n", "b": "@role active\n"}},
	{"swarm-node", "rejoin", actions.VerbRejoin, "", map[string]string{"a": "@role stopped\n", "b": "@role active\n"}},
	{"swarm-node", "dead", actions.VerbFailover, "", map[string]string{"b": "@role standby\n"}},
}

// TestPlansOfWhatHandsOver: the plan of each as people read it, as golden text.
func TestPlansOfWhatHandsOver(t *testing.T) {
	for _, c := range handed {
		t.Run(c.kind+"-"+c.name, func(t *testing.T) {
			text := fmt.Sprintf("[node.a]\n[node.b]\n[service.s]\nkind = %q\non = \"a\"\nstandby = [\"b\"]\n%s", c.kind, c.toml)
			f, err := inventory.Parse("s.toml", []byte(text), Schema())
			if err != nil {
				t.Fatal(err)
			}
			facts := plan.Facts{Fleet: f, Kinds: All(), Now: time.Unix(1795210000, 0), Answers: map[string]plan.Answer{}}
			r := plan.Request{Verb: c.verb, Target: "service/s"}
			qs, err := plan.Questions(facts, r)
			if err != nil {
				t.Fatal(err)
			}
			var silent []actions.Entry
			for _, q := range qs {
				out, ok := c.said[q.Host.Name()]
				if !ok {
					facts.Answers[q.ID] = plan.Answer{Err: "no route to host"}
					silent = append(silent, actions.Entry{Result: actions.Result{Target: q.Host, Check: "ssh", Status: actions.Fail, Line: "others do not reach it"}})
					continue
				}
				facts.Answers[q.ID] = plan.Answer{Output: actions.Output{Stdout: []byte(out)}}
			}
			facts.State = actions.MakeState(silent, nil)
			p, err := plan.Make(facts, r)
			if err != nil {
				t.Fatal(err)
			}
			if err := p.Validate(); err != nil {
				t.Fatal(err)
			}
			golden := fmt.Sprintf("testdata/%s/%s-%s.plan", c.kind, c.verb, c.name)
			got := planText(p)
			if *update {
				put(t, golden, got)
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s, and the plan is\n%s", golden, got)
			}
		})
	}
}

func planText(p actions.Plan) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\nit takes at least %s; risk: %s\n", p.Title, p.Impact.Floor, p.Impact.Risk)
	for _, c := range p.Conditions {
		fmt.Fprintf(&b, "%-8s %s: %s (%s)\n", c.Hold, c.Name, c.Text, c.Seen)
	}
	for i, s := range p.Steps {
		fmt.Fprintf(&b, "%d %s on %s: %s [%s]\n", i+1, s.ID, orDefault(s.Host.Name(), "the console"), s.Title, orDefault(s.Do.Name, "look"))
		note := func(word string, script *actions.Script, on inventory.Ref) {
			if script != nil {
				fmt.Fprintf(&b, "    %s: %s on %s\n", word, script.Name, orDefault(on.Name(), s.Host.Name()))
			}
		}
		note("done already if", s.Check, s.Host)
		note("proved by", s.Verify, s.VerifyOn)
		note("undone by", s.Undo, s.Host)
		note("  but only if", s.UndoIf, s.UndoIfOn)
		if s.NoReturn {
			b.WriteString("    point of no return\n")
		}
		if len(s.Down) > 0 {
			fmt.Fprintf(&b, "    down: %v\n", s.Down)
		}
	}
	for _, l := range p.Left {
		fmt.Fprintf(&b, "left: %s: %s\n", l.Text, l.Command)
	}
	return b.String()
}
