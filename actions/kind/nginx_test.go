package kind

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"jurymast/actions"
)

// certificateFile writes a certificate and its key, as certbot names them.
func certificateFile(t testing.TB, dir, name string, from, to time.Time) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	x := &x509.Certificate{SerialNumber: big.NewInt(from.UnixNano()), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, NotBefore: from, NotAfter: to}
	der, err := x509.CreateCertificate(rand.Reader, x, x, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	chain := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	put(t, filepath.Join(dir, name, "fullchain.pem"), string(chain)+string(chain))
	put(t, filepath.Join(dir, name, "privkey.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})))
}

// nginxBed is an nginx of a test.
type nginxBed struct {
	t      *testing.T
	dir    string
	config string
	port   int
	cmd    *exec.Cmd
}

func newNginx(t *testing.T) *nginxBed {
	t.Helper()
	needed(t, "nginx", "nginx-light")
	needed(t, "curl", "curl")
	dir := serverFolder(t, "root")
	b := &nginxBed{t: t, dir: dir, config: filepath.Join(dir, "etc/nginx.conf"), port: freePort(t)}
	now := time.Now()
	certificateFile(t, filepath.Join(dir, "live"), "app.example", now.Add(-10*24*time.Hour), now.Add(80*24*time.Hour+30*time.Minute))
	put(t, b.config, fmt.Sprintf(`pid %[1]s/pid;
error_log %[1]s/error.log;
worker_processes 2;
events { worker_connections 64; }
http {
    access_log off;
    include sites/*.conf;
}
`, dir))
	b.site("")
	return b
}

// site writes the one site, with more lines in it.
func (b *nginxBed) site(more string) {
	b.t.Helper()
	put(b.t, filepath.Join(b.dir, "etc/sites/app.conf"), fmt.Sprintf(`server {
    listen 127.0.0.1:%d ssl;
    server_name app.example;
    ssl_certificate %[2]s/live/app.example/fullchain.pem;
    ssl_certificate_key "%[2]s/live/app.example/privkey.pem";
    location /status { stub_status; }
    location / { return 200 "live\n"; }
    %[3]s
}
`, b.port, b.dir, more))
}

func (b *nginxBed) begin() {
	b.t.Helper()
	b.cmd = exec.CommandContext(b.t.Context(), needed(b.t, "nginx", "nginx-light"), "-c", b.config, "-g", "daemon off;")
	b.cmd.Stderr = os.Stderr
	b.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := b.cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	group := b.cmd.Process.Pid
	cmd := b.cmd
	b.t.Cleanup(func() { _ = syscall.Kill(-group, syscall.SIGKILL); _ = cmd.Wait() })
	await(b.t, "nginx listens", func() bool {
		r, err := insecure().Get(fmt.Sprintf("https://127.0.0.1:%d/", b.port))
		if err == nil {
			_ = r.Body.Close()
		}
		return err == nil
	})
}

// workers are the numbers of the processes whose parent is the master.
func (b *nginxBed) workers() []int {
	b.t.Helper()
	var out []int
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		b.t.Fatal(err)
	}
	for _, s := range stats {
		text, err := os.ReadFile(s)
		if err != nil {
			continue // it has ended
		}
		f := strings.Fields(string(text))
		if len(f) > 3 && f[3] == strconv.Itoa(b.cmd.Process.Pid) {
			n, _ := strconv.Atoi(f[0])
			out = append(out, n)
		}
	}
	return out
}

func (b *nginxBed) look(id string, lines ...string) []actions.Reading {
	b.t.Helper()
	f, target := suiteTarget(b.t, nginx, append(lines, fmt.Sprintf("config = %q", b.config), fmt.Sprintf("certificates = [%q]", b.dir+"/live"),
		fmt.Sprintf("status = \"https://127.0.0.1:%d/status\"", b.port))...)
	for _, c := range nginx.Checks(f, target) {
		if c.ID != id {
			continue
		}
		a := suiteAnswer("")
		a.Output = runFully(b.t.Context(), b.t, c.Script).Output
		a.Now = time.Now()
		if len(a.Stderr) > 0 {
			b.t.Errorf("stderr %q", a.Stderr)
		}
		if strings.Contains(string(a.Stdout), "PRIVATE") || strings.Contains(string(a.Stdout), "canary") {
			b.t.Errorf("a secret leaves the host: %s", a.Stdout)
		}
		return c.Read(a)
	}
	b.t.Fatalf("there is no check %s", id)
	return nil
}

// sees wants one reading of a check to be so.
func (b *nginxBed) sees(id string, status actions.Status, line string) {
	b.t.Helper()
	rs := b.look(id)
	for _, r := range rs {
		if r.Status == status && strings.Contains(r.Line, line) {
			return
		}
	}
	b.t.Errorf("%s: got %+v, want %v %q", id, rs, status, line)
}

func TestNginxLook(t *testing.T) {
	t.Parallel()
	b := newNginx(t)
	b.sees("nginx", actions.Fail, "nginx does not run: no process by "+b.dir+"/pid")
	b.begin()
	b.sees("nginx", actions.OK, "2 workers")
	b.sees("config", actions.OK, "passes its test")
	b.sees("connections", actions.OK, "1 active")
	b.sees("certificates", actions.OK, "80 d 0 h left")

	// A broken configuration does not stop it: only the next start fails.
	b.site("servr_name on;")
	b.sees("config", actions.Fail, `unknown directive "servr_name"`)
	b.sees("nginx", actions.OK, "2 workers")
	b.site(fmt.Sprintf("listen 127.0.0.1:%d ssl;", b.port))
	b.sees("config", actions.Fail, "duplicate listen")
	b.site(`set $key "canary-5f1d"; location /x { proxy_set_header Authorization "Bearer canary-5f1d"; proxy_pass http://127.0.0.1:1; }`)
	b.sees("config", actions.OK, "passes its test")
	for lines, says := range map[string]string{
		"location /x { proxy_set_header X abc;canary-5f1d; }": "unknown directive …",
		"location /x { proxy_set_header X abc;canary; }":      "unknown directive …",
		"gzip canary;":               `invalid value … in "gzip" directive`,
		`set $key "pa$canary_5f1d";`: "unknown … variable",
		"location /x { proxy_pass http://bob:canary-5f1d@app.example; }":        "invalid port in upstream …",
		`location /x { proxy_set_header X "canary-5f1d" "canary" "and more"; }`: `number of arguments in "proxy_set_header"`,
	} {
		b.site(lines) // at which reading stops is told, and not what is there
		b.sees("config", actions.Fail, says)
	}
	b.site("")
	put(t, filepath.Join(b.dir, "etc/sites/two.conf"), fmt.Sprintf("server { listen 127.0.0.1:%d ssl; server_name app.example; ssl_certificate %[2]s/live/app.example/fullchain.pem; ssl_certificate_key %[2]s/live/app.example/privkey.pem; }\n", b.port, b.dir))
	b.sees("config", actions.Warn, "conflicting server name")
	if err := os.Remove(filepath.Join(b.dir, "etc/sites/two.conf")); err != nil {
		t.Fatal(err)
	}
	b.sees("config", actions.OK, "passes its test")

	// Renewed, and not read yet; then late, then over.
	now := time.Now()
	for _, x := range []struct {
		from, to time.Duration
		status   actions.Status
		line     string
	}{
		{-70 * 24 * time.Hour, 20 * 24 * time.Hour, actions.Warn, "its renewal is late"},
		{-65 * 24 * time.Hour, 25 * 24 * time.Hour, actions.OK, "its renewal is due"},
		{-91 * 24 * time.Hour, -time.Hour, actions.Fail, "expired 1 h"},
	} {
		certificateFile(t, filepath.Join(b.dir, "live"), "app.example", now.Add(x.from), now.Add(x.to))
		b.sees("certificates", x.status, x.line)
	}
	await(t, "a second goes by", func() bool { return time.Now().Unix() > now.Unix()+1 })
	certificateFile(t, filepath.Join(b.dir, "live"), "app.example", time.Now(), time.Now().Add(90*24*time.Hour))
	await(t, "a second goes by", func() bool { return time.Now().Unix() > now.Unix()+2 })
	b.sees("certificates", actions.Warn, "the server has not read it")
	was := b.workers()
	if err := b.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	await(t, "its workers are new", func() bool {
		is := b.workers()
		return len(is) == 2 && !slices.ContainsFunc(is, func(n int) bool { return slices.Contains(was, n) })
	})
	b.sees("certificates", actions.OK, "left")

	// One that is named and gone, and one that is none.
	if err := os.Rename(filepath.Join(b.dir, "live/app.example/fullchain.pem"), filepath.Join(b.dir, "kept")); err != nil {
		t.Fatal(err)
	}
	b.sees("config", actions.Fail, "cannot load certificate")
	put(t, filepath.Join(b.dir, "live/app.example/fullchain.pem"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
	b.sees("certificates", actions.Fail, "it holds no certificate")

	if err := syscall.Kill(-b.cmd.Process.Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = b.cmd.Wait()
	b.sees("nginx", actions.Fail, "nginx does not run")
}

// insecure asks without keeping connections, and takes any certificate.
func insecure() *http.Client {
	tr := http.DefaultTransport.(*http.Transport).Clone()
	tr.DisableKeepAlives = true
	tr.TLSClientConfig = &tls.Config{InsecureSkipVerify: true}
	return &http.Client{Transport: tr, Timeout: 5 * time.Second}
}

func TestNginxCopies(t *testing.T) {
	t.Parallel()
	b := newNginx(t)
	f, target := suiteTarget(t, nginx, fmt.Sprintf("config = %q", b.config), fmt.Sprintf("data = [%q, %q]", b.dir+"/etc", b.dir+"/live"), "prove = \"echo asked\"")
	d, err := nginxData(f, target)
	if err != nil {
		t.Fatal(err)
	}
	proxyWholeWay(t, d, proxyBed{
		roots: []string{b.dir + "/etc", b.dir + "/live"}, begin: b.begin,
		change: func(text string) { b.site("location /now { return 200 \"" + text + "\\n\"; }") },
		spoil:  func(root string) { put(t, filepath.Join(root, b.dir, "etc/sites/app.conf"), "server { nonsense }\n") },
		reads:  "nginx does not take the copy",
		now: func() string {
			r, err := insecure().Get(fmt.Sprintf("https://127.0.0.1:%d/now", b.port))
			if err != nil {
				return err.Error()
			}
			defer r.Body.Close()
			text, _ := io.ReadAll(r.Body)
			return strings.TrimSpace(string(text))
		},
	})
}

// In a container all is asked and done through docker, which here is a stand-in
// that does it on this machine and notes how it was called.
func TestNginxInContainer(t *testing.T) {
	t.Parallel()
	b := newNginx(t)
	b.begin()
	bin := t.TempDir()
	put(t, filepath.Join(bin, "docker"), fmt.Sprintf("#!/bin/sh\nprintf '%%s\\n' \"$*\" >>%[1]s/calls\ncase $1 in\ninspect) cat %[1]s/state ;;\nexec)\n\tcase \"$*\" in *reload) [ ! -e %[1]s/refuse ] || { cat %[1]s/refuse >&2; exit 1; } ;; esac\n\t[ \"$2\" = swag ] && shift 2 && PATH=${PATH#*:} && exec \"$@\" ;;\nesac\n", bin))
	if err := os.Chmod(filepath.Join(bin, "docker"), 0o700); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(bin, "state"), "running\n")
	lines := []string{"container = \"swag\"", fmt.Sprintf("config = %q", b.config), fmt.Sprintf("certificates = [%q]", b.dir+"/live"), fmt.Sprintf("data = [%q]", b.dir+"/etc")}
	f, target := suiteTarget(t, nginx, lines...)
	inside := func(s actions.Script) actions.Script {
		s.Body = "PATH=" + bin + ":$PATH\n" + s.Body
		return s
	}
	look := func(id string) actions.Reading {
		t.Helper()
		for _, c := range nginx.Checks(f, target) {
			if c.ID == id {
				a := suiteAnswer("")
				a.Output, a.Now = runFully(t.Context(), t, inside(c.Script)).Output, time.Now()
				return c.Read(a)[0]
			}
		}
		t.Fatalf("no check %s", id)
		return actions.Reading{}
	}
	for id, want := range map[string]string{"nginx": "2 workers", "config": "passes its test", "certificates": "80 d 0 h left"} {
		if r := look(id); r.Status != actions.OK || !strings.Contains(r.Line, want) {
			t.Errorf("%s: %+v", id, r)
		}
	}
	put(t, filepath.Join(bin, "state"), "restarting\n")
	if r := look("nginx"); r.Status != actions.Fail || r.Line != "the container swag is restarting" {
		t.Errorf("restarting: %+v", r)
	}
	put(t, filepath.Join(bin, "state"), "running\n")

	// The folder is the container's: what is in it changes, and it stays.
	d, err := nginxData(f, target)
	if err != nil {
		t.Fatal(err)
	}
	was, err := os.Stat(b.dir + "/etc")
	if err != nil {
		t.Fatal(err)
	}
	from := filepath.Join(t.TempDir(), "copy")
	copied(t, from, b.dir+"/etc")
	b.site("# changed")
	in := map[string]string{actions.InRun: "0007-test", actions.InAside: ".jurymast-0007-test", actions.InFrom: from}
	must(t, inside(*d.Put), in)
	if is, err := os.Stat(b.dir + "/etc"); err != nil || !os.SameFile(was, is) {
		t.Errorf("the folder is another: %v", err)
	}
	if strings.Contains(got(t, filepath.Join(b.dir, "etc/sites/app.conf")), "changed") {
		t.Error("the copy is not in place")
	}
	if s := must(t, inside(*d.Prove), in).said; s["level"] != "started" {
		t.Errorf("proven: %v", s)
	}
	must(t, inside(*d.Back), in)
	if !strings.Contains(got(t, filepath.Join(b.dir, "etc/sites/app.conf")), "changed") {
		t.Error("it is not as it was")
	}
	// What it complains of when it reads them is told without what may be a secret.
	put(t, filepath.Join(bin, "refuse"), "nginx: [emerg] unknown directive \"pa55-canary\" in /etc/nginx/nginx.conf:7\n")
	copied(t, from, b.dir+"/etc")
	r := runFully(t.Context(), t, inside(*d.Put).With(map[string]string{actions.InRun: "0008-test", actions.InAside: ".jurymast-0008-test", actions.InFrom: from}))
	said := string(r.Stdout) + string(r.Stderr)
	if r.Exit == 0 || strings.Contains(said, "pa55") || !strings.Contains(said, "unknown directive … in /etc/nginx/nginx.conf:7") {
		t.Errorf("exit %d: %s", r.Exit, said)
	}
	calls := got(t, filepath.Join(bin, "calls"))
	for _, want := range []string{"inspect --type container --format {{.State.Status}} swag", "exec swag nginx -t -c " + b.config, "exec swag nginx -c " + b.config + " -s reload", "start swag"} {
		if !strings.Contains(calls, want+"\n") {
			t.Errorf("docker was never called so: %s\n%s", want, calls)
		}
	}
}
