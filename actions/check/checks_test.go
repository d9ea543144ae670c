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

func TestChecks(t *testing.T) {
	f := load(t, `
[node.a]
every = "5m"
confirm = 2
[service.db]
kind = "daemon"
on = "a"
url = "https://db.example.net"
[service.web]
kind = "http"
on = "a"
url = "https://web.example.net"
[check.extra]
of = "db"
kind = "daemon"
every = "30s"
[check.front]
of = "db"
kind = "http"
url = "http://front.example.net"
from = "console"
`)
	l := &Looker{Kinds: fakeKinds()}
	for ref, want := range map[inventory.Ref][]string{
		"node/a":      {"ssh node/a 5m0s 2", "vitals node/a 5m0s 2"},
		"service/db":  {"up node/a 2m0s 1", "deep node/a 1m0s 1", "url node/a 1m0s 1", "extra.up node/a 30s 1", "extra.deep node/a 30s 1", "front console 1m0s 1"},
		"service/web": {"http node/a 1m0s 1"},
	} {
		target, _ := f.Target(ref)
		var got []string
		for _, c := range l.Checks(f, target) {
			got = append(got, fmt.Sprintf("%s %s %s %d", c.ID, c.Host, c.Every, c.Confirm))
			if c.ID == "extra.deep" && !slices.Equal(c.Needs, []string{"extra.up"}) {
				t.Errorf("needs %v", c.Needs)
			}
			if c.ID == "url" && c.Probe.URL != "https://db.example.net" {
				t.Errorf("probe %+v", c.Probe)
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q\nwant %q", ref, got, want)
		}
	}
}

func TestDue(t *testing.T) {
	f := load(t, twoNodes)
	l := &Looker{Kinds: fakeKinds()}
	var all []*inventory.Target
	for t := range f.Targets() {
		all = append(all, t)
	}
	state := func(rows ...string) actions.State {
		s, _, _ := Merge(f, actions.State{}, []Look{look("x", noon, 1, rows...)}, noon)
		return s
	}
	full := state("node/a ssh - ok: x", "node/a vitals - ok: x", "node/b ssh - ok: x", "node/b vitals - ok: x", "service/db up - ok: x", "service/db deep - ok: x")
	everything := "node/a: node/a ssh, node/a vitals, service/db up, service/db deep; node/b: node/b ssh, node/b vitals"
	for _, c := range []struct {
		name   string
		state  actions.State
		now    time.Time
		maxAge time.Duration
		want   string
	}{
		{"nothing is known", actions.State{}, noon, ByInterval, everything},
		{"everything", full, noon, 0, everything},
		{"nothing is due", full, noon.Add(10 * time.Second), ByInterval, ""},
		{"by interval; what is needed comes along", full, noon.Add(time.Minute), ByInterval, everything},
		{"a tick that comes a little early", full, noon.Add(58 * time.Second), ByInterval, everything},
		{"younger than asked for", full, noon.Add(time.Hour), 2 * time.Hour, ""},
		{"older than asked for", full, noon.Add(3 * time.Hour), 2 * time.Hour, everything},
		{"from the future", full, noon.Add(-48 * time.Hour), time.Hour, everything},
		{"one is missing: its host's ssh comes along", state("node/a ssh - ok: x", "node/a vitals - ok: x", "node/b ssh - ok: x", "service/db up - ok: x", "service/db deep - ok: x"),
			noon, time.Minute, "node/b: node/b ssh, node/b vitals"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, v := range l.Due(f, all, c.state, c.now, c.maxAge) {
				var cs []string
				for _, d := range v.Checks {
					cs = append(cs, string(d.Target)+" "+d.Check.ID)
				}
				got = append(got, string(v.Host)+": "+strings.Join(cs, ", "))
			}
			if g := strings.Join(got, "; "); g != c.want {
				t.Errorf("got  %s\nwant %s", g, c.want)
			}
		})
	}
	t.Run("a service alone: its standby's ssh comes along", func(t *testing.T) {
		db, _ := f.Target("service/db")
		for _, c := range []struct {
			state  actions.State
			maxAge time.Duration
			want   string
		}{
			{actions.State{}, 0, "node/a: ssh up deep; node/b: ssh"},
			{full, ByInterval, ""},
		} {
			var got []string
			for _, v := range l.Due(f, []*inventory.Target{db}, c.state, noon, c.maxAge) {
				row := string(v.Host) + ":"
				for _, d := range v.Checks {
					row += " " + d.Check.ID
				}
				got = append(got, row)
			}
			if g := strings.Join(got, "; "); g != c.want {
				t.Errorf("got %q, want %q", g, c.want)
			}
		}
	})
	t.Run("orphans", func(t *testing.T) {
		s := state("node/a old / ok: x", "service/db placement - ok: x")
		var got []actions.Key
		for _, v := range l.Due(f, all, s, noon, 0) {
			got = append(got, v.Orphans...)
		}
		if len(got) != 1 || got[0] != (actions.Key{Target: "node/a", Check: "old", Item: "/"}) {
			t.Errorf("got %v", got)
		}
	})
}
