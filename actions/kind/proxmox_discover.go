package kind

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strings"

	"jurymast/actions"
	"jurymast/inventory"
)

// ProxmoxDiscover returns the script that asks a node of Proxmox VE about the
// guests of its cluster. [ProxmoxGuests] reads its answer.
func ProxmoxDiscover(f *inventory.Fleet, node inventory.Target) actions.Script {
	s := compound(map[string]string{"SUDO": sudo(f, node)}, nil, "proxmox/lib.sh", "proxmox/discover.sh")
	s.Sudo = false // it calls sudo itself, for what needs it
	return s
}

// ProxmoxGuests returns what an answer of [ProxmoxDiscover] says, templates left
// out. Where it is of no use it returns a reading that says why.
//
// A guest has an address when its agent, or its node, tells one that others can
// use, or when its settings fix one. What may not be a Unix gets none.
func ProxmoxGuests(o actions.Output) (inventory.GuestDraft, *actions.Reading) {
	d := inventory.GuestDraft{NodeKind: proxmox.Name, GuestKind: proxmoxGuest.Name}
	s, why := proxmoxParse(actions.Answer{Output: o})
	if why != nil {
		return d, &why[0]
	}
	ms, local, why := s.members()
	if why != nil {
		return d, &why[0]
	}
	guests, why := s.guests()
	if why != nil {
		return d, &why[0]
	}
	d.Local = local
	for _, m := range ms {
		if m.Type == "node" {
			d.Members = append(d.Members, inventory.DraftMember{Name: m.Name, Address: m.IP})
		}
	}
	settings := s.network()
	slices.SortFunc(guests, func(a, b proxmoxResource) int { return int(min(max(a.VMID-b.VMID, -1), 1)) })
	for _, g := range guests {
		x := inventory.DraftGuest{Name: g.Name, ID: int64(g.VMID), Member: g.Node, Container: g.Type == "lxc", Tags: proxmoxTags(g.Tags)}
		n := settings[g.id()]
		windows := strings.HasPrefix(n.ostype, "w") // win11, w2k8, wxp …
		if !windows {
			x.Address = s.address(g.id(), n.fixed)
		}
		if !x.Container && n.ostype != "l26" && n.ostype != "l24" {
			x.Kind = host.Name // it may be a BSD; "other" is what nobody chose
		}
		d.Guests = append(d.Guests, x)
	}
	return d, nil
}

func proxmoxTags(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ';' || r == ',' || r == ' ' })
}

// proxmoxNetwork is what a guest's settings say of its system and addresses.
type proxmoxNetwork struct {
	ostype string
	fixed  string // the first address that the settings fix
}

// network returns what the settings of guests say, by their ids. Where they
// cannot be read nothing is known.
func (s proxmoxSaid) network() map[string]proxmoxNetwork {
	out := map[string]proxmoxNetwork{}
	s.eachSetting(func(id, section, key, value string) {
		if section != "" {
			return
		}
		n := out[id]
		switch {
		case key == "ostype":
			n.ostype = value
		case n.fixed == "" && (strings.HasPrefix(key, "net") || strings.HasPrefix(key, "ipconfig")):
			for _, part := range strings.Split(value, ",") {
				if ip, ok := strings.CutPrefix(part, "ip="); ok {
					ip, _, _ = strings.Cut(ip, "/")
					if usable(ip) { // not "dhcp", "manual"
						n.fixed = ip
					}
				}
			}
		}
		out[id] = n
	})
	return out
}

// address returns the address of a guest that is best used from elsewhere.
func (s proxmoxSaid) address(id, fixed string) string {
	var found []string
	if p := s.parts["agent/"+id]; p.code == 0 {
		var cards []struct {
			Name      string
			Addresses []struct {
				Address string `json:"ip-address"`
			} `json:"ip-addresses"`
		}
		if json.Unmarshal([]byte(p.text), &cards) == nil {
			for _, c := range cards {
				// What a guest makes for its own containers and tunnels.
				if inner(c.Name) {
					continue
				}
				for _, a := range c.Addresses {
					found = append(found, a.Address)
				}
			}
		}
	}
	if p := s.parts["addresses/"+id]; p.code == 0 {
		found = append(found, strings.Fields(p.text)...)
	}
	found = slices.DeleteFunc(found, func(a string) bool { return !usable(a) })
	switch i := slices.IndexFunc(found, func(a string) bool { return !strings.Contains(a, ":") }); {
	case fixed != "" && (len(found) == 0 || slices.Contains(found, fixed)):
		return fixed
	case i >= 0:
		return found[i]
	case len(found) > 0:
		return found[0]
	}
	return ""
}

func inner(card string) bool {
	return slices.ContainsFunc([]string{"lo", "docker", "br-", "veth", "virbr", "cni", "flannel", "cali", "lxc", "tailscale", "wg", "tun", "zt"}, func(p string) bool {
		return strings.HasPrefix(card, p)
	})
}

// usable reports whether an address is one that another machine can use.
func usable(s string) bool {
	a, err := netip.ParseAddr(s)
	return err == nil && a.Zone() == "" && (a.IsGlobalUnicast() || a.IsPrivate())
}
