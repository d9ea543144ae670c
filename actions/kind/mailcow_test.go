package kind

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"jurymast/actions"
)

// mailcowBed is a folder with what a mailcow has, a docker that answers, and a
// script of backups that does as $trouble says.
func mailcowBed(t *testing.T, trouble string) (root string, in map[string]string) {
	t.Helper()
	root = t.TempDir()
	put := func(name, text string, mode os.FileMode) {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	put("opt/mailcow-dockerized/mailcow.conf", "DBROOT=s3cret\nCOMPOSE_PROJECT_NAME=mailcowdockerized\n", 0o600)
	put("opt/mailcow-dockerized/data/conf/postfix/main.cf", "x", 0o644)
	put("volumes/one/mail", strings.Repeat("x", 9000), 0o644)
	put("bin/docker", `#!/bin/sh
printf '%s\n' "$*" >>`+root+`/argv
case "$1 $2" in
"volume inspect") [ "$5" != mailcowdockerized_`+trouble+`-vol-1 ] || exit 1; echo `+root+`/volumes/one ;;
"ps -a") [ "`+trouble+`" != running ] || echo 'Up 3 minutes'; [ "`+trouble+`" != stale ] || echo 'Exited (137) 2 hours ago' ;;
esac
`, 0o755)
	put("opt/mailcow-dockerized/helper-scripts/backup_and_restore.sh", `#!/usr/bin/env bash
trouble=`+trouble+`
[ "$*" = "backup all" ] || exit 9
while [ -z "$MAILCOW_BACKUP_LOCATION" ]; do read -r MAILCOW_BACKUP_LOCATION; done
case $(stat -c %a "$MAILCOW_BACKUP_LOCATION") in *[567]) ;; *) echo "it is not write-able for others"; exit 1 ;; esac
[ "$trouble" != exit ] || exit 3
[ "$trouble" != nothing ] || exit 0
to=$MAILCOW_BACKUP_LOCATION/mailcow-2026-11-21-03-00-00
mkdir "$to"; cp mailcow.conf "$to"
for part in vmail crypt redis rspamd postfix mariadb; do
    [ "$trouble" != "lost-$part" ] || { echo "docker: invalid spec: :/vmail:ro,z: empty section between colons."; continue; }
    [ "$trouble" != "quiet-$part" ] || continue
    mkdir -p "/tmp/jm-mc-$$/$part"; echo mail >"/tmp/jm-mc-$$/$part/Error report"
    echo "/$part/.Errors/Error report"
    [ "$trouble" != "cut-$part" ] || head -c 90000 /dev/urandom >"/tmp/jm-mc-$$/$part/big"
    # Where tar is ended, what packs it comes to its end all the same.
    tar -C "/tmp/jm-mc-$$" -cf - "$part" | if [ "$trouble" = "cut-$part" ]; then head -c 50000; else cat; fi | zstd -q >"$to/backup_$part.tar.zst"
    rm -r "/tmp/jm-mc-$$"
    [ "$trouble" != "half-$part" ] || truncate -s -5 "$to/backup_$part.tar.zst"
done
[ "$trouble" = incomplete ] || printf '[00] 2026-11-21 03:00:01 completed OK!\r\n'
exit 0
`, 0o755)
	stage := filepath.Join(root, "stage")
	if err := os.Mkdir(stage, 0o700); err != nil {
		t.Fatal(err)
	}
	return root, map[string]string{
		"JURYMAST_ROOT": root, "PATH": filepath.Join(root, "bin") + ":" + os.Getenv("PATH"), actions.InStage: stage, actions.InFrom: stage, actions.InRun: "0007-test",
	}
}

// TestMailcowBackup lets its own script do what it does in trouble, and end with
// 0 all the same.
func TestMailcowBackup(t *testing.T) {
	t.Parallel()
	needed(t, "zstd", "zstd")
	k, _ := Lookup("mailcow")
	f, target := suiteTarget(t, k)
	d, err := k.Data(f, target)
	if err != nil {
		t.Fatal(err)
	}
	for trouble, why := range map[string]string{
		"none": "", "stale": "", "exit": "its own script ended with 3", "nothing": "made no backup", "lost-vmail": "said: docker: invalid spec", "quiet-crypt": "has no crypt",
		"half-mariadb": "archive of mariadb", "cut-vmail": "the archive of vmail cannot be read back: tar: ", "incomplete": "did not say that it completed", "running": "runs already",
	} {
		t.Run(trouble, func(t *testing.T) {
			t.Parallel()
			root, in := mailcowBed(t, trouble)
			r := runFully(t.Context(), t, d.Dump.With(in))
			if why != "" {
				if r.Exit == 0 || !strings.Contains(string(r.Stderr), why) {
					t.Errorf("exit %d: %s%s", r.Exit, r.Stdout, r.Stderr)
				}
				if x := runFully(t.Context(), t, d.Try.With(in)); x.Exit == 0 {
					t.Errorf("what is not whole is proved: %v", x.said)
				}
				return
			}
			if r.Exit != 0 || r.said["mails"] != "2" {
				t.Fatalf("exit %d: %v\n%s", r.Exit, r.said, r.Stderr)
			}
			if x := must(t, *d.Try, in); x.said["level"] != "extracted" || !strings.Contains(x.said["proof"], "each of 6 archives") {
				t.Errorf("%v", x.said)
			}
			argv, err := os.ReadFile(filepath.Join(root, "argv"))
			if err != nil || strings.Contains(string(argv), "s3cret") || strings.Contains(string(argv), "rm mailcow-backup") != (trouble == "stale") {
				t.Errorf("%v: docker was told %s", err, argv)
			}
			if s, err := os.Stat(in[actions.InStage]); err != nil || s.Mode().Perm() != 0o700 {
				t.Errorf("others may read the backup: %v", err)
			}
		})
	}
}

func TestMailcowSurvey(t *testing.T) {
	t.Parallel()
	k, _ := Lookup("mailcow")
	for trouble, c := range map[string]struct{ toml, want string }{
		"none": {"", ""}, "rspamd": {"", "no volume mailcowdockerized_rspamd-vol-1"},
		"project": {`project = "other"`, "calls its project mailcowdockerized"}, "dir": {`dir = "/srv/mail"`, "no mailcow in /srv/mail"},
	} {
		f, target := suiteTarget(t, k, c.toml)
		d, err := k.Data(f, target)
		if err != nil {
			t.Fatal(err)
		}
		_, in := mailcowBed(t, trouble)
		if r := must(t, d.Survey, in); c.want == "" && (r.said["trouble"] != "" || r.said["bytes"] == "" || r.said["free"] == "") || !strings.Contains(r.said["trouble"], c.want) {
			t.Errorf("%s: %v", trouble, r.said)
		}
	}
}

// TestMailcowUpdate asks a real git, of a folder that belongs to another and
// with a remote that goes on, and then is gone.
func TestMailcowUpdate(t *testing.T) {
	t.Parallel()
	needed(t, "git", "git")
	root := t.TempDir()
	git := func(args ...string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "git", append([]string{"-c", "user.name=n", "-c", "user.email=e@example.org", "-c", "init.defaultBranch=master"}, args...)...)
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	origin, here := filepath.Join(root, "origin"), filepath.Join(root, "opt/mailcow-dockerized")
	git("init", "-q", origin)
	git("-C", origin, "commit", "-q", "--allow-empty", "-m", "one")
	git("-C", origin, "tag", "2025-10")
	git("clone", "-q", origin, here)
	if os.Getuid() == 0 {
		if err := os.Chown(here, 65534, 65534); err != nil {
			t.Fatal(err)
		}
	}
	k, _ := Lookup("mailcow")
	f, target := suiteTarget(t, k)
	finds := func(status actions.Status, words string) {
		t.Helper()
		for _, c := range k.Checks(f, target) {
			if c.ID != "update" {
				continue
			}
			c.Script = c.Script.With(map[string]string{"JURYMAST_ROOT": root})
			for _, shell := range [][]string{{"dash"}, {"busybox", "sh"}, {"bash", "--posix"}} {
				a := runScript(t, c, shell...)
				if rs := c.Read(a); rs[0].Status != status || !strings.Contains(rs[0].Line, words) {
					t.Errorf("%s: want %s %s, got %+v\n%s%s", shell[0], status, words, rs, a.Stdout, a.Stderr)
				}
			}
		}
	}
	finds(actions.OK, "2025-10, nothing newer on master")
	git("-C", origin, "commit", "-q", "--allow-empty", "-m", "two")
	finds(actions.Warn, "2025-10 is installed, and master has gone on")
	if err := os.Rename(origin, origin+"-away"); err != nil {
		t.Fatal(err)
	}
	finds(actions.Unknown, "could not be asked for its branch master")
	if err := os.RemoveAll(here); err != nil {
		t.Fatal(err)
	}
	finds(actions.Unknown, "which version is installed is not known")
}

// TestMailcowLook runs the look against a docker that keeps what it is asked:
// no address of a mail leaves the machine.
func TestMailcowLook(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	client := `#!/bin/sh
case $1 in
version) echo 28.5.2 ;;
ps) case "$*" in *project=mailcowdockerized*) echo 0123456789ab ;; esac ;;
exec) case $3 in
postqueue) echo '{"queue_name": "deferred", "queue_id": "4A", "arrival_time": 1795209000, "message_size": 900, "sender": "a@example.org", "recipients": [{"address": "b@example.org", "delay_reason": "x"}]}' ;;
df) printf 'Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/sda1 100 41 59 41%% /var/vmail\n' ;;
esac ;;
esac
`
	if err := os.WriteFile(filepath.Join(root, "docker"), []byte(client), 0o755); err != nil {
		t.Fatal(err)
	}
	k, _ := Lookup("mailcow")
	f, target := suiteTarget(t, k)
	eachShell(t, func(t *testing.T, shell ...string) {
		for _, c := range k.Checks(f, target) {
			want := map[string]string{"queue": "1 mail waiting, 1 of them after a failure; the oldest for 16 min", "disk": "41 % used"}[c.ID]
			if want == "" {
				continue
			}
			c.Script = c.Script.With(map[string]string{"PATH": root + ":" + os.Getenv("PATH")})
			a := runScript(t, c, shell...)
			a.Now = suiteAnswer("").Now
			if rs := c.Read(a); len(rs) != 1 || rs[0].Status != actions.OK || !strings.Contains(rs[0].Line, want) {
				t.Errorf("%s: %+v\n%s%s", c.ID, rs, a.Stdout, a.Stderr)
			}
			if strings.Contains(string(a.Stdout), "example.org") {
				t.Errorf("an address left the machine: %s", a.Stdout)
			}
		}
	})
}
