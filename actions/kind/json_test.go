package kind

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// flatBy lets flat read texts by every awk that a host may have. Each returns
// what it printed, and an error for what it did not take for JSON.
func flatBy(t *testing.T) map[string]func(text string) (string, error) {
	t.Helper()
	needed(t, "busybox", "busybox")
	out := map[string]func(string) (string, error){}
	body := script(jsonFile, nil).Body + "\nflat\n"
	for _, awk := range []string{"mawk", "gawk", "original-awk", "busybox"} {
		path, err := exec.LookPath(awk)
		if err != nil {
			continue // each machine has one of them
		}
		if awk == "busybox" {
			path += " awk"
		}
		shell := "LC_ALL=C; export LC_ALL; awk() { " + path + " \"$@\"; }\n" + body
		out[awk] = func(text string) (string, error) {
			cmd := exec.CommandContext(t.Context(), "dash", "-c", shell)
			cmd.Stdin = strings.NewReader(text)
			said, err := cmd.Output()
			return string(said), err
		}
	}
	return out
}

func TestJSONIsRead(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 1<<20)
	for awk, flat := range flatBy(t) {
		for _, c := range []struct{ text, want string }{
			{`{"a": [1,-2.5e3,{"b":"c"}], "d":{"e":{}},"f":[ ],"g":[[],[2]]}`, ".a.0\t1\n.a.1\t-2.5e3\n.a.2.b\tc\n.a.#\t3\n.f.#\t0\n.g.0.#\t0\n.g.1.0\t2\n.g.1.#\t1\n.g.#\t2\n"},
			{"\t{\r\n\"a\"\n:\n true\n,\"b\" : null , \"c\":false\n}\n\n", ".a\ttrue\n.b\tnull\n.c\tfalse\n"},
			{`[]`, ".#\t0\n"},
			{`[0,-0,0.10,1E+5,1e-5]`, ".0\t0\n.1\t-0\n.2\t0.10\n.3\t1E+5\n.4\t1e-5\n.#\t5\n"},
			{`"alone"`, "\talone\n"},
			{` null `, "\tnull\n"},
			{`{"":"","a":{"":1}}`, ".\t\n.a.\t1\n"},
			// What is escaped, and what only looks as if.
			{`["\"","\\","\\\\\"","\/","\u0026\u003C","\u005c"]`, ".0\t\"\n.1\t\\\\\n.2\t\\\\\\\\\"\n.3\t/\n.4\t&<\n.5\t\\u005c\n.#\t6\n"},
			{`["a\nb","\u0000\u001f\u00E9\ud83d\ude00","\b\f\r\t"]`, ".0\ta\\nb\n.1\t\\u0000\\u001f\\u00E9\\ud83d\\ude00\n.2\t\\b\\f\\r\\t\n.#\t3\n"},
			{`["grüße, 世界 😀","{\"a\":[1,2]}",":,{}[]"]`, ".0\tgrüße, 世界 😀\n.1\t{\"a\":[1,2]}\n.2\t:,{}[]\n.#\t3\n"},
			// A dot of a name is none between names.
			{`{"a.b":1,"a":{"b":2},"x\"y":3}`, ".a\\u002eb\t1\n.a.b\t2\n.x\"y\t3\n"},
			{`{"a":"` + long + `"}`, ".a\t" + long + "\n"},
			{strings.Repeat("[", 200) + strings.Repeat("]", 200), ""},
		} {
			got, err := flat(c.text)
			if err != nil || c.want != "" && got != c.want {
				t.Errorf("%s reads %.200q as %.300q, want %.300q (%v)", awk, c.text, got, c.want, err)
			}
		}
	}
}

