package kind

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// mongodbSaid is what mongodb/look.sh makes a server say of itself.
type mongodbSaid struct {
	Hello *struct {
		Primary, Secondary, Arbiter bool
		Set, Leads                  string
	}
	Version     string
	Connections *struct{ Current, Available float64 }
	Now         float64 // milliseconds since 1970
	Majority    float64
	Members     []mongodbMember
	Oplog       *float64 // seconds
	Error, Code string
}

type mongodbMember struct {
	Name, State, Says string
	Health            float64
	Self              bool
	At, Heard         *float64
}

func mongodbParse(a actions.Answer) (mongodbSaid, *actions.Reading) {
	unknown := func(next, layout string, args ...any) (mongodbSaid, *actions.Reading) {
		return mongodbSaid{}, &actions.Reading{Status: actions.Unknown, Line: fmt.Sprintf(layout, args...), Next: next}
	}
	if strings.TrimSpace(string(a.Stdout)) == "missing" && a.Exit == 0 {
		return unknown("apt install mongodb-mongosh, from MongoDB's own packages", "mongosh is not installed")
	}
	parts, ended := linuxParts(a.Stdout)
	if !ended || a.Exit != 0 {
		return unknown("", "the answer is not whole: %s", orNothing(firstLine(a.Stderr), a.Exit))
	}
	text := strings.TrimSpace(parts["server"])
	lines := strings.Split(text, "\n")
	var m mongodbSaid
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &m); err != nil {
		if strings.Contains(text, "ECONNREFUSED") {
			return mongodbSaid{}, &actions.Reading{Status: actions.Fail, Line: "the server is stopped: " + actions.Line(lines[0]), Next: "systemctl status mongod, and its log"}
		}
		return unknown("see whether it is up, and asks for TLS", "the server could not be asked: %s", orDefault(actions.Line(lines[0]), "mongosh says nothing"))
	}
	switch {
	case m.Code == "AuthenticationFailed" || m.Code == "Unauthorized" || strings.Contains(m.Error, "requires authentication"):
		return unknown("set role and password; the role needs clusterMonitor", "the server does not let the login ask: %s", actions.Line(m.Error))
	case m.Error != "" && (m.Hello == nil || m.Code != ""):
		return unknown("", "the server does not answer all: %s", actions.Line(strings.TrimSpace(m.Code+" "+m.Error)))
	case m.Error != "":
		return unknown("", "the server does not answer all: %s", actions.Line(m.Error))
	case m.Hello == nil || m.Version == "":
		return unknown("", "mongosh says what is not understood: %s", actions.Line(lines[len(lines)-1]))
	}
	return m, nil
}

// judgeServer says which part the host plays.
func (m mongodbSaid) judgeServer(t inventory.Target, h inventory.Ref) actions.Reading {
	name, set := "MongoDB "+actions.Line(m.Version), t.Options.String("set")
	r := actions.Reading{}
	switch {
	case set != "" && m.Hello.Set != set:
		return actions.Reading{Status: actions.Fail, Line: fmt.Sprintf("%s, a member of %s, and not of %s", name, orDefault(actions.Line(m.Hello.Set), "no replica set"), set), Next: "see replSetName in its configuration"}
	case m.Hello.Set == "" && m.Hello.Primary:
		r.On, r.Line = h, name+", alone"
	case m.Hello.Primary:
		r.On, r.Line = h, name+", the active one of "+actions.Line(m.Hello.Set)
	case m.Hello.Arbiter:
		r.Line = name + ", an arbiter of " + actions.Line(m.Hello.Set)
	case m.Hello.Secondary && m.Hello.Leads == "":
		r.Status, r.Line, r.Next = actions.Fail, name+", a standby of "+actions.Line(m.Hello.Set)+" that knows of no active one", "rs.status() on each member"
	case m.Hello.Secondary:
		r.Line = name + ", a standby of " + actions.Line(m.Hello.Set) + ", behind " + actions.Line(m.Hello.Leads)
	default:
		r.Status, r.Line, r.Next = actions.Warn, name+", neither active nor standby now", "rs.status()"
		for _, x := range m.Members {
			if x.Self {
				r.Line += ": " + actions.Line(x.State)
			}
		}
	}
	return r
}

