package kind

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// mdadmChecked judges when each array that has redundancy was last checked, by
// the lines that the kernel logs: "md: data-check of RAID array md0" when it
// begins, "md: md0: data-check done." when it ends.
func mdadmChecked(m mdadmAnswer, now time.Time, b inventory.Bound) []actions.Reading {
	var out []actions.Reading
	for _, x := range m.arrays {
		level := x.level()
		if level == "container" || level == "raid0" || level == "linear" || level == "multipath" || level == "faulty" {
			continue
		}
		out = append(out, mdadmCheckedOne(m, x, now, b))
	}
	return out
}

func mdadmCheckedOne(m mdadmAnswer, x mdadmArray, now time.Time, b inventory.Bound) actions.Reading {
	r := actions.Reading{Item: x.name}
	line, _, _ := mdadmProgress(x)
	if a := x.kernel["sync_action"]; line != "" && (a == "check" || a == "repair") {
		r.Line = "is being checked: " + line
		return r
	}
	aged := func(word string, at time.Time) actions.Reading {
		days := max(0, now.Sub(at).Hours()/24)
		r.Status = judge(b, days)
		r.Line = fmt.Sprintf("%s %s ago%s", word, span(max(0, now.Sub(at))), limitWords(b, r.Status, "days"))
		r.Metrics = []actions.Metric{measured("checked", "days", days, b)}
		if r.Status != actions.OK {
			r.Next = "see that it is done each month: systemctl list-timers 'mdcheck*'; now: echo check > /sys/block/" + x.name + "/md/sync_action"
		}
		return r
	}
	interrupted := false
	for _, ln := range m.checks {
		at, ok := mdadmLogTime(ln)
		if !ok || !strings.Contains(ln, "md: "+x.name+": data-check ") {
			continue
		}
		if strings.Contains(ln, "data-check done") {
			word := "checked"
			if interrupted {
				word = "the newest check was broken off; checked"
			}
			return aged(word, at)
		}
		interrupted = true
	}
	// mdadm writes the array's time in the zone of its machine: some hours do
	// not count here.
	if made, err := time.Parse("Mon Jan 2 15:04:05 2006", strings.Join(strings.Fields(x.fields["Creation Time"]), " ")); err == nil && judge(b, now.Sub(made).Hours()/24) == actions.OK {
		r.Line = "not checked yet, made " + span(max(0, now.Sub(made))) + " ago"
		return r
	}
	begins, ok := mdadmLogTime(cmp.Or(m.log, m.checks[len(m.checks)-1])) // it goes back to then at least
	switch {
	case !ok:
		r.Status, r.Line = actions.Unknown, "when it was checked is not known: the kernel's log may not be read, or there is no journal"
		r.Next = "sudo = true, and the rule of: jurymast kinds mdadm --sudoers"
	case judge(b, now.Sub(begins).Hours()/24) != actions.OK:
		return aged("not checked for as long as the journal is known to go back: it begins", begins)
	default:
		r.Status = actions.Unknown
		r.Line = fmt.Sprintf("no check in the journal, which begins %s ago", span(max(0, now.Sub(begins))))
		r.Next = "let the journal keep more (SystemMaxUse= in journald.conf), or switch the limit off: checked = false"
	}
	return r
}

// mdadmLogTime reads the time of a line of journalctl -o short-unix.
func mdadmLogTime(line string) (time.Time, bool) {
	at, _, ok := strings.Cut(line, " ")
	f, err := strconv.ParseFloat(at, 64)
	if !ok || err != nil || !(f > 0 && f < 1e11) {
		return time.Time{}, false
	}
	return time.Unix(int64(f), 0), true
}

// mdadmMonitor judges whether somebody is told when a member fails.
func mdadmMonitor(m mdadmAnswer) actions.Reading {
	var mail, program string
	for _, words := range m.conf {
		switch {
		case len(words) < 2:
		case strings.EqualFold(words[0], "MAILADDR"):
			mail = words[1]
		case strings.EqualFold(words[0], "PROGRAM"):
			program = words[1]
		}
	}
	runs := false
	for _, ln := range strings.Split(m.monitor, "\n") {
		for _, w := range strings.Fields(ln) {
			runs = runs || w == "--monitor" || w == "--follow" || w == "-F"
		}
	}
	switch {
	case !runs:
		return actions.Reading{Status: actions.Warn, Line: "no mdadm --monitor runs: the machine tells nobody when a member fails", Next: "systemctl enable --now mdmonitor, or monitor = false"}
	case program != "":
		return actions.Reading{Line: "mdadm --monitor runs and calls " + actions.Line(program)}
	case mail == "":
		return actions.Reading{Status: actions.Warn, Line: "mdadm --monitor runs, and mdadm.conf says nobody to tell", Next: "MAILADDR or PROGRAM in mdadm.conf"}
	case !m.mails:
		return actions.Reading{Status: actions.Warn, Line: "mdadm --monitor mails " + actions.Line(mail) + ", and there is no sendmail to do it", Next: "apt install msmtp-mta, or PROGRAM in mdadm.conf"}
	}
	return actions.Reading{Line: "mdadm --monitor runs and mails " + actions.Line(mail)}
}
