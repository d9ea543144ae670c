package kind

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"jurymast/actions"
)

// standIn puts a stand-in for a tool into the bed's PATH. It keeps its state in
// the folder $STATE, and notes its calls there in "calls".
func (b *bed) standIn(name, text string) {
	b.t.Helper()
	bin, state := filepath.Join(b.dir, "bin"), filepath.Join(b.dir, "state")
	for _, d := range []string{bin, state} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			b.t.Fatal(err)
		}
	}
	text = "#!/bin/sh\nprintf '%s\\n' \"" + name + " $*\" >>\"$STATE/calls\"\n" + text
	if err := os.WriteFile(filepath.Join(bin, name), []byte(text), 0o700); err != nil {
		b.t.Fatal(err)
	}
	b.env = []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "STATE=" + state, "JURYMAST_ROOT=" + b.dir}
}

func (b *bed) state(name, text string) {
	b.t.Helper()
	smallFile(b.t, filepath.Join(b.dir, "state", name), text)
}

func (b *bed) read(name string) string {
	b.t.Helper()
	body, err := os.ReadFile(filepath.Join(b.dir, "state", name))
	if err != nil && !os.IsNotExist(err) {
		b.t.Fatal(err)
	}
	return strings.TrimSpace(string(body))
}

// fakeSystemctl has one unit, whose state is in "unit": active, inactive, or
// dies, which becomes failed as soon as it was started.
const fakeSystemctl = `
unit=$(cat "$STATE/unit" 2>/dev/null)
case $1 in
start)
    [ "$unit" != broken ] || exit 1
    if [ "$unit" = dies ]; then echo failed >"$STATE/unit"; else echo active >"$STATE/unit"; fi ;;
stop) [ "$unit" = stuck ] || echo inactive >"$STATE/unit" ;;
enable | disable) echo "$1d" >"$STATE/enabled" ;;
is-enabled) cat "$STATE/enabled" ;;
show)
    case $4 in
    LoadState) if [ -n "$unit" ]; then echo LoadState=loaded; else echo LoadState=not-found; fi ;;
    ActiveState) [ ! -e "$STATE/mute" ] || exit 1; case $unit in stuck) echo ActiveState=active ;; '') echo ActiveState=inactive ;; *) echo "ActiveState=$unit" ;; esac ;;
    NRestarts) echo NRestarts=0 ;;
    Result) echo Result=success ;;
    Type) echo Type=simple ;;
    UnitFileState) echo "UnitFileState=$(cat "$STATE/enabled" 2>/dev/null)" ;;
    esac ;;
esac
exit 0
`

func TestSystemdHoldAndFree(t *testing.T) {
	b := newBed(t, "[node.app]\n[service.api]\nkind = \"systemd\"\non = \"app\"\nquiesce = \"stop\"\ndata = [\"{DIR}/srv/data\", \"{DIR}/srv/data/sub\"]\nprove = \"echo proven\"\n")
	b.standIn("systemctl", fakeSystemctl)
	b.standIn("sleep", "")
	d := b.data("service/api")
	if want := []string{filepath.Join(b.dir, "srv/data")}; !slices.Equal(d.Paths, want) || !d.HoldsDown || d.HoldText != "stop api.service" {
		t.Errorf("data: %+v", d)
	}
	in := map[string]string{actions.InRun: "r1"}
	for _, was := range []string{"active", "inactive"} {
		b.state("unit", was)
		for range 2 { // as after a cut
			b.does(*d.Hold, in)
			if b.read("unit") != "inactive" {
				t.Errorf("held, and it is %s", b.read("unit"))
			}
		}
		for range 2 {
			b.does(*d.Free, in)
			if b.read("unit") != was {
				t.Errorf("it was %s and is %s", was, b.read("unit"))
			}
		}
	}
	b.state("unit", "active")
	b.state("mute", "")
	b.refuses(*d.Hold, map[string]string{actions.InRun: "r2"}, "whether api.service runs is not known: it is in no state that systemd tells")
	b.unstate("mute")
	b.state("unit", "maintenance")
	b.refuses(*d.Hold, map[string]string{actions.InRun: "r2"}, "whether api.service runs is not known: it is maintenance")
	b.state("unit", "active")
	if said := b.does(*d.Prove, in); said["level"] != "answered" || !strings.Contains(said["proof"], "proven") {
		t.Errorf("prove: %v", said)
	}
	b.does(*d.Stop, in)
	b.refuses(*d.Prove, in, "api.service is inactive")
	b.does(*d.Start, in)
	for state, reason := range map[string]string{"stuck": "was stopped, and is active", "": "there is no such unit"} {
		b.state("unit", state)
		b.refuses(*d.Stop, in, reason)
	}
	for state, reason := range map[string]string{"dies": "is failed", "broken": "does not start"} {
		b.state("unit", state)
		b.refuses(*d.Start, in, reason)
	}
}

