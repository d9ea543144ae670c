package tui

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

type outLine struct {
	at         time.Time
	step, text string
}

func (s *runScreen) print(l outLine) {
	s.output = append(s.output, l)
	if n := len(s.output) - maxOutput; n > 0 {
		s.output = slices.Delete(s.output, 0, n)
		s.top = max(0, s.top-n)
	}
	if !s.tail {
		s.came++
	}
}

// tailLines is the end of the output, or where the reader stands in it.
func (s *runScreen) tailLines(w, h int) []string {
	if h < 2 {
		return nil
	}
	note := "follow on"
	if !s.tail {
		note = fmt.Sprintf("follow off, %d new", s.came)
	}
	title := "Output"
	if n := len(s.output); n > 0 && s.tail {
		note = "last line " + s.since(s.output[n-1].at) + " ago, " + note
	}
	if s.find != "" {
		title += "  / " + s.find
	}
	if s.pane == 1 {
		title = s.st.mark + " " + title
	}
	out := []string{s.st.ruleLine(title, note, w)}
	var rows []string
	lines := s.output
	if s.tail {
		lines = lines[max(0, len(lines)-4*h-200):]
	} else {
		lines = lines[min(s.top, len(lines)):]
	}
	for _, l := range lines {
		if s.find != "" && !strings.Contains(strings.ToLower(l.step+" "+l.text), strings.ToLower(s.find)) {
			continue
		}
		text := l.at.In(s.now.Location()).Format("15:04:05") + " " + l.text
		if s.wrap {
			rows = append(rows, wrap(text, w-2)...)
		} else {
			rows = append(rows, s.st.text(text, w-2))
		}
		if !s.tail && len(rows) >= h {
			break
		}
	}
	s.page = h - 1
	if s.tail && len(rows) > s.page {
		rows = rows[len(rows)-s.page:]
	}
	for _, r := range rows[:min(len(rows), s.page)] {
		out = append(out, "  "+r)
	}
	return out
}
