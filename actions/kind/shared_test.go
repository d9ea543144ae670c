package kind

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"jurymast/actions"
	"jurymast/inventory"
)

const sharedBed = `
[node.app]
[node.nas]
[node.spare]
[share.files]
kind = "mount"
class = "system"
on = "nas"
path = "/srv/files"
source = "nas:/srv/files"
mounts = [{ on = "app", at = "{DIR}/mnt/app files" }, { on = "spare", at = "{DIR}/mnt/spare" }]
[service.api]
kind = "systemd"
on = "app"
standby = ["spare"]
data = ["files"]
prove = "echo proven"
`

// fakeMounts are mount and umount over a table in the bed's own /proc.
func (b *bed) fakeMounts() {
	b.t.Helper()
	b.standIn("mount", `
while [ $# -gt 2 ]; do shift; done
[ $# = 1 ] && at=$1 || at=$2
[ ! -e "$STATE/no-mount" ] || { echo 'mount: no route to host' >&2; exit 32; }
printf '%s\n' "nas:/srv/files $(printf '%s' "$at" | sed 's/ /\\040/g') nfs4 $(cat "$STATE/mode" 2>/dev/null || echo rw),hard 0 0" >>"$JURYMAST_ROOT/proc/mounts"
`)
	b.standIn("umount", `
[ ! -e "$STATE/busy" ] || { echo 'umount: target is busy' >&2; exit 32; }
grep -vF "$(printf '%s' "$1" | sed 's/ /\\040/g') " "$JURYMAST_ROOT/proc/mounts" >"$STATE/left"
cat "$STATE/left" >"$JURYMAST_ROOT/proc/mounts"
`)
	smallFile(b.t, filepath.Join(b.dir, "proc/mounts"), "/dev/sda1 / ext4 rw 0 0\n")
}

func (b *bed) move(ref string) actions.Move {
	b.t.Helper()
	t, err := b.fleet.Lookup(ref)
	if err != nil {
		b.t.Fatal(err)
	}
	k, _ := Lookup(t.Kind)
	m, err := k.Move(b.fleet, *t)
	if err != nil {
		b.t.Fatal(err)
	}
	return m
}

func TestSystemdMove(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, shell ...string) {
		b := newBed(t, sharedBed, shell...)
		b.standIn("systemctl", fakeSystemctl)
		b.standIn("sleep", "")
		b.fakeMounts()
		m := b.move("service/api")
		if m.Shape != "shared" {
			t.Fatalf("shape %s", m.Shape)
		}
		const app, spare = inventory.Ref("node/app"), inventory.Ref("node/spare")
		in := map[string]string{actions.InRun: "r1"}
		role := func(h inventory.Ref) string { t.Helper(); return b.does(m.Survey(h), in)["role"] }
		table := func() string {
			body, err := os.ReadFile(filepath.Join(b.dir, "proc/mounts"))
			if err != nil {
				t.Fatal(err)
			}
			return string(body)
		}
		active := func(h inventory.Ref, want int) {
			t.Helper()
			if out := b.run(m.Active(h), in); out.Exit != want {
				t.Errorf("active: %+v, want %d", out, want)
			}
		}
		// One machine plays both hosts, one after the other.
		b.state("unit", "inactive")
		b.state("enabled", "enabled")
		if role(app) != "stopped" {
			t.Error("a unit that would start by itself is no standby")
		}
		active(app, 1)
		for range 2 {
			b.does(m.Promote(app), in)
		}
		active(app, 0)
		if role(app) != "active" || strings.Count(table(), `app\040files nfs4`) != 1 {
			t.Errorf("promoted: %s", table())
		}
		b.does(m.Verify(app), in)

		b.state("busy", "")
		b.refuses(m.Stop(app), in, "cannot be unmounted")
		if err := os.Remove(filepath.Join(b.dir, "state/busy")); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if said := b.does(m.Stop(app), in); said["enabled"] != "yes" {
				t.Errorf("stop: %v", said)
			}
		}
		if role(app) != "stopped" || b.read("enabled") != "disabled" || b.read("unit") != "inactive" || strings.Contains(table(), "nfs4") {
			t.Errorf("stopped: %s %s %s", b.read("enabled"), b.read("unit"), table())
		}
		active(app, 1)
		for range 2 {
			b.does(m.Resume(app), in)
			if b.read("enabled") != "enabled" && b.read("enabled") != "enabled\n" || !strings.Contains(table(), "nfs4") {
				t.Errorf("resumed: %s %s", b.read("enabled"), table())
			}
		}
		b.does(m.Stop(app), in)
		for _, s := range m.Rejoin(app, spare) {
			b.does(s.Do, in)
			b.does(*s.Verify, in)
		}
		if role(app) != "standby" {
			t.Errorf("rejoined: %s", role(app))
		}
		// Elsewhere it starts by itself only if it did where it was.
		b.does(m.Promote(spare), in)
		if b.read("enabled") != "disabled" {
			t.Error("it starts by itself, which nobody said")
		}
		b.does(m.Promote(spare), map[string]string{"SAID_ENABLED": "yes"})
		if b.read("enabled") != "enabled" {
			t.Error("it does not start by itself, as it did")
		}
		b.state("mode", "ro")
		b.does(m.Rejoin(spare, app)[0].Do, in)
		b.refuses(m.Promote(spare), in, "is mounted read-only")
		if b.read("unit") != "inactive" {
			t.Error("it was started without its data")
		}
		b.does(m.Rejoin(spare, app)[0].Do, in)
		b.state("no-mount", "")
		b.refuses(m.Promote(spare), in, "cannot be mounted")
		b.state("unit", "active")
		if out := b.run(m.Active(app), in); out.Exit != 2 {
			t.Errorf("it runs without its share: %+v", out)
		}
	})
}

