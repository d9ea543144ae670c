package kind

import (
	"errors"
	"strconv"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

var haproxyKind = actions.Kind{
	Name: "haproxy",
	Doc:  "HAProxy: its backends, configuration and certificates; and a redirect, by its socket, to another server.",
	About: `As a service: whether it answers at its socket, which servers of each backend are up in its eyes, whether its
configuration passes its own test, and what its certificates say. A backend with none up is fail, one with some down is
warn; servers that a person took out (maintenance, drain) are named and are no fault while another is up. Servers that
are not checked are taken for up, as HAProxy does, and said to be so.

It needs "stats socket" in haproxy.cfg, of level user for the look, and socat or nc on its host; a login in group haproxy
needs no sudo for it. The test needs root, for it reads the keys: without sudo it is unknown. At a socket of level
admin it is seen which certificate is served, so that one that was renewed and not read is found.

A copy has data, else /etc/haproxy and, where it is there, /etc/letsencrypt. A restore tests the copy as if it lay in its
place already, in a view of the files that nobody else has, before it touches anything; where that cannot be had after
it is in place, and then what was there comes back. HAProxy goes on serving meanwhile: its master (-W, as the package
starts it) is told to read its files, and is seen to do so by a new process. A drill tests a copy in such a view, too.

As a redirect: needs "stats socket … level admin". Without server the backend has a server for each host, named as the
host: the new one is made ready, the others are put into maintenance and their sessions ended. With server the backend
has that one, and its address is changed. Without server it takes part in a deploy, too: a host is drained (state drain)
until nobody is served by it, what is left after wait is ended, and afterwards it is ready again and seen up. HAProxy's words are compared and its state read again: what brings the
command answers 0 to a mistake as well. What is told by the socket is forgotten when HAProxy is restarted, unless a
server-state-file keeps it.`,
	Levels: []inventory.Level{inventory.LevelService, inventory.LevelCheck, inventory.LevelRedirect},
	Options: []inventory.Option{
		{Name: "socket", Type: inventory.TypePath, Default: "/run/haproxy/admin.sock", Doc: "HAProxy's socket"},
		{Name: "config", Type: inventory.TypePath, Default: "/etc/haproxy/haproxy.cfg", Doc: "its configuration file"},
		{Name: "pid", Type: inventory.TypePath, Default: "/run/haproxy.pid", Doc: "the file with the number of its master"},
		{Name: "unit", Type: inventory.TypeString, Default: "haproxy", Doc: "its systemd unit, which starts it after a restore where it does not run"},
		certificatesOption,
		proveOption,
		{Name: "backend", Type: inventory.TypeString, Doc: "redirect: the backend, needed there"},
		{Name: "server", Type: inventory.TypeString, Doc: "redirect: the one server of it whose address is changed"},
		{Name: "port", Type: inventory.TypePort, Doc: "redirect, with server: the port that changes along"},
		{Name: "wait", Type: inventory.TypeDuration, Default: "10s", Doc: "redirect: how long HAProxy may take to see the new one up, and a server to be drained"},
	},
	Limits: append([]inventory.Limit{
		{Name: "connections", Unit: "%", Warn: 80, Fail: 95, Doc: "share of its maxconn in use"},
	}, probeCertLimits...),
	Sudoers: []string{
		"/usr/sbin/haproxy -c -f /etc/haproxy/haproxy.cfg", "/usr/bin/cat /etc/haproxy/haproxy.cfg",
		"/usr/bin/socat -t 5 stdio unix-connect\\:/run/haproxy/admin.sock", certificateSudoers,
	},
	Checks:   haproxyChecks,
	Data:     haproxyData,
	Redirect: haproxyRedirect,
	Proved:   map[string]actions.Ground{"look": actions.Real, "backup": actions.Real, "restore": actions.Real, "redirect": actions.Real},
}

const (
	haproxySocket = "/run/haproxy/admin.sock"
	haproxyConfig = "/etc/haproxy/haproxy.cfg"
)

func haproxyChecks(f *inventory.Fleet, t inventory.Target) []actions.Check {
	s := lookScript(map[string]string{
		"SOCKET": orDefault(t.Options.String("socket"), haproxySocket), "CONFIG": orDefault(t.Options.String("config"), haproxyConfig),
		"CERTIFICATES": certificatesAt(t, usualCertificates), "SUDO": sudo(f, t),
	}, "tls/disk.sh", "tls/discreet.sh", "haproxy/look.sh")
	read := func(id, title string, judge func(h haproxySaid, a actions.Answer) []actions.Reading) actions.Check {
		c := actions.Check{ID: id, Title: title, Script: s, Every: time.Minute, Read: func(a actions.Answer) []actions.Reading {
			h, why := haproxyParse(t, a)
			if why != nil {
				return []actions.Reading{*why}
			}
			return judge(h, a)
		}}
		if id != "haproxy" {
			c.Needs = []string{"haproxy"}
		}
		return c
	}
	return []actions.Check{
		read("haproxy", "haproxy", func(h haproxySaid, _ actions.Answer) []actions.Reading { return []actions.Reading{h.process(t)} }),
		read("backends", "backends", func(h haproxySaid, _ actions.Answer) []actions.Reading { return h.backends() }),
		read("config", "configuration", func(h haproxySaid, _ actions.Answer) []actions.Reading { return []actions.Reading{h.tested()} }),
		read("certificates", "certificates", func(h haproxySaid, a actions.Answer) []actions.Reading {
			return certificatesJudge(t, certificatesRead(h.parts["certificates"]), h.serving(), a.Now, usualCertificates)
		}),
	}
}

func haproxyData(f *inventory.Fleet, t inventory.Target) (actions.Data, error) {
	return proxyData(f, t, proxyCopy{
		in: map[string]string{
			"SOCKET": orDefault(t.Options.String("socket"), haproxySocket), "CONFIG": orDefault(t.Options.String("config"), haproxyConfig),
			"PID": orDefault(t.Options.String("pid"), "/run/haproxy.pid"), "UNIT": orDefault(t.Options.String("unit"), "haproxy"),
		},
		files: []string{"haproxy/server.sh", "tls/discreet.sh"},
		usual: []string{"/etc/haproxy", "/etc/letsencrypt"},
		tries: true,
	})
}

func haproxyRedirect(_ *inventory.Fleet, x inventory.Redirect) (actions.Redirect, error) {
	on, err := doneOn(x.On, "the proxy")
	if err != nil {
		return actions.Redirect{}, err
	}
	if x.Options.String("backend") == "" {
		return actions.Redirect{}, errors.New("it is not said which backend is led over: set backend")
	}
	_, wait := waitOf(x.Options, "wait", 10*time.Second)
	in := map[string]string{
		"SOCKET": orDefault(x.Options.String("socket"), haproxySocket), "BACKEND": x.Options.String("backend"),
		"SERVER": x.Options.String("server"), "SERVER_PORT": "", "WAIT": wait,
	}
	if p := x.Options.Int("port"); p > 0 {
		in["SERVER_PORT"] = strconv.FormatInt(p, 10)
	}
	r := wayRedirect(actions.Redirect{Host: on, Text: "lead backend " + in["BACKEND"] + " of " + on.Name() + " over"}, in, nil, "haproxy")
	if in["SERVER"] == "" {
		verb := func(name string) *actions.Script {
			s := wayScript(in, nil, "haproxy/lib.sh", "haproxy/turns.sh", "haproxy/"+name+".sh")
			return &s
		}
		r.Turn, r.Drain, r.Undrain = verb("turn"), verb("drain"), verb("undrain")
	}
	return r, nil
}
