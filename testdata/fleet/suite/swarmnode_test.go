//go:build linux && fleet

package suite

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"jurymast/testdata/fleet/bed"
)

// TestDrainSwarmNode drains a node of a real swarm and opens it again: what went
// runs elsewhere, and what would be lost by it keeps the node as it is.
func TestDrainSwarmNode(t *testing.T) {
	beside(t, heavy, 40*time.Second)
	nodes := []string{"m1", "w1", "w2"}
	f := newFleet(t, bed.Options{Nodes: nodes, Docker: nodes}, `
[service.work]
kind = "swarm-node"
on = "w1"
standby = ["m1"]
wait = "1m"
`)
	for _, n := range nodes {
		f.on(n, image)
	}
	first := f.Node("m1").Addr.String()
	f.on("m1", "docker swarm init --advertise-addr "+first+" --default-addr-pool 10.33.0.0/16 >/dev/null")
	token := strings.TrimSpace(f.on("m1", "docker swarm join-token -q worker"))
	for _, n := range nodes[1:] {
		f.on(n, "docker swarm join --token "+token+" "+first+":2377")
	}
	serve := func(name, more string) {
		f.on("m1", "docker service create -q -d --no-resolve-image --restart-delay 1s --endpoint-mode dnsrr --name "+name+" "+more+" >/dev/null")
	}
	// Enough replicas that the node has some; what ends at once has no need of its
	// grace period.
	serve("wiki", "--replicas 6 --stop-grace-period 5s lab/bb:1 sleep 1000000")
	serve("agent", "--mode global --stop-grace-period 5s lab/bb:1 sleep 1000000")
	running := func(n string) int {
		return len(strings.Fields(f.on(n, "docker ps -q --filter label=com.docker.swarm.task.id")))
	}
	whole := func(all, here int) {
		t.Helper()
		eventually(t, "the tasks run", 2*time.Minute, func() error {
			sum := 0
			for _, n := range nodes {
				sum += running(n)
			}
			if sum != all || here >= 0 && running("w1") != here {
				return fmt.Errorf("%d run, %d of them on w1", sum, running("w1"))
			}
			return nil
		})
	}
	whole(9, -1)
	if running("w1") < 2 {
		t.Fatalf("%d tasks on w1: nothing would go", running("w1"))
	}
	f.well("work")

	f.leaves(0, "run", "failover", "work", "--confirm", "work")
	whole(8, 0) // the agent of w1 does not go
	f.finds("work", "node", "", "warn", "drained")
	f.leaves(0, "run", "failback", "work", "--confirm", "work")
	whole(9, 1)
	f.well("work")

	f.part("a volume keeps the node as it is", func(f *fleet) {
		serve("db", "--mount type=volume,source=data,target=/data --stop-grace-period 5s --replicas 3 --replicas-max-per-node 1 lab/bb:1 sleep 1000000")
		whole(12, -1)
		f.leaves(13, "plan", "failover", "work")
		if got := strings.TrimSpace(f.on("m1", "docker node inspect --format '{{.Spec.Availability}}' w1")); got != "active" {
			t.Errorf("w1 is %s", got)
		}
		f.on("m1", "docker service rm db >/dev/null")
		whole(9, -1)
	})
	f.part("it is drained by hand, and opened by a rejoin", func(f *fleet) {
		f.on("m1", "docker node update --availability drain w1 >/dev/null")
		whole(8, 0)
		f.leaves(0, "run", "rejoin", "work", "--confirm", "work")
		whole(9, 1)
		f.well("work")
	})
}
