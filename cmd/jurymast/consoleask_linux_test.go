package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"jurymast/actions/engine"
	"jurymast/tui"
)

// secretPhrase opens the key of [lockedHost].
const secretPhrase = "plugh-7 zork"

// lockedHost is a real OpenSSH server that takes one key only, which needs a
// passphrase, and an inventory of it.
func lockedHost(t *testing.T) (env []string, dir, key string) {
	t.Helper()
	s := startSSHD(t)
	dir = t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	key = filepath.Join(dir, "locked")
	must(t, exec.CommandContext(t.Context(), "ssh-keygen", "-q", "-t", "ed25519", "-N", secretPhrase, "-f", key))
	public, err := os.ReadFile(key + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(s.dir, "authorized"), string(public))
	known := filepath.Join(dir, "known_hosts")
	write(t, known, s.hostKey(t))
	write(t, filepath.Join(dir, "inventory.toml"), fmt.Sprintf(
		"name = \"locked\"\n[ssh]\nconfig = \"none\"\nuser = %q\nknown_hosts = %q\n\n[node.vault]\nkind = \"linux\"\naddress = \"127.0.0.1\"\nport = %d\nidentity = %q\n", s.user, known, s.port, key))
	return []string{"HOME=" + dir, "TERM=xterm-256color", "SSH_AUTH_SOCK=", "JURYMAST_STATE_DIR=" + filepath.Join(dir, "state"), "JURYMAST_INVENTORY=" + filepath.Join(dir, "inventory.toml")}, dir, key
}

// TestTheConsoleAsksForAPassphrase: of a real server, once it would take the key
// and not before, in the console and nowhere else. Nothing of the passphrase is
// drawn or written down.
func TestTheConsoleAsksForAPassphrase(t *testing.T) {
	t.Parallel()
	env, dir, key := lockedHost(t)

	// In cron nobody is asked.
	headless := map[string]string{"LANG": "C.UTF-8"}
	for _, e := range env {
		name, value, _ := strings.Cut(e, "=")
		headless[name] = value
	}
	seen := headless["JURYMAST_STATE_DIR"]
	headless["JURYMAST_STATE_DIR"] = filepath.Join(t.TempDir(), "state")
	if code, out, stderr := call(t, headless, "check", "all"); code == 0 || !strings.Contains(out+stderr, "needs a passphrase") || !strings.Contains(out+stderr, "ssh-add "+key) {
		t.Errorf("without a person: exit %d\n%s%s", code, out, stderr)
	}

	q := newQuiet(t, 100, 30)
	q.run(true, env, "--log-file", filepath.Join(dir, "log"), "-vv")
	q.sees("Passphrase for vault")
	q.sees("esc goes without")
	q.types("wrong\r")
	q.sees("What was given did not open it")
	q.after("What was given did not open it").sees("esc goes without")
	q.types(secretPhrase)
	q.sees("(typed)")
	q.types("\r")
	q.after("(typed)").sees("\x1b[2mswept ")
	q.types("M")
	q.sees("── Messages")
	q.types("q")
	if code := q.ends(); code != 0 {
		t.Errorf("it ended with %d", code)
	}
	holdsNot(t, dir, q.sees("\x1b[?1049l"))
	headless["JURYMAST_STATE_DIR"] = seen
	_, out, _ := call(t, headless, "status", "all", "-o", "json")
	if it := itemsOf(t, out)["node/vault"]; it == nil || it["counts"].(map[string]any)["ok"].(float64) < 3 {
		t.Errorf("the host was not looked at: %v", it)
	}
}

// TestAPassphraseThatIsNotGiven: the host is said to be out of reach and why, it
// is not asked for again by itself, and a look that a person asks for asks.
func TestAPassphraseThatIsNotGiven(t *testing.T) {
	t.Parallel()
	env, _, _ := lockedHost(t)
	q := newQuiet(t, 100, 30)
	q.run(true, env)
	q.sees("Passphrase for vault")
	q.types("\x1b")
	q.sees("no passphrase was given for /")
	q.after("no passphrase was given for /").sees("cannot be used: key unusable")
	q.types("R")
	q.after("looking at everything").sees("Passphrase for vault")
	q.types("\x03") // leaves in the middle of the question
	if code := q.ends(); code != 0 {
		t.Errorf("it ended with %d", code)
	}
}

// holdsNot fails when a part of the passphrase was drawn or is in a file.
func holdsNot(t *testing.T, dir string, drawn []byte) {
	t.Helper()
	parts := strings.Fields(secretPhrase)
	for _, part := range parts {
		if bytes.Contains(drawn, []byte(part)) {
			t.Errorf("%q of the passphrase was drawn", part)
		}
	}
	var looked []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		looked = append(looked, filepath.Base(path))
		for _, part := range parts {
			if bytes.Contains(b, []byte(part)) {
				t.Errorf("%q of the passphrase is in %s", part, path)
			}
		}
		return err
	})
	if err != nil || !slices.Contains(looked, "log") || !slices.ContainsFunc(looked, func(n string) bool { return strings.HasSuffix(n, ".db") }) {
		t.Errorf("the log and the store were not among what was looked through: %q, %v", looked, err)
	}
}

// TestAsker: who asks waits for the person, and no longer than it may.
func TestAsker(t *testing.T) {
	t.Parallel()
	asks := make(asker)
	question := engine.Question{Key: "/id", Host: "vault", Again: true}
	for _, x := range []struct {
		given bool
		want  error
	}{{true, nil}, {false, errNotGiven}} {
		go func() {
			q := <-asks
			q.Answer(q.Key+q.Host, x.given)
		}()
		got, err := asks.prompt(t.Context(), question)
		if !errors.Is(err, x.want) || x.given && got != "/idvault" {
			t.Errorf("%q, %v, want %v", got, err, x.want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	put := make(chan tui.Question, 1)
	go func() {
		put <- <-asks
		cancel()
	}()
	if got, err := asks.prompt(ctx, question); !errors.Is(err, context.Canceled) || got != "" {
		t.Errorf("%q, %v", got, err)
	}
	q := <-put
	<-q.Done
	q.Answer("too late", true) // never waits
	if _, err := asks.prompt(ctx, question); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
