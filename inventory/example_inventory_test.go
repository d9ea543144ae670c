package inventory_test

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"jurymast/actions/check"
	"jurymast/actions/kind"
	"jurymast/inventory"
)

const example = "../inventory.example.toml"

func readExample(t *testing.T) ([]byte, *inventory.Fleet) {
	t.Helper()
	src, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	f, err := inventory.Parse(example, src, kind.Schema())
	if err != nil {
		t.Fatal(err)
	}
	return src, f
}

// TestExampleLoads reads the inventory that newcomers copy from.
func TestExampleLoads(t *testing.T) {
	src, f := readExample(t)
	// Some user data is copied by nobody, one copy and two standbys stay at their
	// site, and the example says that it is warned of that.
	for _, w := range f.Warnings {
		if !strings.HasPrefix(w.Text, "no backup copies ") && !strings.HasPrefix(w.Text, "no copy of share/documents is known to leave") &&
			!strings.HasPrefix(w.Text, "repository/usb is on the same machine") && !strings.HasPrefix(w.Text, "standby node/home1 of service/dns is at the same site") &&
			!strings.HasPrefix(w.Text, "standby node/swarm1 of service/work2 is at the same site") {
			t.Errorf("it has a warning that it does not speak of: %s", w)
		}
	}
	if len(f.Warnings) == 0 {
		t.Error("it speaks of warnings and there are none")
	}
	for _, r := range f.Repositories {
		if r.Kind == "" {
			t.Errorf("nothing acts on repository/%s, which has no kind", r.Name)
		}
	}
	formatted, err := inventory.Format(src)
	if err != nil || !bytes.Equal(formatted, src) {
		t.Errorf("it is not in the usual form, %v", err)
	}
	if wrong := inventory.SchemaJudge(t, kind.Schema())(string(src)); len(wrong) > 0 {
		t.Errorf("the schema for editors does not take it:\n%s", strings.Join(wrong, "\n"))
	}
}

// TestExampleHoldsTheFleet looks for what the example is to show.
func TestExampleHoldsTheFleet(t *testing.T) {
	_, f := readExample(t)
	kinds := map[string]int{}
	for target := range f.Targets() {
		kinds[target.Kind]++
		for _, x := range target.Checks {
			kinds[x.Kind]++
		}
	}
	for _, k := range []string{"linux", "proxmox", "opnsense", "nixos", "systemd", "compose", "swarm", "http", "tcp", "tls", "samba", "nfs", "command", "files"} {
		if kinds[k] == 0 {
			t.Errorf("nothing is of kind %s", k)
		}
	}
	for _, want := range []struct {
		ref  inventory.Ref
		kind string
		site string
	}{
		{"node/pve1", "proxmox", "falkenstein"},
		{"vm/app1", "linux", "falkenstein"},
		{"vm/app2", "linux", "falkenstein"},
		{"vm/api", "linux", "falkenstein"},
		{"vm/mongo", "linux", "falkenstein"},
		{"vm/storage", "linux", "falkenstein"},
		{"vm/proxy", "linux", "falkenstein"},
		{"vm/opnsense", "opnsense", "falkenstein"},
		{"node/mail", "linux", "cloud"},
		{"node/selfhost", "nixos", "cloud"},
		{"node/offsite", "linux", "friend"},
		{"node/nas", "linux", "home"},
		{"node/swarm1", "linux", "home"},
		{"node/swarm2", "linux", "home"},
		{"node/swarm3", "linux", "home"},
		{"node/home1", "linux", "home"},
		{"node/home2", "linux", "home"},
		{"share/files", "samba", "falkenstein"},
		{"share/volumes", "nfs", "home"},
		{"service/mongo", "mongodb", "falkenstein"},
		{"service/traefik", "traefik", "falkenstein"},
		{"service/mail", "mailcow", "cloud"},
		{"service/nextcloud", "compose", "home"},
	} {
		target, err := f.Lookup(string(want.ref))
		if err != nil {
			t.Error(err)
			continue
		}
		if target.Kind != want.kind || target.Site != want.site {
			t.Errorf("%s is of kind %s at %s, want %s at %s", want.ref, target.Kind, target.Site, want.kind, want.site)
		}
	}
}

// TestExampleAsksNobodyElse shows that a simulated fleet is enough for it: no
// request is made by the machine that the console runs on.
func TestExampleAsksNobodyElse(t *testing.T) {
	_, f := readExample(t)
	l := check.Looker{Kinds: kind.All()}
	probes := 0
	for target := range f.Targets() {
		checks := l.Checks(f, target)
		if len(checks) == 0 {
			t.Errorf("%s is not looked at", target.Ref)
		}
		for _, c := range checks {
			if c.Probe == nil {
				continue
			}
			probes++
			if c.Host == inventory.Console || c.Host == "" && target.Host == inventory.Console {
				t.Errorf("%s %s is asked from the console: %+v", target.Ref, c.ID, *c.Probe)
			}
		}
	}
	if probes == 0 {
		t.Error("nothing is asked for over the network")
	}
	for _, host := range slices.Concat(f.Nodes, f.VMs) {
		address := host.Reach.Address
		if !strings.HasSuffix(address, ".example.org") && !strings.HasPrefix(address, "10.") && !strings.HasPrefix(address, "192.168.") {
			t.Errorf("%s has an address that may be somebody's: %s", host.Ref, address)
		}
	}
}
