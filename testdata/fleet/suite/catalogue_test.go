//go:build linux && fleet

package suite

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"jurymast/testdata/fleet/bed"
)

// TestCatalogue has one machine with much on it, another that is its other end,
// and one with a profile of Nix. What is on it is broken, seen to be, and healed;
// and what has data is copied, destroyed and brought back. Its parts are of
// different targets, so that they run side by side.
func TestCatalogue(t *testing.T) {
	beside(t, heavy, 100*time.Second) // many parts at a time
	wire := newTunnel(t, "app", "vault")
	f := newFleet(t, bed.Options{Nodes: []string{"app", "vault", "nix"}}, catalogueTargets, wire.targets())
	f.write("password", "correct horse battery\n")
	app := f.Node("app")
	f.must(app.Write("/root/.ssh/id_ed25519", string(read(t, f.Key())), 0o600))
	f.must(app.Write("/root/.ssh/known_hosts", string(read(t, f.KnownHosts())), 0o600))
	// What is killed stays so until a person comes.
	for _, n := range []string{"app", "vault"} {
		for _, unit := range []string{"mariadb", "bacula-fd", "bacula-director"} {
			f.must(f.Node(n).Write("/etc/systemd/system/"+unit+".service.d/stay.conf", "[Service]\nRestart=no\n", 0o644))
		}
		f.on(n, "systemctl daemon-reload")
	}

	for _, part := range []struct {
		name string
		do   func(f *fleet)
	}{
		{"mariadb to borg", catalogueMariaDB},
		{"sqlite to rclone crypt", catalogueSQLite},
		{"files by bacula", catalogueBacula},
		{"a unit and its folder", catalogueUnit},
		{"caddy", catalogueCaddy},
		{"nginx", catalogueNginx},
		{"wireguard", func(f *fleet) { catalogueWireGuard(f, wire) }},
		{"nix", catalogueNix},
	} {
		t.Run(part.name, func(t *testing.T) {
			t.Parallel()
			g := *f
			g.t = t
			start := time.Now()
			part.do(&g)
			t.Logf("took %.1f s", time.Since(start).Seconds())
		})
	}
}

// catalogueTargets is what is on the machines of the catalogue.
const catalogueTargets = `
node.nix: kind = "nixos"
node.nix: limits = { load = { warn = 500, fail = 1000 } }

[service.db]
kind = "mariadb"
class = "user"
on = "app"

[service.notes]
kind = "sqlite"
class = "user"
on = "app"
paths = ["/srv/notes/notes.db"]

[share.papers]
kind = "files"
class = "user"
on = "app"
path = "/srv/papers"

[service.director]
kind = "bareos"
class = "application"
on = "vault"

[service.edge]
kind = "caddy"
class = "application"
on = "app"

[service.web]
kind = "nginx"
class = "application"
on = "app"

[service.counter]
kind = "systemd"
class = "application"
on = "app"
data = ["/srv/counter"]
quiesce = "stop"
prove = "test -s /srv/counter/settings"

[repository.borg]
kind = "borg"
url = "ssh://root@vault/srv/borg"
password = { file = "password" }
init = true
lock_wait = "5s"

[repository.drive]
kind = "rclone"
url = "secret:copies"
crypt = true

[repository.tape]
kind = "bareos-job"
director = "vault"
job = "papers"
restore_job = "back"
spare_client = "vault-fd"

[repository.folder]
kind = "directory"
on = "app"
path = "/srv/copies"

[backup.db]
of = "db"
to = ["borg"]
rpo = "24h"
[backup.notes]
of = "notes"
to = ["drive"]
rpo = "24h"
[backup.papers]
of = "papers"
to = ["tape"]
rpo = "24h"
[backup.counter]
of = "counter"
to = ["folder"]
rpo = "24h"
[backup.edge]
of = "edge"
to = ["folder"]
rpo = "24h"
[backup.web]
of = "web"
to = ["folder"]
rpo = "24h"
`

// killed is a line of shell that ends all of a unit at once and waits until
// systemd knows.
func killed(unit string) string {
	return fmt.Sprintf(`systemctl kill -s KILL %[1]s; until [ "$(systemctl is-active %[1]s)" = failed ]; do :; done; systemctl reset-failed %[1]s
`, unit)
}

