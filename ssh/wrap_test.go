package ssh

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// need returns the path of a program, or skips the test on a developer's
// machine that has none. In CI it must be there.
func need(t *testing.T, name string) string {
	t.Helper()
	p, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s must be installed", name)
		}
		t.Skipf("%s is not installed", name)
	}
	return p
}

// local runs what the login shell would be given by sshd, without a network.
func local(t *testing.T, shell []string, line string, stdin []byte) (stdout, stderr string, exit int) {
	t.Helper()
	cmd := exec.Command(shell[0], append(shell[1:], "-c", line)...)
	cmd.Stdin = bytes.NewReader(stdin)
	var o, e bytes.Buffer
	cmd.Stdout, cmd.Stderr = &o, &e
	cmd.Dir = t.TempDir()
	err := cmd.Run()
	var x *exec.ExitError
	if err != nil && !errors.As(err, &x) {
		t.Fatal(err)
	}
	return o.String(), e.String(), cmd.ProcessState.ExitCode()
}

func mustWrap(t *testing.T, c Command) []byte {
	t.Helper()
	b, err := wrap("JMMARK", c)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// after returns what stands behind the mark's line.
func after(t *testing.T, s string) (place, string) {
	t.Helper()
	_, rest, ok := strings.Cut(s, "JMMARK")
	if !ok {
		t.Fatalf("no mark in %q", s)
	}
	line, rest, _ := strings.Cut(rest, "\n")
	return parsePlace(line), rest
}

func TestLoginShells(t *testing.T) {
	c := Command{
		Secrets: []byte("PW='it'\\''s !secret$HOME`id`\"\n'\n"),
		Text:    "printf '%s|' \"$PW\" \"$(cat)\" \"$LC_ALL\"\nif true; then echo \"it's\" 2>&1; fi\ncat <<E\nhere $((1+1))\nE\necho problem >&2\nexit 7",
	}
	for _, name := range []string{"sh", "bash", "dash", "zsh", "fish", "csh", "tcsh"} {
		for _, sudo := range []bool{false, true} {
			t.Run(name+"/sudo="+strconv.FormatBool(sudo), func(t *testing.T) {
				shell := need(t, name)
				if sudo && os.Geteuid() != 0 {
					t.Skip("only root is let through without a password by every machine")
				}
				out, errs, exit := local(t, []string{shell}, loginLine(sudo), mustWrap(t, c))
				at, out := after(t, out)
				want := "it's !secret$HOME`id`\"\n||C|it's\nhere 2\n"
				if out != want || exit != 7 {
					t.Errorf("got %q and %d, want %q and 7; stderr %q", out, exit, want, errs)
				}
				if !strings.HasSuffix(errs, "JMMARK\nproblem\n") {
					t.Errorf("stderr %q", errs)
				}
				if at.group <= 1 || at.start < 0 {
					t.Errorf("announced %+v", at)
				}
			})
		}
	}
}

// posix are the shells that may stand behind /bin/sh.
func posix(t *testing.T, f func(t *testing.T, sh []string)) {
	t.Helper()
	for _, s := range [][]string{{"dash"}, {"bash", "--posix"}, {"busybox", "sh"}} {
		t.Run(s[0], func(t *testing.T) {
			f(t, append([]string{need(t, s[0])}, s[1:]...))
		})
	}
}

// TestWrapCutAnywhere holds the promise that a text cut off on the way does
// nothing: at no length of what arrives is anything done, but at the full one.
func TestWrapCutAnywhere(t *testing.T) {
	posix(t, func(t *testing.T, sh []string) {
		dir := t.TempDir()
		done := filepath.Join(dir, "done")
		text := mustWrap(t, Command{
			Secrets: []byte("A='x y'\nB=z\n"),
			Text:    "f() { echo one >>'" + done + "'\n}\nf; f\necho '}' >>'" + done + "' # it's\n: end",
		})
		ran := func(n int) bool {
			cmd := exec.Command(sh[0], append(sh[1:], "-s")...)
			cmd.Stdin = bytes.NewReader(text[:n])
			_ = cmd.Run() // a broken text ends with any status
			_, err := os.Stat(done)
			return err == nil
		}
		begin := bytes.Index(text, []byte("A='x"))
		// " </dev/null\n" may be missing: all of the text is there then.
		end := bytes.LastIndex(text, []byte(" </dev/null"))
		for n := begin; n < end; n++ {
			if ran(n) {
				t.Fatalf("cut behind %q something ran", text[max(n-20, 0):n])
			}
		}
		if !ran(len(text)) {
			t.Fatal("the whole text did not run")
		}
	})
}

func TestWrapInShells(t *testing.T) {
	big := strings.Repeat("# padding, and it's long\n", 8000)
	for _, x := range []struct {
		name, text, out string
		exit            int
	}{
		{"status of the last command", "false", "", 1},
		{"empty", "", "", 0},
		{"exit", "echo a; exit 3; echo b", "a\n", 3},
		{"set -e", "set -e; false; echo no", "", 1},
		{"no input", "cat; read -r x || echo none", "none\n", 0},
		{"nothing left over", "echo \"${JM_MARK-unset}${jm_group-unset}$#\"", "unsetunset0\n", 0},
		{"trap at the end", "trap 'echo bye' EXIT\necho hi", "hi\nbye\n", 0},
		{"comment at the end", "echo a # }", "a\n", 0},
		{"quotes", `echo '"'"'"\'a "\\"`, "\"''a \\\n", 0},
		{"longer than any buffer", big + "echo end\n" + big, "end\n", 0},
	} {
		t.Run(x.name, func(t *testing.T) {
			posix(t, func(t *testing.T, sh []string) {
				line := strings.Join(sh, " ") + " -s"
				out, errs, exit := local(t, []string{"/bin/sh"}, line, mustWrap(t, Command{Text: x.text}))
				if _, out = after(t, out); out != x.out || exit != x.exit {
					t.Errorf("got %q and %d, want %q and %d; stderr %q", out, exit, x.out, x.exit, errs)
				}
			})
		})
	}
	for _, bad := range []string{"echo one\nif", "echo one\n'", "echo one; done", "echo $(echo one"} {
		t.Run("mistake "+bad, func(t *testing.T) {
			posix(t, func(t *testing.T, sh []string) {
				out, _, exit := local(t, []string{"/bin/sh"}, strings.Join(sh, " ")+" -s", mustWrap(t, Command{Text: bad}))
				if _, out = after(t, out); out != "" || exit == 0 {
					t.Errorf("got %q and %d", out, exit)
				}
			})
		})
	}
}

func TestWrapRefusesNUL(t *testing.T) {
	for _, c := range []Command{{Text: "a\x00b"}, {Secrets: []byte("A='\x00'\n")}} {
		if _, err := wrap("JM", c); !errors.Is(err, errNUL) {
			t.Errorf("%q: %v", c.Text, err)
		}
	}
}

func TestParsePlace(t *testing.T) {
	for in, want := range map[string]place{
		" 123 456":                {123, 456},
		" 123 0":                  {123, 0},
		"  77   9\r":              {77, 9},
		"":                        {},
		" 12":                     {},
		" 0 1":                    {},
		" 1 1":                    {},
		" -1 5":                   {},
		" 12; rm 3":               {},
		" 12 3 4":                 {},
		" 99999999999999999999 1": {},
		" 12 x":                   {12, 0},
	} {
		if got := parsePlace(in); got != want {
			t.Errorf("%q: %+v, want %+v", in, got, want)
		}
	}
}

func TestGate(t *testing.T) {
	const in = "Welcome!\nnoise JM 12 34\nout\nJM again\n"
	for size := 1; size <= len(in); size++ {
		var where string
		g := gate{mark: []byte("JM"), max: 6, open: func(s string) { where += s }}
		for b := []byte(in); len(b) > 0; {
			n := min(size, len(b))
			if !g.write(b[:n]) {
				t.Fatal("out of bounds")
			}
			b = b[n:]
		}
		if where != " 12 34" || string(g.kept) != "out\nJM" || !g.cut() || string(g.prelude) != "Welcome!\nnoise " {
			t.Fatalf("pieces of %d: %q, %q, %v, %q", size, where, g.kept, g.cut(), g.prelude)
		}
	}
	g := gate{mark: []byte("JM"), max: 10}
	if !g.write([]byte("JM\n"+strings.Repeat("x", 160))) || g.write([]byte("y")) {
		t.Error("the bound is 16 times what is kept")
	}
	endless := gate{mark: []byte("JM")}
	ok := true
	for range 1000 {
		ok = ok && endless.write(bytes.Repeat([]byte("noise "), 1000))
	}
	if ok || len(endless.prelude) > preludeMax+6000 {
		t.Errorf("endless noise: within bounds %v, %d kept", ok, len(endless.prelude))
	}
}
