package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jurymast/actions"
	"jurymast/actions/store"
	"jurymast/inventory"
)

// BenchmarkFirstFrame measures from the start of the program to the first frame
// that shows what the store holds: 1000 hosts with ten results each, all of them
// due and none of which ever answers. To be reached: 100 ms.
func BenchmarkFirstFrame(b *testing.B) {
	env := append(silentFleet(b, 1000), "TERM=xterm-256color")
	var longest time.Duration
	for b.Loop() {
		b.StopTimer()
		q := newQuiet(b, 200, 60)
		b.StartTimer()
		began := time.Now()
		q.run(true, env)
		q.sees("91% used")
		longest = max(longest, time.Since(began))
		b.StopTimer()
		q.types("q")
		if code := q.ends(); code != 0 {
			b.Fatalf("it ended with %d", code)
		}
		b.StartTimer()
	}
	b.ReportMetric(float64(longest.Microseconds())/1000, "ms-longest")
}

// silentFleet is an inventory of machines that never say a word, and a store that
// holds what they said ten minutes ago: every fiftieth has a problem.
func silentFleet(b *testing.B, n int) (env []string) {
	b.Helper()
	port := silentPort(b)
	var text strings.Builder
	var entries []actions.Entry
	at := time.Now().Add(-10 * time.Minute)
	for i := range n {
		name := fmt.Sprintf("host-%04d", i)
		fmt.Fprintf(&text, "[node.%s]\naddress = \"127.0.0.1\"\nport = %d\n", name, port)
		for c := range 10 {
			e := actions.Entry{
				Result: actions.Result{
					Target: inventory.MakeRef(inventory.LevelNode, name), Check: fmt.Sprintf("check%d", c), Line: "55% used, 41.9 GiB free", At: at, Took: 200 * time.Millisecond,
					Metrics: []actions.Metric{{Name: "used", Value: 55, Unit: "%"}, {Name: "total", Value: 1e11, Unit: "B"}},
				},
				Since: at.Add(-time.Hour), LastOK: at, Every: time.Minute,
			}
			if i%50 == 7 && c == 0 {
				e.Status, e.Line = actions.Warn, "91% used, 12 GiB free"
			}
			entries = append(entries, e)
		}
	}
	env = inventoryOf(b, text.String())
	_, dir, _ := strings.Cut(env[1], "=")
	s, err := store.Open(b.Context(), filepath.Join(dir, "jurymast.db"))
	if err != nil {
		b.Fatal(err)
	}
	if err := s.Commit(b.Context(), store.Sweep{Entries: entries, At: at}); err != nil {
		b.Fatal(err)
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	return env
}
