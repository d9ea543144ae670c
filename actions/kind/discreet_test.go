package kind

import (
	"os/exec"
	"strings"
	"testing"
)

// TestDiscreet gives complaints of the servers, in which "hunter" and what is like
// it stands for a secret of small letters. What is wrong, and where, is told.
func TestDiscreet(t *testing.T) {
	t.Parallel()
	said := [][2]string{
		// HAProxy 2.6.
		{"config : parsing [h.cfg:2] : unknown keyword 'hunter' in 'global' section", "config : parsing [h.cfg:2] : unknown keyword … in 'global' section"},
		{"[h.cfg:10] : 'server b/a' : unknown keyword 'hunter'; did you mean 'check' maybe ?", "[h.cfg:10] : 'server … : unknown keyword … did you mean 'check' maybe ?"},
		{"parsing [h.cfg:7] : unknown keyword 'servr' in 'backend' section", "parsing [h.cfg:7] : unknown keyword 'servr' in 'backend' section"},
		{"[h.cfg:7]: 'user' only supports 'password', 'insecure-password' and 'groups' options.", "[h.cfg:7]: 'user' only supports 'password', 'insecure-password' and 'groups' options."},
		{"config : Proxy 'web': unable to find required default_backend: 'hunter'.", "config : Proxy 'web': unable to find required default_backend: …"},
		// nginx 1.22.
		{`unknown directive "hunter" in /etc/nginx/n.conf:1`, "unknown directive … in /etc/nginx/n.conf:1"},
		{`unknown directive "sever" in /etc/nginx/n.conf:1`, `unknown directive "sever" in /etc/nginx/n.conf:1`},
		{`invalid number of arguments in "proxy_cache_path" directive in /etc/nginx/n.conf:1`, `invalid number of arguments in "proxy_cache_path" directive in /etc/nginx/n.conf:1`},
		{`invalid parameter "hunter" in /etc/nginx/n.conf:1`, "invalid parameter … in /etc/nginx/n.conf:1"},
		{`invalid value "hunter of many words" in "gzip" directive, it must be "on" or "off" in /etc/nginx/n.conf:1`,
			`invalid value … … … … in "gzip" directive, it must be "on" or "off" in /etc/nginx/n.conf:1`},
		{`unknown "hunter" variable`, "unknown … variable"},
		{`host not found in upstream "app1.internal:80" in /etc/nginx/n.conf:1`, `host not found in upstream "app1.internal:80" in /etc/nginx/n.conf:1`},
		{`host not found in upstream "hunter@app" in /etc/nginx/n.conf:1`, "host not found in upstream … in /etc/nginx/n.conf:1"},
		{`host not found in "db-1.internal" of the "listen" directive in /etc/nginx/n.conf:1`, `host not found in "db-1.internal" of the "listen" directive in /etc/nginx/n.conf:1`},
		{`unexpected end of file, expecting ";" or "}" in /etc/nginx/n.conf:2`, `unexpected end of file, expecting ";" or "}" in /etc/nginx/n.conf:2`},
		{`conflicting server name "app.example" on 0.0.0.0:80, ignored`, `conflicting server name "app.example" on 0.0.0.0:80, ignored`},
		// Caddy 2.6.
		{"Error: Caddyfile:2: unrecognized directive: hunter", "Error: Caddyfile:2: unrecognized directive: …"},
		{"Error: Caddyfile:2: unrecognized directive: respnd", "Error: Caddyfile:2: unrecognized directive: respnd"},
		{"Caddyfile:2 - Error during parsing: unrecognized subdirective hunter", "Caddyfile:2 - Error during parsing: unrecognized subdirective …"},
		{"Caddyfile:2 - Error during parsing: File to import not found: hunter", "Caddyfile:2 - Error during parsing: File to import not found: …"},
		{"parsing caddyfile tokens for 'vars': Caddyfile:2 - Error during parsing: Wrong argument count or unexpected line ending after 'hunter'",
			"parsing caddyfile tokens for 'vars': Caddyfile:2 - Error during parsing: Wrong argument count or unexpected line ending after …"},
	}
	var in, want strings.Builder
	for _, s := range said {
		in.WriteString(s[0] + "\n")
		want.WriteString(s[1] + "\n")
	}
	body := script("tls/discreet.sh", nil).Body
	for _, awk := range []string{"gawk", "mawk", "busybox awk", "awk"} {
		if _, err := exec.LookPath(strings.Fields(awk)[0]); err != nil {
			continue
		}
		cmd := exec.CommandContext(t.Context(), "sh", "-c", "awk() { command "+awk+" \"$@\"; }\n"+body+"\ndiscreet")
		cmd.Stdin = strings.NewReader(in.String())
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v: %s", awk, err, out)
		}
		have := strings.Split(string(out), "\n")
		for i, w := range strings.Split(want.String(), "\n") {
			if i >= len(have) || have[i] != w {
				t.Errorf("%s: want %q, got %q", awk, w, have[min(i, len(have)-1)])
			}
		}
	}
}
