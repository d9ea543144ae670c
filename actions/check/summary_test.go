package check

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"jurymast/actions"
)

const aSite = `
[site.home]
[site.away]
[node.a]
site = "home"
[node.b]
site = "away"
[node.night]
site = "home"
expected_off = ["22:00-06:00"]
[vm.v]
on = "a"
[service.db]
kind = "daemon"
on = "v"
standby = ["b"]
[service.api]
kind = "daemon"
on = "b"
needs = ["db"]
[service.web]
kind = "daemon"
on = "b"
needs = ["api"]
`

func TestSummaries(t *testing.T) {
	f := load(t, aSite)
	fine := []string{"node/a ssh - ok: up", "node/b ssh - ok: up", "node/night ssh - ok: up", "vm/v ssh - ok: up",
		"service/db up - ok: x", "service/api up - ok: x", "service/web up - ok: x"}
	with := func(rows ...string) []string {
		out := slices.Clone(fine)
		for _, r := range rows {
			key := strings.Join(strings.Fields(r)[:2], " ") + " "
			out = slices.DeleteFunc(out, func(o string) bool { return strings.HasPrefix(o, key) })
		}
		return append(out, rows...)
	}
	night := time.Date(2026, 11, 20, 23, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name     string
		now      time.Time
		rows     []string
		silences []actions.Silence
		later    time.Duration // between the look and the summaries
		want     []string      // of targets that are not plainly ok
		exit     int
	}{
		{"all is well", noon, fine, nil, 0, nil, 0},
		{"one warning", noon, with("node/a disk / warn: 91% used", "node/a disk /srv ok: 3%"), nil, 0,
			[]string{"node/a warn: disk /: 91% used"}, 1},
		{"fail over warn over unknown", noon, with("node/a disk / warn: 91%", "node/a load - fail: 9", "node/b disk / unknown: what"), nil, 0,
			[]string{"node/a fail: load: 9", "node/b unknown: disk /: what",
				"vm/v ok: up; stands on node/a, which is fail cause=node/a"}, 2},
		{"unknown is not ok", noon, with("node/b disk / unknown: what"), nil, 0, []string{"node/b unknown: disk /: what"}, 3},
		{"a host is down: one cause, down to the guests", noon,
			with("node/a ssh - fail: down: timeout; also not seen from node/b", "node/a disk - unknown cause=node/a: x", "node/a load - unknown cause=node/a: x",
				"vm/v ssh - fail: down: timeout", "service/db up - unknown cause=vm/v: x", "service/db deep - unknown cause=vm/v: x"), nil, 0,
			[]string{"node/a fail: down: timeout; also not seen from node/b; 2 checks skipped",
				"vm/v fail: down: timeout; likely because of node/a cause=node/a",
				"service/db unknown: 2 checks skipped: vm/v is down: timeout cause=node/a",
				"service/api ok: x; stands on node/a, which is fail cause=node/a"}, 2},
		{"dependents name the first cause", noon, with("service/db up - fail: stopped", "service/api up - fail: 502", "service/web up - warn: slow"), nil, 0,
			[]string{"service/db fail: up: stopped", "service/api fail: up: 502; likely because of service/db cause=service/db",
				"service/web warn: up: slow; likely because of service/db cause=service/db"}, 2},
		{"a copy that is late explains nothing", noon, with("service/db backup db fail: 30 h old", "service/api up - fail: 502"), nil, 0,
			[]string{"service/db fail: backup db: 30 h old", "service/api fail: up: 502", "service/web ok: x; stands on service/api, which is fail cause=service/api"}, 2},
		{"cut off from me", noon, with("node/b ssh - unknown: cut off from me: node/a reaches it", "service/api up - unknown cause=node/b: x"), nil, 0,
			[]string{"node/b unknown: cut off from me: node/a reaches it", "service/api unknown: 1 check skipped: node/b is cut off from me: node/a reaches it cause=node/b"}, 3},
		{"acknowledged does not count", noon, with("node/b disk / fail: full"),
			[]actions.Silence{{Kind: actions.EventAck, Target: "node/b", From: noon.Add(-1), Until: noon.Add(4 * time.Hour)}}, 0,
			[]string{"node/b fail: disk /: full muted=acknowledged until 16:00",
				"service/api ok: x; stands on node/b, which is fail cause=node/b", "service/web ok: x; stands on node/b, which is fail cause=node/b"}, 0},
		{"what is not acknowledged is told first", noon, with("node/b disk / fail: full", "node/b load - warn: 9"),
			[]actions.Silence{{Kind: actions.EventAck, Target: "node/b", Check: "disk", From: noon.Add(-1), Until: noon.Add(4 * time.Hour)}}, 0,
			[]string{"node/b warn: load: 9"}, 1},
		{"maintenance covers what runs on it", noon, with("node/a ssh - fail: down", "vm/v ssh - fail: down", "service/db up - unknown cause=vm/v: x"),
			[]actions.Silence{{Kind: actions.EventMaint, Target: "node/a", From: noon.Add(-1), Until: noon.Add(24 * time.Hour)}}, 0,
			[]string{"node/a fail: down muted=maintenance until 2026-11-21 12:00",
				"vm/v fail: down; likely because of node/a muted=maintenance until 2026-11-21 12:00 of node/a cause=node/a",
				"service/db unknown: 1 check skipped: vm/v is down muted=maintenance until 2026-11-21 12:00 of node/a cause=node/a",
				"service/api ok: x; stands on node/a, which is fail cause=node/a"}, 0},
		{"a silence that is over is none", noon, with("node/b load - warn: 9"),
			[]actions.Silence{{Kind: actions.EventMute, Target: "node/b", From: noon.Add(-2), Until: noon.Add(-1)}}, 0,
			[]string{"node/b warn: load: 9"}, 1},
		{"off as expected", night, with("node/night ssh - ok: off as expected until 06:00", "node/night disk - unknown cause=node/night: x"), nil, 0,
			[]string{"node/night ok: off as expected until 06:00"}, 0},
		{"a stale ok is unknown", noon, fine, nil, 3 * time.Minute,
			[]string{"*"}, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, _, _ := Merge(f, actions.State{}, []Look{look("x", c.now, 1, c.rows...)}, c.now)
			s.Silences = c.silences
			ss := Summaries(f, s, c.now.Add(c.later))
			if len(ss) != 7 {
				t.Fatalf("%d rows", len(ss))
			}
			var got []string
			for _, r := range ss {
				if r.State == actions.OK && !r.Stale && r.Cause == "" && !strings.HasPrefix(r.Summary, offAsExpected) {
					continue
				}
				row := fmt.Sprintf("%s %s: %s", r.Ref, r.State, r.Summary)
				if r.Muted != "" {
					row += " muted=" + r.Muted
				}
				if r.Cause != "" {
					row += " cause=" + string(r.Cause)
				}
				got = append(got, row)
			}
			want := slices.Clone(c.want)
			if len(want) == 1 && want[0] == "*" {
				if len(got) != 7 || !strings.Contains(got[0], "was ok, and not looked at for 3m") {
					t.Errorf("got\n%s", strings.Join(got, "\n"))
				}
			} else if !slices.Equal(got, want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			if got := ExitCode(ss, actions.Warn); got != c.exit {
				t.Errorf("exit %d, want %d", got, c.exit)
			}
		})
	}
}

