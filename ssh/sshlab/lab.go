package sshlab

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"

	gossh "golang.org/x/crypto/ssh"
)

// Lab is a fleet of machines and the network between them. It is safe for
// concurrent use.
type Lab struct {
	dir      string
	identity gossh.PublicKey
	private  ed25519.PrivateKey
	ca       gossh.Signer // signs user certificates

	mu       sync.Mutex
	closed   bool
	machines map[string]*Machine // by name and by alias
	ports    map[int]*Machine
	order    []*Machine
	services map[string]*Service
	shared   gossh.Signer // the key of hosts with SharedKey; made when first asked for
	issuer   *issuer      // signs the certificates of TLS services
	system   string       // folder of links to the system's harmless tools
	closers  []func()     // agents
	wg       sync.WaitGroup
}

// Start makes an empty lab. Everything it writes is below dir, which must
// exist and be empty or new to labs; it is left there after Close.
func Start(dir string) (*Lab, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("start lab: %w", err)
	}
	l := &Lab{
		dir:      dir,
		machines: map[string]*Machine{},
		ports:    map[int]*Machine{},
		services: map[string]*Service{},
	}
	if err := l.writeIdentity(); err != nil {
		return nil, fmt.Errorf("start lab: %w", err)
	}
	for _, f := range []string{l.KnownHosts(), l.Config()} {
		if err := os.WriteFile(f, nil, 0o600); err != nil {
			return nil, fmt.Errorf("start lab: %w", err)
		}
	}
	return l, nil
}

// Close ends the lab: when it returns, its listeners, connections, services
// and goroutines are gone, and so is every process that was started on a
// machine, those included that left their session. Its files stay. A second
// Close does nothing.
func (l *Lab) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return nil
	}
	l.closed = true
	machines, closers := l.order, l.closers
	services := make([]*Service, 0, len(l.services))
	for _, s := range l.services {
		services = append(services, s)
	}
	l.mu.Unlock()

	for _, m := range machines {
		m.shut()
	}
	for _, s := range services {
		s.close()
	}
	for _, c := range closers {
		c()
	}
	var errs []error
	if err := endProcesses(l.dir, machines); err != nil {
		errs = append(errs, fmt.Errorf("close lab: %w", err))
	}
	for _, m := range machines {
		m.wg.Wait()
	}
	l.wg.Wait()
	return errors.Join(errs...)
}

// Add starts a machine. Its key is trusted from here on, unless h.Untrusted.
func (l *Lab) Add(h Host) (*Machine, error) {
	m, err := l.add(h)
	if err != nil {
		return nil, fmt.Errorf("add machine %s: %w", h.Name, err)
	}
	return m, nil
}

func (l *Lab) add(h Host) (*Machine, error) {
	if err := h.check(); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, errClosed
	}
	for _, n := range h.names() {
		if other := l.machines[n]; other != nil {
			return nil, fmt.Errorf("%q is machine %s already", n, other.host.Name)
		}
	}
	key, err := l.hostKey(h.SharedKey)
	if err != nil {
		return nil, err
	}
	m := newMachine(l, h, key)
	if !h.canned() {
		if err := l.furnish(m); err != nil {
			return nil, err
		}
	}
	if err := m.open(); err != nil {
		return nil, err
	}
	if err := l.publish(m); err != nil {
		m.shut()
		return nil, err
	}
	for _, n := range h.names() {
		l.machines[n] = m
	}
	l.ports[m.port] = m
	l.order = append(l.order, m)
	return m, nil
}

var errClosed = errors.New("the lab is closed")

// Machine returns the machine of that name or alias, nil when there is none.
func (l *Lab) Machine(name string) *Machine {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.machines[name]
}

// Machines returns all machines in the order in which they were added.
func (l *Lab) Machines() []*Machine {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]*Machine(nil), l.order...)
}

// publish makes the machine known to clients.
func (l *Lab) publish(m *Machine) error {
	names := m.host.names()
	if !m.host.Untrusted {
		line := fmt.Sprintf("%s,%s %s", strings.Join(names, ","), net.JoinHostPort("["+loopback+"]", fmt.Sprint(m.port)),
			gossh.MarshalAuthorizedKey(m.key.PublicKey()))
		if err := appendFile(l.KnownHosts(), line); err != nil {
			return err
		}
	}
	return appendFile(l.Config(), fmt.Sprintf(`Host %s
  HostName %s
  Port %d
  User %s
  IdentityFile %s
  IdentitiesOnly yes
  UserKnownHostsFile %s
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
  HostKeyAlias %s
  BatchMode yes

`, strings.Join(names, " "), loopback, m.port, m.host.login(), configPath(l.Identity()), configPath(l.KnownHosts()), m.host.Name))
}

// configPath writes a file name as ssh_config wants it.
func configPath(p string) string {
	p = strings.ReplaceAll(p, "%", "%%")
	if strings.ContainsAny(p, " \t") {
		return `"` + p + `"`
	}
	return p
}

func appendFile(name, text string) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// KnownHosts is the file of the keys that were trusted at Add. A machine's
// NewKey does not change it.
func (l *Lab) KnownHosts() string { return filepath.Join(l.dir, "known_hosts") }

// Config is an ssh_config that leads each machine's name and aliases to where
// the machine listens, with user, identity and known hosts.
func (l *Lab) Config() string { return filepath.Join(l.dir, "ssh_config") }
