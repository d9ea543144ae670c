//go:build linux && fleet

package suite

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"jurymast/testdata/fleet/bed"
)

// TestLookSwarm looks at a swarm of three managers and a worker. The kernel has
// no IPVS, so that its services are found by name (dnsrr) and publish no ports.
func TestLookSwarm(t *testing.T) {
	beside(t, heavy, 3*time.Minute)
	nodes := []string{"m1", "m2", "m3", "w1"}
	f := newFleet(t, bed.Options{Nodes: nodes, Docker: nodes}, `
[service.cluster]
kind = "swarm"
on = "m1"
meet = ["proxy: wiki", "wiki: db"]
`)
	ctx := t.Context()
	swarmChecks := []string{"swarm", "nodes", "services", "tasks", "audit"}
	for _, n := range nodes {
		f.on(n, image)
	}
	f.finds("cluster", "swarm", "", "fail", "part of no swarm")
	f.record("swarm", "m1", "inactive", dockerVersion, swarmChecks)
	first := f.Node("m1").Addr.String()
	f.on("m1", "docker swarm init --advertise-addr "+first+" --default-addr-pool 10.33.0.0/16 >/dev/null")
	for _, n := range nodes[1:] {
		role := "manager"
		if n == "w1" {
			role = "worker"
		}
		token := strings.TrimSpace(f.on("m1", "docker swarm join-token -q "+role))
		f.on(n, "docker swarm join --token "+token+" "+first+":2377")
	}
	serve := func(name, more string) {
		f.on("m1", "docker service create -q -d --no-resolve-image --restart-delay 1s --endpoint-mode dnsrr --name "+name+" "+more+" >/dev/null")
	}
	f.on("m1", "docker network create -d overlay front >/dev/null; docker network create -d overlay --opt encrypted data >/dev/null")
	serve("proxy", "--network front lab/bb:1 sleep 1000000")
	serve("wiki", "--network front --network data --replicas 2 lab/bb:1 sleep 1000000")
	serve("db", "--network data lab/bb:1 sleep 1000000")
	serve("agent", "--mode global lab/bb:1 sleep 1000000")
	settled := func(but ...string) {
		t.Helper()
		eventually(t, "the swarm is well", 3*time.Minute, func() error {
			for _, r := range f.look("cluster") {
				if r.Status != "ok" && !slices.Contains(but, r.Check) {
					return fmt.Errorf("%s", r)
				}
			}
			return nil
		})
	}
	settled()
	f.well("cluster")
	rule := `meet = ["proxy: wiki", "wiki: db"]`
	f.record("swarm", "m1", "well", dockerVersion, swarmChecks, rule)
	f.record("swarm", "w1", "worker", dockerVersion, swarmChecks)

	f.part("the proxy is put beside the database", func(f *fleet) {
		f.on("m1", "docker service update -q -d --no-resolve-image --network-add data proxy >/dev/null")
		f.finds("cluster", "audit", "data", "fail", "db and proxy")
		f.record("swarm", "m1", "audit", dockerVersion, []string{"audit"}, rule)
		f.on("m1", "docker service update -q -d --no-resolve-image --network-rm data proxy >/dev/null")
		f.finds("cluster", "audit", "", "ok")
		settled()
	})
	f.part("a container is joined by hand", func(f *fleet) {
		f.on("m1", "docker network create -d overlay --attachable side >/dev/null; docker run -d --name stray --network side lab/bb:1 sleep 1000000")
		f.on("m1", "docker service update -q -d --no-resolve-image --network-add side db >/dev/null")
		f.finds("cluster", "audit", "side", "fail", "container stray and db", "attachable")
		f.record("swarm", "m1", "stray", dockerVersion, []string{"audit"}, rule)
		f.on("m1", "docker rm -f stray; docker service update -q -d --no-resolve-image --network-rm side db >/dev/null")
		eventually(t, "the network is free", time.Minute, func() error {
			_, err := f.Node("m1").Run(ctx, "docker network rm side")
			return err
		})
		settled()
	})
	f.part("a task fails again and again", func(f *fleet) {
		serve("crash", "--network data lab/bb:1 sh -c 'exit 3'")
		eventually(t, "it failed often", time.Minute, func() error {
			for _, r := range f.look("cluster") {
				if r.Check == "tasks" && r.Item == "crash" && r.Status == "fail" && strings.Contains(r.Line, "non-zero exit (3)") {
					return nil
				}
			}
			return fmt.Errorf("%s", lines(f.findings("cluster")))
		})
		f.record("swarm", "m1", "crash", dockerVersion, []string{"tasks"})
		f.on("m1", "docker service rm crash")
		settled()
	})
	f.part("no node fits", func(f *fleet) {
		f.on("m1", "docker service update -q -d --no-resolve-image --constraint-add node.labels.disk==ssd db >/dev/null")
		eventually(t, "it waits", time.Minute, func() error {
			for _, r := range f.look("cluster") {
				if r.Check == "services" && r.Item == "db" && r.Status != "ok" && strings.Contains(r.Line, "no suitable node") {
					return nil
				}
			}
			return fmt.Errorf("%s", lines(f.findings("cluster")))
		})
		f.record("swarm", "m1", "pending", dockerVersion, []string{"services"})
		f.on("m1", "docker service update -q -d --no-resolve-image --constraint-rm node.labels.disk==ssd db >/dev/null")
		settled()
	})
	f.part("a node is drained", func(f *fleet) {
		f.on("m1", "docker node update --availability drain w1 >/dev/null")
		f.finds("cluster", "nodes", "w1", "warn", "drained")
		f.record("swarm", "m1", "drained", dockerVersion, []string{"nodes"})
		f.on("m1", "docker node update --availability active w1 >/dev/null")
		settled()
	})
	f.part("a manager is lost", func(f *fleet) {
		f.must(f.Node("m3").Kill(ctx))
		eventually(t, "it is missed", 2*time.Minute, func() error {
			if r := f.look("cluster"); !strings.Contains(lines(r), "2 of 3 managers are heard") || !strings.Contains(lines(r), "down") {
				return fmt.Errorf("%s", lines(r))
			}
			return nil
		})
		f.finds("cluster", "swarm", "", "warn", "0 may be lost")
		f.finds("cluster", "nodes", "m3", "fail", "unreachable")
		f.record("swarm", "m1", "manager-lost", dockerVersion, []string{"swarm", "nodes"})
	})
	f.part("the quorum is lost", func(f *fleet) {
		f.must(f.Node("m2").Kill(ctx))
		eventually(t, "it is missed", 3*time.Minute, func() error {
			if r := f.look("cluster"); !strings.Contains(lines(r), "lost its quorum") {
				return fmt.Errorf("%s", lines(r))
			}
			return nil
		})
		f.finds("cluster", "swarm", "", "fail", "what runs goes on")
		f.record("swarm", "m1", "quorum-lost", dockerVersion, swarmChecks)
		f.must(f.Node("m2").Power(ctx))
		f.must(f.Node("m3").Power(ctx))
		for _, n := range []string{"m2", "m3"} {
			f.on(n, "systemctl start docker")
		}
		settled("tasks") // what ran there was ended, and is told for an hour
	})
}
