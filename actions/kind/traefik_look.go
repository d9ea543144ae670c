package kind

import (
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// traefikSaid is a whole answer of traefik/look.sh (Traefik's operations/api).
type traefikSaid struct {
	parts   map[string]string
	version string
	routed  []traefikRouter
	served  []traefikService // its services, whether or not a router uses them
	ping    string           // what was said when its /ping was asked
	pinged  int              // and how that ended
}

// traefikOverview counts what there is of each protocol that Traefik knows.
type traefikOverview struct {
	HTTP *traefikCounts `json:"http"`
	TCP  *traefikCounts `json:"tcp"`
	UDP  *traefikCounts `json:"udp"`
}

type traefikCounts struct {
	Routers  *traefikCount `json:"routers"`
	Services *traefikCount `json:"services"`
}

type traefikCount struct{ Total int }

type traefikRouter struct {
	Name, Rule, Service, Status string
	Error                       []string
}

type traefikService struct {
	Name, Status string
	Error        []string
	ServerStatus map[string]string
	UsedBy       []string
}

func traefikParse(t inventory.Target, api string, a actions.Answer) (traefikSaid, *actions.Reading) {
	parts, ended := linuxParts(a.Stdout)
	x := traefikSaid{parts: parts}
	container := t.Options.String("container")
	why := func(s actions.Status, next, format string, args ...any) (traefikSaid, *actions.Reading) {
		return x, &actions.Reading{Status: s, Line: actions.Line(fmt.Sprintf(format, args...)), Next: next}
	}
	if strings.TrimSpace(string(a.Stdout)) == "missing docker" && a.Exit == 0 {
		return why(actions.Fail, "apt install docker.io, or leave container out", "docker is not installed")
	}
	if !ended || a.Exit != 0 {
		return why(actions.Unknown, "", "no whole answer: %s", orNothing(firstLine(a.Stderr), a.Exit))
	}
	if state := strings.TrimSpace(parts["container"]); container != "" && state != "running" {
		return x, containerTrouble("traefik", container, state)
	}
	return x, x.read(api)
}

// read takes the answers apart: what is not understood is the reading. The values
// of a part stand one behind the other, and behind them what was said of the URL
// that was not answered.
func (x *traefikSaid) read(api string) *actions.Reading {
	why := func(s actions.Status, next, format string, args ...any) *actions.Reading {
		return &actions.Reading{Status: s, Line: actions.Line(fmt.Sprintf(format, args...)), Next: next}
	}
	var version struct{ Version string }
	var overview traefikOverview
	text, exit, known := exitOf(x.parts["state"])
	rest, err := traefikValue(text, &version)
	if err != nil || version.Version == "" {
		switch said := traefikWords(text, exit); {
		case strings.Contains(text, "onnection refused"), strings.Contains(text, "Couldn't connect"), strings.Contains(text, "Failed to connect"):
			return why(actions.Fail, "see whether it runs, and whether api is where its API listens", "Traefik does not answer at %s: %s", api, said)
		case refusedWith(text, "401"), refusedWith(text, "403"):
			return why(actions.Unknown, "have the API answer its own host without a password: an entrypoint on 127.0.0.1", "the API at %s wants a password: %s", api, said)
		case strings.Contains(text, "timed out"):
			return why(actions.Unknown, "see its log, and whether api is where its API listens", "the API at %s does not answer: %s", api, said)
		case strings.Contains(text, "neither curl nor wget"):
			return why(actions.Unknown, "apt install curl, or set container", "Traefik cannot be asked: neither curl nor wget is installed")
		default:
			return why(actions.Unknown, "set api, and --api (with --api.insecure at port 8080)", "no API of Traefik answers at %s: %s", api, said)
		}
	}
	x.version = version.Version
	more, err := traefikValue(rest, &overview)
	if err != nil || !known {
		return why(actions.Unknown, "", "Traefik gave no whole answer for its overview: %s", traefikWords(rest, exit))
	}
	if more = strings.TrimSpace(more); more != "" {
		return why(actions.Unknown, "", "Traefik says more than its overview: %s", firstLine([]byte(more)))
	}
	text, x.pinged, known = exitOf(x.parts["lists"])
	for _, of := range []struct {
		name   string
		counts *traefikCounts
	}{{"http", overview.HTTP}, {"tcp", overview.TCP}, {"udp", overview.UDP}} {
		if of.counts == nil && of.name != "http" {
			continue // an old one knows nothing of it
		}
		// A list that is short of what the overview counts would hide what is wrong.
		if of.counts == nil || of.counts.Routers == nil || of.counts.Services == nil {
			return why(actions.Unknown, "", "the overview does not count its routers and services of %s", of.name)
		}
		var routers []traefikRouter
		var services []traefikService
		for _, list := range []struct {
			name string
			into any
		}{{"routers", &routers}, {"services", &services}} {
			rest, err := traefikValue(text, list.into)
			if err != nil || !known {
				return why(actions.Unknown, "", "Traefik gave no whole answer for its %s of %s: %s", list.name, of.name, traefikWords(text, x.pinged))
			}
			text = rest
		}
		if len(routers) < of.counts.Routers.Total || len(services) < of.counts.Services.Total {
			return why(actions.Unknown, "", "it counts %d routers and %d services of %s and lists %d and %d",
				of.counts.Routers.Total, of.counts.Services.Total, of.name, len(routers), len(services))
		}
		// The same name may stand for one of each protocol.
		for _, r := range routers {
			r.Name = traefikName(r.Name, of.name)
			x.routed = append(x.routed, r)
		}
		for _, s := range services {
			s.Name = traefikName(s.Name, of.name)
			x.served = append(x.served, s)
		}
	}
	x.ping = strings.TrimSpace(text)
	return nil
}

// containerTrouble says why a container that is not running cannot be asked.
func containerTrouble(kind, container, state string) *actions.Reading {
	r := actions.Reading{Status: actions.Unknown, Line: actions.Line(fmt.Sprintf("docker says what is not understood of %s: %s", container, orNothing(state, 0))), Next: "docker ps -a"}
	switch {
	case strings.Contains(state, "ermission denied"), strings.Contains(state, "sudo: "):
		r.Line = actions.Line("docker may not be asked: " + state)
		r.Next = "put the login into group docker, or allow sudo: jurymast kinds " + kind + " --sudoers"
	case strings.Contains(state, "No such"):
		r.Status, r.Line = actions.Fail, "there is no container "+container
	case slices.Contains([]string{"exited", "created", "paused", "restarting", "dead"}, state):
		r.Status, r.Line, r.Next = actions.Fail, fmt.Sprintf("the container %s is %s", container, state), "docker logs --tail 50 "+container
	}
	return &r
}

// traefikValue reads the first value of an answer, and returns what follows it.
func traefikValue(text string, into any) (rest string, err error) {
	d := json.NewDecoder(strings.NewReader(text))
	if err := d.Decode(into); err != nil {
		return text, err
	}
	return text[d.InputOffset():], nil
}

// traefikWords are what an answer says that cannot be read: what the one that
// asked says stands at its end.
func traefikWords(text string, exit int) string {
	text = strings.TrimSpace(text)
	if at := strings.LastIndexByte(text, '\n'); exit != 0 && at >= 0 {
		text = text[at+1:]
	}
	return orNothing(firstLine([]byte(text)), exit)
}

// traefikName is the name of a router or service; of http it is Traefik's own.
func traefikName(name, of string) string {
	if of != "http" {
		name = of + "/" + name
	}
	return name
}

// refusedWith reports whether curl or a wget, of busybox or GNU, tells of a status.
func refusedWith(text, status string) bool {
	return strings.Contains(text, "returned error: "+status) || strings.Contains(text, "HTTP/1.1 "+status) ||
		strings.Contains(text, "ERROR "+status) || status == "401" && strings.Contains(text, "Authentication Failed")
}

func (x traefikSaid) process() actions.Reading {
	r := actions.Reading{Status: actions.OK, Line: actions.Line(fmt.Sprintf("Traefik %s, %d routers, %d services", x.version, len(x.routed), len(x.served)))}
	text, exit := x.ping, x.pinged
	switch {
	case exit == 0 && text == "OK":
	case refusedWith(text, "503"):
		r.Status, r.Line, r.Next = actions.Warn, r.Line+"; it is shutting down, /ping says 503", "see its log"
	case refusedWith(text, "404"):
		r.Line += "; /ping is not switched on"
	default:
		r.Status, r.Line, r.Next = actions.Unknown, actions.Line(r.Line+"; /ping says what is not understood: "+orNothing(firstLine([]byte(text)), exit)), "set ping to its address"
	}
	return r
}

// routers names those that Traefik does not use as they are meant.
func (x traefikSaid) routers() []actions.Reading {
	var out []actions.Reading
	for _, r := range x.routed {
		why := strings.Join(r.Error, "; ")
		reading := actions.Reading{Item: actions.Line(r.Name), Next: "mend it where " + actions.Line(r.Name) + " is configured: label or file"}
		switch r.Status {
		case "enabled":
			continue
		case "disabled":
			reading.Status, reading.Line = actions.Fail, "switched off by Traefik: "+orDefault(why, "it does not say why")
		case "warning":
			reading.Status, reading.Line = actions.Warn, "Traefik warns: "+orDefault(why, "it does not say of what")
		default:
			reading.Status, reading.Line, reading.Next = actions.Unknown, fmt.Sprintf("Traefik calls it %q, which is not known here", r.Status), ""
		}
		reading.Line = actions.Line(reading.Line)
		out = append(out, reading)
	}
	if len(out) == 0 {
		return []actions.Reading{{Status: actions.OK, Line: fmt.Sprintf("%d routers, all in use", len(x.routed)), Metrics: []actions.Metric{{Name: "routers", Value: float64(len(x.routed))}}}}
	}
	return out
}

// services judges each service by its servers. One that no router uses has no
// status of its servers, and does no harm; one of UDP has none at all.
func (x traefikSaid) services() []actions.Reading {
	var out []actions.Reading
	up := 0
	for _, s := range x.served {
		r := actions.Reading{Item: actions.Line(s.Name), Next: "see whether they run and listen there"}
		var down, strange []string
		for _, url := range slices.Sorted(maps.Keys(s.ServerStatus)) {
			switch s.ServerStatus[url] {
			case "UP":
			case "DOWN":
				down = append(down, url)
			default:
				strange = append(strange, fmt.Sprintf("%s is %q", url, s.ServerStatus[url]))
			}
		}
		warns := ""
		if s.Status == "warning" {
			warns = "; Traefik warns: " + orDefault(strings.Join(s.Error, "; "), "it does not say of what")
		}
		switch {
		case s.Status == "disabled":
			r.Status, r.Line, r.Next = actions.Fail, "switched off by Traefik: "+orDefault(strings.Join(s.Error, "; "), "it does not say why"), "mend it where it is configured: label or file"
		case s.Status != "enabled" && warns == "":
			r.Status, r.Line, r.Next = actions.Unknown, fmt.Sprintf("Traefik calls it %q, which is not known here", s.Status), ""
		case len(down) > 0 && len(down) == len(s.ServerStatus):
			r.Status, r.Line = actions.Fail, fmt.Sprintf("none of %d servers is up: %s", len(down), strings.Join(down, ", "))+warns
		case len(strange) > 0:
			r.Status, r.Line, r.Next = actions.Unknown, "Traefik says what is not known here: "+strings.Join(strange, ", ")+warns, ""
		case len(down) > 0:
			r.Status, r.Line = actions.Warn, fmt.Sprintf("%d of %d servers up; down: %s", len(s.ServerStatus)-len(down), len(s.ServerStatus), strings.Join(down, ", "))+warns
		case warns != "":
			r.Status, r.Line, r.Next = actions.Warn, strings.TrimPrefix(warns, "; "), "mend it where it is configured: label or file"
		default:
			up += len(s.ServerStatus)
			continue
		}
		r.Line = actions.Line(r.Line)
		out = append(out, r)
	}
	if len(out) == 0 {
		return []actions.Reading{{Status: actions.OK, Line: fmt.Sprintf("%d services, %d servers, none down", len(x.served), up)}}
	}
	return out
}

// certificates reads what lies in the files of resolvers: "acme MODE PATH", then a
// certificate a line, as its chain in PEM in base64, and "cut PATH" where it does not end.
func (x traefikSaid) certificates(t inventory.Target, now time.Time) []actions.Reading {
	var d diskCerts
	var out []actions.Reading
	path, found, cut := "", map[string]int{}, map[string]bool{}
	for ln := range strings.Lines(x.parts["certificates"]) {
		ln = strings.TrimRight(ln, "\r\n")
		word, rest, several := strings.Cut(ln, " ")
		switch {
		case word == "closed":
			d.closed = append(d.closed, rest)
			delete(found, rest)
		case word == "absent":
			d.absent = append(d.absent, rest)
		case word == "cut" && several:
			out = append(out, actions.Reading{Item: rest, Status: actions.Fail, Line: "it is cut off in the middle: at its next start Traefik leaves its resolver out",
				Next: "see whether its disk is full (df), and bring the file back from a copy"})
			cut[rest] = true
		case word == "acme" && several:
			var mode string
			mode, path, _ = strings.Cut(rest, " ")
			found[path] = 0
			if len(mode) < 10 || mode[4:10] != "------" {
				out = append(out, actions.Reading{Item: path, Status: actions.Fail, Line: actions.Line("others than its owner may use it (" + mode + "): at its next start Traefik leaves its resolver out"),
					Next: "chmod 600 " + path})
			}
		case path != "":
			found[path]++
			name := fmt.Sprintf("%s %d", path, found[path])
			chain, err := base64.StdEncoding.DecodeString(ln)
			if err != nil {
				d.certs = append(d.certs, diskCert{path: name, err: err})
				continue
			}
			block, _ := pem.Decode(chain)
			d.add(name, string(pem.EncodeToMemory(orBlock(block))))
		case strings.TrimSpace(ln) != "":
			d.odd = ln
		}
	}
	named := map[string]bool{}
	for i := range d.certs {
		// Its names say more than its place in the file, where no other has them.
		if c := &d.certs[i]; c.err == nil && c.cert.Subject != "" && !named[c.cert.Subject] {
			c.path, named[c.cert.Subject] = c.cert.Subject, true
		}
	}
	for _, p := range t.Options.List("acme") {
		if _, told := found[p]; !told && !slices.Contains(d.closed, p) && !slices.Contains(d.absent, p) {
			out = append(out, actions.Reading{Item: p, Status: actions.Unknown, Line: "nothing is said of it"})
		}
	}
	for _, p := range slices.Sorted(maps.Keys(found)) {
		if found[p] == 0 && !cut[p] {
			out = append(out, actions.Reading{Item: p, Status: actions.Warn, Line: "it holds no certificate yet", Next: "see Traefik's log for what its resolver says"})
		}
	}
	if len(out) == 0 || len(d.certs)+len(d.closed)+len(d.absent) > 0 || d.odd != "" {
		out = append(out, certificatesJudge(t, d, certServing{}, now)...)
	}
	return out
}

// orBlock is a block, or one that is no certificate.
func orBlock(b *pem.Block) *pem.Block {
	if b == nil {
		return &pem.Block{Type: "NONE"}
	}
	return b
}
