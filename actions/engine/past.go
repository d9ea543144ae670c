package engine

import (
	"context"
	"slices"

	"jurymast/actions"
	"jurymast/actions/store"
)

// Past is what was seen of a fleet before its store was begun.
type Past struct {
	// Entries are what checks answered, in any order. The newest of each check is
	// what is known of it until it is looked at again; of all of them the numbers
	// are kept.
	Entries []actions.Entry
	Events  []actions.Event // in any order: they are written down in order of time
}

// TakeIn writes a past down in one transaction. What the store knows already
// and is newer stays.
func (e *Engine) TakeIn(ctx context.Context, p Past) error {
	s, err := e.store()
	if err != nil {
		return err
	}
	events := slices.SortedStableFunc(slices.Values(p.Events), func(a, b actions.Event) int { return a.At.Compare(b.At) })
	err = s.Commit(ctx, store.Sweep{Entries: p.Entries, Events: events, At: e.now()})
	return storeTrouble("the past could not be written down", err)
}
