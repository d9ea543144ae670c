package check

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"sync"
	"time"

	"jurymast/actions"
	"jurymast/ssh"
)

// Bounds of a probe.
const (
	probeBody      = 64 << 10 // bytes kept of a body where the probe does not say
	probeHeader    = 64 << 10 // bytes of a header that are read
	probeRedirects = 10       // what browsers and curl's users are content with
)

// RunProbe makes a probe and says what came of it. It has no error: what goes
// wrong is the answer.
//
// Every address goes to dial as it stands in the probe, host names included:
// where dial leads through a host, the name is resolved there. ctx must have a
// deadline, and dial must obey it; it bounds the whole probe, and nothing is left open or running
// when RunProbe returns but what net/http needs to notice that its connection
// is closed. now is the clock by which certificates are judged; roots are the
// authorities that are trusted, nil for those of this machine.
//
// A server whose certificate is not trusted is asked all the same, and the
// answer says so: a probe must carry nothing that is secret. No proxy is used.
func RunProbe(ctx context.Context, p actions.Probe, dial Dialer, now func() time.Time, roots *x509.CertPool) actions.ProbeAnswer {
	ctx, cancel := context.WithCancel(ctx)
	r := &probing{probe: p, dial: dial, now: now, roots: roots, start: now()}
	var err error
	switch p.Net {
	case "tcp":
		_, err = r.connect(ctx, "tcp", p.Address)
	case "tls":
		_, err = r.secure(ctx, p.Address, nil)
	case "http":
		err = r.http(ctx)
	default:
		err = fmt.Errorf("no probe is called %q", p.Net)
	}
	if err != nil {
		err = errors.Join(err, ctx.Err()) // a deadline may come back as a closed connection
	}
	cancel()
	return r.finish(err)
}

// stage is how far a probe came; it chooses the words for what went wrong.
type stage uint8

const (
	connecting stage = iota
	handshaking
	waiting
	reading
)

// probing is one probe under way. The fields below mu are also written by the
// goroutines on which net/http dials.
type probing struct {
	probe actions.Probe
	dial  Dialer
	now   func() time.Time
	roots *x509.CertPool
	start time.Time

	dials sync.WaitGroup

	mu     sync.Mutex
	over   bool // nothing is to be dialled any more
	stage  stage
	conns  []net.Conn
	plain  *firstWords // the last connection without TLS
	answer actions.ProbeAnswer
}

// connect opens a connection that lives until the probe is finished.
func (r *probing) connect(ctx context.Context, network, addr string) (net.Conn, error) {
	r.mu.Lock()
	if r.over {
		r.mu.Unlock()
		return nil, net.ErrClosed
	}
	r.dials.Add(1)
	defer r.dials.Done()
	r.stage = connecting
	r.mu.Unlock()
	c, err := r.dial(ctx, network, addr)
	if err != nil {
		if e := (*ssh.Error)(nil); errors.As(err, &e) && e.Address != addr {
			return nil, vantageError{e}
		}
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.conns = append(r.conns, c)
	r.stage = waiting
	if r.answer.Connect == 0 {
		r.answer.Connect = max(r.now().Sub(r.start), 1)
	}
	return c, nil
}

func (r *probing) reach(s stage) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stage = s
}

// handshakeError tells trouble of a handshake from trouble of what follows it.
type handshakeError struct{ err error }

func (e handshakeError) Error() string { return e.err.Error() }
func (e handshakeError) Unwrap() error { return e.err }

