package kind

import (
	"fmt"
	"regexp"

	"jurymast/actions"
	"jurymast/inventory"
)

// The commands and their answers are those of the manual pages of OpenZFS 2.3:
// zfs-send(8), zfs-receive(8), zfs-list(8), zfs-hold(8), zfs-bookmark(8),
// zfs-allow(8) and zfsprops(7).
var zfsSend = actions.Kind{
	Name: "zfs-send",
	Doc:  "Snapshots of a dataset of ZFS, sent to another host or pool: all at first, then what changed; a cut one goes on.",
	About: `dataset is one of the host that receives ("back/copies"); copies lie in dataset/BACKUP. That host is on, which is called
as root by its address, or url, as ssh calls it on the hosts whose data it takes ("keeper@nas2", "ssh://root@nas2:222");
with neither, or where the data lies on the host of on, it is another pool of the same host, and no line is needed. The
line is that of the source's own ssh, as root, with root's keys and known hosts, or the key that ssh_key names: a host key
that is not known ends it.

What is copied is one path, at which a file system of ZFS is mounted. A snapshot of it, jurymast:REPOSITORY:BACKUP:ID, is
sent: all of it, or what changed since the newest that both sides have, which is known by its GUID and not by its name.
That one is held on both sides (tag jurymast, which zfs release lets go), and a bookmark of it stays on the source for when
its snapshot is removed there all the same; without either all is sent again, into a new dataset beside, and so it is where a copy was
found damaged. Retention removes single snapshots, never the newest that both sides have, and never what somebody holds.

What is received is read-only and not mounted (receive -s -u). Nothing there is rolled back or overwritten: where somebody
else makes snapshots in dataset/BACKUP, nothing can be received on top of them, and all is sent again. Keep snapshot tools
off it.

A stream that was cut off goes on where it was (receive_resume_token), also in a later run, which then makes its own copy
besides. If its snapshot is gone from the source, what had come is given up (receive -A), and so it is when the other
end refuses the rest. A copy counts once its snapshot has the GUID of what was sent, nothing is still to come, and a
property jurymast:copy is written, which is last.

Datasets below the path are in no snapshot of it: they keep it from being copied until leave_nested is set. A dataset that
is encrypted is sent as it lies, so that nobody can read it there without its key. To verify or to restore such a copy,
load its key there first (zfs load-key), or bring it back by hand: on the receiver zfs send -w SNAPSHOT, into a new dataset
of the source. With raw = false it is sent in the clear. Changing raw needs a new first copy.

A snapshot is what is there after a power cut: a database belongs to a kind that dumps it. To restore, the files of a copy
are fetched as an archive, with their attributes, and put in the place of the live ones, which are set aside. The live
dataset is never rolled back, so that its newer snapshots stay. What verifies a copy is that its GUID is that of what was
sent, and that all of its data is read there, where ZFS compares it with its sums.

Whoever logs in there need not be root. What receiving and retention need, and who may destroy can destroy copies:

    zfs allow -u keeper create,mount,receive,hold,release,destroy,userprop,readonly,canmount back/copies

To verify by reading and to restore, root has to log in there: only root can mount on Linux. On the hosts whose data it
takes it runs as root. OpenZFS 0.8 and newer. Missing tool: apt install zfsutils-linux, at both ends.`,
	Levels: []inventory.Level{inventory.LevelRepository},
	Options: []inventory.Option{
		{Name: "dataset", Type: inventory.TypeString, Required: true, Doc: "the dataset that receives, as zfs names it: POOL/NAME"},
		sshKeyOption,
		{Name: "raw", Type: inventory.TypeBool, Default: "true", Doc: "what is encrypted is sent as it lies; false sends it in the clear"},
		{Name: "leave_nested", Type: inventory.TypeBool, Default: "false", Doc: "datasets below the path may be in no copy"},
	},
	Repository: zfsSendRepository,
	Proved:     map[string]actions.Ground{"repository": actions.Documented},
}

// zfsDataset is the name of a dataset that may receive: zfs would also take
// spaces and, in those of others, a percent sign.
var zfsDataset = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9._:-]*(/[A-Za-z0-9][A-Za-z0-9._:-]*)*$`)

func zfsSendRepository(f *inventory.Fleet, r inventory.Repository, from inventory.Ref) (actions.Repository, error) {
	set := r.Options.String("dataset")
	if !zfsDataset.MatchString(set) {
		return actions.Repository{}, fmt.Errorf("repository %s: %q is no name of a dataset: set dataset = \"POOL/NAME\"", r.Name, set)
	}
	in, err := sendLine(f, r, from)
	if err != nil {
		return actions.Repository{}, err
	}
	in["NAME"], in["REPOSITORY"] = r.Name, set
	in["NESTED"], in["RAW"] = yesNo(r.Options.Bool("leave_nested")), yesNo(r.Options.Bool("raw"))
	for _, none := range []string{"MOUNT", "TABLE_MOUNT", "FAR_MOUNT", "FAR_TABLE_MOUNT"} {
		in[none] = ""
	}
	const facts = "zfs-send/facts.sh"
	verb := sendVerbs("zfs-send", in, []string{facts, "zfs-send/lib.sh"}, commonFile, facts, "zfs-send/far.sh")
	return verbsOf(actions.Repository{Medium: "disk"}, verb, false), nil
}
