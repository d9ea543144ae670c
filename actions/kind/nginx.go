package kind

import (
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

var nginx = actions.Kind{
	Name: "nginx",
	Doc:  "An nginx server, on its host or in a container (SWAG): running, its configuration right, its certificates renewed.",
	About: `Whether its master and workers run, by its pid file; whether its configuration passes its own test; what its
certificates say. A reload with a broken configuration leaves it running with the old one, so that it is the next
start that fails: that is fail. One that was changed by hand and never loaded is not seen.

The certificates are those that its configuration names and those in certificates. One that was issued after nginx
last read its files is warn: renewed, and not served. What is served is for kind tls. nginx has no view of its
backends: look at them by http or tcp. With status set to the address of its stub_status, connections that it took
and did not serve are warn.

The test needs root, for it reads the keys: without sudo it is unknown. With container all is asked inside of it, by
docker; SWAG's are container = "swag" and certificates = ["/config/etc/letsencrypt/live"]. The rules of --sudoers (sudo
1.9.10 or newer) are for its usual configuration and for certificates named fullchain.pem or .crt: no key may be read.

A copy has what data names (of SWAG the folder of the host that is its /config), else /etc/nginx and, where it is there,
/etc/letsencrypt. A restore tests the copy as if
it lay in its place already, in a view of the files that nobody else has, before it touches anything; where that cannot
be had (in a container) after it is in place, and then what was there comes back. nginx goes on serving meanwhile: it
is made to read its files when all is right, and is seen to do so. A drill tests a copy in such a view, too.`,
	Levels: []inventory.Level{inventory.LevelService, inventory.LevelCheck},
	Options: []inventory.Option{
		{Name: "config", Type: inventory.TypePath, Doc: "its configuration file; the program's own where not said"},
		{Name: "container", Type: inventory.TypeString, Doc: "the container that it runs in"},
		{Name: "unit", Type: inventory.TypeString, Default: "nginx", Doc: "its systemd unit, which starts it after a restore where it does not run"},
		{Name: "status", Type: inventory.TypeURL, Doc: "the address of its stub_status, as its host asks it"},
		certificatesOption,
		proveOption,
	},
	Limits: probeCertLimits,
	Sudoers: append([]string{"/usr/sbin/nginx -T", certificateSudoers}, dockerEntered(
		"nginx -V", "nginx -T", "cat /etc/nginx/nginx.conf", "cat PIDFILE",
		`sh -c cat "$1/proc/stat" "$1"/proc/[0-9]*/stat sh `,
		"find -L PLACE -name fullchain.pem -exec grep -e . /dev/null {} +", "find -L PLACE -name fullchain.pem", "grep -e . /dev/null PLACE",
		"ls -d PLACE", "test -d PLACE", "test -r PLACE",
	)...),
	Checks: nginxChecks,
	Data:   nginxData,
	Proved: map[string]actions.Ground{"look": actions.Real, "backup": actions.Real, "restore": actions.Real},
}

func nginxData(f *inventory.Fleet, t inventory.Target) (actions.Data, error) {
	return proxyData(f, t, proxyCopy{
		in:    map[string]string{"CONFIG": t.Options.String("config"), "UNIT": orDefault(t.Options.String("unit"), "nginx")},
		files: []string{"nginx/server.sh", "nginx/lib.sh", "tls/discreet.sh"},
		usual: []string{"/etc/nginx", "/etc/letsencrypt"},
		tries: true,
	})
}

// usualCertificates is where certbot keeps certificates.
const usualCertificates = "/etc/letsencrypt/live"

func nginxChecks(f *inventory.Fleet, t inventory.Target) []actions.Check {
	s := lookScript(map[string]string{
		"CONFIG": t.Options.String("config"), "CONTAINER": t.Options.String("container"), "STATUS": t.Options.String("status"),
		"CERTIFICATES": certificatesAt(t, usualCertificates), "SUDO": sudo(f, t),
	}, "docker/enter.sh", "nginx/reach.sh", "nginx/lib.sh", "tls/disk.sh", "tls/discreet.sh", "nginx/look.sh")
	read := func(id, title string, judge func(n nginxSaid, a actions.Answer) []actions.Reading) actions.Check {
		c := actions.Check{ID: id, Title: title, Script: s, Every: time.Minute, Read: func(a actions.Answer) []actions.Reading {
			n, why := nginxParse(t, a)
			if why != nil {
				return []actions.Reading{*why}
			}
			return judge(n, a)
		}}
		if id != "nginx" {
			c.Needs = []string{"nginx"}
		}
		return c
	}
	out := []actions.Check{
		read("nginx", "nginx", func(n nginxSaid, a actions.Answer) []actions.Reading { return []actions.Reading{n.process(t, a.Now)} }),
		read("config", "configuration", func(n nginxSaid, _ actions.Answer) []actions.Reading { return []actions.Reading{n.tested(t)} }),
		read("certificates", "certificates", func(n nginxSaid, a actions.Answer) []actions.Reading {
			reload := "nginx -s reload"
			if c := t.Options.String("container"); c != "" {
				reload = "docker exec " + c + " " + reload
			}
			return certificatesJudge(t, certificatesRead(n.parts["certificates"]), certServing{loaded: n.loaded(), reload: reload}, a.Now, usualCertificates)
		}),
	}
	if t.Options.String("status") != "" {
		out = append(out, read("connections", "connections", func(n nginxSaid, a actions.Answer) []actions.Reading {
			return []actions.Reading{n.connections(a)}
		}))
	}
	return out
}

// lookScript puts a look together of several files, the last of which gives it
// its name. It runs as the login.
func lookScript(in map[string]string, names ...string) actions.Script {
	s := compound(in, nil, names...)
	s.Sudo = false
	return s
}
