package tui

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"jurymast/actions"
	"jurymast/inventory"
	"jurymast/tui/widget"
)

// screen is one full page, or a box over one. A view is at most as large as it
// is told; the root cuts what is not.
type screen interface {
	// crumb is where one is: "Nodes > nas1".
	crumb() string
	view(w, h int) []string
	bindings() []binding
	// update takes messages that are not keys: answers to what it asked for.
	update(msg tea.Msg) tea.Cmd
}

// mover is a screen with a cursor, or with more lines than there is room for.
type mover interface {
	// move goes by so many rows; half is the rows of half a page.
	move(by int)
	half() int
}

// typist is a screen that takes letters while typing is true.
type typist interface {
	typing() bool
	typed(k tea.KeyMsg) tea.Cmd
}

// filterer is a screen whose rows can be filtered.
type filterer interface {
	filtered() string
	filter(text string) error
}

// floating is a screen that is drawn over the one below it, in a box.
type floating interface {
	box(w, h int) []string
	// asks reports whether it asks for a decision: it is deaf at first, so
	// that keys in flight do not answer it.
	asks() bool
}

// boxWide is how wide a box is at most, that is not [roomy].
const boxWide = 78

// roomy is a box that uses more of a wide terminal.
type roomy interface{ widest() int }

// opener is a screen that asks for something when it is opened.
type opener interface{ opened() tea.Cmd }

type root struct {
	*world
	ctx     context.Context
	st      *styles
	keys    *keymap
	feed    *feed
	clock   func() time.Time
	w, h    int
	stack   []screen
	before  []screen // what - goes back to
	prompt  *prompt
	seq     int // of the newest question for the state
	restSeq int
	after   int64 // place in the journal
	sizes   int   // changes of the terminal's size
	split   time.Time
	quitAt  time.Time
	askedAt time.Time // a question was opened then
	touched time.Time // the last key came then
	restAt  time.Time
	readAt  time.Time // the inventory's files were looked at then

	questions []*Question // that could not be put yet
	child     bool        // a child has the terminal
	dirty     bool
	frame     string
	theme     string
	recent    []string // commands of the palette, the newest last
	options   Options
	first     tea.Cmd // what the first screens ask for
}

func newRoot(ctx context.Context, e Engine, o Options) (*root, error) {
	st, err := newStyles(o.Theme, o.Color, o.ASCII)
	if err != nil {
		return nil, err
	}
	keys, err := newKeymap(o.Keys)
	if err != nil {
		return nil, err
	}
	clock := o.Now
	if clock == nil {
		clock = time.Now
	}
	w := &world{engine: e, now: clock(), place: map[inventory.Ref]int{}, looking: map[inventory.Ref]bool{}, plans: map[string]actions.Plan{}}
	for i, s := range timeStyles {
		if s == o.Time {
			w.times = timeStyle(i)
		}
	}
	m := &root{world: w, ctx: ctx, st: st, keys: keys, feed: newFeed(), clock: clock, options: o, theme: o.Theme}
	m.stack = []screen{newOverview(m)}
	m.readAt = w.now
	m.restAt = w.now
	m.touched = w.now
	var cmds []tea.Cmd
	if i := slices.Index(Screens(), o.Screen); i > 0 {
		cmds = append(cmds, m.tab(i))
	}
	if _, known := e.Fleet().Target(o.At); known {
		cmds = append(cmds, m.open(newDetail(m, o.At)))
	}
	m.first = tea.Batch(cmds...)
	return m, nil
}

// Init implements tea.Model. What the store holds is drawn before any host is
// asked: the watch begins when that was read.
func (m *root) Init() tea.Cmd {
	return tea.Batch(m.first, tick(), m.readFirst(), m.readRest(), m.readHistory(), m.takeFeed(), m.hear())
}

func (m *root) top() screen { return m.stack[len(m.stack)-1] }

// open puts a screen on top and asks for what it needs. What comes while a
// passphrase is typed comes below it: no letter of it may reach another screen.
func (m *root) open(s screen) tea.Cmd {
	if p, ok := m.top().(*passphrase); ok {
		m.stack = m.stack[:len(m.stack)-1]
		cmd := m.open(s)
		m.stack = append(m.stack, p)
		return cmd
	}
	var cmds []tea.Cmd
	if f, ok := s.(floating); ok {
		if f.asks() {
			m.askedAt = m.now
			cmds = append(cmds, redraw(deaf))
		}
	} else {
		m.before = append([]screen(nil), m.stack...)
	}
	m.stack = append(m.stack, s)
	if o, ok := s.(opener); ok {
		cmds = append(cmds, o.opened())
	}
	return tea.Batch(cmds...)
}