// TestJSONIsWhole gives flat what is no JSON, and every beginning of what is.
func TestJSONIsWhole(t *testing.T) {
	t.Parallel()
	whole := `{"a":[1,{"b":"x\"\\"}],"c":null}`
	bad := []string{
		"", "\n", "<html><body>502</body></html>", "Welcome!", "{,}", "[,]", "[1,]", `{"a":1,}`, "[1 2]", `["a" "b"]`, `["a"1]`, `[1"a"]`, `{"a" 1}`, `{"a":1:2}`,
		`{"a":1,2}`, `{1:2}`, `["a":1]`, `{"a"}`, "{]", "[}", "[1}", `{"a":1]`, "]", "}", "[]]", "[1]x", "[1][2]", "{}{}", `{"a":1}"`, `[1]"`, `[1]""`, `"x""`, "1 2",
		"tru", "[tru]", "[True]", "[nul]", "[nan]", "[01]", "[+1]", "[1.]", "[.5]", "[1e]", "[0x1]", "['a']", `["\q"]`, `["\u00g0"]`, `["\u12"]`, `["\"]`, "[\"a\nb\"]", "[\"a\tb\"]", "// a\n[1]",
	}
	for i := range whole {
		bad = append(bad, whole[:i])
	}
	for awk, flat := range flatBy(t) {
		if _, err := flat(whole); err != nil {
			t.Errorf("%s: %v", awk, err)
		}
		for _, text := range bad {
			if json.Valid([]byte(text)) {
				t.Fatalf("%q is JSON", text)
			}
			if got, err := flat(text); err == nil {
				t.Errorf("%s takes %q for JSON: %q", awk, text, got)
			}
		}
	}
}

// TestJSONAsGoReadsIt compares flat with encoding/json on texts that chance made.
func TestJSONAsGoReadsIt(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(6, 2026))
	for awk, flat := range flatBy(t) {
		for range 40 {
			v := anyJSON(r, 5)
			text, err := json.MarshalIndent(v, "", []string{"", " ", "\t"}[r.IntN(3)])
			if err != nil {
				t.Fatal(err)
			}
			got, err := flat(string(text))
			if want := flatLines("", v); err != nil || sortedLines(got) != sortedLines(strings.Join(want, "")) {
				t.Fatalf("%s reads\n%s\nas\n%s\nand not as\n%s(%v)", awk, text, got, strings.Join(want, ""), err)
			}
		}
	}
}

// anyJSON returns a value of the depth at most, without the names and signs that
// flat prints in a form of its own.
func anyJSON(r *rand.Rand, depth int) any {
	words := []string{"", "a", "backup", "run=7", "größe", "x y", `quo"te`, "a&b<c>", "/srv/files", "{}", "[1,2]", ":", ","}
	switch n := r.IntN(7); {
	case n < 2 && depth > 0:
		list := []any{}
		for range r.IntN(4) {
			list = append(list, anyJSON(r, depth-1))
		}
		return list
	case n < 4 && depth > 0:
		m := map[string]any{}
		for range r.IntN(4) {
			m[words[r.IntN(len(words))]] = anyJSON(r, depth-1)
		}
		return m
	case n == 4:
		return []any{true, false, nil}[r.IntN(3)]
	case n == 5:
		return r.IntN(2_000_000) - 1_000_000
	}
	return words[r.IntN(len(words))]
}

func flatLines(path string, v any) []string {
	var out []string
	switch v := v.(type) {
	case []any:
		for i, x := range v {
			out = append(out, flatLines(fmt.Sprintf("%s.%d", path, i), x)...)
		}
		return append(out, fmt.Sprintf("%s.#\t%d\n", path, len(v)))
	case map[string]any:
		for k, x := range v {
			out = append(out, flatLines(path+"."+k, x)...)
		}
		return out
	case nil:
		return []string{path + "\tnull\n"}
	}
	return []string{fmt.Sprintf("%s\t%v\n", path, v)}
}

// sortedLines returns the lines of a text in order: members of an object have none.
func sortedLines(text string) string {
	lines := strings.SplitAfter(text, "\n")
	slices.Sort(lines)
	return strings.Join(lines, "")
}
