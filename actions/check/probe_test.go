package check

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"jurymast/actions"
	"jurymast/ssh"
)

// listen serves each connection of a loopback port with serve until the test
// ends.
func listen(t *testing.T, serve func(c net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	var conns []net.Conn
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, c)
			mu.Unlock()
			all.Go(func() {
				defer c.Close()
				serve(c)
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		mu.Lock()
		for _, c := range conns {
			_ = c.Close()
		}
		mu.Unlock()
		all.Wait()
	})
	return l.Addr().String()
}

// run makes a probe that must be over within a time.
func run(t *testing.T, p actions.Probe, limit time.Duration, roots *x509.CertPool) actions.ProbeAnswer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	start := time.Now()
	a := RunProbe(ctx, p, (&net.Dialer{}).DialContext, time.Now, roots)
	if took := time.Since(start); took > limit+5*time.Second {
		t.Errorf("the probe took %v of %v", took, limit)
	}
	return a
}

// quick is the limit of probes that are to run into it, slow that of those
// that are not.
const (
	quick = 300 * time.Millisecond
	slow  = 30 * time.Second
)

// hold keeps a connection open until the other side has left it.
func hold(c net.Conn) { _, _ = io.Copy(io.Discard, c) }

// request reads one request.
func request(c net.Conn) { _, _ = http.ReadRequest(bufio.NewReader(c)) }

func TestProbeHostileHTTP(t *testing.T) {
	tests := []struct {
		name  string
		serve func(c net.Conn)
		limit time.Duration
		why   actions.ProbeTrouble
		err   string // a part of it
		code  int
	}{
		{"never answers", hold, quick, actions.ProbeTimeout, "connected, but no answer within", 0},
		{"closes at once", func(net.Conn) {}, slow, actions.ProbeClosed, "closed without an answer", 0},
		{"drips a header", func(c net.Conn) {
			request(c)
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nX-Long: ")
			for {
				if _, err := io.WriteString(c, strings.Repeat("x", 16)); err != nil {
					return
				}
				runtime.Gosched()
				if err := c.SetReadDeadline(time.Now().Add(10 * time.Millisecond)); err != nil {
					return
				}
				if _, err := c.Read(make([]byte, 1)); errors.Is(err, io.EOF) {
					return
				}
			}
		}, quick, actions.ProbeTimeout, "no answer within", 0},
		{"stops in the body", func(c net.Conn) {
			request(c)
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
			hold(c)
		}, quick, actions.ProbeTimeout, "did not end within", 200},
		{"closes in the body", func(c net.Conn) {
			request(c)
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
		}, slow, actions.ProbeClosed, "in the middle of the answer", 200},
		{"another protocol", func(c net.Conn) {
			_, _ = io.WriteString(c, "SSH-2.0-OpenSSH_9.2p1\r\n")
			hold(c)
		}, slow, actions.ProbeNotHTTP, `SSH-2.0-OpenSSH_9.2p1`, 0},
		{"garbage with escapes", func(c net.Conn) {
			request(c)
			_, _ = io.WriteString(c, "\x1b]0;owned\x07\x00\xff\xfe\r\n\r\n")
		}, slow, actions.ProbeNotHTTP, "does not speak", 0},
		{"a header without end", func(c net.Conn) {
			request(c)
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n")
			for i := 0; ; i++ {
				if _, err := fmt.Fprintf(c, "X-%d: %s\r\n", i, strings.Repeat("y", 1000)); err != nil {
					return
				}
			}
		}, slow, actions.ProbeNotHTTP, "exceeded", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := run(t, actions.Probe{Net: "http", URL: "http://" + listen(t, tt.serve) + "/"}, tt.limit, nil)
			if a.Why != tt.why || !strings.Contains(a.Err, tt.err) || a.Code != tt.code {
				t.Errorf("got why %q, err %q, code %d; want %q, %q, %d", a.Why, a.Err, a.Code, tt.why, tt.err, tt.code)
			}
			if strings.ContainsAny(a.Err, "\x1b\x00\x07\n") {
				t.Errorf("err %q holds control characters", a.Err)
			}
		})
	}
}

func TestProbeBodyIsBounded(t *testing.T) {
	sent := make(chan int64, 1)
	addr := listen(t, func(c net.Conn) {
		request(c)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n")
		n, _ := io.Copy(c, io.LimitReader(endless{}, 1<<30))
		sent <- n
	})
	a := run(t, actions.Probe{Net: "http", URL: "http://" + addr, MaxBody: 1000}, slow, nil)
	if a.Err != "" || len(a.Body) > 1000 || len(a.Body) < 900 {
		t.Errorf("err %q, %d bytes of body, want at most 1000 and no error", a.Err, len(a.Body))
	}
	if n := <-sent; n > 64<<20 {
		t.Errorf("%d bytes were taken of a body of which 1000 were wanted", n)
	}
}

