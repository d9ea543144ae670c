package sshlab

import (
	"testing"
	"time"
)

// asked is what a command on a machine said.
type asked struct{ command, want string }

func askAll(t *testing.T, m *Machine, all []asked) {
	t.Helper()
	c := dial(t, m)
	defer func() { _ = c.Close() }()
	for _, test := range all {
		if out, stderr, _ := run(t, c, test.command, ""); out != test.want {
			t.Errorf("%s: %s\ngot  %q (%s)\nwant %q", m.Name(), test.command, out, stderr, test.want)
		}
	}
}

func TestPrograms(t *testing.T) {
	l := start(t, Host{Name: "a", Sudo: true, Facts: &Linux{
		Redis:  &Redis{Memory: 1 << 20, Saved: time.Hour, Changes: 3},
		Arrays: []Array{{Name: "md0", Level: "raid1", KiB: 1024, Layout: "[lab]", Checked: time.Hour, Members: []Member{{Device: "sda1"}, {Device: "sdb1"}}}},
		Proxmox: &Proxmox{
			Guests:   []Guest{{ID: 100, Name: "web", Agent: true, Copied: time.Hour, Backup: "away"}, {ID: 101, Name: "old", Stopped: true}},
			Storages: []GuestStorage{{Name: "away", Type: "pbs", Content: "backup", Size: 4 << 30, Used: 1 << 30}, {Name: "local", Type: "dir", Content: "iso", Size: 1 << 30}},
		},
	}})
	m := l.Machine("a")
	askAll(t, m, []asked{
		{"redis-cli -h 127.0.0.1 -p 6379 INFO | grep -E '^(role|rdb_changes)'; redis-cli CONFIG GET save 2>&1", "rdb_changes_since_last_save:3\nrole:master\nredis-cli: the simulated one does not know: CONFIG GET save\n"},
		{"redis-cli -p 6379 CONFIG GET appendonly", "appendonly\nno\n"},
		{"mdadm --detail --test /dev/md0 2>&1; sudo -n mdadm --detail --test /dev/md0 | grep 'State :'; echo $?", "mdadm: must be super-user to perform this action\n             State : clean \n0\n"},
		{`cat "$JURYMAST_ROOT/proc/mdstat" | sed -n 2,3p; cat "$JURYMAST_ROOT/sys/block/md0/md/degraded"`, "md0 : active raid1 sda1[0] sdb1[1]\n      1024 blocks super 1.2 [lab] [2/2] [UU]\n0\n"},
		{"journalctl -q -r -n 100 -g data-check _TRANSPORT=kernel | sed 's/.*kernel: //'", "md: md0: data-check done.\nmd: data-check of RAID array md0\n"},
		{"pvesh get /cluster/status --output-format json 2>&1; sudo -n pvesh get /cluster/resources --output-format json | grep -o '\"status\":\"[a-z]*\"'", "please run as root\n\"status\":\"online\"\n\"status\":\"running\"\n\"status\":\"stopped\"\n"},
		{"sudo -n pvesm status --content backup | awk 'NR > 1 { print $1, $2, $3, $4, $7 }'; sudo -n pvesh get /nodes/localhost/storage/away/content --content backup --output-format json | grep -o '\"vmid\":[0-9]*'", "away pbs active 4194304 25.00%\n\"vmid\":100\n"},
		{"sudo -n qm guest cmd 100 ping; echo $?; sudo -n qm guest cmd 101 ping 2>&1", "0\nNo QEMU guest agent configured\n"},
		{`grep -s agent "$JURYMAST_ROOT"/etc/pve/nodes/a/qemu-server/*.conf | wc -l | tr -d ' '`, "1\n"},
	})
	if err := m.Facts(func(f *Linux) {
		f.Redis.Stopped, f.Arrays[0].Members[1].Gone, f.Proxmox = true, true, nil
	}); err != nil {
		t.Fatal(err)
	}
	askAll(t, m, []asked{
		{"redis-cli -p 6379 INFO 2>&1", "Could not connect to Redis at 127.0.0.1:6379: Connection refused\n"},
		{"sudo -n mdadm --detail --test /dev/md0 >said 2>&1; echo $?; grep -c removed said", "1\n1\n"},
		{`sed -n 3p "$JURYMAST_ROOT/proc/mdstat"`, "      1024 blocks super 1.2 [lab] [2/1] [U_]\n"},
		{"command -v pvesh pvesm qm | wc -l | tr -d ' '", "0\n"},
	})
}

