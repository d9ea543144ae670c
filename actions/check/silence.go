package check

import (
	"fmt"
	"slices"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// surviving returns the silences of prev that still hold in next: those that
// have not run out, and acknowledgements of what has not got better.
func surviving(f *inventory.Fleet, prev, next actions.State, now time.Time) []actions.Silence {
	var out []actions.Silence
	for _, s := range prev.Silences {
		if !now.Before(s.Until) {
			continue
		}
		if s.Kind == actions.EventAck {
			was, now := covered(prev, s), covered(next, s)
			if was.Worse(now) && now != actions.Unknown {
				continue
			}
		}
		out = append(out, s)
	}
	return out
}

// Ended returns the silences of prev that next no longer has, so that they can
// be ended where they are kept.
func Ended(prev, next actions.State) []actions.Silence {
	var out []actions.Silence
	for _, s := range prev.Silences {
		if !slices.ContainsFunc(next.Silences, func(n actions.Silence) bool { return n == s }) {
			out = append(out, s)
		}
	}
	return out
}

// covered returns the worst status that a silence covers.
func covered(st actions.State, s actions.Silence) actions.Status {
	w := actions.OK
	for _, e := range st.Of(s.Target) {
		if s.Check == "" || s.Check == e.Check {
			w = actions.Worst(w, e.Status)
		}
	}
	return w
}

// silenced returns why a place is kept quiet, "" when it is not. Maintenance of
// a host covers what runs on it.
func silenced(f *inventory.Fleet, st actions.State, k actions.Key, now time.Time) string {
	for _, s := range st.Silences {
		if s.Covers(k, now) {
			return why(s, now)
		}
	}
	on := standsOn(f, k.Target)
	for _, h := range on[min(1, len(on)):] {
		for _, s := range st.Silences {
			if s.Kind == actions.EventMaint && s.Check == "" && s.Covers(actions.Key{Target: h.Ref}, now) {
				return why(s, now) + " of " + string(h.Ref)
			}
		}
	}
	return ""
}

func why(s actions.Silence, now time.Time) string {
	word := "muted"
	switch s.Kind {
	case actions.EventAck:
		word = "acknowledged"
	case actions.EventMaint:
		word = "maintenance"
	case actions.EventMute, actions.EventState, actions.EventShell, actions.EventTrust, actions.EventBooted, actions.EventNote:
	}
	return fmt.Sprintf("%s until %s", word, clock(s.Until.In(now.Location()), now))
}

// clock words a time of day, with the date where it is not today.
func clock(t, now time.Time) string {
	if y, m, d := t.Date(); y == now.Year() && m == now.Month() && d == now.Day() {
		return t.Format("15:04")
	}
	return t.Format("2006-01-02 15:04")
}
