package tui

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"jurymast/actions"
	"jurymast/inventory"
	"jurymast/tui/widget"
)

// menu is a short list to choose from, in a box. What cannot be done stands
// there with its reason.
type menu struct {
	*root
	title string
	items []item
	grave bool   // it asks for a decision
	more  string // what is said below the items
	find  string // only items with this in their words
	at    int    // of those that are shown
}

type item struct {
	group string // heads the first of its items
	text  string
	note  string
	key   string
	why   string // why it cannot be chosen
	do    func() tea.Cmd
}

func (x *menu) crumb() string          { return x.title }
func (x *menu) update(tea.Msg) tea.Cmd { return nil }
func (x *menu) view(int, int) []string { return nil }
func (x *menu) asks() bool             { return x.grave }
func (x *menu) half() int              { return 5 }
func (x *menu) move(n int)             { x.at = max(0, min(x.at+n, len(x.shown())-1)) }
func (x *menu) filtered() string       { return x.find }

// filter shows only items with a text in their words.
func (x *menu) filter(text string) error {
	x.find, x.at = strings.ToLower(strings.TrimSpace(text)), 0
	return nil
}

// shown are the items that the filter leaves.
func (x *menu) shown() []item {
	if x.find == "" {
		return x.items
	}
	return slices.DeleteFunc(slices.Clone(x.items), func(it item) bool {
		return !strings.Contains(strings.ToLower(it.group+" "+it.text+" "+it.note), x.find)
	})
}

func (x *menu) box(w, h int) []string {
	var lines []string
	at := 0
	group := ""
	items := x.shown()
	inner, wide, keys := w-2, 0, 0
	for _, it := range items {
		wide = max(wide, widget.Width(widget.Clean(it.text)))
		if it.key != "" {
			keys = 6
		}
	}
	wide = min(wide, 34, inner-3) // what is chosen is read in full before what is said of it
	for i, it := range items {
		if it.group != group {
			group = it.group
			lines = append(lines, x.st.head.Paint(" "+group))
		}
		lead := "   "
		if i == x.at {
			lead, at = " "+x.st.mark+" ", len(lines)
		}
		note := it.note
		if it.why != "" {
			note = "n/a: " + it.why
		}
		line := lead + widget.Fit(it.text, wide, x.st.tail) + " " + widget.Fit(note, max(0, inner-len("   ")-wide-keys-2), x.st.tail) + " " + widget.Fit(it.key, keys, "")
		switch {
		case i == x.at:
			line = x.st.cursor.Paint(line)
		case it.why != "":
			line = x.st.dim.Paint(line)
		}
		lines = append(lines, line)
	}
	if len(items) == 0 {
		lines = append(lines, "   nothing has this in its words")
	}
	var more []string
	if x.more != "" {
		for _, l := range append([]string{""}, wrap(x.more, inner-2)...) {
			more = append(more, " "+l)
		}
	}
	room := max(1, h-3-len(more))
	top := max(0, min(at-room/2, len(lines)-room))
	lines = append(lines[top:min(len(lines), top+room)], more...)
	foot := x.keys.show("down") + "/" + x.keys.show("up") + "  " + x.keys.show("open") + " choose   " + x.keys.show("filter") + " find   " + x.keys.show("back") + " close"
	if !x.hears() {
		foot = moment
	}
	lines = append(lines, x.st.dim.Paint(" "+foot))
	title := x.title
	if x.find != "" {
		title += "  / " + x.find
	}
	return widget.Box(title, lines, w, x.st.ascii, x.st.rule)
}

func (x *menu) bindings() []binding {
	return []binding{{act: "open", hint: true, word: "choose", do: func() tea.Cmd {
		items := x.shown()
		if x.at >= len(items) {
			return nil
		}
		it := items[x.at]
		if it.why != "" {
			x.say(it.text + ": " + it.why)
			return nil
		}
		x.close(x)
		return it.do()
	}}}
}

// newActions is all that can be done with a target, what is harmless first.
func newActions(m *root, r inventory.Ref) *menu {
	x := &menu{root: m, title: string(r)}
	look := func(text string, a act, why string, do func() tea.Cmd) {
		x.items = append(x.items, item{group: "Look", text: text, key: m.keys.show(a), why: why, do: do})
	}
	look("open detail", "open", "", func() tea.Cmd { return m.open(newDetail(m, r)) })
	look("what happened to it", "log", "", func() tea.Cmd { return m.open(newHistory(m, r)) })
	look("look again", "look", "", func() tea.Cmd { return m.look(r) })
	look("copy…", "copy", "", func() tea.Cmd { return m.open(newCopy(m, r)) })
	if m.engine.ReadOnly() {
		return x
	}
	look("ssh to "+m.hostOf(r).Name(), "shell", m.noShell(r), func() tea.Cmd { return m.shell(r) })
	look("write a note…", "note", "", func() tea.Cmd { return m.noteTarget(r) })
	look("edit in the inventory", "edit", "", func() tea.Cmd { return m.edit(r) })
	x.items = append(x.items, item{group: "Quiet", text: "acknowledge, mute, maintenance", key: m.keys.show("quiet"), do: func() tea.Cmd { return m.open(newQuiet(m, r)) }})
	can := m.changes(r)
	slices.SortStableFunc(can, func(a, b item) int { return cmp.Compare(min(1, len(a.why)), min(1, len(b.why))) })
	x.items = append(x.items, can...)
	return x
}

