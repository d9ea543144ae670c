package ssh

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// MaxLine is how long a line may be, in bytes, where a caller does not say
// otherwise: enough for the longest line of JSON that a tool prints for a
// machine, small enough to be held.
const MaxLine = 256 << 10

// cutMark ends a line that was cut.
const cutMark = " [cut]"

// Clean returns b as text that may be drawn, logged and parsed. The result
//
//   - is valid UTF-8: a run of bytes that are none becomes one U+FFFD;
//   - holds no control character but newline and tab. Escape sequences (CSI,
//     OSC, DCS, with ESC or with C1) are dropped whole, at most up to the end of
//     their line; backspaces take back a character; of a line that was written
//     over after a carriage return the last text is kept; \r\n is a newline;
//   - holds nothing that hides or reorders text: no bidirectional controls, no
//     zero-width, tag or other invisible characters;
//   - has no line of more than max bytes: a longer one is cut and marked.
//
// A max of 0 is MaxLine. Cleaning twice is the same as cleaning once. b is not
// changed.
func Clean(b []byte, max int) []byte {
	var out bytes.Buffer
	out.Grow(len(b))
	c := Cleaner{Max: max, Line: func(line []byte, ended bool) {
		out.Write(line)
		if ended {
			out.WriteByte('\n')
		}
	}}
	c.Write(b)
	c.Flush()
	return out.Bytes()
}

// Cleaner cleans a stream that comes in pieces: however it is cut up, the lines
// are those of [Clean] over the whole. It holds one line at a time. It is not
// safe for concurrent use.
type Cleaner struct {
	Max  int                           // the longest line in bytes; 0 is MaxLine
	Line func(line []byte, ended bool) // is called for each line, without its newline; line is valid until it returns

	line  []byte
	over  int         // characters beyond Max that were not kept
	cr    bool        // a carriage return came: the next character begins the line anew
	bad   bool        // the last thing written stands for bytes that are no UTF-8
	state escapeState // where in an escape sequence
	part  [utf8.UTFMax]byte
	nPart int // bytes of part: the beginning of a character
}

// escapeState says where in an escape sequence a stream is (ECMA-48 5.3 to 5.6).
type escapeState uint8

const (
	ground     escapeState = iota
	escape                 // ESC, and intermediate bytes behind it
	csi                    // a control sequence: ends with a byte from 0x40 to 0x7E
	text                   // a control string (OSC, DCS, SOS, PM, APC): ends with ST or BEL
	textEscape             // ESC within one: what follows decides
)

// Write takes the next piece. It never fails.
func (c *Cleaner) Write(b []byte) {
	for len(b) > 0 {
		if c.state == ground && c.nPart == 0 {
			if n := plain(b); n > 0 {
				c.text(b[:n])
				b = b[n:]
				continue
			}
		}
		n := c.step(b)
		b = b[n:]
	}
}

// plain returns how many bytes b begins with that need no thought.
func plain(b []byte) int {
	for i, x := range b {
		if x < 0x20 && x != '\t' || x > 0x7e {
			return i
		}
	}
	return len(b)
}

// step takes one character, or the beginning of one, and returns its length.
func (c *Cleaner) step(b []byte) int {
	if c.nPart == 0 && b[0] < utf8.RuneSelf {
		c.rune(rune(b[0]))
		return 1
	}
	have := c.nPart
	n := copy(c.part[have:], b)
	p := c.part[:have+n]
	if !utf8.FullRune(p) {
		c.nPart = len(p)
		return n
	}
	c.nPart = 0
	r, size := utf8.DecodeRune(p)
	if r == utf8.RuneError && size == 1 {
		// The first byte is no beginning. If it was held back, what came
		// behind it is looked at again.
		c.invalid()
		if have == 0 {
			return 1
		}
		again := append([]byte(nil), p[1:have]...)
		for len(again) > 0 {
			again = again[c.step(again):]
		}
		return 0
	}
	c.rune(r)
	return size - have
}

// Flush ends the stream: what is held of the last line is handed on.
func (c *Cleaner) Flush() {
	if c.nPart > 0 {
		c.nPart = 0
		c.invalid()
	}
	c.state = ground
	if len(c.line) > 0 {
		c.end(false)
	}
	c.reset()
}

func (c *Cleaner) invalid() {
	if c.state != ground || c.bad {
		return
	}
	c.put(utf8.RuneError)
	c.bad = true
}

