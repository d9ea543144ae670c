package kind

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"jurymast/actions"
)

// proxmoxTools puts a pvesh ahead of the machine's that answers an API path
// with the file of that name below $ROOT/api, ends with 1 where there is none,
// and keeps its arguments and its standard input in $ROOT/log.
func proxmoxTools(t *testing.T, more map[string]string) string {
	t.Helper()
	log := `{ printf '%s' "${0##*/}"; printf ' %s' "$@"; printf ' <%s>\n' "$(cat)"; } >>$ROOT/log` + "\n"
	programs := map[string]string{
		"pvesh": log + `file=$ROOT/api$2
case " $* " in *' --typefilter vzdump '*) file=$file-vzdump ;; *' --errors 1 '*) file=$file-errors ;; esac
if [ -e "$file.json" ]; then cat "$file.json"; else echo "No '$1' handler defined for '$2'" >&2; exit 1; fi
`,
		"dpkg-query": "echo 9.1.4\n",
		"id":         "echo ${ID-0}\n",
		"sudo":       log + "[ -e $ROOT/sudoers ] || { echo 'sudo: a password is required' >&2; exit 1; }\nshift\nexec \"$@\"\n",
	}
	for name, text := range more {
		programs[name] = log + text
	}
	root := tools(t, programs)
	put(t, root+"/log", "")
	return root
}

// proxmoxAPI has the stand-in answer with the parts of a recorded answer.
func proxmoxAPI(t *testing.T, root, file string) {
	t.Helper()
	places := map[string]string{
		"cluster": "/cluster/status", "resources": "/cluster/resources", "storage": "/nodes/localhost/storage", "replication": "/nodes/localhost/replication",
		"dumps": "/nodes/localhost/tasks-vzdump", "failed": "/nodes/localhost/tasks-errors", "uncovered": "/cluster/backup-info/not-backed-up",
	}
	_, body, _ := strings.Cut(got(t, "testdata/proxmox/"+file), "\n\n")
	parts, _ := linuxParts([]byte(body))
	for head, text := range parts {
		name, code, _ := strings.Cut(head, " ")
		if at := places[name]; at != "" && code == "0" {
			put(t, root+"/api"+at+".json", text)
		}
		if name == "settings" {
			for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
				if file, setting, ok := strings.Cut(line, ".conf:"); ok {
					file = root + file + ".conf"
					was, err := os.ReadFile(file)
					if err != nil {
						was = []byte("#notes of a person\ncores: 2\n")
					}
					put(t, file, string(was)+setting+"\n")
				}
			}
		}
	}
}

func TestProxmoxIsAsked(t *testing.T) {
	eachShell(t, func(t *testing.T, shell ...string) {
		root := proxmoxTools(t, nil)
		proxmoxAPI(t, root, "cluster.txt")
		proxmoxAPI(t, root, "care-bad.txt")
		f, target := suiteTarget(t, proxmox)
		want := map[string]string{
			"cluster":   "ok Proxmox VE 9.1.4, cluster home has quorum, 3 of 3 nodes online",
			"guests":    "ok app1 runs for 10 d 2 h; ok api runs for 10 d 2 h; ok test is stopped, and not meant to start with its node",
			"uncovered": "ok in no backup job: 190 test, 191 old",
		}
		run := map[string]actions.Answer{}
		for _, c := range proxmoxChecks(f, target) {
			a, done := run[c.Script.Key()]
			if !done {
				a = runScript(t, c, shell...)
				run[c.Script.Key()] = a
			}
			if len(a.Stderr) > 0 {
				t.Errorf("%s: %s", c.ID, a.Stderr)
			}
			var said []string
			for _, r := range c.Read(a) {
				said = append(said, r.Status.String()+" "+r.Line)
				if r.Status == actions.Unknown && r.Item == "" {
					t.Errorf("%s: %+v", c.ID, r)
				}
			}
			if w := want[c.ID]; w != "" && strings.Join(said, "; ") != w {
				t.Errorf("%s: %q", c.ID, said)
			}
		}
		if len(run) != 2 {
			t.Errorf("a look takes %d scripts", len(run))
		}
		for _, line := range strings.Split(strings.TrimSpace(got(t, root+"/log")), "\n") {
			asked, ok := strings.CutSuffix(line, " <>")
			if !ok || !slices.Contains(proxmox.Sudoers, "/usr/bin/"+asked) {
				t.Errorf("asked with something on its standard input, or without a line for sudo: %s", line)
			}
		}
	})
}