// pop leaves the top screen. The last one stays: esc never ends the program.
func (m *root) pop() {
	if len(m.stack) > 1 {
		m.stack = m.stack[:len(m.stack)-1]
	}
}

// close takes a screen off the stack, wherever it is.
func (m *root) close(s screen) {
	for i := len(m.stack) - 1; i > 0; i-- {
		if m.stack[i] == s {
			m.stack = append(m.stack[:i], m.stack[i+1:]...)
			return
		}
	}
}

// Update implements tea.Model. It does no work of its own: what takes time is
// asked of the engine in commands.
func (m *root) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	m.now, m.dirty = m.clock(), true
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.w, m.h = msg.Width, msg.Height
		m.sizes++
		n := m.sizes
		return m, tea.Tick(settle, func(time.Time) tea.Msg { return settledMsg{n} })
	case settledMsg:
		if msg.seq == m.sizes {
			return m, tea.ClearScreen // some terminals wrap lines anew when they shrink
		}
		return m, nil
	case tea.KeyMsg:
		return m, m.key(msg)
	case tea.MouseMsg:
		return m, m.mouse(msg)
	case tickMsg:
		return m, m.ticked()
	}
	return m, m.answer(msg)
}

// resting is how long nobody has touched the console when its clock no longer
// shows seconds.
const resting = time.Minute

// freeze is how long rows keep their order after a key.
const freeze = time.Second

// still reports whether rows keep their places: somebody is choosing one.
func (m *root) still() bool {
	if m.now.Before(m.frozen) || m.prompt != nil {
		return true
	}
	for _, s := range m.stack {
		if _, box := s.(floating); box {
			return true
		}
		if f, ok := s.(filterer); ok && f.filtered() != "" {
			return true
		}
	}
	return false
}

// deaf is how long a question that was just opened takes no key.
const deaf = 400 * time.Millisecond

// hears reports whether the question on top takes keys by now.
func (m *root) hears() bool {
	f, ok := m.top().(floating)
	return !ok || !f.asks() || m.now.Sub(m.askedAt) >= deaf
}

// redraw draws anew after a while: what is shown depends on the time.
func redraw(after time.Duration) tea.Cmd {
	return tea.Tick(after, func(time.Time) tea.Msg { return restedMsg{} })
}

// key dispatches a key: to who is typing, to the top screen's bindings, to
// those of all screens.
func (m *root) key(k tea.KeyMsg) tea.Cmd {
	m.frozen, m.touched = m.now.Add(freeze), m.now
	name := k.String()
	if name == "ctrl+c" {
		return m.quit()
	}
	if isSplit(name) {
		m.split = m.now
		return nil
	}
	if !m.split.IsZero() && m.now.Sub(m.split) < splitWait && k.Type == tea.KeyRunes {
		m.split = time.Time{}
		return nil // the tail of a cut escape sequence
	}
	if !m.hears() && name != "esc" {
		m.askedAt = m.now // until the keys have rested
		return redraw(deaf)
	}
	if m.prompt != nil {
		return m.prompt.key(m, k)
	}
	if t, ok := m.top().(typist); ok && t.typing() {
		return t.typed(k)
	}
	if k.Paste {
		m.say("text was pasted where keys are meant: nothing was done")
		return nil
	}
	var cmds []tea.Cmd
	all := strokes(k)
	for i, s := range all {
		top := m.top()
		cmds = append(cmds, m.act(m.keys.acts[s]...))
		if m.prompt != nil || m.top() != top && m.chooses() {
			cmds = append(cmds, m.ahead(all[i+1:]))
			break
		}
	}
	return tea.Batch(cmds...)
}

// chooses reports whether the top screen takes keys as an answer, or as text.
func (m *root) chooses() bool {
	_, box := m.top().(floating)
	t, ok := m.top().(typist)
	return box || ok && t.typing()
}

