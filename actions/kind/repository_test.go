package kind

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"jurymast/actions"
	"jurymast/inventory"
)

// canary stands for every secret: it must be found nowhere but in the
// environment of the tool it is meant for.
const canary = "canary-5f1d c'\"$x"

// needTool ends a test on a machine without a tool. In CI it must be there.
func needTool(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		if _, err := exec.LookPath(name); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatalf("%s is not installed, and CI must have it", name)
			}
			t.Skipf("%s is not installed", name)
		}
	}
}

// bed is a host that is this machine, with scripts run as the runner has them
// run: from a file, as a job without standard input.
type bed struct {
	t     *testing.T
	dir   string // a folder of its own, with a blank and a quote in its name
	shell []string
	fleet *inventory.Fleet
	env   []string
	// secrets are what the inventory's places of secrets hold.
	secrets map[string]string
}

// newBed returns a host node/app with an inventory; {DIR} in it is the folder.
func newBed(t *testing.T, toml string, shell ...string) *bed {
	t.Helper()
	if len(shell) == 0 {
		shell = []string{"sh"}
	}
	b := &bed{t: t, dir: filepath.Join(t.TempDir(), "it's here"), shell: shell, secrets: map[string]string{}}
	if err := os.Mkdir(b.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	f, err := inventory.Parse("bed.toml", []byte(strings.ReplaceAll(toml, "{DIR}", b.dir)), Schema())
	if err != nil {
		t.Fatal(err)
	}
	b.fleet = f
	return b
}

// repository returns what drives a repository from node/app.
func (b *bed) repository(name string) actions.Repository {
	b.t.Helper()
	i := slices.IndexFunc(b.fleet.Repositories, func(r inventory.Repository) bool { return r.Name == name })
	if i < 0 {
		b.t.Fatalf("no repository %s", name)
	}
	r := b.fleet.Repositories[i]
	k, _ := Lookup(r.Kind)
	out, err := k.Repository(b.fleet, r, "node/app")
	if err != nil {
		b.t.Fatal(err)
	}
	return out
}

// run runs a script and returns what it answered.
func (b *bed) run(s actions.Script, inputs map[string]string) actions.Output {
	b.t.Helper()
	s = s.With(inputs)
	if len(s.Keep) > 0 {
		s.Secrets = map[string]string{}
		for variable, place := range s.Keep {
			value, ok := b.secrets[place.Env]
			if !ok {
				value = canary
			}
			s.Secrets[variable] = value
		}
	}
	text, secrets, err := s.Render()
	if err != nil {
		b.t.Fatal(err)
	}
	file := filepath.Join(b.t.TempDir(), "script")
	if err := os.WriteFile(file, append(secrets, text...), 0o600); err != nil {
		b.t.Fatal(err)
	}
	cmd := exec.CommandContext(b.t.Context(), b.shell[0], append(b.shell[1:], file)...)
	cmd.Env = append(os.Environ(), "TMPDIR="+b.t.TempDir(), "RESTIC_CACHE_DIR="+filepath.Join(b.dir, "cache"))
	cmd.Env = append(cmd.Env, b.env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // so that cutTools ends it, and nothing else
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if exit := (*exec.ExitError)(nil); true {
		if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
			b.t.Fatal(err)
		}
	}
	for _, said := range []string{stdout.String(), stderr.String(), text} {
		if strings.Contains(said, canary) {
			b.t.Errorf("%s: a secret is in\n%s", s.Name, said)
		}
	}
	return actions.Output{Stdout: stdout.Bytes(), Stderr: stderr.Bytes(), Exit: cmd.ProcessState.ExitCode()}
}

// does runs a script that must end with 0, and returns its words.
func (b *bed) does(s actions.Script, inputs map[string]string) map[string]string {
	b.t.Helper()
	out := b.run(s, inputs)
	if out.Exit != 0 {
		b.t.Fatalf("%s ended with %d\n%s%s", s.Name, out.Exit, out.Stdout, out.Stderr)
	}
	return actions.Said(out.Stdout)
}

// refuses runs a script that must fail and give a reason as its last line.
func (b *bed) refuses(s actions.Script, inputs map[string]string, reason string) {
	b.t.Helper()
	out := b.run(s, inputs)
	lines := strings.Split(strings.TrimSpace(string(out.Stderr)), "\n")
	if out.Exit == 0 || !strings.Contains(lines[len(lines)-1], reason) {
		b.t.Errorf("%s ended with %d, want a reason like %q\n%s%s", s.Name, out.Exit, reason, out.Stdout, out.Stderr)
	}
}

// unsound runs a script that reads a copy and must fail: with a word that the copy
// itself is damaged, or without one where something else is why.
func (b *bed) unsound(s actions.Script, inputs map[string]string, damaged bool, reason string) {
	b.t.Helper()
	out := b.run(s, inputs)
	said, ok := actions.Said(out.Stdout)[actions.SaidDamaged]
	lines := strings.Split(strings.TrimSpace(string(out.Stderr)), "\n")
	if out.Exit == 0 || ok != damaged || damaged && said == "" || !strings.Contains(lines[len(lines)-1], reason) {
		b.t.Errorf("%s ended with %d, damaged %v, want %v and a reason like %q\n%s%s", s.Name, out.Exit, ok, damaged, reason, out.Stdout, out.Stderr)
	}
}

// tree makes files to copy below a name of the bed's folder and returns the
// folder's path.
func (b *bed) tree(name string) string {
	b.t.Helper()
	root := filepath.Join(b.dir, name)
	files := map[string]string{
		"plain": "one\n", "sub dir/it's \"quoted\" $HOME": "two\n", "sub dir/deeper/empty": "", "-rf": "three\n",
		"large": strings.Repeat("0123456789abcdef", 1<<16), "new\nline": "four\n",
	}
	for name, text := range files {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			b.t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o640); err != nil {
			b.t.Fatal(err)
		}
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(root, "link")); err != nil {
		b.t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(root, "plain"), 0o751); err != nil {
		b.t.Fatal(err)
	}
	return root
}

