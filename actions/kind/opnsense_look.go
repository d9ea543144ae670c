package kind

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// opnsenseSaid is a whole answer of opnsense/look.sh, by its parts.
type opnsenseSaid map[string]string

func opnsenseParse(a actions.Answer) (opnsenseSaid, *actions.Reading) {
	if strings.TrimSpace(string(a.Stdout)) == "missing" && a.Exit == 0 {
		return nil, &actions.Reading{Status: actions.Unknown, Line: "this is no OPNsense: there is no opnsense-version", Next: "name a firewall that runs OPNsense, or another kind"}
	}
	parts, ended := linuxParts(a.Stdout)
	if !ended || a.Exit != 0 {
		return nil, &actions.UnknownReading("the answer is not whole: %s", orNothing(firstLine(a.Stderr), a.Exit))[0]
	}
	for k, v := range parts {
		parts[k] = strings.TrimSpace(v)
	}
	return parts, nil
}

// refused is the reading of a part that is not what the tool answers with.
func (o opnsenseSaid) refused(part, tool string) []actions.Reading {
	said := orDefault(actions.Line(o[part]), "nothing")
	r := actions.Reading{Status: actions.Unknown, Line: tool + " says what is not understood: " + said}
	if strings.Contains(said, "not allowed") || strings.Contains(said, "ermission denied") || strings.Contains(said, "sudo:") {
		r.Line, r.Next = tool+" may not be asked: "+said, "log in as root, or allow sudo: jurymast kinds opnsense --sudoers"
	}
	return []actions.Reading{r}
}

func (o opnsenseSaid) judgeVersion() []actions.Reading {
	v := actions.Line(o["version"])
	if !strings.HasPrefix(v, "OPNsense ") {
		return o.refused("version", "opnsense-version")
	}
	return []actions.Reading{{Status: actions.OK, Line: v}}
}

// judgeGateways judges what the firewall's own monitoring says (dpinger: none,
// delay, loss, delay+loss, down; force_down is set by hand).
func (o opnsenseSaid) judgeGateways(t inventory.Target) []actions.Reading {
	type gateway struct{ Name, Address, Status, Delay, Loss string }
	var gs []gateway
	if err := json.Unmarshal([]byte(o["gateways"]), &gs); err != nil {
		var named map[string]gateway // before 20.1
		if err := json.Unmarshal([]byte(o["gateways"]), &named); err != nil {
			return o.refused("gateways", "configctl")
		}
		for name, g := range named {
			g.Name = orDefault(g.Name, name)
			gs = append(gs, g)
		}
	}
	delay, loss := boundOf(t, "delay"), boundOf(t, "loss")
	var out []actions.Reading
	for _, g := range gs {
		if slices.Contains(t.Options.List("ignore"), g.Name) {
			continue
		}
		r := actions.Reading{Item: orDefault(actions.Line(g.Name), "(no name)"), Next: "see System: Gateways, and what lies behind it"}
		ms, ok1 := opnsenseNumber(g.Delay, "ms")
		lost, ok2 := opnsenseNumber(g.Loss, "%")
		if ok1 && ok2 {
			r.Metrics = []actions.Metric{measured("delay", "ms", ms, delay), measured("loss", "%", lost, loss)}
		}
		switch strings.ToLower(g.Status) {
		case "none":
			if !ok1 || !ok2 {
				r.Status, r.Line, r.Next = actions.Unknown, "taken for online by the firewall, which does not monitor it", "turn its monitoring on, or name it in ignore"
				break
			}
			r.Status = actions.Worst(judge(delay, ms), judge(loss, lost))
			r.Line = fmt.Sprintf("online, %.0f ms%s, %.0f %% lost%s", ms, limitWords(delay, judge(delay, ms), "ms"), lost, limitWords(loss, judge(loss, lost), "%"))
		case "delay", "loss", "delay+loss":
			r.Status, r.Line = actions.Warn, fmt.Sprintf("the firewall calls it bad (%s): delay %s, loss %s", strings.ToLower(g.Status), actions.Line(g.Delay), actions.Line(g.Loss))
			if ok2 && judge(loss, lost) == actions.Fail {
				r.Status = actions.Fail
			}
		case "down":
			r.Status, r.Line = actions.Fail, "down"
		case "force_down":
			r.Status, r.Line = actions.Warn, "taken for down because somebody said so"
		default:
			r.Status, r.Line = actions.Unknown, "its state is "+orDefault(actions.Line(g.Status), "not told")
		}
		if r.Status == actions.OK {
			r.Next = ""
		}
		out = append(out, r)
	}
	if len(out) == 0 {
		return []actions.Reading{{Status: actions.Unknown, Line: "it has no gateway", Next: "see System: Gateways"}}
	}
	return sorted(out)
}

