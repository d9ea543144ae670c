package inventory

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Format returns an inventory in its usual form: nothing indented, one blank
// around each equals sign, a blank line ahead of every table and nowhere two,
// lists and tables in braces spaced alike, lists over several lines with one
// item a line and a comma behind the last. Order, comments and values stay as
// they are, down to how a number or a text is written.
//
// What it returns is read again and compared with what it was given: Format
// gives an error rather than another meaning. A text with mistakes of syntax
// or keys that stand twice is not touched; the error is then [Problems],
// without the name of a file.
func Format(src []byte) ([]byte, error) {
	before, err := readClean(src)
	if err != nil {
		return nil, err
	}
	f := formatter{src: bytes.TrimPrefix(src, []byte("\xef\xbb\xbf"))}
	out, err := f.format()
	if err != nil {
		return nil, err
	}
	after, err := readClean(out)
	if err != nil || !sameTable(before, after) || !slices.Equal(f.comments, commentsOf(out)) {
		return nil, errors.New("formatted it would mean something else; this is a fault of jurymast, and nothing was changed")
	}
	return out, nil
}

// readClean reads a text that has no mistakes of syntax.
func readClean(src []byte) (*table, error) {
	var ps Problems
	root, _ := readTree("", src, func(pos Pos, hint, format string, args ...any) {
		ps = append(ps, Problem{Pos: pos, Hint: hint, Text: fmt.Sprintf(format, args...)})
	})
	if len(ps) > 0 {
		return nil, ps
	}
	return root, nil
}

func sameTable(a, b *table) bool {
	return slices.EqualFunc(a.entries, b.entries, func(x, y *entry) bool { return x.key == y.key && sameValue(x.val, y.val) })
}

func sameValue(a, b *value) bool {
	if a.kind != b.kind || a.str != b.str || a.num != b.num || a.float != b.float || a.bool != b.bool {
		return false
	}
	if a.kind == kindTable {
		return sameTable(a.tab, b.tab)
	}
	return slices.EqualFunc(a.list, b.list, sameValue)
}

func commentsOf(src []byte) []string {
	f := formatter{src: src}
	_, _ = f.format() // what it has just written
	return f.comments
}

// token is one piece of TOML as it stands.
type token struct {
	kind byte // one of [ ] { } , = # or newline; 'b' for a bare word, 's' for a text in quotes; 0 at the end
	text string
}

// formatter goes over a text whose syntax is known to be right, so that it
// need only tell its pieces apart.
type formatter struct {
	src      []byte
	at       int
	peeked   *token
	comments []string
	lines    []line
}

// line is one or, where a value goes over several, more lines of output.
type line struct {
	kind byte // 0 blank, '#' comment, '[' header, '=' key and value
	text string
}

var errFormat = errors.New("it is written in a way that cannot be formatted")

func (f *formatter) format() ([]byte, error) {
	for {
		switch t := f.next(); t.kind {
		case 0:
			return f.print(), nil
		case '\n':
			f.lines = append(f.lines, line{})
		case '#':
			f.lines = append(f.lines, line{'#', t.text})
			f.endOfLine()
		case '[':
			f.header()
		case 'b', 's':
			if err := f.keyValue(t, "\n"); err != nil {
				return nil, err
			}
		default:
			return nil, errFormat
		}
	}
}

// header reads the rest of [a.b] or [[a.b]].
func (f *formatter) header() {
	open, closing := "[", "]"
	if f.peek().kind == '[' {
		f.next()
		open, closing = "[[", "]]"
	}
	var name strings.Builder
	for f.peek().kind == 'b' || f.peek().kind == 's' {
		name.WriteString(f.next().text)
	}
	for range closing {
		f.next()
	}
	f.lines = append(f.lines, line{'[', open + name.String() + closing + f.trailing()})
}

// keyValue reads the rest of a line that begins with a key.
func (f *formatter) keyValue(first token, indent string) error {
	key, val, err := f.pair(first, indent)
	if err != nil {
		return err
	}
	f.lines = append(f.lines, line{'=', key + " = " + val + f.trailing()})
	return nil
}

// pair reads key = value. indent is a newline and what stands ahead of the
// first character of the line that the pair is on.
func (f *formatter) pair(first token, indent string) (key, val string, err error) {
	key = first.text
	for f.peek().kind == 'b' || f.peek().kind == 's' {
		key += f.next().text
	}
	if f.next().kind != '=' {
		return "", "", errFormat
	}
	val, err = f.value(f.next(), indent)
	return key, val, err
}

func (f *formatter) value(t token, indent string) (string, error) {
	switch t.kind {
	case 's':
		return t.text, nil
	case 'b':
		text := t.text
		for f.peek().kind == 'b' { // a date and a time with a blank between them
			text += " " + f.next().text
		}
		return text, nil
	case '[':
		return f.list(indent)
	case '{':
		return f.braces(indent)
	}
	return "", errFormat
}

