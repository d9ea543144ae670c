package kind

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// secretive is what a kind must be told, beside what it requires, so that each
// of its verbs has scripts: by kind.
var secretive = map[string][]string{
	"borg":            {`url = "ssh://u@nas/./repo"`},
	"cloudflare":      {`record = "w.example.org"`, `zone = "example.org"`},
	"dns":             {`do = "env >/dev/null"`},
	"duckdns":         {`record = "w.duckdns.org"`},
	"github":          {`repository = "example/web"`},
	"hcloud-server":   {`server = "w"`},
	"hcloud-snapshot": {`from = "other"`},
	"mariadb":         {`role = "repl"`, `data = ["/srv/x"]`},
	"pbs":             {`url = "u@pbs!t@nas:store"`},
	"postgres":        {`replica_user = "repl"`},
	"proxmox-vm":      {`id = "101"`},
	"rclone":          {`url = "remote:path"`},
	"restic":          {`url = "rest:https://nas/repo"`},
	"rfc2136":         {`record = "w.example.org"`},
	"shell":           {`do = "env >/dev/null"`, `proof = "env >/dev/null"`, `survey = "true"`, `release = "true"`},
}

// secretTargets returns inventories in which a kind is told every secret that
// it can be told, one for each level that it can be of.
func secretTargets(k actions.Kind) []string {
	var lines []string
	given := func(name string) bool {
		return slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, name+" ") })
	}
	lines = append(lines, secretive[k.Name]...)
	for _, o := range k.Options {
		switch {
		case o.Type == inventory.TypeSecret:
			lines = append(lines, fmt.Sprintf("%s = { env = %q }", o.Name, o.Name))
		case o.Required && !given(o.Name):
			value := `"true"`
			if o.Type == inventory.TypeURL {
				value = `"https://app.example/"`
			}
			lines = append(lines, o.Name+" = "+value)
		}
	}
	tables := map[inventory.Level]string{
		inventory.LevelNode:       "[node.it]\naddress = \"10.0.0.9\"\n",
		inventory.LevelVM:         "[vm.it]\non = \"app\"\naddress = \"10.0.0.9\"\n",
		inventory.LevelShare:      "[share.it]\non = \"app\"\npath = \"/srv/it\"\nmounts = [{ on = \"other\", at = \"/mnt/it\" }]\n",
		inventory.LevelService:    "[service.it]\non = \"app\"\nstandby = [\"other\"]\n",
		inventory.LevelRepository: "[repository.it]\n",
		inventory.LevelFence:      "[fence.it]\nof = \"app\"\non = \"other\"\n",
		inventory.LevelRedirect:   "[redirect.it]\nof = \"user\"\non = \"other\"\n",
		inventory.LevelCheck:      "[check.it]\nof = \"user\"\n",
	}
	var out []string
	for _, l := range k.Levels {
		out = append(out, "[node.app]\naddress = \"10.0.0.7\"\n[node.other]\naddress = \"10.0.0.8\"\n[service.user]\nkind = \"command\"\ncommand = \"true\"\non = \"app\"\nstandby = [\"other\"]\n"+
			tables[l]+fmt.Sprintf("kind = %q\n", k.Name)+strings.Join(lines, "\n")+"\n")
	}
	return out
}

// everyScript returns all scripts of a value: of its fields, of what they point
// at and of what its functions make for hosts.
func everyScript(v reflect.Value) []actions.Script {
	if v.IsValid() && v.Type() == reflect.TypeFor[actions.Script]() {
		if s := v.Interface().(actions.Script); s.Name != "" {
			return []actions.Script{s}
		}
		return nil
	}
	var out []actions.Script
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			out = everyScript(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				out = append(out, everyScript(v.Field(i))...)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			out = append(out, everyScript(v.Index(i))...)
		}
	case reflect.Func:
		host := reflect.ValueOf(inventory.Ref("node/app"))
		in := []reflect.Value{host, reflect.ValueOf(inventory.Ref("node/other"))}
		takes := func(i int) bool { return v.Type().In(i) == host.Type() }
		if n := v.Type().NumIn(); !v.IsNil() && (n == 1 && takes(0) || n == 2 && takes(0) && takes(1)) {
			out = everyScript(v.Call(in[:n])[0])
		}
	}
	return out
}

