package engine

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"jurymast/testdata/disk"
)

// TestWriteFileOnAFullDisk holds that a file there is no room for leaves the one
// that it was to replace, and nothing beside it.
func TestWriteFileOnAFullDisk(t *testing.T) {
	dir := t.TempDir()
	if !disk.Mount(t, dir, 64<<10) {
		return
	}
	name, old, wide := filepath.Join(dir, "report.md"), []byte("the old report\n"), make([]byte, 128<<10)
	if err := WriteFile(name, old); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(name, wide); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("got %v", err)
	}
	there, err := os.ReadDir(dir)
	if err != nil || len(there) != 1 {
		t.Errorf("%v, %v", there, err)
	}
	if got, err := os.ReadFile(name); err != nil || !bytes.Equal(got, old) {
		t.Errorf("%q, %v", got, err)
	}
	if err := WriteFile(name, wide[:32<<10]); err != nil {
		t.Errorf("one that there is room for: %v", err)
	}
}
