package kind

import (
	"fmt"
	"strconv"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

var proxmoxBackups = actions.Kind{
	Name: "proxmox-storage",
	Doc:  "Copies of whole guests that Proxmox VE makes itself: archives of vzdump, or a Proxmox Backup Server.",
	About: `storage is a storage of the cluster that takes backups: a folder, a share, or a Proxmox Backup Server. What is copied
is a vm of the inventory, by its node and its id, or a service of kind proxmox-guest. All is done on that node, as root;
on is the host that holds the copies.

Every backup of the guest that the storage lists counts as a copy, also those of the cluster's own jobs. Those made
here carry a mark in their notes, which needs Proxmox VE 7.2, and only they are ever removed, unless they are
protected. A copy is judged by the verdict of its own task, which pvesh does not tell by its exit code, and by being
listed. One whose task warns is partial, and so is one that a Proxmox Backup Server found damaged. A backup of the
node that is under way is waited for.

A restore to an id (--to 9113) makes a new guest there, with network cards of its own, and does not start it. A
guest cannot be renamed, so that one that is to be replaced cannot be set aside as it is: it is shut down, copied, and
that copy has to be listed as whole before anything is replaced. Should what follows fail, that copy is brought back.
The guest is refused that has what no copy holds: snapshots, disks that are left out, folders of its node. So is one
that HA manages. When it is gone there is nothing to lose, and it is brought back at once.

A drill brings the newest copy back as the guest spare, an id that is free, takes all of the node's devices, folders
and scripts from it, cuts its network (link_down), starts it, waits for its agent, and removes it. It needs the
memory of the guest, and the room; both are looked at first. An archive is read to its end before; of a Proxmox
Backup Server that is done by bringing it back.

disks is a storage for what is brought back: where it is not said a virtual machine's go to where they were, and a
container's to where the disk of the one that is there is.`,
	Levels: []inventory.Level{inventory.LevelRepository},
	Options: []inventory.Option{
		{Name: "storage", Type: inventory.TypeString, Required: true, Doc: "name of the storage in Proxmox VE"},
		{Name: "mode", Type: inventory.TypeEnum, Values: []string{"snapshot", "suspend", "stop"}, Default: "snapshot", Doc: "how a guest is held still while it is copied; stop takes it down for a moment"},
		{Name: "spare", Type: inventory.TypeInt, Doc: "id of a guest that does not exist: a drill brings a copy back as that"},
		{Name: "disks", Type: inventory.TypeString, Doc: "storage for the disks of what is brought back"},
		{Name: "encrypted", Type: inventory.TypeBool, Default: "false", Doc: "the storage has a key, with which the node encrypts"},
		{Name: "append_only", Type: inventory.TypeBool, Default: "false", Doc: "nothing can be removed from here: retention is done elsewhere"},
		{Name: "wait", Type: inventory.TypeDuration, Default: "3m", Doc: "how long a guest may take to go down, and to answer"},
	},
	Native: proxmoxStorageNative,
	Takes:  proxmoxStorageTakes,
	Proved: map[string]actions.Ground{"backup": actions.Documented, "restore": actions.Documented, "repository": actions.Documented},
}

// proxmoxStorageTakes says which targets are no guests.
func proxmoxStorageTakes(t inventory.Target) (why, hint string) {
	switch {
	case t.Kind == proxmoxGuest.Name, t.Ref.Level() == inventory.LevelVM && t.ID != "":
		return "", ""
	case t.Ref.Level() == inventory.LevelVM:
		return "which guest of its node it is, is not said", "set id"
	}
	return "it is no guest of Proxmox VE", "name the vm, or a service of kind proxmox-guest; files go to a repository of kind restic, borg, pbs, rclone or directory"
}

// guestID returns the id of a guest as Proxmox VE has them: from 100 on.
func guestID(s string) (string, bool) {
	n, err := strconv.ParseUint(s, 10, 32)
	return strconv.FormatUint(n, 10), err == nil && n >= 100 && n <= 999_999_999
}

func proxmoxStorageNative(f *inventory.Fleet, r inventory.Repository, t inventory.Target) (actions.Native, error) {
	id, node, err := proxmoxGuestOf(f, t)
	if err != nil {
		return actions.Native{}, err
	}
	spare := ""
	if n := r.Options.Int("spare"); n != 0 {
		var ok bool
		if spare, ok = guestID(strconv.FormatInt(n, 10)); !ok || spare == id {
			return actions.Native{}, fmt.Errorf("spare = %d is not the id of a guest that could be made: ids begin at 100, and %s is guest %s", n, t.Ref, id)
		}
	}
	_, wait := waitOf(r.Options, "wait", 3*time.Minute)
	mode := orDefault(r.Options.String("mode"), "snapshot")
	in := map[string]string{"GUEST": id, "STORAGE": r.Options.String("storage"), "MODE": mode, "DISKS": r.Options.String("disks"), "WAIT": wait}
	verb := func(name string, ahead ...string) actions.Script {
		files := append([]string{commonFile, jsonFile, "proxmox-storage/lib.sh"}, ahead...)
		return compound(in, nil, append(files, "proxmox-storage/"+name)...)
	}
	one := func(name string) *actions.Script {
		s := verb(name)
		return &s
	}
	return actions.Native{
		Repository: verbsOf(actions.Repository{Medium: "disk", Encrypted: r.Options.Bool("encrypted"), Locked: r.Options.Bool("append_only")}, verb, false),
		Host:       node,
		CopyDown:   mode == "stop",
		Place: func(to string) (string, error) {
			if n, ok := guestID(to); ok && n != id {
				return n, nil
			}
			return "", fmt.Errorf("%q is no place for guest %s: name the id of a guest that does not exist yet, or leave --to out", to, id)
		},
		Room: verb("room.sh"), Clear: verb("clear.sh"), Spare: spare, Try: one("try.sh"),
		Put: verb("put.sh"), Back: one("back.sh"), Stop: one("stop.sh"), Start: one("start.sh"), Prove: one("prove.sh"),
	}, nil
}
