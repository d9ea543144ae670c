package kind

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

var wireguard = actions.Kind{
	Name: "wireguard",
	Doc:  "WireGuard on a host: its interfaces are up, and its peers have been heard of.",
	About: `Keys are never read: wg is asked for handshakes, endpoints, transfer and keepalive one by one, and not by dump, which
prints private keys. Peers are known by their public keys; names gives them names for people.

A peer that is spoken to shakes hands every two minutes, and is cut off after three (WireGuard's own times). One that
nobody speaks to is silent by design: so only those that this host keeps alive (PersistentKeepalive) and those of peers
are judged by how long ago that was. Of the others it is told. An interface that is down is fail, and so is one of
interfaces that is not there. A handshake is no proof that packets get through: look at a service behind it by tcp.

Only root may ask: allow what --sudoers prints. Kernel or wireguard-go makes no difference.`,
	Levels: []inventory.Level{inventory.LevelService, inventory.LevelCheck},
	Options: []inventory.Option{
		{Name: "interfaces", Type: inventory.TypeList, Doc: "interfaces that must be there; whatever there is where not said"},
		{Name: "peers", Type: inventory.TypeList, Doc: "public keys, or names, of peers that must be heard of even without keepalive"},
		{Name: "names", Type: inventory.TypeList, Doc: `what to call peers: "site-b=PUBLIC-KEY"`},
	},
	Limits: []inventory.Limit{
		{Name: "handshake", Unit: "min", Warn: 3.5, Fail: 10, Doc: "how long ago the last handshake of a peer was that is kept alive"},
	},
	Sudoers: []string{
		"/usr/bin/wg show interfaces", "/usr/bin/wg show all latest-handshakes", "/usr/bin/wg show all endpoints",
		"/usr/bin/wg show all transfer", "/usr/bin/wg show all persistent-keepalive",
	},
	Checks: func(f *inventory.Fleet, t inventory.Target) []actions.Check {
		s := script("wireguard/look.sh", map[string]string{"SUDO": sudo(f, t)})
		of := func(id, title string, read func(wireguardSaid) []actions.Reading) actions.Check {
			return actions.Check{ID: id, Title: title, Script: s, Every: time.Minute, Read: func(a actions.Answer) []actions.Reading {
				w, why := wireguardParse(a)
				if why != nil {
					return []actions.Reading{*why}
				}
				return read(w)
			}}
		}
		peers := of("peers", "peers", func(w wireguardSaid) []actions.Reading { return w.judgePeers(t) })
		peers.Needs, peers.Confirm = []string{"interfaces"}, 2
		return []actions.Check{
			of("interfaces", "interfaces", func(w wireguardSaid) []actions.Reading { return w.judgeInterfaces(t.Options.List("interfaces")) }),
			peers,
		}
	},
	Proved: map[string]actions.Ground{"look": actions.Real},
}

// wireguardSaid is what wireguard/look.sh tells.
type wireguardSaid struct {
	interfaces []string
	up         map[string]bool // of an interface; not there: not known
	peers      []wireguardPeer
	now        time.Time // of the host's clock
}

type wireguardPeer struct {
	dev, key, endpoint string
	shaken             int64 // seconds since 1970, 0 for never
	rx, tx             float64
	kept               bool // this host keeps it alive
}

