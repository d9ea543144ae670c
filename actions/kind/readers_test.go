package kind

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// withDefaults is a target of a kind with its default limits.
func withDefaults(k actions.Kind, options inventory.Options) inventory.Target {
	t := inventory.Target{Ref: "service/api", Host: "node/app", Kind: k.Name, Options: options, Limits: inventory.Limits{}}
	if t.Options == nil {
		t.Options = inventory.Options{}
	}
	for _, l := range k.Limits {
		t.Limits[l.Name] = inventory.Bound{Warn: l.Warn, Fail: l.Fail, Low: l.Low, Unit: l.Unit}
	}
	return t
}

// TestRecordedAnswers reads the answers in testdata of the kinds whose head
// says what is expected: "# expect CHECK STATUS part of the line".
func TestRecordedAnswers(t *testing.T) {
	for _, k := range []actions.Kind{host, command} {
		for _, name := range answersOf(t, k.Name) {
			t.Run(k.Name+"/"+filepath.Base(name), func(t *testing.T) {
				b, err := os.ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				head, body, ok := strings.Cut(string(b), "\n\n")
				if !ok {
					t.Fatal("no empty line behind the head")
				}
				a := actions.Answer{Output: actions.Output{Stdout: []byte(body)}, Now: time.Unix(1795210000, 0)}
				readings := func(id string) []actions.Reading {
					for _, c := range k.Checks(nil, withDefaults(k, nil)) {
						if c.ID == id {
							return c.Read(a)
						}
					}
					t.Fatalf("there is no check %s", id)
					return nil
				}
				expected := 0
				for _, line := range strings.Split(head, "\n") {
					word, rest, _ := strings.Cut(strings.TrimPrefix(line, "# "), " ")
					switch word {
					case "exit:":
						if a.Exit, err = strconv.Atoi(rest); err != nil {
							t.Fatal(err)
						}
					case "stderr:":
						a.Stderr = []byte(rest + "\n")
					case "expect":
						f := strings.SplitN(rest, " ", 3)
						rs := readings(f[0])
						if len(rs) != 1 || rs[0].Status.String() != f[1] || !strings.Contains(rs[0].Line, f[2]) {
							t.Errorf("%s: got %+v, want %s %q", f[0], rs, f[1], f[2])
						}
						expected++
					case "metric":
						if !hasMetric(readings(k.Name)[0].Metrics, rest) {
							t.Errorf("no metric %q in %+v", rest, readings(k.Name)[0].Metrics)
						}
					}
				}
				if expected == 0 {
					t.Error("nothing is expected of it")
				}
			})
		}
	}
}

// hasMetric reports whether metrics hold "NAME VALUE UNIT WARN FAIL".
func hasMetric(ms []actions.Metric, want string) bool {
	limit := func(f *float64) string {
		if f == nil {
			return "-"
		}
		return fmt.Sprint(*f)
	}
	for _, m := range ms {
		if fmt.Sprintf("%s %v %s %s %s", m.Name, m.Value, m.Unit, limit(m.Warn), limit(m.Fail)) == want {
			return true
		}
	}
	return false
}

func TestParseRange(t *testing.T) {
	inf := math.Inf(1)
	tests := []struct {
		text       string
		start, end float64
		inside, ok bool
	}{
		{"10", 0, 10, false, true},
		{"10:", 10, inf, false, true},
		{"~:10", -inf, 10, false, true},
		{"10:20", 10, 20, false, true},
		{"@10:20", 10, 20, true, true},
		{"@10", 0, 10, true, true},
		{"~:", -inf, inf, false, true},
		{":10", 0, 10, false, true},
		{"-5:-1", -5, -1, false, true},
		{"0.5:1e3", 0.5, 1000, false, true},
		{"", 0, 0, false, false},
		{"@", 0, 0, false, false},
		{"20:10", 0, 0, false, false},
		{"-1", 0, 0, false, false},
		{"x", 0, 0, false, false},
		{"1:2:3", 0, 0, false, false},
		{"NaN", 0, 0, false, false},
		{"1:Inf", 0, 0, false, false},
		{"~", 0, 0, false, false},
	}
	for _, tt := range tests {
		r, err := parseRange(tt.text)
		if (err == nil) != tt.ok {
			t.Errorf("%q: error %v, want ok %v", tt.text, err, tt.ok)
		}
		if tt.ok && r != (alertRange{tt.start, tt.end, tt.inside}) {
			t.Errorf("%q: got %+v", tt.text, r)
		}
	}
}

