package ssh

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	gossh "golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// maxOffers is how many keys are offered: sshd's MaxAuthTries is 6.
const maxOffers = 6

// agentLimit bounds one request to an agent: it may wait for a touch of a key.
const agentLimit = 30 * time.Second

// keyring holds what a pool can log in with: key files, read once, and the
// agents that hosts name.
type keyring struct {
	prompt func(ctx context.Context, question string) (string, error)

	mu     sync.Mutex
	files  map[string]*keyFile
	agents map[string]*agentLink
}

// keyFile is a private key file, or why it cannot be used.
type keyFile struct {
	path   string
	public gossh.PublicKey
	cert   *gossh.Certificate // NAME-cert.pub beside it; may be nil
	signer gossh.Signer       // nil while the passphrase is not known
	locked []byte             // the file, while it needs a passphrase
	err    error
}

type agentLink struct {
	conn net.Conn
	keys agent.ExtendedAgent
}

func (k *keyring) close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	var errs []error
	for _, a := range k.agents {
		errs = append(errs, a.conn.Close())
	}
	k.agents = nil
	return errors.Join(errs...)
}

// login is the keys for one host, and what was wrong with those that cannot be
// offered.
type login struct {
	host    Host
	signers []gossh.Signer
	offered []string // how each is called, for the error
	broken  []error
}

// auth collects what to offer to a host: its key files in their order, held by
// the agent or not, then the agent's other keys.
func (k *keyring) auth(ctx context.Context, h Host) *login {
	l := &login{host: h}
	held, err := k.agent(ctx, h.Agent)
	if err != nil {
		l.broken = append(l.broken, err)
	}
	taken := map[string]bool{}
	offer := func(s gossh.Signer, name string) {
		id := string(s.PublicKey().Marshal())
		if len(l.signers) < maxOffers && !taken[id] {
			taken[id] = true
			l.signers = append(l.signers, s)
			l.offered = append(l.offered, name)
		}
	}
	for _, path := range h.Identities {
		f := k.file(path)
		if f.err != nil {
			l.broken = append(l.broken, f.err)
			continue
		}
		signer := k.signer(ctx, f, held)
		if signer == nil {
			l.broken = append(l.broken, &Error{Trouble: KeyUnusable, Err: fmt.Errorf("%s needs a passphrase, and there is nobody to ask", path), Hint: "ssh-add " + path})
			continue
		}
		if f.cert != nil {
			if c, err := gossh.NewCertSigner(f.cert, signer); err == nil {
				offer(c, path+" with its certificate")
			} else {
				l.broken = append(l.broken, &Error{Trouble: KeyUnusable, Err: fmt.Errorf("%s-cert.pub: %w", path, err)})
			}
		}
		offer(signer, path)
	}
	if !h.IdentitiesOnly {
		for _, s := range held {
			offer(s, "agent key "+gossh.FingerprintSHA256(s.PublicKey()))
		}
	}
	return l
}

func (l *login) methods() []gossh.AuthMethod {
	return []gossh.AuthMethod{gossh.PublicKeys(l.signers...)}
}

// explain says of a refused login who tried to get in with what.
func (l *login) explain(e *Error) error {
	if e.Trouble != LoginRefused {
		return e
	}
	if len(l.signers) == 0 {
		for _, err := range l.broken {
			var b *Error
			if errors.As(err, &b) {
				return &Error{Host: l.host.Name, Address: l.host.addr(), Trouble: KeyUnusable, Err: errors.Join(l.broken...), Hint: b.Hint}
			}
		}
		return &Error{Host: l.host.Name, Address: l.host.addr(), Trouble: LoginRefused, Err: fmt.Errorf("there is no key to offer for user %s", l.host.User), Hint: "name one: identity = \"~/.ssh/id_ed25519\", or start an agent"}
	}
	text := fmt.Sprintf("user %s was let in with none of: %s", l.host.User, strings.Join(l.offered, ", "))
	for _, err := range l.broken {
		text += "; not offered: " + err.Error()
	}
	e.Err = errors.New(text)
	e.Hint = fmt.Sprintf("ssh-copy-id %s@%s, or name another user or identity", l.host.User, l.host.Address)
	return e
}

