//go:build linux && fleet

package suite

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"jurymast/testdata/fleet/bed"
)

// program is the binary under test.
var program string

func TestMain(m *testing.M) { os.Exit(runAll(m)) }

func runAll(m *testing.M) int {
	if why := bed.Missing(); why != "" {
		fmt.Fprintf(os.Stderr, "%s: the suite did not run\n", why)
		if os.Getenv("CI") != "" {
			return 1
		}
		return 0
	}
	dir, err := os.MkdirTemp("", "jurymast-suite")
	if err == nil {
		defer func() { _ = os.RemoveAll(dir) }()
		program = filepath.Join(dir, "jurymast")
		build := exec.Command("go", "build", "-o", program, "jurymast/cmd/jurymast")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		build.Stderr = os.Stderr
		err = build.Run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "build jurymast:", err)
		return 1
	}
	// Whose turn it is, beside sees to.
	if err := flag.Set("test.parallel", "64"); err != nil {
		panic(err)
	}
	return m.Run()
}

// fleet is a bed with an inventory of its own and the state that jurymast keeps.
type fleet struct {
	*bed.Bed
	t   *testing.T
	dir string
}

// newFleet makes a bed. Each machine is a node of the inventory, to which the
// lines are added.
func newFleet(t *testing.T, o bed.Options, lines ...string) *fleet {
	t.Helper()
	o.Say = t.Logf
	b, err := bed.Up(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	f := &fleet{Bed: b, t: t, dir: t.TempDir()}
	f.inventory(lines...)
	return f
}

// part is a part of a test. The next one begins only where this one left the
// fleet whole.
func (f *fleet) part(name string, do func(f *fleet)) {
	f.t.Helper()
	if !f.t.Run(name, func(t *testing.T) {
		g := *f
		g.t = t
		do(&g)
	}) {
		f.t.FailNow()
	}
}

// inventory writes the inventory anew.
func (f *fleet) inventory(lines ...string) {
	f.t.Helper()
	var b strings.Builder
	timeout := "3s"
	if f.Machine() != nil {
		timeout = "10s" // a login to a machine in software takes a second or two when nothing else runs
	}
	fmt.Fprintf(&b, "[ssh]\nuser = \"ops\"\nsudo = true\nidentity = [%q]\nknown_hosts = %q\nconnect_timeout = %q\n", f.Key(), f.KnownHosts(), timeout)
	text := strings.Join(lines, "\n")
	node := func(name string, addr any) {
		fmt.Fprintf(&b, "[node.%s]\naddress = \"%v\"\n", name, addr)
		if !strings.Contains(text, "node."+name+": kind = ") {
			// A node's load is that of the host all beds share; a machine's is its own,
			// and to be looked at alone keeps its one processor busy.
			// What is done to its memory stops far from where its kernel would kill.
			limits := "load = { warn = 500, fail = 1000 }"
			if m := f.Machine(); m != nil && m.Name == name {
				limits = "load = { warn = 3, fail = 8 }, memory = { warn = 40, fail = 25 }, swap = { warn = 30 }"
			}
			b.WriteString("limits = { " + limits + " }\n")
		}
		// More keys of a node are given as a line "node.NAME: KEY = VALUE".
		for line := range strings.Lines(text) {
			if key, ok := strings.CutPrefix(line, "node."+name+": "); ok {
				b.WriteString(key)
			}
		}
		b.WriteByte('\n')
	}
	for _, name := range f.Nodes() {
		node(name, f.Node(name).Addr)
	}
	if m := f.Machine(); m != nil {
		node(m.Name, m.Addr)
	}
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "node.") {
			b.WriteString(line)
		}
	}
	b.WriteByte('\n')
	f.write("inventory.toml", b.String())
	if o := f.jm("inventory", "validate"); o.exit != 0 {
		f.t.Fatalf("the inventory: %s\n%s", o, b.String())
	}
}

// write writes a file of the admin's.
func (f *fleet) write(name, text string) string {
	f.t.Helper()
	path := filepath.Join(f.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		f.t.Fatal(err)
	}
	return path
}

// outcome is what a command of jurymast's came to.
type outcome struct {
	args     []string
	out, err string
	exit     int
	began    time.Time
	took     time.Duration
}

func (o outcome) String() string {
	return fmt.Sprintf("jurymast %s: exit %d in %s\n%s%s", strings.Join(o.args, " "), o.exit, o.took.Round(time.Millisecond), o.out, o.err)
}

// command is jurymast, run where an admin would run it.
func (f *fleet) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := f.Command(ctx, program, args...)
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + f.dir, "JURYMAST_SSH_CONFIG=none", "JURYMAST_NO_INPUT=1",
		"JURYMAST_INVENTORY=" + filepath.Join(f.dir, "inventory.toml"), "JURYMAST_STATE_DIR=" + filepath.Join(f.dir, "state"),
	}
	cmd.WaitDelay = time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	return cmd
}

