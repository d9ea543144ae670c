package inventory

import (
	"errors"
	"strings"
	"testing"
)

const selectDoc = `
[site.home]
[site.away]
[node.pve1]
site = "home"
tags = ["prod", "metal"]
[node.nas1]
site = "away"
tags = ["prod"]
[node.lab]
tags = ["lab"]
[vm.api]
on = "pve1"
tags = ["prod"]
[vm.app2]
on = "pve1"
[share.files]
kind = "dir"
on = "nas1"
path = "/srv"
class = "system"
[service.api]
kind = "unit"
unit = "x"
on = "vm/api"
[service.web]
kind = "http"
url = "https://web.example.net"
on = "pve1"
`

func TestSelect(t *testing.T) {
	f := mustParse(t, selectDoc)
	state := func(r Ref) string {
		if r == "service/web" || r == "node/lab" {
			return "fail"
		}
		return "ok"
	}
	for _, c := range []struct{ exprs, want string }{
		{"all", "node/pve1 node/nas1 node/lab vm/api vm/app2 share/files service/api service/web"},
		{"nas1", "node/nas1"},
		{"node/nas1", "node/nas1"},
		{"service/api", "service/api"},
		{"web,nas1", "node/nas1 service/web"},
		{"web|nas1|web", "node/nas1 service/web"},
		{"tag:prod", "node/pve1 node/nas1 vm/api"},
		{"tag:prod site:home", "node/pve1 vm/api"},
		{"tag:prod !site:home", "node/nas1"},
		{"!tag:prod hosts", "node/lab vm/app2"},
		{"tag:lab,site:away", "node/nas1 node/lab share/files"},
		{"kind:http", "service/web"},
		{"kind:h*", "service/web"},
		{"nodes", "node/pve1 node/nas1 node/lab"},
		{"vms", "vm/api vm/app2"},
		{"shares", "share/files"},
		{"services", "service/api service/web"},
		{"hosts", "node/pve1 node/nas1 node/lab vm/api vm/app2"},
		{"level:node", "node/pve1 node/nas1 node/lab"},
		{"level:hosts !nodes", "vm/api vm/app2"},
		{"level:host !level:nodes", "vm/api vm/app2"},
		{"on:pve1", "vm/api vm/app2 service/api service/web"},
		{"on:api", "service/api"},
		{"on:vm/api", "service/api"},
		{"on:nas1", "share/files"},
		{"ap*", "vm/api vm/app2 service/api"},
		{"service/*", "service/api service/web"},
		{"*/api", "vm/api service/api"},
		{"app?", "vm/app2"},
		{"!nodes !shares", "vm/api vm/app2 service/api service/web"},
		{"state:fail", "node/lab service/web"},
		{"state:fail services", "service/web"},
		{" nas1 , web ", "node/nas1 service/web"},
	} {
		got, err := f.SelectWith(strings.Split(c.exprs, "|"), state)
		if err != nil {
			t.Errorf("%q: %v", c.exprs, err)
			continue
		}
		var refs []string
		for _, x := range got {
			refs = append(refs, string(x.Ref))
		}
		if s := strings.Join(refs, " "); s != c.want {
			t.Errorf("%q is %s, want %s", c.exprs, s, c.want)
		}
	}
}

func TestSelectRefuses(t *testing.T) {
	f := mustParse(t, selectDoc)
	state := func(Ref) string { return "ok" }
	for _, c := range []struct {
		exprs, text, hint string
		empty             bool
	}{
		{"", "the selector is empty", `write "all" for everything`, false},
		{"nas1|", "the selector is empty", `write "all" for everything`, false},
		{"  ", "the selector is empty", `write "all" for everything`, false},
		{"nas1,", `selector "nas1," has nothing on one side of a comma`, "", false},
		{"api", `"api" is vm/api and service/api`, "write the one that is meant in full", false},
		{"nsa1", `no target is called "nsa1"`, `did you mean "nas1"?`, false},
		{"node/web", `no target is called "node/web"`, `did you mean "service/web"?`, false},
		{"home", `no target is called "home"`, `it is a site: write "site:home"`, false},
		{"prod", `no target is called "prod"`, `it is a tag: write "tag:prod"`, false},
		{"completely-else", `no target is called "completely-else"`, "jurymast list shows what there is", false},
		{"tag:pord", `selector "tag:pord": there is no tag "pord"`, `did you mean "prod"?`, false},
		{"tag:", `selector "tag:": there is no tag ""`, "there is lab, metal and prod", false},
		{"site:moon", `selector "site:moon": there is no site "moon"`, "there is home and away", false},
		{"kind:htpp", `selector "kind:htpp": there is no kind "htpp"`, `did you mean "http"?`, false},
		{"level:nod", `selector "level:nod": there is no level "nod"`, `did you mean "node"?`, false},
		{"state:bad", `selector "state:bad": there is no state "bad"`, "there is ok, warn, fail and unknown", false},
		{"tags:prod", `selector "tags:prod": "tags" is nothing to select by`, `did you mean "tag"?`, false},
		{"on:files", "share/files is no host: nothing runs on it", "", false},
		{"on:nowhere", `no target is called "nowhere"`, "jurymast list shows what there is", false},
		{"!", `selector "!" turns nothing round`, `write "!tag:lab", without a blank`, false},
		{"!!nas1", `selector "!!nas1" turns nothing round`, `write "!tag:lab", without a blank`, false},
		{"[", `bad pattern "["`, "", false},
		{"tag:[", `bad pattern "["`, "", false},
		{"state:fail", `nothing matches "state:fail"`, "", true},
		{"zz*", `nothing matches "zz*"`, "", true},
		{"tag:lab site:home", `nothing matches "tag:lab site:home"`, "", true},
		{"!all", `nothing matches "!all"`, "", true},
	} {
		got, err := f.SelectWith(strings.Split(c.exprs, "|"), state)
		var se *SelectError
		if !errors.As(err, &se) {
			t.Errorf("%q: %v, %v", c.exprs, got, err)
			continue
		}
		if se.Text != c.text || se.Hint != c.hint || se.Empty != c.empty {
			t.Errorf("%q: %q (%q) empty %v, want %q (%q) empty %v", c.exprs, se.Text, se.Hint, se.Empty, c.text, c.hint, c.empty)
		}
	}
	if _, err := f.Select(nil); err == nil || err.Error() != "no target is named" {
		t.Errorf("no selector at all: %v", err)
	}
	if _, err := f.Select([]string{"state:fail"}); err == nil || !strings.Contains(err.Error(), "no state is at hand") {
		t.Errorf("state without states: %v", err)
	}
}

func TestLookup(t *testing.T) {
	f := mustParse(t, selectDoc)
	for in, want := range map[string]Ref{"web": "service/web", "vm/api": "vm/api", "service/api": "service/api", "pve1": "node/pve1"} {
		if got, err := f.Lookup(in); err != nil || got.Ref != want {
			t.Errorf("%q: %v, %v", in, got, err)
		}
	}
	for in, want := range map[string]string{"api": `"api" is vm/api and service/api`, "": "the name is empty", "x y": `no target is called "x y"`} {
		if _, err := f.Lookup(in); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", in, err, want)
		}
	}
}
