package kind

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jurymast/actions"
)

// TestDockerWarningsAreNoAnswer: what the client warns of on stderr does not
// make a running engine unknown, and why it fails is still told.
func TestDockerWarningsAreNoAnswer(t *testing.T) {
	for name, c := range map[string]struct{ client, want string }{
		"warned": {`echo "WARNING: Error loading config file" >&2; case $1 in version) echo 28.5.2 ;; esac`, "version 28.5.2\nids 0\nend\n"},
		"down":   {`echo "WARNING: Error loading config file" >&2; echo "Cannot connect to the Docker daemon" >&2; exit 1`, "down WARNING: Error loading config file\nCannot connect to the Docker daemon\n"},
		"half":   {`case $1 in version) echo 28.5.2 ;; ps) echo one; echo two ;; inspect) echo '{"name":"/a"}'; echo 'Error response from daemon: timed out' >&2; exit 1 ;; esac`, "version 28.5.2\nids 2\n{\"name\":\"/a\"}\nodd Error response from daemon: timed out\nend\n"},
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

// TestContainersThatOnlyLookWell: one that runs is not well for that alone.
func TestContainersThatOnlyLookWell(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	started := func(ago time.Duration) string { return now.Add(-ago).Format(time.RFC3339Nano) }
	for name, c := range map[string]struct {
		is     dockerContainer
		status actions.Status
		line   string
	}{
		"starting":          {dockerContainer{Status: "running", Health: "starting", Started: started(time.Minute)}, actions.OK, "running, its health check has not answered yet"},
		"starting for long": {dockerContainer{Status: "running", Health: "starting", Started: started(20 * time.Minute)}, actions.Warn, "not answered in the 20 min since it was started"},
		"an older engine":   {dockerContainer{Status: "running", Health: "starting"}, actions.OK, "not answered yet"},
		"a killed child":    {dockerContainer{Status: "running", Health: "healthy", OOM: true}, actions.Warn, "killed for want of memory"},
		"killed, exit 0":    {dockerContainer{Status: "exited", OOM: true, Policy: "no"}, actions.Fail, "exited with 0, killed for want of memory"},
	} {
		r := dockerJudge(c.is, "app", actions.Answer{Now: now, Series: func(string, string) []actions.Point { return nil }})
		if r.Status != c.status || !strings.Contains(r.Line, c.line) || (r.Next == "") != (r.Status == actions.OK) {
			t.Errorf("%s: %+v", name, r)
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
