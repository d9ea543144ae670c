package tui

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	tea "github.com/charmbracelet/bubbletea"
)

// newStop asks how to stop a run: four outcomes, by name, and what they mean.
// To keep running is chosen already.
func newStop(s *runScreen) screen {
	x := &menu{root: s.root, title: "Stop run " + s.id + "?", grave: true}
	at, kill := "It is between two steps", "may leave it half done"
	var done []string
	for i, st := range s.run.Plan.Steps {
		p := s.steps[st.ID]
		switch {
		case p == nil:
		case p.state == "begun":
			at = fmt.Sprintf("It is at step %d, %s", i+1, st.Title)
			kill = "may leave it half done on " + st.Host.Name()
			fallthrough
		case p.state == "ok":
			if st.Undoable() {
				done = append([]string{strconv.Itoa(i + 1)}, done...)
			}
		}
	}
	wish := func(w string) func() tea.Cmd {
		return func() tea.Cmd {
			return s.root.ask("asked run "+s.id+" to stop, then "+w, func(ctx context.Context) error { return s.engine.Ask(ctx, s.id, w) })
		}
	}
	undo, takes := "", "nothing so far can be taken back"
	if s.past {
		undo = "past the point of no return"
	}
	if len(done) > 0 {
		takes = "takes back steps " + strings.Join(done, ", ")
	}
	x.more = "Stopped, it holds its targets until it goes on, is taken back, or is let go of."
	x.items = []item{
		{group: at, text: "Keep running", do: func() tea.Cmd { return nil }},
		{group: at, text: "Stop after this step, then wait", note: "safest: nothing is cut off", do: wish("wait")},
		{group: at, text: "Stop after this step, then undo", note: takes, why: undo, do: wish("undo")},
		{group: at, text: "Kill this step now, then wait", note: kill, do: wish("kill")},
	}
	return x
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
		{text: "Take back what was done", why: undo, do: do("run "+s.id+" is taken back", func(ctx context.Context) error { return s.engine.Undo(ctx, s.id) })},
		{text: "Let go of its targets…", note: "you have seen to what was left, and say how", do: func() tea.Cmd { return s.letGo() }},
	}
	return x
}
