package kind

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

const resticBed = `
[node.app]
[repository.disk]
kind = "restic"
path = "{DIR}/re po"
password = { env = "PW" }
init = true
lock_wait = "0s"
`

func newResticBed(t *testing.T, shell ...string) (*bed, actions.Repository) {
	t.Helper()
	needTool(t, "restic")
	t.Parallel() // its key is dear by design: half a second a call
	b := newBed(t, resticBed, shell...)
	r := b.repository("disk")
	b.does(*r.Init, nil)
	return b, r
}

func TestResticRoundTrip(t *testing.T) {
	b, r := newResticBed(t, "busybox", "sh") // what follows is run by sh
	b.does(*r.Init, nil)                     // once more: nothing to do
	b.roundTrip(r)
}

func TestResticRefuses(t *testing.T) {
	b, r := newResticBed(t)
	b.refusals(r)
}

func TestResticPartial(t *testing.T) {
	b, r := newResticBed(t)
	b.partial(r)
	// A file that is there and cannot be read: its exit code 3.
	in := map[string]string{actions.InTag: "mem", actions.InRun: "r2", actions.InPaths: filepath.Join(b.dir, "data") + "\n/proc/self/mem"}
	if said := b.does(r.Copy, in); !strings.Contains(said["partial"], "1 could not be read: /proc/self/mem") {
		t.Errorf("said %v", said)
	}
}

