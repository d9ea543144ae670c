package tui

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"jurymast/actions"
)

// has fails for every text that a screen does not show, on one line each.
func has(t *testing.T, m *root, texts ...string) {
	t.Helper()
	v := stripped(m.View())
	for _, want := range texts {
		if !strings.Contains(v, want) {
			t.Errorf("the screen does not show %q:\n%s", want, v)
		}
	}
}

// opened brings a console to a screen by keys, with what it asks for answered.
func opened(t *testing.T, f *fake, w, h int, keys ...string) *root {
	t.Helper()
	m, _ := ready(t, f, w, h, Options{})
	for _, k := range keys {
		m.View()
		m.Update(keyOf(k))
	}
	m.View()
	answered(t, m, f)
	return m
}

func TestLately(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 20, 4, 0, 0, time.UTC)
	p := func(ago time.Duration, v float64) actions.Point { return actions.Point{At: now.Add(-ago), Value: v} }
	nan := math.NaN()
	m := time.Minute
	for _, c := range []struct {
		name   string
		points []actions.Point
		hold   time.Duration
		want   []float64
	}{
		{"none", nil, 0, []float64{nan, nan, nan, nan}},
		{"one a cell", []actions.Point{p(17*m, 1), p(12*m, 2), p(7*m, 3), p(2*m, 4)}, 0, []float64{1, 2, 3, 4}},
		{"the worst of a cell", []actions.Point{p(4*m, 9), p(2*m, 4)}, 0, []float64{nan, nan, nan, 9}},
		{"what is old is left out", []actions.Point{p(3*time.Hour, 7), p(2*m, 4)}, 0, []float64{nan, nan, nan, 4}},
		{"what is looked at seldom holds", []actions.Point{p(3*time.Hour, 7), p(7*m, 4)}, 4 * time.Hour, []float64{7, 7, 4, 4}},
		{"and not for ever", []actions.Point{p(16*m, 7)}, 5 * m, []float64{7, 7, nan, nan}},
		{"a clock ahead of ours is now", []actions.Point{p(-30*m, 5)}, 0, []float64{nan, nan, nan, 5}},
	} {
		got := lately(c.points, now, 4, 5*m, c.hold)
		if !slices.EqualFunc(got, c.want, func(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// TestGlanceAsksOnce is that what is on the screen is asked for once a minute,
// and nothing else.
func TestGlanceAsksOnce(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	m, c := ready(t, f, 120, 36, Options{})
	o := m.top().(*overview)
	m.View()
	if got := len(o.gauges.wanted); got != 4 {
		t.Fatalf("%d courses are wanted, of four hosts on the screen that work", got)
	}
	ask := o.gauges.ask(m)
	m.dirty = true
	m.View()
	if o.gauges.ask(m) != nil {
		t.Error("what is on its way is asked for again")
	}
	has(t, m, "cpu ········")
	m.Update(ask())
	if v := m.View(); strings.Contains(v, "cpu ········") {
		t.Errorf("the course that came is not drawn:\n%s", v)
	}
	c.add(sparkEvery)
	m.Update(tickMsg{c.now()})
	m.View()
	if len(o.gauges.wanted) == 0 {
		t.Error("a minute later nothing is asked for")
	}
}

func TestOverviewAtAGlance(t *testing.T) {
	t.Parallel()
	m := opened(t, newFake(t), 120, 36)
	has(t, m, "  9%  mem 61%  disk 91%", "pve   up 7d   cpu ", " 18%  mem 51%", "full in ~10 days", "no run active", "node/edge: 1 check skipped because it does not answer. Last answer 20:01.")
	// What does not answer has no numbers: it has a reason.
	for _, l := range strings.Split(stripped(m.View()), "\n") {
		if strings.HasPrefix(l, "  ? edge") && !strings.Contains(l, "timeout after 10s") {
			t.Errorf("of a host that does not answer it shows %q", l)
		}
	}
}

func TestOverviewSort(t *testing.T) {
	t.Parallel()
	m, _ := ready(t, newFake(t), 120, 36, Options{})
	o := m.top().(*overview)
	m.View()
	on := o.selected()
	m.Update(keyOf("o"))
	m.View()
	if !slices.IsSorted(o.problems.Rows()) || o.selected() != on {
		t.Errorf("by name: %v with the cursor on %s, which was on %s", o.problems.Rows(), o.selected(), on)
	}
	has(t, m, " name ─")
	m.Update(keyOf("O"))
	m.View()
	rows := slices.Clone(o.problems.Rows())
	slices.Reverse(rows)
	if !slices.IsSorted(rows) {
		t.Errorf("reversed: %v", o.problems.Rows())
	}
	has(t, m, "name, reversed")
}

func TestOverviewCalm(t *testing.T) {
	t.Parallel()
	for _, size := range [][2]int{{120, 36}, {80, 24}} {
		f := newFake(t)
		calm(f)
		f.events = append([]actions.Event{{Seq: 10, Type: actions.EventState, At: at.Add(-41 * time.Minute), Target: "service/nextcloud", Check: "http", From: "fail", To: "ok"}}, f.events...)
		m := opened(t, f, size[0], size[1])
		has(t, m, "Nothing needs you. All ", "the last sweep was 30s ago", "Oldest result: 30s.", "Last problem: service/nextcloud http, cleared 19:24 (41m ago).",
			"busiest pve 31% cpu, pve 70% mem, nas1 91% disk", "── Next ─", "now         backup pg", "01:30       backup homes               begins by its schedule")
	}
}

func TestDetailForetells(t *testing.T) {
	t.Parallel()
	m := opened(t, newFake(t), 120, 36, "2", "enter")
	has(t, m, "growth +0.9%/day (7d)", "warn at 85%, crossed ", "fail at 95% in about 4 days (Wed 25 Nov)",
		"Debian GNU/Linux 12  6.1.0-41-amd64  up 96d  protected  site home  tags ", "host key SHA256:9fq3…rNc2 known", "changes a day", "every 1m", "homes", "nextcloud (homes)")
	m = opened(t, newFake(t), 80, 24, "2", "enter")
	has(t, m, "Debian GNU/Linux 12  up 96d  protected", "If nas1 goes: 2 shares, 1 service.")
}

func TestDetailCourses(t *testing.T) {
	t.Parallel()
	m := opened(t, newFake(t), 120, 36, "2", "enter", "shift+tab")
	has(t, m, "Course of nas1", "load busy  9%", "memory available  39%", "disk /tank used  91%", "100%", "since ")
}

func TestLikelyCause(t *testing.T) {
	t.Parallel()
	// That a copy of its database is late breaks no service.
	m := opened(t, newFake(t), 120, 36, "enter")
	has(t, m, "Likely first cause: vm/docker-01 restarts at 19:50:53, 19s before: ok -> warn")
	// What stands on a host that does not answer has that as its cause.
	m = opened(t, newFake(t), 120, 36, "5", "j", "j", "enter")
	has(t, m, "Likely first cause: node/edge, unkn since 20:01: timeout after 10s")
}

func TestActionsNamePlaybooks(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	m, _ := ready(t, f, 80, 36, Options{})
	m.runs = []actions.Run{{ID: "1", Verb: actions.VerbPlaybook, Target: "playbook/db-failover", State: "done", Began: at.Add(-time.Hour), Ended: at.Add(-time.Hour + 250*time.Second), Made: at}}
	x := newActions(m, "node/pve")
	can := x.items[slices.IndexFunc(x.items, func(it item) bool { return strings.HasPrefix(it.group, "Change") }):]
	if can[0].text != "playbook db-failover" || can[0].note != "~4m10s  Promote the standby postgres on bak1" {
		t.Errorf("the first change is %q, %q", can[0].text, can[0].note)
	}
	// What cannot be done stands behind what can.
	first := slices.IndexFunc(can, func(it item) bool { return it.why != "" })
	if first < 0 || slices.ContainsFunc(can[first:], func(it item) bool { return it.why == "" }) {
		t.Errorf("changes are not in order: %+v", can)
	}
	if x := newActions(m, "share/homes"); slices.ContainsFunc(x.items, func(it item) bool { return strings.HasPrefix(it.text, "playbook") }) {
		t.Error("a share is offered a playbook that does not touch its host")
	}
}

func TestComes(t *testing.T) {
	t.Parallel()
	w := &world{now: at}
	for in, want := range map[time.Duration]string{time.Hour: "21:05", 30 * time.Hour: "Sun 02:05", 10 * 24 * time.Hour: "30 Nov", 400 * 24 * time.Hour: "25 Dec 2027"} {
		if got := w.comes(at.Add(in)); got != want {
			t.Errorf("in %s: %q, want %q", in, got, want)
		}
	}
}
