package kind

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"jurymast/actions"
	"jurymast/inventory"
)

// pveTools stand in for a node of Proxmox VE, which is not to be had here. They
// were written after its source (pve-manager 9.1: PVE/CLI/pvesh.pm and
// PVE/API2/VZDump.pm; qemu-server 9.2; pve-container; pve-storage: Content.pm):
// pvesh prints the log of a task and its id, and ends with 0 whatever became of
// it. $STATE/copies holds what the storage lists, and $STATE/running the guests
// that run. $STATE/verdict is what the next task comes to.
var pveTools = map[string]string{
	"hostname":   "echo app.example.org\n",
	"dpkg-query": "cat \"$STATE/version\"\n",
	"pvecm":      "[ ! -e \"$STATE/no-quorum\" ] || exit 2\n",
	"ha-manager": "[ ! -e \"$STATE/ha\" ] || printf 'vm:113\\n\\tstate started\\n'\n",
	"vma":        "cat >\"$STATE/verified\"; [ ! -e \"$STATE/broken\" ] || { echo 'vma: wrong vma extent header chechsum' >&2; exit 255; }\n",
	"sleep":      "",
	"pvesm": `case $1 in
status)
    echo 'Name Type Status Total Used Available %'
    echo "$3 nfs $(cat "$STATE/storage") 9000000 1000000 8000000 11.11%" ;;
path) echo "$STATE/archives/${2#*:backup/}" ;;
free) rm -r "$STATE/copies/$(echo "$2" | tr / +)" ;;
*) exit 9 ;;
esac
`,
	"qm":  `tool=qemu-server`,
	"pct": `tool=lxc`,
	"pvesh": `nodes=$JURYMAST_ROOT/etc/pve/nodes
[ ! -e "$STATE/pvesh" ] || { cat "$STATE/pvesh"; exit 0; }
end() {
    echo 'INFO: as the log has it'
    cat "$STATE/warning" 2>/dev/null
    echo "\"UPID:$1:0000A:0B:6B00D610:$2:$3:root@pam:\""
}
case "$1 $2" in
'get /nodes/'*/tasks/*) printf '{"exitstatus":"%s","status":"stopped","pid":1}\n' "$(cat "$STATE/verdict")" ;;
'get /nodes/app/storage/nas/content')
    sep=
    printf '['
    for d in "$STATE/copies"/*; do
        [ -d "$d" ] || continue
        printf '%s{"content":"backup","ctime":%s,"format":"vma.zst","size":%s,"vmid":%s,"volid":"%s"' "$sep" "$(cat "$d/time")" "$(cat "$d/size")" "$(cat "$d/guest")" "$(basename "$d" | tr + /)"
        [ ! -f "$d/notes" ] || printf ',"notes":"%s"' "$(cat "$d/notes")"
        [ ! -f "$d/protected" ] || printf ',"protected":1'
        [ ! -f "$d/state" ] || printf ',"verification":{"state":"%s","upid":"UPID:pbs:1"}' "$(cat "$d/state")"
        printf '}'
        sep=,
    done
    echo ']' ;;
'create /nodes/'*/vzdump)
    node=${2#/nodes/} guest=$4
    while [ "$#" -gt 0 ]; do [ "$1" = --notes-template ] && notes=$2; shift; done
    [ ! -e "$STATE/elsewhere" ] || { echo '"OK"'; exit 0; }
    case $(cat "$STATE/verdict") in
    OK | WARN*)
        n=$(ls "$STATE/copies" | wc -l)
        d="$STATE/copies/nas:backup+vzdump-qemu-$guest-$n.vma.zst"
        [ -e "$STATE/lost" ] || { mkdir "$d" && echo "$guest" >"$d/guest" && date +%s >"$d/time" && echo 4096 >"$d/size" && printf '%s' "$notes" >"$d/notes"; } ;;
    esac
    end "${node%/vzdump}" vzdump "$guest" ;;
'set /nodes/app/storage/nas/content/'*) printf '%s' "$4" >"$STATE/copies/$(echo "${2#*/content/}" | tr / +)/notes" ;;
'create /nodes/app/qemu' | 'create /nodes/app/lxc')
    folder=qemu-server
    [ "$2" = /nodes/app/qemu ] || folder=lxc
    from=$4 unique='' force=''
    while [ "$#" -gt 0 ]; do
        case $1 in --vmid) guest=$2 ;; --unique) unique=1 ;; --force) force=1 ;; esac
        shift
    done
    conf=$nodes/app/$folder/$guest.conf
    if [ -e "$conf" ] && [ -z "$force" ]; then echo "unable to restore VM $guest - VM $guest already exists on node 'app'"; exit 255; fi
    case $(cat "$STATE/verdict") in
    OK | WARN*)
        cp "$STATE/brought" "$conf"
        echo "description: $from${unique:+ unique}" >>"$conf" ;;
    *) echo 'lock: create' >>"$conf" ;;
    esac
    end app qmrestore "$guest" ;;
*) echo "no '$1' handler for '$2'" >&2; exit 255 ;;
esac
`,
}

