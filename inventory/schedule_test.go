package inventory

import (
	"testing"
	"time"
)

func TestSchedule(t *testing.T) {
	t.Parallel()
	vienna, err := time.LoadLocation("Europe/Vienna")
	if err != nil {
		t.Fatal(err)
	}
	const layout = "Mon 2006-01-02 15:04"
	for _, x := range []struct {
		text, after string
		zone        *time.Location
		want        string
		calendar    string
	}{
		{"01:30", "Fri 2026-11-20 20:05", time.UTC, "Sat 2026-11-21 01:30", "01:30"},
		{"20:06", "Fri 2026-11-20 20:05", time.UTC, "Fri 2026-11-20 20:06", "20:06"},
		{"20:05", "Fri 2026-11-20 20:05", time.UTC, "Sat 2026-11-21 20:05", "20:05"},
		{"*:40", "Fri 2026-11-20 23:45", time.UTC, "Sat 2026-11-21 00:40", "*:40"},
		{"*:05", "Fri 2026-11-20 20:04", time.UTC, "Fri 2026-11-20 20:05", "*:05"},
		{"sun 03:00", "Fri 2026-11-20 20:05", time.UTC, "Sun 2026-11-22 03:00", "Sun 03:00"},
		{"Fri 03:00", "Fri 2026-11-20 20:05", time.UTC, "Fri 2026-11-27 03:00", "Fri 03:00"},
		{"mon-thu  22:15", "Fri 2026-11-20 20:05", time.UTC, "Mon 2026-11-23 22:15", "Mon,Tue,Wed,Thu 22:15"},
		{"sat-mon,wed 22:15", "Mon 2026-11-23 22:15", time.UTC, "Wed 2026-11-25 22:15", "Sat,Sun,Mon,Wed 22:15"},
		{"sat *:15", "Fri 2026-11-20 20:05", time.UTC, "Sat 2026-11-21 00:15", "Sat *:15"},
		{"02:30", "Sun 2026-03-29 00:00", vienna, "Sun 2026-03-29 03:30", "02:30"}, // there is no 02:30 on that day
		{"12:00", "Sat 2026-10-24 13:00", vienna, "Sun 2026-10-25 12:00", "12:00"}, // the clocks are set back in between
	} {
		s, err := ParseSchedule(x.text)
		if err != nil || s.String() != x.text || s.Calendar() != x.calendar {
			t.Errorf("%q: %v, %q", x.text, err, s.Calendar())
			continue
		}
		after, err := time.ParseInLocation(layout, x.after, x.zone)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Next(after).Format(layout); got != x.want {
			t.Errorf("%q after %s is %s, want %s", x.text, x.after, got, x.want)
		}
	}
	for _, text := range []string{"", "1:30", "24:00", "01:60", "01", "01:30:00", "*", "*:*", "*:5", "*:60", "+1:30", "daily", "son 03:00", "sun", "sun- 03:00", ",sun 03:00", "01:30 sun"} {
		if s, err := ParseSchedule(text); err == nil || s.String() != "" {
			t.Errorf("%q is taken as %+v", text, s)
		}
	}
	if s := (Schedule{}); !s.Next(time.Now()).IsZero() || s.Calendar() != "" {
		t.Error("never comes")
	}
}
