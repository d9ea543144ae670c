package kind

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"jurymast/actions"
)

func redirectOf(t testing.TB, lines string) actions.Redirect {
	t.Helper()
	f := wayFleet(t, "[redirect.r]\nof = \"db\"\n"+lines)
	k, _ := Lookup(f.Redirects[0].Kind)
	x, err := k.Redirect(f, f.Redirects[0])
	if err != nil {
		t.Fatal(err)
	}
	if x.Text == "" || x.Host == "" {
		t.Errorf("a redirect that does not say what it is: %+v", x)
	}
	return x
}

// toNew and toOld are what a planner tells a redirect.
var (
	toNew = map[string]string{"TO": "new", "TO_ADDRESS": "10.0.0.4", "FROM_HOST": "old", "FROM_ADDRESS": "10.0.0.3", actions.InRun: "0007-test"}
	toOld = map[string]string{"TO": "old", "TO_ADDRESS": "10.0.0.3", "FROM_HOST": "new", "FROM_ADDRESS": "10.0.0.4", actions.InRun: "0007-test"}
)

func TestRedirectAddress(t *testing.T) {
	t.Parallel()
	needed(t, "arping", "iputils-arping")
	run := network(t)
	// Both hosts of a pair on one network: a, and the router's side of it.
	newOne := redirectOf(t, "kind = \"address\"\non = \"new\"\naddress = \"10.1.0.9/24\"\ndevice = \"e0\"\nwait = \"1s\"\n")
	oldOne := redirectOf(t, "kind = \"address\"\non = \"old\"\naddress = \"10.1.0.9/24\"\ndevice = \"toa\"\nwait = \"1s\"\n")
	both := func(s func(actions.Redirect) actions.Script, in map[string]string) (code int, said string) {
		t.Helper()
		for _, x := range []struct {
			ns string
			r  actions.Redirect
		}{{"r", oldOne}, {"a", newOne}} {
			if c, out := within(t, run, x.ns, s(x.r), in); c != 0 {
				code, said = c, said+out
			}
		}
		return code, said
	}
	survey := func(r actions.Redirect) actions.Script { return r.Survey }
	do := func(r actions.Redirect) actions.Script { return r.Do }
	verify := func(r actions.Redirect) actions.Script { return r.Verify }
	if code, out := both(survey, nil); code != 0 {
		t.Fatal(out)
	}
	if code, out := within(t, run, "r", oldOne.Do, toOld); code != 0 {
		t.Fatal(out)
	}
	if code, _ := both(verify, toNew); code == 0 {
		t.Error("the address is on the old host, and that is taken for the new")
	}
	if code, out := within(t, run, "a", newOne.Do, toNew); code == 0 || !strings.Contains(out, "still has") {
		t.Errorf("an address that somebody has was taken: %s", out)
	}
	for range 2 {
		if code, out := both(do, toNew); code != 0 {
			t.Fatal(out)
		}
		if code, out := both(verify, toNew); code != 0 {
			t.Error(out)
		}
	}
	if out, err := run("r", "ping", "-c", "1", "-W", "2", "10.1.0.9").CombinedOutput(); err != nil {
		t.Errorf("it does not answer on the new host: %s", out)
	}
	if code, out := within(t, run, "a", newOne.Do, toOld); code != 0 {
		t.Fatal(out)
	}
	if code, out := both(do, toOld); code != 0 {
		t.Fatal(out)
	}
	if code, out := both(verify, toOld); code != 0 {
		t.Error(out)
	}
}

