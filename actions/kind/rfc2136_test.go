package kind

import (
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"jurymast/actions"
)

// The keys of the test's name server: one that may change the record, one that
// may not.
var (
	goodKey = base64.StdEncoding.EncodeToString([]byte("the key that may change a record"))
	poorKey = base64.StdEncoding.EncodeToString([]byte("the key that may change nothing."))
)

// nameServer runs a BIND that has the zone fleet.example, and returns its port
// and what asks it for the addresses and the TTL of a name.
func nameServer(t *testing.T) (port int, ask func(name string) string) {
	t.Helper()
	named := needed(t, "named", "bind9")
	dig := needed(t, "dig", "bind9-dnsutils")
	needed(t, "nsupdate", "bind9-dnsutils")
	dir := serverFolder(t, "root")
	port = freePort(t)
	put(t, dir+"/named.conf", fmt.Sprintf(`options {
    directory %[1]q; listen-on port %[2]d { 127.0.0.1; }; listen-on-v6 { none; };
    pid-file none; session-keyfile "%[1]s/session.key"; recursion no; notify no; dnssec-validation no;
};
controls { };
key "fail.over" { algorithm hmac-sha256; secret %[3]q; };
key "poor" { algorithm hmac-sha256; secret %[4]q; };
zone "fleet.example" {
    type primary; file "%[1]s/zone";
    update-policy { grant fail.over name db.fleet.example A; grant fail.over name six.fleet.example AAAA; };
};
zone "still.example" { type primary; file "%[1]s/still"; };
zone "gone.example" { type secondary; primaries { 127.0.0.1 port 1; }; file "%[1]s/gone"; };
`, dir, port, goodKey, poorKey))
	zone := "$TTL 120\n@ IN SOA ns root 1 3600 600 86400 60\n@ IN NS ns\nns IN A 127.0.0.1\ndb 60 IN A 10.0.0.3\n"
	put(t, dir+"/zone", zone+"six IN AAAA 2001:db8:5::3\ntwo IN A 10.0.0.3\ntwo IN A 10.0.0.4\nalias IN CNAME db\nother IN A 10.9.9.9\n")
	put(t, dir+"/still", zone)
	cmd := exec.CommandContext(t.Context(), named, "-f", "-g", "-c", dir+"/named.conf")
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	ask = func(name string) string {
		out, _ := exec.CommandContext(t.Context(), dig, "@127.0.0.1", "-p", strconv.Itoa(port), "+norecurse", "+noall", "+answer", "+time=1", "+tries=1", name, "ANY").Output()
		var said []string
		for line := range strings.Lines(string(out)) {
			if w := strings.Fields(line); len(w) == 5 && !strings.HasPrefix(w[0], ";") {
				said = append(said, w[1]+" "+w[4])
			}
		}
		return strings.Join(said, ", ")
	}
	await(t, "the name server answers", func() bool { return ask("ns.fleet.example") == "120 127.0.0.1" })
	return port, ask
}

// updates is a redirect by the test's server, with the lines of an inventory
// added or in the place of its own.
func updates(t *testing.T, port int, lines string) actions.Redirect {
	t.Helper()
	text := "kind = \"rfc2136\"\non = \"nas\"\nsecret = { env = \"S\" }\n"
	for _, l := range []string{"record = \"db.fleet.example\"\n", fmt.Sprintf("server = \"127.0.0.1#%d\"\n", port), "key = \"fail.over\"\n", "wait = \"1s\"\n"} {
		if name, _, _ := strings.Cut(l, " "); !strings.HasPrefix(lines, name+" ") && !strings.Contains(lines, "\n"+name+" ") {
			text += l
		}
	}
	return redirectOf(t, text+lines)
}

// withSecret gives a script the secret that it keeps, and what a survey said.
func withSecret(t *testing.T, s actions.Script, secret string, seen map[string]string) actions.Script {
	t.Helper()
	if len(s.Keep) != 1 {
		t.Errorf("%s keeps %v", s.Name, s.Keep)
	}
	s.Secrets = map[string]string{}
	for name := range s.Keep {
		s.Secrets[name] = secret
	}
	in := map[string]string{}
	for name, value := range seen {
		in[actions.SeenInput(name)] = value
	}
	return s.With(in)
}

