package tui

import (
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"jurymast/actions"
	"jurymast/inventory"
	"jurymast/tui/widget"
)

// palette finds everything that can be done by its words, which are those of
// the command line. It is no way round a confirmation: what changes something
// opens a plan here as well.
type palette struct {
	*root
	below screen
	edit  editor
	all   []command
	found []command
	at    int
	asked string // the text that found was made for
}

type command struct {
	words string
	note  string
	shell string // the same in a shell, "" where there is no such command
	do    func() tea.Cmd
}

func newPalette(m *root) *palette {
	p := &palette{root: m, below: m.top()}
	p.all = p.commands()
	for _, words := range m.recent {
		c := p.argued(words)
		if i := slices.IndexFunc(p.all, func(c command) bool { return c.words == words }); i >= 0 {
			c = p.all[i : i+1]
		}
		if len(c) > 0 {
			again := c[0]
			again.note = "again: " + again.note
			p.all = append([]command{again}, slices.DeleteFunc(p.all, func(c command) bool { return c.words == words })...)
		}
	}
	p.found = p.all
	return p
}

func (p *palette) crumb() string          { return "Command" }
func (p *palette) update(tea.Msg) tea.Cmd { return nil }
func (p *palette) view(int, int) []string { return nil }
func (p *palette) bindings() []binding    { return nil }
func (p *palette) asks() bool             { return false }
func (p *palette) typing() bool           { return true }

// commands are all that there are now.
func (p *palette) commands() []command {
	m := p.root
	var out []command
	add := func(words, note, shell string, do func() tea.Cmd) {
		out = append(out, command{words, note, shell, do})
	}
	for i, t := range tabsOf {
		add(strings.ToLower(t.long), "screen", "", func() tea.Cmd { return m.tab(i) })
	}
	add("check all", "look at everything now", "jurymast check all", func() tea.Cmd { return m.look(m.all()...) })
	add("messages", "all messages, in full", "", func() tea.Cmd { return m.open(newMessages(m)) })
	for _, span := range []string{"1d", "7d", "30d"} {
		add("history since "+span, "what happened", "jurymast history --since "+span, func() tea.Cmd {
			h := newHistory(m, "")
			_ = h.filter("since:" + span) // a span of our own
			return m.open(h)
		})
	}
	add("runs", "the newest runs", "jurymast runs list", func() tea.Cmd { return m.open(newRuns(m)) })
	add("help", "keys", "jurymast help", func() tea.Cmd { return m.open(newHelp(m)) })
	for _, name := range themeNames() {
		add("theme "+name, "colours", "", func() tea.Cmd { return m.setStyles(name, m.st.ascii) })
	}
	add("ascii", "signs in plain ASCII, or no longer", "jurymast --ascii", func() tea.Cmd { return m.setStyles(m.theme, !m.st.ascii) })
	add("mouse on", "the wheel moves; the terminal can no longer select", "", func() tea.Cmd { return tea.EnableMouseCellMotion })
	add("mouse off", "the terminal selects again", "", func() tea.Cmd { return tea.DisableMouse })
	add("reload", "read the inventory again", "", func() tea.Cmd { return m.reload(true) })
	add("quit", "leave; runs go on", "", m.quit)
	for t := range m.engine.Fleet().Targets() {
		r := t.Ref
		add("show "+string(r), t.Title, "jurymast show "+string(r), func() tea.Cmd { return m.open(newDetail(m, r)) })
		add("check "+string(r), "look at it now", "jurymast check "+string(r), func() tea.Cmd { return m.look(r) })
		add("history "+string(r), "what happened to it", "jurymast history "+string(r), func() tea.Cmd { return m.open(newHistory(m, r)) })
		if m.engine.ReadOnly() {
			continue
		}
		if t.Host == t.Ref {
			add("ssh "+r.Name(), "a shell on it", "jurymast ssh "+r.Name(), func() tea.Cmd { return m.shell(r) })
		}
		add("mute "+string(r), "acknowledge, mute, maintenance", "jurymast ack "+string(r)+" --for 4h --reason …", func() tea.Cmd { return m.open(newQuiet(m, r)) })
		for _, v := range m.verbsOf(t) {
			add("plan "+string(v)+" "+string(r), "opens a plan first", "jurymast plan "+string(v)+" "+string(r), func() tea.Cmd { return m.plan(Request{Verb: v, Target: r}) })
		}
	}
	if !m.engine.ReadOnly() {
		for _, b := range m.engine.Fleet().Backups {
			add("backup run "+b.Name, "opens a plan first", "jurymast backup run "+b.Name, func() tea.Cmd {
				return m.plan(Request{Verb: actions.VerbBackup, Target: b.Of, Name: b.Name})
			})
		}
		for _, b := range m.engine.Fleet().Playbooks {
			add("plan "+b.Name, b.Title, "jurymast plan "+b.Name, func() tea.Cmd { return m.plan(playbookRequest(b.Name)) })
		}
		for _, r := range m.runs {
			if !stands(r.State) {
				continue
			}
			for _, verb := range []string{"resume", "undo", "close"} {
				add("runs "+verb+" "+r.ID, "opens it, and asks first", "jurymast runs "+verb+" "+r.ID, func() tea.Cmd { return m.open(newRunScreen(m, r.ID)) })
			}
		}
	}
	return out
}

