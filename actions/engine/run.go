package engine

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
	"unicode"

	"jurymast/actions"
	"jurymast/actions/plan"
	"jurymast/actions/run"
	"jurymast/actions/store"
	"jurymast/inventory"
)

// RunFilter says which runs are wanted.
type RunFilter = store.RunFilter

// Outcome is how a run ended, or stands.
type Outcome = run.Outcome

// How a run ends, for a face that turns it into an exit code.
const (
	Done    = run.Done
	Partial = run.Partial
	Undone  = run.Undone
	Hands   = run.Hands
	Stopped = run.Stopped
	Refused = run.Refused
	Closed  = run.Closed
)

// Begin writes an approved plan down as a run: its targets are held from now
// on, and its approval is spent. Nothing is done yet.
func (e *Engine) Begin(ctx context.Context, p actions.Plan, a Approval) (actions.Run, error) {
	if err := e.Approve(p, a); err != nil {
		return actions.Run{}, err
	}
	s, err := e.store()
	if err != nil {
		return actions.Run{}, err
	}
	r := actions.Run{
		Verb: p.Verb, Target: p.Target, Title: p.Title, Who: e.options.Who, Accepted: a.Accept, Digest: p.Digest(), Made: e.now(), Plan: p,
		Confirmed: confirmed(p, a),
	}
	r, err = s.AddRun(ctx, r, suffix())
	var held *store.HeldError
	switch {
	case errors.As(err, &held):
		return r, &Trouble{Class: ClassBusy, What: string(held.Target) + " is held by another run", Err: err, Next: e.heldNext(ctx, held)}
	case errors.Is(err, store.ErrSpent):
		return r, &Trouble{Class: ClassRefused, What: err.Error(), Next: "jurymast plan " + Words(p)}
	case err != nil:
		return r, storeTrouble("the run could not be written down, so nothing was done", err)
	}
	return r, e.consent(ctx, s, r)
}

// consent journals who confirmed and accepted what.
func (e *Engine) consent(ctx context.Context, s *store.Store, r actions.Run) error {
	ev := actions.Event{Run: r.ID, Type: actions.EventAccept, At: e.now(), Target: r.Target, Who: r.Who, Line: r.Confirmed}
	events := []actions.Event{ev}
	for _, name := range r.Accepted {
		ev.Item, ev.Line = name, "accepted"
		for _, c := range r.Plan.Conditions {
			if c.Name == name {
				ev.Line = c.Text + ": " + c.Seen
			}
		}
		events = append(events, ev)
	}
	_, err := s.Append(ctx, events...)
	return storeTrouble("it could not be written down", err)
}

func confirmed(p actions.Plan, a Approval) string {
	switch {
	case p.Ladder <= actions.LadderHarmless:
		return "needs no confirmation"
	case a.Confirm != "":
		return "typed " + a.Confirm
	}
	return "said yes"
}

// heldNext says what to do about a run that holds a target: one that has no
// process any more was cut off, and can be gone on with.
func (e *Engine) heldNext(ctx context.Context, h *store.HeldError) string {
	if e.Alive(h.Run) {
		return "jurymast runs attach " + h.Run
	}
	return "jurymast runs resume " + h.Run + ", or undo, or close it"
}

// CutOff returns the run that holds a target and lost its process on the way,
// "" when there is none. One that a person has stopped is none.
func (e *Engine) CutOff(ctx context.Context, t inventory.Ref) (string, error) {
	s, err := e.store()
	if err != nil {
		return "", err
	}
	rs, err := s.Runs(ctx, store.RunFilter{Target: t, Open: true})
	if err != nil {
		return "", storeTrouble("the runs cannot be read", err)
	}
	for _, r := range rs {
		switch Outcome(r.State) {
		case run.Queued, run.Running, run.Undoing:
			if !e.Alive(r.ID) {
				return r.ID, nil
			}
		}
	}
	return "", nil
}

// over is asked of a run that has ended.
func over(r actions.Run) error {
	return &Trouble{Class: ClassUsage, What: fmt.Sprintf("run %s is over: %s", r.ID, r.State), Next: "jurymast runs report " + r.ID}
}

// suffix makes the id of a run unique among all controllers: 30 bits.
func suffix() string { return strings.ToLower(rand.Text()[:6]) }

// Carry carries a run out in this process, or goes on with one that stands
// still. The outcome is in the run's row too. Its error is a [Trouble]: why it
// did not end as done.
func (e *Engine) Carry(ctx context.Context, id string) (Outcome, error) {
	return e.carry(ctx, id, (*run.Runner).Run)
}

// Undo takes back what a run has done that stands still.
func (e *Engine) Undo(ctx context.Context, id string) (Outcome, error) {
	return e.carry(ctx, id, (*run.Runner).Undo)
}