// TestRedirectUpdate leads clients over by a real name server.
func TestRedirectUpdate(t *testing.T) {
	port, ask := nameServer(t)
	nsupdate := needed(t, "nsupdate", "bind9-dnsutils")
	root := tools(t, map[string]string{"nsupdate": "echo \"$*\" >>$ROOT/argv\ntee -a $ROOT/stdin | " + nsupdate + " \"$@\"\n"})
	x := updates(t, port, "")
	if x.Survey.Sudo || x.Do.Sudo || x.Verify.Sudo {
		t.Error("it asks for root")
	}
	survey := func() map[string]string { return must(t, withSecret(t, x.Survey, goodKey+"\n", nil), nil).said }
	seen := survey()
	if seen["was"] != "10.0.0.3" || seen["floor"] != "60" || !strings.Contains(seen["seen"], "db.fleet.example leads to 10.0.0.3") {
		t.Errorf("surveyed: %v", seen)
	}
	if now := ask("db.fleet.example"); now != "60 10.0.0.3" {
		t.Fatalf("a survey changed the record: %s", now)
	}
	verify := func(to map[string]string) int { return exit(t, withSecret(t, x.Verify, goodKey, nil), to) }
	if verify(toNew) == 0 {
		t.Error("it is proven before it is done")
	}
	for range 2 {
		must(t, withSecret(t, x.Do, goodKey, seen), toNew)
	}
	if now := ask("db.fleet.example"); now != "60 10.0.0.4" || verify(toNew) != 0 || verify(toOld) == 0 {
		t.Errorf("it leads to %s", now)
	}
	// What the plan saw is not there any more.
	if r := runFully(t.Context(), t, withSecret(t, x.Do, goodKey, map[string]string{"was": "10.0.0.9"}).With(toOld)); r.Exit == 0 || !strings.Contains(string(r.Stderr), "plan again") {
		t.Errorf("a record that the plan did not see was changed: %d %s", r.Exit, r.Stderr)
	}
	if r := runFully(t.Context(), t, withSecret(t, x.Do, goodKey, nil).With(toOld)); r.Exit == 0 {
		t.Error("a record is changed that no plan saw")
	}
	// And back, with a TTL of its own.
	seen = survey()
	x = updates(t, port, "ttl = \"30s\"\nauthorities = [\"127.0.0.1#"+strconv.Itoa(port)+"\"]\n")
	must(t, withSecret(t, x.Do, goodKey, seen), toOld)
	if now := ask("db.fleet.example"); now != "30 10.0.0.3" || verify(toOld) != 0 {
		t.Errorf("it leads to %s", now)
	}
	if argv := got(t, root+"/argv"); strings.Contains(argv, goodKey) || strings.Contains(argv, "10.0.0") {
		t.Errorf("arguments tell too much: %s", argv)
	}
	if stdin := got(t, root+"/stdin"); !strings.Contains(stdin, "key hmac-sha256:fail.over. "+goodKey+"\n") || !strings.Contains(stdin, "prereq yxrrset db.fleet.example. A 10.0.0.4\n") {
		t.Errorf("nsupdate was told\n%s", stdin)
	}

	six := updates(t, port, "record = \"six.fleet.example.\"\naddresses = [\"old=2001:db8:5::3\", \"new=2001:DB8:5:0::4\"]\n")
	seen = must(t, withSecret(t, six.Survey, goodKey, nil), nil).said
	must(t, withSecret(t, six.Do, goodKey, seen), toNew)
	must(t, withSecret(t, six.Verify, goodKey, nil), toNew)
	if now := ask("six.fleet.example"); now != "120 2001:db8:5::4" {
		t.Errorf("it leads to %s", now)
	}
}

// TestRedirectUpdateRace: between the question and the change somebody else
// changes the record. The server's own comparison refuses the change.
func TestRedirectUpdateRace(t *testing.T) {
	port, ask := nameServer(t)
	nsupdate := needed(t, "nsupdate", "bind9-dnsutils")
	root := tools(t, map[string]string{"nsupdate": nsupdate + " <$ROOT/first\nexec " + nsupdate + " \"$@\"\n"})
	x := updates(t, port, "")
	change := func(to string) {
		put(t, root+"/first", fmt.Sprintf("server 127.0.0.1 %d\nkey hmac-sha256:fail.over %s\nupdate delete db.fleet.example. A\nupdate add db.fleet.example. 60 A %s\nsend\n", port, goodKey, to))
	}
	change("10.0.0.77")
	r := runFully(t.Context(), t, withSecret(t, x.Do, goodKey, map[string]string{"was": "10.0.0.3"}).With(toNew))
	if now := ask("db.fleet.example"); r.Exit == 0 || now != "60 10.0.0.77" || !strings.Contains(string(r.Stderr), "does not lead to 10.0.0.3 any more") {
		t.Errorf("exit %d, it leads to %s: %s", r.Exit, now, r.Stderr)
	}
	change("10.0.0.4")
	must(t, withSecret(t, updates(t, port, "").Do, goodKey, map[string]string{"was": "10.0.0.77"}), toNew)
}

