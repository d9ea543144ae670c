package ssh

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gossh "golang.org/x/crypto/ssh"
)

// TestKnownHostsWithBadLines holds that one bad line does not put every host
// out of reach, that it is told of, and that a changed key is still told with
// the file and line that the admin knows.
func TestKnownHostsWithBadLines(t *testing.T) {
	good, other := anyKey(t), anyKey(t)
	file := filepath.Join(t.TempDir(), "known_hosts")
	text := strings.Join([]string{
		"# a comment", "", "half a line", "host.example.org ssh-ed25519 AAAA!!!", "@nonsense x ssh-ed25519 AAAA",
		"good.example.org " + strings.TrimSpace(string(gossh.MarshalAuthorizedKey(good))),
	}, "\n") + "\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var passed []int
	set, err := readKnown([]string{file}, func(f string, line int) {
		if f != file {
			t.Errorf("told of %s", f)
		}
		passed = append(passed, line)
	})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(passed, []int{3, 4, 5}) {
		t.Errorf("passed over %v", passed)
	}
	k := &hostKeys{host: Host{Name: "node/good", Address: "good.example.org"}, name: "good.example.org:22", set: set}
	at := &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 22}
	if err := k.check(at, good); err != nil {
		t.Errorf("the known key: %v", err)
	}
	if err := k.check(at, other); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%s:6", file)) {
		t.Errorf("another key: %v", err)
	}
	left, err := filepath.Glob(filepath.Join(os.TempDir(), "jurymast-known-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("copies are left: %v, %v", left, err)
	}
}
