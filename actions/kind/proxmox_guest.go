package kind

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

var proxmoxGuest = actions.Kind{
	Name: "proxmox-guest",
	Doc:  "A guest of Proxmox VE, seen from its node: state, lock, agent, snapshots, replication, copies.",
	About: `What the node knows of a virtual machine or container, whatever runs in it. Add it as a check to a vm of the
inventory that is looked at from inside as well; as the kind of a vm it is all that is looked at but SSH. The node in
"on" is asked, and the guest is the id of the vm; a service is on its node, and names its guest.

All guests of a node share one script for their state, and one for their copies, which are listed once an hour. A
virtual machine that is paused counts as running: Proxmox VE does not tell the cluster of it. A guest may be on another
node of the cluster than the one that is asked: its state is known there too, its agent and its replication are not.

A copy is a backup that a storage of Proxmox VE lists with its time: one of a Proxmox Backup Server, or an archive of
vzdump. Where the newest is too old and a storage does not answer, a newer one may lie there: that is unknown. Whether
a copy can be restored is not known by its being listed; what a Proxmox Backup Server verified and found broken is fail.

Copies are made and brought back by a repository of kind proxmox-storage, which takes the vm as it takes the service.

A virtual machine without an agent is copied as if its power were cut; that is said and is no fault.

As a service with standbys, which are nodes of the same cluster, a guest is moved. As planned, the cluster hands it over
by itself: a virtual machine as it runs (qm migrate --online), a container by a restart (pct migrate --restart). A device
or a CD of its node keeps it there, and the plan says so; live = false has it shut down, handed over and started
instead, each of which is looked at. How long it stood still is told by the tool and kept with the run. A migration that
does not come to its end leaves the guest where it was. Of a node that is dead its file is taken, once the cluster has quorum without it and a fence has proved it off. Its disks must be on shared storage, or
replicated to the standby (ZFS): then the plan says how old the replica is. What HA manages is refused, since HA would
move it by itself, and so is a guest that uses a folder or device of its node. The replication of a guest that was
moved turns round by itself.`,
	Levels: []inventory.Level{inventory.LevelVM, inventory.LevelService, inventory.LevelCheck},
	Options: []inventory.Option{
		{Name: "guest", Type: inventory.TypeInt, Doc: "the guest's id; that of the vm in the inventory where not said"},
		{Name: "container", Type: inventory.TypeBool, Default: "false", Doc: "it is a container and no virtual machine: it has no agent"},
		{Name: "expect", Type: inventory.TypeEnum, Values: []string{"running", "stopped", "any"}, Default: "running", Doc: "how it is meant to be"},
		{Name: "storages", Type: inventory.TypeList, Doc: "storages whose copies count; all where not said"},
		{Name: "disks", Type: inventory.TypeEnum, Values: []string{"shared", "replicated"}, Default: "shared", Doc: "how its standbys have its disks"},
		{Name: "live", Type: inventory.TypeBool, Default: "true", Doc: "as planned it is handed over by the cluster, a virtual machine as it runs; false: shut down, moved and started"},
		{Name: "wait", Type: inventory.TypeDuration, Default: "3m", Doc: "how long it may take to shut down, and its agent to answer"},
	},
	Limits: []inventory.Limit{
		{Name: "locked", Unit: "h", Warn: 6, Fail: 48, Doc: "how long it has been locked, as looks have seen it"},
		{Name: "snapshot", Unit: "days", Warn: 14, Fail: 90, Doc: "age of its oldest snapshot"},
		{Name: "copy", Unit: "h", Warn: 30, Fail: 78, Doc: "age of its newest copy"},
		{Name: "overdue", Unit: "min", Warn: 15, Fail: 60, Doc: "how long its replication is late"},
		{Name: "failures", Warn: 0, Fail: 2, Doc: "failures in a row of its replication"},
	},
	Sudoers: append(slices.Clone(proxmoxSudoers),
		"/usr/sbin/pvesm status --content backup",
		"/usr/bin/pvesh get /nodes/localhost/storage/[A-Za-z]*/content --content backup --output-format json",
		"/usr/sbin/qm guest cmd [1-9][0-9][0-9] ping",
		"/usr/sbin/qm guest cmd [1-9][0-9][0-9][0-9] ping",
		"/usr/sbin/qm guest cmd [1-9][0-9][0-9][0-9][0-9] ping",
		"/usr/sbin/qm guest cmd [1-9][0-9][0-9][0-9][0-9][0-9] ping",
	),
	Checks: proxmoxGuestChecks,
	Move:   proxmoxGuestMove,
	Proved: map[string]actions.Ground{"look": actions.Documented, "failover": actions.Documented},
}

