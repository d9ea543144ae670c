package kind

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"jurymast/actions"
	"jurymast/inventory"
)

// httpBody is how much of a body is searched for the text that it must hold.
const httpBody = 256 << 10

var httpKind = actions.Kind{
	Name: "http",
	Doc:  "A web address: status, text, time, and its certificate.",
	About: `Asks for the url and looks at the status, the time, the text and, for https, the certificate.

The request is made by jurymast itself: for a loopback address through the SSH connection of the service's own
host, else from the console's machine. from = "host" makes it from that host, where the name is also resolved.
Proxies of the environment are not used.

A redirect is an answer like any other (302 is within 200-399) unless follow = true. A page with status 200 may
be a proxy's or a log-in page: set contains, or type = "json", to be sure who answered. The certificate is judged
apart, so that one that has expired does not hide whether the service works; for how, see the kind tls.`,
	Levels: []inventory.Level{inventory.LevelService, inventory.LevelCheck},
	Options: []inventory.Option{
		{Name: "url", Type: inventory.TypeURL, Required: true, Doc: "what to ask for, http or https"},
		{Name: "status", Type: inventory.TypeString, Default: "200-399", Doc: "statuses that are well: \"200,301-302\""},
		{Name: "contains", Type: inventory.TypeString, Doc: "text that the answer must hold, in its first 256 KiB"},
		{Name: "type", Type: inventory.TypeEnum, Values: []string{"any", "html", "json"}, Default: "any", Doc: "what the answer must be"},
		{Name: "method", Type: inventory.TypeEnum, Values: []string{"GET", "HEAD", "OPTIONS"}, Default: "GET", Doc: "method of the request"},
		{Name: "host", Type: inventory.TypeString, Doc: "the host asked for, where it is not that of the url; also the name of the certificate"},
		{Name: "follow", Type: inventory.TypeBool, Default: "false", Doc: "whether redirects are followed, ten at most"},
		{Name: "verify", Type: inventory.TypeBool, Default: "true", Doc: "whether the certificate's chain and name must be right, and not only its dates"},
		probeFrom,
	},
	Limits: append([]inventory.Limit{
		{Name: "time", Unit: "s", Warn: 2, Fail: 10, Doc: "time until the answer was there"},
	}, probeCertLimits...),
	Checks: httpChecks,
	Proved: map[string]actions.Ground{"look": actions.Real},
}

func httpChecks(_ *inventory.Fleet, t inventory.Target) []actions.Check {
	address := cmp.Or(t.Options.String("url"), t.URL)
	probe := &actions.Probe{
		Net:     "http",
		URL:     address,
		Method:  t.Options.String("method"),
		Follow:  t.Options.Bool("follow"),
		MaxBody: httpBody,
	}
	if host := t.Options.String("host"); host != "" {
		probe.Header = map[string]string{"Host": host}
		probe.Name = (&url.URL{Host: host}).Hostname()
	}
	u, err := url.Parse(address)
	if err != nil {
		u = &url.URL{} // the probe says what is wrong with it
	}
	shown := u.Redacted()
	check := actions.Check{
		ID:    "http",
		Title: "answers",
		Probe: probe,
		Host:  probeHost(t, u.Hostname()),
		Limit: probeLimit(boundOf(t, "time")),
		Read: func(a actions.Answer) []actions.Reading {
			switch {
			case a.Probe == nil:
				return actions.UnknownReading("%s: it was not asked", shown)
			case a.Probe.Err != "":
				return probeTrouble(shown, a.Probe)
			}
			return []actions.Reading{httpRead(t, a.Probe)}
		},
	}
	if u.Scheme != "https" {
		return []actions.Check{check}
	}
	certificate := check
	certificate.ID, certificate.Title = "certificate", "certificate"
	certificate.Read = func(a actions.Answer) []actions.Reading {
		if a.Probe == nil || len(a.Probe.Chain) == 0 {
			why := "it was not asked"
			if a.Probe != nil {
				why = cmp.Or(a.Probe.Err, "none was shown")
			}
			return actions.UnknownReading("no certificate of %s was seen: %s", shown, why)
		}
		return []actions.Reading{probeCertificate(t, a.Probe, a.Now, t.Options.Bool("verify"))}
	}
	return []actions.Check{check, certificate}
}

