//go:build linux

package bed

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/crypto/ssh"
)

// Key is the file of the key that logs in as every user of every machine.
func (b *Bed) Key() string { return filepath.Join(b.dir, "key") }

// KnownHosts is a file with the host key of every machine.
func (b *Bed) KnownHosts() string { return filepath.Join(b.dir, "known_hosts") }

// makeKeys makes the key of the bed.
func (b *Bed) makeKeys() error {
	private, public, err := newKey()
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(b.Key(), private, 0o600),
		os.WriteFile(b.Key()+".pub", public, 0o644),
		os.WriteFile(b.KnownHosts(), nil, 0o600))
}

// newKey returns a private key and its public line.
func newKey() (private, public []byte, err error) {
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	block, err := ssh.MarshalPrivateKey(key, "")
	if err != nil {
		return nil, nil, err
	}
	line, err := ssh.NewPublicKey(pub)
	if err != nil {
		return nil, nil, err
	}
	return pem.EncodeToMemory(block), ssh.MarshalAuthorizedKey(line), nil
}

// furnish writes into a root what is a machine's own: name, keys, the names of
// the others.
func (b *Bed) furnish(root, name string) error {
	private, public, err := newKey()
	if err != nil {
		return err
	}
	login, err := os.ReadFile(b.Key() + ".pub")
	if err != nil {
		return err
	}
	for _, f := range []struct {
		path, text string
		mode       fs.FileMode
	}{
		{"etc/hostname", name + "\n", 0o644},
		{"etc/hosts", b.hosts(), 0o644},
		{"etc/machine-id", "", 0o444},
		{"etc/ssh/ssh_host_ed25519_key", string(private), 0o600},
		{"etc/ssh/ssh_host_ed25519_key.pub", string(public), 0o644},
		{"root/.ssh/authorized_keys", string(login), 0o600},
		{"home/ops/.ssh/authorized_keys", string(login), 0o600},
		{"home/plain/.ssh/authorized_keys", string(login), 0o600},
		{"home/csh/.ssh/authorized_keys", string(login), 0o600},
	} {
		path := filepath.Join(root, f.path)
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := os.WriteFile(path, []byte(f.text), f.mode); err != nil {
			return err
		}
		// Files of a user are its own, as its folder is.
		dir, err := os.Stat(filepath.Dir(path))
		if err != nil {
			return err
		}
		if err := chownLike(path, dir); err != nil {
			return err
		}
	}
	addr, err := b.addr(name)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	f, err := os.OpenFile(b.KnownHosts(), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "%s,%s %s\n", name, addr, strings.TrimSpace(string(public)))
	return errors.Join(err, f.Close())
}
