package kind

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

const borgBed = `
[node.app]
[repository.disk]
kind = "borg"
path = "{DIR}/re po"
password = { env = "PW" }
init = true
lock_wait = "0s"
`

// newBorgBed returns a repository that is made, with a home of borg's own: what
// it knows of other repositories of this machine is left alone.
func newBorgBed(t *testing.T, shell ...string) (*bed, actions.Repository) {
	t.Helper()
	needTool(t, "borg")
	t.Parallel() // its key is dear by design
	b := newBed(t, borgBed, shell...)
	b.env = []string{"BORG_BASE_DIR=" + filepath.Join(b.dir, "base"), "BORG_HOST_ID=bed@1"}
	r := b.repository("disk")
	b.does(*r.Init, nil)
	return b, r
}

func TestBorgRoundTrip(t *testing.T) {
	b, r := newBorgBed(t, "busybox", "sh") // what follows is run by sh
	if !r.Encrypted || r.Medium != "disk" || r.Locked {
		t.Errorf("%+v", r)
	}
	b.does(*r.Init, nil) // once more: nothing to do
	b.roundTrip(r)
}

func TestBorgRefuses(t *testing.T) {
	b, r := newBorgBed(t)
	b.refusals(r)
}

func TestBorgPartial(t *testing.T) {
	b, r := newBorgBed(t)
	b.partial(r)
	// A file that is there and cannot be read: its exit code 1.
	in := map[string]string{actions.InTag: "mem", actions.InRun: "r2", actions.InPaths: filepath.Join(b.dir, "data") + "\n/proc/self/mem"}
	said := b.does(r.Copy, in)
	if !strings.Contains(said["partial"], "1 could not be read as they were: /proc/self/mem") || !strings.HasSuffix(said["copy"], ".partial") {
		t.Errorf("said %v", said)
	}
}

// What is at the other end of an SSH line is a borg of its own.
func TestBorgBehindSSH(t *testing.T) {
	needTool(t, "borg")
	t.Parallel()
	b := newBed(t, `
[node.app]
[repository.far]
kind = "borg"
url = "ssh://backup@nas/{DIR}/far"
password = { env = "PW" }
ssh_key = "/root/it's a key"
init = true
lock_wait = "0s"
`)
	b.standIn("ssh", `case "$*" in *gone*) echo "ssh: Could not resolve hostname gone" >&2; exit 255 ;; esac
while [ "$1" != borg ]; do shift; done
exec "$@"
`)
	b.env = append(b.env, "BORG_BASE_DIR="+filepath.Join(b.dir, "base"), "BORG_HOST_ID=bed@1")
	r := b.repository("far")
	in := map[string]string{actions.InTag: "web", actions.InRun: "r1", actions.InPaths: b.tree("data")}
	if said := b.does(r.Survey, in); said["absent"] != "yes" || said["trouble"] != "" {
		t.Errorf("survey: %v", said)
	}
	in[actions.InCopy] = b.does(r.Copy, in)["copy"] // which makes the repository
	in[actions.InInto] = filepath.Join(b.dir, "into")
	b.does(r.Verify, in)
	if e := b.does(r.Extract, in); e["files"] != "6" {
		t.Errorf("extract: %v", e)
	}
	if got := b.read("calls"); !strings.Contains(got, "-o BatchMode=yes") || !strings.Contains(got, "-i /root/it's a key backup@nas") || strings.Contains(got, canary[:11]) {
		t.Errorf("called as %s", got)
	}
	b.secrets["PW"] = "another"
	if said := b.does(r.Survey, in); !strings.Contains(said["trouble"], "is wrong") {
		t.Errorf("survey: %v", said)
	}
	delete(b.secrets, "PW")
	down := map[string]string{"REPOSITORY": "ssh://backup@gone/./x"}
	// Borg tells what ssh said, unless the line is gone before it has read that.
	if said := b.does(r.Survey.With(down), in); said["absent"] != "" ||
		!strings.Contains(said["trouble"], "Could not resolve hostname gone") && !strings.Contains(said["trouble"], "Connection closed by remote host") {
		t.Errorf("survey: %v", said)
	}
	if out := b.run(r.Find.With(down), in); out.Exit != 2 {
		t.Errorf("find: %+v", out)
	}
}

