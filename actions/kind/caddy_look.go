package kind

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// caddySaid is a whole answer of caddy/look.sh.
type caddySaid struct {
	parts     map[string]string
	upstreams []caddyUpstream
	healthy   map[string]float64 // by address, where its metrics say so
	pools     [][]string         // addresses that share a load
	reloaded  float64            // 0 when its last reload failed, NaN where that is not said
	started   float64            // seconds since 1970, NaN where that is not said
	down      bool
}

// caddyUpstream is an element of /reverse_proxy/upstreams.
type caddyUpstream struct {
	Address string `json:"address"`
	Fails   int    `json:"fails"` // recent ones, as requests found them
}

func caddyParse(t inventory.Target, a actions.Answer) (caddySaid, *actions.Reading) {
	parts, ended := linuxParts(a.Stdout)
	c := caddySaid{parts: parts, healthy: map[string]float64{}, reloaded: math.NaN(), started: math.NaN()}
	why := func(s actions.Status, next, format string, args ...any) (caddySaid, *actions.Reading) {
		return c, &actions.Reading{Status: s, Line: actions.Line(fmt.Sprintf(format, args...)), Next: next}
	}
	switch {
	case strings.TrimSpace(string(a.Stdout)) == "missing caddy" && a.Exit == 0:
		return why(actions.Fail, "apt install caddy, or name another host", "Caddy is not installed")
	case !ended || a.Exit != 0:
		return why(actions.Unknown, "", "no whole answer: %s", orNothing(firstLine(a.Stderr), a.Exit))
	}
	admin := orDefault(t.Options.String("admin"), caddyAdmin)
	text, exit, known := exitOf(parts["upstreams"])
	if !known || exit != 0 {
		if n, err := strconv.Atoi(strings.TrimSpace(parts["processes"])); known && err == nil && n == 0 {
			c.down = true
			return c, nil
		}
		return why(actions.Unknown, "set admin to where its admin API listens; with admin off it cannot be asked", "Caddy does not answer at %s: %s", admin, orNothing(firstLine([]byte(text)), exit))
	}
	err := json.Unmarshal([]byte(text), &c.upstreams)
	if err != nil || !strings.HasPrefix(text, "[") || len(c.upstreams) > 0 && c.upstreams[0] == (caddyUpstream{}) {
		return why(actions.Unknown, "see whether admin is the address of its admin API", "what answers at %s is no Caddy: %s", admin, orNothing(firstLine([]byte(text)), exit))
	}
	c.numbers(parts["metrics"])
	for ln := range strings.Lines(parts["pools"]) {
		ln = strings.TrimSpace(ln)
		if ln == `"upstreams"` {
			c.pools = append(c.pools, nil)
		} else if dial, ok := strings.CutPrefix(ln, `"dial":"`); ok && len(c.pools) > 0 {
			last := len(c.pools) - 1
			c.pools[last] = append(c.pools[last], strings.TrimSuffix(dial, `"`))
		}
	}
	return c, nil
}

// numbers reads Prometheus' text format, of the three names that are asked for.
func (c *caddySaid) numbers(text string) {
	for ln := range strings.Lines(text) {
		name, value, ok := strings.Cut(strings.TrimSpace(ln), " ")
		v, err := strconv.ParseFloat(value, 64)
		if !ok || err != nil {
			continue
		}
		switch rest, labelled := strings.CutPrefix(name, `caddy_reverse_proxy_upstreams_healthy{upstream="`); {
		case labelled:
			c.healthy[strings.TrimSuffix(rest, `"}`)] = v
		case name == "caddy_config_last_reload_successful":
			c.reloaded = v
		case name == "process_start_time_seconds":
			c.started = v
		}
	}
}

