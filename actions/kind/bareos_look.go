package kind

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"jurymast/actions"
)

// bareosSaid is a whole answer of bareos/look.sh.
type bareosSaid struct {
	version string
	now     time.Time
	jobs    []string
	runs    []bareosRun
	waits   map[string]string // by the id of a run: what it waits for
	volumes map[string]string // their status by name
}

// bareosRun is one run of a job, as the catalogue has it.
type bareosRun struct {
	id, job, level, status string
	at                     time.Time // when it ended, or where it has not, when it began
	began                  time.Time
	files, errors, missing int64
}

func bareosParse(a actions.Answer) (bareosSaid, *actions.Reading) {
	d := bareosSaid{waits: map[string]string{}, volumes: map[string]string{}}
	unknown := func(next, format string, args ...any) (bareosSaid, *actions.Reading) {
		r := actions.UnknownReading(format, args...)[0]
		r.Next = next
		return d, &r
	}
	if strings.TrimSpace(string(a.Stdout)) == "missing" && a.Exit == 0 {
		return unknown("apt install bareos-bconsole, or bacula-console", "bconsole is not installed on its host")
	}
	parts, ended := linuxParts(a.Stdout)
	if !ended || a.Exit != 0 {
		return unknown("", "the answer is not whole: %s", orNothing(firstLine(a.Stderr), a.Exit))
	}
	said, exit := bareosAnswer(parts["version"])
	switch {
	case strings.Contains(said, "authorization problem"), strings.Contains(said, "Authorization Error"):
		return unknown("compare its password with the director's", "the director does not let this console in")
	case needsRoot(said):
		return unknown("put the login into the group of bconsole's configuration, or allow sudo: jurymast kinds bareos --sudoers", "bconsole may not be used: %s", actions.Line(firstLine([]byte(said))))
	case strings.Contains(said, "Config error"), strings.Contains(said, "Cannot open config file"), strings.Contains(said, "Failed to read config"):
		return unknown("set config to bconsole's configuration", "bconsole cannot be used: %s", actions.Line(said))
	case exit == "124" || exit == "1" && strings.Contains(said, "Connecting to Director"):
		return d, &actions.Reading{Status: actions.Fail, Line: "the director does not answer: " + actions.Line(said), Next: "systemctl status bareos-director, or bacula-director"}
	case exit != "0":
		return unknown("", "bconsole ended with %s: %s", orDefault(exit, "no code"), actions.Line(said))
	}
	for ln := range strings.Lines(said) {
		if strings.Contains(ln, " Version: ") && !strings.HasPrefix(ln, "1000 ") {
			d.version = actions.Line(ln)
		}
	}
	if d.version == "" {
		return unknown("", "the director does not say its version: %s", actions.Line(said))
	}
	seconds, err := strconv.ParseInt(strings.TrimSpace(parts["now"]), 10, 64)
	if err != nil || seconds <= 0 {
		return unknown("", "its host does not say what time it is")
	}
	d.now = time.Unix(seconds, 0)
	for _, name := range []string{"jobs", "runs", "waiting", "volumes"} {
		text, exit := bareosAnswer(parts[name])
		if name == "jobs" || name == "runs" || name == "volumes" {
			if _, there := parts[name]; !there {
				return unknown("", "the answer about %s is not there", name)
			}
		}
		// What grep has left of an answer may be nothing; that bconsole ended well
		// is always there.
		if exit != "0" {
			return unknown("", "the director gave no whole answer about its %s", name)
		}
		switch name {
		case "jobs":
			d.jobs = lines(text)
		case "runs":
			d.runs = bareosRuns(text)
		case "waiting":
			if !strings.Contains(text, "Running Jobs:") {
				return unknown("", "the director does not say what runs")
			}
			for ln := range strings.Lines(text) {
				if m := bareosWaits.FindStringSubmatch(ln); m != nil {
					d.waits[m[1]] = actions.Line(m[2])
				}
			}
		case "volumes":
			for _, b := range bareosBlocks(text, "volumename") {
				d.volumes[b["volumename"]] = b["volstatus"]
			}
		}
	}
	return d, nil
}

var bareosWaits = regexp.MustCompile(`^\s*(\d+)\s.* is (waiting .*)$`)

// bareosAnswer takes apart what was said and how bconsole ended.
func bareosAnswer(part string) (said, exit string) {
	part = strings.TrimSpace(part)
	if i := strings.LastIndex(part, "exit "); i == 0 || i > 0 && part[i-1] == '\n' {
		return strings.TrimSpace(part[:i]), strings.TrimSpace(part[i+len("exit "):])
	}
	return part, ""
}

// lines are the lines of a text that hold something, without blanks around.
func lines(text string) []string {
	var out []string
	for ln := range strings.Lines(text) {
		if ln = strings.TrimSpace(ln); ln != "" {
			out = append(out, ln)
		}
	}
	return out
}

// bareosBlocks takes a vertical listing apart, at each line with the first key.
// Keys are in small letters, as Bareos has them since 17.
func bareosBlocks(text, first string) []map[string]string {
	var out []map[string]string
	for ln := range strings.Lines(text) {
		k, v, ok := strings.Cut(strings.TrimSpace(ln), ":")
		if k = strings.ToLower(k); !ok {
			continue
		}
		if k == first {
			out = append(out, map[string]string{})
		}
		if len(out) > 0 {
			out[len(out)-1][k] = actions.Line(v)
		}
	}
	return out
}

// bareosRuns reads a listing of runs, of type backup only. What it does not
// understand of one is left as it is not: a run without a time is none.
func bareosRuns(text string) []bareosRun {
	number := func(s string) (int64, bool) {
		n, err := strconv.ParseInt(strings.ReplaceAll(s, ",", ""), 10, 64)
		return n, err == nil && n >= 0
	}
	var out []bareosRun
	for _, b := range bareosBlocks(text, "jobid") {
		at, ok := number(b["jobtdate"])
		if b["type"] != "B" || b["name"] == "" || !ok || at == 0 || at > 1<<40 {
			continue
		}
		r := bareosRun{id: strings.ReplaceAll(b["jobid"], ",", ""), job: b["name"], level: b["level"], status: b["jobstatus"], at: time.Unix(at, 0)}
		r.began = r.at
		// Both are of the director's own zone, which is not told: what lies
		// between them is not touched by that.
		start, err1 := time.Parse(time.DateTime, b["starttime"])
		end, err2 := time.Parse(time.DateTime, b["endtime"])
		if took := end.Sub(start); err1 == nil && err2 == nil && took > 0 && took < 30*24*time.Hour {
			r.began = r.at.Add(-took)
		}
		whole := true
		for key, to := range map[string]*int64{"jobfiles": &r.files, "joberrors": &r.errors, "jobmissingfiles": &r.missing} {
			n, ok := number(b[key])
			*to = n
			whole = whole && ok
		}
		if !whole {
			r.status = "?" // what it came to is not known
		}
		out = append(out, r)
	}
	return out
}
