package kind

import (
	"fmt"
	"math"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

var swarm = actions.Kind{
	Name: "swarm",
	Doc:  "A Docker swarm, asked of a manager: nodes, quorum, services, tasks that fail, and who shares a network with whom.",
	About: `Its host is a manager: a worker knows nothing of the swarm. One look asks for all of it.

Replicas are counted here, from tasks that are meant to run, do run, and whose node is ready: "docker service ls" goes
on counting those of a node that is gone. A node that is down is fail. So is a swarm that has lost its quorum, whose
containers go on running, and one that loses it with the next manager is warn. A node that is cut off keeps running
its containers: nothing fences it. Before the replacement of a service that writes is trusted, make sure of the old.

A task that fails is started again, and the service may look whole each time that somebody looks: what failed in the
last hour is counted for each service, with the newest error. The swarm keeps five tasks of a replica unless it was
told otherwise, and older ones are forgotten.

The audit says which services share an overlay network and should not. meet names who may, as "proxy: shop_* wiki":
proxy may meet each of the others. With it, everybody else is kept apart. apart names who must not, whatever meet says.
Names are those of "docker service ls", with the name of the stack ahead; * stands for any part of one. Services with
published ports meet on the network ingress, unless they are published in mode host. Containers that were joined to a
network by hand count by their own names, on this manager alone: other nodes do not tell. So a network to which
containers may be joined (attachable) is warn once there is a rule, unless attachable names it.

Nothing is drained by this kind: that is what kind swarm-node is for. Volumes are copied and brought back as the share
that they lie on, by kind swarm-service of those that use it. The login must be in group docker, which is as good
as root on that machine, or may use sudo: the rules of --sudoers allow no more than this look (sudo 1.9.10 or newer). Seen with docker 20.10.`,
	Levels: []inventory.Level{inventory.LevelService, inventory.LevelCheck},
	Options: []inventory.Option{
		{Name: "meet", Type: inventory.TypeList, Doc: `who may share an overlay network, as "proxy: shop_* wiki"; then nobody else may`},
		{Name: "apart", Type: inventory.TypeList, Doc: `who must not share one, as "proxy: *_db", whatever meet says`},
		{Name: "encrypted", Type: inventory.TypeList, Doc: "overlay networks that must be encrypted, by name"},
		{Name: "attachable", Type: inventory.TypeList, Doc: "overlay networks to which containers may be joined by hand"},
		{Name: "drained", Type: inventory.TypeList, Doc: "nodes that are meant to be drained, by host name"},
		{Name: "ignore", Type: inventory.TypeList, Doc: "services that are not looked at; the audit sees them all the same"},
	},
	Limits: []inventory.Limit{
		{Name: "failed", Warn: 0, Fail: 2, Doc: "tasks of a service that failed in the last hour"},
		{Name: "replicas", Unit: "%", Warn: 100, Fail: 50, Low: true, Doc: "share of a service's replicas that run, two looks in a row"},
		{Name: "spare", Warn: 1, Fail: math.NaN(), Low: true, Doc: "managers that may be lost before the quorum is; not of a swarm with fewer than three"},
	},
	Sudoers: dockerRules("swarm/look.sh",
		"info --format %s",
		"node ls -q", "node inspect --format %s IDS",
		"network ls -q --no-trunc", "network inspect --format %s IDS",
		"service ls -q", "service inspect --format %s IDS", "service ps --no-trunc --no-resolve --format %s IDS",
		"ps --no-trunc --format %s"),
	Checks: swarmChecks,
	Proved: map[string]actions.Ground{"look": actions.Real},
}

func swarmChecks(f *inventory.Fleet, t inventory.Target) []actions.Check {
	s := dockerLook(f, t, "swarm/look.sh")
	of := func(id, title string, read func(swarmSaid, actions.Answer) []actions.Reading) actions.Check {
		c := actions.Check{ID: id, Title: title, Script: s, Every: time.Minute, Limit: 45 * time.Second, Read: func(a actions.Answer) []actions.Reading {
			w, why := swarmParse(a)
			if why != nil {
				return []actions.Reading{*why}
			}
			return read(w, a)
		}}
		if id != "swarm" {
			c.Needs = []string{"swarm"}
		}
		return c
	}
	services := of("services", "replicas", func(w swarmSaid, _ actions.Answer) []actions.Reading { return w.judgeServices(t) })
	services.Confirm = 2
	return []actions.Check{
		of("swarm", "managers and quorum", func(w swarmSaid, _ actions.Answer) []actions.Reading { return []actions.Reading{w.judgeQuorum(t)} }),
		of("nodes", "nodes", func(w swarmSaid, _ actions.Answer) []actions.Reading { return w.judgeNodes(t) }),
		services,
		of("tasks", "tasks that fail", func(w swarmSaid, _ actions.Answer) []actions.Reading { return w.judgeTasks(t) }),
		of("audit", "who shares a network", func(w swarmSaid, _ actions.Answer) []actions.Reading { return w.audit(t) }),
	}
}

// managers counts the managers that are listed, and those that are heard.
func (w swarmSaid) managers() (all, heard int) {
	for _, n := range w.nodes {
		if n.Manager == nil {
			continue
		}
		all++
		if n.Manager.Reachability == "reachable" {
			heard++
		}
	}
	return all, heard
}

// judgeQuorum says whether the managers can still decide, and how many of them
// may be lost before they cannot (Raft: more than half of them must be heard).
func (w swarmSaid) judgeQuorum(t inventory.Target) actions.Reading {
	all, heard := w.managers()
	if all == 0 {
		return actions.Reading{Status: actions.Unknown, Line: "no manager is listed among " + count(len(w.nodes), "node")}
	}
	spare := heard - (all/2 + 1)
	b := boundOf(t, "spare")
	r := actions.Reading{Metrics: []actions.Metric{
		measured("spare", "", float64(spare), b), {Name: "nodes", Value: float64(len(w.nodes))}, {Name: "managers", Value: float64(heard)},
	}}
	switch {
	case spare < 0:
		r.Status = actions.Fail
		r.Line = fmt.Sprintf("%d of %d managers are heard, and %d are needed: the swarm decides nothing", heard, all, all/2+1)
		r.Next = "bring a manager back; only if that cannot be: docker swarm init --force-new-cluster on one that is left"
	case all < 3:
		r.Line = fmt.Sprintf("docker %s, %s, %s: the next one that is lost takes the quorum along", w.version, count(len(w.nodes), "node"), count(all, "manager"))
		if heard < all {
			r.Status, r.Next = actions.Warn, "docker node ls"
		}
	default:
		r.Status = judge(b, float64(spare))
		r.Line = fmt.Sprintf("docker %s, %s, %d of %d managers are heard: %d may be lost%s", w.version, count(len(w.nodes), "node"), heard, all, spare, limitWords(b, r.Status, ""))
		if r.Status != actions.OK {
			r.Next = "docker node ls"
		}
	}
	return r
}

// count writes a number of things, "1 node", "3 nodes".
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
