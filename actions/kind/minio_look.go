package kind

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// minioSaid is a whole answer of minio/look.sh.
type minioSaid struct {
	live, ready, write, read minioHealth
	known                    bool // something of what answers is MinIO's own
	admin                    string
}

// minioHealth is what one of its health checks answered.
type minioHealth struct {
	code    int // 0: nothing answered
	body    int64
	headers map[string]string
	failed  string // what curl complained of
}

func minioParse(a actions.Answer) (minioSaid, *actions.Reading) {
	if strings.TrimSpace(string(a.Stdout)) == "missing curl" && a.Exit == 0 {
		return minioSaid{}, &actions.Reading{Status: actions.Unknown, Line: "curl is not installed on its host, and nothing else asks it", Next: "apt install curl"}
	}
	parts, ended := linuxParts(a.Stdout)
	if !ended || a.Exit != 0 {
		return minioSaid{}, &actions.UnknownReading("the answer is not whole: %s", orNothing(firstLine(a.Stderr), a.Exit))[0]
	}
	m := minioSaid{admin: parts["admin"]}
	for name, to := range map[string]*minioHealth{"live": &m.live, "ready": &m.ready, "write": &m.write, "read": &m.read} {
		h, ok := minioReadHealth(parts[name])
		if !ok {
			return minioSaid{}, &actions.UnknownReading("what it says of %q is not understood: %s", name, orNothing(firstLine([]byte(parts[name])), 0))[0]
		}
		*to = h
		m.known = m.known || h.own()
	}
	return m, nil
}

func minioReadHealth(said string) (minioHealth, bool) {
	h := minioHealth{headers: map[string]string{}}
	whole := false
	for ln := range strings.Lines(said) {
		ln = strings.TrimSpace(ln)
		if f := strings.Fields(ln); len(f) == 4 && f[0] == "code" && f[2] == "body" {
			code, err1 := strconv.Atoi(f[1])
			body, err2 := strconv.ParseInt(f[3], 10, 64)
			if err1 != nil || err2 != nil {
				return h, false
			}
			h.code, h.body, whole = code, body, true
		} else if why, ok := strings.CutPrefix(ln, "curl: "); ok {
			h.failed = actions.Line(why)
		} else if k, v, ok := strings.Cut(ln, ":"); ok {
			h.headers[strings.ToLower(k)] = actions.Line(v)
		}
	}
	return h, whole
}

// own reports whether an answer bears MinIO's own mark. A proxy puts its name in the
// place of MinIO's, and hands its other headers on.
func (h minioHealth) own() bool {
	for k := range h.headers {
		if strings.HasPrefix(k, "x-minio-") {
			return true
		}
	}
	return strings.Contains(strings.ToLower(h.headers["server"]), "minio")
}

// unmarked is the reading of answers that say that all is well, and not who they
// are: anything may answer with nothing.
func (m minioSaid) unmarked() actions.Reading {
	return actions.Reading{Status: actions.Unknown, Line: "nothing of what answers is MinIO's, but " + orDefault(m.live.headers["server"], "something that does not say what it is") + " says 200",
		Next: "set url to the address of its S3 side, and have a proxy hand on headers X-Minio-"}
}

// stranger says why an answer cannot be MinIO's, "" where it can. Its health checks
// have a body where they complain, and none otherwise.
func (h minioHealth) stranger() string {
	who := orDefault(h.headers["server"], "something that does not say what it is")
	switch {
	case h.code == 0:
	case h.body > 0 && (h.code < 400 || !h.own()):
		return fmt.Sprintf("it is not MinIO that answers, but %s, with a page of %d bytes", who, h.body)
	case h.code != 200 && !h.own():
		return fmt.Sprintf("it is not MinIO that answers %d, but %s", h.code, who)
	}
	return ""
}

// begins says what a server has not loaded yet, "" where it has all it needs.
func (h minioHealth) begins() string {
	switch s := h.headers["x-minio-server-status"]; s {
	case "":
		return ""
	case "offline":
		return "it answers and is not ready: its drives or its other servers are not there yet"
	case "bucket-metadata-offline":
		return "it answers and is not ready: it has not read yet what buckets it has"
	case "iam-offline":
		return "it answers and is not ready: it has not read yet what users it has"
	default:
		return "it answers and is not ready: it calls itself " + s
	}
}