func (e *Engine) carry(ctx context.Context, id string, how func(*run.Runner, context.Context, string, actions.Plan) (Outcome, error)) (Outcome, error) {
	r, s, err := e.run(ctx, id)
	if err != nil {
		return "", err
	}
	if err := e.mayWrite("run " + r.Title); err != nil {
		return Outcome(r.State), err
	}
	if !Outcome(r.State).Open() {
		return Outcome(r.State), over(r)
	}
	unlock, err := s.Lock(ctx, "run "+r.ID, e.options.Who, 0)
	if err != nil {
		return Outcome(r.State), storeTrouble("run "+r.ID+" is under way in another process", err)
	}
	defer func() { _ = unlock() }() // the kernel frees it with the process
	if Outcome(r.State) != run.Queued {
		// What was asked of it before it came to stand still is done with.
		ev := actions.Event{Run: r.ID, Type: actions.EventAsk, At: e.now(), Target: r.Target, Who: e.options.Who, Line: "to go on"}
		if err := s.SetWish(ctx, r.ID, "", ev); err != nil {
			return Outcome(r.State), storeTrouble("it could not be written down", err)
		}
	}
	before, err := s.State(ctx)
	if err != nil {
		return Outcome(r.State), storeTrouble("what was seen last cannot be read", err)
	}
	runner := e.runner(s, func(ctx context.Context, refs []inventory.Ref) (string, error) {
		return e.well(ctx, r.Target, before, refs)
	})
	e.seen(ctx, s, r, "before")
	o, err := how(runner, ctx, r.ID, r.Plan)
	late := context.WithoutCancel(ctx)
	if kerr := e.evidence(late, s, r); kerr != nil && err == nil {
		err = kerr
	}
	if !o.Open() {
		e.seen(late, s, r, "after")
	}
	return o, runTrouble(r, o, err)
}

// runner returns what carries runs out over this engine's connections.
func (e *Engine) runner(s *store.Store, well func(context.Context, []inventory.Ref) (string, error)) *run.Runner {
	host, err := os.Hostname()
	if err != nil {
		host = "this machine"
	}
	return &run.Runner{
		Carrier: e.carrier(),
		Journal: s, Now: e.options.Now, Holder: e.options.Who + " on " + host,
		Look: well,
		Wished: func(ctx context.Context, id string) (run.Wish, error) {
			w, err := s.Wish(ctx, id)
			return run.Wish(w), err
		},
	}
}

func (e *Engine) maySudo(h inventory.Ref) bool {
	if t, ok := e.fleet.Target(h); ok && t.Reach.Sudo != nil {
		return *t.Reach.Sudo
	}
	return e.fleet.Settings.Reach.Sudo == nil || *e.fleet.Settings.Reach.Sudo
}

// seen journals how the targets of a run stand, before and after it, for its
// report. What cannot be read is left out there.
func (e *Engine) seen(ctx context.Context, s *store.Store, r actions.Run, when string) {
	st, err := s.State(ctx)
	if err != nil {
		return
	}
	concerned := append([]inventory.Ref{r.Target}, r.Plan.Impact.NeededBy...)
	var events []actions.Event
	for _, sum := range e.Summaries(st) {
		for _, c := range concerned {
			if c == sum.Ref {
				events = append(events, actions.Event{Run: r.ID, Type: actions.EventSaid, At: e.now(), Target: sum.Ref, Item: when, To: sum.State.String(), Line: sum.Summary})
			}
		}
	}
	if _, err := s.Append(ctx, events...); err != nil {
		e.options.Log.Warn("the state around a run could not be journaled", "err", err)
	}
}

// runTrouble words how a run ended that is not done.
func runTrouble(r actions.Run, o Outcome, err error) error {
	if err == nil && (o == run.Done || o == "") {
		return nil
	}
	t := &Trouble{Err: err, Next: "jurymast runs report " + r.ID}
	switch o {
	case run.Done:
		t.Class, t.What = ClassStore, "run "+r.ID+" is done, and what it showed could not be kept"
	case run.Undone:
		t.Class, t.What = ClassUndone, "run "+r.ID+" failed, and everything it did was undone"
	case run.Partial:
		t.Class, t.What = ClassHands, "run "+r.ID+" is done but for a part"
	case run.Hands:
		t.Class, t.What, t.Next = ClassHands, "run "+r.ID+" failed and needs hands", "jurymast runs report "+r.ID+", then runs resume, undo or close"
	case run.Stopped:
		t.Class, t.What, t.Next = ClassStopped, "run "+r.ID+" stands still", "jurymast runs resume "+r.ID+", or undo, or close"
	case run.Refused:
		t.Class, t.What = ClassRefused, "run "+r.ID+" was refused: nothing was done"
		var held *run.HeldError
		if errors.As(err, &held) {
			t.Class, t.Next = ClassBusy, "try later"
		}
	default:
		if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			t.Class, t.What, t.Next = ClassStopped, "this process was ended; what was begun on hosts goes on", "jurymast runs resume "+r.ID
			return t
		}
		t.Class, t.What, t.Next = ClassStore, "run "+r.ID+" stands still", "jurymast runs resume "+r.ID
	}
	return t
}