// jm runs jurymast and returns what came of it. It is killed after three minutes.
func (f *fleet) jm(args ...string) outcome {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), 3*time.Minute)
	defer cancel()
	cmd := f.command(ctx, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	start := time.Now()
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		f.t.Fatalf("jurymast %v: %v", args, err)
	}
	return outcome{args, out.String(), errs.String(), cmd.ProcessState.ExitCode(), start, time.Since(start)}
}

// ok runs jurymast and holds that it leaves with 0.
func (f *fleet) ok(args ...string) outcome {
	f.t.Helper()
	return f.leaves(0, args...)
}

// leaves runs jurymast and holds that it leaves with a code.
func (f *fleet) leaves(exit int, args ...string) outcome {
	f.t.Helper()
	o := f.jm(args...)
	if o.exit != exit {
		f.t.Fatalf("it should leave with %d: %s\nand the fleet then: %s", exit, o, f.jm("status", "all", "-o", "wide"))
	}
	return o
}

// on has a script run on a node, past the network.
func (f *fleet) on(node, script string) string {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), 3*time.Minute)
	defer cancel()
	var out string
	var err error
	if m := f.Machine(); m != nil && m.Name == node {
		out, err = m.Run(ctx, script)
	} else {
		out, err = f.Node(node).Run(ctx, script)
	}
	if err != nil {
		f.t.Fatal(err)
	}
	return out
}

// must holds that something that the bed was told to do was done.
func (f *fleet) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// finding is a result of a check as programs read it.
type finding struct {
	Check, Item, Status, Line, Cause string
	Metrics                          []struct {
		Name  string
		Value float64
	}
}

func (r finding) String() string {
	return strings.TrimSpace(fmt.Sprintf("%-7s %s %s: %s", r.Status, r.Check, r.Item, r.Line))
}

// look checks a target now and returns all that was found of it.
func (f *fleet) look(target string, flags ...string) []finding {
	f.t.Helper()
	switch o := f.jm(append([]string{"check", target}, flags...)...); o.exit {
	case 0, 1, 2, 3, 69, 76, 77: // the last three say why it could not be looked at
	default:
		f.t.Fatalf("%s", o)
	}
	return f.findings(target)
}

// findings returns what was found at a target when it was looked at last.
func (f *fleet) findings(target string) []finding {
	f.t.Helper()
	shown := f.ok("show", target, "-o", "json")
	var doc struct {
		Items []struct{ Results []finding }
	}
	if err := json.Unmarshal([]byte(shown.out), &doc); err != nil || len(doc.Items) != 1 {
		f.t.Fatalf("%v: %s", err, shown)
	}
	return doc.Items[0].Results
}

// finds looks at a target until a check reads as it should, at most for a
// minute, which is the interval of a look, and returns the finding. The words
// must stand in its line. Of a machine whose processors are made of software
// nothing else is asked: a whole look keeps them busy for many times as long.
func (f *fleet) finds(target, check, item, status string, words ...string) finding {
	f.t.Helper()
	var only []string
	if m := f.Machine(); m != nil && m.Name == target {
		only = []string{"--only", check}
	}
	var last []finding
	for end := time.Now().Add(time.Minute); ; {
		last = f.look(target, only...)
		i := slices.IndexFunc(last, func(r finding) bool { return r.Check == check && r.Item == item })
		if i >= 0 && last[i].Status == status && !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(last[i].Line, w) }) {
			return last[i]
		}
		if time.Now().After(end) {
			f.t.Fatalf("%s: %s %s is not %s %q within a minute:\n%s", target, check, item, status, words, lines(last))
		}
		f.pause()
	}
}

// pause is that between two looks at what is waited for: without, they would take
// a processor from the machines that it is to happen on.
func (f *fleet) pause() {
	f.t.Helper()
	select {
	case <-time.After(300 * time.Millisecond):
	case <-f.t.Context().Done():
		f.t.Fatal(f.t.Context().Err())
	}
}

// well looks until nothing about the target is bad, at most for a minute.
func (f *fleet) well(target string, but ...string) {
	f.t.Helper()
	var bad []finding
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		bad = bad[:0]
		for _, r := range f.look(target) {
			if r.Status != "ok" && !slices.Contains(but, r.Check) {
				bad = append(bad, r)
			}
		}
		if len(bad) == 0 {
			return
		}
		f.pause()
	}
	f.t.Fatalf("%s is not well within a minute:\n%s", target, lines(bad))
}

func lines(rs []finding) string {
	var b strings.Builder
	for _, r := range rs {
		fmt.Fprintln(&b, " ", r)
	}
	return b.String()
}

// eventually waits for a condition of a machine.
func eventually(t *testing.T, what string, limit time.Duration, ask func() error) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	end := time.After(limit)
	for {
		err := ask()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("%s: not within %s: %v", what, limit, err)
		}
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
