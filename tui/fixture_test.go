package tui

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"jurymast/actions"
	"jurymast/actions/check"
	"jurymast/actions/kind"
	"jurymast/inventory"
)

// at is the time of the fixed fleet: a Friday evening.
var at = time.Date(2026, 11, 20, 20, 5, 12, 0, time.UTC)

const homeLab = `

name = "home-lab"

[site.home]
[site.barn]

[node.pve]
address = "10.0.20.2"
site = "home"
[node.nas1]
address = "10.0.20.11"
site = "home"
tags = ["storage", "prod"]
protected = true
title = "file server"
[node.bak1]
address = "10.0.30.5"
site = "barn"
[node.edge]
address = "10.0.40.9"
site = "barn"

[vm.docker-01]
on = "pve"
[vm.win-build]
on = "pve"

[share.homes]
on = "nas1"
kind = "files"
path = "/tank/homes"
class = "user"
[share.photos]
on = "nas1"
kind = "files"
path = "/tank/photos"
class = "user"

[service.postgres]
kind = "systemd"
unit = "postgresql.service"
on = "pve"
standby = ["bak1"]
class = "application"
[service.nextcloud]
kind = "compose"
on = "docker-01"
needs = ["share/homes", "service/postgres"]
[service.mqtt]
kind = "systemd"
unit = "mosquitto.service"
on = "edge"

[repository.usb]
kind = "directory"
on = "bak1"
path = "/backups"
site = "barn"

[backup.homes]
of = "share/homes"
to = ["usb"]
rpo = "24h"
keep = { daily = 14, weekly = 8 }
schedule = "01:30"
[backup.pg]
of = "service/postgres"
to = ["usb"]
rpo = "24h"
keep = { daily = 7 }
drill = "7d"
schedule = "mon-fri 02:00"

[playbook.db-failover]
title = "Promote the standby postgres on bak1"
[[playbook.db-failover.step]]
title = "stop the old one"
on = "pve"
run = "true"
`