// TestRedirectUpdateRefused: what would go wrong in the failover is said when
// the plan is made, with the reason, and without the secret.
func TestRedirectUpdateRefused(t *testing.T) {
	port, _ := nameServer(t)
	closed := freePort(t)
	for _, tt := range []struct{ name, lines, secret, why string }{
		{"wrong secret", "", poorKey, "has another secret for the key fail.over"},
		{"no base64", "", "hunter2!", "is no base64"},
		{"half a secret", "", goodKey[:5], "bad base64 encoding"},
		{"no secret", "", "", "is no base64"},
		{"unknown key", "key = \"none\"\n", goodKey, "does not know the key none"},
		{"wrong algorithm", "algorithm = \"hmac-sha512\"\n", goodKey, "or not with hmac-sha512"},
		{"no right", "key = \"poor\"\n", poorKey, "may not change db.fleet.example"},
		{"no right to this one", "record = \"ns.fleet.example\"\naddresses = [\"old=127.0.0.1\"]\n", goodKey, "may not change ns.fleet.example"},
		{"a zone that takes none", "record = \"db.still.example\"\n", goodKey, "may not change db.still.example"},
		{"a zone that expired", "record = \"db.gone.example\"\n", goodKey, "SERVFAIL"},
		{"another zone", "record = \"db.example.org\"\n", goodKey, "answers REFUSED"},
		{"not of the zone", "record = \"db.still.example\"\nzone = \"fleet.example\"\n", goodKey, "NOTZONE"},
		{"not our zone", "zone = \"example\"\n", goodKey, "is not the primary"},
		{"no name", "record = \"none.fleet.example\"\n", goodKey, "has no name none.fleet.example"},
		{"no such type", "record = \"six.fleet.example\"\n", goodKey, "has no record six.fleet.example of type A"},
		{"an alias", "record = \"alias.fleet.example\"\n", goodKey, "is an alias"},
		{"two addresses", "record = \"two.fleet.example\"\n", goodKey, "several addresses"},
		{"a stranger", "record = \"other.fleet.example\"\n", goodKey, "leads to 10.9.9.9, which is no host"},
		{"no server", fmt.Sprintf("server = \"127.0.0.1#%d\"\n", closed), goodKey, "does not answer"},
	} {
		t.Run(strings.ReplaceAll(tt.name, " ", "-"), func(t *testing.T) {
			r := runFully(t.Context(), t, withSecret(t, updates(t, port, tt.lines).Survey, tt.secret, nil))
			said := string(r.Stdout) + string(r.Stderr)
			if r.Exit == 0 || !strings.Contains(said, tt.why) || tt.secret != "" && strings.Contains(said, tt.secret) && tt.name != "half a secret" {
				t.Errorf("exit %d: %s", r.Exit, said)
			}
		})
	}
	// As nsupdate 9.18 said it to this server with its clock an hour behind,
	// where it asked for the zone and where it was told.
	for name, text := range map[string]string{
		"clocks":            "dns_request_getresponse: clocks are unsynchronized\n",
		"clocks and a zone": "; TSIG error with server: clocks are unsynchronized\nupdate failed: NOTAUTH(BADTIME)\n",
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			tools(t, map[string]string{"nsupdate": "cat >/dev/null\nprintf " + actions.Quote(text) + " >&2\nexit 1\n"})
			r := runFully(t.Context(), t, withSecret(t, updates(t, port, "").Survey, goodKey, nil))
			if r.Exit == 0 || !strings.Contains(string(r.Stderr), "five minutes apart") {
				t.Errorf("exit %d: %s", r.Exit, r.Stderr)
			}
		})
	}
}

