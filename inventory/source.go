package inventory

import (
	"bytes"
	"errors"
	"math"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2/unstable"
)

const (
	maxSyntaxErrors = 10 // in one file; what follows more of them is guesswork
	maxDepth        = 16 // of nested arrays and tables; the deepest key of an inventory is at 5
)

// source is one file on its way into the tree.
type source struct {
	name   string
	data   []byte
	starts []int // offset at which each line begins
	report func(pos Pos, hint, format string, args ...any)
	root   *table
	cur    *table // what a key = value line goes to
	lost   bool   // a table header was lost in a syntax error
}

// readTree reads one file. It never fails: what is wrong is reported, and what
// can be read is returned. lost says that a whole table may be missing.
func readTree(name string, data []byte, report func(pos Pos, hint, format string, args ...any)) (root *table, lost bool) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	s := &source{name: name, data: data, report: report}
	s.starts = append(s.starts, 0)
	for i, c := range data {
		if c == '\n' {
			s.starts = append(s.starts, i+1)
		}
	}
	s.root = newTable(s.pos(0), byHeader)
	s.cur = s.root
	if i := firstInvalid(data); i >= 0 {
		report(s.pos(i), "save the file as UTF-8", "byte 0x%02x is not UTF-8", data[i])
		return s.root, true
	}
	s.read()
	return s.root, s.lost
}

// firstInvalid returns the offset of the first byte that is not UTF-8, or -1.
func firstInvalid(b []byte) int {
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}

func (s *source) pos(offset int) Pos {
	line := sort.SearchInts(s.starts, offset+1)
	return Pos{File: s.name, Line: line, Col: offset - s.starts[line-1] + 1}
}

// read runs the parser over the file, and again from a later line after each
// syntax error.
func (s *source) read() {
	var p unstable.Parser
	from := 0
	for range maxSyntaxErrors {
		p.Reset(s.data[from:])
		end := from // of the last expression that could be read
		for p.NextExpression() {
			end = s.expression(p.Expression(), from)
		}
		if p.Error() == nil {
			return
		}
		at := end
		var pe *unstable.ParserError
		if errors.As(p.Error(), &pe) {
			// Highlights are cut from the data, so the capacities give the offset.
			if o := cap(s.data) - cap(pe.Highlight); o >= 0 && o < len(s.data) {
				at = o
			}
		}
		s.report(s.pos(at), syntaxHint(p.Error().Error()), "%s", p.Error().Error())
		from = s.resume(end, at)
		if from >= len(s.data) {
			return
		}
	}
}

func syntaxHint(msg string) string {
	switch {
	case strings.Contains(msg, "U+000A at start of value"):
		return "the value is missing"
	case strings.Contains(msg, "start of value"), strings.Contains(msg, "expected keyword"), strings.Contains(msg, "strings must be quoted"):
		return `text stands in quotes: key = "value"`
	case strings.Contains(msg, "expected newline"):
		return `text stands in quotes, and a line holds one key = "value"`
	case strings.Contains(msg, "expected '='"):
		return "a line is key = value, a [table] or a # comment"
	}
	return ""
}

// aStart is what a line looks like at which an expression begins.
var aStart = regexp.MustCompile(`^[ \t]*(\[\[?[^\[\]\n]+\]|[A-Za-z0-9_.\-"' \t]+=)`)

// resume returns where to go on after a syntax error at offset at, in an
// expression that began at or after end: the next line that looks like the
// start of another one. It marks what the error may have cost.
func (s *source) resume(end, at int) int {
	line := s.pos(end).Line - 1
	if end > 0 && s.starts[line] < end {
		line++ // end is inside the line of the expression before
	}
	text := func(i int) []byte {
		if i+1 < len(s.starts) {
			return s.data[s.starts[i]:s.starts[i+1]]
		}
		return s.data[s.starts[i]:]
	}
	// A second fault in the line of a good expression leaves at before line.
	line = min(line, s.pos(at).Line-1)
	for line < s.pos(at).Line-1 {
		if t := bytes.TrimSpace(text(line)); len(t) > 0 && t[0] != '#' {
			break
		}
		line++
	}
	if t := bytes.TrimSpace(text(line)); len(t) > 0 && t[0] == '[' {
		s.lost = true
		s.cur = newTable(s.pos(at), byHeader)
	}
	s.cur.broken = true
	for line++; line < len(s.starts); line++ {
		if aStart.Match(text(line)) {
			return s.starts[line]
		}
	}
	return len(s.data)
}

