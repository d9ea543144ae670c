package ssh

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	gossh "golang.org/x/crypto/ssh"
)

// revoked is where each key stands that is not taken from any host.
type revoked map[string]string

// krlMagic begins a binary list of revoked keys (PROTOCOL.krl of OpenSSH, 2).
const krlMagic = "SSHKRL\n\x00"

// readRevoked reads a file of revoked host keys, one public key a line, as
// RevokedHostKeys of ssh_config(5) names it. As with OpenSSH one that cannot be
// read lets no host in, and neither does a line that is no key: it may be meant
// for any. The path "" is an empty one.
func readRevoked(path string) (revoked, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(text, []byte(krlMagic)) {
		return nil, fmt.Errorf("%s: %w", path, errKRL)
	}
	keys := revoked{}
	for n, line := range bytes.Split(text, []byte("\n")) {
		if line = bytes.TrimSpace(line); len(line) == 0 || line[0] == '#' {
			continue
		}
		key, _, _, _, err := gossh.ParseAuthorizedKey(line)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: it is no public key", path, n+1)
		}
		keys[string(key.Marshal())] = fmt.Sprintf("%s:%d", path, n+1)
	}
	return keys, nil
}

var errKRL = errors.New("it is a binary list (KRL), which jurymast does not read")

// at returns where a key is revoked, or the authority that vouches for it; ""
// for nowhere.
func (r revoked) at(key gossh.PublicKey) string {
	keys := []gossh.PublicKey{key}
	if c, ok := key.(*gossh.Certificate); ok {
		keys = append(keys, c.Key, c.SignatureKey)
	}
	for _, k := range keys {
		if at := r[string(k.Marshal())]; at != "" {
			return at
		}
	}
	return ""
}
