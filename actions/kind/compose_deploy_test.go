package kind

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"jurymast/actions"
	"jurymast/inventory"
)

// standInDocker is a client and an engine of docker in one: images are files
// that hold their id, containers files of "IMAGE ID STATE HEALTH". What a
// registry has lies in another folder. Every call is noted with its arguments
// and what it was given to read.
const standInDocker = `#!/bin/sh
D={DIR}
printf '%s\n' "$*" >>$D/argv
cat >>$D/stdin
file() { printf '%s' "$1" | tr '/:@' '___'; }
id_of() { cat "$D/images/$(file "$1")" 2>/dev/null || { [ -e "$D/ids/${1#sha256:}" ] && echo "$1"; }; }
config() { v=${APP_VERSION:-$(sed -n 's/^APP_VERSION=//p' .env)}; sed "s|[$]{APP_VERSION}|$v|" compose.yaml; }
case "$1 $2" in
'ps '*)
    for c in $D/containers/*; do [ ! -e "$c" ] || echo "${c##*/}"; done
    ;;
'inspect '*)
    format=$5 && shift 5
    for c; do
        read -r image id state health <$D/containers/$c || exit 1
        case $format in
        *Config.Image*) echo "$c $image $id $state" ;;
        *) echo "$state 0 $health always /web-$c-1" ;;
        esac
    done
    ;;
'image inspect')
    id=$(id_of "$5")
    [ -n "$id" ] || { echo "Error: No such image: $5" >&2; exit 1; }
    case $4 in
    '{{.Id}}') echo "$id" ;;
    '{{.Size}}') echo 4096 ;;
    *) [ ! -e $D/registry/by-digest ] || echo "reg.example/app@$id" ;;
    esac
    ;;
'manifest inspect')
    [ "$3" != --insecure ] || { shift && tls=no; }
    case $3 in lan.example:*) [ "$tls" = no ] || { echo "http: server gave HTTP response to HTTPS client" >&2; exit 1; } ;; esac
    [ -e "$D/registry/$(file "$3")" ] || { echo "no such manifest: $3" >&2; exit 1; }
    ;;
'pull -q')
    case $3 in
    *@*) id=${3#*@} ;;
    *) id=$(cat "$D/registry/$(file "$3")" 2>/dev/null) || { echo "manifest for $3 not found" >&2; exit 1; } && echo "$id" >"$D/images/$(file "$3")" ;;
    esac
    : >$D/ids/${id#sha256:}
    ;;
'tag '*) echo "$2" >"$D/images/$(file "$3")" ;;
'info '*)
    case $3 in
    *IndexConfigs*) cat $D/plain 2>/dev/null ;;
    *) echo $D ;;
    esac
    ;;
'compose version') echo 2.40 ;;
'compose -p')
    case $4 in
    config) config ;;
    up)
        shift 6
        [ "$1" != --no-deps ] || shift
        config | awk '/^  [a-z]/ { s = $1; sub(":", "", s) } /^    image:/ { print s, $2 }' | while read -r s image; do
            case " $* " in '  ' | *" $s "*) ;; *) continue ;; esac
            id=$(cat "$D/images/$(file "$image")") || exit 1
            state=running
            [ ! -e "$D/broken/${id#sha256:}" ] || state=restarting
            echo "$image $id $state none" >$D/containers/$s
        done
        ;;
    esac
    ;;
*) exit 9 ;;
esac
`

// composeBed is a machine with a project of two services, of which one has its
// version in a variable.
type composeBed struct {
	t      *testing.T
	dir    string
	deploy actions.Deploy
	env    map[string]string
}

