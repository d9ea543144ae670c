package kind

import (
	"encoding/csv"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// haproxySaid is a whole answer of haproxy/look.sh.
type haproxySaid struct {
	parts map[string]string
	info  map[string]string
	rows  []map[string]string // of "show stat", by the names of its columns
	down  string              // why it does not answer; "" when it does
}

func haproxyParse(t inventory.Target, a actions.Answer) (haproxySaid, *actions.Reading) {
	parts, ended := linuxParts(a.Stdout)
	h := haproxySaid{parts: parts, info: map[string]string{}}
	part := func(p string) string { return strings.TrimSpace(parts[p]) }
	why := func(s actions.Status, next, format string, args ...any) (haproxySaid, *actions.Reading) {
		return h, &actions.Reading{Status: s, Line: actions.Line(fmt.Sprintf(format, args...)), Next: next}
	}
	switch {
	case strings.TrimSpace(string(a.Stdout)) == "missing haproxy" && a.Exit == 0:
		return why(actions.Fail, "apt install haproxy, or name another host", "HAProxy is not installed")
	case !ended || a.Exit != 0:
		return why(actions.Unknown, "", "no whole answer: %s", orNothing(firstLine(a.Stderr), a.Exit))
	}
	for ln := range strings.Lines(parts["info"]) {
		if k, v, ok := strings.Cut(strings.TrimSpace(ln), ": "); ok {
			h.info[k] = v
		}
	}
	if h.info["Version"] == "" || h.info["Pid"] == "" {
		said := orNothing(firstLine([]byte(parts["info"])), 0)
		socket := orDefault(t.Options.String("socket"), haproxySocket)
		switch n, err := strconv.Atoi(part("processes")); {
		case err == nil && n == 0 && !strings.Contains(said, "ermission denied"):
			h.down = "HAProxy does not run"
			return h, nil
		case strings.Contains(said, "onnection refused"):
			h.down = "HAProxy does not run: nobody listens at " + socket
			return h, nil
		case strings.Contains(said, "neither socat nor nc"):
			return why(actions.Unknown, "apt install socat", "%s", said)
		case strings.Contains(said, "ermission denied"), strings.Contains(said, "sudo: "):
			return why(actions.Unknown, "put the login into group haproxy, or allow sudo: jurymast kinds haproxy --sudoers", "the login may not use %s: %s", socket, said)
		default:
			return why(actions.Unknown, "set socket, and stats socket in haproxy.cfg", "HAProxy does not answer at %s: %s", socket, said)
		}
	}
	if err := h.stat(parts["stat"]); err != nil {
		return why(actions.Unknown, "", "HAProxy says what is not understood: %v", err)
	}
	return h, nil
}

// stat reads "show stat" by the names of its columns, which grow in number from
// version to version.
func (h *haproxySaid) stat(text string) error {
	head, body, ok := strings.Cut(strings.TrimLeft(text, "\n"), "\n")
	if !ok || !strings.HasPrefix(head, "# pxname,svname,") {
		return fmt.Errorf("no table of backends: %s", orNothing(actions.Line(head), 0))
	}
	names := strings.Split(strings.TrimPrefix(head, "# "), ",")
	for _, need := range []string{"status", "act", "bck", "lastchg"} {
		if !slices.Contains(names, need) {
			return fmt.Errorf("its table has no column %s", need)
		}
	}
	r := csv.NewReader(strings.NewReader(body))
	r.FieldsPerRecord = len(names)
	records, err := r.ReadAll()
	if err != nil {
		return fmt.Errorf("its table: %w", err)
	}
	for _, rec := range records {
		row := map[string]string{}
		for i, v := range rec {
			row[names[i]] = v
		}
		h.rows = append(h.rows, row)
	}
	if len(h.rows) == 0 {
		return fmt.Errorf("its table is empty")
	}
	return nil
}

func (h haproxySaid) process(t inventory.Target) actions.Reading {
	if h.down != "" {
		r := actions.Reading{Status: actions.Fail, Line: h.down, Next: "systemctl status " + orDefault(t.Options.String("unit"), "haproxy")}
		if c := h.tested(); c.Status == actions.Fail {
			r.Line, r.Next = r.Line+"; "+c.Line, c.Next
		}
		return r
	}
	up, err := strconv.ParseFloat(h.info["Uptime_sec"], 64)
	r := actions.Reading{Status: actions.OK, Line: actions.Line("HAProxy " + h.info["Version"])}
	if err == nil && up >= 0 && up < 1e10 {
		r.Line += ", configuration read " + span(time.Duration(up)*time.Second) + " ago"
	}
	b := boundOf(t, "connections")
	used, err1 := strconv.ParseFloat(h.info["CurrConns"], 64)
	most, err2 := strconv.ParseFloat(h.info["Maxconn"], 64)
	switch {
	case h.info["Stopping"] == "1":
		r.Status, r.Line, r.Next = actions.Warn, r.Line+", and it is stopping", "see whether another process of it has taken over"
	case err1 != nil || err2 != nil || !(most > 0) || !(used >= 0) || used > 1e12:
		r.Status, r.Line = actions.Unknown, r.Line+"; how many connections it has is not said"
	default:
		share := 100 * used / most
		r.Status = judge(b, share)
		r.Line += fmt.Sprintf(", %.0f of %.0f connections%s", used, most, limitWords(b, r.Status, "%"))
		r.Metrics = []actions.Metric{measured("connections", "%", share, b)}
		if r.Status != actions.OK {
			r.Next = "raise maxconn, or see who holds them: show sess"
		}
	}
	return r
}

// tested judges what haproxy -c says of the configuration on disk.
func (h haproxySaid) tested() actions.Reading {
	text, exit, known := exitOf(h.parts["test"])
	lines := strings.Split(text, "\n")
	pick := func(mark string) string {
		for _, ln := range lines {
			// "[ALERT]    (123) : config : …"; before 2.4 "[ALERT] 324/085943 (123) : …".
			if rest, ok := strings.CutPrefix(ln, mark); ok {
				if _, after, ok := strings.Cut(rest, ") : "); ok {
					rest = after
				}
				return actions.Line(strings.TrimSpace(rest))
			}
		}
		return ""
	}
	alert, warning := pick("[ALERT]"), pick("[WARNING]")
	switch {
	case !known:
		return actions.Reading{Status: actions.Unknown, Line: "HAProxy did not say how its test ended"}
	case exit != 0 && (strings.Contains(text, "ermission denied") || strings.Contains(text, "sudo: ")):
		return actions.Reading{Status: actions.Unknown, Line: actions.Line("the login may not test the configuration: " + orDefault(alert, lines[0])),
			Next: "allow sudo for this host: jurymast kinds haproxy --sudoers"}
	case exit != 0:
		return actions.Reading{Status: actions.Fail, Line: actions.Line("the configuration on disk does not pass its test, the next start fails: " + orNothing(orDefault(alert, lines[len(lines)-1]), exit)),
			Next: "mend it, then: systemctl reload haproxy"}
	case warning != "":
		return actions.Reading{Status: actions.Warn, Line: actions.Line("the configuration passes its test, with a warning: " + warning), Next: "haproxy -c -f " + haproxyConfig}
	case !strings.Contains(text, "valid"):
		return actions.Reading{Status: actions.Unknown, Line: actions.Line("HAProxy says what is not understood of its test: " + orNothing(lines[0], exit))}
	}
	return actions.Reading{Status: actions.OK, Line: "the configuration passes its test"}
}

// serving is what HAProxy shows: the serials, where its socket is of level
// admin, else when it began.
func (h haproxySaid) serving() certServing {
	s := certServing{serial: map[string]*big.Int{}, reload: "systemctl reload haproxy"}
	path := ""
	for ln := range strings.Lines(h.parts["served"]) {
		k, v, _ := strings.Cut(strings.TrimSpace(ln), ": ")
		switch k {
		case "Filename":
			path = v
		case "Serial":
			if n, ok := new(big.Int).SetString(v, 16); ok && path != "" {
				s.serial[path] = n
			}
			path = ""
		}
	}
	now, err1 := strconv.ParseInt(strings.TrimSpace(h.parts["now"]), 10, 64)
	up, err2 := strconv.ParseInt(h.info["Uptime_sec"], 10, 64)
	if err1 == nil && err2 == nil && up >= 0 {
		s.loaded = time.Unix(now-up, 0)
	}
	return s
}
