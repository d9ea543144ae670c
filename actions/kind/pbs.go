package kind

import (
	"fmt"

	"jurymast/actions"
	"jurymast/inventory"
)

var pbs = actions.Kind{
	Name: "pbs",
	Doc:  "A datastore of Proxmox Backup Server, as its client on a host uses it.",
	About: `url is the datastore in the client's words: "user@pbs!token@host:store". proxmox-backup-client must be installed on
the hosts whose data it takes; it is in Proxmox's own package archive (pbs-client), not in Debian's. The password or the
secret of the token is looked up when a step runs and reaches the client by its environment, as does the password of a
key. An unknown certificate is not accepted: set fingerprint.

Copies of guests that Proxmox VE makes are not among these: a copy here is a snapshot host/BACKUP/TIME of folders. It
counts once its notes carry jurymast's mark, which is written last; other snapshots are neither counted nor removed.
Other file systems below a folder are taken with it. A file .pxarexclude in it leaves out what it names, in silence. A
single file cannot be copied: name its folder.

What could not be read, vanished or changed its size while it was read makes a copy partial; the client itself ends with
0. A copy that the server's own verification found damaged counts as partial, too.

With key every copy is encrypted on the host, and that is seen in the listing. Keep the key elsewhere: without it
nothing comes back, by no means of the server.

Retention follows the rules of all repositories here, by the days of UTC; it spares what the server protects. The
room comes back with the server's garbage collection. A token that may not remove is append_only = true.`,
	Levels: []inventory.Level{inventory.LevelRepository},
	Options: []inventory.Option{
		{Name: "password", Type: inventory.TypeSecret, Doc: "of the user, or the secret of the token"},
		{Name: "fingerprint", Type: inventory.TypeString, Doc: "of the server's certificate, where no authority signed it"},
		{Name: "namespace", Type: inventory.TypeString, Doc: "of the datastore; its root where not said"},
		{Name: "key", Type: inventory.TypePath, Doc: "file on the hosts with the key that encrypts; none: copies are not encrypted"},
		{Name: "key_password", Type: inventory.TypeSecret, Doc: "what opens the key, where it has a password"},
		{Name: "append_only", Type: inventory.TypeBool, Default: "false", Doc: "nothing can be removed from here: retention is done elsewhere"},
	},
	Repository: pbsRepository,
	Proved:     map[string]actions.Ground{"repository": actions.Documented},
}

func pbsRepository(_ *inventory.Fleet, r inventory.Repository, _ inventory.Ref) (actions.Repository, error) {
	switch {
	case r.URL == "":
		return actions.Repository{}, fmt.Errorf("repository %s: it is not said where it is: set url = \"user@pbs!token@host:store\"", r.Name)
	case carriesPassword(r.URL):
		return actions.Repository{}, fmt.Errorf("repository %s: its url holds a password, which would be journaled: use password", r.Name)
	case r.Options.Secret("password").IsZero():
		return actions.Repository{}, fmt.Errorf("repository %s: it is not said where its password is kept: set password = { file = \"…\" }", r.Name)
	}
	appendOnly := r.Options.Bool("append_only")
	in := map[string]string{
		"REPOSITORY": r.URL, "FINGERPRINT": r.Options.String("fingerprint"), "NAMESPACE": r.Options.String("namespace"), "KEY": r.Options.String("key"),
		"MOUNT": "", "TABLE_MOUNT": "",
	}
	keep := keepOf(r.Options, map[string]string{"password": "PBS_PASSWORD", "key_password": "PBS_ENCRYPTION_PASSWORD"})
	return verbsOf(actions.Repository{Medium: "disk", Encrypted: r.Options.String("key") != "", Locked: appendOnly}, askedVerb("pbs", jsonFile, in, keep), false), nil
}
