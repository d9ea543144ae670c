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

// runScreen follows a run. It only watches: the run is a process of its own
// and goes on without it.
type runScreen struct {
	*root
	id     string
	run    actions.Run
	got    bool
	steps  map[string]*stepState
	output []outLine // newest last
	log    []outLine // what the run did, newest last
	seq    int64
	past   bool // a point of no return was begun
	table  widget.Table
	zoom
	fold  folding
	folds bool // steps that are done share a line
	tail  bool // follow the output
	wrap  bool
	pane  int // 0 the steps, 1 the output
	top   int // first line of the output, where it is not followed
	came  int // lines since it is not followed
	page  int
	find  string
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
	s.table = m.newTable(s.cells)
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
		s.ran(s.id, s.run.State, s.run.Ended)
		s.arrange(len(s.run.Plan.Steps) + 1)
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
			s.record(e, "run "+e.To)
			continue
		}
		if e.Step == "" {
			s.beside(e)
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
			s.arrange(len(s.table.Rows()))
			s.table.Select(e.Step)
			s.record(e, "begins")
		case actions.EventDone:
			st.state, st.line, st.ended = e.To, e.Line, e.At
			if e.Line != "" {
				s.print(outLine{e.At, e.Step, e.To + " " + e.Line})
			}
			s.record(e, e.To)
		case actions.EventUndo:
			st.state = "undoing"
			s.record(e, "is taken back")
		case actions.EventUndone:
			st.state = e.To
			s.record(e, e.To)
		case actions.EventOutput:
			s.print(outLine{e.At, e.Step, e.Line})
		case actions.EventSaid:
			s.print(outLine{e.At, e.Step, e.Item + " " + e.Line})
		default:
		}
	}
}

// beside takes what people did to the run.
func (s *runScreen) beside(e actions.Event) {
	switch e.Type {
	case actions.EventAsk:
		s.print(outLine{e.At, "", e.Who + " asks " + e.Line})
		s.record(e, e.Who+" asks")
	case actions.EventAccept:
		s.record(e, strings.TrimSpace(e.Who+" accepted "+e.Item))
	case actions.EventNote:
		s.print(outLine{e.At, "", e.Who + " notes: " + e.Line})
		s.record(e, e.Who+" notes")
	default:
	}
}

// record keeps a line of the run's own log.
func (s *runScreen) record(e actions.Event, what string) {
	if i := slices.IndexFunc(s.run.Plan.Steps, func(x actions.Step) bool { return x.ID == e.Step }); i >= 0 {
		what = fmt.Sprintf("step %d %s", i+1, what)
	}
	if e.Exit != nil {
		what += fmt.Sprintf(", exit %d", *e.Exit)
	}
	s.log = append(s.log, outLine{e.At, e.Step, strings.TrimSpace(what + "  " + e.Line)})
	if n := len(s.log) - maxOutput; n > 0 {
		s.log = slices.Delete(s.log, 0, n)
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

func (s *runScreen) note() string {
	switch {
	case !s.got:
		return ""
	case s.run.State == "done":
		return "Done. " + s.keys.show("report") + " opens the report: what is left for you stands first."
	case stands(s.run.State):
		return "The run stands still and holds its targets: " + s.keys.show("execute") + " goes on, takes back, or lets go."
	case underWay(s.run.State) && s.past:
		return "Past the point of no return: a stop waits for this step and undoes nothing."
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
		s.zoomBinding(),
		{act: "report", hint: true, why: func() string {
			if s.got && underWay(s.run.State) {
				return "there is a report when the run stands still"
			}
			return ""
		}, do: func() tea.Cmd {
			return s.readReport(s.run, false)
		}},
		{act: "open", word: "step output", do: func() tea.Cmd {
			id := s.table.Selected()
			if strings.HasPrefix(id, foldedID) {
				s.fold = foldNever
				return nil
			}
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
		bs = append(bs, binding{act: "note", why: func() string {
			if !s.got {
				return "the run is still being read"
			}
			return ""
		}, do: func() tea.Cmd { return s.noteRun(s.id) }})
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
	return append(bs, s.foldBinding()) // stopping it is hinted at first
}