// changes are the plans that can be made about a target, and why others cannot.
func (m *root) changes(r inventory.Ref) []item {
	const group = "Change: each opens a plan first"
	var out []item
	t, _ := m.engine.Fleet().Target(r)
	for _, p := range m.engine.Fleet().Playbooks {
		if on := playbookHosts(p); !slices.Contains(on, r) && !slices.Contains(on, m.hostOf(r)) {
			continue
		}
		asked := playbookRequest(p.Name)
		out = append(out, item{group: group, text: "playbook " + p.Name, note: m.usually(asked) + p.Title, do: func() tea.Cmd { return m.plan(asked) }})
	}
	for _, v := range actions.Verbs {
		why := ""
		switch {
		case t != nil && t.Protected:
			why = "protected"
		case v == actions.VerbDeploy:
			if err := m.engine.Deploys(r); err != nil {
				why = err.Error()
			}
		case !moves(v) && !m.copied(r):
			why = "no backup is written of it"
		case moves(v) && (t == nil || len(t.Standby) == 0):
			why = "it has no standby"
		}
		asked := Request{Verb: v, Target: r}
		out = append(out, item{group: group, text: string(v), note: m.usually(asked) + verbNotes[v], why: why, do: func() tea.Cmd { return m.plan(asked) }})
	}
	return out
}

// usually is how long a plan took before, "" where none went well.
func (m *root) usually(asked Request) string {
	r := playRow{asked: asked}
	if m.records(&r); r.took == 0 {
		return ""
	}
	return "~" + ageText(r.took) + "  "
}

var verbNotes = map[actions.Verb]string{
	actions.VerbBackup:   "make a copy now",
	actions.VerbRestore:  "bring a copy back",
	actions.VerbDrill:    "prove a copy beside the live data",
	actions.VerbFailover: "move to a standby",
	actions.VerbFailback: "move back",
	actions.VerbRejoin:   "rebuild the old one as standby",
	actions.VerbDeploy:   "bring the newest version",
}

// moves reports whether a plan of this sort needs a standby.
func moves(v actions.Verb) bool {
	return v == actions.VerbFailover || v == actions.VerbFailback || v == actions.VerbRejoin
}

// copied reports whether a backup of a target is written.
func (m *root) copied(r inventory.Ref) bool {
	return slices.ContainsFunc(m.engine.Fleet().Backups, func(b inventory.Backup) bool { return b.Of == r })
}

// newQuiet is the ways to keep a target quiet.
func newQuiet(m *root, r inventory.Ref) *menu {
	x := &menu{root: m, title: "keep " + string(r) + " quiet"}
	for _, k := range []struct {
		kind       actions.EventType
		text, note string
	}{
		{actions.EventAck, "acknowledge", "until it is well, at most so long"},
		{actions.EventMute, "mute", "whatever happens"},
		{actions.EventMaint, "maintenance", "and what runs on it"},
	} {
		for _, d := range []time.Duration{time.Hour, 4 * time.Hour, 24 * time.Hour, 7 * 24 * time.Hour} {
			x.items = append(x.items, item{group: k.text + ": " + k.note, text: k.text + " for " + ageText(d), do: func() tea.Cmd { return m.silence(r, k.kind, d) }})
		}
	}
	why := "nothing keeps it quiet"
	if slices.ContainsFunc(m.state.Silences, func(s actions.Silence) bool { return s.Target == r }) {
		why = ""
	}
	x.items = append(x.items, item{group: "End", text: "no longer quiet", why: why, do: func() tea.Cmd {
		return m.ask(string(r)+" is no longer kept quiet", func(ctx context.Context) error { return m.engine.EndSilence(ctx, r) })
	}})
	return x
}

// newCopy is what can be copied of a target.
func newCopy(m *root, r inventory.Ref) *menu {
	x := &menu{root: m, title: "copy of " + string(r)}
	add := func(what, text string) {
		if text != "" {
			x.items = append(x.items, item{group: "Copy", text: what, note: text, do: func() tea.Cmd { return m.copyText(text, what) }})
		}
	}
	add("name", string(r))
	if t, ok := m.engine.Fleet().Target(r); ok {
		add("address", t.Reach.Address)
		add("place in the inventory", t.Pos.String())
	}
	if s, ok := m.sum(r); ok {
		add("reason", s.Summary)
		add("next step", s.Next)
		if b, err := json.Marshal(s); err == nil {
			add("json", string(b))
		}
	}
	add("command", "jurymast show "+string(r))
	return x
}
