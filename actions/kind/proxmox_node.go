package kind

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

var proxmox = actions.Kind{
	Name: "proxmox",
	Doc:  "A node of Proxmox VE: cluster, quorum, guests, storages, replication, failed backups and tasks.",
	About: `As the kind of a node it looks at everything that kind linux looks at, and at Proxmox VE; as a check that is added
to a node, at Proxmox VE alone. It asks pvesh about the node itself and the cluster, and never another node, which
would hang when that node is dead. pvesh takes half a second to start: state is looked at every two minutes, storages,
replication and tasks every ten.

Without quorum nothing can be started, moved or copied: that is fail. A guest that is to start with its node and does
not run is fail, and so is one in HA's states error, fence and recovery; that other guests are stopped is no fault. A
guest whose node does not answer is unknown. A storage that is enabled and not active is fail.

A backup is judged by what its task's log came to and not by an exit code: "job errors" is fail although other guests
were copied, and warnings are warn. Of each guest the newest backup counts. Jobs of several guests cannot be told apart: one
that failed is told of for the time of tasks, and longer while no newer one is well. Other tasks that failed are warn
for that time; consoles that were closed are left out, and so is a refresh of package lists, which fails where nobody
pays for a subscription. That there is none is never a fault.

Only root may use pvesh. Proxmox VE has no sudo by default: log in as root, or install it and allow what --sudoers
prints. "Which guests are in no backup job" needs Proxmox VE 7.`,
	Levels: []inventory.Level{inventory.LevelNode, inventory.LevelCheck},
	Options: []inventory.Option{
		{Name: "ignore", Type: inventory.TypeList, Doc: "guests that are not looked at, by their ids, and storages by their names"},
		{Name: "tasks", Type: inventory.TypeDuration, Default: "1d", Doc: "how long a failed task is told of"},
	},
	Limits: slices.Concat(linux.Limits, []inventory.Limit{
		{Name: "storage", Unit: "%", Warn: 80, Fail: 90, Doc: "use of each storage; a thin pool that is full damages its guests"},
		{Name: "overdue", Unit: "min", Warn: 15, Fail: 60, Doc: "how long a replication is late"},
		{Name: "failures", Warn: 0, Fail: 2, Doc: "failures in a row of a replication"},
		{Name: "uncovered", Warn: math.NaN(), Fail: math.NaN(), Doc: "guests that are in no backup job"},
	}),
	Sudoers: slices.Concat(linux.Sudoers, proxmoxSudoers, proxmoxDiscovers),
	Checks: func(f *inventory.Fleet, t inventory.Target) []actions.Check {
		own := proxmoxChecks(f, t)
		if t.Ref.Level() == inventory.LevelNode && ofItsKind(f, t) {
			return append(linuxChecks(f, t), own...)
		}
		return own
	},
	Proved: map[string]actions.Ground{"look": actions.Documented},
}

// proxmoxDiscovers is what "inventory import proxmox" needs root for besides.
var proxmoxDiscovers = []string{
	"/usr/bin/grep -rs -e ]$ -e ^net -e ^ipconfig -e ^ostype /etc/pve/nodes",
	"/usr/sbin/qm list",
	"/usr/sbin/pct list",
	"/usr/sbin/qm guest cmd [1-9][0-9][0-9] network-get-interfaces",
	"/usr/sbin/qm guest cmd [1-9][0-9][0-9][0-9] network-get-interfaces",
	"/usr/sbin/qm guest cmd [1-9][0-9][0-9][0-9][0-9] network-get-interfaces",
	"/usr/sbin/qm guest cmd [1-9][0-9][0-9][0-9][0-9][0-9] network-get-interfaces",
	"/usr/bin/lxc-info -n [1-9][0-9][0-9] -iH",
	"/usr/bin/lxc-info -n [1-9][0-9][0-9][0-9] -iH",
	"/usr/bin/lxc-info -n [1-9][0-9][0-9][0-9][0-9] -iH",
	"/usr/bin/lxc-info -n [1-9][0-9][0-9][0-9][0-9][0-9] -iH",
}

