package run

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"jurymast/actions"
)

// How a step stands. Each is written by an event as the event's To.
const (
	StepWaiting = ""        // not begun
	StepBegun   = "begun"   // intended; whether it was done is not known
	StepOK      = "ok"      // done
	StepAlready = "already" // it was so before
	StepSkipped = "skipped" // what it comes after was not done
	StepFailed  = "failed"
	StepRefused = "refused"   // it was never begun on its host
	StepKilled  = "killed"    // by a person, or by its time limit
	StepUnknown = "uncertain" // a person has to find out
	StepUndoing = "undoing"
	StepUndone  = "undone"
	StepKept    = "kept" // its undo failed
)

// StepState is what the journal says of one step.
type StepState struct {
	State   string
	Attempt int // of the newest intent, counted from 1
	Undo    int // of the newest intent to undo
	Began   time.Time
	Ended   time.Time
	Line    string            // why it failed, or what was seen
	Said    map[string]string // words that it said
	Exit    *int
}

// Did reports whether the step is done.
func (s StepState) Did() bool { return s.State == StepOK || s.State == StepAlready }

// Took returns how long it took, 0 while it runs.
func (s StepState) Took() time.Duration {
	if s.Began.IsZero() || s.Ended.IsZero() {
		return 0
	}
	return s.Ended.Sub(s.Began)
}

// Progress is what a journal says of a run. It is safe for concurrent use.
type Progress struct {
	Outcome Outcome
	Why     string
	Began   time.Time
	Ended   time.Time

	mu    sync.Mutex
	steps map[string]*StepState
	past  bool // a point of no return has been begun
	plan  actions.Plan
}

// Replay returns the progress that events tell of.
func Replay(p actions.Plan, events []actions.Event) *Progress {
	g := &Progress{Outcome: Queued, plan: p, steps: map[string]*StepState{}}
	for _, s := range p.Steps {
		g.steps[s.ID] = &StepState{Said: map[string]string{}}
	}
	g.take(events...)
	return g
}

func (g *Progress) take(events ...actions.Event) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, e := range events {
		if e.Type == actions.EventRun {
			g.Outcome, g.Why, g.Ended = Outcome(e.To), e.Line, e.At
			if g.Began.IsZero() && g.Outcome == Running {
				g.Began = e.At
			}
			continue
		}
		s := g.steps[e.Step]
		if s == nil {
			continue
		}
		switch e.Type {
		case actions.EventIntent:
			s.State, s.Attempt, s.Line = StepBegun, s.Attempt+1, ""
			if s.Began.IsZero() {
				s.Began = e.At
			}
			s.Ended = time.Time{}
			if st, _ := g.plan.Step(e.Step); st.NoReturn {
				g.past = true
			}
		case actions.EventDone:
			s.State, s.Line, s.Ended, s.Exit = e.To, e.Line, e.At, e.Exit
			if s.Began.IsZero() {
				s.Began = e.At
			}
		case actions.EventUndo:
			s.State, s.Undo = StepUndoing, s.Undo+1
		case actions.EventUndone:
			s.State, s.Line = e.To, e.Line
		case actions.EventSaid:
			s.Said[e.Item] = e.Line
		default:
		}
	}
}

// Step returns how a step stands.
func (g *Progress) Step(id string) StepState {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.steps[id]
	if s == nil {
		return StepState{}
	}
	out := *s
	out.Said = maps.Clone(s.Said)
	return out
}

// PastReturn reports whether a point of no return has been begun.
func (g *Progress) PastReturn() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.past
}

// begun reports whether anything was ever intended.
func (g *Progress) begun() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, s := range g.steps {
		if s.Attempt > 0 {
			return true
		}
	}
	return false
}

// inputs returns what earlier steps said, as inputs of a step: those that it
// names in After win over later ones.
func (g *Progress) inputs(of actions.Step) map[string]string {
	g.mu.Lock()
	defer g.mu.Unlock()
	in := map[string]string{}
	hear := func(named bool) {
		for _, s := range g.plan.Steps {
			if s.ID == of.ID {
				return
			}
			if slices.Contains(of.After, s.ID) != named {
				continue
			}
			for name, v := range g.steps[s.ID].Said {
				in[actions.SaidInput(name)] = v
			}
		}
	}
	hear(false)
	hear(true)
	return in
}

// jobID is the id of a step's job on its host. It is new for each attempt: an
// id is never used for two acts.
func jobID(run, step, what string, attempt int) string {
	return fmt.Sprintf("%s.%s.%s%d", run, step, what, attempt)
}

// expand puts the run's id where a plan left room for it.
func expand(s actions.Script, run string, more map[string]string) actions.Script {
	in := map[string]string{}
	for k, v := range s.Inputs {
		in[k] = strings.ReplaceAll(v, actions.RunMark, run)
	}
	for k, v := range more {
		if _, own := in[k]; !own {
			in[k] = v
		}
	}
	in[actions.InRun] = run
	s.Inputs = in
	return s
}
