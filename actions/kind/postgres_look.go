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

// postgresChecks are the checks of each host of the service: one session for
// all of them.
func postgresChecks(f *inventory.Fleet, t inventory.Target) []actions.Check {
	s := postgresScript(t, nil, "look")
	with := func(read func(p postgresSaid, h inventory.Ref) []actions.Reading) func(inventory.Ref, bool, actions.Answer) []actions.Reading {
		return func(h inventory.Ref, alone bool, a actions.Answer) []actions.Reading {
			p, why := postgresParse(a, alone, h)
			if why != nil {
				return why
			}
			return read(p, h)
		}
	}
	var out []actions.Check
	add := func(id, title string, read func(p postgresSaid, h inventory.Ref) []actions.Reading) {
		c := actions.Check{ID: id, Title: title, Script: s, Every: time.Minute}
		if id != postgresServer {
			c.Needs = []string{postgresServer}
		}
		cs := onEach(f, t, c, with(read))
		for i := range cs {
			if id != postgresServer {
				cs[i].Needs = []string{strings.Replace(cs[i].ID, id, postgresServer, 1)}
			}
		}
		out = append(out, cs...)
	}
	add(postgresServer, "server", func(p postgresSaid, h inventory.Ref) []actions.Reading { return []actions.Reading{p.server(h)} })
	add("replication", "replication", func(p postgresSaid, _ inventory.Ref) []actions.Reading { return p.replication(t) })
	add("archiver", "archiver", func(p postgresSaid, _ inventory.Ref) []actions.Reading { return []actions.Reading{p.archiver()} })
	add("slots", "replication slots", func(p postgresSaid, _ inventory.Ref) []actions.Reading { return p.slots() })
	add("connections", "connections", func(p postgresSaid, _ inventory.Ref) []actions.Reading { return []actions.Reading{p.connections(t)} })
	add("xid", "transaction ids", func(p postgresSaid, _ inventory.Ref) []actions.Reading { return []actions.Reading{p.xid(t)} })
	return out
}

const postgresServer = "server"

// postgresSaid is a whole answer of postgres/look.sh: rows of fields by part.
type postgresSaid struct {
	parts map[string][][]string
	facts map[string]string
}

func (p postgresSaid) standby() bool { return p.facts["recovery"] == "t" }

// postgresParse reads an answer, or says why it cannot be used.
func postgresParse(a actions.Answer, alone bool, h inventory.Ref) (postgresSaid, []actions.Reading) {
	text := strings.TrimSpace(string(a.Stdout))
	parts, ended := linuxParts(a.Stdout)
	if failed, ok := parts["condition"]; ok {
		return postgresSaid{}, []actions.Reading{postgresDown(strings.TrimSpace(failed), text, alone, h)}
	}
	switch {
	case text == "missing" && a.Exit == 0:
		return postgresSaid{}, actions.UnknownReading("psql is not there on %s", h.Name())
	case !ended || a.Exit != 0:
		return postgresSaid{}, actions.UnknownReading("the answer is not whole: %s", orNothing(firstLine(a.Stderr), a.Exit))
	}
	p := postgresSaid{parts: map[string][][]string{}, facts: map[string]string{}}
	for name, body := range parts {
		for _, ln := range strings.Split(strings.TrimRight(body, "\n"), "\n") {
			if ln != "" {
				p.parts[name] = append(p.parts[name], strings.Split(ln, "\t"))
			}
		}
	}
	for _, name := range []string{"server", "replay"} {
		for _, row := range p.parts[name] {
			if len(row) == 2 {
				p.facts[row[0]] = row[1]
			}
		}
	}
	if r := p.facts["recovery"]; r != "t" && r != "f" || p.facts["system"] == "" {
		return p, actions.UnknownReading("the server did not say what it is")
	}
	return p, nil
}

