//go:build linux && fleet

package suite

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"jurymast/actions"
	"jurymast/actions/kind"
	"jurymast/inventory"
	"jurymast/testdata/fleet/bed"
)

// No machine of the bed has a source of time, nor lists of packages: that both
// are told is right.
const (
	unclocked = "clock"
	unlisted  = "updates"
)

// Lines of shell that print the version of a tool.
const (
	systemctl     = "systemctl --version | head -n 1"
	dockerVersion = "docker --version"
)

func TestLookLinux(t *testing.T) {
	beside(t, light, 40*time.Second)
	f := newFleet(t, bed.Options{Nodes: []string{"n1"}}, `
[service.job]
kind = "systemd"
on = "n1"
unit = "job.service"

[service.plugin]
kind = "command"
on = "n1"
command = "/usr/local/bin/check_queue -w 10 -c 20"
`)
	f.must(f.Node("n1").Write("/etc/systemd/system/job.service", "[Service]\nExecStart=/bin/sleep infinity\n", 0o644))
	f.must(f.Node("n1").Write("/etc/systemd/system/bad.service", "[Service]\nType=oneshot\nExecStart=/bin/false\n", 0o644))
	f.must(f.Node("n1").Write("/usr/local/bin/check_queue", "#!/bin/sh\nn=$(cat /srv/queue)\necho \"QUEUE $n waiting | queue=$n;10;20\"\n[ \"$n\" -le 20 ] || exit 2\n[ \"$n\" -le 10 ] || exit 1\n", 0o755))
	f.on("n1", "systemctl daemon-reload; systemctl start job; echo 3 >/srv/queue")
	f.well("n1", unclocked, unlisted)
	f.well("job")
	f.finds("plugin", "command", "", "ok", "QUEUE 3 waiting")

	f.part("a disk is full", func(f *fleet) {
		f.on("n1", "fallocate -l 420M /srv/fill")
		f.finds("n1", "disk", "/srv", "warn", "% used")
		f.on("n1", "dd if=/dev/zero of=/srv/more bs=1M 2>/dev/null || :")
		f.finds("n1", "disk", "/srv", "fail", "100% used")
		f.on("n1", "rm /srv/fill /srv/more")
		f.finds("n1", "disk", "/srv", "ok")
	})
	f.part("inodes are used up", func(f *fleet) {
		f.on("n1", `mkdir /srv/many && cd /srv/many && seq 1 200000 | xargs touch 2>/dev/null || :`)
		f.finds("n1", "inodes", "/srv", "fail", "of the inodes used")
		f.on("n1", "rm -r /srv/many")
		f.finds("n1", "inodes", "/srv", "ok")
	})
	f.part("a unit fails", func(f *fleet) {
		f.on("n1", "systemctl start bad 2>/dev/null || :")
		f.finds("n1", "units", "", "fail", "bad.service")
		f.record("linux", "n1", "units-failed", systemctl, []string{"units"})
		f.on("n1", "systemctl reset-failed")
		f.finds("n1", "units", "", "ok")
	})
	f.part("a unit is killed", func(f *fleet) {
		f.on("n1", "systemctl kill -s KILL job; until [ \"$(systemctl is-active job)\" = failed ]; do :; done")
		f.finds("job", "unit", "", "fail")
		f.record("systemd", "n1", "killed", systemctl, []string{"unit"}, `unit = "job.service"`)
		f.on("n1", "systemctl stop job; systemctl reset-failed")
		f.finds("job", "unit", "", "fail", "inactive")
		f.record("systemd", "n1", "inactive", systemctl, []string{"unit"}, `unit = "job.service"`)
		f.on("n1", "systemctl start job")
		f.finds("job", "unit", "", "ok")
		f.record("systemd", "n1", "active", systemctl, []string{"unit"}, `unit = "job.service"`)
	})
	f.part("a plugin", func(f *fleet) {
		f.on("n1", "echo 15 >/srv/queue")
		f.finds("plugin", "command", "", "warn", "15 waiting")
		f.on("n1", "echo 25 >/srv/queue")
		f.finds("plugin", "command", "", "fail", "25 waiting")
		f.on("n1", "chmod -x /usr/local/bin/check_queue")
		f.finds("plugin", "command", "", "unknown")
		f.on("n1", "chmod +x /usr/local/bin/check_queue; echo 3 >/srv/queue")
		f.finds("plugin", "command", "", "ok")
	})
	f.part("updates wait", func(f *fleet) {
		f.finds("n1", "updates", "", "unknown", "no package list was ever fetched")
		f.on("n1", packages+"offer 1; dpkg -i /opt/repo/probe_1_all.deb; apt-get update")
		f.finds("n1", "updates", "", "ok", "0 wait")
		f.on("n1", packages+"offer 2; apt-get update")
		f.finds("n1", "updates", "", "warn", "1 wait, 1 of them for security")
		f.on("n1", "dpkg --unpack /opt/repo/probe_2_all.deb")
		f.finds("n1", "updates", "", "warn", "0 wait", "1 packages are half installed")
		// apt knows what it has read by size and by the second, and all of this may be
		// done within one.
		f.on("n1", `s=$(date +%s); while [ "$(date +%s)" = "$s" ]; do sleep 0.05; done
dpkg --configure -a; touch -d '4 days ago' /var/lib/apt/lists/partial`)
		f.finds("n1", "updates", "", "warn", "0 wait", "counted by lists 4 d")
		f.on("n1", "apt-get update")
		f.finds("n1", "updates", "", "ok", "0 wait")
	})
	f.part("sshd restarts in the middle", func(f *fleet) {
		f.on("n1", "systemctl restart ssh")
		f.finds("n1", "ssh", "", "ok")
	})
	f.well("n1", unclocked)
	f.well("job")
}

