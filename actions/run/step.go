package run

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// errKilled is the cause of a step that a person had killed.
var errKilled = errors.New("killed by a person")

// step does one step, or finds out what became of it. Its error is a *failure,
// or the journal's or the context's.
func (c *carried) step(ctx context.Context, s actions.Step) error {
	st := c.progress.Step(s.ID)
	switch st.State {
	case StepOK, StepAlready, StepSkipped:
		return nil
	case StepFailed, StepRefused, StepKilled, StepUnknown:
		if s.MayFail && (st.State == StepFailed || st.State == StepRefused) {
			return nil
		}
	case StepBegun:
		if err := c.reach(ctx, s); err != nil {
			return err
		}
		return c.again(ctx, s, st)
	}
	for _, a := range s.After {
		if before := c.progress.Step(a); !before.Did() {
			return c.note(ctx, actions.Event{Type: actions.EventDone, Step: s.ID, To: StepSkipped, Line: "step " + a + " was not done"})
		}
	}
	if err := c.reach(ctx, s); err != nil {
		return err
	}
	if st.State == StepUnknown || st.State == StepKilled && s.Check == nil && s.Verify != nil {
		return c.probe(ctx, s, errors.New("it was not known how far it had come"))
	}
	if s.Check != nil {
		switch done, err := c.already(ctx, s); {
		case err != nil:
			return c.fail(ctx, s, StepFailed, fmt.Errorf("whether it is done already cannot be seen: %w", err))
		case done:
			return c.note(ctx, actions.Event{Type: actions.EventDone, Step: s.ID, To: StepAlready})
		}
	}
	return c.act(ctx, s, c.Now())
}

// act intends a step and does it.
func (c *carried) act(ctx context.Context, s actions.Step, since time.Time) error {
	if s.NoReturn {
		if err := c.rests(ctx, s); err != nil {
			return err
		}
	}
	if err := c.note(ctx, actions.Event{Type: actions.EventIntent, Step: s.ID, Line: s.Title}); err != nil {
		return err
	}
	return c.do(ctx, s, c.progress.Step(s.ID).Attempt, since)
}

// rests proves once more, just before a point of no return, all that it rests
// on: since it was proven this run may have stood still, and somebody else may
// have taken it back.
func (c *carried) rests(ctx context.Context, s actions.Step) error {
	for _, before := range c.plan.Steps {
		if before.ID == s.ID {
			return nil
		}
		if before.Verify == nil || !c.progress.Step(before.ID).Did() {
			continue
		}
		on := before.VerifyOn
		if on == "" {
			on = before.Host
		}
		out, err := c.ask(ctx, on, c.script(actions.Step{ID: before.ID, After: before.After}, *before.Verify), before.Timeout)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return c.fail(ctx, s, StepFailed, fmt.Errorf("whether step %s still holds cannot be seen: %w", before.ID, err))
		case out.Exit != 0:
			return c.fail(ctx, s, StepFailed, fmt.Errorf("step %s no longer holds: %s", before.ID, lastWords(out)))
		}
	}
	return nil
}

// again goes on with a step whose intent was journaled and whose result was
// not: under the same id its job is joined, or begun if it never was.
func (c *carried) again(ctx context.Context, s actions.Step, st StepState) error {
	if s.NoReturn {
		if err := c.rests(ctx, s); err != nil {
			return err
		}
	}
	return c.do(ctx, s, st.Attempt, st.Began)
}

