package kind

import (
	"strings"
	"testing"

	"jurymast/actions"
	"jurymast/inventory"
)

// handSteps returns the steps by which guest 113 is handed over to pve2.
func handSteps(t *testing.T, m actions.Move) (ready, hand actions.Step) {
	t.Helper()
	if m.Hand == nil {
		t.Fatal("nothing is handed over")
	}
	steps := m.Hand("node/one", "node/two")
	if len(steps) != 2 || steps[0].Host != "node/two" || steps[1].Host != "node/one" || steps[1].Undo == nil {
		t.Fatalf("%+v", steps)
	}
	return steps[0], steps[1]
}

func TestProxmoxHandOver(t *testing.T) {
	m, root := pveMove(t, "")
	ready, hand := handSteps(t, m)
	if hand.Ends {
		t.Error("a live migration is said to take the guest down")
	}
	r := must(t, m.Survey("node/one"), nil)
	if r.said["stays"] != "" || r.said["floor"] != "0" || r.said["seen"] != "it goes on running while its memory is copied" {
		t.Errorf("where it runs: %v", r.said)
	}
	at(t, "pve2")
	in := map[string]string{"SAID_NODE": must(t, ready.Do, nil).said["node"]}
	if in["SAID_NODE"] != "pve2" {
		t.Errorf("the cluster calls it %q", in["SAID_NODE"])
	}
	at(t, "pve1")
	// What the tool says of itself does not count.
	put(t, root+"/lies", "")
	if r := runFully(t.Context(), t, hand.Do.With(in)); r.Exit == 0 || !strings.Contains(string(r.Stderr), "pve1 did not hand guest 113 over to pve2 (exit 0)") {
		t.Errorf("it says it did, and did not: %d %s", r.Exit, r.Stderr)
	}
	remove(t, root+"/lies")
	put(t, root+"/refuses", "")
	if r := runFully(t.Context(), t, hand.Do.With(in)); r.Exit == 0 || !strings.Contains(string(r.Stderr), "(exit 255): 2026-11-21 08:00:02 ERROR: can't migrate VM which uses local devices: hostpci0") {
		t.Errorf("it refuses: %d %s", r.Exit, r.Stderr)
	}
	must(t, *hand.Undo, nil)
	must(t, m.Active("node/one"), nil)
	remove(t, root+"/refuses")
	if r := must(t, hand.Do, in); r.said["downtime"] != "30 ms" {
		t.Errorf("it stood still for %q", r.said["downtime"])
	}
	must(t, hand.Do, in) // once more after an answer was lost
	if n := strings.Count(got(t, root+"/log"), "qm migrate 113 pve2 --online\n"); n != 3 {
		t.Errorf("it was asked %d times:\n%s", n, got(t, root+"/log"))
	}
	if exit(t, m.Active("node/one"), nil) != 1 {
		t.Error("it is active where it was")
	}
	if exit(t, *hand.Undo, nil) == 0 {
		t.Error("it is where it was, though it is not")
	}
	at(t, "pve2")
	must(t, m.Active("node/two"), nil)
	must(t, m.Verify("node/two"), nil)
	at(t, "pve1")
	if r := must(t, m.Survey("node/one"), nil); r.said["role"] != "standby" {
		t.Errorf("where it was: %v", r.said)
	}
}

// TestProxmoxHandOverUnderWay: a migration whose end nobody saw is waited for,
// and no second one is begun.
func TestProxmoxHandOverUnderWay(t *testing.T) {
	m, root := pveMove(t, "")
	_, hand := handSteps(t, m)
	conf := root + "/etc/pve/nodes/pve1/qemu-server/113.conf"
	put(t, conf, "lock: migrate\n"+got(t, conf))
	put(t, root+"/bin/sleep", "#!/bin/sh\n[ -e $ROOT/over ] || { : >$ROOT/over; mv $ROOT/etc/pve/nodes/pve1/qemu-server/113.conf $ROOT/x; grep -v ^lock $ROOT/x >$ROOT/etc/pve/nodes/pve2/qemu-server/113.conf; }\n")
	executable(t, root+"/bin/sleep")
	if r := must(t, m.Survey("node/one"), nil); r.said["stays"] != "it is locked: migrate" {
		t.Errorf("%v", r.said)
	}
	must(t, hand.Do, map[string]string{"SAID_NODE": "pve2"})
	if strings.Contains(got(t, root+"/log"), "qm migrate") {
		t.Error("a second migration was begun")
	}
	// One that never ends is named.
	put(t, conf, "lock: migrate\n")
	remove(t, root+"/etc/pve/nodes/pve2/qemu-server/113.conf")
	if r := runFully(t.Context(), t, hand.Do.With(map[string]string{"SAID_NODE": "pve2", "LIMIT": "0"})); r.Exit == 0 || !strings.Contains(string(r.Stderr), "locked by a migration for more than 0 s") {
		t.Errorf("%d %s", r.Exit, r.Stderr)
	}
}

