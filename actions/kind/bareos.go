package kind

import (
	"strconv"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

var bareos = actions.Kind{
	Name: "bareos",
	Doc:  "A director of Bareos or Bacula: its jobs, how old their last good run is, what waits, and its volumes.",
	About: `The director is asked by its console, bconsole, on its host or on any that has one. What it says of each job of type
backup is judged by the newest run that came to an end: by the catalogue's letter, and not by it alone. Bacula calls a
run of which a folder was missing T, well: errors, missing files, and a full run without a file are counted against
it. A letter that is not known here is unknown.

The age of a job is that of its last good run's beginning, on the clock of the machine that is asked. Runs further
back than days are not seen: a job without one is fail. For jobs that are not run daily make a second service with
jobs and other limits. A run that waits longer than the limit waiting is fail: mostly nobody has labelled a volume.

bconsole ends with 0 whatever the director thought of a question, and only with 1 where it was not let in. Its
configuration holds a password, so that it may be read by root and the group bareos or bacula only: put the login
into it, or allow sudo. Whoever may use the console may do anything to all copies: a console of its own in the
director's configuration, with CommandACL = status, llist, .jobs, version, is better, and config names its file.

Copies are made and brought back by a repository of kind bareos-job, one a job.`,
	Levels: []inventory.Level{inventory.LevelService, inventory.LevelCheck},
	Options: []inventory.Option{
		{Name: "config", Type: inventory.TypePath, Doc: "bconsole's configuration on the host; its own where not said"},
		{Name: "jobs", Type: inventory.TypeList, Doc: "jobs that are looked at, and must be there; all of type backup where not said"},
		{Name: "ignore", Type: inventory.TypeList, Doc: "jobs that are not looked at"},
		{Name: "days", Type: inventory.TypeInt, Default: "14", Doc: "how many days back runs are looked for"},
	},
	Limits: []inventory.Limit{
		{Name: "age", Unit: "h", Warn: 26, Fail: 50, Doc: "since the last good run of a job began"},
		{Name: "waiting", Unit: "min", Warn: 15, Fail: 60, Doc: "that a run waits for a volume, a client or another run"},
	},
	Sudoers: []string{"/usr/sbin/bconsole"},
	Checks:  bareosChecks,
	Proved:  map[string]actions.Ground{"look": actions.Real},
}

func bareosChecks(f *inventory.Fleet, t inventory.Target) []actions.Check {
	days := t.Options.Int("days")
	if days <= 0 {
		days = 14
	}
	s := script("bareos/look.sh", map[string]string{"CONFIG": t.Options.String("config"), "DAYS": strconv.FormatInt(days, 10), "SUDO": sudo(f, t)})
	check := func(id, title string, judge func(d bareosSaid) []actions.Reading) actions.Check {
		c := actions.Check{ID: id, Title: title, Script: s, Every: 5 * time.Minute, Limit: 2 * time.Minute, Read: func(a actions.Answer) []actions.Reading {
			d, why := bareosParse(a)
			if why != nil {
				return []actions.Reading{*why}
			}
			return judge(d)
		}}
		if id != "director" {
			c.Needs = []string{"director"}
		}
		return c
	}
	return []actions.Check{
		check("director", "director", func(d bareosSaid) []actions.Reading {
			return []actions.Reading{{Status: actions.OK, Line: d.version}}
		}),
		check("jobs", "jobs", func(d bareosSaid) []actions.Reading {
			return d.judgeJobs(t.Options.List("jobs"), t.Options.List("ignore"), days, boundOf(t, "age"))
		}),
		check("waiting", "runs that wait", func(d bareosSaid) []actions.Reading { return d.judgeWaiting(boundOf(t, "waiting")) }),
		check("volumes", "volumes", func(d bareosSaid) []actions.Reading { return d.judgeVolumes() }),
	}
}
