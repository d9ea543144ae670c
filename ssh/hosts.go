package ssh

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/skeema/knownhosts"
	gossh "golang.org/x/crypto/ssh"
	xknown "golang.org/x/crypto/ssh/knownhosts"
)

// KeyState says what is known of a host key.
type KeyState string

// The states of a host key.
const (
	KeyTrusted KeyState = "trusted"
	KeyUnknown KeyState = "unknown"
	KeyChanged KeyState = "changed"
	KeyRevoked KeyState = "revoked"
)

// HostKey is one key that a host offers.
type HostKey struct {
	Type        string
	Fingerprint string // "SHA256:…"
	State       KeyState
	key         gossh.PublicKey
}

var errCaptured = errors.New("the key was only looked at")

// Scan asks a host for its key of every type. Nothing is trusted by it, and
// nobody logs in.
func (p *Pool) Scan(ctx context.Context, host string) ([]HostKey, error) {
	h, err := p.host(host)
	if err != nil {
		return nil, err
	}
	keys, err := p.hostKeys(h)
	if err != nil {
		return nil, err
	}
	var out []HostKey
	for _, t := range hostKeyTypes {
		key, remote, err := p.showKey(ctx, h, t.algorithms)
		if err != nil {
			return nil, err
		}
		if key != nil {
			out = append(out, HostKey{Type: key.Type(), Fingerprint: gossh.FingerprintSHA256(key), State: keys.state(remote, key), key: key})
		}
	}
	if len(out) == 0 {
		return nil, &Error{Host: host, Address: h.addr(), Trouble: NotSSH, Err: errors.New("it offers no key of a type that is used today"), Hint: "the server is too old"}
	}
	return out, nil
}

func (k *hostKeys) state(remote net.Addr, key gossh.PublicKey) KeyState {
	err := k.set.db.HostKeyCallback()(k.name, remote, key)
	var revoked *xknown.RevokedError
	var wrong *xknown.KeyError
	switch {
	case err == nil:
		return KeyTrusted
	case errors.As(err, &revoked):
		return KeyRevoked
	case errors.As(err, &wrong) && len(wrong.Want) > 0:
		for _, w := range wrong.Want {
			if w.Key.Type() == key.Type() {
				return KeyChanged
			}
		}
		return KeyUnknown // another type is known: this one has not been seen
	}
	return KeyUnknown
}

// showKey connects until the host has shown its key of one type; nil where it
// has none.
func (p *Pool) showKey(ctx context.Context, h Host, algorithms []string) (gossh.PublicKey, net.Addr, error) {
	ctx, cancel := context.WithTimeout(ctx, h.Timeout)
	defer cancel()
	raw, err := p.wire(ctx, h)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = raw.Close() }()
	defer context.AfterFunc(ctx, func() { _ = raw.Close() })()
	var shown gossh.PublicKey
	var from net.Addr
	greet := &greeting{Conn: raw}
	_, _, _, err = gossh.NewClientConn(greet, h.addr(), &gossh.ClientConfig{
		User: h.User, ClientVersion: clientVersion, HostKeyAlgorithms: algorithms,
		HostKeyCallback: func(_ string, remote net.Addr, key gossh.PublicKey) error {
			shown, from = key, remote
			return errCaptured
		},
	})
	if shown != nil {
		return shown, from, nil
	}
	if ctx.Err() != nil {
		return nil, nil, p.late(ctx, h, greet)
	}
	if err != nil && strings.Contains(err.Error(), "no common algorithm") {
		return nil, nil, nil
	}
	return nil, nil, handshakeError(h, err, greet)
}

// Trust makes the key of a host with this fingerprint known, in the first of
// its files. The host is asked again: what it shows must match, and no other
// key of that type may be known.
func (p *Pool) Trust(ctx context.Context, host, fingerprint string) (HostKey, error) {
	return p.setKey(ctx, host, fingerprint, false)
}

// Replace makes the key of a host with this fingerprint known in the place of
// the one of that type that was.
func (p *Pool) Replace(ctx context.Context, host, fingerprint string) (HostKey, error) {
	return p.setKey(ctx, host, fingerprint, true)
}

