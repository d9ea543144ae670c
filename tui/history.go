package tui

import (
	"fmt"
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
	of      inventory.Ref // "" for all
	table   widget.Table
	filt    filter
	shown   map[string]*actions.Event
	version int
	cols    layout
	page    int
}

func newHistory(m *root, of inventory.Ref) *history {
	s := &history{root: m, of: of, version: -1, cols: layoutNone}
	s.table = widget.Table{Tail: m.st.tail, Mark: m.st.mark, Tick: m.st.tick, Cursor: m.st.cursor, Cells: s.cells}
	return s
}

func (s *history) crumb() string {
	if s.of != "" {
		return "History > " + string(s.of)
	}
	return "History"
}
func (s *history) update(tea.Msg) tea.Cmd { return nil }
func (s *history) filtered() string       { return s.filt.text }
func (s *history) half() int              { return s.page / 2 }
func (s *history) move(n int)             { s.refresh(); s.table.Move(n) }

func (s *history) filter(text string) error {
	f, err := parseFilter(text)
	if err != nil {
		return err
	}
	s.filt, s.version = f, -1
	return nil
}

func (s *history) refresh() {
	if s.version == s.world.version {
		return
	}
	s.version = s.world.version
	s.shown = make(map[string]*actions.Event, len(s.events))
	var ids []string
	for i := range s.events {
		e := &s.events[i]
		if s.of != "" && e.Target != s.of || !s.filt.keeps(eventRow(e)) {
			continue
		}
		id := strconv.FormatInt(e.Seq, 10)
		s.shown[id] = e
		ids = append(ids, id)
	}
	s.table.SetRows(ids)
}

func eventRow(e *actions.Event) filterRow {
	return filterRow{
		text:  strings.ToLower(strings.Join([]string{string(e.Target), e.Check, e.Item, e.From, e.To, e.Line, e.Who, e.Run, string(e.Type)}, " ")),
		state: e.To, host: e.Target.Name(), kind: string(e.Type), level: string(e.Target.Level()),
	}
}

func (s *history) cells(id string, buf []widget.Cell) []widget.Cell {
	e := s.shown[id]
	if e == nil {
		return buf
	}
	what := actions.Key{Target: e.Target, Check: e.Check, Item: e.Item}.String()
	result := widget.Cell{Text: result(e)}
	for st, w := range [4]string{"ok", "warn", "fail", "unknown"} {
		if e.To == w {
			result.Style = s.st.status(actions.Status(st))
		}
	}
	at := widget.Cell{Text: s.when(e.At), Style: s.st.dim}
	switch s.cols {
	case layoutWide:
		return append(buf, at, widget.Cell{Text: string(e.Type)}, widget.Cell{Text: what}, result, widget.Cell{Text: e.Who}, widget.Cell{Text: e.Line})
	case layoutNarrow:
		return append(buf, at, widget.Cell{Text: what}, result, widget.Cell{Text: e.Line})
	}
	return append(buf, at, widget.Cell{Text: what}, result)
}

func result(e *actions.Event) string {
	switch {
	case e.From != "" && e.To != "":
		return e.From + " -> " + e.To
	case e.Run != "":
		return e.Run + " " + e.To
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
	title := "History"
	if s.of != "" {
		title += " of " + string(s.of)
	}
	if s.filt.text != "" {
		title += "  / " + s.filt.text
	}
	out := []string{s.st.ruleLine(title, fmt.Sprintf("%d records, newest first", s.table.Len()), w)}
	if s.table.Len() == 0 {
		return append(out, "", "  "+s.st.text("nothing is written down that fits", w-2))
	}
	var foot []string
	if room == layoutWide {
		out = append(out, s.st.dim.Paint(s.table.Head(w)))
	}
	if room != layoutTiny {
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
		out = append(out, s.st.ruleLine(actions.Key{Target: e.Target, Check: e.Check, Item: e.Item}.String()+"  "+result(e), "record "+strconv.FormatInt(e.Seq, 10), w))
		out = append(out, "  "+s.st.text(e.At.In(s.now.Location()).Format("2006-01-02T15:04:05.000Z07:00")+"  "+e.Who, w-2), "  "+s.st.text(e.Line, w-2), "")
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

func daysAgo(now, t time.Time) int {
	t = t.In(now.Location())
	a := time.Date(now.Year(), now.Month(), now.Day(), 12, 0, 0, 0, now.Location())
	b := time.Date(t.Year(), t.Month(), t.Day(), 12, 0, 0, 0, now.Location())
	return int(a.Sub(b).Round(24*time.Hour) / (24 * time.Hour))
}

func (s *history) bindings() []binding {
	return []binding{
		{act: "open", hint: true, why: func() string {
			if s.shown[s.table.Selected()] == nil {
				return "nothing is under the cursor"
			}
			return ""
		}, do: func() tea.Cmd {
			e := s.shown[s.table.Selected()]
			if e.Run != "" {
				return s.open(newRunScreen(s.root, e.Run))
			}
			if _, ok := s.engine.Fleet().Target(e.Target); ok {
				return s.open(newDetail(s.root, e.Target))
			}
			return nil
		}},
		{act: "copy", hint: true, do: func() tea.Cmd {
			if e := s.shown[s.table.Selected()]; e != nil {
				return s.copyText(e.At.Format(time.RFC3339)+" "+actions.Key{Target: e.Target, Check: e.Check, Item: e.Item}.String()+" "+change(e), "the record")
			}
			return nil
		}},
	}
}