// packages is lines of shell that make a Debian repository of security updates
// on a machine, of which it is the only source. offer puts a version of the
// package probe there.
const packages = `set -e
exec >/dev/null 2>&1
mkdir -p /opt/repo /opt/probe/DEBIAN
rm -f /etc/apt/sources.list.d/*
echo 'deb [trusted=yes] file:/opt/repo ./' >/etc/apt/sources.list
offer() {
	printf 'Package: probe\nVersion: %s\nArchitecture: all\nMaintainer: fleet\nDescription: none\n' "$1" >/opt/probe/DEBIAN/control
	f=probe_$1_all.deb
	dpkg-deb --build /opt/probe "/opt/repo/$f"
	cd /opt/repo
	{ dpkg-deb --field "$f"; printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n' "$f" "$(stat -c %s "$f")" "$(sha256sum "$f" | cut -d' ' -f1)"; } >Packages
	{ printf 'Origin: Debian\nLabel: Debian-Security\nSuite: stable-security\nDate: %s\nSHA256:\n' "$(date -Ru)"
	printf ' %s %s Packages\n' "$(sha256sum Packages | cut -d' ' -f1)" "$(stat -c %s Packages)"; } >Release
}
`

func TestLookReach(t *testing.T) {
	beside(t, light, 60*time.Second)
	f := newFleet(t, bed.Options{Nodes: []string{"gate", "inner", "other", "bsd", "poor"}}, `
node.inner: jump = ["gate"]
node.bsd: user = "csh"
node.bsd: sudo = false
node.bsd: kind = "host"
node.bsd: limits = { load = { warn = 500, fail = 1000 } }
node.poor: user = "plain"
`)
	ctx := t.Context()
	// The inner one cannot be reached but through the gate.
	f.must(f.Drop(ctx, "console", "inner", true))
	for _, n := range []string{"gate", "inner", "other"} {
		f.well(n, unclocked, unlisted)
	}
	f.part("a csh", func(f *fleet) {
		f.well("bsd")
		if o := f.on("bsd", "getent passwd csh"); !strings.Contains(o, "tcsh") {
			t.Fatalf("the login shell is not tcsh: %s", o)
		}
	})
	f.part("no sudo", func(f *fleet) {
		for _, r := range f.look("poor") {
			if r.Status == "ok" && strings.Contains(r.Line, "sudo") {
				t.Errorf("a refusal reads as ok: %s", r)
			}
		}
		f.finds("poor", "load", "", "ok")
	})
	f.part("cut off from me, not down", func(f *fleet) {
		f.must(f.Drop(ctx, "console", "other", true))
		f.finds("other", "ssh", "", "unknown", "cut off from me", "gate")
		f.must(f.Drop(ctx, "console", "other", false))
		f.well("other", unclocked, unlisted)
	})
	f.part("down", func(f *fleet) {
		f.must(f.Node("other").Kill(ctx))
		f.finds("other", "ssh", "", "fail")
		for _, r := range f.findings("other") {
			if r.Check != "ssh" && r.Status == "ok" {
				t.Errorf("a dead host is well: %s", r)
			}
		}
		f.must(f.Node("other").Power(ctx))
		f.well("other", unclocked, unlisted)
	})
	f.part("frozen", func(f *fleet) {
		f.must(f.Node("other").Freeze(ctx))
		f.finds("other", "ssh", "", "fail")
		f.must(f.Node("other").Thaw(ctx))
		f.well("other", unclocked, unlisted)
	})
	f.part("slow", func(f *fleet) {
		f.must(f.Slow(ctx, "other", 150*time.Millisecond))
		f.finds("other", "ssh", "", "ok")
		f.must(f.Slow(ctx, "other", 0))
	})
	f.part("the way in is down", func(f *fleet) {
		f.must(f.Node("gate").Kill(ctx))
		o := f.jm("check", "gate", "inner")
		if o.exit != 2 {
			t.Errorf("%s", o)
		}
		for _, r := range f.findings("inner") {
			if r.Status == "ok" {
				t.Errorf("behind a dead gate: %s", r)
			}
		}
		f.must(f.Node("gate").Power(ctx))
		f.well("inner", unclocked, unlisted)
	})
	f.part("another machine answers at its address", func(f *fleet) {
		f.on("other", "cp /etc/ssh/ssh_host_ed25519_key /root/was; rm /etc/ssh/ssh_host_ed25519_key*; ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key; systemctl restart ssh")
		f.finds("other", "ssh", "", "fail", "key")
		f.leaves(76, "check", "other")
		f.on("other", "cp /root/was /etc/ssh/ssh_host_ed25519_key; systemctl restart ssh")
		f.well("other", unclocked, unlisted)
	})
}

