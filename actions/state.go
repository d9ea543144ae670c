package actions

import (
	"time"

	"jurymast/inventory"
)

// Entry is what is known of one check, or of one item of it.
type Entry struct {
	Result
	// Since is when the status last changed; Bad how many looks in a row have
	// been worse than Status and are not yet enough to change it.
	Since  time.Time     `json:"since"`
	Bad    int           `json:"bad,omitempty"`
	LastOK time.Time     `json:"last_ok,omitzero"` // zero: never
	Every  time.Duration `json:"every_ns"`
	// Flaps counts changes of status, of which four an hour are forgotten: more
	// than that many is flapping.
	Flaps int `json:"flaps,omitempty"`
}

// Stale reports whether the entry is older than two of its intervals: what it
// says is no longer known to be so. One that is as much younger than now comes
// from a clock that has been set back since, and is stale too.
func (e Entry) Stale(now time.Time) bool {
	every := e.Every
	if every <= 0 {
		every = DefaultEvery
	}
	age := now.Sub(e.At)
	return age > 2*every || age < -2*every
}

// DefaultEvery is how often a check is due when neither it nor the inventory
// says so.
const DefaultEvery = time.Minute

// Skipped reports whether the check was not made because something else is
// broken.
func (e Entry) Skipped() bool { return e.Cause != "" }

// State is the newest entry of every check. It is a value that nobody changes:
// a newer look makes a newer State. The zero State is empty.
type State struct {
	entries map[inventory.Ref][]Entry
	// Silences are those that had not ended when the state was read.
	Silences []Silence
	// Swept is when the newest entry was made; zero for never.
	Swept time.Time
}

// MakeState returns a state of entries. It keeps the slice.
func MakeState(entries []Entry, silences []Silence) State {
	s := State{entries: map[inventory.Ref][]Entry{}, Silences: silences}
	for i := 0; i < len(entries); {
		n := i
		for ; n < len(entries) && entries[n].Target == entries[i].Target; n++ {
			if entries[n].At.After(s.Swept) {
				s.Swept = entries[n].At
			}
		}
		t, part := entries[i].Target, entries[i:n:n] // to append to it copies it
		if before := s.entries[t]; before != nil {
			part = append(before, part...)
		}
		s.entries[t] = part
		i = n
	}
	return s
}

// Of returns the entries of a target in the order in which they were given.
// The slice is the state's own: it must not be changed.
func (s State) Of(t inventory.Ref) []Entry { return s.entries[t] }

// Len returns the number of entries.
func (s State) Len() int {
	n := 0
	for _, e := range s.entries {
		n += len(e)
	}
	return n
}

// Find returns the entry at a key.
func (s State) Find(k Key) (Entry, bool) {
	for _, e := range s.entries[k.Target] {
		if e.Key() == k {
			return e, true
		}
	}
	return Entry{}, false
}

// All yields every entry, target by target, in no particular order of targets.
func (s State) All(yield func(Entry) bool) {
	for _, es := range s.entries {
		for _, e := range es {
			if !yield(e) {
				return
			}
		}
	}
}