func TestPerfdata(t *testing.T) {
	tests := []struct{ text, want string }{
		{"load=1.5;2;4;0", "load 1.5  2 4"},
		{"'a b'=1", "a b 1  - -"},
		{"'it''s'=1%;80;90", "it's 1 % 80 90"},
		{"rta=250ms;100;500", "rta 0.25 s 0.1 0.5"},
		{"free=5GB;10:;5:", "free 5 GB 10 5"},
		{"t=20;10:30;~:40", "t 20  30 40"},
		{"t=12;10:30", "t 12  10 -"},
		{"c=1234c;;", "c 1234 c - -"},
		{"x=U;1;2", ""},
		{"x=", ""},
		{"=1", ""},
		{"garbage y=2", "y 2  - -"},
		{"'open=1 z=3", "z 3  - -"},
		{"a=1 b=zwei c=3", "a 1  - -|c 3  - -"},
		{"e=1e-3s", "e 0.001 s - -"},
		{"n=-5;bad;-1:", "n -5  - -1"},
	}
	for _, tt := range tests {
		ms := perfdata(tt.text)
		var want []string
		if tt.want != "" {
			want = strings.Split(tt.want, "|")
		}
		if len(ms) != len(want) {
			t.Errorf("%q: got %+v, want %q", tt.text, ms, want)
			continue
		}
		for _, w := range want {
			if !hasMetric(ms, w) {
				t.Errorf("%q: no %q in %+v", tt.text, w, ms)
			}
		}
	}
	if n := len(perfdata(strings.Repeat("a=1 ", 10000))); n != maxMetrics {
		t.Errorf("%d metrics, want %d", n, maxMetrics)
	}
}

func FuzzCommand(f *testing.F) {
	f.Add("OK | 'a b'=1ms;@1:2;~:3;0;9\nmore | x=U y=1e5B;10:", 0)
	f.Add("'", 300)
	f.Fuzz(func(t *testing.T, out string, exit int) {
		rs := commandRead(actions.Answer{Output: actions.Output{Stdout: []byte(out), Exit: exit}})
		if len(rs) != 1 || rs[0].Line == "" || len(rs[0].Line) > actions.MaxLine || strings.Contains(rs[0].Line, "\n") {
			t.Errorf("%+v", rs)
		}
		if (rs[0].Status == actions.OK) != (exit == 0) {
			t.Errorf("exit %d is %v", exit, rs[0].Status)
		}
		for _, m := range rs[0].Metrics {
			if m.Name == "" || math.IsNaN(m.Value) || math.IsInf(m.Value, 0) {
				t.Errorf("%+v", m)
			}
		}
	})
}

func FuzzHostAndMount(f *testing.F) {
	f.Add("kernel=Linux\nuptime=1e400\nload=1 2 3\ncores=0\n/dev/sda 1 1 1 99% /\n")
	f.Add("now=9\nmounted=a nfs rw\ntouch=hung\nsince=99999999999999999999\n")
	f.Add("now=9\nmounted=a nfs rw\ntouch=answered\nempty=no\ndf=Filesystem x / 1 2 3 400% /a b\n")
	f.Fuzz(func(t *testing.T, out string) {
		a := actions.Answer{Output: actions.Output{Stdout: []byte(out)}, Now: time.Unix(1795210000, 0)}
		checks := append(host.Checks(nil, withDefaults(host, nil)), mountChecks(nil, mountTarget(nil))...)
		for _, c := range checks {
			for _, r := range c.Read(a) {
				if r.Line == "" {
					t.Errorf("%s says nothing: %+v", c.ID, r)
				}
				for _, m := range r.Metrics {
					if math.IsNaN(m.Value) || math.IsInf(m.Value, 0) {
						t.Errorf("%s: %+v", c.ID, m)
					}
				}
			}
		}
	})
}

