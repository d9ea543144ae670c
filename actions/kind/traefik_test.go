package kind

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"jurymast/actions"
)

// traefikAPIOf plays the API of a Traefik with a router and a service of each
// protocol that it counts, and /ping with the status that ping has.
func traefikAPIOf(t *testing.T, ping *atomic.Int32, protocols ...string) *httptest.Server {
	t.Helper()
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		of, list, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/api/"), "/")
		switch {
		case r.URL.Path == "/api/version":
			fmt.Fprint(w, `{"Version":"3.5.3"}`)
		case r.URL.Path == "/api/overview":
			var counts []string
			for _, p := range protocols {
				counts = append(counts, fmt.Sprintf(`%q:{"routers":{"total":1},"services":{"total":1}}`, p))
			}
			fmt.Fprintln(w, "{"+strings.Join(counts, ",")+"}")
		case r.URL.Path == "/ping":
			w.WriteHeader(int(ping.Load()))
			if ping.Load() == http.StatusOK {
				fmt.Fprint(w, "OK")
			}
		case slices.Contains(protocols, of):
			if r.URL.Query().Get("per_page") != "10000" {
				t.Errorf("asked for a page of %q", r.URL.RawQuery)
			}
			states := map[string]string{"http": `,"serverStatus":{"http://10.0.0.3":"UP","http://10.0.0.4":"DOWN"}`, "tcp": `,"serverStatus":{"10.0.0.5:25":"DOWN"}`}
			if list == "routers" {
				fmt.Fprintln(w, `[{"name":"app@file","status":"enabled"}]`)
			} else {
				fmt.Fprintln(w, `[{"name":"app@file","status":"enabled"`+states[of]+`}]`)
			}
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(api.Close)
	return api
}

// traefikSees holds that a check of a look at a Traefik, run by a shell, says so.
func traefikSees(t *testing.T, lines, shell []string, id string, status actions.Status, line string) {
	t.Helper()
	f, target := suiteTarget(t, traefik, lines...)
	for _, c := range traefik.Checks(f, target) {
		if c.ID != id {
			continue
		}
		a := suiteAnswer("")
		a.Output, a.Now = runFully(t.Context(), t, c.Script, shell...).Output, time.Now()
		if strings.Contains(string(a.Stdout), "canary") || len(a.Stderr) > 0 {
			t.Errorf("a key leaves the host, or stderr %q:\n%s", a.Stderr, a.Stdout)
		}
		rs := c.Read(a)
		if !slices.ContainsFunc(rs, func(r actions.Reading) bool {
			return r.Status == status && strings.Contains(r.Item+": "+r.Line, line)
		}) {
			t.Errorf("%s: got %+v, want %v %q of\n%s", id, rs, status, line, a.Stdout)
		}
	}
}

// What the script sends home is judged, and no more of the file of certificates
// than the certificates: its API is played by a server of the test.
func TestTraefikScript(t *testing.T) {
	t.Parallel()
	needed(t, "curl", "curl")
	var ping atomic.Int32
	ping.Store(http.StatusOK)
	api := traefikAPIOf(t, &ping, "http", "tcp", "udp")
	dir := t.TempDir()
	certificateFile(t, dir, "app.example", time.Now().Add(-70*24*time.Hour), time.Now().Add(20*24*time.Hour))
	chain := base64.StdEncoding.EncodeToString([]byte(got(t, dir+"/app.example/fullchain.pem")))
	acme := filepath.Join(dir, "acme.json")
	put(t, acme, `{"le":{"Account":{"PrivateKey":"canary-account"},"Certificates":[{"domain":{"main":"app.example"},"certificate":"`+chain+`","key":"canary-key","Store":"default"}]}}`)
	if err := os.Chmod(acme, 0o600); err != nil {
		t.Fatal(err)
	}
	lines := []string{fmt.Sprintf("api = %q", api.URL+"/"), fmt.Sprintf("acme = [%q]", acme)}
	sees := func(id string, status actions.Status, line string) {
		t.Helper()
		traefikSees(t, lines, nil, id, status, line)
	}
	sees("traefik", actions.OK, "Traefik 3.5.3, 3 routers, 3 services")
	sees("routers", actions.OK, "all in use")
	sees("services", actions.Warn, "app@file: 1 of 2 servers up; down: http://10.0.0.4")
	sees("services", actions.Fail, "tcp/app@file: none of 1 servers is up: 10.0.0.5:25")
	sees("certificates", actions.Warn, "for app.example, from app.example); its renewal is late")
	ping.Store(http.StatusServiceUnavailable)
	sees("traefik", actions.Warn, "it is shutting down")
	ping.Store(http.StatusNotFound)
	sees("traefik", actions.OK, "/ping is not switched on")
	if err := os.Chmod(acme, 0o644); err != nil {
		t.Fatal(err)
	}
	sees("certificates", actions.Fail, "at its next start Traefik leaves its resolver out")
	whole := got(t, acme)
	put(t, acme, whole[:len(whole)-20])
	sees("certificates", actions.Fail, "it is cut off in the middle")
	put(t, acme, whole[:12])
	sees("certificates", actions.Fail, "it is cut off in the middle")
	put(t, acme, whole+" \n\n")
	sees("certificates", actions.Warn, "for app.example, from app.example); its renewal is late")
	put(t, acme, "")
	sees("certificates", actions.Warn, "it holds no certificate yet")
	if err := os.Remove(acme); err != nil {
		t.Fatal(err)
	}
	sees("certificates", actions.Fail, "it is not there")
	api.Close()
	sees("traefik", actions.Fail, "Traefik does not answer at "+api.URL)
}

// It is asked by what is there: curl, or wget, whose words for the same are others.
// An old Traefik knows nothing of UDP, and is not asked about it.
func TestTraefikIsAskedByWhatIsThere(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"curl", "wget"} {
		at, err := filepath.EvalSymlinks(needed(t, program, program))
		if err != nil {
			t.Fatal(err)
		}
		eachShell(t, func(t *testing.T, shell ...string) {
			bin := t.TempDir()
			linkPosix(t, bin)
			if err := os.Symlink(at, filepath.Join(bin, program)); err != nil {
				t.Fatal(err)
			}
			in, err := exec.LookPath(shell[0])
			if err != nil {
				t.Fatal(err)
			}
			run := append([]string{"env", "PATH=" + bin, in}, shell[1:]...)
			var ping atomic.Int32
			ping.Store(http.StatusOK)
			api := traefikAPIOf(t, &ping, "http", "tcp")
			sees := func(id string, status actions.Status, line string) {
				t.Helper()
				traefikSees(t, []string{fmt.Sprintf("api = %q", api.URL)}, run, id, status, line)
			}
			sees("traefik", actions.OK, "2 routers, 2 services")
			sees("routers", actions.OK, "all in use")
			sees("services", actions.Fail, "tcp/app@file: none of 1 servers is up: 10.0.0.5:25")
			ping.Store(http.StatusServiceUnavailable)
			sees("traefik", actions.Warn, "it is shutting down")
			ping.Store(http.StatusNotFound)
			sees("traefik", actions.OK, "/ping is not switched on")
			ping.Store(http.StatusTeapot)
			sees("traefik", actions.Unknown, "/ping says what is not understood")
			api.Close()
			sees("traefik", actions.Fail, "Traefik does not answer at "+api.URL)
		})
	}
}

