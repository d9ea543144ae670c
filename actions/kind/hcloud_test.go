package kind

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"jurymast/actions"
)

// cloud is the API of Hetzner Cloud as far as it is asked, written after its
// documentation. The client is the real one.
type cloud struct {
	api  *httptest.Server
	root string

	mu       sync.Mutex
	at       int              // the server that the floating address is assigned to, 0 for none
	blocked  bool             // the address
	targets  []int            // servers of the load balancer
	sick     map[int]bool     // servers whose health check fails
	selector bool             // the load balancer has a target by label
	locked   int              // so many actions are refused yet
	lies     bool             // actions are called done, and are not
	said     []string         // what was asked of it but GET
	off      bool             // the server old
	attached map[int][]int    // volumes of a server
	idle     bool             // the load balancer has no service
	answer   http.HandlerFunc // instead of all of that
}

const cloudToken = "canary0123456789canary0123456789canary0123456789canary0123456789"

// cloudServers are those of the test's project.
var cloudServers = map[int]string{41: "old", 42: "new", 43: "cloud-new"}

func newCloud(t *testing.T) *cloud {
	t.Helper()
	hcloud := needed(t, "hcloud", "hcloud-cli")
	c := &cloud{at: 41, targets: []int{41}, sick: map[int]bool{}, attached: map[int][]int{41: {5}, 42: {}, 43: {}}}
	c.api = httptest.NewServer(c)
	t.Cleanup(c.api.Close)
	c.root = tools(t, map[string]string{"hcloud": "for a; do printf '%s\\n' \"$a\"; done >>$ROOT/argv\nexec " + hcloud + " --poll-interval 10ms \"$@\"\n"})
	t.Setenv("HCLOUD_ENDPOINT", c.api.URL)
	t.Setenv("HCLOUD_CONFIG", c.root+"/none.toml")
	return c
}

func (c *cloud) server(id int) map[string]any {
	status := "running"
	if c.off && id == 41 {
		status = "off"
	}
	return map[string]any{
		"id": id, "name": cloudServers[id], "status": status, "created": "2026-01-01T00:00:00+00:00", "locked": false, "rescue_enabled": false,
		"public_net":  map[string]any{"ipv4": map[string]any{"id": id, "ip": fmt.Sprintf("203.0.113.%d", id)}, "ipv6": map[string]any{"id": id + 100, "ip": "2001:db8::/64"}, "floating_ips": []int{}},
		"server_type": map[string]any{"id": 1, "name": "cx22"}, "datacenter": map[string]any{"id": 1, "name": "fsn1-dc14", "location": map[string]any{"id": 1, "name": "fsn1"}},
		"image": map[string]any{"id": 1, "name": "debian-12"}, "volumes": c.attached[id], "protection": map[string]any{"delete": false, "rebuild": false}, "labels": map[string]string{}, "private_net": []any{}, "backup_window": nil,
	}
}

func (c *cloud) images(sort string) []any {
	image := func(id, of int, status, created string) any {
		return map[string]any{
			"id": id, "type": sort, "status": status, "name": nil, "description": "a copy", "image_size": 2.3, "disk_size": 40, "created": created, "bound_to": nil, "os_flavor": "debian", "os_version": "12",
			"created_from": map[string]any{"id": of, "name": cloudServers[of]}, "protection": map[string]any{"delete": false}, "labels": map[string]string{}, "deprecated": nil, "rapid_deploy": false,
		}
	}
	if sort == "backup" {
		return []any{image(3, 41, "creating", "2026-11-20T20:00:00+00:00")}
	}
	return []any{image(1, 41, "available", "2026-11-10T20:06:40+00:00"), image(2, 42, "available", "2026-11-20T00:00:00+00:00")}
}

func (c *cloud) floating() map[string]any {
	f := map[string]any{
		"id": 7, "name": "db", "description": "", "ip": "203.0.113.200", "type": "ipv4", "server": nil, "dns_ptr": []any{}, "blocked": c.blocked,
		"home_location": map[string]any{"id": 1, "name": "fsn1"}, "protection": map[string]any{"delete": false}, "labels": map[string]string{}, "created": "2026-01-01T00:00:00+00:00",
	}
	if c.at != 0 {
		f["server"] = c.at
	}
	return f
}

