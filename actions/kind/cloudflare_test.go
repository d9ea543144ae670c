package kind

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"jurymast/actions"
)

// names is a DNS of a test's own: an API that changes it, written after its
// documentation, and programs in the place of dig and curl. That of curl notes
// its arguments and its standard input and is curl all the same.
type names struct {
	api  *httptest.Server
	root string

	mu     sync.Mutex
	record map[string]any // of Cloudflare
	said   []string       // what it was asked: "METHOD PATH"
	answer func(w http.ResponseWriter, r *http.Request) bool
}

const (
	cloudflareToken = "canary-Token_of40signs"
	cloudflareZone  = "023e105f4ecef8ad9ca31a8372d0c353"
	cloudflareID    = "372e67954025e0ba6aaa6d586b9e0b59"
	duckToken       = "cafecafe-0000-4000-8000-canarycanary"
)

func newNames(t *testing.T) *names {
	t.Helper()
	curl := needed(t, "curl", "curl")
	n := &names{record: map[string]any{
		"id": cloudflareID, "name": "db.example.org", "type": "A", "content": "10.0.0.3", "ttl": 120, "proxied": false, "proxiable": true,
		"comment": "a \"quoted\" word", "tags": []string{},
	}}
	n.api = httptest.NewServer(n)
	t.Cleanup(n.api.Close)
	n.root = tools(t, map[string]string{
		"curl": "for a; do printf '%s\\n' \"$a\"; done >>$ROOT/argv\ntee -a $ROOT/stdin | " + curl + " \"$@\"\n",
		"dig": `case $* in
'+short '*) echo ns2.example.net.; echo ns1.example.net. ;;
*) [ ! -e $ROOT/${1#@} ] || set -- @x; zone=$ROOT/zone; [ "$1" != @x ] || zone=$ROOT/ns2.example.net
echo ';; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 1'
echo ";; flags: qr aa; QUERY: 1, ANSWER: $(grep -c . $zone), AUTHORITY: 0, ADDITIONAL: 1"
cat $zone ;;
esac
`})
	n.resolve(t, "10.0.0.3")
	return n
}

// resolve has the name servers say an address.
func (n *names) resolve(t *testing.T, to string) {
	put(t, n.root+"/zone", "db.example.org. 120 IN A "+to+"\n")
}

func (n *names) asked() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	s := strings.Join(n.said, "\n")
	n.said = nil
	return s
}

// ServeHTTP answers as api.cloudflare.com/client/v4 and as www.duckdns.org.
func (n *names) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.said = append(n.said, r.Method+" "+r.URL.Path)
	if n.answer != nil && n.answer(w, r) {
		return
	}
	ok := func(result any) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"result": result, "success": true, "errors": []any{}, "messages": []any{}})
	}
	fail := func(status, code int, message string) {
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]any{"result": nil, "success": false, "errors": []any{map[string]any{"code": code, "message": message}}, "messages": []any{}})
	}
	if r.URL.Path == "/update" {
		q := r.URL.Query()
		if q.Get("token") != duckToken || q.Get("domains") != "db" || q.Get("verbose") != "true" || q.Get("ip") == "" {
			fmt.Fprint(w, "KO")
			return
		}
		came := "NOCHANGE"
		if n.record["content"] != q.Get("ip") {
			came = "UPDATED"
		}
		n.record["content"] = q.Get("ip")
		fmt.Fprintf(w, "OK\n%s\n\n%s", q.Get("ip"), came)
		return
	}
	if r.Header.Get("Authorization") != "Bearer "+cloudflareToken {
		fail(http.StatusForbidden, 9109, "Invalid access token")
		return
	}
	records := "/zones/" + cloudflareZone + "/dns_records"
	switch r.Method + " " + r.URL.Path {
	case "GET /zones":
		var zones []any
		if r.URL.Query().Get("name") == "example.org" {
			zones = append(zones, map[string]any{"id": cloudflareZone, "name": "example.org", "status": "active", "permissions": []string{"#zone:read", "#dns_records:read", "#dns_records:edit"}})
		}
		ok(append([]any{}, zones...))
	case "GET " + records:
		ok([]any{n.record, map[string]any{"id": strings.Repeat("a", 32), "name": "db.example.org", "type": "TXT", "content": "10.0.0.9", "ttl": 1, "proxied": false}})
	case "GET " + records + "/" + cloudflareID:
		ok(n.record)
	case "PATCH " + records + "/" + cloudflareID:
		body, _ := io.ReadAll(r.Body)
		if err := json.Unmarshal(body, &n.record); err != nil {
			fail(http.StatusBadRequest, 6003, err.Error())
			return
		}
		ok(n.record)
	default:
		fail(http.StatusNotFound, 81044, "Record does not exist.")
	}
}