func playbookRequest(name string) Request {
	return Request{Verb: actions.VerbPlaybook, Name: name, Target: inventory.MakeRef(inventory.LevelPlaybook, name)}
}

// verbsOf are the plans that a target may have.
func (m *root) verbsOf(t *inventory.Target) []actions.Verb {
	var out []actions.Verb
	if t.Protected {
		return nil
	}
	if m.copied(t.Ref) {
		out = append(out, actions.VerbBackup, actions.VerbRestore, actions.VerbDrill)
	}
	if len(t.Standby) > 0 {
		out = append(out, actions.VerbFailover, actions.VerbFailback, actions.VerbRejoin)
	}
	if m.engine.Deploys(t.Ref) == nil {
		out = append(out, actions.VerbDeploy)
	}
	return out
}

func (m *root) setStyles(theme string, ascii bool) tea.Cmd {
	st, err := newStyles(theme, m.options.Color, ascii)
	if err != nil {
		m.trouble(err)
		return nil
	}
	m.theme = theme
	*m.st = *st
	m.stack, m.before = []screen{newOverview(m)}, nil
	return tea.ClearScreen
}

// spread reports whether the letters of text stand in words in their order,
// and over how many letters they are spread.
func spread(words, text string) (int, bool) {
	first, at := -1, 0
	for i := 0; i < len(text); i++ {
		n := strings.IndexByte(words[at:], text[i])
		if n < 0 {
			return 0, false
		}
		if at += n + 1; first < 0 {
			first = at
		}
	}
	return at - first, true
}

// maxRecent bounds the commands that are offered first.
const maxRecent = 5

// remember keeps a command to be offered first, the newest last.
func (p *palette) remember(words string) {
	p.recent = append(slices.DeleteFunc(p.recent, func(w string) bool { return w == words }), words)
	p.recent = p.recent[max(0, len(p.recent)-maxRecent):]
}

func (p *palette) search() {
	text := strings.TrimPrefix(strings.TrimSpace(p.edit.String()), "jurymast ")
	if text == p.asked {
		return
	}
	p.asked, p.at = text, 0
	if text == "" {
		p.found = p.all
		return
	}
	p.found = p.argued(text)
	type hit struct {
		c     command
		place int
	}
	var hits []hit
	for _, c := range p.all {
		if n, ok := spread(c.words, text); ok {
			if strings.HasPrefix(c.words, text) {
				n = -1 // words as they are typed come first
			}
			hits = append(hits, hit{c, n})
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int { return a.place - b.place })
	for _, h := range hits[:min(len(hits), maxFound)] {
		if !slices.ContainsFunc(p.found, func(c command) bool { return c.words == h.c.words }) {
			p.found = append(p.found, h.c)
		}
	}
}

// maxFound bounds what a search shows.
const maxFound = 200

func (p *palette) box(w, h int) []string {
	room := max(2, min(10, h-7))
	lines := []string{" : " + widget.Cut(p.edit.shown(), w-7, ""), ""}
	top := max(0, min(p.at-room/2, len(p.found)-room))
	for i := top; i < min(len(p.found), top+room); i++ {
		c := p.found[i]
		lead := "   "
		if i == p.at {
			lead = " " + p.st.mark + " "
		}
		line := lead + widget.Fit(c.words, (w-6)*3/5, p.st.tail) + " " + widget.Fit(c.note, w-6-(w-6)*3/5-1, p.st.tail)
		if i == p.at {
			line = p.st.cursor.Paint(line)
		}
		lines = append(lines, line)
	}
	if len(p.found) == 0 {
		lines = append(lines, "   nothing is called so")
	}
	shell := ""
	if p.at < len(p.found) && p.found[p.at].shell != "" {
		shell = "in a shell:  " + p.found[p.at].shell
	}
	lines = append(lines, "", p.st.dim.Paint(" "+p.st.text(shell, w-4)), p.st.dim.Paint(" tab complete   enter run   esc close"))
	return widget.Box("Command", lines, w, p.st.ascii, p.st.rule)
}

func (p *palette) typed(k tea.KeyMsg) tea.Cmd {
	switch k.Type {
	case tea.KeyEsc:
		p.close(p)
	case tea.KeyDown, tea.KeyCtrlN:
		p.at = min(p.at+1, max(0, len(p.found)-1))
	case tea.KeyUp, tea.KeyCtrlP:
		p.at = max(p.at-1, 0)
	case tea.KeyTab:
		if p.at < len(p.found) {
			p.edit.set(p.found[p.at].words)
			at := p.found[p.at].words
			p.search()
			p.at = max(0, slices.IndexFunc(p.found, func(c command) bool { return c.words == at }))
		}
	case tea.KeyEnter:
		if p.at >= len(p.found) {
			return nil
		}
		c := p.found[p.at]
		p.close(p)
		p.remember(c.words)
		return c.do()
	default:
		p.edit.key(k, p.now)
		p.search()
	}
	return nil
}
