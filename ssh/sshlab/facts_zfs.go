package sshlab

import (
	"fmt"
	"strings"
	"time"
)

// Pool is a pool of ZFS: one mirror.
type Pool struct {
	Name       string // "tank"
	Size, Used int64  // bytes
	Devices    []PoolDevice
	Scrubbed   time.Duration // how long ago
}

// PoolDevice is a drive of a pool.
type PoolDevice struct {
	Name    string // "ata-DISK1-part1"
	Faulted bool
}

func (p *Pool) health() string {
	for _, d := range p.Devices {
		if d.Faulted {
			return "DEGRADED"
		}
	}
	return "ONLINE"
}

// zfs has zpool say what OpenZFS 2.3 does.
func (f *Linux) zfs(p *programs) {
	var list, status strings.Builder
	troubled := "all pools are healthy\n"
	for i := range f.Pools {
		x := &f.Pools[i]
		fmt.Fprintf(&list, "%s\t%d\t%d\t%d\t%d\t%s\t%d\n", x.Name, x.Size, x.Used, x.Size-x.Used, 100*x.Used/x.Size, x.health(), 9)
		if i > 0 {
			status.WriteString("\n")
		}
		status.WriteString(x.status())
		if x.health() != "ONLINE" {
			troubled = x.status()
		}
	}
	p.answer("zpool", "list -Hp -o *", 0, list.String())
	p.answer("zpool", "status -p", 0, status.String())
	p.answer("zpool", "status -x", 0, troubled)
}

// status is the pool's part of zpool status; times are of UTC.
func (x *Pool) status() string {
	var b strings.Builder
	fmt.Fprintf(&b, "  pool: %s\n state: %s\n", x.Name, x.health())
	if x.health() != "ONLINE" {
		b.WriteString("status: One or more devices are faulted in response to persistent errors.\n\tSufficient replicas exist for the pool to continue functioning in a\n\tdegraded state.\n" +
			"action: Replace the faulted device, or use 'zpool clear' to mark the device\n\trepaired.\n")
	}
	fmt.Fprintf(&b, "  scan: scrub repaired 0B in 05:12:40 with 0 errors on %s\nconfig:\n\n\tNAME        STATE     READ WRITE CKSUM\n\t%-10s  %-8s     0     0     0\n\t  mirror-0  %[3]s     0     0     0\n",
		time.Now().Add(-x.Scrubbed).UTC().Format("Mon Jan _2 15:04:05 2006"), x.Name, x.health())
	for _, d := range x.Devices {
		if d.Faulted {
			fmt.Fprintf(&b, "\t    %s  FAULTED     12    31     0  too many errors\n", d.Name)
			continue
		}
		fmt.Fprintf(&b, "\t    %s  ONLINE       0     0     0\n", d.Name)
	}
	b.WriteString("\nerrors: No known data errors\n")
	return b.String()
}
