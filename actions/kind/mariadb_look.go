package kind

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// mariadbChecks are the checks of each host of the service: one session for
// all of them.
func mariadbChecks(f *inventory.Fleet, t inventory.Target) []actions.Check {
	s := mariadbScript(t, nil, "look")
	var out []actions.Check
	add := func(id, title string, read func(m mariadbSaid, h inventory.Ref) []actions.Reading) {
		cs := onEach(f, t, actions.Check{ID: id, Title: title, Script: s, Every: time.Minute}, func(h inventory.Ref, alone bool, a actions.Answer) []actions.Reading {
			m, why := mariadbParse(a, alone, h)
			if why != nil {
				return why
			}
			return read(m, h)
		})
		for i := range cs {
			if id != mariadbServer {
				cs[i].Needs = []string{mariadbServer + strings.TrimPrefix(cs[i].ID, id)}
			}
		}
		out = append(out, cs...)
	}
	add(mariadbServer, "server", func(m mariadbSaid, h inventory.Ref) []actions.Reading { return []actions.Reading{m.server(h)} })
	add("replication", "replication", func(m mariadbSaid, _ inventory.Ref) []actions.Reading { return m.replication(t) })
	add("connections", "connections", func(m mariadbSaid, _ inventory.Ref) []actions.Reading { return []actions.Reading{m.connections(t)} })
	return out
}

const mariadbServer = "server"

// mariadbSaid is a whole answer of mariadb/look.sh.
type mariadbSaid struct {
	facts    map[string]string   // variables and status, by their names in small letters
	replicas []map[string]string // a row each of SHOW ALL SLAVES STATUS, by column
}

// mariadbParse reads an answer, or says why it cannot be used.
func mariadbParse(a actions.Answer, alone bool, h inventory.Ref) (mariadbSaid, []actions.Reading) {
	text := strings.TrimSpace(string(a.Stdout))
	parts, ended := linuxParts(a.Stdout)
	if c, ok := parts["condition"]; ok {
		return mariadbSaid{}, []actions.Reading{mariadbDown(strings.TrimSpace(c), parts["variables"], text, alone, h)}
	}
	switch {
	case text == "missing" && a.Exit == 0:
		return mariadbSaid{}, []actions.Reading{{Status: actions.Unknown, Line: "the client mariadb is not installed on " + h.Name(), Next: "apt install mariadb-client"}}
	case !ended || a.Exit != 0:
		return mariadbSaid{}, actions.UnknownReading("the answer is not whole: %s", orNothing(firstLine(a.Stderr), a.Exit))
	}
	m := mariadbSaid{facts: mariadbFacts(parts["variables"] + parts["status"])}
	for _, row := range mariadbRows(parts["replication"]) {
		if _, ok := row["Slave_IO_Running"]; !ok {
			return m, actions.UnknownReading("its replication is described in an unknown way")
		}
		m.replicas = append(m.replicas, row)
	}
	if m.facts["version"] == "" || m.facts["uptime"] == "" || m.facts["read_only"] == "" {
		return m, actions.UnknownReading("the server did not say what it is")
	}
	if why, ok := mariadbForeign(m.facts); ok {
		return m, actions.UnknownReading("%s", why)
	}
	return m, nil
}

// mariadbFacts reads lines of a name and a value.
func mariadbFacts(text string) map[string]string {
	facts := map[string]string{}
	for _, ln := range strings.Split(text, "\n") {
		if k, v, ok := strings.Cut(ln, "\t"); ok {
			facts[strings.ToLower(k)] = v
		}
	}
	return facts
}

// mariadbRows reads a table: the first line names the columns. A line of
// another length is no row of it; there is then none.
func mariadbRows(text string) []map[string]string {
	var names []string
	var out []map[string]string
	for _, ln := range strings.Split(text, "\n") {
		if strings.TrimSpace(ln) == "" {
			continue
		}
		fields := strings.Split(ln, "\t")
		if names == nil {
			names = fields
			continue
		}
		row := map[string]string{}
		if len(fields) == len(names) {
			for i, f := range fields {
				row[names[i]] = f
			}
		}
		out = append(out, row)
	}
	return out
}

