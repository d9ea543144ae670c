//go:build unix

package inventory

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// folder makes a folder that only we can write, whatever the umask is, with
// files in it.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "etc")
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for p := dir; strings.HasPrefix(p, os.TempDir()) && p != os.TempDir(); p = filepath.Dir(p) {
		if err := os.Chmod(p, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestLoadMergesFolder(t *testing.T) {
	t.Setenv("HOME", "/home/someone")
	dir := folder(t, map[string]string{
		"inventory.toml":            "[ssh]\nuser = \"admin\"\nidentity = [\"~/.ssh/id\", \"keys/id\"]\n[node.a]\nneeds = [\"b\"]\n",
		"inventory.d/20-late.toml":  "[node.c]\n[ssh]\nsudo = true\n",
		"inventory.d/10-early.toml": "[node.b]\nidentity = \"own\"\n",
		"inventory.d/.hidden.toml":  "broken",
		"inventory.d/note.txt":      "broken",
	})
	t.Chdir(dir)
	f, err := Load("inventory.toml", testKinds)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for x := range f.Targets() {
		names = append(names, x.Ref.Name())
	}
	same(t, "targets", names, []string{"a", "b", "c"})
	same(t, "files", f.Files, []string{"inventory.toml", "inventory.d/10-early.toml", "inventory.d/20-late.toml"})
	real, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	same(t, "identity", f.Settings.Reach.Identity, []string{"/home/someone/.ssh/id", filepath.Join(real, "keys/id")})
	same(t, "identity of b", f.Nodes[1].Reach.Identity, []string{filepath.Join(real, "own")})
	same(t, "place of b", f.Nodes[1].Pos, Pos{"inventory.d/10-early.toml", 1, 7})
	if f.Settings.Reach.Sudo == nil || f.Settings.Reach.User != "admin" {
		t.Errorf("[ssh] is not merged: %+v", f.Settings.Reach)
	}
}

func TestLoadNamesBothPlaces(t *testing.T) {
	dir := folder(t, map[string]string{
		"inventory.toml":     "name = \"x\"\n[ssh]\nuser = \"a\"\n[node.a]\n[site]\n",
		"inventory.d/x.toml": "name = \"y\"\n[node.a]\nadress = \"x\"\n[ssh]\nuser = \"b\"\n",
		"inventory.d/y.toml": "site = 3\nneeds = [\n",
	})
	t.Chdir(dir)
	_, err := Load("inventory.toml", testKinds)
	var ps Problems
	if !errors.As(err, &ps) {
		t.Fatalf("%T: %v", err, err)
	}
	same(t, "problems", err.Error(), strings.Join([]string{
		`inventory.d/x.toml:1:1: key "name" stands here a second time (first at inventory.toml:1:1)`,
		`inventory.d/x.toml:2:7: node/a is defined twice (first at inventory.toml:4:7)`,
		`inventory.d/x.toml:3:1: node/a: unknown key "adress" (did you mean "address"?)`,
		`inventory.d/x.toml:5:1: key "user" of [ssh] is defined twice (first at inventory.toml:3:1)`,
		`inventory.d/y.toml:1:1: key "site" stands here a second time (first at inventory.toml:5:2)`,
		`inventory.d/y.toml:2:10: array is incomplete`,
	}, "\n"))
}

func TestLoadRefusesWhatOthersCanWrite(t *testing.T) {
	write := func(name string, mode fs.FileMode) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, c := range map[string]struct {
		do   func(t *testing.T, dir string)
		bad  string // what is refused, relative to the folder; "" nothing
		why  string
		hint string
	}{
		"private":                {write("inventory.toml", 0o600), "", "", ""},
		"read by all":            {write("inventory.toml", 0o644), "", "", ""},
		"written by group":       {write("inventory.toml", 0o664), "inventory.toml", "its group can write it", "chmod go-w "},
		"written by all":         {write("inventory.toml", 0o602), "inventory.toml", "everybody can write it", "chmod go-w "},
		"folder by group":        {write(".", 0o770), ".", "its group can write it", "chmod go-w "},
		"folder by all":          {write(".", 0o777), ".", "everybody can write it", "chmod go-w "},
		"sticky folder":          {write(".", 0o777|fs.ModeSticky), ".", "everybody can write it", "chmod go-w "},
		"parent by all":          {write("..", 0o777), "..", "everybody can write it", "chmod go-w "},
		"sticky parent by all":   {write("..", 0o777|fs.ModeSticky), "", "", ""},
		"part written by all":    {write("inventory.d/x.toml", 0o666), "inventory.d/x.toml", "everybody can write it", "chmod go-w "},
		"folder of parts by all": {write("inventory.d", 0o777), "inventory.d", "everybody can write it", "chmod go-w "},
		"behind a link": {func(t *testing.T, dir string) {
			if err := os.Mkdir(filepath.Join(dir, "open"), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(filepath.Join(dir, "inventory.toml"), filepath.Join(dir, "open/real.toml")); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink("open/real.toml", filepath.Join(dir, "inventory.toml")); err != nil {
				t.Fatal(err)
			}
			write("open", 0o777)(t, dir)
		}, "open", "everybody can write it", "chmod go-w "},
	} {
		t.Run(name, func(t *testing.T) {
			dir := folder(t, map[string]string{"inventory.toml": "[node.a]\n", "inventory.d/x.toml": "[node.b]\n"})
			c.do(t, dir)
			_, err := Load(filepath.Join(dir, "inventory.toml"), testKinds)
			var pe *PermissionError
			switch {
			case c.bad == "" && err != nil:
				t.Errorf("refused: %v", err)
			case c.bad == "":
			case !errors.As(err, &pe):
				t.Errorf("not refused: %v", err)
			default:
				same(t, "path", pe.Path, filepath.Join(dir, c.bad))
				same(t, "why", pe.Why, c.why)
				same(t, "hint", pe.Hint, c.hint+pe.Path)
				if !strings.Contains(pe.Error(), "inventory refused: "+pe.Path+" (mode ") {
					t.Error(pe)
				}
			}
		})
	}
}

// TestLoadRefusesOtherOwners needs a file that belongs to somebody else: root
// makes one, and anybody else finds that root's are fine.
func TestLoadRefusesOtherOwners(t *testing.T) {
	dir := folder(t, map[string]string{"inventory.toml": "[node.a]\n"})
	path := filepath.Join(dir, "inventory.toml")
	if os.Geteuid() != 0 {
		if err := checkPermissions("/etc/passwd"); err != nil {
			t.Errorf("a file of root: %v", err)
		}
		return
	}
	if err := os.Chown(path, 12345, -1); err != nil {
		t.Fatal(err)
	}
	_, err := Load(path, testKinds)
	var pe *PermissionError
	if !errors.As(err, &pe) || pe.Why != "it belongs to user 12345, not to you or root" || pe.Hint != "chown 0 "+path {
		t.Errorf("%v", err)
	}
}

func TestLoadUnreadable(t *testing.T) {
	dir := folder(t, map[string]string{"big.toml": strings.Repeat("#", maxFile+1), "x.toml": "[node.a]\n", "x.d": "a file"})
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe.toml"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"none.toml": "no such file or directory",
		"big.toml":  "it is larger than 4 MiB",
		"pipe.toml": "it is no regular file",
		".":         "it is a folder",
		"x.toml":    "not a directory",
	} {
		_, err := Load(filepath.Join(dir, name), testKinds)
		var re *ReadError
		if !errors.As(err, &re) {
			t.Errorf("%s: %T %v", name, err, err)
			continue
		}
		if !strings.HasPrefix(re.Error(), "read inventory "+dir) || !strings.HasSuffix(re.Error(), ": "+want) {
			t.Errorf("%s: %v", name, re)
		}
	}
	_, err := Load(filepath.Join(dir, "none.toml"), testKinds)
	var re *ReadError
	if !errors.Is(err, fs.ErrNotExist) || !errors.As(err, &re) || !strings.Contains(re.Hint, "inventory import ssh-config") {
		t.Errorf("%v", err)
	}
}

func TestLoadManyFiles(t *testing.T) {
	files := map[string]string{"inventory.toml": "[node.a]\n"}
	for i := range maxFiles + 1 {
		files["inventory.d/"+string(rune('a'+i/676%26))+string(rune('a'+i/26%26))+string(rune('a'+i%26))+".toml"] = ""
	}
	_, err := Load(filepath.Join(folder(t, files), "inventory.toml"), testKinds)
	if err == nil || !strings.Contains(err.Error(), "more than 1000 are not read") {
		t.Error(err)
	}
}

func TestLevelsAreDeclared(t *testing.T) {
	for _, l := range Levels() {
		if len(Keys(l)) == 0 {
			t.Errorf("no keys of %s", l)
		}
		for _, k := range Keys(l) {
			if k.Doc == "" {
				t.Errorf("key %s of %s has no doc line", k.Name, l)
			}
		}
		if slices.Contains(targetLevels, l) && defaultClass[l] == "" {
			t.Errorf("%s has no class", l)
		}
	}
}
