package inventory

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
)

// plain turns a tree into what go-toml decodes a document to. ok is false when
// it holds a date, whose validity the tree leaves to whoever wants one.
func plain(t *table) (m map[string]any, ok bool) {
	m, ok = map[string]any{}, true
	for k, e := range t.index {
		v, fine := plainValue(e.val)
		m[k], ok = v, ok && fine
	}
	return m, ok
}

func plainValue(v *value) (any, bool) {
	switch v.kind {
	case kindString:
		return v.str, true
	case kindInt:
		return v.num, true
	case kindFloat:
		return v.float, true
	case kindBool:
		return v.bool, true
	case kindList:
		list, ok := make([]any, 0, len(v.list)), true
		for _, x := range v.list {
			p, fine := plainValue(x)
			list, ok = append(list, p), ok && fine
		}
		return list, ok
	case kindTable:
		return plain(v.tab)
	default:
		return nil, false
	}
}

// ours are the complaints of the tree about what TOML allows.
var ours = []string{"control character", "levels deep", "no usable number", "not a usable number"}

// FuzzTree holds our reading of tables and dotted keys against go-toml's: the
// same documents are good, and they say the same.
func FuzzTree(f *testing.F) {
	files, err := filepath.Glob(filepath.Join(testdata, "*.toml"))
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(b))
	}
	for _, s := range treeCases {
		f.Add(s)
	}
	f.Fuzz(sameAsTOML)
}

// treeCases are the corners of TOML's rules about defining a table twice.
var treeCases = []string{
	"a.b=1\n[a]\nc=1", "[a.b]\n[a]\nb.c=1", "[a.b]\n[a]\nc=1", "[[a]]\n[a]", "[a]\n[[a]]", "a=[]\n[[a]]", "a=[{b=1}]\n[a.c]",
	"a={b=1}\na.c=2", "a={b=1}\n[a]", "a={b=1}\n[a.c]", "a={b={}}\n[a.b.c]", "[a]\nb.c=1\n[a.b]", "[a]\nb.c=1\n[a.b.d]", "[a]\nb.c=1\n[[a.b]]",
	"[[a.b]]\n[a]\n[[a.b]]\n[a.b.c]", "[[a]]\n[a.b]\n[[a]]\n[a.b]", "[[a]]\nb=1\n[[a]]\nb=1", "[[a]]\n[[a.b]]\n[a.b.c]\n[[a.b]]\n[a.b.c]",
	"a={b.c=1,b.d=2}", "a={b={c=1},b.d=2}", "a={b=1,b=2}", "a=1\na=2", "a.b=1\na.b.c=2", "a.b.c=1\na.b=2", "[a]\n[a]", "[a.b]\n[a]\n[a]", "[a.b.c]\n[a.b]\n[a]",
	"x=[1,[2,{y=[3]}]]", "x=1_000", "x=0xdead_beef", "x=0o17", "x=0b101", "x=+7", "x=-0", "x=1.5e3", "x=99999999999999999999", "x='a'", "x=\"\\u00e9\"",
	"x='''\na'''", "x=true", "\"a b\".c=1", "''=1", "\xef\xbb\xbfx=1", "x=1 # c", "x=1\r\ny=2\r\n", "x=[\n1, # c\n2,\n]", "x={\na=1,\n}", "[ a . b ]\nc=1",
	"x=1 y=2", "[a", "a", "=1", "a=", "a==1", "[]", "[a]]", "[[a]", "x=01", "x=1__0", "x='", "\x00", "#\x7f", "x=\"\\q\"", "x=.5", "x=5.",
	"fruit.apple.smooth=true\n[fruit]\norange=1", "[fruit]\napple.color=1\napple.taste.sweet=true\n[fruit.apple.texture]\nsmooth=true",
	"[a]\nb.c.d=1\n[a.b.e]\n[a.b.c.f]", "a.b.c=1\n[a.b.d]", "a.b=1\n[a.c]", "[a.b]\nx=1\n[a]\nb={y=1}", "a.b=1\na={c=2}",
}

func TestTreeReadsTOML(t *testing.T) {
	for _, s := range treeCases {
		t.Run(fmt.Sprintf("%q", s), func(t *testing.T) { sameAsTOML(t, s) })
	}
}

func sameAsTOML(t *testing.T, doc string) {
	if len(doc) > 1<<14 {
		return
	}
	var complaints []string
	root, _ := readTree("f", []byte(doc), func(_ Pos, _, format string, args ...any) {
		complaints = append(complaints, fmt.Sprintf(format, args...))
	})
	for _, c := range complaints {
		for _, o := range ours {
			if strings.Contains(c, o) {
				return
			}
		}
	}
	got, comparable := plain(root)
	var want map[string]any
	err := toml.Unmarshal([]byte(strings.TrimPrefix(doc, "\ufeff")), &want)
	switch {
	case !comparable:
	case err != nil && complaints == nil:
		t.Errorf("taken, and go-toml says: %v\ndocument: %q", err, doc)
	case err == nil && complaints != nil:
		t.Errorf("refused with %q, and go-toml takes it\ndocument: %q", complaints, doc)
	case err == nil && len(want)+len(got) > 0 && !reflect.DeepEqual(got, want):
		t.Errorf("read %#v, and go-toml reads %#v\ndocument: %q", got, want, doc)
	}
}
