package kind

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jurymast/inventory"
)

// What a login that is not root sees of certificates, under every shell: that
// there is none, and that it may not know, are different answers.
func TestCertificatesOnDisk(t *testing.T) {
	dir := serverFolder(t, "root")
	for _, name := range []string{"open", "shut", "half"} {
		certificateFile(t, filepath.Join(dir, name), "app.example", time.Now(), time.Now().Add(time.Hour))
	}
	pem := got(t, dir+"/open/app.example/fullchain.pem")
	for name, text := range map[string]string{"alone.pem": got(t, dir+"/open/app.example/privkey.pem") + pem, "text": "no certificate\n", "closed.pem": pem, "empty/readme": "x\n"} {
		put(t, filepath.Join(dir, name), text)
	}
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chmod(path, 0o755)
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"closed.pem", "shut", "half/app.example/fullchain.pem"} {
		if err := os.Chmod(filepath.Join(dir, name), 0o000); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { _ = os.Chmod(dir+"/shut", 0o755) })
	want := strings.ReplaceAll(`file DIR/open/app.example/fullchain.pem
closed DIR/shut
closed DIR/half
file DIR/alone.pem
none DIR/text
closed DIR/closed.pem
none DIR/empty
absent DIR/nothing
closed DIR/shut/app.example/fullchain.pem`, "DIR", dir)
	var paths []string
	for line := range strings.Lines(want) {
		_, path, _ := strings.Cut(strings.TrimSpace(line), " ")
		paths = append(paths, strings.TrimSuffix(path, "/open/app.example/fullchain.pem"))
	}
	paths[0] = dir + "/open"
	eachShell(t, func(t *testing.T, shell ...string) {
		if os.Getuid() == 0 {
			shell = append([]string{"runuser", "-u", "nobody", "--"}, shell...)
		}
		cmd := exec.CommandContext(t.Context(), shell[0], append(shell[1:], "-s")...)
		cmd.Stdin = strings.NewReader("LC_ALL=C enter= root=\nexport LC_ALL\n" + script("tls/disk.sh", nil).Body + "certificates <<END\n" + strings.Join(paths, "\n") + "\nEND\n")
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil || stderr.Len() > 0 {
			t.Fatalf("%v %s", err, stderr.String())
		}
		if strings.Contains(string(out), "PRIVATE") {
			t.Error("a key is printed")
		}
		var have []string
		for line := range strings.Lines(string(out)) {
			if word, _, ok := strings.Cut(line, " "); ok && !strings.HasPrefix(word, "-") {
				have = append(have, strings.TrimSpace(line))
			}
		}
		if strings.Join(have, "\n") != want {
			t.Errorf("it says\n%s\nwant\n%s", strings.Join(have, "\n"), want)
		}
		d := certificatesRead(string(out))
		if len(d.certs) != 2 || d.certs[0].err != nil || len(d.closed) != 4 || len(d.absent) != 1 || len(d.none) != 2 {
			t.Errorf("read as %+v", d)
		}
		// One that nobody named need not be there; one that the server uses must.
		d.used = []string{dir + "/nothing"}
		fails := 0
		for _, r := range certificatesJudge(inventory.Target{Kind: "nginx"}, d, certServing{}, time.Now(), dir+"/empty", dir+"/nothing") {
			if r.Item == dir+"/empty" {
				t.Errorf("%+v", r)
			}
			if r.Item == dir+"/nothing" {
				fails++
			}
		}
		if fails != 1 {
			t.Error("a certificate that the server uses is gone, and that is not said")
		}
	})
}
