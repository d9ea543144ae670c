package kind

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"jurymast/actions"
	"jurymast/inventory"
)

// allowed reports whether a rule of sudoers lets a command line pass.
func allowed(t *testing.T, rule, line string) bool {
	t.Helper()
	program, args, _ := strings.Cut(rule, " ")
	asked, words, _ := strings.Cut(line, " ")
	if program != asked {
		return false
	}
	if strings.HasPrefix(args, "^") {
		return regexp.MustCompilePOSIX(args).MatchString(words)
	}
	return args == words
}

// TestDockerRulesAreEnough runs the looks where only sudo may ask docker, holds
// that its rules let all of it pass, and nothing that is not in the scripts.
func TestDockerRulesAreEnough(t *testing.T) {
	eachShell(t, func(t *testing.T, shell ...string) {
		root := t.TempDir()
		put(t, root+"/bin/sudo", "#!/bin/sh\nshift\nprintf '/usr/bin/%s\\n' \"$*\" >>"+root+"/log\nMAY=yes exec \"$@\"\n")
		put(t, root+"/bin/docker", `#!/bin/sh
[ -n "${MAY-}" ] || { echo 'permission denied while trying to connect to the docker API' >&2; exit 1; }
id=0123456789abcdefghijklmno
case "$1 $2" in
version*) echo 28.5.2 ;;
info*) echo '{"state":"active","control":true,"error":"","id":"n"}' ;;
*inspect* | 'service ps') echo '{"name":"x","status":"running"}' ;;
'ps --no-trunc') echo '{"name":"x"}' ;;
*) printf '%s\n' $id ${id}1 ;;
esac
`)
		put(t, root+"/bin/curl", "#!/bin/sh\nexit 7\n")
		for _, name := range []string{"sudo", "docker", "curl"} {
			if err := os.Chmod(root+"/bin/"+name, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		t.Setenv("PATH", root+"/bin:"+os.Getenv("PATH"))
		look := func(k actions.Kind, lines ...string) {
			f, target := suiteTarget(t, k, lines...)
			checks := k.Checks(f, target)
			// An engine that is a node is looked at as a machine, too.
			c := checks[slices.IndexFunc(checks, func(c actions.Check) bool { return !strings.HasPrefix(c.Script.Name, "linux/") })]
			c.Script = c.Script.With(map[string]string{"SUDO": "sudo -n"})
			a := runScript(t, c, shell...)
			if a.Exit != 0 || !strings.HasPrefix(string(a.Stdout), "version 28.5.2\n") {
				t.Fatalf("%s: %+v", k.Name, a)
			}
		}
		for _, k := range []actions.Kind{docker, compose, swarm, github} {
			put(t, root+"/log", "")
			look(k)
			if k.Name == github.Name {
				look(k, `service = "app"`)
			}
			lines := strings.Split(strings.TrimSpace(got(t, root+"/log")), "\n")
			if len(lines) < 3 {
				t.Errorf("%s: sudo was asked %q", k.Name, lines)
			}
			used := map[string]bool{}
			for _, line := range lines {
				i := slices.IndexFunc(k.Sudoers, func(rule string) bool { return allowed(t, rule, line) })
				if i < 0 {
					t.Errorf("%s: no rule lets this pass: %s", k.Name, line)
					continue
				}
				used[k.Sudoers[i]] = true
			}
			of := slices.DeleteFunc(slices.Clone(k.Sudoers), func(rule string) bool { return slices.Contains(linux.Sudoers, rule) })
			if len(used) != len(of) {
				t.Errorf("%s: of %d rules only %d are needed", k.Name, len(of), len(used))
			}
		}
	})
	id := strings.Repeat("0a", 32)
	for _, line := range []string{
		"run -v /:/host debian", "exec " + id + " sh", "inspect --type container " + id, "ps", "version",
		"inspect --type container --format {{json .}} " + id, "ps -q --no-trunc --filter label=com.docker.compose.project=a --format {{.Command}}", "-H tcp://evil version --format {{.Server.Version}}",
		"inspect --type container --format " + dockerFormat.FindStringSubmatch(script("docker/look.sh", nil).Body)[1] + " " + id + " --format {{json .}}",
		"inspect --type container --format " + dockerFormat.FindStringSubmatch(script("docker/look.sh", nil).Body)[1],
	} {
		for _, rule := range slices.Concat(docker.Sudoers, swarm.Sudoers, github.Sudoers) {
			if allowed(t, rule, "/usr/bin/docker "+line) {
				t.Errorf("%s lets this pass: docker %s", rule, line)
			}
		}
	}
}

// TestStandbysOfOneName holds that a node and a vm of one name are both looked at.
func TestStandbysOfOneName(t *testing.T) {
	f, err := inventory.Parse("fleet.toml", []byte(`[node.a]
[node.b]
[vm.b]
on = "a"
[node.c]
[service.api]
kind = "systemd"
on = "node/a"
standby = ["node/b", "vm/b", "node/c"]
`), Schema())
	if err != nil {
		t.Fatal(err)
	}
	target, _ := f.Target("service/api")
	var got []string
	for _, c := range systemd.Checks(f, *target) {
		got = append(got, c.ID+" "+string(c.Host))
	}
	want := []string{"unit ", "unit-node-b node/b", "unit-vm-b vm/b", "unit-c node/c"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestWhoAsksAsRootSaysSo: a look that is told how to ask as root, or runs as root
// as a whole, has rules for those who let a login do no more than that.
func TestWhoAsksAsRootSaysSo(t *testing.T) {
	for _, k := range All() {
		if k.Checks == nil || len(k.Sudoers) > 0 {
			continue
		}
		f, target := suiteTarget(t, k)
		for _, c := range k.Checks(f, target) {
			if _, told := c.Script.Inputs["SUDO"]; told || c.Script.Sudo {
				t.Errorf("%s %s asks as root, and jurymast kinds %s --sudoers says that it needs none", k.Name, c.ID, k.Name)
			}
		}
	}
}