type endless struct{}

func (endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = "abcdefg\n"[i%8]
	}
	return len(b), nil
}

func TestProbeHTTPAnswers(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/ok", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Host", r.Host)
		w.Header().Set("X-Method", r.Method)
		_, _ = io.WriteString(w, "fine \x1b[31mred\x1b[0m\x00\xff")
	})
	mux.HandleFunc("/go", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/ok", http.StatusFound) })
	mux.HandleFunc("/loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", http.StatusFound) })
	mux.HandleFunc("/cookie", func(w http.ResponseWriter, r *http.Request) {
		if _, err := r.Cookie("seen"); err == nil {
			_, _ = io.WriteString(w, "welcome")
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "seen", Value: "1"})
		http.Redirect(w, r, "/cookie", http.StatusFound)
	})
	server := httptest.NewServer(mux)
	defer server.Close()

	tests := []struct {
		name  string
		probe actions.Probe
		code  int
		why   actions.ProbeTrouble
		body  string
		ended string // path at which it ended
	}{
		{"plain", actions.Probe{URL: "/ok"}, 200, "", "fine red", "/ok"},
		{"redirect is an answer", actions.Probe{URL: "/go"}, 302, "", "", "/go"},
		{"redirect is followed", actions.Probe{URL: "/go", Follow: true}, 200, "", "fine", "/ok"},
		{"redirects without end", actions.Probe{URL: "/loop", Follow: true}, 0, actions.ProbeRedirects, "", ""},
		{"redirect that needs its cookie", actions.Probe{URL: "/cookie", Follow: true}, 200, "", "welcome", "/cookie"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := tt.probe
			p.Net, p.URL = "http", server.URL+p.URL
			a := run(t, p, slow, nil)
			if a.Code != tt.code || a.Why != tt.why || !strings.Contains(string(a.Body), tt.body) || !strings.HasSuffix(a.URL, tt.ended) {
				t.Errorf("got %d, why %q (%s), body %q, url %q", a.Code, a.Why, a.Err, a.Body, a.URL)
			}
			if strings.ContainsAny(string(a.Body), "\x1b\x00") {
				t.Errorf("body %q is not clean", a.Body)
			}
			if a.Why == "" && (a.Connect <= 0 || a.Took < a.Connect || a.Proto != "HTTP/1.1") {
				t.Errorf("connect %v, took %v, proto %q", a.Connect, a.Took, a.Proto)
			}
		})
	}
	t.Run("method and host", func(t *testing.T) {
		a := run(t, actions.Probe{Net: "http", URL: server.URL + "/ok", Method: "HEAD", Header: map[string]string{"host": "app.example"}}, slow, nil)
		if a.Code != 200 || a.Header["X-Host"] != "app.example" || a.Header["X-Method"] != "HEAD" {
			t.Errorf("got %d, header %v, err %q", a.Code, a.Header, a.Err)
		}
	})
	t.Run("no proxy of the environment", func(t *testing.T) {
		t.Setenv("HTTP_PROXY", "http://192.0.2.1:1")
		t.Setenv("http_proxy", "http://192.0.2.1:1")
		if a := run(t, actions.Probe{Net: "http", URL: server.URL + "/ok"}, slow, nil); a.Code != 200 {
			t.Errorf("got %d, %s", a.Code, a.Err)
		}
	})
}

