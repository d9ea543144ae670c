package tui

import (
	"fmt"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"jurymast/tui/widget"
)

// pager shows text: a report, a script, all messages.
type pager struct {
	*root
	name  string
	lines []string
	rows  []string // lines as they are wrapped for a width
	wide  int
	long  bool // long lines are cut, not wrapped
	top   int
	page  int
	find  string
	// command is what copying takes alone, "" for all of the text.
	command string
}

// maxPager bounds the lines that are shown.
const maxPager = 20000

func newPager(m *root, name, text string) *pager {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	if len(lines) > maxPager {
		lines = append(lines[:maxPager], fmt.Sprintf("… %d more lines", len(lines)-maxPager))
	}
	return &pager{root: m, name: name, lines: lines}
}

func newMessages(m *root) *pager {
	var b strings.Builder
	for i := len(m.messages) - 1; i >= 0; i-- {
		x := m.messages[i]
		fmt.Fprintf(&b, "%s  %s\n", x.at.In(m.now.Location()).Format("15:04:05"), x.text)
	}
	if len(m.messages) == 0 {
		b.WriteString("no messages yet")
	}
	return newPager(m, "Messages", b.String())
}

func (p *pager) crumb() string          { return p.name }
func (p *pager) update(tea.Msg) tea.Cmd { return nil }
func (p *pager) half() int              { return p.page / 2 }
func (p *pager) move(n int)             { p.top = max(0, min(p.top+n, len(p.rows)-p.page)) }

func (p *pager) filtered() string { return p.find }

// filter looks for text and goes to the first place.
func (p *pager) filter(text string) error {
	p.find = strings.TrimSpace(text)
	p.hit(0)
	return nil
}

// hit goes to the next row with the text, by is 1, or the one before.
func (p *pager) hit(by int) {
	if p.find == "" {
		return
	}
	want := strings.ToLower(p.find)
	step := by
	if by == 0 {
		step = 1
	}
	for i := p.top + by; i >= 0 && i < len(p.rows); i += step {
		if strings.Contains(strings.ToLower(p.rows[i]), want) {
			p.top = i
			return
		}
	}
	p.say("found no further: " + p.find)
}

func (p *pager) view(w, h int) []string {
	if p.wide != w || p.rows == nil {
		p.wide, p.rows = w, nil
		for _, l := range p.lines {
			if p.long {
				p.rows = append(p.rows, p.st.text(l, w-2))
			} else {
				p.rows = append(p.rows, wrap(l, w-2)...)
			}
		}
	}
	p.page = h - 1
	p.top = max(0, min(p.top, len(p.rows)-1))
	note := ""
	if len(p.rows) > p.page {
		note = fmt.Sprintf("%d of %d", min(p.top+p.page, len(p.rows)), len(p.rows))
	}
	title := p.name
	if p.find != "" {
		title += "  / " + p.find
	}
	out := []string{p.st.ruleLine(title, note, w)}
	for _, r := range p.rows[p.top:min(len(p.rows), p.top+p.page)] {
		line := "  " + r
		if p.find != "" && strings.Contains(strings.ToLower(r), strings.ToLower(p.find)) {
			line = p.st.mark + " " + r
		}
		out = append(out, line)
	}
	return out
}

func (p *pager) bindings() []binding {
	bs := []binding{
		{act: "wrap", hint: true, do: func() tea.Cmd { p.long, p.rows = !p.long, nil; return nil }},
		{act: "copy", hint: true, word: "copy all", do: func() tea.Cmd { return p.copyText(strings.Join(p.lines, "\n"), p.name) }},
	}
	if p.command != "" {
		bs[1] = binding{act: "copy", hint: true, word: "copy command", do: func() tea.Cmd { return p.copyText(p.command, "the command") }}
	}
	if p.find == "" {
		return bs
	}
	return append(bs, binding{act: "next-hit", hint: true, do: func() tea.Cmd { p.hit(1); return nil }}, binding{act: "prev-hit", do: func() tea.Cmd { p.hit(-1); return nil }})
}

// maxWrap is how much of one line is wrapped: hosts' lines are cut at a quarter
// of it where they come in.
const maxWrap = 16 << 10

// wrap breaks text into lines of a width, at blanks where there are any.
func wrap(s string, w int) []string {
	if more := len(s) - maxWrap; more > 0 {
		s = strings.ToValidUTF8(s[:maxWrap], "") + " … " + size(int64(more)) + " more"
	}
	s = widget.Clean(s)
	if w < 1 || widget.Width(s) <= w {
		return []string{s}
	}
	indent := s[:len(s)-len(strings.TrimLeft(s, " "))]
	if len(indent) > w/2 {
		indent = ""
	}
	var out []string
	for widget.Width(s) > w {
		head := widget.Cut(s, w, "")
		n := len(head)
		if n == 0 {
			n = min(len(s), 1) // one wide character in one cell
		}
		if at := strings.LastIndexByte(head, ' '); at > len(indent) && n < len(s) && s[n] != ' ' {
			n = at
		}
		out = append(out, strings.TrimRight(s[:n], " "))
		s = strings.TrimLeft(s[n:], " ")
		if s == "" {
			return out
		}
		s = indent + s
	}
	return append(out, widget.Cut(s, w, ""))
}
