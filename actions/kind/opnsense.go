package kind

import (
	"math"
	"slices"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

var opnsense = actions.Kind{
	Name: "opnsense",
	Doc:  "An OPNsense firewall: gateways, CARP, services, updates, and its configuration kept and brought back.",
	About: `The firewall answers as root, whose login shell is a menu, and csh for what is sent: neither is used, everything goes
to /bin/sh. Besides what kind host looks at, its own tools are asked: opnsense-version, configctl, ifconfig, zpool.
configctl ends with 0 whatever it says, so that only an answer in its own form counts.

Gateways are judged by the firewall's own monitoring. One that is not monitored is taken for online by the firewall
and reads unknown here: turn its monitoring on, or name it in ignore. CARP reads fail when the firewall was demoted
without maintenance and when an address is in INIT, and with role when another part is played than is meant. Updates
are those that the firewall itself found when it last checked ("configctl firmware probe", or its cron): none is
started from here. Who changed the configuration last, when and why is told; limits = { changed = … } warns of it.

Its data is /conf/config.xml: users, keys and certificates with it, so it is a secret as a whole. Not in it are logs,
graphs and leases. The copy also holds the version that it belongs to. It is made on the firewall: the repository's
tool has to be there (pkg install restic), or the folder of a directory repository has to be mounted there. A restore
takes only a configuration that is whole and well-formed, of the installed series, and for network cards that are
there. In which settings it differs from the live one is said first, by their paths and without what they hold, as a drill
says what has changed since a copy. The one before is set aside beside it, and once more among the firewall's own. Then everything is reloaded,
which cuts connections. On the standby of a pair the next synchronisation overwrites what was restored.

Two firewalls that share CARP addresses are a service with one in on and the other in standby; only CARP is looked at
then. As planned, the active one is put into CARP maintenance: it is demoted, the other takes over, and the way back
ends that maintenance first. The command is a switch that goes either way; it is given only where it is needed, and
what it did is read from its answer. Where pfsync runs, open connections go on. Nothing is taken over by force: a
firewall that does not hear the other takes over by itself, and an emergency waits for that. Two that do not hear one
another are both active, which is found and is fail.

Written after the documentation and source of OPNsense 24 to 26; no firewall has been seen.`,
	Levels: []inventory.Level{inventory.LevelVM, inventory.LevelNode, inventory.LevelService},
	Options: []inventory.Option{
		{Name: "role", Type: inventory.TypeEnum, Values: []string{"any", "active", "standby"}, Default: "any", Doc: "the part that it is meant to play for its CARP addresses"},
		{Name: "ignore", Type: inventory.TypeList, Doc: "gateways and services that are not looked at, by name"},
		{Name: "wait", Type: inventory.TypeDuration, Default: "30s", Doc: "how long the other firewall may take to take over"},
	},
	Limits: slices.Concat(host.Limits, []inventory.Limit{
		{Name: "delay", Unit: "ms", Warn: 200, Fail: math.NaN(), Doc: "delay to what a gateway is monitored by"},
		{Name: "loss", Unit: "%", Warn: 10, Fail: 50, Doc: "loss to what a gateway is monitored by"},
		{Name: "updates", Warn: 0, Fail: math.NaN(), Doc: "packages with updates that wait"},
		{Name: "checked", Unit: "days", Warn: 7, Fail: math.NaN(), Doc: "how long ago it last looked for updates"},
		{Name: "changed", Unit: "h", Warn: math.NaN(), Fail: math.NaN(), Low: true, Doc: "how long ago its configuration was changed"},
	}),
	Sudoers: []string{
		"/usr/local/sbin/configctl interface gateways status",
		"/usr/local/sbin/configctl interface show carp",
		"/usr/local/sbin/configctl service list",
	},
	Checks: opnsenseChecks,
	Data:   opnsenseData,
	Move:   opnsenseMove,
	Proved: map[string]actions.Ground{"look": actions.Documented, "backup": actions.Documented, "restore": actions.Documented, "failover": actions.Documented},
}

func opnsenseChecks(f *inventory.Fleet, t inventory.Target) []actions.Check {
	if t.Ref.Level() == inventory.LevelService {
		return opnsensePair(f, t)
	}
	s := script("opnsense/look.sh", map[string]string{"SUDO": sudo(f, t)})
	of := func(id, title string, every time.Duration, read func(opnsenseSaid, actions.Answer) []actions.Reading) actions.Check {
		return actions.Check{ID: id, Title: title, Script: s, Every: every, Limit: 40 * time.Second, Read: func(a actions.Answer) []actions.Reading {
			o, why := opnsenseParse(a)
			if why != nil {
				return []actions.Reading{*why}
			}
			return read(o, a)
		}}
	}
	return append(host.Checks(f, t),
		of("version", "version", time.Minute, func(o opnsenseSaid, _ actions.Answer) []actions.Reading { return o.judgeVersion() }),
		of("gateways", "gateways", time.Minute, func(o opnsenseSaid, _ actions.Answer) []actions.Reading { return o.judgeGateways(t) }),
		of("carp", "CARP", time.Minute, func(o opnsenseSaid, _ actions.Answer) []actions.Reading { return o.judgeCARP(t) }),
		of("services", "services", time.Minute, func(o opnsenseSaid, _ actions.Answer) []actions.Reading { return o.judgeServices(t) }),
		of("updates", "updates that wait", time.Minute, func(o opnsenseSaid, a actions.Answer) []actions.Reading { return o.judgeUpdates(t, a.Now) }),
		of("pools", "ZFS pools", time.Minute, func(o opnsenseSaid, _ actions.Answer) []actions.Reading { return o.judgePools() }),
		of("config", "its configuration", time.Minute, func(o opnsenseSaid, a actions.Answer) []actions.Reading { return o.judgeConfig(t, a.Now) }),
	)
}

// opnsenseData is the configuration, with the file that says of which version.
func opnsenseData(_ *inventory.Fleet, t inventory.Target) (actions.Data, error) {
	verb := func(name string) *actions.Script {
		s := compound(map[string]string{"FOLDER": "/var/lib/jurymast"}, nil, commonFile, "opnsense/lib.sh", "opnsense/"+name)
		return &s
	}
	return actions.Data{
		Paths:  []string{"/conf/config.xml", "/usr/local/opnsense/version/core"},
		Survey: *verb("survey.sh"),
		Put:    verb("put.sh"), Back: verb("back.sh"), Prove: verb("prove.sh"), Try: verb("try.sh"),
	}, nil
}
