package kind

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

var zerotier = actions.Kind{
	Name: "zerotier",
	Doc:  "ZeroTier on a host: online, its networks let it in, peers that must be there, direct or relayed.",
	About: `Asks zerotier-cli, whose exit code is 0 also while the host is offline: what it says counts. A network that does not
let the host in (ACCESS_DENIED: authorize it at the controller), is not found or has no address for it is fail; one
that waits for its configuration is warn.

Peers are judged that peers names, by their addresses of ten figures: one that was never heard of is fail, one without
a path of its own, so that it is spoken to by a relay, is warn. Others come and go. What is tunnelled over TCP is slow,
and warn.

Only root may ask: allow what --sudoers prints. The host's own identity is not read.`,
	Levels: []inventory.Level{inventory.LevelService, inventory.LevelCheck},
	Options: []inventory.Option{
		{Name: "networks", Type: inventory.TypeList, Doc: "networks that it must be in, by id"},
		{Name: "peers", Type: inventory.TypeList, Doc: "peers that must be there, by address"},
	},
	Sudoers: []string{"/usr/sbin/zerotier-cli -j info", "/usr/sbin/zerotier-cli -j listnetworks", "/usr/sbin/zerotier-cli -j peers"},
	Checks: func(f *inventory.Fleet, t inventory.Target) []actions.Check {
		s := script("zerotier/look.sh", map[string]string{"SUDO": sudo(f, t)})
		of := func(id, title string, read func(zerotierSaid) []actions.Reading) actions.Check {
			c := actions.Check{ID: id, Title: title, Script: s, Every: time.Minute, Limit: 40 * time.Second, Confirm: 2, Read: func(a actions.Answer) []actions.Reading {
				z, why := zerotierParse(a)
				if why != nil {
					return []actions.Reading{*why}
				}
				return read(z)
			}}
			if id != "zerotier" {
				c.Needs = []string{"zerotier"}
			}
			return c
		}
		return []actions.Check{
			of("zerotier", "online", func(z zerotierSaid) []actions.Reading { return []actions.Reading{z.state()} }),
			of("networks", "networks", func(z zerotierSaid) []actions.Reading { return z.judgeNetworks(t.Options.List("networks")) }),
			of("peers", "peers", func(z zerotierSaid) []actions.Reading { return z.judgePeers(t.Options.List("peers")) }),
		}
	},
	Proved: map[string]actions.Ground{"look": actions.Documented},
}

// zerotierSaid is what zerotier/look.sh tells.
type zerotierSaid struct {
	info struct {
		Address, Version string
		Online           *bool
		Fallback         bool `json:"tcpFallbackActive"`
	}
	networks []struct {
		ID, Name, Status string
		Assigned         []string `json:"assignedAddresses"`
		PortError        int
	}
	peers []zerotierPeer
}

type zerotierPeer struct {
	Address, Role, Version string
	Latency                int
	Tunneled               bool
	Paths                  []struct {
		Active, Expired bool
		Address         string
	}
}

func zerotierParse(a actions.Answer) (zerotierSaid, *actions.Reading) {
	var z zerotierSaid
	if strings.TrimSpace(string(a.Stdout)) == "missing" && a.Exit == 0 {
		return z, &actions.Reading{Status: actions.Unknown, Line: "zerotier-cli is not installed", Next: "www.zerotier.com/download"}
	}
	parts, ended := linuxParts(a.Stdout)
	if !ended {
		return z, &actions.UnknownReading("no whole answer: %s", orNothing(firstLine(a.Stderr), a.Exit))[0]
	}
	for _, p := range []struct {
		name string
		into any
	}{{"info", &z.info}, {"listnetworks", &z.networks}, {"peers", &z.peers}} {
		err := partJSON(parts[p.name], p.into)
		switch {
		case err == nil:
		case strings.Contains(err.Error(), "Error connecting"):
			return z, &actions.Reading{Status: actions.Fail, Line: "the service does not run", Next: "systemctl status zerotier-one"}
		case needsRoot(err.Error()) || strings.Contains(err.Error(), "authtoken.secret"):
			return z, &actions.Reading{Status: actions.Unknown, Line: actions.Line("only root may ask zerotier-cli: " + err.Error()), Next: "jurymast kinds zerotier --sudoers"}
		default:
			return z, &actions.UnknownReading("zerotier-cli %s: %v", p.name, err)[0]
		}
	}
	return z, nil
}

