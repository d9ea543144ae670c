package kind

import (
	"fmt"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// mongodbMove moves the active member of a replica set. As planned it steps
// down; otherwise the set chooses, and is waited for.
func mongodbMove(_ *inventory.Fleet, t inventory.Target) (actions.Move, error) {
	wait, limit := waitOf(t.Options, "wait", 30*time.Second)
	script := func(name string) actions.Script {
		return mongodbScript(t, "set.sh", name+".sh").With(map[string]string{"WAIT": limit})
	}
	at := func(name string) func(inventory.Ref) actions.Script {
		return func(inventory.Ref) actions.Script { return script(name) }
	}
	step := func(id, title, name string, h inventory.Ref) actions.Step {
		return actions.Step{ID: id, Title: title, Host: h, Do: script(name), Redo: true, Timeout: 3*wait + time.Minute}
	}
	return actions.Move{
		Shape:  "replicated",
		Elects: "more than half of the members choose it, and one that is cut off from them gives up by itself within electionTimeoutMillis (10 s)",
		Survey: at("member"), Active: at("active"), Promote: at("promote"), Verify: at("verify"),
		Hand: func(from, to inventory.Ref) []actions.Step {
			stay := script("stay")
			hand := step("hand", fmt.Sprintf("have %s step down for %s", from.Name(), to.Name()), "hand", from)
			hand.Undo, hand.Ends = &stay, true
			return []actions.Step{step("ready", "see that "+to.Name()+" has caught up and may be chosen", "ready", to), hand}
		},
		Rejoin: func(old, _ inventory.Ref) []actions.Step {
			return []actions.Step{step("standby", "see that "+old.Name()+" follows again", "rejoin", old)}
		},
		// One that steps down has another chosen at once; a set that has lost its
		// active one waits for electionTimeoutMillis first.
		Floor: time.Second,
	}, nil
}