// listing is what a folder holds: for each name its mode and its text.
func listing(t *testing.T, root string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, name)
		text := ""
		switch {
		case info.Mode().IsRegular():
			body, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			text = string(body)
		case info.Mode()&fs.ModeSymlink != 0:
			if text, err = os.Readlink(name); err != nil {
				return err
			}
		}
		all[rel] = fmt.Sprintf("%v %q", info.Mode(), text)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// copiesOf are the copies that a List says, as fields, the newest first.
func (b *bed) copiesOf(r actions.Repository, tag string) [][]string {
	b.t.Helper()
	said := b.does(r.List, map[string]string{actions.InTag: tag})
	var out [][]string
	for n := 1; said[fmt.Sprintf("copy-%d", n)] != ""; n++ {
		out = append(out, strings.Fields(said[fmt.Sprintf("copy-%d", n)]))
	}
	return out
}

// roundTrip copies a tree, finds it, extracts it and compares.
func (b *bed) roundTrip(r actions.Repository) {
	t := b.t
	t.Helper()
	src, more := b.tree("some data"), b.tree("more")
	in := map[string]string{actions.InPaths: src + "\n" + more, actions.InTag: "web", actions.InRun: "r1"}
	if said := b.does(r.Survey, in); said["tool"] == "" || said["version"] == "" || said["missing"] != "" {
		t.Errorf("survey: %v", said)
	}
	if out := b.run(r.Find, in); out.Exit != 1 || len(out.Stdout) > 0 {
		t.Errorf("find before the copy: %+v", out)
	}
	if got := b.copiesOf(r, "web"); len(got) != 0 {
		t.Errorf("copies before the copy: %v", got)
	}
	said := b.does(r.Copy, in)
	if said["copy"] == "" || said["files"] != "12" || said["bytes"] == "" || said["partial"] != "" {
		t.Fatalf("copy: %v", said)
	}
	// Once more, as after a line that was cut: the same copy.
	if again := b.does(r.Copy, in); !maps.Equal(again, said) {
		t.Errorf("copied again: %v, the first time %v", again, said)
	}
	if found := b.does(r.Find, in); found["copy"] != said["copy"] {
		t.Errorf("find: %v", found)
	}
	if out := b.run(r.Find, map[string]string{actions.InTag: "web", actions.InRun: "1"}); out.Exit != 1 {
		t.Errorf("find of another run: %+v", out)
	}
	got := b.copiesOf(r, "web")
	if len(got) != 1 || got[0][0] != said["copy"] || got[0][2] != said["bytes"] || got[0][4] != "complete" || got[0][5] != "r1" {
		t.Errorf("list: %v of %v", got, said)
	}
	if other := b.copiesOf(r, "we"); len(other) != 0 {
		t.Errorf("another backup has %v", other)
	}
	if v := b.does(r.Verify, map[string]string{actions.InCopy: said["copy"], actions.InTag: "web"}); v["level"] != "readable" {
		t.Errorf("verify: %v", v)
	}
	into := filepath.Join(b.dir, "in to")
	if err := os.Mkdir(into, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(into, ".jurymast-work"), nil, 0o600); err != nil { // as the planner marks it
		t.Fatal(err)
	}
	ex := map[string]string{actions.InCopy: said["copy"], actions.InTag: "web", actions.InInto: into}
	for i := range 3 { // as after a cut: at its end, and in the middle
		if i == 2 {
			if err := os.WriteFile(filepath.Join(into, ".jurymast-extract"), []byte("part of "+said["copy"]+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if e := b.does(r.Extract, ex); e["files"] != "12" || e["bytes"] == "" {
			t.Errorf("extract: %v", e)
		}
	}
	b.refuses(r.Extract, map[string]string{actions.InCopy: said["copy"], actions.InTag: "web", actions.InInto: src}, "is not empty")
	for _, root := range []string{src, more} {
		if want, have := listing(t, root), listing(t, filepath.Join(into, root)); !maps.Equal(want, have) {
			t.Errorf("what came back of %s\n%v\nis not what was copied\n%v", root, have, want)
		}
	}
}

// refusals are what no repository may copy.
func (b *bed) refusals(r actions.Repository) {
	in := func(paths ...string) map[string]string {
		return map[string]string{actions.InPaths: strings.Join(paths, "\n"), actions.InTag: "web", actions.InRun: "r9"}
	}
	src := b.tree("data")
	link := filepath.Join(b.dir, "link")
	if err := os.Symlink(src, link); err != nil {
		b.t.Fatal(err)
	}
	b.refuses(r.Copy, in(link), "is a symbolic link")
	b.refuses(r.Copy, in(filepath.Join(b.dir, "none")), "nothing of what is to be copied is there")
	b.refuses(r.Copy, in("/"), "is no path that can be copied")
	b.refuses(r.Copy, in("data"), "is no absolute path")
	b.refuses(r.Copy, in(b.dir), "it would hold itself")
	if out := b.run(r.Find, in(src)); out.Exit != 1 {
		b.t.Errorf("a copy was made: %+v", out)
	}
}

// partial copies what cannot all be read: a path that is gone.
func (b *bed) partial(r actions.Repository) {
	t := b.t
	t.Helper()
	src := b.tree("data")
	in := map[string]string{actions.InTag: "web", actions.InRun: "r1", actions.InPaths: src}
	whole := b.does(r.Copy, in)["copy"]
	in[actions.InRun], in[actions.InPaths] = "r2", src+"\n"+filepath.Join(b.dir, "gone")
	said := b.does(r.Copy, in)
	if !strings.Contains(said["partial"], "gone") || said["copy"] == "" {
		t.Errorf("partial: %v", said)
	}
	if f := b.does(r.Find, in); f["copy"] != said["copy"] || f["partial"] == "" {
		t.Errorf("find: %v, want %v", f, said)
	}
	b.does(*r.Forget, map[string]string{actions.InTag: "web", "KEEP_LAST": "1"})
	got := b.copiesOf(r, "web")
	if len(got) != 2 || got[0][4] != "partial" || got[1][0] != whole {
		t.Errorf("after retention: %v, want the complete copy %s too", got, whole)
	}
}
