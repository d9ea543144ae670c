package run

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"jurymast/actions"
	"jurymast/actions/plan"
	"jurymast/inventory"
	"jurymast/ssh/sshlab"
)

// pen is a service whose data is held still, and the log of what was done to it.
type pen struct{ dir string }

func (p pen) file(name string) string { return filepath.Join(p.dir, name) }

func (p pen) script(name, body string) actions.Script {
	return actions.Script{Name: name, Body: strings.ReplaceAll(body, "DIR", p.dir)}
}

func (p pen) ref(name, body string) *actions.Script {
	s := p.script(name, body)
	return &s
}

// log returns what was done, in its order.
func (p pen) log(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(p.file("log"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return strings.ReplaceAll(strings.TrimSpace(string(b)), "\n", " ")
}

const penInventory = `
[node.a]
[service.s]
kind = "pen"
on = "a"
[repository.r]
kind = "rack"
on = "a"
[backup.s]
of = "s"
to = ["r"]
rpo = "1d"
`

// plan returns a backup of the pen's service: while it is held, copying does as
// the line says. limit is what the watchdog waits for, in seconds.
func (p pen) plan(t *testing.T, copying, limit string) actions.Plan {
	t.Helper()
	kinds := []actions.Kind{{
		Name: "pen", Levels: []inventory.Level{inventory.LevelService},
		Data: func(*inventory.Fleet, inventory.Target) (actions.Data, error) {
			return actions.Data{
				Paths: []string{"/data"}, Survey: act("survey"),
				Hold: p.ref("hold", "echo hold >>'DIR/log'; : >'DIR/held'\n"),
				// Who lets go is told by the name of its shell.
				Free: p.ref("free", "[ -e 'DIR/held' ] || exit 0\ncase $0 in *watch*) echo watchdog;; *) echo free;; esac >>'DIR/log'\nrm -f 'DIR/held'\n"),
			}, nil
		},
	}, {
		Name: "rack", Levels: []inventory.Level{inventory.LevelRepository},
		Repository: func(*inventory.Fleet, inventory.Repository, inventory.Ref) (actions.Repository, error) {
			return actions.Repository{
				Survey: act("survey"),
				Copy:   p.script("copy", "echo copy >>'DIR/log'; : >'DIR/copying'\n"+copying+"\n: >'DIR/c1'\necho '@copy c1'; echo '@bytes 10'\n"),
				Find:   p.script("find", "[ -e 'DIR/c1' ] && echo '@copy c1'\n"),
				List:   p.script("list", "[ ! -e 'DIR/c1' ] || echo '@copy-1 c1 1699990000 10 1'\n"),
			}, nil
		},
	}}
	schema := inventory.Schema{}
	for _, k := range kinds {
		schema[k.Name] = k.Schema()
	}
	fleet, err := inventory.Parse("pen.toml", []byte(penInventory), schema)
	if err != nil {
		t.Fatal(err)
	}
	f := plan.Facts{Fleet: fleet, Kinds: kinds, Now: time.Unix(1_700_000_000, 0), Answers: map[string]plan.Answer{}}
	r := plan.Request{Verb: actions.VerbBackup, Target: "service/s"}
	qs, err := plan.Questions(f, r)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range qs {
		f.Answers[q.ID] = plan.Answer{Output: actions.Output{Stdout: []byte("@bytes 10\n@free 1000\n")}}
	}
	made, err := plan.Make(f, r)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(made.Steps, func(s actions.Step) bool { return s.ID == "hold" })
	if i < 0 || !strings.Contains(made.Steps[i].Title, "lets go by itself when nothing is heard from here for 1h00m") {
		t.Fatalf("the plan does not say when the host lets go: %+v", made.Steps)
	}
	made.Steps[i].Do.Inputs = maps.Clone(made.Steps[i].Do.Inputs)
	made.Steps[i].Do.Inputs["JM_LIMIT"] = limit
	return made
}

// awaits waits until the pen has a file, or has it no more.
func (p pen) awaits(ctx context.Context, name string, there bool) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := os.Stat(p.file(name)); (err == nil) == there {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", name, ctx.Err())
		}
	}
}

