package kind

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"jurymast/actions"
)

// sudoBed is a login that may use sudo by the rules of one kind and no others.
// Its programs are stand-ins that serve nobody but root.
type sudoBed struct {
	t    *testing.T
	root string
	user string
}

func newSudoBed(t *testing.T, rules []string) *sudoBed {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can make a login and its rules")
	}
	needed(t, "sudo", "sudo")
	b := &sudoBed{t: t, root: serverFolder(t, "root"), user: fmt.Sprintf("jmk%d", time.Now().UnixNano()%1e12)}
	if out, err := exec.CommandContext(t.Context(), "useradd", "--no-create-home", "--shell", "/bin/sh", "--password", "*", b.user).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Cleanup(func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for range 1000 { // it is refused while something of the login runs
			if exec.Command("userdel", b.user).Run() == nil {
				return
			}
			<-tick.C
		}
		t.Errorf("the login %s could not be removed", b.user)
	})
	text := "Defaults:" + b.user + " !secure_path\n"
	for _, r := range rules {
		program, args, _ := strings.Cut(r, " ")
		switch name := filepath.Base(program); name {
		case "docker", "nginx", "caddy", "pvesh", "qm", "pct", "lxc-info":
			program = b.root + "/bin/" + name
		}
		text += b.user + " ALL=(root) NOPASSWD: " + strings.TrimSuffix(program+" "+args, " ") + "\n"
		if strings.HasSuffix(r, " ") {
			t.Errorf("an editor would take the space off the end of %q", r)
		}
	}
	file := "/etc/sudoers.d/" + b.user // sudo passes over names with a dot
	if err := os.WriteFile(file, []byte(text), 0o440); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(file) })
	if out, err := exec.CommandContext(t.Context(), "visudo", "-cf", file).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	b.program("sudo", `/usr/bin/sudo "$@" 2>`+b.root+`/said
code=$?
grep -qE 'password is required|not allowed' `+b.root+`/said && printf '%s\n' "$*" >>`+b.root+`/refused
cat `+b.root+`/said >&2
exit $code
`)
	for _, name := range []string{"said", "refused", "did"} {
		put(t, b.root+"/"+name, "")
		if err := os.Chmod(b.root+"/"+name, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	b.program("curl", "exit 7\n")
	for _, name := range []string{"pvesh", "qm", "pct", "lxc-info"} {
		b.program(name, "[ $(id -u) = 0 ] || exit 1\nprintf '"+name+" %s\\n' \"$*\" >>"+b.root+"/did\necho '[]'\n")
	}
	for _, x := range []struct{ name, anybody, body string }{
		{"docker", "nothing", sudoDocker}, {"nginx", "-V", "echo 'configure arguments: --conf-path=/etc/nginx/nginx.conf'\n"}, {"caddy", "version", "echo '{}'\n"},
	} {
		b.program(x.name, "[ $(id -u) = 0 ] || [ \"$1\" = "+x.anybody+" ] || { echo 'permission denied' >&2; exit 1; }\nprintf '"+x.name+" %s\\n' \"$*\" >>"+b.root+"/did\n"+x.body)
	}
	return b
}

// sudoDocker is as much of docker as the looks ask: two containers, and of what
// lies in them as much as leads every look down all its ways.
const sudoDocker = `id=0123456789abcdefghijklmno
case "$*" in
version*) echo 28.5.2 ;;
*'{{.State.Status}} edge') echo running ;;
*inspect*) echo '{"name":"x","status":"running"}' ;;
'exec edge nginx -V') echo 'configure arguments: --prefix=/etc/nginx --conf-path=/etc/nginx/nginx.conf --pid-path=/run/nginx.pid' ;;
'exec edge nginx -T') printf 'nginx: configuration file test is successful\npid /run/nginx.pid;\nssl_certificate /config/keys/a/fullchain.pem;\nssl_certificate /config/keys/cert.crt;\n' ;;
'exec edge ls -d '*) echo there ;;
'exec edge test -d '*/live) ;;
'exec edge test -r '*) ;;
'exec edge cat '*) echo 'pid /run/nginx.pid;' ;;
'exec edge '*) exit 1 ;;
*) printf '%s\n' $id ${id}1 ;;
esac
`

func (b *sudoBed) program(name, body string) {
	b.t.Helper()
	put(b.t, b.root+"/bin/"+name, "#!/bin/sh\n"+body)
	if err := os.Chmod(b.root+"/bin/"+name, 0o755); err != nil {
		b.t.Fatal(err)
	}
}

// as returns the words that run a command as the login.
func (b *sudoBed) as(words ...string) []string {
	return append([]string{"setpriv", "--reuid", b.user, "--regid", b.user, "--clear-groups", "env", "PATH=" + b.root + "/bin:/usr/sbin:/usr/bin:/sbin:/bin"}, words...)
}

// lets reports whether sudo runs a command line of the login, whatever comes of it.
func (b *sudoBed) lets(words ...string) bool {
	b.t.Helper()
	words = b.as(append([]string{"/usr/bin/sudo", "-n"}, words...)...)
	out, err := exec.CommandContext(b.t.Context(), words[0], words[1:]...).CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		b.t.Fatal(err)
	}
	return !strings.Contains(string(out), "password is required") && !strings.Contains(string(out), "not allowed")
}