// TestSummariesChoose holds that a row is about the same of several equals
// whatever host answered first and in whatever order they are kept, and about
// one that broke later than the others.
func TestSummariesChoose(t *testing.T) {
	f := load(t, aSite)
	at := func(check string, since time.Duration) actions.Entry {
		r := actions.Result{Target: "node/a", Check: check, Status: actions.Fail, Line: "broken", At: noon}
		return actions.Entry{Result: r, Since: noon.Add(-since), Every: time.Minute}
	}
	for _, c := range []struct {
		name string
		es   []actions.Entry
		want string
	}{
		{"together", []actions.Entry{at("disk", 0), at("load", 0)}, "disk"},
		{"one a little later", []actions.Entry{at("disk", 3*time.Millisecond), at("load", 0), at("swap", time.Millisecond)}, "disk"},
		{"at the end of a slow sweep", []actions.Entry{at("disk", DefaultDeadline), at("load", 0)}, "disk"},
		{"later", []actions.Entry{at("disk", time.Hour), at("load", 0)}, "load"},
		{"later, two of them", []actions.Entry{at("disk", time.Hour), at("swap", 0), at("load", time.Second)}, "load"},
		{"no chain of short steps", []actions.Entry{at("disk", 100*time.Second), at("load", 50*time.Second), at("swap", 0)}, "load"},
	} {
		for range len(c.es) {
			c.es = append(c.es[1:], c.es[0])
			ss := Summaries(f, actions.MakeState(c.es, nil), noon)
			if got := ss[0].Check; got != c.want {
				t.Errorf("%s: %s of %v, want %s", c.name, got, c.es, c.want)
			}
		}
	}
}

