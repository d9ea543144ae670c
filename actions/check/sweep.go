package check

import (
	"context"
	"iter"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// Sweep looks at hosts side by side and yields each host's look as it comes.
func (l *Looker) Sweep(ctx context.Context, f *inventory.Fleet, visits []Visit) iter.Seq[Look] {
	return func(yield func(Look) bool) {}
}

// Checks returns all checks of a target.
func (l *Looker) Checks(f *inventory.Fleet, t *inventory.Target) []actions.Check { return nil }

// Due returns what is due.
func (l *Looker) Due(f *inventory.Fleet, targets []*inventory.Target, s actions.State, now time.Time, maxAge time.Duration) []Visit {
	return nil
}
