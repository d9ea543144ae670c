package kind

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"jurymast/actions"
)

// proxyBed is a real proxy of a test, whose files lie in roots.
type proxyBed struct {
	roots  []string
	begin  func()            // starts it
	change func(text string) // writes a configuration that answers with text
	spoil  func(root string) // writes a broken one below another root
	now    func() string     // what it answers
	reads  string            // what is said of a copy that it does not take
}

// copied copies trees to below a folder, as a repository would bring them out.
func copied(t testing.TB, into string, roots ...string) {
	t.Helper()
	for _, r := range roots {
		if err := os.MkdirAll(filepath.Dir(into+r), 0o700); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.CommandContext(t.Context(), "cp", "-a", r, into+r).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
}

// proxyWholeWay copies a proxy's files, changes them, and has them put back and
// taken away again, with the proxy serving all the while; and has copies
// refused that it does not take.
func proxyWholeWay(t *testing.T, d actions.Data, p proxyBed) {
	t.Helper()
	answers := func(want string) {
		t.Helper()
		await(t, "it answers "+want, func() bool { return p.now() == want })
	}
	p.change("first")
	p.begin()
	answers("first")
	from := filepath.Join(t.TempDir(), "copy")
	in := map[string]string{actions.InRun: "0007-test", actions.InAside: ".jurymast-0007-test", actions.InFrom: from}
	said := must(t, d.Survey, in).said
	if said["missing"] != "" || said["trouble"] != "" || said["bytes"] == "" || said["path-1"] != p.roots[0] || said["scratch"] != "/var/lib/jurymast" {
		t.Errorf("survey: %v", said)
	}
	copied(t, from, p.roots...)
	if s := must(t, *d.Prove, in).said; s["level"] != "answered" || !strings.HasSuffix(s["proof"], "; asked") {
		t.Errorf("proven before: %v", s)
	}

	p.change("second")
	views := exec.CommandContext(t.Context(), "unshare", "-m", "true").Run() == nil
	if d.Try != nil {
		if s := must(t, *d.Try, in).said; s["level"] != "extracted" || strings.Contains(s["proof"], "takes the copy") != views {
			t.Errorf("tried: %v", s)
		}
		if p.now() != "first" { // what was written since has not been read
			t.Errorf("tried, it answers %s", p.now())
		}
	}
	for range 2 {
		must(t, *d.Put, in)
		answers("first")
	}
	must(t, *d.Prove, in)
	for range 2 {
		must(t, *d.Back, in)
	}
	answers("second")
	for _, r := range p.roots {
		if left, _ := filepath.Glob(r + "*jurymast*"); len(left) > 0 {
			t.Errorf("undone, it left %v", left)
		}
	}

	// A copy that it does not take changes nothing.
	before := listing(t, p.roots[0])
	p.spoil(from)
	refused := func(in map[string]string, want string) {
		t.Helper()
		r := runFully(t.Context(), t, d.Put.With(in))
		if r.Exit == 0 || !strings.Contains(string(r.Stderr), p.reads) || !strings.Contains(string(r.Stderr), want) {
			t.Errorf("a broken copy: exit %d: %s", r.Exit, r.Stderr)
		}
		if have := listing(t, p.roots[0]); !sameButRoot(have, before) {
			t.Errorf("there is\n%v\nand there was\n%v", have, before)
		}
		if p.now() != "second" {
			t.Errorf("it answers %s", p.now())
		}
	}
	if views {
		refused(in, "nothing was changed")
		if d.Try != nil {
			if r := runFully(t.Context(), t, d.Try.With(in)); r.Exit == 0 || !strings.Contains(string(r.Stderr), p.reads) {
				t.Errorf("a broken copy was tried: exit %d: %s%s", r.Exit, r.Stdout, r.Stderr)
			}
		}
	} else {
		t.Log("a copy is not tested ahead here: this machine gives no view of files of one's own")
	}
	// Where it cannot be tested ahead, what was there comes back.
	blind := t.TempDir()
	put(t, filepath.Join(blind, "unshare"), "#!/bin/sh\nexit 1\n")
	if err := os.Chmod(filepath.Join(blind, "unshare"), 0o700); err != nil {
		t.Fatal(err)
	}
	refusedBlind := *d.Put
	refusedBlind.Body = "PATH=" + blind + ":$PATH\n" + refusedBlind.Body
	sees := d.Put
	d.Put = &refusedBlind
	refused(in, "what was there is back")
	d.Put = sees

	// All is lost, and the proxy is down: a copy that is right brings it back.
	from2 := filepath.Join(t.TempDir(), "copy")
	in[actions.InFrom], in[actions.InRun], in[actions.InAside] = from2, "0008-test", ".jurymast-0008-test"
	p.change("third")
	copied(t, from2, p.roots...)
	for _, r := range p.roots {
		if err := os.RemoveAll(r); err != nil {
			t.Fatal(err)
		}
	}
	if r := runFully(t.Context(), t, d.Prove.With(in)); r.Exit == 0 {
		t.Errorf("proven without its files: %s", r.Stdout)
	}
	must(t, *d.Put, in)
	answers("third")
	must(t, *d.Prove, in)
}