const pveGuest = `
id=$2
[ "$1" != guest ] || id=$3
conf=$JURYMAST_ROOT/etc/pve/nodes/app/$tool/$id.conf
[ -e "$conf" ] || { echo "Configuration file 'nodes/app/$tool/$id.conf' does not exist" >&2; exit 2; }
case $1 in
status) if [ -e "$STATE/running/$id" ]; then echo 'status: running'; else echo 'status: stopped'; fi ;;
start) [ ! -e "$STATE/dies" ] || { echo 'start failed: QEMU exited with code 1' >&2; exit 255; }; : >"$STATE/running/$id" ;;
stop | shutdown) [ -e "$STATE/stuck" ] || rm -f "$STATE/running/$id" ;;
unlock) grep -v '^lock:' "$conf" >"$STATE/new"; cat "$STATE/new" >"$conf" ;;
destroy) rm "$conf" ;;
set)
    shift 2
    while [ "$#" -gt 0 ]; do
        case $1 in
        --delete) for key in $(echo "$2" | tr , ' '); do grep -v "^$key:" "$conf" >"$STATE/new"; cat "$STATE/new" >"$conf"; done ;;
        *) key=${1#--}; { echo "$key: $2"; grep -v "^$key:" "$conf"; } >"$STATE/new"; cat "$STATE/new" >"$conf" ;;
        esac
        shift 2
    done ;;
guest | exec) [ ! -e "$STATE/mute" ] ;;
*) exit 9 ;;
esac
`

const pveConf = "agent: 1\nmemory: 64\nnet0: virtio=AA:BB:CC:00:00:01,bridge=vmbr0,firewall=1\nonboot: 1\nscsi0: nas:113/vm-113-disk-0.qcow2,size=32G\n"

