package run

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
	"jurymast/ssh/sshlab"
)

var everyCut = flag.Bool("every-cut", !raced, "over SSH too, every fault at every point, and not one of them in turn at every second; the latter is what the race detector gets")

// boxTool is the tool box of a world: it sets, unsets and asks, in one folder
// that all machines of the world share.
const boxTool = `#!/bin/sh
world='%s'
what=${2-}
case $1 in
set) : >"$world/$what" ;;
unset) rm -f "$world/$what" ;;
hand) rm -f "$world/$what" && : >"$world/$3" ;;
is) [ -e "$world/$what" ] || exit 1 ;;
power-off) : >"$world/off-$what" ;;
power-on) rm -f "$world/off-$what" ;;
power-seen) [ -e "$world/off-$what" ] || exit 1 ;;
list) echo '@copy-1 c17 1699990000 10 1' ;;
fail) echo 'it went wrong' >&2; exit 7 ;;
esac
case "$*" in
'set copied' | 'is copied') echo '@copy c17' ;;
esac
`

// world is machines that are reached over SSH, and the folder in which what
// their scripts do is seen.
type world struct {
	*bench
	dir, trace string
	pool       *Pool
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{bench: &bench{}, dir: t.TempDir(), trace: filepath.Join(t.TempDir(), "trace")}
	lab, err := sshlab.Start(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := lab.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, h := range []string{"a", "b", "p"} {
		tools := map[string]string{"box": fmt.Sprintf(boxTool, w.dir)}
		if _, err := lab.Add(sshlab.Host{Name: h, Sudo: true, Facts: &sshlab.Linux{}, Tools: tools}); err != nil {
			t.Fatal(err)
		}
	}
	w.lab, w.pool = lab, w.bench.pool(t)
	return w
}

// begin makes the world what it is before a request is carried out.
func (w *world) begin(r request) error {
	entries, err := os.ReadDir(w.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := os.Remove(filepath.Join(w.dir, e.Name())); err != nil {
			return err
		}
	}
	for _, what := range r.starts() {
		if err := os.WriteFile(filepath.Join(w.dir, what), nil, 0o600); err != nil {
			return err
		}
	}
	if r.roles[0] == "" {
		if err := w.lab.Machine("a").Down(); err != nil {
			return err
		}
	}
	return os.WriteFile(w.trace, nil, 0o600)
}

// cut is what disturbs a request once it is carried out: a fault of an act, one of
// the runner at a write to its journal, or one after the other.
type cut struct{ act, write fault }

func (c cut) String() string {
	var at []string
	for _, f := range []fault{c.act, c.write} {
		if f.kind != "" {
			at = append(at, fmt.Sprintf("%s %d", f.kind, f.at))
		}
	}
	return strings.Join(at, " and ")
}

// line is a runner's way to a world, with a fault at a chosen point. The
// journal is a model's; leases, jobs and what they do are real.
type line struct {
	*Pool
	journal *model
	world   *world
	plan    actions.Plan
	fault   fault
	gate    func() *gate
	gates   []*gate // that were made: one at most, at the fault

	mu     sync.Mutex
	known  map[string]bool // jobs that were begun
	struck bool
}

// sorts are the faults of an act. The line is cut ahead of it, in it and behind
// it; its host is killed, and back, in it and behind it; so is the runner.
var sorts = []string{"cut-in", "host-behind", "kill-in", "cut-behind", "host-in", "cut-before", "kill-behind"}

// Do counts the acts and lets the fault strike at its own.
func (l *line) Do(ctx context.Context, host inventory.Ref, id string, s actions.Script, out func(string)) (actions.Output, error) {
	l.mu.Lock()
	first := !l.known[id]
	l.known[id] = true
	strikes := first && l.fault.at == len(l.known)
	l.mu.Unlock()
	do := l.act
	if strikes {
		do = l.disturbed
	}
	got, err := do(ctx, host, id, s, out)
	if l.journal.killed() {
		return got, errDead
	}
	if i := strings.Split(id, ".")[1]; err == nil {
		if step, _ := l.plan.Step(i); step.Brings != "" {
			err = l.world.lab.Machine(step.Brings.Name()).Heal()
		}
	}
	return got, err
}

func (l *line) act(ctx context.Context, host inventory.Ref, id string, s actions.Script, out func(string)) (actions.Output, error) {
	s.Body = l.world.traced(id, s.Body, "", "")
	return l.Pool.Do(ctx, host, id, s, out)
}

// disturbed does an act during which the fault strikes.
func (l *line) disturbed(ctx context.Context, host inventory.Ref, id string, s actions.Script, out func(string)) (actions.Output, error) {
	if l.fault.kind == "cut-before" {
		if err := l.strike(host); err != nil {
			return actions.Output{}, err
		}
		return l.act(ctx, host, id, s, out)
	}
	g := l.gate()
	in, behind := g.text(), ""
	if strings.HasSuffix(l.fault.kind, "-behind") {
		in, behind = behind, in
	}
	s.Body = l.world.traced(id, s.Body, in, behind)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	hit := make(chan error, 1)
	go func() { // ends with the act, which closes the gate
		err := g.wait()
		if err == nil {
			err = l.strike(host)
		}
		if l.journal.killed() {
			cancel()
		}
		if err == nil && !strings.HasPrefix(l.fault.kind, "host") {
			err = g.let()
		}
		hit <- err
	}()
	got, err := l.Pool.Do(ctx, host, id, s, out)
	g.close()
	if herr := <-hit; herr != nil && !errors.Is(herr, os.ErrClosed) {
		return got, herr
	}
	return got, err
}

func (l *line) strike(host inventory.Ref) error {
	l.mu.Lock()
	l.struck = true
	l.mu.Unlock()
	m := l.world.lab.Machine(host.Name())
	switch what, _, _ := strings.Cut(l.fault.kind, "-"); what {
	case "cut":
		return errors.Join(m.Down(), m.Heal())
	case "host":
		return m.Reboot()
	}
	l.journal.kill()
	return nil
}

// Ask, Kill and Forget of a runner that was killed do not come through.

func (l *line) Ask(ctx context.Context, host inventory.Ref, s actions.Script) (actions.Output, error) {
	if l.journal.killed() {
		return actions.Output{}, errDead
	}
	return l.Pool.Ask(ctx, host, s)
}

func (l *line) Kill(ctx context.Context, host inventory.Ref, id string, sudo bool) error {
	if l.journal.killed() {
		return errDead
	}
	return l.Pool.Kill(ctx, host, id, sudo)
}

func (l *line) Forget(ctx context.Context, host inventory.Ref, ids []string, sudo bool) error {
	if l.journal.killed() {
		return errDead
	}
	return l.Pool.Forget(ctx, host, ids, sudo)
}

// finish resumes a run until it is over, or stands still for a person.
func (l *line) finish(ctx context.Context, id string) (Outcome, error) {
	for range 5 {
		r := &Runner{Carrier: l, Journal: l.journal, Now: time.Now, Holder: "a test",
			Look: func(context.Context, []inventory.Ref) (string, error) { return "", nil }}
		o, err := r.Run(ctx, id, l.plan)
		if !errors.Is(err, errDead) {
			return o, err
		}
		l.journal.revive()
	}
	return "", errors.New("it never came to an end")
}

// traced returns the text of an act with a line in the trace for each time that
// it is really done, between two gates.
func (w *world) traced(id, body, in, behind string) string {
	guard := ""
	if rest, ok := strings.CutPrefix(body, guardScript); ok {
		guard, body = guardScript, rest
	}
	return fmt.Sprintf("%s%s(\n%s\n)\njm_code=$?\n[ \"$jm_code\" != 0 ] || echo %s >>'%s'\n%sexit \"$jm_code\"\n", guard, in, body, id, w.trace, behind)
}

// played is what came of one request in a world.
type played struct {
	outcome  Outcome
	err      error
	snapshot string
	acts     int
	appends  int
	twice    []string // steps that were done twice, though they must not be
	struck   bool
	story    string
}

func (w *world) play(t *testing.T, r request, p actions.Plan, c cut, id string) played {
	t.Helper()
	if err := w.begin(r); err != nil {
		t.Fatal(err)
	}
	l := &line{Pool: w.pool, journal: newModel(c.write), world: w, plan: p, fault: c.act, known: map[string]bool{}}
	l.gate = func() *gate {
		g := newGate(t)
		l.gates = append(l.gates, g)
		return g
	}
	defer func() {
		for _, g := range l.gates {
			g.end()
		}
	}()
	var x played
	ctx, cancel := context.WithTimeout(t.Context(), stuck)
	defer cancel()
	x.outcome, x.err = l.finish(ctx, id)
	if ctx.Err() != nil {
		t.Fatalf("%s: it does not end\n%s", c, story(l.journal))
	}
	x.acts, x.appends, x.struck = len(l.known), l.journal.appends, (l.struck || c.act.kind == "") && l.journal.fault.kind == ""
	x.story = story(l.journal)
	entries, err := os.ReadDir(w.dir) // in the order of their names
	if err != nil {
		t.Fatal(err)
	}
	var on []string
	for _, e := range entries {
		on = append(on, e.Name())
	}
	x.snapshot = strings.Join(on, " ")
	trace, err := os.ReadFile(w.trace)
	if err != nil {
		t.Fatal(err)
	}
	did := map[string]int{}
	for _, job := range strings.Fields(string(trace)) {
		step, ok := stepOf(job)
		if !ok {
			continue
		}
		if s, _ := p.Step(step); !s.Redo {
			if did[step]++; did[step] == 2 {
				x.twice = append(x.twice, step)
			}
		}
	}
	return x
}

// cuts are what a request is disturbed by: every fault at every act and around every
// write; without -every-cut at each second of these points one, in turn, where n, the
// request's number, has not all begin with the same. After a fault of an act the
// runner is killed at a write as well: each of the two is made good, whatever the
// other, and there are a third fewer runs. A host that is killed may end the run,
// and comes alone.
func cuts(calm played, n int) []cut {
	faults := func(points int, kinds ...string) (fs []fault) {
		for p := 1; p <= points; p++ {
			for i, kind := range kinds {
				if *everyCut || p%2 == n%2 && i == (n+p/2)%len(kinds) {
					fs = append(fs, fault{kind, p})
				}
			}
		}
		return fs
	}
	writes := faults(calm.appends, "journal-before", "journal-after")
	var cs []cut
	for _, f := range faults(calm.acts, sorts...) {
		c := cut{act: f}
		if !strings.HasPrefix(f.kind, "host") && len(writes) > 0 {
			c.write, writes = writes[0], writes[1:]
		}
		cs = append(cs, c)
	}
	for _, f := range writes {
		cs = append(cs, cut{write: f})
	}
	return cs
}

// lanes is how many worlds a request is disturbed in side by side where every
// cut is made: much of the time is waited, for machines and lines that come back.
const lanes = 4

// stuck is when a run with one fault counts as one that never ends.
const stuck = 3 * time.Minute

// TestEveryPlannerOverSSH carries the plans of every planner out on machines
// behind SSH. In every act the line is cut, the host killed and the runner killed,
// and the runner around every write. Resumed, the world is as an undisturbed run
// leaves it, or what is lost with a host is said; and no act is done twice. Quickest
// on two processors, in three minutes, is:
//
//	go test ./actions/run -run TestEveryPlannerOverSSH -parallel 8
func TestEveryPlannerOverSSH(t *testing.T) {
	for n, r := range planned {
		t.Run(r.test(), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			p := boxPlan(t, r, t.TempDir())
			calm := w.play(t, r, p, cut{}, "calm")
			if calm.outcome != r.ends || len(calm.twice) > 0 {
				t.Fatalf("undisturbed: %s, %v, twice %v\n%s", calm.outcome, calm.err, calm.twice, calm.story)
			}
			cs := cuts(calm, n)
			t.Logf("%d acts, %d writes, disturbed %d times", calm.acts, calm.appends, len(cs))
			if !*everyCut {
				w.disturb(t, r, p, calm, cs)
				return
			}
			for lane := range lanes {
				var mine []cut
				for i := lane; i < len(cs); i += lanes {
					mine = append(mine, cs[i])
				}
				t.Run(fmt.Sprintf("lane-%d", lane), func(t *testing.T) {
					t.Parallel()
					newWorld(t).disturb(t, r, boxPlan(t, r, t.TempDir()), calm, mine)
				})
			}
		})
	}
}

// disturb carries a plan out with each of the cuts, and judges what comes of it
// by an undisturbed run.
func (w *world) disturb(t *testing.T, r request, p actions.Plan, calm played, cs []cut) {
	t.Helper()
	for i, at := range cs {
		x := w.play(t, r, p, at, fmt.Sprintf("%04d-cut", i))
		same := x.outcome == r.ends && x.snapshot == calm.snapshot
		lost := strings.HasPrefix(at.act.kind, "host") // nobody can know
		// What was held still on it is not any more, and is not copied then.
		unheld := lost && strings.Contains(x.story, "the host was started anew since it was held") && (x.outcome == Undone || x.outcome == Partial)
		if !same && !unheld && !(lost && (x.outcome == Undone && r.undone(x.snapshot) || x.outcome == Hands && x.err != nil)) {
			t.Errorf("%s: %s with %q, want %s with %q (%v)\n%s", at, x.outcome, x.snapshot, r.ends, calm.snapshot, x.err, x.story)
		}
		if len(x.twice) > 0 {
			t.Errorf("%s: %v was done twice\n%s", at, x.twice, x.story)
		}
		if !x.struck {
			t.Errorf("%s: nothing was disturbed\n%s", at, x.story)
		}
	}
}
