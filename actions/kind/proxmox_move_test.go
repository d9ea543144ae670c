package kind

import (
	"os"
	"strings"
	"testing"

	"jurymast/actions"
	"jurymast/inventory"
)

// fakePVE is a cluster that is a folder (what another node prints comes as one
// JSON string, pvesh of pve-manager 9.1; older ones end with an error instead): $ME is the node that is asked, the
// guests of every node lie in /etc/pve, and what runs in $ROOT/state.
var fakePVE = map[string]string{
	"hostname": "echo $ME.example.org\n",
	"pvecm":    "exit ${QUORUM-0}\n",
	"qm": `conf=$ROOT/etc/pve/nodes/$ME/qemu-server/$2.conf
case $1 in guest) conf=$ROOT/etc/pve/nodes/$ME/qemu-server/$3.conf ;; esac
[ -e "$conf" ] || { echo "Configuration file 'nodes/$ME/qemu-server/$2.conf' does not exist" >&2; exit 2; }
case $1 in
status) echo "status: $(cat $ROOT/state)" ;;
config) cat "$conf" ;;
set) grep -v '^onboot:' "$conf" >$ROOT/new; echo "onboot: $4" >>$ROOT/new; cat $ROOT/new >"$conf" ;;
shutdown) echo "shutdown $ME $*" >>$ROOT/log; [ -e $ROOT/stubborn ] || echo stopped >$ROOT/state ;;
start) echo "start $ME" >>$ROOT/log; ! grep -q '^lock:' "$conf" || exit 255; echo running >$ROOT/state ;;
unlock) grep -v '^lock:' "$conf" >$ROOT/new; cat $ROOT/new >"$conf" ;;
guest) [ ! -e $ROOT/mute ] ;;
migrate)
    echo "qm $*" >>$ROOT/log
    [ ! -e $ROOT/refuses ] || { echo "2026-11-21 08:00:02 ERROR: can't migrate VM which uses local devices: hostpci0"; echo 'migration aborted'; exit 255; }
    [ -e $ROOT/lies ] || mv "$conf" $ROOT/etc/pve/nodes/$3/qemu-server/
    echo '2026-11-21 08:00:09 average migration speed: 512.5 MiB/s - downtime 30 ms'
    echo '2026-11-21 08:00:10 migration finished successfully (duration 00:00:09)' ;;
*) exit 9 ;;
esac
`,
	"pvesh": `echo "pvesh $*" >>$ROOT/log
case "$1 $2" in
'get /nodes/pve1/qemu/113/migrate') cat $ROOT/can ;;
'get /nodes/pve1/qemu/113/status/current') printf '{"status":"%s","vmid":113}\n' "$(cat $ROOT/state)" ;;
'create /nodes/pve1/qemu/113/migrate')
    [ -e $ROOT/refuses ] || mv $ROOT/etc/pve/nodes/pve1/qemu-server/113.conf $ROOT/etc/pve/nodes/$4/qemu-server/
    [ ! -e $ROOT/old ] || { echo 'malformed JSON string, at character offset 0 (before "2026-11-21 08:00:00 ...")' >&2; exit 255; }
    echo '"2026-11-21 08:00:00 starting migration of VM 113migration finished successfully\"UPID:pve1:00001267:0052AFDE:6B00D610:qmigrate:113:root@pam:\""' ;;
'get /nodes/pve1/tasks/UPID:pve1:00001267:0052AFDE:6B00D610:qmigrate:113:root@pam:/status')
    if [ -e $ROOT/refuses ]; then echo '{"exitstatus":"migration aborted","status":"stopped"}'; else echo '{"exitstatus":"OK","status":"stopped"}'; fi ;;
*) exit 2 ;;
esac
`,
	"ha-manager": "[ ! -e $ROOT/ha ] || printf 'vm:113\\n\\tstate started\\n'\n",
	"pvesm":      "printf 'Name Type Status\\nnas nfs %s\\n' \"$(cat $ROOT/nas)\"\n",
	"zfs":        `case "$*" in *rpool/data/vm-113-disk-0) cat $ROOT/snapshots ;; *) exit 1 ;; esac` + "\n",
	"dpkg-query": "echo 9.1.4\n",
}

