package sshlab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	gossh "golang.org/x/crypto/ssh"
)

// loopback is where every machine listens.
const loopback = "127.0.0.1"

// Machine is one SSH server and what is behind it. Its methods are safe for
// concurrent use.
type Machine struct {
	lab  *Lab
	host Host
	dir  string
	port int

	weather atomic.Pointer[weather]
	conns   *connSet
	wg      sync.WaitGroup // everything but the connections

	mu       sync.Mutex
	key      gossh.Signer
	server   *gossh.ServerConfig
	listener net.Listener // nil while it is down
	reserved io.Closer    // holds the port meanwhile
	closed   bool
	procs    map[int]struct{} // process groups
	ran      bool             // any process ever
	facts    Linux
	made     time.Time       // the machine, as long after its start as its facts say
	worked   time.Time       // until then its processors have
	tools    map[string]bool // simulated ones that its facts have put there

	execs, sessions, logins, connections atomic.Int64
}

func newMachine(l *Lab, h Host, key gossh.Signer) *Machine {
	m := &Machine{
		lab:   l,
		host:  h,
		dir:   filepath.Join(l.dir, "machine", strings.NewReplacer("/", "_", ":", "_").Replace(h.Name)),
		conns: newConnSet(),
		procs: map[int]struct{}{},
		made:  time.Now(),
	}
	m.weather.Store(&weather{})
	m.setKey(key)
	return m
}

func (m *Machine) setKey(key gossh.Signer) {
	c := &gossh.ServerConfig{
		ServerVersion: "SSH-2.0-sshlab",
		PublicKeyCallback: func(meta gossh.ConnMetadata, k gossh.PublicKey) (*gossh.Permissions, error) {
			if m.weather.Load().refuse {
				return nil, errors.New("logins are refused")
			}
			return m.lab.checkLogin(&m.host, meta, k)
		},
	}
	c.AddHostKey(key)
	m.key, m.server = key, c
}

// Name returns the name the machine was added under.
func (m *Machine) Name() string { return m.host.Name }

// Addr is where it listens, as "127.0.0.1:port". It stays the same for good.
func (m *Machine) Addr() string { return net.JoinHostPort(loopback, fmt.Sprint(m.port)) }

// Port is the port of Addr.
func (m *Machine) Port() int { return m.port }

// Dir is the machine's root folder: what its scripts see as $JURYMAST_ROOT. A
// canned machine has none on disk.
func (m *Machine) Dir() string { return m.dir }

// HostKey is the key that it shows now.
func (m *Machine) HostKey() gossh.PublicKey {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.key.PublicKey()
}

// Execs counts the commands, shells and subsystems that were asked for.
func (m *Machine) Execs() int64 { return m.execs.Load() }

// Sessions counts the session channels that were opened.
func (m *Machine) Sessions() int64 { return m.sessions.Load() }

// Logins counts the connections that logged in.
func (m *Machine) Logins() int64 { return m.logins.Load() }

// Connections counts the connections that were accepted, those from other
// machines included.
func (m *Machine) Connections() int64 { return m.connections.Load() }

// open listens: on a port of the system's choice the first time, on the same
// one from then on. m.mu is held, or nobody else knows m.
func (m *Machine) open() error {
	lc := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error { return sharePort(c) }}
	listener, err := lc.Listen(context.Background(), "tcp4", net.JoinHostPort(loopback, fmt.Sprint(m.port)))
	if err != nil {
		return err
	}
	m.listener = listener
	if m.port == 0 { // for good: it is read without m.mu
		m.port = listener.Addr().(*net.TCPAddr).Port
	}
	if m.reserved != nil {
		err = m.reserved.Close()
		m.reserved = nil
	}
	m.wg.Go(func() { m.accept(listener) })
	return err
}

// accept ends with its listener.
func (m *Machine) accept(listener net.Listener) {
	for {
		c, err := listener.Accept()
		if err == nil {
			m.take(c)
			continue
		}
		if errors.Is(err, net.ErrClosed) {
			return
		}
		// Out of descriptors, most likely: clients wait until some are free.
		t := time.NewTimer(10 * time.Millisecond)
		<-t.C
	}
}

// take serves a connection.
func (m *Machine) take(c net.Conn) {
	m.connections.Add(1)
	w := newWire(c, m)
	m.conns.run(w, func() { m.serve(w) })
}

// dial connects from inside the lab.
func (m *Machine) dial() (net.Conn, error) {
	m.mu.Lock()
	gone := m.closed || m.listener == nil && !m.weather.Load().cutoff
	m.mu.Unlock()
	if gone {
		return nil, errRefused
	}
	client, server, err := pair()
	if err != nil {
		return nil, err
	}
	m.take(server)
	return client, nil
}

// spawn runs f in a goroutine that Close waits for; not any more once the
// machine is closed.
func (m *Machine) spawn(f func()) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return false
	}
	m.wg.Go(f)
	return true
}

// shut ends listening and all connections for good. Processes are left to
// endProcesses.
func (m *Machine) shut() {
	m.mu.Lock()
	m.closed = true
	if m.listener != nil {
		_ = m.listener.Close() // it may have failed already
		m.listener = nil
	}
	if m.reserved != nil {
		_ = m.reserved.Close() // as above
		m.reserved = nil
	}
	m.mu.Unlock()
	m.conns.shut()
	m.conns.wait()
}
