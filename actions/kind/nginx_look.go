package kind

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// nginxSaid is a whole answer of nginx/look.sh.
type nginxSaid struct {
	parts    map[string]string
	version  string
	pid      int // of the master; 0: none
	pidFile  string
	closed   bool        // the login may not read it
	workers  []time.Time // when each was started
	stranger int         // what has the number of the pid file and is no nginx
}

func nginxParse(t inventory.Target, a actions.Answer) (nginxSaid, *actions.Reading) {
	parts, ended := linuxParts(a.Stdout)
	n := nginxSaid{parts: parts}
	container := t.Options.String("container")
	why := func(s actions.Status, next, format string, args ...any) (nginxSaid, *actions.Reading) {
		return n, &actions.Reading{Status: s, Line: actions.Line(fmt.Sprintf(format, args...)), Next: next}
	}
	if tool, ok := strings.CutPrefix(strings.TrimSpace(string(a.Stdout)), "missing "); ok && a.Exit == 0 {
		if tool == "docker" {
			return why(actions.Fail, "apt install docker.io, or leave container out", "docker is not installed")
		}
		return why(actions.Fail, "apt install nginx-light, or set container", "nginx is not installed")
	}
	if state := strings.TrimSpace(parts["container"]); container != "" && ended && state != "running" {
		return n, containerTrouble("nginx", container, state)
	}
	if !ended || a.Exit != 0 {
		return why(actions.Unknown, "", "no whole answer: %s", orNothing(firstLine(a.Stderr), a.Exit))
	}
	version, ok := strings.CutPrefix(strings.TrimSpace(parts["version"]), "nginx version: ")
	if !ok {
		return why(actions.Unknown, "nginx -v", "nginx does not say what it is: %s", orNothing(strings.TrimSpace(parts["version"]), a.Exit))
	}
	n.version = version
	return n, n.processes(container != "")
}

// userHZ is in how many parts of a second Linux tells when a process started, on
// every machine that it runs on but Alpha (its include/asm-generic/param.h).
const userHZ = 100

// processes finds master and workers.
func (n *nginxSaid) processes(container bool) *actions.Reading {
	for ln := range strings.Lines(n.parts["pid"]) {
		word, rest, _ := strings.Cut(strings.TrimSpace(ln), " ")
		switch word {
		case "file":
			n.pidFile = rest
		case "closed":
			n.closed = true
		case "pid":
			n.pid, _ = strconv.Atoi(strings.TrimSpace(rest))
		}
	}
	type process struct{ id, parent, start int64 }
	var all []process
	var boot int64
	for ln := range strings.Lines(n.parts["processes"]) {
		var word string
		var p process
		if got, _ := fmt.Sscan(ln, &word, &p.id, &p.parent, &p.start); got < 2 {
			continue
		}
		switch word {
		case "btime":
			boot = p.id
		case "nginx":
			all = append(all, p)
		}
	}
	if boot == 0 {
		return &actions.Reading{Status: actions.Unknown, Line: "the host does not say which processes it has: there is no /proc"}
	}
	is := func(id int64) bool {
		for _, p := range all {
			if p.id == id {
				return true
			}
		}
		return false
	}
	if (container || n.closed) && !is(int64(n.pid)) {
		// Nothing else is called so in a container: the one whose parent is not.
		masters := 0
		for _, p := range all {
			if !is(p.parent) {
				n.pid = int(p.id)
				masters++
			}
		}
		if n.closed && masters > 1 {
			return &actions.Reading{Status: actions.Unknown, Line: fmt.Sprintf("%d nginx run here, and the login may not read %s, which names the one", masters, n.pidFile), Next: "chmod 644 " + n.pidFile}
		}
	}
	if !is(int64(n.pid)) {
		n.stranger, n.pid = n.pid, 0
	}
	for _, p := range all {
		if n.pid > 0 && p.parent == int64(n.pid) {
			n.workers = append(n.workers, time.Unix(boot+p.start/userHZ, 0))
		}
	}
	return nil
}

// loaded is when nginx last read its files: the start of its youngest worker,
// to the second. Zero: it is not known.
func (n nginxSaid) loaded() time.Time {
	var at time.Time
	for _, w := range n.workers {
		if w.After(at) {
			at = w
		}
	}
	return at
}

