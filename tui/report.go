package tui

import (
	"context"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"jurymast/actions"
	"jurymast/inventory"
)

// report is what a run came to: what is left for a person stands first.
type report struct {
	*pager
	run actions.Run
}

type reportMsg struct {
	run   actions.Run
	text  string
	again bool // it is open, and something was added
	err   error
}

// readReport asks for the report of a run.
func (m *root) readReport(r actions.Run, again bool) tea.Cmd {
	e, ctx := m.engine, m.ctx
	return func() tea.Msg {
		text, err := e.Report(ctx, r.ID)
		return reportMsg{r, text, again, err}
	}
}

// reported opens a report; one that was added to takes the place of the older.
func (m *root) reported(msg reportMsg) tea.Cmd {
	if msg.err != nil {
		m.trouble(msg.err)
		return nil
	}
	p := newPager(m, "report of run "+msg.run.ID, msg.text)
	if !msg.again {
		return m.open(&report{p, msg.run})
	}
	if old, ok := m.top().(*report); ok && old.run.ID == msg.run.ID {
		p.top, p.find, p.long = old.pager.top, old.find, old.long
		old.pager = p
	}
	return nil
}

// update reads the report again when something was written down about its run.
func (r *report) update(msg tea.Msg) tea.Cmd {
	es, ok := msg.(eventsMsg)
	if !ok || r.root.top() != screen(r) {
		return nil
	}
	for _, e := range es.events {
		if e.Run == r.run.ID {
			return r.readReport(r.run, true)
		}
	}
	return nil
}

func (r *report) bindings() []binding {
	bs := r.pager.bindings()
	bs = append(bs, binding{act: "edit", word: "write and edit", do: func() tea.Cmd {
		return r.write("run-"+r.run.ID+".md", strings.Join(r.lines, "\n")+"\n", func(path string) tea.Cmd {
			return r.editAt(inventory.Pos{File: path, Line: 1})
		})
	}})
	if r.engine.ReadOnly() {
		return bs
	}
	if r.find == "" { // with it the key goes to the next place
		bs = append(bs, binding{act: "note", hint: true, do: func() tea.Cmd { return r.noteRun(r.run.ID) }})
	}
	return append(bs, binding{act: "plan-again", hint: true, do: func() tea.Cmd {
		p := r.run.Plan
		return r.root.plan(Request{Verb: r.run.Verb, Target: r.run.Target, Name: p.Name})
	}})
}

// noteRun asks for words about a run, and writes them down.
func (m *root) noteRun(id string) tea.Cmd {
	p := newPrompt("note on run "+id+": ", "", func(text string) tea.Cmd {
		return m.ask("noted on run "+id, func(ctx context.Context) error { return m.engine.Note(ctx, id, text) })
	})
	p.each = func(text string) string {
		if strings.TrimSpace(text) == "" {
			return "say what others should know; esc leaves it"
		}
		return ""
	}
	p.wrong = p.each("")
	m.prompt = p
	return nil
}

// noteTarget asks for words about a target, and writes them down, or takes away
// what was written before.
func (m *root) noteTarget(r inventory.Ref) tea.Cmd {
	m.prompt = newPrompt("note on "+string(r)+" (empty takes it away): ", "", func(text string) tea.Cmd {
		if strings.TrimSpace(text) == "" {
			return m.ask("no note stands beside "+string(r), func(ctx context.Context) error { return m.engine.EndNote(ctx, r) })
		}
		return m.ask("noted on "+string(r), func(ctx context.Context) error { return m.engine.NoteTarget(ctx, r, text) })
	})
	return nil
}
