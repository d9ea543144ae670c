package main

import (
	"context"

	"jurymast/actions/engine"
	"jurymast/inventory"
	"jurymast/tui"
)

// Watch implements tui.Engine. It goes on with the next engine when the
// inventory is read again.
func (c *consoleEngine) Watch(ctx context.Context, seen func(tui.Looked), news func(tui.News)) error {
	for {
		again, err := c.watchOne(ctx, seen, news)
		if !again {
			return words(err)
		}
	}
}

// watchOne watches until ctx ends, or another engine has taken this one's place.
// A store that cannot be used is told as an error.
func (c *consoleEngine) watchOne(ctx context.Context, seen func(tui.Looked), news func(tui.News)) (again bool, err error) {
	h, release := c.use()
	defer release()
	wait, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(h.gone, cancel)()
	o := engine.LookOptions{MaxAge: engine.WhenDue, Asks: h.asks, Progress: func(p engine.Progress) {
		l := tui.Looked{Host: p.Host, Done: p.Done, Took: p.Took}
		if p.Err != nil {
			l.Err = p.Err.Error()
		}
		seen(l)
	}}
	for t := range h.Fleet().Targets() {
		o.Targets = append(o.Targets, t)
	}
	err = h.Watch(wait, o, watchBeat, func(s engine.Sight) error {
		n := tui.News{Fleet: h.Fleet(), State: s.State, Summaries: s.Summaries}
		if s.Store != nil {
			n.Err = words(s.Store)
		}
		news(n)
		return nil
	})
	return ctx.Err() == nil && h.gone.Err() != nil, err
}

// Look implements tui.Engine. What an engine was asked that another has taken the
// place of, that one is asked.
func (c *consoleEngine) Look(ctx context.Context, ts []inventory.Ref) error {
	for {
		again, err := c.lookOne(ctx, ts)
		if !again {
			return err
		}
	}
}

func (c *consoleEngine) lookOne(ctx context.Context, ts []inventory.Ref) (again bool, err error) {
	h, release := c.use()
	defer release()
	answered := make(chan struct{})
	a := engine.Ask{Answered: func() { close(answered) }}
	for _, r := range ts {
		if t, ok := h.Fleet().Target(r); ok {
			a.Targets = append(a.Targets, t)
		}
	}
	select {
	case h.asks <- a:
	case <-ctx.Done():
		return false, ctx.Err()
	case <-h.gone.Done():
		return ctx.Err() == nil, ctx.Err()
	}
	select {
	case <-answered:
		return false, nil
	case <-ctx.Done():
		return false, ctx.Err()
	case <-h.gone.Done():
		return ctx.Err() == nil, ctx.Err()
	}
}
