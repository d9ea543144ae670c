package kind

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// retainRemoves runs retain on copies, whose ids are numbers from 0 for the
// newest, and returns which are to be removed.
func retainRemoves(t *testing.T, keep map[string]int, lines []string, shell ...string) []string {
	t.Helper()
	text := script(retainFile, nil).Body
	for name, n := range keep {
		text += fmt.Sprintf("KEEP_%s=%d\n", strings.ToUpper(name), n)
	}
	cmd := exec.CommandContext(t.Context(), shell[0], append(shell[1:], "-c", text+"retain")...)
	cmd.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return strings.Fields(string(out))
}

// TestRetain holds retain to a plain account of the same rules in Go, over
// years of copies, with every implementation of awk.
func TestRetain(t *testing.T) {
	newest := time.Date(2028, 3, 1, 0, 30, 0, 0, time.UTC)
	var lines []string
	var at []time.Time
	for i := range 900 {
		// Unevenly, over four years, with a leap day and the turns of years.
		when := newest.Add(-time.Duration(i*i) * 160 * time.Second)
		at = append(at, when)
		lines = append(lines, fmt.Sprintf("%d %d complete", i, when.Unix()))
	}
	slices.Reverse(lines)
	for _, keep := range []map[string]int{
		{"last": 3}, {"hourly": 30}, {"daily": 40}, {"weekly": 60}, {"monthly": 30}, {"yearly": 4}, {"yearly": 1},
		{"last": 2, "hourly": 5, "daily": 7, "weekly": 4, "monthly": 12, "yearly": 10},
	} {
		want := retainWant(at, keep)
		for _, awk := range []string{"", "busybox"} {
			shell := []string{"sh"}
			if awk != "" {
				bin := t.TempDir()
				busybox, err := exec.LookPath("busybox")
				if err != nil {
					t.Fatal(err)
				}
				if err := os.Symlink(busybox, filepath.Join(bin, "awk")); err != nil {
					t.Fatal(err)
				}
				shell = []string{"env", "PATH=" + bin + ":" + os.Getenv("PATH"), "busybox", "sh"}
			}
			got := map[string]bool{}
			for _, id := range retainRemoves(t, keep, lines, shell...) {
				got[id] = true
			}
			if !maps.Equal(got, want) {
				t.Errorf("%v with awk %q: %d removed, want %d", keep, awk, len(got), len(want))
			}
		}
	}
}

// retainWant returns what the rules do not keep, by the calendar of Go.
func retainWant(at []time.Time, keep map[string]int) map[string]bool {
	place := map[string]func(int, time.Time) string{
		"last":    func(i int, _ time.Time) string { return fmt.Sprint(i) },
		"hourly":  func(_ int, t time.Time) string { return t.Format("2006-01-02 15") },
		"daily":   func(_ int, t time.Time) string { return t.Format("2006-01-02") },
		"weekly":  func(_ int, t time.Time) string { y, w := t.ISOWeek(); return fmt.Sprint(y, w) },
		"monthly": func(_ int, t time.Time) string { return t.Format("2006-01") },
		"yearly":  func(_ int, t time.Time) string { return t.Format("2006") },
	}
	kept := map[int]bool{0: true}
	for rule, n := range keep {
		was := ""
		for i, t := range at {
			if p := place[rule](i, t); n > 0 && p != was {
				kept[i], was = true, p
				n--
			}
		}
	}
	gone := map[string]bool{}
	for i := range at {
		if !kept[i] {
			gone[fmt.Sprint(i)] = true
		}
	}
	return gone
}

func TestRetainCountsPartialCopiesApart(t *testing.T) {
	lines := []string{"p3 5000000 partial", "p2 4900000 partial", "c2 3000000 complete", "c1 2000000 complete", "p1 1000000 partial"}
	if got := retainRemoves(t, map[string]int{"last": 1}, lines, "sh"); !slices.Equal(got, []string{"p2", "c1", "p1"}) {
		t.Errorf("removed %v", got)
	}
}