// opnsenseNumber reads "4.2 ms" and "0.0 %"; "~" is what is not measured.
func opnsenseNumber(s, unit string) (float64, bool) {
	v, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(s), unit)), 64)
	return v, err == nil && v >= 0 && !math.IsInf(v, 0)
}

// judgeCARP compares the part that the firewall plays with what is meant.
// Demotion is added by the system for links that are down and services that
// fail (net.inet.carp.demotion), and by maintenance mode.
func (o opnsenseSaid) judgeCARP(t inventory.Target) []actions.Reading {
	var c struct {
		Demotion        any
		Maintenancemode *bool
		Message         string `json:"status_msg"`
	}
	demotion := math.NaN()
	if err := json.Unmarshal([]byte(o["carp"]), &c); err == nil {
		demotion = hostNumber(strings.TrimSpace(fmt.Sprint(c.Demotion)))
	}
	if math.IsNaN(demotion) || c.Maintenancemode == nil {
		return o.refused("carp", "configctl")
	}
	in := map[string][]string{}
	n := 0
	for _, ln := range strings.Split(o["addresses"], "\n") {
		// "vtnet0 MASTER vhid 1 advbase 1 advskew 0"
		if f := strings.Fields(ln); len(f) >= 4 && f[2] == "vhid" {
			in[f[1]] = append(in[f[1]], f[0]+" vhid "+f[3])
			n++
		}
	}
	r := actions.Reading{Next: "see Interfaces: Virtual IPs: Status", Metrics: []actions.Metric{
		{Name: "demotion", Value: demotion}, {Name: "active", Value: float64(len(in["MASTER"]))}, {Name: "addresses", Value: float64(n)}}}
	active, standby := len(in["MASTER"]), len(in["BACKUP"])
	role := t.Options.String("role")
	switch {
	case n == 0 && (role == "active" || role == "standby"):
		r.Status, r.Line = actions.Fail, "it is meant to be "+role+", and no CARP address is on it"
	case n == 0:
		return []actions.Reading{{Status: actions.OK, Line: "no CARP address is on it"}}
	case *c.Maintenancemode:
		r.Status, r.Line, r.Next = actions.Warn, fmt.Sprintf("in CARP maintenance: %d of %s are active here", active, opnsenseAddresses(n)), "end it in Interfaces: Virtual IPs: Status"
	case active+standby < n:
		r.Status, r.Line = actions.Fail, fmt.Sprintf("%d of %s are neither active nor standby: %s", n-active-standby, opnsenseAddresses(n), opnsenseOthers(in))
	case demotion > 0:
		r.Status, r.Line = actions.Fail, fmt.Sprintf("demoted by %.0f without maintenance: a link is down or a service check failed%s", demotion, opnsenseMessage(c.Message))
	case active > 0 && standby > 0:
		r.Status, r.Line = actions.Warn, fmt.Sprintf("active for %s and standby for %s: the pair shares them out", strings.Join(in["MASTER"], ", "), strings.Join(in["BACKUP"], ", "))
	case role == "active" && active == 0:
		r.Status, r.Line = actions.Fail, "standby for "+opnsenseAddresses(n)+", and it is meant to be active"
	case role == "standby" && active > 0:
		r.Status, r.Line = actions.Warn, "active for "+opnsenseAddresses(n)+", and it is meant to be standby"
	case c.Message != "":
		r.Status, r.Line = actions.Warn, actions.Line(c.Message)
	case active > 0:
		r.Line, r.Next = "active for "+opnsenseAddresses(n), ""
	default:
		r.Line, r.Next = "standby for "+opnsenseAddresses(n), ""
	}
	return []actions.Reading{r}
}