func (p *Pool) setKey(ctx context.Context, host, fingerprint string, replace bool) (HostKey, error) {
	offered, err := p.Scan(ctx, host)
	if err != nil {
		return HostKey{}, err
	}
	h, err := p.host(host)
	if err != nil {
		return HostKey{}, err
	}
	fail := func(t Trouble, hint, layout string, a ...any) (HostKey, error) {
		return HostKey{}, &Error{Host: host, Address: h.addr(), Trouble: t, Err: fmt.Errorf(layout, a...), Hint: hint}
	}
	var found *HostKey
	var seen []string
	for i, k := range offered {
		seen = append(seen, k.Type+" "+k.Fingerprint)
		if k.Fingerprint == fingerprint {
			found = &offered[i]
		}
	}
	switch {
	case found == nil:
		return fail(HostKeyChanged, "compare again, on its own console: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub", "it shows no key %s, but %s", fingerprint, strings.Join(seen, ", "))
	case found.State == KeyRevoked:
		return fail(HostKeyChanged, "this key must not be used any more", "%s is revoked", fingerprint)
	case found.State == KeyTrusted:
		return *found, nil
	case found.State == KeyChanged && !replace:
		return fail(HostKeyChanged, "jurymast hosts replace "+base(host)+" --fingerprint "+fingerprint, "another %s key is known already", found.Type)
	case len(h.KnownHosts) == 0:
		return fail(Misconfigured, "known_hosts in [ssh]", "there is no file to keep host keys in")
	}
	files := h.KnownHosts[:1]
	if replace {
		files = h.KnownHosts
	}
	for i, f := range files {
		if err := editKnown(f, h.keyName(), found.key, i == 0, replace); err != nil {
			return fail(Misconfigured, "may you write there?", "%w", err)
		}
	}
	p.Forget(host)
	keys, err := p.hostKeys(h)
	if err != nil {
		return HostKey{}, err
	}
	// A pattern or a marked line is not taken out for one host's sake.
	if err := keys.check(&net.TCPAddr{IP: net.IPv4zero}, found.key); err != nil {
		return HostKey{}, err
	}
	found.State = KeyTrusted
	return *found, nil
}

// editKnown takes the host's keys of that type out of a file, where told to,
// and adds the new one. All other lines stay as they are, byte for byte. The
// file is replaced in one piece, under a lock against other processes.
func editKnown(path, name string, key gossh.PublicKey, add, remove bool) error {
	if !add { // a file of all users, mostly: it may be read, and holds nothing of this host
		old, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) || err == nil && bytes.Equal(withoutKey(old, name, key.Type()), old) {
			return nil
		}
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	lock, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = lock.Close() }()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return err
	}
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	text := old
	if remove {
		text = withoutKey(old, name, key.Type())
	}
	if add {
		if len(text) > 0 && !bytes.HasSuffix(text, []byte("\n")) {
			text = append(bytes.Clone(text), '\n')
		}
		line := knownhosts.Line([]string{name}, key)
		if hashed(old) {
			line = xknown.HashHostname(knownhosts.Normalize(name)) + " " + strings.TrimSpace(string(gossh.MarshalAuthorizedKey(key)))
		}
		text = append(bytes.Clone(text), line+"\n"...)
	}
	if bytes.Equal(text, old) {
		return nil
	}
	return replaceKnown(path, text)
}

func replaceKnown(path string, text []byte) (err error) {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".known_hosts.*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_, werr := f.Write(text)
	if err := errors.Join(werr, f.Chmod(0o600), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// hashed reports whether a file keeps its host names hashed.
func hashed(text []byte) bool {
	return bytes.HasPrefix(text, []byte("|1|")) || bytes.Contains(text, []byte("\n|1|"))
}

// withoutKey returns a file without the lines that hold a key of this type for
// just this host. A line for several names loses only this one; patterns and
// marked lines stay.
func withoutKey(text []byte, name, keyType string) []byte {
	want := knownhosts.Normalize(name)
	var out []byte
	for _, line := range bytes.SplitAfter(text, []byte("\n")) {
		f := strings.Fields(string(line))
		if len(f) < 3 || strings.HasPrefix(f[0], "#") || strings.HasPrefix(f[0], "@") || f[1] != keyType {
			out = append(out, line...)
			continue
		}
		names := strings.Split(f[0], ",")
		kept := names[:0:0]
		for _, n := range names {
			if n != want && !sameHash(n, want) {
				kept = append(kept, n)
			}
		}
		switch {
		case len(kept) == len(names):
			out = append(out, line...)
		case len(kept) > 0:
			out = append(out, strings.Replace(string(line), f[0], strings.Join(kept, ","), 1)...)
		}
	}
	return out
}
