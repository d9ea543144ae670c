//go:build linux && fleet

package suite

import (
	"fmt"
	"strings"
)

// damage is lines of shell that change one byte in each file below a folder that
// is large enough to be data; sizes and times are as they were.
func damage(at string) string {
	return fmt.Sprintf(`find %s -type f -size +4k | while read -r p; do
	touch -r "$p" /tmp/times; chmod u+w "$p"; printf '\001' | dd of="$p" bs=1 seek=$(($(stat -c %%s "$p") / 2)) conv=notrunc 2>/dev/null; touch -r /tmp/times "$p"
done`, at)
}

// drillFindsDamage holds that a drill of a damaged copy ends as one that failed.
func (f *fleet) drillFindsDamage(job string) {
	f.t.Helper()
	if o := f.jm("backup", "drill", job, "--yes"); o.exit != 10 && o.exit != 11 {
		f.t.Errorf("a drill of a damaged copy: %s", o)
	}
}

// spoiltCopy holds that a drill finds the only copy damaged, and that it does not
// count from then on.
func (f *fleet) spoiltCopy(job string) {
	f.t.Helper()
	f.drillFindsDamage(job)
	if s := f.jm("backup", "status", job); s.exit != 2 {
		f.t.Errorf("what a drill found damaged still counts: %s", s)
	}
}

// catalogueMariaDB copies a server to a borg repository on another machine.
func catalogueMariaDB(f *fleet) {
	app := f.Node("app")
	// Its folder cannot be exchanged for another while it lies in the layer that
	// all nodes have in common: a rename there is refused.
	f.must(app.Write("/etc/mysql/mariadb.conf.d/90-fleet.cnf", "[mariadbd]\ndatadir=/srv/mysql\ninnodb_log_file_size=8M\ninnodb_buffer_pool_size=16M\nmax_connections=10\n", 0o644))
	f.on("app", `cp -a --sparse=always /var/lib/mysql /srv/mysql; systemctl start mariadb
mariadb <<'EOF'
create database shop;
use shop;
create table orders (id int primary key, text varchar(40)) engine=InnoDB;
insert into orders select seq, md5(seq) from seq_1_to_20000;
create user clerk@localhost identified by 'old'; grant select on shop.* to clerk@localhost;
EOF`)
	const content = `mariadb -N -e "checksum table shop.orders extended; select count(*) from shop.orders; show grants for clerk@localhost"`
	was := f.on("app", content)
	f.finds("db", "server", "", "ok", "active, MariaDB 10")

	f.part("no connection is free", func(f *fleet) {
		f.on("app", `for i in 1 2 3 4 5 6 7 8 9 10 11; do systemd-run --quiet --unit=holder$i mariadb -e 'select sleep(600)'; done`)
		f.finds("db", "server", "", "fail", "no connection free")
		f.on("app", "systemctl stop 'holder*'")
		f.finds("db", "server", "", "ok")
		f.finds("db", "connections", "", "ok")
	})
	f.part("it is killed", func(f *fleet) {
		f.on("app", killed("mariadb"))
		f.finds("db", "server", "", "fail", "the server is stopped")
		f.on("app", "systemctl start mariadb")
		f.finds("db", "server", "", "ok")
	})
	f.ok("backup", "run", "db")
	f.ok("backup", "drill", "db", "--yes")
	f.part("its pages are overwritten", func(f *fleet) {
		f.on("app", `systemctl stop mariadb; for p in ibdata1 shop/orders.ibd mysql/global_priv.MAD; do dd if=/dev/urandom of=/srv/mysql/$p bs=8k count=40 conv=notrunc 2>/dev/null; done
systemctl start mariadb 2>/dev/null || :; systemctl reset-failed mariadb`)
		f.finds("db", "server", "", "fail", "the server is stopped")
		f.ok("run", "restore", "db", "--confirm", "db")
		if is := f.on("app", content); is != was {
			f.t.Errorf("it came back as\n%s\nand was\n%s", is, was)
		}
		f.well("db")
	})
	f.part("a copy is damaged", func(f *fleet) {
		f.on("vault", damage("/srv/borg/data"))
		f.spoiltCopy("db")
	})
}

