package kind

import (
	"fmt"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// shortFence is how long a fence may take that only changes a server's mind.
const shortFence = 30 * time.Second

var sshStop = actions.Kind{
	Name: "ssh-stop",
	Doc:  "A fence of the least grade: units are stopped and masked over SSH, and seen stopped.",
	About: `For a host that answers. It is the weakest of all: a host that hangs cannot do it, and that it was told to is no
proof. A failover that is an emergency does not take it.

A unit counts as stopped when it is masked, not active, and has no process: one that is not known to systemd reads
"inactive" as well. When it is released the units are unmasked and not started.`,
	Levels: []inventory.Level{inventory.LevelFence},
	Options: []inventory.Option{
		{Name: "units", Type: inventory.TypeList, Required: true, Doc: "the units to stop: all that write"},
	},
	Fence: func(f *inventory.Fleet, x inventory.Fence) (actions.Fence, error) {
		h := x.On
		if h == "" {
			var err error
			if h, err = fencedHost(f, x.Of); err != nil {
				return actions.Fence{}, err
			}
		}
		units := x.Options.List("units")
		verb := func(do string) actions.Script {
			return wayScript(map[string]string{"UNITS": strings.Join(units, "\n"), "DO": do}, nil, "ssh-stop/units.sh")
		}
		release := verb("release")
		return actions.Fence{
			Grade: actions.GradeStopped, Host: h, Text: "stop and mask " + strings.Join(units, ", ") + " on " + h.Name(),
			Proof: "systemd says masked and inactive", Takes: 90 * time.Second, // systemd's own limit before it kills
			Survey: verb("survey"), Do: verb("stop"), Verify: verb("verify"), Release: &release,
		}, nil
	},
	Proved: map[string]actions.Ground{"fence": actions.Real},
}

var networkCut = actions.Kind{
	Name: "network-cut",
	Doc:  "A fence: another host in the path drops all that comes from and goes to a host, seen from the other side.",
	About: `on is the router, or with family = "bridge" the hypervisor whose bridge the host is behind: every way from the
host to its storage and its clients must lead through it, which jurymast cannot know. The rules (nftables) stand ahead
of all others and drop; a reject would tell writers that something happened. They do not outlast a restart of that host.

seen_from is the host from which it is proven: a storage or a client of the host. It must not answer there, neither to
ping nor at ports, which are tried by nc or bash. That a host does not answer is no fence of itself, and of a dead one it
says nothing: the rules are seen in place first, and then this.`,
	Levels: []inventory.Level{inventory.LevelFence},
	Options: []inventory.Option{
		{Name: "seen_from", Type: inventory.TypeHost, Required: true, Doc: "a host on the other side, from which it is proven"},
		{Name: "address", Type: inventory.TypeString, Doc: "the host's address; that of the inventory where not said"},
		{Name: "family", Type: inventory.TypeEnum, Values: []string{"inet", "bridge"}, Default: "inet", Doc: "a router drops in inet, a bridge in bridge"},
		{Name: "ports", Type: inventory.TypeList, Doc: "ports of the host that must not answer either"},
	},
	Fence: func(f *inventory.Fleet, x inventory.Fence) (actions.Fence, error) {
		on, err := doneOn(x.On, "a host that all of its traffic goes through")
		if err != nil {
			return actions.Fence{}, err
		}
		h, err := fencedHost(f, x.Of)
		if err != nil {
			return actions.Fence{}, err
		}
		if on == h {
			return actions.Fence{}, fmt.Errorf("%s cannot cut itself off: set on to a host that its traffic goes through", h)
		}
		seen := inventory.Ref(x.Options.String("seen_from"))
		if seen == h {
			return actions.Fence{}, fmt.Errorf("seen_from is %s itself: name a host on the other side", h)
		}
		address, err := numericAddress(f, x)
		if err != nil {
			return actions.Fence{}, err
		}
		in := map[string]string{
			"ADDRESS": address, "FAMILY": orDefault(x.Options.String("family"), "inet"), "PORTS": strings.Join(x.Options.List("ports"), "\n"),
			"TABLE": "jurymast_" + strings.Map(func(r rune) rune {
				if r == '-' || r == '.' {
					return '_'
				}
				return r
			}, x.Name),
		}
		out := wayFence(actions.Fence{
			Grade: actions.GradeStorage, Host: on, On: seen, Text: "drop all traffic of " + h.Name() + " at " + on.Name(),
			Proof: "the rules are in place at " + on.Name() + ", and " + h.Name() + " does not answer to " + seen.Name(), Takes: shortFence,
		}, in, nil, "network-cut")
		out.Verify = wayScript(in, nil, "network-cut/verify.sh")
		stands := wayScript(in, nil, "network-cut/lib.sh", "network-cut/stands.sh")
		out.Stands = &stands
		return out, nil
	},
	Proved: map[string]actions.Ground{"fence": actions.Real},
}