func TestPoolsAndTables(t *testing.T) {
	l := start(t, Host{Name: "a", Facts: &Linux{
		Pools:   []Pool{{Name: "tank", Size: 4 << 40, Used: 1 << 40, Scrubbed: time.Hour, Devices: []PoolDevice{{Name: "sda"}, {Name: "sdb"}}}},
		MariaDB: &MariaDB{Connections: 7},
	}})
	m := l.Machine("a")
	askAll(t, m, []asked{
		{"zpool list -Hp -o name,size,alloc,free,cap,health,frag | cut -f 1,5,6; zpool status -x", "tank\t25\tONLINE\nall pools are healthy\n"},
		{"zpool status -p | grep -c -e ONLINE -e 'repaired 0B'", "6\n"},
		{"mariadb -A -B </dev/null | grep -e ^Threads_connected -e '== end'", "Threads_connected\t7\n== end\n"},
	})
	if err := m.Facts(func(f *Linux) { f.Pools[0].Devices[1].Faulted, f.MariaDB.Stopped = true, true }); err != nil {
		t.Fatal(err)
	}
	askAll(t, m, []asked{
		{"zpool status -x | grep -e FAULTED -e state:", " state: DEGRADED\n\t    sdb  FAULTED     12    31     0  too many errors\n"},
		{"mariadb -A -B 2>&1 </dev/null; echo $?", "ERROR 2002 (HY000): Can't connect to server on '127.0.0.1' (111)\n1\n"},
	})
}

func TestInside(t *testing.T) {
	l := start(t, Host{Name: "a", Sudo: true, Facts: &Linux{
		Containers: []Container{{Name: "swag", Inside: Inside{Nginx: &Nginx{Certificates: []Certificate{{Name: "example.org", Left: 720 * time.Hour}}}}}, {Name: "off", State: "exited"}},
		SMART:      []Drive{{Device: "/dev/sda", Pending: 3}, {Device: "/dev/nvme0n1"}},
	}})
	m := l.Machine("a")
	askAll(t, m, []asked{
		{"docker exec swag nginx -V | head -n 1; docker exec -i swag nginx -T | grep ssl_cert", "nginx version: nginx/1.26.3\nssl_certificate /config/etc/letsencrypt/live/example.org/fullchain.pem;\n"},
		{"docker exec swag find -L /config -name fullchain.pem -exec grep -e BEGIN /dev/null {} +", "/config/etc/letsencrypt/live/example.org/fullchain.pem:-----BEGIN CERTIFICATE-----\n"},
		{`docker exec swag sh -c 'cat "$1"/proc/[0-9]*/stat' sh "" | cut -d' ' -f1,2,4`, "300 (nginx) 1\n301 (nginx) 300\n302 (nginx) 300\n"},
		{"docker exec swag cat /run/nginx/nginx.pid; docker exec swag id -u; docker exec swag cat /none 2>&1 | grep -o '/none.*'", "300\n0\n/none: No such file or directory\n"},
		{"docker exec off true 2>&1; echo $?", "Error response from daemon: No such container, or it does not run: off\n1\n"},
		{`sudo -n smartctl --json=c -n standby -a /dev/sda | grep -o '"id":197.*"string":"3"' | cut -c1-8; sudo -n smartctl -j -a /dev/nvme0n1 | grep -c percentage_used`, "\"id\":197\n1\n"},
	})
	if err := m.Facts(func(f *Linux) { f.Containers[0].Inside.Nginx.Broken = "[emerg] no such thing" }); err != nil {
		t.Fatal(err)
	}
	askAll(t, m, []asked{{"docker exec swag nginx -T 2>&1; echo $?", "nginx: [emerg] no such thing\nnginx: configuration file /etc/nginx/nginx.conf test failed\n1\n"}})
}

