//go:build linux

package bed

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

const lockName = "lock"

// claim makes a bed's folder, and holds its lock as long as this process lives.
func claim(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: another process has it: %w", dir, err), f.Close())
	}
	return f, nil
}

// clearDead removes the beds whose process is gone: those whose lock is free.
func clearDead(ctx context.Context, cache string, say func(string, ...any)) error {
	dirs, err := filepath.Glob(filepath.Join(cache, "beds", "jm*"))
	if err != nil {
		return err
	}
	var errs []error
	for _, dir := range dirs {
		lock, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR, 0)
		if errors.Is(err, fs.ErrNotExist) {
			continue // it is being made, or being cleared
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil {
			say("clearing %s, whose process is gone", filepath.Base(dir))
			errs = append(errs, clearBed(ctx, dir, filepath.Base(dir)))
		}
		errs = append(errs, lock.Close())
	}
	return errors.Join(errs...)
}

// clearBed ends what is left of a bed and removes all that it made.
func clearBed(ctx context.Context, dir, id string) error {
	group := cgroupOf(id, "")
	errs := []error{group.kill(ctx), group.remove()}
	for _, space := range spaces(id) {
		_, err := tool(ctx, "ip", "netns", "delete", space)
		errs = append(errs, err)
	}
	errs = append(errs, unmountBelow(dir))
	if err := errors.Join(errs...); err != nil {
		return err // the folder stays, and with it the name by which all this is found
	}
	return os.RemoveAll(dir)
}

// unmountBelow unmounts all that is mounted in a folder, the last first. A loop
// device goes with its mount.
func unmountBelow(dir string) error {
	b, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return err
	}
	var points []string
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) > 1 && strings.HasPrefix(f[1], dir+"/") {
			points = append(points, f[1])
		}
	}
	var errs []error
	for i := len(points) - 1; i >= 0; i-- {
		if err := unix.Unmount(points[i], unix.MNT_DETACH); err != nil {
			errs = append(errs, fmt.Errorf("unmount %s: %w", points[i], err))
		}
	}
	return errors.Join(errs...)
}

// chownLike gives a file the owner of another.
func chownLike(path string, like fs.FileInfo) error {
	st, ok := like.Sys().(*syscall.Stat_t)
	if !ok {
		return fmt.Errorf("%s: no owner is known", path)
	}
	return os.Lchown(path, int(st.Uid), int(st.Gid))
}
