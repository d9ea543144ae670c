package kind

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"jurymast/actions"
)

const directoryBed = `
[node.app]
[repository.disk]
kind = "directory"
path = "{DIR}/re po"
`

func TestDirectoryRoundTrip(t *testing.T) {
	t.Parallel()
	needTool(t, "zstd")
	eachShell(t, func(t *testing.T, shell ...string) {
		b := newBed(t, directoryBed, shell...)
		b.roundTrip(b.repository("disk"))
	})
}

func TestDirectoryRefuses(t *testing.T) {
	b := newBed(t, directoryBed)
	b.refusals(b.repository("disk"))
}

func TestDirectoryPartial(t *testing.T) {
	b := newBed(t, directoryBed)
	b.partial(b.repository("disk"))
}

// Without the tools that pack, and with none but those of busybox.
func TestDirectoryWithLess(t *testing.T) {
	t.Parallel()
	for _, ext := range []string{".tar.gz", ".tar"} {
		t.Run(ext, func(t *testing.T) {
			b := newBed(t, directoryBed, "busybox", "sh")
			b.env = []string{"PATH=" + busyboxPath(t, ext == ".tar.gz"), "JURYMAST_ROOT="}
			r := b.repository("disk")
			b.roundTrip(r)
			if got := b.copiesOf(r, "web"); !strings.HasSuffix(got[0][0], ext) {
				t.Errorf("packed as %v", got)
			}
		})
	}
}

