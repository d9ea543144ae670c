package tui

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	tea "github.com/charmbracelet/bubbletea"

	"jurymast/actions"
	"jurymast/inventory"
	"jurymast/tui/widget"
)

// FuzzKeys plays sequences of keys, sizes and answers. Nothing may panic, no
// screen may be larger than its terminal, and nothing may be started unless its
// word was typed.
func FuzzKeys(f *testing.F) {
	for _, s := range []string{"jjka\r", "7\rx", "?j\r", ":plan\r", "/state:fail\r\x1b", "m\r\r", "7\r xpostgres\r", "2jjjs", "8\r", "6\t\x1b", "\x01\x02\x03\x04", "7\r x\x07postgres\x07\r\x07x", "\xe5\x07xyzzy q\x7f7\rx", "/n\xe5\x1b\x07\x07x\xe6y\xe7\rq\x1b", ":mute nas1 2h\rwhy\r", ":plan failover postgres --to\r x\r"} {
		f.Add([]byte(s))
	}
	var names []string
	for _, r := range keyTable {
		names = append(names, r.keys...)
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) > 300 {
			return
		}
		e := newFake(t)
		m, c := ready(t, e, 80, 24, Options{})
		typed := ""
		asked := map[*Question]int{} // and how often they were answered
		var newest *Question
		for i, b := range script {
			var msg tea.Msg
			switch {
			case b == '\r':
				msg = keyOf("enter")
			case b == '\x1b':
				msg = keyOf("esc")
			case b == '\t':
				msg = keyOf("tab")
			case b == 7:
				c.add(time.Second)
				continue
			case b < ' ':
				msg = tea.WindowSizeMsg{Width: int(b) * 9 % 210, Height: int(b) * 5 % 70}
			case b == 0x7f:
				msg = planMsg{asked: moved, plan: failover()}
			case b == 0xe5 || b == 0xe6:
				newest = &Question{Key: "/home/anna/.ssh/" + string(rune('a'+b&1)), Host: "nas1", Again: b&1 == 0}
				q := newest
				asked[q] = 0
				q.Answer = func(string, bool) { asked[q]++ }
				msg = questionMsg{q}
			case b == 0xe7 && newest != nil:
				msg = unaskedMsg{newest}
			case b > 0xf0:
				msg = known(e, m.seq, e.state, nil)
			case b > 0xe8:
				for _, x := range running(int(b) % 9)() {
					m.Update(x)
				}
				continue
			case b >= 0x80:
				msg = keyOf(names[int(b)%len(names)])
			default:
				msg = keyOf(string(rune(b)))
				typed += string(rune(b))
			}
			_, cmd := m.Update(msg)
			if p, ok := msg.(tea.KeyMsg); ok && p.Type == tea.KeyEnter && cmd != nil && i > 0 {
				if answer := quickly(cmd); answer != nil {
					if _, begun := answer.(startedMsg); begun && !strings.Contains(typed, "postgres") {
						t.Fatal("a run was started and its word was not typed")
					}
				}
			}
			if m.w > 0 && m.h > 0 {
				fits(t, m.View(), m.w, m.h)
			}
		}
		for q, times := range asked {
			if times > 1 {
				t.Errorf("%+v was answered %d times", q, times)
			}
		}
	})
}

// quickly carries a command out that answers at once, as those that the fake
// engine serves do. What waits is left alone: none that enter gives does.
func quickly(cmd tea.Cmd) tea.Msg {
	done := make(chan tea.Msg, 1)
	go func() { done <- cmd() }()
	select {
	case m := <-done:
		return m
	case <-time.After(50 * time.Millisecond):
		return nil
	}
}

