package tui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"jurymast/actions"
)

// answer takes what the engine answered.
func (m *root) answer(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case stateMsg:
		if msg.seq == m.seq {
			m.taken(msg)
		}
	case lookedMsg:
		if msg.err != nil {
			m.trouble(msg.err)
		} else {
			m.say("looked again")
		}
		return m.readRest()
	case feedMsg:
		return m.fed(msg)
	case watchedMsg:
		if msg.err != nil {
			m.lost(msg.err)
		}
		return later(watchAgain{})
	case watchAgain:
		return m.watch()
	case restMsg:
		if msg.seq != m.restSeq {
			return nil
		}
		if msg.err != nil {
			m.lost(msg.err)
			return nil
		}
		m.takeRuns(msg.runs)
		m.jobs, m.covers = msg.jobs, msg.covers
		m.version++
	case historyMsg:
		return m.remember(msg)
	case historyAgain:
		return m.readHistory()
	case followAgain:
		return m.follow()
	case eventsMsg:
		return m.happened(msg)
	case reloadedMsg:
		return m.reloaded(msg)
	case doneMsg:
		if msg.err != nil {
			m.trouble(msg.err)
		} else if msg.said != "" {
			m.say(msg.said)
		}
		return tea.Batch(m.readState(), m.readRest())
	case copiedMsg:
		if msg.err != nil {
			m.trouble(msg.err)
		} else {
			m.say("copied " + msg.what)
		}
		return nil
	case wroteMsg:
		return m.wrote(msg)
	case reportMsg:
		return m.reported(msg)
	case runChild:
		return m.run(msg)
	case childMsg:
		return m.returned(msg)
	case planMsg:
		if msg.err != nil {
			m.trouble(msg.err)
			return nil
		}
		m.plans[planWords(msg.asked)] = msg.plan
		m.say("this is a plan: nothing has been changed")
		if s, ok := m.top().(*planScreen); ok && s.sameAs(msg.asked) {
			m.close(s)
		}
		return m.open(newPlanScreen(m, msg.asked, msg.plan))
	case questionMsg:
		return m.heard(msg.q)
	case unaskedMsg:
		m.unasked(msg.q)
		return nil
	case rangMsg:
		if msg.err != nil {
			m.trouble(msg.err)
		}
		return nil
	case copiesMsg:
		return m.chooseCopy(msg)
	case startedMsg:
		return m.begun(msg)
	case textMsg:
		if msg.err != nil {
			m.trouble(msg.err)
			return nil
		}
		p := newPager(m, msg.title, msg.text)
		p.command = msg.command
		return m.open(p)
	}
	var cmds []tea.Cmd
	for _, s := range m.stack {
		cmds = append(cmds, s.update(msg))
	}
	return tea.Batch(cmds...)
}

func (m *root) taken(msg stateMsg) {
	if msg.err != nil {
		m.lost(msg.err)
		return
	}
	m.stale = ""
	m.take(msg.state, msg.sums, m.still())
}

// fed takes what the watch has told since it was asked last. Questions for the
// state that were asked before would answer with older knowledge.
func (m *root) fed(msg feedMsg) tea.Cmd {
	for _, l := range msg.looked {
		if l.Done {
			delete(m.looking, l.Host)
		} else {
			m.looking[l.Host] = true
		}
	}
	if n := msg.news; n != nil && n.Fleet == m.engine.Fleet() {
		m.seq++
		m.taken(stateMsg{state: n.State, sums: n.Summaries, err: n.Err})
	}
	return m.takeFeed()
}

// lost keeps what is shown, and says that it is old.
func (m *root) lost(err error) {
	if m.ctx.Err() != nil {
		return
	}
	if m.stale == "" {
		m.trouble(err)
	}
	m.stale = err.Error()
}

// trouble says what an error says, in one line.
func (m *root) trouble(err error) {
	if m.ctx.Err() == nil {
		m.say(strings.Join(strings.Fields(err.Error()), " "))
	}
}

func (m *root) remember(msg historyMsg) tea.Cmd {
	if msg.err != nil {
		m.lost(msg.err)
		return later(historyAgain{})
	}
	m.events = m.events[:0]
	for _, e := range msg.events {
		m.after = max(m.after, e.Seq)
		if recorded(&e) {
			m.events = append(m.events, e)
		}
	}
	m.version++
	return m.follow()
}