// busyboxPath returns a folder that has the tools of a small system.
func busyboxPath(t *testing.T, gzip bool) string {
	t.Helper()
	dir := t.TempDir()
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		t.Fatal(err)
	}
	tools := "awk basename cat cp cut date df dirname find grep head id ls mkdir mkfifo mktemp mv rm sed sha256sum sort sync tail tar tee tr wc chmod"
	if gzip {
		tools += " gzip"
	}
	for _, tool := range strings.Fields(tools) {
		if err := os.Symlink(busybox, filepath.Join(dir, tool)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestDirectoryDamaged(t *testing.T) {
	b := newBed(t, directoryBed)
	r := b.repository("disk")
	src := b.tree("data")
	in := map[string]string{actions.InTag: "web", actions.InRun: "r1", actions.InPaths: src}
	in[actions.InCopy] = b.does(r.Copy, in)["copy"]
	in[actions.InInto] = filepath.Join(b.dir, "into")
	file := filepath.Join(b.dir, "re po", "web", in[actions.InCopy])
	body, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	body[len(body)/2] ^= 1
	if err := os.WriteFile(file, body, 0o600); err != nil {
		t.Fatal(err)
	}
	b.unsound(r.Verify, in, true, "is damaged")
	b.unsound(r.Extract, in, true, "is damaged")
	env := b.env
	b.standIn("sha256sum", "echo 'sha256sum: -: Input/output error' >&2; exit 1\n")
	b.unsound(r.Verify, in, false, "cannot be read: sha256sum: -: Input/output error")
	b.env = env
	if _, err := os.Stat(in[actions.InInto]); err == nil {
		t.Error("a damaged copy was extracted")
	}
	in[actions.InCopy] = "../" + in[actions.InCopy]
	b.refuses(r.Extract, in, "is no copy of this repository")
}

// What a run that was cut off left is no copy, and is in nobody's way.
func TestDirectoryCutOff(t *testing.T) {
	b := newBed(t, directoryBed)
	r := b.repository("disk")
	src := b.tree("data")
	there := filepath.Join(b.dir, "re po", "web")
	if err := os.MkdirAll(there, 0o700); err != nil {
		t.Fatal(err)
	}
	left := []string{"20261120T010000Z-r1.tar.zst.part", "20261120T020000Z-r1.tar.zst", "20261120T030000Z-other.tar.zst"}
	for _, name := range left {
		if err := os.WriteFile(filepath.Join(there, name), []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	in := map[string]string{actions.InTag: "web", actions.InRun: "r1", actions.InPaths: src}
	if out := b.run(r.Find, in); out.Exit != 1 {
		t.Errorf("half a copy is found: %+v", out)
	}
	b.does(r.Copy, in)
	if got := b.copiesOf(r, "web"); len(got) != 1 {
		t.Errorf("copies: %v", got)
	}
	for i, name := range left {
		if _, err := os.Stat(filepath.Join(there, name)); (err == nil) != (i == 2) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDirectoryMount(t *testing.T) {
	b := newBed(t, directoryBed+"must_be_mount = true\n")
	r := b.repository("disk")
	in := map[string]string{actions.InTag: "web", actions.InRun: "r1", actions.InPaths: b.tree("data")}
	root := t.TempDir()
	b.env = []string{"JURYMAST_ROOT=" + root}
	if err := os.Mkdir(filepath.Join(root, "proc"), 0o700); err != nil {
		t.Fatal(err)
	}
	table := func(at string) {
		line := fmt.Sprintf("/dev/sdb1 %s ext4 rw 0 0\n", mountEscape.Replace(at))
		if err := os.WriteFile(filepath.Join(root, "proc", "mounts"), []byte(line), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	table(b.dir)
	b.refuses(r.Copy, in, "nothing is mounted at")
	b.refuses(r.List, in, "nothing is mounted at")
	if out := b.run(r.Find, in); out.Exit != 2 {
		t.Errorf("find without the mount: %+v", out)
	}
	if said := b.does(r.Survey, in); !strings.Contains(said["trouble"], "nothing is mounted") {
		t.Errorf("survey: %v", said)
	}
	table(filepath.Join(b.dir, "re po"))
	b.does(r.Copy, in)
}

// A folder of another host is used where a share with it is mounted.
func TestDirectoryThroughShare(t *testing.T) {
	b := newBed(t, `
[node.app]
[node.nas]
[share.copies]
kind = "mount"
class = "system"
on = "nas"
path = "/srv/copies"
mounts = [{ on = "app", at = "/mnt/copies" }]
[repository.disk]
kind = "directory"
on = "nas"
path = "/srv/copies/all"
[repository.hidden]
kind = "directory"
on = "nas"
path = "/srv/hidden"
`)
	in := b.repository("disk").Copy.Inputs
	if in["REPOSITORY"] != "/mnt/copies/all" || in["MOUNT"] != "/mnt/copies" {
		t.Errorf("inputs: %v", in)
	}
	if _, err := directory.Repository(b.fleet, b.fleet.Repositories[1], "node/app"); err == nil || !strings.Contains(err.Error(), "no share with its folder is mounted on node/app") {
		t.Errorf("a folder that cannot be reached: %v", err)
	}
}

// TestArchivesCutAnywhere ends the scripts of a folder and of a remote at every
// act of theirs. What is there in between is no copy, and a second attempt makes
// exactly one; a retention that was cut off leaves no half of a copy that is
// taken for one.
func TestArchivesCutAnywhere(t *testing.T) {
	needTool(t, "zstd", "rclone")
	tools := cutTools(t, "mv", "rm", "mkdir", "sync", "tar", "zstd", "tee", "rclone")
	kinds := map[string]string{
		"directory": "kind = \"directory\"\npath = \"{DIR}/there\"\n",
		"rclone":    "kind = \"rclone\"\nurl = \"plain:there\"\nconfig = \"{DIR}/rclone.conf\"\nstage = \"{DIR}/stage\"\n",
	}
	for kind, lines := range kinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			for n, over := 1, false; !over; n++ {
				for _, cut := range []string{"before", "after"} {
					if kind == "rclone" && cut == "after" {
						continue // before the next act is as good, and rclone is slow
					}
					b := newBed(t, "[node.app]\n[repository.r]\n"+lines, "dash")
					smallFile(t, filepath.Join(b.dir, "rclone.conf"), "[plain]\ntype = alias\nremote = "+b.dir+"\n")
					r := b.repository("r")
					smallFile(t, filepath.Join(b.dir, "data/x"), "1")
					in := map[string]string{actions.InTag: "web", actions.InRun: "r1", actions.InPaths: filepath.Join(b.dir, "data"), "KEEP_LAST": "1"}
					cutEnv := []string{"PATH=" + tools, "COUNT=" + filepath.Join(b.dir, "count"), fmt.Sprintf("CUT=%d %s", n, cut)}

					b.env = cutEnv
					over = b.run(r.Copy, in).Exit == 0
					b.env = nil
					found := b.run(r.Find, in)
					if listed := len(b.copiesOf(r, "web")); found.Exit > 1 || (found.Exit == 0) != (listed == 1) {
						t.Fatalf("cut %s act %d: found %+v, listed %d", cut, n, found, listed)
					}
					if found.Exit == 0 {
						in[actions.InCopy] = actions.Said(found.Stdout)["copy"]
						b.does(r.Verify, in)
					}
					b.does(r.Copy, in)
					if got := b.copiesOf(r, "web"); len(got) != 1 {
						t.Fatalf("cut %s act %d and copied again: %v", cut, n, got)
					}
					in[actions.InRun] = "r2"
					second := b.does(r.Copy, in)["copy"]
					counted, err := filepath.Glob(filepath.Join(b.dir, "count.*"))
					if err != nil || len(counted) == 0 {
						t.Fatal(counted, err)
					}
					for _, c := range counted {
						if err := os.Remove(c); err != nil {
							t.Fatal(err)
						}
					}
					b.env = cutEnv
					_ = b.run(*r.Forget, in)
					b.env = nil
					for _, c := range b.copiesOf(r, "web") {
						in[actions.InCopy] = c[0]
						b.does(r.Verify, in)
					}
					b.does(*r.Forget, in)
					if got := b.copiesOf(r, "web"); len(got) != 1 || got[0][0] != second {
						t.Fatalf("retention cut %s act %d: left %v, want %s", cut, n, got, second)
					}
				}
				if over && n < 8 {
					t.Errorf("it was over after %d acts", n)
				}
			}
		})
	}
}
