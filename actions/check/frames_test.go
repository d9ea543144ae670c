package check

import (
	"fmt"
	"strings"
	"testing"
)

// proper is the answer of one run as the scripts write it.
func proper(n int, out, err string, code int) string { return framed("N", n, out, err, code) }

func framed(nonce string, n int, out, err string, code int) string {
	const f = "\n==@ begin %d .\n%s\n==@ end %d %d .\n\n==@ errors %d .\n%s\n==@ code %d %d .\n"
	return fmt.Sprintf(strings.ReplaceAll(f, "@", nonce), n, out, n, code, n, err, n, code)
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     string // of each frame: code and output, or "-"
	}{
		{"all", "\n==N hello .\n" + proper(0, "a\n", "e", 0) + proper(1, "", "", 3) + "\n==N bye .\n", "0:a\n|3:"},
		{"in any order", proper(1, "b", "", 0) + proper(0, "a", "", 0), "0:a|0:b"},
		{"noise ahead and between", "motd\n\n" + proper(0, "a", "", 0) + "noise\n" + proper(1, "b", "", 0), "0:a|0:b"},
		{"cut in the output", proper(0, "a", "", 0) + "\n==N begin 1 .\nhal", "0:a|-"},
		{"cut behind the output", proper(0, "a", "", 0) + "\n==N begin 1 .\nb\n==N end 1 0 .\n", "0:a|0:b"},
		{"cut in the errors", proper(0, "a", "", 0) + "\n==N begin 1 .\nb\n==N end 1 0 .\n\n==N errors 1 .\nhal", "0:a|0:b"},
		{"cut within a number", proper(0, "a", "", 0) + "\n==N begin 1 .\nb\n==N end 1 1", "0:a|-"},
		{"cut within the end", proper(0, "a", "", 0) + "\n==N begin 1 .\nb\n==N end 1 0", "0:a|-"},
		{"cut within the last mark", proper(0, "a", "", 0) + strings.TrimSuffix(proper(1, "b", "", 0), " .\n"), "0:a|0:b"},
		{"the last newline is missing", proper(0, "a", "", 0) + strings.TrimSuffix(proper(1, "b", "", 0), "\n"), "0:a|0:b"},
		{"errors behind all output", "\n==N begin 0 .\na\n==N end 0 0 .\n\n==N begin 1 .\nb\n==N end 1 2 .\n\n==N errors 0 .\n\n==N code 0 0 .\n==N errors 1 .\n\n==N code 1 2 .\n", "0:a|2:b"},
		{"another nonce is output", proper(0, "==M end 0 .\n==M bye .", "", 0) + proper(1, "", "", 0), "0:==M end 0 .\n==M bye .|0:"},
		{"a mark within a line is output", proper(0, "x ==N end 0 .", "", 0) + proper(1, "==N end 1 . ", "", 0), "0:x ==N end 0 .|0:==N end 1 . "},
		{"begun twice", proper(0, "a", "", 0) + proper(0, "b", "", 0) + proper(1, "c", "", 0), "-|0:c"},
		{"no such run", proper(7, "a", "", 0) + proper(1, "c", "", 0), "-|0:c"},
		{"a negative run", "\n==N begin -1 .\nx\n==N end -1 0 .\n==N errors -1 .\n==N code -1 0 .\n" + proper(1, "c", "", 0), "-|0:c"},
		{"no errors", "\n==N begin 0 .\nx\n==N end 0 0 .\n==N code 0 0 .\n" + proper(1, "c", "", 0), "-|0:c"},
		{"never ended", "\n==N begin 0 .\nx\n==N errors 0 .\n\n==N code 0 0 .\n" + proper(1, "c", "", 0), "-|0:c"},
		{"never begun", "\n==N errors 0 .\n\n==N code 0 0 .\n" + proper(1, "c", "", 0), "-|0:c"},
		{"ends as another", "\n==N begin 0 .\nx\n==N end 1 0 .\n==N errors 0 .\n\n==N code 0 0 .\n", "-|-"},
		{"a code of another", "\n==N begin 0 .\nx\n==N end 0 0 .\n==N errors 0 .\n\n==N code 1 0 .\n", "0:x|-"},
		{"held back", "\n==N skip 0 1 .\n" + proper(1, "c", "", 0), "-|0:c"},
		{"killed", "\n==N begin 0 .\nx\n==N errors 0 .\n\n==N left 0 137 .\n" + proper(1, "c", "", 0), "-|0:c"},
		{"too late, though it ended", "\n==N begin 0 .\nx\n==N end 0 0 .\n==N errors 0 .\n\n==N left 0 124 .\n", "-|-"},
		{"two codes", "\n==N begin 0 .\nx\n==N end 0 0 .\n==N errors 0 .\n\n==N code 0 0 .\n==N code 0 1 .\n", "-|-"},
		{"a code that is no number", "\n==N begin 0 .\nx\n==N end 0 0 .\n==N errors 0 .\n\n==N code 0 x .\n", "-|-"},
		{"a word it does not know", "\n==N begin 0 .\n==N what .\n==N end 0 0 .\n==N errors 0 .\n\n==N code 0 0 .\n", "-|-"},
		{"more than is kept", "\n==N begin 0 .\n0123456789\n==N errors 0 .\n\n==N left 0 137 .\n" + proper(1, "c", "", 0), "0:0123456789|0:c"},
		{"more than is kept, and late", "\n==N begin 0 .\n0123456789\n==N errors 0 .\n\n==N left 0 124 .\n", "-|-"},
		{"empty marks", "==N  .\n==N .\n==N ==N .\n" + proper(0, "", "", 0), "0:|-"},
		{"nothing", "", "-|-"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, f := range parse([]byte(c.in), "N", 2).frames {
				if !f.answered(9) {
					got = append(got, "-")
					continue
				}
				got = append(got, fmt.Sprintf("%d:%s", f.code, f.out))
			}
			if g := strings.Join(got, "|"); g != c.want {
				t.Errorf("got %q, want %q", g, c.want)
			}
		})
	}
}

