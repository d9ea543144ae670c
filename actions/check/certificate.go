package check

import (
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"time"

	"jurymast/actions"
)

// Bounds of what is kept of a server's certificates: no honest chain reaches
// them, and a hostile one cannot fill the store.
const (
	maxChain = 10
	maxNames = 100
)

// verify says why a chain is not to be trusted for a name at a time, "" if it
// is. It says everything that is wrong: whoever mends a certificate wants to
// mend it once.
func verify(chain []*x509.Certificate, name string, now time.Time, roots *x509.CertPool) string {
	if len(chain) == 0 {
		return "the server sent no certificate"
	}
	leaf := chain[0]
	var wrong []string
	// The chain is judged at a time at which the certificate itself was valid:
	// an expired one should not hide that its authority is unknown, too.
	at := now
	switch {
	case now.Before(leaf.NotBefore):
		wrong = append(wrong, "it is not valid before "+day(leaf.NotBefore))
		at = leaf.NotBefore
	case now.After(leaf.NotAfter):
		wrong = append(wrong, "it expired on "+day(leaf.NotAfter))
		at = leaf.NotAfter
	}
	if err := leaf.VerifyHostname(strings.TrimSuffix(name, ".")); err != nil {
		wrong = append(wrong, wrongName(leaf, name, err))
	}
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	_, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: at})
	if err != nil {
		wrong = append(wrong, untrusted(chain, err))
	}
	return clean(strings.Join(wrong, "; "))
}

func wrongName(leaf *x509.Certificate, name string, err error) string {
	names := certNames(leaf)
	var host x509.HostnameError
	switch {
	case !errors.As(err, &host):
		return err.Error()
	case len(names) == 0:
		return "it holds no name that counts, only the common name " + leaf.Subject.CommonName
	case len(names) > 5:
		return fmt.Sprintf("it is for %s and %d more, not for %s", strings.Join(names[:5], ", "), len(names)-5, name)
	}
	return fmt.Sprintf("it is for %s, not for %s", strings.Join(names, ", "), name)
}

func untrusted(chain []*x509.Certificate, err error) string {
	leaf := chain[0]
	var unknown x509.UnknownAuthorityError
	switch {
	case !errors.As(err, &unknown):
		return "its chain is not trusted: " + strings.TrimPrefix(err.Error(), "x509: ")
	case leaf.Issuer.String() == leaf.Subject.String():
		return "it is self-signed"
	case len(chain) == 1:
		return "the server sent it without its chain, and its issuer " + title(leaf.Issuer.CommonName, leaf.Issuer.String()) + " is not trusted here"
	}
	last := chain[len(chain)-1].Issuer
	return "its authority " + title(last.CommonName, last.String()) + " is not trusted here"
}

// certs keeps what is of interest of a chain.
func certs(chain []*x509.Certificate) []actions.Cert {
	if len(chain) > maxChain {
		chain = chain[:maxChain]
	}
	cs := make([]actions.Cert, len(chain))
	for i, c := range chain {
		names := certNames(c)
		if len(names) > maxNames {
			names = names[:maxNames]
		}
		for j := range names {
			names[j] = clean(names[j])
		}
		cs[i] = actions.Cert{
			Subject:   clean(title(c.Subject.CommonName, c.Subject.String())),
			Issuer:    clean(title(c.Issuer.CommonName, c.Issuer.String())),
			Names:     names,
			NotBefore: c.NotBefore,
			Expiry:    c.NotAfter,
			Serial:    fmt.Sprintf("%x", c.SerialNumber),
		}
	}
	return cs
}

// certNames returns the names that a certificate is for, addresses included.
func certNames(c *x509.Certificate) []string {
	names := append([]string(nil), c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	return names
}

// title is the common name, or the whole name of a party that has none.
func title(common, whole string) string {
	if common != "" {
		return common
	}
	return whole
}

func day(t time.Time) string { return t.UTC().Format("2006-01-02") }
