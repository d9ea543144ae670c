package kind

import (
	"fmt"
	"strconv"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

var rfc2136 = actions.Kind{
	Name: "rfc2136",
	Doc:  "A redirect: a record is changed at its name server by a signed update (nsupdate), and seen there.",
	About: `For BIND, Knot, PowerDNS and whoever else takes updates of RFC 2136 signed with a TSIG key. On the host that it is
done on nsupdate and dig are needed (apt install bind9-dnsutils). The key goes to nsupdate's standard input, never to a
file or an argument.

When the plan is made the record is asked for at the server, which must be its authority, and must lead to one of the
service's hosts. Its TTL is part of the plan's outage: lower it before it is needed. An update that changes nothing is
sent along, so that a wrong key, a clock that is off by more than five minutes, a secondary, or a key without the right
to this record is found then and not in the failover. A record that has several addresses, or is an alias, is refused.

The change is made only if the record still leads to what the plan saw: the server itself compares (a prerequisite of
RFC 2136), and refuses it otherwise. Then it is asked for at the server and at all authorities. With update-policy in
BIND: grant KEY name RECORD A;`,
	Levels: []inventory.Level{inventory.LevelRedirect},
	Options: nameOptions(
		inventory.Option{Name: "server", Type: inventory.TypeString, Required: true, Doc: "the primary name server, as \"ADDRESS\" or \"ADDRESS#PORT\""},
		inventory.Option{Name: "key", Type: inventory.TypeString, Required: true, Doc: "the key's name, as the server has it"},
		inventory.Option{Name: "secret", Type: inventory.TypeSecret, Required: true, Doc: "the key's secret, in base64"},
		inventory.Option{Name: "algorithm", Type: inventory.TypeEnum, Values: tsigAlgorithms, Default: "hmac-sha256", Doc: "the key's algorithm"},
		inventory.Option{Name: "zone", Type: inventory.TypeString, Doc: "the zone; asked of the server where not said"},
		inventory.Option{Name: "ttl", Type: inventory.TypeDuration, Doc: "the TTL that the record is given; the one that it has where not said"},
	),
	Redirect: func(f *inventory.Fleet, x inventory.Redirect) (actions.Redirect, error) {
		on, err := doneOn(x.On, "a host that has nsupdate")
		if err != nil {
			return actions.Redirect{}, err
		}
		in, err := nameInputs(f, x)
		if err != nil {
			return actions.Redirect{}, err
		}
		if in["SERVER"], err = nameServers([]string{x.Options.String("server")}); err != nil {
			return actions.Redirect{}, fmt.Errorf("server: %w", err)
		}
		if in["KEY"], err = domainName(x.Options.String("key")); err != nil {
			return actions.Redirect{}, fmt.Errorf("key: %w", err)
		}
		in["ALGORITHM"] = orDefault(x.Options.String("algorithm"), "hmac-sha256")
		if in["ZONE"] = x.Options.String("zone"); in["ZONE"] != "" {
			if in["ZONE"], err = domainName(in["ZONE"]); err != nil {
				return actions.Redirect{}, fmt.Errorf("zone: %w", err)
			}
		}
		in["TTL"] = ""
		if ttl := x.Options.Duration("ttl"); ttl > 0 {
			in["TTL"] = strconv.FormatInt(int64(ttl/time.Second), 10)
		}
		keep := keepOf(x.Options, map[string]string{"secret": "TSIG_SECRET"})
		return nameRedirect(actions.Redirect{Host: on, Text: "have " + in["RECORD"] + " lead to the new host"}, in, keep, "rfc2136"), nil
	},
	Proved: map[string]actions.Ground{"redirect": actions.Real},
}

// tsigAlgorithms are those of RFC 8945 that are still to be used, and the one
// that old keys have.
var tsigAlgorithms = []string{"hmac-sha256", "hmac-sha384", "hmac-sha512", "hmac-sha224", "hmac-sha1", "hmac-md5"}
