package inventory

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Schedule is when something is begun again and again: "01:30", "*:40" in each
// hour, "sun 03:00", "mon-fri 22:15". The zero Schedule is never.
type Schedule struct {
	text   string
	days   []time.Weekday // none: all
	hour   int            // everyHour: each
	minute int
}

const everyHour = -1

// ParseSchedule reads a schedule.
func ParseSchedule(text string) (Schedule, error) {
	s := Schedule{text: text, hour: everyHour}
	wrong := fmt.Errorf("%q is no time to begin at", text)
	clock := text
	if days, rest, ok := strings.Cut(text, " "); ok {
		clock = strings.TrimSpace(rest)
		if s.days, ok = parseDays(days); !ok {
			return Schedule{}, wrong
		}
	}
	if minute, each := strings.CutPrefix(clock, "*:"); each {
		n, err := strconv.ParseUint(minute, 10, 8)
		if err != nil || len(minute) != 2 || n > 59 {
			return Schedule{}, wrong
		}
		s.minute = int(n)
		return s, nil
	}
	at, ok := parseClock(clock)
	if !ok || at >= 24*time.Hour {
		return Schedule{}, wrong
	}
	s.hour, s.minute = int(at/time.Hour), int(at%time.Hour/time.Minute)
	return s, nil
}

// String is the schedule as it was written.
func (s Schedule) String() string { return s.text }

// Calendar is the schedule as a calendar event of systemd.time(7), "" for never.
func (s Schedule) Calendar() string {
	if s.text == "" {
		return ""
	}
	clock := fmt.Sprintf("%02d:%02d", s.hour, s.minute)
	if s.hour == everyHour {
		clock = fmt.Sprintf("*:%02d", s.minute)
	}
	if len(s.days) == 0 {
		return clock
	}
	names := make([]string, len(s.days))
	for i, d := range s.days {
		names[i] = d.String()[:3]
	}
	return strings.Join(names, ",") + " " + clock
}

// Next is the first time of the schedule behind a time, in that time's zone; the
// zero time for never. A time that the clocks of a zone leave out in spring comes
// an hour later.
func (s Schedule) Next(after time.Time) time.Time {
	if s.text == "" {
		return time.Time{}
	}
	first, last := s.hour, s.hour
	if s.hour == everyHour {
		first, last = 0, 23
	}
	year, month, day := after.Date()
	for d := range 8 { // today once more, a week on
		if len(s.days) > 0 && !slices.Contains(s.days, (after.Weekday()+time.Weekday(d))%7) {
			continue
		}
		for h := first; h <= last; h++ {
			if t := time.Date(year, month, day+d, h, s.minute, 0, 0, after.Location()); t.After(after) {
				return t
			}
		}
	}
	return time.Time{}
}
