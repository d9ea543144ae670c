package widget

import (
	"math"
	"strings"
)

var (
	blockBars = []string{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"}
	asciiBars = []string{"_", ".", "-", "=", "+", "*", "#", "#"}
)

// Spark draws numbers as a line of bars, the newest at the right, so many
// cells wide. The scale goes from zero to full, or to the largest number where
// full is not above zero; NaN is drawn as missing.
func Spark(points []float64, full float64, width int, ascii bool) string {
	if width <= 0 {
		return ""
	}
	signs, missing := blockBars, "·"
	if ascii {
		signs, missing = asciiBars, " "
	}
	points, full = scale(points, full, width)
	var b strings.Builder
	for range width - len(points) {
		b.WriteString(missing)
	}
	for _, p := range points {
		if math.IsNaN(p) || math.IsInf(p, 0) {
			b.WriteString(missing)
			continue
		}
		b.WriteString(signs[bar(p, full, len(signs)-1)])
	}
	return b.String()
}

// Plot draws numbers as an area, the newest at the right, in so many lines.
func Plot(points []float64, full float64, width, height int, ascii bool) []string {
	if width <= 0 || height <= 0 {
		return nil
	}
	signs := blockBars
	if ascii {
		signs = asciiBars
	}
	points, full = scale(points, full, width)
	steps := len(signs)
	out := make([]string, height)
	for row := range height {
		var b strings.Builder
		b.WriteString(blanks(width - len(points)))
		low := (height - 1 - row) * steps
		for _, p := range points {
			if math.IsNaN(p) || math.IsInf(p, 0) {
				b.WriteByte(' ')
				continue
			}
			n := bar(p, full, height*steps-1) + 1 - low
			switch {
			case n <= 0:
				b.WriteByte(' ')
			default:
				b.WriteString(signs[min(n, steps)-1])
			}
		}
		out[row] = b.String()
	}
	return out
}

// Bar draws a part of a whole, more than the whole as full, so many cells wide.
func Bar(part float64, width int, full, rest string) string {
	if width <= 0 {
		return ""
	}
	n := 0
	if !math.IsNaN(part) {
		n = int(math.Round(min(max(part, 0), 1) * float64(width)))
	}
	return strings.Repeat(full, n) + strings.Repeat(rest, width-n)
}

func scale(points []float64, full float64, width int) ([]float64, float64) {
	if len(points) > width {
		points = points[len(points)-width:]
	}
	if full > 0 {
		return points, full
	}
	full = 0
	for _, p := range points {
		if p > full && !math.IsInf(p, 0) {
			full = p
		}
	}
	return points, full
}

func bar(p, full float64, top int) int {
	if full <= 0 || p <= 0 {
		return 0
	}
	return min(int(p/full*float64(top)+0.5), top)
}