// catalogueCaddy has two groups of servers behind Caddy, one of which is alone.
func catalogueCaddy(f *fleet) {
	app, vault := f.Node("app"), f.Node("vault")
	const page = `
	handle_path /%s/* {
		reverse_proxy %s {
			health_uri /
			health_interval 200ms
		}
	}
`
	at := func(n *bed.Node, port int) string { return fmt.Sprintf("%s:%d", n.Addr, port) }
	f.must(app.Write("/etc/caddy/Caddyfile", fmt.Sprintf("{\n\tskip_install_trust\n\tauto_https disable_redirects\n}\nhttps://%s:8443 {\n\ttls internal\n%s%s\trespond welcome\n}\n",
		app.Addr, fmt.Sprintf(page, "pair", at(vault, 8001)+" "+at(app, 8001)), fmt.Sprintf(page, "one", at(vault, 8002))), 0o644))
	serve := func(port int) string {
		return fmt.Sprintf("mkdir -p /srv/page; echo page >/srv/page/index.html; systemd-run --quiet --unit=page-%[1]d busybox httpd -f -p %[1]d -h /srv/page\n", port)
	}
	f.on("vault", serve(8001)+serve(8002))
	f.on("app", serve(8001)+"systemctl start caddy")
	ask := "curl -sSk -m 5 https://" + app.Addr.String() + ":8443/"
	f.ok("backup", "run", "edge")
	f.well("edge")

	f.part("servers behind it are stopped", func(f *fleet) {
		f.on("vault", "systemctl stop page-8001 page-8002")
		f.finds("edge", "upstreams", at(vault, 8001), "warn", "down; others carry its load")
		f.finds("edge", "upstreams", at(vault, 8002), "fail", "down, and nothing else carries its load")
		f.on("vault", serve(8001)+serve(8002))
		f.well("edge")
	})
	f.part("its configuration is spoiled", func(f *fleet) {
		f.on("app", "sed -i 's/respond welcome/respnd welcome/' /etc/caddy/Caddyfile")
		f.finds("edge", "config", "", "fail", "unrecognized directive: respnd")
		f.finds("edge", "caddy", "", "ok")
		f.on("app", "systemctl reload caddy 2>/dev/null || :; sed -i 's/respnd welcome/respond welcome/' /etc/caddy/Caddyfile; systemctl reload caddy")
		f.well("edge")
	})
	f.part("a certificate has ended", func(f *fleet) {
		path := strings.TrimSpace(f.on("app", "find /var/lib/caddy/.local/share/caddy/certificates -name '*.crt'"))
		cert, _ := certificate(f.t, "app", app.Addr.AsSlice(), time.Now().Add(-25*time.Hour))
		f.must(app.Write(path, cert, 0o644))
		f.finds("edge", "certificates", path, "fail", "expired")
	})
	f.part("it is killed, and all of its files are gone", func(f *fleet) {
		f.on("app", killed("caddy")+"rm -r /etc/caddy /var/lib/caddy/.local/share/caddy")
		f.finds("edge", "caddy", "", "fail", "Caddy does not run")
		f.ok("run", "restore", "edge", "--confirm", "edge")
		if got := f.on("app", ask); got != "welcome" {
			f.t.Errorf("it serves %q", got)
		}
		f.well("edge")
	})
}

// catalogueNginx has one site with a certificate.
func catalogueNginx(f *fleet) {
	app := f.Node("app")
	certify := func(left time.Duration) {
		cert, key := certificate(f.t, "app", app.Addr.AsSlice(), time.Now().Add(left))
		f.must(app.Write("/etc/nginx/site.pem", cert, 0o644))
		f.must(app.Write("/etc/nginx/site.key", key, 0o600))
	}
	certify(60 * 24 * time.Hour)
	f.must(app.Write("/etc/nginx/sites-enabled/default", `server {
 listen 443 ssl default_server;
 ssl_certificate /etc/nginx/site.pem; ssl_certificate_key /etc/nginx/site.key;
 location / { return 200 welcome; }
}
`, 0o644))
	f.on("app", "systemctl start nginx")
	f.ok("backup", "run", "web")
	f.ok("backup", "drill", "web", "--yes")
	f.well("web")

	f.part("a certificate has ended", func(f *fleet) {
		certify(-25 * time.Hour)
		f.finds("web", "certificates", "/etc/nginx/site.pem", "fail", "expired")
		certify(60 * 24 * time.Hour)
		f.finds("web", "certificates", "/etc/nginx/site.pem", "ok")
	})
	f.part("its configuration is spoiled", func(f *fleet) {
		f.on("app", "echo 'lisen 80;' >/etc/nginx/conf.d/more.conf")
		f.finds("web", "config", "", "fail", "does not pass its test, the next start fails", `unknown directive "lisen"`)
		f.finds("web", "nginx", "", "ok")
		f.on("app", "rm /etc/nginx/conf.d/more.conf")
		f.well("web")
	})
	f.part("it is killed, and its files are gone", func(f *fleet) {
		f.on("app", killed("nginx")+"rm -r /etc/nginx")
		f.finds("web", "nginx", "", "fail", "nginx does not run")
		f.ok("run", "restore", "web", "--confirm", "web")
		if got := f.on("app", "curl -sSk -m 5 https://127.0.0.1/"); got != "welcome" {
			f.t.Errorf("it serves %q", got)
		}
		f.well("web")
	})
}