const pveStorage = `dir: local
	path /var/lib/vz
	content iso,backup

nfs: nas
	server 10.0.0.9
	export /srv/nas

zfspool: local-zfs
	pool rpool/data
	content images,rootdir
`

// pveMove returns the move of guest 113 from pve1 to pve2, and the folder that
// is the cluster.
func pveMove(t *testing.T, lines string) (m actions.Move, root string) {
	t.Helper()
	f, err := inventory.Parse("move.toml", []byte("[node.one]\n[node.two]\n[service.api]\nkind = \"proxmox-guest\"\non = \"one\"\nstandby = [\"two\"]\nguest = 113\nwait = \"1s\"\n"+lines), Schema())
	if err != nil {
		t.Fatal(err)
	}
	s, _ := f.Target("service/api")
	if m, err = proxmoxGuest.Move(f, *s); err != nil {
		t.Fatal(err)
	}
	root = tools(t, fakePVE)
	put(t, root+"/etc/pve/nodes/pve1/qemu-server/113.conf", "agent: 1\nonboot: 1\nscsi0: nas:113/vm-113-disk-0.qcow2,size=32G\nide2: none,media=cdrom\n[old]\nscsi0: gone:x\n")
	put(t, root+"/etc/pve/nodes/pve2/qemu-server/200.conf", "cores: 1\n")
	put(t, root+"/etc/pve/storage.cfg", pveStorage)
	put(t, root+"/etc/pve/corosync.conf", "")
	put(t, root+"/etc/pve/.members", "{\n\"nodename\": \"pve2\",\n\"nodelist\": {\n  \"pve1\": { \"id\": 1, \"online\": 1, \"ip\": \"10.0.0.1\"},\n  \"pve2\": { \"id\": 2, \"online\": 1, \"ip\": \"10.0.0.2\"}\n  }\n}\n")
	put(t, root+"/nas", "active\n")
	put(t, root+"/state", "running\n")
	put(t, root+"/log", "")
	put(t, root+"/can", `{"allowed_nodes":["pve2"],"local_disks":[],"local_resources":[],"mapped-resources":[],"running":1}`+"\n")
	t.Setenv("ME", "pve1")
	return m, root
}

// at says on which node what follows is done.
func at(t *testing.T, node string) { t.Helper(); t.Setenv("ME", node) }

