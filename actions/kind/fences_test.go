package kind

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"jurymast/actions"
	"jurymast/inventory"
)

// wayFleet is an inventory with one fence or redirect.
func wayFleet(t testing.TB, lines string) *inventory.Fleet {
	t.Helper()
	f, err := inventory.Parse("way.toml", []byte(`[node.pve]
kind = "linux"
address = "10.0.0.1"
[node.nas]
kind = "linux"
address = "10.0.0.2"
[vm.old]
on = "pve"
id = 114
address = "10.0.0.3"
[vm.new]
on = "pve"
address = "10.0.0.4"
[service.db]
kind = "postgres"
on = "old"
standby = ["new"]
`+lines), Schema())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func fenceOf(t testing.TB, lines string) actions.Fence {
	t.Helper()
	f := wayFleet(t, "[fence.f]\nof = \"old\"\n"+lines)
	k, _ := Lookup(f.Fences[0].Kind)
	x, err := k.Fence(f, f.Fences[0])
	if err != nil {
		t.Fatal(err)
	}
	if x.Text == "" || x.Proof == "" || x.Takes <= 0 || x.Grade == actions.GradeNone || x.Host == "" {
		t.Errorf("a fence that does not say what it is: %+v", x)
	}
	return x
}

// tools puts programs of a test ahead of the machine's and gives the scripts a
// root of their own, which it returns.
func tools(t *testing.T, programs map[string]string) string {
	t.Helper()
	root := t.TempDir()
	bin := filepath.Join(root, "bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range programs {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	t.Setenv("JURYMAST_ROOT", root)
	t.Setenv("ROOT", root)
	return root
}

func put(t testing.TB, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func got(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func exit(t testing.TB, s actions.Script, in map[string]string) int {
	t.Helper()
	return runFully(t.Context(), t, s.With(in)).Exit
}

// fakeQM is a guest of Proxmox VE: its state lies in $ROOT.
const fakeQM = `case $1 in
status) [ "$(cat $ROOT/owner)" = here ] || { echo "Configuration file 'nodes/pve/qemu-server/$2.conf' does not exist" >&2; exit 255; }; echo "status: $(cat $ROOT/state)" ;;
config) cat $ROOT/config ;;
set) [ "$3" = --onboot ] && echo "onboot: $4" >$ROOT/config ;;
stop) echo "stop $*" >>$ROOT/log; [ -e $ROOT/lies ] || [ -e $ROOT/ha ] || echo stopped >$ROOT/state ;;
start) echo running >$ROOT/state ;;
esac
`

const fakeHA = `case "$1 $2" in
'config ') [ ! -e $ROOT/ha ] || printf 'vm:114\n\tstate %s\n' "$(cat $ROOT/ha)" ;;
'config vm:114') printf 'vm:114\n\tstate %s\n' "$(cat $ROOT/ha)" ;;
'set vm:114') echo "$4" >$ROOT/ha; case $4 in stopped) echo stopped >$ROOT/state ;; started) echo running >$ROOT/state ;; esac ;;
esac
`

func TestFenceProxmox(t *testing.T) {
	x := fenceOf(t, "kind = \"proxmox-vm\"\ntakes = \"2s\"\n")
	if x.Grade != actions.GradePower || x.Host != "node/pve" || !strings.Contains(x.Text, "114") {
		t.Errorf("%+v", x)
	}
	root := tools(t, map[string]string{"qm": fakeQM, "ha-manager": fakeHA, "pvecm": "exit ${QUORUM-0}\n"})
	state := func(name, text string) { put(t, filepath.Join(root, name), text+"\n") }
	state("owner", "here")
	state("state", "running")
	state("config", "onboot: 1")

	if exit(t, x.Survey, nil) != 0 || exit(t, x.Verify, nil) == 0 {
		t.Error("a guest that runs is taken for one that is off, or cannot be surveyed")
	}
	must(t, x.Do, nil)
	must(t, x.Do, nil)
	must(t, x.Verify, nil)
	if got(t, root+"/config") != "onboot: 0\n" {
		t.Errorf("it would start with its node: %s", got(t, root+"/config"))
	}
	must(t, *x.Release, nil)
	if got(t, root+"/config") != "onboot: 1\n" || got(t, root+"/state") != "running\n" {
		t.Errorf("released: %s %s", got(t, root+"/config"), got(t, root+"/state"))
	}

	// A fence that lies is found out; a guest of another node is not known.
	state("lies", "yes")
	if exit(t, x.Do, nil) == 0 || exit(t, x.Verify, nil) == 0 {
		t.Error("a stop that did nothing is believed")
	}
	state("owner", "elsewhere")
	if exit(t, x.Survey, nil) == 0 || exit(t, x.Verify, nil) == 0 || exit(t, x.Do, nil) == 0 {
		t.Error("a guest of another node is taken for one that is off")
	}
	state("owner", "here")

	// What HA manages is stopped by HA.
	state("ha", "started")
	state("state", "running")
	must(t, x.Do, nil)
	must(t, x.Verify, nil)
	state("ha", "started") // somebody asks for it again
	if exit(t, x.Verify, nil) == 0 {
		t.Error("a guest that HA is about to start is taken for one that is off")
	}

	put(t, root+"/etc/pve/corosync.conf", "")
	t.Setenv("QUORUM", "2")
	if r := runFully(t.Context(), t, x.Survey); r.Exit == 0 || !strings.Contains(string(r.Stderr), "quorum") {
		t.Errorf("without quorum: %d %s", r.Exit, r.Stderr)
	}
}

func TestFenceCloud(t *testing.T) {
	x := fenceOf(t, "kind = \"hcloud-server\"\non = \"nas\"\ntakes = \"4s\"\ntoken = { env = \"T\" }\n")
	root := tools(t, map[string]string{"hcloud": `[ "$HCLOUD_TOKEN" = canary ] || { echo 'hcloud: no token' >&2; exit 1; }
case $2 in
describe) [ "$3" = old ] || { echo "hcloud: server not found: $3" >&2; exit 1; }; cat $ROOT/state ;;
poweroff) if [ -e $ROOT/locked ]; then rm $ROOT/locked; echo 'hcloud: server is locked (locked)' >&2; exit 1; fi; echo off >$ROOT/state ;;
poweron) echo running >$ROOT/state ;;
esac
`})
	token := func(s actions.Script) actions.Script {
		if len(s.Keep) != 1 {
			t.Errorf("%s keeps %v", s.Name, s.Keep)
		}
		s.Secrets = map[string]string{"HCLOUD_TOKEN": "canary"}
		return s
	}
	put(t, root+"/state", "running\n")
	put(t, root+"/locked", "")
	if exit(t, token(x.Verify), nil) == 0 || exit(t, x.Verify, nil) == 0 {
		t.Error("a server that runs, or is not known, is taken for one that is off")
	}
	must(t, token(x.Survey), nil)
	must(t, token(x.Do), nil)
	must(t, token(x.Verify), nil)
	must(t, token(*x.Release), nil)
	if exit(t, token(x.Verify), nil) == 0 {
		t.Error("released, it still counts as off")
	}
}

func TestFenceNFS(t *testing.T) {
	x := fenceOf(t, "kind = \"nfs-export\"\non = \"nas\"\n")
	// exportfs keeps its table in a file. A session whose export is still there
	// comes back when it is ended, as the kernel's do.
	root := tools(t, map[string]string{"exportfs": `case $1 in
-s) cat $ROOT/table ;;
-u) grep -v "^${2#*:}  ${2%%:*}(" $ROOT/table >$ROOT/t2; mv $ROOT/t2 $ROOT/table ;;
-ra) sed -n 's/^\([^# ][^ ]*\) *\(.*\)$/\1 \2/p' $ROOT/etc/exports | awk '{ for (i = 2; i <= NF; i++) print $1 "  " $i }' >$ROOT/table ;;
esac
`})
	exports := "# what we export\n/srv/a 10.0.0.3(rw,sync) 10.0.0.4(rw)\n\"/srv/b\"   10.0.0.3(rw)\n/srv/c 10.0.0.4(rw)\n"
	put(t, root+"/etc/exports", exports)
	table := "/srv/a  10.0.0.3(sync,rw)\n/srv/a  10.0.0.4(rw)\n/srv/b  10.0.0.3(rw)\n/srv/c  10.0.0.4(rw)\n"
	put(t, root+"/table", table)
	session := filepath.Join(root, "proc/fs/nfsd/clients/4")
	put(t, session+"/info", "clientid: 0x1\naddress: \"10.0.0.3:1009\"\nstatus: confirmed\n")
	other := filepath.Join(root, "proc/fs/nfsd/clients/5")
	put(t, other+"/info", "clientid: 0x2\naddress: \"10.0.0.30:1009\"\n")

	must(t, x.Survey, nil)
	if exit(t, x.Verify, nil) == 0 {
		t.Error("a host that everything is exported to counts as fenced")
	}
	must(t, x.Do, nil)
	if got(t, session+"/ctl") != "expire\n" {
		t.Error("its session was not ended")
	}
	if _, err := os.Stat(other + "/ctl"); err == nil {
		t.Error("the session of another host was ended")
	}
	if exit(t, x.Verify, nil) == 0 {
		t.Error("a session that is still there counts as gone")
	}
	if err := os.RemoveAll(session); err != nil {
		t.Fatal(err)
	}
	must(t, x.Verify, nil)
	// Where something else is exported to it, it comes back at once as another, which
	// reaches nothing of what was withdrawn.
	again := filepath.Join(root, "proc/fs/nfsd/clients/6")
	put(t, again+"/info", "clientid: 0x3\naddress: \"10.0.0.3:1009\"\nstatus: confirmed\n")
	must(t, x.Verify, nil)
	put(t, again+"/info", "address: \"10.0.0.3:1009\"\nstatus: confirmed\n")
	if exit(t, x.Verify, nil) == 0 {
		t.Error("a session of which it is not known when it was made counts as a later one")
	}
	if err := os.RemoveAll(again); err != nil {
		t.Fatal(err)
	}
	must(t, x.Do, nil)
	must(t, x.Verify, nil)
	must(t, x.Survey, nil)
	if now := got(t, root+"/table"); now != "/srv/a  10.0.0.4(rw)\n/srv/c  10.0.0.4(rw)\n" {
		t.Errorf("exported is\n%s", now)
	}
	// A restart of the server reads the file: it must not bring them back.
	if out, err := exec.CommandContext(t.Context(), "exportfs", "-ra").CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	must(t, x.Verify, nil)
	must(t, *x.Release, nil)
	must(t, *x.Release, nil)
	if now := got(t, root+"/etc/exports"); now != exports {
		t.Errorf("released, the file is\n%s", now)
	}
	if exit(t, x.Verify, nil) == 0 {
		t.Error("released, it still counts as fenced")
	}
	// Withdrawn, and cut off before a session was ended.
	put(t, root+"/etc/exports", "#jurymast-fence:off /srv/b 10.0.0.3(rw)\n# /srv/b\n")
	put(t, root+"/table", "/srv/c  10.0.0.4(rw)\n")
	put(t, session+"/info", "clientid: 0x1\naddress: \"10.0.0.3:1009\"\nstatus: confirmed\n")
	if r := runFully(t.Context(), t, x.Verify); r.Exit != 1 || !strings.Contains(string(r.Stderr), "still has a session") {
		t.Errorf("a session of which nobody noted that it was ended: %d %s", r.Exit, r.Stderr)
	}
	if err := os.RemoveAll(session); err != nil {
		t.Fatal(err)
	}
	put(t, root+"/etc/exports", exports)
	put(t, root+"/table", table+"/srv/b  10.0.0.0/24(rw)\n")
	if r := runFully(t.Context(), t, x.Survey); r.Exit == 0 || !strings.Contains(string(r.Stderr), "10.0.0.0/24") {
		t.Errorf("a host that is exported to by its network: %d %s", r.Exit, r.Stderr)
	}
}

func TestFenceUnits(t *testing.T) {
	x := fenceOf(t, "kind = \"ssh-stop\"\nunits = [\"a.service\", \"b.service\"]\n")
	if x.Grade != actions.GradeStopped || x.Host != "vm/old" {
		t.Errorf("%+v", x)
	}
	root := tools(t, map[string]string{"systemctl": `for u; do :; done
[ "$1" = --no-ask-password ] && shift
case $1 in
show)
    [ -e $ROOT/$u ] || { case $4 in LoadState) echo LoadState=not-found ;; ActiveState) echo ActiveState=inactive ;; MainPID) echo MainPID=0 ;; esac; exit 0; }
    sed -n "s/^$4=/&/p" $ROOT/$u ;;
stop) sed -i 's/^ActiveState=.*/ActiveState=inactive/; s/^MainPID=.*/MainPID=0/' $ROOT/$u ;;
mask) sed -i 's/^LoadState=.*/LoadState=masked/' $ROOT/$u ;;
unmask) sed -i 's/^LoadState=.*/LoadState=loaded/' $ROOT/$u ;;
esac
`})
	put(t, root+"/a.service", "LoadState=loaded\nActiveState=active\nMainPID=7\n")
	if exit(t, x.Survey, nil) == 0 || exit(t, x.Do, nil) == 0 || exit(t, x.Verify, nil) == 0 {
		t.Error("a unit that is not there counts as stopped")
	}
	put(t, root+"/b.service", "LoadState=loaded\nActiveState=active\nMainPID=8\n")
	must(t, x.Survey, nil)
	must(t, x.Do, nil)
	must(t, x.Do, nil)
	must(t, x.Verify, nil)
	must(t, *x.Release, nil)
	if exit(t, x.Verify, nil) == 0 {
		t.Error("units that can be started count as fenced")
	}
}

func TestFenceShell(t *testing.T) {
	x := fenceOf(t, `kind = "shell"
on = "nas"
do = "echo $NAME $ADDRESS $SECRET >$ROOT/done"
proof = "[ -e $ROOT/broken ] && exit 7; grep -q 'old 10.0.0.3 canary' $ROOT/done"
release = "rm $ROOT/done"
grade = "power"
secret = { env = "S" }
proof_on = "pve"
`)
	if x.Grade != actions.GradePower || x.On != "node/pve" {
		t.Errorf("%+v", x)
	}
	root := tools(t, nil)
	give := func(s actions.Script) actions.Script {
		s.Secrets = map[string]string{"SECRET": "canary"}
		return s
	}
	put(t, root+"/done", "")
	must(t, give(x.Survey), nil) // the proof says no, which is an answer
	if exit(t, give(x.Verify), nil) != 1 {
		t.Error("it is proven before it is done")
	}
	must(t, give(x.Do), nil)
	must(t, give(x.Verify), nil)
	put(t, root+"/broken", "")
	if exit(t, give(x.Survey), nil) == 0 {
		t.Error("a proof that does not work is no answer")
	}
	must(t, give(*x.Release), nil)
}

// network makes three hosts in namespaces, a and b behind the router r, and
// returns what runs a program in one.
func network(t *testing.T) func(ns string, args ...string) *exec.Cmd {
	t.Helper()
	ip := needed(t, "ip", "iproute2")
	needed(t, "ping", "iputils-ping")
	id := fmt.Sprintf("jm%d", freePort(t))
	in := func(ns string, args ...string) *exec.Cmd {
		return exec.CommandContext(t.Context(), ip, append([]string{"netns", "exec", id + ns}, args...)...)
	}
	run := func(args ...string) {
		t.Helper()
		if out, err := exec.CommandContext(t.Context(), ip, args...).CombinedOutput(); err != nil {
			t.Fatalf("ip %v: %v %s", args, err, out)
		}
	}
	for _, ns := range []string{"a", "b", "r"} {
		if out, err := exec.CommandContext(t.Context(), ip, "netns", "add", id+ns).CombinedOutput(); err != nil {
			t.Skipf("not tested: no network of one's own can be made here: %s", strings.TrimSpace(string(out)))
		}
		t.Cleanup(func() { _ = exec.Command(ip, "netns", "del", id+ns).Run() })
	}
	for i, ns := range []string{"a", "b"} {
		run("link", "add", "e0", "netns", id+ns, "type", "veth", "peer", "name", "to"+ns, "netns", id+"r")
		run("-n", id+ns, "addr", "add", fmt.Sprintf("10.%d.0.2/24", i+1), "dev", "e0")
		run("-n", id+"r", "addr", "add", fmt.Sprintf("10.%d.0.1/24", i+1), "dev", "to"+ns)
		run("-n", id+ns, "link", "set", "e0", "up")
		run("-n", id+ns, "link", "set", "lo", "up")
		run("-n", id+"r", "link", "set", "to"+ns, "up")
		run("-n", id+ns, "route", "add", "default", "via", fmt.Sprintf("10.%d.0.1", i+1))
	}
	if out, err := in("r", "sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward").CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	return in
}

// within runs a script in a namespace.
func within(t *testing.T, cmd func(ns string, args ...string) *exec.Cmd, ns string, s actions.Script, in map[string]string) (int, string) {
	t.Helper()
	text, _, err := s.With(in).Render()
	if err != nil {
		t.Fatal(err)
	}
	c := cmd(ns, "dash", "-s")
	c.Stdin = strings.NewReader(text)
	out, _ := c.CombinedOutput()
	return c.ProcessState.ExitCode(), string(out)
}

func TestFenceNetwork(t *testing.T) {
	t.Parallel()
	needed(t, "nft", "nftables")
	x := fenceOf(t, "kind = \"network-cut\"\non = \"pve\"\nseen_from = \"new\"\naddress = \"10.1.0.2\"\nports = [\"22\"]\n")
	if x.On != "vm/new" || x.Host != "node/pve" {
		t.Errorf("%+v", x)
	}
	run := network(t)
	script := func(ns string, s actions.Script) (int, string) { return within(t, run, ns, s, nil) }
	if out, err := run("b", "ping", "-c", "1", "-W", "2", "10.1.0.2").CombinedOutput(); err != nil {
		t.Fatalf("the test's network does not work: %s", out)
	}
	if code, out := script("b", x.Verify); code == 0 || !strings.Contains(out, "still answers") {
		t.Errorf("a host that answers counts as cut off: %s", out)
	}
	if code, out := script("r", x.Survey); code != 0 {
		t.Fatal(out)
	}
	// A host that is dead does not answer either: that alone is no fence.
	link := func(how string) {
		if out, err := run("a", "ip", "link", "set", "e0", how).CombinedOutput(); err != nil {
			t.Fatalf("%v %s", err, out)
		}
	}
	link("down")
	if code, out := script("b", x.Verify); code != 0 {
		t.Errorf("a dead host answers: %s", out)
	}
	if code, out := script("r", *x.Stands); code == 0 || !strings.Contains(out, "there are no rules for it") {
		t.Errorf("a dead host counts as cut off: %d %s", code, out)
	}
	link("up")
	if out, err := run("a", "ip", "route", "replace", "default", "via", "10.1.0.1").CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	for range 2 {
		if code, out := script("r", x.Do); code != 0 {
			t.Fatal(out)
		}
	}
	if code, out := script("r", *x.Stands); code != 0 {
		t.Errorf("cut off: %s", out)
	}
	if code, out := script("b", x.Verify); code != 0 {
		t.Errorf("cut off: %s", out)
	}
	if err := run("r", "ping", "-c", "1", "-W", "1", "10.1.0.2").Run(); err == nil {
		t.Error("the router itself still reaches it")
	}
	for range 2 {
		if code, out := script("r", *x.Release); code != 0 {
			t.Fatal(out)
		}
	}
	if code, _ := script("b", x.Verify); code == 0 {
		t.Error("released, it still counts as cut off")
	}
	if code, _ := script("r", *x.Stands); code == 0 {
		t.Error("released, its rules still stand")
	}
}

func TestFencesThatCannotBe(t *testing.T) {
	for _, tt := range []struct{ lines, why string }{
		{"of = \"old\"\nkind = \"hcloud-server\"\n", "set on"},
		{"of = \"old\"\nkind = \"nfs-export\"\n", "set on"},
		{"of = \"new\"\nkind = \"proxmox-vm\"\n", "set guest"},
		{"of = \"nas\"\nkind = \"proxmox-vm\"\nguest = 7\n", "set on"},
		{"of = \"old\"\nkind = \"network-cut\"\non = \"old\"\nseen_from = \"nas\"\n", "cannot cut itself off"},
		{"of = \"old\"\nkind = \"network-cut\"\non = \"pve\"\nseen_from = \"old\"\n", "on the other side"},
		{"of = \"old\"\nkind = \"nfs-export\"\non = \"nas\"\naddress = \"old.lan\"\n", "has to be a number"},
		{"of = \"db\"\nkind = \"proxmox-vm\"\n", "several hosts"},
		{"of = \"db\"\nkind = \"ssh-stop\"\nunits = [\"x\"]\n", "several hosts"},
		{"of = \"db\"\nkind = \"nfs-export\"\non = \"nas\"\naddress = \"10.0.0.3\"\n", "several hosts"},
		{"of = \"old\"\nkind = \"shell\"\ndo = \"x\"\nproof = \"y\"\n", "set on"},
	} {
		f := wayFleet(t, "[fence.f]\n"+tt.lines)
		k, _ := Lookup(f.Fences[0].Kind)
		if _, err := k.Fence(f, f.Fences[0]); err == nil || !strings.Contains(err.Error(), tt.why) {
			t.Errorf("%s: got %v, want %s", tt.lines, err, tt.why)
		}
	}
}
