package plan

import (
	"fmt"
	"strings"
	"testing"

	"jurymast/actions"
	"jurymast/inventory"
)

// TestPlaybookNeedsItsHosts: each host that lines of shell are for and that
// does not answer is a condition of its own, once, which a person can accept.
func TestPlaybookNeedsItsHosts(t *testing.T) {
	well := calm().with("answers-", "")
	one := func(st actions.Status) world {
		w := well.with("answers-node/a", "-")
		w.a = st
		return w
	}
	for name, tc := range map[string]struct {
		playbook string
		w        world
		want     string
	}{
		"all answer":                  {"patch", well, ""},
		"over, one is down":           {"patch", one(actions.Fail), "reach-a open: as others see it; next: jurymast check node/a\n"},
		"over, one may be cut off":    {"patch", one(actions.Unknown), "reach-a open: as others see it; next: jurymast check node/a\n"},
		"its question went unheard":   {"patch", one(actions.OK), "reach-a open: connection refused; next: jurymast check node/a\n"},
		"over, none answers":          {"patch", one(actions.Fail).with("answers-node/b", "-"), "reach-a open: as others see it; next: jurymast check node/a\nreach-b open: connection refused; next: jurymast check node/b\n"},
		"on a service of a host":      {"one", one(actions.Fail), "reach-a open: as others see it; next: jurymast check node/a\n"},
		"one that is only looked at":  {"seen", one(actions.Fail), ""},
		"the other one does not care": {"one", well.with("answers-node/b", "-"), ""},
	} {
		r := Request{Verb: actions.VerbPlaybook, Name: tc.playbook, Target: inventory.MakeRef(inventory.LevelPlaybook, tc.playbook)}
		p, err := Make(tc.w.facts(t, r), r)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var b strings.Builder
		for _, c := range p.Conditions {
			fmt.Fprintf(&b, "%s %s: %s; next: %s\n", c.Name, c.Hold, c.Seen, c.Next)
		}
		if b.String() != tc.want {
			t.Errorf("%s: conditions\n%swant\n%s", name, b.String(), tc.want)
		}
		if err := p.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
