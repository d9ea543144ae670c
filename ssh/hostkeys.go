package ssh

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/skeema/knownhosts"
	gossh "golang.org/x/crypto/ssh"
	xknown "golang.org/x/crypto/ssh/knownhosts"
)

// hostKeyTypes is every type of host key that is taken, the dearest first, with
// the signature algorithms each of them can be asked for.
var hostKeyTypes = []struct {
	name       string
	algorithms []string
}{
	{gossh.KeyAlgoED25519, []string{gossh.KeyAlgoED25519}},
	{gossh.KeyAlgoECDSA256, []string{gossh.KeyAlgoECDSA256}},
	{gossh.KeyAlgoECDSA384, []string{gossh.KeyAlgoECDSA384}},
	{gossh.KeyAlgoECDSA521, []string{gossh.KeyAlgoECDSA521}},
	{gossh.KeyAlgoRSA, []string{gossh.KeyAlgoRSASHA512, gossh.KeyAlgoRSASHA256}},
}

// knownCache holds parsed files of host keys: each set of files is read once,
// and again when one of them has changed. Another process may trust a key while
// a console is open.
type knownCache struct {
	mu  sync.Mutex
	dbs map[string]knownSet
}

func (k *knownCache) load(files []string, log *slog.Logger) (knownSet, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	var there []string
	var stamp strings.Builder
	for _, f := range files {
		info, err := os.Stat(f)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return knownSet{}, err
		}
		there = append(there, f)
		fmt.Fprintln(&stamp, f, info.Size(), info.ModTime().UnixNano())
	}
	id := strings.Join(files, "\x00")
	if set, ok := k.dbs[id]; ok && set.stamp == stamp.String() {
		return set, nil
	}
	set, err := readKnown(there, func(file string, line int) {
		log.Warn("a line of known hosts cannot be read and is passed over", "file", file, "line", line)
	})
	if err != nil {
		return knownSet{}, err
	}
	if k.dbs == nil {
		k.dbs = map[string]knownSet{}
	}
	set.stamp = stamp.String()
	k.dbs[id] = set
	return set, nil
}

// hostKeys is what is known of one host's keys.
type hostKeys struct {
	host       Host
	name       string // under which they are kept, with port
	set        knownSet
	revoked    revoked
	algorithms []string // to ask for: those of known keys first
}

// keyName is the name under which a host's keys are kept. As with OpenSSH an
// alias stands alone, without the port.
func (h Host) keyName() string {
	if h.HostKeyAlias != "" {
		return net.JoinHostPort(h.HostKeyAlias, "22")
	}
	return h.addr()
}

func (p *Pool) hostKeys(h Host) (*hostKeys, error) {
	set, err := p.known.load(h.KnownHosts, p.o.Log)
	if err != nil {
		return nil, &Error{Host: h.Name, Address: h.addr(), Trouble: Misconfigured, Err: fmt.Errorf("known hosts: %w", err), Hint: "mend the file, or move it aside"}
	}
	bad, err := readRevoked(h.RevokedKeys)
	if err != nil {
		return nil, &Error{Host: h.Name, Address: h.addr(), Trouble: Misconfigured, Err: fmt.Errorf("revoked host keys: %w", err), Hint: "RevokedHostKeys in the ssh configuration: a text file, one public key a line"}
	}
	k := &hostKeys{host: h, name: h.keyName(), set: set, revoked: bad}
	// Asking first for the type that is known keeps a server with several keys
	// from showing one that is not; the others come behind, so that a server
	// whose key of that type is gone is seen as changed, not as speechless.
	k.algorithms = slices.Clone(set.db.HostKeyAlgorithms(k.name))
	for _, t := range hostKeyTypes {
		for _, a := range t.algorithms {
			if !slices.Contains(k.algorithms, a) {
				k.algorithms = append(k.algorithms, a)
			}
		}
	}
	return k, nil
}

// check judges the key that a host has shown.
func (k *hostKeys) check(remote net.Addr, key gossh.PublicKey) error {
	err := k.set.db.HostKeyCallback()(k.name, remote, key)
	bad := k.revoked.at(key)
	if err == nil && bad == "" {
		return nil
	}
	e := &Error{Host: k.host.Name, Address: k.host.addr(), Trouble: HostKeyChanged}
	shown := key.Type() + " " + gossh.FingerprintSHA256(key)
	var wrong *xknown.KeyError
	var marked *xknown.RevokedError
	if errors.As(err, &marked) {
		bad = fmt.Sprintf("%s:%d", k.set.name(marked.Revoked.Filename), marked.Revoked.Line)
	}
	switch {
	case bad != "":
		e.Err = fmt.Errorf("it shows %s, which is revoked at %s", shown, bad)
		e.Hint = "this key must not be used any more: find out who answers there"
	case errors.As(err, &wrong) && len(wrong.Want) > 0:
		var was []string
		for _, w := range wrong.Want {
			was = append(was, fmt.Sprintf("%s %s (%s:%d)", w.Key.Type(), gossh.FingerprintSHA256(w.Key), k.set.name(w.Filename), w.Line))
		}
		e.Err = fmt.Errorf("it shows %s; known is %s", shown, strings.Join(was, ", "))
		e.Hint = fmt.Sprintf("either it was set up anew or somebody is in between. On its own console: ssh-keygen -lf /etc/ssh/ssh_host_%s_key.pub; if that is the same: jurymast hosts replace %s --fingerprint %s", keyFileWord(key.Type()), base(k.host.Name), gossh.FingerprintSHA256(key))
	case knownhosts.IsHostUnknown(err):
		e.Trouble = HostKeyUnknown
		e.Err = fmt.Errorf("it shows %s", shown)
		e.Hint = fmt.Sprintf("compare on its own console: ssh-keygen -lf /etc/ssh/ssh_host_%s_key.pub; if that is the same: jurymast hosts trust %s --fingerprint %s", keyFileWord(key.Type()), base(k.host.Name), gossh.FingerprintSHA256(key))
	default:
		e.Err = err
		e.Hint = "jurymast hosts scan " + base(k.host.Name)
	}
	return e
}

// keyFileWord is how sshd calls the file of a key type.
func keyFileWord(keyType string) string {
	switch {
	case strings.HasPrefix(keyType, "ecdsa-"):
		return "ecdsa"
	case strings.Contains(keyType, "rsa"):
		return "rsa"
	}
	return "ed25519"
}
