package actions

import (
	"strings"
	"time"

	"jurymast/inventory"
)

// The metrics by which a host is known at a glance. A kind whose checks report
// them under these names takes part; all but those in seconds and bytes are in
// percent.
const (
	CheckLoad   = "load"
	CheckMemory = "memory"
	CheckDisk   = "disk"

	MetricBusy      = "busy"      // of CheckLoad: share of the time in which its processors worked
	MetricWorked    = "worked"    // of CheckLoad: seconds that each has worked since the start, on average; of two the share is told
	MetricAvailable = "available" // of CheckMemory: share of it that is free to take
	MetricUsed      = "used"      // of CheckDisk: share of a file system that is in use
	MetricTaken     = "taken"     // of CheckDisk: bytes of a file system that are in use
	MetricSize      = "size"      // of CheckDisk: bytes of a file system in all, with what is kept for root
	MetricUptime    = "uptime"    // of any check: seconds since the host has started; its line says "up …; " and what it runs
)

// Gauge is how much of something is in use, in percent, and where that is
// known from.
type Gauge struct {
	Known  bool
	Value  float64
	Key    Key
	Metric string
}

// Vitals are the numbers by which a host is known at a glance. What it does not
// report, or was not asked for because something else is broken, is not Known.
type Vitals struct {
	CPU, Memory Gauge
	Disk        Gauge         // of the file system that is the fullest
	Up          time.Duration // since it has started; 0: not known
	System      string        // what it runs: "Debian GNU/Linux 12 (bookworm), Linux 6.1.0-41-amd64"
}

// Known reports whether any of the shares is known.
func (v Vitals) Known() bool { return v.CPU.Known || v.Memory.Known || v.Disk.Known }

// Vitals returns the vitals of a host.
func (s State) Vitals(host inventory.Ref) Vitals {
	var v Vitals
	es := s.entries[host]
	for i := range es {
		e := &es[i]
		if e.Skipped() {
			continue
		}
		for j := range e.Metrics {
			m := &e.Metrics[j]
			switch {
			case m.Name == MetricUptime:
				v.Up = time.Duration(m.Value * float64(time.Second))
				_, v.System, _ = strings.Cut(e.Line, "; ")
			case e.Check == CheckLoad && m.Name == MetricBusy:
				v.CPU = Gauge{true, m.Value, e.Key(), m.Name}
			case e.Check == CheckMemory && m.Name == MetricAvailable:
				v.Memory = Gauge{true, 100 - m.Value, e.Key(), m.Name}
			case e.Check == CheckDisk && m.Name == MetricUsed && (!v.Disk.Known || m.Value > v.Disk.Value):
				v.Disk = Gauge{true, m.Value, e.Key(), m.Name}
			}
		}
	}
	return v
}