func (m minioSaid) server() actions.Reading {
	for _, h := range []minioHealth{m.live, m.ready} {
		switch why := h.stranger(); {
		case h.code == 0:
			return actions.Reading{Status: actions.Fail, Line: "it does not answer: " + orDefault(h.failed, "curl does not say why"), Next: "systemctl status minio, or docker logs of its container"}
		case why != "":
			return actions.Reading{Status: actions.Unknown, Line: why, Next: "set url to the address of its S3 side"}
		case h.begins() != "":
			return actions.Reading{Status: actions.Fail, Line: h.begins(), Next: "see its log"}
		case h.code == 503:
			return actions.Reading{Status: actions.Fail, Line: "it answers and is not ready: more wait for it than it takes, or what it keeps its keys with is gone", Next: "see its log"}
		case h.code != 200:
			return actions.Reading{Status: actions.Unknown, Line: fmt.Sprintf("its health check answers %d, which is not known here", h.code)}
		}
	}
	if !m.known {
		return m.unmarked()
	}
	return actions.Reading{Status: actions.OK, Line: "alive and ready"}
}

func (m minioSaid) quorum() actions.Reading {
	for _, x := range []struct {
		h       minioHealth
		without string
	}{
		{m.read, "too few drives are there to read: nothing can be had from it"},
		{m.write, "too few drives are there to write: it can only be read"},
	} {
		switch why := x.h.stranger(); {
		case x.h.code == 0:
			return actions.Reading{Status: actions.Unknown, Line: "it does not say whether enough drives are there: " + orDefault(x.h.failed, "no answer")}
		case why != "":
			return actions.Reading{Status: actions.Unknown, Line: why}
		case x.h.begins() != "":
			return actions.Reading{Status: actions.Fail, Line: x.h.begins(), Next: "see its log"}
		case x.h.code == 503:
			return actions.Reading{Status: actions.Fail, Line: x.without, Next: "bring back the servers and drives that are gone: mc admin info"}
		case x.h.code != 200:
			return actions.Reading{Status: actions.Unknown, Line: fmt.Sprintf("it answers %d when asked for its drives, which is not known here", x.h.code)}
		}
	}
	if !m.known {
		return m.unmarked()
	}
	line := "enough drives to read and to write"
	if q := m.write.headers["x-minio-write-quorum"]; q != "" {
		line += ", which takes " + q
	}
	if n, err := strconv.Atoi(m.write.headers["x-minio-healing-drives"]); err == nil && n > 0 {
		return actions.Reading{Status: actions.Warn, Line: fmt.Sprintf("%s; %d heal", line, n), Next: "wait for it, and lose no other drive meanwhile"}
	}
	return actions.Reading{Status: actions.OK, Line: line}
}

// minioInfo is what mc admin info --json prints, as far as it is read here.
type minioInfo struct {
	Status string     `json:"status"`
	Error  minioError `json:"error"`
	Info   struct {
		Mode    string `json:"mode"`
		Servers []struct {
			State    string       `json:"state"`
			Endpoint string       `json:"endpoint"`
			Uptime   float64      `json:"uptime"` // seconds
			Version  string       `json:"version"`
			Drives   []minioDrive `json:"drives"`
			Disks    []minioDrive `json:"disks"` // until 2021
		} `json:"servers"`
	} `json:"info"`
}

// minioError is what the client complains of: words where a server refused it, and
// where it could not ask, a message with a cause.
type minioError string

func (e *minioError) UnmarshalJSON(b []byte) error {
	var words string
	if json.Unmarshal(b, &words) == nil {
		*e = minioError(actions.Line(words))
		return nil
	}
	var deep struct {
		Message string `json:"message"`
		Cause   struct {
			Message string `json:"message"`
		} `json:"cause"`
	}
	if err := json.Unmarshal(b, &deep); err != nil {
		return err
	}
	*e = minioError(actions.Line(orDefault(deep.Cause.Message, deep.Message)))
	return nil
}

type minioDrive struct {
	Endpoint string  `json:"endpoint"`
	Path     string  `json:"path"`
	State    string  `json:"state"`
	Healing  bool    `json:"healing"`
	Total    float64 `json:"totalspace"` // bytes
	Used     float64 `json:"usedspace"`
}

