package ssh

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// keysOf are the fingerprints that a host offers, by type.
func keysOf(t *testing.T, p *Pool, host string) map[string]HostKey {
	t.Helper()
	keys, err := p.Scan(t.Context(), host)
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]HostKey{}
	for _, k := range keys {
		m[k.Type] = k
	}
	return m
}

// manyKeys starts a server with a key of every type, none of which is known.
func manyKeys(t *testing.T) (*reached, string) {
	t.Helper()
	dir := t.TempDir()
	var settings []string
	for _, kind := range []string{"ecdsa", "rsa"} {
		key := filepath.Join(dir, kind)
		tool(t, nil, "ssh-keygen", "-q", "-t", kind, "-N", "", "-f", key)
		settings = append(settings, "HostKey "+key)
	}
	r, _ := realPool(t, settings...)
	known := filepath.Join(t.TempDir(), "new", "known_hosts")
	r.host.KnownHosts = []string{known}
	return r, known
}

func file(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

const (
	ed25519Key = "ssh-ed25519"
	ecdsaKey   = "ecdsa-sha2-nistp256"
	rsaKey     = "ssh-rsa"
)

func TestTrust(t *testing.T) {
	r, known := manyKeys(t)
	host := r.host.Name
	e := r.fails(t, HostKeyUnknown, "SHA256:", "jurymast hosts trust real --fingerprint SHA256:")
	keys := keysOf(t, r.Pool, host)
	if len(keys) != 3 || keys[ed25519Key].State != KeyUnknown || !strings.Contains(e.Error(), keys[ed25519Key].Fingerprint) {
		t.Fatalf("%+v; %v", keys, e)
	}
	if _, err := r.Trust(t.Context(), host, "SHA256:AAAA"); !errors.Is(err, HostKeyChanged) || exists(known) {
		t.Errorf("a fingerprint that it does not show: %v", err)
	}
	if none, err := r.Known(host); err != nil || len(none) != 0 {
		t.Errorf("ahead of any trust %v is known, %v", none, err)
	}
	k, err := r.Trust(t.Context(), host, keys[rsaKey].Fingerprint)
	if err != nil || k.State != KeyTrusted || k.Type != rsaKey {
		t.Fatalf("%+v, %v", k, err)
	}
	for path, mode := range map[string]os.FileMode{known: 0o600, filepath.Dir(known): 0o700} {
		if i, err := os.Stat(path); err != nil || i.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", path, i.Mode(), err)
		}
	}
	// The server would rather show another key: it must be asked for this one.
	r.works(t)
	if s := keysOf(t, r.Pool, host); s[rsaKey].State != KeyTrusted || s[ed25519Key].State != KeyUnknown {
		t.Errorf("%+v", s)
	}
	if one, err := r.Known(host); err != nil || len(one) != 1 || one[0].Type != rsaKey || one[0].Fingerprint != keys[rsaKey].Fingerprint {
		t.Errorf("known is %+v, %v", one, err)
	}
	before := file(t, known)
	if _, err := r.Trust(t.Context(), host, keys[rsaKey].Fingerprint); err != nil || file(t, known) != before {
		t.Errorf("once more: %v", err)
	}
	found := tool(t, nil, "ssh-keygen", "-F", fmt.Sprintf("[127.0.0.1]:%d", r.host.Port), "-f", known)
	if !strings.Contains(found, rsaKey) {
		t.Errorf("ssh-keygen finds %q", found)
	}
}

// TestTrustedElsewhere has another process trust a key while this pool is open.
func TestTrustedElsewhere(t *testing.T) {
	r, _ := manyKeys(t)
	r.fails(t, HostKeyUnknown)
	other := &reached{Pool: poolTo(t, r.host), host: r.host}
	if _, err := other.Trust(t.Context(), r.host.Name, keysOf(t, r.Pool, r.host.Name)[ecdsaKey].Fingerprint); err != nil {
		t.Fatal(err)
	}
	r.Forget(r.host.Name)
	r.works(t)
}

