package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	agefile "filippo.io/age"
	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"jurymast": func() { os.Exit(breakable()) }})
}

// TestScript runs every script in testdata/script: each command is the real main
// in a process of its own. EXAMPLE is the example inventory. A script whose name
// begins with fleet- has a demo fleet around it, as `demo shell` would give it.
func TestScript(t *testing.T) {
	t.Parallel()
	example, err := filepath.Abs("../../inventory.example.toml")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "../../testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"code": code, "sealed": sealed},
		Setup: func(e *testscript.Env) error {
			home := filepath.Join(e.WorkDir, "home")
			if err := os.MkdirAll(home, 0o700); err != nil {
				return err
			}
			e.Setenv("HOME", home)
			e.Setenv("EXAMPLE", example)
			e.Setenv("LANG", "C.UTF-8")
			e.Setenv("TZ", "UTC")
			e.Setenv("USER", "tester")
			for _, name := range []string{"CI", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "SSH_AUTH_SOCK"} {
				e.Setenv(name, "")
			}
			if strings.HasPrefix(filepath.Base(e.WorkDir), "script-fleet-") {
				if err := surround(e); err != nil {
					return err
				}
			}
			// An inventory in a folder that others can write to is refused.
			return os.Chmod(e.WorkDir, 0o700)
		},
	})
}

// surround starts a demo fleet for one script.
func surround(e *testscript.Env) error {
	dir, err := os.MkdirTemp("", "jurymast-fleet-") // short: sockets have room for 100 bytes
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	fleet, err := startDemo(ctx, dir, false)
	if err != nil {
		cancel()
		return errors.Join(err, os.RemoveAll(dir))
	}
	socket, stop, err := fleet.control(ctx)
	e.Defer(func() {
		cancel()
		if err == nil {
			stop()
		}
		if err := errors.Join(fleet.Close(), os.RemoveAll(dir)); err != nil {
			e.T().Fatal(err)
		}
	})
	if err != nil {
		return err
	}
	for name, value := range fleet.environment() {
		e.Setenv(name, value)
	}
	e.Setenv(demoEnv, socket)
	return nil
}

// sealed encrypts a text by age: sealed TEXT KEYS FILE makes the keys and the file.
func sealed(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: sealed TEXT KEYS FILE")
	}
	id, err := agefile.GenerateX25519Identity()
	ts.Check(err)
	text, err := seal(args[0], []agefile.Recipient{id.Recipient()})
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(id.String()+"\n"), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(text), 0o600))
}

// code runs a command and asserts its exit code: code 64 jurymast nonsense.
func code(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N COMMAND [ARG...]")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if err != nil {
		got = exitText(err)
	}
	if got != args[0] {
		ts.Fatalf("%v: exit code %s, want %s (%v)", args[1:], got, args[0], err)
	}
}
