package kind

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"jurymast/actions"
)

// posix is what every machine has, as far as looks use it.
var posix = strings.Fields(`awk basename cat chmod cksum comm cp cut date dd df dirname du env expr find getconf grep head hostname id kill ln ls
	mkdir mkfifo mktemp mv nl nohup od paste printf ps pwd readlink rm rmdir sed sh sleep sort stat tail tee test timeout touch tr true uname uniq wc xargs`)

// needless are the kinds whose looks need no program that a machine may lack, and
// why; of others a part of their checks.
var needless = map[string]string{
	"command": "what it runs is the admin's", "files": "it looks at files", "host": "what every system has", "linux": "what every Linux has",
	"mount": "it looks at mounts", "systemd": "a host has it, or is of another kind",
	"postgres": "its programs are found where Debian's packages lay them, beside any PATH",
	"mdadm":    "the kernel is asked first, and has arrays or none",
}

// lacked are options without which a look asks nothing.
var lacked = map[string][]string{
	"proxmox-guest": {"id = 100"}, "github": {`repository = "owner/name"`}, "sqlite": {`paths = ["/nowhere"]`},
}

// linkPosix puts what every machine has into a folder.
func linkPosix(t testing.TB, bin string) {
	t.Helper()
	for _, name := range posix {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(bin, name)); err != nil {
			t.Fatal(err)
		}
	}
}

// TestEveryLookWithoutItsTool runs all looks where nothing is installed but what
// every machine has: none is ok, and each says that its tool is not there, and
// what to do about it.
func TestEveryLookWithoutItsTool(t *testing.T) {
	bin := t.TempDir()
	linkPosix(t, bin)
	t.Setenv("PATH", bin)
	says := func(line string) bool {
		return slices.ContainsFunc([]string{"not installed", "is installed", "this is no ", "there is no ", "is not there"}, func(s string) bool { return strings.Contains(line, s) })
	}
	for _, k := range All() {
		if k.Checks == nil || needless[k.Name] != "" {
			continue
		}
		t.Run(k.Name, func(t *testing.T) {
			f, target := suiteTarget(t, k, lacked[k.Name]...)
			for _, c := range k.Checks(f, target) {
				of, _, _ := strings.Cut(c.Script.Name, "/")
				if c.Probe != nil || of == "linux" || of == "host" || of == "mount" {
					continue
				}
				// Where root's programs lie is found beside PATH.
				for _, folders := range []string{":/usr/local/sbin:/usr/sbin:/sbin", ":/usr/sbin:/sbin"} {
					c.Script.Body = strings.ReplaceAll(c.Script.Body, "PATH=$PATH"+folders, "PATH=$PATH")
				}
				a := runScript(t, c, filepath.Join(bin, "sh"))
				a.Series = suiteAnswer("").Series
				rs := c.Read(a)
				if len(rs) == 0 {
					t.Errorf("%s says nothing: %+v", c.ID, a)
				}
				for _, r := range rs {
					if r.Status == actions.OK || !says(r.Line) || r.Next == "" {
						t.Errorf("%s: %s: %s, next: %q", c.ID, r.Status, r.Line, r.Next)
					}
				}
			}
		})
	}
}
