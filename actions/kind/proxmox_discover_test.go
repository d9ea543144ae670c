package kind

import (
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"jurymast/actions"
	"jurymast/inventory"
)

const proxmoxDiscovered = `[{"type":"node","node":"pve1","status":"online"},
{"type":"qemu","vmid":111,"name":"app1","node":"pve1","status":"running","tags":"prod;docker"},
{"type":"lxc","vmid":113,"name":"api","node":"pve1","status":"running"},
{"type":"lxc","vmid":114,"name":"fixed","node":"pve2","status":"running"},
{"type":"qemu","vmid":115,"name":"win","node":"pve1","status":"running"},
{"type":"qemu","vmid":100,"name":"firewall","node":"pve1","status":"running"},
{"type":"qemu","vmid":116,"name":"still","node":"pve1","status":"stopped"},
{"type":"qemu","vmid":9000,"name":"debian","node":"pve1","status":"stopped","template":1}]
`

// What an agent tells (guest-network-get-interfaces of the QEMU guest agent's
// protocol, as qm prints it).
const proxmoxCards = `[
   {
      "hardware-address" : "00:00:00:00:00:00",
      "ip-addresses" : [
         {
            "ip-address" : "127.0.0.1",
            "ip-address-type" : "ipv4",
            "prefix" : 8
         }
      ],
      "name" : "lo"
   },
   {
      "name" : "docker0",
      "ip-addresses" : [ { "ip-address" : "172.17.0.1", "ip-address-type" : "ipv4", "prefix" : 16 } ]
   },
   {
      "name" : "eth0",
      "ip-addresses" : [ { "ip-address" : "fe80::1", "ip-address-type" : "ipv6", "prefix" : 64 }, { "ip-address" : "2001:db8::11" }, { "ip-address" : "10.10.0.11" } ]
   },
   { "name" : "eth1" }
]
`

func TestProxmoxDiscovers(t *testing.T) {
	eachShell(t, func(t *testing.T, shell ...string) {
		root := proxmoxTools(t, map[string]string{
			"qm": `case "$1 $2 $3 $4" in
'list '*) printf '%10s %-20s %-10s\n' VMID NAME STATUS; for g in '100 firewall' '111 app1' '115 win'; do printf '%10s %-20s %-10s\n' $g running; done; echo '       116 still                stopped' ;;
'guest cmd 111 network-get-interfaces') cat $ROOT/cards ;;
*) echo 'QEMU guest agent is not running' >&2; exit 255 ;;
esac
`,
			"pct":      "echo 'VMID       Status     Lock         Name'; echo '113        running                 api'\n",
			"lxc-info": "[ \"$*\" = '-n 113 -iH' ] && printf '172.17.0.1\\n10.10.0.13\\n' | sed 1d\n",
		})
		proxmoxAPI(t, root, "cluster.txt")
		put(t, root+"/api/cluster/resources.json", proxmoxDiscovered)
		put(t, root+"/cards", proxmoxCards)
		for name, text := range map[string]string{
			"pve1/qemu-server/111.conf": "ostype: l26\nnet0: virtio=BC:24:11:00:00:01,bridge=vmbr0\n[old]\nipconfig0: ip=10.10.0.99/24\nsnaptime: 1\n",
			"pve1/lxc/113.conf":         "ostype: debian\nnet0: name=eth0,bridge=vmbr0,ip=dhcp,type=veth\n",
			"pve2/lxc/114.conf":         "ostype: debian\nnet0: name=eth0,bridge=vmbr0,ip=10.10.0.14/24,type=veth\n",
			"pve1/qemu-server/115.conf": "ostype: win11\nipconfig0: ip=10.10.0.15/24\n",
			"pve1/qemu-server/100.conf": "ostype: other\nipconfig0: ip=10.10.0.1/24,gw=10.10.0.254\n",
		} {
			put(t, root+"/etc/pve/nodes/"+name, text)
		}
		f, target := suiteTarget(t, proxmox)
		a := runScript(t, actions.Check{Script: ProxmoxDiscover(f, target)}, shell...)
		d, why := ProxmoxGuests(a.Output)
		if why != nil {
			t.Fatalf("%+v\n%s", why, a.Stdout)
		}
		want := []inventory.DraftGuest{
			{Name: "firewall", ID: 100, Member: "pve1", Address: "10.10.0.1", Kind: "host"},
			{Name: "app1", ID: 111, Member: "pve1", Address: "10.10.0.11", Tags: []string{"prod", "docker"}},
			{Name: "api", ID: 113, Member: "pve1", Address: "10.10.0.13", Container: true},
			{Name: "fixed", ID: 114, Member: "pve2", Address: "10.10.0.14", Container: true},
			{Name: "win", ID: 115, Member: "pve1", Kind: "host"},
			{Name: "still", ID: 116, Member: "pve1", Kind: "host"},
		}
		for i := range d.Guests {
			if len(d.Guests[i].Tags) == 0 {
				d.Guests[i].Tags = nil
			}
		}
		if !reflect.DeepEqual(d.Guests, want) {
			t.Errorf("got  %+v\nwant %+v", d.Guests, want)
		}
		if d.Local != "pve1" || fmt.Sprint(d.Members) != "[{pve1 10.0.0.1} {pve2 10.0.0.2} {pve3 10.0.0.3}]" {
			t.Errorf("%s of %v", d.Local, d.Members)
		}
		if err := os.Remove(root + "/api/cluster/resources.json"); err != nil {
			t.Fatal(err)
		}
		a = runScript(t, actions.Check{Script: ProxmoxDiscover(f, target)}, shell...)
		if d, why := ProxmoxGuests(a.Output); why == nil || len(d.Guests) > 0 || !strings.Contains(why.Line, "handler") {
			t.Errorf("%+v %+v", d, why)
		}
	})
}

// FuzzProxmoxGuests lets the reader have any answer: it tells of guests or why
// it cannot, and never of one without an id.
func FuzzProxmoxGuests(f *testing.F) {
	f.Add("resources 0", proxmoxDiscovered)
	f.Add("agent/111 0", proxmoxCards)
	f.Add("settings 0", "/etc/pve/nodes/pve1/lxc/111.conf:net0: ip=10.0.0.1/24")
	f.Fuzz(func(t *testing.T, head, text string) {
		d, why := ProxmoxGuests(actions.Output{Stdout: []byte("== now 0\n1795210000\n== cluster 0\n[{\"type\":\"node\",\"name\":\"pve1\",\"local\":1}]\n== resources 0\n" + proxmoxDiscovered + "\n== " + head + "\n" + text + "\n== end\n")})
		if why != nil && (why.Line == "" || len(d.Guests) > 0) {
			t.Errorf("%+v and %d guests", why, len(d.Guests))
		}
		for _, g := range d.Guests {
			if g.ID <= 0 {
				t.Errorf("%+v", g)
			}
		}
	})
}
