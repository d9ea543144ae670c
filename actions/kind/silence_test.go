package kind

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"jurymast/actions"
)

// TestSilenceIsNoProof: a fence or a redirect is not seen to be done where the tool
// that would show that it is not fails, says nothing, or is not there.
func TestSilenceIsNoProof(t *testing.T) {
	const withdrawn = "[global]\n[my share]\n# jurymast-fence:f\n   hosts deny = 10.0.0.3\n"
	const testparm = `case $3 in *deny) echo 10.0.0.3 ;; *) echo Yes ;; esac`
	samba := func(config, smbstatus string) map[string]string {
		return map[string]string{"testparm": testparm, "smbcontrol": "exit 0", "smbstatus": smbstatus}
	}
	ha := map[string]string{
		"qm":    `case $1 in status) echo 'status: stopped' ;; config) echo 'onboot: 0' ;; esac`,
		"pvecm": "exit 0",
	}
	with := func(programs map[string]string, name, text string) map[string]string {
		out := map[string]string{name: text}
		for k, v := range programs {
			out[k] = v
		}
		return out
	}
	haproxy := func(lines string) func(t *testing.T, root string) actions.Script {
		return func(t *testing.T, root string) actions.Script {
			l, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", filepath.Join(root, "s"))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = l.Close() })
			return redirectOf(t, "kind = \"haproxy\"\non = \"pve\"\nbackend = \"db\"\nwait = \"1s\"\nsocket = \""+filepath.Join(root, "s")+"\"\n"+lines).Verify.With(toNew)
		}
	}
	fence := func(lines string) func(t *testing.T, root string) actions.Script {
		return func(t *testing.T, root string) actions.Script {
			return fenceOf(t, strings.ReplaceAll(lines, "{ROOT}", root)).Verify
		}
	}
	const share = "kind = \"samba-share\"\non = \"nas\"\nshare = \"my share\"\n"
	const head = "echo; echo 'Service      pid     Machine       Connected at'; echo '-----'\n"
	const state = "echo 1; echo '# be_id be_name srv_id srv_name'\n"
	nfs := map[string]string{"etc/exports": "#jurymast-fence:f /srv 10.0.0.3(rw)\n# /srv\n", "proc/fs/nfsd/threads": "8\n", "proc/fs/nfsd/clients/1/info": "address: \"10.0.0.9:1\"\n"}
	for _, tt := range []struct {
		name     string
		programs map[string]string
		files    map[string]string
		script   func(t *testing.T, root string) actions.Script
		want     string // "" for what is proven
	}{
		{"HA is silent", with(ha, "ha-manager", "echo 'ipcc_send_rec failed: Connection refused' >&2; exit 255"), nil, fence("kind = \"proxmox-vm\"\n"), "whether HA manages vm:114 is not known: ipcc_send_rec failed"},
		{"HA manages nothing", with(ha, "ha-manager", "exit 0"), nil, fence("kind = \"proxmox-vm\"\n"), ""},
		{"exports are not shown", map[string]string{"exportfs": "echo 'exportfs: could not open /var/lib/nfs/.etab.lock for locking' >&2; exit 1"}, nfs, fence("kind = \"nfs-export\"\non = \"nas\"\n"), "what is exported cannot be seen: exportfs: could not open"},
		{"a kernel that shows no sessions", map[string]string{"exportfs": "exit 0"}, map[string]string{"etc/exports": nfs["etc/exports"], "proc/fs/nfsd/threads": "8\n"}, fence("kind = \"nfs-export\"\non = \"nas\"\n"), "does not say who has sessions"},
		{"nothing is exported", map[string]string{"exportfs": "exit 0"}, nfs, fence("kind = \"nfs-export\"\non = \"nas\"\n"), ""},
		{"connections are not shown", samba(withdrawn, "echo 'Failed to initialize ctdb connection' >&2; exit 1"), map[string]string{"etc/samba/smb.conf": withdrawn}, fence(share), "who uses share my share cannot be seen: Failed to initialize"},
		{"a share with a blank is used", samba(withdrawn, head+"echo 'my share     4711    10.0.0.3      Sat Nov 21 10:00:00 2026 UTC'"), map[string]string{"etc/samba/smb.conf": withdrawn}, fence(share), "still in use by 10.0.0.3"},
		{"by a name", samba(withdrawn, head+"echo 'my share     4711    old.lan       Sat Nov 21 10:00:00 2026 UTC'"), map[string]string{"etc/samba/smb.conf": withdrawn}, fence(share), "still in use by old.lan"},
		{"others use it", samba(withdrawn, head+"echo 'my share     4711    10.0.0.30     Sat Nov 21'; echo 'my           4712    10.0.0.3      Sat Nov 21'; echo 'my share two 4713    10.0.0.3      Sat'"), map[string]string{"etc/samba/smb.conf": withdrawn}, fence(share), ""},
		{"nobody ever came", samba(withdrawn, "echo 'sessionid.tdb not initialised' >&2; echo 'This is normal if an SMB client has never connected to your server.' >&2; exit 1"), map[string]string{"etc/samba/smb.conf": withdrawn}, fence(share), ""},
		{"HAProxy is silent", map[string]string{"socat": "exit 1"}, nil, haproxy(""), "backend db has no server new, or HAProxy does not answer"},
		{"the new host is no server of it", map[string]string{"socat": state + "echo '3 db 1 old 10.0.0.3 2 1 1 1 9 15 3 4 6 0 0 0 - 80'"}, nil, haproxy(""), "backend db has no server new"},
		{"its server has another port", map[string]string{"socat": state + "echo '3 db 1 main 10.0.0.4 2 0 1 1 9 15 3 4 6 0 0 0 - 80'"}, nil, haproxy("server = \"main\"\nport = 81\n"), "port 80 and not to 81"},
		{"its server takes no part", map[string]string{"socat": state + "echo '3 db 1 main 10.0.0.4 0 1 1 1 9 15 3 4 6 0 0 0 - 81'"}, nil, haproxy("server = \"main\"\nport = 81\n"), "it is in maintenance"},
		{"its server is led over", map[string]string{"socat": state + "echo '3 db 1 main 10.0.0.4 2 0 1 1 9 15 3 4 6 0 0 0 - 81'"}, nil, haproxy("server = \"main\"\nport = 81\n"), ""},
		{"addresses are not shown", map[string]string{"ip": "echo 'Cannot open netlink socket: Too many open files' >&2; exit 1"}, nil, func(t *testing.T, root string) actions.Script {
			return redirectOf(t, "kind = \"address\"\non = \"old\"\naddress = \"10.1.0.9/24\"\ndevice = \"e0\"\nwait = \"1s\"\n").Verify.With(toNew)
		}, "which addresses e0 has cannot be seen: Cannot open netlink"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			root := tools(t, tt.programs)
			for name, text := range tt.files {
				put(t, filepath.Join(root, name), text)
			}
			r := runFully(t.Context(), t, tt.script(t, root))
			if (r.Exit == 0) != (tt.want == "") || !strings.Contains(string(r.Stderr), tt.want) {
				t.Errorf("exit %d, says %q, want %q", r.Exit, r.Stderr, tt.want)
			}
		})
	}
}

