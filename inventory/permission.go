package inventory

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// PermissionError is an inventory, or a folder above one, that somebody else
// could write. It is refused as ssh refuses such a key: an inventory holds
// commands that are run as root.
type PermissionError struct {
	Path string // what is too open: a file or one of the folders above it
	Mode fs.FileMode
	Why  string // "others can write it"
	Hint string // what to do about it
}

func (e *PermissionError) Error() string {
	return fmt.Sprintf("inventory refused: %s (mode %04o): %s", e.Path, permBits(e.Mode), e.Why)
}

// permBits are the bits as chmod takes them.
func permBits(m fs.FileMode) uint32 {
	bits := uint32(m.Perm())
	if m&fs.ModeSticky != 0 {
		bits |= 0o1000
	}
	return bits
}

// checkPermissions looks at a file and at every folder above it, both as
// written and behind symbolic links: who can change any of them can put
// another file in its place.
//
// A sticky folder such as /tmp passes above the file's own folder, because in
// it only owners can rename what is theirs.
func checkPermissions(path string) error {
	abs, err := filepath.Abs(path)
	if err != nil {
		return &ReadError{Path: path, Err: err}
	}
	behind, err := filepath.EvalSymlinks(abs)
	if err != nil {
		return &ReadError{Path: path, Err: err, Hint: hintFor(path, err)}
	}
	seen := map[string]bool{}
	for _, file := range []string{abs, behind} {
		own := filepath.Dir(file)
		for p := file; !seen[p]; p = filepath.Dir(p) {
			seen[p] = true
			info, err := os.Stat(p)
			if err != nil {
				return &ReadError{Path: p, Err: err, Hint: hintFor(p, err)}
			}
			sticky := p != file && p != own && info.Mode()&fs.ModeSticky != 0
			if why, hint := tooOpen(p, info, sticky); why != "" {
				return &PermissionError{Path: p, Mode: info.Mode(), Why: why, Hint: hint}
			}
		}
	}
	return nil
}
