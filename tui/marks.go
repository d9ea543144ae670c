package tui

import (
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"jurymast/inventory"
	"jurymast/tui/widget"
)

// marks are the targets that an act is about, where it is about several.
type marks map[inventory.Ref]bool

func (k marks) has(id string) bool { return k[inventory.Ref(id)] }

// or is all that is marked, else the one under the cursor.
func (k marks) or(one inventory.Ref) []inventory.Ref {
	if len(k) == 0 {
		if one == "" {
			return nil
		}
		return []inventory.Ref{one}
	}
	var out []inventory.Ref
	for r := range k {
		out = append(out, r)
	}
	slices.Sort(out)
	return out
}

// bindings mark rows of the table with the cursor. A filter that hides marked
// rows does not unmark them: the title says how many there are.
func (k marks) bindings(table func() *widget.Table) []binding {
	return []binding{
		{act: "mark", do: func() tea.Cmd {
			t := table()
			if r := inventory.Ref(t.Selected()); k[r] {
				delete(k, r)
			} else if r != "" {
				k[r] = true
			}
			t.Move(1)
			return nil
		}},
		{act: "mark-all", do: func() tea.Cmd {
			if len(k) > 0 {
				clear(k)
				return nil
			}
			for _, id := range table().Rows() {
				k[inventory.Ref(id)] = true
			}
			return nil
		}},
	}
}
