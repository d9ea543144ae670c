package kind

import (
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

var docker = actions.Kind{
	Name: "docker",
	Doc:  "A docker engine and the health of its containers.",
	About: `The engine is asked once for all containers. One that exited with an error, restarts again and again, is dead or
whose health check says so is fail; one that was restarted since the look before, or is paused, is warn. A container
that ended with 0 and is not meant to be restarted has done its work.

As the kind of a node or vm it looks at the machine as kind linux does, and at the engine.

The login must be in group docker, which is as good as root on that machine, or may use sudo: the rules of --sudoers
allow no more than this look (sudo 1.9.10 or newer).`,
	Levels: []inventory.Level{inventory.LevelNode, inventory.LevelVM, inventory.LevelService, inventory.LevelCheck},
	Options: []inventory.Option{
		{Name: "containers", Type: inventory.TypeList, Doc: "containers that must be there, by name"},
		{Name: "ignore", Type: inventory.TypeList, Doc: "containers that are not looked at"},
	},
	Limits:  linux.Limits,
	Sudoers: slices.Concat(linux.Sudoers, dockerContainerRules),
	Checks: func(f *inventory.Fleet, t inventory.Target) []actions.Check {
		s := dockerLook(f, t, "docker/look.sh")
		want, ignore := t.Options.List("containers"), t.Options.List("ignore")
		own := []actions.Check{
			{ID: "engine", Title: "docker engine", Script: s, Every: time.Minute, Read: func(a actions.Answer) []actions.Reading {
				e := dockerParse(a)
				if e.trouble != nil {
					return []actions.Reading{*e.trouble}
				}
				return []actions.Reading{{Status: actions.OK, Line: fmt.Sprintf("docker %s, %d containers", e.version, len(e.containers))}}
			}},
			{ID: "containers", Title: "containers", Script: s, Every: time.Minute, Needs: []string{"engine"}, Read: func(a actions.Answer) []actions.Reading {
				return dockerContainers(dockerParse(a), want, ignore, a)
			}},
		}
		if l := t.Ref.Level(); (l == inventory.LevelNode || l == inventory.LevelVM) && ofItsKind(f, t) {
			return append(linuxChecks(f, t), own...)
		}
		return own
	},
	Proved: map[string]actions.Ground{"look": actions.Real},
}

// dockerContainerRules is what docker/look.sh needs root for.
var dockerContainerRules = dockerRules("docker/look.sh", "ps -aq --no-trunc", "inspect --type container --format %s IDS")

// dockerLook returns a script of a look, behind the one that finds out how docker
// may be asked.
func dockerLook(f *inventory.Fleet, t inventory.Target, name string) actions.Script {
	s := script(name, map[string]string{"SUDO": sudo(f, t)})
	s.Body = script("docker/engine.sh", nil).Body + s.Body
	return s
}

// dockerEngine is what docker/look.sh tells; trouble is why it tells nothing.
type dockerEngine struct {
	version    string
	containers []dockerContainer
	trouble    *actions.Reading
}

type dockerContainer struct {
	Name, Image, Status, Error, Health, Policy string
	Started                                    string // RFC 3339
	Exit                                       int
	OOM                                        bool
	Restarts                                   float64
	Project, Service                           string
}

// dockerAnswers reads what docker/engine.sh says ahead of a look: the version, or
// why there is none. Ended is whether the look behind it came to its end.
func dockerAnswers(a actions.Answer, ended bool) (version string, trouble *actions.Reading) {
	say := func(s actions.Status, next, layout string, args ...any) (string, *actions.Reading) {
		return "", &actions.Reading{Status: s, Line: fmt.Sprintf(layout, args...), Next: next}
	}
	first, _, _ := strings.Cut(string(a.Stdout), "\n")
	first = strings.TrimSpace(first)
	if first == "missing" && a.Exit == 0 {
		return say(actions.Fail, "apt install docker.io", "docker is not installed")
	}
	if why, ok := strings.CutPrefix(strings.TrimSpace(string(a.Stdout)), "down "); ok && a.Exit == 0 {
		why = actions.Line(why)
		// What sudo says of itself is no word of the engine's.
		if strings.Contains(why, "ermission denied") || strings.Contains(why, "sudo: ") {
			return say(actions.Unknown, "put the login into group docker, or allow sudo: jurymast kinds docker --sudoers", "docker may not be asked: %s", why)
		}
		return say(actions.Fail, "systemctl status docker", "the engine does not answer: %s", why)
	}
	version, ok := strings.CutPrefix(first, "version ")
	if !ok || a.Exit != 0 || !ended || version == "" {
		return say(actions.Unknown, "", "docker gave no whole answer: %s", orNothing(firstLine(a.Stderr), a.Exit))
	}
	return actions.Line(version), nil
}

// dockerOdd takes a line apart that a look makes of what docker says beside its
// answer. Of that only an error is returned: what it warns of is of nothing that
// was asked for, and what is gone by now is none of it.
func dockerOdd(ln string) (said string, odd bool) {
	said, odd = strings.CutPrefix(ln, "odd ")
	if low := strings.ToLower(said); !strings.HasPrefix(low, "error") || strings.Contains(low, "no such") {
		said = ""
	}
	return said, odd
}

func dockerParse(a actions.Answer) dockerEngine {
	lines := strings.Split(strings.TrimRight(string(a.Stdout), "\n"), "\n")
	version, why := dockerAnswers(a, lines[len(lines)-1] == "end")
	if why != nil {
		return dockerEngine{trouble: why}
	}
	trouble := func(layout string, args ...any) dockerEngine {
		return dockerEngine{trouble: &actions.UnknownReading(layout, args...)[0]}
	}
	e := dockerEngine{version: version}
	rest := lines[1 : len(lines)-1]
	ids := -1
	if len(rest) > 0 {
		if s, ok := strings.CutPrefix(rest[0], "ids "); ok {
			if n, err := strconv.Atoi(s); err == nil {
				ids, rest = n, rest[1:]
			}
		}
	}
	odd := ""
	for _, ln := range rest {
		if said, ok := dockerOdd(ln); ok {
			odd = orDefault(odd, said)
			continue
		}
		var c dockerContainer
		if err := json.Unmarshal([]byte(ln), &c); err != nil || c.Name == "" || c.Status == "" {
			return trouble("docker says what is not understood: %s", actions.Line(ln))
		}
		c.Name = strings.TrimPrefix(c.Name, "/")
		e.containers = append(e.containers, c)
	}
	// One may be removed between the two questions; none of several is no answer.
	if ids < 0 || len(e.containers) > ids || ids > 0 && len(e.containers) == 0 {
		return trouble("docker ps lists %d containers, docker inspect shows %d", max(ids, 0), len(e.containers))
	}
	if odd != "" && len(e.containers) < ids {
		return trouble("docker ps lists %d containers, docker inspect shows %d: %s", ids, len(e.containers), actions.Line(odd))
	}
	sort.Slice(e.containers, func(i, j int) bool { return e.containers[i].Name < e.containers[j].Name })
	return e
}

func dockerContainers(e dockerEngine, want, ignore []string, a actions.Answer) []actions.Reading {
	if e.trouble != nil {
		return []actions.Reading{*e.trouble}
	}
	var out []actions.Reading
	seen := map[string]bool{}
	for _, c := range e.containers {
		if seen[c.Name] = true; !slices.Contains(ignore, c.Name) {
			out = append(out, dockerJudge(c, c.Name, a))
		}
	}
	for _, n := range want {
		if !seen[n] {
			out = append(out, actions.Reading{Item: n, Status: actions.Fail, Line: "there is no such container", Next: "docker ps -a"})
		}
	}
	if len(out) == 0 {
		return []actions.Reading{{Status: actions.OK, Line: "no containers"}}
	}
	return out
}

// dockerJudge judges one container (states of docker 28, docker inspect).
func dockerJudge(c dockerContainer, item string, a actions.Answer) actions.Reading {
	r := actions.Reading{Item: item, Status: actions.Fail, Next: "docker logs --tail 50 " + c.Name, Metrics: []actions.Metric{{Name: "restarts", Value: c.Restarts}}}
	killed := ""
	if c.OOM {
		killed = ", killed for want of memory"
	}
	switch c.Status {
	case "running":
		dockerRunning(&r, c, a)
	case "restarting":
		r.Line = fmt.Sprintf("restarting again and again: exit %d%s, %.0f restarts", c.Exit, killed, c.Restarts)
	case "paused":
		r.Status, r.Line, r.Next = actions.Warn, "paused", "docker unpause "+c.Name
	case "created":
		if c.Error == "" && c.Exit == 0 {
			r.Status, r.Line, r.Next = actions.Warn, "made and never started", "docker start "+c.Name
		} else {
			r.Line = fmt.Sprintf("did not start: %s", orNothing(actions.Line(c.Error), c.Exit))
		}
	case "exited":
		switch {
		case c.OOM:
			r.Line = fmt.Sprintf("exited with %d%s", c.Exit, killed)
		case c.Exit == 0 && (c.Policy == "no" || c.Policy == "" || c.Policy == "on-failure"):
			r.Status, r.Line, r.Next = actions.OK, "has done its work (exit 0)", ""
		case c.Exit == 0:
			r.Line, r.Next = "stopped (exit 0), although it is to be kept running", "docker start "+c.Name
		default:
			r.Line = fmt.Sprintf("exited with %d", c.Exit)
		}
	case "dead", "removing":
		r.Line = c.Status
	default:
		r.Status, r.Line = actions.Unknown, "docker says "+actions.Line(c.Status)+", which is not known here"
	}
	return r
}

// slowStart is how long a health check may be silent after a start. Docker itself
// waits for as long as the check's start period and retries say, for ever when
// they are long; the slowest of common applications need some ten minutes.
const slowStart = 15 * time.Minute

func dockerRunning(r *actions.Reading, c dockerContainer, a actions.Answer) {
	switch c.Health {
	case "", "none":
		r.Status, r.Line = actions.OK, "running"
	case "healthy":
		r.Status, r.Line = actions.OK, "running, healthy"
	case "starting":
		r.Status, r.Line = actions.OK, "running, its health check has not answered yet"
		if at, err := time.Parse(time.RFC3339, c.Started); err == nil && a.Now.Sub(at) > slowStart {
			r.Status, r.Line = actions.Warn, "running, and its health check has not answered in the "+span(a.Now.Sub(at))+" since it was started"
		}
	case "unhealthy":
		r.Status, r.Line = actions.Fail, "running, and its health check says unhealthy"
	default:
		r.Status, r.Line = actions.Unknown, "running, health "+actions.Line(c.Health)
	}
	if c.OOM {
		// Docker clears it at the next start.
		r.Status = actions.Worst(r.Status, actions.Warn)
		r.Line += "; a process in it was killed for want of memory"
	}
	if points := a.Series(r.Item, "restarts"); len(points) > 0 {
		if grown := c.Restarts - points[len(points)-1].Value; grown > 0 {
			r.Status = actions.Worst(r.Status, actions.Warn)
			r.Line += fmt.Sprintf("; restarted %.0f times since %s ago", grown, span(a.Now.Sub(points[len(points)-1].At)))
		}
	}
	if r.Status == actions.OK {
		r.Next = ""
	}
}
