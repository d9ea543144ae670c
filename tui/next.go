package tui

import (
	"slices"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/tui/widget"
)

// term is something that begins, or has to be done, by a time.
type term struct {
	at   time.Time
	what string
	why  string
}

// terms are what comes, what is first ahead: backups that begin by their
// schedule, copies that grow too old before that, and restores that are to be
// practised.
func (w *world) terms() []term {
	var out []term
	for _, b := range w.engine.Fleet().Backups {
		begins := b.Schedule.Next(w.now)
		if !begins.IsZero() {
			out = append(out, term{begins, "backup " + b.Name, "begins by its schedule"})
		}
		i := slices.IndexFunc(w.jobs, func(j Job) bool { return j.Name == b.Name })
		if i < 0 || w.jobs[i].At.IsZero() {
			continue // that is a problem already
		}
		j := &w.jobs[i]
		if late := j.At.Add(j.RPO); begins.IsZero() || late.Before(begins) {
			out = append(out, term{late, "backup " + j.Name, "newest copy " + w.since(j.At) + " old, at most " + ageText(j.RPO)})
		}
		switch {
		case b.Drill <= 0:
		case j.Drilled.IsZero():
			out = append(out, term{w.now, "drill of " + j.Name, "never proven, wanted every " + ageText(b.Drill)})
		default:
			out = append(out, term{j.Drilled.Add(b.Drill), "drill of " + j.Name, "last proven " + w.since(j.Drilled) + " ago, wanted every " + ageText(b.Drill)})
		}
	}
	slices.SortStableFunc(out, func(a, b term) int { return a.at.Compare(b.at) })
	return out
}

// nextLines are what falls due first, at most so many.
func (o *overview) nextLines(w, most int) []string {
	terms := o.terms()
	if len(terms) == 0 {
		return nil
	}
	out := []string{o.st.ruleLine("Next", "begins, or is to be done by then", w)}
	for _, t := range terms[:min(most, len(terms))] {
		by := "now"
		if t.at.After(o.now) {
			by = o.comes(t.at)
		}
		out = append(out, "  "+o.st.text(widget.Fit(by, 12, "")+widget.Fit(t.what, 26, o.st.tail)+" "+t.why, w-2))
	}
	return append(out, "")
}

// comes is a time that is to come.
func (w *world) comes(t time.Time) string {
	zone := w.now.Location()
	if w.times == asUTC {
		zone = time.UTC
	}
	layout := "2 Jan"
	switch left := t.Sub(w.now); {
	case left < 20*time.Hour:
		layout = "15:04"
	case left < 6*24*time.Hour:
		layout = "Mon 15:04"
	case left > 300*24*time.Hour:
		layout = "2 Jan 2006"
	}
	return t.In(zone).Format(layout)
}

// lastCleared says which problem was the last to go away, "" for none known.
func (w *world) lastCleared() string {
	for i := range w.events {
		if e := &w.events[i]; e.Type == actions.EventState && e.To == actions.OK.String() {
			what := strings.TrimSpace(string(e.Target) + " " + e.Check + " " + e.Item)
			return "Last problem: " + what + ", cleared " + w.stamp(e.At) + " (" + w.since(e.At) + " ago)."
		}
	}
	return ""
}