// wireguardParse takes an answer apart, or says why it cannot be used.
func wireguardParse(a actions.Answer) (wireguardSaid, *actions.Reading) {
	w := wireguardSaid{up: map[string]bool{}}
	unknown := func(next, format string, args ...any) (wireguardSaid, *actions.Reading) {
		return w, &actions.Reading{Status: actions.Unknown, Line: actions.Line(fmt.Sprintf(format, args...)), Next: next}
	}
	if strings.TrimSpace(string(a.Stdout)) == "missing" && a.Exit == 0 {
		return unknown("apt install wireguard-tools", "wg is not installed")
	}
	parts, ended := linuxParts(a.Stdout)
	if !ended {
		return unknown("", "no whole answer: %s", orNothing(firstLine(a.Stderr), a.Exit))
	}
	rows := map[string][]string{}
	for _, name := range []string{"interfaces", "all latest-handshakes", "all endpoints", "all transfer", "all persistent-keepalive"} {
		text, code, ok := cutLast(parts[name], "exit ")
		switch {
		case !ok || code != "0":
			if needsRoot(text) {
				return unknown("jurymast kinds wireguard --sudoers", "only root may ask wg: %s", firstLine([]byte(text)))
			}
			return unknown("wg show", "wg show %s: %s", name, orDefault(firstLine([]byte(text)), "no answer"))
		case needsRoot(text) || strings.Contains(text, "Unable to"):
			return unknown("jurymast kinds wireguard --sudoers", "wg cannot be asked: %s", firstLine([]byte(text)))
		}
		rows[name] = strings.Split(strings.TrimSpace(text), "\n")
	}
	w.interfaces = strings.Fields(strings.Join(rows["interfaces"], " "))
	for _, ln := range strings.Split(parts["links"], "\n") {
		dev, flags, _ := strings.Cut(ln, " ")
		if n, err := strconv.ParseUint(strings.TrimPrefix(flags, "0x"), 16, 64); err == nil {
			w.up[dev] = n&1 != 0 // IFF_UP of Linux
		}
	}
	now, err := strconv.ParseInt(strings.TrimSpace(parts["now"]), 10, 64)
	if err != nil {
		return unknown("", "the host does not say what time it is")
	}
	w.now = time.Unix(now, 0)
	for _, ln := range rows["all latest-handshakes"] {
		if ln == "" {
			continue
		}
		c := strings.Split(ln, "\t")
		if len(c) != 3 {
			return unknown("wg show", "wg says of its handshakes what is not known: %s", ln)
		}
		p := wireguardPeer{dev: c[0], key: c[1]}
		if p.shaken, err = strconv.ParseInt(c[2], 10, 64); err != nil {
			return unknown("wg show", "wg says of its handshakes what is not known: %s", ln)
		}
		kept := wireguardRow(rows["all persistent-keepalive"], p.dev, p.key)
		if len(kept) != 1 {
			return unknown("wg show", "wg does not say whether %s is kept alive", wireguardShort(p.key))
		}
		p.kept = kept[0] != "off"
		if at := wireguardRow(rows["all endpoints"], p.dev, p.key); len(at) == 1 && at[0] != "(none)" {
			p.endpoint = at[0]
		}
		if moved := wireguardRow(rows["all transfer"], p.dev, p.key); len(moved) == 2 {
			p.rx, _ = strconv.ParseFloat(moved[0], 64)
			p.tx, _ = strconv.ParseFloat(moved[1], 64)
		}
		w.peers = append(w.peers, p)
	}
	return w, nil
}

// cutLast parts a text at the last line that begins with a word.
func cutLast(text, word string) (before, after string, ok bool) {
	text = "\n" + strings.TrimRight(text, "\n")
	i := strings.LastIndex(text, "\n"+word)
	if i < 0 {
		return strings.TrimSpace(text), "", false
	}
	return strings.TrimPrefix(text[:i], "\n"), strings.TrimSpace(text[i+1+len(word):]), true
}

// wireguardRow returns what a table says behind an interface and a key.
func wireguardRow(rows []string, dev, key string) []string {
	for _, ln := range rows {
		if rest, ok := strings.CutPrefix(ln, dev+"\t"+key+"\t"); ok {
			return strings.Split(rest, "\t")
		}
	}
	return nil
}

// wireguardShort is the beginning of a key, enough to be told from others.
func wireguardShort(key string) string { return actions.Line(key[:min(len(key), 8)]) + "…" }

