// Package disk gives tests a small disk of their own, to see what is done when
// there is no room left.
package disk

import "testing"

// Mount mounts a disk of so many bytes at a folder until the test ends, and
// reports whether it could: that takes Linux and root, and a container may forbid
// it.
func Mount(t testing.TB, dir string, size int) bool {
	t.Helper()
	if err := mount(dir, size); err != nil {
		if must(err) {
			t.Fatalf("mount: %v", err)
		}
		t.Logf("no disk of its own to fill: %v", err)
		return false
	}
	t.Cleanup(func() {
		if err := unmount(dir); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	return true
}
