package kind

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"jurymast/actions"
)

// newCryptBed has remotes of type crypt over folders of the bed: safe and
// wrong, which differ in their password; open and openwrong, which leave names
// as they are; names, which leaves the data as it is; and an alias of safe.
func newCryptBed(t *testing.T, url string) (*bed, actions.Repository) {
	t.Helper()
	b, r := newRcloneBed(t, url, "crypt = true\n")
	obscure := func(password string) string {
		out, err := exec.CommandContext(t.Context(), "rclone", "obscure", password).Output()
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(out))
	}
	right, wrong := obscure("the right one"), obscure("another")
	conf := "[nas]\ntype = alias\nremote = " + b.dir + "/store\n" +
		"[safe]\ntype = crypt\nremote = nas:\npassword = " + right + "\npassword2 = " + wrong + "\n" +
		"[wrong]\ntype = crypt\nremote = nas:\npassword = " + wrong + "\npassword2 = " + wrong + "\n" +
		"[open]\ntype = crypt\nremote = " + b.dir + "/open\nfilename_encryption = off\npassword = " + right + "\n" +
		"[openwrong]\ntype = crypt\nremote = " + b.dir + "/open\nfilename_encryption = off\npassword = " + wrong + "\n" +
		"[names]\ntype = crypt\nremote = " + b.dir + "/names\nno_data_encryption = true\npassword = " + right + "\n" +
		"[short]\ntype = alias\nremote = safe:deep\n"
	smallFile(t, filepath.Join(b.dir, "rclone.conf"), conf)
	return b, r
}

func (b *bed) rcloneAt(r actions.Repository, remote string) actions.Repository {
	at := map[string]string{"REMOTE": remote}
	for _, s := range []*actions.Script{&r.Survey, &r.List, &r.Copy, &r.Find, &r.Extract, &r.Verify} {
		*s = s.With(at)
	}
	return r
}

// What is claimed to be encrypted can be read in no file of the store, neither
// by its name nor by what it holds.
func TestRcloneCryptHides(t *testing.T) {
	b, r := newCryptBed(t, "short:copies")
	if !r.Encrypted {
		t.Error("it does not say that it is encrypted")
	}
	src := b.tree("data")
	in := map[string]string{actions.InTag: "secretname", actions.InRun: "r1", actions.InPaths: src}
	if said := b.does(r.Survey, in); said["trouble"] != "" {
		t.Errorf("survey of an empty store: %v", said)
	}
	in[actions.InCopy] = b.does(r.Copy, in)["copy"]
	if said := b.does(r.Survey, in); said["trouble"] != "" {
		t.Errorf("survey: %v", said)
	}
	files := b.files("store")
	if len(files) != 2 {
		t.Errorf("it stores %v", files)
	}
	for _, name := range files {
		body, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(body), "RCLONE\x00\x00") {
			t.Errorf("%s is not encrypted: it begins with %q", name, body[:min(16, len(body))])
		}
		if rel, _ := filepath.Rel(b.dir, name); strings.Contains(rel, "secretname") || strings.Contains(rel, "tar") || strings.Contains(rel, "deep") {
			t.Errorf("its name tells what it is: %s", rel)
		}
	}
	want := listing(t, src)
	if err := os.RemoveAll(src); err != nil {
		t.Fatal(err)
	}
	into := filepath.Join(b.dir, "into")
	b.does(r.Extract, map[string]string{actions.InTag: "secretname", actions.InCopy: in[actions.InCopy], actions.InInto: into})
	if have := listing(t, filepath.Join(into, src)); !maps.Equal(have, want) {
		t.Errorf("what came back\n%v\nis not what was copied\n%v", have, want)
	}
}

