package main

import (
	"fmt"
	"time"
)

// timeStyle is how points in time are shown to people; JSON is always RFC 3339.
type timeStyle string

// The styles.
const (
	timeAge   timeStyle = "age"
	timeLocal timeStyle = "local"
	timeUTC   timeStyle = "utc"
)

var timeStyles = []string{string(timeAge), string(timeLocal), string(timeUTC)}

// show returns a point in time as the admin asked for it; "never" for none.
func (s timeStyle) show(t, now time.Time) string {
	if t.IsZero() {
		return "never"
	}
	switch s {
	case timeUTC:
		return t.UTC().Format("Mon 2006-01-02 15:04:05Z")
	case timeLocal:
		return t.Local().Format("Mon 2006-01-02 15:04:05")
	case timeAge:
	}
	return age(now.Sub(t))
}

// age returns a duration in two units at most: 38s, 14m, 6h12m, 2d 1h, 30w.
// One that is negative, because clocks differ, is 0s.
func age(d time.Duration) string {
	switch {
	case d < time.Second:
		return "0s"
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm", d/time.Minute)
	case d < 24*time.Hour:
		return two(int(d/time.Hour), "h", int(d%time.Hour/time.Minute), "m", "%d%s%02d%s")
	case d < 100*24*time.Hour:
		return two(int(d/(24*time.Hour)), "d", int(d%(24*time.Hour)/time.Hour), "h", "%d%s %d%s")
	}
	return fmt.Sprintf("%dw", d/(7*24*time.Hour))
}

func two(a int, au string, b int, bu, layout string) string {
	if b == 0 {
		return fmt.Sprintf("%d%s", a, au)
	}
	return fmt.Sprintf(layout, a, au, b, bu)
}
