package tui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"jurymast/actions"
	"jurymast/tui/widget"
)

// folding is whether the steps that are done share a line.
type folding uint8

const (
	foldNeeded folding = iota // where the steps do not fit otherwise
	foldAlways
	foldNever
)

// foldedID stands ahead of the first step of several that share a line. No id
// of a step has a blank.
const foldedID = "folded "

// foldLeast is of how many steps a line of their own saves something.
const foldLeast = 2

// well reports whether a step is done and needs no more looking at.
func (s *runScreen) well(id string) bool {
	st := s.steps[id]
	return st != nil && (st.state == "ok" || st.state == "already")
}

// group are the steps from place i on that are done one after the other, up to
// the point of no return.
func (s *runScreen) group(i int) []actions.Step {
	steps, end := s.run.Plan.Steps, i
	for end < len(steps) && s.well(steps[end].ID) && (end == i || end != s.run.Plan.NoReturn()) {
		end++
	}
	return steps[i:end]
}

// arrange gives the table its rows for a window of so many lines. The cursor
// stays with its step, or is on the line that the step is folded into.
func (s *runScreen) arrange(room int) {
	steps, point := s.run.Plan.Steps, s.run.Plan.NoReturn()
	whole := len(steps)
	if point >= 0 {
		whole++
	}
	s.folds = s.fold == foldAlways || s.fold == foldNeeded && whole > room
	at := strings.TrimPrefix(s.table.Selected(), foldedID)
	ids := make([]string, 0, whole)
	for i := 0; i < len(steps); {
		if i == point {
			ids = append(ids, noReturnRow)
		}
		if g := s.group(i); s.folds && len(g) >= foldLeast {
			id := foldedID + g[0].ID
			if slices.ContainsFunc(g, func(x actions.Step) bool { return x.ID == at }) {
				at = id
			}
			ids = append(ids, id)
			i += len(g)
			continue
		}
		ids = append(ids, steps[i].ID)
		i++
	}
	s.table.SetRows(ids)
	s.table.Select(at)
}

// foldedCells is the line of steps that are done, from the named one on.
func (s *runScreen) foldedCells(first string, buf []widget.Cell) []widget.Cell {
	i := slices.IndexFunc(s.run.Plan.Steps, func(x actions.Step) bool { return x.ID == first })
	if i < 0 {
		return buf
	}
	g := s.group(i)
	var titles []string
	var took, est time.Duration
	known := true
	for _, x := range g {
		titles = append(titles, x.Title)
		st := s.steps[x.ID]
		if !st.began.IsZero() {
			took += st.ended.Sub(st.began)
		}
		est, known = est+x.Estimate, known && x.Estimate > 0
	}
	text := ageText(took)
	if known {
		text += " / " + ageText(est)
	}
	sign := widget.Cell{Text: s.st.signs[actions.OK], Style: s.st.ok}
	title := widget.Cell{Text: fmt.Sprintf("%d-%d done: %s", i+1, i+len(g), strings.Join(titles, ", "))}
	if s.room() == layoutTiny {
		return append(buf, sign, widget.Cell{}, title)
	}
	return append(buf, sign, widget.Cell{}, widget.Cell{}, title, widget.Cell{Text: text, Style: s.st.dim})
}

// foldBinding shows the steps that are done, or folds them into one line.
func (s *runScreen) foldBinding() binding {
	b := binding{act: "fold", word: "fold", why: func() string {
		for i := range s.run.Plan.Steps {
			if len(s.group(i)) >= foldLeast {
				return ""
			}
		}
		return "no two steps in a row are done yet"
	}, do: func() tea.Cmd {
		if s.fold = foldAlways; s.folds {
			s.fold = foldNever
		}
		return nil
	}}
	if s.folds {
		b.word = "unfold"
	}
	b.hint = b.why() == ""
	return b
}
