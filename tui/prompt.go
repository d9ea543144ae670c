package tui

import (
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"jurymast/tui/widget"
)

// prompt is a line at the bottom that a person types into.
type prompt struct {
	label  string
	edit   editor
	done   func(text string) tea.Cmd
	each   func(text string) string // after every key: what is wrong with it
	cancel func()
	wrong  string
}

func newPrompt(label, text string, done func(string) tea.Cmd) *prompt {
	return &prompt{label: label, edit: newEditor(text), done: done}
}

func (p *prompt) view(w int) string {
	s := p.label + p.edit.shown()
	if p.wrong != "" {
		s += "   " + p.wrong
	}
	return widget.Cut(s, w, "")
}

// rested is how long after the newest letter enter counts: the end of a line
// that was pasted comes with its letters.
const rested = 400 * time.Millisecond

func (p *prompt) key(m *root, k tea.KeyMsg) tea.Cmd {
	switch k.Type {
	case tea.KeyEsc:
		m.prompt = nil
		if p.cancel != nil {
			p.cancel()
		}
		return nil
	case tea.KeyEnter:
		if p.wrong != "" {
			return nil
		}
		m.prompt = nil
		return p.done(p.edit.String())
	}
	if p.edit.key(k, m.now) && p.each != nil {
		p.wrong = p.each(p.edit.String())
	}
	return nil
}
