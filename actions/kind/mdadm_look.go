package kind

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// mdadmAnswer is what mdadm/look.sh prints, taken apart.
type mdadmAnswer struct {
	arrays  []mdadmArray
	conf    [][]string // the lines of mdadm.conf, in words
	monitor string     // the command lines of mdadm that run
	mails   bool       // a sendmail is there
	log     string     // where checks is empty: the first line of the kernel's log, "" where it may not be read
	checks  []string   // lines of the log about checks, newest first
}

// mdadmArray is one array, by mdadm and by the kernel.
type mdadmArray struct {
	name    string
	kernel  map[string]string // files of /sys/block/NAME/md
	fields  map[string]string // mdadm --detail: "State" and so on
	members []mdadmMember
	exit    string // of mdadm --detail --test
	said    string // what mdadm printed where it printed no fields
}

// mdadmMember is one line of the table of mdadm --detail.
type mdadmMember struct{ state, device string }

// mdadmParse takes an answer apart, or says why it cannot be used.
func mdadmParse(a actions.Answer) (mdadmAnswer, *actions.Reading) {
	var m mdadmAnswer
	if strings.TrimSpace(string(a.Stdout)) == "missing" && a.Exit == 0 {
		return m, &actions.Reading{Status: actions.Unknown, Line: "mdadm is not installed", Next: "apt install mdadm"}
	}
	parts, ended := linuxParts(a.Stdout)
	stat, seen := parts["mdstat"]
	if !ended || !seen {
		return m, &actions.Reading{Status: actions.Unknown, Line: "no whole answer: " + orNothing(firstLine(a.Stderr), a.Exit)}
	}
	if !strings.Contains(stat, "Personalities") && !strings.Contains(stat, "unused devices") {
		return m, &actions.Reading{Status: actions.Fail, Line: "the kernel has no arrays: there is no /proc/mdstat", Next: "mdadm --assemble --scan"}
	}
	_, m.mails = parts["sendmail"]
	m.monitor, m.log = strings.TrimSpace(parts["monitor"]), strings.TrimSpace(parts["log"])
	m.checks = strings.Split(strings.TrimSpace(parts["checks"]), "\n")
	for _, ln := range strings.Split(parts["conf"], "\n") {
		words := strings.Fields(ln)
		switch {
		case len(words) == 0:
		case ln[0] == ' ' || ln[0] == '\t': // a line goes on with the next one that is set in
			if n := len(m.conf) - 1; n >= 0 {
				m.conf[n] = append(m.conf[n], words...)
			}
		default:
			m.conf = append(m.conf, words)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		if array, ok := strings.CutPrefix(name, "kernel "); ok {
			m.arrays = append(m.arrays, mdadmOne(array, parts[name], parts["detail "+array]))
		}
	}
	return m, nil
}

func mdadmOne(name, kernel, detail string) mdadmArray {
	x := mdadmArray{name: name, kernel: map[string]string{}, fields: map[string]string{}}
	for _, ln := range strings.Split(kernel, "\n") {
		k, v, _ := strings.Cut(ln, " ")
		x.kernel[k] = v
	}
	head, text, _ := strings.Cut(detail, "\n")
	x.exit, _ = strings.CutPrefix(head, "exit ")
	table := false
	for _, ln := range strings.Split(text, "\n") {
		f := strings.Fields(ln)
		switch k, v, ok := strings.Cut(strings.TrimSpace(ln), " : "); {
		case len(f) > 1 && f[0] == "Number" && f[1] == "Major":
			table = true
		case table && len(f) >= 5: // Number Major Minor RaidDevice State… /dev/…
			d := mdadmMember{state: strings.Join(f[4:], " ")}
			if last := f[len(f)-1]; strings.HasPrefix(last, "/") {
				d.device, d.state = last, strings.Join(f[4:len(f)-1], " ")
			}
			x.members = append(x.members, d)
		case ok:
			x.fields[k] = strings.TrimSpace(v)
		}
	}
	if x.fields["State"] == "" {
		x.said = actions.Line(text)
	}
	return x
}

// names are the names that an inventory may call the array by.
func (x mdadmArray) names() []string {
	out := []string{x.name, "/dev/" + x.name}
	if n, _, _ := strings.Cut(x.fields["Name"], " "); n != "" { // "nas1:data  (local to host nas1)"
		short := n[strings.IndexByte(n, ':')+1:]
		out = append(out, n, short, "md/"+short, "/dev/md/"+short)
	}
	return out
}

// level is the array's RAID level: "raid1"; "container" for what only holds
// others, with metadata of a firmware (imsm, ddf): those have names of their own.
func (x mdadmArray) level() string { return cmp.Or(x.fields["Raid Level"], x.kernel["level"]) }

// with returns the devices of the members whose state has a word.
func (x mdadmArray) with(word string) []string {
	var out []string
	for _, d := range x.members {
		if strings.Contains(d.state, word) {
			out = append(out, cmp.Or(d.device, "one"))
		}
	}
	return out
}

// mdadmArrays judges each array, and looks for those that are not there.
func mdadmArrays(m mdadmAnswer, want []string, t inventory.Target) []actions.Reading {
	var out []actions.Reading
	there, uuids, blind := map[string]bool{}, map[string]bool{}, false
	for _, x := range m.arrays {
		for _, n := range x.names() {
			there[n] = true
		}
		uuids[strings.ToLower(x.fields["UUID"])] = true
		blind = blind || x.fields["UUID"] == ""
		if x.level() != "container" {
			out = append(out, mdadmJudge(x, m.spares(x), t))
		}
	}
	const find = "mdadm --assemble --scan --verbose"
	for _, n := range want {
		if !there[n] {
			out = append(out, actions.Reading{Item: n, Status: actions.Fail, Line: "there is no such array", Next: find})
		}
	}
	for _, words := range m.conf {
		c := mdadmConfigured(words)
		if c.uuid == "" || uuids[c.uuid] || blind || slices.ContainsFunc(out, func(r actions.Reading) bool { return r.Item == c.name }) {
			continue // where an array does not say which it is, it may be this one
		}
		out = append(out, actions.Reading{Item: c.name, Status: actions.Fail, Line: "in mdadm.conf, and not assembled", Next: find})
	}
	if len(out) == 0 {
		return []actions.Reading{{Status: actions.Fail, Line: "there is no array", Next: find}}
	}
	return out
}

// mdadmWanted is an array that mdadm.conf names; uuid is "" for none.
type mdadmWanted struct {
	name, uuid string
	spares     int
}

// mdadmConfigured reads a line ARRAY of mdadm.conf (mdadm.conf(5)). What is no
// array, or is to be left alone, has no uuid.
func mdadmConfigured(words []string) mdadmWanted {
	var c mdadmWanted
	if !strings.EqualFold(words[0], "ARRAY") || slices.Contains(words, "<ignore>") {
		return c
	}
	for _, w := range words[1:] {
		switch k, v, _ := strings.Cut(w, "="); {
		case strings.HasPrefix(w, "/dev/"):
			c.name = strings.TrimPrefix(w, "/dev/")
		case strings.EqualFold(k, "uuid"):
			c.uuid = strings.ToLower(v)
		case strings.EqualFold(k, "name"):
			c.name = cmp.Or(c.name, v)
		case strings.EqualFold(k, "spares"):
			c.spares, _ = strconv.Atoi(v) // what is no number asks for none
		}
	}
	c.name = cmp.Or(c.name, c.uuid)
	return c
}

// spares is how many spares mdadm.conf says that an array has.
func (m mdadmAnswer) spares(x mdadmArray) int {
	for _, words := range m.conf {
		if c := mdadmConfigured(words); c.uuid != "" && c.uuid == strings.ToLower(x.fields["UUID"]) {
			return c.spares
		}
	}
	return 0
}

// mdadmJudge judges one array: by the words of mdadm --detail, which the kernel
// must not contradict (mdadm 4.2, Detail.c; md(4)).
func mdadmJudge(x mdadmArray, spares int, t inventory.Target) actions.Reading {
	r := actions.Reading{Item: x.name, Status: actions.Unknown, Next: "mdadm --detail /dev/" + x.name}
	missing, err := strconv.Atoi(x.kernel["degraded"])
	lacking := err == nil && missing > 0
	state := x.fields["State"]
	if state == "" {
		r.Line = "mdadm does not say how it is: " + orNothing(x.said, 0)
		if needsRoot(x.said) {
			r.Line, r.Next = "mdadm may not be asked: "+x.said, "sudo = true, and the rule of: jurymast kinds mdadm --sudoers"
		}
		if lacking {
			r.Status, r.Line = actions.Fail, fmt.Sprintf("degraded, %d missing, says the kernel; %s", missing, r.Line)
		}
		return r
	}
	level := x.level()
	members := fmt.Sprintf("%s of %s members", x.fields["Active Devices"], x.fields["Raid Devices"])
	status, what := mdadmState(state, x.kernel["array_state"])
	if what == "" && x.kernel["array_state"] == "" && err != nil {
		status, what = actions.Unknown, "and the kernel does not say how it is"
	}
	r.Status = status
	switch {
	case what == "degraded", what == "failed":
		r.Line = fmt.Sprintf("%s %s: %s", level, what, members)
	case lacking || x.exit == "1" || x.exit == "2":
		r.Status = actions.Unknown
		r.Line = fmt.Sprintf("mdadm calls it %s and ends with %s, and the kernel says that %s are missing", state, x.exit, cmp.Or(x.kernel["degraded"], "?"))
		return r
	case what == "" && x.fields["Active Devices"] == x.fields["Raid Devices"] && x.exit == "0":
		r.Line = fmt.Sprintf("%s, all %s members", level, x.fields["Raid Devices"])
	case what == "":
		r.Status, r.Line = actions.Unknown, fmt.Sprintf("%s, %s, and mdadm calls it %s", level, members, state)
	default:
		r.Line = fmt.Sprintf("%s, %s, %s", level, members, what)
	}
	if n := len(x.with("removed")); n > 0 && len(x.with("rebuilding")) == 0 && status == actions.Fail {
		r.Next = "replace what is missing, then: mdadm /dev/" + x.name + " --add DEVICE"
	}
	mdadmMore(&r, x, spares, t)
	if r.Status == actions.OK {
		r.Next = ""
	}
	return r
}

// mdadmState reads the words of State: what is wrong by them, "" for nothing.
func mdadmState(state, kernel string) (actions.Status, string) {
	status, what := actions.OK, ""
	worse := func(s actions.Status, word string) {
		if s.Worse(status) {
			status, what = s, word
		}
	}
	switch kernel {
	case "broken", "suspended", "inactive", "clear":
		worse(actions.Fail, "the kernel calls it "+kernel)
	case "readonly":
		worse(actions.Warn, "read-only")
	}
	for _, word := range strings.Split(state, ", ") {
		switch strings.TrimSpace(word) {
		case "clean", "active", "active-idle", "write-pending", "read-auto", "checking":
		case "degraded":
			status, what = actions.Fail, "degraded"
		case "FAILED":
			return actions.Fail, "failed"
		case "broken", "Not Started", "inactive", "suspended", "clear":
			worse(actions.Fail, strings.ToLower(word))
		case "resyncing", "recovering", "reshaping", "readonly", "read-only":
			worse(actions.Warn, strings.TrimSpace(word))
		default:
			if strings.Contains(word, "DELAYED") || strings.Contains(word, "PENDING") || strings.Contains(word, "REMOTE") {
				worse(actions.Warn, strings.ToLower(strings.TrimSpace(word)))
				continue
			}
			worse(actions.Unknown, "which mdadm calls "+strings.TrimSpace(word))
		}
	}
	return status, what
}

// mdadmMore adds to a reading what is behind the state: what failed, how far a
// repair is, spares, mended errors, sectors that differ.
func mdadmMore(r *actions.Reading, x mdadmArray, wanted int, t inventory.Target) {
	if failed := x.with("faulty"); len(failed) > 0 {
		r.Line += "; failed: " + strings.Join(failed, ", ")
		r.Status = actions.Worst(r.Status, actions.Warn)
	}
	line, percent, speed := mdadmProgress(x)
	if line != "" {
		r.Line += "; " + line
		r.Metrics = append(r.Metrics, actions.Metric{Name: "done", Unit: "%", Value: percent}, actions.Metric{Name: "speed", Unit: "KiB/s", Value: speed})
	}
	judged := func(name, unit, word string, v float64) {
		b := boundOf(t, name)
		s := judge(b, v)
		if v > 0 || s != actions.OK {
			r.Line += "; " + word + limitWords(b, s, unit)
		}
		r.Status = actions.Worst(r.Status, s)
		r.Metrics = append(r.Metrics, measured(name, unit, v, b))
	}
	spares := 0
	for _, d := range x.members {
		if d.state == "spare" {
			spares++
		}
	}
	judged("spares", "", fmt.Sprintf("%d spare", spares), float64(spares))
	if spares < wanted && line == "" {
		r.Line += fmt.Sprintf("; mdadm.conf says %d spare, %d there", wanted, spares)
		r.Status = actions.Worst(r.Status, actions.Warn)
	}
	most, member := 0.0, ""
	for k, v := range x.kernel {
		if d, ok := strings.CutPrefix(k, "errors-"); ok {
			if n, err := strconv.ParseUint(strings.TrimSpace(v), 10, 53); err == nil && float64(n) > most {
				most, member = float64(n), d
			}
		}
	}
	judged("errors", "", fmt.Sprintf("%.0f read errors of %s were mended", most, member), most)
	if n, err := strconv.ParseUint(x.kernel["mismatch_cnt"], 10, 53); err == nil {
		judged("mismatch", "sectors", fmt.Sprintf("%d sectors differed when it was last checked", n), float64(n))
	}
	if level := x.level(); r.Status != actions.OK && x.kernel["sync_action"] == "frozen" && level != "raid0" && level != "linear" {
		r.Line += "; the kernel may not repair it: sync_action is frozen"
	}
}

// mdadmProgress says how far a repair or a check is: "recover 12.6%, 2048 KiB/s, 8 min left".
func mdadmProgress(x mdadmArray) (line string, percent, speed float64) {
	action := x.kernel["sync_action"]
	if action == "" || action == "idle" || action == "frozen" {
		return "", 0, 0
	}
	was, of, ok := strings.Cut(x.kernel["sync_completed"], " / ")
	n, err := strconv.ParseUint(was, 10, 53)
	total, err2 := strconv.ParseUint(of, 10, 53)
	if !ok || err != nil || err2 != nil || total == 0 || n > total {
		return action + ", which waits or ends", 0, 0
	}
	percent = 100 * float64(n) / float64(total)
	line = fmt.Sprintf("%s %.1f%%", action, percent)
	if s, err := strconv.ParseUint(x.kernel["sync_speed"], 10, 32); err == nil && s > 0 {
		speed = float64(s)
		line += fmt.Sprintf(", %d KiB/s", s)
		if left := float64(total-n) / 2 / speed; left < 1e8 { // of 512 bytes each; three years is no forecast
			line += ", " + span(time.Duration(left*float64(time.Second))) + " left"
		}
	}
	return line, percent, speed
}
