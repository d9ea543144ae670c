package tui

import (
	"fmt"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"jurymast/actions"
	"jurymast/tui/widget"
)

// confirm asks for a plan to be run, as gravely as it is. Cancel is what any
// other key does.
type confirm struct {
	*root
	of   *planScreen
	edit editor
}

func newConfirm(s *planScreen) *confirm   { return &confirm{root: s.root, of: s} }
func (c *confirm) crumb() string          { return "Confirm" }
func (c *confirm) update(tea.Msg) tea.Cmd { return nil }
func (c *confirm) view(int, int) []string { return nil }
func (c *confirm) bindings() []binding    { return nil }
func (c *confirm) asks() bool             { return true }
func (c *confirm) typing() bool           { return true }

// grave reports whether a word has to be typed.
func (c *confirm) grave() bool { return c.of.plan.Ladder >= actions.LadderGrave }

func (c *confirm) box(w, h int) []string {
	p := c.of.plan
	add := []string{""}
	say := func(format string, args ...any) {
		for _, l := range wrap(fmt.Sprintf(format, args...), w-6) {
			add = append(add, "  "+l)
		}
	}
	est, known := p.Estimate()
	about := "How long it takes is not known: it is the first run."
	if known {
		about = "About " + ageText(est) + "."
	}
	say("%d steps on %s. %s", len(p.Steps), names(p.Impact.Touches), about)
	if i := p.NoReturn(); i >= 0 {
		say("Step %d, %s, cannot be undone.", i+1, p.Steps[i].Title)
	}
	if first := c.of.keysFirst(); first != "" {
		say("A run cannot ask for the passphrase that was typed here: %s", first)
	}
	for _, o := range p.Impact.Down {
		say("%s is down%s.", o.Target, map[bool]string{true: " for about " + ageText(o.For)}[o.For > 0])
	}
	if a := c.accepted(); len(a) > 0 {
		say("Accepted: %s", strings.Join(a, ", "))
	}
	what := add
	add = []string{""}
	if c.grave() {
		say("Type  %s  to run it. Anything else cancels.", p.Word)
		add = append(add, "", "  > "+widget.Cut(c.edit.shown(), w-7, ""), "", c.st.dim.Paint("  "+c.foot()))
	} else {
		say("y runs it. Any other key cancels.")
		add = append(add, c.st.dim.Paint("  "+c.foot()))
	}
	if len(what)+len(add) > h-2 {
		blank := func(l string) bool { return l == "" }
		what, add = slices.DeleteFunc(what, blank), slices.DeleteFunc(add, blank)
	}
	if room := h - 2 - len(add); len(what) > room { // what is typed is always in sight
		what = append(what[:max(0, room-1)], "  "+c.st.tail+" all of it stands in the plan")
	}
	add = append(what, add...)
	return widget.Box("Run "+planWords(c.of.asked), add, w, c.st.ascii, c.st.warn)
}

// listening is said where keys count, and moment where they do not yet.
const (
	listening = "esc cancels"
	moment    = "a moment: keys that were on their way do not count"
)

// foot says which keys count now.
func (c *confirm) foot() string {
	switch {
	case !c.hears():
		return moment
	case !c.grave():
		return listening
	case c.word() == c.of.plan.Word && c.now.Sub(c.edit.last) >= rested:
		return "it matches: enter runs it          " + listening
	}
	return "enter run (only when it matches)          " + listening
}

// word is what was typed. A paste may bring a blank for its newline.
func (c *confirm) word() string { return strings.TrimSpace(c.edit.String()) }

func (c *confirm) accepted() []string {
	var out []string
	for name, yes := range c.of.accepted {
		if yes {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

func (c *confirm) typed(k tea.KeyMsg) tea.Cmd {
	p := c.of.plan
	if k.Type == tea.KeyEsc {
		c.close(c)
		c.say("cancelled: nothing was changed")
		return nil
	}
	if !c.grave() {
		c.close(c)
		if k.String() != "y" || k.Paste {
			c.say("cancelled: nothing was changed")
			return nil
		}
		return c.run(Consent{Yes: true, Accept: c.accepted()})
	}
	if k.Type != tea.KeyEnter {
		c.edit.key(k, c.now)
		return redraw(rested)
	}
	if c.now.Sub(c.edit.last) < rested {
		return nil // the end of a line that was pasted
	}
	c.close(c)
	word := c.word()
	if word != p.Word || p.Word == "" {
		c.say(fmt.Sprintf("cancelled: %q is not %q; nothing was changed", word, p.Word))
		return nil
	}
	return c.run(Consent{Yes: true, Confirm: word, Accept: c.accepted()})
}

func (c *confirm) run(consent Consent) tea.Cmd {
	if why := c.of.notNow(); why != "" {
		c.say(why)
		return nil
	}
	c.say("starting; the run is a process of its own")
	return c.start(c.of.plan, consent)
}
