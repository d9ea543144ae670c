package tui

import (
	"context"
	"slices"
	"sync"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"jurymast/actions"
	"jurymast/inventory"
)

// Commands do the work that Update must not: they ask the engine and come back
// as messages. An answer that is older than what is shown is dropped by its
// number.

type (
	tickMsg  struct{ at time.Time }
	stateMsg struct {
		seq   int
		state actions.State
		sums  []actions.Summary
		err   error
	}
	restMsg struct {
		seq    int
		runs   []actions.Run
		jobs   []Job
		covers []Cover
		err    error
	}
	historyMsg struct {
		events []actions.Event
		err    error
	}
	pastMsg struct {
		of     inventory.Ref
		events []actions.Event // newest first
		err    error
	}
	eventsMsg struct {
		after  int64
		events []actions.Event
		err    error
	}
	feedMsg struct {
		looked []Looked
		news   *News // nil: none
	}
	lookedMsg   struct{ err error } // what a person asked for was looked at
	watchedMsg  struct{ err error } // the watch has ended
	reloadedMsg struct {
		changed, asked bool
		err            error
	}
	settledMsg struct{ seq int } // the size of the terminal has not changed for a while
	restedMsg  struct{}          // keys count again
	rangMsg    struct{ err error }
	copiesMsg  struct {
		asked  Request
		copies []actions.Copy
		err    error
	}
	planMsg struct {
		asked Request
		plan  actions.Plan
		err   error
	}
	startedMsg struct {
		run string
		err error
	}
	runMsg struct {
		run    actions.Run
		events []actions.Event
		err    error
	}
	textMsg struct {
		title, text string
		command     string // that copying takes alone, "" for all of the text
		err         error
	}
	doneMsg struct {
		said string
		err  error
	}
	seriesMsg struct {
		key    actions.Key
		metric string
		points []actions.Point
	}
	childMsg struct {
		what string
		took time.Duration
		err  error
	}
)

// How often the console looks at the clock, asks again for what could not be
// had, and reads the inventory's files.
const (
	tickEvery   = time.Second
	againEvery  = 5 * time.Second
	reloadEvery = 5 * time.Second
	feedEvery   = 250 * time.Millisecond
	settle      = 100 * time.Millisecond
	eventsMost  = 500
)

func tick() tea.Cmd {
	return tea.Tick(tickEvery, func(t time.Time) tea.Msg { return tickMsg{t} })
}

// crowd is of how many hosts something comes at once when it is taken half as
// often: such a frame is all of the screen, and two of them a second are as much
// as a slow line should carry.
const crowd = 500

// feed gathers what a watch tells between two frames. Putting never waits:
// however much comes, the console takes it four times a second.
type feed struct {
	every time.Duration // that it is taken after; of who takes it

	mu    sync.Mutex
	last  map[inventory.Ref]Looked
	news  *News         // the newest; nil: there is none since it was taken
	count int           // of all that were ever put about hosts
	wake  chan struct{} // holds one token when there is something
}

func newFeed() *feed {
	return &feed{every: feedEvery, last: map[inventory.Ref]Looked{}, wake: make(chan struct{}, 1)}
}

func (f *feed) put(l Looked) {
	f.mu.Lock()
	f.last[l.Host] = l
	f.count++
	f.mu.Unlock()
	f.awake()
}

// know puts what is known in the place of what was known before.
func (f *feed) know(n News) {
	f.mu.Lock()
	f.news = &n
	f.mu.Unlock()
	f.awake()
}

func (f *feed) awake() {
	select {
	case f.wake <- struct{}{}:
	default: // it is awake already
	}
}

// take waits until there is something, then as long as a frame takes, and
// returns the newest of each host and of all; false when ctx has ended.
func (f *feed) take(ctx context.Context) (feedMsg, bool) {
	select {
	case <-ctx.Done():
		return feedMsg{}, false
	case <-f.wake:
	}
	t := time.NewTimer(f.every)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return feedMsg{}, false
	case <-t.C:
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	msg := feedMsg{make([]Looked, 0, len(f.last)), f.news}
	for _, l := range f.last {
		msg.looked = append(msg.looked, l)
	}
	f.every = feedEvery
	if len(f.last) >= crowd {
		f.every = 2 * feedEvery
	}
	clear(f.last)
	f.news = nil
	return msg, true
}

func (m *root) takeFeed() tea.Cmd {
	f, ctx := m.feed, m.ctx
	return func() tea.Msg {
		if msg, ok := f.take(ctx); ok {
			return msg
		}
		return nil
	}
}

