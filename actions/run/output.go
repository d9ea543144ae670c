package run

import (
	"context"
	"strings"
	"sync"
	"time"

	"jurymast/actions"
)

// flushEvery is how often what a step prints is journaled while it runs: often
// enough for who watches, seldom enough for the disk.
const flushEvery = 500 * time.Millisecond

// outputLog journals what a step prints.
type outputLog struct {
	c    *carried
	ctx  context.Context
	step string

	mu      sync.Mutex
	waiting []actions.Event
	lines   int
	flushed time.Time
	later   *time.Timer // writes what is waiting; nil where nothing is
	err     error
}

func (c *carried) logger(ctx context.Context, s actions.Step) *outputLog {
	return &outputLog{c: c, ctx: ctx, step: s.ID, flushed: c.Now()}
}

// line takes one line. Words that the step says are journaled with its result.
func (l *outputLog) line(text string) {
	if strings.HasPrefix(text, "@") || strings.TrimSpace(text) == "" {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch l.lines++; {
	case l.lines == maxLines+1:
		text = "… more was printed, and is not kept"
	case l.lines > maxLines:
		return
	}
	l.waiting = append(l.waiting, actions.Event{Type: actions.EventOutput, Step: l.step, Line: actions.Line(text)})
	switch {
	case l.c.Now().Sub(l.flushed) >= flushEvery:
		l.write()
	case l.later == nil:
		// A step that says what it waits for and then waits is not silent.
		l.later = time.AfterFunc(flushEvery, l.flush)
	}
}

// flush journals what has been waiting for a while.
func (l *outputLog) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.later = nil; l.ctx.Err() == nil {
		l.write()
	}
}

func (l *outputLog) write() {
	if len(l.waiting) == 0 || l.err != nil {
		return
	}
	l.err = l.c.note(l.ctx, l.waiting...)
	l.waiting, l.flushed = nil, l.c.Now()
}

// rest returns what is left to be journaled, with the step's result: one write
// for both.
func (l *outputLog) rest() ([]actions.Event, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.later != nil {
		l.later.Stop()
	}
	left := l.waiting
	l.waiting = nil
	return left, l.err
}
