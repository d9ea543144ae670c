package inventory

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFormat(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"nothing", "", ""},
		{"only blank lines", "\n \n\t\n", ""},
		{"only a comment", "  # x  \r\n", "# x\n"},
		{"no newline at the end", "name=\"a\"", "name = \"a\"\n"},
		{"blanks", "  name  =\t\"a  b\"\t\n", "name = \"a  b\"\n"},
		{"carriage returns", "name = 'a'\r\n[ssh]\r\nport=1\r\n", "name = 'a'\n\n[ssh]\nport = 1\n"},
		{"byte order mark", "\ufeffname = \"a\"\n", "name = \"a\"\n"},
		{"headers", "[ node . \"a b\" . x ]\n[[ p.step ]]\n", "[node.\"a b\".x]\n\n[[p.step]]\n"},
		{"dotted keys", "a . b.'c d' . e = 1\n", "a.b.'c d'.e = 1\n"},
		{"blank lines between keys", "a = 1\n\n\n\nb = 2\n", "a = 1\n\nb = 2\n"},
		{"none after a header", "[a]\n\n\nb = 2\n", "[a]\nb = 2\n"},
		{"one ahead of a header", "[a]\nb = 2\n[c]\nd = 3\n", "[a]\nb = 2\n\n[c]\nd = 3\n"},
		{"a comment belongs to what is below it", "[a]\nb = 2\n# of c\n# too\n[c]\n", "[a]\nb = 2\n\n# of c\n# too\n[c]\n"},
		{"a comment set apart stays apart", "[a]\n\n# of nothing\n\n[c]\n", "[a]\n# of nothing\n\n[c]\n"},
		{"a comment at the head of the file", "# fleet\n[a]\n", "# fleet\n[a]\n"},
		{"comments behind", "[a] # x\nb = 2# y\nc = [1] # z # z\n", "[a]  # x\nb = 2  # y\nc = [1]  # z # z\n"},
		{"a sign that is no comment", "a = \"#\" # '\"\nb = '#'\n", "a = \"#\"  # '\"\nb = '#'\n"},
		{"list on one line", "a=[ 1,2 , 3, ]\n", "a = [1, 2, 3]\n"},
		{"list over lines", "a=[\n1,2\n,3]\n", "a = [\n  1,\n  2,\n  3,\n]\n"},
		{"empty list", "a = [ ]\nb = [\n]\n", "a = []\nb = [\n]\n"},
		{
			"comments in a list", "a = [ # first\n1, # one\n# two\n2 # end\n, 3\n# last\n]\n",
			"a = [\n  # first\n  1,  # one\n  # two\n  2,  # end\n  3,\n  # last\n]\n",
		},
		{"list in a list", "a = [[1,2],\n[3]]\nb = [[\n1]]\n", "a = [\n  [1, 2],\n  [3],\n]\nb = [\n  [\n    1,\n  ],\n]\n"},
		{"braces", "a={b=1,c . d={}, e=[ {f=1} ]}\n", "a = { b = 1, c.d = {}, e = [{ f = 1 }] }\n"},
		{"list of tables", "m = [\n{on=\"a\",at=\"/b\"},\n{on=\"c\",at=\"/d\"}\n]\n", "m = [\n  { on = \"a\", at = \"/b\" },\n  { on = \"c\", at = \"/d\" },\n]\n"},
		{"numbers stay as written", "a = 0x_\n", ""},
		{"numbers", "a = +1_000\nb=0xFF\nc = 1e3\nd=-0.50\n", "a = +1_000\nb = 0xFF\nc = 1e3\nd = -0.50\n"},
		{"a date and a time", "a = 1979-05-27 07:32:00\n", "a = 1979-05-27 07:32:00\n"},
		{"texts over lines", "a = \"\"\"\n  x # no comment  \n\n\n [no.header]\n\"\"\"  \nb = '''a''''\nc = \"\"\"\\\"\"\"\"\"\"\n", "a = \"\"\"\n  x # no comment  \n\n\n [no.header]\n\"\"\"\nb = '''a''''\nc = \"\"\"\\\"\"\"\"\"\"\n"},
		{"escapes", "a = \"\\\\\" # b\n\"c\\\"d\" = '\\'\n", "a = \"\\\\\"  # b\n\"c\\\"d\" = '\\'\n"},
		{"keys that need quotes", "\"a b\"=1\n''=2\n", "\"a b\" = 1\n'' = 2\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Format([]byte(c.in))
			if c.want == "" && strings.TrimSpace(c.in) != "" {
				var ps Problems
				if !errors.As(err, &ps) {
					t.Errorf("formatted what is no TOML: %q, %v", got, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
			again, err := Format(got)
			if err != nil || string(again) != string(got) {
				t.Errorf("the second time\n%s\n%v", again, err)
			}
		})
	}
}

func TestFormatTouchesNothingBroken(t *testing.T) {
	for name, in := range map[string]string{
		"syntax":       "a = \n[b]\n",
		"a key twice":  "a = 1\na = 2\n",
		"a table too":  "[a]\n[a]\n",
		"no UTF-8":     "a = \"\xff\"\n",
		"not the end":  "a = [1,\n",
		"a bare value": "a = b\n",
	} {
		var ps Problems
		if out, err := Format([]byte(in)); !errors.As(err, &ps) || out != nil {
			t.Errorf("%s: %q, %v", name, out, err)
		}
	}
}

func FuzzFormat(f *testing.F) {
	files, err := filepath.Glob(filepath.Join(testdata, "*.toml"))
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte("a = [ # x\n[1,\n2], {b = '''\n'''}]\n[[c . \"d\"]]\r\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		out, err := Format(src)
		if err != nil {
			var ps Problems
			if !errors.As(err, &ps) && !errors.Is(err, errFormat) {
				t.Fatalf("%q: %v", src, err)
			}
			return
		}
		again, err := Format(out)
		if err != nil || string(again) != string(out) {
			t.Fatalf("%q became %q and then %q, %v", src, out, again, err)
		}
	})
}
