package engine

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"jurymast/inventory"
	"jurymast/ssh"
)

// TestResolve holds the order of precedence: the host, then [ssh], then the
// admin's ssh configuration, then the login name.
func TestResolve(t *testing.T) {
	home := t.TempDir()
	config := filepath.Join(home, "config")
	text := "Host b.example.org\n HostName 192.0.2.7\n Port 2022\n User carl\n IdentityFile ~/.ssh/b\nHost gate\n HostName gate.example.org\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := ssh.LoadConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	f, err := inventory.Parse("t.toml", []byte(`
[ssh]
jump = ["gate", "inner"]
known_hosts = "/known"
[node.gate]
[node.inner]
user = "ida"
[node.a]
address = "a.example.org"
port = 222
user = "anna"
identity = "/key/a"
jump = []
[node.b]
address = "b.example.org"
[node.c]
jump = ["bob@jump.example.org:2200"]
`), Schema())
	if err != nil {
		t.Fatal(err)
	}
	r := resolver{fleet: f, config: c, home: home, user: "me", agent: "/agent"}
	for _, tt := range []struct {
		name, address, user string
		port                int
		identities, jump    []string
	}{
		{"node/a", "a.example.org", "anna", 222, []string{"/key/a"}, nil},
		{"node/b", "192.0.2.7", "carl", 2022, []string{home + "/.ssh/b"}, []string{"node/gate", "node/inner"}},
		{"node/c", "c", "me", 0, nil, []string{"bob@jump.example.org:2200"}},
		{"node/gate", "gate.example.org", "me", 0, nil, nil},
		{"node/inner", "inner", "ida", 0, nil, []string{"node/gate"}},
		{"bob@jump.example.org:2200", "jump.example.org", "bob", 2200, nil, nil},
		{"[2001:db8::1]:22", "2001:db8::1", "me", 22, nil, nil},
	} {
		h, err := r.host(tt.name)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if h.Address != tt.address || h.User != tt.user || h.Port != tt.port || !slices.Equal(h.Identities, tt.identities) || !slices.Equal(h.Jump, tt.jump) {
			t.Errorf("%s: got %s %s %d %v %v, want %+v", tt.name, h.Address, h.User, h.Port, h.Identities, h.Jump, tt)
		}
		if h.Agent != "/agent" {
			t.Errorf("%s: agent %q", tt.name, h.Agent)
		}
		if strings.HasPrefix(tt.name, "node/") && !slices.Equal(h.KnownHosts, []string{"/known"}) {
			t.Errorf("%s: known hosts %v", tt.name, h.KnownHosts)
		}
	}
	for _, name := range []string{"", "-oProxyCommand=x", "a b", "host:99999", "host:x"} {
		if h, err := r.host(name); err == nil {
			t.Errorf("%q resolves to %+v", name, h)
		}
	}
}

// TestShell holds that what a person's ssh is told leads the same way.
func TestShell(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "inventory.toml")
	text := "[ssh]\nconfig = \"none\"\n[node.gate]\naddress = \"2001:db8::1\"\nport = 2222\nuser = \"gus\"\n[node.a]\naddress = \"a.example.org\"\nuser = \"anna\"\nport = 222\nidentity = \"/key/a\"\njump = [\"gate\"]\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	e := open(t, dir, path)
	argv, err := e.Shell(t.Context(), "node/a", []string{"echo", "it's $HOME"})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"ssh", "-F", "none", "-p", "222", "-i", "/key/a", "-J", "gus@[2001:db8::1]:2222", "-l", "anna", "--", "a.example.org", `'echo' 'it'\''s $HOME'`}
	if !slices.Equal(argv, want) {
		t.Errorf("got  %q\nwant %q", argv, want)
	}
	events, err := e.History(t.Context(), Filter{})
	if err != nil || len(events) != 1 || events[0].Target != "node/a" || events[0].Who != "tester" {
		t.Errorf("history %v, %v", events, err)
	}
}
