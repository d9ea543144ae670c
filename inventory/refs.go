package inventory

import (
	"fmt"
	"slices"
	"strings"
)

// soon has a reference looked up once every name is known, and hands it to set
// if it stands.
func (b *builder) soon(r *reader, key string, it item, want []Level, set func(Ref)) {
	b.later = append(b.later, func() {
		if ref, ok := b.resolve(r, key, it, want); ok {
			set(ref)
		}
	})
}

// one is soon for a key that holds one reference.
func (b *builder) one(r *reader, key string, want []Level, set func(Ref, Pos)) {
	if s, at := r.lineAt(key); s != "" {
		b.soon(r, key, item{s, at}, want, func(ref Ref) { set(ref, at) })
	}
}

// find looks a name up among levels. found holds every thing that the name
// could mean; ref is set when it is one.
func (b *builder) find(name string, want []Level) (ref Ref, found []Ref) {
	if strings.Contains(name, "/") {
		if r := Ref(name); slices.Contains(want, r.Level()) {
			if _, ok := b.pos[r]; ok {
				return r, []Ref{r}
			}
		}
		return "", nil
	}
	for _, l := range want {
		if r := MakeRef(l, name); b.has(r) {
			found = append(found, r)
		}
	}
	if len(found) == 1 {
		ref = found[0]
	}
	return ref, found
}

func (b *builder) has(r Ref) bool { _, ok := b.pos[r]; return ok }

// resolve looks a reference up and reports what is wrong with it.
func (b *builder) resolve(r *reader, key string, it item, want []Level) (Ref, bool) {
	ref, found := b.find(it.text, want)
	if ref != "" {
		return ref, true
	}
	if len(found) > 1 {
		r.report(it.pos, "write the one that is meant in full", key, "%q is %s", it.text, words(refWords(found)))
		return "", false
	}
	if other, elsewhere := b.find(it.text, levels); len(elsewhere) > 0 {
		if other == "" {
			other = elsewhere[0]
		}
		r.report(it.pos, "", key, "must name %s, and %q is a %s", anyOf(want), it.text, other.Level())
		return "", false
	}
	if b.lost {
		return "", false
	}
	b.report(it.pos, b.meant(it.text, want), "%sno %s is called %q", r.prefix(), strings.TrimPrefix(anyOf(want), "a "), cut(it.text))
	return "", false
}

// meant returns a hint with what a name that nobody has could have meant.
func (b *builder) meant(name string, want []Level) string {
	if b.full() {
		return ""
	}
	level, bare, full := strings.Cut(name, "/")
	if !full {
		if hint := b.nearest(name, b.namesOf(want)); hint != "" {
			return hint
		}
		if len(want) == 1 {
			return fmt.Sprintf("add [%s.NAME], or leave it out", want[0])
		}
		return ""
	}
	for _, l := range want { // the name is right and the level is not
		if b.has(MakeRef(l, bare)) {
			return `did you mean "` + string(MakeRef(l, bare)) + `"?`
		}
	}
	var all []string
	for _, l := range want {
		for _, n := range b.names[l] {
			all = append(all, string(MakeRef(l, n)))
		}
	}
	if hint := b.nearest(name, all); hint != "" {
		return hint
	}
	if !slices.Contains(levels, Level(level)) {
		return "a reference begins with " + strings.TrimPrefix(anyOf(want), "a ")
	}
	return ""
}

func (b *builder) namesOf(ls []Level) []string {
	var all []string
	for _, l := range ls {
		all = append(all, b.names[l]...)
	}
	return all
}

func refWords(refs []Ref) []string {
	ws := make([]string, len(refs))
	for i, r := range refs {
		ws[i] = string(r)
	}
	return ws
}

// anyOf words levels: "a node or vm".
func anyOf(ls []Level) string {
	ws := levelWords(ls)
	if n := len(ws); n > 1 {
		return "a " + strings.Join(ws[:n-1], ", ") + " or " + ws[n-1]
	}
	return "a " + ws[0]
}