// fakeDocker has the containers that are files in containers/: "STATUS HEALTH".
const fakeDocker = `
c=$STATE/containers
case $1 in
info) [ ! -e "$STATE/down" ] || { echo 'Cannot connect to the Docker daemon' >&2; exit 1; } ;;
ps)
    [ ! -e "$STATE/down" ] || exit 1
    case "$*" in *=shop*) ;; *) exit 0 ;; esac
    for id in $(ls "$c"); do
        read -r status health <"$c/$id"
        case "$*:$status" in *" -a"*:* | *status=running:running | *:running | *:paused) case "$*:$status" in *status=running:paused) ;; *) echo "$id" ;; esac ;; esac
    done ;;
pause | unpause | start | stop)
    verb=$1
    shift
    for id in "$@"; do
        read -r status health <"$c/$id"
        [ -n "$status" ] || exit 1
        [ "$health" != stuck ] || exit 1
        case $verb in pause) status=paused ;; stop) status=exited ;; *) status=running ;; esac
        echo "$status $health" >"$c/$id"
    done ;;
update)
    policy=${2#*=}
    shift 2
    for id in "$@"; do echo "$policy:0" >"$STATE/policy-$id"; done ;;
compose)
    [ -f compose.yaml ] || exit 1
    for id in c1 c2; do echo 'running none' >"$c/$id"; done ;;
inspect)
    format=$5
    shift 5
    for id in "$@"; do
        read -r status health <"$c/$id"
        [ -n "$status" ] || exit 1
        [ "$health" != mute ] || { echo 'Error response from daemon: context deadline exceeded' >&2; exit 1; }
        case $format in
        *Mounts*) cat "$STATE/mounts" ;;
        *ExitCode*) echo "$status 0 ${health:-none} always /$id" ;;
        *RestartPolicy.Max*) echo "$id $(cat "$STATE/policy-$id" 2>/dev/null || echo always:0)" ;;
        *Paused*) if [ "$status" = running ]; then echo true false false; else echo false false false; fi ;;
        *) echo "$status" ;;
        esac
    done ;;
esac
exit 0
`

