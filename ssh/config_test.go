package ssh

import (
	"errors"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func configOf(t *testing.T, text string) *Config {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config")
	put(t, path, text)
	c, err := LoadConfig(path)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestConfigApply(t *testing.T) {
	t.Setenv("JURYMAST_TEST_KEYS", "/50%d")
	home := t.TempDir()
	for _, k := range []string{"id_rsa", "id_ed25519"} {
		put(t, filepath.Join(home, ".ssh", k), "")
	}
	in := func(name string) string { return filepath.Join(home, ".ssh", name) }
	usual := []string{in("id_ed25519"), in("id_rsa")}
	known := []string{in("known_hosts"), "/etc/ssh/ssh_known_hosts"}
	for _, x := range []struct {
		name, text string
		give, want Host
	}{
		{"nothing", "", Host{Address: "a"}, Host{Address: "a", Identities: usual, KnownHosts: known}},
		{"all", `
Host a
  HostName %h.lan
  Port 2222
  User ada
  IdentityFile ~/.ssh/%h_%p_%r
  IdentityFile "/keys/with space"
  IdentitiesOnly yes
  IdentityAgent ~/.agent
  ProxyJump one, ada@two:2200
  UserKnownHostsFile ~/.ssh/mine ~/.ssh/ours
  GlobalKnownHostsFile none
  RevokedHostKeys ~/.ssh/revoked
  HostKeyAlias alias
  ConnectTimeout 3
`, Host{Address: "a", Agent: "/env"}, Host{
			Address: "a.lan", Port: 2222, User: "ada", Identities: []string{in("a.lan_2222_ada"), "/keys/with space"}, IdentitiesOnly: true,
			Agent: filepath.Join(home, ".agent"), Jump: []string{"one", "ada@two:2200"}, KnownHosts: []string{in("mine"), in("ours")},
			RevokedKeys: in("revoked"), HostKeyAlias: "alias", Timeout: 3 * time.Second,
		}},
		{
			"what the caller says wins", "Host a\n Port 1\n User x\n IdentityFile x\n ProxyJump x\n UserKnownHostsFile x\n HostKeyAlias x\n ConnectTimeout 1\n",
			Host{Address: "a", Port: 2, User: "u", Identities: []string{"i"}, Jump: []string{"j"}, KnownHosts: []string{"k"}, HostKeyAlias: "h", Timeout: 5},
			Host{Address: "a", Port: 2, User: "u", Identities: []string{"i"}, Jump: []string{"j"}, KnownHosts: []string{"k"}, HostKeyAlias: "h", Timeout: 5},
		},
		{
			"the first value wins, patterns and all", "Host a\n User first\nHost !b *\n User second\n Port 7\nMatch host a*\n ProxyJump j\nMatch all\n ConnectTimeout 9\n",
			Host{Address: "a"}, Host{Address: "a", User: "first", Port: 7, Jump: []string{"j"}, Timeout: 9 * time.Second, Identities: usual, KnownHosts: known},
		},
		{"not this one", "Host a\n User first\nHost !b *\n User second\n", Host{Address: "b"}, Host{Address: "b", Identities: usual, KnownHosts: known}},
		{"no jump", "Host *\n ProxyJump none\n ProxyCommand none\n", Host{Address: "a"}, Host{Address: "a", Identities: usual, KnownHosts: known}},
		{"no agent", "Host *\n IdentityAgent none\n IdentityFile none\n", Host{Address: "a", Agent: "/env"}, Host{Address: "a", Agent: "none", KnownHosts: known}},
		{"tokens", "Host *\n IdentityFile %d/%n-%k-%%-%z\n", Host{Address: "a"}, Host{Address: "a", Identities: []string{home + "/a-a-%-%z"}, KnownHosts: known}},
		{"variables", "Host *\n IdentityFile ${JURYMAST_TEST_KEYS}/%n\n IdentityFile ${JURYMAST_TEST_NONE}/x\n IdentityAgent $JURYMAST_TEST_KEYS\n", Host{Address: "a"}, Host{Address: "a", Agent: "/50%d", Identities: []string{"/50%d/a", "${JURYMAST_TEST_NONE}/x"}, KnownHosts: known}},
		{"no such variable", "Host *\n IdentityAgent $JURYMAST_TEST_NONE\n", Host{Address: "a", Agent: "/env"}, Host{Address: "a", Identities: usual, KnownHosts: known}},
		{"jump before a command", "Host *\n ProxyJump j\n ProxyCommand nc %h %p\n", Host{Address: "a"}, Host{Address: "a", Jump: []string{"j"}, Identities: usual, KnownHosts: known}},
	} {
		t.Run(x.name, func(t *testing.T) {
			got, err := configOf(t, x.text).Apply(x.give, home)
			if err != nil || !reflect.DeepEqual(got, x.want) {
				t.Errorf("%+v, %v; want %+v", got, err, x.want)
			}
		})
	}
}

func TestConfigTrouble(t *testing.T) {
	for _, text := range []string{"Host a\n ProxyCommand nc %h %p\n"} {
		_, err := configOf(t, text).Apply(Host{Name: "vm/a", Address: "a"}, "")
		var e *Error
		if !errors.As(err, &e) || e.Trouble != Misconfigured || e.Host != "vm/a" || !strings.Contains(e.Hint, "ProxyJump") {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := configOf(t, "Host a\n Port many\n").Apply(Host{Address: "a"}, ""); err == nil || !strings.Contains(err.Error(), "many") {
		t.Error(err)
	}
	if _, err := LoadConfig(t.TempDir()); err == nil {
		t.Error("a folder was read")
	}
}

// TestConfigMatch has blocks that only an ssh client can decide, alone and with
// a criterion that holds. They are left out and told, and nothing else is.
func TestConfigMatch(t *testing.T) {
	dir := t.TempDir()
	more := filepath.Join(dir, "more.conf")
	ran := filepath.Join(dir, "ran")
	put(t, more, "Host c\n Port 3\nMatch host c exec \"touch "+ran+"\"\n User evil\n")
	text := `Match exec "touch ` + ran + `"
  User evil
Match host a exec "true"
  ProxyJump evil
Match user root
  Port 9
Match !host b
  Port 8
Match final
  Port 7
Match host a,b
  User ada
Match originalhost=a
  ConnectTimeout 4
Include ` + more + `
MATCH ALL # everybody
  HostKeyAlias known`
	c := configOf(t, text)
	for name, want := range map[string]Host{
		"a": {Address: "a", User: "ada", HostKeyAlias: "known", Timeout: 4 * time.Second},
		"b": {Address: "b", User: "ada", HostKeyAlias: "known"},
		"c": {Address: "c", HostKeyAlias: "known"}, // what is included stands within the block for a
	} {
		want.KnownHosts = []string{"/etc/ssh/ssh_known_hosts"}
		if got, err := c.Apply(Host{Address: name}, ""); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v, %v; want %+v", got, err, want)
		}
	}
	want := []LeftOut{
		{c.path, 1, "exec"}, {c.path, 3, "host exec"}, {c.path, 5, "user"}, {c.path, 7, "host"}, {c.path, 9, "final"}, {more, 3, "host exec"},
	}
	if got := c.LeftOut(); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	if exists(ran) {
		t.Error("a configuration has run a program")
	}
	hosts, err := c.Hosts()
	var names []string
	for _, h := range hosts {
		names = append(names, h.Alias)
	}
	if err != nil || !reflect.DeepEqual(names, []string{"a", "b", "c"}) {
		t.Errorf("%v, %v", names, err)
	}
	loop := filepath.Join(dir, "loop")
	put(t, loop, "Match exec true\n User x\nInclude "+loop+"\n")
	if _, err := LoadConfig(loop); err == nil || !strings.Contains(err.Error(), loop) {
		t.Errorf("one that includes itself: %v", err)
	}
}

func TestDirective(t *testing.T) {
	for line, want := range map[string][]string{
		"":                              {""},
		"  # Match exec x":              {""},
		"\tUser\tada # me":              {"user", "ada"},
		"Match=host=a":                  {"match", "host=a"},
		"Include = a  b":                {"include", "a", "b"},
		`match host "a b" EXEC "x # y"`: {"match", "host", "a b", "EXEC", "x # y"},
		`Match ""`:                      {"match", ""},
		"Match host a\r\n":              {"match", "host", "a"},
	} {
		keyword, words := directive(line)
		if got := append([]string{keyword}, words...); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %q", line, got)
		}
	}
}

func TestConfigMissing(t *testing.T) {
	for _, path := range []string{"", "/no/such/config"} {
		c, err := LoadConfig(path)
		if err != nil {
			t.Fatal(err)
		}
		if h, err := c.Apply(Host{Address: "a"}, ""); err != nil || h.Address != "a" {
			t.Errorf("%+v, %v", h, err)
		}
		if hosts, err := c.Hosts(); err != nil || len(hosts) > 0 {
			t.Errorf("%+v, %v", hosts, err)
		}
	}
	var none *Config
	if _, err := none.Apply(Host{Address: "a"}, ""); err != nil {
		t.Error(err)
	}
}

func TestConfigHosts(t *testing.T) {
	more := filepath.Join(t.TempDir(), "more")
	put(t, more, "Host c\n Port 3\n")
	c := configOf(t, "Include "+more+"\nHost a b.lan *.x !y\n User u\nHost b.lan\n HostName 10.0.0.2\n Port 22\n IdentityFile ~/k\nHost old\n ProxyCommand x\nHost *\n ProxyJump j\n Port 9\n")
	got, err := c.Hosts()
	if err != nil {
		t.Fatal(err)
	}
	want := []ConfigHost{
		{Alias: "c", Address: "c", Port: 3, Jump: []string{"j"}},
		{Alias: "a", Address: "a", Port: 9, User: "u", Jump: []string{"j"}},
		{Alias: "b.lan", Address: "10.0.0.2", Port: 22, User: "u", Identities: []string{"~/k"}, Jump: []string{"j"}},
		{Alias: "old", Address: "old", Port: 9, Jump: []string{"j"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
}
