// Package widget draws what it is given: lines, tables, sparklines, boxes over
// others. It knows no fleet, and no line that it returns is wider than it was
// told. All text that it is given is taken for hostile: what could steer a
// terminal is left out.
package widget

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"
)

// Style is what turns a style on, as an escape sequence; the zero Style is
// plain text.
type Style string

// reset ends every style (ECMA-48, SGR 0).
const reset = "\x1b[0m"

// Paint returns text in a style. The text must have come from [Fit] or be our
// own: it is drawn as it is.
func (s Style) Paint(text string) string {
	if s == "" || text == "" {
		return text
	}
	return string(s) + text + reset
}

// Cell is plain text of one style.
type Cell struct {
	Text  string
	Style Style
}

// Clean returns text without anything that could steer a terminal or lead the
// eye astray: control characters, escape sequences, marks of direction
// (UAX 9) and invalid UTF-8.
func Clean(s string) string {
	if harmless(s) {
		return s
	}
	s = strings.ToValidUTF8(ansi.Strip(s), "\uFFFD")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r':
			return ' '
		case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp):
			return -1
		}
		return r
	}, s)
}

// harmless reports whether every rune is one that Clean keeps, by a test that
// is quick for what nearly all text is.
func harmless(s string) bool {
	for i := 0; i < len(s); {
		c := s[i]
		if c >= 0x20 && c < 0x7f {
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if c < 0x80 || !narrow(r) {
			return false
		}
		i += n
	}
	return true
}

// narrow reports whether a rune takes one cell in every terminal of a western
// locale: Latin, and the signs that the console itself draws.
func narrow(r rune) bool {
	return r >= 0xa1 && r < 0x300 && r != 0xad || r >= 0x2010 && r <= 0x2027 ||
		r >= 0x2190 && r <= 0x21ff || r >= 0x2500 && r <= 0x25fc || r >= 0x2713 && r <= 0x2718
}

// Width returns how many cells text without escape sequences takes.
func Width(s string) int {
	if harmless(s) {
		return utf8.RuneCountInString(s)
	}
	return ansi.StringWidth(s)
}

// Fit returns text exactly so many cells wide and clean: padded with blanks, or
// cut and marked with a tail.
func Fit(text string, width int, tail string) string {
	text, pad := fit(text, width, tail)
	if pad == 0 {
		return text
	}
	return text + blanks(pad)
}

// fit is Fit with the padding apart.
func fit(text string, width int, tail string) (string, int) {
	if width <= 0 {
		return "", 0
	}
	// A line of a megabyte is not measured to show a hundred cells of it.
	if most := 16*width + 64; len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + tail
	}
	w := 0
	if harmless(text) {
		w = utf8.RuneCountInString(text)
	} else {
		text = Clean(text)
		w = ansi.StringWidth(text)
	}
	if w <= width {
		return text, width - w
	}
	if Width(tail) > width {
		tail = ""
	}
	text = ansi.Truncate(text, width, tail)
	return text, width - ansi.StringWidth(text)
}

// Cut is Fit without the padding.
func Cut(text string, width int, tail string) string {
	return strings.TrimRight(Fit(text, width, tail), " ")
}

// Clip cuts a line that may be styled to a width.
func Clip(line string, width int) string {
	if width <= 0 {
		return ""
	}
	if len(line) <= width || shorter(line, width) {
		return line
	}
	return ansi.Truncate(line, width, "")
}

// shorter reports whether a styled line of signs that are one cell wide surely
// fits: nearly all lines do, and to cut one costs much more.
func shorter(line string, width int) bool {
	n := 0
	for i := 0; i < len(line); {
		switch c := line[i]; {
		case c == 0x1b:
			end := strings.IndexByte(line[i:], 'm')
			if end < 0 || i+1 >= len(line) || line[i+1] != '[' {
				return false
			}
			i += end + 1
			continue
		case c < 0x20 || c == 0x7f:
			return false
		case c < 0x80:
			i++
		default:
			r, size := utf8.DecodeRuneInString(line[i:])
			if !narrow(r) {
				return false
			}
			i += size
		}
		n++
	}
	return n <= width
}

const manyBlanks = "                                                                                                                                "

func blanks(n int) string {
	if n <= 0 {
		return ""
	}
	if n <= len(manyBlanks) {
		return manyBlanks[:n]
	}
	return strings.Repeat(" ", n)
}

// Rule is a horizontal rule with a title at its left and a note at its right.
func Rule(title, note string, width int, dash string, style Style) string {
	if width <= 0 {
		return ""
	}
	left, right := dash+dash, ""
	if title != "" {
		left += " " + Cut(title, width, "") + " "
	}
	if note != "" {
		right = " " + Cut(note, width, "") + " " + dash
	}
	n := width - Width(left) - Width(right)
	if n < 1 {
		right = ""
		n = max(0, width-Width(left))
	}
	return style.Paint(Fit(left+strings.Repeat(dash, n)+right, width, ""))
}

// Overlay draws a box over lines, its first line at row y and its left edge at
// column x. What is left and right of it stays.
func Overlay(base, box []string, x, y int) []string {
	out := append([]string(nil), base...)
	for i, b := range box {
		if y+i < 0 || y+i >= len(out) {
			continue
		}
		line := out[y+i]
		left := ansi.Truncate(line, x, "")
		left += blanks(x - ansi.StringWidth(left))
		end := x + ansi.StringWidth(b)
		right := ansi.TruncateLeft(line, end, "")
		if ansi.StringWidth(right) > max(0, ansi.StringWidth(line)-end) {
			right = " " + ansi.TruncateLeft(line, end+1, "") // half of a wide character is a blank
		}
		if left != "" && strings.Contains(left, "\x1b") {
			left += reset
		}
		out[y+i] = left + b + right
	}
	return out
}

// Box draws a frame of the width around lines.
func Box(title string, lines []string, width int, ascii bool, style Style) []string {
	b := lipgloss.NormalBorder()
	if ascii {
		b = lipgloss.ASCIIBorder()
	}
	tl, tr, bl, br, h, v := b.TopLeft, b.TopRight, b.BottomLeft, b.BottomRight, b.Top, b.Left
	inner := max(0, width-2)
	head := Cut(title, max(0, inner-4), "")
	fill := max(0, inner-Width(head)-3)
	out := make([]string, 0, len(lines)+2)
	out = append(out, style.Paint(tl+h+" "+head+" "+strings.Repeat(h, fill)+tr))
	for _, l := range lines {
		l = Clip(l, inner)
		out = append(out, style.Paint(v)+l+blanks(inner-ansi.StringWidth(l))+style.Paint(v))
	}
	return append(out, style.Paint(bl+strings.Repeat(h, inner)+br))
}