func opnsenseAddresses(n int) string {
	if n == 1 {
		return "1 CARP address"
	}
	return fmt.Sprintf("%d CARP addresses", n)
}

func opnsenseMessage(s string) string {
	if s == "" {
		return ""
	}
	return ": " + actions.Line(s)
}

func opnsenseOthers(in map[string][]string) string {
	var out []string
	for state, which := range in {
		if state != "MASTER" && state != "BACKUP" {
			out = append(out, strings.Join(which, ", ")+" "+state)
		}
	}
	slices.Sort(out)
	return strings.Join(out, "; ")
}

// judgeServices names the services that do not run. The tool's words are "… is
// running as pid 123." and "… is not running.".
func (o opnsenseSaid) judgeServices(t inventory.Target) []actions.Reading {
	var ss []struct{ Name, ID, Description, Status string }
	if err := json.Unmarshal([]byte(o["services"]), &ss); err != nil {
		return o.refused("services", "configctl")
	}
	if len(ss) == 0 {
		return actions.UnknownReading("it lists no service")
	}
	var out []actions.Reading
	for _, s := range ss {
		name := actions.Line(s.Name)
		if s.ID != "" {
			name += "/" + actions.Line(s.ID)
		}
		r := actions.Reading{Item: orDefault(name, "(no name)")}
		switch {
		case slices.Contains(t.Options.List("ignore"), s.Name) || slices.Contains(t.Options.List("ignore"), name):
			continue
		case strings.Contains(s.Status, "is not running"):
			r.Status, r.Line, r.Next = actions.Fail, "not running: "+actions.Line(s.Description), "configctl service start "+name
		case strings.Contains(s.Status, "is running"):
			continue
		default:
			r.Status, r.Line = actions.Unknown, "its state is "+orDefault(actions.Line(s.Status), "not told")
		}
		out = append(out, r)
	}
	if len(out) == 0 {
		return []actions.Reading{{Status: actions.OK, Line: count(len(ss), "service") + ", each of them runs or is ignored"}}
	}
	return sorted(out)
}

// judgeUpdates reads what the firewall found when it last looked for updates.
func (o opnsenseSaid) judgeUpdates(t inventory.Target, now time.Time) []actions.Reading {
	if o["updates"] == "" {
		return []actions.Reading{{Status: actions.Unknown, Line: "it has not looked for updates since it was started, or looks now", Next: "configctl firmware probe, and a cron entry in System: Settings: Cron"}}
	}
	at, text, _ := strings.Cut(o["updates"], "\n")
	var u struct {
		Connection, Repository string
		Upgrade                []any  `json:"upgrade_packages"`
		New                    []any  `json:"new_packages"`
		Reinstall              []any  `json:"reinstall_packages"`
		Major                  string `json:"upgrade_major_version"`
		Reboot                 any    `json:"needs_reboot"`
		UpgradeReboot          any    `json:"upgrade_needs_reboot"`
	}
	seconds, err := strconv.ParseInt(strings.TrimSpace(at), 10, 64)
	if err != nil || json.Unmarshal([]byte(text), &u) != nil || u.Connection == "ok" && u.Repository == "ok" && u.Upgrade == nil {
		return o.refused("updates", "/tmp/pkg_upgrade.json")
	}
	if u.Connection != "ok" || u.Repository != "ok" {
		return []actions.Reading{{Status: actions.Unknown, Line: fmt.Sprintf("it could not look for updates: connection %s, repository %s",
			orDefault(actions.Line(u.Connection), "not told"), orDefault(actions.Line(u.Repository), "not told")), Next: "see System: Firmware: Status"}}
	}
	days := now.Sub(time.Unix(seconds, 0)).Hours() / 24
	n := float64(len(u.Upgrade) + len(u.New) + len(u.Reinstall))
	updates, checked := boundOf(t, "updates"), boundOf(t, "checked")
	r := actions.Reading{Status: actions.Worst(judge(updates, n), judge(checked, days)), Next: "see System: Firmware: Updates",
		Metrics: []actions.Metric{measured("updates", "", n, updates), measured("checked", "days", max(0, days), checked)}}
	r.Line = fmt.Sprintf("%.0f wait%s", n, limitWords(updates, judge(updates, n), ""))
	if n > 0 && (fmt.Sprint(u.Reboot) == "1" || fmt.Sprint(u.UpgradeReboot) == "1") {
		r.Line += ", with a reboot"
	}
	if u.Major != "" {
		r.Line += "; release " + actions.Line(u.Major) + " is out"
	}
	r.Line += fmt.Sprintf("; looked for %s ago%s", span(max(0, now.Sub(time.Unix(seconds, 0)))), limitWords(checked, judge(checked, days), "days"))
	if r.Status == actions.OK {
		r.Next = ""
	}
	return []actions.Reading{r}
}

