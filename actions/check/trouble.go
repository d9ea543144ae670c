package check

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"jurymast/actions"
	"jurymast/ssh"
)

// vantageError is trouble with the host that a probe was to be made from. It
// says nothing about what was to be asked.
type vantageError struct{ err *ssh.Error }

func (e vantageError) Error() string { return e.err.Error() }

// troubleOfSSH is what an SSH server's trouble to connect is for a probe.
var troubleOfSSH = map[ssh.Trouble]actions.ProbeTrouble{
	ssh.Refused:    actions.ProbeRefused,
	ssh.Timeout:    actions.ProbeTimeout,
	ssh.NoSuchName: actions.ProbeNoName,
	ssh.NoRoute:    actions.ProbeNoRoute,
	ssh.Forbidden:  actions.ProbeForbidden,
}

// trouble says what kind of trouble an error of a probe is.
func trouble(err error) actions.ProbeTrouble {
	var (
		dns    *net.DNSError
		record tls.RecordHeaderError
		shake  handshakeError
		alert  tls.AlertError
		netErr net.Error
		around redirectError
		there  vantageError
		far    *ssh.Error
	)
	switch {
	case errors.As(err, &there):
		return actions.ProbeOther
	case errors.As(err, &far) && troubleOfSSH[far.Trouble] != actions.ProbeFine:
		return troubleOfSSH[far.Trouble]
	case errors.As(err, &around):
		return actions.ProbeRedirects
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled), errors.Is(err, os.ErrDeadlineExceeded),
		errors.Is(err, syscall.ETIMEDOUT):
		return actions.ProbeTimeout
	case errors.As(err, &dns):
		if dns.IsTimeout {
			return actions.ProbeTimeout
		}
		return actions.ProbeNoName
	case errors.Is(err, syscall.ECONNREFUSED):
		return actions.ProbeRefused
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return actions.ProbeNoRoute
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE),
		errors.Is(err, net.ErrClosed):
		return actions.ProbeClosed
	case errors.As(err, &record), errors.As(err, &alert), errors.As(err, &shake):
		return actions.ProbeTLS
	case errors.As(err, &netErr) && netErr.Timeout():
		return actions.ProbeTimeout
	}
	return troubleOf(err.Error())
}

// troubleOf tells the trouble from the text where there is nothing else: an
// SSH server says why it could not connect in words of its system (RFC 4254
// 5.1), and net/http has no type for an answer that is not HTTP.
func troubleOf(text string) actions.ProbeTrouble {
	for _, t := range []struct {
		part string
		why  actions.ProbeTrouble
	}{
		{"administratively prohibited", actions.ProbeForbidden},
		{"Connection refused", actions.ProbeRefused},
		{"Connection timed out", actions.ProbeTimeout},
		{"Operation timed out", actions.ProbeTimeout},
		{"No route to host", actions.ProbeNoRoute},
		{"Network is unreachable", actions.ProbeNoRoute},
		{"Name or service not known", actions.ProbeNoName},
		{"Name does not resolve", actions.ProbeNoName}, // musl
		{"nodename nor servname provided", actions.ProbeNoName},
		{"hostname nor servname provided", actions.ProbeNoName}, // BSD
		{"Temporary failure in name resolution", actions.ProbeNoName},
		{"No address associated with hostname", actions.ProbeNoName},
		{"unknown host", actions.ProbeNoName},
		{"server closed idle connection", actions.ProbeClosed}, // net/http: closed before anything was asked
		{"server sent GOAWAY", actions.ProbeClosed},
		{"client connection lost", actions.ProbeClosed},
		{"malformed HTTP", actions.ProbeNotHTTP},
		{"malformed MIME header", actions.ProbeNotHTTP},
		{"transport connection broken", actions.ProbeNotHTTP},
	} {
		if strings.Contains(text, t.part) {
			return t.why
		}
	}
	return actions.ProbeOther
}

// words says what happened and why. after is how long the probe had run.
func words(why actions.ProbeTrouble, at stage, after time.Duration, err error) string {
	within := " within " + seconds(after)
	switch why {
	case actions.ProbeTimeout:
		switch at {
		case connecting:
			return "no connection" + within
		case handshaking:
			return "connected, but no TLS handshake" + within
		case waiting:
			return "connected, but no answer" + within
		case reading:
			return "the answer began but did not end" + within
		}
	case actions.ProbeClosed:
		switch at {
		case connecting:
			return "the connection was closed at once"
		case handshaking:
			return "the connection was closed during the TLS handshake"
		case waiting:
			return "the connection was closed without an answer"
		case reading:
			return "the connection was closed in the middle of the answer"
		}
	case actions.ProbeRefused:
		return "connection refused"
	case actions.ProbeNoRoute:
		return "no route to it"
	case actions.ProbeForbidden:
		return "the SSH server of the host it is seen from forbids forwarding"
	case actions.ProbeTLS:
		var record tls.RecordHeaderError
		if errors.As(err, &record) {
			if strings.HasPrefix(string(record.RecordHeader[:]), "HTTP/") {
				return "it answered plain HTTP where TLS was expected"
			}
			return clean(fmt.Sprintf("it does not speak TLS: it began with %q", record.RecordHeader[:]))
		}
		return clean("TLS handshake: " + strings.TrimPrefix(inner(err).Error(), "tls: "))
	case actions.ProbeNotHTTP:
		_, said, ok := strings.Cut(inner(err).Error(), "malformed HTTP response ")
		if ok {
			return clean("what answered does not speak HTTP: it said " + said)
		}
		return clean("what answered does not speak proper HTTP: " + inner(err).Error())
	case actions.ProbeNoName:
		var dns *net.DNSError
		if errors.As(err, &dns) {
			return clean("the name " + dns.Name + " cannot be resolved: " + dns.Err)
		}
		return clean("the name cannot be resolved: " + inner(err).Error())
	case actions.ProbeFine, actions.ProbeRedirects, actions.ProbeOther:
	}
	return clean(inner(err).Error())
}

// inner returns the innermost cause of an error, which says most.
func inner(err error) error {
	for {
		switch e := err.(type) {
		case interface{ Unwrap() []error }:
			if es := e.Unwrap(); len(es) > 0 {
				err = es[0]
				continue
			}
		case interface{ Unwrap() error }:
			if next := e.Unwrap(); next != nil {
				err = next
				continue
			}
		}
		return err
	}
}

// seconds writes a duration as people read it: "0.25 s", "10 s".
func seconds(d time.Duration) string {
	s := d.Seconds()
	if s < 1 {
		return fmt.Sprintf("%.2f s", s)
	}
	if s < 10 {
		return fmt.Sprintf("%.1f s", s)
	}
	return fmt.Sprintf("%.0f s", s)
}
