package kind

import (
	"slices"
	"strings"
	"testing"

	"jurymast/actions"
	"jurymast/inventory"
)

// TestDockerOfAHost holds that a host of kind docker is looked at as any other
// machine and for its engine, and that an added check looks at the engine alone.
func TestDockerOfAHost(t *testing.T) {
	f, err := inventory.Parse("fleet.toml", []byte(`[node.a]
kind = "docker"
containers = ["web"]
[vm.b]
on = "a"
kind = "docker"
[node.c]
[check.engine]
of = "c"
kind = "docker"
`), Schema())
	if err != nil {
		t.Fatal(err)
	}
	ids := func(cs []actions.Check) (out []string) {
		for _, c := range cs {
			out = append(out, c.ID)
		}
		return out
	}
	engine := []string{"engine", "containers"}
	for _, ref := range []inventory.Ref{"node/a", "vm/b"} {
		h, _ := f.Target(ref)
		plain := *h
		plain.Kind = "linux"
		if got, want := ids(docker.Checks(f, *h)), append(ids(linuxChecks(f, plain)), engine...); !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", ref, got, want)
		}
	}
	added, _ := f.Target("node/c")
	asked := *added
	asked.Kind = "docker"
	if got := ids(docker.Checks(f, asked)); !slices.Equal(got, engine) {
		t.Errorf("an added check: %v", got)
	}
}

func TestSystemdThatMustNotRunHasNoStandby(t *testing.T) {
	const fleet = "[node.a]\n[node.b]\n[service.x]\nkind = \"systemd\"\nclass = \"system\"\non = \"a\"\n"
	if _, err := inventory.Parse("x.toml", []byte(fleet+"state = \"inactive\"\n"), Schema()); err != nil {
		t.Errorf("without a standby: %v", err)
	}
	_, err := inventory.Parse("x.toml", []byte(fleet+"standby = [\"b\"]\nstate = \"inactive\"\n"), Schema())
	if err == nil || !strings.Contains(err.Error(), "x.toml:8:9: service/x: a service with standbys must run on exactly one host") || !strings.Contains(err.Error(), "leave out state") {
		t.Errorf("with one: %v", err)
	}
}