func TestProxmoxHandOverOfReplicatedDisks(t *testing.T) {
	m, root := pveMove(t, "disks = \"replicated\"\n")
	_, hand := handSteps(t, m)
	must(t, hand.Do, map[string]string{"SAID_NODE": "pve2"})
	if !strings.Contains(got(t, root+"/log"), "qm migrate 113 pve2 --online --with-local-disks\n") {
		t.Errorf("%s", got(t, root+"/log"))
	}
}

func TestProxmoxHandOverOfAContainer(t *testing.T) {
	m, root := pveMove(t, "container = true\n")
	ready, hand := handSteps(t, m)
	if !hand.Ends || hand.Title != "hand guest 113 over to two and start it there" {
		t.Errorf("a restart is said not to take it down: %+v", hand)
	}
	put(t, root+"/etc/pve/nodes/pve1/lxc/113.conf", "rootfs: nas:113/vm-113-disk-0.raw,size=8G\n")
	put(t, root+"/etc/pve/nodes/pve2/lxc/200.conf", "cores: 1\n")
	put(t, root+"/bin/pct", `#!/bin/sh
conf=$ROOT/etc/pve/nodes/$ME/lxc/$2.conf
[ -e "$conf" ] || exit 2
case $1 in
status) echo "status: $(cat $ROOT/state)" ;;
config) cat "$conf" ;;
start) echo running >$ROOT/state ;;
migrate) echo "pct $*" >>$ROOT/log; if [ -e $ROOT/refuses ]; then echo stopped >$ROOT/state; echo 'ERROR: no'; exit 255; fi; mv "$conf" $ROOT/etc/pve/nodes/$3/lxc/ ;;
*) exit 9 ;;
esac
`)
	executable(t, root+"/bin/pct")
	if r := must(t, m.Survey("node/one"), nil); r.said["stays"] != "" || r.said["seen"] != "the cluster shuts it down, moves it and starts it anew" || r.said["floor"] != "" {
		t.Errorf("%v", r.said)
	}
	at(t, "pve2")
	in := map[string]string{"SAID_NODE": must(t, ready.Do, nil).said["node"]}
	at(t, "pve1")
	put(t, root+"/refuses", "")
	if exit(t, hand.Do, in) == 0 {
		t.Error("it refuses, and nobody notices")
	}
	must(t, *hand.Undo, nil) // it was shut down, and is started again
	must(t, m.Active("node/one"), nil)
	remove(t, root+"/refuses")
	must(t, hand.Do, in)
	if !strings.Contains(got(t, root+"/log"), "pct migrate 113 pve2 --restart --timeout 1\n") {
		t.Errorf("%s", got(t, root+"/log"))
	}
}

// TestProxmoxStays: what keeps a guest on its node is said ahead, and why.
func TestProxmoxStays(t *testing.T) {
	conf := "/etc/pve/nodes/pve1/qemu-server/113.conf"
	for _, tt := range []struct{ name, conf, can, why string }{
		{"locked", "lock: backup\n", "", "it is locked: backup"},
		{"a device", "", `{"local_resources":["hostpci0"],"running":1}`, "it uses hostpci0 of its node"},
		{"a device that is mapped", "", `{"local_resources":["hostpci0"],"mapped-resource-info":{"hostpci0":{"name":"gpu"}},"running":1}`, ""},
		{"its node does not say", "", "no 'migrate' handler\n", "the node does not say whether it can migrate: no 'migrate' handler"},
		{"a CD of its node", "ide2: local:iso/debian.iso,media=cdrom,size=1M\n", "", "its CD drive holds local:iso/debian.iso, which only pve1 has: eject it"},
		{"the drive of its node", "ide2: cdrom,media=cdrom\n", "", "its CD drive holds cdrom, which only pve1 has: eject it"},
		{"a CD on a share", "ide2: nas:iso/debian.iso,media=cdrom\n", "", ""},
		{"cloud-init", "ide2: local-zfs:vm-113-cloudinit,media=cdrom\n", "", ""},
	} {
		t.Run(strings.ReplaceAll(tt.name, " ", "-"), func(t *testing.T) {
			m, root := pveMove(t, "")
			put(t, root+conf, tt.conf+"scsi0: nas:113/vm-113-disk-0.qcow2\n")
			if tt.can != "" {
				put(t, root+"/can", tt.can)
			}
			if r := must(t, m.Survey("node/one"), nil); r.said["stays"] != tt.why || r.said["role"] != "active" {
				t.Errorf("%v", r.said)
			}
		})
	}
	m, _ := pveMove(t, "live = false\n")
	if m.Hand != nil {
		t.Error("it is handed over, and is not to be")
	}
	if r := must(t, m.Survey(inventory.Ref("node/one")), nil); r.said["stays"] != "" || r.said["seen"] != "" {
		t.Errorf("%v", r.said)
	}
}
