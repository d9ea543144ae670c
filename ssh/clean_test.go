package ssh

import (
	"bytes"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

func TestClean(t *testing.T) {
	for _, x := range []struct{ name, in, want string }{
		{"plain", "load 0.3\n", "load 0.3\n"},
		{"no newline at the end", "load", "load"},
		{"tab stays", "a\tb\n", "a\tb\n"},
		{"empty lines stay", "\n\na\n\n", "\n\na\n\n"},
		{"colour", "\x1b[31;1mfail\x1b[0m\n", "fail\n"},
		{"colour with C1", "\u009b31mfail\u009b0m\n", "fail\n"},
		{"title by BEL", "a\x1b]0;evil\ab\n", "ab\n"},
		{"title by ST", "a\x1b]0;evil\x1b\\b\n", "ab\n"},
		{"link", "\x1b]8;;http://x/\x1b\\name\x1b]8;;\x1b\\\n", "name\n"},
		{"device control", "a\x1bPq#1;2\x1b\\b\n", "ab\n"},
		{"device control by C1", "a\u0090q#1\u009cb\n", "ab\n"},
		{"string not ended", "a\x1b]0;evil\nnext\n", "a\nnext\n"},
		{"string broken by another", "\x1b]0;x\x1b[31my\n", "y\n"},
		{"control sequence not ended", "a\x1b[31\nnext\n", "a\nnext\n"},
		{"control sequence at the end", "a\x1b[31", "a"},
		{"character set", "\x1b(Ba\n", "a\n"},
		{"cursor saved", "\x1b7a\x1b8\n", "a\n"},
		{"dos line ends", "a\r\nb\r\n", "a\nb\n"},
		{"two returns", "a\r\r\nb\n", "a\nb\n"},
		{"progress", "10%\r50%\r100%\n", "100%\n"},
		{"progress not ended", "10%\r50%\r", "50%"},
		{"overstrike", "b\bbo\bol\bld _\bu\n", "bold u\n"},
		{"backspace at the start", "\b\ba\n", "a\n"},
		{"backspace over wide", "é\bx\n", "x\n"},
		{"backspace does not cross lines", "a\n\bb\n", "a\nb\n"},
		{"bell, NUL, DEL", "a\a\x00\x7fb\n", "ab\n"},
		{"bad byte", "caf\xe9!\n", "caf\uFFFD!\n"},
		{"run of bad bytes", "\xff\xfe\x9b\x80x\n", "\uFFFDx\n"},
		{"cut-off character", "a\xe2\x82", "a\uFFFD"},
		{"cut-off character, then another", "a\xe2\x82é\n", "a\uFFFDé\n"},
		{"surrogate", "a\xed\xa0\x80b\n", "a\uFFFDb\n"},
		{"right to left override", "exe.\u202etxt\u202c\n", "exe.txt\n"},
		{"isolates and marks", "\u2066a\u2069\u200e\u200f\u061cb\n", "ab\n"},
		{"zero width", "pass\u200bword\u200c\u200d\u2060\ufeff\n", "password\n"},
		{"tags", "ok\U000e0041\U000e007f\n", "ok\n"},
		{"variation selectors", "a\ufe0f\U000e0100b\n", "ab\n"},
		{"hangul filler", "a\u3164\uffa0b\n", "ab\n"},
		{"line separator", "a\u2028b\u2029\n", "ab\n"},
		{"next line", "a\u0085b\n", "ab\n"},
		{"umlauts and wide stay", "größe 大きさ ✓\n", "größe 大きさ ✓\n"},
		{"arabic number sign is visible", "\u0600\n", "\u0600\n"},
		{"empty", "", ""},
	} {
		t.Run(x.name, func(t *testing.T) {
			if got := string(Clean([]byte(x.in), 0)); got != x.want {
				t.Errorf("Clean(%q) = %q, want %q", x.in, got, x.want)
			}
		})
	}
}

func TestCleanCutsLines(t *testing.T) {
	for _, x := range []struct{ name, in, want string }{
		{"fits", "0123456789\n", "0123456789\n"},
		{"one too many", "0123456789a\nb\n", "0123 [cut]\nb\n"},
		{"character at the cut", "012éééééé\n", "012 [cut]\n"},
		{"no newline", "0123456789abcdef", "0123 [cut]"},
		{"taken back in time", "0123456789ab\b\b\n", "0123456789\n"},
		{"written over", "0123456789ab\rok\n", "ok\n"},
	} {
		t.Run(x.name, func(t *testing.T) {
			if got := string(Clean([]byte(x.in), 10)); got != x.want {
				t.Errorf("Clean(%q, 10) = %q, want %q", x.in, got, x.want)
			}
		})
	}
	long := bytes.Repeat([]byte("x"), MaxLine+1)
	if got := Clean(long, 0); len(got) != MaxLine || !bytes.HasSuffix(got, []byte(cutMark)) {
		t.Errorf("a line of MaxLine+1 became %d bytes ending in %q", len(got), got[len(got)-10:])
	}
}

// FuzzClean holds Clean to what it promises: valid UTF-8, nothing but newline
// and tab of the control characters, bounded lines, the same when done twice,
// the same in pieces, and no sequence left that a terminal would see.
func FuzzClean(f *testing.F) {
	for _, s := range []string{"a\r\nb", "\x1b[31mx\x1b[0m", "\x1b]0;t\a", "\xe2\x82", "a\bb", "\u009b1m", "\u202e", strings.Repeat("é", 20), "\xf0\x9f\x1b\x98\x80", "\x1bP\x1b\x1b\\"} {
		f.Add([]byte(s), 16, uint8(1))
	}
	f.Fuzz(func(t *testing.T, b []byte, max int, piece uint8) {
		max = max&0xff + len(cutMark)
		before := bytes.Clone(b)
		got := Clean(b, max)
		if !bytes.Equal(b, before) {
			t.Fatal("the input was changed")
		}
		if !utf8.Valid(got) {
			t.Fatalf("not UTF-8: %q", got)
		}
		for _, r := range string(got) {
			if r != '\n' && r != '\t' && (unicode.IsControl(r) || hidden(r)) {
				t.Fatalf("%U in %q", r, got)
			}
		}
		for _, l := range bytes.Split(got, []byte("\n")) {
			if len(l) > max {
				t.Fatalf("a line of %d bytes, limit %d", len(l), max)
			}
		}
		if again := Clean(got, max); !bytes.Equal(again, got) {
			t.Fatalf("twice: %q, then %q", got, again)
		}
		if s := ansi.Strip(string(got)); s != string(got) {
			t.Fatalf("a terminal still sees a sequence in %q", got)
		}
		var out []byte
		c := Cleaner{Max: max, Line: func(l []byte, ended bool) {
			out = append(out, l...)
			if ended {
				out = append(out, '\n')
			}
		}}
		for size := int(piece)%7 + 1; len(b) > 0; {
			n := min(size, len(b))
			c.Write(b[:n])
			b = b[n:]
		}
		c.Flush()
		if !bytes.Equal(out, got) {
			t.Fatalf("in pieces %q, whole %q", out, got)
		}
	})
}

func BenchmarkClean(b *testing.B) {
	line := []byte("Filesystem 1024-blocks Used Available Capacity Mounted on größe\n")
	in := bytes.Repeat(line, 1<<20/len(line))
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		Clean(in, 0)
	}
}