func newPVEBed(t *testing.T, lines string, shell ...string) (*bed, actions.Native) {
	t.Helper()
	b := newBed(t, "[node.app]\n[vm.guest]\non = \"app\"\nid = 113\n[repository.nas]\nkind = \"proxmox-storage\"\nstorage = \"nas\"\nspare = 9113\nwait = \"1s\"\n"+lines, shell...)
	for name, text := range pveTools {
		if name == "qm" || name == "pct" {
			text += pveGuest
		}
		b.standIn(name, text)
	}
	for name, text := range map[string]string{"verdict": "OK", "storage": "active", "version": "9.1.4", "brought": pveConf} {
		b.state(name, text)
	}
	for _, dir := range []string{"state/copies", "state/running", "state/archives", "etc/pve/nodes/app/qemu-server", "etc/pve/nodes/app/lxc", "etc/pve/nodes/pve2/qemu-server", "proc"} {
		if err := os.MkdirAll(filepath.Join(b.dir, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	smallFile(t, filepath.Join(b.dir, "proc/meminfo"), "MemTotal: 999999 kB\nMemAvailable: 666666 kB\n")
	b.conf("113", pveConf)
	b.state("running/113", "")
	vm, _ := b.fleet.Target("vm/guest")
	n, err := proxmoxBackups.Native(b.fleet, b.fleet.Repositories[0], *vm)
	if err != nil {
		t.Fatal(err)
	}
	return b, n
}

// conf writes the file of a guest of the node.
func (b *bed) conf(id, text string) { smallFile(b.t, b.confFile(id), text) }

func (b *bed) confFile(id string) string {
	return filepath.Join(b.dir, "etc/pve/nodes/app/qemu-server", id+".conf")
}

// file is the text of a file below the bed's folder.
func (b *bed) file(name string) string { return got(b.t, filepath.Join(b.dir, name)) }

// gone removes files of the stand-ins.
func (b *bed) gone(names ...string) {
	b.t.Helper()
	for _, name := range names {
		if err := os.Remove(filepath.Join(b.dir, "state", name)); err != nil {
			b.t.Fatal(err)
		}
	}
}

// copied has the storage list a copy of a guest.
func (b *bed) copied(id, guest, at, size, notes string) string {
	b.t.Helper()
	at0 := filepath.Join(b.dir, "state/copies", strings.ReplaceAll(id, "/", "+"))
	if err := os.MkdirAll(at0, 0o700); err != nil {
		b.t.Fatal(err)
	}
	for name, text := range map[string]string{"guest": guest, "time": at, "size": size, "notes": notes} {
		if name != "notes" || text != "" {
			smallFile(b.t, filepath.Join(at0, name), text)
		}
	}
	return id
}

var pveIn = map[string]string{actions.InTag: "api", actions.InRun: "r1"}

func pveWith(more ...string) map[string]string {
	in := map[string]string{actions.InTag: "api", actions.InRun: "r1"}
	for i := 0; i < len(more); i += 2 {
		in[more[i]] = more[i+1]
	}
	return in
}

func TestProxmoxStorageCopies(t *testing.T) {
	t.Parallel()
	b, n := newPVEBed(t, "", "busybox", "sh")
	if said := b.does(n.Survey, pveIn); said["trouble"] != "" || said["version"] != "9.1.4" || said["free"] != "8192000000" {
		t.Errorf("survey: %v", said)
	}
	if out := b.run(n.Find, pveIn); out.Exit != 1 {
		t.Errorf("found before it was made: %+v", out)
	}
	theirs := b.copied("nas:backup/vzdump-qemu-113-by-the-cluster.vma.zst", "113", "1700000000", "5000", "guest")
	first := b.does(n.Copy, pveIn)
	if first["copy"] == "" || first["bytes"] != "4096" || first["partial"] != "" || !strings.HasPrefix(first["task"], "UPID:app:") {
		t.Errorf("copy: %v", first)
	}
	again := b.does(n.Copy, pveIn) // the answer was lost
	if again["copy"] != first["copy"] || strings.Count(b.read("calls"), "create /nodes/app/vzdump") != 1 {
		t.Errorf("copied twice: %v\n%s", again, b.read("calls"))
	}
	if said := b.does(n.Find, pveIn); said["copy"] != first["copy"] || said["partial"] != "" {
		t.Errorf("find: %v", said)
	}
	want := "pvesh create /nodes/app/vzdump --vmid 113 --storage nas --mode snapshot --compress zstd --remove 0 --notes-template jurymast backup=api run=r1 begun --output-format json"
	if !strings.Contains(b.read("calls"), want+"\n") {
		t.Errorf("called as %s", b.read("calls"))
	}
	got := b.copiesOf(n.Repository, "api")
	if len(got) != 2 || got[0][0] != first["copy"] || got[0][4] != "complete" || got[0][5] != "r1" || got[1][0] != theirs || got[1][5] != "-" {
		t.Errorf("listed: %v", got)
	}
	// A guest that has gone to another node of the cluster is copied there.
	if err := os.Rename(b.confFile("113"), filepath.Join(b.dir, "etc/pve/nodes/pve2/qemu-server/113.conf")); err != nil {
		t.Fatal(err)
	}
	b.does(n.Copy, pveWith(actions.InRun, "r2"))
	if !strings.Contains(b.read("calls"), "create /nodes/pve2/vzdump --vmid 113") {
		t.Errorf("called as %s", b.read("calls"))
	}
}

// What pvesh ends with says nothing: the task's own word does, and the listing.
func TestProxmoxStorageBelievesTheTask(t *testing.T) {
	t.Parallel()
	b, n := newPVEBed(t, "")
	for verdict, reason := range map[string]string{
		"job errors":        "app did not copy guest 113: job errors; see pvenode task log UPID:app:",
		"unexpected status": "unexpected status",
		"":                  "it does not say how it ended",
	} {
		b.state("verdict", verdict)
		b.refuses(n.Copy, pveIn, reason)
	}
	b.state("verdict", "OK")
	b.state("lost", "")
	b.refuses(n.Copy, pveIn, "says OK, and nas lists no copy of guest 113 with the mark of this run")
	b.state("elsewhere", "")
	b.refuses(n.Copy, pveIn, `no task was begun: "OK"`)
	b.gone("lost", "elsewhere")
	b.state("pvesh", "<html>502 Bad Gateway</html>")
	b.refuses(n.Copy, pveIn, "is no list of copies")
	b.refuses(n.List, pveIn, "is no list of copies")
	if out := b.run(n.Find, pveIn); out.Exit != 2 {
		t.Errorf("find: %+v", out)
	}
	b.gone("pvesh")
	b.state("verdict", "WARNINGS: 1")
	b.state("warning", "WARN: guest-agent fs-freeze command failed\n")
	if said := b.does(n.Copy, pveIn); said["partial"] != "WARNINGS: 1, WARN: guest-agent fs-freeze command failed" {
		t.Errorf("a task that warns: %v", said)
	}
	if got := b.copiesOf(n.Repository, "api"); len(got) != 1 || got[0][4] != "partial" {
		t.Errorf("listed: %v", got)
	}
	if said := b.does(n.Find, pveIn); said["partial"] == "" {
		t.Errorf("find: %v", said)
	}
	// Cut off between the end of the task and its verdict: no second copy.
	b.copied("nas:backup/vm/113/2026-11-21T01:00:00Z", "113", "1795222800", "77", "jurymast backup=api run=r2 begun")
	in := pveWith(actions.InRun, "r2")
	if out := b.run(n.Find, in); out.Exit != 1 {
		t.Errorf("find: %+v", out)
	}
	before := strings.Count(b.read("calls"), "/vzdump ")
	if said := b.does(n.Copy, in); !strings.Contains(said["partial"], "cut off") || strings.Count(b.read("calls"), "/vzdump ") != before {
		t.Errorf("copy: %v", said)
	}
}

func TestProxmoxStorageTroubles(t *testing.T) {
	t.Parallel()
	b, n := newPVEBed(t, "")
	for name, x := range map[string][2]string{
		"version":   {"7.1-4", "Proxmox VE 7.1-4 cannot note who made a copy"},
		"storage":   {"inactive", "storage nas is inactive on app"},
		"pvesh":     {"<html>", "is no list of copies"},
		"no-quorum": {"", "is no quorum"},
	} {
		was := b.read(name)
		b.state(name, x[0])
		if name == "no-quorum" {
			smallFile(t, filepath.Join(b.dir, "etc/pve/corosync.conf"), "")
			x[1] = "no quorum: nothing can be changed"
		}
		if said := b.does(n.Survey, pveIn); !strings.Contains(said["trouble"], x[1]) {
			t.Errorf("%s: %v", name, said)
		}
		if was == "" {
			b.gone(name)
		} else {
			b.state(name, was)
		}
	}
	if err := os.RemoveAll(filepath.Join(b.dir, "etc/pve/nodes/app")); err != nil {
		t.Fatal(err)
	}
	for _, s := range []actions.Script{n.Survey, n.Room} {
		if said := b.does(s, pveWith(actions.InInto, "")); !strings.Contains(said["trouble"], "does not see the files of its cluster") || said["present"] != "" {
			t.Errorf("without the cluster's files: %v", said)
		}
	}
	b.refuses(n.Copy, pveIn, "does not see the files of its cluster")
}

func TestProxmoxStorageForgets(t *testing.T) {
	t.Parallel()
	b, n := newPVEBed(t, "")
	for day, notes := range map[string]string{
		"1": "jurymast backup=api run=d1 whole", "2": "jurymast backup=api run=d2 whole", "3": "jurymast backup=api run=d3 whole",
		"4": "jurymast backup=api run=d4 whole", "5": "jurymast backup=other run=d5 whole", "6": "made by hand", "7": "",
	} {
		b.copied("nas:backup/vm/113/day"+day, "113", "176722"+day+"000", "77", notes)
	}
	b.copied("nas:backup/vm/113/unfinished", "113", "1767300000", "1", "jurymast backup=api run=d9 whole")
	b.copied("nas:backup/vm/1130/other", "1130", "1767300000", "77", "jurymast backup=api run=d9 whole")
	smallFile(t, filepath.Join(b.dir, "state/copies/nas:backup+vm+113+day1/protected"), "")
	if said := b.does(*n.Forget, pveWith("KEEP_LAST", "1")); said["removed"] != "2" {
		t.Errorf("forget: %v", said)
	}
	var left []string
	for _, c := range b.copiesOf(n.Repository, "api") {
		left = append(left, strings.TrimPrefix(c[0], "nas:backup/vm/113/"))
	}
	if got := strings.Join(left, " "); got != "day7 day6 day5 day4 day1" {
		t.Errorf("left: %s", got)
	}
}

func TestProxmoxStorageVerifies(t *testing.T) {
	t.Parallel()
	needTool(t, "zstd", "gzip", "tar")
	b, n := newPVEBed(t, "")
	archive := func(name, made string) map[string]string {
		t.Helper()
		b.copied("nas:backup/"+name, "113", "1700000000", "77", "")
		b.run(actions.Script{Name: "make.sh", Body: "mkdir -p \"$STATE/tree\" && echo data >\"$STATE/tree/file\" && cd \"$STATE\" && " + made + " >\"archives/" + name + "\""}, nil)
		return pveWith(actions.InCopy, "nas:backup/"+name)
	}
	for name, made := range map[string]string{
		"vzdump-qemu-113-1.vma.zst": "echo image | zstd -q", "vzdump-qemu-113-2.vma.gz": "echo image | gzip", "vzdump-qemu-113-3.vma": "echo image",
		"vzdump-lxc-113-4.tar.zst": "tar -c tree | zstd -q", "vzdump-lxc-113-5.tar": "tar -c tree",
	} {
		if said := b.does(n.Verify, archive(name, made)); said["level"] != "readable" {
			t.Errorf("%s: %v", name, said)
		}
	}
	for name, made := range map[string]string{
		"vzdump-qemu-113-6.vma.zst": "echo image | zstd -q | head -c 15", "vzdump-lxc-113-7.tar.zst": "tar -c tree | zstd -q | head -c 40",
		"vzdump-lxc-113-8.tar.gz": "tar -c tree | gzip | head -c 60", "vzdump-lxc-113-9.tar": "echo image",
	} {
		b.unsound(n.Verify, archive(name, made), true, "is damaged")
	}
	b.state("broken", "")
	b.unsound(n.Verify, archive("vzdump-qemu-113-1.vma.zst", "echo image | zstd -q"), true, "wrong vma extent")
	b.gone("broken")
	b.standIn("zstd", "head -c 3; echo 'zstd: Input/output error' >&2; exit 1\n")
	b.unsound(n.Verify, archive("vzdump-lxc-113-4.tar.zst", "echo stale"), false, "zstd: Input/output error")
	b.standIn("zstd", "kill -9 $$\n")
	b.unsound(n.Verify, archive("vzdump-qemu-113-1.vma.zst", "echo stale"), false, "is whole is not known: ")
	in := pveWith(actions.InCopy, b.copied("nas:backup/vm/113/x", "113", "1700000000", "77", ""))
	if said := b.does(n.Verify, in); said["level"] != "listed" {
		t.Errorf("what nobody has read is %v", said)
	}
	smallFile(t, filepath.Join(b.dir, "state/copies/nas:backup+vm+113+x/state"), "failed")
	b.unsound(n.Verify, in, true, "the server's own verification failed")
	smallFile(t, filepath.Join(b.dir, "state/copies/nas:backup+vm+113+x/state"), "doubtful")
	b.unsound(n.Verify, in, false, "its server's verification says doubtful")
	if got := b.copiesOf(n.Repository, "api"); !slices.ContainsFunc(got, func(c []string) bool { return c[0] == "nas:backup/vm/113/x" && c[4] == "partial" }) {
		t.Errorf("listed: %v", got)
	}
	b.refuses(n.Verify, pveWith(actions.InCopy, "nas:backup/vm/114/y"), "lists no copy nas:backup/vm/114/y of guest 113")
}

func TestProxmoxStorageDrill(t *testing.T) {
	t.Parallel()
	b, n := newPVEBed(t, "disks = \"fast\"\n", "dash")
	id := b.copied("nas:backup/vm/113/2026-11-21T01:00:00Z", "113", "1795222800", "77", "")
	in := pveWith(actions.InCopy, id, actions.InInto, n.Spare)
	if n.Spare != "9113" {
		t.Fatalf("spare: %q", n.Spare)
	}
	if said := b.does(n.Room, in); said["present"] != "no" || said["free"] != "8192000000" || said["trouble"] != "" {
		t.Errorf("room: %v", said)
	}
	live := b.file("etc/pve/nodes/app/qemu-server/113.conf")
	b.state("brought", pveConf+"net1: e1000=AA:BB:CC:00:00:02,bridge=vmbr1,link_down=0\nhostpci0: 0000:01:00.0\nusb0: host=1-1\nserial0: socket\nhookscript: local:snippets/hook\n[old]\nnet2: virtio=X,bridge=vmbr9\n")
	b.does(n.Extract, in)
	want := "pvesh create /nodes/app/qemu --archive " + id + " --unique 1 --storage fast --vmid 9113 --output-format json"
	if !strings.Contains(b.read("calls"), want) {
		t.Errorf("called as %s", b.read("calls"))
	}
	if b.has("state/running/9113") || !strings.Contains(b.file("etc/pve/nodes/app/qemu-server/9113.conf"), "onboot: 0") {
		t.Errorf("brought back: %s", b.file("etc/pve/nodes/app/qemu-server/9113.conf"))
	}
	b.does(n.Extract, in) // once more after a cut
	if said := b.does(n.Room, in); said["present"] != "yes" {
		t.Errorf("room: %v", said)
	}
	b.state("mute", "")
	b.refuses(*n.Try, in, "guest 9113 runs, and does not answer within 1 s")
	b.gone("mute")
	if said := b.does(*n.Try, in); said["level"] != "answered" || said["proof"] != "guest 9113 runs, and its agent answers" {
		t.Errorf("try: %v", said)
	}
	head, _, _ := strings.Cut(b.file("etc/pve/nodes/app/qemu-server/9113.conf"), "[old]")
	if strings.Count(head, ",link_down=1") != 2 || strings.Contains(head, "hostpci") || strings.Contains(head, "usb0") || strings.Contains(head, "hookscript") || !strings.Contains(head, "serial0") {
		t.Errorf("started as %s", head)
	}
	for range 2 {
		b.does(n.Clear, in)
	}
	if b.has("etc/pve/nodes/app/qemu-server/9113.conf") || b.file("etc/pve/nodes/app/qemu-server/113.conf") != live || !b.has("state/running/113") {
		t.Errorf("afterwards: %s", b.file("etc/pve/nodes/app/qemu-server/113.conf"))
	}

	// What was there before is neither taken nor removed.
	b.conf("9113", "name: of somebody\n")
	b.refuses(n.Extract, in, "there is a guest 9113 on app, which this run did not make")
	b.refuses(*n.Try, in, "was not made by run r1")
	b.does(n.Clear, in)
	if !b.has("etc/pve/nodes/app/qemu-server/9113.conf") {
		t.Error("the guest of somebody else was removed")
	}
	b.refuses(n.Extract, pveWith(actions.InCopy, id, actions.InInto, "113"), "guest 113 is the live one")
	if err := os.Remove(b.confFile("9113")); err != nil {
		t.Fatal(err)
	}
	// A restore that failed leaves a guest that is locked: it goes.
	b.state("verdict", "unable to restore VM 9113 - no space left")
	b.refuses(n.Extract, in, "could not be brought back: unable to restore VM 9113 - no space left; see pvenode task log UPID:app:")
	b.does(n.Clear, in)
	if b.has("etc/pve/nodes/app/qemu-server/9113.conf") {
		t.Error("what a failed restore left is there")
	}
	b.state("verdict", "OK")
	b.does(n.Extract, in)
	smallFile(t, filepath.Join(b.dir, "proc/meminfo"), "MemAvailable: 60000 kB\n")
	b.refuses(*n.Try, in, "needs 64 MiB of memory, and app has 58 left")
}

func TestProxmoxStorageRoom(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, conf, state, why string }{
		{"snapshot", pveConf + "[before]\nsnaptime: 1\n", "", "has a snapshot, before, which no copy holds"},
		{"pending is none", pveConf + "[PENDING]\ncores: 2\n", "", ""},
		{"left out", pveConf + "scsi1: nas:113/vm-113-disk-1.qcow2,backup=0\n", "", "nas:113/vm-113-disk-1.qcow2 of guest 113 is in no copy"},
		{"protected", "protection: 1\n" + pveConf, "", "is protected"},
		{"locked", "lock: backup\n" + pveConf, "", "is locked (backup)"},
		{"ha", pveConf, "ha", "HA manages vm:113"},
		{"well", pveConf, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b, n := newPVEBed(t, "")
			b.conf("113", tt.conf)
			if tt.state != "" {
				b.state(tt.state, "")
			}
			said := b.does(n.Room, pveWith(actions.InInto, ""))
			if tt.why == "" && (said["trouble"] != "" || said["present"] != "yes") || !strings.Contains(said["trouble"], tt.why) {
				t.Errorf("said %v", said)
			}
			if tt.why != "" && !strings.Contains(said["trouble"], "(--to)") {
				t.Errorf("it does not say what else can be done: %v", said)
			}
		})
	}
}

// A guest is replaced only when a copy of it as it is now is listed as whole, and
// is brought back from that.
func TestProxmoxStorageInPlace(t *testing.T) {
	t.Parallel()
	b, n := newPVEBed(t, "", "bash", "--posix")
	id := b.copied("nas:backup/vm/113/2026-11-21T01:00:00Z", "113", "1795222800", "77", "")
	in := pveWith(actions.InCopy, id, actions.InInto, "")
	b.refuses(n.Put, in, "guest 113 is there, and no copy of it was made by this run")
	b.state("stuck", "")
	b.refuses(*n.Stop, in, "guest 113 does not stop")
	b.gone("stuck")
	b.does(*n.Stop, in)
	kept := b.does(n.Copy, in)["copy"]
	in["SAID_COPY"] = id
	b.refuses(n.Put, in, "is not listed as whole")
	in["SAID_COPY"] = kept
	b.does(*n.Back, in) // nothing was replaced yet
	if strings.Contains(b.read("calls"), "--force 1 --vmid") {
		t.Errorf("called as %s", b.read("calls"))
	}
	b.does(*n.Start, in)
	b.refuses(n.Put, in, "guest 113 runs")
	b.does(*n.Stop, in)
	b.does(n.Put, in)
	if !strings.Contains(b.read("calls"), "pvesh create /nodes/app/qemu --archive "+id+" --force 1 --vmid 113 --output-format json") {
		t.Errorf("called as %s", b.read("calls"))
	}
	b.does(*n.Start, in)
	if said := b.does(*n.Prove, in); said["level"] != "answered" {
		t.Errorf("prove: %v", said)
	}
	b.does(*n.Stop, in)
	b.does(*n.Back, in)
	if conf := b.file("etc/pve/nodes/app/qemu-server/113.conf"); !strings.Contains(conf, "description: "+kept+"\n") {
		t.Errorf("undone, and there is %s", conf)
	}
}

func TestProxmoxStorageOfAGuestThatIsGone(t *testing.T) {
	t.Parallel()
	b, n := newPVEBed(t, "")
	id := b.copied("nas:backup/vzdump-lxc-113-2026.tar.zst", "113", "1795222800", "77", "")
	in := pveWith(actions.InCopy, id, actions.InInto, "")
	if err := os.Remove(b.confFile("113")); err != nil {
		t.Fatal(err)
	}
	if said := b.does(n.Room, in); said["present"] != "no" || said["trouble"] != "" {
		t.Errorf("room: %v", said)
	}
	b.refuses(n.Copy, in, "no node of this cluster has guest 113")
	b.refuses(n.Put, in, "where a container's disks are to go is not known")
	b, n = newPVEBed(t, "disks = \"fast\"\n")
	b.copied(id, "113", "1795222800", "77", "")
	if err := os.Remove(b.confFile("113")); err != nil {
		t.Fatal(err)
	}
	b.state("brought", "arch: amd64\nrootfs: fast:subvol-113-disk-0,size=8G\n")
	for range 2 {
		b.does(n.Put, in)
	}
	if calls := b.read("calls"); !strings.Contains(calls, "pvesh create /nodes/app/lxc --ostemplate "+id+" --restore 1 --storage fast --vmid 113 ") || strings.Contains(calls, "--force") {
		t.Errorf("called as %s", calls)
	}
	b.does(*n.Start, in)
	if said := b.does(*n.Prove, in); said["proof"] != "guest 113 runs, and a command in it" {
		t.Errorf("prove: %v", said)
	}
	b.does(*n.Back, in)
	if b.has("etc/pve/nodes/app/lxc/113.conf") {
		t.Error("what was made is there after it was undone")
	}
}

func TestProxmoxStoragePlaces(t *testing.T) {
	t.Parallel()
	_, n := newPVEBed(t, "")
	for to, want := range map[string]string{"9114": "9114", "113": "", "99": "", "/srv": "", "app": "", "-1": "", "12345678901": "", "09114": "9114"} {
		if got, err := n.Place(to); got != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v", to, got, err)
		}
	}
}

