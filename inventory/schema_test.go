package inventory

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"
)

// judge applies the part of JSON Schema that JSONSchema uses. A word that it
// does not know is an error, so that none passes unjudged.
type judge struct {
	root map[string]any
}

// judged returns what is wrong with v, and which of its properties some
// schema has looked at.
func (j judge) judged(schema, v any, at string) (wrong []string, seen map[string]bool) {
	seen = map[string]bool{}
	s := schema.(map[string]any)
	bad := func(format string, args ...any) {
		wrong = append(wrong, at+": "+fmt.Sprintf(format, args...))
	}
	under := func(sub any) bool {
		w, sn := j.judged(sub, v, at)
		if len(w) == 0 {
			for k := range sn {
				seen[k] = true
			}
		}
		return len(w) == 0
	}
	obj, isObj := v.(map[string]any)
	arr, isArr := v.([]any)
	str, isStr := v.(string)
	num, isNum := number(v)
	for word, arg := range s {
		switch word {
		case "$schema", "title", "$defs", "description", "default", "examples", "then", "additionalProperties", "unevaluatedProperties":
		case "$ref":
			name := strings.TrimPrefix(arg.(string), "#/$defs/")
			w, sn := j.judged(j.root["$defs"].(map[string]any)[name], v, at)
			wrong = append(wrong, w...)
			for k := range sn {
				seen[k] = true
			}
		case "type":
			types, ok := arg.([]any)
			if !ok {
				types = []any{arg}
			}
			if !slices.ContainsFunc(types, func(t any) bool { return isType(t.(string), v) }) {
				bad("%v is no %v", v, arg)
			}
		case "properties":
			for k, sub := range arg.(map[string]any) {
				if x, ok := obj[k]; ok && isObj {
					seen[k] = true
					w, _ := j.judged(sub, x, at+"."+k)
					wrong = append(wrong, w...)
				}
			}
		case "propertyNames":
			for k := range obj {
				w, _ := j.judged(arg, k, at+" (name)")
				wrong = append(wrong, w...)
			}
		case "required":
			for _, k := range arg.([]any) {
				if _, ok := obj[k.(string)]; isObj && !ok {
					bad("has no %v", k)
				}
			}
		case "items":
			for i, x := range arr {
				w, _ := j.judged(arg, x, fmt.Sprintf("%s[%d]", at, i))
				wrong = append(wrong, w...)
			}
		case "uniqueItems":
			for i := range arr {
				if isArr && slices.ContainsFunc(arr[:i], func(x any) bool { return reflect.DeepEqual(x, arr[i]) }) {
					bad("holds %v twice", arr[i])
				}
			}
		case "pattern":
			if isStr && !regexp.MustCompile(arg.(string)).MatchString(str) {
				bad("%q does not match %s", str, arg)
			}
		case "maxLength":
			if isStr && utf8.RuneCountInString(str) > int(arg.(float64)) {
				bad("%q is too long", str)
			}
		case "minimum":
			if isNum && num < arg.(float64) {
				bad("%v is too small", num)
			}
		case "maximum":
			if isNum && num > arg.(float64) {
				bad("%v is too large", num)
			}
		case "minProperties":
			if isObj && len(obj) < int(arg.(float64)) {
				bad("holds too little")
			}
		case "maxProperties":
			if isObj && len(obj) > int(arg.(float64)) {
				bad("holds too much")
			}
		case "enum":
			if !slices.Contains(arg.([]any), v) {
				bad("%v is none of %v", v, arg)
			}
		case "const":
			if v != arg {
				bad("%v is not %v", v, arg)
			}
		case "anyOf":
			if !slices.ContainsFunc(arg.([]any), under) {
				bad("%v fits none", v)
			}
		case "allOf":
			for _, sub := range arg.([]any) {
				w, sn := j.judged(sub, v, at)
				wrong = append(wrong, w...)
				for k := range sn {
					seen[k] = true
				}
			}
		case "if":
			if under(arg) {
				w, sn := j.judged(s["then"], v, at)
				wrong = append(wrong, w...)
				for k := range sn {
					seen[k] = true
				}
			}
		default:
			bad("the schema says %q", word)
		}
	}
	for _, word := range []string{"additionalProperties", "unevaluatedProperties"} {
		rest, ok := s[word]
		if !ok || !isObj {
			continue
		}
		for k, x := range obj {
			if seen[k] {
				continue
			}
			seen[k] = true
			if rest == false {
				bad("unknown key %s", k)
				continue
			}
			w, _ := j.judged(rest, x, at+"."+k)
			wrong = append(wrong, w...)
		}
	}
	return wrong, seen
}