// hostile is text as a host under somebody else's hand may send it.
var hostile = []string{
	"\x1b]52;c;cm0gLXJmIC8=\a", "\x1b[2J\x1b[H", "\u202egnp.exe", "a\rb\nc\td", string([]byte{0xff, 0xfe, 'x'}), strings.Repeat("long ", 200000),
	"日本語の名前", "e\u0301e\u0301\u0301", "\u200b\u200d\u2066x\u2069", "\u0085\u009b31m", "👨‍👩‍👧‍👦 family", "\x00\x07\x08\x7f",
}

func TestHostileText(t *testing.T) {
	t.Parallel()
	for i, text := range hostile {
		f := newFake(t)
		var es []actions.Entry
		f.state.All(func(e actions.Entry) bool {
			e.Line, e.Next, e.Item = text, text, text
			es = append(es, e)
			return true
		})
		f.state = actions.MakeState(es, nil)
		for j := range f.events {
			f.events[j].Line, f.events[j].Who, f.events[j].Item = text, text, text
		}
		for _, size := range [][2]int{{120, 36}, {80, 24}, {60, 15}} {
			for _, keys := range [][]string{nil, {"enter"}, {"enter", "enter"}, {"2"}, {"8"}, {"y"}, {"M"}, {":", "x"}, {"a"}} {
				m, _ := ready(t, f, size[0], size[1], Options{})
				m.say(text)
				for _, k := range keys {
					m.View()
					m.Update(keyOf(k))
				}
				harmless(t, m.View(), size[0], size[1], i, keys)
			}
		}
	}
}

// harmless fails when a frame is larger than its terminal, or could steer it.
func harmless(t *testing.T, frame string, w, h, text int, keys []string) {
	t.Helper()
	fits(t, frame, w, h)
	for _, r := range frame {
		if r != '\n' && (unicode.IsControl(r) || unicode.In(r, unicode.Cf)) {
			t.Fatalf("text %d, keys %q: %U reached the terminal", text, keys, r)
		}
	}
}

// TestHostileRuns: what steps print, what reports quote and how things are
// called is no safer than what checks answer.
func TestHostileRuns(t *testing.T) {
	t.Parallel()
	for i, text := range hostile {
		plan := failover()
		plan.Title, plan.Impact.Risk, plan.Steps[0].Title, plan.Conditions[0].Seen = text, text, text, text
		run := actions.Run{ID: "0412-k3f9", Verb: moved.Verb, Target: moved.Target, Title: text, State: "running", Who: text, Made: at, Began: at, Plan: plan}
		events := []actions.Event{
			{Type: actions.EventRun, To: "running", Line: text}, {Type: actions.EventIntent, Step: "stop"}, {Type: actions.EventOutput, Step: "stop", Line: text},
			{Type: actions.EventNote, Who: text, Line: text}, {Type: actions.EventAsk, Who: text, Line: text}, {Type: actions.EventDone, Step: "stop", To: "failed", Line: text},
		}
		for k := range events {
			events[k].Seq, events[k].Run, events[k].At = int64(k+1), run.ID, at
		}
		for _, size := range [][2]int{{120, 36}, {80, 24}, {60, 15}} {
			for name, msgs := range map[string][]tea.Msg{
				"run":    {startedMsg{run: run.ID}, runMsg{run: run, events: events}},
				"key":    {questionMsg{&Question{Key: text, Host: text}}},
				"plan":   {planMsg{asked: moved, plan: plan}},
				"report": {reportMsg{run: run, text: text + "\n" + text}},
				"copies": {planMsg{asked: Request{Verb: actions.VerbRestore, Target: "share/homes"}, plan: plan}, copiesMsg{Request{Verb: actions.VerbRestore, Target: "share/homes"}, []actions.Copy{{ID: text, Backup: text, Repository: text, Proof: text}}, nil}},
			} {
				for _, keys := range [][]string{nil, {"+"}, {"w"}, {"tab", "+"}, {"x"}, {"enter"}, {"/", "x", "enter"}} {
					m, _ := ready(t, newFake(t), size[0], size[1], Options{})
					m.Update(restMsg{seq: m.restSeq, runs: []actions.Run{run}, jobs: []Job{{Name: text, Target: "share/homes", Line: text, Proof: text, To: []string{text}, Drilled: at}}, covers: []Cover{{Target: "share/homes", Line: text, Places: []Place{{Repository: text}}}}})
					for _, msg := range msgs {
						m.Update(msg)
					}
					for _, k := range keys {
						m.View()
						m.Update(keyOf(k))
					}
					harmless(t, m.View(), size[0], size[1], i, append([]string{name}, keys...))
				}
			}
			for _, tab := range []string{"6", "7"} {
				m, _ := ready(t, newFake(t), size[0], size[1], Options{})
				m.Update(restMsg{seq: m.restSeq, runs: []actions.Run{run}, jobs: []Job{{Name: text, Target: "share/homes", Line: text, Proof: text, To: []string{text}, Drilled: at}}, covers: []Cover{{Target: "share/homes", Line: text}}})
				m.Update(keyOf(tab))
				harmless(t, m.View(), size[0], size[1], i, []string{tab})
			}
		}
	}
}