// certificate makes a certificate for a name, self-signed, and its key.
func certificate(t *testing.T, name string, addr net.IP, until time.Time) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	is := &x509.Certificate{
		SerialNumber: big.NewInt(until.Unix()), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, IPAddresses: []net.IP{addr},
		NotBefore: until.AddDate(0, -3, 0), NotAfter: until, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, is, is, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: raw}))
}

func TestLookWeb(t *testing.T) {
	beside(t, light, 30*time.Second)
	f := newFleet(t, bed.Options{Nodes: []string{"web"}}, `
[service.site]
kind = "http"
on = "web"
url = "http://10.77.0.11/"
contains = "welcome"

[service.port]
kind = "tcp"
on = "web"
port = 80

[service.safe]
kind = "tls"
on = "web"
address = "10.77.0.11:443"
verify = false
`)
	n := f.Node("web")
	serve := func(f *fleet, left time.Duration) {
		cert, key := certificate(f.t, "web", n.Addr.AsSlice(), time.Now().Add(left))
		f.must(n.Write("/etc/nginx/cert.pem", cert, 0o644))
		f.must(n.Write("/etc/nginx/key.pem", key, 0o600))
		f.on("web", "systemctl restart nginx")
	}
	f.must(n.Write("/etc/nginx/sites-enabled/default", `server {
 listen 80 default_server; listen 443 ssl default_server;
 ssl_certificate /etc/nginx/cert.pem; ssl_certificate_key /etc/nginx/key.pem;
 root /srv/www;
}
`, 0o644))
	f.on("web", "mkdir -p /srv/www; echo welcome >/srv/www/index.html")
	serve(f, 60*24*time.Hour)
	f.well("site")
	f.well("port")
	f.well("safe")

	f.part("the text is another", func(f *fleet) {
		f.on("web", "echo database error >/srv/www/index.html")
		f.finds("site", "http", "", "fail", "welcome")
		f.on("web", "rm /srv/www/index.html")
		f.finds("site", "http", "", "fail", "403")
		f.on("web", "echo welcome >/srv/www/index.html")
		f.well("site")
	})
	f.part("a certificate ends", func(f *fleet) {
		serve(f, 10*24*time.Hour)
		f.finds("safe", "tls", "", "warn", "days")
		serve(f, -25*time.Hour)
		f.finds("safe", "tls", "", "fail", "expired")
		serve(f, 60*24*time.Hour)
		f.well("safe")
	})
	f.part("it is stopped", func(f *fleet) {
		f.on("web", "systemctl stop nginx")
		f.finds("site", "http", "", "fail", "refused")
		f.finds("port", "tcp", "", "fail", "refused")
		f.finds("safe", "tls", "", "fail", "refused")
		f.on("web", "systemctl start nginx")
		f.well("site")
		f.well("port")
		f.well("safe")
	})
	f.part("it hangs", func(f *fleet) {
		f.on("web", "pkill -STOP nginx")
		f.finds("site", "http", "", "fail")
		f.on("web", "pkill -CONT nginx")
		f.well("site")
	})
}

