package tui

import (
	"fmt"
	"reflect"
	"runtime/debug"

	tea "github.com/charmbracelet/bubbletea"
)

// Fault is a fault of the console itself: a panic, caught so that the terminal
// is whole again before anybody is told.
type Fault struct {
	Value any
	Stack []byte // of where it happened
}

func (f *Fault) Error() string {
	return fmt.Sprintf("the console met a fault of its own: %v", f.Value)
}

// guarded is a console whose faults end it in order. The library would print
// them into its own alternate screen, which is gone a moment later.
type guarded struct {
	*root
	end func(error)
}

// Init implements tea.Model.
func (g guarded) Init() (cmd tea.Cmd) {
	defer g.caught()
	return g.guard(g.root.Init())
}

// Update implements tea.Model.
func (g guarded) Update(msg tea.Msg) (m tea.Model, cmd tea.Cmd) {
	m = g // also after a fault: it is drawn once more
	defer g.caught()
	_, cmd = g.root.Update(msg)
	return g, g.guard(cmd)
}

// View implements tea.Model.
func (g guarded) View() (frame string) {
	defer g.caught()
	return g.root.View()
}

// caught ends the console because of a panic.
func (g guarded) caught() {
	if v := recover(); v != nil {
		g.end(&Fault{v, debug.Stack()})
	}
}

// guard returns a command, and those that it comes back with, under the same
// guard: each has a goroutine of its own.
func (g guarded) guard(cmd tea.Cmd) tea.Cmd {
	if cmd == nil {
		return nil
	}
	return func() (msg tea.Msg) {
		defer g.caught()
		msg = cmd()
		// A batch, and a sequence, whose type is the library's own, are slices of
		// commands.
		all := reflect.ValueOf(msg)
		if all.Kind() != reflect.Slice || all.Type().Elem() != reflect.TypeFor[tea.Cmd]() {
			return msg
		}
		under := reflect.MakeSlice(all.Type(), all.Len(), all.Len())
		for i := range all.Len() {
			under.Index(i).Set(reflect.ValueOf(g.guard(all.Index(i).Interface().(tea.Cmd))))
		}
		return under.Interface()
	}
}