// watches are the watch folders of a machine.
func watches(t *testing.T, m *sshlab.Machine) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(m.Dir(), func(path string, e os.DirEntry, err error) error {
		if err == nil && e.IsDir() && filepath.Base(filepath.Dir(path)) == "watch" {
			out = append(out, path)
		}
		return nil // what is gone meanwhile is no watch
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// interrupted carries steps until one of them is under way, and is gone then
// without a word, as a controller that lost its power.
type interrupted struct {
	Carrier
	at   string // the step's id
	does string // the file that shows that it is
	p    pen
	m    *model
	over context.Context
}

func (c *interrupted) Do(ctx context.Context, h inventory.Ref, id string, s actions.Script, line func(string)) (actions.Output, error) {
	if !strings.Contains(id, "."+c.at+".") {
		return c.Carrier.Do(ctx, h, id, s, line)
	}
	go func() { _, _ = c.Carrier.Do(c.over, h, id, s, line) }() // ends with the test
	if err := c.p.awaits(ctx, c.does, true); err != nil {
		return actions.Output{}, err
	}
	c.m.mu.Lock()
	c.m.dead = true
	c.m.mu.Unlock()
	return actions.Output{}, errDead
}

func TestHoldIsLetGoByTheRun(t *testing.T) {
	b, p, m := newBench(t, "a"), pen{t.TempDir()}, newModel(fault{})
	made := p.plan(t, "[ -e 'DIR/held' ]", "3600")
	o, err := b.runner(t, m).Run(t.Context(), "r", made)
	if o != Done || p.log(t) != "hold copy free" {
		t.Fatalf("%s, %v, did %q\n%s", o, err, p.log(t), story(m))
	}
	if w := watches(t, b.lab.Machine("a")); len(w) > 0 {
		t.Errorf("left: %q", w)
	}
	if c := plan.Evidence(actions.Run{ID: "r", Plan: made}, m.journal, made.Made); len(c) != 1 || c[0].Partial || c[0].Listed.IsZero() {
		t.Errorf("%+v", c)
	}
}

// TestHoldOfADeadController: the controller is gone in the middle of the hold.
// The host lets go by itself, once; and a copy that was made past that does not
// count, whether it was under way or not even begun.
func TestHoldOfADeadController(t *testing.T) {
	for _, x := range []struct {
		name, at string
		first    string // what is waited for until the controller is gone
		ends     Outcome
		log      string
	}{
		{"copying", "copy-r", "copying", Partial, "hold copy watchdog"},
		{"holding", "hold", "held", Undone, "hold watchdog"},
	} {
		t.Run(x.name, func(t *testing.T) {
			b, p, m := newBench(t, "a"), pen{t.TempDir()}, newModel(fault{})
			made := p.plan(t, strings.ReplaceAll("while [ -e 'DIR/held' ]; do sleep 0.05; done", "DIR", p.dir), "2")
			over, cancel := context.WithCancel(t.Context())
			r := b.runner(t, m)
			r.Carrier = &interrupted{r.Carrier, x.at, x.first, p, m, over}
			if o, err := r.Run(t.Context(), "r", made); !errors.Is(err, errDead) {
				t.Fatalf("%s, %v", o, err)
			}
			if err := p.awaits(t.Context(), "held", false); err != nil {
				t.Fatal(err)
			}
			cancel()
			m.revive()
			o, err := b.runner(t, m).Run(t.Context(), "r", made)
			if o != x.ends || err == nil || !strings.Contains(err.Error(), "let go by the host itself at 20") {
				t.Errorf("%s, %v\n%s", o, err, story(m))
			}
			if p.log(t) != x.log {
				t.Errorf("did %q, want %q", p.log(t), x.log)
			}
			run := actions.Run{ID: "r", Plan: made}
			for _, c := range plan.Evidence(run, m.journal, made.Made) {
				if !c.Partial || !c.Listed.IsZero() {
					t.Errorf("it counts: %+v", c)
				}
			}
			if text := MakeReport(run, m.journal).Markdown(); !strings.Contains(text, "let go by the host itself at 20") {
				t.Errorf("the report does not tell:\n%s", text)
			}
			if w := watches(t, b.lab.Machine("a")); len(w) > 0 {
				t.Errorf("left: %q", w)
			}
		})
	}
}

// TestHoldWithTheLineCut: the controller lives, and the host does not hear it.
func TestHoldWithTheLineCut(t *testing.T) {
	b, p, m := newBench(t, "a"), pen{t.TempDir()}, newModel(fault{})
	made := p.plan(t, strings.ReplaceAll("while [ -e 'DIR/held' ]; do sleep 0.05; done", "DIR", p.dir), "2")
	cut := make(chan error, 1)
	go func() {
		cut <- errors.Join(p.awaits(t.Context(), "copying", true), b.lab.Fault("a", "cutoff"),
			p.awaits(t.Context(), "held", false), b.lab.Fault("a", "heal"))
	}()
	o, err := b.runner(t, m).Run(t.Context(), "r", made)
	if cerr := <-cut; cerr != nil {
		t.Fatal(cerr)
	}
	if o != Partial || err == nil || !strings.Contains(err.Error(), "the copy is not counted as consistent") || p.log(t) != "hold copy watchdog" {
		t.Errorf("%s, %v, did %q\n%s", o, err, p.log(t), story(m))
	}
}

// TestHoldIsRenewed: as long as the host sees the lease renewed it does not let
// go, however short its limit is.
func TestHoldIsRenewed(t *testing.T) {
	b, p, m := newBench(t, "a"), pen{t.TempDir()}, newModel(fault{})
	made := p.plan(t, strings.ReplaceAll("until [ -e 'DIR/enough' ]; do sleep 0.05; done", "DIR", p.dir), "3")
	r := b.runner(t, m)
	renewed := make(chan error, 1)
	go func() {
		if err := p.awaits(t.Context(), "copying", true); err != nil {
			renewed <- err
			return
		}
		c := &carried{Runner: r, id: "r", plan: made, progress: Replay(made, nil)}
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for range 40 { // some eight seconds, and a renewal shows by its second
			<-tick.C
			if _, err := c.leaseOn(t.Context(), "node/a", "renew", "1"); err != nil {
				renewed <- err
				return
			}
		}
		renewed <- os.WriteFile(p.file("enough"), nil, 0o600)
	}()
	o, err := r.Run(t.Context(), "r", made)
	if rerr := <-renewed; rerr != nil {
		t.Fatal(rerr)
	}
	if o != Done || p.log(t) != "hold copy free" {
		t.Errorf("%s, %v, did %q\n%s", o, err, p.log(t), story(m))
	}
}

// TestHoldAndAReboot: what was held is not, once the host was started anew. The
// copy is not made again as if it were.
func TestHoldAndAReboot(t *testing.T) {
	b, p, m := newBench(t, "a"), pen{t.TempDir()}, newModel(fault{})
	made := p.plan(t, "sleep 600", "3600")
	rebooted := make(chan error, 1)
	go func() {
		rebooted <- errors.Join(p.awaits(t.Context(), "copying", true), b.lab.Fault("a", "reboot"))
	}()
	o, err := b.runner(t, m).Run(t.Context(), "r", made)
	if rerr := <-rebooted; rerr != nil {
		t.Fatal(rerr)
	}
	if o != Undone || err == nil || !strings.Contains(err.Error(), "the host was started anew since it was held") || p.log(t) != "hold copy free" {
		t.Errorf("%s, %v, did %q\n%s", o, err, p.log(t), story(m))
	}
}

// TestHoldIsNotShared: two runs do not hold the same thing: the first to let go
// would do so for both.
func TestHoldIsNotShared(t *testing.T) {
	b, p, m := newBench(t, "a"), pen{t.TempDir()}, newModel(fault{})
	made := p.plan(t, "sleep 600", "3600")
	over, cancel := context.WithCancel(t.Context())
	defer cancel()
	r := b.runner(t, m)
	r.NoLease = true
	r.Carrier = &interrupted{r.Carrier, "copy-r", "copying", p, m, over}
	if o, err := r.Run(t.Context(), "first", made); !errors.Is(err, errDead) {
		t.Fatalf("%s, %v", o, err)
	}
	r = b.runner(t, newModel(fault{}))
	r.NoLease = true
	o, err := r.Run(t.Context(), "second", made)
	if o != Undone || err == nil || !strings.Contains(err.Error(), "held still already, for run first") {
		t.Errorf("%s, %v", o, err)
	}
	if p.log(t) != "hold copy" {
		t.Errorf("did %q: what the second undid was not its own", p.log(t))
	}
}