// One that does not answer is asked no more.
func TestTraefikThatHangs(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"curl", "wget"} {
		needed(t, program, program)
		t.Run(program, func(t *testing.T) {
			t.Parallel()
			bin := t.TempDir()
			linkPosix(t, bin)
			at, err := exec.LookPath(program)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(at, filepath.Join(bin, program)); err != nil {
				t.Fatal(err)
			}
			var asked atomic.Int32
			api := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				asked.Add(1)
				<-r.Context().Done()
			}))
			t.Cleanup(api.Close)
			traefikSees(t, []string{fmt.Sprintf("api = %q", api.URL)}, []string{"env", "PATH=" + bin, "/bin/sh"}, "traefik", actions.Unknown, "does not answer: ")
			if n := asked.Load(); n != 1 {
				t.Errorf("it was asked %d times", n)
			}
		})
	}
}

// In a container it is asked by the wget of its image, in two calls; what stands
// in the place of one of its values is seen.
func TestTraefikValues(t *testing.T) {
	t.Parallel()
	state := []string{`{"Version":"3.6.1"}`, `{"http":{"routers":{"total":1},"services":{"total":1}},"tcp":{"routers":{"total":1},"services":{"total":1}},"udp":{"routers":{"total":1},"services":{"total":1}}}` + "\n"}
	one := `[{"name":"app@file","status":"enabled"}]` + "\n"
	lists := []string{one, one, one, one, one, one, "OK"}
	f, target := suiteTarget(t, traefik)
	read := func(state, lists []string) (all []actions.Reading) {
		for _, c := range traefik.Checks(f, target) {
			all = append(all, c.Read(suiteAnswer("== state\n"+strings.Join(state, "")+"\nexit 0\n== lists\n"+strings.Join(lists, "")+"\nexit 0\n== certificates\n== end\n"))...)
		}
		return all
	}
	well := func(rs []actions.Reading) bool {
		return !slices.ContainsFunc(rs, func(r actions.Reading) bool { return r.Status != actions.OK })
	}
	if rs := read(state, lists); !well(rs) {
		t.Fatalf("all is well: %+v", rs)
	}
	// What Traefik warns of does not stand before servers that are down.
	warned := slices.Clone(lists)
	warned[1] = `[{"name":"app@file","status":"warning","error":["odd"],"serverStatus":{"http://10.0.0.3":"DOWN"}}]` + "\n"
	if rs := read(state, warned); !slices.ContainsFunc(rs, func(r actions.Reading) bool {
		return r.Status == actions.Fail && r.Line == "none of 1 servers is up: http://10.0.0.3; Traefik warns: odd"
	}) {
		t.Errorf("a service with a warning and without a server is %+v", rs)
	}
	for _, instead := range []string{"", "<html>\n", "{}\n", "[]\n", "null\n", `[{"name":`, `[{"name":"app@file","status":"sleeping"}]`, `[{"name":"app@file"}]`} {
		for i := range state {
			changed := slices.Clone(state)
			changed[i] = instead
			if rs := read(changed, lists); well(rs) {
				t.Errorf("%q is the %d of its state, and all is well", instead, i+1)
			}
		}
		for i := range lists {
			changed := slices.Clone(lists)
			changed[i] = instead
			if rs := read(state, changed); well(rs) {
				t.Errorf("%q is the %d of its lists, and all is well", instead, i+1)
			}
		}
	}
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
