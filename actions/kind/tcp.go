package kind

import (
	"fmt"
	"net"

	"jurymast/actions"
	"jurymast/inventory"
)

var tcp = actions.Kind{
	Name: "tcp",
	Doc:  "A port that must take connections.",
	About: `Opens a connection to address and port, and closes it again. Nothing is sent.

Where only a port is said, it is that of the service's own host, seen from there through its SSH connection. An
address of another name is seen from the console's machine; from = "host" looks from that host, and the name is
resolved there.

A port that takes connections says little about what is behind it: a proxy answers for a dead service, and a
full backlog is accepted by the kernel. Use http or command where there is something to ask.`,
	Levels: []inventory.Level{inventory.LevelService, inventory.LevelCheck},
	Options: []inventory.Option{
		{Name: "address", Type: inventory.TypeString, Doc: "host, or host:port; the target's own host where only a port is said"},
		{Name: "port", Type: inventory.TypePort, Doc: "port; host and port of the url where neither is said"},
		probeFrom,
	},
	Limits: []inventory.Limit{
		{Name: "time", Unit: "s", Warn: 1, Fail: 5, Doc: "time until the connection stands"},
	},
	Checks: func(_ *inventory.Fleet, t inventory.Target) []actions.Check {
		address, why := probeAddress(t, "")
		host, _, _ := net.SplitHostPort(address) // "" is no loopback
		return []actions.Check{{
			ID:    "tcp",
			Title: "connects",
			Probe: &actions.Probe{Net: "tcp", Address: address},
			Host:  probeHost(t, host),
			Limit: probeLimit(boundOf(t, "time")),
			Read: func(a actions.Answer) []actions.Reading {
				if why != "" {
					return actions.UnknownReading("%s", why)
				}
				return tcpRead(t, address, a)
			},
		}}
	},
	Proved: map[string]actions.Ground{"look": actions.Real},
}

func tcpRead(t inventory.Target, address string, a actions.Answer) []actions.Reading {
	p := a.Probe
	switch {
	case p == nil:
		return actions.UnknownReading("%s: it was not asked", address)
	case p.Err != "":
		return probeTrouble(address, p)
	}
	b := boundOf(t, "time")
	took := p.Connect.Seconds()
	s := judge(b, took)
	return []actions.Reading{{
		Status:  s,
		Line:    fmt.Sprintf("%.3f s until %s was connected%s", took, address, limitWords(b, s, "s")),
		Metrics: []actions.Metric{measured("time", "s", took, b)},
	}}
}