// TestWideNames: titles of two cells a letter, and of letters put together, keep
// the columns behind them in their places.
func TestWideNames(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.fleet = fleetOf(t, strings.NewReplacer("file server", "日本語の名前 e\u0301e\u0301 ÅÄÖ", "Promote the standby", "昇格する é̂").Replace(homeLab))
	for _, size := range [][2]int{{120, 36}, {80, 24}, {60, 15}} {
		for _, keys := range [][]string{{"2"}, {"2", "enter"}, {"7"}, {":", "s", "h", "o", "w"}} {
			m, _ := ready(t, f, size[0], size[1], Options{})
			for _, k := range keys {
				m.View()
				m.Update(keyOf(k))
			}
			v := m.View()
			harmless(t, v, size[0], size[1], 0, keys)
			if keys[0] == ":" {
				straight(t, v)
			}
		}
	}
}

func TestNothingPanicsAtAnySize(t *testing.T) {
	t.Parallel()
	for i := range goldenScreens {
		m := show(t, i, 120, 36)
		for _, s := range [][2]int{{1, 1}, {2, 1}, {1, 40}, {39, 10}, {40, 9}, {40, 10}, {41, 11}, {69, 18}, {70, 17}, {70, 18}, {109, 20}, {110, 18}, {500, 200}, {0, 0}, {-1, 5}} {
			m.Update(tea.WindowSizeMsg{Width: s[0], Height: s[1]})
			if v := m.View(); s[0] > 0 && s[1] > 0 {
				fits(t, v, s[0], max(s[1], 1))
			}
		}
	}
}

func TestEveryThemeAndSignKeepsItsMeaning(t *testing.T) {
	t.Parallel()
	for _, theme := range themeNames() {
		for _, o := range []Options{{Theme: theme, Color: true}, {Theme: theme}, {Theme: theme, ASCII: true}} {
			m, _ := ready(t, newFake(t), 80, 24, o)
			v := stripped(m.View())
			signs := m.st.signs
			want := []string{signs[actions.Fail] + " service/nextcloud", signs[actions.Warn] + " vm/win-build", signs[actions.Unknown] + " node/edge", m.st.mark + " " + signs[actions.Fail] + " service/nextcloud"}
			for _, w := range want {
				if !strings.Contains(v, w) {
					t.Errorf("theme %s, colour %v, ascii %v: %q is not seen", theme, o.Color, o.ASCII, w)
				}
			}
			if !o.Color && v != m.View() {
				t.Errorf("theme %s: escape sequences without colour", theme)
			}
			for _, r := range v {
				if o.ASCII && r > 0x7e {
					t.Errorf("%U in ASCII", r)
				}
			}
		}
	}
}

