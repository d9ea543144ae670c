package kind

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// nodeName returns what people call a node: its host name, and its id too where
// another has that name.
func (w swarmSaid) nodeName(n swarmNode) string {
	if n.Name == "" {
		return n.ID
	}
	for _, other := range w.nodes {
		if other.Name == n.Name && other.ID != n.ID {
			return n.Name + "-" + n.ID
		}
	}
	return n.Name
}

// judgeNodes judges each node by what the managers say of it.
func (w swarmSaid) judgeNodes(t inventory.Target) []actions.Reading {
	var out []actions.Reading
	for _, n := range w.nodes {
		r := actions.Reading{Item: w.nodeName(n), Line: "ready, " + n.Role, Next: "docker node inspect --pretty " + n.ID}
		if n.Manager != nil && n.Manager.Leader {
			r.Line += ", the leader"
		}
		switch n.State {
		case "ready":
		case "down", "disconnected":
			r.Status, r.Line = actions.Fail, n.State+": "+orUnsaid(actions.Line(n.Message))
			r.Next = "see whether the machine is up and reaches the managers (2377/tcp, 7946/tcp+udp): cut off, its containers go on running"
		case "unknown":
			r.Status, r.Line = actions.Unknown, "the managers have not heard of it since their leader changed"
		default:
			r.Status, r.Line = actions.Unknown, "docker says "+actions.Line(n.State)+", which is not known here"
		}
		if n.Manager != nil && n.Manager.Reachability != "reachable" {
			s := actions.Warn
			if n.Manager.Reachability != "unreachable" {
				s = actions.Unknown
			}
			r.Status = actions.Worst(r.Status, s)
			r.Line += "; as a manager " + orDefault(actions.Line(n.Manager.Reachability), "of no known reach")
		}
		switch n.Availability {
		case "active":
		case "drain", "pause":
			words := map[string]string{"drain": "drained: nothing runs there", "pause": "paused: nothing new is put there"}[n.Availability]
			r.Line += "; " + words
			if !slices.Contains(t.Options.List("drained"), n.Name) {
				if r.Status == actions.OK {
					r.Next = "docker node update --availability active " + n.ID
				}
				r.Status = actions.Worst(r.Status, actions.Warn)
			}
		default:
			r.Status = actions.Worst(r.Status, actions.Unknown)
			r.Line += "; availability " + actions.Line(n.Availability)
		}
		if r.Status == actions.OK {
			r.Next = ""
		}
		out = append(out, r)
	}
	return sorted(out)
}

// sorted orders readings by their items.
func sorted(rs []actions.Reading) []actions.Reading {
	slices.SortStableFunc(rs, func(a, b actions.Reading) int { return cmp.Compare(a.Item, b.Item) })
	return rs
}

// judgeServices compares what runs with what is wanted. A task counts when it
// is meant to run, does, and its node is ready: what was last heard of a node
// that is gone is no replica.
func (w swarmSaid) judgeServices(t inventory.Target) []actions.Reading {
	ready := map[string]bool{}
	for _, n := range w.nodes {
		ready[n.ID] = n.State == "ready"
	}
	var out []actions.Reading
	for _, s := range w.services {
		if slices.Contains(t.Options.List("ignore"), s.Name) {
			continue
		}
		var meant, running, complete int
		waits, why := "", ""
		for _, x := range w.tasks {
			if x.service != s.ID {
				continue
			}
			switch {
			case x.state == "complete":
				complete++
			case x.DesiredState == "running" || x.DesiredState == "complete" || x.DesiredState == "ready":
				meant++
				if x.state == "running" && ready[x.Node] {
					running++
				} else if waits == "" {
					waits, why = x.state, x.Error
				}
			}
		}
		if why != "" {
			waits += ": " + why
		} else if n, _, newest := w.failedLately(s); n > 0 && waits != "" && newest.Error != "" {
			waits += "; the newest that failed: " + newest.Error
		}
		out = append(out, s.judge(t, meant, running, complete, waits))
	}
	if len(out) == 0 {
		return []actions.Reading{{Status: actions.OK, Line: "no services"}}
	}
	return sorted(out)
}