func TestComposeHoldAndFree(t *testing.T) {
	t.Parallel()
	for _, quiesce := range []string{"pause", "stop"} {
		t.Run(quiesce, func(t *testing.T) {
			b := newBed(t, "[node.app]\n[service.web]\nkind = \"compose\"\nproject = \"shop\"\non = \"app\"\nquiesce = \""+quiesce+"\"\ndata = [\"{DIR}/srv/named\"]\n")
			b.standIn("docker", fakeDocker)
			b.standIn("sleep", "")
			b.state("containers/c1", "running healthy")
			b.state("containers/c2", "running none")
			b.state("containers/c3", "exited none")
			for _, p := range []string{"srv/named/in", "volumes/db", "volumes/db-2", "volumes/db/in"} {
				smallFile(t, filepath.Join(b.dir, p, "file"), "1")
			}
			b.state("mounts", strings.Join([]string{filepath.Join(b.dir, "volumes/db"), filepath.Join(b.dir, "volumes/db-2"), filepath.Join(b.dir, "volumes/db/in"),
				filepath.Join(b.dir, "srv/named/in"), "/var/run/docker.sock", "/etc/localtime", "/"}, "\n")+"\n")
			d := b.data("service/web")
			said := b.does(d.Survey, nil)
			for name, want := range map[string]string{"path-1": "srv/named", "path-2": "volumes/db", "path-3": "volumes/db-2"} {
				if said[name] != filepath.Join(b.dir, want) {
					t.Errorf("survey: %s is %q, want %s", name, said[name], want)
				}
			}
			if said["path-4"] != "" || said["trouble"] != "" {
				t.Errorf("survey: %v", said)
			}
			in := map[string]string{actions.InRun: "r1"}
			for range 2 {
				b.does(*d.Hold, in)
				if got := b.read("containers/c1") + b.read("containers/c2") + b.read("containers/c3"); strings.Contains(got, "running") {
					t.Errorf("held: %s", got)
				}
			}
			for range 2 {
				b.does(*d.Free, in)
				if b.read("containers/c1") != "running healthy" || b.read("containers/c2") != "running none" || b.read("containers/c3") != "exited none" {
					t.Error("it is not as it was")
				}
			}
			b.does(*d.Stop, in)
			b.refuses(*d.Prove, in, "c1 is exited")
			b.does(*d.Start, in)
			if b.read("containers/c3") != "exited none" {
				t.Error("a container was started that had not run")
			}
			b.state("containers/c3", "running none")
			if said := b.does(*d.Prove, in); said["level"] != "started" || !strings.HasPrefix(said["proof"], "3 containers") {
				t.Errorf("prove: %v", said)
			}
			b.state("containers/c3", "running unhealthy")
			b.refuses(*d.Prove, in, "/c3 is running, unhealthy")
			b.state("containers/c2", "running stuck")
			b.refuses(*d.Hold, map[string]string{actions.InRun: "r2"}, "container c2 cannot be")
			b.state("containers/c2", "running mute")
			b.refuses(*d.Hold, map[string]string{actions.InRun: "r2"}, "whether container c2 runs is not known: Error response from daemon: context deadline exceeded")
			b.state("containers/c2", "running none")
			b.does(*d.Free, map[string]string{actions.InRun: "r2"})
			b.state("down", "")
			b.refuses(*d.Hold, map[string]string{actions.InRun: "r3"}, "docker does not answer")
			if said := b.does(d.Survey, nil); !strings.Contains(said["trouble"], "docker does not answer: Cannot connect") {
				t.Errorf("survey: %v", said)
			}
		})
	}
}

// A service whose data lies on another host has none to copy here, and can be
// stopped all the same.
func TestDataElsewhere(t *testing.T) {
	b := newBed(t, "[node.app]\n[node.nas]\n[share.files]\nkind = \"files\"\nclass = \"system\"\non = \"nas\"\npath = \"/srv/files\"\nmounts = [{ on = \"app\", at = \"/mnt/files\" }]\n[service.api]\nkind = \"systemd\"\non = \"app\"\ndata = [\"files\"]\n[service.f]\nkind = \"files\"\non = \"app\"\ndata = [\"files\"]\n")
	d := b.data("service/api")
	if said := b.does(d.Survey, nil); !strings.Contains(said["trouble"], "lies on node/nas: copy share/files instead") || d.Stop == nil {
		t.Errorf("survey: %v", said)
	}
	target, _ := b.fleet.Lookup("service/f")
	if _, err := files.Data(b.fleet, *target); err == nil || !strings.Contains(err.Error(), "copy share/files instead") {
		t.Errorf("%v", err)
	}
}
