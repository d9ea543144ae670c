package kind

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// What the kinds of web servers have in common: certificates that lie on their
// disk, as tls/disk.sh prints them.

// diskCert is a certificate in a file of a host.
type diskCert struct {
	path   string
	cert   actions.Cert
	serial *big.Int
	err    error // set when what the file holds is none
}

// diskCerts are the certificates of a host.
type diskCerts struct {
	certs                []diskCert
	used                 []string // paths that the server's configuration names
	closed, absent, none []string // paths that may not be read, are not there, hold none
	more                 bool     // there were more than are looked at
	odd                  string   // the first line that is none of all that
}

// certificateSudoers lets the usual folder be read, which is closed to all but
// root. There is no wildcard in it: one would match any words.
const certificateSudoers = "/usr/bin/find -L /etc/letsencrypt/live -name fullchain.pem -exec grep -e . /dev/null {} +"

var certificatesOption = inventory.Option{Name: "certificates", Type: inventory.TypeList, Default: `["/etc/letsencrypt/live"]`,
	Doc: "certificates besides those that its configuration names: files, and folders with a fullchain.pem below"}

// certificatesAt are the paths of the option, one a line.
func certificatesAt(t inventory.Target, usual ...string) string {
	at := t.Options.List("certificates")
	if len(at) == 0 {
		at = usual
	}
	return strings.Join(at, "\n")
}

// certificatesRead takes a part of an answer apart.
func certificatesRead(part string) diskCerts {
	var d diskCerts
	var block strings.Builder
	path := ""
	for ln := range strings.Lines(part) {
		ln = strings.TrimRight(ln, "\r\n")
		word, rest, _ := strings.Cut(ln, " ")
		switch {
		case path != "":
			block.WriteString(ln + "\n")
			if strings.HasPrefix(ln, "-----END ") {
				d.add(path, block.String())
				path = ""
			}
		case word == "file":
			path = rest
			block.Reset()
		case word == "used":
			d.used = append(d.used, rest)
		case word == "closed":
			d.closed = append(d.closed, rest)
		case word == "absent":
			d.absent = append(d.absent, rest)
		case word == "none":
			d.none = append(d.none, rest)
		case ln == "more":
			d.more = true
		case d.odd == "" && strings.TrimSpace(ln) != "":
			d.odd = ln
		}
	}
	if path != "" {
		d.add(path, block.String())
	}
	return d
}

func (d *diskCerts) add(path, text string) {
	if slices.ContainsFunc(d.certs, func(c diskCert) bool { return c.path == path }) {
		return
	}
	c := diskCert{path: path}
	if b, _ := pem.Decode([]byte(text)); b == nil {
		c.err = fmt.Errorf("no whole certificate")
	} else if x, err := x509.ParseCertificate(b.Bytes); err != nil {
		c.err = err
	} else {
		c.serial = x.SerialNumber
		c.cert = actions.Cert{Subject: x.Subject.CommonName, Issuer: x.Issuer.CommonName, Names: x.DNSNames, NotBefore: x.NotBefore, Expiry: x.NotAfter}
		for _, ip := range x.IPAddresses {
			c.cert.Names = append(c.cert.Names, ip.String())
		}
		if len(c.cert.Names) > 0 {
			c.cert.Subject = strings.Join(c.cert.Names, ", ")
		}
		if o := x.Issuer.Organization; len(o) > 0 {
			c.cert.Issuer = o[0]
		}
	}
	d.certs = append(d.certs, c)
}

// certServing is what is known of the certificates that a server shows.
type certServing struct {
	loaded time.Time           // when it last read its files; zero: not known
	serial map[string]*big.Int // what it shows by path, where it says so
	reload string              // the line that has it read them
}

// unread reports whether the server shows another certificate than the file has.
func (s certServing) unread(c diskCert, now time.Time) bool {
	if n, known := s.serial[c.path]; known {
		return n.Cmp(c.serial) != 0
	}
	// One that is younger than the last reading of the files is not the one.
	return !s.loaded.IsZero() && c.cert.NotBefore.After(s.loaded) && now.After(c.cert.NotBefore)
}

// certificatesJudge returns a reading of each certificate. Usual are paths that
// nobody asked for: there they need not be.
func certificatesJudge(t inventory.Target, d diskCerts, s certServing, now time.Time, usual ...string) []actions.Reading {
	var out []actions.Reading
	for _, c := range d.certs {
		r := actions.Reading{Status: actions.Fail, Line: fmt.Sprintf("it holds no certificate: %v", c.err), Next: "bring it back from a copy, or have it issued anew"}
		if c.err == nil {
			r = probeCertificate(t, &actions.ProbeAnswer{Chain: []actions.Cert{c.cert}}, now, false)
			certificateRenewal(&r, c, now)
			if slices.Contains(d.used, c.path) && s.unread(c, now) {
				r.Status = actions.Worst(r.Status, actions.Warn)
				r.Line += fmt.Sprintf("; it was issued %s ago, and the server has not read it: it still shows the one before", span(max(0, now.Sub(c.cert.NotBefore))))
				r.Next = s.reload
			}
		}
		r.Item, r.Line = c.path, actions.Line(r.Line)
		out = append(out, r)
	}
	for _, p := range d.closed {
		out = append(out, actions.Reading{Item: p, Status: actions.Unknown, Line: "the login may not see what certificates it holds", Next: "allow sudo for this host: jurymast kinds " + t.Kind + " --sudoers"})
	}
	for _, p := range slices.Concat(d.absent, d.none) {
		if slices.Contains(usual, p) && !slices.Contains(d.used, p) {
			continue
		}
		r := actions.Reading{Item: p, Status: actions.Fail, Line: "it is not there", Next: "bring it back from a copy, or have it issued"}
		if slices.Contains(d.none, p) {
			r.Line = "there is no certificate in it"
		}
		out = append(out, r)
	}
	if d.odd != "" {
		out = append(out, actions.UnknownReading("what was read of certificates is not understood: %s", actions.Line(d.odd))...)
	}
	if d.more {
		out = append(out, actions.UnknownReading("there are more certificates than are looked at: name those that matter in certificates")...)
	}
	if len(out) == 0 {
		return []actions.Reading{{Status: actions.OK, Line: "none is there, and none is expected"}}
	}
	return out
}

// renewalDue is the share of its lifetime at which a certificate is renewed by
// those who ask nobody: certbot from 4.0, Caddy and acme.sh's 60 of 90 days. A
// server's own limits come later: what is below them should have been renewed.
const renewalDue = 1. / 3

// certificateRenewal says what is to be said of a certificate that is renewed
// by itself.
func certificateRenewal(r *actions.Reading, c diskCert, now time.Time) {
	left, whole := c.cert.Expiry.Sub(now), c.cert.Expiry.Sub(c.cert.NotBefore)
	switch {
	case left <= 0 || now.Before(c.cert.NotBefore):
	case r.Status != actions.OK:
		r.Line += "; its renewal is late"
		r.Next = "see why it is not renewed: the log of certbot, or of what renews it"
	case float64(left) < renewalDue*float64(whole):
		r.Line += "; its renewal is due"
	}
}