// postgresDown reads why a server could not be asked.
func postgresDown(condition, text string, alone bool, h inventory.Ref) actions.Reading {
	why := ""
	for _, ln := range strings.Split(text, "\n") {
		if strings.Contains(ln, "error:") || strings.Contains(ln, "ERROR:") || strings.Contains(ln, "FATAL:") {
			why = ": " + actions.Line(ln)
			break
		}
	}
	switch condition {
	case "stopped":
		r := actions.Reading{Status: actions.Fail, Line: "the server is stopped", Next: "see its log, and systemctl status postgresql"}
		if !alone {
			r.Line = "the server on " + h.Name() + " is stopped: it is neither active nor standby"
		}
		return r
	case "starting":
		return actions.Reading{Status: actions.Fail, Line: "the server runs and accepts no connections" + why, Next: "see its log: it may be recovering"}
	case "primary", "standby":
		return actions.Reading{Status: actions.Unknown, Line: "the server answers, and not everything could be asked" + why, Next: "let it be asked by a superuser: option role"}
	}
	return actions.Reading{Status: actions.Unknown, Line: "the server could not be asked" + why, Next: "see whether port, user and socket are right"}
}

// server says which part the host plays.
func (p postgresSaid) server(h inventory.Ref) actions.Reading {
	r := actions.Reading{Status: actions.OK}
	version, up := postgresVersion(p.facts["version"]), ""
	if s, ok := postgresNumber(p.facts["up"]); ok {
		up = ", up " + span(time.Duration(min(s, 1e9))*time.Second)
	}
	if p.standby() {
		r.Line = fmt.Sprintf("standby, PostgreSQL %s%s", version, up)
		return r
	}
	r.On = h
	r.Line = fmt.Sprintf("active, PostgreSQL %s, timeline %s%s", version, p.facts["timeline"], up)
	if p.facts["readonly"] == "on" {
		r.Status, r.Line = actions.Warn, r.Line+"; default_transaction_read_only is on"
		r.Next = "alter system reset default_transaction_read_only"
	}
	return r
}

func postgresVersion(num string) string {
	n, err := strconv.Atoi(num)
	if err != nil {
		return num
	}
	return fmt.Sprintf("%d.%d", n/10000, n%10000)
}

// postgresNumber reads a number that can be kept.
func postgresNumber(s string) (float64, bool) {
	v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	return v, err == nil && !math.IsNaN(v) && !math.IsInf(v, 0)
}

// replication judges the standbys as the active sees them, or the receiver of
// a standby.
func (p postgresSaid) replication(t inventory.Target) []actions.Reading {
	if p.standby() {
		return []actions.Reading{p.receiver(t)}
	}
	rows := p.parts["standbys"]
	var out []actions.Reading
	streaming := 0
	for _, row := range rows {
		if len(row) != 6 {
			return actions.UnknownReading("a standby is described in an unknown way")
		}
		behind, ok := postgresNumber(row[4])
		lag, known := postgresNumber(row[5])
		r := actions.Reading{Item: row[0]}
		switch {
		case row[2] != "streaming":
			r.Status, r.Line = actions.Warn, fmt.Sprintf("%s (%s) is in state %s", row[0], row[1], row[2])
		case !ok || !known || behind < 0:
			r.Status, r.Line = actions.Unknown, fmt.Sprintf("%s (%s) streams; how far it is behind is not known", row[0], row[1])
			streaming++
		default:
			streaming++
			r = postgresLag(t, row[0]+" ("+row[1]+", "+row[3]+")", behind, lag)
			r.Item = row[0]
		}
		out = append(out, r)
	}
	if sync := p.parts["synchronous"]; len(sync) > 0 && !strings.Contains(fmt.Sprint(rows), " sync ") && !strings.Contains(fmt.Sprint(rows), " quorum ") {
		out = append(out, actions.Reading{Item: "synchronous", Status: actions.Fail,
			Line: "no synchronous standby is there: every commit waits (" + actions.Line(strings.Join(sync[0], " ")) + ")",
			Next: "bring the standby back, or reset synchronous_standby_names"})
	}
	if want := len(t.Standby); streaming < want {
		out = append(out, actions.Reading{Item: actions.ItemStandbys, Status: actions.Fail,
			Line: fmt.Sprintf("%d of %d standbys stream", streaming, want), Next: "jurymast plan rejoin " + string(t.Ref)})
	}
	if len(out) == 0 {
		return []actions.Reading{{Status: actions.OK, Line: "no standby, and none is expected"}}
	}
	return out
}

