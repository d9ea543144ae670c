package tui

import (
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"jurymast/actions"
	"jurymast/inventory"
	"jurymast/tui/widget"
)

type knownKeysMsg struct {
	of   inventory.Ref
	keys []HostKey
}

// readKnown asks which keys are known of a host. No host is asked.
func (m *root) readKnown(host inventory.Ref) tea.Cmd {
	e, ctx := m.engine, m.ctx
	return func() tea.Msg {
		keys, err := e.KnownKeys(ctx, host)
		if err != nil {
			keys = nil // whoever looks at the host says what is wrong with them
		}
		return knownKeysMsg{host, keys}
	}
}

// head is where one is, how it stands, and what it is.
func (d *detail) head(t *inventory.Target, w int, room layout) []string {
	crumb, state := d.crumb(), ""
	style := d.st.ok
	if s, ok := d.sum(d.ref); ok {
		st := seen(s)
		style = d.st.status(st)
		state = d.st.sign(st, s.Stale, s.Muted != "", false).Text + " " + words[st] + " for " + d.since(s.Since)
		if s.Muted != "" {
			state += ", " + s.Muted
		}
	}
	state = widget.Cut(state, w/2, d.st.tail)
	line := d.st.head.Paint(d.st.text(crumb, w-widget.Width(state)-1))
	line += strings.Repeat(" ", max(1, w-widget.Width(stripped(line))-widget.Width(state))) + style.Paint(state)
	if room == layoutTiny {
		return []string{line}
	}
	facts, key := d.facts(t, room), d.keyText(room)
	if key == "" {
		return []string{line, d.st.text(facts, w)}
	}
	return []string{line, widget.Fit(facts, w-widget.Width(key)-2, d.st.tail) + "  " + key}
}

// facts are what a target is: what it says of itself ahead of what the inventory
// says.
func (d *detail) facts(t *inventory.Target, room layout) string {
	var facts []string
	add := func(name, v string) {
		if v != "" {
			facts = append(facts, strings.TrimSpace(name+" "+v))
		}
	}
	add("", t.Reach.Address)
	v := d.state.Vitals(d.ref)
	system, kernel, _ := strings.Cut(v.System, ", ")
	system, _, _ = strings.Cut(system, " (") // the code name says no more
	add("", system)
	if room == layoutWide {
		add("", strings.TrimPrefix(kernel, "Linux "))
	}
	if v.Up > 0 {
		add("up", days(v.Up))
	}
	if t.Protected {
		add("", "protected") // only ever looked at
	}
	if t.Host != t.Ref {
		add("on", d.hostOf(d.ref).Name()+" ("+t.Kind+")")
	}
	add("needs", names(d.needs()))
	add("standby", names(t.Standby))
	add("path", t.Path)
	add("", t.URL)
	add("site", t.Site)
	add("tags", strings.Join(t.Tags, ","))
	if !isHost(t.Ref) {
		add("class", string(t.Class))
	}
	add("", t.Title)
	if t.Host == t.Ref {
		add("kind", t.Kind)
	}
	return strings.Join(facts, "  ")
}

// needs are what a target cannot work without, besides the host it is on.
func (d *detail) needs() []inventory.Ref {
	var out []inventory.Ref
	for _, r := range d.engine.Fleet().Needs(d.ref) {
		if r != d.hostOf(d.ref) {
			out = append(out, r)
		}
	}
	return out
}

// keyText is the key that a host is known by, and whether it still shows it.
func (d *detail) keyText(room layout) string {
	if len(d.known) == 0 || room != layoutWide {
		return ""
	}
	state := "known"
	for i := range d.entries {
		if e := &d.entries[i]; e.Check == "ssh" && e.Status == actions.OK {
			state = "ok"
		} else if e.Check == "ssh" && strings.Contains(e.Line, "host key") {
			state = "REFUSED"
		}
	}
	print := d.known[0].Fingerprint
	if hash, ok := strings.CutPrefix(print, "SHA256:"); ok && len(hash) > 12 {
		print = "SHA256:" + hash[:4] + d.st.tail + hash[len(hash)-4:]
	}
	return "host key " + print + " " + state
}

// alone is the pane with the focus on the whole screen.
func (d *detail) alone(w, h int) []string {
	switch d.pane {
	case paneOutput:
		return d.output(w, h)
	case paneCourse:
		return d.plots(w, h)
	case paneRecent:
		return d.recent(w, h)
	}
	return d.dependLines(w)
}
