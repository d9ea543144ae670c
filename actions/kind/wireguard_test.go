package kind

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"jurymast/actions"
)

// TestLookWireGuard is two hosts with a tunnel between them, in namespaces: it
// is looked at well, with its peer gone, and with its interface down.
func TestLookWireGuard(t *testing.T) {
	t.Parallel()
	wg := needed(t, "wg", "wireguard-tools")
	daemon := needed(t, "wireguard-go", "wireguard-go")
	run := network(t)
	dir := t.TempDir()
	id := freePort(t)
	key := func() (private, public string) {
		out, err := exec.CommandContext(t.Context(), wg, "genkey").Output()
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), wg, "pubkey")
		cmd.Stdin = strings.NewReader(string(out))
		pub, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(out)), strings.TrimSpace(string(pub))
	}
	in := func(ns string, args ...string) {
		t.Helper()
		if out, err := run(ns, args...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v %s", args, err, out)
		}
	}
	// The sockets of all lie in one folder: its names are of this test alone.
	start := func(ns, dev string) {
		t.Helper()
		cmd := run(ns, daemon, "-f", dev)
		cmd.Env = append(os.Environ(), "WG_I_PREFER_BUGGY_USERSPACE_TO_POLISHED_KMOD=1", "LOG_LEVEL=silent")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			_ = os.Remove("/var/run/wireguard/" + dev + ".sock")
		})
		await(t, "wireguard-go serves "+dev, func() bool { return run(ns, wg, "show", dev).Run() == nil })
	}
	devA, devB := fmt.Sprintf("wga%d", id), fmt.Sprintf("wgb%d", id)
	privateA, publicA := key()
	privateB, publicB := key()
	put(t, dir+"/a", fmt.Sprintf("[Interface]\nPrivateKey = %s\nListenPort = 51820\n[Peer]\nPublicKey = %s\nAllowedIPs = 10.9.0.2/32\nEndpoint = 10.2.0.2:51820\nPersistentKeepalive = 1\n", privateA, publicB))
	put(t, dir+"/b", fmt.Sprintf("[Interface]\nPrivateKey = %s\nListenPort = 51820\n[Peer]\nPublicKey = %s\nAllowedIPs = 10.9.0.1/32\n", privateB, publicA))
	start("a", devA)
	start("b", devB)
	for _, x := range []struct{ ns, dev, addr string }{{"b", devB, "10.9.0.2/24"}, {"a", devA, "10.9.0.1/24"}} {
		in(x.ns, wg, "setconf", x.dev, filepath.Join(dir, x.ns))
		in(x.ns, "ip", "addr", "add", x.addr, "dev", x.dev)
		in(x.ns, "ip", "link", "set", x.dev, "up")
	}

	f, target := suiteTarget(t, wireguard, fmt.Sprintf("interfaces = [%q]", devA), fmt.Sprintf("names = [\"site-b=%s\"]", publicB))
	checks := wireguard.Checks(f, target)
	look := func(later int) map[string]actions.Reading {
		t.Helper()
		code, out := within(t, run, "a", checks[0].Script, nil)
		if code != 0 {
			t.Fatal(out)
		}
		if strings.Contains(out, privateA) || strings.Contains(out, privateB) {
			t.Fatal("it prints a private key")
		}
		// The clock of the host, minutes later.
		before, rest, _ := strings.Cut(out, "== now\n")
		now := 0
		if _, err := fmt.Sscan(rest, &now); err != nil {
			t.Fatal(err)
		}
		found := map[string]actions.Reading{}
		for _, c := range checks {
			for _, r := range c.Read(suiteAnswer(fmt.Sprintf("%s== now\n%d\n== end\n", before, now+60*later))) {
				found[c.ID+" "+r.Item] = r
			}
		}
		return found
	}
	peer := "peers " + devA + "/site-b"
	await(t, "they shake hands", func() bool { return strings.HasPrefix(look(0)[peer].Line, "last handshake ") })
	r := look(0)
	if r[peer].Status != actions.OK || !strings.Contains(r[peer].Line, "at 10.2.0.2:51820") || r["interfaces "+devA].Status != actions.OK || r["interfaces "+devA].Line != "up, 1 peer" {
		t.Errorf("well: %+v", r)
	}
	in("b", wg, "set", devB, "peer", publicA, "remove")
	if r := look(5)[peer]; r.Status != actions.Warn || !strings.Contains(r.Line, "limit 3.5 min") {
		t.Errorf("a peer that was not heard of for five minutes: %+v", look(5))
	}
	if r := look(30)[peer]; r.Status != actions.Fail {
		t.Errorf("a peer that was not heard of for half an hour: %+v", r)
	}
	in("a", "ip", "link", "set", devA, "down")
	if r := look(0)["interfaces "+devA]; r.Status != actions.Fail || r.Line != "it is down" {
		t.Errorf("an interface that is down: %+v", r)
	}
	in("a", "ip", "link", "set", devA, "up")
	if r := look(0)["interfaces "+devA]; r.Status != actions.OK {
		t.Errorf("up again: %+v", r)
	}
}