// file reads a key file, once.
func (k *keyring) file(path string) *keyFile {
	k.mu.Lock()
	defer k.mu.Unlock()
	if f := k.files[path]; f != nil {
		return f
	}
	if k.files == nil {
		k.files = map[string]*keyFile{}
	}
	f := readKey(path)
	k.files[path] = f
	return f
}

// readKey reads and parses a key file. As OpenSSH does it refuses one that
// others can read.
func readKey(path string) *keyFile {
	f := &keyFile{path: path}
	unusable := func(err error, hint string) *keyFile {
		f.err = &Error{Trouble: KeyUnusable, Err: err, Hint: hint}
		return f
	}
	info, err := os.Stat(path)
	if err != nil {
		return unusable(err, "name another identity")
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return unusable(fmt.Errorf("%s can be read by others (mode %04o)", path, mode), "chmod 600 "+path)
	}
	if info.Size() > 1<<20 {
		return unusable(fmt.Errorf("%s is too large for a key", path), "name another identity")
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return unusable(err, "name another identity")
	}
	f.cert = readCert(path + "-cert.pub")
	f.signer, err = gossh.ParsePrivateKey(text)
	var missing *gossh.PassphraseMissingError
	switch {
	case errors.As(err, &missing):
		f.locked, f.public = text, missing.PublicKey
		if f.public == nil {
			f.public = readPublic(path + ".pub")
		}
	case err != nil:
		return unusable(fmt.Errorf("%s: %w", path, err), "is it a private key? name another identity")
	default:
		f.public = f.signer.PublicKey()
	}
	return f
}

func readPublic(path string) gossh.PublicKey {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	key, _, _, _, err := gossh.ParseAuthorizedKey(text)
	if err != nil {
		return nil
	}
	return key
}

func readCert(path string) *gossh.Certificate {
	cert, _ := readPublic(path).(*gossh.Certificate)
	return cert
}

// signer returns what signs for a key file: the agent where it holds that key,
// the file itself, or a person's passphrase, asked for once. It is nil where
// none of them is to be had.
func (k *keyring) signer(ctx context.Context, f *keyFile, held []gossh.Signer) gossh.Signer {
	if f.public != nil {
		for _, s := range held {
			if bytes.Equal(s.PublicKey().Marshal(), f.public.Marshal()) {
				return s
			}
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if f.signer != nil || k.prompt == nil {
		return f.signer
	}
	for range 3 {
		pass, err := k.prompt(ctx, "passphrase of "+f.path+": ")
		if err != nil || pass == "" {
			return nil
		}
		s, err := gossh.ParsePrivateKeyWithPassphrase(f.locked, []byte(pass))
		if err == nil {
			f.signer, f.locked = s, nil
			return s
		}
	}
	return nil
}

// agent returns the keys that an agent holds. The connection to it is kept; one
// that broke is made anew.
func (k *keyring) agent(ctx context.Context, socket string) ([]gossh.Signer, error) {
	if socket == "" || socket == "none" {
		return nil, nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if a := k.agents[socket]; a != nil {
		if ss, err := a.signers(); err == nil {
			return ss, nil
		}
		_ = a.conn.Close()
		delete(k.agents, socket)
	}
	conn, err := (&net.Dialer{Timeout: 2 * time.Second}).DialContext(ctx, "unix", socket)
	if err != nil {
		return nil, fmt.Errorf("the ssh agent: %w", err)
	}
	limited := &patient{Conn: conn}
	a := &agentLink{conn: conn, keys: agent.NewClient(limited)}
	ss, err := a.signers()
	if err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("the ssh agent: %w", err)
	}
	if k.agents == nil {
		k.agents = map[string]*agentLink{}
	}
	k.agents[socket] = a
	return ss, nil
}

func (a *agentLink) signers() ([]gossh.Signer, error) { return a.keys.Signers() }

// patient gives every request to an agent a deadline of its own.
type patient struct{ net.Conn }

// Write begins a request, and with it its deadline.
func (p *patient) Write(b []byte) (int, error) {
	if err := p.Conn.SetDeadline(time.Now().Add(agentLimit)); err != nil {
		return 0, err
	}
	return p.Conn.Write(b)
}

var _ io.ReadWriter = (*patient)(nil)
