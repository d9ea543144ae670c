package inventory

import (
	"testing"
	"time"
)

func TestParseDuration(t *testing.T) {
	for in, want := range map[string]time.Duration{
		"90s": 90 * time.Second, "5m": 5 * time.Minute, "1h30m": 90 * time.Minute, "1d": 24 * time.Hour, "2w": 14 * 24 * time.Hour,
		"250ms": 250 * time.Millisecond, " 1d 12h ": 36 * time.Hour, "0s": 0, "3650d": MaxDuration,
	} {
		if got, err := ParseDuration(in); err != nil || got != want {
			t.Errorf("%q is %v, %v; want %v", in, got, err, want)
		}
	}
	for _, in := range []string{"", " ", "5", "m", "-5m", "1.5h", "5 m5", "5x", "5M", "3651d", "99999999999999999999s", "3650d1s", "1h 30", "1y", "∞"} {
		if got, err := ParseDuration(in); err == nil {
			t.Errorf("%q is taken for %v", in, got)
		}
	}
}

func TestParseSize(t *testing.T) {
	for in, want := range map[string]int64{
		"0": 0, "12": 12, "1 KiB": 1024, "1k": 1024, "10 GiB": 10 << 30, "500MB": 500e6, "1.5T": 3 << 39, "7 b": 7,
	} {
		if got, err := ParseSize(in); err != nil || got != want {
			t.Errorf("%q is %v, %v; want %v", in, got, err, want)
		}
	}
	for _, in := range []string{"", "x", "-1", "1 XB", "1..5", "9999999999 TiB", "GiB"} {
		if got, err := ParseSize(in); err == nil {
			t.Errorf("%q is taken for %v", in, got)
		}
	}
}

func TestWindows(t *testing.T) {
	at := func(day, clock string) time.Time {
		// 2026-11-16 was a Monday.
		d, err := time.ParseInLocation("2006-01-02 15:04", map[string]string{"mon": "2026-11-16", "fri": "2026-11-20", "sat": "2026-11-21", "sun": "2026-11-22"}[day]+" "+clock, time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, c := range []struct {
		window, day, clock string
		want               bool
	}{
		{"22:00-06:00", "mon", "22:00", true}, {"22:00-06:00", "mon", "05:59", true}, {"22:00-06:00", "mon", "06:00", false}, {"22:00-06:00", "mon", "21:59", false},
		{"sat,sun 00:00-24:00", "sat", "00:00", true}, {"sat,sun 00:00-24:00", "sun", "23:59", true}, {"sat,sun 00:00-24:00", "mon", "00:00", false},
		{"fri 22:00-06:00", "sat", "05:00", true}, {"fri 22:00-06:00", "fri", "05:00", false}, {"fri 22:00-06:00", "fri", "23:00", true},
		{"fri-mon 10:00-11:00", "sun", "10:30", true}, {"mon-fri 10:00-11:00", "sun", "10:30", false}, {"MON-FRI 10:00-11:00", "fri", "10:30", true},
	} {
		w, err := ParseWindow(c.window)
		if err != nil {
			t.Errorf("%q: %v", c.window, err)
			continue
		}
		if got := w.Contains(at(c.day, c.clock)); got != c.want {
			t.Errorf("%q contains %s %s: %v", c.window, c.day, c.clock, got)
		}
	}
	for _, in := range []string{"", "22:00", "22:00-", "24:00-06:00", "10:00-10:00", "xyz 10:00-11:00", "sat, 10:00-11:00", "10:60-11:00", "1:00-2:00", "00:00-24:01", "+1:00-02:00"} {
		if w, err := ParseWindow(in); err == nil {
			t.Errorf("%q is taken for %+v", in, w)
		}
	}
}

func TestJumps(t *testing.T) {
	for _, in := range []string{"user@host", "host:22", "user@host:22", "host.example.net", "10.0.0.1", "10.0.0.1:22", "::1", "[::1]:22", "user@10.0.0.1:22", "dom\\me@host"} {
		if !isJump(in) {
			t.Errorf("%q is refused", in)
		}
	}
	for _, in := range []string{"", "host", "@host", "user@", "host:", "host:0", "host:65536", "-x@host", "user@-host", "a b.c", "user@host:22:33", "host.a;id", "[::1]:0"} {
		if isJump(in) {
			t.Errorf("%q is taken", in)
		}
	}
}

func TestNearest(t *testing.T) {
	can := []string{"address", "port", "mongo", "pve1", "tags"}
	for got, want := range map[string]string{
		"adress": "address", "ADDRESS": "address", "prot": "port", "mogno": "mongo", "pve11": "pve1", "tag": "tags",
		"color": "", "xyz": "", "": "", "addressaddress": "",
	} {
		if n := nearest(got, can); n != want {
			t.Errorf("%q is near %q, want %q", got, n, want)
		}
	}
}
