package kind

import (
	"fmt"
	"strconv"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// proxmoxHandLimit is how long a migration may take: 64 GiB of memory over a
// link of 1 Gbit/s take ten minutes, and its writes are copied again.
const proxmoxHandLimit = 2 * time.Hour

// proxmoxHand has the cluster hand a guest over. Its one configuration file is
// moved from node to node last, and only a node that has it runs the guest.
func proxmoxHand(in map[string]string, restart bool) func(from, to inventory.Ref) []actions.Step {
	limit := map[string]string{"LIMIT": strconv.Itoa(int(proxmoxHandLimit / time.Second))}
	do := func(verb string) actions.Script {
		return compound(in, nil, commonFile, "proxmox-guest/move.sh", "proxmox-guest/move-settle.sh", "proxmox-guest/move-"+verb+".sh").With(limit)
	}
	how := "as it runs"
	if restart {
		how = "and start it there"
	}
	return func(from, to inventory.Ref) []actions.Step {
		stay := do("stay")
		return []actions.Step{
			{ID: "ready", Title: "see that " + to.Name() + " can take guest " + in["GUEST"], Host: to, Do: do("ready"), Redo: true, Timeout: 2 * time.Minute},
			{
				ID: "hand", Title: fmt.Sprintf("hand guest %s over to %s %s", in["GUEST"], to.Name(), how), Host: from, Do: do("hand"), Undo: &stay,
				Timeout: 2*proxmoxHandLimit + time.Minute, Ends: restart,
			},
		}
	}
}

// proxmoxGuestMove moves a guest between nodes of one cluster. A node is asked
// as root: the files of guests are those of the cluster.
func proxmoxGuestMove(f *inventory.Fleet, t inventory.Target) (actions.Move, error) {
	if t.Ref.Level() != inventory.LevelService {
		return actions.Move{}, fmt.Errorf("%s is no service: write a service of kind proxmox-guest with its node in on, and other nodes in standby", t.Ref)
	}
	id, _, err := proxmoxGuestOf(f, t)
	if err != nil {
		return actions.Move{}, err
	}
	for _, h := range moveHosts(t) {
		if h.Level() != inventory.LevelNode {
			return actions.Move{}, fmt.Errorf("%s is no node, and a guest goes from node to node", h)
		}
	}
	_, wait := waitOf(t.Options, "wait", 3*time.Minute)
	in := map[string]string{"GUEST": id, "TOOL": "qm", "FOLDER": "qemu-server", "API": "qemu", "SID": "vm:" + id, "WAIT": wait, "DISKS": orDefault(t.Options.String("disks"), "shared")}
	if t.Options.Bool("container") {
		in["TOOL"], in["FOLDER"], in["API"], in["SID"] = "pct", "lxc", "lxc", "ct:"+id
	}
	in["HAND"] = "" // how it goes from node to node by itself: no container does as it runs (pct(1), migrate)
	switch {
	case !t.Options.Bool("live"):
	case t.Options.Bool("container"):
		in["HAND"] = "restart"
	default:
		in["HAND"] = "live"
	}
	at := func(verb string) func(inventory.Ref) actions.Script {
		return func(inventory.Ref) actions.Script {
			return compound(in, nil, commonFile, "proxmox-guest/move.sh", "proxmox-guest/move-"+verb+".sh")
		}
	}
	m := actions.Move{
		Shape: shapeShared, Survey: at("survey"), Stop: at("stop"), Resume: at("resume"), Active: at("active"), Promote: at("promote"), Verify: at("verify"),
		Floor: 20 * time.Second, // a small guest boots
	}
	if in["DISKS"] == "replicated" {
		m.Shape = "replicated"
	}
	if in["HAND"] != "" {
		m.Hand = proxmoxHand(in, in["HAND"] == "restart")
	}
	m.Rejoin = func(old, _ inventory.Ref) []actions.Step {
		return []actions.Step{{
			ID: "standby", Title: fmt.Sprintf("see that %s is of the cluster again and does not run guest %s", old.Name(), id), Host: old,
			Do: at("rejoin")(old), Redo: true, Timeout: 10 * time.Minute,
		}}
	}
	return m, nil
}