// image makes an image of nothing but busybox on a node's docker.
const image = `systemctl start docker
mkdir -p /tmp/bb/bin && cp /bin/busybox /tmp/bb/bin/ && for c in sh sleep httpd test touch cat wget ls rm sync date; do ln -sf busybox /tmp/bb/bin/$c; done
tar -C /tmp/bb -c . | docker import - lab/bb:1 >/dev/null
`

func TestLookDocker(t *testing.T) {
	beside(t, light, 65*time.Second)
	f := newFleet(t, bed.Options{Nodes: []string{"box"}, Docker: []string{"box"}}, `
[service.engine]
kind = "docker"
on = "box"

[service.shop]
kind = "compose"
on = "box"
services = ["front", "store"]
`)
	f.must(f.Node("box").Write("/opt/shop/docker-compose.yml", `version: "2.4"
services:
  front:
    image: lab/bb:1
    command: sleep 1000000
    healthcheck: {test: ["CMD", "test", "!", "-e", "/sick"], interval: 1s, retries: 1}
  store:
    image: lab/bb:1
    command: sleep 1000000
    volumes: ["data:/data"]
volumes: {data: {}}
`, 0o644))
	f.on("box", image+"cd /opt/shop && docker-compose up -d 2>&1")
	f.well("engine")
	f.well("shop")
	f.record("docker", "box", "well", dockerVersion, []string{"engine", "containers"})
	f.record("compose", "box", "well", dockerVersion, []string{"compose"}, `project = "shop"`)

	f.part("a health check says no", func(f *fleet) {
		f.on("box", "docker exec shop_front_1 touch /sick")
		f.finds("shop", "compose", "front", "fail", "unhealthy")
		f.record("compose", "box", "unhealthy", dockerVersion, []string{"compose"}, `project = "shop"`)
		f.on("box", "docker exec shop_front_1 rm /sick")
		f.well("shop")
	})
	f.part("a container is killed", func(f *fleet) {
		f.on("box", "docker kill shop_store_1")
		f.finds("shop", "compose", "store", "fail", "137")
		f.record("compose", "box", "killed", dockerVersion, []string{"compose"}, `project = "shop"`)
		f.record("docker", "box", "killed", dockerVersion, []string{"engine", "containers"})
		f.on("box", "docker start shop_store_1")
		f.well("shop")
	})
	f.part("it is removed", func(f *fleet) {
		f.on("box", "docker rm -f shop_store_1")
		f.finds("shop", "compose", "store", "fail")
		f.on("box", "cd /opt/shop && docker-compose up -d 2>&1")
		f.well("shop")
	})
	f.part("it is paused", func(f *fleet) {
		f.on("box", "docker pause shop_front_1")
		f.finds("shop", "compose", "front", "warn", "paused")
		f.record("compose", "box", "paused", dockerVersion, []string{"compose"}, `project = "shop"`)
		f.on("box", "docker unpause shop_front_1")
		f.well("shop")
	})
	f.part("the engine is stopped", func(f *fleet) {
		f.on("box", "systemctl stop docker.socket docker")
		f.finds("engine", "engine", "", "fail")
		f.record("docker", "box", "down", dockerVersion, []string{"engine"})
		for _, r := range f.look("shop") {
			if r.Status == "ok" {
				t.Errorf("without an engine: %s", r)
			}
		}
		f.on("box", "systemctl start docker; docker start shop_front_1 shop_store_1")
		f.well("engine")
		f.well("shop")
	})
}

