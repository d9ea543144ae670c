package check

import (
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// Summaries returns one row a target.
func Summaries(f *inventory.Fleet, s actions.State, now time.Time) []actions.Summary { return nil }

// ExitCode returns the exit code.
func ExitCode(ss []actions.Summary, failOn actions.Status) int { return 0 }