func postgresLag(t inventory.Target, who string, bytes, seconds float64) actions.Reading {
	time, size := boundOf(t, "lag"), boundOf(t, "lag_size")
	mib := bytes / (1 << 20)
	r := actions.Reading{
		Status:  actions.Worst(judge(time, seconds), judge(size, mib)),
		Line:    fmt.Sprintf("%s is %.1f s and %.1f MiB behind", who, seconds, mib),
		Metrics: []actions.Metric{measured("lag", "s", seconds, time), measured("lag_size", "MiB", mib, size)},
	}
	r.Line += limitWords(time, judge(time, seconds), "s") + limitWords(size, judge(size, mib), "MiB")
	return r
}

// receiver judges how a standby follows. Without a receiver that streams there
// is no lag to speak of: it grows, whatever the positions say.
func (p postgresSaid) receiver(t inventory.Target) actions.Reading {
	rows := p.parts["receiver"]
	if len(rows) != 1 || len(rows[0]) != 4 || rows[0][0] != "streaming" {
		r := actions.Reading{Status: actions.Fail, Line: "it does not stream from an active server", Next: "see its log, and whether its active runs and lets it in"}
		if age, ok := postgresNumber(p.facts["age"]); ok && age >= 0 {
			r.Line += fmt.Sprintf("; the last change that it has is %s old", span(time.Duration(min(age, 1e9)*float64(time.Second))))
		}
		return r
	}
	row := rows[0]
	bytes, ok := postgresNumber(row[3])
	heard, known := postgresNumber(row[2])
	if !ok || !known {
		return actions.Reading{Status: actions.Unknown, Line: "it streams from " + row[1] + "; how far it is behind is not known"}
	}
	lag := heard
	if age, ok := postgresNumber(p.facts["age"]); bytes > 0 && ok {
		lag = max(age, heard)
	}
	r := postgresLag(t, "it streams from "+row[1]+" and", max(bytes, 0), max(lag, 0))
	// An active that has nothing to say is silent for half of wal_receiver_timeout.
	if bytes <= 0 && heard <= 31 && judge(boundOf(t, "lag"), lag) == actions.Warn {
		r.Status, r.Line = actions.OK, "it streams from "+row[1]+" and has everything"
	}
	switch p.facts["paused"] {
	case "t":
		r.Status, r.Line, r.Next = actions.Fail, "replay is paused; "+r.Line, "select pg_wal_replay_resume()"
	case "f":
	default:
		r.Status, r.Line = actions.Worst(r.Status, actions.Unknown), r.Line+"; whether its replay is paused is not said"
	}
	return r
}

// archiver judges by which came last, a failure or a success.
func (p postgresSaid) archiver() actions.Reading {
	rows := p.parts["archiver"]
	if len(rows) != 1 || len(rows[0]) != 5 {
		return actions.UnknownReading("the archiver is not described")[0]
	}
	row := rows[0]
	if row[0] == "off" || p.standby() && row[0] != "always" {
		return actions.Reading{Status: actions.OK, Line: "nothing is archived here (archive_mode " + row[0] + ")"}
	}
	failed, hasFailed := postgresNumber(row[3])
	done, hasDone := postgresNumber(row[4])
	count, _ := postgresNumber(row[1])
	r := actions.Reading{Metrics: []actions.Metric{{Name: "failures", Value: count}}}
	switch {
	case hasFailed && (!hasDone || failed < done):
		r.Status, r.Line = actions.Fail, fmt.Sprintf("archiving fails: %s, %s ago", row[2], span(time.Duration(failed)*time.Second))
		r.Next = "see the server's log for what archive_command says; its disk fills up meanwhile"
	case hasDone:
		r.Line = fmt.Sprintf("last archived %s ago", span(time.Duration(done)*time.Second))
	default:
		r.Status, r.Line = actions.Unknown, "nothing has been archived since the counters were reset"
	}
	return r
}

