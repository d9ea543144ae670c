package run

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"jurymast/actions"
)

// failure is a step that did not come to its end.
type failure struct {
	step  actions.Step
	state string // StepFailed, StepKilled or StepUnknown
	err   error
}

func (f *failure) Error() string { return fmt.Sprintf("step %s: %v", f.step.ID, f.err) }

func (f *failure) Unwrap() error { return f.err }

// forward does the steps that are left.
func (c *carried) forward(ctx context.Context) (Outcome, error) {
	for _, batch := range batches(c.plan.Steps) {
		switch wish, err := c.wished(ctx); {
		case err != nil:
			return c.progress.Outcome, err
		case wish == WishUndo && !c.progress.PastReturn():
			return c.undoAll(ctx, errors.New("a person asked for it"))
		case wish != "":
			return c.end(ctx, Stopped, errors.New("a person stopped it"))
		}
		failed, err := c.batch(ctx, batch)
		switch {
		case err != nil && ctx.Err() != nil:
			return c.interrupted(ctx)
		case err != nil:
			return c.progress.Outcome, err // the journal: nothing may be done that cannot be written down
		case failed == nil:
			continue
		case failed.state == StepUnknown:
			return c.end(ctx, Hands, failed)
		case failed.state == StepKilled && errors.Is(failed.err, errKilled):
			return c.end(ctx, Stopped, failed)
		case c.progress.PastReturn():
			return c.end(ctx, Hands, failed)
		}
		return c.undoAll(ctx, failed)
	}
	for _, s := range c.plan.Steps {
		if st := c.progress.Step(s.ID); !st.Did() {
			return c.end(ctx, Partial, fmt.Errorf("step %s: %s", s.ID, orWord(st.Line, st.State)))
		}
	}
	return c.end(ctx, Done, nil)
}

func orWord(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// interrupted says why the context is over: a lease that was lost ends the run
// for a person to see to, anything else leaves it to be resumed.
func (c *carried) interrupted(ctx context.Context) (Outcome, error) {
	cause := context.Cause(ctx)
	var held *HeldError
	if errors.As(cause, &held) {
		return c.end(ctx, Hands, cause)
	}
	return c.end(ctx, Stopped, fmt.Errorf("this process was ended (%w); what was begun on hosts goes on there", cause))
}

// batches returns the steps in groups that are done side by side.
func batches(steps []actions.Step) [][]actions.Step {
	var out [][]actions.Step
	for _, s := range steps {
		if s.Beside && len(out) > 0 {
			out[len(out)-1] = append(out[len(out)-1], s)
			continue
		}
		out = append(out, []actions.Step{s})
	}
	return out
}

// batch does steps side by side and returns the gravest failure of those that
// must not fail. Its error is the journal's or the context's.
func (c *carried) batch(ctx context.Context, steps []actions.Step) (*failure, error) {
	fails := make([]*failure, len(steps))
	errs := make([]error, len(steps))
	var all sync.WaitGroup
	for i, s := range steps {
		all.Go(func() {
			err := c.step(ctx, s)
			var f *failure
			if errors.As(err, &f) {
				if !s.MayFail || f.state == StepUnknown || errors.Is(f.err, errKilled) {
					fails[i] = f
				}
				return
			}
			errs[i] = err
		})
	}
	all.Wait()
	var worst *failure
	for _, f := range fails {
		if f != nil && (worst == nil || f.state == StepUnknown) {
			worst = f
		}
	}
	return worst, errors.Join(errs...)
}

func (c *carried) wished(ctx context.Context) (Wish, error) {
	if c.Wished == nil {
		return "", nil
	}
	return c.Wished(ctx, c.id)
}