type (
	historyAgain struct{}
	followAgain  struct{}
	watchAgain   struct{}
)

// later comes back with a message after a while: what could not be read is
// asked for again, not in a hurry.
func later(msg tea.Msg) tea.Cmd {
	return tea.Tick(againEvery, func(time.Time) tea.Msg { return msg })
}

// happened takes events that came, and asks for what they changed.
func (m *root) happened(msg eventsMsg) tea.Cmd {
	if msg.after != m.after {
		return nil // asked before the place was known
	}
	if msg.err != nil {
		m.lost(msg.err)
		return later(followAgain{})
	}
	cmds := []tea.Cmd{}
	state, rest := false, false
	for _, e := range msg.events {
		m.after = max(m.after, e.Seq)
		if e.Run == "" {
			state = true
		}
		if e.Type == actions.EventRun {
			rest = true
			m.ran(e.Run, e.To, e.At)
			cmds = append(cmds, m.ring(e))
		}
	}
	m.gather(msg.events)
	m.version++
	if state {
		cmds = append(cmds, m.readState())
	}
	if rest {
		cmds = append(cmds, m.readRest())
	}
	for _, s := range m.stack {
		cmds = append(cmds, s.update(msg))
	}
	return tea.Batch(append(cmds, m.follow())...)
}

// ring calls the admin when a run needs hands or has ended, and never for a
// change of state: who watches a screen sees it, and who does not is told by cron.
func (m *root) ring(e actions.Event) tea.Cmd {
	ring := m.options.Ring
	if ring == nil || underWay(e.To) {
		return nil
	}
	text := "run " + e.Run + ": " + e.To
	return func() tea.Msg { return rangMsg{ring(text)} }
}

func (m *root) reloaded(msg reloadedMsg) tea.Cmd {
	switch {
	case msg.err != nil:
		m.say("the inventory was changed and cannot be used, the old one is kept: " + strings.Join(strings.Fields(msg.err.Error()), " "))
	case msg.changed:
		m.say("the inventory was changed and read again")
		return tea.Batch(m.readState(), m.readRest())
	case msg.asked:
		m.say("the inventory is as it was")
	}
	return nil
}

func (m *root) returned(msg childMsg) tea.Cmd {
	m.child = false
	switch {
	case msg.err != nil:
		m.trouble(fmt.Errorf("%s: %w", msg.what, msg.err))
	default:
		m.say(fmt.Sprintf("%s ended after %s", msg.what, ageText(msg.took)))
	}
	return tea.Batch(tea.ClearScreen, m.reload(false), m.readState())
}

// begun opens the page of a run that was started, in the place of its plan;
// also when it ended at once.
func (m *root) begun(msg startedMsg) tea.Cmd {
	m.hushed = m.now // the run's own page says how it stands
	if msg.err != nil {
		m.hushed = time.Time{}
		m.trouble(msg.err)
	}
	if msg.run == "" {
		return nil // it was never written down
	}
	m.stack = slices.DeleteFunc(m.stack, func(s screen) bool {
		switch s.(type) {
		case *planScreen, *confirm:
			return true
		}
		return false
	})
	return tea.Batch(m.open(newRunScreen(m, msg.run)), m.readRest())
}

func (m *root) ticked() tea.Cmd {
	cmds := []tea.Cmd{tick(), m.putQuestion()}
	if m.now.Sub(m.readAt) >= reloadEvery {
		m.readAt = m.now
		cmds = append(cmds, m.reload(false))
	}
	if m.now.Sub(m.restAt) >= restEvery || m.stale != "" && m.now.Sub(m.restAt) >= againEvery {
		m.restAt = m.now
		cmds = append(cmds, m.readRest(), m.readState())
	}
	for _, s := range m.stack {
		cmds = append(cmds, s.update(tickMsg{m.now}))
	}
	return tea.Batch(cmds...)
}

// restEvery is how often what nobody tells about is read again: backups,
// and silences that ended by themselves.
const restEvery = 30 * time.Second
