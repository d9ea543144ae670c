package tui

import (
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"jurymast/actions"
	"jurymast/tui/widget"
)

// help is the keys of the screen below it, then those of all screens, made of
// the bindings that dispatch them. It can be searched, and what is under the
// cursor can be done.
type help struct {
	*root
	below screen
	edit  editor
	at    int
	page  int
}

func newHelp(m *root) *help { return &help{root: m, below: m.top()} }

func (x *help) crumb() string          { return "Help" }
func (x *help) update(tea.Msg) tea.Cmd { return nil }
func (x *help) view(int, int) []string { return nil }
func (x *help) asks() bool             { return false }
func (x *help) bindings() []binding    { return nil }
func (x *help) typing() bool           { return true }

type helpLine struct {
	head, keys, text string
	b                *binding
}

func (x *help) lines() []helpLine {
	want := strings.ToLower(x.edit.String())
	var out []helpLine
	shown := map[act]bool{}
	add := func(head string, bs []binding) {
		first := true
		for i := range bs {
			b := &bs[i]
			ks := x.keys.keys[b.act].Keys()
			_, text := word(b.act)
			if b.word != "" {
				text = b.word + ": " + text
			}
			if shown[b.act] || len(ks) == 0 || want != "" && !strings.Contains(strings.ToLower(text+strings.Join(ks, " ")), want) {
				continue
			}
			shown[b.act] = true
			l := helpLine{keys: strings.Join(ks, " "), text: text, b: b}
			if strings.TrimSpace(l.keys) == "" {
				l.keys = "space"
			}
			if first {
				l.head, first = head, false
			}
			out = append(out, l)
		}
	}
	add("Here", x.below.bindings())
	if _, ok := x.below.(mover); ok {
		var moves []binding
		for _, a := range []act{"down", "up", "half-down", "half-up", "top", "bottom"} {
			moves = append(moves, binding{act: a, do: func() tea.Cmd { return x.act(a) }})
		}
		add("Moving", moves)
	}
	add("Everywhere", x.global())
	return out
}

func (x *help) box(w, h int) []string {
	ls := x.lines()
	x.at = max(0, min(x.at, len(ls)-1))
	s := x.st.signs
	foot := []string{
		"",
		" " + s[actions.OK] + " ok  " + s[actions.Warn] + " warn  " + s[actions.Fail] + " FAIL  " + s[actions.Unknown] + " unknown  " + x.st.stale + " stale  " + x.st.running + " looking  " + x.st.muted + " kept quiet",
		" No key changes anything by itself: changes are planned, shown, confirmed.",
	}
	if x.options.Settings != "" {
		foot = append(foot, " Keys and colours: "+x.options.Settings+"; man page: jurymast man")
	}
	if x.engine.ReadOnly() {
		foot[2] = " Read-only: what would change something is not there."
	}
	room := max(3, h-3-len(foot))
	lines, cursor := x.keyLines(ls, w-2)
	if len(lines) > room && w >= helpWide {
		half := (w - 3) / 2
		lines, cursor = x.keyLines(ls, half)
		lines, cursor = twoColumns(lines, cursor, half)
		if len(ls) > 0 && widget.Width(ls[x.at].text) > half-19 {
			foot[0] = "   " + x.st.text(ls[x.at].text, w-5) // all of what is cut above
		}
	} else if w > boxWide {
		w = boxWide
		lines, cursor = x.keyLines(ls, w-2)
	}
	if len(ls) == 0 {
		lines = append(lines, "   no key has this in its words")
	}
	x.page = room
	top := max(0, min(cursor-room/2, len(lines)-room))
	lines = lines[top:min(len(lines), top+room)]
	lines = append(lines, foot...)
	search := "type to search_"
	if x.edit.String() != "" {
		search = x.edit.shown()
	}
	lines = append(lines, x.st.dim.Paint(" "+search+"   enter does it   esc closes"))
	name := strings.SplitN(x.below.crumb(), " > ", 2)[0]
	return widget.Box("Keys on "+name, lines, w, x.st.ascii, x.st.rule)
}

// helpWide is from which width on the keys stand in two columns, where they do not
// fit in one.
const helpWide = 100

// widest is as wide as two columns need.
func (x *help) widest() int { return 116 }

// keyLines are the keys in lines of a width, and which of them has the cursor.
func (x *help) keyLines(ls []helpLine, w int) (lines []string, cursor int) {
	for i, l := range ls {
		if l.head != "" {
			lines = append(lines, x.st.head.Paint(" "+l.head))
		}
		lead := "   "
		if i == x.at {
			lead, cursor = " "+x.st.mark+" ", len(lines)
		}
		line := lead + widget.Fit(l.keys, 14, "") + " " + widget.Fit(l.text, w-19, x.st.tail)
		if i == x.at {
			line = x.st.cursor.Paint(line)
		}
		lines = append(lines, line)
	}
	return lines, cursor
}

// twoColumns puts the second half of lines beside the first.
func twoColumns(lines []string, cursor, w int) ([]string, int) {
	n := (len(lines) + 1) / 2
	out := make([]string, n)
	for i := range out {
		b := ""
		if n+i < len(lines) {
			b = lines[n+i]
		}
		out[i] = beside(lines[i], b, w, " ")
	}
	if cursor >= n {
		cursor -= n
	}
	return out, cursor
}

func (x *help) typed(k tea.KeyMsg) tea.Cmd {
	switch k.Type {
	case tea.KeyEsc:
		x.close(x)
	case tea.KeyDown, tea.KeyTab:
		x.at++
	case tea.KeyUp:
		x.at--
	case tea.KeyPgDown, tea.KeyCtrlD:
		x.at += x.page / 2
	case tea.KeyPgUp:
		x.at -= x.page / 2
	case tea.KeyEnter:
		ls := x.lines()
		if x.at < 0 || x.at >= len(ls) {
			return nil
		}
		x.close(x)
		return x.press(*ls[x.at].b)
	default:
		x.edit.key(k, x.now)
		x.at = 0
	}
	return nil
}