func (w wireguardSaid) judgeInterfaces(wanted []string) []actions.Reading {
	var out []actions.Reading
	for _, dev := range wanted {
		if !slices.Contains(w.interfaces, dev) {
			out = append(out, actions.Reading{Item: dev, Status: actions.Fail, Line: "there is no such interface of WireGuard", Next: "wg-quick up " + dev})
		}
	}
	for _, dev := range w.interfaces {
		r := actions.Reading{Item: actions.Line(dev), Status: actions.OK, Line: "up"}
		n := 0
		for _, p := range w.peers {
			if p.dev == dev {
				n++
			}
		}
		r.Line += ", " + count(n, "peer")
		switch up, known := w.up[dev]; {
		case !known:
			r.Status, r.Line = actions.Unknown, "the host does not say whether it is up"
		case !up:
			r.Status, r.Line, r.Next = actions.Fail, "it is down", "ip link set "+r.Item+" up"
		}
		out = append(out, r)
	}
	if len(out) == 0 {
		return []actions.Reading{{Status: actions.Fail, Line: "there is no interface of WireGuard", Next: "systemctl list-units 'wg-quick@*'"}}
	}
	return out
}

func (w wireguardSaid) judgePeers(t inventory.Target) []actions.Reading {
	names := map[string]string{}
	for _, s := range t.Options.List("names") {
		// A key ends with "=", a name has none.
		if name, key, ok := strings.Cut(s, "="); ok {
			names[key] = name
		}
	}
	b := boundOf(t, "handshake")
	missing := slices.Clone(t.Options.List("peers"))
	var out []actions.Reading
	for _, p := range w.peers {
		name := orDefault(names[p.key], wireguardShort(p.key))
		wanted := p.kept
		missing = slices.DeleteFunc(missing, func(s string) bool {
			if s != p.key && s != names[p.key] {
				return false
			}
			wanted = true
			return true
		})
		out = append(out, w.judgePeer(p, b, actions.Line(p.dev)+"/"+name, wanted))
	}
	for _, s := range missing {
		out = append(out, actions.Reading{Item: actions.Line(s), Status: actions.Fail, Line: "no interface has such a peer", Next: "wg show"})
	}
	if len(out) == 0 {
		return []actions.Reading{{Status: actions.Warn, Line: "no interface has a peer", Next: "wg show"}}
	}
	return out
}

// judgePeer judges one peer, by its last handshake where it is to be heard of.
func (w wireguardSaid) judgePeer(p wireguardPeer, b inventory.Bound, item string, wanted bool) actions.Reading {
	r := actions.Reading{Item: item, Status: actions.OK, Metrics: []actions.Metric{{Name: "received", Value: p.rx, Unit: "B"}, {Name: "sent", Value: p.tx, Unit: "B"}}}
	at := ""
	if p.endpoint != "" {
		at = " at " + actions.Line(p.endpoint)
	}
	age := w.now.Sub(time.Unix(p.shaken, 0))
	switch {
	case p.shaken <= 0 && wanted:
		r.Status, r.Line, r.Next = actions.Fail, "never heard of"+at, "wg show; ping it, and see that its port can be reached"
		return r
	case p.shaken <= 0:
		r.Line = "not heard of yet, and not kept alive" + at
		return r
	case age < -time.Minute:
		r.Status, r.Line = actions.Unknown, "its last handshake lies in the future: the host's clock has been set back"
		return r
	}
	age = max(age, 0)
	minutes := age.Minutes()
	m := measured("handshake", "min", minutes, inventory.Bound{Warn: b.Warn, Fail: b.Fail})
	if wanted {
		r.Status = judge(b, minutes)
	} else {
		m.Warn, m.Fail = nil, nil
	}
	r.Metrics = append(r.Metrics, m)
	r.Line = "last handshake " + span(age) + " ago" + at + limitWords(b, r.Status, "min")
	if r.Status != actions.OK {
		r.Next = "ping it, and see that its port can be reached"
	} else if !wanted {
		r.Line += ", not kept alive"
	}
	return r
}