func TestRedirectHAProxy(t *testing.T) {
	haproxy := needed(t, "haproxy", "haproxy")
	needed(t, "socat", "socat")
	dir := serverFolder(t, "root")
	begun, end := make(chan struct{}), make(chan struct{})
	serve := func(name string) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/long" {
				close(begun)
				<-end
			}
			fmt.Fprint(w, name)
			if r.URL.Path == "/stay" {
				w.(http.Flusher).Flush()
				<-r.Context().Done()
			}
		}))
		t.Cleanup(s.Close)
		return s.Listener.Addr().String()
	}
	oldAt, newAt := serve("old"), serve("new")
	front := freePort(t)
	config := filepath.Join(dir, "haproxy.cfg")
	put(t, config, fmt.Sprintf(`global
    stats socket %s/sock mode 600 level admin
    stats socket %s/low mode 600 level user
defaults
    mode http
    timeout connect 1s
    timeout client 5s
    timeout server 5s
frontend f
    bind 127.0.0.1:%d
    default_backend db
backend db
    option http-server-close
    server old %s check inter 200ms
    server new %s check inter 200ms disabled
backend half
    server old %s check inter 200ms
    server dead 127.0.0.1:9 check inter 200ms disabled
backend one
    server main %s
`, dir, dir, front, oldAt, newAt, oldAt, oldAt))
	cmd := exec.CommandContext(t.Context(), haproxy, "-db", "-q", "-f", config)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	fetch := func(path string) string {
		client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		r, err := client.Get(fmt.Sprintf("http://127.0.0.1:%d/%s", front, path))
		if err != nil {
			return err.Error()
		}
		defer r.Body.Close()
		b := make([]byte, 100)
		n, _ := r.Body.Read(b)
		return string(b[:n])
	}
	ask := func() string { return fetch("") }
	await(t, "haproxy leads to the old host", func() bool { return ask() == "old" })

	x := redirectOf(t, "kind = \"haproxy\"\non = \"pve\"\nbackend = \"db\"\nsocket = \""+dir+"/sock\"\nwait = \"5s\"\n")
	must(t, x.Survey, nil)
	if exit(t, x.Verify, toNew) == 0 {
		t.Error("it leads to the old host, and that is taken for the new")
	}
	for _, to := range []map[string]string{toNew, toNew, toOld, toNew} {
		must(t, x.Do, to)
		must(t, x.Verify, to)
		if who := ask(); who != to["TO"] {
			t.Errorf("led to %s, it answers as %s", to["TO"], who)
		}
	}

	// Where both serve, nothing is taken from the old one for one that is not up.
	must(t, x.Do, toOld)
	must(t, x.Verify, toOld)
	half := redirectOf(t, "kind = \"haproxy\"\non = \"pve\"\nbackend = \"half\"\nsocket = \""+dir+"/sock\"\nwait = \"3s\"\n")
	if exit(t, half.Do, map[string]string{"TO": "dead", "TO_ADDRESS": "127.0.0.1", "DRAIN": "yes"}) == 0 {
		t.Error("visitors are led to a server that is down")
	}
	must(t, half.Verify, toOld) // and that is out of rotation again
	// What the old one is at comes to its end.
	long, led := make(chan string, 1), make(chan int, 2)
	go func() { long <- fetch("long") }()
	<-begun
	go func() {
		in := maps.Clone(toNew)
		in["DRAIN"] = "yes"
		led <- exit(t, x.Do, in)
		led <- exit(t, x.Verify, in)
	}()
	await(t, "new visitors are led to the new host", func() bool { return ask() == "new" })
	close(end)
	if said := <-long; said != "old" {
		t.Errorf("who was at the old host got %q", said)
	}
	if do, verify := <-led, <-led; do != 0 || verify != 0 {
		t.Errorf("leading over ends with %d, its proof with %d", do, verify)
	}

	// By turns: the one that is out of turn serves nobody, not even who stays.
	turns := func(want ...string) {
		t.Helper()
		said := must(t, *x.Turn, nil).said
		if said[want[0]] != want[1] || said[want[2]] != want[3] || len(said) != 2 {
			t.Errorf("by turns: %v, want %v", said, want)
		}
	}
	turns("rests-1", "old it is in maintenance", "serves-2", "new")
	must(t, *x.Undrain, map[string]string{"TO": "old"})
	turns("serves-1", "old", "serves-2", "new")
	must(t, *x.Drain, map[string]string{"TO": "old"})
	turns("rests-1", "old it is drained", "serves-2", "new")
	stay, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/stay", front))
	if err != nil {
		t.Fatal(err)
	}
	defer stay.Body.Close()
	must(t, *x.Undrain, map[string]string{"TO": "old"})
	if said := must(t, *x.Drain, map[string]string{"TO": "new", "WAIT": "1"}).said; said["ended"] != "1 sessions" {
		t.Errorf("with one who stays, draining says %v", said)
	}
	turns("serves-1", "old", "rests-2", "new it is drained")
	for range 3 {
		if who := ask(); who != "old" {
			t.Errorf("out of turn, %s answers", who)
		}
	}
	if exit(t, *x.Drain, map[string]string{"TO": "other"}) == 0 || exit(t, *x.Undrain, map[string]string{"TO": "other"}) == 0 {
		t.Error("a server that is not there is drained")
	}

	host, port, _ := strings.Cut(newAt, ":")
	one := redirectOf(t, "kind = \"haproxy\"\non = \"pve\"\nbackend = \"one\"\nserver = \"main\"\nport = "+port+"\nsocket = \""+dir+"/sock\"\n")
	in := map[string]string{"TO": "new", "TO_ADDRESS": "127.0.0.2"}
	must(t, one.Survey, nil)
	if exit(t, one.Verify, in) == 0 {
		t.Errorf("%s is taken for 127.0.0.2", host)
	}
	must(t, one.Do, in)
	must(t, one.Do, in)
	must(t, one.Verify, in)

	for _, bad := range []string{"backend = \"none\"\nsocket = \"" + dir + "/sock\"", "backend = \"one\"\nserver = \"none\"\nsocket = \"" + dir + "/sock\"",
		"backend = \"db\"\nsocket = \"" + dir + "/low\"", "backend = \"db\"\nsocket = \"" + dir + "/none\""} {
		if exit(t, redirectOf(t, "kind = \"haproxy\"\non = \"pve\"\n"+bad+"\n").Survey, nil) == 0 {
			t.Errorf("%s can be used", bad)
		}
	}
}

