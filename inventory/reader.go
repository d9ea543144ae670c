package inventory

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// reader takes the values of one table. Every value that is of the wrong type
// is reported and read as if it were not there, so that one slip does not hide
// the next.
type reader struct {
	b     *builder
	what  string // "node/pve1", "[ssh]", "" for the top of the file: for messages
	tab   *table
	known []Option
	kind  string // whose options may stand in the table too
	open  bool   // the kind is not known, so neither are its options
}

// read returns a reader of the table at e, an empty one when there is no table.
func (b *builder) read(what string, e *entry, known []Option) *reader {
	r := &reader{b: b, what: what, known: known, tab: e.val.tab}
	if e.val.kind != kindTable {
		b.report(e.val.pos, fmt.Sprintf("write [%s]", strings.Trim(strings.ReplaceAll(what, "/", "."), "[]")), "%s must be a table, not %s", what, e.val.kind)
		r.tab = newTable(e.pos, byHeader)
		r.tab.broken = true
	}
	return r
}

// report notes a mistake in the value of a key. text stands behind the key's
// name; where it begins with a quotation it gets a colon.
func (r *reader) report(pos Pos, hint, key, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if strings.HasPrefix(text, `"`) {
		key += ":"
	}
	r.b.report(pos, hint, "%s%s %s", r.prefix(), key, text)
}

// prefix names the table ahead of a message.
func (r *reader) prefix() string {
	if r.what == "" {
		return ""
	}
	return r.what + ": "
}

// get converts the value of a key, and reports what is wrong with it.
func (r *reader) get(key string, t OptionType) (got any, at Pos, ok bool) {
	e := r.tab.index[key]
	if e == nil {
		return nil, r.tab.pos, false
	}
	o, _ := find(r.known, key)
	o.Type = t
	got, text, hint := converters[t](o, e.val)
	if text != "" {
		r.report(e.val.pos, hint, key, "%s", text)
		return nil, e.val.pos, false
	}
	return got, e.val.pos, true
}

// line returns a string that is one line.
func (r *reader) line(key string) string { s, _ := r.lineAt(key); return s }

func (r *reader) lineAt(key string) (string, Pos) {
	got, at, ok := r.get(key, TypeString)
	if !ok {
		return "", at
	}
	s := got.(string)
	switch {
	case strings.ContainsAny(s, "\n\t"):
		r.report(at, "write it on one line", key, "holds a line break or a tab")
	case strings.TrimSpace(s) == "":
		r.report(at, "leave the key out", key, "is empty")
	default:
		return s, at
	}
	return "", at
}

// text returns a string that may have many lines.
func (r *reader) text(key string) string {
	got, _, _ := r.get(key, TypeString)
	s, _ := got.(string)
	return s
}

func (r *reader) bool(key string) *bool {
	got, _, ok := r.get(key, TypeBool)
	if !ok {
		return nil
	}
	b := got.(bool)
	return &b
}

func (r *reader) isTrue(key string) bool { b := r.bool(key); return b != nil && *b }

// number returns an integer from low to high.
func (r *reader) number(key string, low, high int64) int {
	got, at, ok := r.get(key, TypeInt)
	if !ok {
		return 0
	}
	n := got.(int64)
	if n < low || n > high {
		r.report(at, fmt.Sprintf("it goes from %d to %d", low, high), key, "is %d", n)
		return 0
	}
	return int(n)
}

func (r *reader) port(key string) int {
	got, _, _ := r.get(key, TypePort)
	n, _ := got.(int64)
	return int(n)
}

// duration returns a duration of at least one second.
func (r *reader) duration(key string) time.Duration {
	got, at, ok := r.get(key, TypeDuration)
	if !ok {
		return 0
	}
	d := got.(time.Duration)
	if d < time.Second {
		r.report(at, "leave the key out to use the default", key, "is shorter than one second")
		return 0
	}
	return d
}

func (r *reader) path(key string) string {
	got, _, _ := r.get(key, TypePath)
	s, _ := got.(string)
	return s
}

// enum returns one of the values that the key is declared with, fallback where
// it is not there.
func (r *reader) enum(key, fallback string) string {
	got, _, ok := r.get(key, TypeEnum)
	if !ok {
		return fallback
	}
	return got.(string)
}

// item is one string of a list and its place.
type item struct {
	text string
	pos  Pos
}

// list returns a list of strings, each of them one line; a single string is a
// list of one. It is nil when the key is not there or is no list.
func (r *reader) list(key string) []item {
	if _, _, ok := r.get(key, TypeList); !ok {
		return nil
	}
	v := r.tab.index[key].val
	vs := v.list
	if v.kind == kindString {
		vs = []*value{v}
	}
	if len(vs) > maxList {
		r.report(v.pos, "", key, "holds more than %d strings", maxList)
		vs = vs[:maxList]
	}
	items := make([]item, 0, len(vs))
	seen := map[string]bool{}
	for _, x := range vs {
		switch {
		case strings.TrimSpace(x.str) == "" || strings.ContainsAny(x.str, "\n\t"):
			r.report(x.pos, "", key, "holds %q", cut(x.str))
		case seen[x.str]:
			r.report(x.pos, "leave one out", key, "names %q twice", cut(x.str))
		default:
			seen[x.str] = true
			items = append(items, item{x.str, x.pos})
		}
	}
	return items
}

// require reports a key that must be there and is not.
func (r *reader) require(keys ...string) {
	if r.tab.broken {
		return // it may be what could not be read
	}
	for _, k := range keys {
		if r.tab.index[k] == nil {
			o, _ := find(r.known, k)
			r.b.report(r.tab.pos, o.Doc, "%s has no %s", r.what, k)
		}
	}
}

// done reports the keys that nobody knows.
func (r *reader) done() {
	can := names(r.known)
	if r.kind != "" {
		can = append(can, names(r.b.kinds[r.kind].Options)...)
	}
	for _, e := range r.tab.entries {
		if e.dup || slices.Contains(can, e.key) {
			continue
		}
		if r.b.full() {
			r.b.dropped++
			continue
		}
		if looksSecret(e.key) && e.val.kind == kindString {
			r.report(e.val.pos, "secrets do not stand in an inventory: "+secretForms, cut(e.key), "holds the secret itself")
			continue
		}
		hint := didYouMean(e.key, can)
		switch {
		case r.open && (hint == "" || r.b.isOption(e.key)): // the kind that was meant may well know it
		case hint != "":
			r.b.report(e.pos, hint, "%sunknown key %q", r.prefix(), cut(e.key))
		case r.kind != "":
			r.b.report(e.pos, "jurymast kinds "+r.kind+" lists what it may be told", "%sunknown key %q, and kind %s has no such option", r.prefix(), cut(e.key), r.kind)
		default:
			r.b.report(e.pos, "known here: "+words(can), "%sunknown key %q", r.prefix(), cut(e.key))
		}
	}
}

// isOption reports whether any kind has an option of that name.
func (b *builder) isOption(name string) bool {
	for _, k := range b.kinds {
		if _, ok := find(k.Options, name); ok {
			return true
		}
	}
	return false
}

// looksSecret reports whether a key would hold a secret, going by its name.
func looksSecret(key string) bool {
	key = strings.ToLower(key)
	for _, end := range []string{"_file", "_env", "_command", "_credential"} {
		if strings.HasSuffix(key, end) {
			return false
		}
	}
	for _, w := range []string{"password", "passwd", "passphrase", "secret", "token", "api_key", "apikey", "private_key"} {
		if strings.Contains(key, w) {
			return true
		}
	}
	return false
}
