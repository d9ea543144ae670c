package tui

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"jurymast/actions"
	"jurymast/tui/widget"
)

// planScreen is a plan: what must hold, what would be done, what it means.
// Nothing has been changed.
type planScreen struct {
	*root
	zoom
	asked    Request
	plan     actions.Plan
	table    widget.Table // open conditions, then steps
	accepted map[string]bool
	typed    []string // keys that its run would need and cannot use
	page     int
	cols     layout
}

const (
	condID = "condition "
	stepID = "step "
)

func newPlanScreen(m *root, asked Request, p actions.Plan) *planScreen {
	s := &planScreen{root: m, asked: asked, plan: p, accepted: map[string]bool{}, cols: layoutNone}
	s.table = m.newTable(s.cells)
	var ids []string
	for _, c := range p.Conditions {
		if c.Hold != actions.Holds {
			ids = append(ids, condID+c.Name)
		}
	}
	for i, st := range p.Steps {
		if i == p.NoReturn() {
			ids = append(ids, noReturnRow)
		}
		ids = append(ids, stepID+st.ID)
	}
	s.table.SetRows(ids)
	return s
}

func (s *planScreen) crumb() string {
	return "Plans > " + planWords(s.asked) + " > plan " + s.plan.ID
}

func (s *planScreen) half() int    { return s.page / 2 }
func (s *planScreen) move(n int)   { s.table.Move(n) }
func (s *planScreen) note() string { return "This is a plan. Nothing has been changed." }

func (s *planScreen) cells(id string, buf []widget.Cell) []widget.Cell {
	if name, ok := strings.CutPrefix(id, condID); ok {
		for _, c := range s.plan.Conditions {
			if c.Name == name {
				return s.condition(c, buf)
			}
		}
	}
	if id == noReturnRow {
		return append(buf, widget.Cell{}, widget.Cell{}, widget.Cell{Text: s.st.dash + " " + noReturnRow + " " + s.st.dash, Style: s.st.warn})
	}
	i := slices.IndexFunc(s.plan.Steps, func(x actions.Step) bool { return stepID+x.ID == id })
	if i < 0 {
		return buf
	}
	x := s.plan.Steps[i]
	est := "-"
	if x.Estimate > 0 {
		est = ageText(x.Estimate)
	}
	undo := widget.Cell{Text: "-"}
	switch {
	case x.NoReturn:
		undo = widget.Cell{Text: "NO RETURN", Style: s.st.fail}
	case x.Undoable():
		undo.Text = "undo"
	case s.plan.NoReturn() >= 0 && i > s.plan.NoReturn():
		undo.Text = "no undo"
	}
	buf = append(buf, widget.Cell{Text: strconv.Itoa(i + 1)}, widget.Cell{Text: x.Host.Name()}, widget.Cell{Text: x.Title})
	if s.room() != layoutWide {
		return append(buf, widget.Cell{Text: est}, undo)
	}
	return append(buf, widget.Cell{Text: x.Do.Name, Style: s.st.dim}, widget.Cell{Text: est}, undo, widget.Cell{Text: names(x.Down), Style: s.st.dim})
}

// whole is the condition under the cursor in full, where its row has no room
// for that.
func (s *planScreen) whole(w int) []string {
	name, ok := strings.CutPrefix(s.table.Selected(), condID)
	if !ok {
		return nil
	}
	i := slices.IndexFunc(s.plan.Conditions, func(c actions.Condition) bool { return c.Name == name })
	if i < 0 {
		return nil
	}
	text := conditionText(s.plan.Conditions[i])
	if widget.Width(text) <= s.table.Room(w) {
		return nil
	}
	out := []string{s.st.ruleLine("Condition "+name, "", w)}
	if s.room() == layoutTiny {
		out = nil // a rule takes a line that the text needs
	}
	for _, l := range wrap(text, w-2) {
		out = append(out, "  "+s.st.text(l, w-2))
	}
	return out
}

func conditionText(c actions.Condition) string { return c.Text + ": " + c.Seen + nextText(c) }

