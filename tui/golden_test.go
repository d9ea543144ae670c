package tui

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"jurymast/actions"
	"jurymast/tui/widget"
)

// updating reports whether to write the golden screens anew; a person reads the
// difference. The flag is teatest's.
func updating() bool { return flag.Lookup("update").Value.String() == "true" }

// keyOf makes a key message of a key's name.
func keyOf(name string) tea.KeyMsg {
	for t, n := range map[tea.KeyType]string{
		tea.KeyEnter: "enter", tea.KeyEsc: "esc", tea.KeyTab: "tab", tea.KeyBackspace: "backspace", tea.KeyUp: "up", tea.KeyDown: "down", tea.KeyCtrlC: "ctrl+c",
		tea.KeyCtrlD: "ctrl+d", tea.KeyCtrlU: "ctrl+u", tea.KeyCtrlP: "ctrl+p", tea.KeyCtrlL: "ctrl+l", tea.KeyCtrlR: "ctrl+r", tea.KeyShiftTab: "shift+tab", tea.KeyPgDown: "pgdown",
	} {
		if n == name {
			return tea.KeyMsg{Type: t}
		}
	}
	if name == " " {
		return tea.KeyMsg{Type: tea.KeySpace, Runes: []rune{' '}}
	}
	return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(name)}
}

// goldenScreen is a screen by the keys that lead to it, or by messages.
type goldenScreen struct {
	name string
	keys []string
	msgs func() []tea.Msg
	opts Options
	prep func(*fake)
}

// goldenScreens are all screens.
var goldenScreens = []goldenScreen{
	{name: "overview"},
	{name: "overview-calm", prep: calm},
	{name: "overview-ascii", opts: Options{ASCII: true}},
	{name: "overview-read-only", prep: func(f *fake) { f.readOnly = true }},
	{name: "nodes", keys: []string{"2"}},
	{name: "services-filtered", keys: []string{"5", "/", "n", "e", "x", "t", "enter"}},
	{name: "node", keys: []string{"2", "enter"}},
	{name: "node-course", keys: []string{"2", "enter", "shift+tab"}},
	{name: "vm", keys: []string{"3", "j", "enter"}},
	{name: "share", keys: []string{"4", "enter"}},
	{name: "service", keys: []string{"enter"}},
	{name: "overview-by-name", keys: []string{"o", "O"}},
	{name: "actions", keys: []string{"a"}},
	{name: "actions-read-only", keys: []string{"a"}, prep: func(f *fake) { f.readOnly = true }},
	{name: "quiet", keys: []string{"m"}},
	{name: "backups", keys: []string{"6"}},
	{name: "playbooks", keys: []string{"7"}},
	{name: "history", keys: []string{"8"}},
	{name: "help", keys: []string{"?"}},
	{name: "palette", keys: []string{":", "p", "l", "a", "n"}},
	{name: "palette-arguments", keys: []string{":", "plan failover postgres --to"}},
	{name: "messages", keys: []string{"0", "M"}},
	{name: "plan", msgs: planned},
	{name: "plan-step", keys: []string{"j", "enter"}, msgs: planned},
	{name: "choose", msgs: func() []tea.Msg {
		asked := Request{Verb: actions.VerbRestore, Target: "share/homes"}
		return []tea.Msg{planMsg{asked: asked, plan: failover()}, copiesMsg{asked, homesCopies(), nil}}
	}},
	{name: "confirm", keys: []string{" ", "x"}, msgs: planned},
	{name: "confirm-key", opts: Options{Agent: true}, keys: []string{" ", "x"}, msgs: func() []tea.Msg {
		return append(planned(), typedMsg{"7f3a11c0", []string{"/home/anna/.ssh/id_ed25519"}})
	}},
	{name: "run", msgs: running(5)},
	{name: "run-long", msgs: longRun(7)},
	{name: "run-stop", keys: []string{"x"}, msgs: running(3)},
	{name: "run-past", keys: []string{"x"}, msgs: running(6)},
	{name: "run-hands", msgs: running(8), keys: []string{"x"}},
	{name: "report", msgs: func() []tea.Msg {
		return []tea.Msg{reportMsg{run: actions.Run{ID: "0412-k3f9"}, text: "# Run 0412\n\n## Left to do\n\n- rebuild the standby"}}
	}},
	{name: "passphrase", msgs: func() []tea.Msg {
		return []tea.Msg{questionMsg{&Question{Key: "/home/anna/.ssh/id_ed25519", Host: "nas1", Again: true, Answer: func(string, bool) {}}}}
	}},
	{name: "host-key", msgs: func() []tea.Msg {
		text, command, _ := keyPage(context.Background(), &fake{}, "node/edge", entry("node/edge", "ssh", "", actions.Unknown, "the host key has changed", time.Minute))
		return []tea.Msg{textMsg{title: "the key of edge", text: text, command: command}}
	}},
}

func calm(f *fake) {
	var es []actions.Entry
	f.state.All(func(e actions.Entry) bool {
		e.Status, e.Cause, e.Line, e.Since = actions.OK, "", "well", at.Add(-time.Hour)
		es = append(es, e)
		return true
	})
	f.state = actions.MakeState(es, nil)
}

func planned() []tea.Msg { return []tea.Msg{planMsg{asked: moved, plan: failover()}} }

