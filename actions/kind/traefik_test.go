package kind

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jurymast/actions"
)

// What the script sends home is judged, and no more of the file of certificates
// than the certificates: its API is played by a server of the test.
func TestTraefikScript(t *testing.T) {
	t.Parallel()
	needed(t, "curl", "curl")
	ping := http.StatusOK
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/api/version":
			fmt.Fprint(w, `{"Version":"3.5.3"}`)
		case "/api/overview":
			fmt.Fprint(w, `{"http":{"routers":{"total":1},"services":{"total":1}}}`)
		case "/ping":
			w.WriteHeader(ping)
			if ping == http.StatusOK {
				fmt.Fprint(w, "OK")
			}
		case "/api/http/routers", "/api/http/services", "/api/tcp/routers":
			if r.URL.Query().Get("per_page") != "10000" {
				t.Errorf("asked for a page of %q", r.URL.RawQuery)
			}
			switch r.URL.Path {
			case "/api/http/routers":
				fmt.Fprint(w, `[{"name":"app@file","status":"enabled"}]`)
			case "/api/http/services":
				fmt.Fprint(w, `[{"name":"app@file","status":"enabled","serverStatus":{"http://10.0.0.3":"UP","http://10.0.0.4":"DOWN"}}]`)
			default:
				fmt.Fprint(w, `[]`)
			}
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(api.Close)
	dir := t.TempDir()
	certificateFile(t, dir, "app.example", time.Now().Add(-70*24*time.Hour), time.Now().Add(20*24*time.Hour))
	chain := base64.StdEncoding.EncodeToString([]byte(got(t, dir+"/app.example/fullchain.pem")))
	acme := filepath.Join(dir, "acme.json")
	put(t, acme, `{"le":{"Account":{"PrivateKey":"canary-account"},"Certificates":[{"domain":{"main":"app.example"},"certificate":"`+chain+`","key":"canary-key","Store":"default"}]}}`)
	if err := os.Chmod(acme, 0o600); err != nil {
		t.Fatal(err)
	}
	f, target := suiteTarget(t, traefik, fmt.Sprintf("api = %q", api.URL+"/"), fmt.Sprintf("acme = [%q]", acme))
	sees := func(id string, status actions.Status, line string) {
		t.Helper()
		for _, c := range traefik.Checks(f, target) {
			if c.ID != id {
				continue
			}
			a := suiteAnswer("")
			a.Output, a.Now = runFully(t.Context(), t, c.Script).Output, time.Now()
			if strings.Contains(string(a.Stdout), "canary") || len(a.Stderr) > 0 {
				t.Errorf("a key leaves the host, or stderr %q:\n%s", a.Stderr, a.Stdout)
			}
			rs := c.Read(a)
			for _, r := range rs {
				if r.Status == status && strings.Contains(r.Line, line) {
					return
				}
			}
			t.Errorf("%s: got %+v, want %v %q", id, rs, status, line)
		}
	}
	sees("traefik", actions.OK, "Traefik 3.5.3, 1 routers, 1 services")
	sees("routers", actions.OK, "all in use")
	sees("services", actions.Warn, "down: http://10.0.0.4")
	sees("certificates", actions.Warn, "for app.example, from app.example); its renewal is late")
	ping = http.StatusServiceUnavailable
	sees("traefik", actions.Warn, "it is shutting down")
	ping = http.StatusNotFound
	sees("traefik", actions.OK, "/ping is not switched on")
	if err := os.Chmod(acme, 0o644); err != nil {
		t.Fatal(err)
	}
	sees("certificates", actions.Fail, "at its next start Traefik leaves its resolver out")
	put(t, acme, "")
	sees("certificates", actions.Warn, "it holds no certificate yet")
	if err := os.Remove(acme); err != nil {
		t.Fatal(err)
	}
	sees("certificates", actions.Fail, "it is not there")
	api.Close()
	sees("traefik", actions.Fail, "Traefik does not answer at "+api.URL)
}

