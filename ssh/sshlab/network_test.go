package sshlab

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	gossh "golang.org/x/crypto/ssh"
)

// web asks through a machine's connection.
func web(c *gossh.Client, secure *tls.Config) *http.Client {
	return &http.Client{
		Timeout: 10 * time.Second,
		Transport: &http.Transport{
			DisableKeepAlives: true,
			TLSClientConfig:   secure,
			DialContext:       func(_ context.Context, network, addr string) (net.Conn, error) { return c.Dial(network, addr) },
		},
	}
}

func ask(t *testing.T, c *http.Client, url string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := c.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return 0, err.Error()
	}
	return answer.StatusCode, string(body)
}

func hello(text string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) })
}

func TestServices(t *testing.T) {
	l := start(t, Host{Name: "app1"}, Host{Name: "app2"}, Host{Name: "shut", NoForwarding: true})
	for addr, text := range map[string]string{"app.example.org:80": "all", "127.0.0.1:8080@app1": "own", "app1:9090": "wide"} {
		if _, err := l.Serve(addr, hello(text)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := l.Serve("app.example.org:80", hello("")); err == nil {
		t.Error("two services at one address")
	}
	if _, err := l.Serve("nonsense", hello("")); err == nil {
		t.Error("a service without a port")
	}
	one, two, shut := dial(t, l.Machine("app1")), dial(t, l.Machine("app2")), dial(t, l.Machine("shut"))
	for name, test := range map[string]struct {
		from *gossh.Client
		url  string
		code int
		body string
	}{
		"from one":      {one, "http://app.example.org/", 200, "all"},
		"from two":      {two, "http://app.example.org/", 200, "all"},
		"its own":       {one, "http://127.0.0.1:8080/", 200, "own"},
		"by localhost":  {one, "http://localhost:8080/", 200, "own"},
		"by its name":   {one, "http://app1:8080/", 0, "connection refused"},
		"on all":        {one, "http://localhost:9090/", 200, "wide"},
		"from afar":     {two, "http://app1:9090/", 200, "wide"},
		"another's own": {two, "http://127.0.0.1:8080/", 0, "connection refused"},
		"other port":    {two, "http://app.example.org:81/", 0, "connection refused"},
		"no such name":  {two, "http://nowhere.example.org/", 0, "no such host"},
		"forbidden":     {shut, "http://app.example.org/", 0, "administratively prohibited"},
	} {
		t.Run(name, func(t *testing.T) {
			code, body := ask(t, web(test.from, nil), test.url)
			if code != test.code || !strings.Contains(body, test.body) {
				t.Errorf("got %d, %q; want %d, %q", code, body, test.code, test.body)
			}
		})
	}

	s := l.Service("app.example.org:80")
	s.Status(502)
	if code, _ := ask(t, web(one, nil), "http://app.example.org/"); code != 502 {
		t.Errorf("status %d, want 502", code)
	}
	s.Refuse()
	if code, why := ask(t, web(one, nil), "http://app.example.org/"); code != 0 || !strings.Contains(why, "refused") {
		t.Errorf("got %d, %s", code, why)
	}
	s.Heal()
	s.Hang()
	answer := make(chan string)
	go func() {
		_, body := ask(t, web(one, nil), "http://app.example.org/")
		answer <- body
	}()
	select {
	case body := <-answer:
		t.Errorf("a service that hangs answered %q", body)
	case <-time.After(50 * time.Millisecond):
	}
	s.Heal()
	if body := <-answer; body != "all" {
		t.Errorf("after it was healed: %q", body)
	}
}

func TestServeTLS(t *testing.T) {
	l := start(t, Host{Name: "a"})
	past := time.Now().Add(-48 * time.Hour)
	for addr, o := range map[string]CertOptions{
		"good.example.org:443":  {},
		"old.example.org:443":   {NotBefore: past, NotAfter: past.Add(24 * time.Hour)},
		"self.example.org:443":  {SelfSigned: true},
		"other.example.org:443": {Names: []string{"elsewhere.example.org"}},
	} {
		if _, err := l.ServeTLS(addr, hello("safe"), o); err != nil {
			t.Fatal(err)
		}
	}
	roots, err := l.CA()
	if err != nil {
		t.Fatal(err)
	}
	c := web(dial(t, l.Machine("a")), &tls.Config{RootCAs: roots})
	for host, want := range map[string]string{"good": "safe", "old": "expired", "self": "unknown authority", "other": "elsewhere.example.org"} {
		if _, got := ask(t, c, "https://"+host+".example.org/"); !strings.Contains(got, want) {
			t.Errorf("%s: got %q, want %q in it", host, got, want)
		}
	}
}

func TestServeTCPAndDial(t *testing.T) {
	l := start(t, Host{Name: "a"})
	_, err := l.ServeTCP("mail.example.org:25", func(c net.Conn) {
		_, _ = io.WriteString(c, "220 mail\r\n")
		_, _ = io.Copy(io.Discard, c)
	})
	if err != nil {
		t.Fatal(err)
	}
	c, err := l.Dial(t.Context(), "tcp", "mail.example.org:25")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if line, err := bufio.NewReader(c).ReadString('\n'); err != nil || line != "220 mail\r\n" {
		t.Errorf("got %q, %v", line, err)
	}
	var unknown *net.DNSError
	if _, err := l.Dial(t.Context(), "tcp", "nowhere.example.org:25"); !errors.As(err, &unknown) || !unknown.IsNotFound {
		t.Errorf("an unknown name: %v", err)
	}
	if _, err := l.Dial(t.Context(), "tcp", "mail.example.org:26"); !errors.Is(err, errRefused) {
		t.Errorf("another port: %v", err)
	}
	if banner, err := l.Dial(t.Context(), "tcp", "a:22"); err != nil {
		t.Errorf("a machine: %v", err)
	} else {
		_ = banner.Close()
	}
}