func TestProxmoxWithoutRoot(t *testing.T) {
	root := proxmoxTools(t, nil)
	proxmoxAPI(t, root, "cluster.txt")
	t.Setenv("ID", "1000")
	f, target := suiteTarget(t, proxmox)
	yes := true
	f.Settings.Reach.Sudo = &yes
	look := func() actions.Reading {
		c := proxmoxChecks(f, target)[0]
		return c.Read(runScript(t, c, "sh"))[0]
	}
	if r := look(); r.Status != actions.Unknown || !strings.Contains(r.Line, "sudo: a password is required") || !strings.Contains(r.Next, "--sudoers") {
		t.Errorf("%+v", r)
	}
	put(t, root+"/sudoers", "")
	put(t, root+"/log", "")
	if r := look(); r.Status != actions.OK {
		t.Errorf("%+v", r)
	}
	asked := 0
	for _, line := range strings.Split(strings.TrimSpace(got(t, root+"/log")), "\n") {
		if words, ok := strings.CutPrefix(strings.TrimSuffix(line, " <>"), "sudo -n "); ok {
			asked++
			words = strings.Replace(words, root, "", 1)
			if !slices.Contains(proxmox.Sudoers, "/usr/bin/"+words) {
				t.Errorf("no line for sudo allows %s", words)
			}
		}
	}
	if asked != 3 {
		t.Errorf("%d questions went through sudo", asked)
	}
}

func TestProxmoxQuorum(t *testing.T) {
	k := proxmox
	f, target := suiteTarget(t, k)
	read := func(file, id string) []actions.Reading {
		_, body, _ := strings.Cut(got(t, filepath.Join("testdata/proxmox", file)), "\n\n")
		for _, c := range k.Checks(f, target) {
			if c.ID == id {
				return c.Read(suiteAnswer(body))
			}
		}
		t.Fatalf("no check %s", id)
		return nil
	}
	if r := read("no-quorum.txt", "cluster")[0]; r.Item != "" || r.Status != actions.Fail || !strings.Contains(r.Line, "no quorum: nothing can be started, moved or copied; 1 of 3 nodes online") {
		t.Errorf("%+v", r)
	}
	if r := read("node-lost.txt", "cluster")[0]; r.Item != "" || r.Status != actions.OK || !strings.Contains(r.Line, "2 of 3 nodes online") {
		t.Errorf("%+v", r)
	}
	// A template is no guest, and neither is a guest of another node one of
	// this node's; a disabled storage and old failures are not told of.
	if rs := read("cluster.txt", "guests"); len(rs) != 3 {
		t.Errorf("%+v", rs)
	}
	if rs := read("care-bad.txt", "storage"); len(rs) != 4 {
		t.Errorf("%+v", rs)
	}
	if rs := read("care-bad.txt", "backups"); len(rs) != 5 {
		t.Errorf("%+v", rs)
	}
	if rs := read("care-bad.txt", "tasks"); len(rs) != 2 {
		t.Errorf("%+v", rs)
	}
	// As the kind of a node it looks at the machine too, as an added check not.
	added := target
	added.Options = map[string]any{"tasks": "other"}
	if all, own := len(k.Checks(f, target)), len(k.Checks(f, added)); all != own+len(linuxChecks(f, target)) {
		t.Errorf("%d checks of a node, %d that are added", all, own)
	}
}

// FuzzProxmox lets the readers have any answer that is framed as theirs.
func FuzzProxmox(f *testing.F) {
	for _, c := range suiteCases(f, "proxmox") {
		parts, _ := linuxParts(c.answer.Stdout)
		for head, text := range parts {
			f.Add(head, text)
		}
	}
	fleet, target := suiteTarget(f, proxmox)
	checks := proxmoxChecks(fleet, target)
	f.Fuzz(func(t *testing.T, head, text string) {
		a := suiteAnswer("== now 0\n1795210000\n== settings 0\n/etc/pve/nodes/a/lxc/1.conf:onboot: 1\n== resources 0\n[{\"type\":\"node\"},{\"type\":\"lxc\",\"vmid\":1,\"node\":\"a\"}]\n" +
			"== cluster 0\n[{\"type\":\"node\",\"name\":\"a\",\"local\":1}]\n== " + head + "\n" + text + "\n== end\n")
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