func (n nginxSaid) process(t inventory.Target, now time.Time) actions.Reading {
	next := "systemctl status " + orDefault(t.Options.String("unit"), "nginx")
	if c := t.Options.String("container"); c != "" {
		next = "docker logs --tail 50 " + c
	}
	r := actions.Reading{Status: actions.Fail, Next: next}
	switch {
	case n.pid == 0 && n.stranger != 0:
		r.Line = fmt.Sprintf("nginx does not run: %s names process %d, which is none of its", n.pidFile, n.stranger)
	case n.pid == 0:
		r.Line = "nginx does not run: no process by " + n.pidFile
	case len(n.workers) == 0:
		r.Line = "its master runs, and no worker does"
	default:
		r = actions.Reading{Status: actions.OK, Line: fmt.Sprintf("%s, %d workers, configuration read %s ago", n.version, len(n.workers), span(max(0, now.Sub(n.loaded())))),
			Metrics: []actions.Metric{{Name: "workers", Value: float64(len(n.workers))}}}
	}
	if c := n.tested(t); r.Status == actions.Fail && c.Status == actions.Fail {
		r.Line, r.Next = r.Line+"; "+c.Line, c.Next
	}
	r.Line = actions.Line(r.Line)
	return r
}

// tested judges what nginx -T says of the configuration on disk.
func (n nginxSaid) tested(t inventory.Target) actions.Reading {
	text, exit, known := exitOf(n.parts["test"])
	lines := strings.Split(text, "\n")
	// What is wrong is the first that it says is; what follows from it comes later.
	why := ""
	warned := 0
	for _, ln := range lines {
		if strings.Contains(ln, "[warn]") {
			warned++
			if why == "" {
				why = ln
			}
		}
	}
	for _, ln := range lines {
		if strings.Contains(ln, "[emerg]") || strings.Contains(ln, "[alert]") {
			why = ln
			break
		}
	}
	if at := strings.Index(why, "["); at > 0 {
		why = why[at:] // behind "nginx: ", or the time
	}
	switch {
	case !known:
		return actions.Reading{Status: actions.Unknown, Line: "nginx did not say how its test ended"}
	case exit != 0 && (strings.Contains(text, "Permission denied") || strings.Contains(text, "sudo: ")):
		return actions.Reading{Status: actions.Unknown, Line: actions.Line("the login may not test the configuration: " + orDefault(why, lines[0])),
			Next: "allow sudo for this host: jurymast kinds nginx --sudoers"}
	case exit != 0:
		return actions.Reading{Status: actions.Fail, Line: actions.Line("the configuration on disk does not pass its test, the next start fails: " + orNothing(orDefault(why, lines[len(lines)-1]), exit)),
			Next: "mend it, then: nginx -t && nginx -s reload"}
	case !strings.Contains(text, "test is successful"):
		return actions.Reading{Status: actions.Unknown, Line: actions.Line("nginx says what is not understood of its test: " + orNothing(lines[0], exit))}
	case warned > 0:
		return actions.Reading{Status: actions.Warn, Line: actions.Line(fmt.Sprintf("the configuration passes its test, with %d warnings: %s", warned, why)), Next: "nginx -t"}
	}
	return actions.Reading{Status: actions.OK, Line: "the configuration passes its test"}
}

// exitOf splits a part of an answer that ends with "exit N".
func exitOf(part string) (text string, exit int, known bool) {
	part = strings.TrimSpace(part)
	at := strings.LastIndex("\n"+part, "\nexit ")
	if at < 0 {
		return part, 0, false
	}
	exit, err := strconv.Atoi(strings.TrimSpace(part[at+len("exit "):]))
	return strings.TrimSpace(part[:at]), exit, err == nil
}

// connections reads stub_status (ngx_http_stub_status_module): a line of words,
// then accepts, handled and requests.
func (n nginxSaid) connections(a actions.Answer) actions.Reading {
	text := n.parts["status"]
	var active, accepts, handled, requests float64
	_, rest, ok := strings.Cut(text, "server accepts handled requests")
	got, _ := fmt.Sscan(rest, &accepts, &handled, &requests)
	first, _ := fmt.Sscanf(strings.TrimSpace(text), "Active connections: %f", &active)
	if !ok || got != 3 || first != 1 {
		return actions.Reading{Status: actions.Unknown, Line: actions.Line("no answer of stub_status: " + orNothing(firstLine([]byte(text)), 0)), Next: "see whether status is its address, and who may ask it"}
	}
	dropped := max(0, accepts-handled)
	r := actions.Reading{Status: actions.OK, Line: fmt.Sprintf("%.0f active, %.0f requests since its start", active, requests),
		Metrics: []actions.Metric{{Name: "active", Value: active}, {Name: "requests", Value: requests}, {Name: "dropped", Value: dropped}}}
	if points := a.Series("", "dropped"); len(points) > 0 {
		if grown := dropped - points[len(points)-1].Value; grown > 0 {
			r.Status, r.Next = actions.Warn, "raise worker_connections"
			r.Line = fmt.Sprintf("%.0f connections taken and not served since %s ago; %s", grown, span(a.Now.Sub(points[len(points)-1].At)), r.Line)
		}
	}
	return r
}
