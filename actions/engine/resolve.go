package engine

import (
	"fmt"
	"path/filepath"
	"strings"

	"jurymast/inventory"
	"jurymast/ssh"
)

// resolver is the one place that knows both an inventory and a network: it
// turns the name of a host into what it takes to reach it. What a host says
// itself wins over [ssh], and that over the admin's ssh configuration.
type resolver struct {
	fleet  *inventory.Fleet
	config *ssh.Config
	home   string
	user   string // the admin's own login name
	agent  string
}

func (r resolver) host(name string) (ssh.Host, error) {
	t, ok := r.fleet.Target(inventory.Ref(name))
	if !ok {
		return r.literal(name)
	}
	s, own := r.fleet.Settings.Reach, t.Reach
	h := ssh.Host{
		Name:       name,
		Address:    first(own.Address, t.Ref.Name()),
		Port:       own.Port,
		User:       first(own.User, s.User),
		Identities: firstList(own.Identity, s.Identity),
		KnownHosts: firstList(own.KnownHosts, s.KnownHosts),
		Jump:       own.Jump,
		Timeout:    max(own.Timeout, 0),
		Agent:      r.agent,
	}
	if h.Timeout == 0 {
		h.Timeout = s.Timeout
	}
	if own.Jump == nil { // an empty list says: straight there
		h.Jump = before(s.Jump, name)
	}
	return r.fill(h, own.Jump != nil)
}

// before returns the jump hosts that come before one of them; all of them for
// a host that is none.
func before(jump []string, name string) []string {
	for i, j := range jump {
		if j == name {
			return jump[:i]
		}
	}
	return jump
}

// literal resolves user@host:port, as a ProxyJump writes it.
func (r resolver) literal(name string) (ssh.Host, error) {
	if name == "" || strings.ContainsAny(name, " \t\n") || strings.HasPrefix(name, "-") {
		return ssh.Host{}, fmt.Errorf("%q is no host of the inventory and no address", name)
	}
	h := ssh.Host{Name: name, Agent: r.agent}
	rest := name
	if user, at, ok := cutLast(rest, "@"); ok {
		h.User, rest = user, at
	}
	host, port, err := ssh.SplitHostPort(rest)
	if err != nil {
		return ssh.Host{}, err
	}
	h.Address, h.Port = host, port
	return r.fill(h, false)
}

// fill takes what is still missing from the admin's ssh configuration. Ruled
// means that the inventory has said which way to go, if only straight there.
func (r resolver) fill(h ssh.Host, ruled bool) (ssh.Host, error) {
	jump := h.Jump
	h, err := r.config.Apply(h, r.home)
	if err != nil {
		return h, err
	}
	if ruled {
		h.Jump = jump
	}
	if h.User == "" {
		h.User = r.user
	}
	return h, nil
}

// sshConfig returns the file that holds for the fleet, "" for none.
func sshConfig(f *inventory.Fleet, p Paths) string {
	switch c := first(p.SSHConfig, f.Settings.Reach.Config); c {
	case "none":
		return ""
	case "":
		if p.Home == "" {
			return ""
		}
		return filepath.Join(p.Home, ".ssh", "config")
	default:
		return c
	}
}

func first(ss ...string) string {
	for _, s := range ss {
		if s != "" {
			return s
		}
	}
	return ""
}

func firstList(ls ...[]string) []string {
	for _, l := range ls {
		if len(l) > 0 {
			return l
		}
	}
	return nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
