package kind

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"jurymast/actions"
)

// data returns how the data of a target of the bed is copied.
func (b *bed) data(ref string) actions.Data {
	b.t.Helper()
	t, err := b.fleet.Lookup(ref)
	if err != nil {
		b.t.Fatal(err)
	}
	k, _ := Lookup(t.Kind)
	d, err := k.Data(b.fleet, *t)
	if err != nil {
		b.t.Fatal(err)
	}
	return d
}

// wreck changes and removes what is in a tree.
func wreck(t *testing.T, root string) {
	t.Helper()
	for name, text := range map[string]string{"plain": "changed\n", "added": "new\n"} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.RemoveAll(filepath.Join(root, "sub dir")); err != nil {
		t.Fatal(err)
	}
}

// From the first survey to the copy that is in place, and back again.
func TestFilesWholeWay(t *testing.T) {
	needTool(t, "zstd")
	for _, level := range []string{"share", "service"} {
		t.Run(level, func(t *testing.T) {
			b := newBed(t, fmt.Sprintf("[node.app]\n[%s.data]\nkind = \"files\"\non = \"app\"\npath = \"{DIR}/srv/some data\"\nclass = \"user\"\n%s\n[repository.disk]\nkind = \"directory\"\npath = \"{DIR}/re po\"\n",
				level, map[string]string{"service": "prove = \"test -s \\\"{DIR}/srv/some data/plain\\\" && echo plain\""}[level]))
			src := b.tree("srv/some data")
			d, r := b.data(level+"/data"), b.repository("disk")
			said := b.does(d.Survey, nil)
			if said["path-1"] != src || said["bytes"] == "" || said["free"] == "" || said["scratch"] != filepath.Dir(src) || said["trouble"] != "" {
				t.Errorf("survey: %v", said)
			}
			before := listing(t, src)
			in := map[string]string{actions.InPaths: src, actions.InTag: "data", actions.InRun: "r1"}
			in[actions.InCopy] = b.does(r.Copy, in)["copy"]
			wreck(t, src)
			wrecked := listing(t, src)
			in[actions.InInto] = filepath.Join(d.Scratch, ".jurymast", "restore", "r2")
			in[actions.InFrom], in[actions.InAside] = in[actions.InInto], ".jurymast-r2"
			b.does(r.Extract, in)
			for range 2 {
				b.does(*d.Put, in)
				have := listing(t, src)
				for name := range have {
					if strings.HasPrefix(name, ".jurymast-r2") {
						delete(have, name)
					}
				}
				if have["."] = before["."]; !maps.Equal(have, before) {
					t.Fatalf("in place\n%v\nwas copied\n%v", have, before)
				}
			}
			want := map[string]string{"share": "extracted", "service": "data-checked"}[level]
			if said := b.does(*d.Prove, in); said["level"] != want || !strings.Contains(said["proof"], "6 files") {
				t.Errorf("prove: %v", said)
			}
			for range 2 {
				b.does(*d.Back, in)
				if have := listing(t, src); !maps.Equal(have, wrecked) {
					t.Fatalf("after undoing\n%v\nbefore\n%v", have, wrecked)
				}
			}
			if err := os.RemoveAll(src); err != nil {
				t.Fatal(err)
			}
			b.refuses(*d.Prove, in, "")
			if said := b.does(d.Survey, nil); said["absent-1"] != src || said["trouble"] != "" {
				t.Errorf("survey of what is gone: %v", said)
			}
			b.does(*d.Put, in)
			b.does(*d.Prove, in)
			b.does(*d.Back, in)
			if _, err := os.Stat(src); err == nil && level == "service" {
				t.Error("undone, and there is what was not there before")
			}
		})
	}
}