func number(v any) (float64, bool) {
	switch n := v.(type) {
	case int64:
		return float64(n), true
	case float64:
		return n, true
	}
	return 0, false
}

func isType(t string, v any) bool {
	n, isNum := number(v)
	switch t {
	case "object":
		return reflect.TypeOf(v) == reflect.TypeFor[map[string]any]()
	case "array":
		return reflect.TypeOf(v) == reflect.TypeFor[[]any]()
	case "string":
		return reflect.TypeOf(v) == reflect.TypeFor[string]()
	case "boolean":
		return reflect.TypeOf(v) == reflect.TypeFor[bool]()
	case "integer":
		return isNum && n == math.Trunc(n)
	case "number":
		return isNum
	}
	return false
}

// schemaJudge returns a judge of inventories.
func schemaJudge(t *testing.T, kinds Schema) func(src string) []string {
	t.Helper()
	b, err := JSONSchema(kinds)
	if err != nil {
		t.Fatal(err)
	}
	var j judge
	if err := json.Unmarshal(b, &j.root); err != nil {
		t.Fatal(err)
	}
	if j.root["$schema"] != schemaDraft {
		t.Errorf("dialect %v", j.root["$schema"])
	}
	return func(src string) []string {
		t.Helper()
		v := map[string]any{}
		if err := toml.Unmarshal([]byte(src), &v); err != nil {
			return []string{err.Error()}
		}
		wrong, _ := j.judged(j.root, v, "")
		return wrong
	}
}

// TestSchemaTakesWhatLoads gives the schema every inventory that loads.
func TestSchemaTakesWhatLoads(t *testing.T) {
	judge := schemaJudge(t, testKinds)
	files, err := filepath.Glob(filepath.Join(testdata, "*.toml"))
	if err != nil {
		t.Fatal(err)
	}
	loaded := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Parse(filepath.Base(file), data, testKinds); err != nil {
			continue
		}
		loaded++
		if wrong := judge(strings.TrimPrefix(string(data), "\ufeff")); len(wrong) > 0 {
			t.Errorf("%s loads, and the schema says\n%s", file, strings.Join(wrong, "\n"))
		}
	}
	if loaded == 0 {
		t.Error("no file loads")
	}
}

