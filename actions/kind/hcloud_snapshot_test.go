package kind

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"jurymast/actions"
	"jurymast/inventory"
)

// depot is a project of Hetzner Cloud with its servers, images and firewalls, as
// far as copies of servers touch them; written after the API's documentation.
type depot struct {
	*cloud
	servers, pictures, walls map[int]map[string]any
	next                     int
	becomes                  string // the state of an image once it has been listed
	bare                     bool   // firewalls are not put around servers
}

func newDepot(t *testing.T) *depot {
	t.Helper()
	d := &depot{cloud: newCloud(t), servers: map[int]map[string]any{}, pictures: map[int]map[string]any{}, walls: map[int]map[string]any{}, next: 100, becomes: "available"}
	d.servers[41] = d.cloud.server(41)
	d.servers[41]["volumes"] = []int{}
	d.servers[42] = d.cloud.server(42)
	if err := os.WriteFile(d.root+"/bin/sleep", []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	d.answer = d.serve
	return d
}

// picture adds an image of a server.
func (d *depot) picture(id, of int, sort, status, created string, labels map[string]string) {
	d.pictures[id] = map[string]any{
		"id": id, "type": sort, "status": status, "name": nil, "description": "a copy", "image_size": 2.5, "disk_size": 40, "created": created, "bound_to": nil, "os_flavor": "debian", "os_version": "12",
		"created_from": map[string]any{"id": of, "name": cloudServers[of]}, "protection": map[string]any{"delete": false}, "labels": labels, "deprecated": nil, "rapid_deploy": false, "architecture": "x86",
	}
}

// serve answers as the API does. What it is asked to change is noted.
func (d *depot) serve(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	say := func(status int, v any) {
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(v)
	}
	fail := func(status int, code, message string) {
		say(status, map[string]any{"error": map[string]any{"code": code, "message": message, "details": map[string]any{}}})
	}
	action := map[string]any{"id": 1, "command": "x", "status": "success", "progress": 100, "started": "2026-01-01T00:00:00+00:00", "finished": "2026-01-01T00:00:01+00:00", "resources": []any{}, "error": nil}
	if r.Header.Get("Authorization") != "Bearer "+cloudToken {
		fail(http.StatusUnauthorized, "unauthorized", "unable to authenticate")
		return
	}
	path := strings.Split(strings.TrimPrefix(r.URL.Path, "/"), "/")
	id := 0
	if len(path) > 1 {
		id, _ = strconv.Atoi(path[1])
	}
	var body map[string]any
	_ = json.NewDecoder(r.Body).Decode(&body)
	if r.Method != http.MethodGet {
		d.said = append(d.said, r.Method+" "+strings.TrimPrefix(r.URL.Path, "/"))
		if d.locked > 0 {
			d.locked--
			fail(http.StatusLocked, "locked", "server is locked")
			return
		}
	}
	things := map[string]map[int]map[string]any{"servers": d.servers, "images": d.pictures, "firewalls": d.walls}[path[0]]
	thing := things[id]
	switch {
	case path[0] == "actions" && len(path) > 1:
		say(http.StatusOK, map[string]any{"action": action})
	case path[0] == "actions":
		say(http.StatusOK, map[string]any{"actions": []any{action}})
	case path[0] == "server_types":
		say(http.StatusOK, map[string]any{"server_types": []any{map[string]any{"id": 1, "name": "cx22", "architecture": "x86", "cores": 2, "memory": 4, "disk": 40}}})
	case things == nil || id != 0 && thing == nil:
		fail(http.StatusNotFound, "not_found", path[0]+" not found")
	case len(path) > 2 && path[2] == "actions":
		d.act(thing, path[3], body)
		if path[0] == "firewalls" {
			say(http.StatusCreated, map[string]any{"actions": []any{}})
			return
		}
		say(http.StatusCreated, map[string]any{"action": action, "image": d.pictures[d.next], "root_password": "rootpassword"})
	case r.Method == http.MethodPost:
		d.next++
		things[d.next] = d.made(path[0], body)
		one := strings.TrimSuffix(path[0], "s")
		say(http.StatusCreated, map[string]any{one: things[d.next], "action": action, "actions": []any{}, "next_actions": []any{}, "root_password": "rootpassword"})
	case r.Method == http.MethodPut:
		thing["labels"] = body["labels"]
		say(http.StatusOK, map[string]any{"server": thing})
	case r.Method == http.MethodDelete:
		if !d.lies {
			delete(things, id)
		}
		if path[0] == "servers" {
			say(http.StatusOK, map[string]any{"action": action})
			return
		}
		w.Header().Del("Content-Type")
		w.WriteHeader(http.StatusNoContent)
	case id != 0:
		say(http.StatusOK, map[string]any{strings.TrimSuffix(path[0], "s"): thing})
	default:
		d.list(say, path[0], things, r)
	}
}

func (d *depot) list(say func(int, any), sort string, things map[int]map[string]any, r *http.Request) {
	name, form := r.URL.Query().Get("name"), r.URL.Query().Get("type")
	found := []any{}
	for _, id := range slices.Sorted(maps.Keys(things)) {
		x := things[id]
		if (name == "" || x["name"] == name) && (form == "" || x["type"] == form) {
			found = append(found, maps.Clone(x))
		}
		if sort == "images" && x["status"] == "creating" {
			x["status"] = d.becomes
		}
	}
	say(http.StatusOK, map[string]any{sort: found, "meta": map[string]any{"pagination": map[string]any{"page": 1, "per_page": 50, "total_entries": len(found), "last_page": 1}}})
}

// act changes a server as it was asked to.
func (d *depot) act(server map[string]any, what string, body map[string]any) {
	if d.lies {
		return
	}
	switch what {
	case "create_image":
		d.next++
		d.picture(d.next, server["id"].(int), body["type"].(string), "creating", "2026-11-20T03:00:00+00:00", nil)
		d.pictures[d.next]["labels"] = body["labels"]
	case "rebuild":
		n, _ := strconv.Atoi(fmt.Sprint(body["image"]))
		server["image"], server["status"] = d.pictures[n], "running"
	case "set_rules":
		server["rules"] = body["rules"]
	case "poweron":
		server["status"] = "running"
	case "poweroff", "shutdown":
		server["status"] = "off"
	}
}

// made is what a request to make a server or a firewall comes to.
func (d *depot) made(sort string, body map[string]any) map[string]any {
	if sort == "firewalls" {
		return map[string]any{"id": d.next, "name": body["name"], "labels": body["labels"], "rules": []any{}, "created": "2026-11-20T03:00:00+00:00", "applied_to": []any{}}
	}
	x := d.cloud.server(42)
	n, _ := strconv.Atoi(fmt.Sprint(body["image"]))
	x["id"], x["name"], x["labels"], x["volumes"], x["image"], x["status"] = d.next, body["name"], body["labels"], []int{}, d.pictures[n], "off"
	around := []any{}
	for _, f := range asList(body["firewalls"]) {
		if !d.bare {
			around = append(around, map[string]any{"id": f.(map[string]any)["firewall"], "status": "applied"})
		}
	}
	x["public_net"].(map[string]any)["firewalls"] = around
	return x
}

func asList(v any) []any {
	l, _ := v.([]any)
	return l
}

// native returns the copies of server old, with more lines for the repository.
func (d *depot) native(t *testing.T, lines string) actions.Native {
	t.Helper()
	f, err := inventory.Parse("cloud.toml", []byte("[node.old]\n[node.nas]\n[repository.shelf]\nkind = \"hcloud-snapshot\"\nfrom = \"nas\"\nspare = \"drill\"\ntoken = { env = \"T\" }\nwait = \"2s\"\n"+lines), Schema())
	if err != nil {
		t.Fatal(err)
	}
	old, _ := f.Target("node/old")
	n, err := hcloudSnapshot.Native(f, f.Repositories[0], *old)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// does runs a script that has to end well; its token is not seen anywhere.
func (d *depot) does(t *testing.T, s actions.Script, in map[string]string) map[string]string {
	t.Helper()
	r := must(t, tokened(t, s, nil), in)
	if all := string(r.Stdout) + string(r.Stderr) + got(t, d.root+"/argv"); strings.Contains(all, cloudToken) || strings.Contains(all, "rootpassword") {
		t.Errorf("%s tells a secret: %s", s.Name, all)
	}
	return r.said
}

func (d *depot) refuses(t *testing.T, s actions.Script, in map[string]string, why string) {
	t.Helper()
	r := runFully(t.Context(), t, tokened(t, s, nil).With(in))
	if r.Exit == 0 || !strings.Contains(string(r.Stderr), why) {
		t.Errorf("%s: exit %d: %s, want %s", s.Name, r.Exit, r.Stderr, why)
	}
}

func snapshotIn(more ...string) map[string]string {
	in := map[string]string{actions.InTag: "old", actions.InRun: "r1"}
	for i := 0; i < len(more); i += 2 {
		in[more[i]] = more[i+1]
	}
	return in
}

// TestHcloudCopies has a server copied by the real client, lists it, and removes
// what no rule keeps.
func TestHcloudCopies(t *testing.T) {
	d := newDepot(t)
	n := d.native(t, "")
	if said := d.does(t, n.Survey, snapshotIn()); said["trouble"] != "" || said["tool"] != "hcloud" {
		t.Errorf("survey: %v", said)
	}
	if code := exit(t, tokened(t, n.Find, nil), snapshotIn()); code != 1 {
		t.Errorf("found before it was made: %d", code)
	}
	d.locked = 1
	first := d.does(t, n.Copy, snapshotIn())
	again := d.does(t, n.Copy, snapshotIn()) // the answer was lost
	if first["copy"] != "101" || first["bytes"] != "2500000000" || again["copy"] != "101" || d.asked() != "POST servers/41/actions/create_image, POST servers/41/actions/create_image" {
		t.Errorf("copied: %v, and again: %v", first, again)
	}
	if said := d.does(t, n.Find, snapshotIn()); said["copy"] != "101" {
		t.Errorf("find: %v", said)
	}
	// By hand, by the cloud itself, of another server, not whole yet, and one whose
	// server is gone.
	d.picture(1, 41, "snapshot", "available", "2026-11-10T20:06:40+00:00", nil)
	d.picture(2, 41, "backup", "available", "2026-11-11T20:06:40+00:00", nil)
	d.picture(3, 42, "snapshot", "available", "2026-11-12T20:06:40+00:00", nil)
	d.picture(4, 41, "snapshot", "unavailable", "2026-11-12T20:06:40+00:00", nil)
	d.picture(5, 7, "snapshot", "available", "2026-11-09T00:00:00+00:00", map[string]string{"jurymast-backup": "old", "jurymast-server": "old", "jurymast-run": "r0"})
	rows := func() string {
		var out []string
		for i := 1; ; i++ {
			row, ok := d.does(t, n.List, snapshotIn())["copy-"+strconv.Itoa(i)]
			if !ok {
				return strings.Join(out, "|")
			}
			out = append(out, row)
		}
	}
	want := "101 1795143600 2500000000 0 complete r1|2 1794427600 2500000000 0 complete -|1 1794341200 2500000000 0 complete -|5 1794182400 2500000000 0 complete r0"
	if s := rows(); s != want {
		t.Errorf("listed %s\nwant   %s", s, want)
	}
	if said := d.does(t, n.Verify, snapshotIn(actions.InCopy, "101")); said["level"] != "listed" {
		t.Errorf("verify: %v", said)
	}
	d.refuses(t, n.Verify, snapshotIn(actions.InCopy, "3"), "lists no whole image 3 of server old")
	d.asked()
	d.picture(6, 41, "snapshot", "available", "2026-11-08T00:00:00+00:00", map[string]string{"jurymast-backup": "old", "jurymast-server": "old", "jurymast-run": "r-1"})
	d.pictures[6]["protection"] = map[string]any{"delete": true}
	d.lies = true
	d.refuses(t, *n.Forget, snapshotIn("KEEP_LAST", "1"), "image 5 was removed, and the cloud still lists it")
	d.lies = false
	if said := d.does(t, *n.Forget, snapshotIn("KEEP_LAST", "1")); said["removed"] != "1" || d.asked() != "DELETE images/5, DELETE images/5" {
		t.Errorf("forget: %v", said)
	}
	if argv := got(t, d.root+"/argv"); !strings.Contains(argv, "create-image\nold\n--type\nsnapshot\n--description\njurymast backup=old run=r1\n--label\njurymast-backup=old\n--label\njurymast-run=r1\n--label\njurymast-server=old\n") {
		t.Errorf("called as %s", argv)
	}
}

// TestHcloudCopyIsNotBelieved: neither the client's exit nor its action makes a
// copy, and what cannot be asked is not known.
func TestHcloudCopyIsNotBelieved(t *testing.T) {
	d := newDepot(t)
	n := d.native(t, "")
	d.lies = true
	d.refuses(t, n.Copy, snapshotIn(), "hcloud says that server old was copied, and the cloud lists no image with the marks of this run")
	d.lies, d.becomes = false, "unavailable"
	d.refuses(t, n.Copy, snapshotIn(), "image 101, which this run had made, is unavailable")
	if code := exit(t, tokened(t, n.Find, nil), snapshotIn()); code != 1 {
		t.Errorf("find: %d", code)
	}
	d.servers[41]["volumes"] = []int{5, 6}
	if said := d.does(t, n.Survey, snapshotIn()); !strings.HasPrefix(said["trouble"], "volume 5 of server old is in no image") {
		t.Errorf("survey: %v", said)
	}
	if said := d.does(t, d.native(t, "leave = [\"5\", \"6\"]\n").Survey, snapshotIn()); said["trouble"] != "" {
		t.Errorf("survey: %v", said)
	}
	for name, answer := range map[string]http.HandlerFunc{
		"a page": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<!DOCTYPE html>") },
		"half":   func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"servers":[{"id":41,`) },
		"expired": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, `{"error":{"code":"unauthorized","message":"unable to authenticate"}}`)
		},
	} {
		d.answer = answer
		if said := d.does(t, n.Survey, snapshotIn()); said["trouble"] == "" {
			t.Errorf("%s: %v", name, said)
		}
		if code := exit(t, tokened(t, n.Find, nil), snapshotIn()); code != 2 {
			t.Errorf("%s: find: %d", name, code)
		}
		for _, s := range []actions.Script{n.List, n.Copy, n.Verify, n.Put} {
			if exit(t, tokened(t, s, nil), snapshotIn(actions.InCopy, "1")) == 0 {
				t.Errorf("%s: %s ends well", name, s.Name)
			}
		}
	}
}

// TestHcloudDrill makes a server of a copy behind its wall, and removes both.
func TestHcloudDrill(t *testing.T) {
	d := newDepot(t)
	n := d.native(t, "")
	d.picture(1, 41, "snapshot", "available", "2026-11-10T20:06:40+00:00", nil)
	in := snapshotIn(actions.InCopy, "1", actions.InInto, "drill")
	if said := d.does(t, n.Room, in); said["present"] != "no" || said["trouble"] != "" {
		t.Errorf("room: %v", said)
	}
	for range 2 { // it was cut off, and begins anew
		d.does(t, n.Extract, in)
	}
	if s := d.asked(); s != "POST firewalls, POST firewalls/101/actions/set_rules, POST servers, DELETE servers/102, POST servers" {
		t.Errorf("asked: %s", s)
	}
	if said := d.does(t, *n.Try, in); said["level"] != "started" || said["proof"] != "server drill runs 10 s after its start; what runs in it the cloud cannot say" {
		t.Errorf("try: %v", said)
	}
	d.asked()
	d.does(t, n.Clear, snapshotIn(actions.InRun, "r2", actions.InInto, "drill"))
	if s := d.asked(); s != "" {
		t.Errorf("another run removed what is not its own: %s", s)
	}
	d.does(t, n.Clear, in)
	if len(d.servers) != 2 || len(d.walls) != 0 {
		t.Errorf("left: %v %v", d.servers, d.walls)
	}
	d.does(t, n.Clear, in) // there is nothing any more

	// Without its wall, or with a hole in it, it is not started.
	d.asked()
	d.bare = true
	d.does(t, n.Extract, in)
	d.refuses(t, *n.Try, in, "is not around server drill (not said): it is not started")
	for _, w := range d.walls {
		w["rules"] = append(w["rules"].([]any), map[string]any{"direction": "in", "protocol": "tcp", "port": "22", "source_ips": []string{"0.0.0.0/0"}})
	}
	d.refuses(t, *n.Try, in, "lets more through than it may")
	if s := d.asked(); strings.Contains(s, "poweron") {
		t.Errorf("asked: %s", s)
	}
	d.does(t, n.Clear, in)
	d.refuses(t, n.Extract, snapshotIn(actions.InCopy, "1", actions.InInto, "old"), "server old is the live one")
	d.refuses(t, n.Extract, snapshotIn(actions.InCopy, "1", actions.InInto, "new"), "server new was not made by run r1, and stays")
}

// TestHcloudRestore makes a server anew of a copy: in its place, where it is gone,
// and back again.
func TestHcloudRestore(t *testing.T) {
	d := newDepot(t)
	n := d.native(t, "")
	d.picture(1, 41, "snapshot", "available", "2026-11-10T20:06:40+00:00", nil)
	in := snapshotIn(actions.InCopy, "1", actions.InInto, "")
	if said := d.does(t, n.Room, in); said["present"] != "yes" {
		t.Errorf("room: %v", said)
	}
	d.servers[41]["protection"] = map[string]any{"delete": false, "rebuild": true}
	if said := d.does(t, n.Room, in); !strings.HasPrefix(said["trouble"], "server old is protected from being rebuilt") {
		t.Errorf("room: %v", said)
	}
	d.servers[41]["protection"] = map[string]any{"delete": false, "rebuild": false}
	d.refuses(t, n.Put, in, "no copy of it was made by this run")
	in["SAID_COPY"] = "1"
	d.refuses(t, n.Put, in, "the copy of server old as it is now, is not listed as whole")
	in["SAID_COPY"] = d.does(t, n.Copy, snapshotIn())["copy"]
	d.refuses(t, n.Put, in, "server old is running, and was to be off")
	d.does(t, *n.Back, in) // nothing was replaced yet
	d.asked()
	d.does(t, *n.Stop, in)
	for range 2 {
		d.does(t, n.Put, in)
	}
	d.does(t, *n.Start, in)
	if said := d.does(t, *n.Prove, in); said["level"] != "started" {
		t.Errorf("prove: %v", said)
	}
	image := func() int { return d.servers[41]["image"].(map[string]any)["id"].(int) }
	if s := d.asked(); image() != 1 || s != "POST servers/41/actions/shutdown, PUT servers/41, POST servers/41/actions/rebuild, POST servers/41/actions/rebuild" {
		t.Errorf("asked: %s, it is of image %d", s, image())
	}
	d.does(t, *n.Back, in)
	if image() != 101 {
		t.Errorf("back: it is of image %d", image())
	}
	d.lies = true
	d.refuses(t, n.Put, in, "was to be made of image 1, and the cloud says 101")
	d.lies = false

	// It is gone: another is made, of what is set.
	delete(d.servers, 41)
	if said := d.does(t, n.Room, in); !strings.Contains(said["trouble"], "set type and location") {
		t.Errorf("room: %v", said)
	}
	n = d.native(t, "type = \"cx22\"\nlocation = \"fsn1\"\n")
	if said := d.does(t, n.Room, in); said["present"] != "no" || said["trouble"] != "" {
		t.Errorf("room: %v", said)
	}
	in[actions.InCopy] = "101" // the one that has the labels
	d.asked()
	for range 2 {
		d.does(t, n.Put, in)
	}
	d.does(t, *n.Start, in)
	if s := d.asked(); s != "POST servers, DELETE servers/102, POST servers, POST servers/103/actions/poweron" {
		t.Errorf("asked: %s", s)
	}
	d.does(t, *n.Back, in)
	if len(d.servers) != 1 {
		t.Errorf("left: %v", d.servers)
	}
}

func TestHcloudSnapshotNeedsToBeTold(t *testing.T) {
	t.Parallel()
	for lines, why := range map[string]string{
		"spare = \"old\"\n":        "not the name of a server that could be made",
		"spare = \"77\"\n":         "not the name of a server that could be made",
		"servers = [\"old=41\"]\n": "no name of a server",
		"servers = [\"old\"]\n":    "HOST=WORD",
		"from = \"old\"\n":         "name another host",
		"":                         "",
	} {
		text := "[node.old]\n[node.nas]\n[repository.shelf]\nkind = \"hcloud-snapshot\"\n" + lines
		if !strings.Contains(lines, "from") {
			text += "from = \"nas\"\n"
		}
		f, err := inventory.Parse("x", []byte(text), Schema())
		if err != nil {
			t.Fatal(err)
		}
		old, _ := f.Target("node/old")
		n, err := hcloudSnapshot.Native(f, f.Repositories[0], *old)
		if why == "" {
			if err != nil || n.Host != "node/nas" || n.Spare != "" {
				t.Errorf("%+v, %v", n, err)
			}
			for to, ok := range map[string]bool{"old-2": true, "old": false, "9113": false, "/srv": false, "-h": false} {
				if got, err := n.Place(to); (err == nil) != ok || ok && got != to {
					t.Errorf("%s: %q, %v", to, got, err)
				}
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v, want %s", lines, err, why)
		}
	}
	for level, ok := range map[string]bool{"node/a": true, "vm/a": true, "share/a": false, "service/a": false} {
		if why, _ := hcloudSnapshotTakes(inventory.Target{Ref: inventory.Ref(level)}); (why == "") != ok {
			t.Errorf("%s: %q", level, why)
		}
	}
}
