package ssh

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
)

// TestPassphraseInTime holds that nobody is asked for a passphrase before the
// host has shown that it is up, and would take the key.
func TestPassphraseInTime(t *testing.T) {
	locked := func(t *testing.T, answer string) (*reached, *atomic.Int32) {
		r, _ := realPool(t)
		r.host.Identities = []string{r.newKey(t, "locked", "open sesame")}
		asked := &atomic.Int32{}
		r.ring.prompt = func(context.Context, Question) (string, error) {
			asked.Add(1)
			return answer, nil
		}
		return r, asked
	}
	expect := func(t *testing.T, asked *atomic.Int32, want int32) {
		t.Helper()
		if n := asked.Load(); n != want {
			t.Errorf("a person was asked %d times, not %d", n, want)
		}
	}
	t.Run("down", func(t *testing.T) {
		r, asked := locked(t, "open sesame")
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		r.host.Port = l.Addr().(*net.TCPAddr).Port
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		r.fails(t, Refused)
		expect(t, asked, 0)
	})
	t.Run("another host key", func(t *testing.T) {
		r, asked := locked(t, "open sesame")
		r.host.KnownHosts = []string{filepath.Join(t.TempDir(), "none")}
		r.fails(t, HostKeyUnknown)
		expect(t, asked, 0)
	})
	t.Run("a key that is not taken", func(t *testing.T) {
		r, asked := locked(t, "open sesame")
		key := filepath.Join(t.TempDir(), "stranger")
		tool(t, nil, "ssh-keygen", "-q", "-t", "rsa", "-N", "open sesame", "-f", key)
		r.host.Identities = []string{key}
		r.fails(t, LoginRefused, key)
		expect(t, asked, 0)
	})
	t.Run("another key opens too", func(t *testing.T) {
		r, asked := locked(t, "")
		open := r.newKey(t, "open", "")
		r.host.Identities = append(r.host.Identities, open)
		r.works(t)
		expect(t, asked, 1)
	})
	for _, form := range []string{"RFC4716", "PEM"} { // PEM does not say which key it is
		t.Run(form, func(t *testing.T) {
			r, asked := locked(t, "open sesame")
			key := filepath.Join(filepath.Dir(r.host.Identities[0]), "rsa")
			tool(t, nil, "ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-m", form, "-N", "open sesame", "-f", key)
			public := file(t, key+".pub")
			put(t, filepath.Join(filepath.Dir(key), "key.pub"), public)
			if err := os.Remove(key + ".pub"); err != nil {
				t.Fatal(err)
			}
			r.host.Identities = []string{key}
			r.works(t)
			expect(t, asked, 1)
		})
	}
	t.Run("many lines at once", func(t *testing.T) {
		r, asked := locked(t, "open sesame")
		pool := poolOf(t, Options{Prompt: r.ring.prompt}, named(r.host, "a"), named(r.host, "b"), named(r.host, "c"))
		var all sync.WaitGroup
		for _, name := range []string{"a", "b", "c"} {
			all.Go(func() {
				if o, err := pool.Run(t.Context(), name, Command{Text: "echo in"}); err != nil || string(o.Stdout) != "in\n" {
					t.Errorf("%s: %q, %v", name, o.Stdout, err)
				}
			})
		}
		all.Wait()
		expect(t, asked, 1)
	})
	t.Run("a jump host", func(t *testing.T) {
		r, asked := locked(t, "open sesame")
		behind := named(r.host, "behind")
		behind.Jump = []string{r.host.Name}
		pool := poolOf(t, Options{Prompt: r.ring.prompt}, *r.host, behind)
		if o, err := pool.Run(t.Context(), "behind", Command{Text: "echo in"}); err != nil || string(o.Stdout) != "in\n" {
			t.Errorf("%q, %v", o.Stdout, err)
		}
		expect(t, asked, 1)
	})
	t.Run("what another process could not use", func(t *testing.T) {
		r, _ := locked(t, "open sesame")
		key := r.host.Identities[0]
		typed := func(pool *Pool, name string, want ...string) {
			t.Helper()
			if got := pool.Typed(t.Context(), name); !slices.Equal(got, want) {
				t.Errorf("%s: typed were %q, want %q", name, got, want)
			}
		}
		behind := named(r.host, "behind")
		behind.Jump, behind.Identities = []string{r.host.Name}, []string{r.newKey(t, "open", "")}
		pool := poolOf(t, Options{Prompt: r.ring.prompt}, *r.host, behind)
		typed(pool, "behind") // nobody has typed anything yet
		if _, err := pool.Run(t.Context(), "behind", Command{Text: "true"}); err != nil {
			t.Fatal(err)
		}
		typed(pool, "behind", key) // for the jump host
		typed(pool, r.host.Name, key)

		r.works(t)
		typed(r.Pool, r.host.Name, key)
		bare := filepath.Join(t.TempDir(), "bare")
		put(t, bare, file(t, key))
		tool(t, nil, "ssh-keygen", "-q", "-p", "-P", "open sesame", "-N", "", "-f", bare)
		r.host.Agent = startAgent(t, bare)
		typed(r.Pool, r.host.Name)
	})
	t.Run("called off", func(t *testing.T) {
		r, _ := locked(t, "")
		ctx, cancel := context.WithCancel(t.Context())
		r.ring.prompt = func(c context.Context, _ Question) (string, error) {
			cancel()
			<-c.Done()
			return "", c.Err()
		}
		if _, err := r.Run(ctx, r.host.Name, Command{Text: "echo in"}); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

// named is a host by another name.
func named(h *Host, name string) Host {
	other := *h
	other.Name = name
	return other
}