func TestHTTP(t *testing.T) {
	page := map[string]string{"Content-Type": "text/html"}
	tests := []struct {
		name    string
		options inventory.Options
		answer  actions.ProbeAnswer
		status  actions.Status
		line    string
	}{
		{"well", nil, actions.ProbeAnswer{Code: 200, Took: 120 * time.Millisecond}, actions.OK, "200 in 0.12 s"},
		{"redirect", nil, actions.ProbeAnswer{Code: 302}, actions.OK, "302"},
		{"error", nil, actions.ProbeAnswer{Code: 502, Header: page, Body: []byte("<title>Bad \n Gateway</title>")}, actions.Fail, `expected 200-399: a page titled "Bad Gateway"`},
		{"slow", nil, actions.ProbeAnswer{Code: 200, Took: 3 * time.Second}, actions.Warn, "200 in 3.00 s, limit 2 s"},
		{"too slow", nil, actions.ProbeAnswer{Code: 200, Took: 11 * time.Second}, actions.Fail, "limit 10 s"},
		{"expected 401", inventory.Options{"status": "200,401-403"}, actions.ProbeAnswer{Code: 401}, actions.OK, "401"},
		{"not expected", inventory.Options{"status": "200"}, actions.ProbeAnswer{Code: 301, Header: map[string]string{"Location": "/login"}}, actions.Fail, "it leads to /login"},
		{"no list", inventory.Options{"status": "2xx"}, actions.ProbeAnswer{Code: 200}, actions.Unknown, "no list of statuses"},
		{"text there", inventory.Options{"contains": "ready"}, actions.ProbeAnswer{Code: 200, Body: []byte("is ready")}, actions.OK, "200"},
		{"text not there", inventory.Options{"contains": "ready"}, actions.ProbeAnswer{Code: 200, Header: page, Body: []byte("<title>Sign in</title>")}, actions.Fail, `"ready" is not in the answer: a page titled "Sign in"`},
		{"html for json", inventory.Options{"type": "json"}, actions.ProbeAnswer{Code: 200, Body: []byte(" <!DOCTYPE HTML><p>")}, actions.Fail, "an HTML page instead of JSON"},
		{"json", inventory.Options{"type": "json"}, actions.ProbeAnswer{Code: 200, Body: []byte(`{"a":1}`)}, actions.OK, "200"},
		{"refused", nil, actions.ProbeAnswer{Why: actions.ProbeRefused, Err: "connection refused"}, actions.Fail, "http://app.lan/: connection refused"},
		{"forbidden", nil, actions.ProbeAnswer{Why: actions.ProbeForbidden, Err: "no"}, actions.Unknown, "no"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			target := withDefaults(httpKind, tt.options)
			target.Options["url"] = "http://app.lan/"
			cs := httpChecks(nil, target)
			if len(cs) != 1 {
				t.Fatalf("%d checks", len(cs))
			}
			r := cs[0].Read(actions.Answer{Probe: &tt.answer})[0]
			if r.Status != tt.status || !strings.Contains(r.Line, tt.line) {
				t.Errorf("got %v %q, want %v %q", r.Status, r.Line, tt.status, tt.line)
			}
		})
	}
}

