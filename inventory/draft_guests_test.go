package inventory

import (
	"bytes"
	"strings"
	"testing"
)

var guestKinds = Schema{
	"linux":         {Levels: []Level{LevelNode, LevelVM}},
	"host":          {Levels: []Level{LevelNode, LevelVM}},
	"proxmox":       {Levels: []Level{LevelNode, LevelCheck}},
	"proxmox-guest": {Levels: []Level{LevelVM, LevelService, LevelCheck}, Options: []Option{{Name: "guest", Type: TypeInt, Doc: "id"}, {Name: "container", Type: TypeBool, Doc: "it is one"}}},
}

const guestFleet = `[node.pve1]
address = "10.0.0.1"
[node.second]
address = "10.0.0.2"
[node.else]
[vm.app1]
on = "pve1"
id = 111
[vm.other]
on = "else"
id = 120
[service.old]
kind = "proxmox-guest"
on = "second"
guest = 130
[service.taken]
kind = "proxmox-guest"
on = "else"
guest = 131
`

const wantGuests = `# Guests of node/pve1: 6 guests that the inventory does not have.
# Look it over and put it into inventory.d beside the inventory, then run:
# jurymast inventory validate
#
# A guest whose address is known became a vm, which is looked at from inside
# as well. Where it cannot be reached from here, give it jump = ["NODE"].

[check.pve1-proxmox]
of = "node/pve1"
kind = "proxmox"

[node.pve3]
kind = "proxmox"
address = "10.0.0.3"

[vm.api]
on = "pve1"
id = 113
address = "10.10.0.13"
tags = ["prod", "docker"]

[check.api-guest]
of = "vm/api"
kind = "proxmox-guest"
container = true

# There it is called "api".
[vm.api-2]
kind = "host"
on = "second"
id = 114
address = "10.10.0.14"

[check.api-2-guest]
of = "vm/api-2"
kind = "proxmox-guest"

# There it is called "Win Server".
[service.win-server]
kind = "proxmox-guest"
on = "pve3"
guest = 115

# There it is called "taken".
[service.taken-2]
kind = "proxmox-guest"
on = "pve1"
guest = 116
tags = ["prod"]

[service.guest-120]
kind = "proxmox-guest"
container = true
on = "pve1"
guest = 120

[service.odd]
kind = "proxmox-guest"
on = "pve1"
guest = 121

# Not taken over:
#   app1 (111): it is vm/app1 already
#   moved (130): it is service/old already
#   lost (117): it is on pve9, which the cluster does not list
`

func TestWriteGuests(t *testing.T) {
	f, err := Parse("fleet.toml", []byte(guestFleet), guestKinds)
	if err != nil {
		t.Fatal(err)
	}
	d := GuestDraft{
		Source: "node/pve1", Asked: "node/pve1", Local: "a", NodeKind: "proxmox", GuestKind: "proxmox-guest",
		Members: []DraftMember{{"a", "10.0.0.1"}, {"b", "10.0.0.2"}, {"pve3", "10.0.0.3"}},
		Guests: []DraftGuest{
			{Name: "app1", ID: 111, Member: "b", Address: "10.10.0.11"},
			{Name: "moved", ID: 130, Member: "a"},
			{Name: "api", ID: 113, Member: "a", Address: "10.10.0.13", Container: true, Tags: []string{"prod", "Not a tag", "docker", "prod"}},
			{Name: "api", ID: 114, Member: "b", Address: "10.10.0.14", Kind: "host"},
			{Name: "Win Server", ID: 115, Member: "pve3", Kind: "host"},
			{Name: "taken", ID: 116, Member: "a", Tags: []string{"prod"}},
			{Name: "lost", ID: 117, Member: "pve9"},
			{ID: 120, Member: "a", Container: true}, // another cluster's 120 is known
			{Name: "odd", ID: 121, Member: "a", Address: "root@10.0.0.1"},
		},
	}
	var b bytes.Buffer
	if err := WriteGuests(&b, f, d); err != nil {
		t.Fatal(err)
	}
	if b.String() != wantGuests {
		t.Errorf("got\n%s", b.String())
	}
	both, err := Parse("fleet.toml", []byte(guestFleet+b.String()), guestKinds)
	if err != nil {
		t.Fatalf("what it writes does not load: %v", err)
	}
	// Once it is there, there is nothing left to write.
	b.Reset()
	if err := WriteGuests(&b, both, d); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "\n[") {
		t.Errorf("written a second time:\n%s", b.String())
	}
}

// FuzzWriteGuests holds that what is written loads beside the inventory,
// whatever guests are called.
func FuzzWriteGuests(f *testing.F) {
	f.Add("api", "10.0.0.9", "prod", "pve2")
	f.Add("all", "x y", "\"", "\x1b[31m")
	f.Add(strings.Repeat("long-", 40), "fe80::1%eth0", "[check.a]", "pve1")
	fleet, err := Parse("fleet.toml", []byte(guestFleet), guestKinds)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, name, address, tag, member string) {
		var b bytes.Buffer
		if err := WriteGuests(&b, fleet, GuestDraft{
			Source: "node/pve1", Asked: "node/pve1", Local: "pve1", NodeKind: "proxmox", GuestKind: "proxmox-guest",
			Members: []DraftMember{{"pve1", ""}, {member, address}},
			Guests:  []DraftGuest{{Name: name, ID: 200, Member: "pve1", Address: address, Tags: []string{tag}}, {Name: name, ID: 201, Member: member, Container: true}},
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := Parse("fleet.toml", []byte(guestFleet+b.String()), guestKinds); err != nil {
			t.Errorf("%v\n%s", err, b.String())
		}
	})
}
