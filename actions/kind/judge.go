package kind

import (
	"fmt"
	"math"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// boundOf returns the bound of a target's limit, one that is switched off where
// it has none.
func boundOf(t inventory.Target, name string) inventory.Bound {
	b, ok := t.Limits[name]
	if !ok {
		return inventory.Bound{Warn: math.NaN(), Fail: math.NaN()}
	}
	return b
}

// judge says what a value means under a bound. A limit is reached when the
// value lies beyond it; NaN, which is no value and no limit, reaches none.
func judge(b inventory.Bound, v float64) actions.Status {
	beyond := func(limit float64) bool {
		if b.Low {
			return v < limit
		}
		return v > limit
	}
	switch {
	case beyond(b.Fail):
		return actions.Fail
	case beyond(b.Warn):
		return actions.Warn
	}
	return actions.OK
}

// measured returns a metric with the limits it is judged by.
func measured(name, unit string, v float64, b inventory.Bound) actions.Metric {
	m := actions.Metric{Name: name, Value: v, Unit: unit}
	if !math.IsNaN(b.Warn) {
		m.Warn = &b.Warn
	}
	if !math.IsNaN(b.Fail) {
		m.Fail = &b.Fail
	}
	return m
}

// limitWords says which limit a value has reached: ", limit 85 %", "" for none.
func limitWords(b inventory.Bound, s actions.Status, unit string) string {
	var limit float64
	switch s {
	case actions.Warn:
		limit = b.Warn
	case actions.Fail:
		limit = b.Fail
	case actions.OK, actions.Unknown:
		return ""
	}
	if unit != "" {
		unit = " " + unit
	}
	return fmt.Sprintf(", limit %g%s", limit, unit)
}

// span writes a duration as people read it, in its two largest units.
func span(d time.Duration) string {
	d = d.Round(time.Second)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d < 24*time.Hour:
		return fmt.Sprintf("%d h %d min", d/time.Hour, d%time.Hour/time.Minute)
	}
	return fmt.Sprintf("%d d %d h", d/(24*time.Hour), d%(24*time.Hour)/time.Hour)
}