func TestSummariesNeverLookedAt(t *testing.T) {
	f := load(t, aSite)
	ss := Summaries(f, actions.State{}, noon)
	for _, s := range ss {
		if s.State != actions.Unknown || s.Summary != "not looked at yet" {
			t.Errorf("%+v", s)
		}
	}
	if got := ExitCode(ss, actions.Warn); got != 3 {
		t.Errorf("exit %d", got)
	}
}

// TestSummariesQuietBeforeTheFirstLook: maintenance may begin before a machine was
// ever looked at, as when it is being set up.
func TestSummariesQuietBeforeTheFirstLook(t *testing.T) {
	f := load(t, twoNodes)
	quiet := actions.MakeState(nil, []actions.Silence{{Kind: actions.EventMaint, Target: "node/a", From: noon.Add(-1), Until: noon.Add(time.Hour)}})
	var got []string
	for _, s := range Summaries(f, quiet, noon) {
		got = append(got, fmt.Sprintf("%s %s %s", s.Ref, s.Summary, s.Muted))
	}
	want := []string{"node/a not looked at yet maintenance until 13:00", "node/b not looked at yet ", "service/db not looked at yet maintenance until 13:00 of node/a"}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestSummariesClockSetBack: a look that lies ahead of the clock says so.
func TestSummariesClockSetBack(t *testing.T) {
	f := load(t, aSite)
	s, _, _ := Merge(f, actions.State{}, []Look{look("node/a", noon, 1, "node/a load - ok: 1")}, noon)
	for _, r := range Summaries(f, s, noon.Add(-24*time.Hour)) {
		if r.Ref == "node/a" && (!r.Stale || r.Summary != "was ok, at a time that lies ahead of this machine's clock") {
			t.Errorf("%+v", r)
		}
	}
}

func TestSummariesOn(t *testing.T) {
	f := load(t, twoNodes)
	for _, c := range []struct {
		rows []string
		want string
	}{
		{nil, "node/a"},
		{[]string{"service/db up - ok: x"}, "node/a"},
		{[]string{"node/a ssh - ok: x", "node/b ssh - ok: x", "service/db up - ok on=node/b: x"}, "node/b"},
	} {
		s, _, _ := Merge(f, actions.State{}, []Look{look("x", noon, 1, c.rows...)}, noon)
		ss := Summaries(f, s, noon)
		if got := ss[2]; string(got.On) != c.want || len(got.Standby) != 1 {
			t.Errorf("%v: on %s, standby %v", c.rows, got.On, got.Standby)
		}
	}
}

func TestExitCode(t *testing.T) {
	row := func(s actions.Status, stale bool, muted string) actions.Summary {
		return actions.Summary{State: s, Stale: stale, Muted: muted}
	}
	for _, c := range []struct {
		rows   []actions.Summary
		failOn actions.Status
		want   int
	}{
		{nil, actions.Warn, 0},
		{[]actions.Summary{row(actions.OK, false, "")}, actions.Warn, 0},
		{[]actions.Summary{row(actions.Unknown, false, ""), row(actions.Warn, false, "")}, actions.Warn, 1},
		{[]actions.Summary{row(actions.Unknown, false, ""), row(actions.Warn, false, "")}, actions.Fail, 3},
		{[]actions.Summary{row(actions.Fail, false, ""), row(actions.Warn, false, "")}, actions.Fail, 2},
		{[]actions.Summary{row(actions.Fail, false, "muted until 12:00")}, actions.Warn, 0},
		{[]actions.Summary{row(actions.OK, true, "")}, actions.Fail, 3},
		{[]actions.Summary{row(actions.Fail, true, "")}, actions.Fail, 2},
	} {
		if got := ExitCode(c.rows, c.failOn); got != c.want {
			t.Errorf("%+v, %s: %d, want %d", c.rows, c.failOn, got, c.want)
		}
	}
}
