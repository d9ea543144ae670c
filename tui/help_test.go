package tui

import (
	"strings"
	"testing"

	"jurymast/tui/widget"
)

// TestHelpInTwoColumns: a wide terminal shows all keys at once, and in full what
// the cursor is on; where they fit, or it is narrow, there is one column.
func TestHelpInTwoColumns(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		w, h  int
		keys  string
		holds []string
		two   bool
	}{
		{120, 36, "", []string{"open what is under the cursor", "Everywhere", "History"}, true},
		{120, 36, "\t", []string{"all that can be done with it, what is harmless first"}, true},
		{120, 36, "mute", []string{"acknowledge, mute, maintenance"}, false},
		{80, 24, "", []string{"all that can be done with it, what is harmless first"}, false},
		{40, 10, "", []string{"open what is und"}, false},
	} {
		m := showScreen(t, goldenScreen{keys: []string{"?"}}, x.w, x.h)
		for _, k := range x.keys {
			if k == '\t' {
				m.Update(keyOf("tab"))
				continue
			}
			m.Update(keyOf(string(k)))
		}
		got := m.View()
		fits(t, got, x.w, x.h)
		has(t, m, x.holds...)
		_, top, _ := strings.Cut(got, "┌")
		top, _, _ = strings.Cut(top, "┐")
		widest := widget.Width(top) + 2
		if two := widest > boxWide; two != x.two {
			t.Errorf("%dx%d with %q: two columns %t\n%s", x.w, x.h, x.keys, two, got)
		}
	}
}