// proxmoxSudoers is what looks at a node and its guests need root for.
var proxmoxSudoers = []string{
	"/usr/bin/pvesh get /cluster/status --output-format json",
	"/usr/bin/pvesh get /cluster/resources --output-format json",
	"/usr/bin/pvesh get /cluster/backup-info/not-backed-up --output-format json",
	"/usr/bin/pvesh get /nodes/localhost/storage --output-format json",
	"/usr/bin/pvesh get /nodes/localhost/replication --output-format json",
	"/usr/bin/pvesh get /nodes/localhost/tasks --typefilter vzdump --limit 50 --output-format json",
	"/usr/bin/pvesh get /nodes/localhost/tasks --errors 1 --limit 50 --output-format json",
	"/usr/bin/ls /etc/pve/qemu-server /etc/pve/lxc",
	"/usr/bin/grep -rs -e ]$ -e ^onboot -e ^snaptime /etc/pve/nodes",
}

const (
	proxmoxOften  = 2 * time.Minute
	proxmoxSeldom = 10 * time.Minute
)

func proxmoxChecks(f *inventory.Fleet, t inventory.Target) []actions.Check {
	in, ignore, window := map[string]string{"SUDO": sudo(f, t)}, t.Options.List("ignore"), t.Options.Duration("tasks")
	of := func(script, id, title string, every time.Duration, read func(proxmoxSaid) []actions.Reading) actions.Check {
		return proxmoxCheck(in, "proxmox/"+script+".sh", id, title, every, func(s proxmoxSaid, _ actions.Answer) []actions.Reading { return read(s) })
	}
	return []actions.Check{
		of("look", "cluster", "cluster and quorum", proxmoxOften, func(s proxmoxSaid) []actions.Reading { return s.cluster() }),
		of("look", "guests", "guests of this node", proxmoxOften, func(s proxmoxSaid) []actions.Reading { return s.hosted(ignore) }),
		of("care", "storage", "storages", proxmoxSeldom, func(s proxmoxSaid) []actions.Reading { return s.storages(boundOf(t, "storage"), ignore) }),
		of("care", "replication", "replication", proxmoxSeldom, func(s proxmoxSaid) []actions.Reading {
			return s.replication(boundOf(t, "overdue"), boundOf(t, "failures"))
		}),
		of("care", "backups", "backup tasks", proxmoxSeldom, func(s proxmoxSaid) []actions.Reading { return s.dumps(window) }),
		of("care", "tasks", "failed tasks", proxmoxSeldom, func(s proxmoxSaid) []actions.Reading { return s.failed(window) }),
		of("care", "uncovered", "guests in no backup job", proxmoxSeldom, func(s proxmoxSaid) []actions.Reading {
			return s.uncovered(boundOf(t, "uncovered"), ignore)
		}),
	}
}

// cluster judges the quorum, and each node that is not online.
func (s proxmoxSaid) cluster() []actions.Reading {
	ms, _, why := s.members()
	if why != nil {
		return why
	}
	version := "Proxmox VE " + orDefault(s.parts["version"].text, "of an unknown version")
	var name string
	var quorate *proxmoxNumber
	var lost []string
	inCluster, nodes, online := false, 0, 0
	for _, m := range ms {
		switch {
		case m.Type == "cluster":
			inCluster, name, quorate = true, m.Name, m.Quorate
		case m.Type == "node":
			nodes++
			if m.Online != nil && *m.Online != 0 {
				online++
			} else {
				lost = append(lost, m.Name)
			}
		}
	}
	if !inCluster && nodes == 1 {
		return []actions.Reading{{Status: actions.OK, Line: version + ", in no cluster"}}
	}
	count := fmt.Sprintf("%d of %d nodes online", online, nodes)
	out := []actions.Reading{{Metrics: []actions.Metric{{Name: "online", Value: float64(online)}}}}
	switch r := &out[0]; {
	case quorate == nil:
		r.Status, r.Line = actions.Unknown, "it does not say whether there is quorum: "+count
	case *quorate == 0:
		r.Status, r.Line = actions.Fail, "no quorum: nothing can be started, moved or copied; "+count
		r.Next = "bring nodes back; pvecm status"
	default:
		r.Line = fmt.Sprintf("%s, cluster %s has quorum, %s", version, name, count)
	}
	for _, n := range lost {
		out = append(out, actions.Reading{Item: n, Status: actions.Fail, Line: "the cluster does not see this node", Next: "look at the node; pvecm status"})
	}
	return out
}

