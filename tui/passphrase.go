package tui

import (
	"slices"
	"unicode"

	tea "github.com/charmbracelet/bubbletea"

	"jurymast/tui/widget"
)

// Question asks a person for the passphrase of a key that a host would take.
type Question struct {
	Key   string // its file
	Host  string // that would take it
	Again bool   // what was given before did not open it
	// Done is closed when nobody waits for the answer any more.
	Done <-chan struct{}
	// Answer gives the passphrase, or says that there is none. It never waits,
	// and is called once at most.
	Answer func(passphrase string, given bool)
}

type (
	questionMsg struct{ q *Question }
	unaskedMsg  struct{ q *Question } // nobody waits for it any more
)

// hear waits for the next question; the answer to it asks again.
func (m *root) hear() tea.Cmd {
	from, ctx := m.options.Questions, m.ctx
	if from == nil {
		return nil
	}
	return func() tea.Msg {
		select {
		case q := <-from:
			return questionMsg{&q}
		case <-ctx.Done():
			return nil
		}
	}
}

// heard takes a question in: into the box that is open for the same key, else
// behind those that wait.
func (m *root) heard(q *Question) tea.Cmd {
	ctx := m.ctx
	gone := func() tea.Msg {
		select {
		case <-q.Done:
			return unaskedMsg{q}
		case <-ctx.Done():
			return nil
		}
	}
	cmds := []tea.Cmd{m.hear(), gone}
	if p, ok := m.top().(*passphrase); ok && p.q == nil && p.of.Key == q.Key {
		p.attach(q)
		return tea.Batch(cmds...)
	}
	m.questions = append(m.questions, q)
	if !m.free() {
		m.say("a passphrase is needed to reach " + q.Host + ": it is asked for once what is open is closed")
	}
	return tea.Batch(append(cmds, m.putQuestion())...)
}

// unasked forgets a question that nobody waits for. Its box stays: what is being
// typed into it must not reach the screen below.
func (m *root) unasked(q *Question) {
	m.questions = slices.DeleteFunc(m.questions, func(x *Question) bool { return x == q })
	if p, ok := m.top().(*passphrase); ok && p.q == q {
		p.q = nil
	}
}

// free reports whether a box may open by itself: nobody types or chooses.
func (m *root) free() bool {
	_, box := m.top().(floating)
	return m.prompt == nil && !m.child && !box
}

// putQuestion opens the box for the first question that waits.
func (m *root) putQuestion() tea.Cmd {
	if len(m.questions) == 0 || !m.free() {
		return nil
	}
	q := m.questions[0]
	m.questions = m.questions[1:]
	return m.open(&passphrase{root: m, of: *q, q: q})
}

// passphrase is the box that a passphrase is typed into. Nothing of it is drawn,
// said or kept: it goes to whoever asked.
type passphrase struct {
	*root
	of    Question  // what is shown
	q     *Question // who waits for the answer; nil for nobody
	text  []rune
	given bool // to be handed over when somebody asks again
}

func (p *passphrase) crumb() string          { return "Passphrase" }
func (p *passphrase) update(tea.Msg) tea.Cmd { return nil }
func (p *passphrase) view(int, int) []string { return nil }
func (p *passphrase) bindings() []binding    { return nil }
func (p *passphrase) asks() bool             { return true }
func (p *passphrase) typing() bool           { return true }

// maxPassphrase bounds what is typed, in runes: a paste may be a file.
const maxPassphrase = 1024

func (p *passphrase) typed(k tea.KeyMsg) tea.Cmd {
	switch k.Type {
	case tea.KeyEsc:
		p.forget()
		p.close(p)
		if p.q != nil {
			p.q.Answer("", false)
		}
		p.say("no passphrase was given for " + p.of.Key + "; " + p.keys.show("look") + " on a host that needs it asks again")
	case tea.KeyEnter:
		if len(p.text) > 0 {
			p.given = true
			p.hand()
		}
	case tea.KeyBackspace:
		p.text = p.text[:max(0, len(p.text)-1)]
	case tea.KeyCtrlU, tea.KeyCtrlW:
		p.forget()
	case tea.KeyRunes, tea.KeySpace:
		if k.Alt {
			return nil
		}
		p.given = false
		for _, r := range k.Runes {
			if !unicode.IsControl(r) && len(p.text) < maxPassphrase { // a paste brings the end of its line
				p.text = append(p.text, r)
			}
		}
	default:
	}
	return nil
}

// attach lets the box answer somebody who asks for the same key.
func (p *passphrase) attach(q *Question) {
	p.of, p.q = *q, q
	p.hand()
}

// hand gives the answer to who waits for it, where there is both.
func (p *passphrase) hand() {
	if p.q == nil || !p.given {
		return
	}
	text := string(p.text)
	p.forget()
	p.close(p)
	p.q.Answer(text, true)
}

func (p *passphrase) forget() {
	clear(p.text)
	p.text = p.text[:0]
}

func (p *passphrase) box(w, _ int) []string {
	var lines []string
	say := func(text string) {
		for _, l := range wrap(text, w-6) {
			lines = append(lines, "  "+l)
		}
	}
	lines = append(lines, "")
	say(p.of.Host + " would take a key that needs its passphrase:")
	say("  " + p.of.Key)
	if p.of.Again {
		lines = append(lines, "  "+p.st.fail.Paint("What was given did not open it."))
	}
	line := "> _"
	if len(p.text) > 0 {
		line = "> (typed)_"
	}
	lines = append(lines, "", "  "+line, "")
	switch {
	case p.q != nil:
		say("It is not shown, not written down, and held until the console ends. A run is a process of its own and cannot ask: ssh-add serves both.")
	case p.given:
		say("Who asked has given up waiting. It is handed over when the host is looked at again; esc forgets it.")
	default:
		say("Who asked has given up waiting, and asks again with the next look. What you type stays here.")
	}
	foot := "enter gives it          esc goes without"
	if !p.hears() {
		foot = moment
	}
	lines = append(lines, "", p.st.dim.Paint("  "+foot))
	return widget.Box("Passphrase for "+p.of.Host, lines, w, p.st.ascii, p.st.warn)
}
