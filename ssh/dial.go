package ssh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/melbahja/goph"
	gossh "golang.org/x/crypto/ssh"
)

// clientVersion is what this side says it is (RFC 4253 4.2).
const clientVersion = "SSH-2.0-jurymast"

func (h Host) addr() string {
	port := h.Port
	if port == 0 {
		port = 22
	}
	return net.JoinHostPort(h.Address, strconv.Itoa(port))
}

// SplitHostPort takes host, host:port, an IPv6 address or [address]:port apart;
// port 0 is one that was not said.
func SplitHostPort(s string) (host string, port int, err error) {
	if ip := net.ParseIP(strings.Trim(s, "[]")); ip != nil || !strings.Contains(s, ":") {
		return strings.Trim(s, "[]"), 0, nil
	}
	host, ps, err := net.SplitHostPort(s)
	if err != nil {
		return "", 0, fmt.Errorf("%q is no host and port: %w", s, err)
	}
	port, err = strconv.Atoi(ps)
	if err != nil || port < 1 || port > 65535 || host == "" {
		return "", 0, fmt.Errorf("%q is no host and port", s)
	}
	return host, port, nil
}

// dial makes a connection: through the jump hosts, the handshake, the login, all
// before one deadline. Where the host would take a key that needs a passphrase,
// a person is asked and it is made again.
func (p *Pool) dial(ctx context.Context, name string) (*conn, error) {
	h, err := p.host(name)
	if err != nil {
		return nil, err
	}
	for {
		auth := p.ring.auth(ctx, h)
		c, err := p.dialOnce(ctx, h, auth)
		if err == nil || auth.wanted == nil {
			return c, err
		}
		if err := p.ring.unlock(ctx, auth.wanted, base(h.Name)); err != nil {
			return nil, ended(ctx, h.Name)
		}
	}
}

func (p *Pool) dialOnce(ctx context.Context, h Host, auth *login) (*conn, error) {
	if err := p.jump(ctx, h); err != nil {
		return nil, err
	}
	waited := h.within(ctx)
	ctx, cancel := context.WithTimeout(ctx, h.Timeout)
	defer cancel()
	raw, err := p.wire(ctx, waited)
	if err != nil {
		return nil, err
	}
	c, err := p.login(ctx, waited, raw, auth)
	if err != nil {
		_ = raw.Close()
		return nil, err
	}
	c.host.Timeout = h.Timeout
	return c, nil
}

// within returns the host with the time that a context leaves for it, which is
// what its errors say was waited.
func (h Host) within(ctx context.Context) Host {
	if d, ok := ctx.Deadline(); ok {
		h.Timeout = max(0, min(h.Timeout, time.Until(d)))
	}
	return h
}

// host resolves a name. A name of two or more jumps stands for its last one,
// reached through those before it.
func (p *Pool) host(name string) (Host, error) {
	chain := strings.Split(name, chainSep)
	last := chain[len(chain)-1]
	h, err := p.resolve(last)
	if err != nil {
		var e *Error
		if errors.As(err, &e) {
			return h, e
		}
		return h, &Error{Host: name, Trouble: Misconfigured, Err: err, Hint: "jurymast inventory validate"}
	}
	if len(chain) > 1 {
		h.Jump = chain[:len(chain)-1]
	}
	h.Name = name
	if h.Timeout <= 0 {
		h.Timeout = DefaultTimeout
	}
	if h.Address == "" {
		return h, &Error{Host: name, Trouble: Misconfigured, Err: errors.New("it has no address"), Hint: "give it an address in the inventory"}
	}
	return h, nil
}

// chainSep joins jump hosts to the name of the connection through all of them.
// It stands in no host name.
const chainSep = " > "

// jump sees to the connection to the last jump host of h, which is the pool's
// like any other and has a deadline of its own: the passphrase of its key may be
// asked for.
func (p *Pool) jump(ctx context.Context, h Host) error {
	if len(h.Jump) == 0 {
		return nil
	}
	if err := p.loop(h); err != nil {
		return err
	}
	_, err := p.last(ctx, h)
	return err
}

// last returns the connection to the last jump host of h. What is wrong with it
// is an error of h's, with the host on the way that it is about.
func (p *Pool) last(ctx context.Context, h Host) (*conn, error) {
	j, err := p.connect(ctx, h.via())
	var e *Error
	if errors.As(err, &e) {
		at := *e
		at.Host = h.Name
		at.Via = first(e.Via, e.Host)
		return nil, &at
	}
	return j, err
}