// cutTools returns a PATH whose tools count their calls and end the script that
// calls them, with all that it has started, at the call that $CUT names: before or
// after it. Each call has a number of its own, also where two are made at once,
// as in a pipe: who makes the file $COUNT.N has N.
func cutTools(t *testing.T, tools ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, tool := range tools {
		real, err := exec.LookPath(tool)
		if err != nil {
			t.Fatal(err)
		}
		text := "#!/bin/sh\nn=1\nuntil (set -C; : >\"$COUNT.$n\") 2>/dev/null; do n=$((n + 1)); done\n" +
			"[ \"$CUT\" != \"$n before\" ] || kill -9 0\n" + real + " \"$@\"\ncode=$?\n[ \"$CUT\" != \"$n after\" ] || kill -9 0\nexit $code\n"
		if err := os.WriteFile(filepath.Join(dir, tool), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return dir + ":" + os.Getenv("PATH")
}

// TestPutCutAnywhere ends put.sh and back.sh before and after every act of
// theirs. Run again, they come to the same end as if nothing had been, on one
// disk and from another.
func TestPutCutAnywhere(t *testing.T) {
	tools := cutTools(t, "mv", "cp", "rm", "rmdir", "mkdir", "sync", "ln")
	for _, level := range []string{"share", "service"} {
		for _, disk := range []string{"one disk", "two disks"} {
			t.Run(level+" "+disk, func(t *testing.T) {
				t.Parallel()
				for n := 1; ; n++ {
					if done := putCut(t, level, disk == "two disks", n, tools); done {
						if n < 6 {
							t.Errorf("it was over after %d acts", n)
						}
						return
					}
				}
			})
		}
	}
}

// putCut cuts at act n and reports whether there was no such act.
func putCut(t *testing.T, level string, disks bool, n int, tools string) bool {
	t.Helper()
	over := false
	for _, cut := range []string{"before", "after"} {
		for _, then := range []string{"put", "back"} {
			b := newBed(t, "[node.app]\n["+level+".data]\nkind = \"files\"\non = \"app\"\npath = \"{DIR}/srv/data\"\nclass = \"user\"\n", "dash")
			src := filepath.Join(b.dir, "srv/data")
			for name, text := range map[string]string{"old": "1", "both": "2", "sub/x": "3"} {
				smallFile(t, filepath.Join(src, name), text)
			}
			from := filepath.Join(b.dir, "from")
			if disks {
				shm, err := os.MkdirTemp("/dev/shm", "jurymast")
				if err != nil {
					t.Skipf("there is no second disk: %v", err)
				}
				defer os.RemoveAll(shm)
				from = shm
			}
			for name, text := range map[string]string{"new": "4", "both": "5", ".hidden": "6", "sub/y": "7"} {
				smallFile(t, filepath.Join(from+src, name), text)
			}
			old, copied := listing(t, src), listing(t, from+src)
			in := map[string]string{actions.InFrom: from, actions.InAside: ".jurymast-r1"}
			d := b.data(level + "/data")
			first, again, want := *d.Put, *d.Put, copied
			if then == "back" {
				b.does(*d.Put, in)
				first, again, want = *d.Back, *d.Back, old
			}
			b.env = []string{"PATH=" + tools, "COUNT=" + filepath.Join(b.dir, "count"), fmt.Sprintf("CUT=%d %s", n, cut)}
			out := b.run(first, in)
			over = out.Exit == 0
			b.env = nil
			b.does(again, in)
			have := listing(t, src)
			for name := range have {
				if strings.HasPrefix(name, ".jurymast-") {
					delete(have, name)
				}
			}
			want["."], have["."] = "", ""
			if !maps.Equal(have, want) {
				t.Fatalf("%s cut %s act %d: there is\n%v\nwant\n%v", then, cut, n, have, want)
			}
			if then == "put" {
				b.does(*d.Back, in)
				if have := listing(t, src); !sameButRoot(have, old) {
					t.Fatalf("put cut %s act %d, then undone: there is\n%v\nwant\n%v", cut, n, have, old)
				}
			}
			if left, err := filepath.Glob(filepath.Join(b.dir, "srv", "*jurymast*")); then == "back" && (err != nil || len(left) > 0) {
				t.Fatalf("left behind: %v %v", left, err)
			}
		}
	}
	return over
}

func sameButRoot(a, b map[string]string) bool {
	a, b = maps.Clone(a), maps.Clone(b)
	delete(a, ".")
	delete(b, ".")
	return maps.Equal(a, b)
}

func smallFile(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o640); err != nil {
		t.Fatal(err)
	}
}

func TestPutRefuses(t *testing.T) {
	b := newBed(t, "[node.app]\n[service.data]\nkind = \"files\"\non = \"app\"\npath = \"{DIR}/srv/data\"\ndata = [\"{DIR}/srv/more\"]\n")
	src, from := filepath.Join(b.dir, "srv/data"), filepath.Join(b.dir, "from")
	smallFile(t, filepath.Join(src, "x"), "live")
	smallFile(t, filepath.Join(b.dir, "srv/more/x"), "live")
	smallFile(t, filepath.Join(from+src, "x"), "copy")
	before := listing(t, filepath.Join(b.dir, "srv"))
	d := b.data("service/data")
	in := map[string]string{actions.InFrom: from, actions.InAside: ".jurymast-r1"}
	b.refuses(*d.Put, in, "srv/more: nothing was changed")
	for _, aside := range []string{"", "/../x", ".old", ".jurymast-", ".jurymast-a b"} {
		b.refuses(*d.Put, map[string]string{actions.InFrom: from, actions.InAside: aside}, "must be named .jurymast-RUN")
		b.refuses(*d.Back, map[string]string{actions.InFrom: from, actions.InAside: aside}, "is named .jurymast-RUN")
	}
	if have := listing(t, filepath.Join(b.dir, "srv")); !maps.Equal(have, before) {
		t.Errorf("changed: %v", have)
	}
	// What somebody writes where the live data was is not taken for the copy.
	smallFile(t, filepath.Join(from+filepath.Join(b.dir, "srv/more"), "x"), "copy")
	if err := os.Rename(src, src+".jurymast-r1"); err != nil {
		t.Fatal(err)
	}
	smallFile(t, filepath.Join(src, "stray"), "3")
	b.refuses(*d.Put, in, "was made anew when it had been set aside")
	b.refuses(*d.Back, in, "was made anew when it had been set aside")
	if err := os.RemoveAll(src); err != nil {
		t.Fatal(err)
	}
	b.does(*d.Back, in)
	// A symbolic link is never followed.
	if err := os.Rename(src, src+".real"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(src+".real", src); err != nil {
		t.Fatal(err)
	}
	b.refuses(*d.Put, in, "is a symbolic link")
	b.refuses(*d.Back, in, "is a symbolic link")
	if said := b.does(d.Survey, nil); !strings.Contains(said["trouble"], "is a symbolic link") {
		t.Errorf("survey: %v", said)
	}
	if body, err := os.ReadFile(filepath.Join(src+".real", "x")); err != nil || string(body) != "live" {
		t.Errorf("%v %s", err, body)
	}
}

func TestFilesLook(t *testing.T) {
	eachShell(t, func(t *testing.T, shell ...string) {
		b := newBed(t, "[node.app]\n[service.data]\nkind = \"files\"\non = \"app\"\npath = \"{DIR}/a\"\ndata = [\"{DIR}/b\", \"{DIR}/c\", \"{DIR}/d\"]\nlimits = { full = { warn = 101, fail = 101 } }\n")
		smallFile(t, filepath.Join(b.dir, "a/x y"), "1")
		if err := os.Mkdir(filepath.Join(b.dir, "c"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink("a", filepath.Join(b.dir, "d")); err != nil {
			t.Fatal(err)
		}
		target, _ := b.fleet.Target("service/data")
		c := files.Checks(b.fleet, *target)[0]
		rs := c.Read(runScript(t, c, shell...))
		want := []actions.Status{actions.OK, actions.Fail, actions.Warn, actions.Warn}
		if len(rs) != len(want) {
			t.Fatalf("%+v", rs)
		}
		for i, r := range rs {
			if r.Status != want[i] || r.Item != filepath.Join(b.dir, string(rune('a'+i))) {
				t.Errorf("%+v, want %v", r, want[i])
			}
		}
		for _, text := range []string{"1 there 40\nend\n", "1 there\n2 odd\n3 there\n4 there\nend\n", "2 there\n1 there\n3 there\n4 there\nend\n", ""} {
			suiteNotWell(t, "files", text, c.Read(suiteAnswer(text)))
		}
	})
}
