package kind

import (
	"encoding/json"
	"fmt"
	"math"
	"path"
	"strconv"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// The answers of Proxmox VE are those of its API (pve-manager 9.1, API2/*.pm):
// a number may be written as text and a truth as 0 or 1, and what does not
// apply is left out.

// proxmoxNumber is a number, a text that is one, or a truth.
type proxmoxNumber float64

func (n *proxmoxNumber) UnmarshalJSON(b []byte) error {
	s := strings.Trim(string(b), `"`)
	switch s {
	case "true":
		*n = 1
		return nil
	case "false", "null", "":
		*n = 0
		return nil
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) || math.Abs(v) > 1e18 {
		return fmt.Errorf("%q is no number", actions.Line(s))
	}
	*n = proxmoxNumber(v)
	return nil
}

// proxmoxMember is an entry of /cluster/status: the cluster, which a node on
// its own does not have, or a node.
type proxmoxMember struct {
	Type, Name, IP string
	Nodes          proxmoxNumber
	Quorate        *proxmoxNumber
	Online         *proxmoxNumber
	Local          proxmoxNumber
}

// proxmoxResource is an entry of /cluster/resources. Guests of a node that does
// not answer are "unknown" and not "stopped".
type proxmoxResource struct {
	Type, Node, Name, Status, Lock, HAState, Tags string
	VMID                                          proxmoxNumber
	Template, Uptime, Mem, MaxMem                 proxmoxNumber
}

func (r proxmoxResource) id() string { return strconv.FormatInt(int64(r.VMID), 10) }

func (r proxmoxResource) isGuest() bool { return r.Type == "qemu" || r.Type == "lxc" }

// tool is the program that is asked about the guest by hand.
func (r proxmoxResource) tool() string {
	if r.Type == "lxc" {
		return "pct"
	}
	return "qm"
}

// proxmoxSettings are the lines of a guest's file that are asked for.
type proxmoxSettings struct {
	onboot    bool
	snapshots []proxmoxSnapshot
}

type proxmoxSnapshot struct {
	name string
	at   time.Time // zero where it is not said
}

// proxmoxSaid is a whole answer of one of the looks.
type proxmoxSaid struct {
	parts map[string]proxmoxPart
	now   time.Time
}

type proxmoxPart struct {
	code int
	text string
}

// proxmoxParse takes an answer apart, or says why it cannot be used.
func proxmoxParse(a actions.Answer) (proxmoxSaid, []actions.Reading) {
	if strings.TrimSpace(string(a.Stdout)) == "missing" && a.Exit == 0 {
		return proxmoxSaid{}, []actions.Reading{{Status: actions.Unknown, Line: "pvesh is not there: this is no node of Proxmox VE", Next: "name a node of Proxmox VE"}}
	}
	raw, ended := linuxParts(a.Stdout)
	if a.Cut {
		return proxmoxSaid{}, actions.UnknownReading("the answer is longer than what is kept of one")
	}
	if !ended || a.Exit != 0 {
		return proxmoxSaid{}, actions.UnknownReading("the answer is not whole: %s", orNothing(firstLine(a.Stderr), a.Exit))
	}
	s := proxmoxSaid{parts: map[string]proxmoxPart{}}
	for head, text := range raw {
		name, code, ok := strings.Cut(head, " ")
		if n, err := strconv.Atoi(code); ok && err == nil {
			s.parts[name] = proxmoxPart{n, strings.TrimSpace(text)}
		}
	}
	if n, err := strconv.ParseInt(s.parts["now"].text, 10, 64); err == nil && n > 0 && n < 1<<40 {
		s.now = time.Unix(n, 0)
	} else {
		return s, actions.UnknownReading("it does not say what time it is")
	}
	return s, nil
}

// list reads a part that is a JSON list, or says why it cannot.
func (s proxmoxSaid) list(name, what string, to any) []actions.Reading {
	p, ok := s.parts[name]
	switch {
	case !ok:
		return actions.UnknownReading("it does not tell %s", what)
	case p.code == 124:
		return []actions.Reading{{Status: actions.Unknown, Line: "it was asked for " + what + " and did not answer in time", Next: "systemctl status pve-cluster pvestatd"}}
	case p.code != 0:
		r := actions.Reading{Status: actions.Unknown, Line: actions.Line("it does not tell " + what + ": " + orNothing(lastLine(p.text), p.code))}
		if strings.Contains(p.text, "sudo:") || strings.Contains(p.text, "as root") || strings.Contains(p.text, "ermission denied") {
			r.Next = "log in as root, or allow sudo: jurymast kinds proxmox --sudoers"
		}
		return []actions.Reading{r}
	}
	text := p.text
	for !strings.HasPrefix(text, "[") { // what it warns of stands ahead
		_, rest, more := strings.Cut(text, "\n")
		if !more {
			return actions.UnknownReading("what it tells of %s is not understood: %s", what, orNothing(actions.Line(p.text), p.code))
		}
		text = rest
	}
	if err := json.Unmarshal([]byte(text), to); err != nil {
		return actions.UnknownReading("what it tells of %s is not understood: %v", what, err)
	}
	return nil
}

// lastLine is the last line of a text that says anything: pvesh gives the
// reason last.
func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return actions.Line(lines[len(lines)-1])
}

