package kind

import (
	"slices"
	"strings"
	"testing"

	"jurymast/actions"
	"jurymast/inventory"
)

// verbsTOML is one thing of every kind that can do more than look, as an
// inventory would hold it.
var verbsTOML = map[string]string{
	"command":         "[service.x]\nkind=\"command\"\non=\"app\"\nstandby=[\"spare\"]\ncommand=\"true\"\ndump=\"true\"\nrestore=\"true\"\nundo_restore=\"true\"\nstop=\"true\"\nstart=\"true\"\nactive=\"true\"\nprove=\"true\"\ntry=\"true\"\nclear=\"true\"\nhold=\"true\"\nrelease=\"true\"\n",
	"compose":         "[service.x]\nkind=\"compose\"\non=\"app\"\nstandby=[\"spare\"]\ndata=[\"/srv/x\"]\n",
	"files":           "[service.x]\nkind=\"files\"\non=\"app\"\npath=\"/srv/x\"\n",
	"mariadb":         "[service.x]\nkind=\"mariadb\"\non=\"app\"\n",
	"mount":           "[share.x]\nkind=\"mount\"\nclass=\"system\"\non=\"app\"\npath=\"/srv/x\"\n",
	"caddy":           "[service.x]\nkind=\"caddy\"\non=\"app\"\n",
	"haproxy":         "[service.x]\nkind=\"haproxy\"\non=\"app\"\n",
	"nginx":           "[service.x]\nkind=\"nginx\"\non=\"app\"\n",
	"nfs":             "[share.x]\nkind=\"nfs\"\nclass=\"system\"\non=\"app\"\npath=\"/srv/x\"\n",
	"samba":           "[share.x]\nkind=\"samba\"\nclass=\"system\"\non=\"app\"\npath=\"/srv/x\"\n",
	"sqlite":          "[service.x]\nkind=\"sqlite\"\non=\"app\"\npaths=[\"/srv/x\"]\n",
	"systemd":         "[service.x]\nkind=\"systemd\"\non=\"app\"\nstandby=[\"spare\"]\ndata=[\"/srv/x\"]\nquiesce=\"stop\"\n",
	"bareos-job":      "[vm.guest]\non=\"app\"\n[repository.x]\nkind=\"bareos-job\"\ndirector=\"app\"\njob=\"nas\"\nspare_client=\"fd\"\n",
	"borg":            "[repository.x]\nkind=\"borg\"\nurl=\"ssh://nas/./x\"\ninit=true\npassword={ env = \"PW\" }\n",
	"directory":       "[repository.x]\nkind=\"directory\"\npath=\"/srv/x\"\n",
	"pbs":             "[repository.x]\nkind=\"pbs\"\nurl=\"u@pbs@nas:x\"\npassword={ env = \"PW\" }\n",
	"proxmox-storage": "[vm.guest]\non=\"app\"\nid=113\n[repository.x]\nkind=\"proxmox-storage\"\nstorage=\"nas\"\nspare=9113\n",
	"rclone":          "[repository.x]\nkind=\"rclone\"\nurl=\"b2:x\"\n",
	"restic":          "[repository.x]\nkind=\"restic\"\nurl=\"b2:x\"\ninit=true\npassword={ env = \"PW\" }\n",
}

// wholeScript holds every script of a verb to what the runner needs: a name, a
// text that can be sent, root's rights, and no secret among its inputs.
func wholeScript(t *testing.T, what string, s *actions.Script) {
	t.Helper()
	if s == nil {
		return
	}
	if s.Name == "" || !strings.HasSuffix(s.Name, ".sh") && !strings.Contains(s.Name, ".sh+") || len(s.Body) == 0 {
		t.Errorf("%s has no name or no text: %q", what, s.Name)
	}
	if !s.Sudo {
		t.Errorf("%s (%s) does not ask for root", what, s.Name)
	}
	if _, _, err := s.Render(); err != nil {
		t.Errorf("%s: %v", what, err)
	}
	for variable := range s.Keep {
		if _, both := s.Inputs[variable]; both {
			t.Errorf("%s: the secret %s is an input too", what, variable)
		}
	}
}