func (c caddySaid) process(t inventory.Target, now time.Time) actions.Reading {
	if c.down {
		r := actions.Reading{Status: actions.Fail, Line: "Caddy does not run", Next: "systemctl status " + orDefault(t.Options.String("unit"), "caddy")}
		if x := c.tested(); x.Status == actions.Fail {
			r.Line, r.Next = r.Line+"; "+x.Line, x.Next
		}
		return r
	}
	version := strings.TrimPrefix(firstLine([]byte(c.parts["version"])), "v")
	version, _, _ = strings.Cut(version, " ")
	r := actions.Reading{Status: actions.OK, Line: "Caddy " + version}
	if c.started > 0 && c.started < float64(now.Unix()) {
		r.Line += ", up for " + span(now.Sub(time.Unix(int64(c.started), 0)))
	}
	r.Line += fmt.Sprintf(", %d upstreams", len(c.upstreams))
	if c.reloaded == 0 {
		r.Status, r.Line, r.Next = actions.Warn, r.Line+"; its last reload failed, and it goes on with the configuration before", "see its log: journalctl -u "+orDefault(t.Options.String("unit"), "caddy")
	}
	return r
}

// tested judges whether the Caddyfile on disk can be read.
func (c caddySaid) tested() actions.Reading {
	text, exit, known := exitOf(c.parts["test"])
	lines := strings.Split(text, "\n")
	last := strings.TrimPrefix(lines[len(lines)-1], "Error: ")
	switch {
	case !known:
		return actions.Reading{Status: actions.Unknown, Line: "Caddy did not say whether it can read its configuration"}
	case exit == 0:
		return actions.Reading{Status: actions.OK, Line: "the configuration can be read"}
	case strings.Contains(text, "ermission denied"), strings.Contains(text, "sudo: "):
		return actions.Reading{Status: actions.Unknown, Line: actions.Line("the login may not read the configuration: " + last),
			Next: "allow sudo for this host: jurymast kinds caddy --sudoers"}
	}
	return actions.Reading{Status: actions.Fail, Line: actions.Line("the configuration on disk cannot be read, the next start fails: " + orNothing(last, exit)),
		Next: "mend it, then: systemctl reload caddy"}
}

// judge says of each upstream whether Caddy leads requests to it.
func (c caddySaid) judge() []actions.Reading {
	if c.down {
		return []actions.Reading{{Status: actions.Fail, Line: "Caddy does not run"}}
	}
	var out []actions.Reading
	for _, u := range c.upstreams {
		v, known := c.healthy[u.Address]
		r := actions.Reading{Item: actions.Line(u.Address), Metrics: []actions.Metric{{Name: "fails", Value: float64(u.Fails)}}}
		switch {
		case u.Address == "":
			r.Status, r.Line = actions.Unknown, "Caddy names an upstream without an address"
		case !known:
			r.Status, r.Line = actions.Unknown, "Caddy does not say whether it is healthy"
			r.Next = "its version may be too old for it: 2.5 and later say so in /metrics"
		case v == 1 && u.Fails > 0:
			r.Status, r.Line = actions.Warn, fmt.Sprintf("up in Caddy's eyes, and %d requests to it failed lately", u.Fails)
			r.Next = "see its log"
		case v == 1:
			r.Status, r.Line = actions.OK, "up in Caddy's eyes"
		case c.covered(u.Address):
			r.Status, r.Line, r.Next = actions.Warn, "down; others carry its load", "see whether it runs and listens there"
		default:
			r.Status, r.Line, r.Next = actions.Fail, "down, and nothing else carries its load", "see whether it runs and listens there"
		}
		out = append(out, r)
	}
	if len(out) == 0 {
		return []actions.Reading{{Status: actions.OK, Line: "it has no upstreams"}}
	}
	return out
}

// covered reports whether in every group that an upstream is in another is up.
func (c caddySaid) covered(address string) bool {
	found := false
	for _, p := range c.pools {
		if !slices.Contains(p, address) {
			continue
		}
		found = true
		if !slices.ContainsFunc(p, func(a string) bool { return c.healthy[a] == 1 }) {
			return false
		}
	}
	return found
}
