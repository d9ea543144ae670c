package tui

import (
	"strconv"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/tui/widget"
)

// fleetName is the fleet as headers show it.
func (m *root) fleetName() string {
	if n := m.engine.Fleet().Settings.Name; n != "" {
		return n
	}
	return "fleet"
}

// header says which fleet, which mode, how it stands, how old that is and what
// time it is. It is drawn on every screen.
func (m *root) header(room layout) string {
	mode := "[RW]"
	if m.engine.ReadOnly() {
		mode = "[RO]"
	}
	left := widget.Cut(m.fleetName(), 24, m.st.tail) + " " + mode
	if room == layoutWide {
		left = "jurymast  " + left
	}
	tally, plain := m.tally(room)
	clock := m.now.Format("15:04")
	if m.times == asUTC {
		clock = m.now.UTC().Format("15:04")
	}
	if room == layoutWide {
		form := "15:04:05 MST"
		if m.now.Sub(m.touched) >= resting {
			form = "15:04 MST" // a screen at which nobody is sends nothing
		}
		clock = m.now.Format(form)
		if m.times == asUTC {
			clock = m.now.UTC().Format(form)
		}
	}
	mid := m.sweptText(room)
	if room == layoutTiny && m.stale == "" {
		mid = ""
	}
	free := m.w - widget.Width(left) - widget.Width(plain) - widget.Width(mid) - widget.Width(clock) - 2
	gap := max(1, free/2)
	if room != layoutWide {
		gap = 1
	}
	end := max(1, free-gap)
	midStyle := m.st.dim
	if m.stale != "" {
		midStyle = m.st.fail
	}
	return m.st.head.Paint(left) + strings.Repeat(" ", gap) + " " + tally + " " + midStyle.Paint(mid) + strings.Repeat(" ", end) + clock
}

func (m *root) sweptText(room layout) string {
	switch {
	case m.stale != "":
		return "STALE " + m.since(m.state.Swept)
	case !m.got:
		return "looking"
	case m.state.Swept.IsZero():
		return "never swept"
	}
	s := "swept " + m.since(m.state.Swept)
	if room == layoutWide {
		s += " ago"
	}
	return s
}

// tally is how many targets have each status, with and without colour.
func (m *root) tally(room layout) (styled, plain string) {
	c := m.counts
	if n := c.OK + c.Warn + c.Fail + c.Unknown; n == c.OK && n > 0 {
		plain = m.st.signs[actions.OK] + " all " + strconv.Itoa(n) + " ok"
		return m.st.ok.Paint(plain), plain
	}
	gap, one := "  ", " "
	if room != layoutWide {
		gap, one = " ", ""
	}
	for _, x := range []struct {
		n  int
		st actions.Status
		w  string
	}{{c.Fail, actions.Fail, "fail"}, {c.Warn, actions.Warn, "warn"}, {c.Unknown, actions.Unknown, "unknown"}, {c.OK, actions.OK, "ok"}} {
		if x.n == 0 {
			continue
		}
		t := m.st.signs[x.st] + one + strconv.Itoa(x.n)
		if room != layoutTiny {
			t += " " + x.w
		}
		if plain != "" {
			plain += gap
			styled += gap
		}
		plain += t
		styled += m.st.status(x.st).Paint(t)
	}
	return styled, plain
}

// tabsOf are the top level screens.
var tabsOf = []struct{ long, short string }{
	{"Overview", "Over"}, {"Nodes", "Node"}, {"VMs", "VM"}, {"Shares", "Shr"}, {"Services", "Svc"},
	{"Backups", "Bkup"}, {"Playbooks", "Play"}, {"History", "Hist"},
}

const noRun = "no run active"

func (m *root) tabs(room layout) string {
	var b strings.Builder
	here := strings.SplitN(m.stack[0].crumb(), " ", 2)[0]
	for i, t := range tabsOf {
		name := t.long
		if room != layoutWide {
			name = t.short
		}
		text := m.keys.show(act("tab-"+strconv.Itoa(i+1))) + " " + name
		if here == t.long {
			b.WriteString("[" + text + "]")
		} else {
			b.WriteString(" " + text + " ")
		}
	}
	if r, ok := m.active(); ok {
		word := "active"
		if !underWay(r.State) {
			word = "waits for you"
		}
		note := "run " + r.ID + " " + word + "  " + m.keys.show("active-run") + " opens it"
		if room == layoutNarrow {
			note = m.keys.show("active-run") + " run " + word
		}
		if free := m.w - widget.Width(b.String()) - widget.Width(note); free > 0 {
			return b.String() + strings.Repeat(" ", free) + m.st.warn.Paint(note)
		}
	} else if free := m.w - widget.Width(b.String()) - len(noRun); room == layoutWide && free > 0 {
		return b.String() + strings.Repeat(" ", free) + m.st.dim.Paint(noRun)
	}
	return b.String()
}

// messageFor is how long a message stays in its line.
const messageFor = 8 * time.Second

func (m *root) messageLine() string {
	if m.prompt != nil {
		return m.prompt.view(m.w)
	}
	if n := len(m.messages); n > 0 && m.messages[n-1].at.After(m.hushed) && m.now.Sub(m.messages[n-1].at) < messageFor {
		return m.st.text(m.messages[n-1].text, m.w)
	}
	if c, ok := m.top().(interface{ note() string }); ok {
		return m.st.text(c.note(), m.w)
	}
	return ""
}

// hints are the keys of the top screen. What does not fit goes from the right;
// help stays.
func (m *root) hints() string {
	help := m.keys.show("help") + " help"
	room := m.w - len(help) - 2
	var b strings.Builder
	used := 0
	for _, bs := range [][]binding{m.top().bindings(), m.global()} {
		for _, x := range bs {
			if !x.hint {
				continue
			}
			w, _ := word(x.act)
			if x.word != "" {
				w = x.word
			}
			s := m.keys.show(x.act) + " " + w
			n := widget.Width(s)
			if used+n+2 > room {
				continue
			}
			b.WriteString(s + "  ")
			used += n + 2
		}
	}
	return m.st.dim.Paint(widget.Fit(b.String(), max(0, m.w-len(help)), "") + help)
}