// files are the regular files below a folder of the bed.
func (b *bed) files(below string) []string {
	b.t.Helper()
	var all []string
	err := filepath.WalkDir(filepath.Join(b.dir, below), func(name string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			all = append(all, name)
		}
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return all
}

func TestRcloneCryptClaims(t *testing.T) {
	b, r := newCryptBed(t, "safe:copies")
	in := map[string]string{actions.InTag: "web", actions.InRun: "r1", actions.InPaths: b.tree("data")}
	said := b.does(b.rcloneAt(r, "names:copies").Survey, in)
	if !strings.Contains(said["trouble"], "said to be encrypted (crypt = true), and is of type crypt of names") {
		t.Errorf("survey of a remote that leaves data as it is: %v", said)
	}
	unsaid := r.Survey.With(map[string]string{"CRYPT": "no"})
	if said := b.does(unsaid, in); !strings.Contains(said["trouble"], "the inventory does not say crypt = true") {
		t.Errorf("survey of an encrypted remote that is not said to be one: %v", said)
	}
	// Names alone are no encryption, and such a remote may be used as none.
	names := b.rcloneAt(r, "names:copies")
	plain := map[string]string{"CRYPT": "no"}
	if said := b.does(names.Survey.With(plain), in); said["trouble"] != "" {
		t.Errorf("survey: %v", said)
	}
	in[actions.InCopy] = b.does(names.Copy.With(plain), in)["copy"]
	b.does(names.Verify.With(plain), in)
}

// To a wrong password an encrypted store is an empty one: that is found before
// a copy is made, with names encrypted and without.
func TestRcloneCryptWrongPassword(t *testing.T) {
	b, r := newCryptBed(t, "safe:copies")
	in := map[string]string{actions.InTag: "web", actions.InRun: "r1", actions.InPaths: b.tree("data")}
	for right, wrong := range map[string]string{"safe:copies": "wrong:copies", "open:": "openwrong:"} {
		good, bad := b.rcloneAt(r, right), b.rcloneAt(r, wrong)
		b.does(good.Copy, in)
		for _, at := range []actions.Repository{good, bad} {
			said := b.does(at.Survey, in)
			if found := strings.Contains(said["trouble"], "password"); found != (at.Survey.Inputs["REMOTE"] == wrong) {
				t.Errorf("%s: %v", at.Survey.Inputs["REMOTE"], said)
			}
		}
	}
}

func TestRcloneCryptDamaged(t *testing.T) {
	b, r := newCryptBed(t, "safe:copies")
	in := map[string]string{actions.InTag: "web", actions.InRun: "r1", actions.InPaths: b.tree("data"), actions.InInto: filepath.Join(b.dir, "into")}
	in[actions.InCopy] = b.does(r.Copy, in)["copy"]
	rclone, err := exec.LookPath("rclone")
	if err != nil {
		t.Fatal(err)
	}
	b.does(r.Verify, in)
	var archive string
	var whole []byte
	for _, name := range b.files("store") {
		body, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if len(body) > len(whole) {
			archive, whole = name, body
		}
	}
	flipped := append([]byte(nil), whole...)
	flipped[len(flipped)/2] ^= 1
	for what, body := range map[string][]byte{"a bit": flipped, "its end": whole[:len(whole)-7], "all of it": nil} {
		if err := os.WriteFile(archive, body, 0o600); err != nil {
			t.Fatal(err)
		}
		t.Log(what)
		b.unsound(r.Verify, in, true, "is damaged: ")
		if out := b.run(r.Extract, in); out.Exit == 0 {
			t.Errorf("%s damaged: extract says %s", what, out.Stdout)
		}
	}
	if err := os.WriteFile(archive, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	b.does(r.Verify, in) // healed
	b.unsound(b.rcloneAt(r, "wrong:copies").Verify, in, false, "")
	for _, line := range []string{"ERROR : store/x: Failed to cat: unexpected EOF", "Failed to cat: connection reset by peer"} {
		b.standIn("rclone", "case \"$*\" in *.sha256) ;; cat*) head -c \"$(grep -c . \"$STATE/calls\")\" /dev/zero; echo '"+line+"' >&2; exit 1 ;; esac\nexec "+rclone+" \"$@\"\n")
		b.unsound(r.Verify, in, false, line[strings.Index(line, "Failed"):])
	}
}