func (p postgresSaid) slots() []actions.Reading {
	var out []actions.Reading
	for _, row := range p.parts["slots"] {
		if len(row) != 4 {
			return actions.UnknownReading("a slot is described in an unknown way")
		}
		kept, _ := postgresNumber(row[3])
		r := actions.Reading{Item: row[0], Metrics: []actions.Metric{{Name: "kept", Value: kept / (1 << 20), Unit: "MiB"}}}
		words := fmt.Sprintf("keeps %.1f MiB of log", kept/(1<<20))
		switch {
		case row[2] == "lost" || row[2] == "unreserved":
			r.Status, r.Line, r.Next = actions.Fail, "its log is "+row[2]+": who uses it must be cloned anew", "select pg_drop_replication_slot('"+row[0]+"')"
		case !slices.Contains([]string{"", "reserved", "extended"}, row[2]):
			r.Status, r.Line, r.Next = actions.Unknown, "its log is "+actions.Line(row[2])+", which is not known here", "select * from pg_replication_slots"
		case row[1] != "t":
			r.Status, r.Line, r.Next = actions.Warn, "nobody uses it; it "+words, "bring its user back, or select pg_drop_replication_slot('"+row[0]+"')"
		default:
			r.Line = "in use; " + words
		}
		out = append(out, r)
	}
	if len(out) == 0 {
		return []actions.Reading{{Status: actions.OK, Line: "no slots"}}
	}
	return out
}

func (p postgresSaid) connections(t inventory.Target) actions.Reading {
	rows := p.parts["connections"]
	if len(rows) != 1 || len(rows[0]) != 2 {
		return actions.UnknownReading("the connections are not counted")[0]
	}
	used, ok := postgresNumber(rows[0][0])
	most, known := postgresNumber(rows[0][1])
	if !ok || !known || most <= 0 {
		return actions.UnknownReading("the connections are not counted")[0]
	}
	b := boundOf(t, "connections")
	share := 100 * used / most
	s := judge(b, share)
	r := actions.Reading{Status: s, Line: fmt.Sprintf("%.0f of %.0f connections, %.0f%%%s", used, most, share, limitWords(b, s, "%")),
		Metrics: []actions.Metric{measured("connections", "%", share, b)}}
	if s != actions.OK {
		r.Next = "see pg_stat_activity for who holds them"
	}
	return r
}

func (p postgresSaid) xid(t inventory.Target) actions.Reading {
	rows := p.parts["xid"]
	if len(rows) != 1 || len(rows[0]) != 2 {
		return actions.UnknownReading("the age of the transactions is not said")[0]
	}
	age, ok := postgresNumber(rows[0][0])
	if !ok {
		return actions.UnknownReading("the age of the transactions is not said")[0]
	}
	b := boundOf(t, "xid")
	age /= 1e6
	s := judge(b, age)
	r := actions.Reading{Status: s, Line: fmt.Sprintf("%.1f million transactions since %s was frozen%s", age, rows[0][1], limitWords(b, s, "million")),
		Metrics: []actions.Metric{measured("xid", "M", age, b)}}
	if s != actions.OK {
		r.Next = "vacuum freeze " + rows[0][1] + ", and see what holds vacuum back: old transactions, slots, prepared ones"
	}
	return r
}
