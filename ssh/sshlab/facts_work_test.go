package sshlab

import (
	"fmt"
	"testing"
	"time"
)

// TestStat is that the processors of a machine work as its load says, and that
// what they have done never grows less.
func TestStat(t *testing.T) {
	t.Parallel()
	f := Linux{CPUs: 4, Load: [3]float64{1, 1, 1}}.withDefaults()
	now := time.Date(2026, 11, 20, 20, 0, 0, 0, time.UTC)
	read := func(up time.Duration) (user, system, idle int64) {
		var zero int64
		if _, err := fmt.Sscanf(f.stat(up, now), "cpu  %d %d %d %d", &user, &zero, &system, &idle); err != nil {
			t.Fatal(err)
		}
		return user, system, idle
	}
	var before [3]int64
	least, most := 100.0, 0.0
	const apart = 5 * time.Minute
	for up := time.Hour; up < 5*time.Hour; up += apart {
		user, system, idle := read(up)
		if user < before[0] || system < before[1] || idle < before[2] {
			t.Fatalf("after %s it has done %d %d %d, and %v before", up, user, system, idle, before)
		}
		if before[0] > 0 {
			share := 100 * float64(user+system-before[0]-before[1]) / (100 * 4 * apart.Seconds())
			least, most = min(least, share), max(most, share)
		}
		before = [3]int64{user, system, idle}
	}
	if least < 5 || most > 26 || most < least+5 {
		t.Errorf("a load of a quarter works from %.0f to %.0f percent of the time", least, most)
	}
}
