package main

import (
	"context"
	"slices"

	"jurymast/actions"
	"jurymast/actions/engine"
	"jurymast/inventory"
	"jurymast/tui"
)

// Plan implements tui.Engine.
func (c *consoleEngine) Plan(ctx context.Context, r tui.Request) (actions.Plan, error) {
	return ask(c, func(e *engine.Engine) (actions.Plan, error) {
		return e.Plan(ctx, engine.PlanRequest{Verb: r.Verb, Target: r.Target, Name: r.Name, Copy: r.Copy, To: r.To}, nil)
	})
}

// Copies implements tui.Engine.
func (c *consoleEngine) Copies(ctx context.Context, t inventory.Ref) ([]actions.Copy, error) {
	return ask(c, func(e *engine.Engine) ([]actions.Copy, error) {
		cs, err := e.Copies(ctx, t)
		slices.SortStableFunc(cs, func(a, b actions.Copy) int { return b.At.Compare(a.At) })
		return cs, err
	})
}

// DryRun implements tui.Engine.
func (c *consoleEngine) DryRun(ctx context.Context, p actions.Plan) ([]tui.Foreknown, error) {
	return ask(c, func(e *engine.Engine) ([]tui.Foreknown, error) {
		rows, err := e.DryRun(ctx, p)
		out := make([]tui.Foreknown, len(rows))
		for i, r := range rows {
			out[i] = tui.Foreknown{Step: r.Step, Known: r.Known, Why: r.Why}
		}
		return out, err
	})
}

// Typed implements tui.Engine.
func (c *consoleEngine) Typed(ctx context.Context, p actions.Plan) []string {
	h, release := c.use()
	defer release()
	return h.Typed(ctx, p)
}

// Start implements tui.Engine.
func (c *consoleEngine) Start(ctx context.Context, p actions.Plan, k tui.Consent) (string, error) {
	return ask(c, func(e *engine.Engine) (string, error) {
		r, err := e.Begin(ctx, p, engine.Approval{Yes: k.Yes, Confirm: k.Confirm, Accept: k.Accept, Person: true})
		if err != nil {
			return "", err
		}
		return r.ID, c.detach(ctx, e, r.ID, "carry")
	})
}

// detach leaves a run to a process of its own, by a command of this program.
func (c *consoleEngine) detach(ctx context.Context, e *engine.Engine, id, verb string) error {
	self, err := c.a.selfCarrying()
	if err != nil {
		return err
	}
	self[len(self)-1] = verb
	env := c.a.childEnv()
	if c.a.demoSocket != "" {
		env = append(env, demoEnv+"="+c.a.demoSocket)
	}
	return e.Detach(ctx, id, self, env)
}

// Resume implements tui.Engine.
func (c *consoleEngine) Resume(ctx context.Context, id string) error { return c.goOn(ctx, id, "carry") }

// LetGo implements tui.Engine.
func (c *consoleEngine) LetGo(ctx context.Context, id, reason string) error {
	_, err := ask(c, func(e *engine.Engine) (struct{}, error) { return struct{}{}, e.CloseRun(ctx, id, reason) })
	return err
}

// Undo implements tui.Engine.
func (c *consoleEngine) Undo(ctx context.Context, id string) error { return c.goOn(ctx, id, "undo") }

func (c *consoleEngine) goOn(ctx context.Context, id, verb string) error {
	_, err := ask(c, func(e *engine.Engine) (struct{}, error) {
		if e.ReadOnly() {
			return struct{}{}, &engine.Trouble{Class: engine.ClassReadOnly, What: "read-only: run " + id + " stays as it is"}
		}
		return struct{}{}, c.detach(ctx, e, id, verb)
	})
	return err
}

// Ask implements tui.Engine.
func (c *consoleEngine) Ask(ctx context.Context, id, wish string) error {
	_, err := ask(c, func(e *engine.Engine) (struct{}, error) { return struct{}{}, e.Ask(ctx, id, wish) })
	return err
}

// Runs implements tui.Engine.
func (c *consoleEngine) Runs(ctx context.Context) ([]actions.Run, error) {
	return ask(c, func(e *engine.Engine) ([]actions.Run, error) {
		rs, err := e.Runs(ctx, engine.RunFilter{})
		for i := range rs {
			rs[i].State = c.a.standing(ctx, e, rs[i])
		}
		return rs, err
	})
}

// Run implements tui.Engine.
func (c *consoleEngine) Run(ctx context.Context, id string) (actions.Run, []actions.Event, error) {
	h, release := c.use()
	defer release()
	r, err := h.Run(ctx, id)
	if err != nil {
		return r, nil, words(err)
	}
	r.State = c.a.standing(ctx, h.Engine, r)
	es, err := h.Events(ctx, r.ID)
	return r, es, words(err)
}

// Follow implements tui.Engine. It goes on with the next engine when the
// inventory is read again.
func (c *consoleEngine) Follow(ctx context.Context, seq int64) ([]actions.Event, error) {
	for {
		es, again, err := c.followOne(ctx, seq)
		if !again {
			return es, words(err)
		}
	}
}

func (c *consoleEngine) followOne(ctx context.Context, seq int64) (es []actions.Event, again bool, err error) {
	h, release := c.use()
	defer release()
	wait, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(h.gone, cancel)()
	es, err = h.Follow(wait, "", seq)
	return es, err != nil && ctx.Err() == nil && h.gone.Err() != nil, err
}

// Note implements tui.Engine.
func (c *consoleEngine) Note(ctx context.Context, id, text string) error {
	_, err := ask(c, func(e *engine.Engine) (struct{}, error) { return struct{}{}, e.NoteRun(ctx, id, text) })
	return err
}

// NoteTarget implements tui.Engine.
func (c *consoleEngine) NoteTarget(ctx context.Context, r inventory.Ref, text string) error {
	_, err := ask(c, func(e *engine.Engine) (struct{}, error) { return struct{}{}, e.NoteTarget(ctx, r, text) })
	return err
}

// EndNote implements tui.Engine.
func (c *consoleEngine) EndNote(ctx context.Context, r inventory.Ref) error {
	_, err := ask(c, func(e *engine.Engine) (struct{}, error) { return struct{}{}, e.EndNote(ctx, r) })
	return err
}

// Report implements tui.Engine.
func (c *consoleEngine) Report(ctx context.Context, id string) (string, error) {
	return ask(c, func(e *engine.Engine) (string, error) {
		rep, err := e.Report(ctx, id)
		if err != nil {
			return "", err
		}
		return rep.Markdown(), nil
	})
}
