package run

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"jurymast/actions"
	"jurymast/actions/plan"
	"jurymast/inventory"
)

var (
	rounds  = flag.Int("rounds", 3000, "schedules of the simulation")
	oneSeed = flag.Uint64("seed", 0, "replay this schedule only")
)

// site is a service on two hosts, a and b, with power behind p, and two
// controllers that know nothing of each other.
type site struct {
	rng    *rand.Rand
	hosts  map[string]*machine
	cut    map[string]bool // "1 a": controller 1 does not reach a; "p a": p does not
	clock  int64
	liar   bool // the power says off while it is on
	broken string
	trace  []string
	busy   [3]bool   // a controller's store has one process for a run: a lock of the kernel sees to it
	stores [3]*model // of controllers 1 and 2
	runs   [3]int
	open   [3]actions.Plan // of a run that stands still
	brake  string          // the rule that is broken on purpose
}

type machine struct {
	up, active, enabled, standby bool
	jobs                         map[string]actions.Output
	epoch                        int64
	holder                       string
	until                        int64
	skew                         int64
}

func newSite(seed uint64) *site {
	s := &site{rng: rand.New(rand.NewPCG(seed, 7)), hosts: map[string]*machine{}, cut: map[string]bool{}}
	for _, h := range []string{"a", "b", "p"} {
		s.hosts[h] = &machine{up: true, jobs: map[string]actions.Output{}}
	}
	s.hosts["a"].active, s.hosts["a"].enabled, s.hosts["b"].standby = true, true, true
	for i := range s.stores {
		s.stores[i] = newModel(fault{})
	}
	return s
}

func (s *site) note(format string, args ...any) {
	s.trace = append(s.trace, fmt.Sprintf(format, args...))
	writers := 0
	for _, m := range s.hosts {
		if m.up && m.active {
			writers++
		}
	}
	if writers > 1 && s.broken == "" {
		s.broken = fmt.Sprintf("two hosts can write after %q", s.trace[len(s.trace)-1])
	}
}

// happen is something that nobody asked for.
func (s *site) happen() {
	h := []string{"a", "b"}[s.rng.IntN(2)]
	m := s.hosts[h]
	switch s.rng.IntN(9) {
	case 0:
		if m.up {
			m.up, m.active = false, false
			m.jobs = map[string]actions.Output{}
			s.note("%s crashes", h)
		}
	case 1:
		if !m.up && m.holder != "fenced" {
			m.up, m.active = true, m.enabled
			s.note("%s comes back", h)
		}
	case 2, 3:
		s.cut[fmt.Sprintf("%d %s", 1+s.rng.IntN(2), h)] = true
	case 4:
		s.cut["p "+h] = true
	case 5, 6:
		s.cut = map[string]bool{}
	case 7:
		m.skew += int64(s.rng.IntN(600)) - 300
	case 8:
		s.clock += int64(s.rng.IntN(300))
	}
}

// at is one controller's way to the hosts.
type at struct {
	s *site
	n int
}

func (c at) reach(h string) bool {
	return c.s.hosts[h].up && !c.s.cut[fmt.Sprintf("%d %s", c.n, h)]
}

var errAway = errors.New("no answer")

// Do is where the world goes on between two acts of a controller: things
// happen, and the other controller acts, as when this one was paused.
func (c at) Do(ctx context.Context, host inventory.Ref, id string, sc actions.Script, _ func(string)) (actions.Output, error) {
	s, h := c.s, host.Name()
	s.clock += int64(s.rng.IntN(20))
	for range s.rng.IntN(3) {
		s.happen()
	}
	if s.rng.IntN(6) == 0 {
		s.clock += int64(s.rng.IntN(400))
		s.control(3 - c.n)
	}
	if s.rng.IntN(25) == 0 {
		s.stores[c.n].dead = true
	}
	if s.stores[c.n].dead {
		return actions.Output{}, errDead
	}
	if !c.reach(h) {
		return actions.Output{}, &NotBegun{errAway}
	}
	m := s.hosts[h]
	if out, ok := m.jobs[id]; ok {
		return out, nil
	}
	if e := sc.Inputs["JM_EPOCH"]; e != "" && (e != strconv.FormatInt(m.epoch, 10) || m.holder != sc.Inputs["RUN"]) {
		return actions.Output{Exit: guardRefused, Stderr: []byte("refused")}, nil
	}
	out := c.perform(h, sc)
	m.jobs[id] = out
	if s.rng.IntN(30) == 0 {
		delete(m.jobs, id)
		return actions.Output{}, &Uncertain{errAway}
	}
	return out, nil
}

