package kind

import (
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

var borg = actions.Kind{
	Name: "borg",
	Doc:  "A borg repository: a folder, or one behind SSH.",
	About: `Where it is stands in url, as borg writes it ("ssh://borg@nas:22/./copies", "borg@nas:copies"), or in path for a
folder. borg 1.2 to 1.4 must be installed on the hosts whose data it takes, and at the other end of an SSH line; it runs
as root there, with root's own SSH keys and known hosts, or the key that ssh_key names.

The password is a secret: it is looked up when a step runs and reaches borg by its environment. It alone is not enough:
with repokey the key lies in the repository, with keyfile in /root/.config/borg/keys of the host that made it. Keep the
output of borg key export elsewhere.

A copy is an archive named BACKUP.RUN.BYTESb.FILESf. One that could not read everything, or met a file that changed
under it (borg's exit code 1), ends in .partial, is counted apart and never takes the place of a complete one.

What verifies a copy is that all of its data is fetched, decrypted and compared with its hashes. It is as long as a
restore.

One host at a time uses a repository: borg create holds it for itself. A lock is waited for as long as lock_wait. Borg
removes one whose process on the same host is gone; jurymast breaks none. In a container whose host has no network
address of its own, every lock looks foreign until BORG_HOST_ID is set there.

Where borg would ask whether a repository that moved, or an unencrypted one that is new to the host, may be used, it is
told no, and the trouble is named: answer it once by hand.

Retention is that of every repository here, by the days of UTC, and then compacts; borg prune would count partial copies
as whole ones. To a repository that its server keeps append-only say append_only = true.

With init = true and a folder on a disk that may be missing, set must_be_mount: else the first copy without the disk
would make a new repository in its place.`,
	Levels: []inventory.Level{inventory.LevelRepository},
	Options: []inventory.Option{
		{Name: "password", Type: inventory.TypeSecret, Doc: "the repository's password (passphrase)"},
		{Name: "encryption", Type: inventory.TypeEnum, Default: "repokey-blake2", Values: []string{"repokey-blake2", "repokey", "keyfile-blake2", "keyfile", "none"}, Doc: "how a new repository is encrypted; none where one is not"},
		{Name: "compression", Type: inventory.TypeString, Default: "zstd,3", Doc: "as borg names it: lz4, zstd,LEVEL, none …"},
		{Name: "ssh_key", Type: inventory.TypePath, Doc: "ssh: file of the key on the hosts; root's own where not said"},
		{Name: "remote_borg", Type: inventory.TypeString, Doc: "ssh: how borg is called at the other end; borg where not said"},
		{Name: "append_only", Type: inventory.TypeBool, Default: "false", Doc: "nothing can be removed from here: retention is done elsewhere"},
		{Name: "init", Type: inventory.TypeBool, Default: "false", Doc: "make the repository with the first copy where there is none"},
		{Name: "lock_wait", Type: inventory.TypeDuration, Default: "5m", Doc: "how long to wait for a lock"},
		mustBeMount,
	},
	Repository: borgRepository,
	Proved:     map[string]actions.Ground{"repository": actions.Real},
}

func borgRepository(f *inventory.Fleet, r inventory.Repository, from inventory.Ref) (actions.Repository, error) {
	encrypted := r.Options.String("encryption") != "none"
	switch known := !r.Options.Secret("password").IsZero(); {
	case encrypted && !known:
		return actions.Repository{}, fmt.Errorf("repository %s: it is not said where its password is kept: set password = { file = \"…\" }", r.Name)
	case !encrypted && known:
		return actions.Repository{}, fmt.Errorf("repository %s: it has a password and is said not to be encrypted: leave out password or encryption = \"none\"", r.Name)
	}
	in := map[string]string{"LOCAL": "no", "REPOSITORY": r.URL, "MOUNT": "", "TABLE_MOUNT": ""}
	switch {
	case r.URL == "":
		p, err := repositoryPlace(f, r, from)
		if err != nil {
			return actions.Repository{}, err
		}
		in = p.inputs()
		in["LOCAL"], in["REPOSITORY"] = "yes", p.path
	case carriesPassword(r.URL):
		return actions.Repository{}, fmt.Errorf("repository %s: its url holds a password, which would be journaled: use a key of ssh", r.Name)
	case strings.HasPrefix(r.URL, "/") || strings.HasPrefix(r.URL, "file:"):
		return actions.Repository{}, fmt.Errorf("repository %s: its url is a folder: set path instead", r.Name)
	}
	if strings.Contains(in["REPOSITORY"], "::") {
		return actions.Repository{}, fmt.Errorf("repository %s: borg cannot use %q: two colons end the name of a repository", r.Name, in["REPOSITORY"])
	}
	appendOnly := r.Options.Bool("append_only")
	maps.Copy(in, map[string]string{
		"LOCK_WAIT":   strconv.Itoa(int(r.Options.Duration("lock_wait") / time.Second)),
		"INIT":        yesNo(r.Options.Bool("init")),
		"ENCRYPTION":  r.Options.String("encryption"),
		"COMPRESSION": r.Options.String("compression"),
		"RSH":         borgSSH(r.Options.String("ssh_key")),
		"REMOTE_BORG": r.Options.String("remote_borg"),
	})
	keep := keepOf(r.Options, map[string]string{"password": "BORG_PASSPHRASE"})
	return verbsOf(actions.Repository{Medium: "disk", Encrypted: encrypted, Locked: appendOnly}, askedVerb("borg", jsonFile, in, keep), r.Options.Bool("init")), nil
}

// borgSSH returns how borg is to call ssh, which must not ask anybody and must
// not wait for a line that is gone. Borg splits it as a shell would.
func borgSSH(key string) string {
	s := "ssh -o BatchMode=yes -o ConnectTimeout=20 -o ServerAliveInterval=15 -o ServerAliveCountMax=4"
	if key != "" {
		s += " -o IdentitiesOnly=yes -i '" + strings.ReplaceAll(key, "'", `'\''`) + "'"
	}
	return s
}
