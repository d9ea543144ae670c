package tui

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
	"jurymast/tui/widget"
)

// noReturnRow stands ahead of the step from which nothing is undone by itself.
const noReturnRow = "point of no return"

func (s *runScreen) cells(id string, buf []widget.Cell) []widget.Cell {
	if id == noReturnRow {
		line := widget.Cell{Text: s.st.dash + " " + noReturnRow + " " + s.st.dash, Style: s.st.warn}
		if s.room() == layoutTiny {
			return append(buf, widget.Cell{}, widget.Cell{}, line)
		}
		return append(buf, widget.Cell{}, widget.Cell{}, widget.Cell{}, line)
	}
	if first, ok := strings.CutPrefix(id, foldedID); ok {
		return s.foldedCells(first, buf)
	}
	i := slices.IndexFunc(s.run.Plan.Steps, func(x actions.Step) bool { return x.ID == id })
	if i < 0 {
		return buf
	}
	x := s.run.Plan.Steps[i]
	st := s.steps[id]
	if st == nil {
		st = &stepState{}
	}
	sign := s.stepSign(st.state)
	took := ""
	if !st.began.IsZero() {
		end := st.ended
		if end.IsZero() {
			end = s.now
		}
		took = ageText(end.Sub(st.began))
	}
	switch st.state {
	case "", "begun", "ok":
	default:
		took = st.state + " " + took
	}
	if x.Estimate > 0 {
		took += " / " + ageText(x.Estimate)
	}
	n, title := widget.Cell{Text: strconv.Itoa(i + 1)}, widget.Cell{Text: x.Title}
	if s.room() == layoutTiny {
		return append(buf, sign, n, title)
	}
	return append(buf, sign, n, widget.Cell{Text: x.Host.Name()}, title, widget.Cell{Text: took, Style: s.st.dim})
}

// stepSign is the sign of how a step stands.
func (s *runScreen) stepSign(state string) widget.Cell {
	switch state {
	case "begun", "undoing":
		return widget.Cell{Text: s.st.running, Style: s.st.warn}
	case "ok", "already":
		return widget.Cell{Text: s.st.signs[actions.OK], Style: s.st.ok}
	case "failed", "refused", "killed", "kept":
		return widget.Cell{Text: s.st.signs[actions.Fail], Style: s.st.fail}
	case "uncertain":
		return widget.Cell{Text: s.st.signs[actions.Unknown], Style: s.st.unknown}
	case "skipped", "undone":
		return widget.Cell{Text: s.st.muted, Style: s.st.dim}
	}
	return widget.Cell{Text: s.st.waiting, Style: s.st.dim}
}

// done is how much of the run is over: by estimates where they are known, else
// by steps.
func (s *runScreen) done() float64 {
	steps := s.run.Plan.Steps
	if len(steps) == 0 {
		return 0
	}
	_, known := s.run.Plan.Estimate()
	var whole, part float64
	for _, x := range steps {
		weight := 1.0
		if known {
			weight = max(x.Estimate.Seconds(), 0.1)
		}
		whole += weight
		st := s.steps[x.ID]
		switch {
		case st == nil:
		case !st.ended.IsZero() || st.state == "skipped":
			part += weight
		case known && !st.began.IsZero():
			part += min(s.now.Sub(st.began).Seconds(), weight*0.95)
		}
	}
	return part / whole
}

func (s *runScreen) view(w, h int) []string {
	if !s.got {
		return []string{"", "  " + s.st.text("reading run "+s.id, w-2)}
	}
	out := s.head(w)
	room := s.room()
	switch room {
	case layoutWide:
		s.table.Columns = []widget.Column{{Width: 1}, {Width: 2}, {Width: 8}, {Flex: true}, {Width: 13, Right: true}}
	case layoutNarrow:
		s.table.Columns = []widget.Column{{Width: 1}, {Width: 2}, {Width: 10}, {Flex: true}, {Width: 15, Right: true}}
	default:
		s.table.Columns = []widget.Column{{Width: 1}, {Width: 2}, {Flex: true}}
	}
	rest := h - len(out)
	if s.zoomed {
		if s.pane == 1 {
			return append(out, s.tailLines(w, rest)...)
		}
		s.arrange(rest - 1)
		return append(out, s.stepLines(w, rest)...)
	}
	expected := s.expected(w)
	if len(expected) > rest/4 {
		expected = expected[:rest/4]
	}
	if room != layoutWide {
		rest -= len(expected)
		s.arrange(max(3, rest/2) - 1)
		out = append(out, s.stepLines(w, min(s.table.Len()+1, max(3, rest/2)))...)
		out = append(out, expected...)
		return append(out, s.tailLines(w, h-len(out))...)
	}
	log := s.logLines(w, min(len(s.log)+1, rest/4))
	rest -= len(expected) + len(log)
	s.arrange(rest - 1)
	half := (w - 1) / 2
	a, b := s.stepLines(half, rest), s.tailLines(w-half-2, rest)
	for i := range rest {
		var x, y string
		if i < len(a) {
			x = a[i]
		}
		if i < len(b) {
			y = b[i]
		}
		out = append(out, beside(x, y, half, s.st.between(i)))
	}
	return append(append(out, expected...), log...)
}

