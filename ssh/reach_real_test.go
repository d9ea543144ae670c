package ssh

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// reached is a pool with one host behind it: a real sshd.
type reached struct {
	*Pool
	host *Host
}

// realPool starts an OpenSSH server with the settings given, and returns a pool
// that reaches it as the user that runs the test.
func realPool(t testing.TB, settings ...string) (*reached, string) {
	t.Helper()
	r := &reached{host: realHost(t, settings...)}
	r.Pool = poolTo(t, r.host)
	return r, r.host.Name
}

// wirePool is realPool over a wire that is delay long each way.
func wirePool(t testing.TB, delay time.Duration) (*reached, string, *wire) {
	t.Helper()
	r := &reached{host: realHost(t)}
	r.host.HostKeyAlias = "real"
	w := newWire(t, r.host.addr(), delay)
	_, port, err := net.SplitHostPort(w.addr)
	if err != nil {
		t.Fatal(err)
	}
	if r.host.Port, err = strconv.Atoi(port); err != nil {
		t.Fatal(err)
	}
	r.Pool = poolTo(t, r.host)
	return r, r.host.Name, w
}

func poolTo(t testing.TB, h *Host) *Pool {
	t.Helper()
	p := NewPool(func(string) (Host, error) { return *h, nil }, Options{})
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// as has the pool log in as somebody else from now on.
func (r *reached) as(name string) { r.host.User = name }

// cutLine breaks the connection.
func (r *reached) cutLine() {
	r.mu.Lock()
	l := r.lines[r.host.Name]
	r.mu.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil {
		_ = l.conn.raw.Close()
	}
}

// realHost starts an sshd on loopback that ends with the test.
func realHost(t testing.TB, settings ...string) *Host {
	t.Helper()
	sshd, err := exec.LookPath("sshd")
	if err != nil {
		if sshd, err = exec.LookPath("/usr/sbin/sshd"); err != nil {
			t.Fatal("these tests need OpenSSH's sshd")
		}
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, d := range []string{filepath.Dir(dir), dir} { // other users read their key here
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, key := range []string{"host", "key"} {
		if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(dir, key)).CombinedOutput(); err != nil {
			t.Fatalf("ssh-keygen: %v: %s", err, out)
		}
	}
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	config := fmt.Sprintf("ListenAddress 127.0.0.1\nPort %d\nHostKey %s/host\nAuthorizedKeysFile %s/key.pub\n", port, dir, dir) +
		"PidFile none\nStrictModes no\nUsePAM no\nPasswordAuthentication no\nSubsystem sftp internal-sftp\n"
	for _, s := range settings {
		config += s + "\n"
	}
	write("config", config)
	write("known", fmt.Sprintf("[127.0.0.1]:%d,real %s", port, read("host.pub")))
	if os.Geteuid() == 0 {
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil { // where sshd drops its privileges
			t.Fatal(err)
		}
	}
	cmd := exec.Command(sshd, "-D", "-e", "-f", filepath.Join(dir, "config"))
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("sshd: %s", read("log"))
		}
		_ = log.Close()
	})
	h := &Host{
		Name: "node/real", Address: "127.0.0.1", Port: port, User: me.Username,
		Identities: []string{filepath.Join(dir, "key")}, IdentitiesOnly: true,
		KnownHosts: []string{filepath.Join(dir, "known")},
	}
	eventually(t, "sshd listens", func() bool {
		c, err := net.Dial("tcp", h.addr())
		if err != nil {
			return false
		}
		return c.Close() == nil
	})
	return h
}
