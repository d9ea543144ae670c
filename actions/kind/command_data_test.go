package kind

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"jurymast/actions"
	"jurymast/inventory"
)

// A system that no kind knows, described by lines of shell: its data is the
// file "live", and it runs while "on" is there.
const commandBed = `
[node.app]
[node.spare]
[service.wiki]
kind = "command"
on = "app"
standby = ["spare"]
command = "true"
dump = "cp \"$ROOT/live\" \"$STAGE/dump\" && echo '@bytes 7' && echo dumped"
restore = "test -e \"$ROOT/live$ASIDE\" || mv \"$ROOT/live\" \"$ROOT/live$ASIDE\"; cp \"$FROM/dump\" \"$ROOT/live\""
undo_restore = "if test -e \"$ROOT/live$ASIDE\"; then mv \"$ROOT/live$ASIDE\" \"$ROOT/live\"; fi"
hold = "touch \"$ROOT/held\""
release = "rm -f \"$ROOT/held\""
stop = "rm -f \"$ROOT/on\""
start = "touch \"$ROOT/on\""
active = "test -e \"$ROOT/on\""
prove = "cat \"$ROOT/live\""
try = "cp \"$FROM/dump\" \"$ROOT/tried-$PORT\" && grep -c . \"$ROOT/tried-$PORT\""
clear = "rm -f \"$ROOT/tried-$PORT\""
`

func newCommandBed(t *testing.T) *bed {
	t.Helper()
	b := newBed(t, commandBed)
	b.env = []string{"ROOT=" + b.dir, "JURYMAST_ROOT=" + b.dir}
	smallFile(t, filepath.Join(b.dir, "proc/mounts"), "")
	smallFile(t, filepath.Join(b.dir, "live"), "one\n")
	return b
}

func (b *bed) has(name string) bool {
	_, err := os.Stat(filepath.Join(b.dir, name))
	return err == nil
}

func TestCommandData(t *testing.T) {
	b := newCommandBed(t)
	d := b.data("service/wiki")
	stage := filepath.Join(b.dir, "stage")
	if err := os.Mkdir(stage, 0o700); err != nil {
		t.Fatal(err)
	}
	in := map[string]string{actions.InRun: "r1", actions.InStage: stage, actions.InFrom: stage, actions.InAside: ".jurymast-r1", actions.InPort: "21007"}
	if said := b.does(d.Survey, in); said["free"] == "" || said["scratch"] == "" || len(d.Paths) > 0 {
		t.Errorf("survey: %v", said)
	}
	b.does(*d.Hold, in)
	if !b.has("held") {
		t.Error("it was not held")
	}
	if said := b.does(*d.Dump, in); said["bytes"] != "" {
		t.Errorf("the user's words were taken for ours: %v", said)
	}
	b.does(*d.Free, in)
	smallFile(t, filepath.Join(b.dir, "live"), "wrong\n")
	for range 2 {
		b.does(*d.Put, in)
		if said := b.does(*d.Prove, in); said["level"] != "answered" || said["proof"] != "one" {
			t.Errorf("prove: %v", said)
		}
	}
	for range 2 {
		b.does(*d.Back, in)
		if said := b.does(*d.Prove, in); said["proof"] != "wrong" {
			t.Errorf("undone: %v", said)
		}
	}
	if said := b.does(*d.Try, in); said["level"] != "answered" || !b.has("tried-21007") {
		t.Errorf("try: %v", said)
	}
	b.does(*d.Clear, in)
	if b.has("tried-21007") || b.has("held") {
		t.Error("something was left")
	}
	// A dump that ends with 0 and writes nothing is none.
	for dump, reason := range map[string]string{"true": "left nothing in", "touch \"$STAGE/x\"": "left nothing in", "echo no disk >&2; exit 3": "dump ended with 3: no disk"} {
		if err := os.RemoveAll(stage); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(stage, 0o700); err != nil {
			t.Fatal(err)
		}
		b.refuses(d.Dump.With(map[string]string{"LINE": dump}), in, reason)
	}
	if err := os.Remove(filepath.Join(b.dir, "live")); err != nil {
		t.Fatal(err)
	}
	b.refuses(*d.Prove, in, "prove ended with 1")
}

func TestCommandMove(t *testing.T) {
	b := newCommandBed(t)
	m := b.move("service/wiki")
	const app, spare = inventory.Ref("node/app"), inventory.Ref("node/spare")
	in := map[string]string{actions.InRun: "r1"}
	role := func() string { t.Helper(); return b.does(m.Survey(app), in)["role"] }
	if m.Shape != "restore" || role() != "standby" {
		t.Errorf("%s %s", m.Shape, role())
	}
	for range 2 {
		b.does(m.Promote(app), in)
	}
	b.does(m.Verify(app), in)
	b.does(m.Active(app), in)
	if role() != "active" {
		t.Error(role())
	}
	b.refuses(m.Stop(app).With(map[string]string{"STOP": "true"}), in, "does not say that it is stopped (it ended with 0)")
	b.does(m.Stop(app), in)
	if out := b.run(m.Active(app), in); out.Exit != 1 || role() != "stopped" {
		t.Errorf("%+v %s", out, role())
	}
	b.does(m.Resume(app), in)
	b.does(m.Stop(app), in)
	for _, s := range m.Rejoin(app, spare) {
		b.does(s.Do, in)
		b.does(*s.Verify, in)
	}
	if role() != "standby" {
		t.Error(role())
	}
	odd := map[string]string{"ACTIVE": "exit 9"}
	if out := b.run(m.Active(app).With(odd), in); out.Exit != 2 {
		t.Errorf("%+v", out)
	}
	if said := b.does(m.Survey(app).With(odd), in); !strings.Contains(said["trouble"], "neither with 0 nor with 1") {
		t.Errorf("%v", said)
	}
}

func TestCommandNeedsToBeTold(t *testing.T) {
	target := func(lines string) (*inventory.Fleet, inventory.Target) {
		f, err := inventory.Parse("x", []byte("[node.app]\n[node.spare]\n[service.wiki]\nkind = \"command\"\non = \"app\"\nstandby = [\"spare\"]\ncommand = \"true\"\n"+lines), Schema())
		if err != nil {
			t.Fatal(err)
		}
		w, _ := f.Target("service/wiki")
		return f, *w
	}
	for lines, want := range map[string]string{
		"":                                  "or say how to dump it",
		"data = [\"/srv/w\"]\nhold = \"x\"": "set release",
		"dump = \"x\"\nrestore = \"x\"":     "set undo_restore",
	} {
		if _, err := commandData(target(lines)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", lines, err)
		}
	}
	if d, err := commandData(target("data = [\"/srv/w\"]")); err != nil || d.Put == nil || d.Dump != nil || d.Paths[0] != "/srv/w" {
		t.Errorf("%+v %v", d, err)
	}
	if _, err := commandMove(target("stop = \"x\"\nstart = \"x\"")); err == nil || !strings.Contains(err.Error(), "set active") {
		t.Errorf("%v", err)
	}
}