// running is a run after so many events.
func running(n int) func() []tea.Msg {
	all := []actions.Event{
		{Type: actions.EventRun, To: "running"},
		{Type: actions.EventIntent, Step: "stop"}, {Type: actions.EventDone, Step: "stop", To: "ok"},
		{Type: actions.EventIntent, Step: "fence"}, {Type: actions.EventOutput, Step: "fence", Line: "vm 114 is stopped"},
		{Type: actions.EventDone, Step: "fence", To: "ok"}, {Type: actions.EventIntent, Step: "promote"},
		{Type: actions.EventDone, Step: "promote", To: "failed", Line: "exit 1: still in recovery"}, {Type: actions.EventRun, To: "hands", Line: "step promote failed"},
	}
	return func() []tea.Msg {
		r := actions.Run{ID: "0412-k3f9", Verb: actions.VerbFailover, Target: "service/postgres", Title: "Move service/postgres from pve to bak1", State: "running", Who: "anna", Made: at, Began: at.Add(-time.Minute), Plan: failover()}
		es := slices.Clone(all[:min(n+1, len(all))]) // screens are drawn side by side
		for i := range es {
			es[i].Run, es[i].Seq, es[i].At = r.ID, int64(i+1), at.Add(time.Duration(i*5-60)*time.Second)
			if es[i].Type == actions.EventRun {
				r.State = es[i].To
			}
		}
		return []tea.Msg{restMsg{runs: []actions.Run{r}}, startedMsg{run: r.ID}, runMsg{run: r, events: es}}
	}
}

// longRun is a run of nine steps of which so many are done and the next is under
// way.
func longRun(done int) func() []tea.Msg {
	return func() []tea.Msg {
		p := failover()
		p.Steps = nil
		r := actions.Run{ID: "0413-p2d7", Verb: actions.VerbPlaybook, Target: "playbook/patch", Title: "Patch every node", State: "running", Who: "anna", Made: at, Began: at.Add(-time.Minute)}
		es := []actions.Event{{Type: actions.EventRun, To: "running"}}
		for i := range 9 {
			id := fmt.Sprintf("patch-%d", i+1)
			p.Steps = append(p.Steps, actions.Step{ID: id, Title: fmt.Sprintf("patch host %d", i+1), Host: "node/pve", Timeout: time.Minute, Estimate: 5 * time.Second, NoReturn: i == 5})
			if i <= done {
				es = append(es, actions.Event{Type: actions.EventIntent, Step: id})
			}
			if i < done {
				es = append(es, actions.Event{Type: actions.EventDone, Step: id, To: "ok"})
			}
		}
		for i := range es {
			es[i].Run, es[i].Seq, es[i].At = r.ID, int64(i+1), at.Add(time.Duration(i*3-60)*time.Second)
		}
		r.Plan = p
		return []tea.Msg{restMsg{runs: []actions.Run{r}}, startedMsg{run: r.ID}, runMsg{run: r, events: es}}
	}
}

// show brings a console to a screen.
func show(t testing.TB, i, w, h int) *root { return showScreen(t, goldenScreens[i], w, h) }

func showScreen(t testing.TB, g goldenScreen, w, h int) *root {
	f := newFake(t)
	if g.prep != nil {
		g.prep(f)
	}
	m, c := ready(t, f, w, h, g.opts)
	if g.msgs != nil {
		for _, msg := range g.msgs() {
			if r, ok := msg.(restMsg); ok {
				r.seq, r.jobs, r.covers = m.restSeq, m.jobs, m.covers
				msg = r
			}
			m.Update(msg)
		}
	}
	for _, k := range g.keys {
		m.View()
		m.Update(keyOf(k))
	}
	m.View()
	answered(t, m, f)
	if !m.hears() {
		c.add(deaf)
		m.Update(restedMsg{})
	}
	return m
}

// answered gives a screen at once what it asks for when it is drawn.
func answered(t testing.TB, m *root, f *fake) {
	t.Helper()
	switch s := m.top().(type) {
	case *detail:
		for _, k := range s.wanted() {
			ps, _ := f.Series(t.Context(), k.Key, k.metric)
			m.Update(seriesMsg{k.Key, k.metric, ps})
		}
		if isHost(s.ref) {
			m.Update(m.readKnown(s.ref)())
		}
	case *overview:
		if ask := s.gauges.ask(m); ask != nil {
			m.Update(ask())
		}
	}
}

func TestScreens(t *testing.T) {
	t.Parallel()
	for i, g := range goldenScreens {
		for _, size := range [][2]int{{120, 36}, {80, 24}, {60, 15}} {
			name := fmt.Sprintf("%s/%dx%d", g.name, size[0], size[1])
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				got := show(t, i, size[0], size[1]).View()
				fits(t, got, size[0], size[1])
				golden(t, filepath.Join("..", "testdata", "screen", name+".golden"), trimmed(got))
			})
		}
	}
}

// trimmed is a screen without blanks at the ends of its lines.
func trimmed(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n") + "\n"
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if updating() {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; go test ./tui -run Screens -update writes it anew\n--- got\n%s--- want\n%s", path, got, want)
	}
}

// fits fails when a screen is larger than its terminal.
func fits(t testing.TB, s string, w, h int) {
	t.Helper()
	lines := strings.Split(s, "\n")
	if len(lines) > h {
		t.Errorf("%d lines in a terminal of %d", len(lines), h)
	}
	for i, l := range lines {
		if n := widget.Width(stripped(l)); n > w {
			t.Errorf("line %d takes %d cells of %d: %q", i+1, n, w, l)
		}
	}
}
