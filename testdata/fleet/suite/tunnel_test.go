//go:build linux && fleet

package suite

import (
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"testing"
	"time"

	"jurymast/testdata/fleet/bed"
)

// tunnel is one of WireGuard between two machines, the first of which is looked
// at.
type tunnel struct {
	ends [2]string
	keys [2]tunnelKey
}

// tunnelKey is a key of WireGuard: 32 bytes of X25519 in base64.
type tunnelKey struct{ private, public string }

func newTunnel(t *testing.T, here, there string) tunnel {
	t.Helper()
	w := tunnel{ends: [2]string{here, there}}
	for i := range w.keys {
		k, err := ecdh.X25519().GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		w.keys[i] = tunnelKey{base64.StdEncoding.EncodeToString(k.Bytes()), base64.StdEncoding.EncodeToString(k.PublicKey().Bytes())}
	}
	return w
}

// targets are the lines of the inventory: the tunnel, and the tunnel with a limit
// that a test can wait for. By itself it shakes hands every two minutes.
func (w tunnel) targets() string {
	return fmt.Sprintf(`
[service.tunnel]
kind = "wireguard"
on = %[1]q
interfaces = ["wg0"]
names = ["%[2]s=%[3]s"]
[service.tunnel-now]
kind = "wireguard"
on = %[1]q
names = ["%[2]s=%[3]s"]
limits = { handshake = { warn = 0.1, fail = 0.2 } }
`, w.ends[0], w.ends[1], w.keys[1].public)
}

// configure writes the configuration of both ends.
func (w tunnel) configure(f *fleet) {
	f.t.Helper()
	for i, end := range w.ends {
		f.on(end, fmt.Sprintf(`umask 077; cat >/etc/wireguard/wg0.conf <<'EOF'
[Interface]
PrivateKey = %s
Address = 10.9.0.%d/24
ListenPort = 51820
[Peer]
PublicKey = %s
AllowedIPs = 10.9.0.0/24
Endpoint = %s:51820
PersistentKeepalive = 1
EOF`, w.keys[i].private, i+1, w.keys[1-i].public, w.ends[1-i]))
	}
}

// breaks breaks a tunnel, sees that it is, and heals it.
func (w tunnel) breaks(f *fleet) {
	here, there := w.ends[0], w.ends[1]
	peer := "wg0/" + there
	const answers = "ping -q -c 1 -W 10 10.9.0.2 >/dev/null"
	w.configure(f)
	f.finds("tunnel", "interfaces", "wg0", "fail", "there is no such interface")
	f.on(there, "systemctl start wg-quick@wg0")
	f.on(here, "systemctl start wg-quick@wg0; "+answers)
	f.finds("tunnel", "peers", peer, "ok", "last handshake", ":51820")
	f.well("tunnel")

	f.part("its other end is stopped", func(f *fleet) {
		f.on(there, "systemctl stop wg-quick@wg0")
		f.finds("tunnel-now", "peers", peer, "fail", "last handshake", "limit 0.2 min")
		f.on(here, "systemctl restart wg-quick@wg0")
		f.finds("tunnel", "peers", peer, "fail", "never heard of at ")
		f.on(there, "systemctl start wg-quick@wg0")
		f.finds("tunnel", "peers", peer, "ok", "last handshake")
		f.on(here, answers)
	})
	f.part("its interface is down", func(f *fleet) {
		f.on(here, "ip link set wg0 down")
		f.finds("tunnel", "interfaces", "wg0", "fail", "it is down")
		f.on(here, "systemctl restart wg-quick@wg0; "+answers)
		f.well("tunnel")
	})
}

// TestLookTunnel has a tunnel whose one end is the kernel's, in the virtual
// machine, and whose other is wireguard-go.
func TestLookTunnel(t *testing.T) {
	beside(t, heavy, 50*time.Second)
	w := newTunnel(t, "vm", "n1")
	f := newFleet(t, bed.Options{Nodes: []string{"n1"}, Machine: "vm"}, w.targets())
	w.breaks(f)
	f.on("vm", "[ -e /sys/module/wireguard ]; ! pgrep -x wireguard-go")
}

// catalogueWireGuard has a tunnel between two machines by wireguard-go: the
// kernel that they share has none.
func catalogueWireGuard(f *fleet, w tunnel) {
	w.breaks(f)
	f.part("its process is killed", func(f *fleet) {
		f.on(w.ends[0], "pkill -KILL -x wireguard-go; while [ -e /sys/class/net/wg0 ]; do :; done")
		f.finds("tunnel", "interfaces", "wg0", "fail", "there is no such interface")
		f.on(w.ends[0], "systemctl restart wg-quick@wg0")
		f.well("tunnel")
	})
}