// nixSystem is lines of shell that make a system with a kernel and a page, and
// lead the profile there, as nixos-rebuild does. Store and profile are those of
// a real Nix; what activates a system is a stand-in that starts its one unit.
const nixSystem = `set -e
export NIX_REMOTE=local
on_store() { "$@" --option build-users-group '' --option sandbox false 2>&1; }
profile() { on_store nix-env -p /nix/var/nix/profiles/system "$@"; }
system() {
	d=/root/$2/nixos-system; mkdir -p $d/bin
	ln -s /nix/store/kernel-$1 $d/kernel; ln -s /nix/store/initrd $d/initrd; ln -s /nix/store/modules $d/kernel-modules
	echo "$2" >$d/page
	cat >$d/bin/switch-to-configuration <<'EOF'
#!/bin/sh
[ "$1" = switch ] || exit 9
ln -sfn "$(readlink -f /nix/var/nix/profiles/system)" /run/current-system
systemctl restart page || exit 4
EOF
	chmod +x $d/bin/switch-to-configuration
	profile --set "$(on_store nix-store --add $d | tail -n 1)"
	/nix/var/nix/profiles/system/bin/switch-to-configuration switch
}
`

// catalogueNix switches between generations of a profile of Nix.
func catalogueNix(f *fleet) {
	n := f.Node("nix")
	f.must(n.Write("/etc/NIXOS", "", 0o644))
	f.must(n.Write("/usr/local/bin/nixos-version", "#!/bin/sh\necho '{\"nixosVersion\":\"25.05."+time.Now().Format("20060102")+".b2485d5\"}'\n", 0o755))
	f.must(n.Write("/etc/systemd/system/page.service", "[Service]\nExecStart=/bin/sh -c 'test -s /run/current-system/page && exec sleep 1000000'\n", 0o644))
	f.must(n.Write("/etc/systemd/system/nixos-upgrade.service", "[Service]\nType=oneshot\nExecStart=/usr/bin/test ! -e /srv/no-network\n", 0o644))
	f.on("nix", packages+"offer 1; dpkg -i /opt/repo/probe_1_all.deb; apt-get update") // of Debian, which it is, too
	f.on("nix", nixSystem+`systemctl daemon-reload
system 1 old
ln -sfn "$(readlink -f /nix/var/nix/profiles/system)" /run/booted-system`)
	f.finds("nix", "generations", "", "warn", "there is nothing to go back to")
	f.on("nix", nixSystem+"system 1 new")
	f.finds("nix", "system", "", "ok", "generation 2 runs, and is booted next")
	f.well("nix", unclocked)

	f.part("an upgrade by itself fails", func(f *fleet) {
		f.on("nix", "touch /srv/no-network; systemctl start nixos-upgrade 2>/dev/null || :")
		f.finds("nix", "upgrade", "", "fail", "its last upgrade failed")
		f.finds("nix", "units", "", "fail", "nixos-upgrade.service")
		f.on("nix", "rm /srv/no-network; systemctl start nixos-upgrade")
		f.well("nix", unclocked)
	})
	f.part("another kernel waits for a reboot", func(f *fleet) {
		f.on("nix", nixSystem+"system 2 newer")
		f.finds("nix", "system", "", "warn", "generation 3 waits for a reboot: another kernel was booted")
	})
	f.part("it goes back to the generation before", func(f *fleet) {
		f.ok("run", "deploy", "nix", "--to", "previous", "--yes")
		if got := f.on("nix", "cat /run/current-system/page"); got != "new\n" {
			f.t.Errorf("%q runs", got)
		}
		f.finds("nix", "system", "", "ok", "generation 2 runs, and is booted next")
	})
	f.part("what was before is collected as garbage", func(f *fleet) {
		f.on("nix", nixSystem+"profile --delete-generations 1 3")
		f.finds("nix", "generations", "", "warn", "there is nothing to go back to")
		f.leaves(13, "plan", "deploy", "nix", "--to", "previous")
	})
}