func (n *names) cloudflare(t *testing.T, lines string) actions.Redirect {
	t.Helper()
	return redirectOf(t, fmt.Sprintf("kind = \"cloudflare\"\non = \"nas\"\nrecord = \"db.example.org\"\nzone = \"example.org\"\ntoken = { env = \"T\" }\nwait = \"1s\"\napi = %q\n", n.api.URL+"/")+lines)
}

func (n *names) duckdns(t *testing.T) actions.Redirect {
	t.Helper()
	return redirectOf(t, fmt.Sprintf("kind = \"duckdns\"\non = \"nas\"\nrecord = \"db.duckdns.org\"\ntoken = { env = \"T\" }\nwait = \"1s\"\napi = %q\n", n.api.URL))
}

// untold holds what curl was given: the secret on standard input, and there
// alone.
func (n *names) untold(t *testing.T, secret string) {
	t.Helper()
	if argv := got(t, n.root+"/argv"); strings.Contains(argv, secret) {
		t.Errorf("the arguments of curl have the secret:\n%s", argv)
	}
	if !strings.Contains(got(t, n.root+"/stdin"), secret) {
		t.Error("curl was not given the secret on its standard input")
	}
}

func TestRedirectCloudflare(t *testing.T) {
	n := newNames(t)
	x := n.cloudflare(t, "")
	seen := must(t, withSecret(t, x.Survey, cloudflareToken+"\n", nil), nil).said
	if seen["was"] != "10.0.0.3" || seen["floor"] != "120" || seen["id"] != cloudflareID || seen["zone"] != cloudflareZone {
		t.Errorf("surveyed: %v", seen)
	}
	if asked := n.asked(); strings.Contains(asked, "PATCH") {
		t.Errorf("a survey changes: %s", asked)
	}
	do := func(seen, to map[string]string) ran {
		return runFully(t.Context(), t, withSecret(t, x.Do, cloudflareToken, seen).With(to))
	}
	verify := func(to map[string]string) int {
		return exit(t, withSecret(t, x.Verify, cloudflareToken, nil), to)
	}
	if verify(toNew) == 0 {
		t.Error("it is proven before it is done")
	}
	for range 2 {
		if r := do(seen, toNew); r.Exit != 0 {
			t.Fatalf("%s", r.Stderr)
		}
	}
	if asked := n.asked(); strings.Count(asked, "PATCH") != 1 || n.record["content"] != "10.0.0.4" || n.record["ttl"] != 120 || n.record["comment"] != "a \"quoted\" word" {
		t.Errorf("asked\n%s\nit is %v", asked, n.record)
	}
	if verify(toNew) == 0 {
		t.Error("its name servers have the old address, and that is taken for done")
	}
	n.resolve(t, "10.0.0.4")
	if verify(toNew) != 0 || verify(toOld) == 0 {
		t.Error("it is done, and not proven")
	}
	if r := do(seen, toOld); r.Exit == 0 || !strings.Contains(string(r.Stderr), "plan again") {
		t.Errorf("what the plan did not see was changed: %s", r.Stderr)
	}
	if r := do(map[string]string{"was": "10.0.0.4", "zone": cloudflareZone, "id": strings.Repeat("b", 32)}, toOld); r.Exit == 0 || !strings.Contains(string(r.Stderr), "Record does not exist. (HTTP 404, error 81044)") {
		t.Errorf("a record that is gone was changed: %s", r.Stderr)
	}
	if r := do(nil, toOld); r.Exit == 0 || n.record["content"] != "10.0.0.4" {
		t.Error("a record is changed that no plan saw")
	}
	n.untold(t, cloudflareToken)

	// Behind the proxy, and with a TTL.
	n.record["proxied"], n.record["ttl"] = true, 1
	n.resolve(t, "104.16.1.1")
	x = n.cloudflare(t, "ttl = \"5m\"\n")
	seen = must(t, withSecret(t, x.Survey, cloudflareToken, nil), nil).said
	if seen["floor"] != "0" || !strings.Contains(seen["seen"], "behind the proxy") {
		t.Errorf("surveyed: %v", seen)
	}
	if r := do(seen, toOld); r.Exit != 0 || verify(toOld) != 0 || n.record["ttl"] != 300.0 || n.record["proxied"] != true {
		t.Errorf("%s %v", r.Stderr, n.record)
	}
}

