// Package early keeps a library from asking the terminal for its colours
// before main has begun: on a terminal that does not answer, bubbletea v1
// waits five seconds for it. It imports nothing but os, so that Go runs its
// init ahead of every other package's.
package early

import "os"

var term, had = os.LookupEnv("TERM")

func init() {
	// termenv asks nothing of a dumb terminal. A variable that cannot be set
	// costs the wait and nothing else.
	_ = os.Setenv("TERM", "dumb")
}

// Restore gives the environment its TERM back. It is the first thing that main
// does.
func Restore() {
	if had {
		_ = os.Setenv("TERM", term) // it was set a moment ago
		return
	}
	_ = os.Unsetenv("TERM")
}
