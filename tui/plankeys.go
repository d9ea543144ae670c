package tui

import (
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"
)

// typedMsg are the keys that the run of a plan would need and cannot use.
type typedMsg struct {
	plan string // its id
	keys []string
}

// opened asks which keys the plan's run could not use.
func (s *planScreen) opened() tea.Cmd {
	e, ctx, p := s.engine, s.ctx, s.plan
	return func() tea.Msg { return typedMsg{p.ID, e.Typed(ctx, p)} }
}

// update takes which keys those are. While there are any it asks again: an agent
// may hold them by now.
func (s *planScreen) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case typedMsg:
		if msg.plan == s.plan.ID && !slices.Equal(s.typed, msg.keys) {
			s.typed = msg.keys
		}
	case tickMsg:
		if len(s.typed) > 0 {
			return s.opened()
		}
	}
	return nil
}

// keyLines are what to do first, in full.
func (s *planScreen) keyLines(w int) []string {
	first := s.keysFirst()
	if first == "" {
		return nil
	}
	var out []string
	for _, l := range wrap("a run cannot ask for a passphrase: "+first, w-2) {
		out = append(out, "  "+s.st.warn.Paint(s.st.text(l, w-2)))
	}
	return out
}

// keysFirst is what to do so that a run can use keys whose passphrase it cannot
// ask for, "" where there are none. Only an agent that the console found when it
// began is found by its runs.
func (s *planScreen) keysFirst() string {
	add := "ssh-add " + strings.Join(s.typed, " ")
	switch {
	case len(s.typed) == 0:
		return ""
	case s.options.Agent:
		return "first, in another terminal, " + add
	}
	return "leave, and come back with an agent: eval $(ssh-agent) && " + add + " && jurymast"
}
