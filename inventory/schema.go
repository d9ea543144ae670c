package inventory

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// schemaDraft is the dialect of what [JSONSchema] returns.
const schemaDraft = "https://json-schema.org/draft/2020-12/schema"

// object is a JSON object: a schema, or a part of one.
type object = map[string]any

// JSONSchema returns the schema of an inventory as JSON, for editors that
// complete and check while one types. It is made from what the loader itself
// goes by: the common keys of [Keys] and what the kinds declare.
//
// It says what may stand where. What needs a look at the whole file (names that
// nobody has, loops, two things at one address) only [Load] finds. It is an
// error when a default cannot be written as JSON, which none should be.
func JSONSchema(kinds Schema) ([]byte, error) {
	defs := maps.Clone(sharedDefs)
	defs["step"] = closed(keysStep, nil)
	top := properties(keysOf[""], nil)
	top["ssh"] = closed(keysOf["ssh"], nil)
	defs[string(LevelKind)] = ownSchema(kinds)
	for _, l := range append([]Level{LevelKind}, levels...) {
		if l != LevelKind {
			defs[string(l)] = levelSchema(l, kinds)
		}
		top[string(l)] = object{
			"type":                 "object",
			"propertyNames":        object{"pattern": namePattern, "maxLength": maxName},
			"additionalProperties": ref(string(l)),
		}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(object{
		"$schema":              schemaDraft,
		"title":                "Jurymast inventory",
		"type":                 "object",
		"properties":           top,
		"additionalProperties": false,
		"$defs":                defs,
	}); err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	return b.Bytes(), nil
}

const namePattern = `^[a-z0-9][a-z0-9._-]*$`

// sharedDefs are values that many keys take.
var sharedDefs = object{
	"line":     object{"type": "string", "pattern": `\S`},
	"list":     object{"anyOf": []any{ref("line"), object{"type": "array", "items": ref("line"), "uniqueItems": true}}},
	"duration": object{"type": "string", "pattern": `^\s*([0-9]+(ms|s|m|h|d|w) *)+$`, "examples": []any{"90s", "5m", "1h30m", "2d", "1w"}},
	"size":     object{"anyOf": []any{object{"type": "integer", "minimum": 0}, object{"type": "string", "pattern": `^\s*[0-9.]+\s*([KkMmGgTtPp]([Ii]?[Bb])?|[Bb])?\s*$`}}, "examples": []any{"500 MiB", "10 GiB"}},
	"percent":  object{"anyOf": []any{object{"type": "number", "minimum": 0, "maximum": 100}, object{"type": "string", "pattern": `^[0-9.]+ *%?\s*$`}}},
	"port":     object{"type": "integer", "minimum": 1, "maximum": 65535},
	"path":     object{"type": "string", "pattern": `^/[^\n\t]*$`},
	"url":      object{"type": "string", "pattern": `^[A-Za-z][A-Za-z0-9+.-]*://.`},
	"host":     object{"type": "string", "pattern": `^((node|vm)/)?[a-z0-9][a-z0-9._-]*$`},
	"secret": object{
		"type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": false,
		"description": "where the secret is kept; it never stands in the inventory itself",
		"properties":  object{"env": ref("line"), "file": ref("line"), "command": ref("line"), "credential": ref("line"), "age": object{"type": "string", "pattern": `^\s*` + ageHead}},
	},
	"bound": object{"anyOf": []any{
		object{"const": false, "description": "switches the limit off"},
		object{"type": "object", "additionalProperties": false, "properties": object{"warn": ref("edge"), "fail": ref("edge")}},
	}},
	"edge": object{"anyOf": []any{object{"type": "number"}, object{"type": "string"}, object{"const": false}}},
}

func ref(name string) object { return object{"$ref": "#/$defs/" + name} }

// typeSchemas has one entry for every OptionType but enum, whose values are
// its own.
var typeSchemas = map[OptionType]object{
	TypeString: ref("line"), TypeInt: {"type": "integer"}, TypeBool: {"type": "boolean"}, TypeDuration: ref("duration"),
	TypeSize: ref("size"), TypePercent: ref("percent"), TypePort: ref("port"), TypePath: ref("path"), TypeURL: ref("url"),
	TypeList: ref("list"), TypeHost: ref("host"), TypeSecret: ref("secret"),
}

// tableSchemas are the common keys that hold a table. The limits of a kind are
// added where the kind is known.
var tableSchemas = map[string]object{
	"limits": {"type": "object", "additionalProperties": ref("bound")},
	"mounts": {"type": "array", "items": object{
		"type": "object", "additionalProperties": false, "required": []string{"on", "at"},
		"properties": object{"on": ref("host"), "at": ref("path")},
	}},
	"keep":   {"type": "object", "propertyNames": object{"enum": keeps}, "additionalProperties": object{"type": "integer", "minimum": 1}},
	"step":   {"type": "array", "items": ref("step")},
	"inputs": {"type": "object", "additionalProperties": object{"anyOf": []any{object{"type": "string"}, ref("secret")}}},
}

// keySchemas are common keys that take less, or more, than their type says.
var keySchemas = map[typedKey]object{
	{"confirm", TypeInt}:     {"type": "integer", "minimum": 1, "maximum": 100},
	{"concurrency", TypeInt}: {"type": "integer", "minimum": 1, "maximum": 1024},
	{"at_once", TypeInt}:     {"type": "integer", "minimum": 1, "maximum": 1024},
	{"id", TypeString}:       {"type": []string{"string", "integer"}},
}

type typedKey struct {
	name string
	of   OptionType
}

// optionSchema is the schema of one key of a table, or option of a kind.
func optionSchema(o Option, common bool) object {
	s := typeSchemas[o.Type]
	switch special := keySchemas[typedKey{o.Name, o.Type}]; {
	case common && special != nil:
		s = special
	case common && o.Type == "table":
		s = tableSchemas[o.Name]
	case o.Type == TypeEnum:
		s = object{"enum": o.Values}
	}
	s = maps.Clone(s)
	if s == nil {
		s = object{} // a type that is not known takes anything
	}
	if o.Doc != "" {
		s["description"] = o.Doc
	}
	if v, text := defaultOf(o); v != nil && text == "" {
		s["default"] = defaultJSON(o, v)
	}
	return s
}

// defaultJSON is a default as it would stand in the inventory.
func defaultJSON(o Option, v any) any {
	switch o.Type {
	case TypeDuration, TypeSize:
		return o.Default
	}
	return v
}

// properties are the schemas of keys and options.
func properties(common, options []Option) object {
	p := object{}
	for _, o := range common {
		p[o.Name] = optionSchema(o, true)
	}
	for _, o := range options {
		p[o.Name] = optionSchema(o, false)
	}
	return p
}

// closed is a table that holds these keys and no others.
func closed(common, options []Option) object {
	s := object{"type": "object", "properties": properties(common, options), "additionalProperties": false}
	if r := required(slices.Concat(common, options)); len(r) > 0 {
		s["required"] = r
	}
	return s
}

func required(os []Option) []string {
	var r []string
	for _, o := range os {
		if o.Required {
			r = append(r, o.Name)
		}
	}
	return r
}

// ownSchema is the schema of [kind.NAME]: any option of the kind that it is
// made of, none of which it must give.
func ownSchema(kinds Schema) object {
	s := closed(keysOf[LevelKind], kinds[ownBase].Options)
	delete(s, "required")
	return s
}

// levelSchema is the schema of [LEVEL.NAME]: the common keys, and in one branch
// a kind the options and limits of that kind.
func levelSchema(l Level, kinds Schema) object {
	keys := keysOf[l]
	if _, ok := find(keys, "kind"); !ok {
		return closed(keys, nil)
	}
	var fit []string
	for _, name := range sortedKeys(kinds) {
		if slices.Contains(kinds[name].Levels, l) {
			fit = append(fit, name)
		}
	}
	s := closed(keys, nil)
	delete(s, "additionalProperties")
	if len(fit) == 0 {
		return s // no kind of it is known, and so none of its options
	}
	kind := s["properties"].(object)["kind"].(object)
	delete(kind, "$ref")
	kind["enum"] = fit
	fallback := ""
	switch {
	case slices.Contains(hostLevels, l) && slices.Contains(fit, defaultKind):
		fallback = defaultKind
		kind["default"] = fallback
	case !slices.Contains(hostLevels, l) && l != LevelRepository: // a repository may only be described
		r, _ := s["required"].([]string)
		if !slices.Contains(r, "kind") {
			s["required"] = append(r, "kind")
		}
	}
	var branches []any
	for _, name := range fit {
		branches = append(branches, branch(name, kinds[name], name == fallback))
	}
	s["allOf"] = branches
	s["unevaluatedProperties"] = false
	return s
}

// branch is what holds where the kind is the one named, or not said when it is
// the one that is then meant.
func branch(name string, k KindSchema, unsaid bool) object {
	when := object{"properties": object{"kind": object{"const": name}}}
	if !unsaid {
		when["required"] = []string{"kind"}
	}
	p := properties(nil, k.Options)
	limits := object{}
	for _, l := range k.Limits {
		limits[l.Name] = object{"$ref": "#/$defs/bound", "description": limitDoc(l)}
	}
	p["limits"] = object{"type": "object", "properties": limits, "additionalProperties": false}
	then := object{"properties": p}
	if r := required(k.Options); len(r) > 0 {
		then["required"] = r
	}
	return object{"if": when, "then": then}
}

// limitDoc is the line of a limit with its defaults.
func limitDoc(l Limit) string {
	var b strings.Builder
	b.WriteString(l.Doc)
	for _, half := range []struct {
		name  string
		value float64
	}{{"warn", l.Warn}, {"fail", l.Fail}} {
		if !math.IsNaN(half.value) { // else that half is switched off
			fmt.Fprintf(&b, "; %s %v %s", half.name, half.value, l.Unit)
		}
	}
	return strings.TrimSpace(strings.TrimPrefix(b.String(), "; "))
}
