package tui

import (
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"jurymast/actions"
	"jurymast/inventory"
)

// ordering is the order of rows that a person has chosen.
type ordering struct {
	by     int // of sortings
	turned bool
}

// sortings are the orders of rows. The first is that of [world.sums].
var sortings = []string{"worst first", "name", "age", "host"}

// sort puts targets, which are in the order of the world, into this one.
func (o *ordering) sort(w *world, ids []string) {
	of := func(id string) *actions.Summary { s, _ := w.sum(inventory.Ref(id)); return s }
	switch o.by {
	case 1:
		slices.Sort(ids)
	case 2:
		slices.SortStableFunc(ids, func(a, b string) int { return of(a).CheckedAt.Compare(of(b).CheckedAt) })
	case 3:
		slices.SortStableFunc(ids, func(a, b string) int { return strings.Compare(string(of(a).Host), string(of(b).Host)) })
	}
	if o.turned {
		slices.Reverse(ids)
	}
}

// note says which order it is.
func (o *ordering) note() string {
	if o.turned {
		return sortings[o.by] + ", reversed"
	}
	return sortings[o.by]
}

// usual reports whether nobody has chosen another order.
func (o *ordering) usual() bool { return *o == ordering{} }

// bindings change the order; redo makes the rows anew.
func (o *ordering) bindings(redo func()) []binding {
	return []binding{
		{act: "sort", do: func() tea.Cmd { o.by = (o.by + 1) % len(sortings); redo(); return nil }},
		{act: "reverse", do: func() tea.Cmd { o.turned = !o.turned; redo(); return nil }},
	}
}
