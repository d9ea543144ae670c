//go:build linux

package bed

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// network is one bridge in a namespace of its own. Nothing leads out of it.
type network struct {
	id string

	mu    sync.Mutex
	drops map[[2]netip.Addr]bool // packets from the first to the second vanish
	wires map[string]*wire       // by port of the bridge
}

const (
	bridge      = "br0"
	consoleName = "console" // where jurymast itself runs: a place that can be cut off too
)

// space names a namespace of the bed: "" is the one with the bridge.
func (n *network) space(name string) string {
	if name == "" {
		return n.id
	}
	return n.id + "-" + name
}

func (n *network) ip(ctx context.Context, space string, args ...string) error {
	_, err := tool(ctx, "ip", append([]string{"-n", n.space(space)}, args...)...)
	return err
}

func newNetwork(ctx context.Context, id string) (*network, error) {
	n := &network{id: id, drops: map[[2]netip.Addr]bool{}, wires: map[string]*wire{}}
	if _, err := tool(ctx, "ip", "netns", "add", n.space("")); err != nil {
		return nil, err
	}
	for _, c := range []string{
		"link set lo up",
		"link add " + bridge + " type bridge forward_delay 0",
		"addr add " + gatewayAddr.String() + "/24 dev " + bridge,
		"link set " + bridge + " up",
	} {
		if err := n.ip(ctx, "", strings.Fields(c)...); err != nil {
			return nil, err
		}
	}
	return n, n.plug(ctx, consoleName, consoleAddr)
}

// port is the name of a machine's end of the cable at the bridge. The kernel
// takes at most 15 characters.
func port(name string) string { return "p-" + name }

// plug makes the namespace of a machine and its cable to the bridge.
func (n *network) plug(ctx context.Context, name string, addr netip.Addr) error {
	if _, err := tool(ctx, "ip", "netns", "add", n.space(name)); err != nil {
		return err
	}
	if err := n.ip(ctx, "", "link", "add", port(name), "type", "veth", "peer", "name", "eth0", "netns", n.space(name)); err != nil {
		return err
	}
	for _, c := range []string{
		"link set lo up",
		"addr add " + addr.String() + "/24 dev eth0",
		"link set eth0 up",
		"route add default via " + gatewayAddr.String(),
	} {
		if err := n.ip(ctx, name, strings.Fields(c)...); err != nil {
			return err
		}
	}
	return n.ip(ctx, "", "link", "set", port(name), "master", bridge, "up")
}

// link pulls a machine's cable out, or puts it back.
func (n *network) link(ctx context.Context, name string, up bool) error {
	word := "down"
	if up {
		word = "up"
	}
	return n.ip(ctx, "", "link", "set", port(name), word)
}

// drop has packets vanish on their way from one machine to another, without a
// word to either; with false they arrive again.
func (n *network) drop(ctx context.Context, from, to netip.Addr, on bool) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if on {
		n.drops[[2]netip.Addr{from, to}] = true
	} else {
		delete(n.drops, [2]netip.Addr{from, to})
	}
	return n.rules(ctx)
}

// whole has every packet arrive again.
func (n *network) whole(ctx context.Context) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	clear(n.drops)
	return n.rules(ctx)
}

// rules writes what is dropped. Frames cross the bridge in the namespace that
// no node can reach, so that a node cannot tell why it hears nothing.
func (n *network) rules(ctx context.Context) error {
	var b strings.Builder
	b.WriteString("table bridge cut\ndelete table bridge cut\ntable bridge cut {\n chain forward {\n  type filter hook forward priority 0;\n")
	for d := range n.drops {
		fmt.Fprintf(&b, "  ether type ip ip saddr %s ip daddr %s drop;\n", d[0], d[1])
	}
	b.WriteString(" }\n}\n")
	_, err := toolIn(ctx, b.String(), "ip", "netns", "exec", n.space(""), "nft", "-f", "-")
	return err
}

