package kind

import (
	"fmt"

	"jurymast/actions"
	"jurymast/inventory"
)

var proxmoxVM = actions.Kind{
	Name: "proxmox-vm",
	Doc:  "A fence: a guest of Proxmox VE is stopped hard by its node, and seen stopped.",
	About: `Runs qm stop (pct stop for a container) as root on the node that owns the guest, and believes only that node's own
"status: stopped". A guest that HA manages is stopped through ha-manager, or HA would start it elsewhere; another is
kept from starting with its node. Without quorum nothing can be stopped, which the survey says.

When it is released the guest is started as it was. What runs in it starts too: let a rejoin follow at once.`,
	Levels: []inventory.Level{inventory.LevelFence},
	Options: []inventory.Option{
		{Name: "guest", Type: inventory.TypeInt, Doc: "the guest's id on its node; that of the vm in the inventory where not said"},
		{Name: "container", Type: inventory.TypeBool, Default: "false", Doc: "it is a container (pct) and no virtual machine (qm)"},
		{Name: "takes", Type: inventory.TypeDuration, Default: "1m", Doc: "how long it may take; HA takes longer"},
	},
	Fence: func(f *inventory.Fleet, x inventory.Fence) (actions.Fence, error) {
		h, err := fencedHost(f, x.Of)
		if err != nil {
			return actions.Fence{}, err
		}
		id, on := "", x.On
		if t, ok := f.Target(h); ok {
			id, on = t.ID, inventory.Ref(orDefault(string(on), string(t.On)))
		}
		if n := x.Options.Int("guest"); n > 0 {
			id = fmt.Sprint(n)
		}
		if id == "" {
			return actions.Fence{}, fmt.Errorf("which guest %s is, is not said: set guest", h)
		}
		if on, err = doneOn(on, "the node that the guest runs on"); err != nil {
			return actions.Fence{}, err
		}
		takes, wait := waitOf(x.Options, "takes", 0)
		in := map[string]string{"GUEST": id, "TOOL": "qm", "SID": "vm:" + id, "WAIT": wait}
		if x.Options.Bool("container") {
			in["TOOL"], in["SID"] = "pct", "ct:"+id
		}
		return wayFence(actions.Fence{
			Grade: actions.GradePower, Host: on, Text: fmt.Sprintf("stop guest %s at %s", id, on.Name()),
			Proof: in["TOOL"] + " status says stopped", Takes: takes,
		}, in, nil, "proxmox-vm"), nil
	},
	Proved: map[string]actions.Ground{"fence": actions.Documented},
}

var hcloudServer = actions.Kind{
	Name: "hcloud-server",
	Doc:  "A fence: a server of Hetzner Cloud is turned off, and seen off.",
	About: `Runs hcloud server poweroff on a host that has hcloud, and believes only "off" in what the cloud says of the server.
A shutdown would merely ask the server. A server that another action has locked is asked again. Volumes stay attached.
The token is a secret and reaches hcloud by its environment.`,
	Levels: []inventory.Level{inventory.LevelFence},
	Options: []inventory.Option{
		{Name: "server", Type: inventory.TypeString, Doc: "name or id of the server; the host's name where not said"},
		{Name: "token", Type: inventory.TypeSecret, Doc: "a token of the project, with the right to write"},
		{Name: "takes", Type: inventory.TypeDuration, Default: "1m", Doc: "how long it may take"},
	},
	Fence: func(f *inventory.Fleet, x inventory.Fence) (actions.Fence, error) {
		on, err := doneOn(x.On, "a host that has hcloud")
		if err != nil {
			return actions.Fence{}, err
		}
		h, err := fencedHost(f, x.Of)
		if err != nil {
			return actions.Fence{}, err
		}
		server := orDefault(x.Options.String("server"), h.Name())
		takes, wait := waitOf(x.Options, "takes", 0)
		return wayFence(actions.Fence{
			Grade: actions.GradePower, Host: on, Text: "turn cloud server " + server + " off", Proof: "the cloud says off", Takes: takes,
		}, map[string]string{"SERVER": server, "WAIT": wait}, keepOf(x.Options, map[string]string{"token": "HCLOUD_TOKEN"}), "hcloud-server"), nil
	},
	Proved: map[string]actions.Ground{"fence": actions.Documented},
}

// wayFence gives a fence its scripts, from a folder that has one of each.
func wayFence(out actions.Fence, in map[string]string, keep map[string]inventory.Secret, folder string) actions.Fence {
	verb := func(name string) actions.Script { return wayScript(in, keep, folder+"/lib.sh", folder+"/"+name+".sh") }
	out.Survey, out.Do, out.Verify = verb("survey"), verb("do"), verb("verify")
	release := verb("release")
	out.Release = &release
	return out
}
