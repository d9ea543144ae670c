package run

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// Report is what a run came to, for people and for records: what is left to do
// comes first.
type Report struct {
	Run     actions.Run    `json:"run"`
	Outcome Outcome        `json:"outcome"`
	Why     string         `json:"why,omitempty"`
	Left    []actions.Todo `json:"left,omitempty"`
	Steps   []StepReport   `json:"steps"`
	// Took is the whole run; RTO the time in which the service did not work, as
	// measured from the step that ended it to the one that saw it well. Zero
	// where nothing was down.
	Took    time.Duration `json:"took_ns"`
	RTO     time.Duration `json:"rto_ns,omitempty"`
	RTOGoal time.Duration `json:"rto_goal_ns,omitempty"`
	// Restored is how long the steps took that bring data back; 0: not measured.
	Restored  time.Duration       `json:"restored_ns,omitempty"`
	RPOGoal   time.Duration       `json:"rpo_goal_ns,omitempty"`
	AtRisk    time.Duration       `json:"at_risk_ns"` // negative: not known
	Risk      string              `json:"risk,omitempty"`
	Around    []Around            `json:"around,omitempty"`
	Consents  []actions.Event     `json:"consents,omitempty"`
	Notes     []actions.Event     `json:"notes,omitempty"` // what people wrote down, oldest first
	Words     map[string][]string `json:"said,omitempty"`  // by step: "proof: 12 rows equal"
	Inventory string              `json:"inventory"`
}

// StepReport is one step as it went.
type StepReport struct {
	ID       string        `json:"id"`
	Title    string        `json:"title"`
	Host     inventory.Ref `json:"host,omitempty"`
	State    string        `json:"state"`
	Took     time.Duration `json:"took_ns"`
	Estimate time.Duration `json:"estimate_ns,omitempty"`
	Exit     *int          `json:"exit,omitempty"`
	Line     string        `json:"line,omitempty"`
}

// Around is how a target stood before a run and after it.
type Around struct {
	Target inventory.Ref `json:"target"`
	Before string        `json:"before"`
	After  string        `json:"after"`
	Line   string        `json:"line,omitempty"` // of the newer
}

// MakeReport makes the report of a run from its journal.
func MakeReport(r actions.Run, events []actions.Event) Report {
	g := Replay(r.Plan, events)
	rep := Report{
		Run: r, Outcome: g.Outcome, Why: g.Why, RTOGoal: r.Plan.RTO, RPOGoal: r.Plan.RPO, AtRisk: r.Plan.Impact.AtRisk, Risk: r.Plan.Impact.Risk,
		Words: map[string][]string{}, Inventory: r.Plan.Inventory,
	}
	if !g.Began.IsZero() {
		rep.Took = g.Ended.Sub(g.Began)
	}
	var down, up time.Time
	for _, s := range r.Plan.Steps {
		st := g.Step(s.ID)
		rep.Steps = append(rep.Steps, StepReport{
			ID: s.ID, Title: s.Title, Host: s.Host, State: st.State, Took: st.Took(), Estimate: s.Estimate, Exit: st.Exit, Line: st.Line,
		})
		if s.Ends && !st.Began.IsZero() && down.IsZero() {
			down = st.Began
		}
		if s.Starts && st.Did() {
			up = st.Ended
		}
	}
	if !down.IsZero() && up.After(down) {
		rep.RTO = up.Sub(down)
	}
	rep.Restored, _ = r.Plan.Restored(func(id string) (time.Duration, bool) {
		st := g.Step(id)
		return st.Took(), st.State == StepOK
	}, "")
	rep.gather(events)
	rep.Left = left(r, g)
	return rep
}

// gather takes consents, notes, what steps said, and the state around the run.
func (rep *Report) gather(events []actions.Event) {
	at := map[inventory.Ref]int{}
	for _, e := range events {
		switch {
		case e.Type == actions.EventAccept:
			rep.Consents = append(rep.Consents, e)
		case e.Type == actions.EventNote:
			rep.Notes = append(rep.Notes, e)
		case e.Type == actions.EventSaid && e.Step == "" && (e.Item == "before" || e.Item == "after"):
			i, ok := at[e.Target]
			if !ok {
				i = len(rep.Around)
				at[e.Target] = i
				rep.Around = append(rep.Around, Around{Target: e.Target})
			}
			a := &rep.Around[i]
			if a.Line = e.Line; e.Item == "before" && a.Before == "" {
				a.Before = e.To
			} else if e.Item == "after" {
				a.After = e.To
			}
		case e.Type == actions.EventSaid && e.Step != "":
			rep.Words[e.Step] = append(rep.Words[e.Step], e.Item+": "+e.Line)
		}
	}
}