func TestRedirectDuckDNS(t *testing.T) {
	n := newNames(t)
	x := n.duckdns(t)
	seen := must(t, withSecret(t, x.Survey, duckToken+"\n", nil), nil).said
	if seen["was"] != "10.0.0.3" || seen["floor"] != "120" || n.record["content"] != "10.0.0.3" {
		t.Errorf("surveyed: %v, it is %v", seen, n.record)
	}
	if exit(t, withSecret(t, x.Verify, duckToken, nil), toNew) == 0 {
		t.Error("it is proven before it is done")
	}
	for range 2 {
		must(t, withSecret(t, x.Do, duckToken, seen), toNew)
	}
	if n.record["content"] != "10.0.0.4" || exit(t, withSecret(t, x.Verify, duckToken, nil), toNew) == 0 {
		t.Error("it was not done, or is proven while its name servers have the old address")
	}
	n.resolve(t, "10.0.0.4")
	must(t, withSecret(t, x.Verify, duckToken, nil), toNew)
	if r := runFully(t.Context(), t, withSecret(t, x.Do, duckToken, seen).With(toOld)); r.Exit == 0 || !strings.Contains(string(r.Stderr), "plan again") || n.record["content"] != "10.0.0.4" {
		t.Errorf("what the plan did not see was changed: %s", r.Stderr)
	}
	n.untold(t, duckToken)
}

