package kind

import (
	"cmp"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// What the kinds http, tcp and tls have in common: where a request is seen
// from, what goes wrong on its way, and certificates.

var probeFrom = inventory.Option{Name: "from", Type: inventory.TypeHost,
	Doc: "where it is seen from: a host, through its SSH connection, or \"console\"; the target's own host for a loopback address, else the console's machine"}

// probeHost returns the host a request to name is seen from.
func probeHost(t inventory.Target, name string) inventory.Ref {
	if from := t.Options.String("from"); from != "" {
		return inventory.Ref(from)
	}
	if probeLoopback(name) {
		return t.Host
	}
	return inventory.Console
}

// probeLoopback reports whether a name means the machine that it is used on.
func probeLoopback(name string) bool {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return true
	}
	ip := net.ParseIP(name)
	return ip != nil && (ip.IsLoopback() || ip.IsUnspecified())
}

// probeLimit gives a request a little longer than the limit it is judged by.
func probeLimit(b inventory.Bound) time.Duration {
	const least, most = 5 * time.Second, 2 * time.Minute
	d := time.Duration(b.Fail * float64(time.Second)) // of NaN: any number
	if b.Fail != b.Fail || d > most {
		return most
	}
	return max(d+time.Second, least)
}

// probeAddress returns the host:port that the options of a target name, or its
// url where they name nothing, and "" with the reason when there is no port.
// Without a name it is the target's own host, seen from itself: there SSH leads
// in any case.
func probeAddress(t inventory.Target, port string) (address, why string) {
	name, told := t.Options.String("address"), t.Options.Int("port")
	if told != 0 {
		port = fmt.Sprint(told)
	}
	if u, err := url.Parse(t.URL); name == "" && told == 0 && err == nil && u.Hostname() != "" {
		name, port = u.Hostname(), cmp.Or(probePort(u), port)
	}
	if name == "" {
		name = "localhost"
	}
	if host, p, err := net.SplitHostPort(name); err == nil {
		name, port = host, p
	}
	if port == "" {
		return "", "it is not said which port: set port, or address = \"host:port\""
	}
	return net.JoinHostPort(strings.Trim(name, "[]"), port), ""
}

func probePort(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	return map[string]string{
		"http": "80", "https": "443", "ldap": "389", "ldaps": "636", "smtp": "25", "smtps": "465",
		"imap": "143", "imaps": "993", "ssh": "22", "sftp": "22", "postgres": "5432", "postgresql": "5432",
		"mysql": "3306", "redis": "6379", "rediss": "6379", "mongodb": "27017", "amqp": "5672", "amqps": "5671",
	}[u.Scheme]
}

// probeTrouble reads the answer of a probe that has none. What the network or
// the server did is a finding; what kept us from asking is not.
func probeTrouble(what string, p *actions.ProbeAnswer) []actions.Reading {
	r := actions.Reading{Status: actions.Fail, Line: what + ": " + p.Err}
	switch p.Why {
	case actions.ProbeForbidden:
		r.Status = actions.Unknown
		r.Next = "allow it there (AllowTcpForwarding yes in sshd_config), or set from = \"console\""
	case actions.ProbeOther, actions.ProbeFine:
		r.Status = actions.Unknown
	case actions.ProbeRefused:
		r.Next = "see whether it runs and listens there"
	case actions.ProbeTimeout, actions.ProbeNoRoute:
		r.Next = "see whether the host is up and a firewall is in between"
	case actions.ProbeNoName:
		r.Next = "see whether the name is right, and the name service of the machine it is seen from"
	case actions.ProbeTLS, actions.ProbeClosed, actions.ProbeNotHTTP, actions.ProbeRedirects:
	}
	return []actions.Reading{r}
}

// Limits of certificates: shares of the lifetime, because lifetimes differ and
// shrink (Let's Encrypt goes from 90 to 64 days in 2027: with renewal at two
// thirds a fixed 30 days would always warn).
var probeCertLimits = []inventory.Limit{
	{Name: "lifetime", Unit: "%", Warn: 25, Fail: 10, Low: true, Doc: "share of the certificate's lifetime that is left"},
	{Name: "days", Unit: "days", Warn: 3, Fail: 3, Low: true, Doc: "days left; not for certificates made for less than ten times as long"},
}

// shortLived is how many times the limit of days a certificate must be made
// for, so that the limit says something about it: one for six days always has
// few left.
const shortLived = 10

// probeCertificate reads the certificate of an answer that has one.
func probeCertificate(t inventory.Target, p *actions.ProbeAnswer, now time.Time, verify bool) actions.Reading {
	c := p.Chain[0]
	const day = 24 * time.Hour
	left, whole := c.Expiry.Sub(now), c.Expiry.Sub(c.NotBefore)
	days := left.Hours() / 24
	share := 0.0
	if whole > 0 {
		share = max(0, min(100, 100*float64(left)/float64(whole)))
	}
	shareBound, daysBound := boundOf(t, "lifetime"), boundOf(t, "days")
	r := actions.Reading{Metrics: []actions.Metric{
		measured("days", "days", days, daysBound),
		measured("lifetime", "%", share, shareBound),
	}}
	about := fmt.Sprintf("for %s, from %s", c.Subject, c.Issuer)
	switch {
	case now.Before(c.NotBefore):
		r.Status, r.Line = actions.Fail, fmt.Sprintf("not valid before %s (%s)", c.NotBefore.UTC().Format("2006-01-02 15:04 UTC"), about)
		r.Next = "see whether the clock of this machine is right"
		return r
	case left <= 0:
		r.Status, r.Line = actions.Fail, fmt.Sprintf("expired %s ago, on %s (%s)", span(-left), c.Expiry.UTC().Format("2006-01-02 15:04 UTC"), about)
		r.Next = "renew it, and reload the server: a renewed file that is not loaded is the usual fault"
		return r
	case verify && p.Verify != "":
		r.Status, r.Line = actions.Fail, fmt.Sprintf("not trusted: %s (%s)", p.Verify, about)
		r.Next = "mend the certificate, or set verify = false when it is meant to be so"
		return r
	}
	r.Status = judge(shareBound, share)
	words := limitWords(shareBound, r.Status, "%")
	if long := whole.Hours()/24 >= shortLived*daysBound.Fail; long || daysBound.Fail != daysBound.Fail {
		if s := judge(daysBound, days); s.Worse(r.Status) {
			r.Status, words = s, limitWords(daysBound, s, "days")
		}
	}
	if r.Status != actions.OK {
		r.Next = "renew it, and reload the server: a renewed file that is not loaded is the usual fault"
	}
	length := fmt.Sprintf("%.0f days", whole.Hours()/24)
	if whole < 2*day {
		length = span(whole)
	}
	r.Line = fmt.Sprintf("%s left, %.0f %% of %s%s (%s)", span(left), share, length, words, about)
	return r
}