// What no fact speaks of is not there.
func TestProgramsOfNobody(t *testing.T) {
	f := Linux{}.withDefaults()
	if names := f.programs(tree{}, "plain").names; len(names) > 0 {
		t.Errorf("a plain machine has %v", names)
	}
}

func TestFirewall(t *testing.T) {
	l := start(t, Host{Name: "wall", Root: true, Facts: &Linux{Distribution: "freebsd", OPNsense: &OPNsense{
		Gateways: []Gateway{{Name: "WAN", Delay: 4, Loss: 2.5}, {Name: "LTE", Down: true}}, Services: []string{"Unbound DNS"}, Updates: 2, Changed: 48 * time.Hour,
	}}})
	askAll(t, l.Machine("wall"), []asked{
		{"opnsense-version", "OPNsense 25.7.3 (amd64)\n"},
		{`configctl interface gateways status | tr '{' '\n' | grep -o '"loss":"[^"]*","name":"[A-Z]*"'`, "\"loss\":\"2.5 %\",\"name\":\"WAN\"\n\"loss\":\"100.0 %\",\"name\":\"LTE\"\n"},
		{"configctl service list | grep -c 'is running as pid'; configctl what 2>/dev/null; echo $?", "1\n2\n"},
		{`grep -o new_version "$JURYMAST_ROOT/tmp/pkg_upgrade.json" | wc -l | tr -d ' '; echo $(( ($(date +%s) - $(date -r "$JURYMAST_ROOT/conf/config.xml" +%s)) / 3600 ))`, "2\n48\n"},
	})
}

func TestGenerations(t *testing.T) {
	l := start(t, Host{Name: "nix", Facts: &Linux{Distribution: "nixos", RebootRequired: true, NixOS: NixOS{Generation: 7, Made: 48 * time.Hour}}})
	m := l.Machine("nix")
	const differ = `[ "$(readlink "$JURYMAST_ROOT/run/booted-system/kernel")" = "$(readlink "$JURYMAST_ROOT/run/current-system/kernel")" ]; echo $?`
	askAll(t, m, []asked{
		{`cd "$JURYMAST_ROOT/nix/var/nix/profiles" && ls && readlink system`, "system\nsystem-6-link\nsystem-7-link\nsystem-7-link\n"},
		{`[ "$(readlink "$JURYMAST_ROOT/run/current-system")" = "$(readlink "$JURYMAST_ROOT/nix/var/nix/profiles/system-7-link")" ]; echo $?`, "0\n"},
		{`echo $(( ($(date +%s) - $(stat -c %Y "$JURYMAST_ROOT/nix/var/nix/profiles/system-7-link")) / 3600 ))`, "48\n"},
		{"nixos-version --json | grep -c '\"nixosVersion\":\"25.05.20'", "1\n"},
		{differ, "1\n"},
	})
	if err := m.Facts(func(f *Linux) { f.RebootRequired = false }); err != nil {
		t.Fatal(err)
	}
	askAll(t, m, []asked{{differ, "0\n"}})
}

