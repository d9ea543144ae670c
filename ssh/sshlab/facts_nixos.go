package sshlab

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// NixOS is what a machine of that distribution has besides. What it is to
// reboot for, Linux.RebootRequired says.
type NixOS struct {
	Generation int           // the newest; the one before is there, too
	Made       time.Duration // how long ago the newest was
	Nixpkgs    time.Duration // how old what it is made of is
}

func (n NixOS) withDefaults() NixOS {
	set(&n.Generation, 42)
	set(&n.Made, 6*24*time.Hour)
	set(&n.Nixpkgs, 8*24*time.Hour)
	return n
}

// answer has nixos-version say of what the system is made.
func (n NixOS) answer(p *programs) {
	n = n.withDefaults()
	p.answer("nixos-version", "--json", 0, fmt.Sprintf("{\"configurationRevision\":\"0c4e\",\"nixosVersion\":\"25.05.%s.b2485d5\",\"nixpkgsRevision\":\"b2485d5\"}\n", time.Now().Add(-n.Nixpkgs).Format("20060102")))
	p.t["etc/NIXOS"] = ""
}

// generations makes the systems that the machine has booted and runs, and the
// profile that the next boot takes. With a reboot due their kernels differ.
func (f *Linux) generations(dir string) error {
	n := f.NixOS.withDefaults()
	next := f.Kernel
	if f.RebootRequired {
		next += "-next"
	}
	profiles := filepath.Join(dir, "nix/var/nix/profiles")
	if err := os.MkdirAll(profiles, 0o755); err != nil {
		return err
	}
	for i, kernel := range []string{f.Kernel, next} {
		number := n.Generation - 1 + i
		system := filepath.Join(dir, "nix/store", swarmID(32, "system", fmt.Sprint(number))+"-nixos-system-25.05")
		for _, part := range []string{"kernel", "initrd", "kernel-modules"} {
			store := "nix/store/" + part + "-" + kernel
			if err := writeFile(dir, store, "", 0o644); err != nil {
				return err
			}
			if err := lead(filepath.Join(system, part), filepath.Join(dir, store)); err != nil {
				return err
			}
		}
		link := filepath.Join(profiles, fmt.Sprintf("system-%d-link", number))
		run := filepath.Join(dir, "run", []string{"booted-system", "current-system"}[i])
		for _, at := range []string{link, run} {
			if err := lead(at, system); err != nil {
				return err
			}
		}
		if err := setTime(link, time.Now().Add(-n.Made-time.Duration(1-i)*30*24*time.Hour)); err != nil {
			return err
		}
	}
	return lead(filepath.Join(profiles, "system"), fmt.Sprintf("system-%d-link", n.Generation))
}

// lead makes a link, in place of one that is there.
func lead(at, to string) error {
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		return err
	}
	if err := os.Remove(at); err != nil && !os.IsNotExist(err) {
		return err
	}
	return os.Symlink(to, at)
}

// setTime sets when a file, or a link itself, was changed.
func setTime(path string, at time.Time) error {
	ts, err := unix.TimeToTimespec(at)
	if err == nil {
		err = unix.UtimesNanoAt(unix.AT_FDCWD, path, []unix.Timespec{ts, ts}, unix.AT_SYMLINK_NOFOLLOW)
	}
	if err != nil {
		return &os.PathError{Op: "set the time of", Path: path, Err: err}
	}
	return nil
}
