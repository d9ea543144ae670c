//go:build linux && fleet

package suite

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"jurymast/testdata/fleet/bed"
)

// visitor asks a web address again and again and remembers what it got, and
// when.
type visitor struct {
	stop context.CancelFunc
	done chan struct{}

	mu    sync.Mutex
	got   map[string]int
	last  time.Time // of the last answer
	why   error     // why there was none last
	gap   time.Duration
	ended time.Time // the end of the longest gap
}

// visit begins to ask an address; patience is how long a visitor waits for an
// answer.
func (f *fleet) visit(url string, patience time.Duration) *visitor {
	ctx, stop := context.WithCancel(f.t.Context())
	v := &visitor{stop: stop, done: make(chan struct{}), got: map[string]int{}, last: time.Now()}
	client := &http.Client{Timeout: patience, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, addr string) (net.Conn, error) {
			at, err := netip.ParseAddrPort(addr)
			if err != nil {
				return nil, err
			}
			return f.Dial(ctx, at)
		},
	}}
	go func() {
		defer close(v.done)
		// Twenty visits a second: more would take a processor from what they measure.
		for pause := time.NewTicker(50 * time.Millisecond); ctx.Err() == nil; <-pause.C {
			text, err := fetch(ctx, client, url)
			if ctx.Err() != nil {
				return
			}
			v.mu.Lock()
			if err != nil {
				v.got["no answer"]++
				v.why = err
			} else {
				v.got[text]++
				if gap := time.Since(v.last); gap > v.gap {
					v.gap, v.ended = gap, time.Now()
				}
				v.last = time.Now()
			}
			v.mu.Unlock()
		}
	}()
	return v
}

func fetch(ctx context.Context, c *http.Client, url string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	resp, err := c.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d", resp.StatusCode)
	}
	return strings.TrimSpace(string(b)), err
}

// end stops asking and returns the longest time without an answer, and what was
// answered.
func (v *visitor) end() (time.Duration, map[string]int) {
	v.stop()
	<-v.done
	return v.gap, v.got
}

// proxy starts HAProxy on lb ahead of what serves web on app1 and on app2, of which
// the latter has more words in its line.
func (f *fleet) proxy(second string) {
	f.t.Helper()
	f.must(f.Node("lb").Write("/etc/haproxy/haproxy.cfg", fmt.Sprintf(`global
 stats socket /run/haproxy/admin.sock mode 660 level admin
defaults
 mode http
 timeout connect 1s
 timeout client 5s
 timeout server 5s
frontend front
 bind :80
 default_backend web
backend web
 server app1 %s:8080 check inter 200ms
 server app2 %s:8080 check inter 200ms %s
`, f.Node("app1").Addr, f.Node("app2").Addr, second), 0o644))
	f.on("lb", "systemctl start haproxy")
}

// TestMoveBehindProxy moves a compose project between two docker hosts behind
// HAProxy, as planned and in every way of losing its host, while somebody visits it.
func TestMoveBehindProxy(t *testing.T) {
	beside(t, light, 140*time.Second)
	f := newFleet(t, bed.Options{Nodes: []string{"app1", "app2", "lb"}, Docker: []string{"app1", "app2"}}, `
[service.web]
kind = "compose"
on = "app1"
standby = ["app2"]
dir = "/opt/web"
stateless = true
class = "application"

[redirect.front]
of = "web"
on = "lb"
kind = "haproxy"
backend = "web"
`, powerFence("app1", "lb"), powerFence("app2", "lb"))
	if _, err := f.PowerSwitch(); err != nil {
		t.Fatal(err)
	}
	for _, h := range []string{"app1", "app2"} {
		f.must(f.Node(h).Write("/opt/web/docker-compose.yml", `version: "2.4"
services:
  page:
    image: lab/bb:1
    command: httpd -f -p 80 -h /www
    volumes: ["/opt/web/www:/www:ro"]
    ports: ["8080:80"]
    restart: "no"
`, 0o644))
		f.must(f.Node(h).Write("/opt/web/www/index.html", h+"\n", 0o644))
		f.on(h, image+"systemctl enable docker 2>&1")
	}
	f.on("app1", "cd /opt/web && docker-compose up -d 2>&1")
	f.proxy("disabled")
	f.well("web")

	front := "http://" + f.Node("lb").Addr.String() + "/"
	v := f.visit(front, 5*time.Second)
	eventually(t, "app1 answers", 20*time.Second, v.answers("app1"))
	f.leaves(0, "run", "failover", "web", "--confirm", "web")
	eventually(t, "app2 answers", 20*time.Second, v.answers("app2"))
	planned, got := v.end()
	t.Logf("planned: no answer for %.2f s; %v", planned.Seconds(), got)
	if n := got["no answer"]; n > 0 {
		t.Errorf("planned: %d visits without an answer: %v", n, v.why)
	}
	f.leaves(0, "run", "rejoin", "web", "--confirm", "web")
	f.well("web")

	on, off := "app2", "app1"
	for _, w := range ways {
		f.part(w.name, func(f *fleet) {
			v := f.visit(front, 500*time.Millisecond)
			eventually(f.t, on+" answers", 20*time.Second, v.answers(on))
			f.must(w.lose(f, f.Node(on)))
			f.leaves(0, "run", "failover", "web", "--confirm", "web")
			eventually(f.t, off+" answers", 20*time.Second, v.answers(off))
			outage, got := v.end()
			t.Logf("%s: no answer for %.2f s, of which %.2f s since the run began; %v", w.name, outage.Seconds(), max(0, v.ended.Sub(f.began()).Seconds()), got)
			f.must(f.Heal(f.t.Context()))
			// Its containers do not start by themselves: it returns harmless.
			f.leaves(0, "run", "rejoin", "web", "--confirm", "web", "--accept", "returns-harmless")
			f.well("web")
			on, off = off, on
		})
	}
}

func (v *visitor) answers(text string) func() error {
	return func() error {
		v.mu.Lock()
		defer v.mu.Unlock()
		if v.got[text] == 0 {
			return fmt.Errorf("so far %v", v.got)
		}
		return nil
	}
}