func TestSeenFrom(t *testing.T) {
	tests := []struct {
		kind    actions.Kind
		options inventory.Options
		host    inventory.Ref
		asked   string
	}{
		{httpKind, inventory.Options{"url": "http://127.0.0.1:8080/health"}, "node/app", "http://127.0.0.1:8080/health"},
		{httpKind, inventory.Options{"url": "https://[::1]/"}, "node/app", "https://[::1]/"},
		{httpKind, inventory.Options{"url": "https://app.example/"}, inventory.Console, "https://app.example/"},
		{httpKind, inventory.Options{"url": "https://app.example/", "from": "vm/dmz"}, "vm/dmz", "https://app.example/"},
		{tcp, inventory.Options{"port": int64(5432)}, "node/app", "localhost:5432"},
		{tcp, inventory.Options{"address": "db.lan:5432"}, inventory.Console, "db.lan:5432"},
		{tcp, inventory.Options{"address": "::1", "port": int64(22)}, "node/app", "[::1]:22"},
		{tlsKind, inventory.Options{"address": "mail.example", "from": "console"}, inventory.Console, "mail.example:443"},
		{tlsKind, nil, "node/app", "localhost:443"},
	}
	for _, tt := range tests {
		c := tt.kind.Checks(nil, withDefaults(tt.kind, tt.options))[0]
		if asked := c.Probe.URL + c.Probe.Address; c.Host != tt.host || asked != tt.asked {
			t.Errorf("%s %v: %s from %s, want %s from %s", tt.kind.Name, tt.options, asked, c.Host, tt.asked, tt.host)
		}
	}
	if r := tcp.Checks(nil, withDefaults(tcp, nil))[0].Read(actions.Answer{Probe: &actions.ProbeAnswer{Err: "x"}})[0]; r.Status != actions.Unknown || !strings.Contains(r.Line, "which port") {
		t.Errorf("no port: %+v", r)
	}
}

func TestCertificates(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	const day = 24 * time.Hour
	tests := []struct {
		name      string
		from, to  time.Duration
		verify    string
		verifyOpt bool
		status    actions.Status
		line      string
	}{
		{"fresh", -day, 89 * day, "", true, actions.OK, "89 d 0 h left, 99 % of 90 days"},
		{"a third of 64 days is well", -43 * day, 21 * day, "", true, actions.OK, "21 d 0 h left"},
		{"a quarter", -70 * day, 20 * day, "", true, actions.Warn, "limit 25 %"},
		{"a tenth", -82 * day, 8 * day, "", true, actions.Fail, "limit 10 %"},
		{"three days of 20", -18 * day, 2*day + time.Hour, "", true, actions.Warn, "limit 25 %"},
		{"two days of a year", -363 * day, 2 * day, "", true, actions.Fail, "left"},
		{"six days in all", -3 * day, 3*day - time.Hour, "", true, actions.OK, "2 d 23 h left"},
		{"expired", -90 * day, -12 * day, "it expired", true, actions.Fail, "expired 12 d 0 h ago"},
		{"not yet", day, 90 * day, "", true, actions.Fail, "not valid before 2026-11-21 12:00 UTC"},
		{"not trusted", -day, 89 * day, "it is self-signed", true, actions.Fail, "not trusted: it is self-signed"},
		{"not trusted, as meant", -day, 89 * day, "it is self-signed", false, actions.OK, "89 d"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			target := withDefaults(tlsKind, inventory.Options{"verify": tt.verifyOpt, "address": "app.lan"})
			p := &actions.ProbeAnswer{Verify: tt.verify, Chain: []actions.Cert{{Subject: "app.lan", Issuer: "Test", NotBefore: now.Add(tt.from), Expiry: now.Add(tt.to)}}}
			r := tlsKind.Checks(nil, target)[0].Read(actions.Answer{Probe: p, Now: now})[0]
			if r.Status != tt.status || !strings.Contains(r.Line, tt.line) {
				t.Errorf("got %v %q, want %v %q", r.Status, r.Line, tt.status, tt.line)
			}
		})
	}
}