// catalogueSQLite copies a database that is written to to an encrypted remote.
func catalogueSQLite(f *fleet) {
	conf := func(password string) string {
		return fmt.Sprintf(`printf '[vault]\ntype = sftp\nhost = vault\nuser = root\nkey_file = /root/.ssh/id_ed25519\nknown_hosts_file = /root/.ssh/known_hosts\n[secret]\ntype = crypt\nremote = vault:/srv/drive\npassword = %%s\n' "$(rclone obscure '%s')" >/root/.config/rclone/rclone.conf
`, password)
	}
	f.on("vault", "mkdir -p /srv/drive")
	f.on("app", "mkdir -p /root/.config/rclone /srv/notes\n"+conf("the right one")+`
sqlite3 /srv/notes/notes.db "pragma journal_mode = wal; create table notes (id integer primary key, text);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 5000) insert into notes (text) select 'note ' || i || hex(zeroblob(40)) from n" >/dev/null`)
	const (
		content = `sqlite3 -readonly /srv/notes/notes.db "select count(*), sum(id), max(text) from notes"`
		writing = `systemd-run --quiet --unit=notes sh -c 'while :; do sqlite3 /srv/notes/notes.db "insert into later default values"; sleep 0.05; done'
`
	)
	was := f.on("app", content)
	f.finds("notes", "files", "/srv/notes/notes.db", "ok", "MiB")
	f.on("app", `sqlite3 /srv/notes/notes.db "create table later (id integer primary key)"`+"\n"+writing)
	f.ok("backup", "run", "notes")
	f.ok("backup", "drill", "notes", "--yes")
	if seen := f.on("vault", "find /srv/drive -type f; cat $(find /srv/drive -type f)"); strings.Contains(seen, "note 1") || strings.Contains(seen, "notes") || len(seen) < 1000 {
		f.t.Error("what lies at the remote is not encrypted")
	}
	f.on("app", "systemctl stop notes")

	f.part("a page is overwritten", func(f *fleet) {
		f.on("app", `sqlite3 /srv/notes/notes.db "pragma wal_checkpoint(truncate)" >/dev/null; dd if=/dev/urandom of=/srv/notes/notes.db bs=4096 seek=9 count=5 conv=notrunc 2>/dev/null`)
		f.finds("notes", "whole", "/srv/notes/notes.db", "fail", "it is damaged")
		f.ok("run", "restore", "notes", "--confirm", "notes")
		if is := f.on("app", content); is != was {
			f.t.Errorf("it came back as %s and was %s", is, was)
		}
		f.well("notes")
	})
	f.part("it is gone, and then empty", func(f *fleet) {
		f.on("app", "mv /srv/notes/notes.db /srv/notes/away")
		f.finds("notes", "files", "/srv/notes/notes.db", "fail", "it is not there")
		f.on("app", ": >/srv/notes/notes.db")
		f.finds("notes", "files", "/srv/notes/notes.db", "fail", "it is empty")
		f.on("app", "mv /srv/notes/away /srv/notes/notes.db")
		f.well("notes")
	})
	f.part("the password of the remote is another", func(f *fleet) {
		f.on("app", conf("another"))
		if o := f.jm("backup", "run", "notes"); o.exit == 0 || !strings.Contains(o.out+o.err, "password") {
			f.t.Errorf("with another password: %s", o)
		}
		f.on("app", conf("the right one"))
		f.ok("backup", "run", "notes")
	})
	f.part("a copy is damaged", func(f *fleet) {
		f.on("vault", damage("/srv/drive"))
		f.spoiltCopy("notes")
	})
}

// bacula is lines of shell that make a director, a storage and a client on one
// machine, and a client on another.
const (
	baculaVault = `cat >/etc/bacula/bacula-dir.conf <<'EOF'
Director { Name = dir; QueryFile = "/dev/null"; WorkingDirectory = "/var/lib/bacula"; PidDirectory = "/run/bacula"; Maximum Concurrent Jobs = 4; FD Connect Timeout = 2; Password = "pw"; Messages = M }
Job { Name = "papers"; Type = Backup; Level = Incremental; Client = app-fd; FileSet = "papers"; Storage = File; Pool = P; Messages = M }
Job { Name = "back"; Type = Restore; Client = app-fd; FileSet = "papers"; Storage = File; Pool = P; Messages = M; Where = "/nowhere" }
FileSet { Name = "papers"; Include { Options { signature = SHA1 } File = "/srv/papers" } }
Client { Name = app-fd; Address = app; Catalog = C; Password = "pw" }
Client { Name = vault-fd; Address = vault; Catalog = C; Password = "pw" }
Storage { Name = File; Address = vault; Password = "pw"; Device = Dev; Media Type = File }
Catalog { Name = C; dbname = "bacula"; dbuser = ""; dbpassword = "" }
Pool { Name = P; Pool Type = Backup; Label Format = "V-" }
Messages { Name = M; catalog = all }
EOF
cat >/etc/bacula/bacula-sd.conf <<'EOF'
Storage { Name = sd; WorkingDirectory = "/var/lib/bacula"; PidDirectory = "/run/bacula" }
Director { Name = dir; Password = "pw" }
Device { Name = Dev; Media Type = File; Archive Device = "/srv/volumes"; LabelMedia = yes; Random Access = yes; AutomaticMount = yes; RemovableMedia = no; AlwaysOpen = no }
Messages { Name = S; director = dir = all }
EOF
echo 'Director { Name = dir; Address = vault; Password = "pw" }' >/etc/bacula/bconsole.conf
install -d -o bacula -g bacula /srv/volumes /run/bacula
rm -f /var/lib/bacula/bacula.db
sed 's/XXX_DBNAME_XXX/bacula/' /usr/share/bacula-director/make_sqlite3_tables | runuser -u bacula -- sh >/dev/null
`
	baculaClient = `install -d /run/bacula
cat >/etc/bacula/bacula-fd.conf <<EOF
FileDaemon { Name = $(hostname)-fd; WorkingDirectory = "/var/lib/bacula"; PidDirectory = "/run/bacula" }
Director { Name = dir; Password = "pw" }
Messages { Name = S; director = dir = all }
EOF
systemctl start bacula-fd
`
)

