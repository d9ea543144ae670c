package kind

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"jurymast/actions"
)

// swarmSaid is a whole answer of swarm/look.sh.
type swarmSaid struct {
	version    string
	nodes      []swarmNode
	networks   []swarmNetwork // all that the manager knows, its own too
	services   []swarmService
	tasks      []swarmTask
	containers []swarmContainer // of the manager that was asked
}

type swarmNode struct {
	ID, Name, State, Message, Availability, Role string
	Manager                                      *struct {
		Leader       bool
		Reachability string
	}
}

type swarmNetwork struct {
	ID, Name   string
	Driver     string
	Attachable bool
	Ingress    bool
	Options    map[string]string
}

type swarmService struct {
	ID, Name string
	Mode     struct {
		Replicated    *struct{ Replicas *uint64 }
		Global        *struct{}
		ReplicatedJob *struct{ TotalCompletions *uint64 }
		GlobalJob     *struct{}
	}
	Networks, Older []struct{ Target string }
	Addresses       []struct{ NetworkID string }
	Update          *struct{ State, Message string }
}

// swarmTask is one line of docker service ps with ids for names.
type swarmTask struct {
	Name, Node, DesiredState, CurrentState, Error string

	service string
	state   string        // "running", "failed" …
	age     time.Duration // since it came into that state, as docker rounds it
	dated   bool          // whether age could be read
}

type swarmContainer struct{ Name, Networks, Service string }

// swarmParse takes an answer apart, or says why the swarm could not be asked.
func swarmParse(a actions.Answer) (swarmSaid, *actions.Reading) {
	parts, ended := linuxParts(a.Stdout)
	version, trouble := dockerAnswers(a, ended)
	if trouble != nil {
		return swarmSaid{}, trouble
	}
	if r := swarmMember(parts); r != nil {
		return swarmSaid{}, r
	}
	w := swarmSaid{version: version}
	for _, err := range []*actions.Reading{
		swarmSection(parts, "nodes", &w.nodes, true), swarmSection(parts, "networks", &w.networks, true),
		swarmSection(parts, "services", &w.services, true), swarmSection(parts, "tasks", &w.tasks, false),
		swarmSection(parts, "containers", &w.containers, false),
	} {
		if err != nil {
			return swarmSaid{}, err
		}
	}
	for i := range w.tasks {
		if !w.tasks[i].read() {
			return swarmSaid{}, &actions.UnknownReading("docker says of a task what is not understood: %s %s", w.tasks[i].Name, w.tasks[i].CurrentState)[0]
		}
	}
	for _, n := range w.nodes {
		if n.ID == "" || n.State == "" || n.Availability == "" {
			return swarmSaid{}, &actions.UnknownReading("docker says too little of node %s", actions.Line(n.Name+" "+n.ID))[0]
		}
	}
	for _, s := range w.services {
		if s.ID == "" || s.Name == "" {
			return swarmSaid{}, &actions.UnknownReading("docker says too little of service %s", actions.Line(s.Name+" "+s.ID))[0]
		}
	}
	return w, nil
}

// swarmMember judges what the engine says of its own part in the swarm; nil
// when it is a manager that can be asked.
func swarmMember(parts map[string]string) *actions.Reading {
	var m struct {
		State, Error string
		Control      bool
	}
	text := strings.TrimSpace(parts["swarm"])
	if err := json.Unmarshal([]byte(text), &m); err != nil || m.State == "" {
		return &actions.UnknownReading("docker says of its swarm what is not understood: %s", actions.Line(text))[0]
	}
	said := actions.Line(m.Error)
	if failed, ok := parts["failed"]; ok {
		said = actions.Line(failed)
	}
	r := &actions.Reading{Status: actions.Fail}
	switch {
	case m.State == "inactive":
		r.Line, r.Next = "the engine is part of no swarm", "docker swarm join, or have the inventory name a manager"
	case m.State == "locked":
		r.Line, r.Next = "the swarm is locked since its engine was restarted: it decides nothing here", "docker swarm unlock"
	case m.State == "pending" || m.State == "error":
		r.Line, r.Next = "the engine is not in its swarm ("+m.State+"): "+orUnsaid(said), "docker info; journalctl -u docker -e"
	case m.State != "active":
		r.Status, r.Line = actions.Unknown, "the engine's part in the swarm is "+actions.Line(m.State)+", which is not known here"
	case strings.Contains(said, "does not have a leader") || strings.Contains(said, "DeadlineExceeded") || strings.Contains(said, "context deadline exceeded"):
		r.Line = "the swarm has lost its quorum and decides nothing; what runs goes on: " + said
		r.Next = "bring a manager back; only if that cannot be: docker swarm init --force-new-cluster on one that is left"
	case said != "":
		r.Status, r.Line, r.Next = actions.Unknown, "the swarm could not be asked: "+said, "docker node ls"
	case !m.Control:
		r.Status, r.Line, r.Next = actions.Unknown, "it is a worker, which knows nothing of the swarm", "have the inventory name a manager"
	default:
		return nil
	}
	return r
}

