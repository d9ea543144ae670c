package sshlab

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Service is something that answers in the lab's simulated network. Nothing
// listens for it: it is reached by direct-tcpip on a machine, and by Lab.Dial.
type Service struct {
	addr  string
	conns *connSet
	serve func(net.Conn)
	end   func()

	mu     sync.Mutex
	refuse bool
	status int
	hang   chan struct{} // not nil: connections wait until it is closed
}

// Serve answers HTTP at addr: "app.example.org:80" for every machine, or
// "127.0.0.1:8080@app1" for what only machine app1 sees on its own loopback.
// A second service at an address is an error.
func (l *Lab) Serve(addr string, h http.Handler) (*Service, error) {
	return l.serveHTTP(addr, h, nil)
}

// ServeTLS is Serve over TLS with a certificate made to order.
func (l *Lab) ServeTLS(addr string, h http.Handler, o CertOptions) (*Service, error) {
	cert, err := l.certificate(o, addr)
	if err != nil {
		return nil, fmt.Errorf("serve %s: %w", addr, err)
	}
	return l.serveHTTP(addr, h, &tls.Config{Certificates: []tls.Certificate{cert}})
}

func (l *Lab) serveHTTP(addr string, h http.Handler, secure *tls.Config) (*Service, error) {
	s := &Service{addr: addr}
	entry := newDoor(addr)
	server := &http.Server{Handler: s.handler(h), ReadHeaderTimeout: time.Minute, ErrorLog: quiet()}
	s.serve = entry.enter
	if secure != nil {
		s.serve = func(c net.Conn) { entry.enter(tls.Server(c, secure)) }
	}
	s.end = func() {
		_ = server.Close() // closes the door, which cannot fail
	}
	return l.register(s, func() { _ = server.Serve(entry) }) // it returns when it is closed
}

// ServeTCP hands every connection to addr to serve, which must return when the
// connection is closed. The connection is closed after it.
func (l *Lab) ServeTCP(addr string, serve func(net.Conn)) (*Service, error) {
	return l.register(&Service{addr: addr, serve: serve, end: func() {}}, func() {})
}

func (l *Lab) register(s *Service, run func()) (*Service, error) {
	at, _, _ := strings.Cut(s.addr, "@")
	if _, port, err := net.SplitHostPort(at); err != nil {
		return nil, fmt.Errorf("serve %s: %w", s.addr, err)
	} else if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return nil, fmt.Errorf("serve %s: %q is no port", s.addr, port)
	}
	s.conns = newConnSet()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, fmt.Errorf("serve %s: %w", s.addr, errClosed)
	}
	if l.services[s.addr] != nil {
		return nil, fmt.Errorf("serve %s: there is a service already", s.addr)
	}
	l.services[s.addr] = s
	l.wg.Go(run)
	return s, nil
}

// Service returns the service registered at addr, nil when there is none.
func (l *Lab) Service(addr string) *Service {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.services[addr]
}

// Status makes an HTTP service answer every request with that status.
func (s *Service) Status(code int) { s.set(func() { s.status = code }) }

// Refuse makes it refuse connections.
func (s *Service) Refuse() { s.set(func() { s.refuse = true }) }

// Hang makes it accept connections and requests and answer none, until Heal.
func (s *Service) Hang() {
	s.set(func() {
		if s.hang == nil {
			s.hang = make(chan struct{})
		}
	})
}

// Heal ends every fault. What hung is answered.
func (s *Service) Heal() {
	s.set(func() {
		s.status, s.refuse = 0, false
		if s.hang != nil {
			close(s.hang)
			s.hang = nil
		}
	})
}