func TestRestic(t *testing.T) {
	l := start(t, Host{Name: "a", Facts: &Linux{Restic: true, MinIO: &MinIO{URL: "http://127.0.0.1:9000", ReadOnly: true}}})
	askAll(t, l.Machine("a"), []asked{
		{"restic snapshots --json 2>&1; RESTIC_PASSWORD=x restic snapshots 2>&1 | cut -c1-34; RESTIC_PASSWORD=x restic init", "Fatal: an empty password is not a password\nFatal: unable to open config file:\n"},
		{"export RESTIC_PASSWORD=x; mkdir in; echo one >in/a; echo two >in/b; for run in 1 2; do restic backup --json --quiet --host h --tag backup=in --tag run=$run -- \"$PWD/in\" | cut -d, -f1-3; done",
			"{\"message_type\":\"summary\",\"total_files_processed\":2,\"total_bytes_processed\":8\n{\"message_type\":\"summary\",\"total_files_processed\":2,\"total_bytes_processed\":8\n"},
		{"export RESTIC_PASSWORD=x; restic snapshots --json --no-lock --tag backup=in | grep -o '\"run=[0-9]\"' | sort; restic snapshots --json --tag backup=other", "\"run=1\"\n\"run=2\"\n[]\n"},
		{`export RESTIC_PASSWORD=x; id=$(restic snapshots --json --tag backup=in,run=2 | sed 's/.*"id":"\([0-9a-f]*\)".*/\1/'); restic restore "$id" --target out --verify; cat out"$PWD"/in/*; restic stats --json --mode restore-size "$id"
restic tag --add partial --tag backup=in,run=2; restic snapshots --json --tag partial | grep -c run=2; restic forget --prune --quiet "$id"; restic snapshots --json | grep -c run=2`, "one\ntwo\n{\"total_size\":8,\"total_file_count\":1}\n1\n0\n"},
		{"curl -sS -m 10 -o /dev/null -D - -w x http://127.0.0.1:9000/minio/health/cluster | grep -c '^code 503'; curl -sS http://127.0.0.1:9000/minio/health/live | grep '^code'", "1\ncode 200 body 0\n"},
	})
}

func TestMailcow(t *testing.T) {
	l := start(t, Host{Name: "mail", Facts: &Linux{
		Mailcow: &Mailcow{Waiting: 2, Oldest: time.Hour, Size: 100 * gib, Used: 40 * gib, Certificate: Certificate{Name: "mail.example.org", Left: 720 * time.Hour}},
		Cloud:   []CloudServer{{Name: "mail", Type: "cx32", Snapshot: time.Hour}, {Name: "old", Off: true}},
	}})
	m := l.Machine("mail")
	const service = "docker ps -q --no-trunc --filter label=com.docker.compose.project=mailcowdockerized --filter label=com.docker.compose.service="
	askAll(t, m, []asked{
		{service + "postfix-mailcow | wc -l | tr -d ' '; docker exec $(" + service + "postfix-mailcow) postqueue -j | grep -c deferred", "1\n2\n"},
		{"docker exec $(" + service + "dovecot-mailcow) df -Pk /var/vmail | sed 1d", "/dev/sdb1 104857600 41943040 62914560 40% /var/vmail\n"},
		{`head -n 1 "$JURYMAST_ROOT/opt/mailcow-dockerized/data/assets/ssl/cert.pem"; git -c a=b -C /x rev-parse --abbrev-ref HEAD`, "-----BEGIN CERTIFICATE-----\nmaster\n"},
		{`[ "$(git -C /x rev-parse HEAD)" = "$(git -C /x ls-remote origin refs/heads/master | cut -f1)" ]; echo $?`, "0\n"},
		{"hcloud server describe mail -o json | grep -o '\"status\":\"[a-z]*\"'; hcloud server describe old -o json | grep -o '\"status\":\"[a-z]*\"'; hcloud server describe none -o json 2>&1", "\"status\":\"running\"\n\"status\":\"off\"\nhcloud: Server not found (not_found)\n"},
		{"hcloud image list --type snapshot -o json | grep -o '\"id\":4[0-9]'", "\"id\":41\n"},
	})
	if err := m.Facts(func(f *Linux) { f.Mailcow.Behind, f.Mailcow.Waiting = true, 0 }); err != nil {
		t.Fatal(err)
	}
	askAll(t, m, []asked{
		{`[ "$(git -C /x rev-parse HEAD)" = "$(git -C /x ls-remote origin refs/heads/master | cut -f1)" ]; echo $?`, "1\n"},
		{"docker exec $(" + service + "postfix-mailcow) postqueue -j | wc -l | tr -d ' '", "0\n"},
	})
}

