package main

import (
	"context"
	"errors"
	"math"
	"os"
	"time"

	"jurymast/actions"
	"jurymast/actions/engine"
	"jurymast/inventory"
	"jurymast/ssh/sshlab"
)

// How far back the demo remembers its numbers, and how far they lie apart.
const (
	pastFor    = 8 * 24 * time.Hour
	pastApart  = 2 * time.Hour
	pastFine   = 75 * time.Minute // of that long five minutes
	pastSeen   = 70 * time.Second // the last look: what is made every minute is due, and not yet stale
	pastGrowth = 0.55             // percent a day by which the NAS fills
	demoWarn   = 90.0             // percent at which its inventory warns
)

// demoTrouble is since when something is wrong with the demo: the machines only
// say that it is.
var demoTrouble = []struct {
	target      inventory.Ref
	check, item string
	status      actions.Status
	ago, every  time.Duration
	line        string
}{
	{"service/web-2", "compose", "app", actions.Fail, 14 * time.Minute, time.Minute, "running, and its health check fails"},
	{"node/swarm3", "ssh", "", actions.Fail, 20 * time.Minute, time.Minute, "down: connection refused"},
	{"service/swag", "config", "", actions.Fail, 3*time.Hour + 2*time.Minute, time.Minute, "the configuration on disk is broken"},
	{"node/selfhost", "units", "", actions.Fail, 6*time.Hour + 12*time.Minute, time.Minute, "1 failed: nixos-upgrade.service"},
	{"service/mail", "queue", "", actions.Warn, 9 * time.Hour, time.Minute, "140 mails waiting"},
	{"service/swarm", "audit", "database", actions.Fail, 26 * time.Hour, time.Minute, "share it and should not: proxy, database"},
	{"node/nas", "mdraid", "md0", actions.Fail, 49 * time.Hour, time.Minute, "degraded: 3 of 4 members [U_UU]"},
	{"vm/opnsense", "gateways", "WAN_DHCP", actions.Warn, 4 * time.Hour, time.Minute, "online, 17 % lost"},
	{"node/home2", "reboot", "", actions.Warn, 5 * 24 * time.Hour, 10 * time.Minute, "needed, for linux-image-amd64"},
	{"node/home2", "updates", "", actions.Warn, 30 * time.Hour, time.Hour, "23 wait, 4 of them for security"},
	{"node/selfhost", "upgrade", "", actions.Fail, 6*time.Hour + 12*time.Minute, 10 * time.Minute, "its last upgrade failed"},
	{"node/nas", "nas-arrays.arrays", "md0", actions.Fail, 49 * time.Hour, time.Minute, "raid10 degraded: 3 of 4 members"},
	{"node/nas", "nas-drives", "/dev/sdc", actions.Warn, 9 * 24 * time.Hour, time.Hour, "16 sectors wait to be replaced"},
	{"service/swarm", "nodes", "swarm3", actions.Fail, 20 * time.Minute, time.Minute, "down: heartbeat failure"},
	{"service/traefik", "services", "web@file", actions.Warn, 14 * time.Minute, time.Minute, "1 of 2 servers up"},
	{"vm/app2", "app2-guest.copies", "", actions.Warn, 28 * time.Hour, time.Minute, "its newest copy is too old"},
}

// demoPassed is what was wrong with the demo once and no longer is.
var demoPassed = []struct {
	target     inventory.Ref
	check      string
	status     actions.Status
	ago, after time.Duration
	line       string
}{
	{"service/nextcloud", "nextcloud-public", actions.Fail, 31 * time.Hour, 9 * time.Minute, "answers 502 and not 200"},
	{"node/nas", "load", actions.Warn, 2 * 24 * time.Hour, 40 * time.Minute, "1.71 per processor over 5 min"},
	{"node/nas", "load", actions.Warn, 5 * 24 * time.Hour, 55 * time.Minute, "1.62 per processor over 5 min"},
	{"service/mail", "smtp", actions.Fail, 3 * 24 * time.Hour, 2 * time.Minute, "no answer in 5s"},
	{"node/home1", "updates", actions.Warn, 6 * 24 * time.Hour, 25 * time.Hour, "3 security updates wait"},
}

// remember gives the store of the demo a past, as a fleet that is looked after
// has one: without it nothing could be said of how it has gone.
func (d *demoFleet) remember(ctx context.Context, now time.Time, calm bool) error {
	env := engine.Env(overlay(os.LookupEnv, d.environment()))
	e, err := engine.Open(ctx, engine.Options{Paths: engine.FindPaths("", env, false), Now: func() time.Time { return now }, Who: "demo", Dial: d.lab.Dial})
	if err != nil {
		return err
	}
	return errors.Join(e.TakeIn(ctx, d.past(now, calm)), e.Close())
}