func TestParseErrors(t *testing.T) {
	a := parse([]byte(proper(0, "out", "line one\nline two", 5)+"\n==N bye .\n"), "N", 1)
	if f := a.frames[0]; string(f.err) != "line one\nline two" || f.code != 5 || string(f.out) != "out" || !a.bye {
		t.Errorf("%+v", f)
	}
}

// FuzzFrames holds the parser to what a hostile or broken host cannot do: make
// it panic, make it invent text, or make it take a check as answered whose
// marks do not all stand there in their order.
func FuzzFrames(f *testing.F) {
	whole := "\n==N hello .\n" + proper(0, "a\n", "e", 0) + proper(1, "b", "", 2) + proper(2, "", "x", 1) + "\n==N bye .\n"
	f.Add([]byte(whole))
	for i := 0; i < len(whole); i += 7 {
		f.Add([]byte(whole[:i]))
		f.Add([]byte(whole[i:]))
	}
	f.Add([]byte("==N begin 0 .\n==N begin 0 .\n==N end 0 .\n==N errors 0 .\n==N code 0 0 .\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		const runs = 3
		a := parse(in, "N", runs)
		if len(a.frames) != runs {
			t.Fatalf("%d frames", len(a.frames))
		}
		for n, f := range a.frames {
			if !f.answered(maxOut) {
				continue
			}
			at := 0
			for _, mark := range []string{fmt.Sprintf("==N begin %d .", n), "==N end "} {
				if !f.ended && mark == "==N end " { // it said too much on standard error
					mark = "==N code "
				}
				// Numbers may be written in other ways; words may not.
				mark, _, _ = strings.Cut(mark, " begin")
				i := strings.Index(string(in[at:]), mark)
				if i < 0 {
					t.Fatalf("run %d answered without %q in %q", n, mark, in)
				}
				at += i + 1
			}
			if !strings.Contains(string(in), string(f.out)) || !strings.Contains(string(in), string(f.err)) {
				t.Fatalf("run %d says what was not said: %q %q", n, f.out, f.err)
			}
		}
		// What a check prints never ends or begins another: wrapped as output
		// under a nonce that it does not know, it is output and nothing else.
		if strings.Contains(string(in), "==Q ") {
			return
		}
		b := parse([]byte(framed("Q", 0, string(in), "", 0)), "Q", 1)
		if !b.frames[0].answered(maxOut) || string(b.frames[0].out) != string(in) {
			t.Fatalf("output %q came out as %q, answered %t", in, b.frames[0].out, b.frames[0].answered(maxOut))
		}
	})
}