func TestMoveShapes(t *testing.T) {
	parse := func(toml string) (actions.Move, error) {
		f, err := inventory.Parse("x", []byte(toml), Schema())
		if err != nil {
			t.Fatal(err)
		}
		target, _ := f.Target("service/api")
		return systemd.Move(f, *target)
	}
	m, err := parse("[node.app]\n[node.spare]\n[service.api]\nkind=\"systemd\"\non=\"app\"\nstandby=[\"spare\"]\ndata=[\"/srv/api\"]\n")
	if err != nil || m.Shape != "restore" {
		t.Errorf("data on its own disk: %s %v", m.Shape, err)
	}
	_, err = parse("[node.app]\n[node.nas]\n[node.spare]\n[share.s]\nkind=\"mount\"\nclass=\"system\"\non=\"nas\"\npath=\"/s\"\nmounts=[{on=\"app\",at=\"/s\"}]\n[service.api]\nkind=\"systemd\"\non=\"app\"\nstandby=[\"spare\"]\ndata=[\"s\"]\n")
	if err == nil || !strings.Contains(err.Error(), "share/s is not mounted on node/spare") {
		t.Errorf("a share that is not there: %v", err)
	}
}

func TestComposeMove(t *testing.T) {
	b := newBed(t, strings.Replace(sharedBed, `kind = "systemd"`, "kind = \"compose\"\nproject = \"shop\"\ndir = \"{DIR}/srv/shop\"", 1))
	b.standIn("docker", fakeDocker)
	b.standIn("sleep", "")
	b.fakeMounts()
	smallFile(t, filepath.Join(b.dir, "srv/shop/compose.yaml"), "services: {}\n")
	if err := os.MkdirAll(filepath.Join(b.dir, "state/containers"), 0o700); err != nil {
		t.Fatal(err)
	}
	m := b.move("service/api")
	const app, spare = inventory.Ref("node/app"), inventory.Ref("node/spare")
	in := map[string]string{actions.InRun: "r1"}
	role := func() string { t.Helper(); return b.does(m.Survey(app), in)["role"] }
	active := func(want int) {
		t.Helper()
		if out := b.run(m.Active(app), in); out.Exit != want {
			t.Errorf("active: %+v, want %d", out, want)
		}
	}
	if m.Shape != "shared" || role() != "standby" {
		t.Errorf("shape %s, role %s", m.Shape, role())
	}
	active(1)
	for range 2 {
		b.does(m.Promote(app), in)
	}
	active(0)
	b.does(m.Verify(app), in)
	for range 2 {
		b.does(m.Stop(app), in)
		if got := b.read("containers/c1") + " " + b.read("policy-c1") + " " + role(); got != "exited none no:0 stopped" {
			t.Errorf("stopped: %s", got)
		}
	}
	active(1)
	b.does(m.Resume(app), in)
	if got := b.read("containers/c1") + " " + b.read("policy-c1"); got != "running none always:0" {
		t.Errorf("resumed: %s", got)
	}
	b.does(m.Stop(app), in)
	for range 2 {
		for _, s := range m.Rejoin(app, spare) {
			b.does(s.Do, in)
			b.does(*s.Verify, in)
		}
	}
	if role() != "standby" {
		t.Errorf("rejoined: %s", role())
	}
	b.does(m.Promote(app), in)
	if got := b.read("policy-c1"); got != "always:0" {
		t.Errorf("it does not start by itself as it did: %s", got)
	}
	if err := os.Truncate(filepath.Join(b.dir, "proc/mounts"), 0); err != nil {
		t.Fatal(err)
	}
	active(2)
	b.refuses(m.Verify(app), in, "is not mounted to be written")
	b.state("down", "")
	active(2)
	b.refuses(m.Stop(app), in, "docker does not answer")
}

// A unit of which systemd tells nothing is no standby.
func TestSystemdMoveOfAUnitThatIsNotTold(t *testing.T) {
	t.Parallel()
	b := newBed(t, "[node.app]\n[node.other]\n[service.api]\nkind = \"systemd\"\non = \"app\"\nstandby = [\"other\"]\n")
	b.standIn("systemctl", fakeSystemctl)
	for state, want := range map[string]string{"inactive": "", "maintenance": "whether api.service runs is not known: it is maintenance"} {
		b.state("unit", state)
		if said := b.does(b.move("service/api").Survey("node/other"), nil); said["trouble"] != want || (said["role"] == "standby") != (want == "") {
			t.Errorf("%s: %v", state, said)
		}
	}
	b.state("unit", "inactive")
	b.state("mute", "")
	if said := b.does(b.move("service/api").Survey("node/other"), nil); !strings.Contains(said["trouble"], "in no state that systemd tells") || said["role"] != "" {
		t.Errorf("%v", said)
	}
}