func newComposeBed(t *testing.T, more string, options ...string) composeBed {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{"images", "ids", "containers", "registry", "broken", "bin", "web"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "bin/docker"), []byte(strings.ReplaceAll(standInDocker, "{DIR}", dir)), 0o755); err != nil {
		t.Fatal(err)
	}
	smallFile(t, filepath.Join(dir, "web/.env"), "SECRET=not shown\nAPP_VERSION=1.0\nOTHER=${APP_VERSION}\n")
	smallFile(t, filepath.Join(dir, "web/compose.yaml"), "name: web\nservices:\n  app:\n    image: reg.example/app:${APP_VERSION}\n  db:\n    image: db:15\n    labels:\n      image: none\nvolumes: {}\n")
	b := composeBed{t: t, dir: dir, env: map[string]string{"PATH": filepath.Join(dir, "bin") + ":" + os.Getenv("PATH"), "JURYMAST_ROOT": dir, actions.InRun: "0001-a"}}
	b.image("images", "reg.example/app:1.0", "sha256:aaaa1")
	b.image("images", "db:15", "sha256:dddd1")
	b.image("registry", "reg.example/app:1.1", "sha256:aaaa2")
	b.put("containers/app", "reg.example/app:1.0 sha256:aaaa1 running none")
	b.put("containers/db", "db:15 sha256:dddd1 running healthy")
	k, _ := Lookup("compose")
	schema := inventory.Schema{}
	for _, k := range All() {
		schema[k.Name] = k.Schema()
	}
	f, err := inventory.Parse("t.toml", fmt.Appendf(nil, "[node.app]\n[node.app2]\n[service.web]\nkind = \"compose\"\non = \"app\"\ndir = \"/web\"\n%s\n%s\n", strings.Join(options, "\n"), more), schema)
	if err != nil {
		t.Fatal(err)
	}
	target, _ := f.Target("service/web")
	if b.deploy, err = k.Deploy(f, *target); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b composeBed) put(name, text string) { smallFile(b.t, filepath.Join(b.dir, name), text+"\n") }

func (b composeBed) image(where, ref, id string) {
	b.t.Helper()
	b.put(where+"/"+strings.NewReplacer("/", "_", ":", "_").Replace(ref), id)
	b.put("ids/"+strings.TrimPrefix(id, "sha256:"), "")
}

