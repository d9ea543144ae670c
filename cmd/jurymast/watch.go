package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/actions/engine"
	"jurymast/inventory"
)

const (
	watchBeat = 2 * time.Second  // how often it is asked what is due
	watchSign = 30 * time.Second // a sign of life where nobody sees a screen
)

// watch looks at each check when it is due until it is interrupted. A terminal
// shows the table, drawn over in place; a pipe gets one line a change.
func (a *app) watch(ctx context.Context, e *engine.Engine, o checkOptions, selectors []string) error {
	targets, err := a.targets(ctx, e, selectors)
	if err != nil {
		return err
	}
	if err := knownChecks(e, targets, o.only); err != nil {
		return err
	}
	w := &watcher{a: a, targets: targets, live: a.outTTY && a.printer().forPeople()}
	err = e.Watch(ctx, engine.LookOptions{Targets: targets, Only: o.only, MaxAge: o.maxAge}, watchBeat, w.see)
	if ctx.Err() != nil {
		return w.end(ctx)
	}
	return err
}

type watcher struct {
	a       *app
	targets []*inventory.Target
	live    bool
	last    time.Time     // of the last line written
	first   *engine.Sight // what is known, until it has been printed once
	begun   bool
	unkept  bool // it was said that what is seen cannot be kept
}

// see shows what is known. A pipe is told where things stand once every host has
// had its turn, and from then on what changes.
func (w *watcher) see(sight engine.Sight) error {
	if !w.live {
		w.store(sight.Store)
	}
	switch sums := sight.Of(w.targets); {
	case w.live:
		return w.redraw(sums, sight.Store)
	case w.begun:
		return w.changes(sight, sums)
	case sight.Waiting > 0:
		w.first = &sight
		return nil
	}
	return w.begin(sight)
}

// store says once that what is seen cannot be kept, and again when that comes
// back. Watching goes on.
func (w *watcher) store(t *engine.Trouble) {
	if t != nil && !w.unkept {
		explain(t).write(w.a.err)
	}
	w.unkept = t != nil
}

// begin prints where things stand when the watch begins.
func (w *watcher) begin(sight engine.Sight) error {
	w.begun, w.first, w.last = true, nil, w.a.now()
	sums := sight.Of(w.targets)
	if w.a.flags.output == string(formatNDJSON) {
		return w.a.printer().print(w.a.summaryListing("check", sums), exitOK)
	}
	return w.a.showFirst(sums)
}

func (w *watcher) changes(sight engine.Sight, sums []actions.Summary) error {
	now := w.a.now()
	for _, ev := range sight.Changes {
		w.last = now
		if err := w.line(ev); err != nil {
			return err
		}
	}
	if now.Sub(w.last) >= watchSign {
		w.last = now
		return w.life(sums, now)
	}
	return nil
}

// showFirst prints where things stand.
func (a *app) showFirst(sums []actions.Summary) error {
	p := a.printer()
	if err := p.print(a.summaryListing("check", sums), exitOK); err != nil {
		return err
	}
	_, err := fmt.Fprintf(a.out, "\n%s\n", tally(sums, p))
	return err
}

func (w *watcher) line(ev actions.Event) error {
	if w.a.flags.output == string(formatNDJSON) {
		return json.NewEncoder(w.a.out).Encode(struct {
			Kind string    `json:"kind"`
			TS   time.Time `json:"ts"`
			actions.Event
		}{"change", ev.At, ev})
	}
	_, err := fmt.Fprintf(w.a.out, "%s %s %s -> %s  %s\n", ev.At.Format(time.RFC3339), subject(ev), ev.From, ev.To, ev.Line)
	return err
}

func (w *watcher) life(sums []actions.Summary, now time.Time) error {
	if w.a.flags.output == string(formatNDJSON) {
		return json.NewEncoder(w.a.out).Encode(map[string]any{"type": "alive", "ts": now})
	}
	p := w.a.printer()
	_, err := fmt.Fprintf(w.a.out, "%s %s\n", now.Format(time.RFC3339), tally(sums, p))
	return err
}

// redraw writes the table over the last one: home, each line with what is
// right of it erased, then what is below. Nothing flickers, and the terminal's
// own screen and scroll-back are left alone at the end. Below the table stands
// why nothing of it can be kept; nil where it is.
func (w *watcher) redraw(sums []actions.Summary, unkept *engine.Trouble) error {
	var b strings.Builder
	p := w.a.printer()
	p.out = &b
	if err := p.print(w.a.summaryListing("check", sums), exitOK); err != nil {
		return err
	}
	fmt.Fprintf(&b, "\n%s   %s   ctrl+c ends\n", tally(sums, p), p.now.Format("15:04:05 MST"))
	if unkept != nil {
		explain(unkept).write(&b)
	}
	head := "\x1b[H"
	if w.last.IsZero() {
		head = "\x1b[2J\x1b[H"
	}
	w.last = p.now
	_, err := io.WriteString(w.a.out, head+strings.ReplaceAll(b.String(), "\n", "\x1b[K\n")+"\x1b[J")
	return err
}

// end leaves quietly when the admin ended it, and says so when time ran out. What
// nobody was told yet, since a host has not answered, is told now.
func (w *watcher) end(ctx context.Context) error {
	if w.first != nil {
		if err := w.begin(*w.first); err != nil {
			return err
		}
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return nil
	}
	return ctx.Err()
}

// subject names what an event is about: "node/nas1 disk /tank".
func subject(ev actions.Event) string {
	return actions.Key{Target: ev.Target, Check: ev.Check, Item: ev.Item}.String()
}
