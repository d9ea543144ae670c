package tui

import (
	"strconv"
	"time"
)

// timeStyle is how times are written.
type timeStyle uint8

const (
	asAge timeStyle = iota
	asLocal
	asUTC
)

var timeStyles = []string{asAge: "age", asLocal: "local", asUTC: "utc"}

// ageText is a duration with two units at most.
func ageText(d time.Duration) string {
	switch {
	case d < time.Second:
		return "0s"
	case d < time.Minute:
		return strconv.Itoa(int(d/time.Second)) + "s"
	case d < 10*time.Minute:
		return units(int(d/time.Minute), "m", int(d/time.Second)%60, "s")
	case d < time.Hour:
		return strconv.Itoa(int(d/time.Minute)) + "m"
	case d < 24*time.Hour:
		return units(int(d/time.Hour), "h", int(d/time.Minute)%60, "m")
	}
	return units(int(d/(24*time.Hour)), "d", int(d/time.Hour)%24, "h")
}

// units is a number of large units and the rest in small ones, if there is any.
func units(n int, large string, rest int, small string) string {
	s := strconv.Itoa(n) + large
	if rest == 0 {
		return s
	}
	if n < 10 && large == "m" || large == "h" {
		return s + two(rest) + small
	}
	return s + strconv.Itoa(rest) + small
}

// since is how long ago a time was; a time that never was is "never". It grows
// in steps, so that a screen on which nothing happens is not sent every second.
func (w *world) since(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	d := w.now.Sub(t)
	switch {
	case d >= time.Minute:
		d = d.Truncate(time.Minute)
	case d >= 10*time.Second:
		d = d.Truncate(10 * time.Second)
	}
	return ageText(d)
}

// when writes a time as the admin wants times.
func (w *world) when(t time.Time) string {
	switch {
	case t.IsZero():
		return "never"
	case w.times == asAge:
		return w.since(t)
	case w.times == asUTC:
		t = t.UTC()
	default:
		t = t.In(w.now.Location())
	}
	if w.now.Sub(t) < 20*time.Hour && t.Day() == w.now.In(t.Location()).Day() {
		return t.Format("15:04:05")
	}
	if w.now.Sub(t) < 300*24*time.Hour {
		return t.Format("Mon 2 Jan 15:04")
	}
	return t.Format("2006-01-02")
}

// stamp is a time of day, with the day where it was another one.
func (w *world) stamp(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	zone := w.now.Location()
	if w.times == asUTC {
		zone = time.UTC
	}
	switch t = t.In(zone); {
	case w.now.Sub(t) < 20*time.Hour:
		return t.Format("15:04")
	case w.now.Sub(t) < 6*24*time.Hour:
		return t.Format("Mon 15:04")
	}
	return t.Format("2 Jan")
}

func two(n int) string {
	if n < 10 {
		return "0" + strconv.Itoa(n)
	}
	return strconv.Itoa(n)
}

// size writes bytes in binary units.
func size(n int64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB"}
	f, i := float64(n), 0
	for f >= 1024 && i < len(units)-1 {
		f /= 1024
		i++
	}
	if i == 0 || f >= 100 {
		return strconv.FormatFloat(f, 'f', 0, 64) + " " + units[i]
	}
	return strconv.FormatFloat(f, 'f', 1, 64) + " " + units[i]
}

// number writes a metric's value with its unit, no longer than needed.
func number(v float64, unit string) string {
	switch unit {
	case "B", "bytes":
		return size(int64(v))
	case "s":
		if v >= 60 {
			return ageText(time.Duration(v * float64(time.Second)))
		}
	}
	s := strconv.FormatFloat(v, 'g', 4, 64)
	if unit == "" || unit == "%" {
		return s + unit
	}
	return s + " " + unit
}
