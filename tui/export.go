package tui

import (
	"fmt"
	"strings"

	tea "github.com/charmbracelet/bubbletea"
)

// maxCopy is the most that terminals take by OSC 52.
const maxCopy = 74000

// copyText gives text to the clipboard of the admin's own terminal.
func (m *root) copyText(text, what string) tea.Cmd {
	text = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, text)
	if len(text) > maxCopy {
		m.say(fmt.Sprintf("%s is too long to copy: %s, at most %s", what, size(int64(len(text))), size(maxCopy)))
		return nil
	}
	put := m.options.Copy
	if put == nil {
		m.say("there is nothing to copy to here")
		return nil
	}
	return func() tea.Msg { return copiedMsg{what, put(text)} }
}

type copiedMsg struct {
	what string
	err  error
}

// write asks for a file and writes text to it; after may go on with the file
// that was written, or be nil.
func (m *root) write(name, text string, after func(path string) tea.Cmd) tea.Cmd {
	put := m.options.Write
	if put == nil {
		m.say("there is no place to write a file to here")
		return nil
	}
	p := newPrompt("write to: ", name, func(path string) tea.Cmd {
		return func() tea.Msg {
			at, err := put(strings.TrimSpace(path), text)
			return wroteMsg{at, strings.Count(text, "\n"), after, err}
		}
	})
	p.each = func(path string) string {
		if strings.TrimSpace(path) == "" {
			return "name a file"
		}
		return ""
	}
	m.prompt = p
	return nil
}

type wroteMsg struct {
	path  string
	lines int
	after func(path string) tea.Cmd
	err   error
}

// wrote says what came of writing a file, and goes on with it.
func (m *root) wrote(msg wroteMsg) tea.Cmd {
	if msg.err != nil {
		m.trouble(msg.err)
		return nil
	}
	m.say(fmt.Sprintf("wrote %d lines to %s", msg.lines, msg.path))
	if msg.after == nil {
		return nil
	}
	return msg.after(msg.path)
}
