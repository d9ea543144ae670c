package ssh

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	gossh "golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// maxOffers is how many keys are offered: sshd's MaxAuthTries is 6.
const maxOffers = 6

// An agent answers at once which keys it holds. A signature may wait for
// somebody to touch a key. One that did not answer is left alone for a while:
// it must not hold up every host in turn.
const (
	agentListLimit = 2 * time.Second
	agentSignLimit = 30 * time.Second
	agentPause     = 10 * time.Second
)

// keyring holds what a pool can log in with: key files, read once, and the
// agents that hosts name.
type keyring struct {
	prompt Prompt
	now    func() time.Time

	mu     sync.Mutex
	files  map[string]*keyFile
	agents map[string]*agentLink

	asking chan struct{} // holds one who asks a person
}

// keyFile is a private key file, or why it cannot be used.
type keyFile struct {
	path   string
	public gossh.PublicKey
	cert   *gossh.Certificate // NAME-cert.pub beside it; may be nil
	signer gossh.Signer       // nil while the passphrase is not known
	locked []byte             // the file, where it needs a passphrase
	silent bool               // nobody wanted to give the passphrase
	err    error
}

// agentLink is the connection to an agent, or the memory that there is none.
type agentLink struct {
	conn net.Conn // nil while there is none
	keys agent.ExtendedAgent

	err   error
	again time.Time // not before
}

func (k *keyring) close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	var errs []error
	for _, a := range k.agents {
		if a.conn == nil {
			continue
		}
		if err := a.conn.Close(); !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	k.agents = nil
	return errors.Join(errs...)
}

// forget has a person be asked again, and agents that did not answer.
func (k *keyring) forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, f := range k.files {
		f.silent = false
	}
	for _, a := range k.agents {
		a.again = time.Time{}
	}
}

// login is the keys for one host, and what was wrong with those that cannot be
// offered.
type login struct {
	host    Host
	signers []gossh.Signer
	offered []string // how each is called, for the error
	broken  []error
	// wanted is the key file that the host would take and that nobody can sign
	// with before its passphrase is given; nil for none.
	wanted *keyFile
	blind  []*keyFile // locked, and of which not even the public key is known
}

