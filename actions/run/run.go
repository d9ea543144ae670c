// Package run carries plans out, once, whatever happens to this process, to
// the line or to the machine. It decides nothing: what is done, in which order
// and what undoes it stands in the plan.
//
// The intent of every step is durable before the act, and its result after. An
// intent without a result is uncertain, and is looked into before anything is
// done again.
package run

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// Journal is where a run writes what it is about to do.
type Journal interface {
	// Append has made the events durable when it returns.
	Append(ctx context.Context, events ...actions.Event) ([]int64, error)
	// Since returns the events of a run after a place in the journal, oldest
	// first; ask again with the last place until there are none.
	Since(ctx context.Context, run string, seq int64) ([]actions.Event, error)
}

// Carrier carries scripts to hosts.
type Carrier interface {
	// Do runs a script as a job of the host under an id and waits for its end;
	// line gets what it prints. It happens once: under an id that the host has
	// seen already it only waits. Its errors are an [Uncertain] or a
	// [NotBegun], or the context's, after which the job goes on.
	Do(ctx context.Context, host inventory.Ref, id string, s actions.Script, line func(string)) (actions.Output, error)
	// Ask runs a script that changes nothing, or that may be run any number of
	// times.
	Ask(ctx context.Context, host inventory.Ref, s actions.Script) (actions.Output, error)
	// Kill ends a job: TERM, and KILL later.
	Kill(ctx context.Context, host inventory.Ref, id string, sudo bool) error
	// Forget removes what hosts keep of jobs that have ended.
	Forget(ctx context.Context, host inventory.Ref, ids []string, sudo bool) error
}

// NotBegun is an act of which nothing was done.
type NotBegun struct{ Err error }

func (e *NotBegun) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *NotBegun) Unwrap() error { return e.Err }

// Uncertain is an act of which it is not known how far it came.
type Uncertain struct{ Err error }

func (e *Uncertain) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *Uncertain) Unwrap() error { return e.Err }

// Outcome is how a run ended, or stands.
type Outcome string

// The outcomes. A run that is stopped, or needs hands, holds its targets until
// it is resumed, undone or closed.
const (
	Queued  Outcome = "queued"  // it has not begun
	Running Outcome = "running" // now, or its process died
	Undoing Outcome = "undoing" // now, or its process died
	Done    Outcome = "done"
	Partial Outcome = "partial" // done, but for steps without which it could go on, or up to what was settled
	Undone  Outcome = "undone"  // it failed, and everything was undone
	Hands   Outcome = "hands"   // it failed, and a person has to see to it
	Stopped Outcome = "stopped" // by a person
	Refused Outcome = "refused" // nothing was done
	Closed  Outcome = "closed"  // a person has seen to it
)

// Open reports whether a run of this outcome holds its targets.
func (o Outcome) Open() bool {
	switch o {
	case Queued, Running, Undoing, Hands, Stopped:
		return true
	case Done, Partial, Undone, Refused, Closed:
	}
	return false
}

// Wish is what a person asked of a run.
type Wish string

// The wishes: to stop when the step under way has ended, and then wait or undo;
// to kill the step under way and then wait.
const (
	WishWait Wish = "wait"
	WishUndo Wish = "undo"
	WishKill Wish = "kill"
)

// HeldError is a target that somebody else acts on.
type HeldError struct {
	Host    inventory.Ref // where the lease lies
	Target  string
	Run, By string
	Job     string        // of that run, under way on the host though the lease has ended; "" where it has not
	Left    time.Duration // until the lease ends by itself
}

func (e *HeldError) Error() string {
	if e.Job != "" {
		return fmt.Sprintf("%s is held on %s by %s for run %s: its lease has ended, and its job %s is still under way there", e.Target, e.Host, e.By, e.Run, e.Job)
	}
	return fmt.Sprintf("%s is held on %s by %s for run %s; the lease ends in %s unless it is renewed", e.Target, e.Host, e.By, e.Run, e.Left)
}

// ErrOver is asked of a run that has ended.
var ErrOver = errors.New("the run is over")

// Runner carries out one plan at a time.
type Runner struct {
	Carrier Carrier
	Journal Journal
	Now     func() time.Time
	// Look looks at targets now and returns why they are not well, "" when
	// they are.
	Look func(ctx context.Context, ts []inventory.Ref) (string, error)
	// Wished tells what a person has asked of the run, "" for nothing.
	Wished func(ctx context.Context, run string) (Wish, error)
	Holder string // who holds the leases, for the one who finds them
	// NoLease leaves the leases on hosts out: for plans that touch none.
	NoLease bool
	// Poll is how often wishes are asked for while a step runs; 0: a second.
	Poll time.Duration
}

// ItemHeld marks the end of a run that found a target held by another.
const ItemHeld = "held"

// leaseTime is how long a lease holds without being renewed. A controller that
// is away for longer has lost its targets to whoever takes them.
const leaseTime = 2 * time.Minute

// maxLines is how many lines of a step's output are journaled.
const maxLines = 2000