func TestRedirectFile(t *testing.T) {
	root := tools(t, nil)
	file := filepath.Join(root, "proxy/db.conf")
	put(t, file, "server 10.0.0.3;\n")
	x := redirectOf(t, fmt.Sprintf("kind = \"proxy-file\"\non = \"pve\"\nfile = %q\ncontent = \"server {TO_ADDRESS}:5432; # it's {TO} & \\\\1\"\n", file)+
		"test = \"! grep -q bad $ROOT/proxy/db.conf\"\nreload = \"cp $ROOT/proxy/db.conf $ROOT/live\"\nproof = \"grep -qF $TO_ADDRESS $ROOT/live\"\n")
	must(t, x.Survey, nil)
	if exit(t, x.Verify, toNew) == 0 {
		t.Error("it is proven before it is done")
	}
	must(t, x.Do, toNew)
	must(t, x.Do, toNew)
	must(t, x.Verify, toNew)
	if now := got(t, root+"/live"); now != "server 10.0.0.4:5432; # it's new & \\1\n" {
		t.Errorf("it holds %q", now)
	}
	if old := got(t, file+".jurymast-0007-test"); old != "server 10.0.0.3;\n" {
		t.Errorf("set aside is %q", old)
	}
	bad := map[string]string{"TO": "bad", "TO_ADDRESS": "10.0.0.5", actions.InRun: "0008-test"}
	before := got(t, file)
	if exit(t, x.Do, bad) == 0 || got(t, file) != before || got(t, root+"/live") != before {
		t.Errorf("a file that does not pass its test is used: %s", got(t, file))
	}
}

func TestRedirectDNS(t *testing.T) {
	root := tools(t, map[string]string{"dig": `[ "$4" = @ns.example ] && [ "$5" = db.example ] && cat $ROOT/zone`})
	put(t, root+"/zone", "10.0.0.3\n")
	x := redirectOf(t, "kind = \"dns\"\non = \"pve\"\nrecord = \"db.example\"\nserver = \"ns.example\"\ndo = \"echo $TO_ADDRESS >$ROOT/zone\"\nwait = \"1s\"\n")
	must(t, x.Survey, nil)
	if exit(t, x.Verify, toNew) == 0 {
		t.Error("it is proven before it is done")
	}
	must(t, x.Do, toNew)
	must(t, x.Verify, toNew)
	put(t, root+"/zone", "10.0.0.3\n10.0.0.4\n")
	if exit(t, x.Verify, toNew) == 0 {
		t.Error("a name that leads to both is taken for one that leads to the new host")
	}
}
