package check

import (
	"context"
	"encoding/json"
	"net"
	"sync"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// probesAtOnce bounds the probes that one host makes side by side: a server
// may limit the channels of a connection (sshd's MaxSessions counts sessions
// only, but others count all).
const probesAtOnce = 8

// probes makes the probes of a visit side by side, equal ones once, each with
// its own limit.
func (l *Looker) probes(ctx context.Context, v Visit, outcomes []outcome) {
	dial := l.dial()
	if v.Host != inventory.Console {
		dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			return l.Pool.Dial(ctx, string(v.Host), network, addr)
		}
	}
	type probe struct {
		actions.Probe
		limit  time.Duration
		checks []int
	}
	var probes []*probe
	byText := map[string]*probe{}
	for i, d := range v.Checks {
		if d.Check.Probe == nil {
			continue
		}
		text, err := json.Marshal(d.Check.Probe) // strings, numbers and a map of strings: always possible
		p, shared := byText[string(text)]
		if err != nil || !shared {
			p = &probe{Probe: *d.Check.Probe}
			probes = append(probes, p)
			byText[string(text)] = p
		}
		p.limit = max(p.limit, d.Check.Limit)
		p.checks = append(p.checks, i)
	}
	free := make(chan struct{}, probesAtOnce)
	var all sync.WaitGroup
	for _, p := range probes {
		free <- struct{}{}
		all.Go(func() {
			defer func() { <-free }()
			bounded, cancel := context.WithTimeout(ctx, p.limit)
			defer cancel()
			got := RunProbe(bounded, p.Probe, dial, l.now, nil)
			if ctx.Err() != nil {
				return // the whole look ended: nothing is known of this
			}
			for _, i := range p.checks {
				rs := l.read(v.Checks[i], actions.Answer{Probe: &got, Output: actions.Output{Took: got.Took}})
				outcomes[i] = outcome{found: true, readings: rs, took: got.Took}
			}
		})
	}
	all.Wait()
}
