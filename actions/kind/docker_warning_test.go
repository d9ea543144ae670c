package kind

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"jurymast/actions"
)

// TestDockerWarningsAreNoAnswer: what the client warns of on stderr does not
// make a running engine unknown, and why it fails is still told.
func TestDockerWarningsAreNoAnswer(t *testing.T) {
	for name, c := range map[string]struct{ client, want string }{
		"warned": {`echo "WARNING: Error loading config file" >&2; case $1 in version) echo 28.5.2 ;; esac`, "version 28.5.2\nids 0\nend\n"},
		"down":   {`echo "WARNING: Error loading config file" >&2; echo "Cannot connect to the Docker daemon" >&2; exit 1`, "down WARNING: Error loading config file\nCannot connect to the Docker daemon\n"},
		// Docker 20.10.24: with a format, info hides the reason, and so the sudo that would help.
		"no right": {`case $1 in info) echo "template: :1:2: executing \"\" at <.ServerVersion>: reflect: indirection through nil pointer to embedded struct field Info" >&2 ;; *) echo "Got permission denied while trying to connect to the Docker daemon socket" >&2 ;; esac; exit 1`, "down Got permission denied while trying to connect to the Docker daemon socket\n"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "docker"), []byte("#!/bin/sh\n"+c.client+"\n"), 0o755); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command("/bin/sh", "-s")
			cmd.Stdin = strings.NewReader(script("docker/engine.sh", nil).Body + script("docker/look.sh", nil).Body)
			cmd.Env = []string{"PATH=" + dir + ":" + os.Getenv("PATH")}
			if out, err := cmd.Output(); err != nil || string(out) != c.want {
				t.Errorf("%q, %v, want %q", out, err, c.want)
			}
		})
	}
}

// TestRefusedSudoIsNotADeadEngine: nobody was asked, so nothing is known.
func TestRefusedSudoIsNotADeadEngine(t *testing.T) {
	for _, why := range []string{"sudo: a password is required", "sh: 1: sudo: not found", "sudo: no tty present and no askpass program specified", "sh: sudo: command not found"} {
		r := dockerParse(actions.Answer{Output: actions.Output{Stdout: []byte("down " + why + "\n")}}).trouble
		if r == nil || r.Status != actions.Unknown || !strings.Contains(r.Line, "may not be asked") {
			t.Errorf("%q: %+v", why, r)
		}
	}
}

// TestComposeFindsItsVolumes: docker's answers end with an empty line (20.10.24),
// and no volume may be taken to lie in that.
func TestComposeFindsItsVolumes(t *testing.T) {
	dir := t.TempDir()
	client := `#!/bin/sh
case $1 in
info) ;;
ps) echo 1d74f78a4dd3; echo 2e85 ;;
inspect) printf '/srv/data/a\n/srv/data\n/srv/database\n\n' ;;
esac
`
	if err := os.WriteFile(filepath.Join(dir, "docker"), []byte(client), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/bin/sh", "-s")
	cmd.Stdin = strings.NewReader("PROJECT=shop\n" + compound(nil, nil, filesLib, "compose/project.sh").Body + "\nroots\n")
	cmd.Env = []string{"PATH=" + dir + ":" + os.Getenv("PATH")}
	out, err := cmd.CombinedOutput()
	if err != nil || string(out) != "/srv/data\n/srv/database\n" {
		t.Errorf("%q, %v", out, err)
	}
}