// TestSchemaAndLoaderAgree changes one line of an inventory that is fine.
func TestSchemaAndLoaderAgree(t *testing.T) {
	const fine = `
[node.a]
[node.b]
[share.s]
kind = "dir"
on = "a"
path = "/s"
class = "application"
`
	judge := schemaJudge(t, testKinds)
	for _, c := range []struct {
		name, add string
		good      bool
	}{
		{"nothing", "", true},
		{"option of the default kind", `[node.c]` + "\n" + `units = ["x"]`, true},
		{"options of another kind", `[node.c]` + "\n" + `unit = "x"`, false},
		{"unknown top", `[machine.x]`, false},
		{"unknown key", "[node.c]\nadress = \"c\"", false},
		{"bad name", "[node.C]", false},
		{"port as text", "[node.c]\nport = \"22\"", false},
		{"port out of range", "[node.c]\nport = 70000", false},
		{"one tag", "[node.c]\ntags = \"x\"", true},
		{"two equal tags", "[node.c]\ntags = [\"x\", \"x\"]", false},
		{"unknown class", "[node.c]\nclass = \"dear\"", false},
		{"duration", "[node.c]\nevery = \"1h 30m\"", true},
		{"duration without a unit", "[node.c]\nevery = 5", false},
		{"confirm", "[node.c]\nconfirm = 0", false},
		{"limit", "[node.c]\nlimits = { disk = { warn = 80, fail = \"90%\" }, load = false, temp = { fail = false } }", true},
		{"unknown limit", "[node.c]\nlimits = { dsik = { warn = 80 } }", false},
		{"unknown half", "[node.c]\nlimits = { disk = { crit = 80 } }", false},
		{"limit of another kind", "[node.c]\nlimits = { days = { warn = 80 } }", false},
		{"numeric id", "[vm.c]\non = \"a\"\nid = 101", true},
		{"vm without a node", "[vm.c]", false},
		{"service without a kind", "[service.c]\non = \"a\"", false},
		{"service without what its kind needs", "[service.c]\non = \"a\"\nkind = \"unit\"", false},
		{"service", "[service.c]\non = \"a\"\nkind = \"unit\"\nunit = \"x\"\nstandby = [\"b\"]\nlimits = {}", true},
		{"kind of another level", "[service.c]\non = \"a\"\nkind = \"dir\"", false},
		{"unknown kind", "[service.c]\non = \"a\"\nkind = \"uint\"", false},
		{"http", "[service.c]\non = \"a\"\nkind = \"http\"\nurl = \"https://c\"\nstatus = 204\nfrom = \"node/b\"\nsecret = { env = \"X\" }", true},
		{"no url", "[service.c]\non = \"a\"\nkind = \"http\"\nurl = \"c\"", false},
		{"a secret itself", "[service.c]\non = \"a\"\nkind = \"http\"\nurl = \"https://c\"\nsecret = \"hunter2\"", false},
		{"two places of a secret", "[service.c]\non = \"a\"\nkind = \"http\"\nurl = \"https://c\"\nsecret = { env = \"X\", file = \"y\" }", false},
		{"check", "[check.c]\nof = \"a\"\nkind = \"tls\"\naddress = \"c:443\"\nfrom = \"console\"\nlimits = { days = { warn = \"3w\" } }", true},
		{"mounts", "[share.c]\nkind = \"dir\"\non = \"a\"\npath = \"/c\"\nclass = \"system\"\nmounts = [{ on = \"b\", at = \"/c\" }]", true},
		{"mount without a place", "[share.c]\nkind = \"dir\"\non = \"a\"\npath = \"/c\"\nmounts = [{ on = \"b\" }]", false},
		{"relative path", "[share.c]\nkind = \"dir\"\non = \"a\"\npath = \"c\"", false},
		{"repository of any kind", "[repository.r]\nkind = \"restic\"\nwhatever = 1", true},
		{"keep", "[repository.r]\nkind = \"restic\"\n[backup.c]\nof = \"a\"\nto = [\"r\"]\nkeep = { daily = 7 }", true},
		{"unknown keep", "[repository.r]\nkind = \"restic\"\n[backup.c]\nof = \"a\"\nto = [\"r\"]\nkeep = { dayly = 7 }", false},
		{"playbook", "[[playbook.p.step]]\nrun = \"true\"\nconfirm = \"sure?\"\ninputs = { a = \"b\" }", true},
		{"playbook without steps", "[playbook.p]\ntitle = \"x\"", false},
		{"every type", "[service.c]\non = \"a\"\nkind = \"every-type\"\na_size = \"1.5T\"\na_percent = 0.5\nan_enum = \"fast\"\na_path = \"/x\"\na_bool = false\nan_int = -1\na_duration = \"2w\"", true},
		{"enum", "[service.c]\non = \"a\"\nkind = \"every-type\"\nan_enum = \"faster\"", false},
		{"size", "[service.c]\non = \"a\"\nkind = \"every-type\"\na_size = \"much\"", false},
		{"percent", "[service.c]\non = \"a\"\nkind = \"every-type\"\na_percent = 101", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			src := fine + c.add + "\n"
			_, err := Parse("x.toml", []byte(src), testKinds)
			if (err == nil) != c.good {
				t.Errorf("the loader says %v", err)
			}
			if wrong := judge(src); (len(wrong) == 0) != c.good {
				t.Errorf("the schema says %q", wrong)
			}
		})
	}
}

// TestSchemaKnowsEveryKey looks that no key of the loader is without a type.
func TestSchemaKnowsEveryKey(t *testing.T) {
	tables := byName(keysOf)
	tables["step"] = keysStep
	for of, keys := range tables {
		for _, o := range keys {
			if s := optionSchema(o, true); s["$ref"] == nil && s["type"] == nil && s["enum"] == nil {
				t.Errorf("key %s of %q takes anything: %v", o.Name, of, s)
			}
		}
	}
	for typ := range converters {
		if typeSchemas[typ] == nil && typ != TypeEnum {
			t.Errorf("type %q takes anything", typ)
		}
	}
}

func byName(m map[Level][]Option) map[string][]Option {
	out := map[string][]Option{}
	for k, v := range m {
		out[string(k)] = v
	}
	return out
}
