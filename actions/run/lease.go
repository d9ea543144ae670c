package run

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

//go:embed sh/lease.sh
var leaseScript string

//go:embed sh/guard.sh
var guardScript string

// errHost is a host that could not be asked for a lease.
var errHost = errors.New("no lease could be had")

// unreached is how long a host is waited for on which nothing has to be done.
const unreached = 30 * time.Second

// lease takes the leases of the plan's targets on every host that a step acts
// on. One that a step brings back may not answer yet, and one on which every step
// may fail need not: its lease is taken ahead of the first act there.
func (c *carried) lease(ctx context.Context) error {
	c.epochs = map[inventory.Ref]string{}
	if c.NoLease {
		return nil
	}
	hosts := actors(c.plan)
	errs := make([]error, len(hosts))
	epochs := make([]string, len(hosts))
	var all sync.WaitGroup
	for i, h := range hosts {
		all.Go(func() { epochs[i], errs[i] = c.leaseOn(ctx, h, "take", "") })
	}
	all.Wait()
	for i, h := range hosts {
		brought := slices.ContainsFunc(c.plan.Steps, func(s actions.Step) bool { return s.Brings == h })
		switch {
		case errs[i] == nil:
			c.epochs[h] = epochs[i]
		case (brought || c.spared(h)) && errors.Is(errs[i], errHost):
			errs[i] = nil
		}
	}
	if err := errors.Join(errs...); err != nil {
		c.release(ctx)
		return err
	}
	return nil
}

// spared reports whether the run goes on without what it does on a host.
func (c *carried) spared(h inventory.Ref) bool {
	return !slices.ContainsFunc(c.plan.Steps, func(s actions.Step) bool { return s.Host == h && s.Do.Name != "" && !s.MayFail })
}

// reach takes the lease on the host of a step that another step has brought
// back since, and waits for it as long as the step may take: a machine boots.
// One that the run goes on without is not waited for like that.
func (c *carried) reach(ctx context.Context, s actions.Step) error {
	if c.NoLease || s.Do.Name == "" {
		return nil
	}
	if _, ok := c.epoch(s.Host); ok {
		return nil
	}
	limit := s.Timeout
	if s.MayFail {
		limit = min(limit, unreached)
	}
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for pause := 250 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
		epoch, err := c.leaseOn(limited, s.Host, "take", "")
		var held *HeldError
		switch {
		case err == nil:
			c.mu.Lock()
			c.epochs[s.Host] = epoch
			c.mu.Unlock()
			c.renewOn(s.Host, epoch)
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.As(err, &held):
			return c.fail(ctx, s, StepRefused, err)
		}
		t := time.NewTimer(pause)
		select {
		case <-t.C:
		case <-limited.Done():
			t.Stop()
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return c.fail(ctx, s, StepFailed, fmt.Errorf("it did not come back within %s: %w", limit, err))
		}
	}
}

// epoch returns the epoch of the lease on a host.
func (c *carried) epoch(h inventory.Ref) (string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.epochs[h]
	return e, ok
}

// actors returns the hosts that a plan's steps act on.
func actors(p actions.Plan) []inventory.Ref {
	var hosts []inventory.Ref
	for _, s := range p.Steps {
		if s.Do.Name != "" && !slices.Contains(hosts, s.Host) {
			hosts = append(hosts, s.Host)
		}
	}
	return hosts
}

// asRoot reports whether the plan acts as root on a host: leases lie where the
// acts can read them.
func (c *carried) asRoot(h inventory.Ref) bool {
	return slices.ContainsFunc(c.plan.Steps, func(s actions.Step) bool { return s.Host == h && s.Do.Sudo })
}

