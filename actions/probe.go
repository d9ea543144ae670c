package actions

import "time"

// Probe is a request that Go makes itself: from the console's machine, or
// through the SSH connection of the host it is seen from.
type Probe struct {
	Net     string            // "tcp", "tls" or "http"
	Address string            // host:port for tcp and tls
	URL     string            // for http
	Method  string            // for http; "" is GET
	Header  map[string]string // for http; "Host" sets the host asked for
	Name    string            // for tls and https: the name the certificate must be for; "" takes it from the address
	Follow  bool              // for http: follow redirects, at most ten
	MaxBody int               // for http: bytes kept of the body; 0 is 64 KiB
}

// ProbeAnswer is what came of a Probe.
type ProbeAnswer struct {
	// Err says in words why there is no answer, "" if there is one. Why is the
	// kind of trouble.
	Err string
	Why ProbeTrouble

	Connect time.Duration // until the connection stood
	Took    time.Duration // until the answer was complete

	Code   int               // http
	Proto  string            // http: "HTTP/1.1"
	Header map[string]string // http: names in canonical form, first value of each
	Body   []byte            // http: bounded, cleaned
	URL    string            // http: where it ended up

	// Chain is the certificates that the server sent, its own first; also when
	// it could not be verified.
	Chain []Cert
	// Verify says why the chain is not trusted for the name, "" if it is.
	Verify string
	TLS    string // version, "TLS 1.3"
}

// ProbeTrouble says why a probe has no answer.
type ProbeTrouble string

// The troubles a probe can have.
const (
	ProbeFine      ProbeTrouble = ""
	ProbeRefused   ProbeTrouble = "refused"
	ProbeTimeout   ProbeTrouble = "timeout"
	ProbeNoName    ProbeTrouble = "no such name"
	ProbeNoRoute   ProbeTrouble = "no route"
	ProbeTLS       ProbeTrouble = "tls"       // the handshake failed before there was a certificate to judge
	ProbeClosed    ProbeTrouble = "closed"    // closed or reset in the middle
	ProbeNotHTTP   ProbeTrouble = "not http"  // something else answered
	ProbeForbidden ProbeTrouble = "forbidden" // the SSH server does not allow forwarding
	ProbeRedirects ProbeTrouble = "redirects" // http: it leads on and on
	ProbeOther     ProbeTrouble = "other"
)

// Cert is what is of interest in a certificate.
type Cert struct {
	Subject, Issuer   string
	Names             []string
	NotBefore, Expiry time.Time
	Serial            string
}
