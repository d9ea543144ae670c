package kind

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"jurymast/actions"
)

// askedTools are the programs that looks ask, beside those that every machine has.
var askedTools = strings.Fields(`apk apt-get apt-check arping aws bconsole borg btrfs caddy chronyc configctl curl dig dnf docker docker-compose
	exportfs fetch findmnt git ha-manager haproxy hcloud host ifconfig ip iostat jq journalctl lsblk lvs lvm mailcow mariadb mariadb-admin mc mdadm mongosh mysql mysqladmin nc
	needs-restarting nft nginx nix nix-channel nix-env nixos-rebuild nixos-version nslookup nsupdate nvme openssl opnsense-version pg_isready pgrep php ping pluginctl proxmox-backup-client
	psql pvecm pveperf pvesh pvesm pvs pvesr pveversion qm pct rclone redis-cli restic sensors showmount smartctl smbclient smbcontrol smbstatus socat sqlite3 ss sudo
	systemctl systemd-analyze tailscale testparm timedatectl traefik vgs wg wget wg-quick xmllint zfs zpool zerotier-cli zypper`)

// rightly are the checks that are well whatever a tool says, and why.
var rightly = map[string]string{
	"caddy certificates":   "the files on the disk are asked",
	"haproxy certificates": "the files on the disk are asked",
	"bucket versioning":    "nothing, or an object without a field, is how aws says that it was never turned on",
	"proxmox-guest agent":  "its exit code is all that qm says of it",
}

// TestNoLookTrustsAToolThatDoesNotKnowItsQuestion runs all looks with tools that
// answer as one of long ago does, which does not know the option, or as one of
// which nobody has heard: nothing is ok by that.
func TestNoLookTrustsAToolThatDoesNotKnowItsQuestion(t *testing.T) {
	answers := map[string]string{
		"usage, exit 1":              `echo "$0: unrecognized option '--json'" >&2; echo "Usage: $0 [-hv] COMMAND" >&2; exit 1`,
		"usage, exit 64":             `echo "unknown flag: --format" >&2; exit 64`,
		"help on stdout, exit 0":     `echo "Usage: $0 [-hv] COMMAND"; echo "  -h  this help"; exit 0`,
		"its version, exit 0":        `echo "version 0.1"`,
		"an object without a field":  `echo '{}'`,
		"a list of such":             `echo '[{}]'`,
		"a page instead of JSON":     `echo '<html><body>Sign in</body></html>'`,
		"half an answer":             `printf '{"data": [{"sta'`,
		"nothing, and all went well": `exit 0`,
	}
	bins := map[string]string{}
	for what, says := range answers {
		bin := t.TempDir()
		bins[what] = bin
		one := filepath.Join(bin, ".tool")
		if err := os.WriteFile(one, []byte("#!/bin/sh\n"+says+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		for _, name := range askedTools {
			if err := os.Symlink(one, filepath.Join(bin, name)); err != nil {
				t.Fatal(err)
			}
		}
		linkPosix(t, bin)
	}
	for _, k := range All() {
		if k.Checks == nil || k.Name == "command" { // whose tool is the admin's
			continue
		}
		t.Run(k.Name, func(t *testing.T) {
			f, target := suiteTarget(t, k, lacked[k.Name]...)
			for what, bin := range bins {
				t.Setenv("PATH", bin)
				for _, c := range k.Checks(f, target) {
					of, _, _ := strings.Cut(c.Script.Name, "/")
					if c.Probe != nil || of == "linux" || of == "host" || of == "mount" {
						continue
					}
					// What this machine has installed is not asked.
					for _, folders := range []string{":/usr/local/sbin:/usr/sbin:/sbin", ":/usr/sbin:/sbin", ":/usr/local/bin"} {
						c.Script.Body = strings.ReplaceAll(c.Script.Body, "PATH=$PATH"+folders, "PATH=$PATH")
					}
					a := runScript(t, c, "/bin/sh")
					a.Series = suiteAnswer("").Series
					rs := c.Read(a)
					if len(rs) == 0 {
						t.Errorf("%s, %s: it says nothing: %s", what, c.ID, fmt.Sprintf("%q %q", a.Stdout, a.Stderr))
					}
					for _, r := range rs {
						if r.Status == actions.OK && rightly[k.Name+" "+c.ID] == "" {
							t.Errorf("%s, %s: ok: %s", what, c.ID, r.Line)
						}
					}
				}
			}
		})
	}
}