// TestLookMachine looks at what only a kernel of its own has.
func TestLookMachine(t *testing.T) {
	beside(t, heavy, 5*time.Minute)
	f := newFleet(t, bed.Options{Nodes: []string{"n1"}, Machine: "vm"}, `
[share.docs]
kind = "nfs"
class = "user"
on = "vm"
path = "/srv/docs"

[share.seen]
kind = "mount"
class = "user"
on = "vm"
path = "/srv/docs"
mounts = [{ on = "vm", at = "/mnt/docs" }]
fstype = "nfs4"
`)
	ctx := t.Context()
	f.on("vm", "mdadm --create /dev/md0 --run --level=10 --raid-devices=4 --assume-clean /dev/vdb /dev/vdc /dev/vdd /dev/vde 2>&1; mkfs.ext4 -q /dev/md0; mount /dev/md0 /srv")
	f.well("vm", unclocked, unlisted)
	f.finds("vm", "mdraid", "md0", "ok")
	f.record("linux", "vm", "md-well", "mdadm --version 2>&1", []string{"mdraid"})
	f.finds("vm", "disk", "/srv", "ok")

	f.part("a drive of the array fails", func(f *fleet) {
		f.on("vm", "mdadm /dev/md0 --fail /dev/vdc 2>&1")
		f.finds("vm", "mdraid", "md0", "fail", "degraded", "3 of 4", "[U_UU]")
		f.record("linux", "vm", "md-degraded", "mdadm --version 2>&1", []string{"mdraid"})
		f.on("vm", "echo 500 >/proc/sys/dev/raid/speed_limit_max; mdadm /dev/md0 --remove /dev/vdc 2>&1; mdadm --zero-superblock /dev/vdc; mdadm /dev/md0 --add /dev/vdc 2>&1")
		r := f.finds("vm", "mdraid", "md0", "fail", "recovery")
		f.record("linux", "vm", "md-recovery", "mdadm --version 2>&1", []string{"mdraid"})
		t.Log(r)
		f.on("vm", "echo 200000 >/proc/sys/dev/raid/speed_limit_max")
		f.finds("vm", "mdraid", "md0", "ok")
	})
	f.part("processes wait for a disk", func(f *fleet) {
		f.finds("vm", "load", "", "ok", "per processor over 5 min")
		f.on("vm", `fsfreeze -f /srv; for i in $(seq 60); do touch /srv/waits.$i >/dev/null 2>&1 & done
until awk '{ exit $2 < 3.1 }' /proc/loadavg; do sleep 1; done; fsfreeze -u /srv`)
		f.finds("vm", "load", "", "warn", "per processor over 5 min")
	})
	f.part("memory runs out, and swap fills", func(f *fleet) {
		f.finds("vm", "memory", "", "ok", "available")
		f.on("vm", `mkswap /dev/vdf >/dev/null; swapon /dev/vdf; mount -o remount,size=1G /dev/shm
free=$(awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo)
dd if=/dev/zero of=/dev/shm/fill bs=1M count=$((free + 256 - 150)) 2>&1`)
		f.finds("vm", "memory", "", "fail", "available")
		f.finds("vm", "swap", "", "warn", "%")
		f.on("vm", "rm /dev/shm/fill")
		f.finds("vm", "memory", "", "ok", "available")
		f.finds("vm", "swap", "", "ok", "%")
		f.on("vm", "swapoff /dev/vdf")
	})
	f.part("a drive fails", func(f *fleet) {
		f.must(f.Machine().PlugDrive(ctx))
		f.finds("vm", "smart", "/dev/nvme0n1", "ok")
		f.must(f.Machine().DriveSays(ctx, bed.DriveIsReadOnly))
		f.finds("vm", "smart", "/dev/nvme0n1", "fail", "failing")
		f.must(f.Machine().DriveSays(ctx, bed.DriveIsWell))
		f.finds("vm", "smart", "/dev/nvme0n1", "ok")
	})
	f.part("it is too hot", func(f *fleet) {
		f.finds("vm", "temperature", "acpitz", "ok", "21 °C")
		f.must(f.Machine().Heat(ctx, 85))
		f.finds("vm", "temperature", "acpitz", "warn", "85 °C")
		f.must(f.Machine().Heat(ctx, 97))
		f.finds("vm", "temperature", "acpitz", "fail", "97 °C")
		f.must(f.Machine().Heat(ctx, 40))
		f.finds("vm", "temperature", "acpitz", "ok", "40 °C")
	})
	f.part("it waits for a reboot", func(f *fleet) {
		f.on("vm", "echo linux-image-cloud-amd64 >/run/reboot-required.pkgs; touch /run/reboot-required")
		f.finds("vm", "reboot", "", "warn", "needed, for linux-image-cloud-amd64")
		f.on("vm", "rm /run/reboot-required /run/reboot-required.pkgs")
		f.finds("vm", "reboot", "", "ok", "not needed")
	})
	f.part("a share of the kernel's NFS server", func(f *fleet) {
		f.bad("docs", "fail", "no thread of the NFS server runs")
		f.bad("seen", "fail", "not mounted")
		// A server that has just started lets nobody in before its clients of before
		// have had 90 s to say what they held (man rpc.nfsd, -G).
		f.on("vm", `mkdir -p /srv/docs /mnt/docs; echo hello >/srv/docs/a; echo '/srv/docs 127.0.0.1(rw,sync,no_subtree_check)' >/etc/exports
printf '[nfsd]\ngrace-time=10\nlease-time=10\n' >>/etc/nfs.conf
systemctl start nfs-server 2>&1; mount -t nfs4 127.0.0.1:/srv/docs /mnt/docs`)
		f.well("docs")
		f.well("seen")
		f.record("nfs", "vm", "exported", "dpkg-query -W nfs-kernel-server", []string{"nfs"}, `path = "/srv/docs"`)
		f.on("vm", "exportfs -u 127.0.0.1:/srv/docs")
		f.bad("docs", "fail", "/srv/docs is not exported")
		f.record("nfs", "vm", "not-exported", "dpkg-query -W nfs-kernel-server", []string{"nfs"}, `path = "/srv/docs"`)
		// The client cannot tell a withdrawn export from one that it has no right to.
		f.bad("seen", "unknown", "Permission denied")
		f.on("vm", "exportfs -ra")
		f.well("docs")
		f.well("seen")
		f.on("vm", "systemctl stop nfs-server 2>&1")
		f.bad("docs", "fail", "no thread of the NFS server runs")
		f.bad("seen", "fail", "HUNG since")
		f.on("vm", "systemctl start nfs-server 2>&1")
		f.well("docs")
		f.well("seen")
	})
	f.part("one host is fenced off from it", fencedOffNFS)
	f.part("the clock is off", func(f *fleet) {
		f.on("vm", "date -s '+2 hours' >/dev/null")
		f.finds("vm", "clock", "", "fail")
		f.on("vm", fmt.Sprintf("date -s @%d >/dev/null", time.Now().Unix()))
		f.finds("vm", "clock", "", "warn", "not synchronised")
		f.on("vm", "date -s 1970-01-02 >/dev/null")
		f.finds("vm", "clock", "", "fail")
		f.on("vm", fmt.Sprintf("date -s @%d >/dev/null", time.Now().Unix()))
		f.finds("vm", "clock", "", "warn", "not synchronised")
	})
	f.part("it freezes", func(f *fleet) {
		f.must(f.Machine().Freeze(ctx))
		f.finds("vm", "ssh", "", "fail")
		f.must(f.Machine().Thaw(ctx))
		f.finds("vm", "ssh", "", "ok")
	})
	// The mean of five minutes goes down slowly.
	f.on("vm", "until awk '{ exit $2 >= 2.9 }' /proc/loadavg; do sleep 1; done")
	f.finds("vm", "load", "", "ok", "per processor over 5 min")
}