// TestCutOffNeedsAWayToKnock: ports that are to be silent are knocked at, by
// whatever the host has, or nothing is proven.
func TestCutOffNeedsAWayToKnock(t *testing.T) {
	x := fenceOf(t, "kind = \"network-cut\"\non = \"pve\"\nseen_from = \"new\"\naddress = \"127.0.0.1\"\nports = [\"{PORT}\"]\n")
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	_, open, _ := net.SplitHostPort(l.Addr().String())
	for _, tt := range []struct{ name, nc, port, want string }{
		{"by bash", "", open, "port " + open + " of 127.0.0.1 still answers"},
		{"by nc", "exit 0", open, "port " + open + " of 127.0.0.1 still answers"},
		{"silent", "exit 1", "9", ""},
		{"neither", "none", "9", "neither nc is there, nor bash and timeout"},
		{"bash without an end", "bash", open, "neither nc is there, nor bash and timeout"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			programs := map[string]string{"ping": "exit 1"}
			if strings.HasPrefix(tt.nc, "exit") {
				programs["nc"] = tt.nc
			}
			root := tools(t, programs)
			shell := []string{"dash"}
			if tt.nc == "none" || tt.nc == "bash" {
				shell = []string{needed(t, "dash", "dash")}
				bin := filepath.Join(root, "bin")
				linkPosix(t, bin)
				if tt.nc == "bash" {
					if err := os.Symlink(needed(t, "bash", "bash"), filepath.Join(bin, "bash")); err != nil {
						t.Fatal(err)
					}
					if err := os.Remove(filepath.Join(bin, "timeout")); err != nil && !os.IsNotExist(err) {
						t.Fatal(err)
					}
				}
				t.Setenv("PATH", bin)
			}
			r := runFully(t.Context(), t, x.Verify.With(map[string]string{"PORTS": tt.port}), shell...)
			if (r.Exit == 0) != (tt.want == "") || !strings.Contains(string(r.Stderr), tt.want) {
				t.Errorf("exit %d, says %q, want %q", r.Exit, r.Stderr, tt.want)
			}
		})
	}
}
