package inventory

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

var draftKinds = Schema{"linux": {Levels: []Level{LevelNode, LevelVM}}}

const wantDraft = `# A first inventory, made from ~/.ssh/config: 9 hosts.
# Look it over, then run: jurymast inventory validate
#
# Each host became a node of kind linux. Give a machine that runs on another one
# the header [vm.NAME] and on = "NODE", and one that is no Linux kind = "host".

# There it is called "Web_1".
[node.web_1-2]
address = "web1.example.org"
port = 2222
user = "admin"
identity = ["~/.ssh/id_web", "/etc/keys/b"]
jump = ["bastion"]

[node.bastion]
address = "203.0.113.7"

[node.web_1]
address = "2001:db8::1"

# There it is called "WEB_1".
[node.web_1-3]
address = "192.0.2.3"

[node."db.example.org"]
jump = ["ops@gw.example.org:2022", "gate:22"]

# There it is called "all".
[node.all-host]
address = "all"

[node.behind-odd]
address = "192.0.2.10"
# port 70000 is none
# user "a b" is no login name
# identity "~kim/key" cannot be used
# jump odd: odd was not taken over

[node.loop-a]
# jump loop-b: it is reached through itself

[node.loop-b]
# jump loop-a: it is reached through itself

# Not taken over:
#   *.example.net: a pattern, no host
#   old?[31m: ProxyCommand nc %h %p
#   web 1: "web 1" is no address
#   bastion: it stands there a second time
#   odd: address "host:22" holds a port
`

func TestDraft(t *testing.T) {
	var b bytes.Buffer
	err := WriteDraft(&b, Draft{
		Source: "~/.ssh/config",
		Hosts: []DraftHost{
			{Alias: "Web_1", Address: "web1.example.org", Port: 2222, User: "admin", Identity: []string{"~/.ssh/id_web", "/etc/keys/b"}, Jump: []string{"bastion"}},
			{Alias: "bastion", Address: "203.0.113.7", Port: 22},
			{Alias: "web 1"},
			{Alias: "web_1", Address: "2001:db8::1"},
			{Alias: "WEB_1", Address: "192.0.2.3"},
			{Alias: "db.example.org", Jump: []string{"ops@gw.example.org:2022", "gate"}},
			{Alias: "all"},
			{Alias: "bastion", Address: "192.0.2.9"},
			{Alias: "odd", Address: "host:22"},
			{Alias: "behind-odd", Address: "192.0.2.10", Jump: []string{"odd"}, Port: 70000, User: "a b", Identity: []string{"~kim/key"}},
			{Alias: "loop-a", Jump: []string{"loop-b"}},
			{Alias: "loop-b", Jump: []string{"loop-a"}},
		},
		Skipped: []DraftSkip{{"*.example.net", "a pattern, no host"}, {"old\x1b[31m", "ProxyCommand nc %h %p"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := b.String()
	if got != wantDraft {
		t.Errorf("got\n%s\nwant\n%s", got, wantDraft)
	}
	f, err := Parse("inventory.toml", []byte(got), draftKinds)
	if err != nil {
		t.Fatalf("it does not load: %v\n%s", err, got)
	}
	if len(f.Nodes) != 9 {
		t.Errorf("%d nodes", len(f.Nodes))
	}
	if n := f.Nodes[0]; n.Ref != "node/web_1-2" || n.Reach.Jump[0] != "node/bastion" || n.Reach.Port != 2222 {
		t.Errorf("the first is %+v", n)
	}
	formatted, err := Format([]byte(got))
	if err != nil || string(formatted) != got {
		t.Errorf("it is not in the usual form, %v:\n%s", err, formatted)
	}
}

func TestDraftOfNothing(t *testing.T) {
	var b bytes.Buffer
	if err := WriteDraft(&b, Draft{Source: "x"}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "0 hosts") || !strings.Contains(b.String(), "# [node.web1]") {
		t.Error(b.String())
	}
	if _, err := readClean(b.Bytes()); err != nil {
		t.Error(err)
	}
}

type fullWriter struct{}

var errFull = errors.New("full")

func (fullWriter) Write([]byte) (int, error) { return 0, errFull }

func TestDraftCannotBeWritten(t *testing.T) {
	if err := WriteDraft(fullWriter{}, Draft{}); !errors.Is(err, errFull) {
		t.Error(err)
	}
}

// FuzzDraft shows that any text makes a draft that loads.
func FuzzDraft(f *testing.F) {
	f.Add("web1", "192.0.2.1", "root", "~/.ssh/id", "gw", "gw", 22)
	f.Add("-x", "[::1]", "a\nb", "~", "a@b:1", "node/x", -1)
	f.Add("all", "", "\"", "\\", "x,y", "2001:db8::1", 1<<20)
	f.Fuzz(func(t *testing.T, alias, addr, user, key, jump, other string, port int) {
		d := Draft{Source: key, Hosts: []DraftHost{
			{Alias: alias, Address: addr, User: user, Identity: []string{key}, Jump: []string{jump}, Port: port},
			{Alias: other, Address: alias, Jump: []string{alias}},
			{Alias: jump, Jump: []string{other, addr}},
			{Alias: "sound"},
		}}
		var b bytes.Buffer
		if err := WriteDraft(&b, d); err != nil {
			t.Fatal(err)
		}
		if _, err := Parse("x.toml", b.Bytes(), draftKinds); err != nil {
			t.Fatalf("%v\n%s", err, b.String())
		}
	})
}