// auth collects what to offer to a host: its key files in their order, held by
// the agent or not, then the agent's other keys. Nobody is asked for anything.
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
		signer := k.signer(f, held)
		if signer == nil && k.mayAsk(f) {
			if signer = l.locked(f); signer == nil {
				continue
			}
		}
		if signer == nil {
			l.broken = append(l.broken, f.unsigned())
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

// explain says of a refused login who tried to get in with what.
func (l *login) explain(e *Error) error {
	if e.Trouble != LoginRefused {
		return e
	}
	if len(l.signers) == 0 {
		for _, err := range l.broken {
			var b *Error
			if errors.As(err, &b) {
				return &Error{Host: l.host.Name, Address: l.host.addr(), Trouble: KeyUnusable, Err: errors.Join(causes(l.broken)...), Hint: b.Hint}
			}
		}
		return &Error{Host: l.host.Name, Address: l.host.addr(), Trouble: LoginRefused, Err: fmt.Errorf("there is no key to offer for user %s", l.host.User), Hint: "name one: identity = \"~/.ssh/id_ed25519\", or start an agent"}
	}
	text := fmt.Sprintf("user %s was let in with none of: %s", l.host.User, strings.Join(l.offered, ", "))
	for _, err := range causes(l.broken) {
		text += "; not offered: " + err.Error()
	}
	e.Err = errors.New(text)
	e.Hint = fmt.Sprintf("ssh-copy-id %s@%s, or name another user or identity", l.host.User, l.host.Address)
	return e
}

// causes returns what was wrong with keys, without the words for the trouble that
// it is a part of.
func causes(broken []error) []error {
	out := make([]error, len(broken))
	for i, err := range broken {
		var e *Error
		if out[i] = err; errors.As(err, &e) && e.Err != nil {
			out[i] = e.Err
		}
	}
	return out
}

// file reads a key file, once. One that cannot be used is looked at again the
// next time: somebody may have mended it.
func (k *keyring) file(path string) *keyFile {
	k.mu.Lock()
	defer k.mu.Unlock()
	if f := k.files[path]; f != nil {
		return f
	}
	f := readKey(path)
	if f.err == nil {
		if k.files == nil {
			k.files = map[string]*keyFile{}
		}
		k.files[path] = f
	}
	return f
}

// unsigned is the error of a key that nobody signs with.
func (f *keyFile) unsigned() error {
	if f.locked == nil {
		return &Error{Trouble: KeyUnusable, Err: fmt.Errorf("%s is a public key, and the agent does not hold its other half", f.path), Hint: "ssh-add " + strings.TrimSuffix(f.path, ".pub")}
	}
	return &Error{Trouble: KeyUnusable, Err: fmt.Errorf("%s needs a passphrase, and nobody gave it", f.path), Hint: "ssh-add " + f.path}
}

// readKey reads and parses a key file. As OpenSSH does it refuses one of one's
// own that others can read, and takes a public key for one that the agent holds.
func readKey(path string) *keyFile {
	f := &keyFile{path: path}
	unusable := func(err error, hint string) *keyFile {
		f.err = &Error{Trouble: KeyUnusable, Err: err, Hint: hint}
		return f
	}
	info, err := os.Stat(path)
	if pub := strings.TrimSuffix(path, ".pub") + ".pub"; pub == path || errors.Is(err, os.ErrNotExist) {
		if f.public = readPublic(pub); f.public != nil {
			f.cert = readCert(strings.TrimSuffix(path, ".pub") + "-cert.pub")
			return f
		}
	}
	if err != nil {
		return unusable(err, "name another identity")
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && ownedByMe(info) {
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

// LookAtKey reads a key file as a login would. Its error is an [Error] of
// KeyUnusable; alone says that the file can be used without an agent and without
// a person, who gives its passphrase.
func LookAtKey(path string) (alone bool, err error) {
	f := readKey(path)
	return f.signer != nil, f.err
}

// ownedByMe tells files of this user from those that somebody else provides,
// which sshkey_perm_ok of OpenSSH leaves to them.
func ownedByMe(info os.FileInfo) bool {
	s, ok := info.Sys().(*syscall.Stat_t)
	return !ok || int(s.Uid) == os.Getuid()
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
// or the file itself. It is nil where neither can.
func (k *keyring) signer(f *keyFile, held []gossh.Signer) gossh.Signer {
	if s := heldBy(held, f); s != nil {
		return s
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return f.signer
}

// heldBy is the one of an agent's keys that a key file is, nil where it holds
// another.
func heldBy(held []gossh.Signer, f *keyFile) gossh.Signer {
	for _, s := range held {
		if f.public != nil && bytes.Equal(s.PublicKey().Marshal(), f.public.Marshal()) {
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
	a := k.agents[socket]
	if a == nil {
		a = &agentLink{}
		if k.agents == nil {
			k.agents = map[string]*agentLink{}
		}
		k.agents[socket] = a
	}
	if a.conn != nil {
		if ss, err := a.keys.Signers(); err == nil {
			return ss, nil
		}
		_ = a.conn.Close()
		a.conn = nil
	}
	if a.err != nil && k.now().Before(a.again) {
		return nil, a.err
	}
	ss, err := a.connect(ctx, socket)
	if err != nil && ctx.Err() == nil {
		a.err, a.again = fmt.Errorf("the ssh agent: %w", err), k.now().Add(agentPause)
		return nil, a.err
	}
	a.err = err
	return ss, err
}

func (a *agentLink) connect(ctx context.Context, socket string) ([]gossh.Signer, error) {
	conn, err := (&net.Dialer{Timeout: agentListLimit}).DialContext(ctx, "unix", socket)
	if err != nil {
		return nil, err
	}
	keys := agent.NewClient(patient{conn})
	ss, err := keys.Signers()
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	a.conn, a.keys = conn, keys
	return ss, nil
}

// patient gives every request to an agent a deadline of its own. It is no
// io.Closer, so that requests go one by one: the agent serves them so anyway.
type patient struct{ conn net.Conn }

// agentList is the request for the keys that an agent holds:
// SSH_AGENTC_REQUEST_IDENTITIES (draft-ietf-sshm-ssh-agent, 6.1).
const agentList = 11

// Write sends a request, which comes whole, and begins its deadline.
func (p patient) Write(b []byte) (int, error) {
	limit := agentSignLimit
	if len(b) > 4 && b[4] == agentList {
		limit = agentListLimit
	}
	if err := p.conn.SetDeadline(time.Now().Add(limit)); err != nil {
		return 0, err
	}
	return p.conn.Write(b)
}

// Read ends the connection with the first error: an answer that comes too late
// must not be taken for that of the next request.
func (p patient) Read(b []byte) (int, error) {
	n, err := p.conn.Read(b)
	if err != nil {
		_ = p.conn.Close()
	}
	return n, err
}
