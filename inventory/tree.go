package inventory

import (
	"fmt"
)

// The tree keeps what decoding into structs would lose: where each key and
// each value stands, which of two equal keys came second, and what can still
// be read after a syntax error. Every rule of the package works on it, so that
// one run can name every mistake with its place.

// valueKind is the TOML type of a value.
type valueKind uint8

const (
	kindString valueKind = iota
	kindInt
	kindFloat
	kindBool
	kindTime // any date or time: no key of an inventory takes one
	kindList
	kindTable
)

func (k valueKind) String() string {
	return [...]string{"a string", "an integer", "a number with a point", "true or false", "a date or time", "a list", "a table"}[k]
}

// value is one TOML value and its place.
type value struct {
	kind  valueKind
	pos   Pos
	str   string
	num   int64
	float float64
	bool  bool
	list  []*value
	tab   *table
}

// entry is a key of a table with its value.
type entry struct {
	key string
	pos Pos // of the key
	val *value
	dup bool // the key stood there before: it counts for nothing but is checked all the same
}

// origin says how a table came to be, which decides what may be added to it.
type origin uint8

const (
	byPath   origin = iota // as the parent in a header: may still get a header of its own
	byHeader               // [a.b]
	byDots                 // a.b = 1
	byBraces               // { b = 1 }: closed
	byArray                // [[a.b]]
)

type table struct {
	pos     Pos
	from    origin
	entries []*entry // as written, duplicates included
	index   map[string]*entry
	broken  bool // a key of it was lost in a syntax error
}

func newTable(pos Pos, from origin) *table {
	return &table{pos: pos, from: from, index: map[string]*entry{}}
}

func (t *table) add(e *entry) {
	t.entries = append(t.entries, e)
	if !e.dup {
		t.index[e.key] = e
	}
}

// badRune returns the first character of s that could steer a terminal or make
// a name look like another one: control characters, and those that turn the
// direction of writing. Newlines and tabs pass where lines is set.
func badRune(s string, lines bool) (rune, bool) {
	for _, r := range s {
		switch {
		case lines && (r == '\n' || r == '\t'):
		case r < 0x20, r >= 0x7f && r < 0xa0,
			r == 0x061c, r >= 0x200b && r <= 0x200f, r >= 0x2028 && r <= 0x202e, r >= 0x2060 && r <= 0x2069, r == 0xfeff:
			return r, true
		}
	}
	return 0, false
}

// merge adds the entries of another file's root to t. Tables of things are
// joined, and a thing that stands in both is reported with both places.
func (t *table) merge(from *table, report func(pos Pos, hint, format string, args ...any)) {
	t.broken = t.broken || from.broken
	for _, e := range from.entries {
		old := t.index[e.key]
		switch {
		case old == nil || e.dup:
			t.add(e)
		case old.val.kind != kindTable || e.val.kind != kindTable:
			report(e.pos, "first at "+old.pos.String(), "key %q stands here a second time", e.key)
		default:
			old.val.tab.broken = old.val.tab.broken || e.val.tab.broken
			for _, x := range e.val.tab.entries {
				if first := old.val.tab.index[x.key]; first != nil && !x.dup {
					report(x.pos, "first at "+first.pos.String(), "%s is defined twice", quoteThing(e.key, x.key))
					x.dup = true
				}
				old.val.tab.add(x)
			}
		}
	}
}

func quoteThing(level, name string) string {
	if level == "ssh" {
		return fmt.Sprintf("key %q of [ssh]", name)
	}
	return level + "/" + name
}