// slow has every frame of a machine take that much longer, each way.
func (n *network) slow(ctx context.Context, name string, each time.Duration) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if w := n.wires[name]; w != nil {
		w.delay.Store(int64(each))
		return nil
	}
	if each == 0 {
		return nil
	}
	// The cable moves to a bridge of its own; the wire joins the two bridges.
	side := "b-" + name
	near, far := "x-"+name, "y-"+name
	if err := n.ip(ctx, "", "link", "add", side, "type", "bridge", "forward_delay", "0"); err != nil {
		return err
	}
	w, err := newWire(n.space(""), near, far, each)
	if err != nil {
		return err
	}
	n.wires[name] = w
	for _, c := range []string{
		"link set " + near + " master " + side + " up",
		"link set " + far + " master " + bridge + " up",
		"link set " + side + " up",
		"link set " + port(name) + " master " + side,
	} {
		if err := n.ip(ctx, "", strings.Fields(c)...); err != nil {
			return err
		}
	}
	return nil
}

func (n *network) stop() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, w := range n.wires {
		w.stop()
	}
	clear(n.wires)
}

// spaces are the namespaces of a bed that exist.
func spaces(id string) []string {
	found, _ := filepath.Glob("/run/netns/" + id + "*")
	var names []string
	for _, f := range found {
		if name := filepath.Base(f); name == id || strings.HasPrefix(name, id+"-") {
			names = append(names, name)
		}
	}
	return names
}

// within calls f on a thread that is in a namespace. What f opens stays in it.
func within(space string, f func() error) error {
	errs := make(chan error, 1)
	go func() {
		// The thread ends with this goroutine: it is never unlocked, so that no
		// other code can find itself in the wrong network.
		runtime.LockOSThread()
		h, err := os.Open("/run/netns/" + space)
		if err == nil {
			err = unix.Setns(int(h.Fd()), unix.CLONE_NEWNET)
			err = errors.Join(err, h.Close())
		}
		if err == nil {
			err = f()
		}
		errs <- err
	}()
	return <-errs
}

// Dial opens a TCP connection from the console's place in the network.
func (b *Bed) Dial(ctx context.Context, addr netip.AddrPort) (net.Conn, error) {
	var c net.Conn
	err := within(b.net.space(consoleName), func() (err error) {
		var d net.Dialer
		c, err = d.DialContext(ctx, "tcp", addr.String())
		return err
	})
	return c, err
}

// Command is a program that runs at the console's place in the network: where
// an admin would run jurymast.
func (b *Bed) Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, "nsenter", append([]string{"--net=/run/netns/" + b.net.space(consoleName), "--", name}, args...)...)
}

// CutOff takes the console's own cable out: every machine is gone for jurymast,
// and lives on. With false it is back.
func (b *Bed) CutOff(ctx context.Context, off bool) error { return b.net.link(ctx, consoleName, !off) }

// Drop has packets between two machines vanish, in one direction, without an
// error to either; with false they arrive again.
func (b *Bed) Drop(ctx context.Context, from, to string, on bool) error {
	f, err := b.addr(from)
	if err != nil {
		return err
	}
	t, err := b.addr(to)
	if err != nil {
		return err
	}
	return b.net.drop(ctx, f, t, on)
}

// addr returns the address of a machine, or of the console.
func (b *Bed) addr(name string) (netip.Addr, error) {
	if name == consoleName {
		return consoleAddr, nil
	}
	if n, ok := b.nodes[name]; ok {
		return n.Addr, nil
	}
	if b.machine != nil && b.machine.Name == name {
		return b.machine.Addr, nil
	}
	return netip.Addr{}, fmt.Errorf("no machine %q: %s", name, strings.Join(append(b.Nodes(), consoleName), ", "))
}

// Slow has every packet of a machine, or of the console, take that much longer
// each way.
func (b *Bed) Slow(ctx context.Context, name string, each time.Duration) error {
	if _, err := b.addr(name); err != nil {
		return err
	}
	return b.net.slow(ctx, name, each)
}

// Heal puts every cable back, lets every packet through at once and thaws every
// node. Nodes that were killed stay dead: see [Node.Power].
func (b *Bed) Heal(ctx context.Context) error {
	errs := []error{b.net.whole(ctx), b.CutOff(ctx, false)}
	for _, n := range b.nodes {
		errs = append(errs, b.net.slow(ctx, n.Name, 0), n.Thaw(ctx))
		if n.Running() {
			errs = append(errs, n.Heal(ctx))
		}
	}
	errs = append(errs, b.net.slow(ctx, consoleName, 0))
	return errors.Join(errs...)
}