func TestBorgTroubles(t *testing.T) {
	b, r := newBorgBed(t)
	in := map[string]string{actions.InTag: "web", actions.InRun: "r1", actions.InPaths: b.tree("data")}
	t.Run("wrong password", func(t *testing.T) {
		b.secrets["PW"] = "another"
		defer delete(b.secrets, "PW")
		b.refuses(r.Copy, in, "the password of the repository")
		b.refuses(*r.Init, in, "the password of the repository")
		if out := b.run(r.Find, in); out.Exit != 2 {
			t.Errorf("find: %+v", out)
		}
		if said := b.does(r.Survey, in); !strings.Contains(said["trouble"], "is wrong") || said["absent"] != "" {
			t.Errorf("survey: %v", said)
		}
	})
	t.Run("no repository", func(t *testing.T) {
		at := map[string]string{"REPOSITORY": filepath.Join(b.dir, "none"), "INIT": "no"}
		b.refuses(r.Copy.With(at), in, "there is no repository at")
		if said := b.does(r.Survey.With(at), in); said["absent"] != "yes" || !strings.Contains(said["trouble"], "there is no repository") {
			t.Errorf("survey: %v", said)
		}
		if out := b.run(r.Find.With(at), in); out.Exit != 2 {
			t.Errorf("find: %+v", out)
		}
		at["INIT"] = "yes"
		if said := b.does(r.Survey.With(at), in); said["absent"] != "yes" || said["trouble"] != "" {
			t.Errorf("survey: %v", said)
		}
		if out := b.run(r.Find.With(at), in); out.Exit != 1 {
			t.Errorf("find: %+v", out)
		}
	})
	t.Run("folder of something else", func(t *testing.T) {
		at := map[string]string{"REPOSITORY": filepath.Join(b.dir, "data")}
		if said := b.does(r.Survey.With(at), in); said["absent"] != "" || !strings.Contains(said["trouble"], "is not a valid repository") {
			t.Errorf("survey: %v", said)
		}
		b.refuses(r.Copy.With(at), map[string]string{actions.InTag: "web", actions.InRun: "r1", actions.InPaths: b.tree("other")}, "is not a valid repository")
	})
	t.Run("not encrypted", func(t *testing.T) {
		// What is claimed to be encrypted is looked at.
		plain := filepath.Join(b.dir, "plain")
		b.borg(plain, "init", "--encryption", "none")
		b.borg(plain, "list") // now it is known to this host
		said := b.does(r.Survey.With(map[string]string{"REPOSITORY": plain}), in)
		if !strings.Contains(said["trouble"], "is not encrypted (its mode is none)") {
			t.Errorf("survey: %v", said)
		}
		if said := b.does(r.Survey.With(map[string]string{"ENCRYPTION": "none"}), in); !strings.Contains(said["trouble"], "is encrypted (repokey-blake2)") {
			t.Errorf("survey: %v", said)
		}
		// One that is new to this host is not trusted in silence.
		elsewhere := append(slices.Clip(b.env), "BORG_BASE_DIR="+filepath.Join(b.dir, "elsewhere"))
		b.env, elsewhere = elsewhere, b.env
		defer func() { b.env = elsewhere }()
		b.refuses(r.Copy.With(map[string]string{"REPOSITORY": plain}), in, "is not encrypted, and this host has not used it before")
	})
	t.Run("no copy of that id", func(t *testing.T) {
		gone := map[string]string{actions.InCopy: "web.r7.1b.1f", actions.InInto: filepath.Join(b.dir, "into")}
		b.refuses(r.Extract, gone, "Archive web.r7.1b.1f does not exist")
		b.refuses(r.Verify, gone, "Archive web.r7.1b.1f does not exist")
		gone[actions.InCopy] = "a::b"
		b.refuses(r.Verify, gone, "is no copy of this repository")
	})
	t.Run("moved", func(t *testing.T) {
		from, to := filepath.Join(b.dir, "re po"), filepath.Join(b.dir, "elsewhere else")
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
		said := b.does(r.Survey.With(map[string]string{"REPOSITORY": to}), in)
		if !strings.Contains(said["trouble"], "borg knows the repository "+to+" from another place, "+from) {
			t.Errorf("survey: %v", said)
		}
	})
}

