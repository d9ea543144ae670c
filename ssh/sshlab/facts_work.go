package sshlab

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// The processors of a machine work as its load says, a third more and less in
// waves of this length.
const (
	wave      = 40 * time.Minute
	waveShare = 1.0 / 3
)

// Worked is how long each processor of such a machine has worked so long after
// its start: it only ever grows.
func (f Linux) Worked(up time.Duration) time.Duration {
	f = f.withDefaults()
	share := min(f.Load[1]/float64(f.CPUs), 0.95) / (1 + waveShare)
	turn := 2 * math.Pi / wave.Seconds()
	s := max(up.Seconds(), 0)
	return time.Duration(share * (s + waveShare*(1-math.Cos(turn*s))/turn) * float64(time.Second))
}

// stat writes /proc/stat as it is so long after the machine has started
// (proc_stat(5)), in ticks of a hundredth of a second.
func (f *Linux) stat(up time.Duration, now time.Time) string {
	worked := f.Worked(up).Seconds()
	user, system := int64(worked*80), int64(worked*20)
	idle := max(int64(up.Seconds()*100)-user-system, 0)
	var cpus strings.Builder
	for i := range f.CPUs {
		fmt.Fprintf(&cpus, "cpu%d %d 0 %d %d 0 0 0 0 0 0\n", i, user, system, idle)
	}
	n := int64(f.CPUs)
	return fmt.Sprintf("cpu  %d 0 %d %d 0 0 0 0 0 0\n%sbtime %d\n", user*n, system*n, idle*n, &cpus, now.Add(-up).Unix())
}

// work lets the processors of a machine have worked until now. Its scripts see
// no more of the time that passes.
func (m *Machine) work() {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	if m.facts.CPUs == 0 || m.facts.freebsd() || now.Sub(m.worked) < time.Second {
		return
	}
	m.worked = now
	// Without it the machine only seems to idle.
	_ = writeFile(m.dir, "proc/stat", m.facts.stat(m.facts.Uptime+now.Sub(m.made), now), 0o644)
}