func fleetOf(t testing.TB, text string) *inventory.Fleet {
	t.Helper()
	f, err := inventory.Parse("inventory.toml", []byte(text), kind.Schema())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func ptr(f float64) *float64 { return &f }

// entry makes what is known of one check.
func entry(t inventory.Ref, id, item string, st actions.Status, line string, since time.Duration, ms ...actions.Metric) actions.Entry {
	e := actions.Entry{
		Result: actions.Result{Target: t, Check: id, Item: item, Status: st, Line: line, At: at.Add(-38 * time.Second), Took: 200 * time.Millisecond, Metrics: ms},
		Since:  at.Add(-since), Every: time.Minute, LastOK: at.Add(-since),
	}
	if st == actions.OK {
		e.LastOK = e.At
	}
	return e
}

// working, memory and started are what a host says of its processors, of its
// memory and of itself.
func working(r inventory.Ref, load, busy float64, since time.Duration) actions.Entry {
	return entry(r, actions.CheckLoad, "", actions.OK, fmt.Sprintf("%.2f per processor over 5 min", load), since,
		actions.Metric{Name: "load", Value: load, Warn: ptr(1.5), Fail: ptr(4)}, actions.Metric{Name: actions.MetricBusy, Value: busy, Unit: "%"})
}

func memory(r inventory.Ref, available float64, since time.Duration) actions.Entry {
	return entry(r, actions.CheckMemory, "", actions.OK, fmt.Sprintf("%.0f%% of 16 GiB available", available), since,
		actions.Metric{Name: actions.MetricAvailable, Value: available, Unit: "%", Warn: ptr(10), Fail: ptr(5)})
}

func started(r inventory.Ref, days float64) actions.Entry {
	d := time.Duration(days) * 24 * time.Hour
	return entry(r, "uptime", "", actions.OK, "up "+ageText(d)+"; Debian GNU/Linux 12 (bookworm), Linux 6.1.0-41-amd64", d,
		actions.Metric{Name: actions.MetricUptime, Value: d.Seconds(), Unit: "s"})
}

// knownState is what is known of the fixed fleet.
func knownState() actions.State {
	h := time.Hour
	pct := func(v float64) actions.Metric {
		return actions.Metric{Name: "used", Value: v, Unit: "%", Warn: ptr(85), Fail: ptr(95)}
	}
	taken := func(tib float64) actions.Metric {
		return actions.Metric{Name: "taken", Value: tib * (1 << 40), Unit: "B"}
	}
	whole := func(tib float64) actions.Metric {
		return actions.Metric{Name: "size", Value: tib * (1 << 40), Unit: "B"}
	}
	var es []actions.Entry
	add := func(e ...actions.Entry) { es = append(es, e...) }
	add(entry("node/nas1", "disk", "/tank", actions.Warn, "91% used, 1.1 TiB free; full in ~10 days; limit 85 %", 49*h, pct(91), taken(10.9), whole(12)),
		entry("node/nas1", "disk", "/tank/media", actions.OK, "70% used, 2.6 TiB free", 288*h, pct(70), taken(6), whole(8.6)),
		working("node/nas1", 0.09, 9, 288*h), memory("node/nas1", 39, 288*h), started("node/nas1", 96),
		entry("node/nas1", "zpool", "tank", actions.OK, "ONLINE", 2304*h))
	add(working("node/pve", 0.33, 31, 288*h), memory("node/pve", 30, 288*h), entry("node/pve", "disk", "/", actions.OK, "62% used", 288*h, pct(62)))
	add(working("node/bak1", 0.02, 3, 288*h), memory("node/bak1", 88, 288*h), entry("node/bak1", "disk", "/", actions.OK, "55% used", 288*h, pct(55)))
	edge := entry("node/edge", "ssh", "", actions.Unknown, "timeout after 10s: no answer from 10.0.40.9:22", 4*time.Minute)
	edge.Next = "jurymast ssh edge"
	add(edge)
	skipped := entry("service/mqtt", "unit", "", actions.Unknown, "not looked at", 4*time.Minute)
	skipped.Cause = "node/edge"
	add(skipped)
	add(working("vm/docker-01", 0.2, 18, 168*h), memory("vm/docker-01", 49, 168*h), started("vm/docker-01", 7))
	add(entry("vm/docker-01", "ssh", "", actions.OK, "answers", 168*h), entry("vm/win-build", "guest", "", actions.Warn, "guest agent silent; the vm is running", 20*time.Minute))
	add(entry("share/homes", "path", "", actions.OK, "33% used", 96*h), entry("share/photos", "path", "", actions.OK, "58% used", 96*h))
	add(entry("share/homes", "backup", "homes", actions.OK, "the newest copy is 5 h old, at most 24 h", 96*h))
	http := entry("service/nextcloud", "http", "", actions.Fail, "502 Bad Gateway: php-fpm socket refused", 14*time.Minute, actions.Metric{Name: "time", Value: 0.031, Unit: "s"})
	http.Next = "restart the container"
	add(http, entry("service/nextcloud", "compose", "", actions.OK, "3 containers run", 90*time.Hour))
	add(entry("service/postgres", "unit", "", actions.OK, "active", 216*h), entry("service/postgres", "backup", "pg", actions.Fail, "the newest copy is 30 h old, at most 24 h", 6*h+12*time.Minute))
	return actions.MakeState(es, nil)
}

func knownEvents() []actions.Event {
	return []actions.Event{
		{Seq: 9, Type: actions.EventState, At: at.Add(-4 * time.Minute), Target: "node/edge", Check: "ssh", From: "ok", To: "unknown", Line: "timeout after 10s"},
		{Seq: 8, Type: actions.EventState, At: at.Add(-14 * time.Minute), Target: "service/nextcloud", Check: "http", From: "ok", To: "fail", Line: "502 Bad Gateway"},
		{Seq: 7, Type: actions.EventState, At: at.Add(-14*time.Minute - 19*time.Second), Target: "vm/docker-01", Check: "restarts", From: "ok", To: "warn", Line: "container nextcloud restarted, exit 137"},
		{Seq: 6, Type: actions.EventState, At: at.Add(-6*time.Hour - 12*time.Minute), Target: "service/postgres", Check: "backup", Item: "pg", From: "ok", To: "fail", Line: "RPO passed"},
		{Seq: 5, Type: actions.EventShell, At: at.Add(-20 * time.Hour), Target: "node/pve", Line: "shell opened", Who: "anna"},
		{Seq: 4, Type: actions.EventState, At: at.Add(-49 * time.Hour), Target: "node/nas1", Check: "disk", Item: "/tank", From: "ok", To: "warn", Line: "85% used"},
	}
}

// fake is an engine in memory. It starts nothing: a test says what happens.
type fake struct {
	mu       sync.Mutex
	fleet    *inventory.Fleet
	state    actions.State
	readOnly bool
	events   []actions.Event // newest first
	past     map[string][]actions.Event
	runEvs   []actions.Event
	run      actions.Run
	fails    error // of State, and of what the watch tells
	news     func(News)
	reload   error
	started  []Consent
	asked    []string
	silenced []Silence
	looked   []inventory.Ref
	planned  []Request
	typed    []string // keys whose passphrase was typed
	came     chan struct{}
}

func newFake(t testing.TB) *fake {
	return &fake{fleet: fleetOf(t, homeLab), state: knownState(), events: knownEvents(), came: make(chan struct{})}
}

func (f *fake) Fleet() *inventory.Fleet { return f.fleet }
func (f *fake) ReadOnly() bool          { return f.readOnly }
func (f *fake) Deploys(t inventory.Ref) error {
	if t == "service/nextcloud" {
		return nil
	}
	return errors.New("its kind is not deployed")
}
func (f *fake) Reload(context.Context) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return false, f.reload
}
func (f *fake) State(context.Context) (actions.State, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.state, f.fails
}
func (f *fake) Summaries(s actions.State) []actions.Summary { return check.Summaries(f.fleet, s, at) }
func (f *fake) Watch(ctx context.Context, _ func(Looked), news func(News)) error {
	f.mu.Lock()
	f.news = news
	f.mu.Unlock()
	<-ctx.Done()
	return ctx.Err()
}
func (f *fake) Look(_ context.Context, ts []inventory.Ref) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.looked = append(f.looked, ts...)
	if f.news != nil {
		f.news(News{Fleet: f.fleet, State: f.state, Summaries: f.Summaries(f.state), Err: f.fails})
	}
	return nil
}
func (f *fake) History(_ context.Context, of inventory.Ref, _ int) ([]actions.Event, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if of != "" {
		mine := slices.DeleteFunc(slices.Clone(f.events), func(e actions.Event) bool { return e.Target != of })
		return append(mine, f.past[string(of)]...), nil
	}
	return slices.Clone(f.events), nil
}
func (f *fake) Series(_ context.Context, k actions.Key, metric string) ([]actions.Point, error) {
	var out []actions.Point
	if metric == actions.MetricTaken {
		now := map[string]float64{"/tank": 10.9, "/tank/media": 6}[k.Item] * (1 << 40)
		grew := map[string]float64{"/tank": 90, "/tank/media": 410}[k.Item] * (1 << 30)
		return []actions.Point{{At: at.Add(-7 * 24 * time.Hour), Value: now - grew}, {At: at, Value: now}}, nil
	}
	if k.Check == actions.CheckDisk { // it fills
		for i := range 96 {
			back := time.Duration(95-i) * 2 * time.Hour
			out = append(out, actions.Point{At: at.Add(-back), Value: 91 - 0.9*back.Hours()/24})
		}
		return out, nil
	}
	for i := range 40 {
		v := 20 + float64(i*i%47)
		if metric == "load" {
			v /= 20
		}
		out = append(out, actions.Point{At: at.Add(time.Duration(i-40) * 5 * time.Minute), Value: v})
	}
	return out, nil
}
func (f *fake) Jobs(context.Context) ([]Job, error) {
	return []Job{
		{Name: "pg", Target: "service/postgres", State: actions.Fail, Line: "the newest copy is 30 h old, at most 24 h", At: at.Add(-30 * time.Hour), RPO: 24 * time.Hour, Bytes: 2 << 30, To: []string{"usb"}, Proof: "answered", Drilled: at.Add(-9 * 24 * time.Hour)},
		{Name: "homes", Target: "share/homes", State: actions.OK, Line: "the newest copy is 5 h old, at most 24 h", At: at.Add(-5 * time.Hour), RPO: 24 * time.Hour, Bytes: 190 << 30, To: []string{"usb"}},
	}, nil
}
func (f *fake) Covers(context.Context) ([]Cover, error) {
	return []Cover{
		{Target: "share/photos", State: actions.Fail, Line: "no copy exists: nothing copies it", Copies: 1, Media: 1},
		{Target: "share/homes", State: actions.OK, Line: "3-2-1 holds", Copies: 3, Media: 2, OffSite: 1, Places: []Place{{Repository: "usb", Medium: "disk", Age: 5 * time.Hour}, {Repository: "b2", Medium: "object-store", OffSite: true, Age: 6 * time.Hour}}},
	}, nil
}
func (f *fake) Copies(context.Context, inventory.Ref) ([]actions.Copy, error) {
	return homesCopies(), nil
}

