package store

import (
	"fmt"
	"os"
	"syscall"
	"testing"
)

// mountDisk mounts a disk of so many bytes at a folder until the test ends, and
// reports whether it could: that takes root, and a container may forbid it.
func mountDisk(t *testing.T, dir string, size int) bool {
	t.Helper()
	err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=0700", size))
	if err != nil {
		if os.Getuid() == 0 && err != syscall.EPERM {
			t.Fatalf("mount: %v", err)
		}
		t.Logf("no disk of its own to fill: %v", err)
		return false
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	return true
}

// resizeDisk gives a disk of mountDisk's another size.
func resizeDisk(dir string, size int) error {
	return syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT, fmt.Sprintf("size=%d", size))
}
