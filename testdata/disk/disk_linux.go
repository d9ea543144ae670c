package disk

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// Resize gives a mounted disk another size, in bytes.
func Resize(dir string, size int) error {
	return syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT, fmt.Sprintf("size=%d", size))
}

func mount(dir string, size int) error {
	return syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=0700", size))
}

func unmount(dir string) error { return syscall.Unmount(dir, syscall.MNT_DETACH) }

// must reports whether an error of mount is none that a machine may have.
func must(err error) bool { return os.Getuid() == 0 && !errors.Is(err, syscall.EPERM) }
