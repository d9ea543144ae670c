package tui

import (
	"fmt"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
	"jurymast/tui/widget"
)

// changeDays is for how many days changes are counted.
const changeDays = 14

// changes is how often it has changed its state on each of the last days.
func (d *detail) changes() []float64 {
	out := make([]float64, changeDays)
	for _, e := range d.of(d.ref, d.past, eventsMost) {
		if e.Type != actions.EventState {
			continue
		}
		if ago := int(d.now.Sub(e.At) / (24 * time.Hour)); ago >= 0 && ago < changeDays {
			out[changeDays-1-ago]++
		}
	}
	return out
}

// recent is what happened to it, and how often.
func (d *detail) recent(w, h int) []string {
	if h < 2 {
		return nil
	}
	total := 0.0
	for _, n := range d.changed {
		total += n
	}
	note := ""
	if total > 0 {
		note = fmt.Sprintf("changes a day %s %dd", widget.Spark(d.changed, 0, changeDays, d.st.ascii), changeDays)
	}
	out := []string{d.st.ruleLine(d.title(paneRecent, "Recent on "+d.ref.Name()), note, w)}
	for _, e := range d.of(d.ref, d.past, h-1) {
		item := strings.TrimSpace(e.Check + " " + e.Item)
		out = append(out, "  "+d.st.text(widget.Fit(d.stamp(e.At), 9, "")+"  "+strings.TrimSpace(item+"  "+change(&e)), w-2))
	}
	if len(out) == 1 {
		out = append(out, d.st.dim.Paint("  nothing yet"))
	}
	return out
}

// note says the likely first cause of what is wrong, else what breaks if it
// goes.
func (d *detail) note() string {
	if s, ok := d.sum(d.ref); ok && seen(s) != actions.OK {
		if cause := d.cause(s); cause != "" {
			return cause
		}
	}
	if d.room() == layoutNarrow {
		return d.depends.brief(d.ref)
	}
	return ""
}

// causeWithin is how long before trouble its cause is looked for.
const causeWithin = 5 * time.Minute

// cause is the target that explains a trouble, else the first of what changed
// shortly before, on it, on its host, or on what it needs.
func (d *detail) cause(s *actions.Summary) string {
	if c, ok := d.sum(s.Cause); ok {
		t := "Likely first cause: " + string(s.Cause) + ", " + words[seen(c)]
		if !c.Since.IsZero() {
			t += " since " + d.stamp(c.Since)
		}
		return t + ": " + c.Summary
	}
	near := map[inventory.Ref]bool{d.ref: true, d.hostOf(d.ref): true}
	for _, n := range d.engine.Fleet().Needs(d.ref) {
		near[n] = true
	}
	var first *actions.Event
	for i := range d.events {
		e := &d.events[i]
		if before := s.Since.Sub(e.At); near[e.Target] && before > 0 && before <= causeWithin && e.To != actions.OK.String() {
			first = e
		}
	}
	if first == nil {
		return ""
	}
	what := strings.TrimSpace(string(first.Target) + " " + first.Check + " " + first.Item)
	return fmt.Sprintf("Likely first cause: %s at %s, %s before: %s", what, first.At.In(d.now.Location()).Format("15:04:05"), ageText(s.Since.Sub(first.At)), change(first))
}
