package main

import (
	"os"
	"os/user"
	"path/filepath"
	"testing"
)

// TestHomeOfAService has no HOME, as services of systemd have not.
func TestHomeOfAService(t *testing.T) {
	t.Setenv("HOME", "/given")
	goHome()
	if got := os.Getenv("HOME"); got != "/given" {
		t.Errorf("HOME became %q", got)
	}
	want := ""
	if u, err := user.Current(); err == nil && filepath.IsAbs(u.HomeDir) {
		want = u.HomeDir
	}
	t.Setenv("HOME", "")
	goHome()
	if got := os.Getenv("HOME"); got != want {
		t.Errorf("HOME is %q, want %q", got, want)
	}
}
