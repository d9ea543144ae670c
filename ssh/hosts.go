package ssh

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

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

// Known returns the keys that are known of a host, the dearest type first. No
// host is asked.
func (p *Pool) Known(host string) ([]HostKey, error) {
	h, err := p.host(host)
	if err != nil {
		return nil, err
	}
	keys, err := p.hostKeys(h)
	if err != nil {
		return nil, err
	}
	var out []HostKey
	all := keys.set.db.HostKeys(keys.name)
	for _, t := range hostKeyTypes {
		for _, k := range all {
			if k.Type() == t.name && !k.Cert && keys.revoked.at(k.PublicKey) == "" {
				out = append(out, HostKey{Type: k.Type(), Fingerprint: gossh.FingerprintSHA256(k.PublicKey), State: KeyTrusted, key: k.PublicKey})
			}
		}
	}
	return out, nil
}

func (k *hostKeys) state(remote net.Addr, key gossh.PublicKey) KeyState {
	err := k.set.db.HostKeyCallback()(k.name, remote, key)
	var revoked *xknown.RevokedError
	var wrong *xknown.KeyError
	switch {
	case k.revoked.at(key) != "" || errors.As(err, &revoked):
		return KeyRevoked
	case err == nil:
		return KeyTrusted
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
	if err := p.jump(ctx, h); err != nil {
		return nil, nil, err
	}
	h = h.within(ctx)
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
		if err := editKnown(ctx, f, h.keyName(), found.key, i == 0, replace); err != nil {
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