// borg runs the real tool as a person would.
func (b *bed) borg(repo string, args ...string) {
	b.t.Helper()
	cmd := exec.Command("borg", args...)
	cmd.Env = append(os.Environ(), append(b.env, "BORG_REPO="+repo, "BORG_PASSPHRASE="+canary)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		b.t.Fatalf("borg %v: %v\n%s", args, err, out)
	}
}

// What another process holds for itself is waited for and told, and never
// broken; what a process of this host that is gone has left, borg removes.
func TestBorgLocked(t *testing.T) {
	b, r := newBorgBed(t)
	in := map[string]string{actions.InTag: "web", actions.InRun: "r1", actions.InPaths: b.tree("data")}
	lock := filepath.Join(b.dir, "re po", "lock.exclusive")
	holder := b.holdBorg(lock)
	said := b.does(r.Survey, in)
	if !strings.HasPrefix(said["locked"], fmt.Sprintf("by process %d of bed since 2", holder.Process.Pid)) || said["trouble"] != "" {
		t.Errorf("survey: %v", said)
	}
	b.secrets["PW"] = "another"
	if said := b.does(r.Survey, in); said["locked"] == "" || !strings.Contains(said["trouble"], "is wrong") {
		t.Errorf("survey: %v", said)
	}
	delete(b.secrets, "PW")
	b.refuses(r.Copy, in, "is locked by process")
	_ = holder.Process.Kill()
	_ = holder.Wait()
	b.does(r.Copy, in)

	// A lock of another host may be held.
	if err := os.Mkdir(lock, 0o700); err != nil {
		t.Fatal(err)
	}
	smallFile(t, filepath.Join(lock, "nas@2.77-0"), "")
	in[actions.InRun] = "r2"
	b.refuses(r.Copy, in, "is locked by process 77 of nas since 2")
	if _, err := os.Stat(filepath.Join(lock, "nas@2.77-0")); err != nil {
		t.Errorf("the lock of another host was broken: %v", err)
	}
}

