package engine

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"jurymast/actions"
)

// open opens an engine on an inventory, with its store in dir.
func open(t *testing.T, dir, path string) *Engine {
	t.Helper()
	env := map[string]string{"HOME": dir, "JURYMAST_STATE_DIR": filepath.Join(dir, "state")}
	e, err := Open(t.Context(), Options{Paths: FindPaths(path, lookup(env), false), Now: time.Now, Who: "tester"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

func lookup(env map[string]string) Env {
	return func(name string) (string, bool) { v, ok := env[name]; return v, ok }
}

func TestFindPaths(t *testing.T) {
	dir := t.TempDir()
	conventional := filepath.Join(dir, "config", "jurymast", "inventory.toml")
	if err := os.MkdirAll(filepath.Dir(conventional), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(conventional, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, flag       string
		env              map[string]string
		root             bool
		inventory, state string
	}{
		{"convention", "", map[string]string{"HOME": "/h", "XDG_CONFIG_HOME": dir + "/config"}, false, conventional, "/h/.local/state/jurymast"},
		{"a relative XDG folder is ignored", "", map[string]string{"HOME": dir, "XDG_CONFIG_HOME": "config"}, false, "", dir + "/.local/state/jurymast"},
		{"variable, there or not", "", map[string]string{"JURYMAST_INVENTORY": "/v.toml", "XDG_CONFIG_HOME": dir + "/config"}, false, "/v.toml", "/var/lib/jurymast"},
		{"flag over variable", "/f.toml", map[string]string{"JURYMAST_INVENTORY": "/v.toml", "XDG_STATE_HOME": "/s"}, false, "/f.toml", "/s/jurymast"},
		{"root", "", map[string]string{"HOME": "/root"}, true, "", "/var/lib/jurymast"},
		{"systemd", "", map[string]string{"HOME": "/root", "STATE_DIRECTORY": "/var/lib/own"}, true, "", "/var/lib/own"},
		{"state folder said", "", map[string]string{"JURYMAST_STATE_DIR": "/mine", "STATE_DIRECTORY": "/var/lib/own"}, true, "", "/mine"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := FindPaths(tt.flag, lookup(tt.env), tt.root)
			if p.Inventory != tt.inventory || p.State != tt.state {
				t.Errorf("got %q and %q, want %q and %q", p.Inventory, p.State, tt.inventory, tt.state)
			}
			taken := 0
			for _, c := range p.Considered {
				if c.Taken {
					taken++
				}
			}
			if taken > 1 || (taken == 1) != (p.Inventory != "") {
				t.Errorf("%d taken of %+v", taken, p.Considered)
			}
		})
	}
}

// TestReadOnly holds that every method which changes something asks first, and
// that a flag can only tighten what the inventory says.
func TestReadOnly(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "inventory.toml")
	if err := os.WriteFile(path, []byte("read_only = true\n[node.a]\naddress = \"192.0.2.1\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	e := open(t, dir, path)
	for name, call := range map[string]func() error{
		"Silence": func() error {
			_, err := e.Silence(t.Context(), SilenceRequest{Kind: actions.EventAck, Target: "node/a", For: time.Hour})
			return err
		},
		"EndSilences": func() error { _, err := e.EndSilences(t.Context(), "node/a"); return err },
		"Trust":       func() error { _, err := e.Trust(t.Context(), "node/a", "SHA256:x"); return err },
		"Replace":     func() error { _, err := e.Replace(t.Context(), "node/a", "SHA256:x"); return err },
		"Shell":       func() error { _, err := e.Shell(t.Context(), "node/a", nil); return err },
	} {
		var trouble *Trouble
		if err := call(); !errors.As(err, &trouble) || trouble.Class != ClassReadOnly {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	path, link := filepath.Join(dir, "file"), filepath.Join(dir, "link")
	for _, text := range []string{"one", "two"} {
		if err := WriteFile(path, []byte(text)); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil || string(got) != text {
			t.Fatalf("got %q, %v", got, err)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(link, []byte("three")); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(link)
	if err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v, %v", info, err)
	}
	if info, err = os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("mode %v, %v: it should have been kept", info.Mode(), err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 2 {
		t.Errorf("left in the folder: %v, %v", left, err)
	}
	if err := WriteFile(filepath.Join(dir, "nothere", "file"), nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("into a folder that is not there: %v", err)
	}
}