func TestProxmoxMovePlanned(t *testing.T) {
	m, root := pveMove(t, "")
	if m.Shape != "shared" {
		t.Errorf("shape %s", m.Shape)
	}
	one, two := inventory.Ref("node/one"), inventory.Ref("node/two")
	if r := must(t, m.Survey(one), nil); r.said["role"] != "active" || r.said["version"] != "9" || r.said["trouble"] != "" {
		t.Errorf("where it runs: %v", r.said)
	}
	must(t, m.Active(one), nil)
	at(t, "pve2")
	if r := must(t, m.Survey(two), nil); r.said["role"] != "standby" || r.said["trouble"] != "" || r.said["lag"] != "" {
		t.Errorf("where it does not: %v", r.said)
	}
	if exit(t, m.Active(two), nil) != 1 {
		t.Error("it is active where it is not")
	}
	// As long as it runs there, nobody takes it.
	if r := runFully(t.Context(), t, m.Promote(two)); r.Exit == 0 || !strings.Contains(string(r.Stderr), "not seen to be stopped on pve1") {
		t.Errorf("a guest that runs is taken: %d %s", r.Exit, r.Stderr)
	}
	at(t, "pve1")
	put(t, root+"/stubborn", "")
	if r := runFully(t.Context(), t, m.Stop(one)); r.Exit == 0 || !strings.Contains(string(r.Stderr), "does not shut down within 1 s") {
		t.Errorf("a guest that does not shut down: %d %s", r.Exit, r.Stderr)
	}
	remove(t, root+"/stubborn")
	must(t, m.Resume(one), nil)
	if conf := got(t, root+"/etc/pve/nodes/pve1/qemu-server/113.conf"); !strings.Contains(conf, "onboot: 1") {
		t.Errorf("resumed, and it does not start with its node: %s", conf)
	}
	for range 2 { // once more after an answer was lost
		if r := must(t, m.Stop(one), nil); r.said["onboot"] != "1" {
			t.Errorf("stopped: %v", r.said)
		}
	}
	if r := must(t, m.Survey(one), nil); r.said["role"] != "stopped" {
		t.Errorf("stopped: %v", r.said)
	}
	at(t, "pve2")
	put(t, root+"/refuses", "")
	if r := runFully(t.Context(), t, m.Promote(two)); r.Exit == 0 || !strings.Contains(string(r.Stderr), "did not hand guest 113 over: migration aborted") {
		t.Errorf("pvesh ended with 0, and its task did not: %d %s", r.Exit, r.Stderr)
	}
	put(t, root+"/old", "")
	if r := runFully(t.Context(), t, m.Promote(two)); r.Exit == 0 || !strings.Contains(string(r.Stderr), "pve1 did not hand guest 113 over: malformed JSON") {
		t.Errorf("it is not told which task it was, and the guest is where it was: %d %s", r.Exit, r.Stderr)
	}
	remove(t, root+"/old")
	remove(t, root+"/refuses")
	in := map[string]string{"SAID_ONBOOT": "1"}
	must(t, m.Promote(two), in)
	must(t, m.Promote(two), in)
	must(t, m.Active(two), nil)
	if r := must(t, m.Verify(two), nil); r.said["proof"] != "guest 113 runs on pve2, and its agent answers" {
		t.Errorf("%v", r.said)
	}
	put(t, root+"/mute", "")
	if exit(t, m.Verify(two), nil) == 0 {
		t.Error("a guest whose agent does not answer is proved")
	}
	if conf := got(t, root+"/etc/pve/nodes/pve2/qemu-server/113.conf"); !strings.Contains(conf, "onboot: 1") {
		t.Errorf("moved, and it does not start with its node: %s", conf)
	}
	at(t, "pve1")
	if exit(t, m.Active(one), nil) != 1 {
		t.Error("it is active on both")
	}
	// Each node has a /var of its own: there it is remembered what was handed
	// over, and a step that is done again has nothing left to do.
	put(t, root+"/var/lib/jurymast/moved-qm-113", "1\n")
	must(t, m.Stop(one), nil)
	for _, s := range m.Rejoin(one, two) {
		must(t, s.Do, nil)
	}
	if strings.Count(got(t, root+"/log"), "start pve2") != 1 {
		t.Errorf("%s", got(t, root+"/log"))
	}
}

// An old pvesh ends with an error although the other node did as it was told.
func TestProxmoxMoveWithAnOldTool(t *testing.T) {
	m, root := pveMove(t, "")
	at(t, "pve1")
	must(t, m.Stop("node/one"), nil)
	at(t, "pve2")
	put(t, root+"/old", "")
	must(t, m.Promote("node/two"), nil)
	must(t, m.Verify("node/two"), nil)
}