// TestAuthorityAnswers gives the reader of dig's answers what no BIND of ours
// would say.
func TestAuthorityAnswers(t *testing.T) {
	head := ";; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 1\n;; flags: qr aa; QUERY: 1, ANSWER: %s, AUTHORITY: 0, ADDITIONAL: 1\n"
	for name, tt := range map[string]struct{ answer, why string }{
		"page":       {"<!DOCTYPE html>\n<html></html>", "does not answer"},
		"nothing":    {"", "does not answer"},
		"half":       {strings.ReplaceAll(head, "%s", "2") + "db.fleet.example. 60 IN A 10.0.0.3\n", "half an answer"},
		"cut":        {strings.ReplaceAll(head, "%s", "1"), "half an answer"},
		"resolver":   {strings.ReplaceAll(strings.ReplaceAll(head, "%s", "1"), "qr aa", "qr rd ra") + "db.fleet.example. 60 IN A 10.0.0.3\n", "no authority"},
		"new status": {strings.ReplaceAll(head, "NOERROR", "BADCOOKIE"), "answers BADCOOKIE"},
	} {
		t.Run(name, func(t *testing.T) {
			root := tools(t, map[string]string{"dig": "cat $ROOT/answer", "nsupdate": "exit 0"})
			put(t, root+"/answer", tt.answer)
			r := runFully(t.Context(), t, withSecret(t, updates(t, 53, "").Survey, goodKey, nil))
			if r.Exit == 0 || !strings.Contains(string(r.Stderr), tt.why) {
				t.Errorf("exit %d: %s", r.Exit, r.Stderr)
			}
		})
	}
	t.Run("no tools", func(t *testing.T) {
		s := withSecret(t, updates(t, 53, "").Survey, goodKey, nil)
		t.Setenv("PATH", t.TempDir())
		s.Body = strings.ReplaceAll(s.Body, "PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin\n", "")
		text, _, _ := s.Render()
		cmd := exec.Command("/bin/sh", "-s")
		cmd.Stdin = strings.NewReader(text)
		if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "apt install bind9-dnsutils") {
			t.Errorf("%v %s", err, out)
		}
	})
}

func TestRedirectsOfNamesThatCannotBe(t *testing.T) {
	const most = "kind = \"rfc2136\"\nkey = \"k\"\nsecret = { env = \"S\" }\n"
	const flare = "kind = \"cloudflare\"\ntoken = { env = \"S\" }\n"
	const duck = "kind = \"duckdns\"\ntoken = { env = \"S\" }\n"
	for _, tt := range []struct{ lines, why string }{
		{most + "record = \"db.x\"\nserver = \"ns.x\"\n", "set on"},
		{most + "on = \"nas\"\nrecord = \"db.x\\nsend\"\nserver = \"ns.x\"\n", "no name of the DNS"},
		{most + "on = \"nas\"\nrecord = \"db.x\"\nserver = \"-x\"\n", "no name of the DNS"},
		{most + "on = \"nas\"\nrecord = \"db.x\"\nserver = \"ns.x#0\"\n", "no port"},
		{most + "on = \"nas\"\nrecord = \"db.x\"\nserver = \"ns.x\"\nzone = \"a b\"\n", "zone: "},
		{most + "on = \"nas\"\nrecord = \"db.x\"\nserver = \"ns.x\"\nauthorities = [\"\"]\n", "authorities: "},
		{most + "on = \"nas\"\nrecord = \"db.x\"\nserver = \"ns.x\"\naddresses = [\"new=2001:db8::1\"]\n", "one sort"},
		{most + "on = \"nas\"\nrecord = \"db.x\"\nserver = \"ns.x\"\naddresses = [\"new=new.lan\"]\n", "takes numbers"},
		{most + "on = \"nas\"\nrecord = \"db.x\"\nserver = \"ns.x\"\naddresses = [\"new=10.0.0.3\"]\n", "both have the address"},
		{most + "on = \"nas\"\nrecord = \"db.x\"\nserver = \"ns.x\"\naddresses = [\"pve=10.0.0.3\"]\n", "does not run there"},
		{most + "on = \"nas\"\nrecord = \"db.x\"\nserver = \"ns.x\"\naddresses = [\"10.0.0.3\"]\n", "HOST=WORD"},
		{flare + "record = \"db.x\"\nzone = \"x\"\n", "set on"},
		{flare + "on = \"nas\"\nrecord = \"db.y\"\nzone = \"x\"\n", "does not lie in the zone"},
		{flare + "on = \"nas\"\nrecord = \"db.x\"\nzone = \"x\"\napi = \"http://api.x/\"\n", "no address of https"},
		{duck + "record = \"db.duckdns.org\"\n", "set on"},
		{duck + "on = \"nas\"\nrecord = \"db.example.org\"\n", "no name of DuckDNS"},
		{duck + "on = \"nas\"\nrecord = \"www.db.duckdns.org\"\n", "no name of DuckDNS"},
		{duck + "on = \"nas\"\nrecord = \"db.duckdns.org\"\naddresses = [\"old=2001:db8::3\", \"new=2001:db8::4\"]\n", "IPv6"},
	} {
		f := wayFleet(t, "[redirect.r]\nof = \"db\"\n"+tt.lines)
		k, _ := Lookup(f.Redirects[0].Kind)
		if _, err := k.Redirect(f, f.Redirects[0]); err == nil || !strings.Contains(err.Error(), tt.why) {
			t.Errorf("%s: got %v, want %s", tt.lines, err, tt.why)
		}
	}
}
