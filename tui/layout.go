package tui

// layout is how much room there is, and so how a screen is drawn.
type layout uint8

// The layouts: two columns of panes, one column, one list at a time, and too
// small for any.
const (
	layoutWide layout = iota
	layoutNarrow
	layoutTiny
	layoutNone
)

// The least sizes of each layout, in cells.
const (
	wideCols    = 110
	narrowCols  = 70
	narrowLines = 18
	leastCols   = 40
	leastLines  = 10
)

// layoutOf is the layout of a terminal.
func layoutOf(w, h int) layout {
	switch {
	case w < leastCols || h < leastLines:
		return layoutNone
	case w < narrowCols || h < narrowLines:
		return layoutTiny
	case w < wideCols:
		return layoutNarrow
	}
	return layoutWide
}

// room is the layout of a screen inside the terminal: the root's own lines are
// not its.
func (m *root) room() layout { return layoutOf(m.w, m.h) }

// share divides lines among panes: each gets what it wants as far as that goes,
// the first ones first, and no pane less than least if there is any room.
func share(lines, least int, wants ...int) []int {
	out := make([]int, len(wants))
	for i, w := range wants {
		out[i] = min(w, least, lines)
		lines -= out[i]
	}
	for i, w := range wants {
		more := min(w-out[i], lines)
		if more > 0 {
			out[i] += more
			lines -= more
		}
	}
	return out
}