// head is which run it is, how it stands, and how much of it is over.
func (s *runScreen) head(w int) []string {
	state := strings.ToUpper(s.run.State)
	style := s.st.warn
	switch {
	case s.run.State == "done":
		style = s.st.ok
	case stands(s.run.State) || s.run.State == "undone" || s.run.State == "partial" || s.run.State == "refused":
		style = s.st.fail
	}
	right := state
	if i := s.current(); i >= 0 && s.room() != layoutTiny {
		right += fmt.Sprintf(" step %d of %d", i+1, len(s.run.Plan.Steps))
	}
	if !s.run.Began.IsZero() {
		end := s.run.Ended
		if underWay(s.run.State) || end.IsZero() {
			end = s.now
		}
		right += " " + ageText(end.Sub(s.run.Began))
	}
	est, known := s.run.Plan.Estimate()
	if known && underWay(s.run.State) {
		right += " of ~" + ageText(est)
	}
	if s.run.Who != "" && s.room() == layoutWide {
		right += "  by " + s.run.Who
	}
	right = s.st.text(right, w/2)
	left := s.st.text(s.crumb()+"  "+s.run.Title, w-widget.Width(right)-1)
	line := s.st.head.Paint(left) + strings.Repeat(" ", max(1, w-widget.Width(left)-widget.Width(right))) + style.Paint(right)
	part := s.done()
	note := ""
	if s.run.State == "done" {
		part = 1
	} else if known && underWay(s.run.State) && s.room() != layoutTiny {
		note = fmt.Sprintf("  ~%s left", ageText(time.Duration(float64(est)*(1-part))))
	}
	note = fmt.Sprintf(" %3d%%%s", int(part*100), note)
	return []string{line, widget.Bar(part, w-widget.Width(note)-1, s.st.bar, s.st.rest) + note}
}

// current is the step under way, -1 between two steps.
func (s *runScreen) current() int {
	return slices.IndexFunc(s.run.Plan.Steps, func(x actions.Step) bool {
		st := s.steps[x.ID]
		return st != nil && (st.state == "begun" || st.state == "undoing")
	})
}

func (s *runScreen) stepLines(w, h int) []string {
	title := fmt.Sprintf("Steps %d", len(s.run.Plan.Steps))
	if s.pane == 0 {
		title = s.st.mark + " " + title
	}
	out := append([]string{s.st.ruleLine(title, "took / estimate", w)}, s.table.View(w, h-1, true)...)
	if text, late := s.pace(); text != "" && len(out) < h-1 {
		style := s.st.dim
		if late {
			style = s.st.warn
		}
		out = append(out, "", "  "+style.Paint(s.st.text(text, w-2)))
	}
	return out
}

// pace says of the step under way how long it took before and may take, and
// whether it takes longer now than it was thought to.
func (s *runScreen) pace() (text string, late bool) {
	i := s.current()
	if i < 0 || !underWay(s.run.State) {
		return "", false
	}
	x := s.run.Plan.Steps[i]
	text = fmt.Sprintf("step %d", i+1)
	if over := s.now.Sub(s.steps[x.ID].began) - x.Estimate; x.Estimate > 0 && over > 0 {
		text, late = text+" is "+ageText(over)+" over its estimate", true
	}
	if x.Longest > 0 {
		text += ", longest before " + ageText(x.Longest)
	}
	return text + ", limit " + ageText(x.Timeout), late
}

// expected are the targets that may be red while it runs, as they are now.
func (s *runScreen) expected(w int) []string {
	var refs []inventory.Ref
	for _, o := range s.run.Plan.Impact.Down {
		refs = append(refs, o.Target)
	}
	for _, x := range s.run.Plan.Steps {
		for _, r := range x.Down {
			if !slices.Contains(refs, r) {
				refs = append(refs, r)
			}
		}
	}
	if len(refs) == 0 || !underWay(s.run.State) {
		return nil
	}
	out := []string{s.st.ruleLine("Watch while it runs", "", w)}
	for _, r := range refs {
		x, ok := s.sum(r)
		if !ok {
			continue
		}
		text := string(r) + "  " + x.Summary
		if problem(x) {
			text = string(r) + "  " + s.until(r) + "  " + x.Summary
		}
		out = append(out, "  "+s.st.sign(seen(x), x.Stale, false, false).Text+" "+s.st.text(text, w-4))
	}
	return out
}

// until says up to which step a target is expected not to be well.
func (s *runScreen) until(r inventory.Ref) string {
	for i, x := range slices.Backward(s.run.Plan.Steps) {
		if slices.Contains(x.Down, r) {
			return fmt.Sprintf("(expected, until step %d)", i+1)
		}
	}
	return "(expected)"
}

// logLines are the newest of what the run did.
func (s *runScreen) logLines(w, h int) []string {
	if h < 2 {
		return nil
	}
	out := []string{s.st.ruleLine("Log of this run", "", w)}
	for _, l := range s.log[max(0, len(s.log)-h+1):] {
		out = append(out, "  "+s.st.text(l.at.In(s.now.Location()).Format("15:04:05")+"  "+l.text, w-2))
	}
	return out
}
