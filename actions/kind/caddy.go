package kind

import (
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

var caddy = actions.Kind{
	Name: "caddy",
	Doc:  "Caddy: its upstreams, its configuration and the certificates in its storage.",
	About: `Whether it answers at its admin API, which upstreams it calls healthy, whether its Caddyfile can be read, and what
the certificates in its storage say. An upstream that is down is warn while another of its group is up, and fail when
none is. Caddy looks at upstreams itself only with health_uri or the like: without, all are healthy until requests fail,
and its numbers are up to ten seconds old. With "admin off" it cannot be asked, and is unknown.

Read is the Caddyfile alone (caddy adapt): the full test makes certificates of its own and writes to the storage, which
a look does not. What the unit has in its environment is not there in a look: a file that cannot do without {$NAME} reads
as broken. A configuration that is JSON is not tested. No part of the live one leaves the host but who shares a load.

The storage is closed to all but root and caddy: without sudo the certificates are unknown. Caddy renews at a third of
their lifetime; what is below the limits is late.

A copy has what data names, else /etc/caddy and, where it is there, /var/lib/caddy/.local/share/caddy with certificates,
accounts and the keys of its own authority. A restore has caddy validate the copy, as its own user, as if it lay in its
place already, in a view of the files that nobody else has, before it touches anything; where that cannot be had after
it is in place, and then what was there comes back. Caddy goes on serving meanwhile, and a configuration that it cannot
load leaves it with the one before: that is seen, too.`,
	Levels: []inventory.Level{inventory.LevelService, inventory.LevelCheck},
	Options: []inventory.Option{
		{Name: "admin", Type: inventory.TypeString, Default: "localhost:2019", Doc: "its admin API: host:port, or the path of its socket"},
		{Name: "config", Type: inventory.TypePath, Default: caddyConfig, Doc: "its configuration file"},
		{Name: "user", Type: inventory.TypeString, Default: "caddy", Doc: "the system's user that it runs as"},
		{Name: "unit", Type: inventory.TypeString, Default: "caddy", Doc: "its systemd unit, by which it is reloaded and started"},
		{Name: "certificates", Type: inventory.TypeList, Default: `["` + caddyStorage + `/certificates"]`, Doc: "where certificates lie: its storage, and files that it was given"},
		proveOption,
	},
	Limits: probeCertLimits,
	Sudoers: []string{
		"/usr/bin/caddy adapt --config " + caddyConfig,
		"/usr/bin/find -L " + caddyStorage + "/certificates -name \\*.crt -exec grep -e . /dev/null {} +",
	},
	Checks: caddyChecks,
	Data:   caddyData,
	Proved: map[string]actions.Ground{"look": actions.Real, "backup": actions.Real, "restore": actions.Real},
}

const (
	caddyConfig  = "/etc/caddy/Caddyfile"
	caddyStorage = "/var/lib/caddy/.local/share/caddy"
	caddyAdmin   = "localhost:2019"
)

func caddyChecks(f *inventory.Fleet, t inventory.Target) []actions.Check {
	config := orDefault(t.Options.String("config"), caddyConfig)
	s := lookScript(map[string]string{
		"ADMIN": orDefault(t.Options.String("admin"), caddyAdmin), "CONFIG": config,
		"CERTIFICATES": certificatesAt(t, caddyStorage+"/certificates"), "SUDO": sudo(f, t),
	}, "tls/disk.sh", "tls/discreet.sh", "caddy/look.sh")
	read := func(id, title string, judge func(c caddySaid, a actions.Answer) []actions.Reading) actions.Check {
		c := actions.Check{ID: id, Title: title, Script: s, Every: time.Minute, Read: func(a actions.Answer) []actions.Reading {
			c, why := caddyParse(t, a)
			if why != nil {
				return []actions.Reading{*why}
			}
			return judge(c, a)
		}}
		if id != "caddy" {
			c.Needs = []string{"caddy"}
		}
		return c
	}
	out := []actions.Check{
		read("caddy", "caddy", func(c caddySaid, a actions.Answer) []actions.Reading { return []actions.Reading{c.process(t, a.Now)} }),
		read("upstreams", "upstreams", func(c caddySaid, _ actions.Answer) []actions.Reading { return c.judge() }),
		read("certificates", "certificates", func(c caddySaid, a actions.Answer) []actions.Reading {
			return certificatesJudge(t, certificatesRead(c.parts["certificates"]), certServing{}, a.Now, caddyStorage+"/certificates")
		}),
	}
	if !strings.HasSuffix(config, ".json") {
		out = append(out, read("config", "configuration", func(c caddySaid, _ actions.Answer) []actions.Reading { return []actions.Reading{c.tested()} }))
	}
	return out
}

func caddyData(f *inventory.Fleet, t inventory.Target) (actions.Data, error) {
	return proxyData(f, t, proxyCopy{
		in: map[string]string{
			"ADMIN": orDefault(t.Options.String("admin"), caddyAdmin), "CONFIG": orDefault(t.Options.String("config"), caddyConfig),
			"OWNER": orDefault(t.Options.String("user"), "caddy"), "UNIT": orDefault(t.Options.String("unit"), "caddy"),
		},
		files: []string{"caddy/server.sh", "tls/discreet.sh"},
		usual: []string{"/etc/caddy", caddyStorage},
	})
}
