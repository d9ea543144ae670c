package engine

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/armor"

	"jurymast/inventory"
)

// encrypt returns what "age -a" makes of a text.
func encrypt(t *testing.T, text string, to age.Recipient) string {
	t.Helper()
	var b bytes.Buffer
	a := armor.NewWriter(&b)
	w, err := age.Encrypt(a, to)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestSecretPlaces looks up a secret in each place where one can be kept, and
// finds no trace of it in what is said when it cannot be had.
func TestSecretPlaces(t *testing.T) {
	const canary = "canary-4711"
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	other, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	keys := write("age.key", "# a key\n"+key.String()+"\n", 0o600)
	file := write("file", canary+"\r\n", 0o600)
	open := write("open", canary+"\n", 0o644)
	write("credential", canary+"\n", 0o600)
	empty := write("empty", "\n", 0o600)
	env := map[string]string{"CANARY": canary, "NOTHING": "", "CREDENTIALS_DIRECTORY": dir}
	e := &Engine{
		options: Options{Paths: Paths{Lookup: func(name string) (string, bool) { v, ok := env[name]; return v, ok }}},
		fleet:   &inventory.Fleet{Path: filepath.Join(dir, "inventory.toml")},
	}
	for name, at := range map[string]inventory.Secret{
		"env": {Env: "CANARY"}, "file": {File: file}, "credential": {Credential: "credential"},
		"command": {Command: "echo " + canary + "; echo more"}, "age": {Age: encrypt(t, canary+"\n", key.Recipient())},
	} {
		if got, err := e.secret(t.Context(), at); got != canary || err != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	for why, at := range map[string]inventory.Secret{
		"environment variable LOST is not set":        {Env: "LOST"},
		"environment variable NOTHING: it is empty":   {Env: "NOTHING"},
		"others can read it":                          {File: open},
		"empty: it is empty":                          {File: empty},
		"no such file":                                {File: filepath.Join(dir, "lost")},
		"it is no regular file":                       {File: dir},
		"credential nobody":                           {Credential: "nobody"},
		"the command for it: exit status 3: no vault": {Command: "echo " + canary + "; echo no vault >&2; exit 3"},
		"what age encrypted: with the keys of":        {Age: encrypt(t, canary, other.Recipient())},
		"does not say where":                          {},
	} {
		if got, err := e.secret(t.Context(), at); got != "" || err == nil || !strings.Contains(err.Error(), why) || strings.Contains(err.Error(), canary) {
			t.Errorf("%q, %v, want %q", got, err, why)
		}
	}
	// Keys that cannot be used say nothing of themselves.
	at := inventory.Secret{Age: encrypt(t, canary, key.Recipient())}
	for text, why := range map[string]string{canary + "\n": "holds something else than keys", "": "holds something else than keys"} {
		write("age.key", text, 0o600)
		if _, err := e.secret(t.Context(), at); err == nil || !strings.Contains(err.Error(), why) || strings.Contains(err.Error(), canary) {
			t.Errorf("%v, want %q", err, why)
		}
	}
	if err := os.Chmod(keys, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := e.secret(t.Context(), at); err == nil || !strings.Contains(err.Error(), "its keys: others can read it") {
		t.Errorf("keys that others can read: %v", err)
	}
}
