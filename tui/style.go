package tui

import (
	"fmt"
	"maps"
	"slices"
	"strings"

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

// themes use the sixteen colours of the terminal (ECMA-48, SGR), so that its
// own theme rules. Colour is extra everywhere: signs and words say the same.
var themes = map[string]styles{
	"default":       {ok: "\x1b[32m", warn: "\x1b[33m", fail: "\x1b[31m", unknown: "\x1b[35m", dim: "\x1b[2m", head: "\x1b[1m", cursor: "\x1b[7m", rule: "\x1b[2m"},
	"high-contrast": {ok: "\x1b[92m", warn: "\x1b[93;1m", fail: "\x1b[91;1m", unknown: "\x1b[95;1m", head: "\x1b[97;1m", cursor: "\x1b[7;1m"},
	// Blue and yellow stay apart without red and green.
	"colour-blind": {ok: "\x1b[34m", warn: "\x1b[33m", fail: "\x1b[93;1m", unknown: "\x1b[36m", dim: "\x1b[2m", head: "\x1b[1m", cursor: "\x1b[7m", rule: "\x1b[2m"},
	"mono":         {fail: "\x1b[1m", head: "\x1b[1m", cursor: "\x1b[7m", dim: "\x1b[2m", rule: "\x1b[2m"},
}

func themeNames() []string { return slices.Sorted(maps.Keys(themes)) }

func newStyles(theme string, color, ascii bool) (*styles, error) {
	if theme == "" {
		theme = "default"
	}
	s, ok := themes[theme]
	if !ok {
		return nil, fmt.Errorf("%q: %w; there are %s", theme, ErrTheme, strings.Join(themeNames(), ", "))
	}
	if !color {
		s = styles{}
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

// text is a plain line of the width at most.
func (s *styles) text(t string, w int) string { return widget.Cut(t, w, s.tail) }

func stripped(s string) string { return ansi.Strip(s) }