func (c *cloud) balancer() map[string]any {
	var ts []any
	for _, id := range c.targets {
		health := "healthy"
		if c.sick[id] {
			health = "unhealthy"
		}
		ts = append(ts, map[string]any{"type": "server", "server": map[string]any{"id": id}, "use_private_ip": false, "health_status": []any{map[string]any{"listen_port": 443, "status": health}}})
	}
	services := []any{}
	if !c.idle {
		services = append(services, map[string]any{
			"protocol": "tcp", "listen_port": 443, "destination_port": 443, "proxyprotocol": false,
			"health_check": map[string]any{"protocol": "tcp", "port": 443, "interval": 15, "timeout": 10, "retries": 3},
		})
	}
	if c.selector {
		ts = append(ts, map[string]any{"type": "label_selector", "label_selector": map[string]any{"selector": "app=db"}, "targets": []any{}})
	}
	return map[string]any{
		"id": 9, "name": "lb", "public_net": map[string]any{"enabled": true, "ipv4": map[string]any{"ip": "203.0.113.201"}, "ipv6": map[string]any{"ip": "2001:db8::1"}}, "private_net": []any{},
		"location": map[string]any{"id": 1, "name": "fsn1"}, "load_balancer_type": map[string]any{"id": 1, "name": "lb11"}, "protection": map[string]any{"delete": false}, "labels": map[string]string{},
		"created": "2026-01-01T00:00:00+00:00", "services": services, "targets": append([]any{}, ts...), "algorithm": map[string]any{"type": "round_robin"},
	}
}