func (b composeBed) read(name string) string {
	b.t.Helper()
	text, err := os.ReadFile(filepath.Join(b.dir, name))
	if err != nil {
		b.t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

// runs ends the test unless a script ends with a code, and says what it said.
func (b composeBed) runs(s actions.Script, code int, in ...string) ran {
	b.t.Helper()
	all := map[string]string{}
	for k, v := range b.env {
		all[k] = v
	}
	for i := 0; i < len(in); i += 2 {
		all[in[i]] = in[i+1]
	}
	r := runFully(b.t.Context(), b.t, s.With(all))
	if r.Exit != code {
		b.t.Fatalf("%s %v: exit %d, want %d\n%s%s", s.Name, in, r.Exit, code, r.Stdout, r.Stderr)
	}
	return r
}

// TestComposeDeploys brings a project to another version and back, by the
// variable of its .env, and touches nothing else.
func TestComposeDeploys(t *testing.T) {
	t.Parallel()
	b := newComposeBed(t, "", `version_env = "APP_VERSION"`)
	d := b.deploy
	said := b.runs(d.Survey, 0, "WANTED", "1.1").said
	for word, want := range map[string]string{
		"current": "1.0", "wanted": "1.1", "way": "by pulling what is not here", "change-1": "app: reg.example/app:1.0 becomes reg.example/app:1.1", "bytes": "8192", "there": "", "change-2": "",
	} {
		if said[word] != want {
			t.Errorf("@%s %q, want %q", word, said[word], want)
		}
	}
	if said["free"] == "" || strings.Contains(b.read("argv"), "pull") {
		t.Errorf("it says %v; asked, it did:\n%s", said, b.read("argv"))
	}
	b.runs(d.Well, 0)
	b.runs(d.Active, 1, "VERSION", "1.1")
	for range 2 { // it may be done again
		b.runs(d.Do, 0, "VERSION", "1.1")
	}
	b.runs(d.Active, 0, "VERSION", "1.1")
	if said := b.runs(d.Verify, 0, "VERSION", "1.1").said; said["image-1"] != "app reg.example/app:1.1 sha256:aaaa2" || said["level"] != "started" {
		t.Errorf("the proof says %v", said)
	}
	if env := b.read("web/.env"); env != "SECRET=not shown\nAPP_VERSION=1.1\nOTHER=${APP_VERSION}" {
		t.Errorf("the .env is\n%s", env)
	}
	if b.runs(d.Survey, 0, "WANTED", "1.1").said["there"] != "yes" {
		t.Error("it is there, and it does not say so")
	}

	// The name leads to another image by now: it goes back to the one that ran.
	b.image("images", "reg.example/app:1.0", "sha256:aaaa9")
	b.runs(d.Back, 0)
	if got := b.read("containers/app"); got != "reg.example/app:1.0 sha256:aaaa1 running none" {
		t.Errorf("back, it runs %s", got)
	}
	b.runs(d.Back, 0) // again: there is nothing to go back from
	b.runs(d.Active, 1, "VERSION", "1.1")
	argv := b.read("argv")
	for _, ln := range strings.Split(argv, "\n") {
		if strings.Contains(ln, " up ") && (strings.Contains(ln, " db") && !strings.Contains(ln, "app") || strings.Contains(ln, "--build")) {
			t.Errorf("it did %s", ln)
		}
	}
	if !strings.Contains(argv, "compose -p web up -d --no-build --no-deps app\n") || strings.Count(argv, "pull ") != 1 {
		t.Errorf("it did\n%s", argv)
	}
	if b.read("stdin") != "" {
		t.Errorf("docker was given to read: %s", b.read("stdin"))
	}
}

// TestComposeDeploysPrevious goes back by what was noted, once the run is long
// over; where the image is gone it is had again by its digest, or not at all.
func TestComposeDeploysPrevious(t *testing.T) {
	t.Parallel()
	b := newComposeBed(t, "", `version_env = "APP_VERSION"`)
	d := b.deploy
	if why := b.runs(d.Survey, 0, "WANTED", "previous").said["trouble"]; !strings.Contains(why, "was not deployed by jurymast") {
		t.Errorf("before anything was deployed: %q", why)
	}
	b.put("registry/by-digest", "")
	b.runs(d.Do, 0, "VERSION", "1.1")
	said := b.runs(d.Survey, 0, "WANTED", "previous").said
	if said["wanted"] != "1.0" || said["note"] != "0001-a.note" || said["way"] != "by the images that ran then" || said["bytes"] != "" {
		t.Errorf("it says %v", said)
	}
	for _, gone := range []string{"images/reg.example_app_1.0", "ids/aaaa1"} {
		if err := os.Remove(filepath.Join(b.dir, gone)); err != nil {
			t.Fatal(err)
		}
	}
	b.runs(d.Do, 0, actions.InRun, "0002-b", "VERSION", "1.0", "SEEN_NOTE", said["note"])
	if got := b.read("containers/app"); got != "reg.example/app:1.0 sha256:aaaa1 running none" {
		t.Errorf("it runs %s", got)
	}
	if argv := b.read("argv"); !strings.Contains(argv, "pull -q reg.example/app@sha256:aaaa1") {
		t.Errorf("it was not had by its digest:\n%s", argv)
	}
	if got := b.runs(d.Survey, 0, "WANTED", "previous").said["wanted"]; got != "1.1" {
		t.Errorf("the one before is %s", got)
	}
}

// TestComposeDeploysFromTheLAN: a registry that the engine is told to speak to
// without TLS is asked so, and no other is.
func TestComposeDeploysFromTheLAN(t *testing.T) {
	t.Parallel()
	b := newComposeBed(t, "", `version_env = "APP_VERSION"`)
	b.put("web/compose.yaml", "services:\n  app:\n    image: lan.example:5000/app:${APP_VERSION}\n")
	b.image("registry", "lan.example:5000/app:1.1", "sha256:aaaa2")
	b.put("plain", "docker.example\nlan.example:50\n")
	if why := b.runs(b.deploy.Survey, 0, "WANTED", "1.1").said["trouble"]; !strings.Contains(why, "server gave HTTP response to HTTPS client") {
		t.Errorf("TLS is asked for: %q", why)
	}
	b.put("plain", "docker.example\nlan.example:5000\n")
	if said := b.runs(b.deploy.Survey, 0, "WANTED", "1.1").said; said["trouble"] != "" || said["way"] != "by pulling what is not here" {
		t.Errorf("it says %v", said)
	}
}

// TestComposeDeployRefuses: what cannot be is said before anything is changed.
func TestComposeDeployRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		wanted string
		change func(b composeBed)
		want   string
	}{
		"no such image":     {"9.9", nil, "reg.example/app:9.9 is not to be had: no such manifest"},
		"no name":           {"1.1;reboot", nil, "cannot be the name of a version"},
		"a path":            {"a/../b", nil, "cannot be the name of a version"},
		"an option":         {"--help", nil, "cannot be the name of a version"},
		"newest of nothing": {"newest", nil, "name one by --to, or add a check of kind github"},
		"no .env":           {"1.1", func(b composeBed) { b.put("web/.env", "X=1") }, "does not set APP_VERSION exactly once"},
		"set twice":         {"1.1", func(b composeBed) { b.put("web/.env", "APP_VERSION=1\nAPP_VERSION=2") }, "does not set APP_VERSION exactly once"},
		"of no use":         {"1.1", func(b composeBed) { b.put("web/compose.yaml", "services:\n  app:\n    image: app:latest") }, "APP_VERSION changes no image of the project web"},
		"not here": {"1.1", func(b composeBed) {
			_ = os.Remove(filepath.Join(b.dir, "containers/app"))
			_ = os.Remove(filepath.Join(b.dir, "containers/db"))
		}, "nothing of the project web is here"},
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			b := newComposeBed(t, "", `version_env = "APP_VERSION"`)
			if c.change != nil {
				c.change(b)
			}
			if why := b.runs(b.deploy.Survey, 0, "WANTED", c.wanted).said["trouble"]; !strings.Contains(why, c.want) {
				t.Errorf("%q, want %q", why, c.want)
			}
			if argv := b.read("argv"); strings.Contains(argv, " up ") || strings.Contains(argv, "pull") || strings.Contains(argv, "tag ") {
				t.Errorf("it did\n%s", argv)
			}
		})
	}
}