func (c *carried) leaseOn(ctx context.Context, h inventory.Ref, do, epoch string) (string, error) {
	s := actions.Script{Name: "run/lease.sh", Body: leaseScript, Sudo: c.asRoot(h), Inputs: map[string]string{
		"JM_DO": do, "JM_TARGETS": c.leaseNames(), "RUN": c.id, "JM_HOLDER": actions.Line(c.Holder),
		"JM_TTL": strconv.Itoa(int(leaseTime / time.Second)), "JM_EPOCH": epoch,
	}}
	out, err := c.Carrier.Ask(ctx, h, s)
	if err != nil {
		return "", fmt.Errorf("%s: %w: %w", h, errHost, err)
	}
	said := actions.Said(out.Stdout)
	switch {
	case out.Exit == 75:
		f := strings.SplitN(said["held"], " ", 4)
		if len(f) < 4 {
			return "", fmt.Errorf("%s: %w: %q", h, errHost, said["held"])
		}
		left, _ := strconv.Atoi(f[2]) // a lease without a readable end is shown as ending now
		return "", &HeldError{Host: h, Target: leaseTarget(f[0]), Run: f[1], By: f[3], Job: said["job"], Left: time.Duration(left) * time.Second}
	case out.Exit != 0:
		return "", fmt.Errorf("%s: %w: %s", h, errHost, lastWords(out))
	case do == "take" && said["epoch"] == "":
		return "", fmt.Errorf("%s: %w: it gave no epoch", h, errHost)
	}
	return said["epoch"], nil
}

// leaseNames are the plan's locks as file names.
func (c *carried) leaseNames() string {
	names := make([]string, len(c.plan.Locks))
	for i, t := range c.plan.Locks {
		names[i] = strings.ReplaceAll(string(t), "/", "=")
	}
	return strings.Join(names, " ")
}

func leaseTarget(name string) string { return strings.Replace(name, "=", "/", 1) }

// guard puts the guard of a host's lease ahead of a script that acts there.
func (c *carried) guard(h inventory.Ref, s actions.Script) actions.Script {
	epoch, ok := c.epoch(h)
	if !ok {
		return s
	}
	s = s.With(map[string]string{"JM_TARGETS": c.leaseNames(), "JM_EPOCH": epoch})
	s.Body = guardScript + s.Body
	return s
}

// renew keeps the leases until the returned function is called. The context
// ends when one of them is another's.
func (c *carried) renew(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	var wait sync.WaitGroup
	c.renewOn = func(h inventory.Ref, epoch string) {
		wait.Go(func() {
			t := time.NewTicker(leaseTime / 3)
			defer t.Stop()
			for {
				select {
				case <-ctx.Done():
					return
				case <-t.C:
				}
				// A host that does not answer has not given the lease away.
				var held *HeldError
				if _, err := c.leaseOn(ctx, h, "renew", epoch); errors.As(err, &held) {
					cancel(held)
				}
			}
		})
	}
	for h, epoch := range c.epochs {
		c.renewOn(h, epoch)
	}
	return ctx, func() { cancel(nil); wait.Wait() }
}

// release gives the leases back, where that can be done: else they end by
// themselves.
func (c *carried) release(ctx context.Context) {
	var all sync.WaitGroup
	for h, epoch := range c.epochs {
		all.Go(func() { _, _ = c.leaseOn(ctx, h, "drop", epoch) })
	}
	all.Wait()
}

// forget removes what hosts keep of the run's jobs. What cannot be removed now
// is old files there, nothing else.
func (c *carried) forget(ctx context.Context) {
	type place struct {
		host inventory.Ref
		sudo bool
	}
	ids := map[place][]string{}
	for _, s := range c.plan.Steps {
		st := c.progress.Step(s.ID)
		if s.Do.Name == "" {
			continue
		}
		for n := 1; n <= st.Attempt; n++ {
			at := place{s.Host, s.Do.Sudo}
			ids[at] = append(ids[at], jobID(c.id, s.ID, "", n))
		}
		for n := 1; n <= st.Undo; n++ {
			at := place{s.Host, s.Undo.Sudo}
			ids[at] = append(ids[at], jobID(c.id, s.ID, "undo", n))
		}
	}
	var all sync.WaitGroup
	for at, list := range ids {
		all.Go(func() { _ = c.Carrier.Forget(ctx, at.host, list, at.sudo) })
	}
	all.Wait()
}