func TestResticTroubles(t *testing.T) {
	b, r := newResticBed(t)
	src := b.tree("data")
	in := map[string]string{actions.InTag: "web", actions.InRun: "r1", actions.InPaths: src}
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
	t.Run("empty password", func(t *testing.T) {
		b.secrets["PW"] = ""
		defer delete(b.secrets, "PW")
		b.refuses(r.Copy, in, "is empty")
	})
	t.Run("no repository", func(t *testing.T) {
		none := r
		at := map[string]string{"REPOSITORY": filepath.Join(b.dir, "none"), "INIT": "no"}
		none.Survey, none.Copy = r.Survey.With(at), r.Copy.With(at)
		b.refuses(none.Copy, in, "there is no repository at")
		if said := b.does(none.Survey, in); said["absent"] != "yes" || !strings.Contains(said["trouble"], "there is no repository") {
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
		b.does(r.Copy.With(at), in)
	})
	t.Run("server that is down", func(t *testing.T) {
		down := map[string]string{"REPOSITORY": "rest:http://127.0.0.1:1/"}
		said := b.does(r.Survey.With(down), in)
		if said["absent"] != "" || !strings.Contains(said["trouble"], "connection refused") {
			t.Errorf("survey: %v", said)
		}
	})
	t.Run("no copy of that id", func(t *testing.T) {
		gone := map[string]string{actions.InCopy: "0badc0de", actions.InInto: filepath.Join(b.dir, "into")}
		b.refuses(r.Extract, gone, "0badc0de")
		b.refuses(r.Verify, gone, "0badc0de")
	})
	t.Run("copy of nothing", func(t *testing.T) {
		empty := filepath.Join(b.dir, "empty")
		if err := os.Mkdir(empty, 0o700); err != nil {
			t.Fatal(err)
		}
		said := b.does(r.Copy, map[string]string{actions.InTag: "none", actions.InRun: "r1", actions.InPaths: empty})
		b.refuses(r.Extract, map[string]string{actions.InCopy: said["copy"], actions.InInto: filepath.Join(b.dir, "nothing")}, "no file came out")
	})
}

// What another process holds for itself is waited for and told; what a process
// that is gone has left is removed.
func TestResticLocked(t *testing.T) {
	b, r := newResticBed(t)
	in := map[string]string{actions.InTag: "web", actions.InRun: "r1", actions.InPaths: b.tree("data")}
	holder := b.holdRestic()
	if said := b.does(r.Survey, in); !strings.Contains(said["locked"], fmt.Sprintf("by process %d", holder.Process.Pid)) || said["trouble"] != "" {
		t.Errorf("survey: %v", said)
	}
	b.refuses(r.Copy, in, "is locked: already locked exclusively by PID")
	wait := map[string]string{"LOCK_WAIT": "2"}
	b.refuses(r.Copy.With(wait), in, "is locked")

	_ = holder.Process.Kill()
	_ = holder.Wait()
	if err := os.Remove(filepath.Join(b.dir, "re po", "index", strings.Repeat("0", 64))); err != nil {
		t.Fatal(err)
	}
	b.does(r.Copy.With(wait), in)
}

// holdRestic has a prune hold the repository for itself for as long as it lives:
// it waits for an index that never comes.
func (b *bed) holdRestic() *exec.Cmd {
	b.t.Helper()
	repo := filepath.Join(b.dir, "re po")
	never := filepath.Join(repo, "index", strings.Repeat("0", 64))
	if err := syscall.Mkfifo(never, 0o600); err != nil {
		b.t.Fatal(err)
	}
	cmd := exec.Command("restic", "prune")
	cmd.Env = append(os.Environ(), "RESTIC_REPOSITORY="+repo, "RESTIC_PASSWORD="+canary, "RESTIC_CACHE_DIR="+filepath.Join(b.dir, "cache"))
	if err := cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for end := time.Now().Add(time.Minute); ; {
		if locks, err := filepath.Glob(filepath.Join(repo, "locks", "*")); err == nil && len(locks) == 1 {
			break
		}
		if time.Now().After(end) {
			b.t.Fatal("restic takes no lock")
		}
	}
	return cmd
}

func TestResticDamaged(t *testing.T) {
	b, r := newResticBed(t)
	in := map[string]string{actions.InTag: "web", actions.InRun: "r1", actions.InPaths: b.tree("data")}
	in[actions.InCopy] = b.does(r.Copy, in)["copy"]
	in[actions.InInto] = filepath.Join(b.dir, "into")
	packs, err := filepath.Glob(filepath.Join(b.dir, "re po", "data", "*", "*"))
	if err != nil || len(packs) == 0 {
		t.Fatalf("packs: %v %v", packs, err)
	}
	for _, pack := range packs {
		body, err := os.ReadFile(pack)
		if err != nil {
			t.Fatal(err)
		}
		body[len(body)/3] ^= 1
		if err := os.Chmod(pack, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(pack, body, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b.unsound(r.Verify, in, true, "the copy "+in[actions.InCopy]+" is damaged: restic: ")
	b.unsound(r.Extract, in, true, "the copy "+in[actions.InCopy]+" is damaged: restic: ")
}

// Why a copy is not read may be something else than the copy. A stand-in for
// restic 0.14 gives up as that does, after the same complaints: what a line that
// was cut says is what a pack that ends early says, too.
func TestResticDamageOrTrouble(t *testing.T) {
	t.Parallel()
	b := newBed(t, "[node.app]\n[repository.far]\nkind = \"restic\"\nurl = \"s3:https://s3.example.org/b\"\npassword = { env = \"PW\" }\nlock_wait = \"0s\"\n")
	b.standIn("restic", `case $1 in
dump) head -c "${CAME-100}" /dev/zero; [ -z "$SAYS" ] || echo "$SAYS" >&2; exit "${CODE-0}" ;;
stats) [ -z "$TREE" ] || { echo "$TREE" >&2; exit 1; }; echo '{"total_size":90,"total_file_count":3}' ;;
check) echo "$CHECK"; exit 1 ;;
esac
`)
	r, base := b.repository("far"), b.env
	in := map[string]string{actions.InTag: "web", actions.InCopy: "a701f033"}
	pack := "dc7f4a02afb98f6ac939c079d25ca8909d9490d8c820c3a26c131b81efb6c2fe"
	for _, tt := range []struct {
		name    string
		env     []string
		damaged bool
		reason  string
	}{
		{"a blob is another", []string{"CODE=2", "SAYS=cannot dump file: decrypting blob 8dee failed: ciphertext verification failed"}, true, "ciphertext verification failed"},
		{"a tree is another, of which it does not complain", []string{"CAME=20", "TREE=decrypting blob 8dee failed: ciphertext verification failed"}, true, "ciphertext verification failed"},
		{"a blob is in no index", []string{"CODE=2", "SAYS=id e8566722 not found in repository"}, true, "not found in repository"},
		{"a pack ends early", []string{"CODE=2", "SAYS=cannot dump file: ReadFull(<data/dc7f4a02af>): unexpected EOF", "CHECK=pack " + pack + ": unexpected file size: got 50, expected 300212"}, true, "unexpected file size"},
		{"a pack is gone", []string{"CODE=2", "SAYS=cannot dump file: Load(<data/dc7f4a02af>, 247, 307): key not found", "CHECK=pack " + pack + ": does not exist"}, true, "does not exist"},
		{"the line is cut", []string{"CODE=2", "SAYS=cannot dump file: ReadFull(<data/dc7f4a02af>): unexpected EOF", "CHECK=no errors were found"}, false, "unexpected EOF"},
		{"the line is cut, and another pack is gone", []string{"CODE=2", "SAYS=cannot dump file: ReadFull(<data/dc7f4a02af>): unexpected EOF", "CHECK=pack 1857: does not exist"}, false, "unexpected EOF"},
		{"it is cut off and does not say so", []string{"CAME=20"}, false, "of 90 bytes 20 came back"},
		{"its size is not told", []string{"CAME=20", "TREE=Fatal: dial tcp: connection refused"}, false, "connection refused"},
		{"the password is another", []string{"CODE=1", "SAYS=Fatal: wrong password or no key found"}, false, "is wrong"},
		{"it is locked", []string{"CODE=1", "SAYS=unable to create lock in backend: repository is already locked exclusively by PID 7 on nas"}, false, "is locked"},
		{"it is killed", []string{"CODE=137"}, false, "does not answer"},
		{"it is not installed", []string{"CODE=127"}, false, "is not installed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b.t, b.env = t, append(slices.Clip(base), tt.env...)
			b.unsound(r.Verify, in, tt.damaged, tt.reason)
		})
	}
}

func TestResticForgets(t *testing.T) {
	b, r := newResticBed(t)
	src := b.tree("data")
	copied := map[string]string{}
	for i := range 3 {
		run := fmt.Sprintf("r%d", i)
		if err := os.WriteFile(filepath.Join(src, "plain"), []byte(run), 0o600); err != nil {
			t.Fatal(err)
		}
		copied[run] = b.does(r.Copy, map[string]string{actions.InTag: "web", actions.InRun: run, actions.InPaths: src})["copy"]
	}
	other := b.does(r.Copy, map[string]string{actions.InTag: "other", actions.InRun: "x", actions.InPaths: src})["copy"]
	b.refuses(*r.Forget, map[string]string{actions.InTag: "web"}, "no rule says what is to be kept")
	if said := b.does(*r.Forget, map[string]string{actions.InTag: "web", "KEEP_LAST": "2", "KEEP_DAILY": "1"}); said["removed"] != "1" {
		t.Errorf("forget: %v", said)
	}
	got := b.copiesOf(r, "web")
	if len(got) != 2 || got[0][0] != copied["r2"] || got[1][0] != copied["r1"] {
		t.Errorf("left: %v of %v", got, copied)
	}
	if got := b.copiesOf(r, "other"); len(got) != 1 || got[0][0] != other {
		t.Errorf("another backup lost: %v", got)
	}
	b.does(r.Verify, map[string]string{actions.InCopy: copied["r2"]})
}

// A server that lets nothing be removed answers 403, and restic ends with 0.
func TestResticAppendOnly(t *testing.T) {
	t.Parallel()
	needTool(t, "restic", "rclone")
	b := newBed(t, strings.ReplaceAll(resticBed, `path = "{DIR}/re po"`, `url = "rest:http://127.0.0.1:9/"`)+`
[repository.kept]
kind = "restic"
url = "rest:http://127.0.0.1:9/"
password = { env = "PW" }
append_only = true
`)
	url := serveRestic(t, filepath.Join(b.dir, "served"))
	at := map[string]string{"REPOSITORY": url}
	r := b.repository("disk")
	b.does(r.Init.With(at), nil)
	src := b.tree("data")
	for i := range 2 {
		b.does(r.Copy.With(at), map[string]string{actions.InTag: "web", actions.InRun: fmt.Sprintf("r%d", i), actions.InPaths: src})
	}
	b.refuses(r.Forget.With(at), map[string]string{actions.InTag: "web", "KEEP_LAST": "1"}, "is append-only")
	kept := b.repository("kept")
	if kept.Forget != nil || !kept.Locked || kept.Init != nil {
		t.Errorf("%+v", kept)
	}
	// A partial copy is told, though it cannot be marked in the repository.
	said := b.does(kept.Copy.With(at), map[string]string{actions.InTag: "web", actions.InRun: "half", actions.InPaths: src + "\n/proc/self/mem"})
	if !strings.Contains(said["partial"], "/proc/self/mem") {
		t.Errorf("partial: %v", said)
	}
}

// serveRestic serves a folder as an append-only REST server and returns where.
func serveRestic(t *testing.T, dir string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	_ = l.Close()
	cmd := exec.Command("rclone", "serve", "restic", "--append-only", "--addr", addr, dir)
	cmd.Env = append(os.Environ(), "RCLONE_CONFIG=/dev/null")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for end := time.Now().Add(20 * time.Second); ; {
		c, err := net.DialTimeout("tcp", addr, time.Second)
		if err == nil {
			_ = c.Close()
			return "rest:http://" + addr + "/"
		}
		if time.Now().After(end) {
			t.Fatalf("rclone does not serve: %v", err)
		}
	}
}

// A stand-in for restic notes how it was called: secrets are in its environment
// and nowhere else. It also answers as restic 0.18 does.
func TestResticSecretsAndCodes(t *testing.T) {
	b := newBed(t, `
[node.app]
[repository.far]
kind = "restic"
url = "s3:https://s3.example.org/bucket"
password = { env = "PW" }
aws_key_id = { env = "ID" }
aws_secret = { env = "KEY" }
rest_user = { env = "USER" }
rest_password = { env = "PASSWORD" }
b2_id = { env = "B2ID" }
b2_key = { env = "B2KEY" }
aws_region = "eu-1"
cacert = "/etc/ca.pem"
`)
	bin := t.TempDir()
	b.env = []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "NOTES=" + filepath.Join(b.dir, "notes")}
	stand := "#!/bin/sh\nprintf '%s\\n' \"$*\" >>\"$NOTES.argv\"\nenv >>\"$NOTES.env\"\n[ \"$1\" != version ] || echo restic 0.18.0 compiled\nprintf '%s\\n' \"$SAYS\" >&2\nexit \"${CODE:-0}\"\n"
	if err := os.WriteFile(filepath.Join(bin, "restic"), []byte(stand), 0o700); err != nil {
		t.Fatal(err)
	}
	r := b.repository("far")
	if r.Medium != "object-store" || !r.Encrypted {
		t.Errorf("%+v", r)
	}
	in := map[string]string{actions.InTag: "web", actions.InRun: "r1", actions.InPaths: b.tree("data"), actions.InCopy: "abc", actions.InInto: filepath.Join(b.dir, "into"), "KEEP_LAST": "1"}
	base := b.env
	for _, tt := range []struct{ code, says, reason string }{
		{"10", `{"message_type":"exit_error","code":10,"message":"Fatal: repository does not exist"}`, "there is no repository at s3:"},
		{"11", "unable to create lock in backend: repository is already locked exclusively by PID 7 on nas by root (UID 0, GID 0)\nlock was created at 2026-11-20 01:00:00 (1h ago)", "already locked exclusively by PID 7 on nas by root (UID 0, GID 0), lock was created at 2026-11-20"},
		{"12", `{"message_type":"exit_error","code":12,"message":"Fatal: wrong password or no key found"}`, "the password of the repository s3:https://s3.example.org/bucket is wrong"},
		{"1", "Fatal: unable to open config file: Stat: Access Denied.", "restic: unable to open config file: Stat: Access Denied."},
		{"130", "", "restic: exit code 130"},
	} {
		b.env = append(slices.Clip(base), "CODE="+tt.code, "SAYS="+tt.says)
		for _, s := range []actions.Script{r.Copy.With(map[string]string{"LOCK_WAIT": "0"}), r.List.With(map[string]string{"LOCK_WAIT": "0"})} {
			b.refuses(s, in, tt.reason)
		}
		if said := b.does(r.Survey, in); !strings.Contains(said["trouble"], tt.reason) {
			t.Errorf("survey of %s: %v", tt.code, said)
		}
	}
	// 0 and nothing else said is no copy.
	b.env = append(slices.Clip(base), "CODE=0", "SAYS=")
	b.refuses(r.Copy, in, "is no JSON")
	b.refuses(r.Extract, in, "no file came out")
	for _, s := range []actions.Script{r.Find, r.Verify, *r.Forget} {
		b.run(s, in)
	}
	argv, err := os.ReadFile(filepath.Join(b.dir, "notes.argv"))
	if err != nil || strings.Contains(string(argv), canary[:11]) || !strings.Contains(string(argv), "--cacert /etc/ca.pem") {
		t.Errorf("%v: called with\n%s", err, argv)
	}
	env, err := os.ReadFile(filepath.Join(b.dir, "notes.env"))
	for _, name := range []string{"RESTIC_PASSWORD", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "RESTIC_REST_USERNAME", "RESTIC_REST_PASSWORD", "B2_ACCOUNT_ID", "B2_ACCOUNT_KEY"} {
		if !strings.Contains(string(env), "\n"+name+"="+canary+"\n") {
			t.Errorf("%v: %s does not reach restic", err, name)
		}
	}
	err = filepath.WalkDir(b.dir, func(name string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || filepath.Base(name) == "notes.env" {
			return err
		}
		body, err := os.ReadFile(name)
		if strings.Contains(string(body), canary[:11]) {
			t.Errorf("%s holds a secret", name)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestResticNeedsToBeTold(t *testing.T) {
	for toml, want := range map[string]string{
		`path = "/srv/r"`:           "it is not said where its password is kept",
		`password = { env = "PW" }`: "it is not said where it lies: set path",
		"password = { env = \"PW\" }\non = \"nas\"\npath = \"/srv/r\"": "lies on node/nas, and no share",
	} {
		f, err := inventory.Parse("x", []byte("[node.app]\n[node.nas]\n[repository.r]\nkind = \"restic\"\n"+toml), Schema())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := restic.Repository(f, f.Repositories[0], "node/app"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", toml, err)
		}
	}
	for u, want := range map[string]bool{
		"rest:https://u:p@h/": true, "https://u:p@h/": true, "s3:https://h/b": false, "sftp:u@h:/p": false, "sftp://u@h//p": false, "b2:b:p": false,
		"rest:https://u@h/": false, "rest:https://u:p%zz@h/": true, "/srv/r": false,
	} {
		if carriesPassword(u) != want {
			t.Errorf("%s: carries a password: %v", u, !want)
		}
	}
}