// catalogueBacula copies files by a director of Bacula, with the client on
// another machine.
func catalogueBacula(f *fleet) {
	f.finds("director", "director", "", "fail", "the director does not answer")
	f.on("vault", baculaVault+baculaClient+"systemctl start bacula-sd bacula-director")
	f.on("app", baculaClient+"mkdir -p /srv/papers/old; head -c 2000000 /dev/urandom >/srv/papers/scan; echo will >/srv/papers/old/will")
	const content = "cd /srv/papers && find . -type f -exec sha256sum {} + | sort"
	was := f.on("app", content)
	f.finds("director", "jobs", "papers", "fail", "no run has ended in the last 14 days")
	f.ok("backup", "run", "papers")
	f.well("director")
	f.ok("backup", "drill", "papers", "--yes")

	f.part("a client is killed", func(f *fleet) {
		f.on("app", killed("bacula-fd"))
		if o := f.jm("backup", "run", "papers"); o.exit == 0 || !strings.Contains(o.out+o.err, "of job papers ended with f and 0 files") {
			f.t.Errorf("without its client: %s", o)
		}
		f.finds("director", "jobs", "papers", "fail", "ended with a fatal error", "was good")
		f.on("app", "systemctl start bacula-fd")
		f.ok("backup", "run", "papers")
		f.well("director")
	})
	f.part("the files are encrypted by a stranger", func(f *fleet) {
		f.on("app", "echo pay >/srv/papers/scan; rm -r /srv/papers/old")
		f.ok("run", "restore", "papers", "--confirm", "papers")
		if is := f.on("app", content); is != was {
			f.t.Errorf("it came back as\n%s\nand was\n%s", is, was)
		}
	})
	f.part("the director is killed", func(f *fleet) {
		f.on("vault", killed("bacula-director"))
		f.finds("director", "director", "", "fail", "the director does not answer")
		f.on("vault", "systemctl start bacula-director")
		f.well("director")
	})
	f.part("a volume is damaged", func(f *fleet) {
		// A byte in each of its blocks: which of them hold the newest is not known.
		f.on("vault", `for v in /srv/volumes/*; do for at in $(seq 20000 20000 $(stat -c %s "$v")); do printf '\001' | dd of="$v" bs=1 seek=$at conv=notrunc 2>/dev/null; done; done`)
		o := f.jm("backup", "drill", "papers", "--yes")
		if (o.exit != 10 && o.exit != 11) || !strings.Contains(o.out+o.err, "is damaged, says run") {
			f.t.Errorf("a drill of a damaged copy: %s", o)
		}
	})
}

// catalogueUnit has a unit that writes to a folder of its own all the time.
func catalogueUnit(f *fleet) {
	f.must(f.Node("app").Write("/etc/systemd/system/counter.service", "[Service]\nExecStart=/bin/sh -c 'while test -s /srv/counter/settings; do date +%%N >>/srv/counter/log; sleep 0.1; done; exit 3'\n", 0o644))
	f.on("app", "mkdir -p /srv/counter; echo every=100ms >/srv/counter/settings; systemctl daemon-reload; systemctl start counter")
	f.finds("counter", "unit", "", "ok")
	f.ok("backup", "run", "counter")
	f.well("counter") // it was stopped meanwhile
	f.part("its folder is lost", func(f *fleet) {
		f.on("app", `rm -r /srv/counter; until [ "$(systemctl is-active counter)" = failed ]; do sleep 0.1; done`)
		f.finds("counter", "unit", "", "fail", "failed")
		f.ok("run", "restore", "counter", "--confirm", "counter")
		if got := f.on("app", "cat /srv/counter/settings"); got != "every=100ms\n" {
			f.t.Errorf("it came back as %q", got)
		}
		f.well("counter")
	})
}
