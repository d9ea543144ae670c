package kind

import (
	"strings"

	"jurymast/actions"
	"jurymast/inventory"
)

var nfsExport = actions.Kind{
	Name: "nfs-export",
	Doc:  "A fence: NFS exports are withdrawn from one host, its sessions ended, and both seen gone.",
	About: `The order is what makes it a fence: the exports are withdrawn first, in /etc/exports and at once, and only then are
the client's sessions ended. One that is ended alone comes back within a second and writes. Where anything else is
exported to the host, it comes back as well, as another: what was withdrawn it does not reach, so that only those count
that there were. NFS 3 keeps no sessions; a kernel before 5.3 does not show those that there are, and is refused.

The exports must name the host: from "*" or a network one host cannot be taken out, which the survey says. The lines
that were changed are kept in the file as comments, and come back when the fence is released. Seen with the kernel's server
of Debian 12 (Linux 6.1).`,
	Levels: []inventory.Level{inventory.LevelFence},
	Options: []inventory.Option{
		{Name: "paths", Type: inventory.TypeList, Doc: "the exports to withdraw; all that name the host where not said"},
		{Name: "client", Type: inventory.TypeString, Doc: "the host as the exports name it; its address where not said"},
		{Name: "address", Type: inventory.TypeString, Doc: "the host's address as the server sees it; that of the inventory where not said"},
	},
	Fence: func(f *inventory.Fleet, x inventory.Fence) (actions.Fence, error) {
		on, err := doneOn(x.On, "the NFS server")
		if err != nil {
			return actions.Fence{}, err
		}
		address, err := numericAddress(f, x)
		if err != nil {
			return actions.Fence{}, err
		}
		h, err := fencedHost(f, x.Of)
		if err != nil {
			return actions.Fence{}, err
		}
		in := map[string]string{
			"NAME": x.Name, "CLIENT": orDefault(x.Options.String("client"), address), "ADDRESS": address,
			"EXPORTS": strings.Join(x.Options.List("paths"), "\n"),
		}
		return wayFence(actions.Fence{
			Grade: actions.GradeStorage, Host: on, Text: "withdraw the exports of " + on.Name() + " from " + h.Name(),
			Proof: "the server exports none of it to the host, and each session that it had is gone", Takes: shortFence,
		}, in, nil, "nfs-export"), nil
	},
	Proved: map[string]actions.Ground{"fence": actions.Real},
}

var sambaShare = actions.Kind{
	Name: "samba-share",
	Doc:  "A fence: a Samba share is withdrawn from one host or from all, then closed, and seen unused.",
	About: `The share is withdrawn first, in its section of smb.conf: by hosts deny for the one host, by available = no with
everybody = true. Only then is it closed: who is merely sent away connects again by itself. To be closed it is closed
for all; those who may come back at once. With everybody a standby is kept off it as well.

A share with hosts allow is refused: that goes before hosts deny. What was added to smb.conf goes when the fence is
released. Shares that stand in the registry (net conf) are not known.`,
	Levels: []inventory.Level{inventory.LevelFence},
	Options: []inventory.Option{
		{Name: "share", Type: inventory.TypeString, Required: true, Doc: "the share's name: its section of smb.conf"},
		{Name: "everybody", Type: inventory.TypeBool, Default: "false", Doc: "withdraw it from everybody, and not from the one host"},
		{Name: "address", Type: inventory.TypeString, Doc: "the host's address as the server sees it; that of the inventory where not said"},
		{Name: "config", Type: inventory.TypePath, Default: "/etc/samba/smb.conf", Doc: "the server's configuration"},
	},
	Fence: func(f *inventory.Fleet, x inventory.Fence) (actions.Fence, error) {
		on, err := doneOn(x.On, "the Samba server")
		if err != nil {
			return actions.Fence{}, err
		}
		share := x.Options.String("share")
		in := map[string]string{"NAME": x.Name, "SHARE": share, "CONFIG": orDefault(x.Options.String("config"), "/etc/samba/smb.conf"), "ADDRESS": ""}
		from := "everybody"
		if !x.Options.Bool("everybody") {
			if in["ADDRESS"], err = numericAddress(f, x); err != nil {
				return actions.Fence{}, err
			}
			h, err := fencedHost(f, x.Of)
			if err != nil {
				return actions.Fence{}, err
			}
			from = h.Name()
		}
		return wayFence(actions.Fence{
			Grade: actions.GradeStorage, Host: on, Text: "withdraw share " + share + " of " + on.Name() + " from " + from,
			Proof: "the server would not let it in, and has no connection of it", Takes: shortFence,
		}, in, nil, "samba-share"), nil
	},
	Proved: map[string]actions.Ground{"fence": actions.Real},
}