func TestFurtherPrograms(t *testing.T) {
	l := start(t, Host{Name: "a", Sudo: true, Facts: &Linux{
		ZeroTier: &ZeroTier{Address: "1d2c3b4a59", Networks: []ZeroTierNetwork{{ID: "8056c2e21c000001", Name: "home", Denied: true}}, Peers: []ZeroTierPeer{{Address: "a1b2c3d4e5", Relayed: true}}},
		MongoDB:  &MongoDB{Connections: 42, Databases: 4},
		Bareos:   &Bareos{Jobs: []BareosJob{{Name: "data", Ago: time.Hour, Files: 3, Failed: true}}, Waiting: "for a mount request"},
		Releases: []Release{{Repository: "example/web", Tag: "v2"}},
		Containers: []Container{{Name: "traefik", Image: "traefik:v3", Inside: Inside{Traefik: &Traefik{Routes: []TraefikRoute{
			{Name: "web", Host: "www.example.org", Servers: []string{"http://10.0.0.1", "http://10.0.0.2"}, Down: []string{"http://10.0.0.2"}},
			{Name: "old", Error: "no such middleware"},
		}}}}},
	}})
	m := l.Machine("a")
	askAll(t, m, []asked{
		{"zerotier-cli -j info 2>&1 | grep -c 'try again as root'; sudo -n zerotier-cli -j info | grep -o '\"online\":[a-z]*'; sudo -n zerotier-cli -j listnetworks | grep -o '\"status\":\"[A-Z_]*\"'", "1\n\"online\":true\n\"status\":\"ACCESS_DENIED\"\n"},
		{"sudo -n zerotier-cli -j peers | tr '{' '\\n' | grep -A1 a1b2c3d4e5 | grep -c '\"paths\":\\[\\]'", "1\n"},
		{"mongosh --quiet --norc mongodb://127.0.0.1 --eval x | grep -o '\"current\":[0-9]*'", "\"current\":42\n"},
		{`printf '.jobs type=B\nquit\n' | bconsole | sed 1,3d; printf 'llist jobs days=14\nquit\n' | bconsole | grep -c 'jobstatus: E'; printf 'status director\nquit\n' | bconsole | grep -c 'is waiting'`, "data\n1\n1\n"},
		{"curl -q -sS -K - -w '%{http_code}' https://api.github.com/repos/example/web/releases/latest </dev/null | grep -o '\"tag_name\":\"v2\"'", "\"tag_name\":\"v2\"\n"},
		{"docker exec traefik wget -q -T 5 -O - 'http://127.0.0.1:8080/api/http/services?per_page=10000' | grep -o '\"http://10.0.0.[12]\":\"[A-Z]*\"'", "\"http://10.0.0.1\":\"UP\"\n\"http://10.0.0.2\":\"DOWN\"\n"},
		{"docker exec traefik wget -q -O - http://127.0.0.1:8080/api/overview | grep -o '\"errors\":1'; docker exec traefik wget -q -O - http://127.0.0.1:8080/ping; docker exec traefik wget -q -O - http://127.0.0.1:8080/none 2>&1 | grep -c 404", "\"errors\":1\nOK\n1\n"},
		{"docker inspect -f '{{json .Config.Image}}' traefik", "\"traefik:v3\"\n"},
	})
	if err := m.Facts(func(f *Linux) { f.MongoDB.Stopped, f.ZeroTier = true, nil }); err != nil {
		t.Fatal(err)
	}
	askAll(t, m, []asked{
		{"mongosh --eval x 2>&1 | grep -c ECONNREFUSED; command -v zerotier-cli || echo gone", "1\ngone\n"},
	})
}
