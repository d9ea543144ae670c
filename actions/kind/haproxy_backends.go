package kind

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"jurymast/actions"
)

// haproxyBackend is a backend with its servers, as HAProxy sees them.
type haproxyBackend struct {
	name, status                    string
	active, reserve                 int      // servers that take part: those of every day, and backups
	up, unchecked, out, down, other []string // servers by what they are, in words
	servers                         int
}

// backends judges each backend, and each frontend that takes no connections.
func (h haproxySaid) backends() []actions.Reading {
	if h.down != "" {
		return []actions.Reading{{Status: actions.Fail, Line: h.down}}
	}
	var order []string
	all := map[string]*haproxyBackend{}
	of := func(name string) *haproxyBackend {
		if all[name] == nil {
			all[name] = &haproxyBackend{name: name}
			order = append(order, name)
		}
		return all[name]
	}
	var out []actions.Reading
	for _, r := range h.rows {
		switch r["svname"] {
		case "FRONTEND":
			switch r["status"] {
			case "OPEN":
			case "FULL":
				out = append(out, actions.Reading{Item: r["pxname"], Status: actions.Warn, Line: "the frontend is full", Next: "raise its maxconn"})
			default:
				out = append(out, actions.Reading{Item: r["pxname"], Status: actions.Warn, Line: actions.Line("the frontend is " + r["status"]), Next: "enable frontend " + r["pxname"]})
			}
		case "BACKEND":
			b := of(r["pxname"])
			b.status = r["status"]
			b.active, _ = strconv.Atoi(r["act"])
			b.reserve, _ = strconv.Atoi(r["bck"])
		default:
			if r["type"] == "3" {
				continue // a socket that it listens on
			}
			of(r["pxname"]).add(r)
		}
	}
	for _, name := range order {
		if all[name].status == "" {
			out = append(out, actions.Reading{Item: name, Status: actions.Unknown, Line: "it has servers, and its state is not said"})
			continue
		}
		out = append(out, all[name].judge())
	}
	if len(out) == 0 {
		return []actions.Reading{{Status: actions.Unknown, Line: "HAProxy names no backend"}}
	}
	return out
}

// add notes a server (statuses: HAProxy's management guide, "show stat").
func (b *haproxyBackend) add(r map[string]string) {
	b.servers++
	name, status := r["svname"], r["status"]
	switch {
	case status == "UP":
		b.up = append(b.up, name)
	case status == "no check":
		b.unchecked = append(b.unchecked, name)
	case strings.HasPrefix(status, "MAINT"):
		b.out = append(b.out, name+" in maintenance")
	case strings.HasPrefix(status, "DRAIN"):
		b.out = append(b.out, name+" drained")
	case status == "DOWN", status == "DOWN (agent)":
		b.down = append(b.down, name+" down"+haproxySince(r)+haproxyWhy(r))
	case strings.HasPrefix(status, "UP "):
		b.other = append(b.other, name+" going down"+haproxyWhy(r))
	case strings.HasPrefix(status, "DOWN "):
		b.other = append(b.other, name+" coming up")
	case strings.HasPrefix(status, "NOLB"):
		b.other = append(b.other, name+" takes no new sessions ("+status+")")
	default:
		b.other = append(b.other, fmt.Sprintf("%s is %q, which is not known here", name, status))
	}
}

// haproxyWhy says what the last check of a server found.
func haproxyWhy(r map[string]string) string {
	why := strings.TrimPrefix(strings.TrimSpace(r["check_status"]), "* ")
	for _, more := range []string{r["check_code"], r["last_chk"]} {
		if more != "" && !strings.Contains(why, more) {
			why += " " + more
		}
	}
	if why = strings.TrimSpace(why); why == "" {
		return ""
	}
	return " (" + why + ")"
}

// haproxySince says for how long a server has been what it is.
func haproxySince(r map[string]string) string {
	n, err := strconv.ParseInt(r["lastchg"], 10, 64)
	if err != nil || n < 0 || n > 1e9 {
		return ""
	}
	return " for " + span(time.Duration(n)*time.Second)
}

func (b *haproxyBackend) judge() actions.Reading {
	r := actions.Reading{Item: b.name, Next: "see that server: jurymast show, or its log",
		Metrics: []actions.Metric{{Name: "up", Value: float64(b.active + b.reserve)}, {Name: "servers", Value: float64(b.servers)}}}
	trouble := append(append([]string{}, b.down...), b.other...)
	words := strings.Join(append(trouble, b.out...), ", ")
	switch {
	case b.servers == 0 && strings.HasPrefix(b.status, "UP"):
		r.Status, r.Line, r.Next = actions.OK, "it has no servers, and answers itself", ""
	case strings.HasPrefix(b.status, "DOWN"):
		r.Status, r.Line = actions.Fail, fmt.Sprintf("none of %d servers is up: %s", b.servers, words)
	case !strings.HasPrefix(b.status, "UP"):
		r.Status, r.Line = actions.Unknown, fmt.Sprintf("HAProxy calls it %q, which is not known here", b.status)
	case b.active == 0:
		r.Status, r.Line = actions.Warn, fmt.Sprintf("only a backup server is up: %s", words)
	case len(trouble) > 0:
		r.Status, r.Line = actions.Warn, fmt.Sprintf("%d of %d servers up: %s", len(b.up)+len(b.unchecked), b.servers, words)
	default:
		r.Status, r.Line, r.Next = actions.OK, fmt.Sprintf("%d of %d servers up", len(b.up)+len(b.unchecked), b.servers), ""
		if words != "" {
			r.Line += ": " + words
		}
		if len(b.unchecked) > 0 {
			r.Line += "; not checked: " + strings.Join(b.unchecked, ", ")
		}
	}
	r.Line = actions.Line(r.Line)
	return r
}
