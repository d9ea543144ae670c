package tui

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"jurymast/actions"
	"jurymast/inventory"
	"jurymast/tui/widget"
)

// runScreen follows a run. It only watches: the run is a process of its own
// and goes on without it.
type runScreen struct {
	*root
	id     string
	run    actions.Run
	got    bool
	steps  map[string]*stepState
	output []outLine // newest last
	seq    int64
	past   bool // a point of no return was begun
	table  widget.Table
	tail   bool // follow the output
	wrap   bool
	pane   int // 0 the steps, 1 the output
	top    int // first line of the output, where it is not followed
	came   int // lines since it is not followed
	page   int
	find   string
}

// stepState is how a step stands, by the journal.
type stepState struct {
	state        string
	began, ended time.Time
	line         string
}

// maxOutput is how many lines of output are kept.
const maxOutput = 5000

func newRunScreen(m *root, id string) *runScreen {
	s := &runScreen{root: m, id: id, steps: map[string]*stepState{}, tail: true}
	s.table = widget.Table{Tail: m.st.tail, Mark: m.st.mark, Tick: m.st.tick, Cursor: m.st.cursor, Cells: s.cells}
	return s
}

func (s *runScreen) crumb() string    { return "Runs > " + s.id }
func (s *runScreen) opened() tea.Cmd  { return s.readRun(s.id) }
func (s *runScreen) half() int        { return s.page / 2 }
func (s *runScreen) filtered() string { return s.find }

// filter narrows the output to lines with the text.
func (s *runScreen) filter(text string) error {
	s.find = strings.TrimSpace(text)
	return nil
}

func (s *runScreen) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case runMsg:
		if msg.err != nil {
			s.trouble(msg.err)
			return nil
		}
		if msg.run.ID != s.id && !strings.HasPrefix(msg.run.ID, s.id) {
			return nil
		}
		s.id, s.run, s.got = msg.run.ID, msg.run, true
		ids := make([]string, len(s.run.Plan.Steps))
		for i, x := range s.run.Plan.Steps {
			ids[i] = x.ID
		}
		s.table.SetRows(ids)
		s.happen(msg.events)
	case eventsMsg:
		if s.got {
			s.happen(msg.events)
		}
	case restMsg, tickMsg:
		for _, r := range s.runs {
			if r.ID == s.id && s.got {
				s.run.State, s.run.Ended = r.State, r.Ended
			}
		}
	}
	return nil
}

// happen replays events of the run that are newer than what is known.
func (s *runScreen) happen(es []actions.Event) {
	for _, e := range es {
		if e.Run != s.id || e.Seq <= s.seq {
			continue
		}
		s.seq = e.Seq
		if e.Type == actions.EventRun {
			s.run.State = e.To
			if s.run.Began.IsZero() && e.To == "running" {
				s.run.Began = e.At
			}
			if !underWay(e.To) {
				s.run.Ended = e.At
			}
			if e.Line != "" {
				s.print(outLine{e.At, "", e.To + " " + e.Line})
			}
			continue
		}
		st := s.steps[e.Step]
		if st == nil {
			st = &stepState{}
			s.steps[e.Step] = st
		}
		switch e.Type {
		case actions.EventIntent:
			st.state, st.ended = "begun", time.Time{}
			if st.began.IsZero() {
				st.began = e.At
			}
			if x, ok := s.run.Plan.Step(e.Step); ok && x.NoReturn {
				s.past = true
			}
			s.table.Select(e.Step)
		case actions.EventDone:
			st.state, st.line, st.ended = e.To, e.Line, e.At
			if e.Line != "" {
				s.print(outLine{e.At, e.Step, e.To + " " + e.Line})
			}
		case actions.EventUndo:
			st.state = "undoing"
		case actions.EventUndone:
			st.state = e.To
		case actions.EventOutput:
			s.print(outLine{e.At, e.Step, e.Line})
		case actions.EventSaid:
			s.print(outLine{e.At, e.Step, e.Item + " " + e.Line})
		case actions.EventAsk:
			s.print(outLine{e.At, "", e.Who + " asks " + e.Line})
		default:
		}
	}
}

func (s *runScreen) move(n int) {
	if s.pane == 0 {
		s.table.Move(n)
		return
	}
	if s.tail && n < 0 {
		s.tail, s.came, s.top = false, 0, max(0, len(s.output)-s.page)
	}
	s.top = max(0, min(s.top+n, len(s.output)-1))
}

