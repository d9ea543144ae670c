package kind

import (
	"fmt"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

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
	m.Rejoin = func(old, _ inventory.Ref) []actions.Step {
		return []actions.Step{{
			ID: "standby", Title: fmt.Sprintf("see that %s is of the cluster again and does not run guest %s", old.Name(), id), Host: old,
			Do: at("rejoin")(old), Redo: true, Timeout: 10 * time.Minute,
		}}
	}
	return m, nil
}