func orUnsaid(s string) string { return orDefault(s, "it does not say why") }

// swarmSection reads a section of one JSON object a line. Counted ones tell
// ahead how many were asked for: some may be gone since, all of them are not.
func swarmSection[T any](parts map[string]string, name string, into *[]T, counted bool) *actions.Reading {
	text, there := parts[name]
	if !there {
		return &actions.UnknownReading("the answer has no part about %s", name)[0]
	}
	ids, odd := -1, ""
	for i, ln := range strings.Split(strings.TrimSpace(text), "\n") {
		if s, ok := strings.CutPrefix(ln, "ids "); ok && i == 0 {
			n, err := strconv.Atoi(s)
			if err != nil {
				return &actions.UnknownReading("the answer about %s is not understood: %s", name, actions.Line(ln))[0]
			}
			ids = n
			continue
		}
		if strings.TrimSpace(ln) == "" {
			continue
		}
		if said, ok := dockerOdd(ln); ok {
			odd = orDefault(odd, said)
			continue
		}
		var x T
		if err := json.Unmarshal([]byte(ln), &x); err != nil {
			return &actions.UnknownReading("docker says of %s what is not understood: %s", name, actions.Line(ln))[0]
		}
		*into = append(*into, x)
	}
	if counted && (ids < 0 || len(*into) > ids || ids > 0 && len(*into) == 0) {
		return &actions.UnknownReading("docker lists %d %s and shows %d", max(ids, 0), name, len(*into))[0]
	}
	if odd != "" && (!counted || len(*into) < ids) {
		return &actions.UnknownReading("docker does not show all %s: %s", name, actions.Line(odd))[0]
	}
	return nil
}

// read takes a task's words apart: "SERVICE.SLOT", behind an arrow where the
// line before is of the same slot, and "Failed 3 minutes ago".
func (x *swarmTask) read() bool {
	x.service, _, _ = strings.Cut(strings.TrimPrefix(strings.TrimSpace(x.Name), `\_ `), ".")
	state, ago, _ := strings.Cut(x.CurrentState, " ")
	x.state, x.DesiredState = strings.ToLower(state), strings.ToLower(x.DesiredState)
	x.age, x.dated = swarmAge(ago)
	x.Error = actions.Line(strings.Trim(x.Error, `"`))
	return x.service != "" && x.state != "" && x.DesiredState != ""
}

// swarmAge reads an age as docker writes it (go-units, HumanDuration): "Less
// than a second ago", "About a minute ago", "47 hours ago", "2 weeks ago".
func swarmAge(s string) (time.Duration, bool) {
	const day = 24 * time.Hour
	f := strings.Fields(strings.ToLower(strings.TrimSuffix(s, " ago")))
	f = slices.DeleteFunc(f, func(w string) bool { return w == "about" || w == "less" || w == "than" })
	if len(f) != 2 {
		return 0, false
	}
	n := 1.0
	if f[0] != "a" && f[0] != "an" {
		var err error
		if n, err = strconv.ParseFloat(f[0], 64); err != nil || n < 0 || n > 1e5 || n != n {
			return 0, false
		}
	}
	unit, ok := map[string]time.Duration{
		"second": time.Second, "minute": time.Minute, "hour": time.Hour, "day": day, "week": 7 * day, "month": 30 * day, "year": 365 * day,
	}[strings.TrimSuffix(f[1], "s")]
	return time.Duration(n * float64(unit)), ok
}
