package kind

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"jurymast/actions"
	"jurymast/inventory"
)

// newRcloneBed has a remote of each sort: one that keeps sums, one that is
// encrypted, one that has no sums in common with a file.
func newRcloneBed(t *testing.T, url string, lines string, shell ...string) (*bed, actions.Repository) {
	t.Helper()
	needTool(t, "rclone", "zstd")
	t.Parallel()
	b := newBed(t, "[node.app]\n[repository.far]\nkind = \"rclone\"\nurl = \""+url+"\"\nconfig = \"{DIR}/rclone.conf\"\nstage = \"{DIR}/stage\"\n"+lines, shell...)
	conf := "[plain]\ntype = alias\nremote = " + b.dir + "/remote\n" +
		"[crypt]\ntype = crypt\nremote = " + b.dir + "/crypted\npassword = kjN5gqGpFSdXwBqGmjNRkBaSCAZSuA\n" +
		"[nosums]\ntype = chunker\nremote = " + b.dir + "/chunked\nhash_type = none\nchunk_size = 64Ki\n"
	smallFile(t, filepath.Join(b.dir, "rclone.conf"), conf)
	return b, b.repository("far")
}

func TestRcloneRoundTrip(t *testing.T) {
	t.Run("plain", func(t *testing.T) {
		b, r := newRcloneBed(t, "plain:copies", "", "busybox", "sh")
		b.roundTrip(r)
	})
	t.Run("crypt", func(t *testing.T) {
		b, r := newRcloneBed(t, "crypt:copies", "crypt = true\n")
		if !r.Encrypted {
			t.Error("it does not say that it is encrypted")
		}
		b.roundTrip(r)
	})
	t.Run("no sums", func(t *testing.T) {
		b, r := newRcloneBed(t, "nosums:", "")
		b.roundTrip(r)
		if left, err := os.ReadDir(filepath.Join(b.dir, "stage")); err != nil || len(left) > 0 {
			t.Errorf("left behind: %v %v", left, err)
		}
	})
}

func TestRclonePartial(t *testing.T) {
	b, r := newRcloneBed(t, "plain:copies", "")
	b.partial(r)
}

func TestRcloneTroubles(t *testing.T) {
	b, r := newRcloneBed(t, "plain:copies", "crypt = true\n")
	in := map[string]string{actions.InTag: "web", actions.InRun: "r1", actions.InPaths: b.tree("data")}
	if said := b.does(r.Survey, in); !strings.Contains(said["trouble"], "is said to be encrypted (crypt = true), and is of type alias") {
		t.Errorf("survey: %v", said)
	}
	none := map[string]string{"REMOTE": "none:x"}
	if said := b.does(r.Survey.With(none), in); !strings.Contains(said["trouble"], "knows no remote none") {
		t.Errorf("survey: %v", said)
	}
	b.refuses(r.Copy.With(none), in, "didn't find section in config file")
	if out := b.run(r.Find.With(none), in); out.Exit != 2 {
		t.Errorf("find: %+v", out)
	}
	// Damaged where it lies, and not to its end there.
	in[actions.InCopy] = b.does(r.Copy, in)["copy"]
	in[actions.InInto] = filepath.Join(b.dir, "into")
	file := filepath.Join(b.dir, "remote/copies/web", in[actions.InCopy])
	body, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	body[len(body)-3] ^= 1
	if err := os.WriteFile(file, body, 0o600); err != nil {
		t.Fatal(err)
	}
	b.unsound(r.Verify, in, true, "is damaged")
	b.refuses(r.Extract, in, "cop")
	// So is its mark, by one byte, and not where it is another text altogether.
	marks, err := filepath.Glob(file + ".*.sha256")
	if err != nil || len(marks) != 1 {
		t.Fatalf("%v, %v", marks, err)
	}
	mark, err := os.ReadFile(marks[0])
	if err != nil {
		t.Fatal(err)
	}
	for text, harmed := range map[string]bool{string(mark[:40]) + "\x01" + string(mark[41:]): true, "<html>sign in</html>": false, "": false} {
		if err := os.WriteFile(marks[0], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		b.unsound(r.Verify, in, harmed, "holds no sum")
	}
	if err := os.WriteFile(marks[0], mark, 0o600); err != nil {
		t.Fatal(err)
	}
	b.unsound(r.Verify.With(none), in, false, "didn't find section in config file")
	in[actions.InCopy] = "20200101T000000Z-r0.tar.zst"
	b.refuses(r.Verify, in, "there is no copy")
	// An archive that nothing marks is no copy.
	smallFile(t, filepath.Join(b.dir, "remote/copies/web/20261120T010000Z-r5.tar.zst"), "half")
	if got := b.copiesOf(r, "web"); len(got) != 1 {
		t.Errorf("copies: %v", got)
	}
}

// An upload that arrives as something else is found.
func TestRcloneLyingStore(t *testing.T) {
	b, r := newRcloneBed(t, "plain:copies", "")
	in := map[string]string{actions.InTag: "web", actions.InRun: "r1", actions.InPaths: b.tree("data")}
	real, err := exec.LookPath("rclone")
	if err != nil {
		t.Fatal(err)
	}
	b.standIn("rclone", real+` "$@"
code=$?
case "$1 $3" in copyto*.tar*) printf x | dd of="$JURYMAST_ROOT/remote/copies/web/${3##*/}" bs=1 seek=9 conv=notrunc 2>/dev/null ;; esac
exit $code
`)
	b.refuses(r.Copy, in, "is not what was sent")
	if out := b.run(r.Find, in); out.Exit != 1 {
		t.Errorf("it counts: %+v", out)
	}
	if env := b.read("calls"); strings.Contains(env, canary) {
		t.Errorf("called with a secret: %s", env)
	}
}

func TestRcloneSecrets(t *testing.T) {
	b, r := newRcloneBed(t, "plain:copies", "config_password = { env = \"PW\" }\n")
	b.standIn("rclone", "env >\"$STATE/env\"\nexit 1\n")
	in := map[string]string{actions.InTag: "web", actions.InRun: "r1", actions.InPaths: b.tree("data")}
	b.refuses(r.Copy, in, "rclone: exit code 1")
	if !strings.Contains(b.read("env"), "RCLONE_CONFIG_PASS="+canary) || strings.Contains(b.read("calls"), canary[:11]) {
		t.Errorf("called as %s", b.read("calls"))
	}
}

func TestRcloneNeedsToBeTold(t *testing.T) {
	for url, want := range map[string]string{"": "it is not said where it is", "https://u:p@h/x": "holds a password"} {
		if _, err := rclone.Repository(nil, inventory.Repository{Name: "r", URL: url}, "node/app"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", url, err)
		}
	}
}