func (s *runScreen) cells(id string, buf []widget.Cell) []widget.Cell {
	i := slices.IndexFunc(s.run.Plan.Steps, func(x actions.Step) bool { return x.ID == id })
	if i < 0 {
		return buf
	}
	x := s.run.Plan.Steps[i]
	st := s.steps[id]
	if st == nil {
		st = &stepState{}
	}
	sign := widget.Cell{Text: s.st.waiting, Style: s.st.dim}
	switch st.state {
	case "begun", "undoing":
		sign = widget.Cell{Text: s.st.running, Style: s.st.warn}
	case "ok", "already":
		sign = widget.Cell{Text: s.st.signs[actions.OK], Style: s.st.ok}
	case "failed", "killed", "kept":
		sign = widget.Cell{Text: s.st.signs[actions.Fail], Style: s.st.fail}
	case "uncertain":
		sign = widget.Cell{Text: s.st.signs[actions.Unknown], Style: s.st.unknown}
	case "skipped", "undone":
		sign = widget.Cell{Text: s.st.muted, Style: s.st.dim}
	}
	took := ""
	if !st.began.IsZero() {
		end := st.ended
		if end.IsZero() {
			end = s.now
		}
		took = ageText(end.Sub(st.began))
	}
	est := ""
	if x.Estimate > 0 {
		est = ageText(x.Estimate)
	}
	state := st.state
	if x.NoReturn {
		state = strings.TrimSpace(state + " NO RETURN")
	}
	return append(buf, sign, widget.Cell{Text: strconv.Itoa(i + 1)}, widget.Cell{Text: x.Host.Name()}, widget.Cell{Text: x.Title}, widget.Cell{Text: state, Style: s.st.dim}, widget.Cell{Text: took + " / " + est})
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
	room := s.room()
	state := strings.ToUpper(s.run.State)
	style := s.st.warn
	switch {
	case s.run.State == "done":
		style = s.st.ok
	case stands(s.run.State) || s.run.State == "undone" || s.run.State == "partial" || s.run.State == "refused":
		style = s.st.fail
	}
	right := state
	if !s.run.Began.IsZero() {
		end := s.run.Ended
		if underWay(s.run.State) || end.IsZero() {
			end = s.now
		}
		right += " " + ageText(end.Sub(s.run.Began))
	}
	if est, known := s.run.Plan.Estimate(); known && underWay(s.run.State) {
		right += " of ~" + ageText(est)
	}
	left := s.st.text(s.crumb()+"  "+s.run.Title, w-widget.Width(right)-1)
	out := []string{s.st.head.Paint(left) + strings.Repeat(" ", max(1, w-widget.Width(left)-widget.Width(right))) + style.Paint(right)}
	part := s.done()
	if !underWay(s.run.State) && s.run.State == "done" {
		part = 1
	}
	pct := fmt.Sprintf(" %3d%%", int(part*100))
	out = append(out, widget.Bar(part, w-len(pct)-1, s.st.bar, s.st.rest)+pct)

	s.table.Columns = []widget.Column{{Width: 1}, {Width: 2}, {Width: 10}, {Flex: true}, {Width: 12}, {Width: 14}}
	if room == layoutTiny {
		s.table.Columns = []widget.Column{{Width: 1}, {Width: 2}, {Flex: true}}
	}
	rest := h - len(out)
	expected := s.expected(w)
	if len(expected) > rest/4 {
		expected = expected[:rest/4]
	}
	rest -= len(expected)
	steps := min(len(s.run.Plan.Steps), max(2, rest/2-1))
	out = append(out, s.st.ruleLine(fmt.Sprintf("Steps %d", len(s.run.Plan.Steps)), "took / estimate", w))
	out = append(out, s.table.View(w, steps, s.pane == 0)...)
	out = append(out, expected...)
	return append(out, s.tailLines(w, h-len(out))...)
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
			text += "  (expected)"
		}
		out = append(out, "  "+s.st.sign(seen(x), x.Stale, false, false).Text+" "+s.st.text(text, w-4))
	}
	return out
}

func (s *runScreen) note() string {
	switch {
	case !s.got:
		return ""
	case s.run.State == "done":
		return "Done. " + s.keys.show("report") + " opens the report: what is left for you stands first."
	case stands(s.run.State):
		return "The run stands still and holds its targets: " + s.keys.show("execute") + " goes on, takes back, or lets go."
	case underWay(s.run.State) && s.past:
		return "Past the point of no return: a stop waits for this step, nothing is undone by itself."
	case underWay(s.run.State) && s.run.Plan.NoReturn() >= 0:
		return "Before the point of no return: what was done so far can be undone."
	}
	return ""
}

func (s *runScreen) bindings() []binding {
	bs := []binding{
		{act: "next-pane", hint: true, do: func() tea.Cmd { s.pane = 1 - s.pane; return nil }},
		{act: "prev-pane", do: func() tea.Cmd { s.pane = 1 - s.pane; return nil }},
		{act: "follow", hint: true, do: func() tea.Cmd {
			s.tail = !s.tail
			s.came, s.top = 0, max(0, len(s.output)-s.page)
			return nil
		}},
		{act: "wrap", do: func() tea.Cmd { s.wrap = !s.wrap; return nil }},
		{act: "report", hint: true, why: func() string {
			if s.got && underWay(s.run.State) {
				return "there is a report when the run stands still"
			}
			return ""
		}, do: func() tea.Cmd {
			e, id := s.engine, s.id
			return s.readText("report of run "+id, func(ctx context.Context) (string, error) { return e.Report(ctx, id) })
		}},
		{act: "open", word: "step output", do: func() tea.Cmd {
			id := s.table.Selected()
			var b strings.Builder
			for _, l := range s.output {
				if l.step == id {
					b.WriteString(l.at.In(s.now.Location()).Format("15:04:05") + " " + l.text + "\n")
				}
			}
			if st := s.steps[id]; st != nil && st.line != "" {
				b.WriteString("\n" + st.state + ": " + st.line + "\n")
			}
			return s.open(newPager(s.root, "step "+id, b.String()))
		}},
		{act: "copy", do: func() tea.Cmd { return s.copyText("jurymast runs show "+s.id, "the command") }},
		{act: "shell", why: func() string {
			x, ok := s.run.Plan.Step(s.table.Selected())
			if !ok || x.Host == "" {
				return "the step has no host"
			}
			return s.noShell(x.Host)
		}, do: func() tea.Cmd {
			x, _ := s.run.Plan.Step(s.table.Selected())
			return s.shell(x.Host)
		}},
	}
	if !s.engine.ReadOnly() {
		bs = append(bs, binding{act: "execute", hint: true, word: "stop…", why: func() string {
			if !s.got || !underWay(s.run.State) && !stands(s.run.State) {
				return "the run is over"
			}
			return ""
		}, do: func() tea.Cmd {
			if underWay(s.run.State) {
				return s.open(newStop(s))
			}
			return s.open(newStanding(s))
		}})
	}
	return bs
}
