package kind

import (
	"strings"
	"testing"
	"time"

	"jurymast/actions"
)

func TestLinuxWork(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 20, 0, 0, 0, time.UTC)
	// Of two processors, 600 s of work each.
	v := linuxVitals{busy: linuxBusy("cpu  80000 20000 10000 900000 5000 4000 6000 0 0 0\n", 2), uptime: 24 * time.Hour}
	if v.busy != 600 {
		t.Fatalf("worked %v s, want 600", v.busy)
	}
	at := func(ago time.Duration, worked float64) actions.Point {
		return actions.Point{At: now.Add(-ago), Value: worked}
	}
	for _, c := range []struct {
		name   string
		before []actions.Point
		up     time.Duration
		want   float64 // -1: nothing is said
	}{
		{"a fifth of five minutes", []actions.Point{at(5*time.Minute, 540)}, 0, 20},
		{"the newest that is old enough counts", []actions.Point{at(10*time.Minute, 0), at(2*time.Minute, 588), at(time.Second, 599)}, 0, 10},
		{"never more than all of it", []actions.Point{at(time.Minute, 500)}, 0, 100},
		{"the first look", nil, 0, -1},
		{"too long ago", []actions.Point{at(2*time.Hour, 0)}, 0, -1},
		{"it has started since", []actions.Point{at(5*time.Minute, 540)}, 4 * time.Minute, -1},
		{"its count went back", []actions.Point{at(5*time.Minute, 601)}, 0, -1},
	} {
		w := v
		if c.up > 0 {
			w.uptime = c.up
		}
		got := -1.0
		a := actions.Answer{Now: now, Series: func(item, metric string) []actions.Point {
			if item != "" || metric != actions.MetricWorked {
				t.Errorf("it asks for %q %q", item, metric)
			}
			return c.before
		}}
		for _, m := range linuxWork(w, a) {
			if m.Name == actions.MetricBusy {
				got = m.Value
			}
		}
		if got != c.want {
			t.Errorf("%s: busy %v, want %v", c.name, got, c.want)
		}
	}
	for _, bad := range []string{"", "cpu 1 2", "intr 1 2 3 4 5 6 7 8", "cpu a b c d e f g h"} {
		if ms := linuxWork(linuxVitals{busy: linuxBusy(bad, 2), uptime: time.Hour}, actions.Answer{Now: now}); ms != nil {
			t.Errorf("of %q it says %v", bad, ms)
		}
	}
}

func TestLinuxSystem(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"6.1.0-41-amd64\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n": "Debian GNU/Linux 12 (bookworm), Linux 6.1.0-41-amd64",
		"6.1.0\n":                 "Linux 6.1.0",
		"\nPRETTY_NAME=Void\n":    "Void",
		"":                        "",
		"\n":                      "",
		strings.Repeat(" ", 3000): "",
	} {
		if got := linuxSystem(in); got != want {
			t.Errorf("of %.40q: %q, want %q", in, got, want)
		}
	}
}
