package tui

import (
	"strconv"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"jurymast/actions"
	"jurymast/inventory"
)

// global are the bindings of every screen.
func (m *root) global() []binding {
	do := func(f func()) func() tea.Cmd { return func() tea.Cmd { f(); return nil } }
	bs := []binding{
		{act: "back", do: m.back},
		{act: "command", hint: true, do: func() tea.Cmd { return m.open(newPalette(m)) }},
		{act: "filter", hint: true, why: m.noFilter, do: m.openFilter},
		{act: "look-all", do: func() tea.Cmd {
			m.say("looking at everything")
			return m.look(m.all()...)
		}},
		{act: "help", do: func() tea.Cmd { return m.open(newHelp(m)) }},
		{act: "messages", do: func() tea.Cmd { return m.open(newMessages(m)) }},
		{act: "time", do: do(func() {
			m.times = (m.times + 1) % timeStyle(len(timeStyles))
			m.version++
			m.say("times as " + timeStyles[m.times])
		})},
		{act: "active-run", why: m.noRun, do: func() tea.Cmd {
			r, _ := m.active()
			return m.open(newRunScreen(m, r.ID))
		}},
		{act: "last", do: do(func() {
			if m.before != nil {
				m.stack, m.before = m.before, m.stack
			}
		})},
		{act: "reload", do: func() tea.Cmd { return m.reload(true) }},
		{act: "redraw", do: func() tea.Cmd { return tea.ClearScreen }},
		{act: "suspend", why: func() string {
			if !m.options.Shell {
				return "no shell waits behind the console that could bring it back"
			}
			return ""
		}, do: func() tea.Cmd { return tea.Suspend }},
		{act: "quit", do: m.quit},
	}
	for i := range tabsOf {
		bs = append(bs, binding{act: act("tab-" + strconv.Itoa(i+1)), do: func() tea.Cmd { return m.tab(i) }})
	}
	return bs
}

// back clears what narrows the screen first, then leaves it.
func (m *root) back() tea.Cmd {
	if f, ok := m.top().(filterer); ok && f.filtered() != "" {
		_ = f.filter("") // an empty filter has no mistakes
		return nil
	}
	if z, ok := m.top().(zoomer); ok && z.unzoom() {
		return nil
	}
	m.pop()
	return nil
}

// tab goes to a top level screen.
func (m *root) tab(i int) tea.Cmd {
	m.before = append([]screen(nil), m.stack...)
	var s screen
	switch i {
	case 0:
		s = newOverview(m)
	case 5:
		s = newBackups(m)
	case 6:
		s = newPlaybooks(m)
	case 7:
		s = newHistory(m, "")
	default:
		level := []inventory.Level{"", inventory.LevelNode, inventory.LevelVM, inventory.LevelShare, inventory.LevelService}[i]
		s = newList(m, tabsOf[i].long, level)
	}
	m.stack = []screen{s}
	if o, ok := s.(opener); ok {
		return o.opened()
	}
	return nil
}

// all is every target of the fleet.
func (m *root) all() []inventory.Ref {
	var out []inventory.Ref
	for t := range m.engine.Fleet().Targets() {
		out = append(out, t.Ref)
	}
	return out
}

func (m *root) noRun() string {
	if _, ok := m.active(); !ok {
		return "no run is under way"
	}
	return ""
}

func (m *root) noFilter() string {
	if _, ok := m.top().(filterer); !ok {
		return "there are no rows to filter here"
	}
	return ""
}

func (m *root) openFilter() tea.Cmd {
	f := m.top().(filterer)
	m.prompt = newPrompt("/ ", f.filtered(), func(text string) tea.Cmd { return nil })
	m.prompt.each = func(text string) string {
		if err := f.filter(text); err != nil {
			return err.Error()
		}
		return ""
	}
	was := f.filtered()
	m.prompt.cancel = func() { _ = f.filter(was) } // it was a good one before
	return nil
}

// planWords is a request as a command says it.
func planWords(r Request) string {
	if r.Verb == actions.VerbPlaybook {
		return r.Name
	}
	words := []string{string(r.Verb), string(r.Target)}
	if r.Name != "" {
		words[1] = r.Name
	}
	if r.Copy != "" {
		words = append(words, "--snapshot", r.Copy)
	}
	if r.To != "" {
		words = append(words, "--to", r.To)
	}
	return strings.Join(words, " ")
}
