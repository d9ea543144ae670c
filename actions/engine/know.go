package engine

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/actions/check"
	"jurymast/actions/kind"
	"jurymast/actions/store"
	"jurymast/inventory"
)

// Filter says which events are wanted.
type Filter = store.Filter

// Kinds returns every kind of system that is known, by name, and behind them
// those that an inventory describes itself; f may be nil.
func Kinds(f *inventory.Fleet) []actions.Kind {
	if f == nil {
		return kind.All()
	}
	return append(kind.All(), kind.Own(f)...)
}

// Schema returns what an inventory may say to each kind.
func Schema() inventory.Schema { return kind.Schema() }

// ParseDuration reads a duration as an inventory writes it: 90s, 2h30m, 7d, 4w.
func ParseDuration(s string) (time.Duration, error) { return inventory.ParseDuration(s) }

// ExitCode returns the exit code of a monitoring plugin for summaries: fail 2
// over warn 1 over unknown 3 over ok 0. Below failOn it is 0.
func ExitCode(ss []actions.Summary, failOn actions.Status) int { return check.ExitCode(ss, failOn) }

// State returns what was seen last, without touching the network.
func (e *Engine) State(ctx context.Context) (actions.State, error) {
	s, err := e.store()
	if err != nil {
		return actions.State{}, err
	}
	st, err := s.State(ctx)
	return st, storeTrouble("what was seen last cannot be read", err)
}

// SeenLast reads the state by itself, without an inventory: whoever is in haste
// does both at the same time. What is wrong with the store is told by
// [Engine.State].
func SeenLast(ctx context.Context, p Paths) (actions.State, error) {
	s, err := store.OpenReadOnly(ctx, p.Store())
	if err != nil {
		return actions.State{}, err
	}
	defer func() { _ = s.Close() }() // nothing was written
	return s.State(ctx)
}

// Summaries returns a state as one row a target.
func (e *Engine) Summaries(s actions.State) []actions.Summary {
	return check.Summaries(e.fleet, s, e.now())
}

// Checks returns all checks of a target.
func (e *Engine) Checks(t *inventory.Target) []actions.Check { return e.looker().Checks(e.fleet, t) }

// ChecksOf returns all checks of a target of a fleet that need not be open.
func ChecksOf(f *inventory.Fleet, t *inventory.Target) []actions.Check {
	return (&check.Looker{Kinds: Kinds(f)}).Checks(f, t)
}

// History returns the events that a filter wants, newest first.
func (e *Engine) History(ctx context.Context, f Filter) ([]actions.Event, error) {
	s, err := e.store()
	if err != nil {
		return nil, err
	}
	events, err := s.History(ctx, f)
	return events, storeTrouble("the history cannot be read", err)
}

// Series returns the kept points of a metric of the last week, oldest first.
func (e *Engine) Series(ctx context.Context, k actions.Key, metric string) ([]actions.Point, error) {
	s, err := e.store()
	if err != nil {
		return nil, err
	}
	ps, err := s.Series(ctx, k, metric, e.now().Add(-seriesBack))
	return ps, storeTrouble("the course of "+k.String()+" cannot be read", err)
}

// Lock takes the lock of a job in this store, so that a second copy of it
// leaves or waits. The kernel frees it with the process.
func (e *Engine) Lock(ctx context.Context, job string, wait time.Duration) (func() error, error) {
	s, err := e.store()
	if err != nil {
		// Without a store there is nothing to keep apart; the look says so.
		return func() error { return nil }, nil //nolint:nilerr // said by Look
	}
	unlock, err := s.Lock(ctx, job, e.options.Who, wait)
	if err != nil {
		return nil, storeTrouble("the same job is running already", err)
	}
	return unlock, nil
}

// SilenceRequest asks to keep a target's problems quiet.
type SilenceRequest struct {
	Kind   actions.EventType // EventAck, EventMute or EventMaint
	Target inventory.Ref
	Check  string // "" for all
	For    time.Duration
	Reason string
}

// maxSilence is the longest silence: what is quiet for longer is forgotten.
const maxSilence = 90 * 24 * time.Hour

