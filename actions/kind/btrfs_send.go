package kind

import (
	"fmt"
	"strings"

	"jurymast/actions"
	"jurymast/inventory"
)

var btrfsSend = actions.Kind{
	Name: "btrfs-send",
	Doc:  "Snapshots of a subvolume of btrfs, sent to another host or disk: all at first, then what changed.",
	About: `path is a folder on a btrfs of the host that receives; copies lie in path/BACKUP. That host is on, which is called
as root by its address, or url, as ssh calls it on the hosts whose data it takes ("root@nas2", "ssh://root@nas2:222"); with
neither, or where the data lies on the host of on, it is another disk of the same host, and no line is needed. The line
is that of the source's own ssh, as root, with root's keys and known hosts, or
the key that ssh_key names: a host key that is not known ends it. Who is root on the source can remove copies by that
line: have one more copy where it cannot reach.

What is copied is one path, a subvolume. A snapshot of it that cannot be written is made in .jurymast-send beside it, or in
snapshots, which must be on the same btrfs, and sent: all of it, or from the newest snapshot that both sides have, which
is known by its UUID here and its Received UUID there, not by its name. The newest that was sent stays on the source for
the next one; without it all is sent again. Retention never removes its copy. Where a copy is found damaged, the next one is
sent whole: one made from it would have what is spoilt of it too.

A copy counts once what came of it can no longer be written, its Received UUID is the UUID of what was sent, and a note of
its size is written beside it. A stream that was cut off leaves a subvolume that can be written and has no Received UUID.
btrfs cannot go on with one: it is removed, and what was being sent is sent anew, from the last whole snapshot that both
sides have. So the first copy of much data over a poor line is better sent by disk, or as several subvolumes.

Subvolumes below the path are in no snapshot of it: they keep it from being copied until leave_nested is set. A path that
was itself received and then made writable by its property hands its Received UUID on to its snapshots, which cannot be
told apart then: it is refused.

A snapshot is what is there after a power cut: a database belongs to a kind that dumps it. To restore, the files of a copy
are fetched as an archive, with their attributes, into a new subvolume where they come to lie on a btrfs; shared extents
and NOCOW are not brought along. Copies can be read where they lie without any tool. What verifies one is that all of its
data is read there, where btrfs compares it with its sums; NOCOW files have none.

Missing tool: apt install btrfs-progs, at both ends.`,
	Levels: []inventory.Level{inventory.LevelRepository},
	Options: []inventory.Option{
		sshKeyOption,
		{Name: "snapshots", Type: inventory.TypePath, Doc: "folder on the hosts, on the btrfs of the data, for the snapshots that are sent; .jurymast-send beside the data where not said"},
		{Name: "leave_nested", Type: inventory.TypeBool, Default: "false", Doc: "subvolumes below the path may be in no copy"},
		mustBeMount,
	},
	Repository: btrfsSendRepository,
	Proved:     map[string]actions.Ground{"repository": actions.Real},
}

func btrfsSendRepository(f *inventory.Fleet, r inventory.Repository, from inventory.Ref) (actions.Repository, error) {
	if r.Path == "" {
		return actions.Repository{}, fmt.Errorf("repository %s: it is not said where copies are to lie: set path", r.Name)
	}
	in, err := sendLine(f, r, from)
	if err != nil {
		return actions.Repository{}, err
	}
	for k, v := range map[string]string{
		"NAME": r.Name, "REPOSITORY": strings.TrimSuffix(r.Path, "/"), "MOUNT": "", "TABLE_MOUNT": "",
		"SNAPSHOTS": strings.TrimSuffix(r.Options.String("snapshots"), "/"), "NESTED": yesNo(r.Options.Bool("leave_nested")),
	} {
		in[k] = v
	}
	far := place{path: r.Path}
	if r.Options.Bool("must_be_mount") {
		far.mount = in["REPOSITORY"]
	}
	for k, v := range far.inputs() {
		in["FAR_"+k] = v
	}
	const facts = "btrfs-send/facts.sh"
	verb := sendVerbs("btrfs-send", in, []string{facts, "btrfs-send/lib.sh"}, commonFile, facts, "btrfs-send/far.sh")
	return verbsOf(actions.Repository{Medium: "disk"}, verb, false), nil
}
