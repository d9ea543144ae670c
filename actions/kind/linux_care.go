package kind

import (
	"encoding/json"
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// linuxUnits reads linux/units.sh: one reading for the lot, and it names them.
func linuxUnits(a actions.Answer) []actions.Reading {
	lines := strings.Split(strings.TrimRight(string(a.Stdout), "\n"), "\n")
	if lines[0] == "none" && a.Exit == 0 {
		return nil // no systemd here
	}
	if lines[0] != "systemd" || lines[len(lines)-1] != "end" || a.Exit != 0 {
		return actions.UnknownReading("systemctl gave no whole answer: %s", orNothing(firstLine(a.Stderr), a.Exit))
	}
	var failed []string
	units := false
	state := ""
	for _, ln := range lines[1 : len(lines)-1] {
		switch {
		case ln == "units":
			units = true
		case !units:
			if s, ok := strings.CutPrefix(ln, "SystemState="); ok {
				state = s
			}
		default:
			f := strings.Fields(strings.TrimLeft(ln, "● *"))
			if len(f) >= 3 {
				failed = append(failed, f[0])
			}
		}
	}
	if !units {
		return actions.UnknownReading("systemctl gave no list of units")
	}
	m := []actions.Metric{{Name: "failed", Value: float64(len(failed))}}
	switch {
	case len(failed) > 0:
		sort.Strings(failed)
		return []actions.Reading{{Status: actions.Fail, Line: fmt.Sprintf("%d failed: %s", len(failed), strings.Join(failed, ", ")), Metrics: m, Next: "systemctl status " + failed[0]}}
	case state == "maintenance", state == "stopping":
		return []actions.Reading{{Status: actions.Warn, Line: "none failed, but systemd is " + state, Metrics: m}}
	}
	return []actions.Reading{{Status: actions.OK, Line: "none failed", Metrics: m}}
}

// linuxFacts reads lines of "name value". Several values of a name are joined
// by newlines. Without the line "end" it returns nil: the answer was cut off.
func linuxFacts(out []byte) map[string]string {
	facts := map[string]string{}
	for _, ln := range strings.Split(string(out), "\n") {
		name, value, _ := strings.Cut(ln, " ")
		if old, ok := facts[name]; ok {
			value = old + "\n" + value
		}
		facts[name] = value
	}
	if _, ok := facts["end"]; !ok {
		return nil
	}
	return facts
}

func linuxUpdates(a actions.Answer, all, security, lists inventory.Bound) []actions.Reading {
	f := linuxFacts(a.Stdout)
	if why, ok := linuxFacts([]byte(string(a.Stdout) + "\nend\n"))["failed"]; ok {
		return actions.UnknownReading("the updates cannot be counted: %s", why)
	}
	if f == nil {
		return actions.UnknownReading("the updates cannot be counted: %s", orNothing(firstLine(a.Stderr), a.Exit))
	}
	if f["manager"] == "none" {
		return nil
	}
	if f["lists"] == "none" {
		return []actions.Reading{{Status: actions.Unknown, Line: "the updates cannot be counted: no package list was ever fetched", Next: "apt-get update"}}
	}
	n, err := strconv.Atoi(f["updates"])
	if err != nil {
		return actions.UnknownReading("the updates cannot be counted: %s", orNothing(firstLine(a.Stderr), a.Exit))
	}
	r := actions.Reading{Status: judge(all, float64(n)), Line: fmt.Sprintf("%d wait", n), Metrics: []actions.Metric{measured("updates", "", float64(n), all)}}
	if s, err := strconv.Atoi(f["security"]); err == nil {
		st := judge(security, float64(s))
		r.Status = actions.Worst(r.Status, st)
		r.Line += fmt.Sprintf(", %d of them for security", s)
		r.Metrics = append(r.Metrics, measured("security", "", float64(s), security))
	}
	if b, err := strconv.Atoi(f["broken"]); err == nil && b > 0 {
		r.Status = actions.Worst(r.Status, actions.Warn)
		r.Line += fmt.Sprintf("; %d packages are half installed", b)
		r.Next = "dpkg --configure -a"
	}
	if at, err := strconv.ParseInt(f["lists"], 10, 64); err == nil {
		now, err := strconv.ParseInt(f["now"], 10, 64)
		if err != nil {
			now = a.Now.Unix()
		}
		age := time.Duration(now-at) * time.Second
		if st := judge(lists, age.Hours()/24); st != actions.OK {
			r.Status = actions.Worst(r.Status, st)
			r.Line += fmt.Sprintf("; counted by lists %s old", span(age))
			r.Next = "apt-get update"
		}
	}
	return []actions.Reading{r}
}

func linuxReboot(a actions.Answer) []actions.Reading {
	f := linuxFacts(a.Stdout)
	if f == nil || f["running"] == "" || a.Exit != 0 {
		return actions.UnknownReading("it cannot be told: %s", orNothing(firstLine(a.Stderr), a.Exit))
	}
	warn := func(layout string, args ...any) []actions.Reading {
		return []actions.Reading{{Status: actions.Warn, Line: fmt.Sprintf(layout, args...), Next: "reboot when it suits"}}
	}
	if _, ok := f["flag"]; ok {
		if p := f["package"]; p != "" {
			return warn("needed, for %s", strings.ReplaceAll(p, "\n", ", "))
		}
		return warn("needed")
	}
	if n, ok := f["nixos"]; ok {
		if booted, current, ok := strings.Cut(n, " "); ok && booted != current {
			return warn("needed: another kernel than the running one is activated")
		}
	}
	if newest := newestKernel(f["running"], strings.Split(f["installed"], "\n")); newest != "" {
		return warn("needed: kernel %s runs, %s is installed", f["running"], newest)
	}
	return []actions.Reading{{Status: actions.OK, Line: "not needed, kernel " + f["running"]}}
}

// newestKernel returns the newest of the installed kernels that is newer than the
// running one, "" for none. Only among kernels of one flavour does newer mean that
// it would be booted; a file named without a version (Arch: linux, linux-lts) says
// nothing.
func newestKernel(running string, installed []string) string {
	newest := running
	for _, k := range installed {
		if k != "" && digit(k[0]) && flavour(k) == flavour(running) && lessVersion(newest, k) {
			newest = k
		}
	}
	if newest == running {
		return ""
	}
	return newest
}

// flavour is what a kernel's release says beside its version: "cloud-amd64" of
// 6.1.0-18-cloud-amd64, "rpi-v" of 6.6.31+rpt-rpi-v8, "" of 6.8.9-300.fc40.
func flavour(release string) string {
	var words []string
	for _, w := range strings.Split(release, "-") {
		if w != "" && !digit(w[0]) {
			words = append(words, strings.TrimRight(w, "0123456789"))
		}
	}
	return strings.Join(words, "-")
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// lessVersion orders releases as sort -V does: numbers by value.
func lessVersion(a, b string) bool {
	for a != "" && b != "" {
		x, xr := chunk(a)
		y, yr := chunk(b)
		if x != y {
			m, errX := strconv.Atoi(x)
			n, errY := strconv.Atoi(y)
			if errX == nil && errY == nil {
				if m != n {
					return m < n
				}
			} else {
				return x < y
			}
		}
		a, b = xr, yr
	}
	return len(a) < len(b)
}

// chunk cuts the digits, or what is no digit, from the front.
func chunk(s string) (head, rest string) {
	i := 1
	for i < len(s) && digit(s[i]) == digit(s[0]) {
		i++
	}
	return s[:i], s[i:]
}

func linuxClock(a actions.Answer, own, drift inventory.Bound) []actions.Reading {
	f := linuxFacts(a.Stdout)
	now, err := strconv.ParseInt(f["now"], 10, 64)
	if f == nil || err != nil {
		return actions.UnknownReading("the clock cannot be read: %s", orNothing(firstLine(a.Stderr), a.Exit))
	}
	// Its clock shows whole seconds, and was read somewhere on the way.
	off := time.Unix(now, 0).Sub(a.Now.Add(-a.Took/2)) + 500*time.Millisecond
	seconds := max(0, math.Abs(off.Seconds())-0.5-a.Took.Seconds()/2)
	st := judge(drift, seconds)
	r := actions.Reading{Status: st, Metrics: []actions.Metric{measured("drift", "s", seconds, drift)}}
	if st != actions.OK {
		r.Line = fmt.Sprintf("%s %s this machine%s", span(off.Abs()), aheadOrBehind(off.Seconds()), limitWords(drift, st, "s"))
		r.Next = "set it, and see what keeps it: timedatectl"
	}
	line, status, offset := linuxTimeService(f)
	if !math.IsNaN(offset) {
		s := judge(own, math.Abs(offset))
		status = actions.Worst(status, s)
		line += limitWords(own, s, "s")
		r.Metrics = append(r.Metrics, measured("offset", "s", math.Abs(offset), own))
	}
	if status.Worse(r.Status) {
		r.Status = status
		r.Next = "systemctl status chrony systemd-timesyncd"
	}
	switch {
	case r.Line == "":
		r.Line = line
	case line != "":
		r.Line += "; " + line
	}
	return []actions.Reading{r}
}

// linuxTimeService says what the machine's time service knows: chronyc's CSV of
// tracking, or timedatectl. Offset is NaN where it tells none.
func linuxTimeService(f map[string]string) (line string, st actions.Status, offset float64) {
	if why, ok := f["chronyfailed"]; ok {
		return "chrony does not answer: " + actions.Line(why), actions.Unknown, math.NaN()
	}
	if c, ok := f["chrony"]; ok {
		v := strings.Split(c, ",")
		if len(v) < 14 {
			return "chrony gave no whole answer", actions.Unknown, math.NaN()
		}
		if v[13] == "Not synchronised" {
			return "not synchronised (chrony)", actions.Warn, math.NaN()
		}
		x, err := strconv.ParseFloat(v[4], 64)
		if err != nil {
			return "chrony gave no offset", actions.Unknown, math.NaN()
		}
		return fmt.Sprintf("synchronised, off by %.6f s (chrony)", math.Abs(x)), actions.OK, x
	}
	for name := range f {
		if s, ok := strings.CutPrefix(name, "NTPSynchronized="); ok {
			if s == "yes" {
				return "synchronised", actions.OK, math.NaN()
			}
			return "not synchronised", actions.Warn, math.NaN()
		}
	}
	if why, ok := f["timedatefailed"]; ok {
		return "no time service answers: " + actions.Line(why), actions.OK, math.NaN()
	}
	return "as on this machine; no time service is known", actions.OK, math.NaN()
}

// linuxSMART is of smartctl's JSON what is judged (smartctl 7.3).
type linuxSMART struct {
	ModelName string `json:"model_name"`
	Smartctl  struct {
		ExitStatus int            `json:"exit_status"`
		Messages   []smartMessage `json:"messages"`
	} `json:"smartctl"`
	Power  *smartPower `json:"power_mode"`
	Status *struct {
		Passed bool `json:"passed"`
	} `json:"smart_status"`
	Temperature struct {
		Current float64 `json:"current"`
	} `json:"temperature"`
}

// The bits of smartctl's exit status (smartctl(8), EXIT STATUS).
const (
	smartOpenFailed = 1 << 1
	smartFailing    = 1 << 3
	smartPrefail    = 1 << 4
	smartErrors     = 1<<6 | 1<<7
)

func linuxDrives(a actions.Answer, temp inventory.Bound) []actions.Reading {
	out := string(a.Stdout)
	switch first, _, _ := strings.Cut(out, "\n"); {
	case first == "nodrives":
		return nil
	case strings.HasPrefix(first, "missing "):
		return actions.UnknownReading("smartctl is not installed: apt install smartmontools")
	}
	if _, ended := linuxParts(a.Stdout); !ended {
		return actions.UnknownReading("smartctl gave no whole answer: %s", orNothing(firstLine(a.Stderr), a.Exit))
	}
	var rs []actions.Reading
	for _, block := range strings.Split(out, "== /dev/")[1:] {
		device, text, _ := strings.Cut(block, "\n")
		text, exit, _ := strings.Cut(text, "\n== exit ")
		code, _ := strconv.Atoi(strings.TrimSpace(strings.SplitN(exit, "\n", 2)[0]))
		rs = append(rs, linuxDrive("/dev/"+strings.TrimSpace(device), text, code, temp))
	}
	if len(rs) == 0 {
		return actions.UnknownReading("smartctl said nothing of any drive")
	}
	return rs
}

func linuxDrive(device, text string, code int, temp inventory.Bound) actions.Reading {
	r := actions.Reading{Item: device, Status: actions.Unknown}
	if strings.Contains(text, "a password is required") || strings.Contains(text, "Permission denied") {
		r.Line, r.Next = "reading it needs root", "sudo = true, and the rule of: jurymast kinds linux --sudoers"
		return r
	}
	var s linuxSMART
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		r.Line = "smartctl gave no answer that can be read: " + actions.Line(firstLine([]byte(text)))
		return r
	}
	switch {
	case code&(smartFailing|smartPrefail) != 0 || s.Status != nil && !s.Status.Passed:
		r.Status, r.Line, r.Next = actions.Fail, "says that it is failing", "copy what is on it, then replace it: smartctl -a "+device
	case code&smartOpenFailed != 0:
		r.Line = "asleep, or it cannot be opened"
		for _, m := range s.Smartctl.Messages {
			r.Line = actions.Line(m.String)
		}
		if smartAsleep(s.Smartctl.Messages, s.Power) {
			r.Status, r.Line = actions.OK, "asleep, and left so"
		}
		return r
	case s.Status == nil:
		r.Line = "it does not assess itself"
	case code&smartErrors != 0:
		r.Status, r.Line, r.Next = actions.Warn, "well by its own word, with errors in its log", "smartctl -a "+device
	default:
		r.Status, r.Line = actions.OK, "well by its own word"
	}
	if s.Temperature.Current > 0 {
		st := judge(temp, s.Temperature.Current)
		r.Status = actions.Worst(r.Status, st)
		r.Line += fmt.Sprintf(", %.0f °C%s", s.Temperature.Current, limitWords(temp, st, "°C"))
		r.Metrics = append(r.Metrics, measured("temperature", "°C", s.Temperature.Current, temp))
	}
	if s.ModelName != "" {
		r.Line += " (" + actions.Line(s.ModelName) + ")"
	}
	return r
}