// do runs the job of an attempt and judges how it ended.
func (c *carried) do(ctx context.Context, s actions.Step, attempt int, since time.Time) error {
	if len(s.Look) > 0 && s.Do.Name == "" {
		return c.look(ctx, s)
	}
	left := s.Timeout - c.Now().Sub(since)
	if attempt > 1 || left < min(time.Second, s.Timeout/2) {
		left = max(left, time.Minute) // one that was begun long ago may have ended meanwhile
	}
	limited, cancel := context.WithTimeoutCause(ctx, left, errLate)
	defer cancel()
	killed, stop := c.watch(limited, s, attempt)
	defer stop()

	log := c.logger(ctx, s)
	script := c.script(s, s.Do)
	id := jobID(c.id, s.ID, "", attempt)
	out, err := c.Carrier.Do(killed, s.Host, id, script, log.line)
	if err := c.keep(s, log); err != nil {
		return err
	}
	var uncertain *Uncertain
	var notBegun *NotBegun
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil && killed.Err() != nil:
		cause := context.Cause(killed)
		if err := c.Carrier.Kill(ctx, s.Host, id, s.Do.Sudo); err != nil {
			return c.fail(ctx, s, StepUnknown, fmt.Errorf("%w, and it could not be ended: %w", cause, err))
		}
		if errors.Is(cause, errLate) {
			cause = fmt.Errorf("it took longer than %s and was ended", s.Timeout)
		}
		return c.fail(ctx, s, StepKilled, cause)
	case errors.As(err, &notBegun):
		return c.fail(ctx, s, StepRefused, notBegun)
	case errors.As(err, &uncertain):
		return c.probe(ctx, s, uncertain)
	case err != nil:
		return c.fail(ctx, s, StepUnknown, err)
	case out.Exit == guardRefused:
		return c.fail(ctx, s, StepRefused, errors.New(lastWords(out)))
	case out.Exit != 0:
		return c.failed(ctx, s, out)
	}
	return c.verified(ctx, s, &out)
}

var errLate = errors.New("the time limit has passed")

// guardRefused is the exit status of guard.sh: the lease is another's.
const guardRefused = 79

// script returns what is sent for a step: with what earlier steps said, and
// with the guard of its host's lease ahead.
func (c *carried) script(s actions.Step, do actions.Script) actions.Script {
	more := c.progress.inputs(s)
	maps.Copy(more, c.progress.own(s.ID))
	out := expand(do, c.id, more)
	return c.guard(s.Host, out)
}

// own returns what a step itself has said: its verify and its undo hear it.
func (g *Progress) own(id string) map[string]string {
	g.mu.Lock()
	defer g.mu.Unlock()
	in := map[string]string{}
	if s := g.steps[id]; s != nil {
		for name, v := range s.Said {
			in[actions.SaidInput(name)] = v
		}
	}
	return in
}

// verified proves a step whose job ended well and journals its result.
func (c *carried) verified(ctx context.Context, s actions.Step, out *actions.Output) error {
	var es []actions.Event
	said := actions.Said(out.Stdout)
	for _, name := range slices.Sorted(maps.Keys(said)) {
		es = append(es, actions.Event{Type: actions.EventSaid, Step: s.ID, Item: name, Line: actions.Line(said[name])})
	}
	zero := 0
	done := actions.Event{Type: actions.EventDone, Step: s.ID, To: StepOK, Exit: &zero}
	if s.Verify == nil {
		return c.note(ctx, append(es, done)...)
	}
	if len(es) > 0 {
		c.progress.hear(c.id, s.ID, said)
	}
	on := s.VerifyOn
	if on == "" {
		on = s.Host
	}
	seen, err := c.ask(ctx, on, c.script(actions.Step{ID: s.ID, Host: "", After: s.After}, *s.Verify), s.Timeout)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		// Uncertain, and not failed: gone on with later, it is looked into first.
		es = append(es, actions.Event{Type: actions.EventDone, Step: s.ID, To: StepUnknown, Line: actions.Line("it was done, but not seen to be: " + err.Error())})
	case seen.Exit != 0:
		es = append(es, actions.Event{Type: actions.EventDone, Step: s.ID, To: StepFailed, Exit: &seen.Exit, Line: actions.Line("it says it is done, and it is not so: " + lastWords(seen))})
	default:
		for name, v := range actions.Said(seen.Stdout) {
			es = append(es, actions.Event{Type: actions.EventSaid, Step: s.ID, Item: name, Line: actions.Line(v)})
		}
		return c.note(ctx, append(es, done)...)
	}
	if err := c.note(ctx, es...); err != nil {
		return err
	}
	return &failure{s, StepFailed, errors.New(es[len(es)-1].Line)}
}

// hear takes words into the progress ahead of the journal, for the proof of
// the step that said them.
func (g *Progress) hear(run, step string, said map[string]string) {
	es := make([]actions.Event, 0, len(said))
	for name, v := range said {
		es = append(es, actions.Event{Run: run, Type: actions.EventSaid, Step: step, Item: name, Line: actions.Line(v)})
	}
	g.take(es...)
}