// fencedOffNFS withdraws an export of the machine's from one of its two clients,
// which has a file open and goes on writing. That client is the machine's own
// kernel with a network of its own, and a name of its own for NFS: nothing else
// here can mount it.
func fencedOffNFS(f *fleet) {
	const server, client = "192.0.2.1", "192.0.2.2"
	// What everybody may have, it comes back for.
	const exports = "# written by hand\n/srv/docs 127.0.0.1(rw,sync,no_subtree_check) " + client + "(rw,sync,no_subtree_check,no_root_squash)\n/srv/all *(ro,sync,no_subtree_check)\n"
	fl, err := inventory.Parse("fence.toml", []byte(fmt.Sprintf("[ssh]\nsudo = true\n[node.vm]\n[node.n1]\naddress = %q\n[fence.off]\nof = \"n1\"\non = \"vm\"\nkind = \"nfs-export\"\n", client)), kind.Schema())
	f.must(err)
	k, _ := kind.Lookup("nfs-export")
	fence, err := k.Fence(fl, fl.Fences[0])
	f.must(err)
	f.on("vm", fmt.Sprintf(`ip netns add far; ip link add near type veth peer name far netns far
ip addr add %[1]s/24 dev near; ip link set near up; ip -n far addr add %[2]s/24 dev far; ip -n far link set far up
mkdir -p /srv/all; printf '%[3]s' >/etc/exports; exportfs -ra
ip netns exec far sh -c 'echo far >/sys/fs/nfs/net/nfs_client/identifier'
mkdir -p /mnt/far; nsenter --net=/run/netns/far mount -t nfs4 %[1]s:/srv/docs /mnt/far
systemd-run --quiet --unit=far sh -c 'exec 3>>/mnt/far/log; n=0; while :; do n=$((n + 1)); echo $n >&3 || :; sync -d /mnt/far/log || :; sleep 0.05; done'
until [ -s /srv/docs/log ]; do sleep 0.1; done`, server, client, exports))
	exits := func(what string, s actions.Script, want int, words string) {
		f.t.Helper()
		text, _, err := s.Render()
		f.must(err)
		if said := f.on("vm", "(\n"+text+"\n) 2>&1; echo exit $?"); !strings.HasSuffix(said, fmt.Sprintf("exit %d\n", want)) || !strings.Contains(said, words) {
			f.t.Fatalf("%s: it should end with %d and say %q: %s", what, want, words, said)
		}
	}
	sessions := func() []string {
		f.t.Helper()
		return strings.Fields(f.on("vm", fmt.Sprintf(`for p in /proc/fs/nfsd/clients/*/info; do ! grep -q '^address: "%s:' $p || sed -n 's/^clientid: //p' $p; done`, client)))
	}
	first := sessions()
	if len(first) != 1 {
		f.t.Fatalf("it has sessions %v", first)
	}
	const writes = `timeout 20 sh -c 'echo %s >>/mnt/far/own' 2>&1 && echo written || :`
	exits("survey", fence.Survey, 0, "")
	exits("verify, not fenced", fence.Verify, 1, "it is still exported to "+client)
	if said := f.on("vm", fmt.Sprintf(writes, "before")); said != "written\n" {
		f.t.Fatalf("it is not fenced, and cannot write: %s", said)
	}
	for range 2 { // as after a cut
		exits("fence", fence.Do, 0, "")
		exits("verify", fence.Verify, 0, "")
	}
	eventually(f.t, "it is back", 20*time.Second, func() error {
		if now := sessions(); len(now) != 1 || now[0] == first[0] {
			return fmt.Errorf("it has sessions %v, and had %v", now, first)
		}
		return nil
	})
	had := f.on("vm", "cat /srv/docs/log /srv/docs/own")
	if said := f.on("vm", fmt.Sprintf(writes, "fenced")); strings.Contains(said, "written") {
		f.t.Errorf("it is fenced, and writes: %s", said)
	}
	exits("verify, once it tried", fence.Verify, 0, "")
	if has := f.on("vm", "cat /srv/docs/log /srv/docs/own"); has != had {
		f.t.Errorf("what it wrote arrived:\n%s\nand was\n%s", has, had)
	}
	if said := f.on("vm", "cat /mnt/docs/a"); said != "hello\n" {
		f.t.Errorf("the other client reads %q", said)
	}
	exits("release", *fence.Release, 0, "")
	if is := f.on("vm", "cat /etc/exports"); is != exports {
		f.t.Errorf("the exports are\n%s", is)
	}
	if said := f.on("vm", fmt.Sprintf(writes, "released")); said != "written\n" {
		f.t.Errorf("it was released, and cannot write: %s", said)
	}
	f.on("vm", "systemctl stop far; umount -l /mnt/far; ip link del near; ip netns del far")
}

