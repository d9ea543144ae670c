package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// sshd is a real OpenSSH server that a test has started, as whoever runs it.
type sshd struct {
	dir  string
	port int
	user string
}

// startSSHD starts an OpenSSH server on loopback that lets the key dir/id in.
// It may be missing on a laptop; in CI it may not.
func startSSHD(t *testing.T) *sshd {
	t.Helper()
	bin, err := exec.LookPath("/usr/sbin/sshd")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("no OpenSSH server here: apt install openssh-server")
	}
	u, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil { // where root's sshd drops its privileges
			t.Fatal(err)
		}
	}
	s := &sshd{dir: t.TempDir(), user: u.Username}
	for _, key := range []string{"host", "id"} {
		must(t, exec.CommandContext(t.Context(), "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(s.dir, key)))
	}
	public, err := os.ReadFile(filepath.Join(s.dir, "id.pub"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(s.dir, "authorized"), string(public))

	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.port = l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	c := exec.CommandContext(ctx, bin, "-D", "-e", "-f", "/dev/null", "-h", filepath.Join(s.dir, "host"), "-p", fmt.Sprint(s.port),
		"-o", "ListenAddress=127.0.0.1", "-o", "AuthorizedKeysFile="+filepath.Join(s.dir, "authorized"), "-o", "StrictModes=no",
		"-o", "UsePAM=no", "-o", "PidFile=none", "-o", "PasswordAuthentication=no", "-o", "PermitRootLogin=prohibit-password")
	var log bytes.Buffer
	c.Stderr = &log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); _ = c.Wait() })
	for deadline := time.Now().Add(10 * time.Second); ; {
		k, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", s.port), time.Second)
		if err == nil {
			_ = k.Close()
			return s
		}
		if time.Now().After(deadline) {
			cancel()
			_ = c.Wait()
			t.Fatalf("sshd does not answer: %v\n%s", err, log.String())
		}
	}
}

// hostKey is the line that makes the server known.
func (s *sshd) hostKey(t *testing.T) string {
	t.Helper()
	public, err := os.ReadFile(filepath.Join(s.dir, "host.pub"))
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("[127.0.0.1]:%d %s", s.port, public)
}

func must(t *testing.T, c *exec.Cmd) string {
	t.Helper()
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", c.Args, err, out)
	}
	return string(out)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// call runs jurymast as a process of its own would, and returns exit code and
// streams.
func call(t *testing.T, env map[string]string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	a := newApp(args, streams{in: strings.NewReader(""), out: &out, err: &err}, func(name string) (string, bool) { v, ok := env[name]; return v, ok })
	code = a.run(t.Context())
	return code, out.String(), err.String()
}

// itemsOf returns the items of a JSON document by ref.
func itemsOf(t *testing.T, doc string) map[string]map[string]any {
	t.Helper()
	var d struct{ Items []map[string]any }
	if err := json.Unmarshal([]byte(doc), &d); err != nil {
		t.Fatalf("%v in %s", err, doc)
	}
	out := map[string]map[string]any{}
	for _, it := range d.Items {
		out[it["ref"].(string)] = it
	}
	return out
}

// TestCheckRealServer looks at a real OpenSSH server with a key file, with a
// key that only the agent has, and through a jump host.
func TestCheckRealServer(t *testing.T) {
	gate, inner := startSSHD(t), startSSHD(t)
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	known := filepath.Join(dir, "known_hosts")
	write(t, known, gate.hostKey(t)+inner.hostKey(t))
	env := map[string]string{"HOME": dir, "JURYMAST_STATE_DIR": filepath.Join(dir, "state"), "JURYMAST_INVENTORY": filepath.Join(dir, "inventory.toml"), "LANG": "C.UTF-8"}
	text := func(identity string) string {
		return fmt.Sprintf("[ssh]\nconfig = \"none\"\nuser = %q\nknown_hosts = %q\n\n[node.gate]\nkind = \"host\"\naddress = \"127.0.0.1\"\nport = %d\nidentity = %q\n\n[node.inner]\nkind = \"linux\"\naddress = \"127.0.0.1\"\nport = %d\njump = [\"gate\"]\nidentity = %q\n",
			gate.user, known, gate.port, identity, inner.port, strings.Replace(identity, gate.dir, inner.dir, 1))
	}
	look := func(t *testing.T) {
		t.Helper()
		_, out, stderr := call(t, env, "check", "all", "-o", "json")
		for _, ref := range []string{"node/gate", "node/inner"} {
			it := itemsOf(t, out)[ref]
			if it == nil || it["counts"].(map[string]any)["ok"].(float64) < 3 {
				t.Errorf("%s: %v\n%s", ref, it, stderr)
			}
		}
		code, out, stderr := call(t, env, "check", "all", "--only", "ssh", "-o", "name")
		if code != 0 || !strings.Contains(out, "node/inner") {
			t.Errorf("check --only ssh: exit %d\n%s%s", code, out, stderr)
		}
	}

	t.Run("key and jump host", func(t *testing.T) {
		write(t, env["JURYMAST_INVENTORY"], text(filepath.Join(gate.dir, "id")))
		look(t)
	})
	t.Run("agent", func(t *testing.T) {
		socket := filepath.Join(dir, "agent")
		ctx, cancel := context.WithCancel(context.Background())
		agent := exec.CommandContext(ctx, "ssh-agent", "-D", "-a", socket)
		if err := agent.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { cancel(); _ = agent.Wait() })
		add := func() error {
			c := exec.CommandContext(t.Context(), "ssh-add", "-q", filepath.Join(gate.dir, "id"), filepath.Join(inner.dir, "id"))
			c.Env = append(os.Environ(), "SSH_AUTH_SOCK="+socket)
			return c.Run()
		}
		for deadline := time.Now().Add(10 * time.Second); ; {
			err := add()
			if err == nil {
				break
			}
			if time.Now().After(deadline) {
				t.Fatal(err)
			}
		}
		plain := text("")
		write(t, env["JURYMAST_INVENTORY"], strings.ReplaceAll(plain, "identity = \"\"\n", ""))
		env["SSH_AUTH_SOCK"] = socket
		defer delete(env, "SSH_AUTH_SOCK")
		look(t)
	})
	t.Run("a stranger's key is not trusted until it is told", func(t *testing.T) {
		write(t, env["JURYMAST_INVENTORY"], text(filepath.Join(gate.dir, "id")))
		write(t, known, gate.hostKey(t))
		code, out, stderr := call(t, env, "hosts", "scan", "inner")
		if code != exitHostKey || !strings.Contains(out, "unknown") {
			t.Fatalf("hosts scan: exit %d\n%s%s", code, out, stderr)
		}
		print := strings.Fields(must(t, exec.CommandContext(t.Context(), "ssh-keygen", "-lf", filepath.Join(inner.dir, "host.pub"))))[1]
		if !strings.Contains(out, print) {
			t.Fatalf("hosts scan does not show %s:\n%s", print, out)
		}
		code, _, stderr = call(t, env, "hosts", "trust", "inner", "--fingerprint", "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
		if code != exitHostKey || !strings.Contains(stderr, print) {
			t.Fatalf("a wrong fingerprint: exit %d\n%s", code, stderr)
		}
		if code, _, stderr = call(t, env, "hosts", "trust", "inner", "--fingerprint", print); code != 0 {
			t.Fatalf("hosts trust: exit %d\n%s", code, stderr)
		}
		look(t)
	})
}