// mariadbForeign says what a server is that is not for this kind.
func mariadbForeign(facts map[string]string) (string, bool) {
	version := facts["version"]
	if !strings.Contains(version+facts["version_comment"], "MariaDB") && !strings.Contains(version, "mariadb") {
		return "it is " + actions.Line(facts["version_comment"]+" "+version) + " and not MariaDB", true
	}
	if facts["wsrep_on"] == "ON" {
		return "it is a member of a Galera cluster, which is not known here", true
	}
	return "", false
}

// mariadbDown reads why a server could not be asked, or not everything.
func mariadbDown(condition, variables, text string, alone bool, h inventory.Ref) actions.Reading {
	if facts := mariadbFacts(variables); facts["version"] != "" {
		if why, ok := mariadbForeign(facts); ok {
			return actions.UnknownReading("%s", why)[0]
		}
	}
	why := ""
	for _, ln := range strings.Split(text, "\n") {
		if strings.HasPrefix(ln, "ERROR ") {
			why = ": " + actions.Line(ln)
			break
		}
	}
	switch condition {
	case "stopped":
		r := actions.Reading{Status: actions.Fail, Line: "the server is stopped", Next: "see its log, and systemctl status mariadb"}
		if !alone {
			r.Line = "the server on " + h.Name() + " is stopped: it is neither active nor standby"
		}
		return r
	case "full":
		return actions.Reading{Status: actions.Fail, Line: "the server has no connection free" + why, Next: "see who holds them, or raise max_connections"}
	case "starting":
		return actions.Reading{Status: actions.Fail, Line: "the server takes connections and does not answer" + why, Next: "see its log: it may be recovering"}
	case "denied":
		return actions.Reading{Status: actions.Unknown, Line: "the server does not let it ask" + why,
			Next: "let it be asked by root (sudo), or set role and password, which need PROCESS and REPLICA MONITOR"}
	}
	return actions.Reading{Status: actions.Unknown, Line: "the server could not be asked" + why, Next: "see whether port, address and socket are right"}
}

// server says which part the host plays.
func (m mariadbSaid) server(h inventory.Ref) actions.Reading {
	version, _, _ := strings.Cut(m.facts["version"], "-")
	tail := "MariaDB " + version
	if s, ok := mariadbNumber(m.facts["uptime"]); ok {
		tail += ", up " + span(time.Duration(min(s, 1e9))*time.Second)
	}
	closed := m.facts["read_only"] != "OFF"
	switch {
	case len(m.replicas) > 0 && closed:
		return actions.Reading{Status: actions.OK, Line: "standby, " + tail}
	case len(m.replicas) > 0:
		return actions.Reading{Status: actions.Warn, Line: "standby that can be written to, " + tail,
			Next: "set global read_only = 1, and in its configuration: what is written here breaks its replication"}
	case closed:
		return actions.Reading{Status: actions.Warn, On: h, Line: "read_only, and follows nobody, " + tail,
			Next: "set global read_only = 0, or make it follow its active"}
	}
	return actions.Reading{Status: actions.OK, On: h, Line: "active, " + tail}
}

// mariadbNumber reads a number that can be kept.
func mariadbNumber(s string) (float64, bool) {
	v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	return v, err == nil && !math.IsNaN(v) && !math.IsInf(v, 0)
}

// replication judges each source that a replica has, and on an active server
// how many follow.
func (m mariadbSaid) replication(t inventory.Target) []actions.Reading {
	var out []actions.Reading
	for _, row := range m.replicas {
		out = append(out, mariadbFollows(t, row))
	}
	if len(out) > 0 {
		return out
	}
	want := len(t.Standby)
	if want == 0 {
		return []actions.Reading{{Status: actions.OK, Line: "no replica, and none is expected"}}
	}
	have, ok := mariadbNumber(m.facts["slaves_connected"])
	switch {
	case !ok:
		return actions.UnknownReading("how many replicas follow is not said")
	case m.facts["log_bin"] != "ON":
		return []actions.Reading{{Item: actions.ItemStandbys, Status: actions.Fail, Line: fmt.Sprintf("0 of %d replicas follow: it keeps no log of what is written", want), Next: "set log_bin in its configuration"}}
	case int(have) < want:
		return []actions.Reading{{Item: actions.ItemStandbys, Status: actions.Fail, Line: fmt.Sprintf("%.0f of %d replicas follow", have, want), Next: "see SHOW ALL SLAVES STATUS on its standbys"}}
	}
	return []actions.Reading{{Status: actions.OK, Line: fmt.Sprintf("%.0f of %d replicas follow", have, want)}}
}