// rune takes one character through the escape sequences.
func (c *Cleaner) rune(r rune) {
	if r == '\n' {
		// A sequence that was never ended must not swallow the lines behind it.
		c.state = ground
		c.end(true)
		return
	}
	switch c.state {
	case text:
		switch {
		case r == 0x1b:
			c.state = textEscape
		case r == '\a' || r == 0x9c || r == 0x18 || r == 0x1a: // BEL, ST, CAN, SUB
			c.state = ground
		}
		return
	case textEscape:
		if r == '\\' { // ESC \ is ST
			c.state = ground
			return
		}
		c.state = escape // any other ESC ends the string and begins its own sequence
	case escape, csi, ground:
	}
	switch {
	case r == 0x1b:
		c.state = escape
	case r == 0x18 || r == 0x1a:
		c.state = ground
	case c.state == escape:
		c.introduce(r)
	case c.state == csi:
		switch {
		case r >= 0x40 && r <= 0x7e:
			c.state = ground
		case r < 0x20 || r > 0x7e: // not part of one: it was broken off
			c.state = ground
			c.rune(r)
		}
	case r >= 0x80 && r <= 0x9f: // C1: the same as ESC and r-0x40
		c.introduce(r - 0x40)
	default:
		c.ground(r)
	}
}

// introduce takes the character behind an ESC.
func (c *Cleaner) introduce(r rune) {
	switch {
	case r == '[':
		c.state = csi
	case r == ']' || r == 'P' || r == 'X' || r == '^' || r == '_':
		c.state = text
	case r >= 0x20 && r <= 0x2f: // an intermediate byte: one more comes
		c.state = escape
	case r >= 0x30 && r <= 0x7e:
		c.state = ground
	default:
		c.state = ground
		c.rune(r)
	}
}

// ground takes a character outside of escape sequences.
func (c *Cleaner) ground(r rune) {
	switch {
	case r == '\r':
		c.cr = true
	case r == '\b':
		c.back()
	case r == '\t':
		c.put(r)
	case r < 0x20 || r == 0x7f || hidden(r):
	default:
		c.put(r)
	}
}

// hidden reports characters that show nothing themselves and can hide, reorder
// or smuggle text: format characters (all bidirectional controls, joiners,
// tags), line and paragraph separators, variation selectors and the rest of
// what Unicode lets a terminal ignore. Signs of the same category that stand
// in front of digits are visible and stay.
func hidden(r rune) bool {
	if r < 0xad {
		return false
	}
	return unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point) &&
		!unicode.Is(unicode.Prepended_Concatenation_Mark, r)
}

// text writes plain ASCII.
func (c *Cleaner) text(b []byte) {
	c.overwrite()
	c.bad = false
	room := max(c.max()-len(c.line), 0)
	if c.over > 0 {
		room = 0
	}
	kept := min(room, len(b))
	c.line = append(c.line, b[:kept]...)
	c.over += len(b) - kept
}

// put writes one character.
func (c *Cleaner) put(r rune) {
	c.overwrite()
	c.bad = false
	if c.over > 0 || len(c.line)+utf8.RuneLen(r) > c.max() {
		c.over++
		return
	}
	c.line = utf8.AppendRune(c.line, r)
}

func (c *Cleaner) overwrite() {
	if c.cr {
		c.reset()
	}
}

// back takes the last character of the line back.
func (c *Cleaner) back() {
	c.bad = false
	switch {
	case c.cr: // the cursor stands at the beginning
	case c.over > 0:
		c.over--
	case len(c.line) > 0:
		_, n := utf8.DecodeLastRune(c.line)
		c.line = c.line[:len(c.line)-n]
	}
}

// end hands the line on.
func (c *Cleaner) end(ended bool) {
	if c.over > 0 {
		c.line = append(cutAt(c.line, c.max()-len(cutMark)), cutMark...)
	}
	c.Line(c.line, ended)
	c.reset()
}

func (c *Cleaner) reset() { c.line, c.over, c.cr, c.bad = c.line[:0], 0, false, false }

func (c *Cleaner) max() int {
	if c.Max <= 0 {
		return MaxLine
	}
	return max(c.Max, len(cutMark))
}

// cutAt returns at most n bytes of valid UTF-8 without cutting a character.
func cutAt(b []byte, n int) []byte {
	if len(b) <= n {
		return b
	}
	for n > 0 && !utf8.RuneStart(b[n]) {
		n--
	}
	return b[:n]
}
