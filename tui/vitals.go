package tui

import (
	"strconv"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"jurymast/actions"
	"jurymast/inventory"
	"jurymast/tui/widget"
)

// vitals are the courses of what hosts are known by at a glance, as far as they
// are on the screen: what is drawn without its course is asked for.
type vitals struct {
	sparks map[actions.Key]spark
	wanted map[actions.Key]string // the metric, by its check
}

// spark is a course as it is drawn.
type spark struct {
	text  string
	asked time.Time
}

// How a course is drawn at a glance, and how often it is asked for: points are
// five minutes apart, and a young store has few.
const (
	sparkCells = 8
	sparkCell  = 5 * time.Minute
	sparkEvery = time.Minute
)

type sparksMsg map[actions.Key][]actions.Point

func newVitals() vitals {
	return vitals{sparks: map[actions.Key]spark{}, wanted: map[actions.Key]string{}}
}

// ask asks for the courses that were wanted.
func (v *vitals) ask(m *root) tea.Cmd {
	if len(v.wanted) == 0 {
		return nil
	}
	wanted := v.wanted
	v.wanted = map[actions.Key]string{}
	for k := range wanted {
		v.sparks[k] = spark{v.sparks[k].text, m.now}
	}
	e, ctx := m.engine, m.ctx
	return func() tea.Msg {
		out := sparksMsg{}
		for k, metric := range wanted {
			ps, err := e.Series(ctx, k, metric)
			if err != nil {
				return out // drawn as missing, and asked for again
			}
			out[k] = ps
		}
		return out
	}
}

// take keeps courses that came, scaled to a hundred percent.
func (v *vitals) take(m *root, msg sparksMsg) {
	for k, ps := range msg {
		v.sparks[k] = spark{widget.Spark(lately(ps, m.now, sparkCells, sparkCell, 2*sparkCell), 100, sparkCells, m.st.ascii), v.sparks[k].asked}
	}
}

// draw is a gauge's course, "" where none is known.
func (v *vitals) draw(m *root, g actions.Gauge) string {
	s := v.sparks[g.Key]
	if m.now.Sub(s.asked) >= sparkEvery {
		v.wanted[g.Key] = g.Metric
	}
	if s.text == "" {
		return widget.Spark(nil, 100, sparkCells, m.st.ascii)
	}
	return s.text
}

// glance is a host in one line, "" where nothing is known of it.
func (v *vitals) glance(m *root, host inventory.Ref) string {
	n := m.state.Vitals(host)
	if !n.Known() {
		return ""
	}
	var b strings.Builder
	guest := host.Level() == inventory.LevelVM
	cells := sparkCells
	if guest {
		cells /= 2 // its node and how long it is up stand ahead of it
		if n.Up > 0 {
			b.WriteString(widget.Fit("up "+days(n.Up), 6, "") + "  ")
		}
	}
	part := func(name string, g actions.Gauge, course int) {
		if !g.Known {
			return
		}
		b.WriteString(name + " ")
		if course > 0 {
			s := []rune(v.draw(m, g))
			b.WriteString(string(s[len(s)-course:]) + " ")
		}
		p := strconv.Itoa(int(g.Value+0.5)) + "%"
		b.WriteString("   "[:max(0, 3-len(p))] + p + "  ")
	}
	part("cpu", n.CPU, cells)
	part("mem", n.Memory, 0)
	if !guest || !n.CPU.Known {
		part("disk", n.Disk, 0)
	}
	return strings.TrimRight(b.String(), " ")
}

// days is a duration in its largest unit.
func days(d time.Duration) string {
	if d >= 24*time.Hour {
		return strconv.Itoa(int(d/(24*time.Hour))) + "d"
	}
	if d >= time.Hour {
		return strconv.Itoa(int(d/time.Hour)) + "h"
	}
	return ageText(d.Truncate(time.Minute))
}

// busiest names the hosts that are used the most, for a screen on which nothing
// is wrong.
func (w *world) busiest() string {
	var top [3]actions.Gauge
	for i := range w.sums {
		r := w.sums[i].Ref
		if l := r.Level(); l != inventory.LevelNode && l != inventory.LevelVM {
			continue
		}
		v := w.state.Vitals(r)
		for j, g := range [3]actions.Gauge{v.CPU, v.Memory, v.Disk} {
			if g.Known && g.Value > top[j].Value {
				top[j] = g
			}
		}
	}
	var out []string
	for j, name := range [3]string{"cpu", "mem", "disk"} {
		if g := top[j]; g.Known {
			out = append(out, g.Key.Target.Name()+" "+strconv.Itoa(int(g.Value+0.5))+"% "+name)
		}
	}
	if len(out) == 0 {
		return ""
	}
	return "busiest " + strings.Join(out, ", ")
}

// unreached says how much is not looked at because of the first host that does
// not answer, "" where all do.
func (w *world) unreached() string {
	for i := range w.sums {
		s := &w.sums[i]
		if !problem(s) {
			return ""
		}
		if s.Check != "ssh" || !isHost(s.Ref) {
			continue
		}
		n := 0
		w.state.All(func(e actions.Entry) bool {
			if e.Cause == s.Ref {
				n++
			}
			return true
		})
		if n == 0 {
			continue
		}
		last := "It has never answered."
		if !s.LastOK.IsZero() {
			last = "Last answer " + w.stamp(s.LastOK) + "."
		}
		return string(s.Ref) + ": " + several(n, "check", "checks") + " skipped because it does not answer. " + last
	}
	return ""
}