// TestLookMount has a share on a kernel's NFS server, and one over FUSE whose
// server goes away: a process that touches it hangs and cannot be killed.
func TestLookMount(t *testing.T) {
	beside(t, light, 25*time.Second)
	f := newFleet(t, bed.Options{Nodes: []string{"files", "user"}}, `
[share.docs]
kind = "mount"
class = "application"
on = "files"
path = "/srv/docs"
mounts = [{ on = "user", at = "/mnt/docs" }]
fstype = "fuse.sshfs"
`)
	ctx := t.Context()
	f.must(f.Node("user").Write("/root/key", string(read(t, f.Key())), 0o600))
	f.on("files", "mkdir -p /srv/docs; echo hello >/srv/docs/a")
	mount := "mkdir -p /mnt/docs; sshfs -o allow_other,IdentityFile=/root/key,StrictHostKeyChecking=no root@files:/srv/docs /mnt/docs"
	f.on("user", mount)
	f.well("docs")
	f.part("it is not mounted", func(f *fleet) {
		f.on("user", "umount /mnt/docs")
		f.bad("docs", "fail", "not mounted")
		f.on("user", mount)
		f.well("docs")
	})
	f.part("it hangs", func(f *fleet) {
		f.must(f.Node("files").Freeze(ctx))
		f.bad("docs", "fail", "HUNG since")
		start := time.Now()
		for _, r := range f.look("user") {
			if r.Status != "ok" && r.Check != unclocked && r.Check != unlisted {
				t.Errorf("a hung mount spoils another check: %s", r)
			}
		}
		if n := strings.TrimSpace(f.on("user", "ps -eo stat,args | grep -c '^D.*jurymast' || :")); n != "0" && n != "1" {
			t.Errorf("%s helpers hang at one mount", n)
		}
		t.Logf("a look beside a hung mount took %s", time.Since(start).Round(time.Millisecond))
		f.must(f.Node("files").Thaw(ctx))
		f.well("docs")
	})
}

// bad looks at a target until anything about it has a status and these words.
func (f *fleet) bad(target, status string, words string) {
	f.t.Helper()
	var last []finding
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		last = f.look(target)
		for _, r := range last {
			if r.Status == status && strings.Contains(r.Line, words) {
				return
			}
		}
	}
	f.t.Fatalf("%s: nothing is %s %q within a minute:\n%s", target, status, words, lines(last))
}