// TestComposeDeployIsSeenBroken: a version that does not run is no success, and
// an image that cannot be had changes nothing.
func TestComposeDeployIsSeenBroken(t *testing.T) {
	t.Parallel()
	b := newComposeBed(t, "", `version_env = "APP_VERSION"`)
	d := b.deploy
	b.put("broken/aaaa2", "")
	b.runs(d.Do, 0, "VERSION", "1.1")
	if r := b.runs(d.Verify, 1, "VERSION", "1.1", "TRIES", "1"); !strings.Contains(string(r.Stderr), "/web-app-1 is restarting") {
		t.Errorf("the proof says %s", r.Stderr)
	}
	b.runs(d.Back, 0)
	b.runs(d.Well, 0)
	r := b.runs(d.Do, 1, actions.InRun, "0003-c", "VERSION", "7")
	if !strings.Contains(string(r.Stderr), "reg.example/app:7 cannot be pulled") || !strings.Contains(b.read("web/.env"), "APP_VERSION=1.0\n") {
		t.Errorf("%s, and the .env is\n%s", r.Stderr, b.read("web/.env"))
	}
	b.runs(d.Back, 0, actions.InRun, "0003-c")
}

// TestComposeDeployNewest asks what is newest of the service's check of kind
// github, or of the one that it is the same as, with the token on no command
// line.
func TestComposeDeployNewest(t *testing.T) {
	t.Parallel()
	needed(t, "curl", "curl")
	code := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer ghp_right" {
			w.WriteHeader(http.StatusUnauthorized)
		} else {
			w.WriteHeader(code)
		}
		fmt.Fprint(w, `{"html_url":"x","author":{"login":"v9"},"tag_name":"v1.1","body":"not \"tag_name\":\"v8\" of old"}`)
	}))
	t.Cleanup(server.Close)
	check := func(of string) string {
		return fmt.Sprintf("[check.release]\nof = %q\nkind = \"github\"\nrepository = \"example/app\"\napi = %q\ntoken = { env = \"T\" }\n", of, server.URL)
	}
	for name, more := range map[string]string{
		"its own":   check("web"),
		"the other": "[service.first]\nkind = \"compose\"\non = \"app2\"\nalso = [\"web\"]\n" + check("first"),
	} {
		b := newComposeBed(t, more, `version_env = "APP_VERSION"`)
		s := b.deploy.Survey
		if len(s.Keep) != 1 {
			t.Fatalf("%s: it keeps %v", name, s.Keep)
		}
		s.Secrets = map[string]string{"GITHUB_TOKEN": "ghp_right"}
		// Releases are called v1.1, and images 1.1.
		if said := b.runs(s, 0, "WANTED", "newest").said; said["wanted"] != "1.1" {
			t.Errorf("%s: it says %v", name, said)
		}
		s.Secrets = map[string]string{"GITHUB_TOKEN": "ghp_old"}
		if said := b.runs(s, 0, "WANTED", "newest").said; !strings.Contains(said["trouble"], "HTTP 401") || said["wanted"] != "" {
			t.Errorf("%s: it says %v", name, said)
		}
		if strings.Contains(b.read("argv"), "ghp_") {
			t.Error("the token is in the arguments of a command")
		}
	}
}