func TestKeysCanBeChanged(t *testing.T) {
	t.Parallel()
	m, err := newKeymap(map[string][]string{"shell": {"S"}})
	if err != nil || !slices.Equal(m.acts["S"], []act{"shell"}) || m.acts["s"] != nil || m.show("shell") != "S" {
		t.Errorf("%v %+v", err, m)
	}
	for name, x := range map[string]struct {
		keys map[string][]string
		want string
	}{
		"a key for two":        {map[string][]string{"shell": {"r"}}, `key "r" is both shell and look`},
		"no way out":           {map[string][]string{"quit": {}}, "quit has no key"},
		"no such act":          {map[string][]string{"destroy": {"x"}}, `"destroy" is nothing that a key can do`},
		"space is a key":       {map[string][]string{"shell": {"space"}}, "is both"},
		"all mistakes at once": {map[string][]string{"quit": {}, "destroy": {"x"}}, "nothing that a key can do; quit has no key"},
	} {
		if _, err := newKeymap(x.keys); err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s: %v, want %q", name, err, x.want)
		}
	}
}

// TestSharedKeysAreNeverBothKnown: a key does one thing on a screen, in every
// state that the golden screens show.
func TestSharedKeysAreNeverBothKnown(t *testing.T) {
	t.Parallel()
	for i, g := range goldenScreens {
		m := show(t, i, 120, 36)
		known := map[act]bool{}
		for _, b := range append(m.top().bindings(), m.global()...) {
			known[b.act] = true
		}
		for _, s := range shared {
			if known[s[0]] && known[s[1]] {
				t.Errorf("%s: %s and %s are on one key", g.name, s[0], s[1])
			}
		}
	}
}

func TestKeysThatTailSequencesOnlyLook(t *testing.T) {
	t.Parallel()
	// A capital letter or a bracket can be the tail of a cut escape sequence.
	harmless := map[act]bool{"reverse": true, "look-all": true, "messages": true, "bottom": true, "prev-hit": true, "next-pane": true, "prev-pane": true}
	for _, r := range keyTable {
		for _, k := range r.keys {
			if len(k) == 1 && (k >= "A" && k <= "Z" || k == "[" || k == "~") && !harmless[r.act] {
				t.Errorf("%s is on %s", r.act, k)
			}
		}
	}
}

func TestBurstsAndSplitKeys(t *testing.T) {
	t.Parallel()
	m, c := ready(t, newFake(t), 80, 24, Options{})
	place := func() int { return m.top().(*overview).problems.At() }
	m.Update(keyOf("jj")) // one read
	if place() != 2 {
		t.Errorf("jj went to row %d", place())
	}
	m.Update(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{'['}, Alt: true})
	m.Update(keyOf("A")) // an arrow key in two reads
	if place() != 2 || m.stack[0] != m.top() {
		t.Error("the tail of a split key was taken for a key")
	}
	c.add(time.Second)
	m.Update(keyOf("a?")) // the menu opens; what comes behind is not for it
	if _, ok := m.top().(*menu); !ok {
		t.Errorf("%T is on top", m.top())
	}
	m, _ = ready(t, newFake(t), 80, 24, Options{})
	m.Update(keyOf("2"))
	m.Update(keyOf("/nas")) // a filter that was typed fast
	if l, ok := m.top().(*list); !ok || l.filtered() != "nas" {
		t.Errorf("the filter is %q on %T", l.filtered(), m.top())
	}
	m, _ = ready(t, newFake(t), 80, 24, Options{})
	m.Update(keyOf("5/cloud")) // from one screen to another, and on there
	if l, ok := m.top().(*list); !ok || l.filtered() != "cloud" {
		t.Errorf("the filter is not there: %T", m.top())
	}
	m, _ = ready(t, newFake(t), 80, 24, Options{})
	m.Update(keyOf(":show"))
	if p, ok := m.top().(*palette); !ok || p.edit.String() != "show" {
		t.Errorf("the command is not there: %T", m.top())
	}
	m, _ = ready(t, newFake(t), 80, 24, Options{})
	m.Update(planMsg{asked: moved, plan: failover()})
	m.Update(keyOf(" xpostgres"))
	if q, ok := m.top().(*confirm); !ok || q.edit.String() != "" {
		t.Errorf("a question was answered by what was typed ahead: %T", m.top())
	}
	m, _ = ready(t, newFake(t), 80, 24, Options{})
	m.Update(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("axq\n"), Paste: true})
	if _, ok := m.top().(*overview); !ok || !strings.Contains(m.View(), "pasted") {
		t.Error("pasted text was taken for keys")
	}
}