func (s *planScreen) condition(c actions.Condition, buf []widget.Cell) []widget.Cell {
	sign, box := widget.Cell{Text: s.st.signs[actions.Warn], Style: s.st.warn}, ""
	switch c.Hold {
	case actions.Holds:
		sign = widget.Cell{Text: s.st.signs[actions.OK], Style: s.st.ok}
	case actions.Blocking:
		sign = widget.Cell{Text: s.st.signs[actions.Fail], Style: s.st.fail}
		box = "blocks"
	case actions.Open:
		if box = "[ ]"; s.accepted[c.Name] {
			box = "[x]"
		}
	case actions.Noted:
		box = "noted"
	}
	name := widget.Cell{Text: c.Name, Style: s.st.dim}
	buf = append(buf, sign, widget.Cell{Text: box}, widget.Cell{Text: conditionText(c)})
	if s.room() == layoutWide {
		return append(buf, name)
	}
	return append(buf, widget.Cell{}, name)
}

func (s *planScreen) view(w, h int) []string {
	room := s.room()
	p := s.plan
	right := "valid " + ageText(p.Expires.Sub(s.now))
	if room == layoutWide {
		right = "made " + s.stamp(p.Made) + ", " + right
	}
	style := s.st.dim
	if !p.Expires.After(s.now) {
		right, style = "EXPIRED: plan again", s.st.fail
	}
	crumb := s.st.text(s.crumb(), w-widget.Width(right)-1)
	line := s.st.head.Paint(crumb) + strings.Repeat(" ", max(1, w-widget.Width(crumb)-widget.Width(right))) + style.Paint(right)
	out := []string{line, s.st.text(p.Title, w)}
	est, known := p.Estimate()
	note := "no estimate: first run"
	if known {
		note = "estimate " + ageText(est)
	}
	if r := (&playRow{asked: s.asked}); known {
		if s.records(r); r.runs > 0 {
			note += fmt.Sprintf(", from %d earlier runs", r.runs)
		}
	}
	s.table.Columns = []widget.Column{{Width: 3}, {Width: 10}, {Flex: true}, {Width: 6}, {Width: 13}}
	switch room {
	case layoutWide:
		s.table.Columns = []widget.Column{{Head: "#", Width: 3}, {Head: "WHERE", Width: 10}, {Head: "WHAT", Flex: true}, {Head: "SCRIPT", Width: 20}, {Head: "EST", Width: 6}, {Head: "UNDO", Width: 9}, {Head: "STOPS", Width: 16}}
	case layoutTiny:
		s.table.Columns = []widget.Column{{Width: 2}, {Width: 6}, {Flex: true}}
	}
	conditions := "Conditions none"
	if n := len(p.Conditions); n > 0 {
		conditions = fmt.Sprintf("Conditions %d of %d hold", holding(p), n)
	}
	out = append(out, s.st.ruleLine(fmt.Sprintf("%s, steps %d", conditions, len(p.Steps)), note, w))
	// What is needed to run it is always seen, then steps, then the rest.
	left := h - len(out)
	need := s.need(w)
	need = need[:min(len(need), max(1, left-3))]
	var means []string
	if room != layoutTiny && !s.zoomed {
		means = s.impact(w)
	}
	means = means[:min(len(means), max(0, left/2-len(need)))]
	whole := s.whole(w)
	whole = whole[:min(len(whole), max(0, (left-len(need)-len(means))/2))]
	foot := slices.Concat(whole, means, need)
	rows := left - len(foot)
	if room == layoutWide && rows > s.table.Len()+3 {
		for _, c := range p.Conditions {
			if c.Hold == actions.Holds && rows > s.table.Len()+2 {
				out = append(out, "  "+s.st.ok.Paint(s.st.signs[actions.OK])+" "+s.st.text(c.Text+": "+c.Seen, w-4))
				rows--
			}
		}
		out = append(out, "")
		rows--
	}
	if room == layoutWide {
		out = append(out, s.st.dim.Paint(s.table.Head(w)))
		rows--
	}
	s.page = max(1, rows)
	out = append(out, s.table.View(w, s.page, true)...)
	for len(out) < h-len(foot) {
		out = append(out, "")
	}
	return append(out, foot...)
}

