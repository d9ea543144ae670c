//go:build linux && fleet

package suite

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"math/rand/v2"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

var (
	rounds = flag.Int("rounds", 50, "how often the controller is killed or cut off")
	seed   = flag.Uint64("seed", 1, "where the moments come from")
)

// TestKilled kills the controller with -9, or cuts its line, at random moments
// of planned failovers and of the rejoins after them, and has the runs resumed.
// Whatever came of it: one writer at every instant, no acknowledged write lost,
// and the service on exactly one host.
func TestKilled(t *testing.T) {
	beside(t, len(turns), 6*time.Minute)
	t.Logf("seed %d, %d rounds", *seed, *rounds)
	var mu sync.Mutex
	came := map[string]int{}
	t.Run("services", func(t *testing.T) {
		for lane, s := range turns {
			t.Run(s.name, func(t *testing.T) {
				t.Parallel()
				s.isKilled(t, lane, func(how string) {
					mu.Lock()
					defer mu.Unlock()
					came[how]++
				})
			})
		}
	})
	t.Logf("what came of %d rounds: %v", *rounds, came)
}

// turns are the services that the rounds of [TestKilled] go by, side by side: they
// wait for most of their time.
var turns = []service{redisService, postgresService, sharedService}

// isKilled does each round whose turn it is in the lane of a service.
func (s service) isKilled(t *testing.T, lane int, came func(how string)) {
	f := s.up(t)
	on, off := s.hosts[0], s.hosts[1]
	var failover, rejoin span
	failover.took(f.ok("run", "failover", s.name, "--confirm", s.name).took)
	rejoin.took(f.ok("run", "rejoin", s.name, "--confirm", s.name).took)
	on, off = off, on
	for round := lane; round < *rounds; round += len(turns) {
		rng := rand.New(rand.NewPCG(*seed, uint64(round)))
		start := time.Now()
		how := f.disturbed(rng, &failover, "failover", s.name)
		came(how)
		t.Logf("round %d: failover %s", round, how)
		switch at := f.placement(s.name); at {
		case off:
			f.writes(off, time.Now())
			m := f.measure(moved{service: s.name, how: how}, on, off, start, start, stored(f.on(s.at(off), s.has)))
			if m.two > 0 || m.lost > 0 {
				t.Fatalf("round %d (%s): two writers for %s, %d of %d acknowledged writes lost", round, how, m.two, m.lost, m.acked)
			}
			on, off = off, on
			how = f.disturbed(rng, &rejoin, "rejoin", s.name)
			came("rejoin " + how)
			t.Logf("round %d: rejoin %s", round, how)
			// One that was killed between its end and letting go of its leases leaves
			// them to end by themselves, within two minutes.
			r := f.jm("run", "rejoin", s.name, "--confirm", s.name)
			for end := time.Now().Add(150 * time.Second); r.exit == 75 && time.Now().Before(end); {
				r = f.jm("run", "rejoin", s.name, "--confirm", s.name)
			}
			if r.exit != 0 && !strings.Contains(r.err+r.out, "follows already") {
				t.Fatalf("round %d: %s", round, r)
			}
			f.well(s.name)
		case on: // it was undone, or never begun
			f.writes(on, time.Now())
		default:
			t.Fatalf("round %d (%s): it runs on %q", round, how, at)
		}
	}
}

// placement looks where a service runs now.
func (f *fleet) placement(service string) string {
	f.t.Helper()
	f.jm("check", service)
	var doc struct{ Items []struct{ On string } }
	o := f.ok("list", "services", service, "-o", "json")
	if err := json.Unmarshal([]byte(o.out), &doc); err != nil || len(doc.Items) != 1 {
		f.t.Fatalf("%v: %s", err, o)
	}
	return strings.TrimPrefix(doc.Items[0].On, "node/")
}

// span is in what time from its beginning a run is disturbed: while it goes on, or
// shortly after. What else goes on here makes runs slower and quicker.
type span time.Duration

// took is that a run that nothing disturbed took so long.
func (s *span) took(d time.Duration) { *s = span(d * 11 / 10) }

// longer is that a run was disturbed: how long it would have taken is not known.
func (s *span) longer() { *s += *s / 20 }

// disturbed begins a run and disturbs it at a random moment of a span, then has it resumed
// until it is over, and says what was done to it and what came of it.
func (f *fleet) disturbed(rng *rand.Rand, within *span, verb, target string) string {
	f.t.Helper()
	moment := time.Duration(rng.Int64N(int64(*within)))
	cut := rng.IntN(3) == 0
	before := f.lastRun()
	ctx, cancel := context.WithTimeout(f.t.Context(), time.Minute)
	defer cancel()
	cmd := f.command(ctx, "run", verb, target, "--confirm", target)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	start := time.Now()
	if err := cmd.Start(); err != nil {
		f.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = cmd.Wait() }() // what came of it is read from its runs
	how := "killed"
	select {
	case <-ended:
		within.took(time.Since(start))
		return f.after("too late", before, said.String())
	case <-time.After(moment): // the random moment
		within.longer()
	}
	if cut {
		how = "cut off"
		f.must(f.CutOff(ctx, true))
		select {
		case <-ended:
		case <-time.After(time.Duration(rng.Int64N(int64(6 * time.Second)))):
		}
		f.must(f.CutOff(ctx, false))
		<-ended
	} else {
		if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); err != nil {
			f.t.Fatal(err)
		}
		<-ended
	}
	return f.after(how, before, said.String())
}

// run is a run as programs read it.
type run struct{ ID, State string }

func (f *fleet) lastRun() run {
	f.t.Helper()
	var doc struct{ Items []run }
	o := f.jm("runs", "list", "-o", "json")
	if err := json.Unmarshal([]byte(o.out), &doc); err != nil {
		f.t.Fatalf("%v: %s", err, o)
	}
	if len(doc.Items) == 0 {
		return run{}
	}
	return doc.Items[0]
}

// after resumes the newest run until it is over.
func (f *fleet) after(how string, before run, said string) string {
	f.t.Helper()
	for range 10 {
		r := f.lastRun()
		switch {
		case r.ID == before.ID:
			return how + " before it began"
		case r.State == "done" || r.State == "undone" || r.State == "refused":
			return how + ", " + r.State
		case strings.HasPrefix(r.State, "hands"):
			f.t.Fatalf("%s: run %s needs hands:\n%s%s", how, r.ID, said, f.jm("runs", "report", r.ID))
		default: // it stands still, or its process is gone
			said += f.jm("runs", "resume", r.ID).String()
		}
	}
	f.t.Fatalf("%s: it is never over:\n%s", how, said)
	return ""
}