// TestSudoersByRealSudo holds that the rules of a kind let its look do all that it
// does, and nothing that is not in its scripts: real sudo judges.
func TestSudoersByRealSudo(t *testing.T) {
	t.Parallel()
	acme := []string{"grep", "-o", `"certificate": *"[A-Za-z0-9+/=]*"`, "/etc/traefik/acme.json"}
	key := []string{"grep", "-o", ".*", "/etc/traefik/acme.json"}
	stored := "/var/lib/caddy/.local/share/caddy/certificates"
	for _, tt := range []struct {
		kind  actions.Kind
		lines []string
		did   string // the least that root was asked for
		may   [][]string
		not   [][]string
	}{
		{nginx, []string{`container = "edge"`, `certificates = ["/config/etc/letsencrypt/live"]`}, "docker exec edge test -r /config/keys/cert.crt", nil, [][]string{
			{"docker", "exec", "edge", "sh"}, {"docker", "exec", "edge", "cat", "/config/keys/privkey.pem"}, {"docker", "exec", "edge", "grep", "-e", ".", "/dev/null", "/config/keys/privkey.pem"},
			{"docker", "exec", "edge", "sh", "-c", "cat /config/keys/privkey.pem", "sh", ""}, {"docker", "exec", "--privileged", "edge", "nginx", "-T"}, {"docker", "run", "edge", "nginx", "-T"},
			{"docker", "exec", "edge", "find", "-L", "/", "-name", "fullchain.pem", "-exec", "grep", "-e", ".", "/dev/null", "{}", "+"}, {"nginx", "-s", "stop"}, {"nginx", "-T", "-c", "/etc/shadow"},
		}},
		{nginx, nil, "nginx -T", [][]string{{"find", "-L", "/etc/letsencrypt/live", "-name", "fullchain.pem", "-exec", "grep", "-e", ".", "/dev/null", "{}", "+"}},
			[][]string{{"find", "-L", "/etc/letsencrypt/live", "-name", "privkey.pem", "-exec", "grep", "-e", ".", "/dev/null", "{}", "+"}, {"docker", "ps"}}},
		{traefik, []string{`container = "edge"`, `acme = ["/etc/traefik/acme.json"]`}, "docker exec edge wget -q -T 5 -O - http://127.0.0.1:8080/api/version http://127.0.0.1:8080/api/overview", [][]string{acme}, [][]string{
			key, {"docker", "exec", "edge", "wget", "-q", "-T", "5", "-O", "-", "http://10.0.0.1/ping"}, {"docker", "exec", "edge", "wget", "-q", "-T", "5", "-O", "/etc/passwd", "http://127.0.0.1:8080/ping"},
			{"docker", "exec", "edge", "wget", "-q", "-T", "5", "-O", "-", "http://127.0.0.1:8080/api/rawdata"}, {"cat", "/etc/traefik/acme.json"}, {"docker", "exec", "edge", "sh"},
		}},
		{caddy, nil, "caddy version", [][]string{{"caddy", "adapt", "--config", "/etc/caddy/Caddyfile"}, {"find", "-L", stored, "-name", "*.crt", "-exec", "grep", "-e", ".", "/dev/null", "{}", "+"}}, [][]string{
			{"caddy", "stop"}, {"caddy", "adapt", "--config", "/etc/shadow"}, {"find", "-L", stored, "-name", "x.crt", "-exec", "grep", "-e", ".", "/dev/null", "{}", "+"},
			{"find", "-L", stored, "-name", "a", "-exec", "sh", ".crt", "-exec", "grep", "-e", ".", "/dev/null", "{}", "+"},
		}},
		{mailcow, nil, "docker exec 0123456789abcdefghijklmno df -Pk /var/vmail", nil, [][]string{
			{"docker", "exec", "0123456789abcdefghijklmno", "sh"}, {"docker", "exec", "0123456789abcdefghijklmno", "postqueue", "-f"}, {"docker", "exec", "-u0", "postqueue", "-j"},
			{"docker", "ps", "-q", "--no-trunc", "--filter", "label=com.docker.compose.project=a", "--filter", "label=com.docker.compose.service=mysql-mailcow"},
		}},
		{files, nil, "", [][]string{{"test", "-d", "/srv/c"}, {"test", "-f", "/srv/c.d/a-b_1"}, {"ls", "-A", "/srv/c"}}, [][]string{
			{"ls", "-A", "-R", "/srv"}, {"ls", "-A"}, {"ls", "-lA", "/srv/c"}, {"test", "-d", "/srv/c", "-o", "-e", "/x"}, {"cat", "/srv/c"},
		}},
		{samba, nil, "", [][]string{{"smbstatus", "-S"}}, [][]string{{"smbstatus"}, {"smbstatus", "-S", "-s", "/etc/shadow"}}},
		{nfs, nil, "", nil, [][]string{{"/usr/sbin/exportfs", "-ra"}, {"/usr/sbin/exportfs", "-s", "-u", "a:/b"}}},
		{proxmox, nil, "pvesh get /cluster/status --output-format json", [][]string{
			{"qm", "list"}, {"pct", "list"}, {"qm", "guest", "cmd", "101", "network-get-interfaces"}, {"lxc-info", "-n", "100100", "-iH"},
			{"grep", "-rs", "-e", "]$", "-e", "^net", "-e", "^ipconfig", "-e", "^ostype", "/etc/pve/nodes"},
		}, [][]string{
			{"qm", "stop", "101"}, {"qm", "guest", "cmd", "101", "shutdown"}, {"qm", "guest", "exec", "101", "network-get-interfaces"}, {"pct", "enter", "101"},
			{"lxc-info", "-n", "101"}, {"grep", "-rs", "-e", "^net", "/etc/shadow"}, {"pvesh", "create", "/cluster/status"},
		}},
		{github, nil, "docker version", nil, [][]string{{"docker", "inspect", "0123456789abcdefghijklmno"}}},
	} {
		t.Run(strings.Join(append([]string{tt.kind.Name}, tt.lines...), ","), func(t *testing.T) {
			b := newSudoBed(t, tt.kind.Sudoers)
			f, target := suiteTarget(t, tt.kind, tt.lines...)
			ran := map[string]bool{}
			for _, c := range tt.kind.Checks(f, target) {
				if c.Script.Name == "" || ran[c.Script.Name] || strings.HasSuffix(c.Script.Name, "update.sh") {
					continue
				}
				ran[c.Script.Name] = true
				c.Script = c.Script.With(map[string]string{"SUDO": "sudo -n"})
				if a := runScript(t, c, b.as("dash")...); a.Exit != 0 {
					t.Errorf("%s: %+v", c.Script.Name, a)
				}
			}
			if refused := got(t, b.root+"/refused"); refused != "" {
				t.Errorf("its look was refused: %s", refused)
			}
			if did := got(t, b.root+"/did"); !strings.Contains(did, tt.did) {
				t.Errorf("root was asked for %s, and not for %s", did, tt.did)
			}
			for _, words := range tt.may {
				if !b.lets(words...) {
					t.Errorf("it may not: %q", words)
				}
			}
			for _, words := range slices.Concat(tt.not, [][]string{{"docker", "run", "-v", "/:/host", "debian"}, {"docker"}, {"sh"}, {"nginx"}, {"docker", "exec", "edge", "sh", "-c", "id"}}) {
				if b.lets(words...) {
					t.Errorf("it may: %q", words)
				}
			}
		})
	}
}