func (e *Engine) run(ctx context.Context, id string) (actions.Run, *store.Store, error) {
	s, err := e.store()
	if err != nil {
		return actions.Run{}, nil, err
	}
	r, err := s.Run(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return r, nil, &Trouble{Class: ClassUsage, What: "there is no run " + id, Next: "jurymast runs list"}
	}
	return r, s, storeTrouble("the run cannot be read", err)
}

// Run returns a run with its plan, by its id or the number in it.
func (e *Engine) Run(ctx context.Context, id string) (actions.Run, error) {
	r, _, err := e.run(ctx, id)
	return r, err
}

// Runs returns runs without their plans, newest first.
func (e *Engine) Runs(ctx context.Context, f RunFilter) ([]actions.Run, error) {
	s, err := e.store()
	if err != nil {
		return nil, err
	}
	rs, err := s.Runs(ctx, f)
	return rs, storeTrouble("the runs cannot be read", err)
}

// Alive reports whether a process carries the run out now.
func (e *Engine) Alive(id string) bool {
	s, err := e.store()
	if err != nil {
		return false
	}
	held, err := s.Locked("run " + id)
	return err == nil && held
}

// followPause is how often new events are looked for.
const followPause = 150 * time.Millisecond

// Follow waits until there are events of a run after a place in the journal
// and returns them; of all runs when it is "".
func (e *Engine) Follow(ctx context.Context, id string, seq int64) ([]actions.Event, error) {
	s, err := e.store()
	if err != nil {
		return nil, err
	}
	t := time.NewTicker(followPause)
	defer t.Stop()
	for {
		es, err := s.Since(ctx, id, seq)
		if err != nil || len(es) > 0 {
			return es, storeTrouble("the journal cannot be read", err)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-t.C:
		}
	}
}

// LastSeq is the newest place in the journal.
func (e *Engine) LastSeq(ctx context.Context) (int64, error) {
	s, err := e.store()
	if err != nil {
		return 0, err
	}
	n, err := s.Last(ctx)
	return n, storeTrouble("the journal cannot be read", err)
}

// Events returns all events of a run.
func (e *Engine) Events(ctx context.Context, id string) ([]actions.Event, error) {
	s, err := e.store()
	if err != nil {
		return nil, err
	}
	es, err := run.All(ctx, s, id)
	return es, storeTrouble("the journal cannot be read", err)
}

// Ask tells a run what a person wants of it: "wait", "undo" or "kill".
func (e *Engine) Ask(ctx context.Context, id, wish string) error {
	r, s, err := e.run(ctx, id)
	if err != nil {
		return err
	}
	if err := e.mayWrite("stop run " + r.ID); err != nil {
		return err
	}
	if !Outcome(r.State).Open() {
		return over(r)
	}
	switch run.Wish(wish) {
	case run.WishWait, run.WishUndo, run.WishKill:
	default:
		return &Trouble{Class: ClassUsage, What: fmt.Sprintf("%q is nothing that can be asked of a run", wish), Next: "--then wait, undo or kill"}
	}
	ev := actions.Event{Run: r.ID, Type: actions.EventAsk, At: e.now(), Target: r.Target, Who: e.options.Who, Item: wish, Line: "to stop, then " + wish}
	return storeTrouble("it could not be written down", s.SetWish(ctx, r.ID, wish, ev))
}

// CloseRun lets go of the targets of a run that stands still: a person has
// seen to what was left.
func (e *Engine) CloseRun(ctx context.Context, id, reason string) error {
	r, s, err := e.run(ctx, id)
	if err != nil {
		return err
	}
	if err := e.mayWrite("close run " + r.ID); err != nil {
		return err
	}
	if !Outcome(r.State).Open() {
		return over(r)
	}
	unlock, err := s.Lock(ctx, "run "+r.ID, e.options.Who, 0)
	if err != nil {
		return storeTrouble("run "+r.ID+" is under way: stop it first", err)
	}
	defer func() { _ = unlock() }() // the kernel frees it with the process
	_, err = s.Append(ctx, actions.Event{Run: r.ID, Type: actions.EventRun, At: e.now(), Target: r.Target, To: string(run.Closed), Who: e.options.Who, Line: actions.Line(typed(reason))})
	return storeTrouble("it could not be written down", err)
}