// mariadbFollows judges one source of a replica. Seconds without two running
// threads mean nothing, and NULL is no number of them.
func mariadbFollows(t inventory.Target, row map[string]string) actions.Reading {
	from := row["Master_Host"] + ":" + row["Master_Port"]
	r := actions.Reading{Item: row["Connection_name"], Status: actions.Fail}
	because := func(number, text string) string {
		if n := row[number]; n != "" && n != "0" {
			said, _, _ := strings.Cut(row[text], ". Query: ") // what somebody wrote is not for the record
			return ": " + n + " " + actions.Line(said)
		}
		return ""
	}
	fetches, applies := row["Slave_IO_Running"], row["Slave_SQL_Running"]
	switch {
	case applies == "No":
		r.Line = "it does not apply what " + from + " sends" + because("Last_SQL_Errno", "Last_SQL_Error")
		r.Next = "mend what it says and START SLAVE, or fill it anew from its active"
		return r
	case fetches == "No":
		r.Line = "it does not fetch from " + from + because("Last_IO_Errno", "Last_IO_Error")
		r.Next = "mend what it says and START SLAVE; after 1236 it has to be filled anew"
		return r
	case fetches == "Connecting":
		r.Line = "it does not reach " + from + because("Last_IO_Errno", "Last_IO_Error")
		r.Next = "see whether its active runs and lets it in"
		return r
	case fetches != "Yes" || applies != "Yes":
		r.Status, r.Line = actions.Unknown, fmt.Sprintf("its threads are in states %q and %q", fetches, applies)
		return r
	}
	lag, ok := mariadbNumber(row["Seconds_Behind_Master"])
	if !ok {
		r.Line, r.Next = "it follows "+from+" and does not know how far it is behind", "see SHOW ALL SLAVES STATUS"
		return r
	}
	delay, _ := mariadbNumber(row["SQL_Delay"])
	b := boundOf(t, "lag")
	beyond := max(lag-max(delay, 0), 0)
	r.Status = judge(b, beyond)
	r.Line = fmt.Sprintf("it follows %s and is %.0f s behind%s", from, lag, limitWords(b, r.Status, "s"))
	if delay > 0 {
		r.Line = fmt.Sprintf("it follows %s and is %.0f s behind, %.0f of which it is told to keep%s", from, lag, delay, limitWords(b, r.Status, "s"))
	}
	r.Metrics = []actions.Metric{measured("lag", "s", beyond, b)}
	if r.Status != actions.OK {
		r.Next = "see SHOW PROCESSLIST for what it applies"
	}
	return r
}

func (m mariadbSaid) connections(t inventory.Target) actions.Reading {
	used, ok := mariadbNumber(m.facts["threads_connected"])
	most, known := mariadbNumber(m.facts["max_connections"])
	if !ok || !known || most <= 0 {
		return actions.UnknownReading("the connections are not counted")[0]
	}
	b := boundOf(t, "connections")
	share := 100 * used / most
	s := judge(b, share)
	r := actions.Reading{Status: s, Line: fmt.Sprintf("%.0f of %.0f connections, %.0f%%%s", used, most, share, limitWords(b, s, "%")),
		Metrics: []actions.Metric{measured("connections", "%", share, b)}}
	if peak, ok := mariadbNumber(m.facts["max_used_connections"]); ok {
		r.Line += fmt.Sprintf("; at most %.0f since it started", peak)
	}
	if running, ok := mariadbNumber(m.facts["threads_running"]); ok {
		r.Metrics = append(r.Metrics, actions.Metric{Name: "running", Value: running})
	}
	if s != actions.OK {
		r.Next = "see SHOW PROCESSLIST for who holds them"
	}
	return r
}