func (c *cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.answer != nil {
		c.answer(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	say := func(status int, v any) {
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(v)
	}
	fail := func(status int, code, message string) {
		say(status, map[string]any{"error": map[string]any{"code": code, "message": message, "details": map[string]any{}}})
	}
	action := map[string]any{"action": map[string]any{"id": 1, "command": "x", "status": "success", "progress": 100, "started": "2026-01-01T00:00:00+00:00", "finished": "2026-01-01T00:00:01+00:00", "resources": []any{}, "error": nil}}
	if r.Header.Get("Authorization") != "Bearer "+cloudToken {
		fail(http.StatusUnauthorized, "unauthorized", "unable to authenticate")
		return
	}
	name, path := r.URL.Query().Get("name"), strings.Split(strings.TrimPrefix(r.URL.Path, "/"), "/")
	list := func(sort, called string, all ...any) {
		if name != "" && name != called {
			all = nil
		}
		say(http.StatusOK, map[string]any{sort: append([]any{}, all...), "meta": map[string]any{"pagination": map[string]any{"page": 1, "per_page": 50, "total_entries": len(all), "last_page": 1}}})
	}
	if r.Method == http.MethodPost {
		var body struct {
			Server any
			Type   string
		}
		_ = json.NewDecoder(r.Body).Decode(&body)
		id := 0
		switch s := body.Server.(type) {
		case float64:
			id = int(s)
		case map[string]any:
			id = int(s["id"].(float64))
		}
		c.said = append(c.said, fmt.Sprintf("%s %d", path[len(path)-1], id))
		if c.locked > 0 {
			c.locked--
			fail(http.StatusLocked, "locked", "server is locked")
			return
		}
		if !c.lies {
			switch path[len(path)-1] {
			case "assign":
				c.at = id
			case "add_target":
				c.targets = append(c.targets, id)
			case "poweroff", "poweron":
				c.off = path[len(path)-1] == "poweroff"
			case "remove_target":
				c.targets = slices.DeleteFunc(c.targets, func(t int) bool { return t == id })
			}
		}
		say(http.StatusCreated, action)
		return
	}
	switch {
	case path[0] == "servers" && len(path) == 1:
		var found []any
		for id, called := range cloudServers {
			if name == "" || name == called {
				found = append(found, c.server(id))
			}
		}
		list("servers", name, found...)
	case path[0] == "servers":
		id, _ := strconv.Atoi(path[1])
		if cloudServers[id] == "" {
			fail(http.StatusNotFound, "not_found", "server with ID '"+path[1]+"' not found")
			return
		}
		say(http.StatusOK, map[string]any{"server": c.server(id)})
	case path[0] == "images":
		list("images", name, c.images(r.URL.Query().Get("type"))...)
	case path[0] == "floating_ips" && len(path) == 1:
		list("floating_ips", "db", c.floating())
	case path[0] == "floating_ips" && path[1] == "7":
		say(http.StatusOK, map[string]any{"floating_ip": c.floating()})
	case path[0] == "load_balancers" && len(path) == 1:
		list("load_balancers", "lb", c.balancer())
	case path[0] == "load_balancers" && path[1] == "9":
		say(http.StatusOK, map[string]any{"load_balancer": c.balancer()})
	case path[0] == "actions" && len(path) > 1:
		say(http.StatusOK, action)
	case path[0] == "actions":
		say(http.StatusOK, map[string]any{"actions": []any{action["action"]}})
	default:
		fail(http.StatusNotFound, "not_found", "no "+r.URL.Path)
	}
}

// tokened gives a script the token, and what a survey said.
func tokened(t *testing.T, s actions.Script, seen map[string]string) actions.Script {
	t.Helper()
	return withSecret(t, s, cloudToken, seen)
}

func (c *cloud) asked() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := strings.Join(c.said, ", ")
	c.said = nil
	return s
}

const inCloud = "on = \"nas\"\ntoken = { env = \"T\" }\nwait = \"2s\"\n"

// TestRedirectFloatingAddress moves a floating address by the real client, at a
// cloud of the test's own.
func TestRedirectFloatingAddress(t *testing.T) {
	c := newCloud(t)
	x := redirectOf(t, "kind = \"hcloud-address\"\naddress = \"db\"\n"+inCloud)
	seen := must(t, tokened(t, x.Survey, nil), nil).said
	if seen["was"] != "41" || seen["seen"] != "db (203.0.113.200) is assigned to old" || c.asked() != "" {
		t.Errorf("surveyed: %v", seen)
	}
	if exit(t, tokened(t, x.Verify, nil), toNew) == 0 {
		t.Error("it is proven before it is done")
	}
	c.locked = 1
	for range 2 {
		must(t, tokened(t, x.Do, seen), toNew)
		must(t, tokened(t, x.Verify, nil), toNew)
	}
	if asked := c.asked(); asked != "assign 42, assign 42" || c.at != 42 {
		t.Errorf("asked: %s, it is at %d", asked, c.at)
	}
	if r := runFully(t.Context(), t, tokened(t, x.Do, seen).With(toOld)); r.Exit == 0 || !strings.Contains(string(r.Stderr), "plan again") || c.asked() != "" {
		t.Errorf("what the plan did not see was changed: %s", r.Stderr)
	}
	if r := runFully(t.Context(), t, tokened(t, x.Do, nil).With(toOld)); r.Exit == 0 || c.asked() != "" {
		t.Error("it is changed though no plan saw it")
	}
	// Nobody has it.
	c.at = 0
	seen = must(t, tokened(t, x.Survey, nil), nil).said
	c.lies = true
	must(t, tokened(t, x.Do, seen), toOld)
	if r := runFully(t.Context(), t, tokened(t, x.Verify, nil).With(toOld)); r.Exit == 0 || !strings.Contains(string(r.Stderr), "assigned to server none and not to 41") {
		t.Errorf("an action that did nothing is believed: %s", r.Stderr)
	}
	c.lies = false
	must(t, tokened(t, x.Do, seen), toOld)
	must(t, tokened(t, x.Verify, nil), toOld)
	// A server that the cloud calls otherwise.
	x = redirectOf(t, "kind = \"hcloud-address\"\naddress = \"7\"\nservers = [\"new=cloud-new\"]\n"+inCloud)
	must(t, tokened(t, x.Do, must(t, tokened(t, x.Survey, nil), nil).said), toNew)
	if c.at != 43 {
		t.Errorf("it is at %d", c.at)
	}
	if argv := got(t, c.root+"/argv"); strings.Contains(argv, cloudToken) {
		t.Errorf("the arguments hold the token: %s", argv)
	}
}

func TestRedirectBalancer(t *testing.T) {
	c := newCloud(t)
	c.targets = []int{41, 44} // the last is another's
	x := redirectOf(t, "kind = \"hcloud-balancer\"\nbalancer = \"lb\"\n"+inCloud)
	seen := must(t, tokened(t, x.Survey, nil), nil).said
	if seen["was"] != "41" || seen["seen"] != "lb leads to old" {
		t.Errorf("surveyed: %v", seen)
	}
	if exit(t, tokened(t, x.Verify, nil), toNew) == 0 {
		t.Error("it is proven before it is done")
	}
	for range 2 {
		must(t, tokened(t, x.Do, seen), toNew)
	}
	if asked := c.asked(); asked != "add_target 42, remove_target 41" {
		t.Errorf("asked: %s", asked)
	}
	must(t, tokened(t, x.Verify, nil), toNew)
	c.sick[42] = true
	if r := runFully(t.Context(), t, tokened(t, x.Verify, nil).With(toNew)); r.Exit == 0 || !strings.Contains(string(r.Stderr), "says of new: 1 port(s) unhealthy") {
		t.Errorf("a target that is not well is proof: %s", r.Stderr)
	}
	// It was cut off between the two.
	c.targets, c.sick = []int{44, 41, 42}, map[int]bool{}
	must(t, tokened(t, x.Do, seen), toNew)
	if asked := c.asked(); asked != "remove_target 41" {
		t.Errorf("asked: %s", asked)
	}
	c.targets = []int{41, 42}
	if r := runFully(t.Context(), t, tokened(t, x.Do, map[string]string{"was": "42"}).With(toNew)); r.Exit == 0 || !strings.Contains(string(r.Stderr), "leads to old, and did not when") || c.asked() != "" {
		t.Errorf("what the plan did not see was changed: %s", r.Stderr)
	}
}

// TestCloudRefused: what is not understood, or cannot be done, is said when the
// plan is made.
func TestCloudRefused(t *testing.T) {
	says := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status); fmt.Fprint(w, body) }
	}
	address, balancer := "kind = \"hcloud-address\"\naddress = \"db\"\n", "kind = \"hcloud-balancer\"\nbalancer = \"lb\"\n"
	for _, tt := range []struct {
		name, lines, token string
		with               func(c *cloud)
		why                string
	}{
		{"revoked token", address, strings.Repeat("x", 64), nil, "the token is wrong or was revoked"},
		{"page", address, cloudToken, func(c *cloud) { c.answer = says(502, "<!DOCTYPE html>") }, "hcloud"},
		{"page that is well", address, cloudToken, func(c *cloud) { c.answer = says(200, "<!DOCTYPE html>") }, "hcloud"},
		{"half", address, cloudToken, func(c *cloud) { c.answer = says(200, `{"servers":[{"id":41,`) }, "hcloud"},
		{"no cloud", address, cloudToken, func(c *cloud) { c.api.Close() }, "refused"},
		{"no address", strings.ReplaceAll(address, "\"db\"", "\"none\""), cloudToken, nil, "Floating IP not found: none"},
		{"blocked", address, cloudToken, func(c *cloud) { c.blocked = true }, "is blocked by the cloud"},
		{"a stranger has it", address, cloudToken, func(c *cloud) { c.at = 43 }, "is assigned to server 43, which is no host"},
		{"no server", address + "servers = [\"new=none\"]\n", cloudToken, nil, "server not found: none"},
		{"labels", balancer, cloudToken, func(c *cloud) { c.selector = true }, "targets by label"},
		{"no target", balancer, cloudToken, func(c *cloud) { c.targets = []int{44} }, "leads to no host that the service runs on"},
		{"no balancer", strings.ReplaceAll(balancer, "\"lb\"", "\"none\""), cloudToken, nil, "not found: none"},
		{"no service", balancer, cloudToken, func(c *cloud) { c.idle = true }, "has no service"},
	} {
		t.Run(strings.ReplaceAll(tt.name, " ", "-"), func(t *testing.T) {
			c := newCloud(t)
			if tt.with != nil {
				tt.with(c)
			}
			r := runFully(t.Context(), t, withSecret(t, redirectOf(t, tt.lines+inCloud).Survey, tt.token, nil))
			if r.Exit == 0 || !strings.Contains(string(r.Stderr), tt.why) || strings.Contains(string(r.Stderr), tt.token) {
				t.Errorf("exit %d: %s", r.Exit, r.Stderr)
			}
		})
	}
	for lines, why := range map[string]string{
		"on = \"\"\n":               "set on",
		"address = \"-h\"\n":        "no name of the cloud",
		"servers = [\"new=a b\"]\n": "no name of the cloud",
		"servers = [\"pve=x\"]\n":   "does not run there",
		"servers = [\"new\"]\n":     "HOST=WORD",
	} {
		text := "[redirect.r]\nof = \"db\"\nkind = \"hcloud-address\"\n"
		if why != "set on" {
			text += "on = \"nas\"\n" + lines
		}
		if !strings.Contains(lines, "address") {
			text += "address = \"db\"\n"
		}
		f := wayFleet(t, text)
		if _, err := hcloudAddress.Redirect(f, f.Redirects[0]); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: got %v, want %s", lines, err, why)
		}
	}
}