// list reads the rest of [a, b]. It stays on one line if it was on one.
func (f *formatter) list(indent string) (string, error) {
	const step = "  "
	// Written twice over, since only its end tells whether one line will do.
	var short, long strings.Builder
	broken, items := false, 0
	last := byte('[')
	for {
		t := f.next()
		switch t.kind {
		case ',':
		case '\n':
			broken = true
		case '#':
			if last == '\n' || items == 0 {
				long.WriteString(indent + step + t.text)
			} else {
				long.WriteString("  " + t.text) // it speaks of the item ahead of it
			}
			broken = true
		case ']':
			if broken {
				return "[" + long.String() + indent + "]", nil
			}
			return "[" + short.String() + "]", nil
		default:
			val, err := f.value(t, indent+step)
			if err != nil {
				return "", err
			}
			broken = broken || (t.kind == '[' || t.kind == '{') && strings.Contains(val, "\n")
			if items > 0 {
				short.WriteString(", ")
			}
			short.WriteString(val)
			long.WriteString(indent + step + val + ",")
			items++
		}
		last = t.kind
	}
}

// braces reads the rest of { a = 1 }, which is always on one line.
func (f *formatter) braces(indent string) (string, error) {
	var pairs []string
	for {
		switch t := f.next(); t.kind {
		case ',':
		case '}':
			if len(pairs) == 0 {
				return "{}", nil
			}
			return "{ " + strings.Join(pairs, ", ") + " }", nil
		case 'b', 's':
			key, val, err := f.pair(t, indent)
			if err != nil {
				return "", err
			}
			pairs = append(pairs, key+" = "+val)
		default:
			return "", errFormat
		}
	}
}

// trailing reads to the end of the line and returns the comment there.
func (f *formatter) trailing() string {
	text := ""
	if f.peek().kind == '#' {
		text = "  " + f.next().text
	}
	f.endOfLine()
	return text
}

func (f *formatter) endOfLine() {
	if f.peek().kind == '\n' {
		f.next()
	}
}

// print writes the lines with blank ones where they belong.
func (f *formatter) print() []byte {
	var kept []line
	for _, l := range f.lines {
		last := byte(0) // as if a blank line stood ahead of the first
		if len(kept) > 0 {
			last = kept[len(kept)-1].kind
		}
		switch l.kind {
		case 0:
			if last == 0 || last == '[' {
				continue
			}
		case '[':
			// A comment right above a table belongs to it.
			i := len(kept)
			for i > 0 && kept[i-1].kind == '#' {
				i--
			}
			if i > 0 && kept[i-1].kind != 0 {
				kept = slices.Insert(kept, i, line{})
			}
		}
		kept = append(kept, l)
	}
	for len(kept) > 0 && kept[len(kept)-1].kind == 0 {
		kept = kept[:len(kept)-1]
	}
	var b bytes.Buffer
	for _, l := range kept {
		b.WriteString(l.text)
		b.WriteByte('\n')
	}
	return b.Bytes()
}

func (f *formatter) peek() token {
	if f.peeked == nil {
		t := f.lex()
		f.peeked = &t
	}
	return *f.peeked
}

func (f *formatter) next() token {
	t := f.peek()
	f.peeked = nil
	return t
}

// lex returns the next token. Blanks between tokens mean nothing in TOML.
func (f *formatter) lex() token {
	for f.at < len(f.src) && strings.IndexByte(" \t\r", f.src[f.at]) >= 0 {
		f.at++
	}
	if f.at >= len(f.src) {
		return token{}
	}
	rest := f.src[f.at:]
	n, kind := 1, rest[0]
	switch kind {
	case '\n', '[', ']', '{', '}', ',', '=':
	case '#':
		if n = bytes.IndexByte(rest, '\n'); n < 0 {
			n = len(rest)
		}
	case '"', '\'':
		n, kind = quoted(rest), 's'
	default:
		if n = bytes.IndexAny(rest, " \t\r\n[]{},=#\"'"); n < 0 {
			n = len(rest)
		}
		kind = 'b'
	}
	f.at += n
	t := token{kind, string(rest[:n])}
	if kind == '#' {
		t.text = strings.TrimRight(t.text, " \t\r")
		f.comments = append(f.comments, t.text)
	}
	return t
}

// quoted returns the length of the text in quotes that b begins with.
func quoted(b []byte) int {
	quote := b[0]
	size := 1
	if len(b) >= 3 && b[1] == quote && b[2] == quote {
		size = 3
	}
	for i := size; i < len(b); i++ {
		if b[i] == '\\' && quote == '"' {
			i++ // whatever is escaped does not end it
			continue
		}
		if size == 1 && b[i] == quote {
			return i + 1
		}
		if size == 3 && bytes.HasPrefix(b[i:], []byte{quote, quote, quote}) {
			i += 3
			for extra := 0; extra < 2 && i < len(b) && b[i] == quote; extra++ {
				i++ // one or two quotes may stand ahead of the three at the end
			}
			return i
		}
	}
	return len(b)
}
