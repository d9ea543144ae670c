package kind

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"jurymast/actions"
)

// haproxyBed is an HAProxy of a test, with its master.
type haproxyBed struct {
	t              *testing.T
	dir, config    string
	front          int
	one, two       string // addresses of its servers
	cmd            *exec.Cmd
	optionsOfLooks []string
}

// upstream serves a word at an address, "" for one that is free, until closed.
func upstream(t testing.TB, at, word string) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, word) }))
	if at != "" {
		l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		_ = s.Listener.Close()
		s.Listener = l
	}
	s.Start()
	t.Cleanup(s.Close)
	return s
}

func newHAProxy(t *testing.T) *haproxyBed {
	t.Helper()
	needed(t, "haproxy", "haproxy")
	needed(t, "socat", "socat")
	b := &haproxyBed{t: t, dir: serverFolder(t, "root"), front: freePort(t)}
	b.config = b.dir + "/etc/haproxy.cfg"
	b.optionsOfLooks = []string{fmt.Sprintf("config = %q", b.config), fmt.Sprintf("socket = %q", b.dir+"/sock"), fmt.Sprintf("certificates = [%q]", b.dir+"/live")}
	b.certificate(time.Now().Add(-10*24*time.Hour), time.Now().Add(80*24*time.Hour+30*time.Minute))
	return b
}

// certificate writes one as HAProxy wants it: with its key, which comes first.
func (b *haproxyBed) certificate(from, to time.Time) {
	b.t.Helper()
	dir := b.t.TempDir()
	certificateFile(b.t, dir, "app.example", from, to)
	put(b.t, b.dir+"/etc/certs/app.pem", got(b.t, dir+"/app.example/privkey.pem")+got(b.t, dir+"/app.example/fullchain.pem"))
}

// configure writes its configuration, with more lines at the end.
func (b *haproxyBed) configure(more string) {
	b.t.Helper()
	put(b.t, b.config, fmt.Sprintf(`global
    stats socket %[1]s/sock mode 600 level admin
    crt-base %[1]s/etc
defaults
    mode http
    timeout connect 1s
    timeout client 5s
    timeout server 5s
frontend f
    bind 127.0.0.1:%[2]d ssl crt certs
    default_backend app
backend app
    server one %[3]s check inter 100ms
    server two %[4]s check inter 100ms
backend own
    http-request deny
%[5]s
`, b.dir, b.front, b.one, b.two, more))
}

func (b *haproxyBed) begin() {
	b.t.Helper()
	b.cmd = exec.CommandContext(b.t.Context(), needed(b.t, "haproxy", "haproxy"), "-W", "-db", "-q", "-p", b.dir+"/pid", "-f", b.config)
	b.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := b.cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	cmd := b.cmd
	b.t.Cleanup(func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); _ = cmd.Wait() })
	await(b.t, "haproxy answers", func() bool { return b.ask() != "" })
}

// ask asks through the proxy; "" when it cannot be reached.
func (b *haproxyBed) ask() string {
	r, err := insecure().Get(fmt.Sprintf("https://127.0.0.1:%d/", b.front))
	if err != nil {
		return ""
	}
	defer r.Body.Close()
	text, _ := io.ReadAll(r.Body)
	return strings.TrimSpace(string(text))
}

func (b *haproxyBed) look(id string) []actions.Reading {
	b.t.Helper()
	f, target := suiteTarget(b.t, haproxyKind, b.optionsOfLooks...)
	for _, c := range haproxyKind.Checks(f, target) {
		if c.ID == id {
			a := suiteAnswer("")
			a.Output, a.Now = runFully(b.t.Context(), b.t, c.Script).Output, time.Now()
			if strings.Contains(string(a.Stdout), "PRIVATE") || strings.Contains(string(a.Stdout), "canary") || len(a.Stderr) > 0 {
				b.t.Errorf("a key leaves the host, or stderr %q", a.Stderr)
			}
			return c.Read(a)
		}
	}
	b.t.Fatalf("there is no check %s", id)
	return nil
}