func TestProxmoxMoveOfADeadNode(t *testing.T) {
	m, root := pveMove(t, "disks = \"replicated\"\n")
	if m.Shape != "replicated" {
		t.Errorf("shape %s", m.Shape)
	}
	two := inventory.Ref("node/two")
	at(t, "pve2")
	put(t, root+"/bin/date", "#!/bin/sh\necho 1795210000\n")
	executable(t, root+"/bin/date")
	put(t, root+"/etc/pve/nodes/pve1/qemu-server/113.conf", "lock: backup\nonboot: 1\nscsi0: local-zfs:base-9000-disk-0/vm-113-disk-0,size=32G\n")
	put(t, root+"/snapshots", "rpool/data/vm-113-disk-0@__replicate_113-0_1795209000__\nrpool/data/vm-113-disk-0@__replicate_113-0_1795209400__\nrpool/data/vm-113-disk-0@before\n")
	members := got(t, root+"/etc/pve/.members")
	if r := must(t, m.Survey(two), nil); r.said["role"] != "standby" || r.said["lag"] != "0" {
		t.Errorf("its node is there and would send the rest: %v", r.said)
	}
	put(t, root+"/etc/pve/.members", strings.Replace(members, "\"id\": 1, \"online\": 1", "\"id\": 1, \"online\": 0", 1))
	if r := must(t, m.Survey(two), nil); r.said["lag"] != "600" || r.said["trouble"] != "" {
		t.Errorf("a replica of ten minutes ago: %v", r.said)
	}
	// Without quorum this may be the side that is cut off.
	t.Setenv("QUORUM", "2")
	if r := must(t, m.Survey(two), nil); !strings.Contains(r.said["trouble"], "no quorum") {
		t.Errorf("without quorum: %v", r.said)
	}
	if r := runFully(t.Context(), t, m.Promote(two)); r.Exit == 0 || !strings.Contains(string(r.Stderr), "no quorum") {
		t.Errorf("taken without quorum: %d %s", r.Exit, r.Stderr)
	}
	t.Setenv("QUORUM", "0")
	must(t, m.Promote(two), nil)
	must(t, m.Promote(two), nil)
	must(t, m.Verify(two), nil)
	if conf := got(t, root+"/etc/pve/nodes/pve2/qemu-server/113.conf"); strings.Contains(conf, "lock") {
		t.Errorf("still locked: %s", conf)
	}
	if strings.Contains(got(t, root+"/log"), "migrate") {
		t.Error("a node that is gone was asked to hand something over")
	}
}

func TestProxmoxMoveIsRefused(t *testing.T) {
	conf := "/etc/pve/nodes/pve1/qemu-server/113.conf"
	for _, tt := range []struct{ name, lines, conf, file, text, why string }{
		{"ha", "", "", "/ha", "", "HA manages vm:113"},
		{"local disk", "", "scsi0: local:113/vm-113-disk-0.qcow2,size=1G\n", "", "", "local:113/vm-113-disk-0.qcow2 is on a storage of pve1 alone"},
		{"share that is not there", "", "", "/nas", "inactive\n", "storage nas, which holds nas:113/vm-113-disk-0.qcow2, is not active on pve2"},
		{"replicated, and not said", "", "scsi0: local-zfs:vm-113-disk-0\n", "", "", "set disks = \"replicated\""},
		{"no replica", "disks = \"replicated\"\n", "scsi0: local-zfs:vm-113-disk-0\n", "/snapshots", "rpool/data/vm-113-disk-0@daily\n", "neither shared nor replicated to pve2"},
		{"another job's replica", "disks = \"replicated\"\n", "scsi0: local-zfs:vm-113-disk-0\n", "/snapshots", "rpool/data/vm-113-disk-0@__replicate_1130-0_1795209000__\n", "neither shared nor replicated to pve2"},
		{"bind mount", "", "mp0: /srv/data,mp=/data\n", "", "", "it uses /srv/data of its node"},
		{"two nodes have it", "", "", "/etc/pve/nodes/pve3/qemu-server/113.conf", "", "guest 113 is on more than one node: pve1 and pve3"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, root := pveMove(t, tt.lines)
			at(t, "pve2")
			if tt.conf != "" {
				put(t, root+conf, tt.conf)
			}
			if tt.file != "" {
				put(t, root+tt.file, tt.text)
			}
			r := runFully(t.Context(), t, m.Survey("node/two"))
			if said := r.said["trouble"] + string(r.Stderr); !strings.Contains(said, tt.why) {
				t.Errorf("exit %d, trouble %q\n%s", r.Exit, r.said["trouble"], r.Stderr)
			}
		})
	}
	f, err := inventory.Parse("move.toml", []byte("[node.one]\n[vm.api]\nkind = \"proxmox-guest\"\non = \"one\"\nid = 113\n"), Schema())
	if err != nil {
		t.Fatal(err)
	}
	vm, _ := f.Target("vm/api")
	if _, err := proxmoxGuest.Move(f, *vm); err == nil || !strings.Contains(err.Error(), "write a service of kind proxmox-guest") {
		t.Errorf("a vm is moved: %v", err)
	}
}

func remove(t *testing.T, name string) {
	t.Helper()
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
}

func executable(t *testing.T, name string) {
	t.Helper()
	if err := os.Chmod(name, 0o755); err != nil {
		t.Fatal(err)
	}
}
