package kind

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

var swarmNodeKind = actions.Kind{
	Name: "swarm-node",
	Doc:  "One node of a Docker swarm, and what the swarm runs there: drained and opened again.",
	About: `Its host is the node; its standbys are managers of the swarm, one of which is asked and drains it (the first that answers
and is heard by most of the managers, for one that is cut off knows only what once was): what runs on the node
goes to whichever others take tasks. So "failover" drains the node, and "failback" or "rejoin" opens it again. Docker
ends the command at once; here it is waited for until nothing of the swarm runs on the node, and until all that went
runs elsewhere. That takes as long as each task takes to end, at most its stop grace period, then the pull of its image
where that is missing, and its start; the delay of updates plays no part in it. The swarm starts another after 60 s even
when the old has not ended: a longer grace period keeps the node from being drained, for two would run.

Services bound to the node by its name or id, and those that run on every node, do not go: they are down meanwhile,
which the plan says. One whose volume lies on the node alone would start with an empty one elsewhere: that keeps the
node from being drained, unless leave names the volume. Folders that are mounted from the node are not looked at. A
manager that is drained goes on being a manager: count the quorum before you turn it off (kind swarm looks at it).

A node that does not answer is not fenced by the swarm, and its containers go on running: an emergency needs a fence.
It is drained then so that nothing starts there when it is back. Opened again, a node gets no tasks back by itself:
docker service update --force NAME. A look asks as kind swarm does. Seen with docker 20.10.`,
	Levels: []inventory.Level{inventory.LevelService},
	Options: []inventory.Option{
		{Name: "node", Type: inventory.TypeString, Doc: "what the swarm calls the node: its host name or id; the name of its host where not said"},
		{Name: "leave", Type: inventory.TypeList, Doc: "volumes that may stay behind: their services start with empty ones elsewhere"},
		{Name: "wait", Type: inventory.TypeDuration, Default: "5m", Doc: "how long tasks may take to end, and again to run elsewhere"},
	},
	Sudoers: swarm.Sudoers,
	Checks:  swarmNodeChecks,
	Move:    swarmNodeMove,
	Proved:  map[string]actions.Ground{"look": actions.Recorded, "failover": actions.Real},
}

// swarmNodeName returns what the swarm calls the node.
func swarmNodeName(t inventory.Target) string {
	return orDefault(t.Options.String("node"), t.Host.Name())
}

// swarmNodeChecks looks at the node as a manager sees it, by the script that
// kind swarm looks with.
func swarmNodeChecks(f *inventory.Fleet, t inventory.Target) []actions.Check {
	ask := func(manager inventory.Ref) actions.Check {
		asked := t
		asked.Host = manager
		return actions.Check{
			ID: "node", Title: "node of the swarm", Host: manager, Script: dockerLook(f, asked, "swarm/look.sh"), Every: time.Minute, Limit: 45 * time.Second,
			Read: func(a actions.Answer) []actions.Reading { return swarmNodeRead(a, t, manager) },
		}
	}
	if len(t.Standby) == 0 {
		return []actions.Check{ask(t.Host)}
	}
	c := ask(t.Standby[0])
	for _, m := range t.Standby[1:] {
		c.Else = append(c.Else, ask(m))
	}
	return []actions.Check{c}
}

// swarmNodeRead reads what a manager says of the node. Of a swarm that decides
// nothing, as far as that manager hears, it knows only what once was.
func swarmNodeRead(a actions.Answer, t inventory.Target, manager inventory.Ref) []actions.Reading {
	w, why := swarmParse(a)
	if why != nil {
		why.Status, why.Line = actions.Unknown, manager.Name()+": "+why.Line
		return []actions.Reading{*why}
	}
	if all, heard := w.managers(); heard <= all/2 {
		return []actions.Reading{{
			Status: actions.Unknown, Line: fmt.Sprintf("%s hears %d of %d managers, and what it knows of the node may be old", manager.Name(), heard, all),
			Next: "docker node ls",
		}}
	}
	return []actions.Reading{w.judgeNode(t)}
}

// judgeNode judges the one node that a target is about. Drained, its place is
// taken by the first of its standbys, as far as that can be said.
func (w swarmSaid) judgeNode(t inventory.Target) actions.Reading {
	name := swarmNodeName(t)
	var found []swarmNode
	for _, n := range w.nodes {
		if n.Name == name || n.ID == name {
			found = append(found, n)
		}
	}
	if len(found) != 1 {
		return actions.Reading{Status: actions.Unknown, Line: "the swarm has " + count(len(found), "node") + " called " + actions.Line(name), Next: "docker node ls, and name its id in node"}
	}
	n := found[0]
	all := w.judgeNodes(t)
	r := all[slices.IndexFunc(all, func(r actions.Reading) bool { return r.Item == w.nodeName(n) })]
	running := 0
	for _, x := range w.tasks {
		if x.Node == n.ID && x.DesiredState == "running" && x.state == "running" {
			running++
		}
	}
	r.Item, r.Metrics = "", []actions.Metric{{Name: "tasks", Value: float64(running)}}
	r.Line += ", " + count(running, "task")
	switch {
	case n.Availability == "drain" && len(t.Standby) > 0:
		r.On = t.Standby[0]
		r.Next = "jurymast run rejoin " + strings.TrimPrefix(string(t.Ref), "service/")
	case n.Availability != "drain" && n.State == "ready":
		r.On = t.Host
	}
	return r
}

// swarmNodeMove drains a node by a manager, and opens it again.
func swarmNodeMove(_ *inventory.Fleet, t inventory.Target) (actions.Move, error) {
	wait, limit := waitOf(t.Options, "wait", 5*time.Minute)
	in := map[string]string{"NODE": swarmNodeName(t), "WAIT": limit, "LEAVE": strings.Join(t.Options.List("leave"), "\n")}
	script := func(name string) actions.Script {
		return compound(in, nil, commonFile, "swarm-node/lib.sh", "swarm-node/"+name+".sh")
	}
	// at returns a script that the node and its managers have each of their own.
	at := func(verb string) func(inventory.Ref) actions.Script {
		return func(h inventory.Ref) actions.Script {
			if h == t.Host {
				return script(verb + "-node")
			}
			return script(verb + "-manager")
		}
	}
	step := func(id, title, name string, h inventory.Ref) actions.Step {
		return actions.Step{ID: id, Title: title, Host: h, Do: script(name), Redo: true, Timeout: 2*wait + 5*time.Minute}
	}
	return actions.Move{
		Shape: shapeShared, Survey: at("survey"), Active: at("active"), Verify: at("verify"),
		Promote: func(h inventory.Ref) actions.Script {
			if h == t.Host {
				return script("verify-node")
			}
			return script("drain")
		},
		Hand: func(from, to inventory.Ref) []actions.Step {
			if to == t.Host {
				open := step("hand", "let "+to.Name()+" take tasks again", "open", from)
				undo := script("drain")
				open.Undo = &undo
				return []actions.Step{open}
			}
			drain := step("hand", "drain "+from.Name()+" and see its tasks end", "drain", to)
			undo := script("open")
			drain.Undo, drain.Ends = &undo, true
			return []actions.Step{step("ready", "see what runs on "+from.Name(), "ready", to), drain}
		},
		Rejoin: func(old, active inventory.Ref) []actions.Step {
			if old != t.Host {
				return []actions.Step{step("standby", "see that "+old.Name()+" is a manager that can be asked", "ready", old)}
			}
			return []actions.Step{step("standby", "let "+old.Name()+" take tasks again", "open", active)}
		},
		Floor: time.Second,
	}, nil
}