// wire opens what the SSH connection runs over: TCP, or a channel through the
// last jump host.
func (p *Pool) wire(ctx context.Context, h Host) (net.Conn, error) {
	if len(h.Jump) == 0 {
		raw, err := p.open(ctx, h)
		if err != nil {
			return nil, tcpError(ctx, h, err)
		}
		return raw, nil
	}
	via := h.via()
	for again := true; ; again = false {
		j, err := p.last(ctx, h)
		if err != nil {
			return nil, err
		}
		raw, err := j.forward(ctx, "tcp", h.addr())
		if err == nil {
			return raw, nil
		}
		if again && ctx.Err() == nil && lineIsLost(err) {
			p.lose(via, j, err) // a kept connection that was dead
			continue
		}
		return nil, seenFrom(h, forwardError(ctx, h.Name, h.addr(), err), via)
	}
}

// neighbourSearch is how long Linux looks for the machine that has an address of
// its own network: mcast_solicit questions, three, retrans_time_ms apart, a
// second (arp(7)). What wants to be sent to it meanwhile shares the verdict.
const neighbourSearch = 3 * time.Second

// open opens a TCP connection to a host. One that cannot be found in less time
// than a search for it takes was being looked for already when it was asked for,
// perhaps before it was there: it is looked for once more.
func (p *Pool) open(ctx context.Context, h Host) (net.Conn, error) {
	began := p.o.Now()
	raw, err := p.o.Dial(ctx, "tcp", h.addr())
	if errors.Is(err, syscall.EHOSTUNREACH) && p.o.Now().Sub(began) < neighbourSearch {
		return p.o.Dial(ctx, "tcp", h.addr())
	}
	return raw, err
}

// via is the name of the connection through all jump hosts, "" for none.
func (h Host) via() string { return strings.Join(h.Jump, chainSep) }

// loop finds out whether the way to a host leads through itself: two such hosts
// would wait for each other.
func (p *Pool) loop(h Host) error {
	seen := map[string]bool{h.Name: true}
	for at := h; len(at.Jump) > 0; {
		via := at.via()
		if seen[via] || at.Jump[len(at.Jump)-1] == h.Name {
			return &Error{Host: h.Name, Address: h.addr(), Trouble: Misconfigured, Err: errors.New("its jump hosts lead back to itself"), Hint: "mend jump in the inventory, or ProxyJump in the ssh configuration"}
		}
		seen[via] = true
		next, err := p.host(via)
		if err != nil {
			return nil // connecting to it says what is wrong with it
		}
		at = next
	}
	return nil
}

func first(ss ...string) string {
	for _, s := range ss {
		if s != "" {
			return s
		}
	}
	return ""
}

// seenFrom tells trouble on the way from trouble of the host itself: where the
// jump host would not or could not forward it is on the way, else the host is
// what did not answer, as seen from there, and the next step is taken there.
func seenFrom(h Host, e *Error, via string) *Error {
	if e.Trouble == Forbidden || e.Trouble == LineLost {
		e.Via = via
		return e
	}
	seen := "as seen from " + via
	if said := e.Err.Error(); !strings.EqualFold(said, string(e.Trouble)) {
		seen += ", which says: " + said
	}
	e.Err = errors.New(seen)
	e.Hint = map[Trouble]string{
		Refused:    hintRefused,
		Timeout:    "is it on, and does a firewall drop the connection? jurymast ssh " + base(via) + ", then ping " + h.Address,
		NoSuchName: "is the address right, and does the name server of " + base(via) + " know it?",
		NoRoute:    "is it on, and on a network that " + base(via) + " reaches?",
	}[e.Trouble]
	return e
}

const hintRefused = "the machine is up and nothing listens there: is sshd running, is the port right?"

// login does handshake and login on an open wire.
func (p *Pool) login(ctx context.Context, h Host, raw net.Conn, auth *login) (*conn, error) {
	var verdict error // of the host key: says more than the handshake's own error
	keys, err := p.hostKeys(h)
	if err != nil {
		return nil, err
	}
	config := &gossh.ClientConfig{
		User:              h.User,
		Auth:              auth.methods(),
		ClientVersion:     clientVersion,
		HostKeyAlgorithms: keys.algorithms,
		HostKeyCallback: func(_ string, remote net.Addr, key gossh.PublicKey) error {
			verdict = keys.check(remote, key)
			return verdict
		},
	}
	// The deadline of the context, and its end, close the wire: a server that
	// accepts and stays silent is left, and a channel has no deadline of its own.
	stop := context.AfterFunc(ctx, func() { _ = raw.Close() })
	greet := &greeting{Conn: raw}
	heard := &heardConn{Conn: greet, host: &p.lineOf(h.Name).heard}
	quick := &quickConn{Conn: heard, tcp: tcpOf(raw)}
	quick.on()
	sc, chans, reqs, err := gossh.NewClientConn(quick, h.addr(), config)
	if !stop() && ctx.Err() != nil {
		if err == nil {
			_ = sc.Close()
		}
		return nil, p.late(ctx, h, greet)
	}
	if err != nil {
		if verdict != nil {
			return nil, verdict
		}
		return nil, auth.explain(handshakeError(h, err, greet))
	}
	c := &conn{
		p: p, host: h, raw: raw, heard: heard, quick: quick,
		client: &goph.Client{Client: gossh.NewClient(sc, chans, reqs)},
		slots:  make(chan struct{}, p.o.Sessions), spares: newSpares(), closed: make(chan struct{}),
	}
	return c, nil
}