func (c at) Ask(_ context.Context, host inventory.Ref, sc actions.Script) (actions.Output, error) {
	if c.s.stores[c.n].dead {
		return actions.Output{}, errDead
	}
	if !c.reach(host.Name()) {
		return actions.Output{}, errAway
	}
	if sc.Name == "run/lease.sh" {
		return c.lease(host.Name(), sc.Inputs), nil
	}
	return c.perform(host.Name(), sc), nil
}

// lease does what lease.sh does, by the host's own clock.
func (c at) lease(h string, in map[string]string) actions.Output {
	c.s.stores[0].mu.Lock() // the runner asks several hosts at once
	defer c.s.stores[0].mu.Unlock()
	m := c.s.hosts[h]
	now := c.s.clock + m.skew
	ours := m.holder == in["RUN"] && strconv.FormatInt(m.epoch, 10) == in["JM_EPOCH"]
	switch in["JM_DO"] {
	case "take":
		if m.holder != in["RUN"] && m.until > now {
			return actions.Output{Exit: 75, Stdout: fmt.Appendf(nil, "@held x %s %d other\n", m.holder, m.until-now)}
		}
		m.epoch, m.holder, m.until = m.epoch+1, in["RUN"], now+120
	case "renew":
		if !ours || m.until == 0 {
			return actions.Output{Exit: 75, Stdout: []byte("@held x y 1 other\n")}
		}
		m.until = now + 120
	case "drop":
		if ours {
			m.until = 0
		}
	}
	return actions.Output{Stdout: fmt.Appendf(nil, "@epoch %d\n", m.epoch)}
}

func (c at) Kill(context.Context, inventory.Ref, string, bool) error     { return nil }
func (c at) Forget(context.Context, inventory.Ref, []string, bool) error { return nil }

func yes(b bool) actions.Output {
	if b {
		return actions.Output{}
	}
	return actions.Output{Exit: 1}
}

// perform is what a script of the simulated kind does on a host.
func (c at) perform(h string, sc actions.Script) actions.Output {
	s, m := c.s, c.s.hosts[h]
	name, not := strings.CutSuffix(sc.Name, "+not")
	verb, of, _ := strings.Cut(name, " ")
	other := s.hosts[of]
	switch verb {
	case "survey":
		role := "stopped"
		if m.active {
			role = "active"
		} else if m.standby {
			role = "standby"
		}
		return actions.Output{Stdout: []byte("@role " + role + "\n@lag 0\n@system 1\n")}
	case "active":
		return yes(m.active != not)
	case "stop":
		m.active, m.enabled, m.standby = false, false, false
		s.note("controller %d stops %s", c.n, h)
	case "resume":
		m.active, m.enabled = true, true
		s.note("controller %d resumes %s", c.n, h)
	case "promote":
		m.active, m.enabled, m.standby = true, true, false
		s.note("controller %d promotes %s", c.n, h)
	case "follow":
		m.active, m.enabled, m.standby = false, false, true
		s.note("controller %d makes %s follow", c.n, h)
	case "hand":
		// What hands over by itself may also not do it, and say that it has.
		if m.active && s.rng.IntN(6) > 0 {
			if !other.up {
				return yes(false)
			}
			m.active, m.enabled, m.standby = false, false, true
			other.active, other.enabled, other.standby = true, true, false
			s.note("controller %d has %s hand over to %s", c.n, h, of)
		}
	case "power-off":
		if s.liar {
			s.note("controller %d is told that %s is off, which is a lie", c.n, of)
			return actions.Output{}
		}
		other.up, other.active, other.jobs, other.holder = false, false, map[string]actions.Output{}, "fenced"
		s.note("controller %d turns %s off", c.n, of)
	case "power-seen":
		return yes(!other.up && other.holder == "fenced")
	case "power-on":
		other.up, other.active, other.holder = true, other.enabled, ""
		s.note("controller %d turns %s on", c.n, of)
	}
	return actions.Output{}
}

// simMove is the move of a simulated service, which hands over by itself or is
// stopped and promoted.
func simMove(hands bool) func(*inventory.Fleet, inventory.Target) (actions.Move, error) {
	on := func(name string) func(inventory.Ref) actions.Script {
		return func(inventory.Ref) actions.Script { return act(name) }
	}
	m := actions.Move{
		Shape: "replicated", Survey: on("survey"), Stop: on("stop"), Resume: on("resume"), Promote: on("promote"), Verify: on("active"), Active: on("active"),
		Rejoin: func(old, _ inventory.Ref) []actions.Step {
			return []actions.Step{{ID: "follow", Title: "follow", Host: old, Do: act("follow"), Redo: true, Timeout: time.Minute}}
		},
	}
	if hands {
		m.Hand = func(from, to inventory.Ref) []actions.Step {
			return []actions.Step{{ID: "hand", Title: "hand over", Host: from, Do: act("hand " + to.Name()), Undo: ref("active"), Timeout: time.Minute, Ends: true}}
		}
	}
	return func(*inventory.Fleet, inventory.Target) (actions.Move, error) { return m, nil }
}

