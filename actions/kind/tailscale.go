package kind

import (
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

var tailscale = actions.Kind{
	Name: "tailscale",
	Doc:  "Tailscale on a host: logged in and connected, its key's expiry, peers that must be there, direct or relayed.",
	About: `One question, "tailscale status --json", whose exit code is 0 in whatever state: it is what it says that counts. What
Tailscale itself finds wrong (its health) is warn. A key that expires takes the host off the network: where the expiry
was turned off there is none.

Peers are judged that peers names, by host name or address: one that is not online is fail. A peer that nobody speaks
to is neither direct nor relayed, which is no fault; with direct one that is spoken to by a relay is warn. That a peer
is online is the word of the control server: one that packets are sent to and that makes no handshake is warn.`,
	Levels: []inventory.Level{inventory.LevelService, inventory.LevelCheck},
	Options: []inventory.Option{
		{Name: "peers", Type: inventory.TypeList, Doc: "peers that must be online, by host name or address"},
		{Name: "direct", Type: inventory.TypeBool, Default: "false", Doc: "they must be spoken to directly, not by a relay"},
	},
	Limits: []inventory.Limit{
		{Name: "expiry", Unit: "d", Warn: 14, Fail: 3, Low: true, Doc: "until this host's key expires"},
	},
	Checks: func(_ *inventory.Fleet, t inventory.Target) []actions.Check {
		s := script("tailscale/look.sh", nil)
		of := func(id, title string, read func(tailscaleSaid, time.Time) []actions.Reading) actions.Check {
			c := actions.Check{ID: id, Title: title, Script: s, Every: time.Minute, Limit: 30 * time.Second, Read: func(a actions.Answer) []actions.Reading {
				x, why := tailscaleParse(a)
				if why != nil {
					return []actions.Reading{*why}
				}
				return read(x, a.Now)
			}}
			if id != "tailscale" {
				c.Needs = []string{"tailscale"}
			}
			return c
		}
		peers := of("peers", "peers", func(x tailscaleSaid, _ time.Time) []actions.Reading {
			return x.judgePeers(t.Options.List("peers"), t.Options.Bool("direct"))
		})
		connected := of("tailscale", "connected", func(x tailscaleSaid, now time.Time) []actions.Reading { return []actions.Reading{x.state(now)} })
		connected.Confirm, peers.Confirm = 2, 2
		return []actions.Check{
			connected,
			of("key", "expiry of the key", func(x tailscaleSaid, now time.Time) []actions.Reading {
				return []actions.Reading{x.key(boundOf(t, "expiry"), now)}
			}),
			peers,
		}
	},
	Proved: map[string]actions.Ground{"look": actions.Recorded},
}

// tailscaleSaid is the answer of "tailscale status --json", as far as it is
// judged.
type tailscaleSaid struct {
	Version      string
	BackendState string
	Health       []string
	Self         *tailscaleNode
	Peer         map[string]*tailscaleNode
}

type tailscaleNode struct {
	HostName, DNSName string
	TailscaleIPs      []string
	Online            *bool
	Active            bool
	CurAddr           string // where it is spoken to directly
	Relay             string // the control network's relay that it is at home at
	PeerRelay         string // the peer that relays to it
	LastSeen          time.Time
	LastWrite         time.Time
	LastHandshake     time.Time
	TxBytes           int64 // of the session; a ping of Tailscale's own is not in it
	Expired           bool
	KeyExpiry         *time.Time
}

func tailscaleParse(a actions.Answer) (tailscaleSaid, *actions.Reading) {
	var x tailscaleSaid
	if strings.TrimSpace(string(a.Stdout)) == "missing" && a.Exit == 0 {
		return x, &actions.Reading{Status: actions.Unknown, Line: "tailscale is not installed", Next: "tailscale.com/download"}
	}
	parts, ended := linuxParts(a.Stdout)
	if !ended {
		return x, &actions.UnknownReading("no whole answer: %s", orNothing(firstLine(a.Stderr), a.Exit))[0]
	}
	if err := partJSON(parts["status"], &x); err != nil {
		said := parts["status"]
		switch {
		case strings.Contains(said, "doesn't appear to be running"):
			return x, &actions.Reading{Status: actions.Fail, Line: "tailscaled does not run", Next: "systemctl status tailscaled"}
		case strings.TrimSpace(said) == "exit 124":
			return x, &actions.Reading{Status: actions.Unknown, Line: "tailscaled does not answer within 15 s", Next: "systemctl status tailscaled"}
		case strings.Contains(said, "appears to be running"):
			_, why, _ := strings.Cut(err.Error(), "Got error: ")
			return x, &actions.Reading{Status: actions.Unknown, Line: actions.Line("tailscaled runs, and cannot be asked: " + orDefault(why, err.Error())), Next: "systemctl status tailscaled"}
		}
		return x, &actions.UnknownReading("tailscale does not say how it is: %v", err)[0]
	}
	return x, nil
}

// state says whether this host is part of the network.
func (x tailscaleSaid) state(now time.Time) actions.Reading {
	switch x.BackendState {
	case "Running":
	case "Stopped":
		return actions.Reading{Status: actions.Fail, Line: "it is stopped", Next: "tailscale up"}
	case "NeedsLogin":
		if x.expired(now) {
			return actions.Reading{Status: actions.Fail, Line: "the key expired " + span(now.Sub(*x.Self.KeyExpiry)) + " ago", Next: tailscaleRenew}
		}
		return actions.Reading{Status: actions.Fail, Line: "it is logged out", Next: "tailscale up"}
	case "NeedsMachineAuth":
		return actions.Reading{Status: actions.Fail, Line: "it waits to be approved", Next: "approve the machine at the control server"}
	case "NoState":
		return actions.Reading{Status: actions.Fail, Line: "it has just started, or never reached its control server", Next: "journalctl -u tailscaled"}
	case "Starting":
		return actions.Reading{Status: actions.Warn, Line: "it is starting", Next: "tailscale status"}
	default:
		return actions.UnknownReading("tailscale calls its state %s", orDefault(actions.Line(x.BackendState), "nothing"))[0]
	}
	if x.Self == nil || x.Self.Online == nil {
		return actions.UnknownReading("tailscale does not say whether this host is online")[0]
	}
	online := 0
	for _, p := range x.Peer {
		if p != nil && p.Online != nil && *p.Online {
			online++
		}
	}
	r := actions.Reading{Status: actions.OK, Line: fmt.Sprintf("connected, %d of %s online", online, count(len(x.Peer), "peer")), Metrics: []actions.Metric{
		{Name: "peers", Value: float64(len(x.Peer))}, {Name: "online", Value: float64(online)},
	}}
	switch {
	case !*x.Self.Online:
		r.Status, r.Line, r.Next = actions.Fail, "it runs, and is not connected to the control server", "tailscale netcheck"
	case len(x.Health) > 0:
		r.Status, r.Line, r.Next = actions.Warn, x.health(), "tailscale status"
	}
	return r
}

// expired says whether it asks to be logged in because its key expired.
func (x tailscaleSaid) expired(now time.Time) bool {
	return x.BackendState == "NeedsLogin" && x.Self != nil && x.Self.KeyExpiry != nil && x.Self.KeyExpiry.Before(now)
}

// health is what Tailscale finds wrong, which it says in another order every
// time.
func (x tailscaleSaid) health() string {
	return actions.Line(strings.Join(slices.Sorted(slices.Values(x.Health)), "; "))
}

// keyExpiryTold is the first release that tells when a key expires (its pull
// request 7040). Where it tells nothing, the key does not expire.
const keyExpiryTold = "1.36"

const tailscaleRenew = "tailscale up --force-reauth, from another way in; or turn its expiry off"

// key judges how long this host's key is good for.
func (x tailscaleSaid) key(b inventory.Bound, now time.Time) actions.Reading {
	if x.Self == nil || x.BackendState != "Running" && !x.expired(now) {
		return actions.UnknownReading("it is not connected, and its key is not known")[0]
	}
	if x.Self.KeyExpiry == nil || x.Self.KeyExpiry.IsZero() {
		if lessVersion(x.Version, keyExpiryTold) {
			r := actions.UnknownReading("tailscale %s does not say whether the key expires", orDefault(actions.Line(x.Version), "of an unknown version"))[0]
			r.Next = "the admin console says it; tailscale " + keyExpiryTold + " and later tell here"
			return r
		}
		return actions.Reading{Status: actions.OK, Line: "the key does not expire"}
	}
	left := x.Self.KeyExpiry.Sub(now)
	days := math.Floor(left.Hours() / 24)
	r := actions.Reading{Status: judge(b, left.Hours()/24), Metrics: []actions.Metric{measured("expiry", "d", days, b)}}
	if left < 0 {
		r.Status, r.Line = actions.Fail, "the key expired "+span(-left)+" ago"
	} else {
		r.Line = "the key expires in " + span(left) + limitWords(b, r.Status, "d")
	}
	if r.Status != actions.OK {
		r.Next = tailscaleRenew
	}
	return r
}

// judgePeers judges the peers that must be there; without any it tells of all.
func (x tailscaleSaid) judgePeers(wanted []string, direct bool) []actions.Reading {
	if x.BackendState != "Running" {
		return actions.UnknownReading("it is not connected, and its peers are not known")
	}
	if len(wanted) == 0 {
		near, far := 0, 0
		for _, p := range x.Peer {
			switch {
			case p == nil || !p.Active:
			case p.CurAddr != "":
				near++
			case p.PeerRelay != "" || p.Relay != "":
				far++
			}
		}
		return []actions.Reading{{Status: actions.OK, Line: fmt.Sprintf("%d spoken to directly, %d by a relay", near, far), Metrics: []actions.Metric{{Name: "direct", Value: float64(near)}, {Name: "relayed", Value: float64(far)}}}}
	}
	var out []actions.Reading
	for _, name := range wanted {
		out = append(out, x.judgePeer(name, direct))
	}
	return out
}

// tailscaleGood is how long WireGuard uses a session without another handshake.
const tailscaleGood = 3 * time.Minute

func (x tailscaleSaid) judgePeer(name string, direct bool) actions.Reading {
	r := actions.Reading{Item: actions.Line(name), Status: actions.OK}
	var found []*tailscaleNode
	for _, p := range x.Peer {
		if p != nil && p.isCalled(name) {
			found = append(found, p)
		}
	}
	if len(found) != 1 {
		r.Status, r.Line, r.Next = actions.Fail, "there is no such peer", "tailscale status"
		if len(found) > 1 {
			r.Status, r.Line = actions.Unknown, fmt.Sprintf("%d peers have that name: give its address", len(found))
		}
		return r
	}
	p := found[0]
	switch {
	case p.Online == nil:
		r.Status, r.Line = actions.Unknown, "tailscale does not say whether it is online"
	case !*p.Online:
		r.Status, r.Line, r.Next = actions.Fail, "not online", "tailscale ping "+r.Item
		if p.LastSeen.Year() > 2000 {
			r.Line += ", last seen " + p.LastSeen.UTC().Format("2006-01-02 15:04 UTC")
		}
	case p.Expired:
		r.Status, r.Line, r.Next = actions.Fail, "its key has expired", "tailscale up --force-reauth, there"
	case !p.Active:
		r.Line = "online, and not spoken to"
	case p.TxBytes > 0 && p.LastHandshake.Year() <= 2000:
		r.Status, r.Line, r.Next = actions.Warn, "online, and no handshake with it was made", "tailscale ping --tsmp "+r.Item
	case p.TxBytes > 0 && p.LastWrite.Sub(p.LastHandshake) > tailscaleGood:
		r.Status, r.Line, r.Next = actions.Warn, "online, and does not answer: no handshake for "+span(p.LastWrite.Sub(p.LastHandshake)), "tailscale ping --tsmp "+r.Item
	case p.CurAddr != "":
		r.Line = "online, directly at " + actions.Line(p.CurAddr)
	default:
		r.Line = "online, by the relay " + orDefault(actions.Line(p.Relay), "of no name")
		if p.PeerRelay != "" {
			r.Line = "online, by the peer that relays at " + actions.Line(p.PeerRelay)
		}
		if direct {
			r.Status, r.Next = actions.Warn, "tailscale netcheck"
		}
	}
	return r
}

func (p tailscaleNode) isCalled(name string) bool {
	label, _, _ := strings.Cut(p.DNSName, ".")
	if strings.EqualFold(p.HostName, name) || strings.EqualFold(label, name) || strings.EqualFold(strings.TrimSuffix(p.DNSName, "."), name) {
		return true
	}
	ip, err := netip.ParseAddr(name)
	return err == nil && slices.Contains(p.TailscaleIPs, ip.String())
}
