package tui

import (
	"context"
	"fmt"
	"strings"

	tea "github.com/charmbracelet/bubbletea"
)

// newStop asks how to stop a run: four outcomes, by name, and what they mean.
// To keep running is chosen already.
func newStop(s *runScreen) screen {
	x := &menu{root: s.root, title: "Stop run " + s.id + "?"}
	at := ""
	for i, st := range s.run.Plan.Steps {
		if p := s.steps[st.ID]; p != nil && p.state == "begun" {
			at = fmt.Sprintf("step %d, %s", i+1, st.Title)
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
	x.items = []item{
		{group: "It is at " + at, text: "Keep running", do: func() tea.Cmd { return nil }},
		{group: "It is at " + at, text: "Stop after this step, then wait", note: "safest: nothing is cut off", do: wish("wait")},
		{group: "It is at " + at, text: "Stop after this step, then undo", note: "the last first", why: undo, do: wish("undo")},
		{group: "It is at " + at, text: "Kill this step now, then wait", note: "may leave it half done", do: wish("kill")},
	}
	return &stopMenu{x}
}

type stopMenu struct{ *menu }

func (*stopMenu) asks() bool { return true }

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
	x := &menu{root: s.root, title: "Run " + s.id + " stands still"}
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
		{text: "Take back what was done", why: undo, do: do("run "+s.id+" is taken back", func(ctx context.Context) error { return s.engine.Undo(ctx, s.id) })},
		{text: "Let go of its targets…", note: "you have seen to what was left, and say how", do: func() tea.Cmd { return s.letGo() }},
	}
	return &stopMenu{x}
}