// secure opens a TLS connection and keeps what the server shows of itself.
func (r *probing) secure(ctx context.Context, addr string, protocols []string) (net.Conn, error) {
	name := r.probe.Name
	if name == "" || addr != r.address() {
		host, _, err := net.SplitHostPort(addr)
		if err != nil {
			return nil, err
		}
		name = host
	}
	c, err := r.connect(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	r.reach(handshaking)
	t := tls.Client(c, &tls.Config{
		ServerName: name,
		NextProtos: protocols,
		Time:       r.now,
		// The library's own verification ends the handshake and keeps the
		// chain to itself, so that an expired certificate could not be
		// shown. The same verification is made in show, by the same
		// package, and its outcome is part of the answer.
		InsecureSkipVerify: true,
		VerifyConnection: func(s tls.ConnectionState) error {
			r.show(s, name)
			return nil
		},
	})
	if err := t.HandshakeContext(ctx); err != nil {
		return nil, handshakeError{err}
	}
	r.reach(waiting)
	return t, nil
}

// address is the host and port that the probe itself names, without those that
// a redirect leads to.
func (r *probing) address() string {
	if r.probe.Net != "http" {
		return r.probe.Address
	}
	u, err := url.Parse(r.probe.URL)
	if err != nil {
		return ""
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// show keeps the chain of the first server; of one that a redirect leads to
// only when it is the first that cannot be trusted.
func (r *probing) show(s tls.ConnectionState, name string) {
	verify := verify(s.PeerCertificates, name, r.now(), r.roots)
	r.mu.Lock()
	defer r.mu.Unlock()
	a := &r.answer
	if a.Chain != nil && (a.Verify != "" || verify == "") {
		return
	}
	a.Chain, a.Verify, a.TLS = certs(s.PeerCertificates), verify, tls.VersionName(s.Version)
}

func (r *probing) http(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, cmp.Or(r.probe.Method, http.MethodGet), r.probe.URL, nil)
	if err != nil {
		return err
	}
	req.Header.Set("User-Agent", "jurymast")
	for k, v := range r.probe.Header {
		if http.CanonicalHeaderKey(k) == "Host" {
			req.Host = v
			continue
		}
		req.Header.Set(k, v)
	}
	transport := &http.Transport{
		// net/http dials on goroutines of its own, with a context that may
		// outlive the request: the probe's own is used.
		DialContext: func(_ context.Context, network, addr string) (net.Conn, error) {
			c, err := r.connect(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			g := &firstWords{Conn: c}
			r.mu.Lock()
			defer r.mu.Unlock()
			r.plain = g
			return g, nil
		},
		DialTLSContext: func(_ context.Context, _, addr string) (net.Conn, error) {
			return r.secure(ctx, addr, []string{"h2", "http/1.1"})
		},
		ForceAttemptHTTP2:      true,
		DisableKeepAlives:      true,
		DisableCompression:     true, // what is kept is what was sent
		MaxResponseHeaderBytes: probeHeader,
	}
	defer transport.CloseIdleConnections()
	// Log-in pages that set a cookie and lead back to themselves go round for
	// ever without one.
	jar, err := cookiejar.New(nil)
	if err != nil {
		return err
	}
	client := &http.Client{Transport: transport, Jar: jar, CheckRedirect: r.redirect}
	resp, err := client.Do(req)
	if err != nil {
		if u := (*url.Error)(nil); errors.As(err, &u) {
			return u.Err
		}
		return err
	}
	defer resp.Body.Close()
	r.answered(resp)
	body, err := io.ReadAll(io.LimitReader(resp.Body, int64(cmp.Or(r.probe.MaxBody, probeBody))))
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer.Body = ssh.Clean(body, 0)
	return err
}

func (r *probing) redirect(_ *http.Request, via []*http.Request) error {
	switch {
	case !r.probe.Follow:
		return http.ErrUseLastResponse
	case len(via) > probeRedirects:
		return redirectError(via[len(via)-1].URL.Redacted())
	}
	return nil
}

// redirectError is where the last redirect that was followed led to.
type redirectError string

func (e redirectError) Error() string {
	return fmt.Sprintf("more than %d redirects, the last one from %s", probeRedirects, string(e))
}

func (r *probing) answered(resp *http.Response) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stage = reading
	a := &r.answer
	a.Code, a.Proto, a.URL = resp.StatusCode, resp.Proto, clean(resp.Request.URL.Redacted())
	a.Header = make(map[string]string, len(resp.Header))
	for k, vs := range resp.Header {
		if len(vs) > 0 {
			a.Header[clean(k)] = clean(vs[0])
		}
	}
}

// finish closes what is open and returns the answer. No goroutine of a dial is
// left when it returns.
func (r *probing) finish(err error) actions.ProbeAnswer {
	took := r.now().Sub(r.start)
	r.mu.Lock()
	r.over = true
	r.mu.Unlock()
	r.dials.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.conns {
		_ = c.Close() // nothing was written that could be lost
	}
	a := r.answer
	a.Took = took
	if err != nil {
		a.Why = trouble(err)
		a.Err = words(a.Why, r.stage, took, err)
		r.plain.judge(&a)
	}
	return a
}

// clean makes one line of a text that a machine chose.
func clean(s string) string { return actions.Line(string(ssh.Clean([]byte(s), actions.MaxLine))) }
