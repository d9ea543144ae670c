package sshlab

import (
	"fmt"
	"strings"
	"time"
)

// Bareos is a director, as its console on the machine knows it.
type Bareos struct {
	Jobs    []BareosJob
	Waiting string // what a run waits for: "for a mount request"; "" is none
}

// BareosJob is a job of type backup and its newest run.
type BareosJob struct {
	Name   string
	Ago    time.Duration // since it began
	Failed bool
	Files  int
}

// answer has bconsole say what it is asked on its standard input.
func (d *Bareos) answer(p *programs) {
	const head = "Connecting to Director localhost:9101\n1000 OK: 103 bareos-dir Version: 23.0.3 (21 May 2024)\nEnter a period to cancel a command.\n"
	p.dialogue("bconsole")
	say := func(asked, text string) {
		p.answer("bconsole", asked, 0, head+strings.TrimSuffix(asked, "*")+"\n"+text+"You have messages.\nquit\n")
	}
	var names, runs, waiting strings.Builder
	for i, j := range d.Jobs {
		start, letter, wrong := time.Now().Add(-j.Ago), "T", 0
		if j.Failed {
			letter, wrong = "E", 1
		}
		fmt.Fprintln(&names, j.Name)
		fmt.Fprintf(&runs, "           jobid: %d\n            name: %s\n            type: B\n           level: F\n       jobstatus: %s\n       starttime: %s\n         endtime: %s\n        jobtdate: %d\n        jobfiles: %d\n        jobbytes: %d\n       joberrors: %d\n jobmissingfiles: 0\n",
			i+1, j.Name, letter, start.Format(time.DateTime), start.Add(4*time.Minute).Format(time.DateTime), start.Add(4*time.Minute).Unix(), j.Files, j.Files*4096, wrong)
	}
	if d.Waiting != "" {
		fmt.Fprintf(&waiting, "%6d  Full  %s is waiting %s\n", len(d.Jobs)+1, d.Jobs[0].Name, d.Waiting)
	}
	say("version", "bareos-dir Version: 23.0.3 (21 May 2024) Debian GNU/Linux 12 (bookworm)\n")
	p.answer("bconsole", ".jobs type=B", 0, head+names.String())
	say("llist jobs days=*", runs.String())
	say("status director", "Running Jobs:\n"+waiting.String())
	say("llist volumes", "      volumename: Full-0001\n       volstatus: Full\n      volumename: Full-0002\n       volstatus: Append\n")
}
