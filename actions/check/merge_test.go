package check

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

const twoNodes = `
[node.a]
[node.b]
[service.db]
kind = "daemon"
on = "a"
standby = ["b"]
`

// dump shows a state as rows.
func dump(s actions.State, now time.Time) string {
	var rows []string
	for e := range s.All {
		row := fmt.Sprintf("%s %s %s", e.Key(), e.Status, age(now.Sub(e.Since)))
		if e.Bad > 0 {
			row += fmt.Sprintf(" bad=%d", e.Bad)
		}
		if e.Cause != "" {
			row += " cause=" + string(e.Cause)
		}
		rows = append(rows, row+": "+e.Line)
	}
	slices.Sort(rows)
	return strings.Join(rows, "\n")
}

func TestMerge(t *testing.T) {
	f := load(t, twoNodes)
	type step struct {
		after   time.Duration // since the step before
		confirm int
		rows    []string
		want    []string // the state
		events  []string
		gone    []string
	}
	for _, c := range []struct {
		name  string
		steps []step
	}{
		{"first looks count at once, fine ones make no event", []step{
			{0, 3, []string{"node/a ssh - ok: up", "node/a disk / fail: full"},
				[]string{"node/a disk / fail 0s: full", "node/a ssh ok 0s: up"}, []string{"node/a disk /  -> fail"}, nil},
		}},
		{"worse must be seen three times, better once", []step{
			{0, 3, []string{"node/a ssh - ok: up"}, []string{"node/a ssh ok 0s: up"}, nil, nil},
			{time.Minute, 3, []string{"node/a ssh - fail: no"}, []string{"node/a ssh ok 1m bad=1: 1 of 3 bad looks: no"}, nil, nil},
			{time.Minute, 3, []string{"node/a ssh - warn: no"}, []string{"node/a ssh ok 2m bad=2: 2 of 3 bad looks: no"}, nil, nil},
			{time.Minute, 3, []string{"node/a ssh - fail: no"}, []string{"node/a ssh fail 0s: no"}, []string{"node/a ssh ok -> fail"}, nil},
			{time.Minute, 3, []string{"node/a ssh - fail: no"}, []string{"node/a ssh fail 1m: no"}, nil, nil},
			{time.Minute, 3, []string{"node/a ssh - ok: up"}, []string{"node/a ssh ok 0s: up"}, []string{"node/a ssh fail -> ok"}, nil},
		}},
		{"a good look between bad ones starts the count anew", []step{
			{0, 2, []string{"node/a ssh - ok: up"}, []string{"node/a ssh ok 0s: up"}, nil, nil},
			{time.Minute, 2, []string{"node/a ssh - fail: no"}, []string{"node/a ssh ok 1m bad=1: 1 of 2 bad looks: no"}, nil, nil},
			{time.Minute, 2, []string{"node/a ssh - ok: up"}, []string{"node/a ssh ok 2m: up"}, nil, nil},
			{time.Minute, 2, []string{"node/a ssh - fail: no"}, []string{"node/a ssh ok 3m bad=1: 1 of 2 bad looks: no"}, nil, nil},
		}},
		{"items come and go", []step{
			{0, 1, []string{"node/a disk / ok: 1", "node/a disk /srv ok: 2"}, []string{"node/a disk / ok 0s: 1", "node/a disk /srv ok 0s: 2"}, nil, nil},
			{time.Minute, 1, []string{"node/a disk / ok: 1", "node/a disk /new warn: 3"}, []string{"node/a disk / ok 1m: 1", "node/a disk /new warn 0s: 3"},
				[]string{"node/a disk /new  -> warn"}, []string{"node/a disk /srv"}},
			{time.Minute, 1, []string{"node/a disk"}, []string{""}, nil, []string{"node/a disk /", "node/a disk /new"}},
		}},
		{"unknown as a whole leaves no item ok", []step{
			{0, 1, []string{"node/a disk / ok: 1", "node/a disk /srv ok: 2"}, []string{"node/a disk / ok 0s: 1", "node/a disk /srv ok 0s: 2"}, nil, nil},
			{time.Minute, 1, []string{"node/a disk - unknown: no answer in 10s"}, []string{"node/a disk / unknown 0s: no answer in 10s", "node/a disk /srv unknown 0s: no answer in 10s"},
				[]string{"node/a disk / ok -> unknown", "node/a disk /srv ok -> unknown"}, nil},
			{time.Minute, 1, []string{"node/a disk / ok: 1"}, []string{"node/a disk / ok 0s: 1"}, []string{"node/a disk / unknown -> ok"}, []string{"node/a disk /srv"}},
		}},
		{"unknown from the first gives way to what is found", []step{
			{0, 1, []string{"node/a disk - unknown: what"}, []string{"node/a disk unknown 0s: what"}, []string{"node/a disk  -> unknown"}, nil},
			{time.Minute, 1, []string{"node/a disk / ok: 1"}, []string{"node/a disk / ok 0s: 1"}, nil, []string{"node/a disk"}},
		}},
		{"skipped for the host: no events but the host's", []step{
			{0, 1, []string{"node/a ssh - ok: up", "node/a disk / ok: 1"}, []string{"node/a disk / ok 0s: 1", "node/a ssh ok 0s: up"}, nil, nil},
			{time.Minute, 1, []string{"node/a ssh - fail: down", "node/a disk - unknown cause=node/a: not looked at"},
				[]string{"node/a disk / unknown 0s cause=node/a: not looked at", "node/a ssh fail 0s: down"}, []string{"node/a ssh ok -> fail"}, nil},
			{time.Minute, 1, []string{"node/a ssh - fail: down", "node/a disk - unknown cause=node/a: not looked at"},
				[]string{"node/a disk / unknown 1m cause=node/a: not looked at", "node/a ssh fail 1m: down"}, nil, nil},
			{time.Minute, 1, []string{"node/a ssh - ok: up", "node/a disk / ok: 1"}, []string{"node/a disk / ok 0s: 1", "node/a ssh ok 0s: up"}, []string{"node/a ssh fail -> ok"}, nil},
		}},
		{"while the host's trouble is not confirmed, its checks stay", []step{
			{0, 2, []string{"node/a ssh - ok: up", "node/a disk / ok: 1"}, []string{"node/a disk / ok 0s: 1", "node/a ssh ok 0s: up"}, nil, nil},
			{time.Minute, 2, []string{"node/a ssh - fail: down", "node/a disk - unknown cause=node/a: not looked at"},
				[]string{"node/a disk / ok 1m: 1", "node/a ssh ok 1m bad=1: 1 of 2 bad looks: down"}, nil, nil},
			{time.Minute, 2, []string{"node/a ssh - fail: down", "node/a disk - unknown cause=node/a: not looked at"},
				[]string{"node/a disk / unknown 0s cause=node/a: not looked at", "node/a ssh fail 0s: down"}, []string{"node/a ssh ok -> fail"}, nil},
		}},
		{"the clock is set back", []step{
			{0, 1, []string{"node/a ssh - ok: up"}, []string{"node/a ssh ok 0s: up"}, nil, nil},
			{-48 * time.Hour, 1, []string{"node/a ssh - ok: up"}, []string{"node/a ssh ok 0s: up"}, nil, nil},
			{time.Minute, 1, []string{"node/a ssh - ok: up"}, []string{"node/a ssh ok 1m: up"}, nil, nil},
		}},
		{"two actives, none, one, and one that cannot be seen", []step{
			{0, 1, []string{"node/a ssh - ok: up", "node/b ssh - ok: up", "service/db up a ok on=node/a: x", "service/db up b ok: x"},
				[]string{"node/a ssh ok 0s: up", "node/b ssh ok 0s: up", "service/db placement ok 0s: on node/a", "service/db up a ok 0s: x", "service/db up b ok 0s: x"}, nil, nil},
			{time.Minute, 1, []string{"service/db up a ok on=node/a: x", "service/db up b ok on=node/b: x"},
				[]string{"node/a ssh ok 1m: up", "node/b ssh ok 1m: up", "service/db placement fail 0s: active on 2 hosts at once: node/a, node/b", "service/db up a ok 1m: x", "service/db up b ok 1m: x"},
				[]string{"service/db placement ok -> fail"}, nil},
			{time.Minute, 1, []string{"service/db up a ok: x", "service/db up b ok: x"},
				[]string{"node/a ssh ok 2m: up", "node/b ssh ok 2m: up", "service/db placement fail 1m: active on no host", "service/db up a ok 2m: x", "service/db up b ok 2m: x"}, nil, nil},
			{0, 1, []string{"node/b ssh - fail: down", "service/db up a ok on=node/a: x", "service/db up b unknown: x"},
				[]string{"node/a ssh ok 2m: up", "node/b ssh fail 0s: down", "service/db placement unknown 0s: on node/a, but node/b could not be seen", "service/db up a ok 2m: x", "service/db up b unknown 0s: x"},
				[]string{"node/b ssh ok -> fail", "service/db up b ok -> unknown", "service/db placement fail -> unknown"}, nil},
		}},
		{"no check ever says where it runs: no placement", []step{
			{0, 1, []string{"service/db up - ok: x"}, []string{"service/db up ok 0s: x"}, nil, nil},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			now, s := noon, actions.State{}
			for i, st := range c.steps {
				now = now.Add(st.after)
				before := dump(s, now)
				next, events, gone := Merge(f, s, []Look{look("node/a", now, st.confirm, st.rows...)}, now)
				if dump(s, now) != before {
					t.Fatal("the state before was changed")
				}
				s = next
				if got, want := dump(s, now), strings.Join(st.want, "\n"); got != want {
					t.Errorf("step %d: state\n%s\nwant\n%s", i, got, want)
				}
				var es, gs []string
				for _, e := range events {
					es = append(es, fmt.Sprintf("%s %s -> %s", actions.Key{Target: e.Target, Check: e.Check, Item: e.Item}, e.From, e.To))
				}
				for _, k := range gone {
					gs = append(gs, k.String())
				}
				if !slices.Equal(es, st.events) {
					t.Errorf("step %d: events %q, want %q", i, es, st.events)
				}
				if !slices.Equal(gs, st.gone) {
					t.Errorf("step %d: gone %q, want %q", i, gs, st.gone)
				}
			}
		})
	}
}

