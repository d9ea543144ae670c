package engine

import (
	"testing"

	"jurymast/actions"
	"jurymast/actions/check"
)

// TestUnwell holds what a run waits for: what it can change, and nothing else.
func TestUnwell(t *testing.T) {
	entry := func(name, item string, s actions.Status) actions.Entry {
		return actions.Entry{Result: actions.Result{Target: "service/db", Check: name, Item: item, Status: s, Line: "so it is"}}
	}
	for name, c := range map[string]struct {
		entry  actions.Entry
		why    string
		counts bool
	}{
		"well":                     {entry("server", "", actions.OK), "", true},
		"a warning":                {entry("server", "", actions.Warn), "", true},
		"a failure":                {entry("server", "", actions.Fail), "so it is", true},
		"nothing known":            {entry("server", "", actions.Unknown), "so it is", true},
		"commits wait":             {entry("replication", "synchronous", actions.Fail), "so it is", true},
		"a standby is missing":     {entry("replication", actions.ItemStandbys, actions.Fail), "", false},
		"the copies are old":       {entry(check.Backup, "db", actions.Fail), "", false},
		"exposed until it rejoins": {entry(check.Exposed, "", actions.Fail), "", false},
		"active twice":             {entry(check.Placement, "", actions.Fail), "so it is", true},
	} {
		if why, counts := unwell(c.entry); why != c.why || counts != c.counts {
			t.Errorf("%s: %q, %v; want %q, %v", name, why, counts, c.why, c.counts)
		}
	}
}