func TestProbeDialTroubles(t *testing.T) {
	opErr := func(text string) error { return fmt.Errorf("ssh: rejected: connect failed (%s)", text) }
	tests := []struct {
		name string
		err  error
		why  actions.ProbeTrouble
	}{
		{"forbidden", &ssh.Error{Host: "node/a", Address: "db.lan:5432", Trouble: ssh.Forbidden}, actions.ProbeForbidden},
		{"refused, as ssh words it", &ssh.Error{Host: "node/a", Address: "db.lan:5432", Trouble: ssh.Refused}, actions.ProbeRefused},
		{"no name, as ssh words it", &ssh.Error{Host: "node/a", Address: "db.lan:5432", Trouble: ssh.NoSuchName}, actions.ProbeNoName},
		{"the host it is seen from is down", &ssh.Error{Host: "node/a", Address: "a.lan:22", Trouble: ssh.Refused}, actions.ProbeOther},
		{"the line was lost", &ssh.Error{Host: "node/a", Address: "db.lan:5432", Trouble: ssh.LineLost}, actions.ProbeOther},
		{"prohibited, in words", errors.New("ssh: rejected: administratively prohibited (open failed)"), actions.ProbeForbidden},
		{"refused far away", opErr("Connection refused"), actions.ProbeRefused},
		{"no route far away", opErr("No route to host"), actions.ProbeNoRoute},
		{"no name far away", opErr("Name or service not known"), actions.ProbeNoName},
		{"timeout far away", opErr("Connection timed out"), actions.ProbeTimeout},
		{"no name here", &net.DNSError{Err: "no such host", Name: "nowhere.lan", IsNotFound: true}, actions.ProbeNoName},
		{"name server silent", &net.DNSError{Err: "i/o timeout", Name: "nowhere.lan", IsTimeout: true}, actions.ProbeTimeout},
		{"anything else", errors.New("the moon"), actions.ProbeOther},
	}
	for _, tt := range tests {
		for _, p := range []actions.Probe{{Net: "tcp", Address: "db.lan:5432"}, {Net: "tls", Address: "db.lan:5432"}, {Net: "http", URL: "http://db.lan:5432/"}, {Net: "http", URL: "https://db.lan:5432/"}} {
			t.Run(tt.name+" "+p.Net, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), slow)
				defer cancel()
				var dialled string
				a := RunProbe(ctx, p, func(_ context.Context, _, addr string) (net.Conn, error) {
					dialled = addr
					return nil, tt.err
				}, time.Now, nil)
				if a.Why != tt.why || a.Err == "" {
					t.Errorf("why %q (%s), want %q", a.Why, a.Err, tt.why)
				}
				if dialled != "db.lan:5432" {
					t.Errorf("dialled %q: the name must be resolved where the dialer leads", dialled)
				}
			})
		}
	}
	t.Run("refused here", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		addr := l.Addr().String()
		_ = l.Close()
		if a := run(t, actions.Probe{Net: "tcp", Address: addr}, slow, nil); a.Why != actions.ProbeRefused {
			t.Errorf("why %q (%s)", a.Why, a.Err)
		}
	})
	t.Run("a dial that hangs", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), quick)
		defer cancel()
		a := RunProbe(ctx, actions.Probe{Net: "http", URL: "https://db.lan/"}, func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}, time.Now, nil)
		if a.Why != actions.ProbeTimeout || !strings.Contains(a.Err, "no connection within") {
			t.Errorf("why %q, %q", a.Why, a.Err)
		}
	})
	t.Run("no such probe", func(t *testing.T) {
		if a := run(t, actions.Probe{Net: "gopher"}, slow, nil); a.Why != actions.ProbeOther || !strings.Contains(a.Err, "gopher") {
			t.Errorf("why %q, %q", a.Why, a.Err)
		}
	})
	t.Run("no such url", func(t *testing.T) {
		for _, u := range []string{"", "http://[", "ftp://x/", "http://a b/"} {
			if a := run(t, actions.Probe{Net: "http", URL: u}, slow, nil); a.Why != actions.ProbeOther || a.Err == "" {
				t.Errorf("%q: why %q, %q", u, a.Why, a.Err)
			}
		}
	})
}

// authority makes certificates for tests.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t}
	a.cert, a.key, _ = a.make(x509.Certificate{Subject: pkix.Name{CommonName: "Test Root"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		NotBefore: time.Now().Add(-1000 * 24 * time.Hour), NotAfter: time.Now().Add(1000 * 24 * time.Hour)}, true)
	a.pool = x509.NewCertPool()
	a.pool.AddCert(a.cert)
	return a
}

