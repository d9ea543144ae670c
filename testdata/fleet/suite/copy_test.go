//go:build linux && fleet

package suite

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"jurymast/testdata/fleet/bed"
)

// TestCopy backs real data up to real repositories on another machine, destroys
// it, brings it back and compares; a drill finds a copy that was damaged.
func TestCopy(t *testing.T) {
	beside(t, light, 210*time.Second)
	f := newFleet(t, bed.Options{Nodes: []string{"app", "vault"}}, `
[share.docs]
kind = "files"
class = "user"
on = "app"
path = "/srv/docs"

[service.db]
kind = "postgres"
class = "user"
on = "app"

[service.cache]
kind = "redis"
class = "user"
on = "app"

[repository.restic]
kind = "restic"
url = "sftp:root@vault:/srv/restic"
password = { file = "password" }
init = true

[repository.folder]
kind = "directory"
path = "/mnt/vault"
must_be_mount = true

[repository.drive]
kind = "rclone"
url = "vault:/srv/drive"

[backup.docs]
of = "docs"
to = ["restic", "folder", "drive"]
rpo = "24h"
[backup.near]
of = "docs"
to = ["folder"]
rpo = "24h"
[backup.far]
of = "docs"
to = ["drive"]
rpo = "24h"
[backup.db]
of = "db"
to = ["restic"]
rpo = "24h"
[backup.cache]
of = "cache"
to = ["restic"]
rpo = "24h"
`)
	f.write("password", "correct horse battery\n")
	app := f.Node("app")
	f.must(app.Write("/root/.ssh/id_ed25519", string(read(t, f.Key())), 0o600))
	f.must(app.Write("/root/.ssh/known_hosts", string(read(t, f.KnownHosts())), 0o600))
	f.must(app.Write("/root/.config/rclone/rclone.conf", "[vault]\ntype = sftp\nhost = vault\nuser = root\nkey_file = /root/.ssh/id_ed25519\nknown_hosts_file = /root/.ssh/known_hosts\n", 0o600))
	f.on("vault", "mkdir -p /srv/restic /srv/folder /srv/drive")
	f.on("app", `mkdir -p /srv/docs/letters /mnt/vault
sshfs -o allow_root root@vault:/srv/folder /mnt/vault 2>/dev/null || sshfs root@vault:/srv/folder /mnt/vault
head -c 3000000 /dev/urandom >/srv/docs/picture
printf 'come and see us\n' >"/srv/docs/letters/grand mother's.txt"
ln -s letters /srv/docs/link; chown -R ops:plain /srv/docs; chmod 640 /srv/docs/picture
pg_createcluster 15 main >/dev/null; systemctl enable --now postgresql@15-main redis-server 2>&1
runuser -u postgres -- psql -qc 'create table t as select n, md5(n::text) from generate_series(1, 5000) n'
redis-cli set greeting hello >/dev/null; redis-cli rpush list a b c >/dev/null
`)
	state := map[string]string{
		"docs":  `cd /srv/docs && find . -path './.jurymast*' -prune -o -printf '%p %U %G %m %l\n' | sort; find . -path './.jurymast*' -prune -o -type f -exec sha256sum {} + | sort`,
		"db":    `runuser -u postgres -- psql -qXAtc 'select count(*), sum(n), md5(string_agg(md5, n::text order by n)) from t'`,
		"cache": `redis-cli get greeting; redis-cli lrange list 0 -1; redis-cli dbsize`,
	}
	was := map[string]string{}
	for name, script := range state {
		was[name] = f.on("app", script)
	}
	f.ok("backup", "run", "--due")
	for _, name := range []string{"docs", "db", "cache"} {
		f.part("drill of "+name, func(f *fleet) { f.ok("backup", "drill", name, "--yes") })
	}

	destroy := map[string]string{
		"docs":  `rm -r /srv/docs/letters; echo encrypted >/srv/docs/picture`,
		"db":    `runuser -u postgres -- psql -qc 'delete from t where n > 7'`,
		"cache": `redis-cli flushall >/dev/null`,
	}
	for _, name := range []string{"docs", "db", "cache"} {
		f.part("restore of "+name, func(f *fleet) {
			f.on("app", destroy[name])
			if is := f.on("app", state[name]); is == was[name] {
				f.t.Fatal("it was not destroyed")
			}
			f.ok("run", "restore", name, "--job", name, "--confirm", name)
			if is := f.on("app", state[name]); is != was[name] {
				f.t.Errorf("it came back as\n%s\nand was\n%s", is, was[name])
			}
		})
	}

	// One byte of each file is another, its size and times are as they were.
	damage := `find %s -type f -size +99c | while read -r p; do
	touch -r "$p" /tmp/times; chmod u+w "$p"; printf '\001' | dd of="$p" bs=1 seek=40 conv=notrunc 2>/dev/null; touch -r /tmp/times "$p"
done`
	for _, c := range []struct{ job, at string }{{"db", "/srv/restic/data"}, {"near", "/srv/folder"}, {"far", "/srv/drive"}} {
		f.part("a copy of "+c.job+" is damaged", func(f *fleet) {
			f.ok("backup", "drill", c.job, "--yes")
			f.on("vault", fmt.Sprintf(damage, c.at))
			o := f.jm("backup", "drill", c.job, "--yes")
			if o.exit != 10 && o.exit != 11 {
				f.t.Errorf("a drill of a damaged copy: %s", o)
			}
			if s := f.jm("backup", "status", c.job); s.exit != 2 {
				f.t.Errorf("what a drill found damaged still counts: %s", s)
			}
		})
	}
	f.part("the disk of a repository is full", func(f *fleet) {
		f.on("vault", `rm -rf /srv/drive/*; fallocate -l $(($(stat -f -c "%a*%S" /srv))) /srv/fill; dd if=/dev/zero of=/srv/fill2 bs=64k 2>/dev/null || :`)
		o := f.jm("backup", "run", "docs")
		if o.exit == 0 || !strings.Contains(o.out+o.err, "drive") {
			f.t.Errorf("a repository is full: %s", o)
		}
		f.on("vault", "rm /srv/fill /srv/fill2")
	})
}