// wholeNative holds a system that copies the target x, or the vm guest, to the
// same.
func wholeNative(t *testing.T, name string, k actions.Kind, f *inventory.Fleet) {
	t.Helper()
	target, err := f.Lookup("guest")
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if k.Takes != nil {
		if why, _ := k.Takes(*target); why != "" {
			t.Errorf("%s does not take %s: %s", name, target.Ref, why)
		}
	}
	n, err := k.Native(f, f.Repositories[0], *target)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if !slices.Contains([]string{"disk", "object-store", "tape"}, n.Medium) || n.Host == "" || n.Place == nil || n.Init != nil {
		t.Errorf("%s: %+v", name, n)
	}
	for i, s := range []*actions.Script{
		&n.Survey, &n.List, &n.Copy, &n.Find, &n.Extract, &n.Verify, n.Forget, &n.Room, &n.Clear, n.Try, &n.Put, n.Back, n.Stop, n.Start, n.Prove,
	} {
		wholeScript(t, name+" native "+string(rune('a'+i)), s)
	}
	if (n.Stop == nil) != (n.Start == nil) {
		t.Errorf("%s: it stops what it cannot start, or the other way", name)
	}
}

func TestEveryVerbIsWhole(t *testing.T) {
	for name, toml := range verbsTOML {
		f, err := inventory.Parse("verbs.toml", []byte("[node.app]\n[node.spare]\n"+toml), Schema())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		k, ok := Lookup(name)
		if !ok {
			t.Fatalf("no kind %s", name)
		}
		if k.Repository != nil {
			r, err := k.Repository(f, f.Repositories[0], "node/app")
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if !slices.Contains([]string{"disk", "object-store", "tape"}, r.Medium) {
				t.Errorf("%s: medium %q", name, r.Medium)
			}
			for i, s := range []*actions.Script{&r.Survey, &r.List, &r.Copy, &r.Find, &r.Extract, &r.Verify, r.Init, r.Forget} {
				wholeScript(t, name+" repository "+string(rune('0'+i)), s)
			}
			continue
		}
		if k.Native != nil {
			wholeNative(t, name, k, f)
			continue
		}
		target, _ := f.Lookup("x")
		d, err := k.Data(f, *target)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for i, s := range []*actions.Script{&d.Survey, d.Dump, d.Hold, d.Free, d.Stop, d.Start, d.Put, d.Back, d.Prove, d.Try, d.Clear} {
			wholeScript(t, name+" data "+string(rune('0'+i)), s)
		}
		for _, pair := range [][2]*actions.Script{{d.Hold, d.Free}, {d.Stop, d.Start}, {d.Put, d.Back}} {
			if (pair[0] == nil) != (pair[1] == nil) {
				t.Errorf("%s: it does what it cannot undo: %+v", name, pair)
			}
		}
		// A try may leave nothing behind; then there is nothing to clear.
		if d.Try == nil && d.Clear != nil {
			t.Errorf("%s: it clears what it never tries", name)
		}
		if k.Move == nil {
			continue
		}
		m, err := k.Move(f, *target)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !slices.Contains([]string{"shared", "replicated", "proxy", "restore"}, m.Shape) || m.Floor <= 0 {
			t.Errorf("%s: shape %q, floor %v", name, m.Shape, m.Floor)
		}
		for i, of := range []func(inventory.Ref) actions.Script{m.Survey, m.Stop, m.Resume, m.Promote, m.Verify, m.Active} {
			s := of("node/spare")
			wholeScript(t, name+" move "+string(rune('0'+i)), &s)
		}
		for _, s := range m.Rejoin("node/app", "node/spare") {
			wholeScript(t, name+" rejoin", &s.Do)
			if s.Title == "" || s.Host == "" || s.Timeout <= 0 {
				t.Errorf("%s: %+v", name, s)
			}
		}
	}
}