// left is what remains for a person, as commands.
func left(r actions.Run, g *Progress) []actions.Todo {
	var out []actions.Todo
	switch g.Outcome {
	case Done, Partial:
		out = append(out, slices.Clone(r.Plan.Left)...)
		for i := range out {
			out[i].Text = strings.ReplaceAll(out[i].Text, ".jurymast-RUN", ".jurymast-"+r.ID)
		}
	case Hands, Stopped, Running, Undoing, Queued:
		out = append(out, actions.Todo{Text: "go on where it stands", Command: "jurymast runs resume " + r.ID})
		if !g.PastReturn() {
			out = append(out, actions.Todo{Text: "take back what was done", Command: "jurymast runs undo " + r.ID})
		}
		out = append(out, actions.Todo{Text: "or see to it by hand, and let go of " + string(r.Target), Command: "jurymast runs close " + r.ID})
	case Undone, Refused, Closed:
	}
	for _, s := range r.Plan.Steps {
		st := g.Step(s.ID)
		on := "jurymast ssh " + s.Host.Name()
		switch st.State {
		case StepUnknown:
			out = append(out, actions.Todo{Text: fmt.Sprintf("find out whether step %s, %s, was done: %s", s.ID, s.Title, st.Line), Command: on})
		case StepKept:
			out = append(out, actions.Todo{Text: fmt.Sprintf("step %s, %s, could not be undone: %s", s.ID, s.Title, st.Line), Command: on})
		case StepFailed, StepRefused, StepKilled:
			if g.Outcome == Partial || g.Outcome == Hands {
				out = append(out, actions.Todo{Text: fmt.Sprintf("step %s, %s, failed: %s", s.ID, s.Title, st.Line), Command: on})
			}
		}
	}
	return out
}

// Markdown returns the report as text for people.
func (rep Report) Markdown() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("# Run %s: %s", rep.Run.ID, rep.Run.Title)
	line("")
	line("%s in %s.", strings.ToUpper(string(rep.Outcome)), round(rep.Took))
	if rep.Why != "" {
		line("")
		line("%s", rep.Why)
	}
	line("")
	line("## Left to do")
	line("")
	if len(rep.Left) == 0 {
		line("Nothing.")
	}
	for _, t := range rep.Left {
		if t.Command != "" {
			line("- %s: `%s`", t.Text, t.Command)
			continue
		}
		line("- %s", t.Text)
	}
	if len(rep.Notes) > 0 {
		line("")
		line("## Notes")
		line("")
		for _, e := range rep.Notes {
			line("- %s %s: %s", e.At.Format(time.RFC3339), e.Who, e.Line)
		}
	}
	line("")
	line("## Measured")
	line("")
	for _, l := range rep.measured() {
		line("- %s", l)
	}
	line("")
	line("## Steps")
	line("")
	line("| step | where | what | state | took | estimate |")
	line("|---|---|---|---|---|---|")
	for _, s := range rep.Steps {
		state := s.State
		if state == StepWaiting {
			state = "not begun"
		}
		estimate := ""
		if s.Estimate > 0 {
			estimate = round(s.Estimate).String()
		}
		line("| %s | %s | %s | %s | %s | %s |", s.ID, s.Host.Name(), cell(s.Title), state, round(s.Took), estimate)
	}
	for _, s := range rep.Steps {
		if s.Line != "" {
			line("")
			line("- %s: %s", s.ID, s.Line)
		}
		for _, w := range rep.Words[s.ID] {
			line("- %s said %s", s.ID, w)
		}
	}
	if len(rep.Around) > 0 {
		line("")
		line("## Before and after")
		line("")
		for _, a := range rep.Around {
			line("- %s: %s -> %s %s", a.Target, orWord(a.Before, "not looked at"), orWord(a.After, "not looked at"), a.Line)
		}
	}
	line("")
	line("## Who and what")
	line("")
	for _, e := range rep.Consents {
		what := e.Line
		if e.Item != "" {
			what = "accepted " + e.Item + ": " + e.Line
		}
		line("- %s %s: %s", e.At.Format(time.RFC3339), e.Who, what)
	}
	line("- plan %s, digest %s, inventory %s", rep.Run.Plan.ID, rep.Run.Digest, rep.Inventory)
	return b.String()
}

// measured says what the run came to against its goals.
func (rep Report) measured() []string {
	var out []string
	if rep.RTO > 0 {
		out = append(out, fmt.Sprintf("RTO %s%s: the service did not work for so long", round(rep.RTO), against(rep.RTO, rep.RTOGoal)))
	} else {
		out = append(out, "RTO: the service was not taken down")
	}
	if rep.Restored > 0 {
		out = append(out, fmt.Sprintf("restored in %s%s", round(rep.Restored), against(rep.Restored, rep.RTOGoal)))
	}
	if rep.AtRisk >= 0 {
		return append(out, fmt.Sprintf("RPO %s at most%s: %s", round(rep.AtRisk), against(rep.AtRisk, rep.RPOGoal), rep.Risk))
	}
	return append(out, "RPO not known: "+rep.Risk)
}

// against compares what was measured with its goal, where there is one.
func against(got, goal time.Duration) string {
	switch {
	case goal == 0:
		return ""
	case got > goal:
		return fmt.Sprintf(", MORE than the goal of %s", round(goal))
	}
	return fmt.Sprintf(" of %s", round(goal))
}

// cell keeps text from ending a cell of a table.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

// round cuts a duration to what a person reads.
func round(d time.Duration) time.Duration {
	switch {
	case d < time.Second:
		return d.Round(time.Millisecond)
	case d < time.Minute:
		return d.Round(100 * time.Millisecond)
	}
	return d.Round(time.Second)
}