// holding is how many of a plan's conditions hold, or may be gone on without.
func holding(p actions.Plan) int {
	return len(p.Unmet(actions.Holds)) + len(p.Unmet(actions.Noted))
}

// unaccepted are the open conditions that are not accepted yet.
func (s *planScreen) unaccepted() []actions.Condition {
	return slices.DeleteFunc(s.plan.Unmet(actions.Open), func(c actions.Condition) bool { return s.accepted[c.Name] })
}

func (s *planScreen) bindings() []binding {
	bs := []binding{
		{act: "mark", hint: true, word: "accept", do: s.accept},
		{act: "open", hint: true, word: "step", do: s.showStep},
		{act: "dry-run", hint: true, do: func() tea.Cmd {
			s.say("asking what can be known beforehand; nothing is changed")
			p, e := s.plan, s.engine
			return s.readText("dry run of plan "+p.ID, func(ctx context.Context) (string, error) {
				rows, err := e.DryRun(ctx, p)
				var b strings.Builder
				for _, r := range rows {
					fmt.Fprintf(&b, "%s\n  %s: %s\n", r.Step, r.Known, r.Why)
				}
				return b.String(), err
			})
		}},
		{act: "choose", hint: s.noChoice() == "", why: s.noChoice, do: s.choose},
		s.zoomBinding(),
		{act: "copy", do: func() tea.Cmd { return s.copyText(planText(s.plan), "the plan") }},
	}
	if !s.engine.ReadOnly() {
		bs = append(bs, binding{act: "execute", hint: true, why: s.notNow, do: func() tea.Cmd { return s.open(newConfirm(s)) }})
	}
	return bs
}

// accept takes the open condition under the cursor on, or no longer.
func (s *planScreen) accept() tea.Cmd {
	name, ok := strings.CutPrefix(s.table.Selected(), condID)
	if !ok || !slices.ContainsFunc(s.plan.Unmet(actions.Open), func(c actions.Condition) bool { return c.Name == name }) {
		s.say("only a condition that is open can be accepted: put the cursor on it")
		return nil
	}
	s.accepted[name] = !s.accepted[name]
	return nil
}

// notNow says why the plan cannot be run now.
func (s *planScreen) notNow() string {
	switch {
	case !s.plan.Expires.After(s.now):
		return "the plan has expired: what it rests on was seen too long ago. Plan again."
	case len(s.plan.Unmet(actions.Blocking)) > 0:
		c := s.plan.Unmet(actions.Blocking)[0]
		return c.Name + " does not hold, and nothing helps but to change it: " + c.Text + ": " + c.Seen + nextText(c)
	case len(s.unaccepted()) > 0:
		return "first accept what is open, one by one: " + s.unaccepted()[0].Name
	}
	return ""
}

func (s *planScreen) showStep() tea.Cmd {
	id, ok := strings.CutPrefix(s.table.Selected(), stepID)
	x, found := s.plan.Step(id)
	if !ok || !found {
		return nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\non %s, at most %s\n\n", x.Title, x.Host, ageText(x.Timeout))
	for _, part := range []struct {
		name string
		s    *actions.Script
	}{{"do", &x.Do}, {"already done?", x.Check}, {"verify", x.Verify}, {"undo", x.Undo}} {
		if part.s == nil || part.s.Name == "" {
			continue
		}
		text, _, err := part.s.Render()
		if err != nil {
			text = err.Error()
		}
		fmt.Fprintf(&b, "-- %s: %s\n%s\n", part.name, part.s.Name, text)
	}
	return s.open(newPager(s.root, "step "+x.ID, b.String()))
}

// planText is the plan as text to be copied.
func planText(p actions.Plan) string {
	var b strings.Builder
	fmt.Fprintf(&b, "plan %s: %s\n", p.ID, p.Title)
	for _, c := range p.Conditions {
		fmt.Fprintf(&b, "  %-9s %s: %s: %s%s\n", c.Hold, c.Name, c.Text, c.Seen, nextText(c))
	}
	for i, s := range p.Steps {
		undo := ""
		if s.NoReturn {
			undo = "  (no return)"
		}
		fmt.Fprintf(&b, "  %d %s: %s%s\n", i+1, s.Host, s.Title, undo)
	}
	return b.String()
}