func (m minioSaid) drives(space inventory.Bound) []actions.Reading {
	text, exit, _ := strings.Cut(strings.TrimSpace(m.admin), "\nexit ")
	var info minioInfo
	switch err := json.NewDecoder(bytes.NewReader([]byte(text))).Decode(&info); {
	case strings.TrimSpace(m.admin) == "missing":
		return []actions.Reading{{Status: actions.Unknown, Line: "MinIO's client is not installed on its host: drives are not seen", Next: "install mcli (mc) from MinIO's own archive"}}
	case strings.TrimSpace(m.admin) == "gone":
		return actions.UnknownReading("drives are not seen: the server does not answer")
	case strings.TrimSpace(m.admin) == "colon":
		return []actions.Reading{{Status: actions.Unknown, Line: "a key with a colon cannot be handed to MinIO's client: drives are not seen", Next: "make a key without one: mc admin accesskey create"}}
	case exit == "124":
		return actions.UnknownReading("MinIO's client got no answer within 20 s")
	case err != nil:
		return actions.UnknownReading("what MinIO's client says is not understood: %s", orNothing(firstLine([]byte(text)), 0))
	case info.Status != "success":
		r := actions.Reading{Status: actions.Unknown, Line: "drives are not seen: " + orDefault(string(info.Error), "it does not say why")}
		switch why := string(info.Error); {
		case strings.Contains(why, "Access Denied"):
			r.Next = "give access_key the right admin:ServerInfo"
		case strings.Contains(why, "does not exist in our records"), strings.Contains(why, "signature we calculated does not match"):
			r.Next = "set access_key and secret_key"
		}
		return []actions.Reading{r}
	case len(info.Info.Servers) == 0:
		return actions.UnknownReading("it names no server")
	}
	var out []actions.Reading
	for i, s := range info.Info.Servers {
		seen := map[string]bool{} // one release calls them drives, another disks, and one both
		who := actions.Line(orDefault(s.Endpoint, "server "+strconv.Itoa(i+1)))
		if s.State != "online" {
			status := actions.Unknown
			if s.State == "offline" || s.State == "initializing" {
				status = actions.Fail
			}
			out = append(out, actions.Reading{Item: who, Status: status, Line: "the server is " + orDefault(actions.Line(s.State), "in no state that it tells"), Next: "see its log"})
		}
		for n, d := range append(s.Drives, s.Disks...) {
			r := d.judge(space)
			r.Item = actions.Line(orDefault(d.Endpoint, orDefault(d.Path, "drive "+strconv.Itoa(n+1))))
			if len(info.Info.Servers) > 1 && !strings.Contains(r.Item, "://") {
				r.Item = who + " " + r.Item // servers may have drives of one name
			}
			if !seen[r.Item] {
				seen[r.Item] = true
				out = append(out, r)
			}
		}
		if s.State != "online" {
			continue
		}
		if len(s.Drives)+len(s.Disks) == 0 {
			out = append(out, actions.Reading{Item: who, Status: actions.Unknown, Line: "it names no drive"})
		} else if s.Uptime >= 0 && s.Uptime < 1e9 {
			out = append(out, actions.Reading{Item: who, Status: actions.OK, Line: fmt.Sprintf("online for %s, %s", span(time.Duration(s.Uptime)*time.Second), orDefault(actions.Line(s.Version), "of no version that it tells"))})
		}
	}
	return out
}

func (d minioDrive) judge(space inventory.Bound) actions.Reading {
	switch d.State {
	case "ok":
	case "root-mount":
		return actions.Reading{Status: actions.Fail, Line: "the drive is not mounted: its place is on the disk of the system", Next: "mount it again"}
	case "offline", "missing", "corrupt", "faulty", "permission", "permission-denied", "unformatted":
		return actions.Reading{Status: actions.Fail, Line: "the drive is " + d.State, Next: "replace it, or mount it again: MinIO heals it by itself"}
	default:
		return actions.Reading{Status: actions.Unknown, Line: "the drive's state is " + orDefault(actions.Line(d.State), "not told") + ", which is not known here"}
	}
	if d.Total <= 0 || d.Used < 0 || d.Used > d.Total {
		return actions.Reading{Status: actions.Unknown, Line: "ok; how full it is is not told"}
	}
	used := d.Used / d.Total * 100
	r := actions.Reading{Status: judge(space, used), Metrics: []actions.Metric{measured("used", "%", used, space)}}
	r.Line = fmt.Sprintf("ok, %.0f%% of %s used%s", used, bytesWord(d.Total), limitWords(space, r.Status, "%"))
	if d.Healing {
		r.Status, r.Line = actions.Worst(r.Status, actions.Warn), r.Line+"; it heals"
	}
	return r
}
