package ssh

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// tool runs a program of OpenSSH's.
func tool(t testing.TB, env []string, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v: %s", name, args, err, out)
	}
	return string(out)
}

// newKey makes a key beside the others of a host, and lets it log in.
func (r *reached) newKey(t testing.TB, name, passphrase string) string {
	t.Helper()
	dir := filepath.Dir(r.host.Identities[0])
	path := filepath.Join(dir, name)
	tool(t, nil, "ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", path)
	public, err := os.ReadFile(path + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "key.pub"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(public); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// startAgent starts an ssh-agent that holds keys, and returns its socket.
func startAgent(t testing.TB, keys ...string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "jm") // short: the name of a socket may not be long
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "agent")
	cmd := exec.Command("ssh-agent", "-D", "-a", socket)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	// The file is there from bind on; only a connection shows that it listens.
	eventually(t, "the agent listens", func() bool {
		c, err := net.Dial("unix", socket)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
	for _, k := range keys {
		tool(t, []string{"SSH_AUTH_SOCK=" + socket}, "ssh-add", "-q", k)
	}
	return socket
}

// works holds that the host can be used.
func (r *reached) works(t testing.TB) {
	t.Helper()
	o, err := r.Run(t.Context(), r.host.Name, Command{Text: "echo in"})
	if err != nil || string(o.Stdout) != "in\n" {
		t.Errorf("%q, %v", o.Stdout, err)
	}
}

// fails holds that the host cannot be used, why, and that the message and the
// hint say these words.
func (r *reached) fails(t testing.TB, want Trouble, words ...string) *Error {
	t.Helper()
	_, err := r.Run(t.Context(), r.host.Name, Command{Text: "echo in"})
	var e *Error
	if !errors.As(err, &e) || e.Trouble != want {
		t.Fatalf("%v is not %s", err, want)
	}
	for _, w := range words {
		if !strings.Contains(e.Error()+"\n"+e.Hint, w) {
			t.Errorf("%q and its hint %q do not say %q", e, e.Hint, w)
		}
	}
	return e
}

func TestLoginRefused(t *testing.T) {
	r, _ := realPool(t)
	other := filepath.Join(t.TempDir(), "other")
	tool(t, nil, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", other)
	r.host.Identities = []string{other}
	r.fails(t, LoginRefused, "user "+r.host.User, other, "ssh-copy-id")
	r.Forget(r.host.Name)
	r.host.Identities = nil
	r.fails(t, LoginRefused, "no key to offer", r.host.User)
}

// TestTooManyKeys has a server that hangs up before the right key's turn.
func TestTooManyKeys(t *testing.T) {
	r, _ := realPool(t, "MaxAuthTries 2")
	dir := t.TempDir()
	var keys []string
	for _, n := range []string{"a", "b", "c"} {
		k := filepath.Join(dir, n)
		tool(t, nil, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", k)
		keys = append(keys, k)
	}
	r.host.Identities = append(keys, r.host.Identities...)
	r.fails(t, LoginRefused, keys[0])
}

func TestKeyFiles(t *testing.T) {
	t.Run("open to others", func(t *testing.T) {
		r, _ := realPool(t)
		key := r.host.Identities[0]
		if err := os.Chmod(key, 0o640); err != nil {
			t.Fatal(err)
		}
		r.fails(t, KeyUnusable, "0640", "chmod 600 "+key)
		if err := os.Chmod(key, 0o600); err != nil {
			t.Fatal(err)
		}
		r.Forget(r.host.Name)
		r.works(t) // it was mended while the pool was open
	})
	t.Run("not there", func(t *testing.T) {
		r, _ := realPool(t)
		r.host.Identities = []string{"/no/key"}
		r.fails(t, KeyUnusable, "/no/key", "no such file")
	})
	t.Run("no key", func(t *testing.T) {
		r, _ := realPool(t)
		junk := filepath.Join(t.TempDir(), "junk")
		if err := os.WriteFile(junk, []byte("junk\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		r.host.Identities = []string{junk}
		r.fails(t, KeyUnusable, junk)
	})
	t.Run("the second one", func(t *testing.T) {
		r, _ := realPool(t)
		r.host.Identities = append([]string{"/no/key"}, r.host.Identities...)
		r.works(t)
	})
	t.Run("every type", func(t *testing.T) {
		for _, kind := range []string{"ecdsa", "rsa"} {
			r, _ := realPool(t)
			key := filepath.Join(filepath.Dir(r.host.Identities[0]), kind)
			tool(t, nil, "ssh-keygen", "-q", "-t", kind, "-N", "", "-f", key)
			if err := os.Rename(key+".pub", filepath.Join(filepath.Dir(key), "key.pub")); err != nil {
				t.Fatal(err)
			}
			r.host.Identities = []string{key}
			r.works(t)
		}
	})
}

func TestAgent(t *testing.T) {
	t.Run("its own keys", func(t *testing.T) {
		r, _ := realPool(t)
		r.host.Agent = startAgent(t, r.host.Identities[0])
		r.host.Identities, r.host.IdentitiesOnly = nil, false
		r.works(t)
	})
	t.Run("identities only", func(t *testing.T) {
		r, _ := realPool(t)
		r.host.Agent = startAgent(t, r.host.Identities[0])
		r.host.Identities, r.host.IdentitiesOnly = nil, true
		r.fails(t, LoginRefused, "no key to offer")
	})
	t.Run("a public key names which", func(t *testing.T) {
		r, _ := realPool(t)
		key := r.host.Identities[0]
		r.host.Agent = startAgent(t, key)
		r.host.Identities = []string{key + ".pub"}
		r.works(t)
	})
	t.Run("a public key alone", func(t *testing.T) {
		r, _ := realPool(t)
		key := r.host.Identities[0]
		r.host.Identities = []string{key + ".pub"}
		r.fails(t, KeyUnusable, "the agent does not hold", "ssh-add "+key)
	})
	t.Run("gone", func(t *testing.T) {
		r, _ := realPool(t)
		r.host.Agent = filepath.Join(t.TempDir(), "agent")
		r.works(t)
	})
	t.Run("silent", func(t *testing.T) {
		r, _ := realPool(t)
		dir, err := os.MkdirTemp("", "jm")
		if err != nil {
			t.Fatal(err)
		}
		l, err := net.Listen("unix", filepath.Join(dir, "agent"))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _, _ = l.Close(), os.RemoveAll(dir) }()
		r.host.Agent = l.Addr().String()
		r.works(t)
		start := time.Now()
		r.cutLine()
		r.works(t)
		if took := time.Since(start); took > agentListLimit {
			t.Errorf("an agent that did not answer was asked again: %v", took)
		}
	})
}

func TestEncryptedKey(t *testing.T) {
	ask := func(t *testing.T, answers ...string) (*reached, *int) {
		r, _ := realPool(t)
		r.host.Identities = []string{r.newKey(t, "locked", "open sesame")}
		asked := 0
		r.ring.prompt = func(_ context.Context, q Question) (string, error) {
			if want := (Question{Key: r.host.Identities[0], Host: base(r.host.Name), Again: asked > 0}); q != want {
				t.Errorf("asked %+v, not %+v", q, want)
			}
			asked++
			return answers[min(asked, len(answers))-1], nil
		}
		return r, &asked
	}
	t.Run("a person", func(t *testing.T) {
		r, asked := ask(t, "wrong", "open sesame")
		r.works(t)
		r.cutLine()
		r.works(t)
		if *asked != 2 {
			t.Errorf("asked %d times", *asked)
		}
	})
	t.Run("a person who will not", func(t *testing.T) {
		r, asked := ask(t, "")
		key := r.host.Identities[0]
		r.fails(t, KeyUnusable, "needs a passphrase", "ssh-add "+key)
		if r.ring.signer(r.ring.file(key), nil) != nil || *asked != 1 {
			t.Errorf("asked %d times", *asked)
		}
	})
	t.Run("nobody", func(t *testing.T) {
		r, _ := ask(t, "")
		r.ring.prompt = nil
		r.fails(t, KeyUnusable, "needs a passphrase", "ssh-add "+r.host.Identities[0])
	})
	t.Run("the agent", func(t *testing.T) {
		r, asked := ask(t, "")
		dir := t.TempDir()
		open := filepath.Join(dir, "open")
		text, err := os.ReadFile(r.host.Identities[0])
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(open, text, 0o600); err != nil {
			t.Fatal(err)
		}
		tool(t, nil, "ssh-keygen", "-q", "-p", "-P", "open sesame", "-N", "", "-f", open)
		r.host.Agent = startAgent(t, open)
		r.works(t)
		if *asked != 0 {
			t.Error("a person was asked for what the agent holds")
		}
	})
}

// TestCertificates has the login and the host certified by an authority.
func TestCertificates(t *testing.T) {
	ca := filepath.Join(t.TempDir(), "ca")
	tool(t, nil, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", ca)
	t.Run("login", func(t *testing.T) {
		r, _ := realPool(t, "TrustedUserCAKeys "+ca+".pub")
		key := filepath.Join(t.TempDir(), "key")
		tool(t, nil, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
		r.host.Identities = []string{key}
		r.fails(t, LoginRefused)
		tool(t, nil, "ssh-keygen", "-q", "-s", ca, "-I", "test", "-n", r.host.User, key+".pub")
		again := poolTo(t, r.host)
		(&reached{Pool: again, host: r.host}).works(t)
	})
	t.Run("host", func(t *testing.T) {
		dir := t.TempDir()
		host := filepath.Join(dir, "certified")
		tool(t, nil, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", host)
		tool(t, nil, "ssh-keygen", "-q", "-s", ca, "-h", "-I", "test", "-n", "127.0.0.1", host+".pub")
		r, _ := realPool(t, "HostKey "+host, "HostCertificate "+host+"-cert.pub")
		public, err := os.ReadFile(ca + ".pub")
		if err != nil {
			t.Fatal(err)
		}
		known := func(marker string) {
			if err := os.WriteFile(r.host.KnownHosts[0], append([]byte(marker+" * "), public...), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		known("@cert-authority")
		r.works(t)
		r.cutLine()
		known("@revoked")
		r.fails(t, HostKeyUnknown, "hosts trust")
	})
}
