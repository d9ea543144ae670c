package kind

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"os/user"
	"strings"
	"syscall"
	"testing"
	"time"

	"jurymast/actions"
)

// caddyBed is a Caddy of a test.
type caddyBed struct {
	t            *testing.T
	dir, config  string
	admin, front int
	cmd          *exec.Cmd
}

func newCaddy(t *testing.T) *caddyBed {
	t.Helper()
	needed(t, "caddy", "caddy")
	needed(t, "curl", "curl")
	dir := serverFolder(t, "root")
	return &caddyBed{t: t, dir: dir, config: dir + "/etc/Caddyfile", admin: freePort(t), front: freePort(t)}
}

// configure writes its configuration, with more lines for its one site.
func (b *caddyBed) configure(lines string) {
	b.t.Helper()
	put(b.t, b.config, fmt.Sprintf(`{
	admin 127.0.0.1:%d
	auto_https disable_redirects
	skip_install_trust
	storage file_system "%s/data"
}
https://127.0.0.1:%d {
	tls internal
	%s
}
`, b.admin, b.dir, b.front, lines))
}

func (b *caddyBed) begin() {
	b.t.Helper()
	b.cmd = exec.CommandContext(b.t.Context(), needed(b.t, "caddy", "caddy"), "run", "--config", b.config)
	b.cmd.Env = append(b.cmd.Environ(), "HOME="+b.dir, "XDG_DATA_HOME="+b.dir+"/xdg", "XDG_CONFIG_HOME="+b.dir+"/xdg")
	b.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := b.cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	cmd := b.cmd
	b.t.Cleanup(func() {
		// One that a restore has started is none of our children.
		if r, err := http.Post(fmt.Sprintf("http://127.0.0.1:%d/stop", b.admin), "", nil); err == nil {
			_ = r.Body.Close()
		}
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	})
	await(b.t, "caddy answers", func() bool { return b.ask() != "" })
}

func (b *caddyBed) ask() string {
	r, err := insecure().Get(fmt.Sprintf("https://127.0.0.1:%d/", b.front))
	if err != nil {
		return ""
	}
	defer r.Body.Close()
	text, _ := io.ReadAll(r.Body)
	return strings.TrimSpace(string(text))
}

func (b *caddyBed) options(more ...string) []string {
	b.t.Helper()
	me, err := user.Current()
	if err != nil {
		b.t.Fatal(err)
	}
	return append(more, fmt.Sprintf("admin = \"127.0.0.1:%d\"", b.admin), fmt.Sprintf("config = %q", b.config), fmt.Sprintf("user = %q", me.Username),
		fmt.Sprintf("certificates = [%q]", b.dir+"/data/certificates"))
}

func (b *caddyBed) look(id string) []actions.Reading {
	b.t.Helper()
	f, target := suiteTarget(b.t, caddy, b.options()...)
	for _, c := range caddy.Checks(f, target) {
		if c.ID == id {
			a := suiteAnswer("")
			a.Output, a.Now = runFully(b.t.Context(), b.t, c.Script).Output, time.Now()
			if strings.Contains(string(a.Stdout), "PRIVATE") || strings.Contains(string(a.Stdout), "canary-5f1d") || len(a.Stderr) > 0 {
				b.t.Errorf("a secret leaves the host, or stderr %q", a.Stderr)
			}
			return c.Read(a)
		}
	}
	b.t.Fatalf("there is no check %s", id)
	return nil
}

// sees wants a reading of a check to be so.
func (b *caddyBed) sees(id string, status actions.Status, line string) {
	b.t.Helper()
	rs := b.look(id)
	for _, r := range rs {
		if r.Status == status && strings.Contains(r.Line, line) {
			return
		}
	}
	b.t.Errorf("%s: got %+v, want %v %q", id, rs, status, line)
}

// calls waits until Caddy calls an upstream 1, healthy, or 0: its numbers are up
// to ten seconds old.
func (b *caddyBed) calls(at net.Addr, healthy int) {
	b.t.Helper()
	await(b.t, fmt.Sprintf("caddy calls %s %d", at, healthy), func() bool {
		r, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/metrics", b.admin))
		if err != nil {
			b.t.Fatal(err)
		}
		defer r.Body.Close()
		text, _ := io.ReadAll(r.Body)
		return strings.Contains(string(text), fmt.Sprintf("upstreams_healthy{upstream=%q} %d", at.String(), healthy))
	})
}

func TestCaddyLook(t *testing.T) {
	t.Parallel()
	b := newCaddy(t)
	one, two, three := upstream(t, "", "one"), upstream(t, "", "two"), upstream(t, "", "three")
	const site = `handle /b* {
		reverse_proxy %[3]s {
			health_uri /
			health_interval 100ms
			header_up Authorization canary-5f1d
		}
	}
	handle {
		reverse_proxy %[1]s %[2]s {
			health_uri /
			health_interval 100ms
		}
	}`
	b.configure(fmt.Sprintf(site, one.Listener.Addr(), two.Listener.Addr(), three.Listener.Addr()))
	b.begin()
	b.sees("caddy", actions.OK, "3 upstreams")
	b.sees("config", actions.OK, "can be read")
	b.sees("upstreams", actions.OK, "up in Caddy's eyes")
	b.sees("certificates", actions.OK, "for 127.0.0.1")

	two.Close()
	three.Close()
	b.calls(two.Listener.Addr(), 0)
	b.calls(three.Listener.Addr(), 0)
	b.sees("upstreams", actions.Warn, "down; others carry its load")
	b.sees("upstreams", actions.Fail, "down, and nothing else carries its load")
	upstream(t, two.Listener.Addr().String(), "two")
	upstream(t, three.Listener.Addr().String(), "three")
	b.calls(two.Listener.Addr(), 1)
	b.calls(three.Listener.Addr(), 1)
	for _, r := range b.look("upstreams") {
		if r.Status != actions.OK {
			t.Errorf("healed: %+v", r)
		}
	}

	for _, lines := range []string{"canary-5f1d", "header {\n X canary-5f1d more\n }\n canary-5f1d { }", "reverse_proxy {\n header_up X canary-5f1d many canary-5f1d\n }"} {
		b.configure(lines) // at which reading stops is told, and not what is there
		b.sees("config", actions.Fail, "the configuration on disk cannot be read")
	}
	b.configure("hunter x")
	b.sees("config", actions.Fail, "unrecognized directive: …")
	b.configure("respnd x")
	b.sees("config", actions.Fail, "unrecognized directive: respnd")
	b.sees("caddy", actions.OK, "3 upstreams")
	if err := syscall.Kill(-b.cmd.Process.Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = b.cmd.Wait()
	for _, r := range b.look("caddy") {
		if r.Status == actions.OK {
			t.Errorf("killed: %+v", r)
		}
	}
}

func TestCaddyCopies(t *testing.T) {
	t.Parallel()
	b := newCaddy(t)
	f, target := suiteTarget(t, caddy, b.options(fmt.Sprintf("data = [%q, %q]", b.dir+"/data", b.dir+"/etc"), "prove = \"echo asked\"")...)
	d, err := caddyData(f, target)
	if err != nil {
		t.Fatal(err)
	}
	proxyWholeWay(t, d, proxyBed{
		roots: []string{b.dir + "/data", b.dir + "/etc"}, begin: b.begin, now: b.ask, reads: "Caddy does not take the copy",
		change: func(text string) { b.configure("respond " + text) },
		spoil:  func(root string) { put(t, root+b.config, "{\n nonsense\n}\n") },
	})
}