// TestFenceCloudByItsClient turns a server off by the real client.
func TestFenceCloudByItsClient(t *testing.T) {
	c := newCloud(t)
	x := fenceOf(t, "kind = \"hcloud-server\"\non = \"nas\"\ntakes = \"3s\"\ntoken = { env = \"T\" }\n")
	must(t, tokened(t, x.Survey, nil), nil)
	if exit(t, tokened(t, x.Verify, nil), nil) == 0 {
		t.Error("a server that runs counts as off")
	}
	c.locked = 1
	must(t, tokened(t, x.Do, nil), nil)
	must(t, tokened(t, x.Verify, nil), nil)
	must(t, tokened(t, *x.Release, nil), nil)
	if exit(t, tokened(t, x.Verify, nil), nil) == 0 {
		t.Error("released, it still counts as off")
	}
	c.lies = true
	if exit(t, tokened(t, x.Do, nil), nil) == 0 {
		t.Error("an action that did nothing is believed")
	}
}

// TestLookHcloud asks the cloud of the test by the real client.
func TestLookHcloud(t *testing.T) {
	c := newCloud(t)
	look := func(lines ...string) []actions.Reading {
		t.Helper()
		f, target := suiteTarget(t, hcloudKind, append(lines, "token = { env = \"T\" }")...)
		check := hcloudKind.Checks(f, target)[0]
		r := runFully(t.Context(), t, tokened(t, check.Script, nil))
		if r.Exit != 0 || len(r.Stderr) > 0 {
			t.Fatalf("exit %d: %s", r.Exit, r.Stderr)
		}
		a := suiteAnswer(string(r.Stdout))
		return check.Read(a)
	}
	old := "server = \"old\""
	suiteExpect(t, []string{"item", "server", "state", "ok", "running, cx22"}, look(old))
	suiteExpect(t, []string{"item", "server", "copies", "ok", "the newest copy of 1 is 10 d 1 h old; 1 being made; no volume is in any"}, look(old))
	suiteExpect(t, []string{"item", "server", "state", "fail", "not attached: volume 6"}, look(old, "volumes = [\"5\", \"6\"]"))
	suiteExpect(t, []string{"item", "server", "copies", "fail", "limit 9 d"}, look(old, "limits = { copy = { warn = 8, fail = 9 } }"))
	suiteExpect(t, []string{"expect", "server", "unknown", "server not found: gone"}, look("server = \"gone\""))
	c.off = true
	suiteExpect(t, []string{"item", "server", "state", "fail", "the server is off"}, look(old))
	c.off = false
	c.answer = func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<!DOCTYPE html>") }
	suiteExpect(t, []string{"expect", "server", "unknown", "invalid character"}, look(old))
	if argv := got(t, c.root+"/argv"); strings.Contains(argv, cloudToken) {
		t.Errorf("the arguments hold the token: %s", argv)
	}
}
