package run

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"jurymast/actions"
)

// undoAll takes back what was done, last first, and ends the run. What is
// settled stays.
func (c *carried) undoAll(ctx context.Context, why error) (Outcome, error) {
	if c.progress.PastReturn() {
		return c.end(ctx, Hands, fmt.Errorf("%w; it is past the point of no return, so nothing is undone by itself", why))
	}
	if err := c.note(ctx, actions.Event{Type: actions.EventRun, To: string(Undoing), Line: actions.Line(why.Error())}); err != nil {
		return c.progress.Outcome, err
	}
	var kept []error
	settled := ""
	for _, s := range slices.Backward(c.plan.Steps) {
		if s.Settles && c.progress.Step(s.ID).Did() {
			settled = s.ID
			break
		}
		switch st := c.progress.Step(s.ID); st.State {
		case StepWaiting, StepSkipped, StepAlready, StepUndone:
			continue
		case StepRefused:
			if st.Attempt == 1 {
				continue // of this step nothing was ever done
			}
		case StepUnknown:
			if s.Undo == nil {
				kept = append(kept, fmt.Errorf("step %s may have been done, and nothing undoes it", s.ID))
			}
		}
		if s.Undo == nil {
			continue
		}
		switch err := c.undo(ctx, s); {
		case ctx.Err() != nil:
			return c.interrupted(ctx)
		case errors.Is(err, errKept):
			kept = append(kept, err)
		case err != nil:
			return c.progress.Outcome, err
		}
	}
	if len(kept) > 0 {
		return c.end(ctx, Hands, errors.Join(append([]error{why}, kept...)...))
	}
	if settled != "" {
		return c.end(ctx, Partial, fmt.Errorf("%w; what came behind step %s was undone, and what is done up to there stays", why, settled))
	}
	return c.end(ctx, Undone, why)
}

var errKept = errors.New("it stays as it is")

// undo takes one step back. An undo may be run again: when it is not known
// whether one came to its end there is another.
func (c *carried) undo(ctx context.Context, s actions.Step) error {
	// The step's own job may still be under way, when the run was stopped.
	st := c.progress.Step(s.ID)
	if st.State == StepBegun {
		if err := c.Carrier.Kill(ctx, s.Host, jobID(c.id, s.ID, "", st.Attempt), s.Do.Sudo); err != nil && ctx.Err() == nil {
			return c.kept(ctx, s, fmt.Errorf("its job could not be ended: %w", err))
		}
	}
	if err := c.mayUndo(ctx, s); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return c.kept(ctx, s, err)
	}
	for range undoTries {
		attempt := c.progress.Step(s.ID).Undo
		if c.progress.Step(s.ID).State != StepUndoing {
			if err := c.note(ctx, actions.Event{Type: actions.EventUndo, Step: s.ID, Line: s.Title}); err != nil {
				return err
			}
			attempt++
		}
		limited, cancel := context.WithTimeout(ctx, s.Timeout)
		out, err := c.Carrier.Do(limited, s.Host, jobID(c.id, s.ID, "undo", attempt), c.script(s, *s.Undo), func(string) {})
		cancel()
		var uncertain *Uncertain
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil && out.Exit == 0:
			return c.note(ctx, actions.Event{Type: actions.EventUndone, Step: s.ID, To: StepUndone})
		case errors.As(err, &uncertain):
			c.progress.again(s.ID)
			continue
		case err == nil:
			err = fmt.Errorf("exit %d: %s", out.Exit, lastWords(out))
		}
		return c.kept(ctx, s, err)
	}
	return c.kept(ctx, s, errors.New("it was begun several times and never seen to end"))
}

// mayUndo asks whether what an undo rests on holds.
func (c *carried) mayUndo(ctx context.Context, s actions.Step) error {
	if s.UndoIf == nil {
		return nil
	}
	out, err := c.ask(ctx, s.UndoIfOn, c.script(actions.Step{ID: s.ID, After: s.After}, *s.UndoIf), s.Timeout)
	switch {
	case err != nil:
		return fmt.Errorf("whether it may be undone cannot be seen: %w", err)
	case out.Exit != 0:
		return fmt.Errorf("it must not be undone now: %s", lastWords(out))
	}
	return nil
}

// undoTries bounds how often an undo is begun whose end nobody saw.
const undoTries = 3

// again lets a new intent to undo follow one that came to no end.
func (g *Progress) again(step string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.steps[step].State = StepFailed
}

func (c *carried) kept(ctx context.Context, s actions.Step, why error) error {
	if err := c.note(ctx, actions.Event{Type: actions.EventUndone, Step: s.ID, To: StepKept, Line: actions.Line(why.Error())}); err != nil {
		return err
	}
	return fmt.Errorf("step %s could not be undone: %w: %w", s.ID, why, errKept)
}