func TestHintsComeFromTheKeymap(t *testing.T) {
	t.Parallel()
	m, _ := ready(t, newFake(t), 80, 24, Options{Keys: map[string][]string{"shell": {"f9"}}})
	if v := m.View(); !strings.Contains(v, "f9 ssh") {
		t.Error("the hint bar does not know of the new key")
	}
	m.Update(keyOf("?"))
	if v := m.View(); !strings.Contains(v, "f9") {
		t.Error("help does not know of the new key")
	}
}

func TestFilterWords(t *testing.T) {
	t.Parallel()
	row := filterRow{text: "node/nas1 file server 91% used", state: "warn", host: "nas1", kind: "linux", site: "home", level: "node", tags: []string{"prod", "storage"}}
	for text, want := range map[string]bool{
		"": true, "nas": true, "NAS": true, "nas absent": false, "!absent": true, "!nas": false, "state:warn": true, "state:w": true, "state:fail": false, "!state:fail": true,
		"tag:prod": true, "tag:lab": false, "!tag:lab": true, "node:nas": true, "kind:linux site:home": true, "/nas[0-9]/": true, "/^x/": false, "!/^x/": true, "!": true, "level:node": true, "odd:key": false,
	} {
		f, err := parseFilter(text)
		if err != nil || f.keeps(row) != want {
			t.Errorf("%q keeps it: %v, want %v (%v)", text, !want, want, err)
		}
	}
}

// TestManyRandomUpdates draws rows that come, go and change while a cursor
// moves: the window always holds the cursor and never a row twice.
func TestManyRandomUpdates(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	tb := widget.Table{Columns: []widget.Column{{Flex: true}}, Mark: ">", Tick: "*", Cells: func(id string, b []widget.Cell) []widget.Cell { return append(b, widget.Cell{Text: id}) }}
	for range 2000 {
		var ids []string
		for i := range r.IntN(30) {
			if r.IntN(3) > 0 {
				ids = append(ids, string(inventory.MakeRef("node", string(rune('a'+i)))))
			}
		}
		was := tb.Selected()
		tb.SetRows(ids)
		if now := tb.Selected(); was != now && strings.Contains(strings.Join(ids, " ")+" ", was+" ") && was != "" {
			t.Fatalf("the cursor went from %q to %q in %v", was, now, ids)
		}
		tb.Move(r.IntN(9) - 4)
		h := 1 + r.IntN(8)
		out := tb.View(20, h, true)
		if len(out) > h || len(ids) > 0 && !strings.Contains(strings.Join(out, "\n"), "> "+tb.Selected()) {
			t.Fatalf("%d of %d lines without the cursor: %q", len(out), h, out)
		}
	}
}

// straight fails when the right edge of a box is not one line.
func straight(t *testing.T, frame string) {
	t.Helper()
	edge := -1
	for _, l := range strings.Split(stripped(frame), "\n") {
		if before, _, ok := strings.Cut(l, "┐"); ok {
			edge = widget.Width(before)
			continue
		}
		if strings.Contains(l, "└") {
			return
		}
		if i := strings.LastIndex(l, "│"); edge >= 0 && (i < 0 || widget.Width(l[:i]) != edge) {
			t.Errorf("the edge of the box is not at %d: %q", edge, l)
		}
	}
	t.Errorf("no box was drawn:\n%s", frame)
}