func (s *Service) set(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

func (s *Service) close() {
	s.Heal()
	s.conns.shut()
	s.end()
	s.conns.wait()
}

// faults returns the state; hang is nil when it answers.
func (s *Service) faults() (refuse bool, status int, hang chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refuse, s.status, s.hang
}

// dial connects to the service.
func (s *Service) dial() (net.Conn, error) {
	if refuse, _, _ := s.faults(); refuse {
		return nil, errRefused
	}
	client, server, err := pair()
	if err != nil {
		return nil, err
	}
	w := &closing{Conn: server, closed: make(chan struct{})}
	s.conns.run(w, func() {
		if _, _, hang := s.faults(); hang != nil {
			select {
			case <-hang:
			case <-w.closed:
			}
		}
		s.serve(w)
	})
	return client, nil
}

func (s *Service) handler(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, status, hang := s.faults()
		if hang != nil {
			select {
			case <-hang:
			case <-r.Context().Done():
				return
			}
		}
		if status != 0 {
			http.Error(w, http.StatusText(status), status)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// closing is a connection that tells when it was closed.
type closing struct {
	net.Conn
	once   sync.Once
	closed chan struct{}
}

func (c *closing) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() { close(c.closed) })
	return err
}

// CloseWrite ends what the other side reads.
func (c *closing) CloseWrite() error {
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if !ok {
		return errors.ErrUnsupported
	}
	return half.CloseWrite()
}

// Dial connects as the machine would that the lab runs on: to machines by name
// and port 22, and to services that are not some machine's own. It is what a
// console in the demo dials with. Anything else is refused: nothing leaves the
// process.
func (l *Lab) Dial(ctx context.Context, _, addr string) (net.Conn, error) {
	fail := func(err error) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: labAddr(addr), Err: err}
	}
	if err := ctx.Err(); err != nil {
		return fail(err)
	}
	host, service, err := net.SplitHostPort(addr)
	if err != nil {
		return fail(err)
	}
	port, err := strconv.Atoi(service)
	if err != nil {
		return fail(err)
	}
	c, err := l.connect(nil, host, port)
	if err != nil {
		return fail(err)
	}
	return c, nil
}

// connect connects from a machine, or from outside where it is nil.
func (l *Lab) connect(from *Machine, host string, port int) (net.Conn, error) {
	addr := net.JoinHostPort(host, strconv.Itoa(port))
	local := host == "localhost" || net.ParseIP(host).IsLoopback()
	l.mu.Lock()
	target, known := l.machines[host]
	if local && (from == nil || l.ports[port] != nil) {
		target = l.ports[port] // as the ssh_config writes a machine's address
		port = 22
		if target == nil {
			port = 0
		}
	}
	s := l.services[addr]
	if local && from != nil {
		s = l.ownService(from, port)
	}
	if s == nil && !local && !known {
		known = l.hasName(host)
	}
	l.mu.Unlock()

	switch {
	case s != nil:
		return s.dial()
	case target != nil && port == 22:
		if from == nil && target.weather.Load().cutoff {
			return nil, errRefused
		}
		return target.dial()
	case local || known:
		return nil, errRefused
	default:
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
}

// ownService finds what a machine sees on its loopback: what was registered
// there, and what is reached by one of its names from everywhere. l.mu is held.
func (l *Lab) ownService(m *Machine, port int) *Service {
	p := strconv.Itoa(port)
	for _, h := range []string{loopback, "localhost", "::1"} {
		if s := l.services[net.JoinHostPort(h, p)+"@"+m.host.Name]; s != nil {
			return s
		}
	}
	for _, h := range m.host.names() {
		if s := l.services[net.JoinHostPort(h, p)]; s != nil {
			return s
		}
	}
	return nil
}

// hasName tells whether any service is at a host of that name. l.mu is held.
func (l *Lab) hasName(host string) bool {
	for addr := range l.services {
		at, _, _ := strings.Cut(addr, "@")
		if h, _, err := net.SplitHostPort(at); err == nil && h == host {
			return true
		}
	}
	return false
}

// labAddr is an address of the simulated network.
type labAddr string

func (a labAddr) Network() string { return "tcp" }
func (a labAddr) String() string  { return string(a) }

// door is a listener into which connections are handed.
type door struct {
	addr   labAddr
	queue  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newDoor(addr string) *door {
	return &door{addr: labAddr(addr), queue: make(chan net.Conn), closed: make(chan struct{})}
}

// enter hands a connection over and returns when it is closed.
func (d *door) enter(c net.Conn) {
	w := &closing{Conn: c, closed: make(chan struct{})}
	select {
	case d.queue <- w:
		<-w.closed
	case <-d.closed:
	}
}

// Accept implements net.Listener.
func (d *door) Accept() (net.Conn, error) {
	select {
	case c := <-d.queue:
		return c, nil
	case <-d.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (d *door) Close() error {
	d.once.Do(func() { close(d.closed) })
	return nil
}

// Addr implements net.Listener.
func (d *door) Addr() net.Addr { return d.addr }