// late words a handshake that did not end in time.
func (p *Pool) late(ctx context.Context, h Host, g *greeting) error {
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return &Error{Host: h.Name, Address: h.addr(), Trouble: LineLost, Err: ctx.Err()}
	}
	if e := g.foreign(h); e != nil {
		return e
	}
	why := fmt.Errorf("it accepted the connection and did not finish the login within %s", h.Timeout.Round(time.Millisecond))
	if len(g.seen) == 0 {
		why = fmt.Errorf("it accepted the connection and said nothing for %s", h.Timeout.Round(time.Millisecond))
	}
	return &Error{Host: h.Name, Address: h.addr(), Trouble: Timeout, Err: why, Hint: "the machine hangs, or something in between does: look at its console"}
}

// greeting keeps the first bytes that a server said, to tell what it is.
type greeting struct {
	net.Conn
	seen []byte
}

const greetingMax = 128

func (g *greeting) Read(b []byte) (int, error) {
	n, err := g.Conn.Read(b)
	if room := greetingMax - len(g.seen); room > 0 {
		g.seen = append(g.seen, b[:min(n, room)]...)
	}
	return n, err
}

// foreign says that what greeted is no SSH server; nil where it is one, or has
// not said anything. Lines may stand ahead of a server's name (RFC 4253, 4.2).
func (g *greeting) foreign(h Host) *Error {
	if len(g.seen) == 0 || strings.HasPrefix(string(g.seen), "SSH-") || strings.Contains(string(g.seen), "\nSSH-") {
		return nil
	}
	said, _, _ := strings.Cut(string(Clean(g.seen, greetingMax)), "\n")
	return &Error{Host: h.Name, Address: h.addr(), Trouble: NotSSH, Err: fmt.Errorf("it said %q", said), Hint: "is the port right?"}
}

// handshakeError words what went wrong between the first byte and the login.
func handshakeError(h Host, err error, g *greeting) *Error {
	if e := g.foreign(h); e != nil {
		return e
	}
	e := &Error{Host: h.Name, Address: h.addr(), Err: err}
	text := strings.ToLower(err.Error())
	switch {
	case len(g.seen) == 0 && (errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || strings.Contains(text, "eof")):
		e.Trouble, e.Err = LineLost, errors.New("it closed the connection before it said anything")
		e.Hint = "sshd may refuse new connections for now (MaxStartups), or a firewall does: try again"
	case strings.Contains(text, "unable to authenticate"), strings.Contains(text, "no supported methods remain"), strings.Contains(text, "too many authentication failures"):
		e.Trouble = LoginRefused
	case strings.Contains(text, "no common algorithm"):
		e.Trouble, e.Hint = NotSSH, "the server is too old, or hardened beyond what jurymast speaks"
	default:
		e.Trouble, e.Hint = LineLost, hintAgain(h.Name)
	}
	return e
}

// tcpError words a connection that did not come to be.
func tcpError(ctx context.Context, h Host, err error) error {
	e := &Error{Host: h.Name, Address: h.addr(), Err: innermost(err)}
	var dns *net.DNSError
	var timeout interface{ Timeout() bool }
	switch {
	case errors.As(err, &dns) && !dns.IsTimeout:
		e.Trouble, e.Hint = NoSuchName, "is the address right, and does this machine's name server know it?"
		e.Err = dns
	case errors.Is(err, syscall.ECONNREFUSED):
		e.Trouble, e.Hint = Refused, hintRefused
	case slices.ContainsFunc([]error{syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.EHOSTDOWN, syscall.ENETDOWN}, func(x error) bool { return errors.Is(err, x) }):
		e.Trouble, e.Hint = NoRoute, "is this machine on the network, and is that one on?"
	case errors.Is(ctx.Err(), context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, syscall.ETIMEDOUT), errors.Is(err, os.ErrDeadlineExceeded):
		e.Trouble, e.Hint = Timeout, "is it on, and does a firewall drop the connection? ping "+h.Address
		e.Err = fmt.Errorf("no answer from %s within %s", h.addr(), h.Timeout.Round(time.Millisecond))
	case ctx.Err() != nil:
		e.Trouble, e.Err = LineLost, ctx.Err()
	default:
		e.Trouble, e.Hint = NoRoute, "jurymast doctor"
	}
	return e
}

// innermost returns the error at the end of the chain: it is what decides the
// next step, and the address stands in the Error already.
func innermost(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}

// tcpOf returns the TCP connection that a wire is, nil when it is none.
func tcpOf(c net.Conn) *net.TCPConn {
	t, _ := c.(*net.TCPConn)
	return t
}