// TestComposeDeploysACheckout goes to a tag of a checkout and back, and not
// while it has changes of its own.
func TestComposeDeploysACheckout(t *testing.T) {
	t.Parallel()
	git := needed(t, "git", "git")
	b := newComposeBed(t, "")
	d, web := b.deploy, filepath.Join(b.dir, "web")
	run := func(args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), git, append([]string{"-C", web, "-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"}, args...)...)
		cmd.Env = append(os.Environ(), "HOME="+b.dir, "GIT_CONFIG_GLOBAL=/dev/null")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	b.put("web/compose.yaml", "services:\n  app:\n    image: reg.example/app:1.0\n  db:\n    image: db:15")
	run("init", "-q")
	run("add", "compose.yaml")
	run("commit", "-q", "-m", "first")
	run("tag", "v1")
	b.put("web/compose.yaml", "services:\n  app:\n    image: reg.example/app:1.1\n  db:\n    image: db:15")
	run("commit", "-q", "-a", "-m", "use 1.1")
	run("tag", "v2")
	run("checkout", "-q", "v1")
	b.image("images", "reg.example/app:1.1", "sha256:aaaa2")

	b.put("web/compose.yaml", "services: {}")
	if why := b.runs(d.Survey, 0, "WANTED", "v2").said["trouble"]; !strings.Contains(why, "changes of its own") {
		t.Errorf("with changes of its own: %q", why)
	}
	run("checkout", "-q", "compose.yaml")
	if why := b.runs(d.Survey, 0, "WANTED", "v3").said["trouble"]; !strings.Contains(why, "there is no v3") {
		t.Errorf("to a tag that is not there: %q", why)
	}
	said := b.runs(d.Survey, 0, "WANTED", "v2").said
	if said["current"] != "v1" || said["wanted"] != "v2" || !strings.HasSuffix(said["change-1"], " use 1.1") {
		t.Errorf("it says %v", said)
	}
	b.runs(d.Active, 1, "VERSION", "v2")
	b.runs(d.Do, 0, "VERSION", "v2")
	if head := run("describe", "--tags"); head != "v2" || !strings.HasSuffix(b.read("argv"), "compose -p web up -d --build") {
		t.Errorf("it is at %s\n%s", head, b.read("argv"))
	}
	b.runs(d.Active, 0, "VERSION", "v2")
	b.runs(d.Back, 0)
	if head := run("describe", "--tags"); head != "v1" || b.read("containers/app") != "reg.example/app:1.0 sha256:aaaa1 running none" {
		t.Errorf("back, it is at %s, and runs %s", head, b.read("containers/app"))
	}
}