// proxmoxGuestOf returns the id of the guest that a target is about, and the
// node that is asked about it. It is an error when one of them is not said.
func proxmoxGuestOf(f *inventory.Fleet, t inventory.Target) (id string, node inventory.Ref, err error) {
	node = t.Host
	if h, ok := f.Target(t.Host); ok && h.Ref.Level() == inventory.LevelVM {
		id, node = h.ID, h.On
	}
	if n := t.Options.Int("guest"); n > 0 {
		id = strconv.FormatInt(n, 10)
	}
	if n, bad := strconv.ParseUint(id, 10, 32); bad != nil || n < 100 {
		return "", node, fmt.Errorf("which guest %s is, is not said: set id, or guest, to a number of at least 100", t.Ref)
	}
	return id, node, nil
}

func proxmoxGuestChecks(f *inventory.Fleet, t inventory.Target) []actions.Check {
	id, node, problem := proxmoxGuestOf(f, t)
	asked := t
	asked.Host = node
	root := sudo(f, asked)
	whole := func(a actions.Answer) (proxmoxSaid, []actions.Reading) {
		if problem != nil {
			return proxmoxSaid{}, actions.UnknownReading("%v", problem)
		}
		return proxmoxParse(a)
	}
	of := func(file, name, title string, every time.Duration, in map[string]string, read func(proxmoxSaid) []actions.Reading) actions.Check {
		in["SUDO"] = root
		c := proxmoxCheck(in, file, name, title, every, func(s proxmoxSaid, _ actions.Answer) []actions.Reading {
			if problem != nil {
				return actions.UnknownReading("%v", problem)
			}
			return read(s)
		})
		c.Host = node
		return c
	}
	b := func(name string) inventory.Bound { return boundOf(t, name) }
	state := of("proxmox/look.sh", "guest", "guest "+id, proxmoxOften, map[string]string{}, nil)
	out := onEach(f, t, state, func(h inventory.Ref, alone bool, a actions.Answer) []actions.Reading {
		s, why := whole(a)
		if why != nil {
			return why
		}
		if t.Ref.Level() != inventory.LevelService {
			h = ""
		}
		return s.guest(id, t.Options.String("expect"), h, alone, b("locked"), a)
	})
	out = append(out,
		of("proxmox/look.sh", "snapshots", "snapshots", proxmoxOften, map[string]string{}, func(s proxmoxSaid) []actions.Reading { return s.snapshots(id, b("snapshot")) }),
		of("proxmox/care.sh", "replication", "replication", proxmoxSeldom, map[string]string{}, func(s proxmoxSaid) []actions.Reading {
			return s.replicated(id, b("overdue"), b("failures"))
		}),
		of("proxmox-guest/copies.sh", "copies", "newest copy", time.Hour, map[string]string{}, func(s proxmoxSaid) []actions.Reading {
			return s.copies(id, t.Options.List("storages"), b("copy"))
		}),
	)
	if !t.Options.Bool("container") {
		agent := of("proxmox-guest/agent.sh", "agent", "agent in the guest", proxmoxSeldom, map[string]string{"GUEST": id}, func(s proxmoxSaid) []actions.Reading { return s.agent() })
		agent.Needs, agent.Confirm = []string{"guest"}, 2
		out = append(out, agent)
	}
	return out
}

