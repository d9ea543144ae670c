package tui

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"
)

// newStop asks how to stop a run: four outcomes, by name, and what they mean.
// To keep running is chosen already.
func newStop(s *runScreen) screen {
	x := &menu{root: s.root, title: "Stop run " + s.id + "?", grave: true}
	at, kill := "It is between two steps", "may leave it half done"
	for i, st := range s.run.Plan.Steps {
		if p := s.steps[st.ID]; p != nil && p.state == "begun" {
			at = fmt.Sprintf("It is at step %d, %s", i+1, st.Title)
			kill = "may leave it half done on " + st.Host.Name()
		}
	}
	wish := func(w string) func() tea.Cmd {
		return func() tea.Cmd {
			return s.root.ask("asked run "+s.id+" to stop, then "+w, func(ctx context.Context) error { return s.engine.Ask(ctx, s.id, w) })
		}
	}
	undo := ""
	if s.past {
		undo = "past the point of no return"
	}
	x.more = "Stopped, it holds its targets until it goes on, is taken back, or is let go of."
	x.items = []item{
		{group: at, text: "Keep running", do: func() tea.Cmd { return nil }},
		{group: at, text: "Stop after this step, then wait", note: "safest: nothing is cut off", do: wish("wait")},
		{group: at, text: "Stop after this step, then undo", note: s.takesBack(), why: undo, do: wish("undo")},
		{group: at, text: "Kill this step now, then wait", note: kill, do: wish("kill")},
	}
	return x
}

// takesBack says which steps an undo takes back, and how long that takes: by
// earlier runs that did, or where there was none, how long the steps themselves
// took in this one.
func (s *runScreen) takesBack() string {
	var done []string
	var back, forth time.Duration
	known := true
	for i, x := range s.run.Plan.Steps {
		p := s.steps[x.ID]
		if p == nil || !x.Undoable() || p.state != "begun" && p.state != "ok" {
			continue
		}
		done = append([]string{strconv.Itoa(i + 1)}, done...)
		back, known = back+x.UndoEstimate, known && x.UndoEstimate > 0
		end := p.ended
		if end.IsZero() {
			end = s.now
		}
		forth += end.Sub(p.began)
	}
	if len(done) == 0 {
		return "nothing so far can be taken back"
	}
	text := "steps "
	if len(done) == 1 {
		text = "step "
	}
	text += strings.Join(done, ", ")
	if known {
		return text + ", about " + ageText(back)
	}
	return text + ", which took " + ageText(forth)
}

// letGo asks how a person has seen to what a run left.
func (s *runScreen) letGo() tea.Cmd {
	p := newPrompt("let go of run "+s.id+", since: ", "", func(reason string) tea.Cmd {
		return s.root.ask("run "+s.id+" holds its targets no longer", func(ctx context.Context) error {
			return s.engine.LetGo(ctx, s.id, strings.TrimSpace(reason))
		})
	})
	p.each = func(text string) string {
		if strings.TrimSpace(text) == "" {
			return "say what was done by hand; esc keeps it"
		}
		return ""
	}
	p.wrong = p.each("")
	s.prompt = p
	return nil
}

// newStanding asks what to do with a run that stands still.
func newStanding(s *runScreen) screen {
	x := &menu{root: s.root, title: "Run " + s.id + " stands still", grave: true}
	undo := ""
	if s.past {
		undo = "past the point of no return"
	}
	do := func(said string, f func(context.Context) error) func() tea.Cmd {
		return func() tea.Cmd { return s.root.ask(said, f) }
	}
	x.items = []item{
		{text: "Leave it as it is", do: func() tea.Cmd { return nil }},
		{text: "Go on where it stands", note: "looks first whether the step was done", do: do("run "+s.id+" goes on", func(ctx context.Context) error { return s.engine.Resume(ctx, s.id) })},
		{text: "Take back what was done", note: s.takesBack(), why: undo, do: do("run "+s.id+" is taken back", func(ctx context.Context) error { return s.engine.Undo(ctx, s.id) })},
		{text: "Let go of its targets…", note: "you have seen to what was left, and say how", do: func() tea.Cmd { return s.letGo() }},
	}
	return x
}
