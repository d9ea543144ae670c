package kind

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"jurymast/actions"
	"jurymast/inventory"
)

// ownBed is the system of commandBed as a kind of the inventory's own, with a
// value and a secret that its lines are told.
func ownBed(t *testing.T) *bed {
	t.Helper()
	text := strings.Replace(commandBed, "[service.wiki]\nkind = \"command\"\non = \"app\"\nstandby = [\"spare\"]\ncommand = \"true\"\n",
		"[kind.wiki]\ncommand = \"cat \\\"$ROOT/$MY_FILE\\\"; test \\\"$MY_KEY\\\" = \\\"$KEY\\\"\"\ninputs = { file = \"lost\", key = { env = \"K\" } }\n", 1)
	text = strings.ReplaceAll(text, "$ROOT/live", "$ROOT/$MY_FILE")
	text += "[service.wiki]\nkind = \"wiki\"\non = \"app\"\nstandby = [\"spare\"]\nfile = \"live\"\n"
	b := newBed(t, text)
	b.secrets = map[string]string{"K": canary}
	b.env = []string{"ROOT=" + b.dir, "JURYMAST_ROOT=" + b.dir, "KEY=" + canary}
	smallFile(t, filepath.Join(b.dir, "proc/mounts"), "")
	smallFile(t, filepath.Join(b.dir, "live"), "one\n")
	return b
}

// TestOwnKind has a kind of the inventory's own do everything that kind command
// can: its lines find the target's values.
func TestOwnKind(t *testing.T) {
	b := ownBed(t)
	kinds := Own(b.fleet)
	if len(kinds) != 1 || kinds[0].Name != "wiki" || !slices.Equal(kinds[0].Verbs(), command.Verbs()) {
		t.Fatalf("%+v", kinds)
	}
	k := kinds[0]
	wiki, ok := b.fleet.Target("service/wiki")
	if !ok {
		t.Fatal("no wiki")
	}
	check := k.Checks(b.fleet, *wiki)[0]
	if r := check.Read(actions.Answer{Output: b.run(check.Script, nil)}); r[0].Status != actions.OK || r[0].Line != "one" {
		t.Errorf("look: %+v", r)
	}
	d, err := k.Data(b.fleet, *wiki)
	if err != nil {
		t.Fatal(err)
	}
	stage := filepath.Join(b.dir, "stage")
	smallFile(t, filepath.Join(stage, "x"), "")
	in := map[string]string{actions.InRun: "r1", actions.InStage: stage, actions.InFrom: stage, actions.InAside: ".was", actions.InPort: "21007"}
	for _, s := range []*actions.Script{d.Hold, d.Dump, d.Free, d.Stop, d.Put, d.Start, d.Try, d.Clear, d.Back} {
		b.does(*s, in)
	}
	if said := b.does(*d.Prove, in); said["proof"] != "one" {
		t.Errorf("prove: %v", said)
	}
	m, err := k.Move(b.fleet, *wiki)
	if err != nil {
		t.Fatal(err)
	}
	app := inventory.Ref("node/app")
	b.does(m.Stop(app), in)
	if out := b.run(m.Active(app), in); out.Exit != 1 {
		t.Errorf("stopped, and active says %d", out.Exit)
	}
	for _, s := range []actions.Script{m.Resume(app), m.Promote(app), m.Active(app), m.Verify(app), m.Survey(app)} {
		b.does(s, in)
	}
	for _, st := range m.Rejoin(app, "node/spare") {
		b.does(st.Do, in)
		b.does(*st.Verify, in)
	}
}
