package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"filippo.io/age"
	"filippo.io/age/armor"

	"jurymast/inventory"
)

// Bounds on looking a secret up.
const (
	secretMax   = 64 << 10
	secretLimit = 30 * time.Second
)

var errNoSecret = errors.New("it is empty")

// secret looks a secret up where the inventory says that it is kept: an
// environment variable, a file that others cannot read, the first line of what
// a command prints, a credential of systemd, or the inventory itself, encrypted
// by age. A newline at the end is not part of it. Errors never hold the secret.
func (e *Engine) secret(ctx context.Context, at inventory.Secret) (string, error) {
	var b []byte
	var err error
	var where string
	switch {
	case at.Env != "":
		where = "environment variable " + at.Env
		v, ok := e.options.Paths.Lookup(at.Env)
		if !ok {
			return "", fmt.Errorf("%s is not set", where)
		}
		b = []byte(v)
	case at.File != "":
		where = "file " + at.File
		b, err = readSecret(at.File)
	case at.Credential != "":
		where = "credential " + at.Credential
		dir := e.options.Paths.Lookup.get("CREDENTIALS_DIRECTORY")
		if dir == "" {
			return "", fmt.Errorf("%s: CREDENTIALS_DIRECTORY is not set: it is given to services of systemd with LoadCredential=", where)
		}
		b, err = readSecret(filepath.Join(dir, filepath.Base(at.Credential)))
	case at.Age != "":
		where = "what age encrypted"
		b, err = e.openAge(at.Age)
	case at.Command != "":
		where = "the command for it"
		b, err = runSecret(ctx, at.Command)
	default:
		return "", errors.New("the inventory does not say where it is kept")
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", where, err)
	}
	s := strings.TrimRight(string(b), "\r\n")
	if s == "" {
		return "", fmt.Errorf("%s: %w", where, errNoSecret)
	}
	return s, nil
}

// readSecret reads a file that only its owner can read.
func readSecret(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is no regular file")
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("others can read it (mode %04o): chmod 600", info.Mode().Perm())
	}
	return io.ReadAll(io.LimitReader(f, secretMax))
}

// openAge opens a secret that stands in the inventory encrypted by age, with
// the keys of the inventory's identity file.
func (e *Engine) openAge(text string) ([]byte, error) {
	path := e.fleet.Settings.AgeIdentity
	if path == "" {
		path = filepath.Join(filepath.Dir(e.fleet.Path), "age.key")
	}
	keys, err := readSecret(path)
	if err != nil {
		return nil, fmt.Errorf("its keys: %w", err)
	}
	ids, err := age.ParseIdentities(bytes.NewReader(keys))
	if err != nil {
		// The parser's words would hold the line that it did not understand.
		return nil, fmt.Errorf("its keys: %s holds something else than keys of age", path)
	}
	r, err := age.Decrypt(armor.NewReader(strings.NewReader(strings.TrimSpace(text))), ids...)
	if err != nil {
		return nil, fmt.Errorf("with the keys of %s: %w", path, err)
	}
	return io.ReadAll(io.LimitReader(r, secretMax))
}

func runSecret(ctx context.Context, command string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, secretLimit)
	defer cancel()
	c := exec.CommandContext(ctx, "/bin/sh", "-c", command)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	c.WaitDelay = time.Second
	if err := c.Run(); err != nil {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("it took longer than %s", secretLimit)
		}
		last := strings.TrimSpace(errs.String())
		if i := strings.LastIndexByte(last, '\n'); i >= 0 {
			last = last[i+1:]
		}
		return nil, fmt.Errorf("%w: %.200s", err, last)
	}
	if i := bytes.IndexByte(out.Bytes(), '\n'); i >= 0 {
		return out.Bytes()[:i], nil
	}
	return out.Bytes()[:min(out.Len(), secretMax)], nil
}
