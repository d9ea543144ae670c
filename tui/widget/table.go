package widget

import (
	"slices"
	"strings"
)

// Column is one column of a table.
type Column struct {
	Head  string
	Width int // of its cells; for the column with Flex, the least
	Flex  bool
	Right bool
}

// Table shows a window of many rows with a cursor. The cursor belongs to the
// identity of a row, not to its place: rows that come, go and change their
// order do not move another one under it. Only the rows of the window are ever
// asked for their cells.
type Table struct {
	Columns []Column
	// Cells appends the cells of a row to a buffer.
	Cells  func(id string, buf []Cell) []Cell
	Marked func(id string) bool // nil: none is
	Tail   string               // marks cut text
	Mark   string               // in front of the row under the cursor
	Tick   string               // in front of a marked row
	Cursor Style                // of the row under the cursor

	ids []string
	at  int // place of the cursor
	top int // first row shown
	end int // behind the last row shown
	buf []Cell
}

// SetRows gives the table other rows by their identities, which it keeps. The
// cursor stays with the row that it is on; where that is gone it stays at its
// place.
func (t *Table) SetRows(ids []string) {
	id := t.Selected()
	t.ids = ids
	if t.at < len(ids) && ids[t.at] == id {
		return
	}
	if i := slices.Index(ids, id); i >= 0 {
		t.at = i
		return
	}
	t.at = min(t.at, max(0, len(ids)-1))
}

// Rows returns the identities of all rows.
func (t *Table) Rows() []string { return t.ids }

// Len returns the number of rows.
func (t *Table) Len() int { return len(t.ids) }

// At returns the place of the cursor.
func (t *Table) At() int { return t.at }

// Below returns the rows behind those that were shown last.
func (t *Table) Below() []string { return t.ids[min(t.end, len(t.ids)):] }

// Selected returns the identity of the row under the cursor, "" for none.
func (t *Table) Selected() string {
	if t.at >= len(t.ids) {
		return ""
	}
	return t.ids[t.at]
}

// Select puts the cursor on a row, if it is there.
func (t *Table) Select(id string) {
	if i := slices.Index(t.ids, id); i >= 0 {
		t.at = i
	}
}

// Move moves the cursor by so many rows and stops at the ends.
func (t *Table) Move(n int) {
	t.at = min(max(t.at+n, 0), max(0, len(t.ids)-1))
}

// Head returns the line of the columns' heads.
func (t *Table) Head(width int) string {
	widths := t.widths(width)
	t.buf = t.buf[:0]
	for _, c := range t.Columns {
		t.buf = append(t.buf, Cell{Text: c.Head})
	}
	return strings.TrimRight(t.line(t.buf, widths, "  ", false, width), " ")
}

// View returns at most height lines of the width: where the table is active
// with the cursor among them, else from the first row on.
func (t *Table) View(width, height int, active bool) []string {
	if height <= 0 || width <= 0 {
		return nil
	}
	if active {
		t.top = min(max(t.top, t.at-height+1), t.at)
	} else {
		t.top = 0 // nobody chooses here: what stands first is what is worst
	}
	t.top = max(0, min(t.top, len(t.ids)-height))
	t.end = min(len(t.ids), t.top+height)
	widths := t.widths(width)
	out := make([]string, 0, height)
	for i := t.top; i < t.end; i++ {
		id := t.ids[i]
		lead := "  "
		cursor := i == t.at && active
		if cursor {
			lead = t.Mark + " "
		}
		if t.Marked != nil && t.Marked(id) {
			lead = lead[:len(lead)-1] + t.Tick
		}
		t.buf = t.Cells(id, t.buf[:0])
		out = append(out, t.line(t.buf, widths, lead, cursor, width))
	}
	return out
}

// Room is how many cells the column has that takes what is left over; 0 where
// there is none.
func (t *Table) Room(width int) int {
	for i, w := range t.widths(width) {
		if t.Columns[i].Flex {
			return w
		}
	}
	return 0
}

// widths gives what is left over to the column that takes it; where there is
// too little, columns give way from the right.
func (t *Table) widths(width int) []int {
	left := width - 2
	out := make([]int, len(t.Columns))
	flex := -1
	for i, c := range t.Columns {
		out[i] = c.Width
		left -= c.Width + 1
		if c.Flex {
			flex = i
		}
	}
	if flex >= 0 {
		out[flex] = max(out[flex]+left+1, 1)
	}
	return out
}

func (t *Table) line(cells []Cell, widths []int, lead string, cursor bool, width int) string {
	var b strings.Builder
	b.Grow(2*width + 64)
	style := Style("")
	if cursor {
		style = t.Cursor
	}
	b.WriteString(style.Paint(lead))
	used := 2
	for i, c := range cells {
		if i >= len(widths) || used >= width {
			break
		}
		w := min(widths[i], width-used)
		text, pad := fit(c.Text, w, t.Tail)
		// Each cell carries the row's style: an inner reset would end it.
		styled := style != "" || c.Style != ""
		b.WriteString(string(style))
		b.WriteString(string(c.Style))
		if t.Columns[i].Right {
			b.WriteString(blanks(pad))
			pad = 0
		}
		b.WriteString(text)
		b.WriteString(blanks(pad))
		if styled {
			b.WriteString(reset)
		}
		used += w
		if used < width && i+1 < len(cells) {
			if style == "" {
				b.WriteByte(' ')
			} else {
				b.WriteString(string(style))
				b.WriteByte(' ')
				b.WriteString(reset)
			}
			used++
		}
	}
	return b.String()
}
