package kind

import (
	"fmt"
	"maps"
	"net/url"
	"strconv"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

var restic = actions.Kind{
	Name: "restic",
	Doc:  "A restic repository: a folder, SFTP, a REST server or an object store.",
	About: `Where it is stands in url, in restic's own words ("sftp:backup@nas:/srv/restic", "s3:https://s3.example.org/b",
"rest:https://nas:8000/"), or in path for a folder. restic must be installed on the hosts whose data it takes, 0.14
or newer, and runs there as root. A folder on another host is reached through a share that is mounted, or by sftp.

The password and the keys of the store are secrets: they are looked up when a step runs and reach restic by its
environment. A copy carries the tags backup=NAME and run=ID, and partial when something could not be read; partial
copies are counted apart and never take the place of a complete one.

What verifies a copy is that all of its data is fetched and its hashes are compared, past the cache: it is as long
and as dear as a restore. A lock is waited for as long as lock_wait, and one whose process is gone is removed.
Retention follows restic's rules, by the days of UTC, and prunes.

With init = true and a folder on a disk that may be missing, set must_be_mount: else the first copy without the disk
would make a new repository in its place.`,
	Levels: []inventory.Level{inventory.LevelRepository},
	Options: []inventory.Option{
		{Name: "password", Type: inventory.TypeSecret, Doc: "the repository's password"},
		{Name: "aws_key_id", Type: inventory.TypeSecret, Doc: "s3: the id of the key"},
		{Name: "aws_secret", Type: inventory.TypeSecret, Doc: "s3: the key"},
		{Name: "aws_region", Type: inventory.TypeString, Doc: "s3: the region"},
		{Name: "b2_id", Type: inventory.TypeSecret, Doc: "b2: the id of the key"},
		{Name: "b2_key", Type: inventory.TypeSecret, Doc: "b2: the key"},
		{Name: "rest_user", Type: inventory.TypeSecret, Doc: "rest: the user (restic 0.16.1 or newer)"},
		{Name: "rest_password", Type: inventory.TypeSecret, Doc: "rest: the user's password"},
		{Name: "cacert", Type: inventory.TypePath, Doc: "file on the host with the authority that signed the server's certificate"},
		{Name: "append_only", Type: inventory.TypeBool, Default: "false", Doc: "nothing can be removed from here: retention is done elsewhere"},
		{Name: "init", Type: inventory.TypeBool, Default: "false", Doc: "make the repository with the first copy where there is none"},
		{Name: "lock_wait", Type: inventory.TypeDuration, Default: "5m", Doc: "how long to wait for a lock"},
		mustBeMount,
	},
	Repository: resticRepository,
	Proved:     map[string]actions.Ground{"repository": actions.Real},
}

// resticVariables are the secrets of a repository, as restic reads them from
// its environment.
var resticVariables = map[string]string{
	"password": "RESTIC_PASSWORD", "aws_key_id": "AWS_ACCESS_KEY_ID", "aws_secret": "AWS_SECRET_ACCESS_KEY",
	"b2_id": "B2_ACCOUNT_ID", "b2_key": "B2_ACCOUNT_KEY", "rest_user": "RESTIC_REST_USERNAME", "rest_password": "RESTIC_REST_PASSWORD",
}

func resticRepository(f *inventory.Fleet, r inventory.Repository, from inventory.Ref) (actions.Repository, error) {
	if r.Options.Secret("password").IsZero() {
		return actions.Repository{}, fmt.Errorf("repository %s: it is not said where its password is kept: set password = { file = \"…\" }", r.Name)
	}
	in := map[string]string{"LOCAL": "no", "REPOSITORY": r.URL, "MOUNT": "", "TABLE_MOUNT": ""}
	if r.URL == "" {
		p, err := repositoryPlace(f, r, from)
		if err != nil {
			return actions.Repository{}, err
		}
		in = p.inputs()
		in["LOCAL"], in["REPOSITORY"] = "yes", p.path
	} else if carriesPassword(r.URL) {
		return actions.Repository{}, fmt.Errorf("repository %s: its url holds a password, which would be journaled: use rest_user and rest_password", r.Name)
	}
	appendOnly := r.Options.Bool("append_only")
	maps.Copy(in, map[string]string{
		"ORIGIN":             from.Name(),
		"CACERT":             r.Options.String("cacert"),
		"LOCK_WAIT":          strconv.Itoa(int(r.Options.Duration("lock_wait") / time.Second)),
		"APPEND_ONLY":        yesNo(appendOnly),
		"INIT":               yesNo(r.Options.Bool("init")),
		"AWS_DEFAULT_REGION": r.Options.String("aws_region"),
	})
	keep := keepOf(r.Options, resticVariables)
	return verbsOf(actions.Repository{Medium: resticMedium(r.URL), Encrypted: true, Locked: appendOnly}, askedVerb("restic", jsonFile, in, keep), r.Options.Bool("init")), nil
}

// resticMedium tells what copies lie on by the scheme of a repository.
func resticMedium(u string) string {
	scheme, _, _ := strings.Cut(u, ":")
	switch scheme {
	case "s3", "b2", "azure", "gs", "swift", "rclone":
		return "object-store"
	}
	return "disk"
}

// carriesPassword reports whether a URL, of which a part may stand ahead as
// "rest:", holds a password, or cannot be read so that this is known.
func carriesPassword(u string) bool {
	if i := strings.Index(u, ":"); i >= 0 && strings.Contains(u[i+1:], "://") {
		u = u[i+1:]
	}
	if !strings.Contains(u, "://") {
		return false
	}
	p, err := url.Parse(u)
	if err != nil {
		return true
	}
	_, has := p.User.Password()
	return has
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
