package kind

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

var traefik = actions.Kind{
	Name: "traefik",
	Doc:  "Traefik: its routers and what is wrong with them, the servers behind its services, its certificates.",
	About: `Asked are its API and /ping, from its host or, with container, from inside it, in two calls: one that does not answer
is not asked on. A router of HTTP, TCP or UDP that Traefik has switched off is fail and one that it warns of is warn, each
with Traefik's own reason, and so are services. Neither /ping nor the overview sees a server that is dead: a service none
of whose servers is up is fail, one with some down is warn. Traefik looks at servers only where a healthCheck is
configured: without, all are up from the beginning. Of TCP it knows health checks since 3.6, of UDP none.

A broken file of the dynamic configuration changes nothing that the API shows: the old one stays, and only Traefik's log
says so. Started anew, Traefik is without all that such a file holds, and calls nothing wrong. It needs --api (with
--api.insecure at port 8080) and --ping; without /ping its API has to do. An API that wants a password, or lies behind a
router that asks for one, is unknown.

acme names the files of its certificates as its host sees them; they hold keys, and so only root and Traefik may read
them: without sudo they are unknown. One that others may read is fail: Traefik starts, leaves its resolver out, and shows
a certificate of its own making; of several resolvers that share a file only the first is left out, and the others begin
anew. It does the same with one that is not whole, which the look does not see. Traefik renews 30 days before the end of
90. Of the file nothing but certificates leaves the host. The rules of --sudoers (sudo 1.9.10 or newer) are for
/etc/traefik/acme.json, and for a container that is asked at its own loopback address.

A copy has what data names (of a container the folders of the host that it reads), else /etc/traefik, and always the
files of acme. Traefik has no test of a configuration: of a copy it is seen that these files are whole and closed to
others, and it is put back with Traefik stopped, which writes them from memory. What was there comes back where Traefik
does not start with the copy, or does not answer. It answers before it has read its dynamic configuration, and a broken
file of that is not seen by that, either: set prove. It is led over by kind proxy-file, which writes a file of its
dynamic configuration.`,
	Levels: []inventory.Level{inventory.LevelService, inventory.LevelCheck},
	Options: []inventory.Option{
		{Name: "api", Type: inventory.TypeURL, Default: traefikAPI, Doc: "its API, without /api"},
		{Name: "ping", Type: inventory.TypeURL, Doc: "its /ping, where that is not at the port of the API"},
		{Name: "container", Type: inventory.TypeString, Doc: "the container that it runs in, from inside which it is asked"},
		{Name: "acme", Type: inventory.TypeList, Doc: "files of its certificates, as its host sees them: /etc/traefik/acme.json"},
		{Name: "unit", Type: inventory.TypeString, Default: "traefik", Doc: "its systemd unit, without a container: stopped and started around a restore"},
		proveOption,
	},
	Limits: probeCertLimits,
	Sudoers: slices.Concat(dockerEntered(
		"wget -q -T 5 -O - HERE/api/version HERE/api/overview",
		"wget -q -T 5 -O -"+traefikLists("http", "tcp", "udp")+" HERE/ping", "wget -q -T 5 -O -"+traefikLists("http", "tcp")+" HERE/ping",
	), traefikACMERules),
	Checks: traefikChecks,
	Data:   traefikData,
	Proved: map[string]actions.Ground{"look": actions.Recorded, "backup": actions.Documented, "restore": actions.Documented},
}

// traefikACMERules let what is no key be read of the usual file.
var traefikACMERules = []string{
	"/usr/bin/ls -lL " + traefikACME,
	"/usr/bin/grep ^" + regexp.QuoteMeta(`-o "certificate": *"[A-Za-z0-9+/=]*" `+traefikACME) + "$",
}

const traefikACME = "/etc/traefik/acme.json"

const traefikAPI = "http://127.0.0.1:8080"

// traefikLists are what is asked of a Traefik that knows these protocols.
func traefikLists(protocols ...string) string {
	var asked strings.Builder
	for _, of := range protocols {
		asked.WriteString(" HERE/api/" + of + "/routers?per_page=10000 HERE/api/" + of + "/services?per_page=10000")
	}
	return asked.String()
}

// traefikInputs are what every script is told of a Traefik.
func traefikInputs(t inventory.Target) map[string]string {
	api := strings.TrimRight(orDefault(t.Options.String("api"), traefikAPI), "/")
	return map[string]string{
		"API": api, "PING": orDefault(t.Options.String("ping"), api+"/ping"), "CONTAINER": t.Options.String("container"),
		"ACME": strings.Join(t.Options.List("acme"), "\n"),
	}
}

// traefikData is its configuration and its certificates, put back while it does
// not run.
func traefikData(f *inventory.Fleet, t inventory.Target) (actions.Data, error) {
	in := traefikInputs(t)
	in["UNIT"] = orDefault(t.Options.String("unit"), "traefik")
	const server = "traefik/server.sh"
	d, err := proxyData(f, t, proxyCopy{in: in, files: []string{server, jsonFile}, usual: []string{"/etc/traefik"}, also: t.Options.List("acme")})
	if err != nil {
		return d, err
	}
	stop, start := compound(in, nil, filesLib, server, "traefik/stop.sh"), compound(in, nil, filesLib, server, "traefik/start.sh")
	d.Stop, d.Start = &stop, &start
	return d, nil
}

func traefikChecks(f *inventory.Fleet, t inventory.Target) []actions.Check {
	in := traefikInputs(t)
	api := in["API"]
	in["SUDO"] = sudo(f, t)
	s := lookScript(in, "docker/enter.sh", "traefik/look.sh")
	read := func(id, title string, judge func(x traefikSaid, a actions.Answer) []actions.Reading) actions.Check {
		c := actions.Check{ID: id, Title: title, Script: s, Every: time.Minute, Read: func(a actions.Answer) []actions.Reading {
			x, why := traefikParse(t, api, a)
			if why != nil {
				return []actions.Reading{*why}
			}
			return judge(x, a)
		}}
		if id != "traefik" {
			c.Needs = []string{"traefik"}
		}
		return c
	}
	out := []actions.Check{
		read("traefik", "traefik", func(x traefikSaid, _ actions.Answer) []actions.Reading { return []actions.Reading{x.process()} }),
		read("routers", "routers", func(x traefikSaid, _ actions.Answer) []actions.Reading { return x.routers() }),
		read("services", "services", func(x traefikSaid, _ actions.Answer) []actions.Reading { return x.services() }),
	}
	if len(t.Options.List("acme")) > 0 {
		out = append(out, read("certificates", "certificates", func(x traefikSaid, a actions.Answer) []actions.Reading {
			return x.certificates(t, a.Now)
		}))
	}
	return out
}