// expression puts one top-level expression into the tree and returns the
// offset of its end.
func (s *source) expression(n *unstable.Node, base int) int {
	switch n.Kind {
	case unstable.Table, unstable.ArrayTable:
		path, end := s.path(n, base)
		s.header(path, n.Kind == unstable.ArrayTable)
		return end
	case unstable.KeyValue:
		s.keyValue(s.cur, n, base, 0)
		return base + int(n.Raw.Offset) + int(n.Raw.Length)
	}
	return base
}

// part is one part of a dotted key.
type part struct {
	key string
	pos Pos
}

func (s *source) path(n *unstable.Node, base int) (parts []part, end int) {
	for it := n.Key(); it.Next(); {
		k := it.Node()
		from := base + int(k.Raw.Offset)
		end = from + int(k.Raw.Length)
		p := part{key: string(k.Data), pos: s.pos(from)}
		if len(parts) == maxDepth {
			s.report(p.pos, "", "nested more than %d levels deep", maxDepth)
			return nil, end
		}
		if bad, ok := badRune(p.key, false); ok {
			s.report(p.pos, "", "a key holds the control character %U", bad)
			return nil, end // whatever it names, it is not what was meant
		}
		parts = append(parts, p)
	}
	return parts, end
}

// header opens the table that a [a.b] or [[a.b]] line names.
func (s *source) header(path []part, array bool) {
	t := s.root
	if len(path) == 0 {
		s.cur = newTable(s.root.pos, byHeader)
		return
	}
	for _, p := range path[:len(path)-1] {
		next := s.enter(t, p)
		if next == nil {
			s.cur = newTable(p.pos, byHeader)
			return
		}
		t = next
	}
	last := path[len(path)-1]
	old := t.index[last.key]
	from := byHeader
	if array {
		from = byArray
	}
	fresh := newTable(last.pos, from)
	s.cur = fresh
	val := &value{kind: kindTable, pos: last.pos, tab: fresh}
	switch {
	case old == nil && array:
		t.add(&entry{key: last.key, pos: last.pos, val: &value{kind: kindList, pos: last.pos, list: []*value{val}, tab: fresh}})
	case old == nil:
		t.add(&entry{key: last.key, pos: last.pos, val: val})
	case array && old.val.kind == kindList && old.val.tab != nil:
		old.val.list = append(old.val.list, val)
		old.val.tab = fresh
	case !array && old.val.kind == kindTable && old.val.tab.from == byPath:
		old.val.tab.from = byHeader
		old.pos, old.val.pos, old.val.tab.pos = last.pos, last.pos, last.pos
		s.cur = old.val.tab
	default:
		var name []string
		for _, p := range path {
			name = append(name, p.key)
		}
		s.report(last.pos, "first at "+old.pos.String(), "table [%s] stands here a second time", strings.Join(name, "."))
		t.add(&entry{key: last.key, pos: last.pos, val: val, dup: true})
	}
}

// enter returns the table at a part of a header that is not its last one.
func (s *source) enter(t *table, p part) *table {
	old := t.index[p.key]
	switch {
	case old == nil:
		next := newTable(p.pos, byPath)
		t.add(&entry{key: p.key, pos: p.pos, val: &value{kind: kindTable, pos: p.pos, tab: next}})
		return next
	case old.val.tab != nil && old.val.tab.from != byBraces:
		return old.val.tab // of an array of tables: the newest
	case old.val.kind == kindTable:
		s.report(p.pos, "it is written as { … } at "+old.pos.String()+" and nothing can be added to that", "table %q is closed", p.key)
	default:
		s.report(p.pos, "it has a value at "+old.pos.String(), "%q is not a table", p.key)
	}
	return nil
}