func homesCopies() []actions.Copy {
	return []actions.Copy{
		{Repository: "usb", Backup: "homes", Target: "share/homes", ID: "9c1e", At: at.Add(-5 * time.Hour), Bytes: 3 << 30, Listed: at, Proof: "answered"},
		{Repository: "b2", Backup: "homes", Target: "share/homes", ID: "77ab", At: at.Add(-30 * time.Hour), Bytes: 3 << 30, Listed: at},
		{Repository: "usb", Backup: "homes", Target: "share/homes", ID: "51d0", At: at.Add(-54 * time.Hour), Bytes: 1 << 20, Listed: at, Partial: true},
	}
}

func (f *fake) Plan(_ context.Context, r Request) (actions.Plan, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.planned = append(f.planned, r)
	return failover(), nil
}
func (f *fake) DryRun(_ context.Context, p actions.Plan) ([]Foreknown, error) {
	return []Foreknown{{p.Steps[0].ID, "verified by probe", "exit 0"}}, nil
}
func (f *fake) Typed(context.Context, actions.Plan) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.typed)
}
func (f *fake) Start(_ context.Context, p actions.Plan, c Consent) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.started = append(f.started, c)
	f.run = actions.Run{ID: "0412-k3f9", Verb: p.Verb, Target: p.Target, Title: p.Title, State: "running", Who: "anna", Made: at, Began: at, Plan: p}
	return f.run.ID, nil
}
func (f *fake) Resume(context.Context, string) error { f.ask("resume"); return nil }
func (f *fake) LetGo(_ context.Context, _, reason string) error {
	f.ask("let go: " + reason)
	return nil
}
func (f *fake) Undo(context.Context, string) error { f.ask("undo"); return nil }
func (f *fake) Ask(_ context.Context, _, wish string) error {
	f.ask(wish)
	return nil
}
func (f *fake) ask(s string) { f.mu.Lock(); f.asked = append(f.asked, s); f.mu.Unlock() }
func (f *fake) Runs(context.Context) ([]actions.Run, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.run.ID == "" {
		return nil, nil
	}
	return []actions.Run{f.run}, nil
}
func (f *fake) Run(context.Context, string) (actions.Run, []actions.Event, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.run, slices.Clone(f.runEvs), nil
}
func (f *fake) Report(context.Context, string) (string, error) {
	return "# Run 0412: done\n\n## Left to do\n\n- rebuild the standby", nil
}
func (f *fake) Note(_ context.Context, run, text string) error {
	f.ask("note " + run + ": " + text)
	return nil
}
func (f *fake) EndNote(_ context.Context, t inventory.Ref) error {
	f.ask("note over: " + string(t))
	return nil
}
func (f *fake) NoteTarget(_ context.Context, t inventory.Ref, text string) error {
	f.ask("note " + string(t) + ": " + text)
	return nil
}
func (f *fake) Shell(_ context.Context, h inventory.Ref) ([]string, error) {
	return []string{"true", string(h)}, nil
}
func (f *fake) Edit(p inventory.Pos) ([]string, error) { return []string{"true", p.String()}, nil }
func (f *fake) Keys(context.Context, inventory.Ref) ([]HostKey, error) {
	return []HostKey{{"ssh-ed25519", "SHA256:u0ZxP4k", "changed"}}, nil
}
func (f *fake) KnownKeys(context.Context, inventory.Ref) ([]HostKey, error) {
	return []HostKey{{"ssh-ed25519", "SHA256:9fq3RkTlm0uYbQe5cXw7Lh2s8tVnAoZp1dJgKiMrNc2", "trusted"}}, nil
}
func (f *fake) Silence(_ context.Context, s Silence) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.silenced = append(f.silenced, s)
	return nil
}
func (f *fake) EndSilence(context.Context, inventory.Ref) error { return nil }

