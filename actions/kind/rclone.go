package kind

import (
	"fmt"

	"jurymast/actions"
	"jurymast/inventory"
)

var rclone = actions.Kind{
	Name: "rclone",
	Doc:  "Dated archives with their sums at a remote of rclone.",
	About: `url is a remote of rclone's configuration on the hosts whose data is copied, with a folder: "b2:bucket/copies". The
configuration is root's, or the file that config names; where it is encrypted, config_password opens it.

Nothing but a remote of type crypt encrypts a copy, and crypt = true says that it is one: each look at the repository
holds that against the configuration, where no_data_encryption would leave the data as it is. To a wrong password of
such a remote an encrypted store is an empty one, without an error: what lies there is read to tell. Only with
filename_encryption = obfuscate that cannot be told before the first copy. Keep both passwords of the remote elsewhere:
nothing in the store opens it.

One tar archive a copy, packed with zstd or gzip where the host has them. It is made in stage first, which needs the
room; sent under a new name; compared with what was sent, by sums that the store keeps, by cryptcheck, or else by
fetching it; and only then marked as a copy. Old copies go after that.

Every copy is whole: for much data that changes little, restic needs less room and time.`,
	Levels: []inventory.Level{inventory.LevelRepository},
	Options: []inventory.Option{
		{Name: "crypt", Type: inventory.TypeBool, Default: "false", Doc: "the remote encrypts what it is given"},
		{Name: "config", Type: inventory.TypePath, Doc: "rclone's configuration on the hosts; root's own where not said"},
		{Name: "config_password", Type: inventory.TypeSecret, Doc: "what opens an encrypted configuration"},
		{Name: "stage", Type: inventory.TypePath, Default: "/var/lib/jurymast/upload", Doc: "folder on the hosts for an archive on its way"},
	},
	Repository: rcloneRepository,
	Proved:     map[string]actions.Ground{"repository": actions.Real},
}

func rcloneRepository(_ *inventory.Fleet, r inventory.Repository, _ inventory.Ref) (actions.Repository, error) {
	switch {
	case r.URL == "":
		return actions.Repository{}, fmt.Errorf("repository %s: it is not said where it is: set url = \"REMOTE:FOLDER\"", r.Name)
	case carriesPassword(r.URL):
		return actions.Repository{}, fmt.Errorf("repository %s: its url holds a password, which would be journaled: keep it in rclone's configuration", r.Name)
	}
	in := map[string]string{
		"REMOTE": r.URL, "CONFIG": r.Options.String("config"), "CRYPT": yesNo(r.Options.Bool("crypt")), "STAGE": r.Options.String("stage"),
		"MOUNT": "", "TABLE_MOUNT": "",
	}
	keep := keepOf(r.Options, map[string]string{"config_password": "RCLONE_CONFIG_PASS"})
	return verbsOf(actions.Repository{Medium: "object-store", Encrypted: r.Options.Bool("crypt")}, askedVerb("rclone", "directory/lib.sh", in, keep), false), nil
}