// state says whether the host reaches the roots of the network.
func (z zerotierSaid) state() actions.Reading {
	switch {
	case z.info.Online == nil || z.info.Address == "":
		return actions.UnknownReading("zerotier-cli does not say whether it is online")[0]
	case !*z.info.Online:
		return actions.Reading{Status: actions.Fail, Line: "offline: no root of the network answers", Next: "let UDP 9993 out"}
	case z.info.Fallback:
		return actions.Reading{Status: actions.Warn, Line: "online by the fallback over TCP, which is slow", Next: "let UDP 9993 out"}
	}
	return actions.Reading{Status: actions.OK, Line: actions.Line("online as " + z.info.Address + ", ZeroTier " + z.info.Version)}
}

func (z zerotierSaid) judgeNetworks(wanted []string) []actions.Reading {
	missing := slices.Clone(wanted)
	var out []actions.Reading
	for _, n := range z.networks {
		missing = slices.DeleteFunc(missing, func(id string) bool { return id == n.ID })
		r := actions.Reading{Item: actions.Line(n.ID), Status: actions.OK}
		name := ""
		if n.Name != "" {
			name = " (" + actions.Line(n.Name) + ")"
		}
		switch n.Status {
		case "OK":
			r.Line = actions.Line(strings.Join(n.Assigned, ", ")) + name
			if n.PortError != 0 {
				r.Status, r.Line, r.Next = actions.Fail, fmt.Sprintf("its device has error %d%s", n.PortError, name), "systemctl restart zerotier-one"
			} else if len(n.Assigned) == 0 {
				r.Status, r.Line, r.Next = actions.Fail, "it has no address there"+name, "give it one at the controller"
			}
		case "REQUESTING_CONFIGURATION":
			r.Status, r.Line, r.Next = actions.Warn, "it waits for its configuration"+name, "is the controller there?"
		case "ACCESS_DENIED":
			r.Status, r.Line, r.Next = actions.Fail, "ACCESS_DENIED: it is not let in"+name, "authorize "+actions.Line(orDefault(z.info.Address, "it"))+" at the controller"
		case "NOT_FOUND", "PORT_ERROR", "CLIENT_TOO_OLD", "AUTHENTICATION_REQUIRED":
			r.Status, r.Line, r.Next = actions.Fail, n.Status+name, "zerotier-cli listnetworks"
		default:
			r.Status, r.Line = actions.Unknown, "its state is called "+orDefault(actions.Line(n.Status), "nothing")+name
		}
		out = append(out, r)
	}
	for _, id := range missing {
		out = append(out, actions.Reading{Item: actions.Line(id), Status: actions.Fail, Line: "it is not in this network", Next: "zerotier-cli join " + actions.Line(id)})
	}
	if len(out) == 0 {
		return []actions.Reading{{Status: actions.Warn, Line: "it is in no network", Next: "zerotier-cli join NETWORK"}}
	}
	return out
}

func (z zerotierSaid) judgePeers(wanted []string) []actions.Reading {
	var out []actions.Reading
	near, far := 0, 0
	found := map[string]zerotierPeer{}
	for _, p := range z.peers {
		found[p.Address] = p
		if p.Role == "LEAF" {
			if p.path() != "" {
				near++
			} else {
				far++
			}
		}
	}
	for _, address := range wanted {
		p, ok := found[address]
		r := actions.Reading{Item: actions.Line(address), Status: actions.OK, Line: fmt.Sprintf("directly at %s, %d ms", actions.Line(p.path()), p.Latency)}
		switch {
		case !ok || p.path() == "" && (p.Latency < 0 || p.Version == "-1.-1.-1"):
			r.Status, r.Line, r.Next = actions.Fail, "never heard of", "zerotier-cli peers"
		case p.Tunneled:
			r.Status, r.Line, r.Next = actions.Warn, "tunnelled over TCP, which is slow", "let UDP 9993 out at both ends"
		case p.path() == "":
			r.Status, r.Line, r.Next = actions.Warn, "spoken to by a relay, no path of its own", "let UDP 9993 out at both ends"
		}
		out = append(out, r)
	}
	if len(wanted) == 0 {
		if len(z.peers) == 0 {
			return []actions.Reading{{Status: actions.Warn, Line: "it knows no peer, not even a root", Next: "zerotier-cli peers"}}
		}
		return []actions.Reading{{Status: actions.OK, Line: fmt.Sprintf("%s directly, %d by a relay", count(near, "peer"), far), Metrics: []actions.Metric{{Name: "direct", Value: float64(near)}, {Name: "relayed", Value: float64(far)}}}}
	}
	return out
}

// path returns the address of a path that works, "" for none.
func (p zerotierPeer) path() string {
	for _, x := range p.Paths {
		if x.Active && !x.Expired {
			return x.Address
		}
	}
	return ""
}
