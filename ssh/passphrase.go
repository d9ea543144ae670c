package ssh

import (
	"context"
	"errors"
	"io"
	"slices"

	gossh "golang.org/x/crypto/ssh"
)

// A person is asked for a passphrase only once a host is known to be up, has
// shown the right key and would take the key that is locked: the key is offered
// without a signature, which is all that a server needs to say so (RFC 4252, 7).
// The line is then given up and made again with the key open, as a person takes
// longer than a server waits (LoginGraceTime).

// passphraseTries is how often a person may mistype.
const passphraseTries = 3

// Question asks a person for the passphrase of a key file.
type Question struct {
	Key   string // the file
	Host  string // that would take the key
	Again bool   // what was given before did not open it
}

// Prompt asks a person. Its answer is the passphrase; "" or an error is none,
// and nobody is asked for this key again before [Pool.Forget].
type Prompt func(ctx context.Context, q Question) (string, error)

var errLocked = errors.New("the key needs a passphrase")

// lockedKey is offered in the place of a key whose passphrase is not known.
type lockedKey struct {
	public gossh.PublicKey
	wanted func() // the host would take it
}

func (k lockedKey) PublicKey() gossh.PublicKey { return k.public }

func (k lockedKey) Sign(rand io.Reader, data []byte) (*gossh.Signature, error) {
	return k.SignWithAlgorithm(rand, data, "")
}

// SignWithAlgorithm makes it a gossh.AlgorithmSigner: an RSA key that is not
// one is offered for SHA-1 only.
func (k lockedKey) SignWithAlgorithm(io.Reader, []byte, string) (*gossh.Signature, error) {
	k.wanted()
	return nil, errLocked
}

// locked returns what is offered in the place of a locked key file. It is nil
// for one of which not even the public key is known: that is asked for when the
// host is ready to let somebody in, see methods.
func (l *login) locked(f *keyFile) gossh.Signer {
	want := func() { l.want(f) }
	if f.public != nil {
		return lockedKey{f.public, want}
	}
	l.blind = append(l.blind, f)
	return nil
}

// want notes the first key file that is needed.
func (l *login) want(f *keyFile) {
	if l.wanted == nil {
		l.wanted = f
	}
}

// methods is how to get in. Its keys are asked for when the host has shown its
// own and is ready to let somebody in.
func (l *login) methods() []gossh.AuthMethod {
	return []gossh.AuthMethod{gossh.PublicKeysCallback(func() ([]gossh.Signer, error) {
		if len(l.blind) > 0 {
			l.want(l.blind[0])
			return nil, errLocked
		}
		return l.signers, nil
	})}
}

// mayAsk reports whether somebody can be asked for a key file's passphrase.
func (k *keyring) mayAsk(f *keyFile) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return f.signer == nil && f.locked != nil && !f.silent && k.prompt != nil
}

// unlock asks a person for a key file's passphrase, unless somebody else has
// just given it or would not. Its error is ctx's; a person who gives none is
// remembered, so that no other host asks.
func (k *keyring) unlock(ctx context.Context, f *keyFile, host string) error {
	select {
	case k.asking <- struct{}{}:
		defer func() { <-k.asking }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if !k.mayAsk(f) {
		return nil
	}
	signer := k.ask(ctx, f, host)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if signer == nil {
		f.silent = true
		return nil
	}
	f.signer = signer
	return nil
}

// Typed returns the key files, of those that a host and the jump hosts on the way
// to it are offered, that a person has opened with a passphrase and that no agent
// holds now: another process cannot log in with them.
func (p *Pool) Typed(ctx context.Context, name string) []string {
	h, err := p.host(name)
	if err != nil || p.loop(h) != nil {
		return nil // to connect says what is wrong with it
	}
	var out []string
	for {
		held, _ := p.ring.agent(ctx, h.Agent) // one that does not answer holds nothing
		for _, path := range h.Identities {
			if f := p.ring.file(path); p.ring.typed(f) && heldBy(held, f) == nil && !slices.Contains(out, path) {
				out = append(out, path)
			}
		}
		via := h.via()
		if via == "" {
			return out
		}
		if h, err = p.host(via); err != nil {
			return out
		}
	}
}

// typed reports whether a person has opened a key file.
func (k *keyring) typed(f *keyFile) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return f.locked != nil && f.signer != nil
}

// ask puts the question until the answer opens the file; nil when nobody gives
// one that does.
func (k *keyring) ask(ctx context.Context, f *keyFile, host string) gossh.Signer {
	for try := range passphraseTries {
		pass, err := k.prompt(ctx, Question{Key: f.path, Host: host, Again: try > 0})
		if err != nil || pass == "" || ctx.Err() != nil {
			return nil
		}
		if s, err := gossh.ParsePrivateKeyWithPassphrase(f.locked, []byte(pass)); err == nil {
			return s
		}
	}
	return nil
}
