package tui

import (
	"fmt"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"jurymast/tui/widget"
)

// TestScreensOfTheReadme holds that the pictures that the README shows are what
// the code draws: golden frames in colour, on the fixed fleet and clock of the
// golden screens.
func TestScreensOfTheReadme(t *testing.T) {
	t.Parallel()
	const w, h = 110, 36
	text, err := os.ReadFile(filepath.Join("..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	shown := regexp.MustCompile(`\(testdata/screen/([a-z-]+)\.svg\)`).FindAllStringSubmatch(string(text), -1)
	kept, err := filepath.Glob(filepath.Join("..", "testdata", "screen", "*.svg"))
	if err != nil || len(shown) == 0 || len(kept) != len(shown) && !updating() {
		t.Errorf("the README shows %d pictures, %d are kept, %v", len(shown), len(kept), err)
	}
	for _, found := range shown {
		name := found[1]
		i := slices.IndexFunc(goldenScreens, func(g goldenScreen) bool { return g.name == name })
		if i < 0 {
			t.Fatalf("no screen is called %q", name)
		}
		g := goldenScreens[i]
		g.opts.Color = true
		golden(t, filepath.Join("..", "testdata", "screen", name+".svg"), svg(t, showScreen(t, g, w, h).View(), w, h))
	}
}

// The measures of a picture, in pixels: a cell is as large as that of a
// monospaced font of 13.
const (
	cellWide, cellHigh = 7.8, 16
	edge               = 10
)

// inks are the sixteen colours of a terminal, by their number in SGR.
var inks = map[int]string{
	31: "#ff7b72", 32: "#7ee787", 33: "#e3b341", 34: "#79c0ff", 35: "#d2a8ff", 36: "#76e3ea",
	91: "#ffa198", 92: "#7ee787", 93: "#f2cc60", 94: "#a5d6ff", 95: "#e2c5ff", 96: "#b3f0ff", 97: "#ffffff",
}

const ground, ink, faint, bar = "#16181d", "#d8dee9", "#7d8590", "#3a4250"

var sgr = regexp.MustCompile("\x1b\\[([0-9;]*)m")

// svg draws a frame as a picture. A sequence that it does not know is an error:
// what is shown must be what a terminal shows.
func svg(t *testing.T, frame string, w, h int) string {
	t.Helper()
	var b strings.Builder
	wide, high := int(float64(w)*cellWide)+2*edge, h*cellHigh+2*edge
	fmt.Fprintf(&b, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"monospace\" font-size=\"13\">\n<rect width=\"%[1]d\" height=\"%[2]d\" rx=\"6\" fill=\"%s\"/>\n", wide, high, ground)
	for n, line := range strings.Split(frame, "\n") {
		y := edge + n*cellHigh
		var spans strings.Builder
		var bars [][2]int // columns with the cursor behind them
		fill, weight, reverse, col := ink, "", false, 0
		put := func(text string) {
			cells := widget.Width(text)
			if reverse && cells > 0 {
				if last := len(bars) - 1; last >= 0 && bars[last][1] == col {
					bars[last][1] += cells
				} else {
					bars = append(bars, [2]int{col, col + cells})
				}
			}
			if blank := len(text) - len(strings.TrimLeft(text, " ")); blank > 0 {
				col, text, cells = col+blank, text[blank:], cells-blank
			}
			end := col + cells
			if text = strings.TrimRight(text, " "); text == "" {
				col = end
				return
			}
			cells = widget.Width(text)
			fmt.Fprintf(&spans, "<tspan x=\"%.1f\" textLength=\"%.1f\" fill=\"%s\"%s>%s</tspan>", edge+float64(col)*cellWide, float64(cells)*cellWide, fill, weight, html.EscapeString(text))
			col = end
		}
		at := 0
		for _, m := range sgr.FindAllStringSubmatchIndex(line, -1) {
			put(line[at:m[0]])
			at = m[1]
			for _, code := range strings.Split(line[m[2]:m[3]], ";") {
				switch v, _ := strconv.Atoi(code); { // nothing stands for 0
				case v == 0:
					fill, weight, reverse = ink, "", false
				case v == 1:
					weight = " font-weight=\"bold\""
				case v == 2:
					fill = faint
				case v == 7:
					reverse = true
				case inks[v] != "":
					fill = inks[v]
				default:
					t.Errorf("no picture shows SGR %s", code)
				}
			}
		}
		put(line[at:])
		if strings.ContainsRune(sgr.ReplaceAllString(line, ""), '\x1b') {
			t.Errorf("line %d steers the terminal: %q", n+1, line)
		}
		for _, x := range bars {
			fmt.Fprintf(&b, "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>\n", edge+float64(x[0])*cellWide, y, float64(x[1]-x[0])*cellWide, cellHigh, bar)
		}
		if spans.Len() > 0 {
			fmt.Fprintf(&b, "<text y=\"%d\" xml:space=\"preserve\">%s</text>\n", y+12, spans.String())
		}
	}
	return b.String() + "</svg>\n"
}