// sees waits until a reading of a check is so: HAProxy's own checks take their time.
func (b *haproxyBed) sees(id string, status actions.Status, line string) {
	b.t.Helper()
	await(b.t, fmt.Sprintf("%s is %v %q", id, status, line), func() bool {
		for _, r := range b.look(id) {
			if r.Status == status && strings.Contains(r.Line, line) {
				return true
			}
		}
		return false
	})
}

func TestHAProxyLook(t *testing.T) {
	t.Parallel()
	b := newHAProxy(t)
	one, two := upstream(t, "", "one"), upstream(t, "", "two")
	b.one, b.two = one.Listener.Addr().String(), two.Listener.Addr().String()
	b.configure("")
	b.begin()
	b.sees("haproxy", actions.OK, "of 9")
	b.sees("backends", actions.OK, "2 of 2 servers up")
	b.sees("backends", actions.OK, "it has no servers, and answers itself")
	b.sees("config", actions.OK, "passes its test")
	b.sees("certificates", actions.OK, "80 d 0 h left")

	two.Close()
	b.sees("backends", actions.Warn, "1 of 2 servers up: two down for")
	one.Close()
	b.sees("backends", actions.Fail, "none of 2 servers is up: one down for")
	upstream(t, b.two, "two")
	b.sees("backends", actions.Warn, "1 of 2 servers up: one down for")
	upstream(t, b.one, "one")
	b.sees("backends", actions.OK, "2 of 2 servers up")
	for _, order := range []string{"set server app/two state maint", "set server app/one state drain"} {
		out, err := exec.CommandContext(t.Context(), "sh", "-c", "echo \"$1\" | socat stdio unix-connect:\"$2\"", "sh", order, b.dir+"/sock").CombinedOutput()
		if err != nil || strings.TrimSpace(string(out)) != "" {
			t.Fatalf("%s: %v %s", order, err, out)
		}
		b.sees("backends", map[bool]actions.Status{true: actions.OK, false: actions.Fail}[strings.Contains(order, "two")], "two in maintenance")
	}

	b.configure("backend bad\n    canary-5f1d x")
	b.sees("config", actions.Fail, "unknown keyword … in 'backend' section")
	b.configure("backend bad\n    canary x")
	b.sees("config", actions.Fail, "unknown keyword … in 'backend' section")
	b.configure("backend bad\n    servr x 127.0.0.1:1")
	b.sees("config", actions.Fail, "unknown keyword 'servr'")
	b.sees("haproxy", actions.OK, "connections")
	b.configure("")

	// Issued anew, and not read: it says itself what it shows.
	b.certificate(time.Now().Add(-9*24*time.Hour), time.Now().Add(81*24*time.Hour))
	b.sees("certificates", actions.Warn, "the server has not read it")
	if err := b.cmd.Process.Signal(syscall.SIGUSR2); err != nil {
		t.Fatal(err)
	}
	b.sees("certificates", actions.OK, "of 90 days (for app.example")

	if err := syscall.Kill(-b.cmd.Process.Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = b.cmd.Wait()
	b.sees("haproxy", actions.Fail, "HAProxy does not run")
}

func TestHAProxyCopies(t *testing.T) {
	t.Parallel()
	b := newHAProxy(t)
	upstreams := map[string]string{}
	for _, word := range []string{"first", "second", "third"} {
		upstreams[word] = upstream(t, "", word).Listener.Addr().String()
	}
	f, target := suiteTarget(t, haproxyKind, append(b.optionsOfLooks, fmt.Sprintf("data = [%q]", b.dir+"/etc"), fmt.Sprintf("pid = %q", b.dir+"/pid"), "prove = \"echo asked\"")...)
	d, err := haproxyData(f, target)
	if err != nil {
		t.Fatal(err)
	}
	proxyWholeWay(t, d, proxyBed{
		roots: []string{b.dir + "/etc"}, begin: b.begin, now: b.ask, reads: "HAProxy does not take the copy",
		change: func(text string) { b.one = upstreams[text]; b.two = b.one; b.configure("") },
		spoil:  func(root string) { put(t, root+b.config, "global\n nonsense\n") },
	})
}
