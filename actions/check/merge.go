package check

import (
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// Merge puts looks into a state.
func Merge(f *inventory.Fleet, prev actions.State, looks []Look, now time.Time) (next actions.State, changes []actions.Event, gone []actions.Key) {
	return prev, nil, nil
}