// TestRedirectByAPIRefused: no answer that is not understood leads to a plan
// that can be run.
func TestRedirectByAPIRefused(t *testing.T) {
	says := func(status int, body string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(status)
			fmt.Fprint(w, body)
			return true
		}
	}
	zones := func(zone string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/zones" {
				fmt.Fprintf(w, `{"result":[%s],"success":true}`, zone)
			}
			return r.URL.Path == "/zones"
		}
	}
	records := func(list string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			if strings.HasSuffix(r.URL.Path, "/dns_records") {
				fmt.Fprintf(w, `{"result":[%s],"success":true}`, list)
			}
			return strings.HasSuffix(r.URL.Path, "/dns_records")
		}
	}
	const page = "<!DOCTYPE html>\n<html><title>502</title></html>\n"
	one := fmt.Sprintf(`{"id":%q,"name":"db.example.org","type":"A","content":"10.0.0.3","ttl":60,"proxied":false}`, cloudflareID)
	for _, tt := range []struct {
		name, kind, token string
		answer            func(http.ResponseWriter, *http.Request) bool
		dns, why          string
	}{
		{"expired", "cloudflare", "expired", nil, "", "refuses the token: Invalid access token (9109)"},
		{"no token", "cloudflare", "", nil, "", "the token is empty"},
		{"a token that would be more", "cloudflare", "a\"\nurl = \"x", nil, "", "has signs that no token"},
		{"wrong format", "cloudflare", cloudflareToken, says(400, `{"success":false,"errors":[{"code":6003,"message":"Invalid request headers","error_chain":[{"code":6111,"message":"Invalid format for Authorization header"}]}],"messages":[],"result":null}`), "", "Invalid format for Authorization header (6003)"},
		{"no right", "cloudflare", cloudflareToken, zones(`{"id":"` + cloudflareZone + `","name":"example.org","status":"active","permissions":["#dns_records:read"]}`), "", "not change them"},
		{"page", "cloudflare", cloudflareToken, says(502, page), "", "HTTP 502 and what is no JSON"},
		{"page that is well", "cloudflare", cloudflareToken, says(200, page), "", "no JSON"},
		{"half", "cloudflare", cloudflareToken, says(200, `{"success":true,"result":[{"id":"`), "", "or half of it"},
		{"well and not", "cloudflare", cloudflareToken, says(200, `{"success":false,"errors":[{"code":7003,"message":"Could not route"}]}`), "", "Could not route (HTTP 200, error 7003)"},
		{"not well", "cloudflare", cloudflareToken, says(500, `{"success":true,"result":[]}`), "", "HTTP 500"},
		{"slow down", "cloudflare", cloudflareToken, says(429, `{"success":false,"errors":[{"code":971,"message":"Please wait and consider throttling your request speed"}]}`), "", "HTTP 429"},
		{"no zone", "cloudflare", cloudflareToken, zones(""), "", "has no zone example.org"},
		{"a zone that waits", "cloudflare", cloudflareToken, zones(`{"id":"` + cloudflareZone + `","name":"example.org","status":"pending"}`), "", "is pending at Cloudflare"},
		{"an id that is a path", "cloudflare", cloudflareToken, zones(`{"id":"../x","name":"example.org","status":"active"}`), "", "an id that is none"},
		{"no record", "cloudflare", cloudflareToken, records(""), "", "has no record db.example.org of type A"},
		{"two records", "cloudflare", cloudflareToken, records(one + "," + strings.ReplaceAll(one, "10.0.0.3", "10.0.0.4")), "", "several addresses"},
		{"an alias", "cloudflare", cloudflareToken, records(strings.ReplaceAll(one, `"A"`, `"CNAME"`)), "", "is an alias"},
		{"no ttl", "cloudflare", cloudflareToken, records(strings.ReplaceAll(one, `"ttl":60,`, "")), "", "which is none"},
		{"a stranger", "cloudflare", cloudflareToken, records(strings.ReplaceAll(one, "10.0.0.3", "10.9.9.9")), "", "no host that the service runs on"},
		{"other name servers", "cloudflare", cloudflareToken, nil, "10.0.0.4", "is it a zone of another account"},

		{"wrong token", "duckdns", "cafe", nil, "", "DuckDNS says KO"},
		{"no token", "duckdns", "", nil, "", "the token is empty"},
		{"page", "duckdns", duckToken, says(200, page), "", "what is not known of it"},
		{"page", "duckdns", duckToken, says(503, page), "", "HTTP 503"},
		{"half", "duckdns", duckToken, says(200, "OK\n10.0.0.3\n"), "", "or half of it"},
		{"not verbose", "duckdns", duckToken, says(200, "OK"), "", "or half of it"},
		{"another address", "duckdns", duckToken, says(200, "OK\n10.0.0.9\n\nUPDATED"), "", "leads to 10.0.0.9"},
		{"another updater", "duckdns", duckToken, says(200, "OK\n10.0.0.3\n\nUPDATED"), "", "another updater"},
		{"a stranger", "duckdns", duckToken, nil, "10.9.9.9", "no host that the service runs on"},
	} {
		t.Run(tt.kind+" "+tt.name, func(t *testing.T) {
			n := newNames(t)
			n.answer = tt.answer
			if tt.dns != "" {
				n.resolve(t, tt.dns)
			}
			x := n.cloudflare(t, "")
			if tt.kind == "duckdns" {
				x = n.duckdns(t)
			}
			r := runFully(t.Context(), t, withSecret(t, x.Survey, tt.token, nil))
			if r.Exit == 0 || !strings.Contains(string(r.Stderr), tt.why) {
				t.Errorf("exit %d: %s%s", r.Exit, r.Stdout, r.Stderr)
			}
			if tt.token != "" && len(tt.token) > 8 && strings.Contains(string(r.Stdout)+string(r.Stderr), tt.token) {
				t.Errorf("the token is printed: %s%s", r.Stdout, r.Stderr)
			}
		})
	}
	t.Run("no answer", func(t *testing.T) {
		n := newNames(t)
		n.api.Close()
		for _, s := range []actions.Script{withSecret(t, n.cloudflare(t, "").Survey, cloudflareToken, nil), withSecret(t, n.duckdns(t).Survey, duckToken, nil)} {
			if r := runFully(t.Context(), t, s); r.Exit == 0 || !strings.Contains(string(r.Stderr), "does not answer: curl: (7)") {
				t.Errorf("exit %d: %s", r.Exit, r.Stderr)
			}
		}
	})
	t.Run("name servers that do not agree", func(t *testing.T) {
		n := newNames(t)
		put(t, n.root+"/ns2.example.net", "db.example.org. 60 IN A 10.0.0.4\n")
		if r := runFully(t.Context(), t, withSecret(t, n.duckdns(t).Survey, duckToken, nil)); r.Exit == 0 || !strings.Contains(string(r.Stderr), "do not agree") || n.asked() != "" {
			t.Errorf("exit %d: %s", r.Exit, r.Stderr)
		}
	})
}
