package sshlab

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"

	gossh "golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// Identity is the private key file that every machine lets in: ed25519, mode
// 0600, without a passphrase, its public half beside it with ".pub".
func (l *Lab) Identity() string { return filepath.Join(l.dir, "id_ed25519") }

// CertIdentity is a private key file that no machine lets in by itself, but
// with the certificate beside it ("-cert.pub"), which the lab has signed.
func (l *Lab) CertIdentity() string { return filepath.Join(l.dir, "id_certified") }

// StrangerIdentity is a private key file that no machine lets in.
func (l *Lab) StrangerIdentity() string { return filepath.Join(l.dir, "id_stranger") }

func (l *Lab) writeIdentity() error {
	private, signer, err := newKey()
	if err != nil {
		return err
	}
	l.private, l.identity = private, signer.PublicKey()
	if err := writeKey(l.Identity(), private, signer.PublicKey()); err != nil {
		return err
	}
	if private, signer, err = newKey(); err != nil {
		return err
	}
	if err := writeKey(l.StrangerIdentity(), private, signer.PublicKey()); err != nil {
		return err
	}
	if _, l.ca, err = newKey(); err != nil {
		return err
	}
	if private, signer, err = newKey(); err != nil {
		return err
	}
	if err := writeKey(l.CertIdentity(), private, signer.PublicKey()); err != nil {
		return err
	}
	cert := &gossh.Certificate{
		Key:         signer.PublicKey(),
		CertType:    gossh.UserCert,
		KeyId:       "lab",
		ValidBefore: gossh.CertTimeInfinity,
	}
	if err := cert.SignCert(rand.Reader, l.ca); err != nil {
		return err
	}
	return os.WriteFile(l.CertIdentity()+"-cert.pub", gossh.MarshalAuthorizedKey(cert), 0o600)
}

func newKey() (ed25519.PrivateKey, gossh.Signer, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	signer, err := gossh.NewSignerFromKey(private)
	return private, signer, err
}

func writeKey(name string, private ed25519.PrivateKey, public gossh.PublicKey) error {
	block, err := gossh.MarshalPrivateKey(private, "")
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(name, pem.EncodeToMemory(block), 0o600),
		os.WriteFile(name+".pub", gossh.MarshalAuthorizedKey(public), 0o600))
}

// hostKey makes a key for a machine, or hands out the shared one. l.mu is held.
func (l *Lab) hostKey(shared bool) (gossh.Signer, error) {
	if shared && l.shared != nil {
		return l.shared, nil
	}
	_, signer, err := newKey()
	if err == nil && shared {
		l.shared = signer
	}
	return signer, err
}

// maxSocket is the longest path that a unix socket can have on both systems
// (104 bytes with the final NUL on macOS, unix(4)).
const maxSocket = 103

// Agent starts an ssh agent that holds the lab's identity and returns its
// socket. It ends with ctx, or with the lab.
func (l *Lab) Agent(ctx context.Context) (socket string, err error) {
	fail := func(err error) (string, error) { return "", fmt.Errorf("start agent: %w", err) }
	keys := agent.NewKeyring()
	if err := keys.Add(agent.AddedKey{PrivateKey: l.private, Comment: "lab"}); err != nil {
		return fail(err)
	}
	dir, err := os.MkdirTemp(l.dir, "agent")
	if err == nil && len(filepath.Join(dir, "socket")) > maxSocket {
		err = os.Remove(dir)
		if err == nil {
			dir, err = os.MkdirTemp("", "lab")
		}
	}
	if err != nil {
		return fail(err)
	}
	socket = filepath.Join(dir, "socket")
	listener, err := new(net.ListenConfig).Listen(ctx, "unix", socket)
	if err != nil {
		return fail(errors.Join(err, os.RemoveAll(dir)))
	}
	ctx, cancel := context.WithCancel(ctx)

	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		cancel()
		return fail(errors.Join(errClosed, listener.Close(), os.RemoveAll(dir)))
	}
	l.closers = append(l.closers, cancel)
	l.wg.Go(func() {
		serveAgent(ctx, listener, keys)
		cancel()
		_ = os.RemoveAll(dir) // an empty folder left in the lab's own folder harms nobody
	})
	return socket, nil
}

// serveAgent answers until ctx ends and returns when every connection is gone.
func serveAgent(ctx context.Context, listener net.Listener, keys agent.Agent) {
	conns := newConnSet()
	stop := context.AfterFunc(ctx, func() {
		_ = listener.Close() // a second close is all that can go wrong
		conns.shut()
	})
	defer stop()
	for {
		c, err := listener.Accept()
		if err != nil {
			break
		}
		conns.run(c, func() { _ = agent.ServeAgent(keys, c) }) // it returns io.EOF when the client leaves
	}
	conns.shut()
	conns.wait()
}

// checkLogin decides on a key that a client offers.
func (l *Lab) checkLogin(h *Host, meta gossh.ConnMetadata, key gossh.PublicKey) (*gossh.Permissions, error) {
	if h.User != "" && meta.User() != h.User {
		return nil, fmt.Errorf("no user %s", meta.User())
	}
	if cert, ok := key.(*gossh.Certificate); ok {
		checker := gossh.CertChecker{IsUserAuthority: func(ca gossh.PublicKey) bool { return sameKey(ca, l.ca.PublicKey()) }}
		// A certificate without principals is good for every user here; sshd
		// would want one, which is of no concern to a client.
		return checker.Authenticate(meta, cert)
	}
	if !sameKey(key, l.identity) {
		return nil, errors.New("unknown key")
	}
	return &gossh.Permissions{}, nil
}

func sameKey(a, b gossh.PublicKey) bool { return string(a.Marshal()) == string(b.Marshal()) }