// hosted judges the guests of the node that was asked.
func (s proxmoxSaid) hosted(ignore []string) []actions.Reading {
	_, local, why := s.members()
	if why != nil {
		return why
	}
	guests, why := s.guests()
	if why != nil {
		return why
	}
	settings, why := s.settings()
	if why != nil {
		return why
	}
	var out []actions.Reading
	for _, g := range guests {
		if g.Node == local && !slices.Contains(ignore, g.id()) {
			out = append(out, proxmoxHosted(g, settings[g.id()]))
		}
	}
	if len(out) == 0 {
		return []actions.Reading{{Status: actions.OK, Line: "no guests on this node"}}
	}
	return out
}

// proxmoxHosted judges a guest as its node sees it; x is nil where it has no
// settings, which is so for one that was just removed.
func proxmoxHosted(g proxmoxResource, x *proxmoxSettings) actions.Reading {
	r := actions.Reading{Item: g.id(), Next: g.tool() + " status " + g.id() + " --verbose"}
	meant := x != nil && x.onboot || g.HAState == "started"
	switch state := g.Status; {
	case slices.Contains([]string{"error", "fence", "recovery"}, g.HAState):
		r.Status, r.Line, r.Next = actions.Fail, "is in HA's state "+g.HAState+"; its node says "+orDefault(state, "nothing"), "ha-manager status"
	case state == "running":
		r.Line, r.Next = "runs", ""
		if g.Uptime > 0 && g.Uptime < 1e9 {
			r.Line += " for " + span(time.Duration(g.Uptime)*time.Second)
		}
	case state == "stopped" && g.Lock == "suspended":
		r.Line, r.Next = "is suspended to disk", ""
	case state == "stopped" && meant:
		r.Status, r.Line, r.Next = actions.Fail, "is stopped, although it is to start with its node", g.tool()+" start "+g.id()
	case state == "stopped":
		r.Line, r.Next = "is stopped, and not meant to start with its node", ""
	case state == "", state == "unknown":
		r.Status, r.Line = actions.Unknown, "is not told of by its node"
	default:
		r.Status, r.Line = actions.Unknown, "is in state "+state+", which is not known here"
	}
	if g.Lock != "" {
		r.Line += ", locked: " + g.Lock
	}
	if g.Name != "" {
		r.Line = g.Name + " " + r.Line
	}
	r.Line = actions.Line(r.Line)
	return r
}

// proxmoxStorage is an entry of /nodes/NODE/storage.
type proxmoxStorage struct {
	Storage, Type, Content string
	Enabled, Active        *proxmoxNumber
	Total, Used            proxmoxNumber
}

func (s proxmoxSaid) storages(b inventory.Bound, ignore []string) []actions.Reading {
	var all []proxmoxStorage
	if why := s.list("storage", "its storages", &all); why != nil {
		return why
	}
	var out []actions.Reading
	for _, x := range all {
		name := actions.Line(x.Storage)
		if name == "" || slices.Contains(ignore, name) || x.Enabled != nil && *x.Enabled == 0 {
			continue
		}
		switch {
		case x.Active == nil:
			out = append(out, actions.Reading{Item: name, Status: actions.Unknown, Line: "it does not say whether the storage is there"})
		case *x.Active == 0:
			out = append(out, actions.Reading{Item: name, Status: actions.Fail, Line: actions.Line("not active (" + x.Type + ")"), Next: "pvesm status; journalctl -u pvestatd -e"})
		case x.Total <= 0:
			out = append(out, actions.Reading{Item: name, Line: actions.Line("active (" + x.Type + "); how full it is, is not said")})
		default:
			used := float64(x.Used) / float64(x.Total) * 100
			r := bounded(name, actions.Line(fmt.Sprintf("%.0f %% used of %.1f GiB (%s)", used, float64(x.Total)/(1<<30), x.Type)), "used", "%", used, b)
			if r.Status != actions.OK {
				r.Next = "remove old copies or snapshots, or make it larger: pvesm list " + name
			}
			out = append(out, r)
		}
	}
	if len(out) == 0 {
		return actions.UnknownReading("it shows no storage that is enabled")
	}
	return out
}

// proxmoxJob is an entry of /nodes/NODE/replication: a job whose guest is on
// that node.
type proxmoxJob struct {
	ID, Target, Error string
	Guest             proxmoxNumber
	LastSync          *proxmoxNumber `json:"last_sync"`
	NextSync          proxmoxNumber  `json:"next_sync"`
	FailCount         proxmoxNumber  `json:"fail_count"`
	Disable, PID      proxmoxNumber
}

