package kind

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// mailcowSaid is a whole answer of mailcow/look.sh, by its parts.
type mailcowSaid map[string]string

func mailcowParse(a actions.Answer) (mailcowSaid, *actions.Reading) {
	parts, ended := linuxParts(a.Stdout)
	if _, trouble := dockerAnswers(a, ended); trouble != nil {
		return nil, trouble
	}
	return parts, nil
}

// within returns what a command in a container printed, or why it is not known.
func (m mailcowSaid) within(part, service string) (lines []string, why *actions.Reading) {
	text := strings.TrimSpace(m[part])
	if text == "absent" {
		return nil, &actions.Reading{Status: actions.Unknown, Line: service + " does not run, and cannot be asked", Next: "docker compose ps"}
	}
	lines = strings.Split(text, "\n")
	last := lines[len(lines)-1]
	if last != "ended 0" {
		return nil, &actions.Reading{Status: actions.Unknown, Line: service + " could not be asked: " + orDefault(actions.Line(text), "nothing was said"), Next: "docker compose logs " + service}
	}
	var said []string
	for _, ln := range lines[:len(lines)-1] {
		if strings.TrimSpace(ln) != "" {
			said = append(said, ln)
		}
	}
	return said, nil
}

// judgeQueue counts what waits: a line each, the queue and the time of arrival.
func (m mailcowSaid) judgeQueue(t inventory.Target, now time.Time) actions.Reading {
	lines, why := m.within("queue", "postfix-mailcow")
	if why != nil {
		return *why
	}
	in := map[string]int{}
	oldest := 0.0
	for _, ln := range lines {
		name, at, _ := strings.Cut(ln, " ")
		seconds, err := strconv.ParseInt(at, 10, 64)
		if err != nil || name == "" {
			return actions.Reading{Status: actions.Unknown, Line: "postqueue says what is not understood: " + actions.Line(ln)}
		}
		in[name]++
		if name != "hold" { // what somebody holds waits for that person
			oldest = math.Max(oldest, now.Sub(time.Unix(seconds, 0)).Hours())
		}
	}
	queue, age := boundOf(t, "queue"), boundOf(t, "oldest")
	waits := float64(len(lines) - in["hold"])
	r := actions.Reading{Status: actions.Worst(judge(queue, waits), judge(age, oldest)), Metrics: []actions.Metric{
		measured("queue", "", waits, queue), measured("oldest", "h", oldest, age), {Name: "deferred", Value: float64(in["deferred"])}}}
	r.Line = fmt.Sprintf("%s waiting%s, %d of them after a failure", count(int(waits), "mail"), limitWords(queue, judge(queue, waits), ""), in["deferred"])
	if waits > 0 {
		r.Line += fmt.Sprintf("; the oldest for %s%s", span(time.Duration(min(oldest, 1e5)*float64(time.Hour))), limitWords(age, judge(age, oldest), "h"))
	}
	if in["hold"] > 0 {
		r.Line += fmt.Sprintf("; %d on hold", in["hold"])
	}
	if r.Status != actions.OK {
		r.Next = "docker compose exec postfix-mailcow postqueue -p"
	}
	return r
}

func (m mailcowSaid) judgeDisk(t inventory.Target) actions.Reading {
	lines, why := m.within("disk", "dovecot-mailcow")
	if why != nil {
		return *why
	}
	used, f := math.NaN(), []string(nil)
	if len(lines) > 0 {
		f = strings.Fields(lines[len(lines)-1])
	}
	if len(f) >= 6 {
		used = hostNumber(strings.TrimSuffix(f[4], "%"))
	}
	if math.IsNaN(used) {
		return actions.Reading{Status: actions.Unknown, Line: "df says what is not understood: " + orDefault(actions.Line(strings.Join(lines, " ")), "nothing")}
	}
	b := boundOf(t, "disk")
	r := actions.Reading{Status: judge(b, used), Metrics: []actions.Metric{measured("disk", "%", used, b)}}
	r.Line = fmt.Sprintf("%.0f %% used%s", used, limitWords(b, r.Status, "%"))
	if r.Status != actions.OK {
		r.Next = "see doveadm quota, and docker system df"
	}
	return r
}

// judgeCertificate reads the certificate that mailcow serves with all of its
// services. That they have loaded it is for kind tls to see.
func (m mailcowSaid) judgeCertificate(t inventory.Target, now time.Time) actions.Reading {
	text := m["certificate"]
	block, _ := pem.Decode([]byte(text))
	if block == nil || block.Type != "CERTIFICATE" {
		return actions.Reading{Status: actions.Unknown, Line: "data/assets/ssl/cert.pem is no certificate: " + orDefault(actions.Line(text), "it is empty")}
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return actions.Reading{Status: actions.Unknown, Line: "data/assets/ssl/cert.pem cannot be read: " + actions.Line(err.Error())}
	}
	cert := actions.Cert{Subject: actions.Line(c.Subject.CommonName), Issuer: actions.Line(c.Issuer.CommonName), NotBefore: c.NotBefore, Expiry: c.NotAfter}
	r := probeCertificate(t, &actions.ProbeAnswer{Chain: []actions.Cert{cert}}, now, false)
	if r.Next != "" {
		r.Next = "docker compose logs acme-mailcow"
	}
	return r
}

// mailcowUpdate compares the installed commit with that of the remote.
func mailcowUpdate(a actions.Answer) actions.Reading {
	if strings.TrimSpace(string(a.Stdout)) == "missing" && a.Exit == 0 {
		return actions.Reading{Status: actions.Unknown, Line: "git is not installed: whether a newer version is out is not known", Next: "apt install git"}
	}
	parts, ended := linuxParts(a.Stdout)
	if failed, ok := parts["failed"]; ok {
		return actions.Reading{Status: actions.Unknown, Line: "which version is installed is not known: " + orDefault(actions.Line(failed), "git says nothing"), Next: "set dir to the folder of mailcow"}
	}
	installed, branch := strings.TrimSpace(parts["installed"]), actions.Line(parts["branch"])
	if !ended || a.Exit != 0 || !gitCommit(installed) || branch == "" {
		return actions.Reading{Status: actions.Unknown, Line: "the answer is not whole: " + orNothing(firstLine(a.Stderr), a.Exit)}
	}
	version := orDefault(actions.Line(parts["described"]), installed[:12])
	out, _, _ := strings.Cut(strings.TrimSpace(parts["out"]), "\t")
	switch {
	case branch == "HEAD":
		return actions.Reading{Status: actions.Unknown, Line: version + ", on no branch: whether a newer version is out is not known", Next: "git checkout master in the folder of mailcow"}
	case !gitCommit(out):
		return actions.Reading{Status: actions.Unknown, Line: version + "; the remote could not be asked for its branch " + branch + ": " + orDefault(actions.Line(parts["out"]), "it said nothing")}
	case out != installed:
		return actions.Reading{Status: actions.Warn, Line: version + " is installed, and " + branch + " has gone on to " + out[:12], Next: "read the release notes, then ./update.sh: it stops mailcow meanwhile"}
	}
	return actions.Reading{Status: actions.OK, Line: version + ", nothing newer on " + branch}
}

// gitCommit reports whether a text is the name of a git commit.
func gitCommit(s string) bool {
	return (len(s) == 40 || len(s) == 64) && strings.Trim(s, "0123456789abcdef") == ""
}