// ahead takes what was typed ahead of a line to type into: a filter that was
// typed fast. It answers nothing that it could not see.
func (m *root) ahead(strokes []string) tea.Cmd {
	t, ok := m.top().(typist)
	if f, box := m.top().(floating); m.prompt == nil && (!ok || !t.typing() || box && f.asks()) {
		return nil
	}
	var cmds []tea.Cmd
	for _, s := range strokes {
		cmds = append(cmds, m.key(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(s)}))
	}
	return tea.Batch(cmds...)
}

// act does what a key means here: the first of its acts that the screen knows.
func (m *root) act(acts ...act) tea.Cmd {
	if len(acts) == 0 {
		return nil
	}
	for _, bs := range [][]binding{m.top().bindings(), m.global()} {
		for _, b := range bs {
			if slices.Contains(acts, b.act) {
				return m.press(b)
			}
		}
	}
	if mv, ok := m.top().(mover); ok {
		switch acts[0] {
		case "down":
			mv.move(1)
		case "up":
			mv.move(-1)
		case "half-down":
			mv.move(max(1, mv.half()))
		case "half-up":
			mv.move(-max(1, mv.half()))
		case "top":
			mv.move(-1 << 30)
		case "bottom":
			mv.move(1 << 30)
		}
	}
	return nil
}

func (m *root) press(b binding) tea.Cmd {
	if b.why != nil {
		if why := b.why(); why != "" {
			m.say(why)
			return nil
		}
	}
	return b.do()
}

// mouse only ever moves: nothing is chosen by a click.
func (m *root) mouse(e tea.MouseMsg) tea.Cmd {
	if mv, ok := m.top().(mover); ok {
		switch e.Button {
		case tea.MouseButtonWheelDown:
			mv.move(3)
		case tea.MouseButtonWheelUp:
			mv.move(-3)
		}
	}
	return nil
}

// quit leaves at once, unless a run is under way: then it says that it goes on.
// Twice within two seconds leaves without asking.
func (m *root) quit() tea.Cmd {
	r, active := m.active()
	if !active || !underWay(r.State) || m.now.Sub(m.quitAt) < 2*time.Second {
		return tea.Quit
	}
	m.quitAt = m.now
	m.say(fmt.Sprintf("run %s goes on by itself; the console offers it again, or: jurymast runs attach %s. Once more leaves.", r.ID, r.ID))
	return nil
}

// View implements tea.Model. What has not changed is not drawn again: it is
// called after every message.
func (m *root) View() string {
	if m.child {
		return ""
	}
	if m.dirty {
		m.frame = m.draw()
		m.dirty = false
	}
	return m.frame
}

func (m *root) draw() string {
	if m.w <= 0 || m.h <= 0 {
		return ""
	}
	room := layoutOf(m.w, m.h)
	if room == layoutNone {
		return m.tooSmall()
	}
	base := len(m.stack) - 1
	for base > 0 {
		if _, box := m.stack[base].(floating); !box {
			break
		}
		base--
	}
	lines := make([]string, 0, m.h)
	lines = append(lines, m.header(room))
	if room != layoutTiny {
		lines = append(lines, m.tabs(room))
	}
	foot := 2
	body := m.stack[base].view(m.w, m.h-len(lines)-foot)
	lines = append(lines, body[:min(len(body), m.h-len(lines)-foot)]...)
	for len(lines) < m.h-foot {
		lines = append(lines, "")
	}
	lines = append(lines, m.messageLine(), m.hints())
	for _, s := range m.stack[base+1:] {
		most := boxWide
		if r, ok := s.(roomy); ok {
			most = r.widest()
		}
		box := s.(floating).box(min(m.w-2, most), m.h-3)
		wide := 0
		for _, l := range box {
			wide = max(wide, widget.Width(stripped(l)))
		}
		y := max(0, min(3, (m.h-len(box))/2))
		lines = widget.Overlay(lines, box[:min(len(box), m.h)], max(0, (m.w-wide)/2), y)
	}
	for i := range lines {
		lines[i] = widget.Clip(lines[i], m.w)
	}
	return strings.Join(lines[:min(len(lines), m.h)], "\n")
}

func (m *root) tooSmall() string {
	text := fmt.Sprintf("too small, need %dx%d, have %dx%d", leastCols, leastLines, m.w, m.h)
	text = widget.Clip(text, m.w)
	if m.h > 1 {
		text = widget.Clip(stripped(m.header(layoutTiny)), m.w) + "\n" + text
	}
	return text
}
