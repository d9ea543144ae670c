package kind

import (
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

const proxmoxPVESM = `case "$*" in
'status --content backup')
    echo 'Name             Type     Status           Total            Used       Available        %'
    echo 'local            dir      active       102610028        60220240        37133548   58.69%'
    echo 'nas              nfs    inactive               0               0               0    0.00%' ;;
*) exit 9 ;;
esac
`

// The notes of a copy are any text; what is kept of a list must stay a list.
const proxmoxContent = `[{"content":"backup","ctime":1795190000,"encrypted":"aa:bb","format":"pbs-vm","notes":"a \"quoted\" } ,{ note, \\","protected":1,"size":1073741824,"subtype":"qemu","verification":{"state":"ok","upid":"UPID:pbs:1:2:3:verify::root@pam:"},"vmid":113,"volid":"local:backup/vm/113/2026-11-20T22:00:00Z"},{"content":"backup","ctime":1795100000,"format":"pbs-vm","size":1,"vmid":111,"volid":"x"}]
`

func proxmoxGuestTools(t *testing.T) string {
	t.Helper()
	root := proxmoxTools(t, map[string]string{"pvesm": proxmoxPVESM, "qm": `case "$*" in 'guest cmd 113 ping') exit 0 ;; *) exit 9 ;; esac` + "\n"})
	proxmoxAPI(t, root, "cluster.txt")
	proxmoxAPI(t, root, "care-well.txt")
	put(t, root+"/api/nodes/localhost/storage/local/content.json", proxmoxContent)
	put(t, root+"/etc/pve/qemu-server/113.conf", "cores: 2\n")
	put(t, root+"/etc/pve/lxc/200.conf", "cores: 2\n")
	put(t, root+"/bin/date", "#!/bin/sh\necho 1795210000\n")
	if err := os.Chmod(root+"/bin/date", 0o755); err != nil {
		t.Fatal(err)
	}
	return root
}

func TestProxmoxGuestIsAsked(t *testing.T) {
	eachShell(t, func(t *testing.T, shell ...string) {
		root := proxmoxGuestTools(t)
		f, target := suiteTarget(t, proxmoxGuest, "id = 113")
		want := map[string]string{
			"guest": "ok runs on pve1 for 10 d 2 h", "snapshots": "ok no snapshots", "replication": "ok to pve2",
			"copies": "ok 5 h 33 min old, 1.0 GiB in local; 1 are kept; not to be seen: nas", "agent": "ok the agent answers",
		}
		for _, c := range proxmoxGuest.Checks(f, target) {
			if c.Host != "node/app" {
				t.Errorf("%s is asked of %s", c.ID, c.Host)
			}
			a := runScript(t, c, shell...)
			if c.ID == "replication" {
				a.Stdout = []byte(strings.ReplaceAll(string(a.Stdout), `"guest":111`, `"guest":113`))
			}
			a.Series = func(string, string) []actions.Point { return nil }
			rs := c.Read(a)
			if len(rs) != 1 || !strings.HasPrefix(rs[0].Status.String()+" "+rs[0].Line, want[c.ID]) || len(a.Stderr) > 0 {
				t.Errorf("%s: %+v %s", c.ID, rs, a.Stderr)
			}
			if c.ID == "copies" && (strings.Contains(string(a.Stdout), "quoted") || strings.Contains(string(a.Stdout), "UPID")) {
				t.Errorf("what is long is kept: %s", a.Stdout)
			}
		}
		for _, line := range strings.Split(strings.TrimSpace(got(t, root+"/log")), "\n") {
			asked, ok := strings.CutSuffix(line, " <>")
			allowed := slices.ContainsFunc(proxmoxGuest.Sudoers, func(pattern string) bool {
				// sudo's * goes over slashes, which path.Match's does not.
				flat := func(s string) string { return strings.ReplaceAll(s, "/", "_") }
				m, err := path.Match(flat(pattern), flat("/usr/bin/"+asked))
				n, err2 := path.Match(flat(pattern), flat("/usr/sbin/"+asked))
				return err == nil && err2 == nil && (m || n)
			})
			if !ok || !allowed {
				t.Errorf("asked with something on its standard input, or without a line for sudo: %s", line)
			}
		}
	})
}

// TestProxmoxGuestsShareALook: many guests of a node cost what one costs.
func TestProxmoxGuestsShareALook(t *testing.T) {
	f, err := inventory.Parse("guests.toml", []byte(`[node.pve1]
kind = "proxmox"
[vm.a]
on = "pve1"
id = 113
[vm.b]
on = "pve1"
id = 114
[check.a]
of = "vm/a"
kind = "proxmox-guest"
[check.b]
of = "vm/b"
kind = "proxmox-guest"
container = true
`), Schema())
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]int{}
	node, _ := f.Target("node/pve1")
	for _, c := range proxmoxChecks(f, *node) {
		keys[c.Script.Key()]++
	}
	for _, name := range []inventory.Ref{"vm/a", "vm/b"} {
		vm, _ := f.Target(name)
		as := *vm
		as.Kind, as.Options = vm.Checks[0].Kind, vm.Checks[0].Options
		for _, c := range proxmoxGuest.Checks(f, as) {
			if c.Host != "node/pve1" {
				t.Errorf("%s is asked of %s", c.ID, c.Host)
			}
			keys[c.Script.Key()]++
		}
	}
	if len(keys) != 4 { // state, care, copies, and the agent of the only machine
		t.Errorf("%d scripts for a node and two guests: %v", len(keys), keys)
	}
}