// simulated are the simulated services and their fence.
var simulated = []actions.Kind{
	{Name: "sim", Levels: []inventory.Level{inventory.LevelService}, Move: simMove(false)},
	{Name: "sim-hand", Levels: []inventory.Level{inventory.LevelService}, Move: simMove(true)},
	{Name: "sim-power", Levels: []inventory.Level{inventory.LevelFence}, Fence: func(_ *inventory.Fleet, x inventory.Fence) (actions.Fence, error) {
		of := " " + x.Of.Name()
		on := act("power-on" + of)
		return actions.Fence{
			Grade: actions.GradePower, Host: "node/p", Text: "turn it off", Proof: "seen off", Takes: time.Second,
			Survey: act("able"), Do: act("power-off" + of), Verify: act("power-seen" + of), Release: &on,
		}, nil
	}},
	{Name: "linux", Levels: []inventory.Level{inventory.LevelNode}},
}

const simInventory = `
[node.a]
[node.b]
[node.p]
[service.s]
kind = "%s"
on = "a"
standby = ["b"]
[fence.a]
of = "a"
on = "p"
kind = "sim-power"
[fence.b]
of = "b"
on = "p"
kind = "sim-power"
`

func simFleet(t testing.TB, kind string) *inventory.Fleet {
	schema := inventory.Schema{}
	for _, k := range simulated {
		schema[k.Name] = k.Schema()
	}
	f, err := inventory.Parse("sim.toml", fmt.Appendf(nil, simInventory, kind), schema)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

var theFleet *inventory.Fleet

// facts are what a controller sees when it plans: answers of hosts that it
// reaches, and of those that it does not, whether p reaches them.
func (c at) facts(r plan.Request) (plan.Facts, error) {
	s := c.s
	f := plan.Facts{Fleet: theFleet, Kinds: simulated, Now: time.Unix(1_700_000_000+s.clock, 0), Answers: map[string]plan.Answer{}}
	qs, err := plan.Questions(f, r)
	if err != nil {
		return f, err
	}
	for _, q := range qs {
		if !c.reach(q.Host.Name()) {
			f.Answers[q.ID] = plan.Answer{Err: "no answer"}
			continue
		}
		f.Answers[q.ID] = plan.Answer{Output: c.perform(q.Host.Name(), q.Script)}
	}
	var entries []actions.Entry
	for _, h := range []string{"a", "b", "p"} {
		st := actions.OK
		switch {
		case c.reach(h):
		case c.reach("p") && (!s.hosts[h].up || s.cut["p "+h]):
			st = actions.Fail
		default:
			st = actions.Unknown
		}
		entries = append(entries, actions.Entry{Result: actions.Result{Target: inventory.MakeRef(inventory.LevelNode, h), Check: "ssh", Status: st}})
	}
	f.State = actions.MakeState(entries, nil)
	return f, nil
}

// control is one controller at work: it goes on with what stands still, or
// plans something and carries it out when nothing speaks against it.
func (s *site) control(n int) {
	if s.busy[n] {
		return
	}
	s.busy[n] = true
	defer func() { s.busy[n] = false }()
	c, st := at{s, n}, s.stores[n]
	st.dead = false
	r := &Runner{Carrier: c, Journal: st, Now: func() time.Time { return time.Unix(1_700_000_000+s.clock, 0) }, Holder: fmt.Sprint(n),
		Look: func(context.Context, []inventory.Ref) (string, error) { return "", nil }}
	if p := s.open[n]; p.Verb != "" {
		id := fmt.Sprintf("%d-%d", n, s.runs[n])
		do := r.Run
		if s.rng.IntN(4) == 0 {
			do = r.Undo
		}
		if o, _ := do(context.Background(), id, p); !o.Open() || s.rng.IntN(3) == 0 {
			s.open[n] = actions.Plan{} // over, or closed by a person
		}
		return
	}
	req := plan.Request{Verb: []actions.Verb{actions.VerbFailover, actions.VerbFailover, actions.VerbFailback, actions.VerbRejoin}[s.rng.IntN(4)], Target: "service/s"}
	f, err := c.facts(req)
	if err != nil {
		s.broken = err.Error()
		return
	}
	p, err := plan.Make(f, req)
	if err != nil {
		s.broken = err.Error()
		return
	}
	s.breakRule(&p)
	for _, cond := range p.Conditions {
		if cond.Hold == actions.Blocking || cond.Hold == actions.Open {
			return
		}
	}
	s.runs[n]++
	s.open[n] = p
	if o, _ := r.Run(context.Background(), fmt.Sprintf("%d-%d", n, s.runs[n]), p); !o.Open() {
		s.open[n] = actions.Plan{}
	}
}

// breakRule breaks a rule on purpose, so that it is seen that the simulation
// would find it.
func (s *site) breakRule(p *actions.Plan) {
	switch s.brake {
	case "no proof of the fence":
		for i := range p.Steps {
			if p.Steps[i].ID == "fence" {
				p.Steps[i].Verify = nil
			}
		}
	case "no answer is dead":
		for i := range p.Conditions {
			if p.Conditions[i].Name == "down" || p.Conditions[i].Name == "one-active" {
				p.Conditions[i].Hold = actions.Holds
			}
		}
		p.Steps = append([]actions.Step{}, p.Steps...)
		for i := range p.Steps {
			if p.Steps[i].ID == "fence" {
				p.Steps[i].Do, p.Steps[i].Verify = act("able"), nil
			}
		}
	case "a stop is not looked at":
		for i := range p.Steps {
			if p.Steps[i].ID == "stop" {
				p.Steps[i].Do, p.Steps[i].Verify = act("able"), nil
			}
		}
	case "a hand-over is not looked at":
		for i := range p.Steps {
			switch p.Steps[i].ID {
			case "hand":
				p.Steps[i].Verify = nil
			case "handed":
				p.Steps[i].Do = act("promote")
			}
		}
	}
}

func (s *site) play() {
	s.liar = s.rng.IntN(4) == 0
	for range 4 + s.rng.IntN(8) {
		for range s.rng.IntN(3) {
			s.happen()
		}
		s.control(1 + s.rng.IntN(2))
		s.clock += int64(s.rng.IntN(100))
		if s.broken != "" {
			return
		}
	}
}

// TestOneWriter plays thousands of schedules of crashes, partitions, paused
// and killed controllers, clocks that jump and a power switch that lies: at no
// instant can two hosts write. -seed replays one.
func TestOneWriter(t *testing.T) {
	for _, kind := range []string{"sim", "sim-hand"} {
		t.Run(kind, func(t *testing.T) { oneWriter(t, kind) })
	}
}

func oneWriter(t *testing.T, kind string) {
	theFleet = simFleet(t, kind)
	promoted, handed := 0, 0
	for seed := uint64(1); seed <= uint64(*rounds); seed++ {
		if *oneSeed != 0 {
			seed = *oneSeed
		}
		s := newSite(seed)
		s.play()
		if s.broken != "" {
			t.Fatalf("seed %d: %s\n  %s", seed, s.broken, strings.Join(s.trace, "\n  "))
		}
		for _, line := range s.trace {
			switch {
			case strings.Contains(line, "promotes"):
				promoted++
			case strings.Contains(line, "hand over"):
				handed++
			}
		}
		if *oneSeed != 0 {
			break
		}
	}
	if promoted+handed < *rounds/4 && *oneSeed == 0 || kind == "sim-hand" && handed < *rounds/8 && *oneSeed == 0 {
		t.Errorf("only %d moves and %d that were handed over in %d schedules: the simulation shows nothing", promoted, handed, *rounds)
	}
	t.Logf("%d schedules, %d promoted, %d handed over", *rounds, promoted, handed)
}

// TestSimulationFindsBrokenRules breaks one rule after the other.
func TestSimulationFindsBrokenRules(t *testing.T) {
	for _, rule := range []struct{ kind, name string }{
		{"sim", "no proof of the fence"}, {"sim", "no answer is dead"}, {"sim", "a stop is not looked at"}, {"sim-hand", "a hand-over is not looked at"},
	} {
		t.Run(strings.ReplaceAll(rule.name, " ", "-"), func(t *testing.T) {
			theFleet = simFleet(t, rule.kind)
			for seed := uint64(1); seed <= uint64(*rounds); seed++ {
				s := newSite(seed)
				s.brake = rule.name
				if s.play(); s.broken != "" {
					t.Logf("seed %d: %s", seed, s.broken)
					return
				}
			}
			t.Error("nothing was found")
		})
	}
}
