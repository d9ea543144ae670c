package tui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"jurymast/actions"
)

// asker puts questions to a console, and keeps what is answered.
type asker struct {
	t       *testing.T
	m       *root
	c       *clock
	frames  strings.Builder // all that was drawn
	answers []string        // "none" for one that was not given
}

func newAsker(t *testing.T, f *fake) *asker {
	t.Helper()
	m, c := ready(t, f, 80, 24, Options{})
	return &asker{t: t, m: m, c: c}
}

func (a *asker) sees(text string) *asker {
	a.t.Helper()
	if v := a.m.View(); !strings.Contains(v, text) {
		a.t.Fatalf("%q is not seen in\n%s", text, v)
	}
	return a
}

func (a *asker) update(msg tea.Msg) {
	a.m.Update(msg)
	a.frames.WriteString(a.m.View())
}

// question asks for a key, and returns what is asked.
func (a *asker) question(key string, again bool) *Question {
	q := &Question{Key: key, Host: "nas1", Again: again, Done: make(chan struct{}), Answer: func(p string, given bool) {
		if !given {
			p = "none"
		}
		a.answers = append(a.answers, p)
	}}
	a.update(questionMsg{q})
	return q
}

// rests lets keys in flight pass.
func (a *asker) rests() *asker {
	a.c.add(time.Second)
	a.update(tickMsg{})
	return a
}

func (a *asker) press(keys ...string) *asker {
	for _, k := range keys {
		a.update(keyOf(k))
	}
	return a
}

func (a *asker) types(text string) *asker { return a.press(strings.Split(text, "")...) }

func (a *asker) answered(want ...string) *asker {
	a.t.Helper()
	if fmt.Sprint(a.answers) != fmt.Sprint(want) {
		a.t.Fatalf("answered %q, want %q", a.answers, want)
	}
	return a
}

const thePassphrase = "xyzzy 7q"

// nothingLeaks fails when a part of the passphrase was drawn or is kept.
func (a *asker) nothingLeaks() {
	a.t.Helper()
	said := fmt.Sprint(a.m.messages, a.m.recent)
	for _, part := range []string{"xyzzy", "7q"} {
		if strings.Contains(a.frames.String(), part) || strings.Contains(said, part) {
			a.t.Errorf("%q of the passphrase was drawn, or said", part)
		}
	}
}

func TestAPassphraseIsAskedFor(t *testing.T) {
	t.Parallel()
	a := newAsker(t, newFake(t))
	a.question("/root/.ssh/id", false)
	a.sees("nas1 would take a key").sees("/root/.ssh/id").sees("a moment").types("q").answered()
	a.rests().types("wrong").sees("(typed)").press("ctrl+u").sees("> _").press("enter").answered()
	a.types("xyzzx").press("backspace").types("y 7q").press("enter").answered(thePassphrase).sees("Problems 6")
	a.nothingLeaks()

	a.question("/root/.ssh/id", true)
	a.sees("What was given did not open it").rests()
	a.update(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(thePassphrase + "\r\n"), Paste: true})
	a.press("enter").answered(thePassphrase, thePassphrase)
	a.nothingLeaks()
}

func TestAPassphraseIsNotGiven(t *testing.T) {
	t.Parallel()
	a := newAsker(t, newFake(t))
	a.question("/root/.ssh/id", false)
	a.press("esc").answered("none").sees("no passphrase was given for /root/.ssh/id")
	a.question("/root/.ssh/id", false)
	a.rests().types("xyzzy").press("esc").answered("none", "none")
	a.nothingLeaks()
}

// TestAPassphraseIsWaitedFor: a question that nobody waits for any more leaves its
// box, so that what is being typed reaches no other screen; the next one for the
// same key finds it.
func TestAPassphraseIsWaitedFor(t *testing.T) {
	t.Parallel()
	a := newAsker(t, newFake(t))
	q := a.question("/root/.ssh/id", false)
	a.rests().types("xyzzy")
	a.update(unaskedMsg{q})
	a.sees("given up waiting").types(" 7q").press("enter").answered().sees("handed over")
	a.question("/other", false)
	a.sees("/root/.ssh/id").answered()
	a.question("/root/.ssh/id", false)
	a.answered(thePassphrase).rests().sees("/other").press("esc").answered(thePassphrase, "none")

	q = a.question("/root/.ssh/id", false)
	a.update(unaskedMsg{q})
	a.press("esc").answered(thePassphrase, "none").sees("Problems 6")
	a.nothingLeaks()
}

// TestAPassphraseDoesNotInterrupt: no box opens while somebody types or chooses,
// and no screen opens over the box.
func TestAPassphraseDoesNotInterrupt(t *testing.T) {
	t.Parallel()
	for name, x := range map[string]struct{ open, close []string }{
		"a filter":  {[]string{"/", "n"}, []string{"esc"}},
		"a palette": {[]string{":", "n"}, []string{"esc"}},
		"a menu":    {[]string{"a"}, []string{"esc"}},
		"help":      {[]string{"?"}, []string{"esc"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAsker(t, newFake(t))
			a.press(x.open...)
			a.question("/root/.ssh/id", false)
			if _, box := a.m.top().(*passphrase); box || !strings.Contains(fmt.Sprint(a.m.messages), "once what is open is closed") {
				t.Fatalf("a box opened by itself over %T, or nothing was said", a.m.top())
			}
			a.press(x.close...).rests().sees("/root/.ssh/id")
		})
	}
	a := newAsker(t, newFake(t))
	a.question("/root/.ssh/id", false)
	a.rests().types("xyzzy ")
	a.update(planMsg{asked: moved, plan: failover()})
	a.update(copiesMsg{Request{Verb: actions.VerbRestore, Target: "share/homes"}, homesCopies(), nil})
	a.types("7q").press("enter").answered(thePassphrase).sees("plan 7f3a11c0")
	a.nothingLeaks()
}