// holdBorg has borg hold the repository for itself for as long as it lives.
func (b *bed) holdBorg(lock string) *exec.Cmd {
	b.t.Helper()
	cmd := exec.Command("borg", "create", "--stdin-name", "x", "::held", "-")
	cmd.Env = append(os.Environ(), append(b.env, "BORG_REPO="+filepath.Join(b.dir, "re po"), "BORG_PASSPHRASE="+canary)...)
	never, err := cmd.StdinPipe()
	if err != nil {
		b.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = never.Close(); _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for end := time.Now().Add(time.Minute); ; {
		if held, err := os.ReadDir(lock); err == nil && len(held) == 1 {
			return cmd
		}
		if time.Now().After(end) {
			b.t.Fatal("borg takes no lock")
		}
	}
}

func TestBorgDamaged(t *testing.T) {
	b, r := newBorgBed(t)
	in := map[string]string{actions.InTag: "web", actions.InRun: "r1", actions.InPaths: b.tree("data")}
	in[actions.InCopy] = b.does(r.Copy, in)["copy"]
	in[actions.InInto] = filepath.Join(b.dir, "into")
	var segment string
	var most int64
	found, err := filepath.Glob(filepath.Join(b.dir, "re po", "data", "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range found {
		if info, err := os.Stat(name); err == nil && info.Size() > most {
			segment, most = name, info.Size()
		}
	}
	body, err := os.ReadFile(segment)
	if err != nil {
		t.Fatal(err)
	}
	body[len(body)/3] ^= 1
	if err := os.WriteFile(segment, body, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := b.copiesOf(r, "web"); len(got) != 1 { // a listing finds nothing wrong
		t.Errorf("listed: %v", got)
	}
	b.unsound(r.Verify, in, true, "the copy "+in[actions.InCopy]+" is damaged: borg: Data integrity error: ")
	b.unsound(r.Extract, in, true, "the copy "+in[actions.InCopy]+" is damaged: borg: Data integrity error: ")
	if err := os.Truncate(segment, most/2); err != nil {
		t.Fatal(err)
	}
	b.unsound(r.Verify, in, true, "is damaged: borg: Data integrity error: ")
	if err := os.Remove(segment); err != nil {
		t.Fatal(err)
	}
	b.unsound(r.Verify, in, true, "is damaged: borg: the segment ")
	if err := os.WriteFile(segment, body, 0o600); err != nil {
		t.Fatal(err)
	}

	// Something else than the copy is why.
	b.secrets["PW"] = "another"
	b.unsound(r.Verify, in, false, "the password of the repository")
	delete(b.secrets, "PW")
	b.unsound(r.Verify.With(map[string]string{"REPOSITORY": filepath.Join(b.dir, "none")}), in, false, "there is no repository")
	b.holdBorg(filepath.Join(b.dir, "re po", "lock.exclusive"))
	b.unsound(r.Verify, in, false, "is locked")
}

func TestBorgForgets(t *testing.T) {
	b, r := newBorgBed(t)
	src := b.tree("data")
	copied := map[string]string{}
	for i := range 3 {
		run := fmt.Sprintf("r%d", i)
		smallFile(t, filepath.Join(src, "plain"), run)
		copied[run] = b.does(r.Copy, map[string]string{actions.InTag: "web", actions.InRun: run, actions.InPaths: src})["copy"]
	}
	other := b.does(r.Copy, map[string]string{actions.InTag: "web.r0", actions.InRun: "x", actions.InPaths: src})["copy"]
	b.borg(filepath.Join(b.dir, "re po"), "create", "::web.r9", src) // cut off before its mark
	b.refuses(*r.Forget, map[string]string{actions.InTag: "web"}, "no rule says what is to be kept")
	if said := b.does(*r.Forget, map[string]string{actions.InTag: "web", "KEEP_LAST": "2", "KEEP_DAILY": "1"}); said["removed"] != "1" {
		t.Errorf("forget: %v", said)
	}
	got := b.copiesOf(r, "web")
	if len(got) != 2 || got[0][0] != copied["r2"] || got[1][0] != copied["r1"] {
		t.Errorf("left: %v of %v", got, copied)
	}
	if got := b.copiesOf(r, "web.r0"); len(got) != 1 || got[0][0] != other {
		t.Errorf("another backup lost: %v", got)
	}
	b.does(r.Verify, map[string]string{actions.InCopy: copied["r2"]})
}

// What was cut off between its making and its mark is no copy, and is made anew.
func TestBorgCutOff(t *testing.T) {
	b, r := newBorgBed(t)
	in := map[string]string{actions.InTag: "web", actions.InRun: "r1", actions.InPaths: b.tree("data")}
	b.borg(filepath.Join(b.dir, "re po"), "create", "::web.r1", "/etc/hostname")
	if out := b.run(r.Find, in); out.Exit != 1 {
		t.Errorf("find: %+v", out)
	}
	if said := b.does(r.Copy, in); said["files"] != "6" || said["partial"] != "" {
		t.Errorf("copy: %v", said)
	}
}

// A stand-in for borg notes how it was called: its secret is in its environment
// and nowhere else.
func TestBorgSecretsAndCodes(t *testing.T) {
	b := newBed(t, borgBed)
	b.standIn("borg", `env >>"$STATE/env"
[ "$1" != --version ] || { echo "borg ${VERSION-1.4.0}"; exit 0; }
printf '%s\n' "$SAYS" >&2
exit "${CODE:-0}"
`)
	r := b.repository("disk")
	in := map[string]string{actions.InTag: "web", actions.InRun: "r1", actions.InPaths: b.tree("data"), actions.InCopy: "web.r1.1b.1f", actions.InInto: filepath.Join(b.dir, "into"), "KEEP_LAST": "1"}
	base := b.env
	for _, tt := range []struct{ code, says, reason string }{
		{"2", "Repository /x does not exist.", "there is no repository at "},
		{"2", "passphrase supplied in BORG_PASSPHRASE, by BORG_PASSCOMMAND or via BORG_PASSPHRASE_FD is incorrect.", "is wrong"},
		{"2", "Remote: Permission denied (publickey).\nConnection closed by remote host. Is borg working on the server?", "borg: Permission denied (publickey)."},
		{"2", "Local Exception\nTraceback (most recent call last):\n  File \"a.py\"\nOSError: [Errno 28] No space left on device\n\nPlatform: Linux\nPID: 1", "borg: OSError: [Errno 28] No space left on device"},
		{"130", "", "borg: exit code 130"},
	} {
		b.env = append(slices.Clip(base), "CODE="+tt.code, "SAYS="+tt.says)
		for _, s := range []actions.Script{r.Copy.With(map[string]string{"INIT": "no"}), r.List, *r.Forget} {
			b.refuses(s, in, tt.reason)
		}
		if said := b.does(r.Survey.With(map[string]string{"INIT": "no"}), in); !strings.Contains(said["trouble"], tt.reason) {
			t.Errorf("survey of %s: %v", tt.says, said)
		}
	}
	// 0 and nothing else said is no copy, and does not tell that it is encrypted.
	b.env = append(slices.Clip(base), "CODE=0", "SAYS=")
	b.refuses(r.Copy, in, "is no JSON")
	b.refuses(r.Extract, in, "no file came out")
	if said := b.does(r.Survey, in); !strings.Contains(said["trouble"], "is no JSON") {
		t.Errorf("survey: %v", said)
	}
	for version, known := range map[string]bool{"1.1.16": false, "1.2.0": true, "1.4.1": true, "1.2.0b3": true, "2.0.0b20": false, "1.10.0": false, "": false} {
		b.env = append(slices.Clip(base), "VERSION="+version)
		said := b.does(r.Survey, in)
		if refused := strings.Contains(said["trouble"], "is not known here") || strings.Contains(said["trouble"], "does not say its version"); refused == known {
			t.Errorf("version %q: %v", version, said)
		}
	}
	if calls := b.read("calls"); strings.Contains(calls, canary[:11]) || strings.Contains(calls, "break-lock") {
		t.Errorf("called as %s", calls)
	}
	env := b.read("env")
	for _, line := range []string{"BORG_PASSPHRASE=" + canary, "BORG_RELOCATED_REPO_ACCESS_IS_OK=no", "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK=no"} {
		if !strings.Contains(env, "\n"+line+"\n") {
			t.Errorf("not in borg's environment: %s", line)
		}
	}
	b.env = []string{"PATH=" + t.TempDir()}
	for _, tool := range []string{"awk", "mktemp", "rm", "id", "tr", "dirname", "cut", "cksum"} {
		if p, err := exec.LookPath(tool); err != nil || os.Symlink(p, filepath.Join(strings.TrimPrefix(b.env[0], "PATH="), tool)) != nil {
			t.Fatal(tool, err)
		}
	}
	b.shell = []string{"/bin/sh"}
	if said := b.does(r.Survey, in); !strings.HasPrefix(said["missing"], "borg") {
		t.Errorf("survey without borg: %v", said)
	}
}

func TestBorgNeedsToBeTold(t *testing.T) {
	password := "password = { env = \"PW\" }\n"
	for toml, want := range map[string]string{
		`path = "/srv/r"`:                  "it is not said where its password is kept",
		password:                           "it is not said where it lies: set path",
		password + `url = "ssh://u:p@h/x"`: "its url holds a password",
		password + `url = "/srv/r"`:        "its url is a folder",
		password + `path = "/srv/a::b"`:    "two colons",
		password + "path = \"/srv/r\"\nencryption = \"none\"": "is said not to be encrypted",
	} {
		f, err := inventory.Parse("x", []byte("[node.app]\n[repository.r]\nkind = \"borg\"\n"+toml), Schema())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := borg.Repository(f, f.Repositories[0], "node/app"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", toml, err)
		}
	}
	f, err := inventory.Parse("x", []byte("[node.app]\n[repository.r]\nkind = \"borg\"\npath = \"/srv/r\"\nencryption = \"none\"\nappend_only = true\n"), Schema())
	if err != nil {
		t.Fatal(err)
	}
	r, err := borg.Repository(f, f.Repositories[0], "node/app")
	if err != nil || r.Encrypted || !r.Locked || r.Forget != nil || r.Init != nil {
		t.Errorf("%v: %+v", err, r)
	}
}