// TestReplace has a host change its key. Everything else in the file stays as
// it is, byte for byte.
func TestReplace(t *testing.T) {
	stranger := filepath.Join(t.TempDir(), "stranger")
	tool(t, nil, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", stranger)
	old := strings.TrimSpace(file(t, stranger+".pub"))
	for _, x := range []struct {
		name  string
		line  string // of the host, whose name is %s; the key is old
		stays string // what is left of it
		hash  bool
	}{
		{"plain", "%s " + old + " comment\n", "", false},
		{"with other names", "nas.lan,%s,10.0.0.1 " + old + "\n", "nas.lan,10.0.0.1 " + old + "\n", false},
		{"hashed", "%s " + old + "\n", "", true},
	} {
		t.Run(x.name, func(t *testing.T) {
			r, known := manyKeys(t)
			host := r.host.Name
			name := fmt.Sprintf("[127.0.0.1]:%d", r.host.Port)
			around := []string{"# kept by hand\n\n  other.lan   " + old + "\n", "127.0.0.1 " + old + "\n\t# end, without a newline"}
			put(t, known, around[0]+fmt.Sprintf(x.line, name)+around[1])
			if x.hash {
				tool(t, nil, "ssh-keygen", "-q", "-H", "-f", known)
				if strings.Contains(file(t, known), name) {
					t.Fatal("it is not hashed")
				}
			}
			now := keysOf(t, r.Pool, host)[ed25519Key]
			if now.State != KeyChanged {
				t.Fatalf("%+v", now)
			}
			oldPrint := strings.Fields(tool(t, nil, "ssh-keygen", "-lf", stranger))[1]
			r.fails(t, HostKeyChanged, oldPrint, now.Fingerprint, known+":", "ssh-keygen -lf", "jurymast hosts replace real --fingerprint "+now.Fingerprint)
			if _, err := r.Trust(t.Context(), host, now.Fingerprint); !errors.Is(err, HostKeyChanged) {
				t.Errorf("trust: %v", err)
			}
			lines := strings.Count(file(t, known), "\n")
			if _, err := r.Replace(t.Context(), host, now.Fingerprint); err != nil {
				t.Fatal(err)
			}
			r.works(t)
			text := file(t, known)
			if !x.hash && (!strings.HasPrefix(text, around[0]+x.stays+around[1]+"\n"+name+" ssh-ed25519 ") || strings.Count(text, "\n") != lines+1+strings.Count(x.stays, "\n")) {
				t.Errorf("%q", text)
			}
			if x.hash && (strings.Contains(text, name) || strings.Count(text, "|1|") != 3) {
				t.Errorf("%q", text)
			}
		})
	}
	t.Run("a pattern", func(t *testing.T) {
		r, known := manyKeys(t)
		pattern := fmt.Sprintf("[127.0.0.*]:%d %s\n", r.host.Port, old)
		put(t, known, pattern)
		if _, err := r.Replace(t.Context(), r.host.Name, keysOf(t, r.Pool, r.host.Name)[ed25519Key].Fingerprint); err != nil {
			t.Error(err)
		}
		r.works(t)
		if !strings.HasPrefix(file(t, known), pattern) {
			t.Errorf("%q", file(t, known))
		}
	})
	t.Run("a file for all users", func(t *testing.T) {
		r, known := manyKeys(t)
		all := filepath.Join(t.TempDir(), "ssh", "ssh_known_hosts")
		put(t, all, "other.lan "+old+"\n")
		r.host.KnownHosts = append(r.host.KnownHosts, all, filepath.Join(t.TempDir(), "no", "such"))
		put(t, known, fmt.Sprintf("[127.0.0.1]:%d %s\n", r.host.Port, old))
		if _, err := r.Replace(t.Context(), r.host.Name, keysOf(t, r.Pool, r.host.Name)[ed25519Key].Fingerprint); err != nil {
			t.Error(err)
		}
		if exists(all+".lock") || exists(filepath.Dir(r.host.KnownHosts[2])) {
			t.Error("a file that holds nothing of this host was touched")
		}
		r.works(t)
	})
	t.Run("revoked", func(t *testing.T) {
		r, known := manyKeys(t)
		key := filepath.Join(filepath.Dir(r.host.Identities[0]), "host")
		put(t, known, "@revoked * "+file(t, key+".pub"))
		k := keysOf(t, r.Pool, r.host.Name)[ed25519Key]
		if k.State != KeyRevoked {
			t.Errorf("%+v", k)
		}
		for _, set := range []func() (HostKey, error){
			func() (HostKey, error) { return r.Trust(t.Context(), r.host.Name, k.Fingerprint) },
			func() (HostKey, error) { return r.Replace(t.Context(), r.host.Name, k.Fingerprint) },
		} {
			if _, err := set(); !errors.Is(err, HostKeyChanged) || !strings.Contains(err.Error(), "revoked") {
				t.Error(err)
			}
		}
		r.fails(t, HostKeyChanged, "revoked at "+known+":1")
	})
	t.Run("a line that is none", func(t *testing.T) {
		r, known := manyKeys(t)
		put(t, known, "what is this\n")
		r.fails(t, HostKeyUnknown, "it shows ")
	})
	t.Run("no file at all", func(t *testing.T) {
		r, known := manyKeys(t)
		if err := os.MkdirAll(known, 0o700); err != nil {
			t.Fatal(err)
		}
		r.fails(t, Misconfigured, "directory")
	})
}

// TestRevokedHostKeys has a list of revoked keys beside the known ones, as
// RevokedHostKeys names it: what is known and on it is not taken.
func TestRevokedHostKeys(t *testing.T) {
	r, _ := realPool(t)
	r.works(t)
	dir := t.TempDir()
	plain, other := filepath.Join(dir, "plain"), filepath.Join(dir, "other")
	tool(t, nil, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", other)
	known := strings.Fields(file(t, r.host.KnownHosts[0]))
	again := func(list string) {
		t.Helper()
		r.host.RevokedKeys = list
		r.Pool = poolTo(t, r.host) // another process
	}

	put(t, plain, "# gone\n\n"+file(t, other+".pub"))
	again(plain)
	r.works(t)
	put(t, plain, "# gone\n"+known[1]+" "+known[2]+" the old one\n")
	again(plain)
	r.fails(t, HostKeyChanged, "revoked at "+plain+":2")
	for kind, k := range keysOf(t, r.Pool, r.host.Name) {
		if k.State != KeyRevoked {
			t.Errorf("%s is %s", kind, k.State)
		}
		if _, err := r.Replace(t.Context(), r.host.Name, k.Fingerprint); !errors.Is(err, HostKeyChanged) {
			t.Errorf("it was taken: %v", err)
		}
	}
	if keys, err := r.Known(r.host.Name); err != nil || len(keys) != 0 {
		t.Errorf("known are %v, %v", keys, err)
	}

	// As with OpenSSH: who revokes keys and has no list of them trusts nobody.
	put(t, plain, "what is this\n")
	again(plain)
	r.fails(t, Misconfigured, plain+":1")
	again(filepath.Join(dir, "gone"))
	r.fails(t, Misconfigured, "no such file")
	list := filepath.Join(dir, "krl")
	tool(t, nil, "ssh-keygen", "-q", "-k", "-f", list, other+".pub")
	again(list)
	r.fails(t, Misconfigured, "binary list (KRL)", "one public key a line")
	again("")
	r.works(t)
}
