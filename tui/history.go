package tui

import (
	"cmp"
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

// history is what happened, of the whole fleet or of one target.
type history struct {
	*root
	sieve
	zoom
	target inventory.Ref   // "" for all
	past   []actions.Event // of the target, newest first
	table  widget.Table
	shown  map[string]*actions.Event
	total  int
	turned bool // the oldest first
	cols   layout
	page   int
}

func newHistory(m *root, of inventory.Ref) *history {
	s := &history{root: m, sieve: sieve{version: -1}, target: of, cols: layoutNone}
	s.table = m.newTable(s.cells)
	return s
}

func (s *history) crumb() string {
	if s.target != "" {
		return "History > " + string(s.target)
	}
	return "History"
}

func (s *history) half() int  { return s.page / 2 }
func (s *history) move(n int) { s.refresh(); s.table.Move(n) }

// opened asks for the past of its target; that of all is known.
func (s *history) opened() tea.Cmd {
	if s.target == "" {
		return nil
	}
	return s.readPast(s.target)
}

func (s *history) update(msg tea.Msg) tea.Cmd {
	if p, ok := msg.(pastMsg); ok && p.of == s.target {
		if p.err != nil {
			s.trouble(p.err)
			return nil
		}
		s.past, s.version = p.events, -1
	}
	return nil
}

func (s *history) refresh() {
	if s.fresh(s.world.version) {
		return
	}
	events := s.events
	if s.target != "" {
		events = s.of(s.target, s.past, eventsMost)
	}
	s.shown, s.total = make(map[string]*actions.Event, len(events)), len(events)
	var ids []string
	for i := range events {
		e := &events[i]
		if !s.filt.keeps(s.eventRow(e)) {
			continue
		}
		id := strconv.FormatInt(e.Seq, 10)
		s.shown[id] = e
		ids = append(ids, id)
	}
	if s.turned {
		slices.Reverse(ids)
	}
	s.table.SetRows(ids)
}

func (w *world) eventRow(e *actions.Event) filterRow {
	return filterRow{
		text:  strings.ToLower(strings.Join([]string{string(e.Target), e.Check, e.Item, e.From, e.To, e.Line, e.Who, e.Run, string(e.Type)}, " ")),
		state: e.To, host: e.Target.Name(), kind: string(e.Type), level: string(e.Target.Level()), who: e.Who, age: w.now.Sub(e.At),
	}
}

// subject is what an event is about.
func subject(e *actions.Event) string {
	return actions.Key{Target: e.Target, Check: e.Check, Item: e.Item}.String()
}

func (s *history) cells(id string, buf []widget.Cell) []widget.Cell {
	e := s.shown[id]
	if e == nil {
		return buf
	}
	result := widget.Cell{Text: result(e)}
	for st, w := range [4]string{"ok", "warn", "fail", "unknown"} {
		if e.To == w {
			result.Style = s.st.status(actions.Status(st))
		}
	}
	at, what := widget.Cell{Text: s.when(e.At), Style: s.st.dim}, widget.Cell{Text: subject(e)}
	switch s.cols {
	case layoutWide:
		return append(buf, at, widget.Cell{Text: string(e.Type)}, what, result, widget.Cell{Text: e.Who}, widget.Cell{Text: e.Line})
	case layoutNarrow:
		return append(buf, at, what, result, widget.Cell{Text: e.Line})
	}
	return append(buf, at, what, result)
}

func result(e *actions.Event) string {
	switch {
	case e.From != "" && e.To != "":
		return e.From + " -> " + e.To
	case e.Run != "":
		return e.Run + " " + cmp.Or(e.To, string(e.Type))
	}
	return string(e.Type)
}

func (s *history) view(w, h int) []string {
	s.refresh()
	room := s.room()
	s.cols = room
	when := 7
	if s.times != asAge {
		when = 16
	}
	switch room {
	case layoutWide:
		s.table.Columns = []widget.Column{{Head: "WHEN", Width: when}, {Head: "KIND", Width: 7}, {Head: "WHAT", Width: 30}, {Head: "RESULT", Width: 18}, {Head: "WHO", Width: 10}, {Head: "DETAIL", Flex: true}}
	case layoutNarrow:
		s.table.Columns = []widget.Column{{Width: when}, {Width: 24}, {Width: 16}, {Flex: true}}
	default:
		s.table.Columns = []widget.Column{{Width: when}, {Flex: true}, {Width: 16}}
	}
	name, order := "History, records", "newest first"
	if s.target != "" {
		name = "History of " + string(s.target) + ", records"
	}
	if s.turned {
		order = "oldest first"
	}
	out := []string{s.st.ruleLine(s.titled(name, s.table.Len(), s.total), order, w)}
	if s.table.Len() == 0 {
		return append(out, "", "  "+s.st.text("nothing is written down that fits", w-2))
	}
	var foot []string
	if room == layoutWide {
		out = append(out, s.st.dim.Paint(s.table.Head(w)))
	}
	if room != layoutTiny && !s.zoomed {
		foot = s.foot(w)
	}
	s.page = max(1, h-len(out)-len(foot))
	out = append(out, s.table.View(w, s.page, true)...)
	for len(out) < h-len(foot) {
		out = append(out, "")
	}
	return append(out, foot...)
}

// foot is the record under the cursor and the changes of a week, a day each.
func (s *history) foot(w int) []string {
	var out []string
	if e := s.shown[s.table.Selected()]; e != nil {
		out = append(out, s.st.ruleLine(subject(e)+"  "+result(e), "record "+strconv.FormatInt(e.Seq, 10), w))
		add := func(text string) {
			if text = strings.TrimSpace(text); text != "" {
				out = append(out, "  "+s.st.text(text, w-2))
			}
		}
		add(e.At.In(s.now.Location()).Format("2006-01-02T15:04:05.000Z07:00") + "  " + e.Who)
		add(e.Line)
		add(s.before(e))
		add(s.beside(e))
		out = append(out, "")
	}
	counts := make([]float64, 7)
	for i := range s.events {
		if d := daysAgo(s.now, s.events[i].At); d >= 0 && d < 7 && s.events[i].Type == actions.EventState {
			counts[6-d]++
		}
	}
	out = append(out, s.st.ruleLine("Changes a day", "of the newest "+strconv.Itoa(len(s.events))+" records", w))
	line := "  "
	most := 1.0
	for _, c := range counts {
		most = max(most, c)
	}
	for i, c := range counts {
		line += s.now.AddDate(0, 0, i-6).Format("Mon") + " " + widget.Spark([]float64{c}, most, 1, s.st.ascii) + " " + strconv.Itoa(int(c)) + "   "
	}
	return append(out, s.st.text(line, w))
}

// before says how long a state that changed had lasted.
func (s *history) before(e *actions.Event) string {
	if e.Type != actions.EventState {
		return ""
	}
	for i := range s.events {
		if x := &s.events[i]; x.Seq < e.Seq && x.Type == e.Type && x.Target == e.Target && x.Check == e.Check && x.Item == e.Item {
			return "before: " + x.To + " for " + ageText(e.At.Sub(x.At))
		}
	}
	return ""
}

// beside says what else changed at about the same time.
func (s *history) beside(e *actions.Event) string {
	if e.Type != actions.EventState {
		return ""
	}
	var names []string
	for i := range s.events {
		x := &s.events[i]
		if x.Type == e.Type && x.Target != e.Target && x.At.Sub(e.At).Abs() <= causeWithin && !slices.Contains(names, string(x.Target)) {
			names = append(names, string(x.Target))
		}
	}
	if len(names) == 0 {
		return "same time: nothing else changed within " + ageText(causeWithin)
	}
	return "same time: " + strings.Join(names, ", ")
}

func daysAgo(now, t time.Time) int {
	t = t.In(now.Location())
	a := time.Date(now.Year(), now.Month(), now.Day(), 12, 0, 0, 0, now.Location())
	b := time.Date(t.Year(), t.Month(), t.Day(), 12, 0, 0, 0, now.Location())
	return int(a.Sub(b).Round(24*time.Hour) / (24 * time.Hour))
}

func (s *history) bindings() []binding {
	none := func() string {
		if s.shown[s.table.Selected()] == nil {
			return "nothing is under the cursor"
		}
		return ""
	}
	turn := func() tea.Cmd { s.turned, s.version = !s.turned, -1; return nil }
	return []binding{
		{act: "open", hint: true, why: none, do: func() tea.Cmd {
			e := s.shown[s.table.Selected()]
			if e.Run != "" {
				return s.open(newRunScreen(s.root, e.Run))
			}
			if _, ok := s.engine.Fleet().Target(e.Target); ok {
				return s.open(newDetail(s.root, e.Target))
			}
			s.say(string(e.Target) + " is no longer in the inventory")
			return nil
		}},
		{act: "copy", hint: true, why: none, do: func() tea.Cmd {
			e := s.shown[s.table.Selected()]
			return s.copyText(e.At.Format(time.RFC3339)+" "+subject(e)+" "+change(e), "the record")
		}},
		{act: "write", hint: true, do: func() tea.Cmd { return s.write("jurymast-history-"+s.now.Format("2006-01-02")+".tsv", s.text(), nil) }},
		{act: "sort", do: turn},
		{act: "reverse", do: turn},
		s.zoomBinding(),
	}
}

// text is the records that are shown, a line each, in their order.
func (s *history) text() string {
	s.refresh()
	var b strings.Builder
	for _, id := range s.table.Rows() {
		e := s.shown[id]
		fields := []string{e.At.In(s.now.Location()).Format(time.RFC3339), string(e.Type), subject(e), result(e), e.Who, e.Line}
		for i, f := range fields {
			fields[i] = widget.Clean(f) // no tab of a machine's makes a column
		}
		fmt.Fprintln(&b, strings.Join(fields, "\t"))
	}
	return b.String()
}