func TestProxmoxGuestService(t *testing.T) {
	f, err := inventory.Parse("guests.toml", []byte(`[node.one]
[node.two]
[service.api]
kind = "proxmox-guest"
on = "one"
standby = ["two"]
guest = 113
`), Schema())
	if err != nil {
		t.Fatal(err)
	}
	s, _ := f.Target("service/api")
	body := func(file string) string {
		_, b, _ := strings.Cut(got(t, "testdata/proxmox-guest/"+file), "\n\n")
		return b
	}
	for _, tt := range []struct {
		check, file string
		status      actions.Status
		on          inventory.Ref
	}{
		{"guest", "well.txt", actions.OK, "node/one"},
		{"guest-two", "well.txt", actions.OK, "node/two"},
		{"guest", "elsewhere.txt", actions.OK, ""},
		{"guest", "stopped.txt", actions.Fail, ""},
		{"guest-two", "node-silent.txt", actions.Unknown, ""},
	} {
		checks := proxmoxGuest.Checks(f, *s)
		i := slices.IndexFunc(checks, func(c actions.Check) bool { return c.ID == tt.check })
		if i < 0 {
			t.Fatalf("no check %s", tt.check)
		}
		if r := checks[i].Read(suiteAnswer(body(tt.file)))[0]; r.Status != tt.status || r.On != tt.on {
			t.Errorf("%s of %s: %+v", tt.check, tt.file, r)
		}
		if want := map[string]inventory.Ref{"guest": "node/one", "guest-two": "node/two"}[tt.check]; checks[i].Host != want {
			t.Errorf("%s is asked of %s", tt.check, checks[i].Host)
		}
	}
}

func TestProxmoxGuestStaysLocked(t *testing.T) {
	f, target := suiteTarget(t, proxmoxGuest, "id = 113")
	_, body, _ := strings.Cut(got(t, "testdata/proxmox-guest/locked.txt"), "\n\n")
	for _, tt := range []struct {
		held   time.Duration
		status actions.Status
		line   string
	}{
		{time.Hour, actions.OK, "locked (backup) for 1 h 0 min"},
		{7 * time.Hour, actions.Warn, "locked (backup) for 7 h 0 min, limit 6 h"},
		{50 * time.Hour, actions.Fail, "locked (backup) for 2 d 2 h, limit 48 h"},
	} {
		a := suiteAnswer(body)
		a.Series = func(_, metric string) []actions.Point {
			if metric != "locked" {
				return nil
			}
			ps := []actions.Point{{At: a.Now.Add(-60 * time.Hour), Value: 1}, {At: a.Now.Add(-55 * time.Hour)}}
			for at := tt.held; at > 0; at -= time.Hour {
				ps = append(ps, actions.Point{At: a.Now.Add(-at), Value: 1})
			}
			return ps
		}
		r := proxmoxGuest.Checks(f, target)[0].Read(a)[0]
		if r.Status != tt.status || !strings.HasSuffix(r.Line, tt.line) || tt.status != actions.OK && !strings.Contains(r.Next, "qm unlock 113") {
			t.Errorf("after %v: %+v", tt.held, r)
		}
	}
}

// FuzzProxmoxGuest lets the readers have any answer that is framed as theirs.
func FuzzProxmoxGuest(f *testing.F) {
	for _, c := range suiteCases(f, "proxmox-guest") {
		parts, _ := linuxParts(c.answer.Stdout)
		for head, text := range parts {
			f.Add(head, text)
		}
	}
	fleet, target := suiteTarget(f, proxmoxGuest, "id = 113")
	checks := proxmoxGuest.Checks(fleet, target)
	well := ""
	for name, text := range map[string]string{
		"now": "1795210000", "resources": `[{"type":"node"},{"type":"lxc","vmid":113,"node":"a","status":"running"}]`, "cluster": `[{"type":"node","name":"a","local":1}]`,
		"settings": "/etc/pve/nodes/a/lxc/113.conf:onboot: 1", "here": "113.conf", "storages": "Name \nlocal dir active", "copies/local": "[]",
	} {
		well += fmt.Sprintf("== %s 0\n%s\n", name, text)
	}
	f.Fuzz(func(t *testing.T, head, text string) {
		a := suiteAnswer(well + "== " + head + "\n" + text + "\n== end\n")
		for _, c := range checks {
			for _, r := range c.Read(a) {
				if r.Line == "" || len(r.Line) > actions.MaxLine {
					t.Errorf("%s says nothing, or too much: %+v", c.ID, r)
				}
				for _, m := range r.Metrics {
					if m.Value-m.Value != 0 {
						t.Errorf("%s: %+v", c.ID, m)
					}
				}
			}
		}
	})
}
