package tui

import (
	"path"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"jurymast/actions"
	"jurymast/inventory"
)

// brings reports whether a copy is brought back by what was asked for.
func (r Request) brings() bool { return r.Verb == actions.VerbRestore || r.Verb == actions.VerbDrill }

// sameAs reports whether the plan is one of the same thing, perhaps with another
// copy or host: the newer one takes its place.
func (s *planScreen) sameAs(r Request) bool {
	return s.asked.Verb == r.Verb && s.asked.Target == r.Target
}

// noChoice says why there is nothing to choose in the plan.
func (s *planScreen) noChoice() string {
	if s.asked.brings() || len(s.hosts()) > 1 {
		return ""
	}
	return "there is nothing to choose: no copy is brought back by it, and no other host could take it"
}

// hosts are where the target could go by a failover.
func (s *planScreen) hosts() []inventory.Ref {
	t, ok := s.engine.Fleet().Target(s.asked.Target)
	if !ok || s.asked.Verb != actions.VerbFailover {
		return nil
	}
	return t.Standby
}

// choose offers what the plan could be made with instead. The copies that are
// known are read first.
func (s *planScreen) choose() tea.Cmd {
	if !s.asked.brings() {
		return s.open(newChoice(s.root, s.asked, s.hosts(), nil))
	}
	e, ctx, asked := s.engine, s.ctx, s.asked
	return func() tea.Msg {
		cs, err := e.Copies(ctx, asked.Target)
		return copiesMsg{asked, cs, err}
	}
}

// chooseCopy opens the choice when the copies are known, unless the plan was left
// meanwhile.
func (m *root) chooseCopy(msg copiesMsg) tea.Cmd {
	if msg.err != nil {
		m.trouble(msg.err)
		return nil
	}
	if s, ok := m.top().(*planScreen); !ok || s.asked != msg.asked {
		return nil
	}
	return m.open(newChoice(m, msg.asked, nil, msg.copies))
}

// newChoice is the choice of another copy, host or folder for what was asked for.
// Each opens a plan that is made anew.
func newChoice(m *root, asked Request, hosts []inventory.Ref, copies []actions.Copy) *menu {
	x := &menu{root: m, title: "choose: " + string(asked.Verb) + " " + string(asked.Target)}
	add := func(group, text, note string, change func(r *Request)) {
		r, why := asked, ""
		change(&r)
		if r == asked {
			why = "this plan is made with it"
		}
		x.items = append(x.items, item{group: group, text: text, note: note, why: why, do: func() tea.Cmd { return m.plan(r) }})
	}
	if asked.brings() {
		add("Copy", "the newest that is whole", "", func(r *Request) { r.Copy, r.Name = "", "" })
	}
	for _, c := range copies {
		add("Copy", m.when(c.At)+"  "+c.Backup+" in "+c.Repository, copyNote(c), func(r *Request) { r.Copy, r.Name = c.ID, c.Backup })
	}
	if asked.Verb == actions.VerbRestore {
		add("Where", "where it was", "", func(r *Request) { r.To = "" })
		x.items = append(x.items, item{group: "Where", text: "in a folder…", note: "beside the live data; nothing is stopped", do: func() tea.Cmd { return m.chooseFolder(asked) }})
	}
	for _, h := range hosts {
		add("To", h.Name(), "", func(r *Request) { r.To = string(h) })
	}
	return x
}

// copyNote is what is known of a copy: its size, and what was shown of it.
func copyNote(c actions.Copy) string {
	words := []string{size(c.Bytes)}
	if c.Partial {
		words = append(words, "not whole: something could not be read")
	}
	if c.Proof != "" {
		words = append(words, "proven "+c.Proof)
	} else {
		words = append(words, "not proven")
	}
	if c.Listed.IsZero() {
		words = append(words, "not seen in the repository")
	}
	return strings.Join(append(words, c.ID), ", ")
}

// chooseFolder asks for the folder to bring a copy back to.
func (m *root) chooseFolder(asked Request) tea.Cmd {
	p := newPrompt("folder, from /: ", asked.To, func(text string) tea.Cmd {
		r := asked
		r.To = strings.TrimSpace(text)
		return m.plan(r)
	})
	p.each = func(text string) string {
		if !path.IsAbs(strings.TrimSpace(text)) {
			return "it has to begin with /"
		}
		return ""
	}
	p.wrong = p.each(asked.To)
	m.prompt = p
	return nil
}