// probe finds out what became of a step whose job left no end: by its own
// check, or by its proof. Without an answer it is done again only where that
// is as good as once.
func (c *carried) probe(ctx context.Context, s actions.Step, why error) error {
	done, err := c.already(ctx, s)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err == nil && done:
		out := actions.Output{}
		return c.verified(ctx, s, &out)
	case err == nil, s.Redo:
		return c.act(ctx, s, c.Now())
	}
	return c.fail(ctx, s, StepUnknown, fmt.Errorf("%w, and it cannot be seen whether it is done: %w", why, err))
}

// errNoProbe is a step that cannot tell whether it is done.
var errNoProbe = errors.New("this step has no look of its own")

// already asks whether a step is done.
func (c *carried) already(ctx context.Context, s actions.Step) (bool, error) {
	ask, on := s.Check, s.Host
	if ask == nil {
		if ask = s.Verify; s.VerifyOn != "" {
			on = s.VerifyOn
		}
	}
	if ask == nil {
		return false, errNoProbe
	}
	out, err := c.ask(ctx, on, c.script(actions.Step{ID: s.ID, After: s.After}, *ask), s.Timeout)
	switch {
	case err != nil:
		return false, err
	case out.Exit == 0:
		c.progress.hear(c.id, s.ID, actions.Said(out.Stdout))
		return true, nil
	case out.Exit == 1:
		return false, nil
	}
	return false, fmt.Errorf("exit %d: %s", out.Exit, lastWords(out))
}

func (c *carried) ask(ctx context.Context, on inventory.Ref, s actions.Script, limit time.Duration) (actions.Output, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return c.Carrier.Ask(ctx, on, s)
}

// look waits until targets are well, as long as the step may take.
func (c *carried) look(ctx context.Context, s actions.Step) error {
	limited, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	for pause := 250 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
		bad, err := c.Look(limited, s.Look)
		if err == nil && bad == "" {
			zero := 0
			return c.note(ctx, actions.Event{Type: actions.EventDone, Step: s.ID, To: StepOK, Exit: &zero})
		}
		t := time.NewTimer(pause)
		select {
		case <-t.C:
			continue
		case <-limited.Done():
		}
		t.Stop()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil && bad == "" {
			bad = err.Error()
		}
		return c.fail(ctx, s, StepFailed, fmt.Errorf("not well within %s: %s", s.Timeout, bad))
	}
}

// fail journals that a step failed.
func (c *carried) fail(ctx context.Context, s actions.Step, state string, why error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err := c.note(ctx, actions.Event{Type: actions.EventDone, Step: s.ID, To: state, Line: actions.Line(why.Error())}); err != nil {
		return err
	}
	return &failure{s, state, why}
}

func (c *carried) failed(ctx context.Context, s actions.Step, out actions.Output) error {
	why := fmt.Errorf("exit %d: %s", out.Exit, lastWords(out))
	e := actions.Event{Type: actions.EventDone, Step: s.ID, To: StepFailed, Exit: &out.Exit, Line: actions.Line(why.Error())}
	es := []actions.Event{e}
	if found, ok := actions.Said(out.Stdout)[actions.SaidDamaged]; ok {
		es = []actions.Event{{Type: actions.EventSaid, Step: s.ID, Item: actions.SaidDamaged, Line: actions.Line(found)}, e}
	}
	if err := c.note(ctx, es...); err != nil {
		return err
	}
	return &failure{s, StepFailed, why}
}

// lastWords is the last line that a script printed, of its errors first.
func lastWords(o actions.Output) string {
	for _, b := range [][]byte{o.Stderr, o.Stdout} {
		lines := strings.Split(strings.TrimSpace(string(b)), "\n")
		for _, ln := range slices.Backward(lines) {
			if ln = actions.Line(ln); ln != "" {
				return ln
			}
		}
	}
	return "it printed nothing"
}

// watch returns a context that ends when a person wants the step killed.
func (c *carried) watch(ctx context.Context, s actions.Step, attempt int) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	if c.Wished == nil {
		return ctx, func() { cancel(nil) }
	}
	every := c.Poll
	if every <= 0 {
		every = time.Second
	}
	var wait sync.WaitGroup
	wait.Go(func() {
		t := time.NewTicker(every)
		defer t.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-t.C:
				if w, err := c.Wished(ctx, c.id); err == nil && w == WishKill {
					cancel(errKilled)
				}
			}
		}
	})
	return ctx, func() { cancel(nil); wait.Wait() }
}
