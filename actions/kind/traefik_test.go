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
