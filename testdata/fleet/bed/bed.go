//go:build linux

// Package bed makes a fleet of real Debian machines on one Linux host: nodes
// that boot their own systemd in a network of their own, and a virtual machine
// for what a container cannot have. A test can cut them off, slow them down,
// freeze, kill and power them on again.
//
// A bed needs root. It touches nothing but its own network namespaces, control
// groups and folder, all of which carry its id: several beds can be up at once,
// and what a killed one left behind is cleared by the next.
package bed

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options say what a bed is made of.
type Options struct {
	// Cache is the folder that keeps the base file system and the saved virtual
	// machine between beds; "" is the user's cache folder.
	Cache string
	// Nodes are the names of the machines, at most 100; each starts with a letter.
	Nodes []string
	// Docker names the nodes whose kernel rights suffice for a docker engine.
	Docker []string
	// Machine is the name of the virtual machine; "" for none.
	Machine string
	// Say is told what takes long; nil for nobody.
	Say func(format string, args ...any)
}

// Bed is a fleet that is up. Its methods may be called from several goroutines.
type Bed struct {
	id   string
	dir  string // what is gone after Close
	lock *os.File
	net  *network
	base string
	say  func(string, ...any)

	mu      sync.Mutex
	nodes   map[string]*Node
	machine *Machine
	power   *powerSwitch
	closed  bool
}

// Up makes a bed. Every node answers SSH when it returns. It clears first what
// beds left behind whose process is gone. On an error nothing is left.
func Up(ctx context.Context, o Options) (_ *Bed, err error) {
	if why := Missing(); why != "" {
		return nil, errors.New(why)
	}
	say := o.Say
	if say == nil {
		say = func(string, ...any) {}
	}
	cache, err := cacheDir(o.Cache)
	if err != nil {
		return nil, err
	}
	if err := clearDead(ctx, cache, say); err != nil {
		return nil, fmt.Errorf("clear what an earlier bed left: %w", err)
	}
	base, err := buildBase(ctx, cache, say)
	if err != nil {
		return nil, fmt.Errorf("build the base file system: %w", err)
	}
	var raw [3]byte
	if _, err := rand.Read(raw[:]); err != nil {
		return nil, err
	}
	b := &Bed{id: "jm" + hex.EncodeToString(raw[:]), base: base, say: say, nodes: map[string]*Node{}}
	b.dir = filepath.Join(cache, "beds", b.id)
	if b.lock, err = claim(b.dir); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.Close())
		}
	}()
	if err := b.makeKeys(); err != nil {
		return nil, err
	}
	if b.net, err = newNetwork(ctx, b.id); err != nil {
		return nil, err
	}
	for i, name := range o.Nodes {
		n := &Node{Name: name, Addr: nodeAddr(i), bed: b, docker: slices.Contains(o.Docker, name)}
		n.dir = filepath.Join(b.dir, name)
		b.nodes[name] = n
	}
	if o.Machine != "" {
		b.machine = &Machine{Name: o.Machine, Addr: nodeAddr(machinePlace), bed: b, dir: filepath.Join(b.dir, o.Machine)}
	}
	return b, b.start(ctx, cache)
}

// start starts every node and the machine side by side.
func (b *Bed) start(ctx context.Context, cache string) error {
	var wg sync.WaitGroup
	errs := make(chan error, len(b.nodes)+1)
	for _, n := range b.nodes {
		wg.Go(func() {
			err := n.make(ctx)
			if err == nil {
				err = n.Power(ctx)
			}
			if err != nil {
				errs <- fmt.Errorf("node %s: %w", n.Name, err)
			}
		})
	}
	if b.machine != nil {
		wg.Go(func() {
			if err := b.machine.up(ctx, cache); err != nil {
				errs <- fmt.Errorf("machine %s: %w", b.machine.Name, err)
			}
		})
	}
	wg.Wait()
	close(errs)
	var all []error
	for err := range errs {
		all = append(all, err)
	}
	return errors.Join(all...)
}

// ID returns the name of the bed, unique on this host.
func (b *Bed) ID() string { return b.id }

// Dir returns the bed's folder. It is gone after Close.
func (b *Bed) Dir() string { return b.dir }

// Node returns a node by name. It panics on a name that the bed was not made
// with: that is a mistake in a test.
func (b *Bed) Node(name string) *Node {
	n, ok := b.nodes[name]
	if !ok {
		panic("bed: no node " + name)
	}
	return n
}

// Nodes returns the names of the nodes, sorted.
func (b *Bed) Nodes() []string {
	var names []string
	for n := range b.nodes {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// Machine returns the virtual machine, nil if the bed was made without.
func (b *Bed) Machine() *Machine { return b.machine }

// hosts is the /etc/hosts of every machine.
func (b *Bed) hosts() string {
	var s strings.Builder
	s.WriteString("127.0.0.1 localhost\n")
	for _, name := range b.Nodes() {
		fmt.Fprintf(&s, "%s %s\n", b.nodes[name].Addr, name)
	}
	if b.machine != nil {
		fmt.Fprintf(&s, "%s %s\n", b.machine.Addr, b.machine.Name)
	}
	return s.String()
}

// Close stops every machine, hard, and removes all that the bed made. A second
// call does nothing.
func (b *Bed) Close() error {
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return nil
	}
	b.closed = true
	power := b.power
	b.mu.Unlock()
	if power != nil {
		power.close()
	}
	// The caller's context may be over; tidying up has to happen all the same.
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var wg sync.WaitGroup
	for _, n := range b.nodes {
		wg.Go(func() { _ = n.stop() })
	}
	if b.machine != nil {
		wg.Go(func() { b.machine.stop() })
	}
	wg.Wait()
	if b.net != nil {
		b.net.stop()
	}
	return errors.Join(clearBed(ctx, b.dir, b.id), b.lock.Close())
}

// network of every bed. Beds do not meet: each has its own namespaces.
var (
	subnet       = netip.MustParsePrefix("10.77.0.0/24")
	gatewayAddr  = netip.MustParseAddr("10.77.0.1")
	consoleAddr  = netip.MustParseAddr("10.77.0.2")
	machinePlace = 100
)

// nodeAddr returns the address of the i-th machine.
func nodeAddr(i int) netip.Addr {
	a := subnet.Addr().As4()
	a[3] = byte(11 + i)
	return netip.AddrFrom4(a)
}
