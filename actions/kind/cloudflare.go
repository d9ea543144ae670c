package kind

import (
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

var cloudflare = actions.Kind{
	Name: "cloudflare",
	Doc:  "A redirect: a record is changed at Cloudflare, and seen at the name servers of its zone.",
	About: `The API (version 4) is asked by curl on the host that it is done on; dig is needed there as well. The token needs
DNS:Edit and Zone:Read of the zone, and reaches curl on its standard input, never as an argument.

When the plan is made the record must be there once, lead to one of the service's hosts, and be the same at the name
servers of the zone: so a token that is wrong, has expired or may only read, and a zone that is not active, are found
then. The record's TTL is part of the plan's outage ("automatic" is 300 s); lower it before it is needed. Of a record
behind the proxy clients see the proxy's addresses alone: there is no TTL to wait for, and only the API can be asked.

The change is made to the very record that the plan saw, and only if it still leads where it did then. The API has no
condition of its own: it is asked right before, and what another does within that second is overwritten. The record
stays as it is otherwise. What comes back is read, whatever the HTTP status says.`,
	Levels: []inventory.Level{inventory.LevelRedirect},
	Options: nameOptions(
		inventory.Option{Name: "zone", Type: inventory.TypeString, Required: true, Doc: "the zone, as Cloudflare names it: \"example.org\""},
		inventory.Option{Name: "token", Type: inventory.TypeSecret, Required: true, Doc: "a token of the API with DNS:Edit and Zone:Read of the zone"},
		inventory.Option{Name: "ttl", Type: inventory.TypeDuration, Doc: "the TTL that the record is given, from 1m to 1d; the one that it has where not said"},
		inventory.Option{Name: "api", Type: inventory.TypeURL, Default: "https://api.cloudflare.com/client/v4", Doc: "where the API is"},
	),
	Redirect: func(f *inventory.Fleet, x inventory.Redirect) (actions.Redirect, error) {
		on, err := doneOn(x.On, "a host that has curl and dig")
		if err != nil {
			return actions.Redirect{}, err
		}
		in, err := nameInputs(f, x)
		if err != nil {
			return actions.Redirect{}, err
		}
		if in["ZONE"], err = domainName(x.Options.String("zone")); err != nil {
			return actions.Redirect{}, fmt.Errorf("zone: %w", err)
		}
		if in["RECORD"] != in["ZONE"] && !strings.HasSuffix(in["RECORD"], "."+in["ZONE"]) {
			return actions.Redirect{}, fmt.Errorf("%s does not lie in the zone %s", in["RECORD"], in["ZONE"])
		}
		if in["API"], err = apiAddress(orDefault(x.Options.String("api"), "https://api.cloudflare.com/client/v4")); err != nil {
			return actions.Redirect{}, err
		}
		in["TTL"] = ""
		if ttl := x.Options.Duration("ttl"); ttl > 0 {
			in["TTL"] = strconv.FormatInt(int64(ttl/time.Second), 10)
		}
		keep := keepOf(x.Options, map[string]string{"token": "CLOUDFLARE_TOKEN"})
		out := actions.Redirect{Host: on, Text: "have " + in["RECORD"] + " lead to the new host, at Cloudflare"}
		return nameRedirect(out, in, keep, "cloudflare", jsonFile, httpFile), nil
	},
	Proved: map[string]actions.Ground{"redirect": actions.Documented},
}

var duckdns = actions.Kind{
	Name: "duckdns",
	Doc:  "A redirect: a name of duckdns.org is changed, and seen at its name servers.",
	About: `The address is sent by curl on the host that it is done on; dig is needed there as well. The token is part of the
address that is asked for, which curl reads on its standard input: it is no argument.

DuckDNS tells nothing of a name or a token but by an update. So when the plan is made its name servers are asked, and
what all of them have is sent once more: that changes nothing, and a wrong token is found then and not in the failover.
Its name servers must agree and lead to one of the service's hosts; their TTL is part of the plan's outage.

The change is made only if they still say what the plan saw. An updater that goes on at the old site (SWAG's container,
a router) takes the name back within minutes: it has to be fenced along. Addresses of IPv6 are refused: what becomes of
the other record is not documented.`,
	Levels: []inventory.Level{inventory.LevelRedirect},
	Options: nameOptions(
		inventory.Option{Name: "token", Type: inventory.TypeSecret, Required: true, Doc: "the account's token"},
		inventory.Option{Name: "api", Type: inventory.TypeURL, Default: "https://www.duckdns.org", Doc: "where updates are sent"},
	),
	Redirect: func(f *inventory.Fleet, x inventory.Redirect) (actions.Redirect, error) {
		on, err := doneOn(x.On, "a host that has curl and dig")
		if err != nil {
			return actions.Redirect{}, err
		}
		in, err := nameInputs(f, x)
		if err != nil {
			return actions.Redirect{}, err
		}
		name, ok := strings.CutSuffix(in["RECORD"], ".duckdns.org")
		switch {
		case !ok || strings.Contains(name, "."):
			return actions.Redirect{}, fmt.Errorf("%s is no name of DuckDNS: these are NAME.duckdns.org, and what stands ahead of one follows it", in["RECORD"])
		case in["TYPE"] != "A":
			return actions.Redirect{}, fmt.Errorf("the addresses of %s are of IPv6, which is not known to leave the other record alone: set addresses", x.Of)
		}
		in["SUBDOMAIN"] = name
		if in["API"], err = apiAddress(orDefault(x.Options.String("api"), "https://www.duckdns.org")); err != nil {
			return actions.Redirect{}, err
		}
		keep := keepOf(x.Options, map[string]string{"token": "DUCKDNS_TOKEN"})
		out := actions.Redirect{Host: on, Text: "have " + in["RECORD"] + " lead to the new host"}
		return nameRedirect(out, in, keep, "duckdns", httpFile), nil
	},
	Proved: map[string]actions.Ground{"redirect": actions.Documented},
}

// apiAddress returns the address of an API, to which a secret is sent: nothing
// but https, or what does not leave the machine.
func apiAddress(s string) (string, error) {
	u, err := url.Parse(s)
	if err != nil {
		return "", fmt.Errorf("api: %w", err)
	}
	ip, err := netip.ParseAddr(u.Hostname())
	local := err == nil && ip.IsLoopback()
	if u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Scheme != "https" && (u.Scheme != "http" || !local) {
		return "", fmt.Errorf("api: %q is no address of https", s)
	}
	return strings.TrimSuffix(u.String(), "/"), nil
}