// members returns the entries of the cluster's status and the name of the node
// that was asked.
func (s proxmoxSaid) members() (ms []proxmoxMember, local string, why []actions.Reading) {
	if why = s.list("cluster", "the state of its cluster", &ms); why != nil {
		return nil, "", why
	}
	for _, m := range ms {
		if m.Type == "node" && m.Local != 0 {
			local = m.Name
		}
	}
	if local == "" {
		return nil, "", actions.UnknownReading("it does not say which node it is")
	}
	return ms, local, nil
}

// guests returns what the cluster knows of its guests; templates are left out.
func (s proxmoxSaid) guests() ([]proxmoxResource, []actions.Reading) {
	var all, out []proxmoxResource
	if why := s.list("resources", "its guests", &all); why != nil {
		return nil, why
	}
	nodes := 0
	for _, r := range all {
		switch {
		case r.Type == "node":
			nodes++
		case r.isGuest() && r.Template == 0 && r.VMID > 0:
			out = append(out, r)
		}
	}
	if nodes == 0 {
		// Every cluster has a node: a list without one is that of somebody
		// who may not see it.
		return nil, actions.UnknownReading("it shows no node and so perhaps not all of its guests")
	}
	return out, nil
}

// settings returns the settings of guests by their ids, or why they are not
// known.
func (s proxmoxSaid) settings() (map[string]*proxmoxSettings, []actions.Reading) {
	p, ok := s.parts["settings"]
	if !ok || p.code > 1 { // 1: nothing was found
		return nil, actions.UnknownReading("the files of its guests cannot be read: %s", orNothing(lastLine(p.text), p.code))
	}
	out := map[string]*proxmoxSettings{}
	s.eachSetting(func(id, section, key, value string) {
		g := out[id]
		if g == nil {
			g = &proxmoxSettings{}
			out[id] = g
		}
		switch {
		case section == "" && key == "onboot":
			g.onboot = value == "1"
		case section != "" && key == "snaptime":
			snap := proxmoxSnapshot{name: section}
			if n, err := strconv.ParseInt(value, 10, 64); err == nil && n > 0 {
				snap.at = time.Unix(n, 0)
			}
			g.snapshots = append(g.snapshots, snap)
		}
	})
	return out, nil
}

// eachSetting calls f for every line of a guest's file that was found, with the
// name of the snapshot that it is of, "" for the guest as it is.
func (s proxmoxSaid) eachSetting(f func(id, section, key, value string)) {
	section := map[string]string{}
	for _, line := range strings.Split(s.parts["settings"].text, "\n") {
		file, text, ok := strings.Cut(line, ".conf:")
		if dir := path.Base(path.Dir(file)); !ok || dir != "qemu-server" && dir != "lxc" {
			continue
		}
		id := path.Base(file)
		if name, is := strings.CutPrefix(text, "["); is {
			section[id] = strings.TrimSuffix(name, "]")
			continue
		}
		key, value, _ := strings.Cut(text, ":")
		f(id, section[id], key, strings.TrimSpace(value))
	}
}

// since says how long ago something was, never less than nothing.
func (s proxmoxSaid) since(unix proxmoxNumber) time.Duration {
	return max(0, s.now.Sub(time.Unix(int64(unix), 0)))
}

// proxmoxCheck is a check of a script that begins with proxmox/lib.sh; read is
// given whole answers only. in is what the script is told, SUDO among it.
func proxmoxCheck(in map[string]string, file, id, title string, every time.Duration, read func(proxmoxSaid, actions.Answer) []actions.Reading) actions.Check {
	s := compound(in, nil, "proxmox/lib.sh", file)
	s.Sudo = false // it calls sudo itself, for what needs it
	return actions.Check{ID: id, Title: title, Script: s, Every: every, Limit: 2 * time.Minute, Read: func(a actions.Answer) []actions.Reading {
		said, why := proxmoxParse(a)
		if why != nil {
			return why
		}
		return read(said, a)
	}}
}

// bounded judges a number and returns a reading whose line ends with the limit
// that it has reached.
func bounded(item, line, metric, unit string, v float64, b inventory.Bound) actions.Reading {
	s := judge(b, v)
	return actions.Reading{Item: item, Status: s, Line: line + limitWords(b, s, unit), Metrics: []actions.Metric{measured(metric, unit, v, b)}}
}
