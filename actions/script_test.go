package actions

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"
	"unicode/utf8"
)

// shell runs a text as the far side does: by a real POSIX shell, from its
// standard input.
func shell(t *testing.T, text string) string {
	t.Helper()
	c := exec.CommandContext(t.Context(), "/bin/sh", "-s")
	c.Stdin = strings.NewReader(text)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil {
		t.Fatalf("%v: %s\n%s", err, errs.String(), text)
	}
	return out.String()
}

func TestRender(t *testing.T) {
	s := Script{
		Name: "t/t.sh", Body: `printf '%s|%s|%s' "$A" "$B" "$PASS"`,
		Inputs:  map[string]string{"B": "two\nlines $(reboot) `id`", "A": "it's \\ \"quoted\""},
		Secrets: map[string]string{"PASS": "s'cret"},
	}
	text, secrets, err := s.Render()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(text, "cret") {
		t.Error("the text holds the secret")
	}
	if got, want := shell(t, string(secrets)+text), "it's \\ \"quoted\"|two\nlines $(reboot) `id`|s'cret"; got != want {
		t.Errorf("the shell saw %q, want %q", got, want)
	}
	if s.Key() != "" {
		t.Error("a script with secrets may not be shared")
	}
}

func TestRenderRefuses(t *testing.T) {
	for name, s := range map[string]Script{
		"a name that is none":    {Inputs: map[string]string{"A B": ""}},
		"a name with a digit":    {Inputs: map[string]string{"1A": ""}},
		"no name":                {Inputs: map[string]string{"": ""}},
		"a command as a name":    {Inputs: map[string]string{"A=1;reboot": ""}},
		"a NUL in an input":      {Inputs: map[string]string{"A": "a\x00b"}},
		"a NUL in a secret":      {Secrets: map[string]string{"A": "a\x00hunter2"}},
		"both input and secret":  {Inputs: map[string]string{"A": ""}, Secrets: map[string]string{"A": ""}},
		"a secret that no shell": {Secrets: map[string]string{"A-B": "hunter2"}},
	} {
		text, secrets, err := s.Render()
		if err == nil {
			t.Errorf("%s: rendered as %q, %q", name, text, secrets)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error tells the secret: %v", name, err)
		}
	}
}

func TestKey(t *testing.T) {
	a := Script{Name: "a", Inputs: map[string]string{"X": "1", "Y": "2"}}
	same := Script{Name: "a", Inputs: map[string]string{"Y": "2", "X": "1"}}
	if a.Key() != same.Key() {
		t.Errorf("%q and %q", a.Key(), same.Key())
	}
	for _, other := range []Script{
		{Name: "b", Inputs: a.Inputs}, {Name: "a", Inputs: a.Inputs, Sudo: true}, {Name: "a"},
		{Name: "a", Inputs: map[string]string{"X": `1" Y="2`}},
	} {
		if other.Key() == a.Key() {
			t.Errorf("%+v has the key of %+v", other, a)
		}
	}
}

// FuzzQuote holds quoting against a real shell: whatever the text, the shell
// prints it back.
func FuzzQuote(f *testing.F) {
	for _, s := range []string{"", "'", "''", `\`, "a'b\\'c", "$HOME `id` $(id) !! * ~", "\n\r\t", "\xff\xfe", "-n", "日本"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if strings.IndexByte(s, 0) >= 0 {
			return
		}
		if got := shell(t, "printf '%s.' "+Quote(s)+"\n"); got != s+"." {
			t.Errorf("the shell saw %q of %q", got, s)
		}
	})
}

func TestLine(t *testing.T) {
	for in, want := range map[string]string{
		"":                     "",
		" a\n\tb  c ":          "a b c",
		"one":                  "one",
		"tab\tand\r\nnewline ": "tab and newline",
	} {
		if got := Line(in); got != want {
			t.Errorf("Line(%q) = %q, want %q", in, got, want)
		}
	}
	long := Line(strings.Repeat("é", MaxLine))
	if len(long) > MaxLine || !utf8.ValidString(long) || !strings.HasSuffix(long, "…") {
		t.Errorf("%d bytes, valid %v, ends %q", len(long), utf8.ValidString(long), long[len(long)-4:])
	}
}