// judge says whether a service has what is wanted of it; waits is the state of
// the first task that does not run.
func (s swarmService) judge(t inventory.Target, meant, running, complete int, waits string) actions.Reading {
	r := actions.Reading{Item: s.Name, Next: "docker service ps --no-trunc " + s.Name}
	want := 0
	switch m := s.Mode; {
	case m.Replicated != nil && m.Replicated.Replicas != nil:
		want = int(min(*m.Replicated.Replicas, 1e6))
	case m.Global != nil:
		if want = meant; want == 0 {
			r.Status, r.Line = actions.Warn, "it is to run on each node that fits, and none does"
			return r
		}
	case m.ReplicatedJob != nil || m.GlobalJob != nil:
		return s.judgeJob(r, running, complete)
	default:
		r.Status, r.Line = actions.Unknown, "how many of it are wanted is not said"
		return r
	}
	b := boundOf(t, "replicas")
	share := 100.0
	if want > 0 {
		share = min(100, 100*float64(running)/float64(want))
	}
	r.Status = judge(b, share)
	r.Metrics = []actions.Metric{measured("replicas", "%", share, b), {Name: "running", Value: float64(running)}, {Name: "wanted", Value: float64(want)}}
	switch {
	case want == 0:
		r.Line = "scaled to none"
	case running >= want:
		r.Line = fmt.Sprintf("%d of %d run", running, want)
	default:
		r.Line = fmt.Sprintf("%d of %d run", running, want)
		if waits != "" {
			r.Line += "; one is " + waits
		}
	}
	s.judgeUpdate(&r)
	if r.Status == actions.OK {
		r.Next = ""
	}
	return r
}

func (s swarmService) judgeJob(r actions.Reading, running, complete int) actions.Reading {
	r.Line = fmt.Sprintf("a job: %d ended well, %d run", complete, running)
	want := 1
	if j := s.Mode.ReplicatedJob; j != nil && j.TotalCompletions != nil {
		want = int(min(*j.TotalCompletions, 1e6))
		r.Line = fmt.Sprintf("a job: %d of %d ended well, %d run", complete, want, running)
	}
	if running == 0 && complete < want {
		r.Status = actions.Warn
		return r
	}
	r.Next = ""
	return r
}

// judgeUpdate adds what the last update of a service came to (API 1.41,
// UpdateStatus.State).
func (s swarmService) judgeUpdate(r *actions.Reading) {
	if s.Update == nil {
		return
	}
	message := ""
	if s.Update.Message != "" {
		message = ": " + actions.Line(s.Update.Message)
	}
	add := func(status actions.Status, words, next string) {
		r.Status, r.Line = actions.Worst(r.Status, status), r.Line+"; "+words+message
		if next != "" {
			r.Next = next
		}
	}
	switch s.Update.State {
	case "", "completed", "rollback_completed":
	case "updating":
		add(actions.OK, "it is being updated", "")
	case "rollback_started":
		add(actions.Warn, "its update failed and is being taken back", "")
	case "paused", "rollback_paused":
		add(actions.Fail, "its update was stopped half-way", "docker service update --force, or docker service rollback "+s.Name)
	default:
		add(actions.Unknown, "its update is "+actions.Line(s.Update.State), "")
	}
}

// failedLately counts the tasks of a service that failed in the last hour, and
// those of which it is not known when, and finds the newest of the former.
func (w swarmSaid) failedLately(s swarmService) (n, undated int, newest swarmTask) {
	for _, x := range w.tasks {
		switch {
		case x.service != s.ID || x.state != "failed" && x.state != "rejected":
		case !x.dated:
			undated++
		case x.age <= time.Hour:
			if n == 0 || x.age < newest.age {
				newest = x
			}
			n++
		}
	}
	return n, undated, newest
}

// judgeTasks counts what failed in the last hour, for each service of which
// something did.
func (w swarmSaid) judgeTasks(t inventory.Target) []actions.Reading {
	b := boundOf(t, "failed")
	var out []actions.Reading
	for _, s := range w.services {
		if slices.Contains(t.Options.List("ignore"), s.Name) {
			continue
		}
		n, undated, newest := w.failedLately(s)
		r := actions.Reading{Item: s.Name, Status: judge(b, float64(n)), Metrics: []actions.Metric{measured("failed", "", float64(n), b)},
			Next: "docker service logs --tail 50 " + s.Name}
		switch {
		case undated > 0:
			r.Status = actions.Worst(r.Status, actions.Unknown)
			r.Line = fmt.Sprintf("%s failed, and docker says when in words that are not known here", count(n+undated, "task"))
		case n > 0:
			r.Line = fmt.Sprintf("%s failed in the last hour%s, the newest %s ago: %s", count(n, "task"), limitWords(b, r.Status, ""), span(newest.age), orUnsaid(newest.Error))
		default:
			continue
		}
		if r.Status == actions.OK {
			r.Next = ""
		}
		out = append(out, r)
	}
	if len(out) == 0 {
		return []actions.Reading{{Status: actions.OK, Line: "no task failed in the last hour"}}
	}
	return sorted(out)
}
