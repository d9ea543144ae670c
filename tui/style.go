package tui

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"

	"jurymast/actions"
	"jurymast/tui/widget"
)

// styles name what is meant. They are made once; no other file knows a colour.
type styles struct {
	ok, warn, fail, unknown, dim, head, cursor, rule widget.Style

	signs, both                                            [4]string // by status: the sign, and with its word
	stale, running, waiting, muted, mark, tick, dash, tail string
	bar, rest, side                                        string
	ascii                                                  bool
}

// theme is the styles of a theme, before they are made into sequences.
type theme struct {
	ok, warn, fail, unknown, dim, head, cursor, rule lipgloss.Style
}

// sixteen is termenv's profile of terminals with the sixteen ANSI colours.
const sixteen = 2

// themes use the sixteen colours of the terminal, so that its own theme rules.
// Colour is extra everywhere: signs and words say the same.
var themes = func() map[string]theme {
	r := lipgloss.NewRenderer(io.Discard)
	r.SetColorProfile(sixteen)
	r.SetHasDarkBackground(true) // no terminal is asked
	plain := r.NewStyle()
	color := func(n uint) lipgloss.Style { return r.NewStyle().Foreground(lipgloss.ANSIColor(n)) }
	t := theme{ok: color(2), warn: color(3), fail: color(1), unknown: color(5), dim: plain.Faint(true), head: plain.Bold(true), cursor: plain.Reverse(true), rule: plain.Faint(true)}
	blue := t // blue and yellow stay apart without red and green
	blue.ok, blue.fail, blue.unknown = color(4), color(11).Bold(true), color(6)
	mono := theme{ok: plain, warn: plain, fail: plain.Bold(true), unknown: plain, dim: plain.Faint(true), head: plain.Bold(true), cursor: plain.Reverse(true), rule: plain.Faint(true)}
	return map[string]theme{
		"default": t, "colour-blind": blue, "mono": mono,
		"high-contrast": {ok: color(10), warn: color(11).Bold(true), fail: color(9).Bold(true), unknown: color(13).Bold(true), dim: plain, head: color(15).Bold(true), cursor: plain.Reverse(true).Bold(true), rule: plain},
	}
}()

// sequence is what turns a style on. It is made once: to ask lipgloss for every
// cell takes most of the time of a frame.
func sequence(s lipgloss.Style) widget.Style {
	on, _, _ := strings.Cut(s.Render("x"), "x")
	return widget.Style(on)
}

func themeNames() []string { return slices.Sorted(maps.Keys(themes)) }

func newStyles(name string, color, ascii bool) (*styles, error) {
	if name == "" {
		name = "default"
	}
	t, ok := themes[name]
	if !ok {
		return nil, fmt.Errorf("%q: %w; there are %s", name, ErrTheme, strings.Join(themeNames(), ", "))
	}
	var s styles
	if color {
		s = styles{
			ok: sequence(t.ok), warn: sequence(t.warn), fail: sequence(t.fail), unknown: sequence(t.unknown),
			dim: sequence(t.dim), head: sequence(t.head), cursor: sequence(t.cursor), rule: sequence(t.rule),
		}
	}
	s.ascii = ascii
	s.signs = [4]string{actions.OK: "✓", actions.Warn: "!", actions.Fail: "✗", actions.Unknown: "?"}
	s.stale, s.running, s.waiting, s.muted, s.mark, s.tick, s.dash, s.tail, s.bar, s.rest, s.side = "~", "↻", "·", "-", "▸", "*", "─", "…", "█", "·", "│"
	if ascii {
		s.signs = [4]string{actions.OK: "+", actions.Warn: "!", actions.Fail: "X", actions.Unknown: "?"}
		s.running, s.waiting, s.mark, s.dash, s.tail, s.bar, s.rest, s.side = "*", ".", ">", "-", "~", "#", ".", "|"
	}
	for st, sign := range s.signs {
		s.both[st] = sign + " " + words[st]
	}
	return &s, nil
}

// status returns the style of a status.
func (s *styles) status(st actions.Status) widget.Style {
	return [4]widget.Style{actions.OK: s.ok, actions.Warn: s.warn, actions.Fail: s.fail, actions.Unknown: s.unknown}[st&3]
}

// words of a status.
var words = [4]string{actions.OK: "ok", actions.Warn: "warn", actions.Fail: "FAIL", actions.Unknown: "unkn"}

// sign is the one cell that says how something is.
func (s *styles) sign(st actions.Status, stale, muted, looking bool) widget.Cell {
	c := widget.Cell{Text: s.signs[st&3], Style: s.status(st)}
	switch {
	case looking:
		c.Text = s.running
	case muted:
		c.Text = s.muted
	case stale:
		c.Text = s.stale
	}
	return c
}

// worded is a sign with the word of its status. What is usual costs nothing.
func (s *styles) worded(sign string, st actions.Status) string {
	if sign == s.signs[st&3] {
		return s.both[st&3]
	}
	return sign + " " + words[st&3]
}

func (s *styles) ruleLine(title, note string, w int) string {
	return widget.Rule(title, note, w, s.dash, s.rule)
}

// between is what stands between two panes in a line of theirs: the first is
// that of their titles.
func (s *styles) between(line int) string {
	if line > 0 {
		return s.rule.Paint(s.side) + " "
	}
	if s.ascii {
		return s.rule.Paint("+-")
	}
	return s.rule.Paint("┬─")
}

// newTable is a table in the styles of the console.
func (m *root) newTable(cells func(id string, buf []widget.Cell) []widget.Cell) widget.Table {
	return widget.Table{Tail: m.st.tail, Mark: m.st.mark, Tick: m.st.tick, Cursor: m.st.cursor, Cells: cells}
}

// text is a plain line of the width at most.
func (s *styles) text(t string, w int) string { return widget.Cut(t, w, s.tail) }

func stripped(s string) string { return ansi.Strip(s) }
