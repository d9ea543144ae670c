package engine

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// WriteFile puts data in the place of a file in one piece: who reads it sees
// the old or the new one, also when the machine stops in the middle. The mode
// of an existing file is kept; a new one is 0600.
func WriteFile(path string, data []byte) error { return replaceFile(path, data, 0o600) }

// WriteShared is WriteFile for a file that other programs read: a new one is 0644.
func WriteShared(path string, data []byte) error { return replaceFile(path, data, 0o644) }

func replaceFile(path string, data []byte, mode os.FileMode) (err error) {
	path = filepath.Clean(path)
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real // the link stays, what it names is replaced
	}
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		if p := (*fs.PathError)(nil); errors.As(err, &p) {
			p.Path = path // nobody knows the name of the temporary one
		}
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_, werr := f.Write(data)
	if err := errors.Join(werr, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