// Silence keeps a target's problems quiet for a time. It is looked at and
// recorded all the same.
func (e *Engine) Silence(ctx context.Context, r SilenceRequest) (actions.Silence, error) {
	if err := e.mayWrite("keep " + string(r.Target) + " quiet"); err != nil {
		return actions.Silence{}, err
	}
	if r.For <= 0 || r.For > maxSilence {
		return actions.Silence{}, &Trouble{Class: ClassUsage, What: fmt.Sprintf("%s is too long to keep something quiet", r.For), Details: []string{"the most is 90 days: what is quiet for longer is forgotten"}, Next: "a shorter time"}
	}
	s, err := e.store()
	if err != nil {
		return actions.Silence{}, err
	}
	now := e.now()
	q := actions.Silence{Kind: r.Kind, Target: r.Target, Check: r.Check, From: now, Until: now.Add(r.For), Who: e.options.Who, Reason: actions.Line(typed(r.Reason))}
	if q.ID, err = s.AddSilence(ctx, q); err != nil {
		return q, storeTrouble("it could not be written down", err)
	}
	return q, e.note(ctx, actions.Event{Type: r.Kind, Target: r.Target, Check: r.Check, Line: "until " + q.Until.Format(time.RFC3339) + ": " + q.Reason})
}

// EndSilences ends what keeps a target quiet and returns how many silences
// that were.
func (e *Engine) EndSilences(ctx context.Context, target inventory.Ref) (int, error) {
	if err := e.mayWrite("end the quiet of " + string(target)); err != nil {
		return 0, err
	}
	s, err := e.store()
	if err != nil {
		return 0, err
	}
	all, err := s.Silences(ctx, e.now())
	if err != nil {
		return 0, storeTrouble("the silences cannot be read", err)
	}
	n := 0
	for _, q := range all {
		if q.Target != target {
			continue
		}
		if err := s.EndSilence(ctx, q.ID, e.now()); err != nil {
			return n, storeTrouble("it could not be written down", err)
		}
		n++
	}
	if n == 0 {
		return 0, nil
	}
	return n, e.note(ctx, actions.Event{Type: actions.EventMute, Target: target, Line: "no longer kept quiet"})
}

// Silences returns what is kept quiet now.
func (e *Engine) Silences(ctx context.Context) ([]actions.Silence, error) {
	s, err := e.store()
	if err != nil {
		return nil, err
	}
	all, err := s.Silences(ctx, e.now())
	return all, storeTrouble("the silences cannot be read", err)
}

// note writes down who did what.
func (e *Engine) note(ctx context.Context, ev actions.Event) error {
	s, err := e.store()
	if err != nil {
		return err
	}
	ev.At, ev.Who = e.now(), e.options.Who
	_, err = s.Append(ctx, ev)
	return storeTrouble("it could not be written down", err)
}

// Settings returns the settings that hold for the fleet, as text by name.
func (e *Engine) Settings() map[string]string {
	s := e.fleet.Settings
	parallel := first(nonZero(e.options.Parallel), nonZero(s.Concurrency), strconv.Itoa(check.DefaultConcurrency))
	timeout := s.Reach.Timeout
	if timeout == 0 {
		timeout = defaultConnect
	}
	return map[string]string{
		"name":                first(s.Name, e.fleet.Path),
		"inventory":           strings.Join(e.fleet.Files, ", "),
		"store":               e.options.Paths.Store(),
		"read_only":           strconv.FormatBool(e.ReadOnly()),
		"ssh.config":          first(sshConfig(e.fleet, e.options.Paths), "none"),
		"ssh.user":            first(s.Reach.User, "(ssh configuration, then the login name)"),
		"ssh.identity":        first(strings.Join(s.Reach.Identity, ", "), "(ssh configuration, then ~/.ssh/id_*)"),
		"ssh.known_hosts":     first(strings.Join(s.Reach.KnownHosts, ", "), "(ssh configuration, then ~/.ssh/known_hosts)"),
		"ssh.jump":            strings.Join(s.Reach.Jump, ", "),
		"ssh.connect_timeout": timeout.String(),
		"ssh.concurrency":     parallel,
		"agent":               first(e.options.Agent, "none"),
	}
}

func nonZero(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}
