package widget

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

func TestFitIsExactAndClean(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		text  string
		width int
		want  string
	}{
		{"abc", 5, "abc  "}, {"abcdef", 4, "abc…"}, {"", 3, "   "}, {"abc", 0, ""}, {"abc", -1, ""}, {"✓ ok", 6, "✓ ok  "}, {"✗ FAIL", 3, "✗ …"},
		{"日本語", 5, "日本…"}, {"日本語", 4, "日… "}, {"\x1b[31mred\x1b[0m", 4, "red "}, {"a\tb", 3, "a b"}, {"\u202eevil", 4, "evil"}, {"a\u009bb", 2, "ab"}, {"ab", 1, "…"},
	} {
		got := Fit(x.text, x.width, "…")
		if got != x.want {
			t.Errorf("Fit(%q, %d) = %q, want %q", x.text, x.width, got, x.want)
		}
	}
}

func FuzzFit(f *testing.F) {
	for _, s := range []string{"", "plain", "\x1b]52;c;x\a", "日本", "e\u0301", "\xff", "👨‍👩‍👧", "\u200d"} {
		f.Add(s, 7)
	}
	f.Fuzz(func(t *testing.T, s string, w int) {
		if w < 0 || w > 300 {
			return
		}
		got := Fit(s, w, "…")
		if n := ansi.StringWidth(got); n != w {
			t.Errorf("Fit(%q, %d) takes %d cells: %q", s, w, n, got)
		}
		if strings.ContainsAny(got, "\x1b\n\r\a\t") {
			t.Errorf("Fit(%q, %d) = %q could steer a terminal", s, w, got)
		}
	})
}

func TestSpark(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		points []float64
		full   float64
		width  int
		ascii  bool
		want   string
	}{
		{[]float64{0, 50, 100}, 100, 3, false, "▁▅█"}, {[]float64{0, 50, 100}, 100, 5, false, "··▁▅█"}, {[]float64{1, 2, 4}, 0, 3, false, "▃▅█"},
		{[]float64{math.NaN(), 200, -5, math.Inf(1)}, 100, 4, false, "·█▁·"}, {nil, 0, 2, false, "··"}, {[]float64{0, 100}, 100, 2, true, "_#"}, {[]float64{1}, 1, 0, false, ""},
		{[]float64{9, 0, 0}, 0, 2, false, "▁▁"},
	} {
		if got := Spark(x.points, x.full, x.width, x.ascii); got != x.want {
			t.Errorf("Spark(%v, %v, %d) = %q, want %q", x.points, x.full, x.width, got, x.want)
		}
	}
}

func TestPlot(t *testing.T) {
	t.Parallel()
	got := strings.Join(Plot([]float64{0, 50, 100}, 100, 3, 2, false), "\n")
	if want := " ▁█\n▁██"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestOverlayKeepsWhatIsBeside(t *testing.T) {
	t.Parallel()
	got := Overlay([]string{"0123456789", "0123", "x"}, []string{"AB", "CD"}, 6, 0)
	if want := "012345AB89|0123  CD|x"; strings.Join(got, "|") != want {
		t.Errorf("%q, want %q", strings.Join(got, "|"), want)
	}
	got = Overlay([]string{"日本語日本語"}, []string{"AB"}, 3, 0)
	if n := ansi.StringWidth(got[0]); n > 12 || !strings.Contains(got[0], "AB") {
		t.Errorf("%q takes %d cells", got[0], n)
	}
}

func TestRuleAndBox(t *testing.T) {
	t.Parallel()
	if got := Rule("Nodes 5", "age", 30, "─", ""); got != "── Nodes 5 ───────────── age ─" {
		t.Errorf("%q", got)
	}
	for w := range 20 {
		if n := Width(Rule("a title", "a note", w, "─", "")); n != w {
			t.Errorf("a rule of %d cells takes %d", w, n)
		}
	}
	for _, l := range Box("title", []string{"one", strings.Repeat("long ", 20)}, 20, false, "") {
		if n := Width(l); n != 20 {
			t.Errorf("a line of a box of 20 cells takes %d: %q", n, l)
		}
	}
}

func BenchmarkTable(b *testing.B) {
	ids := make([]string, 10000)
	for i := range ids {
		ids[i] = fmt.Sprint("row-", i)
	}
	t := Table{Columns: []Column{{Width: 6}, {Width: 20}, {Flex: true}, {Width: 6, Right: true}}, Tail: "…", Mark: "▸", Tick: "*", Cursor: "\x1b[7m"}
	t.Cells = func(id string, buf []Cell) []Cell {
		return append(buf, Cell{"✓ ok", "\x1b[32m"}, Cell{Text: id}, Cell{Text: "load 0.21, 40% of memory"}, Cell{Text: "38s"})
	}
	t.SetRows(ids)
	b.ReportAllocs()
	for b.Loop() {
		t.View(200, 56, true)
	}
}

func BenchmarkSpark(b *testing.B) {
	ps := make([]float64, 60)
	for i := range ps {
		ps[i] = float64(i % 17)
	}
	b.ReportAllocs()
	for b.Loop() {
		Spark(ps, 20, 60, false)
	}
}

func BenchmarkOverlay(b *testing.B) {
	base := make([]string, 60)
	for i := range base {
		base[i] = "\x1b[32m" + strings.Repeat("x", 100) + "\x1b[0m" + strings.Repeat("y", 100)
	}
	box := Box("title", make([]string, 20), 80, false, "")
	b.ReportAllocs()
	for b.Loop() {
		Overlay(base, box, 60, 10)
	}
}