func (s *source) twice(p part, old *entry) {
	s.report(p.pos, "first at "+old.pos.String(), "key %q stands here a second time", p.key)
}

// keyValue puts one key = value into t.
func (s *source) keyValue(t *table, n *unstable.Node, base, depth int) {
	path, end := s.path(n, base)
	if len(path) == 0 {
		return
	}
	for _, p := range path[:len(path)-1] {
		old := t.index[p.key]
		switch {
		case old == nil:
			next := newTable(p.pos, byDots)
			t.add(&entry{key: p.key, pos: p.pos, val: &value{kind: kindTable, pos: p.pos, tab: next}})
			t = next
		case old.val.kind == kindTable && old.val.tab.from == byDots:
			t = old.val.tab
		default:
			s.twice(p, old)
			return
		}
	}
	last := path[len(path)-1]
	// Arrays have no place of their own in the parser's tree: the value begins
	// behind the equals sign.
	at := end
	for at < len(s.data) && strings.IndexByte(" \t=", s.data[at]) >= 0 {
		at++
	}
	if at >= len(s.data) {
		at = end
	}
	e := &entry{key: last.key, pos: last.pos, val: s.value(n.Value(), base, s.pos(at), depth)}
	if old := t.index[last.key]; old != nil {
		s.twice(last, old)
		e.dup = true
	}
	t.add(e)
}

// value converts a value. near is its place where the parser gives none.
func (s *source) value(n *unstable.Node, base int, near Pos, depth int) *value {
	v := &value{pos: near}
	if n.Raw.Length > 0 {
		v.pos = s.pos(base + int(n.Raw.Offset))
	}
	if depth > maxDepth {
		s.report(v.pos, "", "nested more than %d levels deep", maxDepth)
		return v
	}
	switch n.Kind {
	case unstable.String:
		v.str = string(n.Data)
		if bad, ok := badRune(v.str, true); ok {
			s.report(v.pos, "", "the text holds the control character %U", bad)
			v.str = strings.Map(func(r rune) rune {
				if _, bad := badRune(string(r), true); bad {
					return -1
				}
				return r
			}, v.str)
		}
	case unstable.Bool:
		v.kind, v.bool = kindBool, n.Data[0] == 't'
	case unstable.Integer:
		v.kind = kindInt
		num, err := strconv.ParseInt(strings.TrimPrefix(string(n.Data), "+"), 0, 64)
		if err != nil {
			s.report(v.pos, "", "%s is too large for a number", n.Data)
		}
		v.num = num
	case unstable.Float:
		v.kind = kindFloat
		f, err := strconv.ParseFloat(strings.ReplaceAll(string(n.Data), "_", ""), 64)
		if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
			s.report(v.pos, "", "%s is not a usable number", n.Data)
			f = 0
		}
		v.float = f
	case unstable.Array:
		v.kind = kindList
		for it := n.Children(); it.Next(); {
			v.list = append(v.list, s.value(it.Node(), base, near, depth+1))
		}
	case unstable.InlineTable:
		v.kind = kindTable
		v.tab = newTable(v.pos, byDots) // closed once it is read
		for it := n.Children(); it.Next(); {
			s.keyValue(v.tab, it.Node(), base, depth+1)
		}
		closeTable(v.tab)
	default:
		v.kind = kindTime
	}
	return v
}

// closeTable marks an inline table, and those that dotted keys made in it, as
// closed.
func closeTable(t *table) {
	t.from = byBraces
	for _, e := range t.entries {
		if e.val.kind == kindTable && e.val.tab.from == byDots {
			closeTable(e.val.tab)
		}
	}
}
