package tui

import (
	"time"

	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"
)

// editor is a line that a person types: it moves, deletes and sanitizes as
// other programs do. The zero editor is an empty line.
type editor struct {
	in   textinput.Model
	made bool
	last time.Time // of the newest rune
}

// maxTyped bounds a line: nobody types more, and a paste may be a file.
const maxTyped = 400

func newEditor(text string) editor {
	var e editor
	e.set(text)
	return e
}

func (e *editor) input() *textinput.Model {
	if !e.made {
		e.in, e.made = textinput.New(), true
		e.in.CharLimit = maxTyped
		e.in.Focus() // what it returns makes a cursor blink, and nothing here blinks
	}
	return &e.in
}

// set puts other text in the line, with the cursor at its end.
func (e *editor) set(text string) {
	e.input().SetValue(text)
	e.in.CursorEnd()
}

// key takes a key and reports whether it was one of the editor's.
func (e *editor) key(k tea.KeyMsg, now time.Time) bool {
	switch k.Type {
	case tea.KeyRunes, tea.KeySpace:
		if k.Alt {
			return false
		}
		e.last = now
	case tea.KeyBackspace, tea.KeyDelete, tea.KeyLeft, tea.KeyRight, tea.KeyHome, tea.KeyEnd,
		tea.KeyCtrlA, tea.KeyCtrlE, tea.KeyCtrlK, tea.KeyCtrlU, tea.KeyCtrlW:
	default:
		return false
	}
	e.in, _ = e.input().Update(k) // the command would blink, or read a clipboard
	return true
}

func (e *editor) String() string {
	if !e.made {
		return ""
	}
	return e.in.Value()
}

// shown is the line with a mark where the cursor is: it is seen without colour.
func (e *editor) shown() string {
	if !e.made {
		return "_"
	}
	r, at := []rune(e.in.Value()), e.in.Position()
	return string(r[:at]) + "_" + string(r[at:])
}
