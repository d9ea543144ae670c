package kind

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"jurymast/actions"
)

// nixosBed is a folder that is laid out as a machine, with a store and a profile
// that a real Nix keeps; what else it answers with are stand-ins.
type nixosBed struct {
	t    *testing.T
	root string
}

func newNixosBed(t *testing.T) nixosBed {
	t.Helper()
	needed(t, "nix-env", "nix-bin")
	b := nixosBed{t, t.TempDir()}
	// What is in a store may not be written to, nor removed, by anybody.
	t.Cleanup(func() {
		_ = filepath.WalkDir(b.root, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				return os.Chmod(path, 0o755)
			}
			return nil
		})
	})
	for _, d := range []string{"etc", "run", "bin", "nix/store", "nix/var/nix/profiles/per-user/root"} {
		if err := os.MkdirAll(filepath.Join(b.root, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	smallFile(t, filepath.Join(b.root, "etc/NIXOS"), "")
	b.link("channels-3-link", "nix/var/nix/profiles/per-user/root/channels")
	for name, text := range map[string]string{
		"nixos-version": `echo '{"nixosVersion":"24.11.717703.b3d51a0365f6"}'`,
		"systemctl":     `printf 'LoadState=not-found\nActiveState=inactive\n'`,
	} {
		if err := os.WriteFile(filepath.Join(b.root, "bin", name), []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

func (b nixosBed) link(to, name string) {
	b.t.Helper()
	path := filepath.Join(b.root, name)
	_ = os.Remove(path)
	if err := os.Symlink(to, path); err != nil {
		b.t.Fatal(err)
	}
}

// nix runs a command of Nix on the store of the bed.
func (b nixosBed) nix(args ...string) string {
	b.t.Helper()
	cmd := exec.CommandContext(b.t.Context(), args[0], append([]string{"--option", "build-users-group", "", "--option", "sandbox", "false"}, args[1:]...)...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + b.root, "NIX_REMOTE=local", "NIX_CONF_DIR=" + filepath.Join(b.root, "etc"),
		"NIX_STORE_DIR=" + filepath.Join(b.root, "nix/store"), "NIX_STATE_DIR=" + filepath.Join(b.root, "nix/var/nix"), "NIX_LOG_DIR=" + filepath.Join(b.root, "nix/log")}
	out, err := cmd.Output()
	if err != nil {
		b.t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// system makes a system with a kernel and has the profile name it.
func (b nixosBed) system(kernel string) string {
	b.t.Helper()
	dir := filepath.Join(b.t.TempDir(), "nixos-system-box")
	if err := os.Mkdir(dir, 0o755); err != nil {
		b.t.Fatal(err)
	}
	for part, to := range map[string]string{"kernel": kernel, "initrd": "initrd", "kernel-modules": "modules"} {
		if err := os.Symlink("/nix/store/"+to, filepath.Join(dir, part)); err != nil {
			b.t.Fatal(err)
		}
	}
	smallFile(b.t, filepath.Join(dir, "nixos-version"), b.t.TempDir()) // no two systems are the same
	activate := fmt.Sprintf("#!/bin/sh\n[ \"$1\" = switch ] || exit 9\n[ ! -e '%[1]s/broken' ] || exit 4\nln -sfn \"$(readlink -f '%[1]s/nix/var/nix/profiles/system')\" '%[1]s/run/current-system'\n", b.root)
	if err := os.Mkdir(filepath.Join(dir, "bin"), 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "bin/switch-to-configuration"), []byte(activate), 0o755); err != nil {
		b.t.Fatal(err)
	}
	path := b.nix("nix-store", "--add", dir)
	b.profile("--set", path)
	return path
}

func (b nixosBed) profile(args ...string) {
	b.t.Helper()
	b.nix(append([]string{"nix-env", "-p", filepath.Join(b.root, "nix/var/nix/profiles/system")}, args...)...)
}

// finds looks under every shell.
func (b nixosBed) finds(want map[string]string) {
	b.t.Helper()
	k, _ := Lookup("nixos")
	f, target := suiteTarget(b.t, k, "limits = { store = { warn = 101, fail = 101 } }") // the disk is this machine's
	for _, shell := range [][]string{{"dash"}, {"busybox", "sh"}, {"bash", "--posix"}} {
		for _, c := range k.Checks(f, target) {
			status, words, ok := strings.Cut(want[c.ID], " ")
			if !ok {
				continue
			}
			c.Script = c.Script.With(map[string]string{"JURYMAST_ROOT": b.root, "PATH": filepath.Join(b.root, "bin") + ":" + os.Getenv("PATH")})
			a := runScript(b.t, c, shell...)
			if rs := c.Read(a); len(rs) != 1 || rs[0].Status.String() != status || !strings.Contains(rs[0].Line, words) {
				b.t.Errorf("%s under %s: want %s, got %+v\n%s%s", c.ID, shell[0], want[c.ID], rs, a.Stdout, a.Stderr)
			}
		}
	}
}

// TestNixOSGenerations takes a profile of a real Nix through a switch, a test, a
// roll back and a collection of garbage.
func TestNixOSGenerations(t *testing.T) {
	t.Parallel()
	b := newNixosBed(t)
	one := b.system("kernel-1")
	b.link(one, "run/booted-system")
	b.link(one, "run/current-system")
	b.finds(map[string]string{"system": "ok generation 1 runs, and is booted next", "generations": "warn 1 generation, the newest is 1"})
	two := b.system("kernel-1")
	b.link(two, "run/current-system")
	b.finds(map[string]string{
		"system": "ok generation 2 runs, and is booted next", "generations": "ok 2 generations, the newest is 2",
		"nixpkgs": "ok the channel was updated", "store": "ok % used", "upgrade": "ok not set to upgrade",
	})
	three := b.system("kernel-2")
	b.finds(map[string]string{"system": "warn generation 2 runs, and the next boot takes 3"})
	b.link(three, "run/current-system")
	b.finds(map[string]string{"system": "warn generation 3 waits for a reboot: another kernel was booted"})
	b.profile("--rollback")
	b.finds(map[string]string{"system": "warn generation 3 runs, and the next boot takes 2"})
	b.link(two, "run/current-system")
	b.finds(map[string]string{"system": "ok generation 2 runs, and is booted next", "generations": "ok 3 generations, the newest is 3"})
	b.profile("--delete-generations", "1", "3")
	b.finds(map[string]string{"system": "ok generation 2 runs", "generations": "warn 1 generation, the newest is 2"})
	b.link(three, "run/current-system")
	b.finds(map[string]string{"system": "warn in no generation; a reboot goes to 2"})
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

// deploys runs a script of a deploy, with the real Nix behind its commands.
func (b nixosBed) deploys(s actions.Script, code int, in ...string) ran {
	b.t.Helper()
	for _, name := range []string{"nix-env", "nix"} {
		real := needed(b.t, name, "nix-bin")
		text := fmt.Sprintf(`#!/bin/sh
export HOME='%[1]s' NIX_REMOTE=local NIX_CONF_DIR='%[1]s/etc' NIX_STORE_DIR='%[1]s/nix/store' NIX_STATE_DIR='%[1]s/nix/var/nix' NIX_LOG_DIR='%[1]s/nix/log'
printf '%%s %%s\n' %[2]s "$*" >>'%[1]s/argv'
exec %[3]s --option build-users-group "" --option sandbox false "$@"
`, b.root, name, real)
		if err := os.WriteFile(filepath.Join(b.root, "bin", name), []byte(text), 0o755); err != nil {
			b.t.Fatal(err)
		}
	}
	all := map[string]string{"JURYMAST_ROOT": b.root, "PATH": filepath.Join(b.root, "bin") + ":" + os.Getenv("PATH"), actions.InRun: "0001-a"}
	for i := 0; i < len(in); i += 2 {
		all[in[i]] = in[i+1]
	}
	r := runFully(b.t.Context(), b.t, s.With(all))
	if r.Exit != code {
		b.t.Fatalf("%s %v: exit %d, want %d\n%s%s", s.Name, in, r.Exit, code, r.Stdout, r.Stderr)
	}
	return r
}

// TestNixOSRollsBack goes to an earlier generation of a real profile and back,
// and sees one that does not come up whole.
func TestNixOSRollsBack(t *testing.T) {
	t.Parallel()
	b := newNixosBed(t)
	one := b.system("kernel-1")
	b.link(one, "run/booted-system")
	two := b.system("kernel-2")
	b.link(two, "run/current-system")
	k, _ := Lookup("nixos")
	f, target := suiteTarget(t, k)
	d, err := k.Deploy(f, target)
	if err != nil {
		t.Fatal(err)
	}
	said := b.deploys(d.Survey, 0, "WANTED", "previous").said
	if said["current"] != "2" || said["wanted"] != "1" || said["system"] != one || said["change-1"] == "" || said["left-1"] != "" || said["there"] != "" {
		t.Errorf("it says %v", said)
	}
	for wanted, want := range map[string]string{"7": "there is no generation 7; there: 2 1", "v1": "v1 is no number", "newest": ""} {
		if got := b.deploys(d.Survey, 0, "WANTED", wanted).said["trouble"]; !strings.Contains(got, want) || (got == "") != (want == "") {
			t.Errorf("%s: %q, want %q", wanted, got, want)
		}
	}
	in := []string{"VERSION", "1", "SEEN_SYSTEM", said["system"]}
	b.deploys(d.Active, 1, in...)
	for range 2 {
		b.deploys(d.Do, 0, in...)
	}
	b.deploys(d.Active, 0, in...)
	b.finds(map[string]string{"system": "ok generation 1 runs, and is booted next"})
	b.deploys(d.Back, 0)
	b.deploys(d.Active, 1, in...)
	b.finds(map[string]string{"system": "warn generation 2 waits for a reboot"})
	if left := b.deploys(d.Survey, 0, "WANTED", "2").said; left["there"] != "yes" {
		t.Errorf("it is there, and says %v", left)
	}

	smallFile(t, filepath.Join(b.root, "broken"), "")
	if r := b.deploys(d.Do, 1, in...); !strings.Contains(string(r.Stderr), "not all of it works: switch-to-configuration ended with 4") {
		t.Errorf("it says %s", r.Stderr)
	}
	b.deploys(d.Active, 1, in...)
	if err := os.Remove(filepath.Join(b.root, "broken")); err != nil {
		t.Fatal(err)
	}
	b.deploys(d.Back, 0)
	b.deploys(d.Active, 0, "VERSION", "2")
	if r := b.deploys(d.Do, 1, "VERSION", "1", "SEEN_SYSTEM", two); !strings.Contains(string(r.Stderr), "not what it was when the plan was made") {
		t.Errorf("it says %s", r.Stderr)
	}
	argv, err := os.ReadFile(filepath.Join(b.root, "argv"))
	if err != nil || !strings.Contains(string(argv), "nix-env --profile "+b.root+"/nix/var/nix/profiles/system --switch-generation 1\n") {
		t.Errorf("%v: %s", err, argv)
	}
	b.profile("--delete-generations", "1")
	if why := b.deploys(d.Survey, 0, "WANTED", "previous").said["trouble"]; why != "there is no generation before 2" {
		t.Errorf("alone: %q", why)
	}
}
