//go:build linux && fleet

package main

import (
	"jurymast/testdata/fleet/bed"
	"testing"
	"time"
)

func TestUp(t *testing.T) {
	start := time.Now()
	b, err := bed.Up(t.Context(), bed.Options{Machine: "vm", Nodes: []string{"n1", "n2", "n3", "n4", "n5", "n6", "n7", "n8"}, Docker: []string{"n1"}, Say: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	t.Log("up", time.Since(start))
	out, err := b.Node("n1").Run(t.Context(), "systemctl is-system-running --wait || :; hostname; df -h /srv; ping -c1 n2; systemctl --failed; cat /proc/self/cgroup; id")
	t.Log(out, err)
	out, err = b.Machine().Run(t.Context(), "date; lsblk; cat /proc/mdstat; uptime; systemctl is-system-running; systemctl --failed; modprobe raid10 nfsd; nproc")
	t.Log(out, err)
	start = time.Now()
	t.Log(b.Close(), time.Since(start))
}
