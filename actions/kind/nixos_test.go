package kind

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"jurymast/actions"
)

// TestNixOSOnAMachine looks at a folder that is laid out as a machine, under
// every shell: as it should be, and with the profile turned back.
func TestNixOSOnAMachine(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for _, d := range []string{"etc", "run", "bin", "nix/store/a-system", "nix/store/b-system", "nix/var/nix/profiles/per-user/root"} {
		if err := os.MkdirAll(filepath.Join(root, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	smallFile(t, filepath.Join(root, "etc/NIXOS"), "")
	link := func(to, name string) {
		t.Helper()
		path := filepath.Join(root, name)
		_ = os.Remove(path)
		if err := os.Symlink(to, path); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range []string{"a", "b"} {
		for _, part := range []string{"kernel", "initrd", "kernel-modules"} {
			link("/nix/store/"+part, "nix/store/"+s+"-system/"+part)
		}
	}
	// Absolute in the machine, so that its parts are found below root here.
	link(filepath.Join(root, "nix/store/a-system"), "run/booted-system")
	link(filepath.Join(root, "nix/store/b-system"), "run/current-system")
	link(filepath.Join(root, "nix/store/a-system"), "nix/var/nix/profiles/system-7-link")
	link(filepath.Join(root, "nix/store/b-system"), "nix/var/nix/profiles/system-12-link")
	link("system-12-link", "nix/var/nix/profiles/system")
	link("channels-3-link", "nix/var/nix/profiles/per-user/root/channels")
	for name, text := range map[string]string{
		"nixos-version": `echo '{"nixosVersion":"24.11.717703.b3d51a0365f6"}'`,
		"systemctl":     `printf 'LoadState=not-found\nActiveState=inactive\n'`,
	} {
		if err := os.WriteFile(filepath.Join(root, "bin", name), []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	k, _ := Lookup("nixos")
	f, target := suiteTarget(t, k, "limits = { store = { warn = 101, fail = 101 } }") // the disk is this machine's
	look := func(want map[string]string) {
		t.Helper()
		eachShell(t, func(t *testing.T, shell ...string) {
			for _, c := range k.Checks(f, target) {
				status, words, ok := strings.Cut(want[c.ID], " ")
				if !ok {
					continue
				}
				c.Script = c.Script.With(map[string]string{"JURYMAST_ROOT": root, "PATH": filepath.Join(root, "bin") + ":" + os.Getenv("PATH")})
				a := runScript(t, c, shell...)
				if rs := c.Read(a); len(rs) != 1 || rs[0].Status.String() != status || !strings.Contains(rs[0].Line, words) {
					t.Errorf("%s: want %s, got %+v\n%s%s", c.ID, want[c.ID], rs, a.Stdout, a.Stderr)
				}
			}
		})
	}
	look(map[string]string{
		"system": "ok generation 12 runs, and is booted next", "generations": "ok 2 generations, the newest is 12",
		"nixpkgs": "ok the channel was updated", "store": "ok % used", "upgrade": "ok not set to upgrade",
	})
	link("/nix/store/kernel-2", "nix/store/b-system/kernel")
	look(map[string]string{"system": "warn generation 12 waits for a reboot: another kernel was booted"})
	link("system-7-link", "nix/var/nix/profiles/system")
	look(map[string]string{"system": "warn generation 12 runs, and the next boot takes 7"})
}

// TestNixOSVersions: only what is a date is one.
func TestNixOSVersions(t *testing.T) {
	t.Parallel()
	k, _ := Lookup("nixos")
	_, target := suiteTarget(t, k)
	for version, want := range map[string]actions.Status{
		"25.05.20261110.b2485d5": actions.OK, "24.11.717703.b3d51a0365f6": actions.Unknown, "25.05.19700101.dirty": actions.Unknown,
		"25.05.20269999.b2485d5": actions.Unknown, "25.11pre-git": actions.Unknown, "24.05.20240101.aaaaaaa": actions.Fail,
	} {
		n := nixosSaid{parts: map[string]string{"version": `{"nixosVersion":"` + version + `"}`}}
		if r := n.judgeAge(target, suiteAnswer("").Now); r.Status != want {
			t.Errorf("%s: want %s, got %+v", version, want, r)
		}
	}
}