// judgeMembers judges each member as this one sees it (states: replSetGetStatus,
// "Replica Set Member States").
func (m mongodbSaid) judgeMembers(t inventory.Target) []actions.Reading {
	if m.Hello.Set == "" {
		return []actions.Reading{{Status: actions.OK, Line: "no replica set, and none is expected"}}
	}
	if len(m.Members) == 0 || m.Majority <= 0 {
		return actions.UnknownReading("it does not say who the members of %s are", actions.Line(m.Hello.Set))
	}
	b := boundOf(t, "lag")
	newest, active, standbys, voting := math.NaN(), 0, 0, 0.0
	for _, x := range m.Members {
		if x.State == "PRIMARY" {
			active++
			if x.At != nil {
				newest = *x.At
			}
		}
		if x.Health == 1 && (x.State == "PRIMARY" || x.State == "SECONDARY" || x.State == "ARBITER") {
			voting++
		}
	}
	var out []actions.Reading
	for _, x := range m.Members {
		r := actions.Reading{Item: orDefault(actions.Line(x.Name), "(no name)"), Next: "rs.status(), and its log"}
		switch {
		case x.Health != 1:
			r.Status, r.Line = actions.Fail, "not heard of"+mongodbSince(x.Heard, m.Now)
			if x.Says != "" {
				r.Line += ": " + actions.Line(x.Says)
			}
		case x.State == "PRIMARY":
			r.Line = "active"
		case x.State == "ARBITER":
			r.Line = "arbiter, which holds no data"
		case x.State == "SECONDARY" && (x.At == nil || math.IsNaN(newest)):
			r.Status, r.Line = actions.Unknown, "standby; how far it is behind is not known without an active one"
			standbys++
		case x.State == "SECONDARY":
			standbys++
			lag := max(0, (newest-*x.At)/1000)
			r.Status = judge(b, lag)
			r.Line = fmt.Sprintf("standby, %.0f s behind%s", lag, limitWords(b, r.Status, "s"))
			r.Metrics = []actions.Metric{measured("lag", "s", lag, b)}
		case x.State == "RECOVERING" || x.State == "STARTUP2" || x.State == "STARTUP":
			r.Status, r.Line = actions.Warn, "it catches up or copies everything anew ("+x.State+")"
		case x.State == "ROLLBACK" || x.State == "REMOVED" || x.State == "DOWN":
			r.Status, r.Line = actions.Fail, x.State
		default:
			r.Status, r.Line = actions.Unknown, "its state is "+orDefault(actions.Line(x.State), "not told")
		}
		if r.Status == actions.OK {
			r.Next = ""
		}
		out = append(out, r)
	}
	switch spare := voting - m.Majority; {
	case active == 0:
		out = append(out, actions.Reading{Item: "majority", Status: actions.Fail, Line: "no member is active: it takes no writes", Next: "rs.status() on each member"})
	case active > 1:
		out = append(out, actions.Reading{Item: "majority", Status: actions.Fail, Line: fmt.Sprintf("%d members are active", active), Next: "rs.status() on each member"})
	case spare < 0:
		out = append(out, actions.Reading{Item: "majority", Status: actions.Fail, Line: fmt.Sprintf("%.0f members are well, and %.0f make a majority", voting, m.Majority), Next: "bring a member back"})
	default:
		out = append(out, actions.Reading{Item: "majority", Line: fmt.Sprintf("%.0f may be lost before it takes no writes", spare), Metrics: []actions.Metric{{Name: "spare", Value: spare}}})
	}
	if want := len(t.Standby); standbys < want {
		out = append(out, actions.Reading{Item: actions.ItemStandbys, Status: actions.Fail, Line: fmt.Sprintf("%d of %d standbys follow", standbys, want), Next: "rs.status()"})
	}
	return out
}

// mongodbSince says how long ago a member was heard of, where that is told.
func mongodbSince(heard *float64, now float64) string {
	if heard == nil || *heard <= 0 || now <= *heard || now-*heard > 1e13 {
		return ""
	}
	return " for " + span(time.Duration(now-*heard)*time.Millisecond)
}

func (m mongodbSaid) judgeConnections(t inventory.Target) actions.Reading {
	c := m.Connections
	switch {
	case m.Hello.Arbiter:
		return actions.Reading{Status: actions.OK, Line: "not asked of an arbiter"}
	case c == nil || c.Current < 0 || c.Available < 0 || c.Current+c.Available == 0:
		return actions.Reading{Status: actions.Unknown, Line: "how many connections it has is not said"}
	}
	b := boundOf(t, "connections")
	share := 100 * c.Current / (c.Current + c.Available)
	r := actions.Reading{Status: judge(b, share), Metrics: []actions.Metric{measured("connections", "%", share, b)}}
	r.Line = fmt.Sprintf("%.0f of %.0f in use%s", c.Current, c.Current+c.Available, limitWords(b, r.Status, "%"))
	if r.Status != actions.OK {
		r.Next = "see who holds them: db.currentOp(true)"
	}
	return r
}

func (m mongodbSaid) judgeOplog(t inventory.Target) actions.Reading {
	switch {
	case m.Hello.Set == "" || m.Hello.Arbiter:
		return actions.Reading{Status: actions.OK, Line: "it has none"}
	case m.Oplog == nil || *m.Oplog < 0 || *m.Oplog > 1e10:
		return actions.Reading{Status: actions.Unknown, Line: "how far its oplog reaches back is not said"}
	}
	b := boundOf(t, "oplog")
	hours := *m.Oplog / 3600
	r := actions.Reading{Status: judge(b, hours), Metrics: []actions.Metric{measured("oplog", "h", hours, b)}}
	r.Line = fmt.Sprintf("reaches back %s%s", span(time.Duration(*m.Oplog)*time.Second), limitWords(b, r.Status, "h"))
	if r.Status != actions.OK {
		r.Next = "a member that is away for longer copies everything anew: replSetResizeOplog"
	}
	return r
}