// find returns a guest of the cluster and the name of the node that was asked.
func (s proxmoxSaid) find(id string) (g proxmoxResource, local string, why []actions.Reading) {
	_, local, why = s.members()
	if why != nil {
		return g, "", why
	}
	guests, why := s.guests()
	if why != nil {
		return g, "", why
	}
	i := slices.IndexFunc(guests, func(x proxmoxResource) bool { return x.id() == id })
	if i < 0 {
		return g, "", []actions.Reading{{Status: actions.Fail, Line: "the cluster has no guest " + id, Next: "see which id it has: pvesh get /cluster/resources --type vm"}}
	}
	return guests[i], local, nil
}

// guest judges the state of a guest. Where the target is a service, h is the
// host that was asked, which runs it if the guest is there.
func (s proxmoxSaid) guest(id, expect string, h inventory.Ref, alone bool, locked inventory.Bound, a actions.Answer) []actions.Reading {
	g, local, why := s.find(id)
	if why != nil {
		return why
	}
	here := g.Node == local
	r := actions.Reading{Next: g.tool() + " status " + id + " --verbose"}
	switch {
	case slices.Contains([]string{"error", "fence", "recovery"}, g.HAState):
		r.Status, r.Line, r.Next = actions.Fail, "in HA's state "+g.HAState+" on "+g.Node, "ha-manager status"
	case g.Status == "running":
		r.Line, r.Next = "runs on "+g.Node, ""
		if g.Uptime > 0 && g.Uptime < 1e9 {
			r.Line += " for " + span(time.Duration(g.Uptime)*time.Second)
		}
		if here {
			r.On = h
		}
		if expect == "stopped" {
			r.Status, r.Line, r.Next = actions.Warn, r.Line+", and is meant to be stopped", g.tool()+" shutdown "+id
		}
	case g.Status == "stopped":
		r.Line, r.Next = "stopped on "+g.Node, ""
		if g.Lock == "suspended" {
			r.Line = "suspended to disk on " + g.Node
		}
		// A host that the guest is not on has nothing to do with that.
		if expect == "running" && (alone || here) {
			r.Status, r.Next = actions.Fail, g.tool()+" start "+id
		}
	case g.Status == "", g.Status == "unknown":
		r.Status, r.Line, r.Next = actions.Unknown, "on "+g.Node+", which says nothing of it", "see whether "+g.Node+" is up: pvecm status"
	default:
		r.Status, r.Line = actions.Unknown, "in state "+g.Status+", which is not known here"
	}
	if g.MaxMem > 0 && g.Mem >= 0 {
		r.Metrics = append(r.Metrics, actions.Metric{Name: "memory", Value: float64(g.Mem / g.MaxMem * 100), Unit: "%"})
	}
	proxmoxLock(&r, g, locked, a)
	r.Line = actions.Line(r.Line)
	return []actions.Reading{r}
}

// proxmoxLock tells how long looks have seen a guest locked. A backup locks it
// for as long as it takes; one that was cut off leaves the lock behind.
func proxmoxLock(r *actions.Reading, g proxmoxResource, b inventory.Bound, a actions.Answer) {
	held := actions.Metric{Name: "locked"}
	if g.Lock == "" || g.Lock == "suspended" {
		r.Metrics = append(r.Metrics, held)
		return
	}
	held.Value = 1
	since := a.Now
	points := a.Series(r.Item, "locked")
	for i := len(points) - 1; i >= 0 && points[i].Value != 0; i-- {
		since = points[i].At
	}
	hours := max(0, a.Now.Sub(since).Hours())
	s := judge(b, hours)
	r.Line += ", locked (" + g.Lock + ")"
	if hours > 0 {
		r.Line += " for " + span(a.Now.Sub(since)) + limitWords(b, s, "h")
	}
	if s != actions.OK {
		r.Status = actions.Worst(r.Status, s)
		r.Next = "see that no task of it runs, then " + g.tool() + " unlock " + g.id()
	}
	r.Metrics = append(r.Metrics, held)
}

