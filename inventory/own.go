package inventory

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// OwnKind is a kind that the inventory describes itself, in [kind.NAME]: values
// for the options of kind command, and inputs of its own that its targets may
// give other values.
type OwnKind struct {
	Name, Title string
	Inputs      []Option // of TypeString or TypeSecret
	Pos         Pos
}

// ownBase is the kind whose lines of shell an own kind is made of.
const ownBase = "command"

// With returns a schema that knows the kinds of an inventory, too.
func (s Schema) With(kinds []OwnKind) Schema {
	all := maps.Clone(s)
	for _, k := range kinds {
		own := s[ownBase]
		own.Options = slices.Concat(own.Options, k.Inputs)
		for i := range own.Options {
			own.Options[i].Required = false // the kind may say it for its targets
		}
		all[k.Name] = own
	}
	return all
}

// inputName is what an input may be called: its capitals, behind MY_, are the
// variable that the lines of shell find it in.
var inputName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,40}$`)

// ownKinds reads every [kind.NAME], ahead of the things that are of such a kind.
func (b *builder) ownKinds(root *table) {
	e := root.index[string(LevelKind)]
	if e == nil {
		return
	}
	if e.val.kind != kindTable {
		b.report(e.val.pos, "write [kind.NAME]", "%q must be a table of tables, not %s", LevelKind, e.val.kind)
		return
	}
	built := b.kinds
	b.kinds = maps.Clone(b.kinds)
	for _, x := range e.val.tab.entries {
		if x.dup {
			continue // said when the file was read
		}
		text, hint := checkName(x.key)
		if _, known := built[x.key]; known {
			text, hint = "a kind is called "+x.key+" already: jurymast knows it by itself", "give yours another name"
		}
		if text != "" {
			b.report(x.pos, hint, "%s", text)
		}
		b.ownKind(x, built[ownBase])
	}
}

// ownKind reads one kind and declares it to what follows.
func (b *builder) ownKind(e *entry, base KindSchema) {
	r := b.read(string(MakeRef(LevelKind, e.key)), e, keysOf[LevelKind])
	r.kind = ownBase
	k := OwnKind{Name: e.key, Title: r.line("title"), Pos: e.pos}
	values := Options{}
	b.values(values, r, base, false)
	schema := KindSchema{Levels: base.Levels, Limits: base.Limits}
	for _, o := range base.Options {
		if _, given := values[o.Name]; given {
			o.Required = false
		}
		schema.Options = append(schema.Options, o)
	}
	defaults := maps.Clone(b.defaultsOf(ownBase, base))
	maps.Copy(defaults, values)
	for _, in := range b.ownInputs(r, base) {
		k.Inputs = append(k.Inputs, in.option)
		defaults[in.option.Name] = in.value
	}
	schema.Options = append(schema.Options, k.Inputs...)
	r.done()
	if _, known := b.kinds[k.Name]; !known {
		b.kinds[k.Name], b.defaults[k.Name] = schema, defaults
		b.fleet.Kinds = append(b.fleet.Kinds, k)
	}
}

// ownInput is an input of an own kind, with the value that holds where a target
// gives none: a string or a Secret.
type ownInput struct {
	option Option
	value  any
}

func (b *builder) ownInputs(r *reader, base KindSchema) []ownInput {
	e := r.tab.index["inputs"]
	if e == nil {
		return nil
	}
	if e.val.kind != kindTable {
		b.report(e.val.pos, `write { name = "value" }`, "%sinputs must be a table, not %s", r.prefix(), e.val.kind)
		return nil
	}
	var out []ownInput
	for _, x := range e.val.tab.entries {
		if !inputName.MatchString(x.key) {
			b.report(x.pos, "small letters, digits and _, a letter first", "%sinput %s cannot be the name of a variable", r.prefix(), cut(x.key))
			continue
		}
		if taken(base, x.key) {
			b.report(x.pos, "give it another name", "%sinput %s is a key of its targets already", r.prefix(), x.key)
			continue
		}
		in := ownInput{option: Option{Name: x.key, Type: TypeString, Doc: "an input of the kind, in $MY_" + strings.ToUpper(x.key)}}
		var ok bool
		if in.value, ok = b.inputValue(r, x); !ok {
			continue
		}
		if _, secret := in.value.(Secret); secret {
			in.option.Type = TypeSecret
		}
		out = append(out, in)
	}
	return out
}

// taken reports whether a key of a target of the kind has another meaning.
func taken(base KindSchema, name string) bool {
	if _, ok := find(base.Options, name); ok {
		return true
	}
	return slices.ContainsFunc(base.Levels, func(l Level) bool { _, ok := find(keysOf[l], name); return ok })
}

// inputValue reads the value of an input: a string, or the place of a secret.
func (b *builder) inputValue(r *reader, e *entry) (any, bool) {
	switch {
	case e.val.kind == kindTable:
		got, text, hint := convertSecret(Option{}, e.val)
		if text != "" {
			b.report(e.val.pos, hint, "%sinput %s %s", r.prefix(), cut(e.key), text)
			return nil, false
		}
		s := got.(Secret)
		if s.File != "" {
			s.File = b.file(item{s.File, e.val.pos})
		}
		return s, true
	case e.val.kind != kindString:
		_, text, hint := wrongType("a string", e.val)
		b.report(e.val.pos, hint, "%sinput %s %s", r.prefix(), cut(e.key), text)
	case looksSecret(e.key):
		b.report(e.val.pos, "secrets do not stand in an inventory: "+secretForms, "%sinput %s holds the secret itself", r.prefix(), cut(e.key))
	default:
		return e.val.str, true
	}
	return nil, false
}