// What does not fit is found when the inventory is read.
func TestProxmoxStorageTakesGuests(t *testing.T) {
	t.Parallel()
	for of, want := range map[string]string{
		"vm/guest":    "",
		"vm/nameless": "fleet.toml:14:7: repository/nas is of kind proxmox-storage, which cannot copy vm/nameless: which guest of its node it is, is not said",
		"service/web": "fleet.toml:14:7: repository/nas is of kind proxmox-storage, which cannot copy service/web: it is no guest of Proxmox VE",
		"service/as":  "",
		"node/pve":    "cannot copy node/pve: it is no guest",
	} {
		_, err := inventory.Parse("fleet.toml", []byte("[node.pve]\n[vm.guest]\non = \"pve\"\nid = 113\n[vm.nameless]\non = \"pve\"\n[service.web]\nkind = \"redis\"\non = \"guest\"\n[service.as]\nkind = \"proxmox-guest\"\non = \"pve\"\n[backup.x]\nto = [\"nas\"]\nof = \""+of+"\"\n[repository.nas]\nkind = \"proxmox-storage\"\nstorage = \"nas\"\n"), Schema())
		switch {
		case err == nil && want != "":
			t.Errorf("%s is taken", of)
		case err != nil && (want == "" || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: %v", of, err)
		}
	}
}
