package tui

import (
	"context"
	"fmt"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"jurymast/actions"
	"jurymast/inventory"
)

// output is what the check under the cursor said, in full, with its course.
func (d *detail) output(w, h int) []string {
	e := d.entry(d.table.Selected())
	if e == nil || h < 2 {
		return nil
	}
	out := []string{d.st.ruleLine(d.title(paneOutput, strings.TrimSpace(e.Check+" "+e.Item)), "", w)}
	add := func(s string) {
		for _, l := range wrap(s, w-3) {
			out = append(out, "  "+l)
		}
	}
	add(e.Line)
	if e.Next != "" {
		add("next: " + e.Next)
	}
	if e.Cause != "" {
		add("not looked at, because of " + string(e.Cause))
	}
	fill := filled(e)
	for _, m := range e.Metrics {
		if fill != "" && (m.Name == actions.MetricTaken || m.Name == actions.MetricSize) {
			continue
		}
		x := actions.Entry{Result: actions.Result{Metrics: []actions.Metric{m}}}
		v, limits := valueOf(&x)
		add(strings.TrimSpace(m.Name + " " + v + "  " + limits))
	}
	told := d.foretold(e)
	if fill != "" && len(told) > 0 && strings.HasPrefix(told[0], "growth ") {
		told[0] = fill + "  " + told[0]
	} else if fill != "" {
		add(fill)
	}
	for _, l := range told {
		add(l)
	}
	if grew := d.grewMost(); fill != "" && grew != "" {
		add(grew)
	}
	for _, q := range d.state.Silences {
		if q.Covers(e.Key(), d.now) {
			add(fmt.Sprintf("%s by %s until %s: %s", quietWords[q.Kind], q.Who, d.comes(q.Until), q.Reason))
		}
	}
	if n := d.noted; n != nil {
		add("note by " + n.Who + ", " + d.stamp(n.At) + ": " + n.Line)
	}
	seen := "seen " + d.since(e.At) + " ago in " + e.Took.Round(time.Millisecond).String() + ", every " + ageText(e.Every)
	if e.Stale(d.now) {
		seen += ": stale"
	}
	add(seen)
	if e.Status != actions.OK {
		if e.LastOK.IsZero() {
			add("never seen ok")
		} else {
			add("last ok " + d.since(e.LastOK) + " ago")
		}
	}
	if room := h - len(out); room > 4 && len(e.Metrics) > 0 {
		high := 6
		if d.zoomed {
			high = 16
		}
		if lines := d.plot(d.points(e), &e.Metrics[0], w-2, min(high, room-1)); lines != nil {
			out = append(append(out, ""), lines...)
		}
	}
	return out[:min(len(out), h)]
}

var quietWords = map[actions.EventType]string{actions.EventAck: "acknowledged", actions.EventMute: "muted", actions.EventMaint: "in maintenance"}

// openCheck shows all of the check under the cursor. Of a host's key that has
// changed it says how to compare.
func (d *detail) openCheck() tea.Cmd {
	e := d.entry(d.table.Selected())
	if e == nil {
		return nil
	}
	if e.Check == "ssh" && e.Status != actions.OK && strings.Contains(e.Line, "host key") {
		r, en, m := d.ref, *e, d.root
		m.say("asking " + r.Name() + " for its keys; nothing else is sent")
		return d.readKeys("the key of "+r.Name(), func(ctx context.Context) (string, string, error) { return keyPage(ctx, m.engine, r, en) })
	}
	return d.open(newPager(d.root, string(d.ref)+" "+strings.TrimSpace(e.Check+" "+e.Item), entryText(d.world, e)))
}

func entryText(w *world, e *actions.Entry) string {
	var b strings.Builder
	line := func(name, v string) {
		if v != "" {
			fmt.Fprintf(&b, "%-10s %s\n", name, v)
		}
	}
	line("state", e.Status.String())
	line("answer", e.Line)
	line("next", e.Next)
	line("cause", string(e.Cause))
	line("runs on", string(e.On))
	line("since", e.Since.In(w.now.Location()).Format(time.RFC3339))
	line("seen", e.At.In(w.now.Location()).Format(time.RFC3339)+", "+w.since(e.At)+" ago")
	line("took", e.Took.String())
	line("every", e.Every.String())
	if !e.LastOK.IsZero() {
		line("last ok", e.LastOK.In(w.now.Location()).Format(time.RFC3339))
	}
	for _, m := range e.Metrics {
		x := actions.Entry{Result: actions.Result{Metrics: []actions.Metric{m}}}
		v, limits := valueOf(&x)
		line("metric", strings.TrimSpace(m.Name+" "+v+"  "+limits))
	}
	return b.String()
}

// keyPage says what a host key that is not trusted means and how to compare it. There is no
// button on it on purpose: the command is for a shell.
func keyPage(ctx context.Context, e Engine, host inventory.Ref, en actions.Entry) (text, command string, err error) {
	keys, err := e.Keys(ctx, host)
	if err != nil {
		return "", "", err
	}
	var b strings.Builder
	print, changed := "", false
	for _, k := range keys {
		if k.State == "changed" && !changed || k.State == "unknown" && print == "" {
			print, changed = k.Fingerprint, k.State == "changed"
		}
	}
	head, verb := "The key of %s is not known yet.", "trust"
	mean := "Nobody has compared it so far. Nothing was sent, no login was tried."
	if changed {
		head, verb = "The key of %s is not the one that is known.", "replace"
		mean = "This is what a reinstalled machine looks like. It is also what someone in\nthe middle looks like. Nothing was sent, no login was tried."
	}
	fmt.Fprintf(&b, head+"\n\n%s\n\n", host.Name(), en.Line)
	for _, k := range keys {
		fmt.Fprintf(&b, "offered  %s %s  %s\n", k.Type, k.Fingerprint, k.State)
	}
	b.WriteString("\n" + mean + "\n\n")
	command = fmt.Sprintf("jurymast hosts %s %s --fingerprint %s", verb, host.Name(), print)
	fmt.Fprintf(&b, "Compare on the console of %s itself:\n  ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub\n\nIf it matches the offered key, from a shell:\n  %s\n\nThere is no button for this on purpose.\n", host.Name(), command)
	return b.String(), command, nil
}
