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
// runs elsewhere, and what would be lost by it keeps the node as it is. Then a
// service loses the data of its volume, and gets it back.
func TestDrainSwarmNode(t *testing.T) {
	beside(t, heavy, 110*time.Second)
	nodes := []string{"m1", "w1", "w2"}
	f := newFleet(t, bed.Options{Nodes: nodes, Docker: nodes}, `
[service.work]
kind = "swarm-node"
on = "w1"
standby = ["m1"]
wait = "1m"

[share.volumes]
kind = "files"
class = "user"
on = "m1"
path = "/srv/volumes"
mounts = [{ on = "w1", at = "/srv/volumes" }]

[service.pad]
kind = "swarm-service"
class = "user"
on = "m1"
data = ["share/volumes"]
quiesce = "stop"
wait = "15s"
prove = "cat /srv/volumes/format"

[repository.shelf]
kind = "directory"
on = "m1"
path = "/srv/copies"

[backup.pad]
of = "pad"
to = ["shelf"]
rpo = "24h"
[backup.volumes]
of = "volumes"
to = ["shelf"]
rpo = "24h"
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
	swarmVolume(f, serve)
}

// swarmVolume copies the volume of a service that writes all the time, on another
// node than that on which its share lies; loses it, and brings it back.
func swarmVolume(f *fleet, serve func(name, more string)) {
	f.must(f.Node("w1").Write("/root/key", string(read(f.t, f.Key())), 0o600))
	f.on("m1", "mkdir -p /srv/volumes /srv/copies; echo 2 >/srv/volumes/format; : >/srv/volumes/left; head -c 300000 /dev/urandom >/srv/volumes/picture")
	f.on("w1", "mkdir -p /srv/volumes; sshfs -o allow_other,dir_cache=no,IdentityFile=/root/key,StrictHostKeyChecking=no root@m1:/srv/volumes /srv/volumes")
	// It counts on from what is on the left, and whole numbers only: one that is
	// copied, or replaced, while it writes leaves a gap. It ends without its picture,
	// and does not begin with another format.
	serve("pad", `--mount type=bind,source=/srv/volumes,target=/data --constraint node.hostname==w1 --stop-grace-period 5s lab/bb:1 sh -c '
read -r format </data/format; [ "$format" = 2 ] || exit 3
trap end=1 TERM
n=0
while read -r m; do n=$m; done </data/left
while [ -z "$end" ]; do
	[ -s /data/picture ] || exit 4
	n=$((n + 1)); echo $n >>/data/left; sleep 0.1; echo $n >>/data/right
done'`)
	f.well("pad", "backup") // there is none yet
	count := func(f *fleet) (n int) {
		f.t.Helper()
		if _, err := fmt.Sscan(f.on("m1", "awk 'END { print NR }' /srv/volumes/right"), &n); err != nil {
			f.t.Fatal(err)
		}
		return n
	}
	goesOn := func(f *fleet, from int) {
		f.t.Helper()
		eventually(f.t, "it writes", 20*time.Second, func() error {
			if n := count(f); n <= from {
				return fmt.Errorf("up to %d", n)
			}
			return nil
		})
	}
	gapless := func(f *fleet) {
		f.t.Helper()
		f.on("m1", `cd /srv/volumes && for p in left right; do awk -v p=$p '$1 != NR { print p " has " $0 " in line " NR; exit 1 }' $p >&2 || exit 1; done`)
	}
	const sum = "sha256sum /srv/volumes/picture /srv/volumes/format"
	was := f.on("m1", sum)
	goesOn(f, 3)

	f.part("the data of a volume is lost", func(f *fleet) {
		f.ok("backup", "run", "pad")
		f.ok("backup", "drill", "pad", "--yes")
		goesOn(f, count(f)) // it was stopped meanwhile
		gapless(f)
		f.on("m1", "cd /srv/volumes && rm picture && echo encrypted >left && echo encrypted >right")
		f.finds("pad", "replicas", "", "fail", "0 of 1 run", "task: non-zero exit (4)")
		eventually(f.t, "it failed often", time.Minute, func() error {
			_, err := f.Node("m1").Run(f.t.Context(), "[ $(docker service ps --format '{{.CurrentState}}' pad | grep -c ^Failed) -gt 2 ]")
			return err
		})
		f.ok("run", "restore", "pad", "--job", "pad", "--confirm", "pad")
		if is := f.on("m1", sum); is != was {
			f.t.Errorf("it came back as\n%s\nand was\n%s", is, was)
		}
		n := count(f)
		if n < 4 {
			f.t.Errorf("%d numbers came back", n)
		}
		goesOn(f, n)
		gapless(f)
		f.well("pad", "tasks")
		f.finds("pad", "tasks", "", "fail", "in the last hour", "non-zero exit (4)")
	})
	f.part("a copy that the service does not come up with", func(f *fleet) {
		f.on("m1", "echo 1 >/srv/volumes/format")
		f.ok("backup", "run", "volumes")
		f.on("m1", "echo 2 >/srv/volumes/format")
		n := count(f)
		if o := f.leaves(10, "run", "restore", "volumes", "--job", "volumes", "--confirm", "volumes"); !strings.Contains(o.out+o.err, "tasks of pad ") {
			f.t.Errorf("it does not say why: %s", o)
		}
		if is := f.on("m1", sum); is != was {
			f.t.Errorf("what was there before is\n%s\nand was\n%s", is, was)
		}
		goesOn(f, n)
		gapless(f)
		f.well("pad", "tasks")
	})
}
