package tui

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"
)

// sick is a screen that breaks where it is told to.
type sick struct {
	screen
	in string
}

func (s sick) view(w, h int) []string {
	if s.in == "view" {
		panic("sick view")
	}
	return s.screen.view(w, h)
}

func (s sick) update(msg tea.Msg) tea.Cmd {
	switch s.in {
	case "update":
		panic("sick update")
	case "command":
		return func() tea.Msg { panic("sick command") }
	case "one of many":
		return tea.Batch(func() tea.Msg { return nil }, func() tea.Msg { panic("sick one of many") })
	case "one after another":
		return tea.Sequence(func() tea.Msg { return nil }, func() tea.Msg { panic("sick one after another") })
	}
	return nil
}

// TestAFaultEndsTheConsole: wherever it is met, it is told with where it was, and
// the model can be drawn once more.
func TestAFaultEndsTheConsole(t *testing.T) {
	t.Parallel()
	for _, in := range []string{"view", "update", "command", "one of many", "one after another"} {
		var ended error
		m, _ := ready(t, newFake(t), 80, 24, Options{})
		m.stack = append(m.stack, sick{m.stack[0], in})
		g := guarded{m, func(err error) { ended = err }}
		next, cmd := g.Update(anyMsg{})
		next.View()
		for cmds := []tea.Cmd{cmd}; len(cmds) > 0; cmds = cmds[1:] {
			if cmds[0] == nil {
				continue
			}
			// A batch, or a sequence, whose type is the library's own.
			if more := reflect.ValueOf(cmds[0]()); more.Kind() == reflect.Slice {
				for i := range more.Len() {
					cmds = append(cmds, more.Index(i).Interface().(tea.Cmd))
				}
			}
		}
		var f *Fault
		if !errors.As(ended, &f) || !strings.Contains(f.Error(), "sick "+in) || !strings.Contains(string(f.Stack), "fault_test.go") {
			t.Errorf("%s: ended with %v", in, ended)
		}
	}
}

type anyMsg struct{}
