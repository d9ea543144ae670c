//go:build linux

package bed

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

const cgroupRoot = "/sys/fs/cgroup"

// cgroup is the place of one machine in every hierarchy that the kernel has:
// one folder where there is only version 2, else one a controller.
type cgroup struct{ dirs []string }

// cgroupOf names the group of a machine, or with name "" that of a whole bed.
func cgroupOf(id, name string) cgroup {
	if _, err := os.Stat(filepath.Join(cgroupRoot, "cgroup.controllers")); err == nil {
		return cgroup{[]string{filepath.Join(cgroupRoot, id, name)}}
	}
	var g cgroup
	entries, _ := os.ReadDir(cgroupRoot)
	for _, e := range entries {
		dir := filepath.Join(cgroupRoot, e.Name())
		if _, err := os.Stat(filepath.Join(dir, "cgroup.procs")); err == nil && e.IsDir() {
			g.dirs = append(g.dirs, filepath.Join(dir, id, name))
		}
	}
	return g
}

func (g cgroup) make() error {
	for _, d := range g.dirs {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return err
		}
		// A new cpuset takes no process before it has been told what it may use.
		for _, f := range []string{"cpuset.cpus", "cpuset.mems"} {
			for _, at := range []string{filepath.Dir(d), d} {
				all, err := os.ReadFile(filepath.Join(filepath.Dir(at), f))
				if err != nil {
					continue
				}
				if err := os.WriteFile(filepath.Join(at, f), all, 0o644); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// prefer gives a bed four times the processor of another's where there is too
// little.
func (g cgroup) prefer() error {
	for _, d := range g.dirs {
		for file, share := range map[string]string{"cpu.shares": "4096", "cpu.weight": "400"} {
			at := filepath.Join(d, file)
			if _, err := os.Stat(at); err != nil {
				continue // another hierarchy, or the other version
			}
			if err := os.WriteFile(at, []byte(share), 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

// pids returns the processes in the group and in all below it.
func (g cgroup) pids() ([]int, error) {
	seen := map[int]bool{}
	var all []int
	for _, d := range g.dirs {
		err := filepath.WalkDir(d, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() || e.Name() != "cgroup.procs" {
				return err
			}
			b, err := os.ReadFile(path)
			for _, w := range strings.Fields(string(b)) {
				if pid, err := strconv.Atoi(w); err == nil && !seen[pid] {
					seen[pid] = true
					all = append(all, pid)
				}
			}
			return err
		})
		// A group that goes while it is read has no processes.
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENODEV) {
			return nil, err
		}
	}
	return all, nil
}

// freeze stops every process of the group where it stands, or lets it go on.
func (g cgroup) freeze(frozen bool) error {
	for _, d := range g.dirs {
		file, word, thawed := filepath.Join(d, "cgroup.freeze"), "1", "0"
		if _, err := os.Stat(filepath.Join(d, "freezer.state")); err == nil {
			file, word, thawed = filepath.Join(d, "freezer.state"), "FROZEN", "THAWED"
		} else if _, err := os.Stat(file); err != nil || len(g.dirs) > 1 {
			continue
		}
		if !frozen {
			word = thawed
		}
		return os.WriteFile(file, []byte(word), 0o644)
	}
	return fmt.Errorf("no freezer below %s", cgroupRoot)
}

// thaw lets the group go on, and every group below it.
func (g cgroup) thaw() {
	for _, d := range g.dirs {
		_ = filepath.WalkDir(d, func(path string, e fs.DirEntry, err error) error {
			if err == nil && e.IsDir() {
				_ = cgroup{[]string{path}}.freeze(false) // only one of the hierarchies has a freezer
			}
			return nil
		})
	}
}

// frozen reports whether all of the group stands still.
func (g cgroup) frozen() bool {
	for _, d := range g.dirs {
		if b, err := os.ReadFile(filepath.Join(d, "freezer.state")); err == nil {
			return strings.TrimSpace(string(b)) == "FROZEN"
		}
		if b, err := os.ReadFile(filepath.Join(d, "cgroup.events")); err == nil && len(g.dirs) == 1 {
			return strings.Contains(string(b), "frozen 1")
		}
	}
	return false
}

// kill ends every process of the group and waits until they are gone. The
// kernel says who is in it, so none of another's can be hit.
func (g cgroup) kill(ctx context.Context) error {
	return until(ctx, "processes of the group end", func() error {
		pids, err := g.pids()
		if err != nil {
			return err
		}
		for _, p := range pids {
			if err := syscall.Kill(p, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
				return err
			}
		}
		if len(pids) == 0 {
			return nil
		}
		// A frozen process dies when it is thawed, before it does anything more.
		g.thaw()
		return fmt.Errorf("%d processes left", len(pids))
	})
}

// remove removes the group and all below it, which must be empty.
func (g cgroup) remove() error {
	var errs []error
	for _, d := range g.dirs {
		var below []string
		_ = filepath.WalkDir(d, func(path string, e fs.DirEntry, err error) error {
			if err == nil && e.IsDir() {
				below = append(below, path)
			}
			return nil
		})
		for i := len(below) - 1; i >= 0; i-- {
			if err := syscall.Rmdir(below[i]); err != nil && !errors.Is(err, syscall.ENOENT) {
				errs = append(errs, fmt.Errorf("rmdir %s: %w", below[i], err))
			}
		}
	}
	return errors.Join(errs...)
}
