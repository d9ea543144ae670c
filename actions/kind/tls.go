package kind

import (
	"cmp"
	"net"
	"net/url"

	"jurymast/actions"
	"jurymast/inventory"
)

var tlsKind = actions.Kind{
	Name: "tls",
	Doc:  "A certificate as a TLS server shows it: days left, chain and name.",
	About: `Makes a TLS handshake with address and looks at the certificate that is served, which is not always the one in
the file: a renewed file that no server has loaded is the usual fault.

Warns and fails by the share of the lifetime that is left, because lifetimes differ and shrink; limits.days adds
fixed days. Fails when it has expired, is not yet valid, is for another name, or is not trusted by the machine
that jurymast runs on; verify = false looks at the dates only, for certificates that a crew signed itself.

The protocol must begin with TLS: mail and database servers that switch to it later are not spoken to.`,
	Levels: []inventory.Level{inventory.LevelService, inventory.LevelCheck},
	Options: []inventory.Option{
		{Name: "address", Type: inventory.TypeString, Doc: "host, or host:port; the target's own host where only a port is said"},
		{Name: "port", Type: inventory.TypePort, Doc: "port; host and port of the url where neither is said, else 443"},
		{Name: "name", Type: inventory.TypeString, Doc: "the name the certificate must be for; the address where not said"},
		{Name: "verify", Type: inventory.TypeBool, Default: "true", Doc: "whether chain and name must be right, and not only the dates"},
		probeFrom,
	},
	Limits: probeCertLimits,
	Checks: func(f *inventory.Fleet, t inventory.Target) []actions.Check {
		address, _ := probeAddress(t, "443")
		host, _, _ := net.SplitHostPort(address) // probeAddress made it
		return []actions.Check{{
			ID:    "tls",
			Title: "certificate",
			Probe: &actions.Probe{Net: "tls", Address: address, Name: tlsName(f, t)},
			Host:  probeHost(t, host),
			Read: func(a actions.Answer) []actions.Reading {
				p := a.Probe
				switch {
				case p == nil:
					return actions.UnknownReading("%s: it was not asked", address)
				case p.Err != "" && len(p.Chain) == 0:
					return probeTrouble(address, p)
				case len(p.Chain) == 0:
					return actions.UnknownReading("%s: no certificate was seen", address)
				}
				// A server that wants a certificate of ours shows its own first.
				return []actions.Reading{probeCertificate(t, p, a.Now, t.Options.Bool("verify"))}
			},
		}}
	},
	Proved: map[string]actions.Ground{"look": actions.Real},
}

// tlsName is the name the certificate must be for, "" to take it from the
// address. Where no address is said the connection goes to localhost, which no
// certificate is for.
func tlsName(f *inventory.Fleet, t inventory.Target) string {
	if name := t.Options.String("name"); name != "" || t.Options.String("address") != "" {
		return name
	}
	if u, err := url.Parse(t.URL); err == nil && u.Hostname() != "" {
		return u.Hostname()
	}
	if f != nil {
		if h, ok := f.Target(t.Host); ok {
			return cmp.Or(h.Reach.Address, h.Ref.Name())
		}
	}
	return cmp.Or(t.Reach.Address, t.Host.Name())
}