// Follow waits for happen.
func (f *fake) Follow(ctx context.Context, seq int64) ([]actions.Event, error) {
	for {
		f.mu.Lock()
		var out []actions.Event
		for _, e := range f.runEvs {
			if e.Seq > seq {
				out = append(out, e)
			}
		}
		wait := f.came
		f.mu.Unlock()
		if len(out) > 0 {
			return out, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-wait:
		}
	}
}

// happen writes events of the run down.
func (f *fake) happen(es ...actions.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range es {
		e.Seq, e.Run, e.At = int64(100+len(f.runEvs)), f.run.ID, at.Add(time.Duration(len(f.runEvs))*time.Second)
		if e.Type == actions.EventRun {
			f.run.State = e.To
		}
		f.runEvs = append(f.runEvs, e)
	}
	close(f.came)
	f.came = make(chan struct{})
}

// failover is a plan with an open condition and a point of no return.
// moved is what failover is the plan of.
var moved = Request{Verb: actions.VerbFailover, Target: "service/postgres"}

func failover() actions.Plan {
	script := func(name string) actions.Script { return actions.Script{Name: name, Body: "true\n"} }
	undo := script("undo.sh")
	return actions.Plan{
		ID: "7f3a11c0", Verb: actions.VerbFailover, Target: "service/postgres", Title: "Move service/postgres from pve to bak1", Made: at, Expires: at.Add(5 * time.Minute),
		Ladder: actions.LadderGrave, Word: "postgres",
		Conditions: []actions.Condition{
			{Name: "standby-lag", Text: "the standby is close", Seen: "0.2s behind", Hold: actions.Holds},
			{Name: "stale-backup", Text: "the newest copy is younger than 24 h", Seen: "30 h old", Hold: actions.Open},
		},
		Steps: []actions.Step{
			{ID: "stop", Title: "stop postgres, wait for the last WAL", Host: "node/pve", Do: script("stop.sh"), Undo: &undo, UndoEstimate: 28 * time.Second, Timeout: time.Minute, Estimate: 20 * time.Second},
			{ID: "fence", Title: "fence: stop the vm for good", Host: "node/pve", Do: script("fence.sh"), Undo: &undo, UndoEstimate: 12 * time.Second, Timeout: time.Minute, Estimate: 15 * time.Second, Longest: 25 * time.Second},
			{ID: "promote", Title: "promote the standby", Host: "node/bak1", Do: script("promote.sh"), NoReturn: true, Timeout: time.Minute, Estimate: 30 * time.Second},
			{ID: "clients", Title: "lead clients over", Host: "vm/docker-01", Do: script("clients.sh"), Timeout: time.Minute, Estimate: 5 * time.Second},
		},
		Impact: actions.Impact{
			Down: []actions.Outage{{Target: "service/postgres", For: 70 * time.Second}, {Target: "service/nextcloud", For: 70 * time.Second}}, Risk: "0.2s of commits",
			Touches: []inventory.Ref{"node/pve", "node/bak1", "vm/docker-01"},
		},
	}
}

