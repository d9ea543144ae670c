package ssh

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the format of known_hosts (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT) fixes it
	"encoding/base64"
	"strings"
)

// sameHash reports whether a hashed name of a known_hosts file, |1|salt|hash,
// is that of a host.
func sameHash(entry, host string) bool {
	f := strings.Split(entry, "|")
	if len(f) != 4 || f[0] != "" || f[1] != "1" {
		return false
	}
	salt, err := base64.StdEncoding.DecodeString(f[2])
	if err != nil {
		return false
	}
	want, err := base64.StdEncoding.DecodeString(f[3])
	if err != nil {
		return false
	}
	m := hmac.New(sha1.New, salt)
	m.Write([]byte(host))
	return hmac.Equal(m.Sum(nil), want)
}
