package main

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"jurymast/tui/early"
)

// panicEnv names a file. Once it is there, the console panics where it says:
// "update", "command", "watch" or "engine".
const panicEnv = "JURYMAST_TEST_PANIC"

// breakable is Main with a clock that panics in the console, and there only:
// nothing of the program itself is another.
func breakable() int {
	file := os.Getenv(panicEnv)
	if file == "" {
		return Main()
	}
	early.Restore()
	a := newApp(os.Args[1:], processStreams(), os.LookupEnv)
	a.now = func() time.Time {
		if where, err := os.ReadFile(file); err == nil && calledFrom(map[string]string{
			"update": "jurymast/tui.(*root).Update", "command": "(*root).readRest", // where it is inlined, too
			"watch": "jurymast/actions/engine.(*watch).run", "engine": "jurymast/actions/check.(*Looker)",
		}[string(where)]) {
			panic("broken in " + string(where) + " on purpose")
		}
		return time.Now()
	}
	return serve(a)
}

// calledFrom reports whether a function of that name is on the stack.
func calledFrom(name string) bool {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	for {
		f, more := frames.Next()
		if name != "" && strings.Contains(f.Function, name) {
			return true
		}
		if !more {
			return false
		}
	}
}

// TestAPanicInTheConsole: the terminal is whole, the exit code says that it was
// a fault of ours, what is printed says where and what to do, and the run goes on.
func TestAPanicInTheConsole(t *testing.T) {
	t.Parallel()
	p := openPane(t, panicEnv+`=$(dirname "$PIDFILE")/panic; export `+panicEnv+"\n"+inAShell).up()
	for _, where := range []string{"update", "command", "watch"} {
		p.begin("past")
		file := filepath.Join(p.dir, "panic")
		if err := os.WriteFile(file, []byte(where), 0o600); err != nil {
			t.Fatal(err)
		}
		p.press("R").sees("ended 70, terminal whole").sees("broken in " + where + " on purpose").sees("runs go on by themselves").sees("jurymast opens it again")
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		p.again().sees("run active").press("0").sees("RUNNING").sees("at the gate").open().sees("DONE")
		if got := p.did(); got != "one two three" {
			t.Errorf("%s: the steps did %q", where, got)
		}
	}
	p.press("q").sees("ended 0, terminal whole")
}

// TestAPanicThatNothingCatches: in a goroutine of the engine it ends the process
// at once. The terminal is whole all the same, and what it was is told.
func TestAPanicThatNothingCatches(t *testing.T) {
	t.Parallel()
	p := openPane(t, panicEnv+`=$(dirname "$PIDFILE")/panic; export `+panicEnv+" TMPDIR=$(dirname \"$PIDFILE\")\n"+inAShell).up()
	p.begin("past")
	file := filepath.Join(p.dir, "panic")
	if err := os.WriteFile(file, []byte("engine"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.press("1", "R").sees("ended 2, terminal whole").sees("met a fault of its own").sees("broken in engine on purpose").sees("jurymast opens it again")
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	p.again().sees("run active").press("0").sees("RUNNING").sees("at the gate").open().sees("DONE")
}
