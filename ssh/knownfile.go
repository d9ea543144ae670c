package ssh

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"github.com/skeema/knownhosts"
	gossh "golang.org/x/crypto/ssh"
)

// knownSet is a set of files of host keys, read.
type knownSet struct {
	stamp string // sizes and times of the files when they were read
	db    *knownhosts.HostKeyDB
	names map[string]string // of files that were read by way of a copy
}

// name returns the file that the admin knows.
func (s knownSet) name(file string) string {
	if n, ok := s.names[file]; ok {
		return n
	}
	return file
}

// readKnown reads files of host keys. As OpenSSH does it passes over lines that
// it cannot read: one of them must not put every host out of reach. The parser
// knows no such mercy, so that it is given copies with those lines blank; the
// others keep their numbers.
func readKnown(files []string, passed func(file string, line int)) (knownSet, error) {
	db, err := knownhosts.NewDB(files...)
	if err == nil {
		return knownSet{db: db}, nil
	}
	dir, tempErr := os.MkdirTemp("", "jurymast-known-")
	if tempErr != nil {
		return knownSet{}, err
	}
	defer func() { _ = os.RemoveAll(dir) }() // copies of what is no secret
	set := knownSet{names: map[string]string{}}
	copies := make([]string, len(files))
	for i, f := range files {
		text, readErr := os.ReadFile(f)
		if readErr != nil {
			return knownSet{}, readErr
		}
		lines := bytes.SplitAfter(text, []byte("\n"))
		for n, line := range lines {
			if !readableKnown(line) {
				lines[n] = []byte("\n")
				passed(f, n+1)
			}
		}
		copies[i] = filepath.Join(dir, fmt.Sprint(i))
		set.names[copies[i]] = f
		if writeErr := os.WriteFile(copies[i], bytes.Join(lines, nil), 0o600); writeErr != nil {
			return knownSet{}, err
		}
	}
	var again error
	if set.db, again = knownhosts.NewDB(copies...); again != nil {
		return knownSet{}, err
	}
	return set, nil
}

// readableKnown reports whether a line is a comment or holds a key.
func readableKnown(line []byte) bool {
	line = bytes.TrimSpace(line)
	if len(line) == 0 || line[0] == '#' {
		return true
	}
	_, _, _, _, _, err := gossh.ParseKnownHosts(line)
	return err == nil
}