// bigFleet is a fleet of n hosts, of which every fiftieth has a problem.
func bigFleet(t testing.TB, n int) *fake {
	var b []byte
	var es []actions.Entry
	b = append(b, "name = \"big\"\n"...)
	for i := range n {
		b = fmt.Appendf(b, "[node.host-%05d]\naddress = \"10.%d.%d.%d\"\n", i, i/65536, i/256%256, i%256)
		st, line := actions.OK, "load 0.21, 40% of memory, 55% of disk"
		if i%50 == 7 {
			st, line = actions.Warn, "disk / 91% used, 12 GiB free"
		}
		es = append(es, entry(inventory.MakeRef(inventory.LevelNode, fmt.Sprintf("host-%05d", i)), "load", "", st, line, time.Hour))
	}
	return &fake{fleet: fleetOf(t, string(b)), state: actions.MakeState(es, nil), came: make(chan struct{})}
}

// ready returns a console of a size that has read everything, without running
// any command.
func ready(t testing.TB, f *fake, w, h int, o Options) (*root, *clock) {
	t.Helper()
	c := &clock{t: at}
	o.Now = c.now
	m, err := newRoot(t.Context(), f, o)
	if err != nil {
		t.Fatal(err)
	}
	m.w, m.h, m.dirty = w, h, true
	jobs, _ := f.Jobs(t.Context())
	covers, _ := f.Covers(t.Context())
	runs, _ := f.Runs(t.Context())
	m.Update(known(f, m.seq, f.state, nil))
	m.Update(restMsg{seq: m.restSeq, runs: runs, jobs: jobs, covers: covers})
	m.Update(historyMsg{events: f.events})
	return m, c
}

// clock is a time that stands still until it is moved.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.t }
func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}
