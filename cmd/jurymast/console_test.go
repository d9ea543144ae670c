package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRing: text from a machine cannot end the sequence that it stands in.
func TestRing(t *testing.T) {
	t.Parallel()
	for want, notify := range map[string]bool{"\a": false, "\a\x1b]9;run 7: done]0;x\a": true} {
		var out strings.Builder
		if err := ring(&out, "run 7: done\x1b]0;x\a", notify); err != nil || out.String() != want {
			t.Errorf("%q, %v, want %q", out.String(), err, want)
		}
	}
}

// TestClipSequence holds what is sent to each sort of terminal: whole for one
// that takes it, in pieces for screen, both where it is not known what stands
// between.
func TestClipSequence(t *testing.T) {
	t.Parallel()
	plain := "\x1b]52;c;aGk=\a"
	for name, x := range map[string]struct {
		env  map[string]string
		want string
	}{
		"a terminal":                   {nil, plain},
		"tmux that could not be asked": {map[string]string{"TMUX": "/tmp/t,1,0"}, plain + "\x1bPtmux;\x1b\x1b]52;c;aGk=\a\x1b\\"},
		"screen":                       {map[string]string{"STY": "1.x"}, "\x1bP" + plain + "\x1b\\"},
		"behind one of the two":        {map[string]string{"TERM": "screen-256color"}, plain + "\x1bP" + plain + "\x1b\\"},
	} {
		if got := clipSequence("hi", func(n string) string { return x.env[n] }); got != x.want {
			t.Errorf("%s: %q, want %q", name, got, x.want)
		}
	}
	long := clipSequence(strings.Repeat("x", 1000), func(n string) string { return map[string]string{"STY": "1"}[n] })
	var whole string
	for _, piece := range strings.SplitAfter(long, "\x1b\\") {
		if len(piece) > 256 {
			t.Errorf("a piece of %d bytes: screen cuts it", len(piece))
		}
		whole += strings.TrimSuffix(strings.TrimPrefix(piece, "\x1bP"), "\x1b\\")
	}
	if whole != clipSequence(strings.Repeat("x", 1000), func(string) string { return "" }) {
		t.Error("the pieces are not the whole")
	}
}

// TestCopyCommand: what is copied reaches the admin's own command as it is, and
// one that could not take it says why.
func TestCopyCommand(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	script := filepath.Join(dir, "copy.sh")
	if err := os.WriteFile(script, []byte("case $1 in fails) echo no display >&2; exit 3 ;; esac\ncat >\"$1\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var terminal strings.Builder
	a := newApp(nil, streams{out: &terminal}, func(string) (string, bool) { return "", false })
	const text = "one $HOME\n\"two\" ü\n"
	if err := a.clipboard(t.Context(), "sh "+script+" "+filepath.Join(dir, "taken"), text); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(filepath.Join(dir, "taken")); err != nil || string(b) != text {
		t.Errorf("it took %q, %v", b, err)
	}
	for command, want := range map[string]string{
		"sh " + script + " fails": "copy_command sh: exit status 3: no display", filepath.Join(dir, "absent"): "no such file",
	} {
		if err := a.clipboard(t.Context(), command, text); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "nothing was copied") {
			t.Errorf("%s: %v, want %q", command, err, want)
		}
	}
	if terminal.Len() != 0 {
		t.Errorf("the terminal was given %q", terminal.String())
	}
	if err := a.clipboard(t.Context(), "", "hi"); err != nil || !strings.Contains(terminal.String(), "]52;c;aGk=") {
		t.Errorf("without a command the terminal was given %q, %v", terminal.String(), err)
	}
}

// TestWriteNew: a file that is there is never written over.
func TestWriteNew(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	a := newApp(nil, streams{}, func(n string) (string, bool) { return home, n == "HOME" })
	at, err := a.writeNew("~/history.tsv", "one\n")
	if want := filepath.Join(home, "history.tsv"); err != nil || at != want {
		t.Fatalf("%q, %v, want %q", at, err, want)
	}
	if _, err := a.writeNew(at, "two\n"); err == nil || !strings.Contains(err.Error(), "stays as it is") {
		t.Errorf("written over: %v", err)
	}
	if b, err := os.ReadFile(at); err != nil || string(b) != "one\n" {
		t.Errorf("%q, %v", b, err)
	}
	if i, err := os.Stat(at); err != nil || i.Mode().Perm() != 0o600 {
		t.Errorf("others can read it: %v, %v", i.Mode(), err)
	}
	if _, err := a.writeNew(filepath.Join(home, "no", "folder"), "x"); err == nil || !strings.Contains(err.Error(), "nothing was written") {
		t.Errorf("%v", err)
	}
}

// TestConsoleSettings holds what console.toml may say.
func TestConsoleSettings(t *testing.T) {
	t.Parallel()
	for name, x := range map[string]struct{ text, want string }{
		"none":         {"", ""},
		"good":         {"theme = \"mono\"\ncopy_command = \"wl-copy --trim-newline\"\n[keys]\nshell = [\"S\"]\n", ""},
		"unknown":      {"colour = 1\n", "colour"},
		"not TOML":     {"[keys\n", "keys"},
		"another type": {"theme = 3\n", "theme"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if x.text != "" {
				if err := os.WriteFile(filepath.Join(dir, "console.toml"), []byte(x.text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			_, err := loadConsole(dir)
			if (err == nil) != (x.want == "") {
				t.Fatalf("%v", err)
			}
			if err == nil {
				return
			}
			if r := explain(err); r.code != exitInventory || !strings.Contains(r.what+r.why, x.want) {
				t.Errorf("%+v does not speak of %q", r, x.want)
			}
		})
	}
}