func (s proxmoxSaid) snapshots(id string, b inventory.Bound) []actions.Reading {
	if _, _, why := s.find(id); why != nil {
		return why
	}
	settings, why := s.settings()
	if why != nil {
		return why
	}
	g := settings[id]
	if g == nil || len(g.snapshots) == 0 {
		return []actions.Reading{{Status: actions.OK, Line: "no snapshots"}}
	}
	oldest := g.snapshots[0]
	for _, x := range g.snapshots {
		if x.at.IsZero() {
			return actions.UnknownReading("snapshot %s does not say when it was made", actions.Line(x.name))
		}
		if x.at.Before(oldest.at) {
			oldest = x
		}
	}
	age := max(0, s.now.Sub(oldest.at))
	r := bounded("", fmt.Sprintf("%d snapshots, the oldest %s old (%s)", len(g.snapshots), span(age), actions.Line(oldest.name)), "oldest", "days", age.Hours()/24, b)
	r.Metrics = append(r.Metrics, actions.Metric{Name: "snapshots", Value: float64(len(g.snapshots))})
	if r.Status != actions.OK {
		r.Next = "remove those that nobody needs: they grow, and hold a backup of its disk up"
	}
	return []actions.Reading{r}
}

// replicated judges the replication of one guest.
func (s proxmoxSaid) replicated(id string, overdue, failures inventory.Bound) []actions.Reading {
	var jobs []proxmoxJob
	if why := s.list("replication", "its replication", &jobs); why != nil {
		return why
	}
	var out []actions.Reading
	for _, j := range jobs {
		if j.Guest <= 0 {
			return actions.UnknownReading("a replication is told of, and not of which guest: %s", actions.Line(j.ID))
		}
		if strconv.FormatInt(int64(j.Guest), 10) == id {
			out = append(out, s.job(j, overdue, failures))
		}
	}
	here, ok := s.parts["here"]
	switch {
	case len(out) > 0:
		return out
	case !ok || here.code != 0:
		return actions.UnknownReading("it does not say which guests are on it: %s", orNothing(lastLine(here.text), here.code))
	case !slices.Contains(strings.Fields(here.text), id+".conf"):
		return []actions.Reading{{Status: actions.Unknown, Line: "the guest is on another node, which alone knows its replication", Next: "name that node in on"}}
	}
	return []actions.Reading{{Status: actions.OK, Line: "not replicated"}}
}

// agent judges what an agent said to a ping (QemuServer/Agent.pm, qemu-server
// 9.2).
func (s proxmoxSaid) agent() []actions.Reading {
	p, ok := s.parts["agent"]
	switch {
	case !ok:
		return actions.UnknownReading("the agent was not asked")
	case p.code == 0:
		return []actions.Reading{{Status: actions.OK, Line: "the agent answers"}}
	case strings.Contains(p.text, "No QEMU guest agent configured"):
		return []actions.Reading{{Status: actions.OK, Line: "no agent: its copies are as if its power had been cut"}}
	case strings.Contains(p.text, "guest agent is not running"), p.code == 124:
		return []actions.Reading{{Status: actions.Warn, Line: "it is to have an agent, and none answers: its copies are as if its power had been cut", Next: "in the guest: systemctl status qemu-guest-agent"}}
	case strings.Contains(p.text, "does not exist"):
		return []actions.Reading{{Status: actions.Unknown, Line: "no virtual machine of this id is on the node that was asked", Next: "name its node in on, or set container = true"}}
	}
	return actions.UnknownReading("the agent cannot be asked: %s", orNothing(lastLine(p.text), p.code))
}