// scriptsOf returns the scripts of all verbs of kind k for what an inventory
// calls "it".
func scriptsOf(t *testing.T, k actions.Kind, text string) []actions.Script {
	t.Helper()
	f, err := inventory.Parse("canary.toml", []byte(text), Schema())
	if err != nil {
		t.Fatalf("%v: say in secretive what it must be told\n%s", err, text)
	}
	var out []actions.Script
	take := func(verb string, made any, err error) {
		if err != nil {
			t.Fatalf("%s: %v: say in secretive what it must be told\n%s", verb, err, text)
		}
		out = append(out, everyScript(reflect.ValueOf(made))...)
	}
	for _, l := range []inventory.Level{inventory.LevelNode, inventory.LevelVM, inventory.LevelShare, inventory.LevelService} {
		target, ok := f.Target(inventory.MakeRef(l, "it"))
		if !ok {
			continue
		}
		if k.Checks != nil {
			take("look", k.Checks(f, *target), nil)
		}
		if k.Data != nil {
			d, err := k.Data(f, *target)
			take("data", d, err)
		}
		if k.Move != nil && len(target.Standby) > 0 {
			m, err := k.Move(f, *target)
			take("move", m, err)
		}
	}
	for _, r := range f.Repositories {
		if k.Native != nil {
			app, _ := f.Target("node/app")
			use, err := k.Native(f, r, *app)
			take("native", use, err)
			continue
		}
		use, err := k.Repository(f, r, "node/app")
		take("repository", use, err)
	}
	for _, x := range f.Fences {
		made, err := k.Fence(f, x)
		take("fence", made, err)
	}
	for _, x := range f.Redirects {
		made, err := k.Redirect(f, x)
		take("redirect", made, err)
	}
	if user, ok := f.Target("service/user"); ok && k.Checks != nil && len(user.Checks) > 0 {
		x := *user
		x.Options, x.Kind = user.Checks[0].Options, k.Name
		take("check", k.Checks(f, x), nil)
	}
	return out
}

// TestNoSecretIsAnArgument gives every kind every secret that its options can
// hold, and runs every script that is told one with stand-ins for all tools,
// which note how they were called. No secret is in an argument, in what is
// printed or in a file; and each is told to some script.
func TestNoSecretIsAnArgument(t *testing.T) {
	t.Parallel()
	watch := newWatch(t)
	for _, k := range All() {
		var secrets []string
		for _, o := range k.Options {
			if o.Type == inventory.TypeSecret {
				secrets = append(secrets, o.Name)
			}
		}
		if len(secrets) == 0 {
			continue
		}
		t.Run(k.Name, func(t *testing.T) {
			called := false
			told, seen := map[string]bool{}, map[string]bool{}
			for _, text := range secretTargets(k) {
				for _, s := range scriptsOf(t, k, text) {
					key := fmt.Sprint(s.Name, s.Inputs, s.Keep)
					if len(s.Keep) == 0 || seen[key] {
						continue
					}
					seen[key] = true
					for _, at := range s.Keep {
						told[at.Env] = true
					}
					called = watch.run(t, s) || called
				}
			}
			for _, name := range secrets {
				if !told[name] {
					t.Errorf("no script is told %s", name)
				}
			}
			if !called {
				t.Error("its scripts call no tool: nothing was seen of them")
			}
			t.Logf("%d scripts are told %d secrets", len(seen), len(told))
		})
	}
}

// kept are the files in which a secret may stand while a tool runs, for want of
// another way to tell it: mongosh reads one, in a folder that is ours alone and
// goes with the script.
func kept(script, file string) bool {
	return strings.HasPrefix(script, "mongodb/") && (file == "secret" || file == "tools.yaml")
}