func (a *authority) make(c x509.Certificate, selfSigned bool) (*x509.Certificate, *ecdsa.PrivateKey, tls.Certificate) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	c.SerialNumber = big.NewInt(0x1234)
	parent, signer := &c, key
	if !selfSigned {
		parent, signer = a.cert, a.key
	}
	der, err := x509.CreateCertificate(rand.Reader, &c, parent, &key.PublicKey, signer)
	if err != nil {
		a.t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return cert, key, tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func TestProbeCertificates(t *testing.T) {
	ca := newAuthority(t)
	now := time.Now()
	leaf := func(from, to time.Time, selfSigned bool, names ...string) tls.Certificate {
		_, _, c := ca.make(x509.Certificate{Subject: pkix.Name{CommonName: "app.lan"}, DNSNames: names, NotBefore: from, NotAfter: to,
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}, selfSigned)
		return c
	}
	const day = 24 * time.Hour
	tests := []struct {
		name   string
		cert   tls.Certificate
		verify []string // parts of it; none: it is trusted
	}{
		{"good", leaf(now.Add(-day), now.Add(89*day), false, "app.lan"), nil},
		{"expired", leaf(now.Add(-90*day), now.Add(-day), false, "app.lan"), []string{"it expired on"}},
		{"not yet", leaf(now.Add(day), now.Add(90*day), false, "app.lan"), []string{"it is not valid before"}},
		{"wrong name", leaf(now.Add(-day), now.Add(89*day), false, "other.lan", "third.lan"), []string{"it is for other.lan, third.lan, not for app.lan"}},
		{"self-signed", leaf(now.Add(-day), now.Add(89*day), true, "app.lan"), []string{"self-signed"}},
		{"all at once", leaf(now.Add(-90*day), now.Add(-day), true, "other.lan"), []string{"expired", "not for app.lan", "self-signed"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "here") }))
			server.TLS = &tls.Config{Certificates: []tls.Certificate{tt.cert}}
			server.EnableHTTP2 = true
			server.StartTLS()
			defer server.Close()
			addr := server.Listener.Addr().String()
			for _, p := range []actions.Probe{
				{Net: "tls", Address: addr, Name: "app.lan"},
				{Net: "http", URL: "https://" + addr + "/", Name: "app.lan"},
			} {
				a := run(t, p, slow, ca.pool)
				if a.Err != "" || len(a.Chain) != 1 || a.Chain[0].Subject != "app.lan" || a.Chain[0].Serial != "1234" || a.TLS != "TLS 1.3" {
					t.Fatalf("%s: err %q, chain %+v, %s", p.Net, a.Err, a.Chain, a.TLS)
				}
				if p.Net == "http" && (a.Code != 200 || a.Proto != "HTTP/2.0" || string(a.Body) != "here") {
					t.Errorf("%d %s %q", a.Code, a.Proto, a.Body)
				}
				if len(tt.verify) == 0 && a.Verify != "" {
					t.Errorf("%s: not trusted: %s", p.Net, a.Verify)
				}
				for _, part := range tt.verify {
					if !strings.Contains(a.Verify, part) {
						t.Errorf("%s: verify %q lacks %q", p.Net, a.Verify, part)
					}
				}
			}
		})
	}
}

func TestProbeHostileTLS(t *testing.T) {
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	tests := []struct {
		name  string
		addr  string
		limit time.Duration
		why   actions.ProbeTrouble
		err   string
	}{
		{"silent", listen(t, hold), quick, actions.ProbeTimeout, "no TLS handshake within"},
		{"closes", listen(t, func(c net.Conn) { _, _ = c.Read(make([]byte, 1)) }), slow, actions.ProbeClosed, "during the TLS handshake"},
		{"plain http", plain.Listener.Addr().String(), slow, actions.ProbeTLS, "plain HTTP"},
		{"garbage", listen(t, func(c net.Conn) { _, _ = io.WriteString(c, "220 mail ESMTP\r\n"); hold(c) }), slow, actions.ProbeTLS, "does not speak TLS"},
		{"an alert", listen(t, func(c net.Conn) { _, _ = c.Write([]byte{21, 3, 3, 0, 2, 2, 40}); hold(c) }), slow, actions.ProbeTLS, "handshake"},
	}
	for _, tt := range tests {
		for _, p := range []actions.Probe{{Net: "tls", Address: tt.addr}, {Net: "http", URL: "https://" + tt.addr + "/"}} {
			t.Run(tt.name+" "+p.Net, func(t *testing.T) {
				a := run(t, p, tt.limit, nil)
				if a.Why != tt.why || !strings.Contains(a.Err, tt.err) {
					t.Errorf("why %q, %q; want %q, %q", a.Why, a.Err, tt.why, tt.err)
				}
			})
		}
	}
}

// TestProbeLeavesNothingOpen counts connections: each that a probe opened must
// be closed when it is over, also when the answer was cut or never came.
func TestProbeLeavesNothingOpen(t *testing.T) {
	silent := listen(t, hold)
	big := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.Copy(w, io.LimitReader(endless{}, 8<<20)) }))
	defer big.Close()
	for _, p := range []actions.Probe{
		{Net: "tcp", Address: silent}, {Net: "tls", Address: silent}, {Net: "http", URL: "http://" + silent},
		{Net: "http", URL: "https://" + silent}, {Net: "http", URL: big.URL},
	} {
		var mu sync.Mutex
		opened, closed := 0, 0
		ctx, cancel := context.WithTimeout(t.Context(), quick)
		RunProbe(ctx, p, func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := (&net.Dialer{}).DialContext(ctx, network, addr)
			mu.Lock()
			defer mu.Unlock()
			opened++
			return &counted{Conn: c, once: sync.OnceFunc(func() { mu.Lock(); closed++; mu.Unlock() })}, err
		}, time.Now, nil)
		cancel()
		mu.Lock()
		if opened != 1 || closed != 1 {
			t.Errorf("%s %s%s: %d opened, %d closed", p.Net, p.Address, p.URL, opened, closed)
		}
		mu.Unlock()
	}
}

type counted struct {
	net.Conn
	once func()
}

func (c *counted) Close() error {
	c.once()
	return c.Conn.Close()
}