// judgePools reads zpool status -x, which says one line when all is well.
func (o opnsenseSaid) judgePools() []actions.Reading {
	said, there := o["pools"]
	switch line := firstLine([]byte(said)); {
	case !there || line == "no pools available":
		return []actions.Reading{{Status: actions.OK, Line: "no ZFS pool"}}
	case line == "all pools are healthy":
		return []actions.Reading{{Status: actions.OK, Line: line}}
	case strings.HasPrefix(line, "pool: "):
		return []actions.Reading{{Status: actions.Fail, Line: actions.Line(said), Next: "zpool status"}}
	}
	return o.refused("pools", "zpool")
}

// judgeConfig says whether the configuration is whole, and who changed it last.
func (o opnsenseSaid) judgeConfig(t inventory.Target, now time.Time) []actions.Reading {
	at, rest, _ := strings.Cut(o["config"], "\n")
	end, revision, _ := strings.Cut(rest, "\n")
	seconds, err := strconv.ParseInt(strings.TrimSpace(at), 10, 64)
	switch {
	case o["config"] == "":
		return []actions.Reading{{Status: actions.Fail, Line: "/conf/config.xml is not there", Next: "bring it back: jurymast plan restore"}}
	case err != nil:
		return o.refused("config", "date")
	}
	age := now.Sub(time.Unix(seconds, 0))
	b := boundOf(t, "changed")
	hours := max(0, age.Hours())
	r := actions.Reading{Status: judge(b, hours), Metrics: []actions.Metric{measured("changed", "h", hours, b)}, Next: "see System: Configuration: History"}
	r.Line = "changed " + span(max(0, age)) + " ago" + limitWords(b, r.Status, "h")
	var by struct {
		Username    string `xml:"username"`
		Description string `xml:"description"`
	}
	switch {
	case rest == "":
		r.Status, r.Line, r.Next = actions.Worst(r.Status, actions.Unknown), r.Line+"; the login may not read it", "log in as root"
	case !strings.Contains(end, "</opnsense>"):
		r.Status, r.Line, r.Next = actions.Fail, r.Line+"; it does not end with </opnsense>: it is not whole", "bring it back from System: Configuration: History"
	case xml.Unmarshal([]byte(revision), &by) != nil || by.Username == "":
		r.Line += "; by whom is not told"
	default:
		r.Line += " by " + actions.Line(by.Username)
		if by.Description != "" {
			r.Line += ": " + actions.Line(by.Description)
		}
	}
	if r.Status == actions.OK {
		r.Next = ""
	}
	return []actions.Reading{r}
}