func httpRead(t inventory.Target, p *actions.ProbeAnswer) actions.Reading {
	b := boundOf(t, "time")
	took := p.Took.Seconds()
	r := actions.Reading{
		Status:  judge(b, took),
		Metrics: []actions.Metric{measured("time", "s", took, b), {Name: "status", Value: float64(p.Code)}},
	}
	said := fmt.Sprintf("%d in %.2f s", p.Code, took)
	wrong := func(status actions.Status, format string, args ...any) actions.Reading {
		r.Status, r.Line = status, said+", "+fmt.Sprintf(format, args...)
		return r
	}
	expected := cmp.Or(t.Options.String("status"), "200-399")
	ok, err := httpExpected(expected, p.Code)
	if err != nil {
		return wrong(actions.Unknown, "%v", err)
	}
	if !ok {
		if where := p.Header["Location"]; where != "" {
			return wrong(actions.Fail, "expected %s; it leads to %s", expected, where)
		}
		return wrong(actions.Fail, "expected %s%s", expected, httpTitle(p))
	}
	html := httpHTML(p)
	switch want := t.Options.String("type"); {
	case p.Code >= 300 && p.Code < 400: // a redirect has no text that counts
	case want == "json" && html:
		return wrong(actions.Fail, "an HTML page instead of JSON%s", httpTitle(p))
	case want == "json" && !json.Valid(p.Body) && len(p.Body) < httpBody:
		return wrong(actions.Fail, "the answer is not JSON")
	case want == "html" && !html:
		return wrong(actions.Fail, "the answer is no HTML page but %s", cmp.Or(p.Header["Content-Type"], "of no type"))
	}
	if text := t.Options.String("contains"); text != "" && !bytes.Contains(p.Body, []byte(text)) {
		where := "the answer"
		if len(p.Body) >= httpBody {
			where = "the first 256 KiB of the answer"
		}
		instead := httpTitle(p)
		if p.Header["Location"] != "" {
			instead = "; it leads to " + p.Header["Location"] + " (follow = true goes there)"
		}
		return wrong(actions.Fail, "%q is not in %s%s", text, where, instead)
	}
	r.Line = said + limitWords(b, r.Status, "s")
	return r
}

// httpExpected reports whether a list of statuses, "200,301-302", holds one.
func httpExpected(list string, code int) (bool, error) {
	in := false
	for _, part := range strings.Split(list, ",") {
		low, high, isRange := strings.Cut(strings.TrimSpace(part), "-")
		if !isRange {
			high = low
		}
		from, err1 := strconv.Atoi(strings.TrimSpace(low))
		to, err2 := strconv.Atoi(strings.TrimSpace(high))
		if err1 != nil || err2 != nil || from > to || from < 100 || to > 599 {
			return false, fmt.Errorf("status = %q is no list of statuses: write \"200,301-302\"", list)
		}
		in = in || from <= code && code <= to
	}
	return in, nil
}

// httpHTML reports whether an answer is a page for people, by what it says and
// by what it is.
func httpHTML(p *actions.ProbeAnswer) bool {
	if strings.HasPrefix(strings.ToLower(p.Header["Content-Type"]), "text/html") {
		return true
	}
	start := bytes.ToLower(bytes.TrimSpace(p.Body[:min(len(p.Body), 512)]))
	return bytes.HasPrefix(start, []byte("<!doctype html")) || bytes.HasPrefix(start, []byte("<html"))
}

var httpTitleTag = regexp.MustCompile(`(?is)<title[^>]*>(.{0,200}?)</title>`)

// httpTitle says what a page calls itself: `: a page titled "Sign in"`.
func httpTitle(p *actions.ProbeAnswer) string {
	if !httpHTML(p) {
		return ""
	}
	m := httpTitleTag.FindSubmatch(p.Body)
	if m == nil {
		return ": an HTML page"
	}
	return fmt.Sprintf(": a page titled %q", actions.Line(string(m[1])))
}