// watch is a folder with a stand-in for every tool of this system and of those
// that kinds use. Those that change nothing but streams are real behind it.
type watch struct{ dir, bin string }

// pure are tools that a script may really use.
const pure = " awk base64 basename cat comm cut date dirname env expr false fold grep head id join mktemp od paste printenv printf sed seq sh sha256sum sort tac tail tee test timeout tr true uniq wc xargs "

const standIn = `#!/bin/sh
name=${0##*/}
{ printf '%s' "$name"; printf ' <%s>' "$@"; echo; } >>"$WATCH/calls"
case "$PURE" in
*" $name "*)
    for at in /usr/bin /bin; do
        [ ! -x "$at/$name" ] || exec "$at/$name" "$@"
    done ;;
esac
exit "${SAYS:-0}"
`

func newWatch(t *testing.T) *watch {
	t.Helper()
	w := &watch{dir: t.TempDir()}
	if err := os.Chmod(filepath.Dir(w.dir), 0o755); err != nil {
		t.Fatal(err)
	}
	w.bin = filepath.Join(w.dir, "bin")
	if err := os.Mkdir(w.bin, 0o755); err != nil {
		t.Fatal(err)
	}
	one := filepath.Join(w.dir, "stand-in")
	if err := os.WriteFile(one, []byte(standIn), 0o755); err != nil {
		t.Fatal(err)
	}
	names := strings.Fields("aws restic borg rclone psql pg_ctl pg_basebackup pg_dumpall redis-cli mariadb mariadb-dump mysql mongosh mongodump mc curl wget hcloud nsupdate dig proxmox-backup-client docker systemctl ip ssh qm pvesh openssl jq python3")
	for _, dir := range []string{"/bin", "/usr/bin", "/sbin", "/usr/sbin"} {
		entries, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		for _, e := range entries {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if err := os.Symlink(one, filepath.Join(w.bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// run runs a script twice, with tools that succeed and with such that fail, as
// nobody in particular and below a root of its own. It reports whether the
// script called any.
func (w *watch) run(t *testing.T, s actions.Script) (called bool) {
	t.Helper()
	s.Secrets = map[string]string{}
	for variable := range s.Keep {
		s.Secrets[variable] = canary
	}
	text, secrets, err := s.Render()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(text, canary) {
		t.Errorf("%s: a secret stands in its text", s.Name)
	}
	for _, says := range []string{"0", "1"} {
		root := t.TempDir()
		calls := filepath.Join(root, "calls")
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		cmd := exec.CommandContext(ctx, "/bin/sh", "-s")
		cmd.Stdin = strings.NewReader(string(secrets) + text)
		cmd.Dir = root
		cmd.Env = []string{"PATH=" + w.bin, "WATCH=" + root, "PURE=" + pure, "SAYS=" + says, "HOME=" + root, "TMPDIR=" + root, "JURYMAST_ROOT=" + root, "RUN=r1"}
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // so that all of it can be ended
		cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
		if os.Getuid() == 0 {
			cmd.SysProcAttr.Credential = &syscall.Credential{Uid: 65534, Gid: 65534}
		}
		if err := errors.Join(os.Chmod(root, 0o777), os.Chmod(filepath.Dir(root), 0o755)); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		cmd.WaitDelay = time.Second
		_ = cmd.Run() // what it comes to without its tools is not asked
		cancel()
		if strings.Contains(out.String(), canary) {
			t.Errorf("%s: a secret is in\n%s", s.Name, out.String())
		}
		err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			body, err := os.ReadFile(name)
			if bytes.Contains(body, []byte(canary)) && !kept(s.Name, d.Name()) {
				t.Errorf("%s: a secret is in %s\n%s", s.Name, strings.TrimPrefix(name, root), body)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(calls); err != nil {
			t.Logf("%s called no tool", s.Name)
			continue
		}
		called = true
	}
	return called
}