func (s proxmoxSaid) replication(overdue, failures inventory.Bound) []actions.Reading {
	var jobs []proxmoxJob
	if why := s.list("replication", "its replication", &jobs); why != nil {
		return why
	}
	if len(jobs) == 0 {
		return []actions.Reading{{Status: actions.OK, Line: "no guest of this node is replicated"}}
	}
	var out []actions.Reading
	for _, j := range jobs {
		out = append(out, s.job(j, overdue, failures))
	}
	return out
}

// job judges one replication. Proxmox VE tries one that failed again after 5,
// 10 and 15 minutes, and then every half hour.
func (s proxmoxSaid) job(j proxmoxJob, overdue, failures inventory.Bound) actions.Reading {
	r := actions.Reading{Item: actions.Line(j.ID)}
	synced := j.LastSync != nil && *j.LastSync > 0
	switch {
	case j.ID == "":
		return actions.Reading{Status: actions.Unknown, Line: "a replication without a name is told of"}
	case j.Disable != 0:
		r.Line = actions.Line("to " + j.Target + ", switched off")
		return r
	case synced:
		age := s.since(*j.LastSync)
		r.Line = actions.Line(fmt.Sprintf("to %s, %s old", j.Target, span(age)))
		r.Metrics = []actions.Metric{{Name: "age", Value: age.Seconds(), Unit: "s"}}
	default:
		r.Status, r.Line = actions.Warn, actions.Line("to "+j.Target+", nothing has been replicated yet")
	}
	fails := float64(j.FailCount)
	failed := judge(failures, fails)
	r.Metrics = append(r.Metrics, measured("failures", "", fails, failures))
	if failed != actions.OK {
		r.Status = actions.Worst(r.Status, failed)
		r.Line = actions.Line(fmt.Sprintf("%s; failed %.0f times in a row%s: %s", r.Line, fails, limitWords(failures, failed, ""), orDefault(j.Error, "it does not say why")))
	}
	switch late := s.now.Sub(time.Unix(int64(j.NextSync), 0)).Minutes(); {
	case !synced: // one that has never run is not late
	case j.NextSync > 0:
		l, running := judge(overdue, late), ""
		words := limitWords(overdue, l, "min")
		r.Metrics = append(r.Metrics, measured("overdue", "min", max(late, 0), overdue))
		if j.PID != 0 { // it may take its time, and does not hang unseen
			running = " it still runs,"
			if l == actions.Fail {
				l = actions.Warn
			} else {
				l = actions.OK
			}
		}
		if l != actions.OK {
			r.Status = actions.Worst(r.Status, l)
			r.Line += fmt.Sprintf(";%s late by %.0f min%s", running, late, words)
		}
	case j.PID == 0 && fails == 0:
		r.Status, r.Line = actions.Worst(r.Status, actions.Unknown), r.Line+"; when it is due again is not told"
	}
	if r.Status != actions.OK {
		r.Next = "pvesr status; the log of job " + r.Item
	}
	return r
}

// uncovered tells how many guests are in no backup job.
func (s proxmoxSaid) uncovered(b inventory.Bound, ignore []string) []actions.Reading {
	var all []proxmoxResource
	if p := s.parts["uncovered"]; p.code != 0 && strings.Contains(p.text, "handler") {
		return []actions.Reading{{Status: actions.Unknown, Line: "this version does not say which guests are in no backup job", Next: "update to Proxmox VE 7 or later"}}
	}
	if why := s.list("uncovered", "the guests in no backup job", &all); why != nil {
		return why
	}
	var names []string
	for _, g := range all {
		if g.VMID <= 0 {
			return []actions.Reading{{Status: actions.Unknown, Line: "Proxmox VE names a guest in no backup job, and not its id", Next: "pvesh get /cluster/backup-info/not-backed-up, and compare with its backup jobs"}}
		}
		if !slices.Contains(ignore, g.id()) {
			names = append(names, strings.TrimSpace(strconv.FormatInt(int64(g.VMID), 10)+" "+g.Name))
		}
	}
	line := "every guest is in a backup job"
	if len(names) > 0 {
		line = actions.Line("in no backup job: " + strings.Join(names, ", "))
	}
	r := bounded("", line, "uncovered", "", float64(len(names)), b)
	if r.Status != actions.OK {
		r.Next = "add them to a backup job, or set ignore"
	}
	return []actions.Reading{r}
}
