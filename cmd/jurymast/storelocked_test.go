package main

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	_ "modernc.org/sqlite"

	"jurymast/ssh/sshlab"
)

// TestCheckWithLockedStore has another process hold the store: both hosts are
// looked at all the same, why it cannot be kept is told in three lines, and what
// was kept before is there afterwards.
func TestCheckWithLockedStore(t *testing.T) {
	t.Parallel() // it waits for as long as a store is waited for
	lab, err := sshlab.Start(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := lab.Close(); err != nil {
			t.Error(err)
		}
	})
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("[ssh]\nconfig = \"none\"\nuser = \"admin\"\nidentity = %q\nknown_hosts = %q\n", lab.Identity(), lab.KnownHosts())
	for _, name := range []string{"a", "b"} {
		m, err := lab.Add(sshlab.Host{Name: name})
		if err != nil {
			t.Fatal(err)
		}
		text += fmt.Sprintf("[node.%s]\nkind = \"host\"\naddress = \"127.0.0.1\"\nport = %d\n", name, m.Port())
	}
	env := map[string]string{"HOME": dir, "JURYMAST_STATE_DIR": filepath.Join(dir, "state"), "JURYMAST_INVENTORY": filepath.Join(dir, "inventory.toml"), "LANG": "C.UTF-8"}
	write(t, env["JURYMAST_INVENTORY"], text)
	look := func(want int, stdout, stderr string) {
		t.Helper()
		code, out, said := call(t, env, "check", "all")
		if code != want || !regexp.MustCompile(stdout).MatchString(out) || !regexp.MustCompile(stderr).MatchString(said) {
			t.Errorf("exit %d, want %d\n%s%s", code, want, out, said)
		}
	}
	const both = `(?s)✓ ok +node/a .*✓ ok +node/b `
	look(0, both, `^$`)

	db, err := sql.Open("sqlite", filepath.Join(dir, "state", "jurymast.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	other, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	exec := func(text string) {
		t.Helper()
		if _, err := other.ExecContext(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	exec("begin immediate")
	look(75, both, `^jurymast: .*\n     why: .*in use by another process.*\n    next: another jurymast is writing.*\n$`)
	exec("rollback")
	if code, out, said := call(t, env, "status", "all"); code != 0 || !regexp.MustCompile(both).MatchString(out) {
		t.Errorf("what was kept before: exit %d\n%s%s", code, out, said)
	}
	look(0, both, `^$`)
}