// TestTraefikIsBroughtBack copies the files of a Traefik, changes them, has them
// put back and taken away again, in a container and as a unit. Traefik itself,
// docker and systemd are played: one that starts reads what is there, and
// answers at its API.
func TestTraefikIsBroughtBack(t *testing.T) {
	needed(t, "curl", "curl")
	for _, lines := range [][]string{{`container = "edge"`}, {`unit = "edge"`}} {
		t.Run(lines[0], func(t *testing.T) {
			root := t.TempDir()
			state, config, acme := filepath.Join(root, "state"), filepath.Join(root, "etc"), filepath.Join(root, "keys/acme.json")
			api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if text, err := os.ReadFile(state); err != nil || string(text) == "broken" || r.URL.Path != "/ping" {
					http.NotFound(w, r)
				}
			}))
			t.Cleanup(api.Close)
			begin := "cp " + config + "/dynamic.yml " + state
			tools(t, map[string]string{
				"traefik":   "exit 0\n",
				"docker":    "case $1 in\ninspect) [ -e " + state + " ] && echo running ;;\nstop) rm -f " + state + " ;;\nstart) " + begin + " ;;\nexec) exec curl -sSf \"$9\" ;;\nesac\n",
				"systemctl": "case $2 in\nis-active) [ -e " + state + " ] ;;\nstop) rm -f " + state + " ;;\nstart) " + begin + " ;;\nesac\n",
			})
			write := func(text string) {
				put(t, config+"/dynamic.yml", text)
				put(t, acme, `{"le":{"Certificates":[{"key":"`+text+`"}]}}`)
				if err := os.Chmod(acme, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			reads := func() string {
				text, err := os.ReadFile(state)
				if err != nil {
					return "stopped"
				}
				return string(text)
			}
			f, target := suiteTarget(t, traefik, append(lines, fmt.Sprintf("api = %q\nacme = [%q]\ndata = [%q]", api.URL, acme, config))...)
			d, err := traefikData(f, target)
			if err != nil {
				t.Fatal(err)
			}
			from := filepath.Join(t.TempDir(), "copy")
			in := map[string]string{actions.InRun: "0007-test", actions.InAside: ".jurymast-0007-test", actions.InFrom: from, "WAIT": "1"}

			write("first")
			must(t, *d.Start, in)
			if s := must(t, d.Survey, in).said; s["path-1"] != config || s["path-2"] != acme || s["missing"] != "" || s["trouble"] != "" {
				t.Errorf("survey: %v", s)
			}
			if s := must(t, *d.Prove, in).said; s["level"] != "started" || s["proof"] != "its files of certificates are whole, Traefik answers at /ping" {
				t.Errorf("proven: %v", s)
			}
			copied(t, from, config, acme)

			write("second")
			must(t, *d.Stop, in)
			if r := runFully(t.Context(), t, d.Prove.With(in)); r.Exit == 0 || reads() != "stopped" {
				t.Errorf("proven while it is stopped: %s", r.Stdout)
			}
			for range 2 {
				must(t, *d.Put, in)
			}
			if reads() != "stopped" {
				t.Error("it runs while its files are put in place")
			}
			must(t, *d.Start, in)
			must(t, *d.Prove, in)
			if reads() != "first" || !strings.Contains(got(t, acme), "first") {
				t.Errorf("it reads %s, and its certificates are %s", reads(), got(t, acme))
			}
			must(t, *d.Stop, in)
			for range 2 {
				must(t, *d.Back, in)
			}
			must(t, *d.Start, in)
			if reads() != "second" || !strings.Contains(got(t, acme), "second") {
				t.Errorf("undone, it reads %s, and its certificates are %s", reads(), got(t, acme))
			}

			// What it would not take changes nothing, or is taken away again.
			for _, bad := range []struct {
				text string
				mode os.FileMode
				want string
			}{{`{"le":{"Certificates":[`, 0o600, "is no JSON, or half of it"}, {"{}", 0o644, "others may read"}} {
				put(t, from+acme, bad.text)
				if err := os.Chmod(from+acme, bad.mode); err != nil {
					t.Fatal(err)
				}
				r := runFully(t.Context(), t, d.Put.With(in))
				if r.Exit == 0 || !strings.Contains(string(r.Stderr), bad.want) || !strings.Contains(got(t, acme), "second") {
					t.Errorf("%s: exit %d: %s", bad.want, r.Exit, r.Stderr)
				}
			}

			// One that does not answer has not been brought back.
			write("broken")
			if r := runFully(t.Context(), t, d.Start.With(in)); r.Exit == 0 || !strings.Contains(string(r.Stderr), "see its log") {
				t.Errorf("it does not answer: exit %d: %s", r.Exit, r.Stderr)
			}
			if r := runFully(t.Context(), t, d.Prove.With(in)); r.Exit == 0 {
				t.Errorf("proven, and it does not answer: %s", r.Stdout)
			}
		})
	}
}