// Run carries out p under an id, or goes on where the journal of the id ends.
// The error tells why it ended so, where that is not done.
//
// When ctx ends it returns soon, as stopped; what was begun on a host goes on
// there, and Run may be called again.
func (r *Runner) Run(ctx context.Context, id string, p actions.Plan) (Outcome, error) {
	return r.carry(ctx, id, p, false)
}

// Undo takes back what a stopped run has done, last first.
func (r *Runner) Undo(ctx context.Context, id string, p actions.Plan) (Outcome, error) {
	return r.carry(ctx, id, p, true)
}

func (r *Runner) carry(ctx context.Context, id string, p actions.Plan, undo bool) (Outcome, error) {
	if err := p.Validate(); err != nil {
		return Refused, err
	}
	events, err := All(ctx, r.Journal, id)
	if err != nil {
		return Running, err
	}
	c := &carried{Runner: r, id: id, plan: p, progress: Replay(p, events)}
	switch o := c.progress.Outcome; {
	case !o.Open():
		return o, fmt.Errorf("run %s is %s: %w", id, o, ErrOver)
	case o == Undoing:
		undo = true
	}
	began := len(events) > 0 && c.progress.begun()
	if err := c.lease(ctx); err != nil {
		var held *HeldError
		switch {
		case ctx.Err() != nil:
			return c.progress.Outcome, ctx.Err()
		case began && errors.As(err, &held):
			return c.end(ctx, Hands, err)
		case began:
			return c.end(ctx, Stopped, fmt.Errorf("a host that it needs cannot be used now: %w", err))
		}
		return c.end(ctx, Refused, err)
	}
	ctx, c.unrenew = c.renew(ctx)
	defer c.unrenew()
	if undo {
		return c.undoAll(ctx, errors.New("a person asked for it"))
	}
	if err := c.note(ctx, actions.Event{Type: actions.EventRun, To: string(Running)}); err != nil {
		return Running, err
	}
	return c.forward(ctx)
}

// carried is one run under way.
type carried struct {
	*Runner
	id       string
	plan     actions.Plan
	progress *Progress
	// renewOn keeps a lease that was taken on a host.
	renewOn func(h inventory.Ref, epoch string)
	// unrenew ends the keeping of all of them; nil before it began.
	unrenew func()

	mu     sync.Mutex
	epochs map[inventory.Ref]string
	tails  map[string][]actions.Event // by step: output to be journaled with its result
}

// keep holds back what is left of a step's output until its result is known.
func (c *carried) keep(s actions.Step, log *outputLog) error {
	left, err := log.rest()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tails == nil {
		c.tails = map[string][]actions.Event{}
	}
	c.tails[s.ID] = append(c.tails[s.ID], left...)
	return err
}

// tail returns what was held back of the steps of which results are noted.
func (c *carried) tail(es []actions.Event) []actions.Event {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []actions.Event
	for _, e := range es {
		if e.Type == actions.EventDone {
			out = append(out, c.tails[e.Step]...)
			delete(c.tails, e.Step)
		}
	}
	return append(out, es...)
}

// All returns every event of a run.
func All(ctx context.Context, j Journal, run string) ([]actions.Event, error) {
	var all []actions.Event
	for seq := int64(0); ; {
		es, err := j.Since(ctx, run, seq)
		if err != nil {
			return nil, err
		}
		if len(es) == 0 {
			return all, nil
		}
		all = append(all, es...)
		seq = es[len(es)-1].Seq
	}
}

// note journals events of this run and takes them into its progress.
func (c *carried) note(ctx context.Context, es ...actions.Event) error {
	es = c.tail(es)
	for i := range es {
		es[i].Run, es[i].At, es[i].Target = c.id, c.Now(), c.plan.Target
	}
	if _, err := c.Journal.Append(ctx, es...); err != nil {
		return fmt.Errorf("the journal cannot be written, so nothing more is done: %w", err)
	}
	c.progress.take(es...)
	return nil
}

// endTime bounds writing down how a run ended once its context is over, and
// apart from that, letting go of what hosts hold for it.
const endTime = 10 * time.Second

// end journals an outcome. The leases go first: a run that is killed in between
// takes them again when it is resumed, and one that has ended never would.
func (c *carried) end(ctx context.Context, o Outcome, why error) (Outcome, error) {
	ctx = context.WithoutCancel(ctx)
	if c.unrenew != nil {
		c.unrenew()
	}
	letGo, cancel := context.WithTimeout(ctx, endTime)
	c.release(letGo)
	cancel()
	ctx, cancel = context.WithTimeout(ctx, endTime)
	defer cancel()
	e := actions.Event{Type: actions.EventRun, To: string(o)}
	if why != nil {
		e.Line = actions.Line(why.Error())
	}
	var held *HeldError
	if errors.As(why, &held) {
		e.Item = ItemHeld
	}
	if err := c.note(ctx, e); err != nil {
		return Running, errors.Join(why, err)
	}
	if !o.Open() {
		c.forget(ctx)
	}
	return o, why
}