func TestMergeDropsWhatTheFleetNoLongerHas(t *testing.T) {
	f := load(t, twoNodes)
	old := actions.MakeState([]actions.Entry{{Result: actions.Result{Target: "node/gone", Check: SSH, At: noon}}, {Result: actions.Result{Target: "node/a", Check: "old", At: noon}}}, nil)
	s, _, gone := Merge(f, old, []Look{{Host: inventory.Console, Orphans: []actions.Key{{Target: "node/a", Check: "old"}}}}, noon)
	if s.Len() != 0 || len(gone) != 2 {
		t.Errorf("left %s, gone %v", dump(s, noon), gone)
	}
}

func TestMergeFlapping(t *testing.T) {
	f := load(t, twoNodes)
	for _, c := range []struct {
		every time.Duration
		want  bool
	}{{2 * time.Minute, true}, {10 * time.Minute, true}, {15 * time.Minute, false}, {time.Hour, false}} {
		now, s, flapped := noon, actions.State{}, false
		for i := range 30 {
			status := []string{"ok", "fail"}[i%2]
			s, _, _ = Merge(f, s, []Look{look("node/a", now, 1, "node/a ssh - "+status+": x")}, now)
			e, _ := s.Find(actions.Key{Target: "node/a", Check: SSH})
			flapped = flapped || strings.HasPrefix(e.Line, "flapping, ")
			now = now.Add(c.every)
		}
		if flapped != c.want {
			t.Errorf("a change every %s: flapping %t", c.every, flapped)
		}
		// Calm for long enough it is forgotten.
		now = now.Add(24 * time.Hour)
		s, _, _ = Merge(f, s, []Look{look("node/a", now, 1, "node/a ssh - fail: x")}, now)
		if e, _ := s.Find(actions.Key{Target: "node/a", Check: SSH}); strings.HasPrefix(e.Line, "flapping") {
			t.Errorf("still %q a day later", e.Line)
		}
	}
}

