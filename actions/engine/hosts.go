package engine

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"jurymast/actions"
	"jurymast/inventory"
	"jurymast/ssh"
)

// HostKey is one key that a host offers, and whether it is trusted.
type HostKey = ssh.HostKey

// Keys asks a host for its keys. Nothing is trusted by it.
func (e *Engine) Keys(ctx context.Context, host inventory.Ref) ([]HostKey, error) {
	keys, err := e.pool().Scan(ctx, string(host))
	if err != nil {
		return nil, hostTrouble("cannot ask "+string(host)+" for its keys", err)
	}
	return keys, nil
}

// KnownKeys returns the keys that are known of a host, without asking it.
func (e *Engine) KnownKeys(host inventory.Ref) ([]HostKey, error) {
	keys, err := e.pool().Known(string(host))
	if err != nil {
		return nil, hostTrouble("what is known of the keys of "+string(host)+" cannot be read", err)
	}
	return keys, nil
}

// Typed returns the key files that a plan's hosts are reached with and that only a
// passphrase typed here has opened: a run, a process of its own, cannot use them
// before the ssh agent holds them. No host is asked.
func (e *Engine) Typed(ctx context.Context, p actions.Plan) []string {
	hosts := slices.Clone(p.Impact.Touches)
	for _, s := range p.Steps {
		for _, r := range s.Look {
			if t, ok := e.fleet.Target(r); ok && !slices.Contains(hosts, t.Host) {
				hosts = append(hosts, t.Host)
			}
		}
	}
	var out []string
	for _, h := range hosts {
		for _, key := range e.pool().Typed(ctx, string(h)) {
			if !slices.Contains(out, key) {
				out = append(out, key)
			}
		}
	}
	return out
}

// Trust makes the key of a host with this fingerprint known. It is refused when
// the host offers another one now, or a key of that type is known already.
func (e *Engine) Trust(ctx context.Context, host inventory.Ref, fingerprint string) (HostKey, error) {
	return e.setKey(ctx, host, fingerprint, "trust", (*ssh.Pool).Trust)
}

// Replace puts the key with this fingerprint in the place of the known one.
func (e *Engine) Replace(ctx context.Context, host inventory.Ref, fingerprint string) (HostKey, error) {
	return e.setKey(ctx, host, fingerprint, "replace", (*ssh.Pool).Replace)
}

func (e *Engine) setKey(ctx context.Context, host inventory.Ref, fingerprint, verb string, set func(*ssh.Pool, context.Context, string, string) (HostKey, error)) (HostKey, error) {
	if err := e.mayWrite(verb + " the key of " + string(host)); err != nil {
		return HostKey{}, err
	}
	key, err := set(e.pool(), ctx, string(host), fingerprint)
	if err != nil {
		return key, hostTrouble("cannot "+verb+" the key of "+string(host), err)
	}
	return key, e.note(ctx, actions.Event{Type: actions.EventTrust, Target: host, Line: verb + " " + key.Type + " " + key.Fingerprint})
}

// Shell returns the command line of the real ssh for a host, and writes down
// that a person opens a shell there. People type in shells: it counts as a
// change. With a command it is run there instead, its words quoted.
func (e *Engine) Shell(ctx context.Context, host inventory.Ref, command []string) ([]string, error) {
	if err := e.mayWrite("open a shell on " + string(host)); err != nil {
		return nil, err
	}
	r := e.resolver()
	h, err := r.host(string(host))
	if err != nil {
		return nil, hostTrouble("cannot find the way to "+string(host), err)
	}
	argv := []string{"ssh"}
	if config := sshConfig(e.fleet, e.options.Paths); config == "" {
		argv = append(argv, "-F", "none")
	} else if e.options.Paths.SSHConfig != "" || e.fleet.Settings.Reach.Config != "" {
		argv = append(argv, "-F", config)
	}
	if h.Port != 0 {
		argv = append(argv, "-p", strconv.Itoa(h.Port))
	}
	t, _ := e.fleet.Target(host)
	for _, id := range firstList(t.Reach.Identity, e.fleet.Settings.Reach.Identity) {
		argv = append(argv, "-i", id)
	}
	if known := firstList(t.Reach.KnownHosts, e.fleet.Settings.Reach.KnownHosts); len(known) > 0 {
		argv = append(argv, "-o", "UserKnownHostsFile="+strings.Join(known, " "))
	}
	if len(h.Jump) > 0 {
		jump, err := e.jumpSpec(r, h.Jump)
		if err != nil {
			return nil, hostTrouble("cannot find the way to "+string(host), err)
		}
		argv = append(argv, "-J", jump)
	}
	if h.User != "" {
		argv = append(argv, "-l", h.User)
	}
	argv = append(argv, "--", first(t.Reach.Address, host.Name()))
	what := "shell opened"
	if len(command) > 0 {
		words := make([]string, len(command))
		for i, w := range command {
			words[i] = actions.Quote(w)
		}
		argv = append(argv, strings.Join(words, " "))
		what = "ran " + words[0]
	}
	return argv, e.note(ctx, actions.Event{Type: actions.EventShell, Target: host, Line: what})
}

// jumpSpec writes jump hosts as ssh's -J takes them.
func (e *Engine) jumpSpec(r resolver, jumps []string) (string, error) {
	specs := make([]string, len(jumps))
	for i, j := range jumps {
		h, err := r.host(j)
		if err != nil {
			return "", err
		}
		addr := h.Address
		if t, ok := e.fleet.Target(inventory.Ref(j)); ok {
			addr = first(t.Reach.Address, t.Ref.Name()) // as the admin's configuration knows it
		}
		if strings.Contains(addr, ":") {
			addr = "[" + addr + "]"
		}
		if h.User != "" {
			addr = h.User + "@" + addr
		}
		if h.Port != 0 {
			addr = fmt.Sprintf("%s:%d", addr, h.Port)
		}
		specs[i] = addr
	}
	return strings.Join(specs, ","), nil
}