func known(e Engine, seq int, s actions.State, err error) stateMsg {
	if err != nil {
		return stateMsg{seq: seq, err: err}
	}
	return stateMsg{seq: seq, state: s, sums: e.Summaries(s)}
}

func (m *root) readState() tea.Cmd {
	m.seq++
	seq, e, ctx := m.seq, m.engine, m.ctx
	return func() tea.Msg {
		s, err := e.State(ctx)
		return known(e, seq, s, err)
	}
}

func (m *root) readRest() tea.Cmd {
	m.restSeq++
	seq, e, ctx := m.restSeq, m.engine, m.ctx
	return func() tea.Msg {
		r := restMsg{seq: seq}
		if r.runs, r.err = e.Runs(ctx); r.err != nil {
			return r
		}
		if r.jobs, r.err = e.Jobs(ctx); r.err != nil {
			return r
		}
		r.covers, r.err = e.Covers(ctx)
		return r
	}
}

func (m *root) readHistory() tea.Cmd {
	e, ctx := m.engine, m.ctx
	return func() tea.Msg {
		es, err := e.History(ctx, "", eventsMost)
		return historyMsg{es, err}
	}
}

// readPast reads what happened to one target: what is known of all may not
// reach so far back.
func (m *root) readPast(of inventory.Ref) tea.Cmd {
	e, ctx := m.engine, m.ctx
	return func() tea.Msg {
		es, err := e.History(ctx, of, eventsMost)
		return pastMsg{of, slices.DeleteFunc(es, func(e actions.Event) bool { return !recorded(&e) }), err}
	}
}

// follow waits for events; the answer asks for the next ones.
func (m *root) follow() tea.Cmd {
	e, ctx, after := m.engine, m.ctx, m.after
	return func() tea.Msg {
		es, err := e.Follow(ctx, after)
		return eventsMsg{after, es, err}
	}
}

// readFirst reads the state, and then has the fleet watched: to look for what is
// due at the same time would make the first frame wait.
func (m *root) readFirst() tea.Cmd { return tea.Sequence(m.readState(), m.watch()) }

// watch looks at the fleet for as long as the console is open. What it sees comes
// by the feed.
func (m *root) watch() tea.Cmd {
	e, ctx, f := m.engine, m.ctx, m.feed
	return func() tea.Msg { return watchedMsg{e.Watch(ctx, f.put, f.know)} }
}

// look looks at targets again, as a person has asked.
func (m *root) look(ts ...inventory.Ref) tea.Cmd {
	e, ctx := m.engine, m.ctx
	return func() tea.Msg { return lookedMsg{e.Look(ctx, ts)} }
}

func (m *root) reload(asked bool) tea.Cmd {
	e, ctx := m.engine, m.ctx
	return func() tea.Msg {
		changed, err := e.Reload(ctx)
		return reloadedMsg{changed, asked, err}
	}
}

func (m *root) plan(r Request) tea.Cmd {
	e, ctx := m.engine, m.ctx
	m.say("planning " + planWords(r) + ": nothing is changed by it")
	return func() tea.Msg {
		p, err := e.Plan(ctx, r)
		return planMsg{r, p, err}
	}
}

func (m *root) start(p actions.Plan, c Consent) tea.Cmd {
	e, ctx := m.engine, m.ctx
	return func() tea.Msg {
		id, err := e.Start(ctx, p, c)
		return startedMsg{id, err}
	}
}

func (m *root) readRun(id string) tea.Cmd {
	e, ctx := m.engine, m.ctx
	return func() tea.Msg {
		r, es, err := e.Run(ctx, id)
		return runMsg{r, es, err}
	}
}

// ask does something with the engine that is said when it is done.
func (m *root) ask(said string, do func(context.Context) error) tea.Cmd {
	ctx := m.ctx
	return func() tea.Msg { return doneMsg{said, do(ctx)} }
}

func (m *root) readText(title string, read func(context.Context) (string, error)) tea.Cmd {
	ctx := m.ctx
	return func() tea.Msg {
		s, err := read(ctx)
		return textMsg{title: title, text: s, err: err}
	}
}

// readKeys reads a text with a command for a shell in it.
func (m *root) readKeys(title string, read func(context.Context) (text, command string, err error)) tea.Cmd {
	ctx := m.ctx
	return func() tea.Msg {
		s, command, err := read(ctx)
		return textMsg{title, s, command, err}
	}
}

func (m *root) readSeries(k actions.Key, metric string) tea.Cmd {
	e, ctx := m.engine, m.ctx
	return func() tea.Msg {
		ps, err := e.Series(ctx, k, metric)
		if err != nil {
			ps = nil // what cannot be read is drawn as missing
		}
		return seriesMsg{k, metric, ps}
	}
}
