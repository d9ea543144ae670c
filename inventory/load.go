package inventory

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const (
	maxFile  = 4 << 20 // bytes of one file; ten thousand hosts take less
	maxFiles = 1000    // in inventory.d
)

// ReadError is an inventory that could not be read at all.
type ReadError struct {
	Path string
	Err  error
	Hint string // what to do about it; may be empty
}

func (e *ReadError) Error() string {
	err := e.Err
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err // the path is named already
	}
	return fmt.Sprintf("read inventory %s: %v", e.Path, err)
}

// Unwrap returns the cause.
func (e *ReadError) Unwrap() error { return e.Err }

// Load reads the inventory at path and, where path is "NAME.toml", every
// "*.toml" of the folder "NAME.d" beside it in the order of their names. kinds
// says what every kind may be told.
//
// Everything that is wrong with the content comes at once, as [Problems]; what
// is only worth a warning is in the fleet's Warnings. A file or folder that
// others can write is a [*PermissionError], and one that cannot be read a
// [*ReadError].
func Load(path string, kinds Schema) (*Fleet, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, &ReadError{Path: path, Err: err}
	}
	home, err := os.UserHomeDir()
	if err != nil {
		home = "" // ~ stays as it is written, and opening such a file says so
	}
	b := newBuilder(kinds, filepath.Dir(abs), home)
	data, err := readFile(path)
	if err != nil {
		return nil, err
	}
	root := b.add(path, data)
	more, err := parts(path)
	if err != nil {
		return nil, err
	}
	for _, p := range more {
		data, err := readFile(p)
		if err != nil {
			return nil, err
		}
		root.merge(b.add(p, data), b.report)
	}
	return b.build(root)
}

// Parse reads one inventory from memory. name stands in positions, and its
// folder is what relative file names are relative to. A ~ in a file name stays
// as it is written. It opens no file.
func Parse(name string, data []byte, kinds Schema) (*Fleet, error) {
	dir := filepath.Dir(name)
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	b := newBuilder(kinds, dir, "")
	if len(data) > maxFile {
		return nil, Problems{{Pos: Pos{File: name, Line: 1, Col: 1}, Text: fmt.Sprintf("the file is larger than %d MiB", maxFile>>20)}}
	}
	return b.build(b.add(name, data))
}

// add reads one file into a tree.
func (b *builder) add(name string, data []byte) *table {
	f := b.fleet
	f.Path = cmp.Or(f.Path, name)
	b.order[name] = len(f.Files)
	f.Files = append(f.Files, name)
	sum := sha256.Sum256(append([]byte(f.Digest), data...))
	f.Digest = hex.EncodeToString(sum[:])
	root, lost := readTree(name, data, b.report)
	b.lost = b.lost || lost
	return root
}

// parts returns the files of the folder beside path.
func parts(path string) ([]string, error) {
	stem, ok := strings.CutSuffix(path, ".toml")
	if !ok {
		return nil, nil
	}
	dir := stem + ".d"
	entries, err := os.ReadDir(dir) // in the order of their names
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, &ReadError{Path: dir, Err: err, Hint: hintFor(dir, err)}
	}
	var files []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".toml") && !strings.HasPrefix(e.Name(), ".") {
			files = append(files, filepath.Join(dir, e.Name()))
		}
	}
	if len(files) > maxFiles {
		return nil, &ReadError{Path: dir, Err: fmt.Errorf("it holds %d files, and more than %d are not read", len(files), maxFiles)}
	}
	slices.Sort(files)
	return files, nil
}

// readFile reads a file that only its owner can write.
func readFile(path string) ([]byte, error) {
	fail := func(err error) ([]byte, error) {
		return nil, &ReadError{Path: path, Err: err, Hint: hintFor(path, err)}
	}
	// Looked at before it is opened: opening a pipe would wait for its writer.
	if info, err := os.Stat(path); err != nil {
		return fail(err)
	} else if !info.Mode().IsRegular() {
		what := "it is no regular file"
		if info.IsDir() {
			what = "it is a folder"
		}
		return fail(errors.New(what))
	}
	if err := checkPermissions(path); err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return fail(err)
	}
	defer f.Close() //nolint:errcheck // only read
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return fail(err)
	}
	if len(data) > maxFile {
		return fail(fmt.Errorf("it is larger than %d MiB", maxFile>>20))
	}
	return data, nil
}

func hintFor(path string, err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "jurymast inventory import ssh-config writes a first one; jurymast demo needs none"
	case errors.Is(err, fs.ErrPermission):
		return "ls -ld " + path
	}
	return ""
}