func TestMergeEndsAcknowledgements(t *testing.T) {
	f := load(t, twoNodes)
	silence := func(k actions.EventType) actions.Silence {
		return actions.Silence{ID: 1, Kind: k, Target: "node/a", From: noon.Add(-time.Hour), Until: noon.Add(time.Hour)}
	}
	for _, c := range []struct {
		kind     actions.EventType
		was, now string
		ends     bool
	}{
		{actions.EventAck, "fail", "ok", true}, {actions.EventAck, "fail", "warn", true}, {actions.EventAck, "fail", "fail", false},
		{actions.EventAck, "warn", "fail", false}, {actions.EventAck, "fail", "unknown", false},
		{actions.EventMute, "fail", "ok", false}, {actions.EventMaint, "fail", "ok", false},
	} {
		s, _, _ := Merge(f, actions.State{}, []Look{look("node/a", noon, 1, "node/a ssh - "+c.was+": x")}, noon)
		s.Silences = []actions.Silence{silence(c.kind)}
		next, _, _ := Merge(f, s, []Look{look("node/a", noon, 1, "node/a ssh - "+c.now+": x")}, noon)
		if got := len(Ended(s, next)) == 1; got != c.ends {
			t.Errorf("%s, %s -> %s: ended %t", c.kind, c.was, c.now, got)
		}
	}
}