func (d *demoFleet) past(now time.Time, calm bool) engine.Past {
	var p engine.Past
	for t := range d.fleet.Hosts() {
		h := d.machine(t)
		if t.Kind == "opnsense" || h.Facts.Distribution == "freebsd" || !calm && t.Ref == "node/swarm3" {
			continue
		}
		last := now.Add(-pastSeen)
		for at := now.Add(-pastFor); at.Before(last); {
			p.Entries = append(p.Entries, pastVitals(t.Ref, h.Facts, now, at, calm)...)
			if at = at.Add(pastApart); now.Sub(at) < pastFine {
				at = at.Add(5*time.Minute - pastApart)
			}
		}
		p.Entries = append(p.Entries, pastVitals(t.Ref, h.Facts, now, last, calm)...)
	}
	for _, x := range demoPassed {
		at := now.Add(-x.ago)
		p.Events = append(p.Events,
			actions.Event{Type: actions.EventState, At: at, Target: x.target, Check: x.check, From: actions.OK.String(), To: x.status.String(), Line: x.line},
			actions.Event{Type: actions.EventState, At: at.Add(x.after), Target: x.target, Check: x.check, From: x.status.String(), To: actions.OK.String(), Line: "well again"})
	}
	if calm {
		return p
	}
	// What ran out of memory was started again, and has not been well since.
	p.Events = append(p.Events, actions.Event{Type: actions.EventState, At: now.Add(-14*time.Minute - 19*time.Second), Target: "service/web-2", Check: "compose", Item: "app",
		From: actions.OK.String(), To: actions.Warn.String(), Line: "restarted, exit code 137 (out of memory)"})
	for _, x := range demoTrouble {
		since := now.Add(-x.ago)
		seen := now.Add(-x.every - pastSeen + time.Minute)
		p.Entries = append(p.Entries, actions.Entry{
			Result: actions.Result{Target: x.target, Check: x.check, Item: x.item, Status: x.status, Line: x.line, At: seen},
			Since:  since, LastOK: since.Add(-x.every), Every: x.every,
		})
		p.Events = append(p.Events, actions.Event{Type: actions.EventState, At: since, Target: x.target, Check: x.check, Item: x.item, From: actions.OK.String(), To: x.status.String(), Line: x.line})
	}
	return p
}

// pastVitals is what a machine said at a time of its processors, its memory and
// its disks: they go up and down with the hours, and the disks of the NAS fill.
func pastVitals(t inventory.Ref, f *sshlab.Linux, now, at time.Time, calm bool) []actions.Entry {
	seed := 0.0
	for _, c := range t.Name() {
		seed += float64(c)
	}
	hours := float64(at.Unix())/3600 + seed
	wave := 0.6*math.Sin(hours*math.Pi/12) + 0.4*math.Sin(hours*7) // of a day, and of less than an hour
	cpus, load := max(f.CPUs, 1), f.Load[1]
	if load == 0 {
		load = 0.27
	}
	up, before := f.Uptime-now.Sub(at), f.Uptime-now.Sub(at)-5*time.Minute
	worked := f.Worked(up)
	busy := math.Round(100 * float64(worked-f.Worked(before)) / float64(up-before))
	free := 100 * float64(f.MemAvailable) / float64(max(f.MemTotal, 1))
	entry := func(check, item string, ms ...actions.Metric) actions.Entry {
		return actions.Entry{Result: actions.Result{Target: t, Check: check, Item: item, Line: "well", At: at, Metrics: ms}, Since: now.Add(-f.Uptime), LastOK: at, Every: time.Minute}
	}
	es := []actions.Entry{
		entry(actions.CheckLoad, "", actions.Metric{Name: "load", Value: load / float64(cpus) * (1 + wave/2)},
			actions.Metric{Name: actions.MetricBusy, Value: busy, Unit: "%"}, actions.Metric{Name: actions.MetricWorked, Value: math.Floor(4*worked.Seconds()) / 4, Unit: "s"}),
		entry(actions.CheckMemory, "", actions.Metric{Name: actions.MetricAvailable, Value: math.Round(10*(free-2*wave)) / 10, Unit: "%"}),
	}
	for _, disk := range f.Disks {
		// A twentieth is kept for root, and df does not count it.
		used := math.Ceil(100 * float64(disk.Used) / (0.95 * float64(disk.Size)))
		taken := float64(disk.Used)
		e := entry(actions.CheckDisk, disk.Mount)
		if t == "node/nas" && disk.Mount == "/srv/volumes" && !calm {
			used = demoFull - pastGrowth*now.Sub(at).Hours()/24
			taken = 0.0095 * float64(disk.Size) * used
			if over := (used - demoWarn) / pastGrowth; over >= 0 { // days
				e.Status, e.Since = actions.Warn, at.Add(-time.Duration(over*float64(24*time.Hour)))
				e.LastOK = e.Since
			}
		}
		e.Metrics = []actions.Metric{
			{Name: actions.MetricUsed, Value: used, Unit: "%"}, {Name: actions.MetricTaken, Value: taken, Unit: "B"}, {Name: actions.MetricSize, Value: float64(disk.Size), Unit: "B"},
		}
		es = append(es, e)
	}
	return es
}