// TestCopyStack copies a Samba share and a compose project with a volume into a
// folder of their own host, loses both and brings them back; and finds a
// repository that another holds locked.
func TestCopyStack(t *testing.T) {
	beside(t, light, 70*time.Second)
	f := newFleet(t, bed.Options{Nodes: []string{"box"}, Docker: []string{"box"}}, `
[share.pub]
kind = "samba"
class = "user"
on = "box"
path = "/srv/pub"
share = "pub"

[service.shop]
kind = "compose"
class = "user"
on = "box"
dir = "/opt/shop"

[repository.folder]
kind = "directory"
on = "box"
path = "/srv/copies"

[repository.restic]
kind = "restic"
on = "box"
path = "/srv/restic"
password = { file = "password" }
init = true
lock_wait = "5s"

[backup.pub]
of = "pub"
to = ["folder", "restic"]
rpo = "24h"
[backup.shop]
of = "shop"
to = ["folder"]
rpo = "24h"
`)
	f.write("password", "correct horse battery\n")
	box := f.Node("box")
	f.must(box.Write("/etc/samba/smb.conf", "[global]\nmap to guest = bad user\nserver role = standalone server\n[pub]\npath = /srv/pub\nguest ok = yes\nread only = no\nforce user = ops\n", 0o644))
	f.must(box.Write("/opt/shop/docker-compose.yml", `version: "2.4"
services:
  store:
    image: lab/bb:1
    command: sleep 1000000
    restart: unless-stopped
    volumes: ["data:/data"]
volumes: {data: {}}
`, 0o644))
	f.on("box", image+`cd /opt/shop && docker-compose up -d 2>&1
docker exec shop_store_1 sh -c 'echo order 4711 >/data/orders'
mkdir -p /srv/pub /srv/copies; chown ops /srv/pub; systemctl start smbd
echo minutes >/root/minutes; smbclient -N //127.0.0.1/pub -c 'put /root/minutes minutes' 2>&1`)
	f.ok("backup", "run", "--due")
	f.ok("backup", "drill", "pub", "--yes")
	f.ok("backup", "drill", "shop", "--yes")

	f.part("restore of pub", func(f *fleet) {
		f.on("box", "rm /srv/pub/minutes")
		f.ok("run", "restore", "pub", "--confirm", "pub")
		if is := f.on("box", "smbclient -N //127.0.0.1/pub -c 'get minutes /root/back' >/dev/null 2>&1; cat /root/back"); is != "minutes\n" {
			f.t.Errorf("through Samba it reads %q", is)
		}
	})
	f.part("restore of shop", func(f *fleet) {
		f.on("box", "docker exec shop_store_1 sh -c 'echo none >/data/orders'")
		f.ok("run", "restore", "shop", "--confirm", "shop")
		if is := f.on("box", "docker exec shop_store_1 cat /data/orders"); is != "order 4711\n" {
			f.t.Errorf("the container reads %q", is)
		}
		f.well("shop")
	})
	f.part("a repository is locked", func(f *fleet) {
		// Another restic holds it for itself and lives, so that its lock is not stale.
		// While that is being written it has another name, and locks nobody out.
		f.on("box", `echo correct horse battery >/root/password
hold() { systemd-run --quiet --unit=holder restic -r /srv/restic --password-file /root/password prune 2>/dev/null; }
held() { ls /srv/restic/locks 2>/dev/null | grep -qxE '[0-9a-f]{64}'; }
hold
until held && systemctl kill -s STOP holder 2>/dev/null && held; do
	systemctl kill -s CONT holder 2>/dev/null
	systemctl is-active --quiet holder || hold
done`)
		o := f.jm("backup", "run", "pub")
		if o.exit == 0 || !strings.Contains(o.out+o.err, "lock") {
			f.t.Errorf("a locked repository: %s", o)
		}
		f.on("box", "systemctl kill -s KILL holder; systemctl reset-failed holder 2>/dev/null; :")
		f.ok("backup", "run", "pub")
	})
}
