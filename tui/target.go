package tui

import (
	"context"
	"fmt"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"jurymast/actions"
	"jurymast/inventory"
)

// about is the bindings of every screen that has a target under its cursor.
func (m *root) about(one func() inventory.Ref, all func() []inventory.Ref) []binding {
	none := func() string {
		if one() == "" {
			return "nothing is under the cursor"
		}
		return ""
	}
	return []binding{
		{act: "open", hint: true, why: none, do: func() tea.Cmd { return m.open(newDetail(m, one())) }},
		{act: "actions", hint: true, why: none, do: func() tea.Cmd { return m.open(newActions(m, one())) }},
		{act: "shell", hint: true, why: func() string {
			if why := none(); why != "" {
				return why
			}
			return m.noShell(one())
		}, do: func() tea.Cmd { return m.shell(one()) }},
		{act: "look", hint: true, why: none, do: func() tea.Cmd {
			ts := all()
			m.say("looking at " + refNames(ts))
			return m.look(ts...)
		}},
		{act: "log", why: none, do: func() tea.Cmd { return m.open(newHistory(m, one())) }},
		{act: "quiet", why: func() string {
			if m.engine.ReadOnly() {
				return readOnly
			}
			return none()
		}, do: func() tea.Cmd { return m.open(newQuiet(m, one())) }},
		{act: "note", why: func() string {
			if m.engine.ReadOnly() {
				return readOnly
			}
			return none()
		}, do: func() tea.Cmd { return m.noteTarget(one()) }},
		{act: "copy", why: none, do: func() tea.Cmd { return m.open(newCopy(m, one())) }},
		{act: "edit", why: none, do: func() tea.Cmd { return m.edit(one()) }},
	}
}

const readOnly = "read-only: nothing may be changed from here"

func refNames(ts []inventory.Ref) string {
	if len(ts) > 3 {
		return fmt.Sprintf("%d targets", len(ts))
	}
	var s []string
	for _, t := range ts {
		s = append(s, string(t))
	}
	return strings.Join(s, ", ")
}

// hostOf is the host that a target runs on, as seen, else as written.
func (m *root) hostOf(r inventory.Ref) inventory.Ref {
	if s, ok := m.sum(r); ok && s.On != "" {
		return s.On
	}
	if t, ok := m.engine.Fleet().Target(r); ok {
		return t.Host
	}
	return ""
}

func (m *root) noShell(r inventory.Ref) string {
	if m.engine.ReadOnly() {
		return "read-only: people type in shells"
	}
	h := m.hostOf(r)
	if h == "" || h == inventory.Console {
		return string(r) + " runs on no host that a shell could be opened on"
	}
	return ""
}

// shell gives the terminal to a shell on the host of a target.
func (m *root) shell(r inventory.Ref) tea.Cmd {
	h, e, ctx := m.hostOf(r), m.engine, m.ctx
	note := ""
	if t, ok := e.Fleet().Target(h); ok && t.Protected {
		note = ", protected"
	}
	return func() tea.Msg {
		argv, err := e.Shell(ctx, h)
		if err != nil {
			return doneMsg{err: err}
		}
		return runChild{what: "the shell on " + h.Name(), intro: "A shell on " + h.Name() + note + ": its end goes back to jurymast.", argv: argv}
	}
}

// edit opens the editor where a target stands in the inventory.
func (m *root) edit(r inventory.Ref) tea.Cmd {
	t, ok := m.engine.Fleet().Target(r)
	if !ok {
		return nil
	}
	return m.editAt(t.Pos)
}

// editAt opens the editor at a place.
func (m *root) editAt(at inventory.Pos) tea.Cmd {
	argv, err := m.engine.Edit(at)
	if err != nil {
		m.trouble(err)
		return nil
	}
	return func() tea.Msg { return runChild{what: "the editor", argv: argv} }
}

// silence keeps a target quiet, after one line that names it.
func (m *root) silence(t inventory.Ref, kind actions.EventType, d time.Duration) tea.Cmd {
	verb := map[actions.EventType]string{actions.EventAck: "acknowledge", actions.EventMute: "mute", actions.EventMaint: "maintenance of"}[kind]
	what := fmt.Sprintf("%s %s for %s", verb, t, ageText(d))
	m.prompt = newPrompt(what+", reason: ", "", func(reason string) tea.Cmd {
		if strings.TrimSpace(reason) == "" {
			m.say("nothing was done: say a reason, so that others know")
			return nil
		}
		return m.ask(what+": done", func(ctx context.Context) error {
			return m.engine.Silence(ctx, Silence{Kind: kind, Target: t, For: d, Reason: reason})
		})
	})
	return nil
}