// NoteRun writes down what a person says about a run, under way or over, in at
// most [actions.MaxLine] bytes. It stands in the run's report and in history.
func (e *Engine) NoteRun(ctx context.Context, id, text string) error {
	r, s, err := e.run(ctx, id)
	if err != nil {
		return err
	}
	if err := e.mayWrite("write a note on run " + r.ID); err != nil {
		return err
	}
	if text, err = noteText("run "+r.ID, "jurymast runs note "+r.ID, text); err != nil {
		return err
	}
	_, err = s.Append(ctx, actions.Event{Run: r.ID, Type: actions.EventNote, At: e.now(), Target: r.Target, Who: e.options.Who, Line: text})
	return storeTrouble("it could not be written down", err)
}

// NoteTarget writes down what a person says about a target, in at most
// [actions.MaxLine] bytes. The newest stands beside the target, all in history.
func (e *Engine) NoteTarget(ctx context.Context, r inventory.Ref, text string) error {
	if _, ok := e.fleet.Target(r); !ok {
		return &Trouble{Class: ClassUsage, What: fmt.Sprintf("no target is called %q", r), Next: "jurymast list"}
	}
	if err := e.mayWrite("write a note on " + string(r)); err != nil {
		return err
	}
	text, err := noteText(string(r), "jurymast note "+string(r), text)
	if err != nil {
		return err
	}
	return e.note(ctx, actions.Event{Type: actions.EventNote, Target: r, Line: text})
}

// EndNote takes the note away that stands beside a target; it stays in history.
// Where none stands there is nothing to do.
func (e *Engine) EndNote(ctx context.Context, r inventory.Ref) error {
	if _, ok := e.fleet.Target(r); !ok {
		return &Trouble{Class: ClassUsage, What: fmt.Sprintf("no target is called %q", r), Next: "jurymast list"}
	}
	if err := e.mayWrite("take the note on " + string(r) + " away"); err != nil {
		return err
	}
	n, err := e.NoteOn(ctx, r)
	if err != nil || n == nil {
		return err
	}
	return e.note(ctx, actions.Event{Type: actions.EventNote, Target: r, To: actions.NoteOver, Line: n.Line})
}

// NoteOn returns the note that stands beside a target, nil where none does.
func (e *Engine) NoteOn(ctx context.Context, r inventory.Ref) (*actions.Event, error) {
	s, err := e.store()
	if err != nil {
		return nil, err
	}
	notes, err := s.History(ctx, store.Filter{Target: r, Types: []actions.EventType{actions.EventNote}})
	return actions.StandingNote(notes), storeTrouble("its notes cannot be read", err)
}

// noteText is a note in one line that steers no terminal. It refuses one that is
// empty or too long; command is what writes a note on the same.
func noteText(of, command, text string) (string, error) {
	text = typed(text)
	switch {
	case text == "":
		return "", &Trouble{Class: ClassUsage, What: "the note on " + of + " is empty", Next: command + " 'what others should know'"}
	case len(text) > actions.MaxLine:
		return "", &Trouble{Class: ClassUsage, What: fmt.Sprintf("the note takes %d bytes, at most %d", len(text), actions.MaxLine), Next: "the short of it, and where the long of it stands"}
	}
	return text, nil
}

// typed is what a person typed, as one line that can be drawn.
func typed(text string) string {
	text = strings.Map(func(c rune) rune {
		if unicode.IsControl(c) || unicode.Is(unicode.Bidi_Control, c) {
			return ' '
		}
		return c
	}, strings.ToValidUTF8(text, "�"))
	return strings.Join(strings.Fields(text), " ")
}

// RunProgress returns how far a run is.
func (e *Engine) RunProgress(ctx context.Context, r actions.Run) (*run.Progress, error) {
	es, err := e.Events(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	return run.Replay(r.Plan, es), nil
}

// Report returns what a run came to.
func (e *Engine) Report(ctx context.Context, id string) (run.Report, error) {
	r, err := e.Run(ctx, id)
	if err != nil {
		return run.Report{}, err
	}
	es, err := e.Events(ctx, r.ID)
	if err != nil {
		return run.Report{}, err
	}
	return run.MakeReport(r, es), nil
}

// evidence keeps what a run showed of copies: which were seen in their
// repository, and how far one was proven.
func (e *Engine) evidence(ctx context.Context, s *store.Store, r actions.Run) error {
	es, err := run.All(ctx, s, r.ID)
	if err != nil {
		return storeTrouble("the journal cannot be read", err)
	}
	copies := plan.Evidence(r, es, e.now())
	return storeTrouble("what is known of copies could not be kept", s.KeepCopies(ctx, copies...))
}

// Copies returns what is known of copies of a target, newest first; of all
// targets when it is "".
func (e *Engine) Copies(ctx context.Context, t inventory.Ref) ([]actions.Copy, error) {
	s, err := e.store()
	if err != nil {
		return nil, err
	}
	cs, err := s.Copies(ctx, t)
	return cs, storeTrouble("what is known of copies cannot be read", err)
}
