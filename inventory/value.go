package inventory

import (
	"fmt"
	"math"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// MaxDuration is the longest duration that an inventory may hold: ten years.
// More is a slip of the finger.
const MaxDuration = 3650 * 24 * time.Hour

var durationUnits = []struct {
	name string
	unit time.Duration
}{
	{"ms", time.Millisecond}, {"s", time.Second}, {"m", time.Minute}, {"h", time.Hour},
	{"d", 24 * time.Hour}, {"w", 7 * 24 * time.Hour},
}

// ParseDuration reads a duration as people write it in an inventory: whole
// numbers with ms, s, m, h, d or w behind them, as "90s", "1h30m" or "2w". A
// day is 24 hours. It is an error when it is negative, has no unit, or is
// longer than [MaxDuration].
func ParseDuration(s string) (time.Duration, error) {
	rest := strings.TrimSpace(s)
	if rest == "" {
		return 0, fmt.Errorf("%q is no duration", s)
	}
	var sum time.Duration
	for rest != "" {
		n := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
		switch {
		case n == 0:
			return 0, fmt.Errorf("%q is no duration", s)
		case n < 0:
			return 0, fmt.Errorf("%q has no unit", s)
		}
		num, err := strconv.ParseInt(rest[:n], 10, 64)
		rest = rest[n:]
		u := strings.IndexFunc(rest, func(r rune) bool { return r < 'a' || r > 'z' })
		if u < 0 {
			u = len(rest)
		}
		i := slices.IndexFunc(durationUnits, func(d struct {
			name string
			unit time.Duration
		}) bool {
			return d.name == rest[:u]
		})
		if i < 0 {
			return 0, fmt.Errorf("%q is no duration: the units are ms, s, m, h, d and w", s)
		}
		unit := durationUnits[i].unit
		if err != nil || num > int64(MaxDuration/unit) || sum > MaxDuration-time.Duration(num)*unit {
			return 0, fmt.Errorf("%q is longer than ten years", s)
		}
		sum += time.Duration(num) * unit
		rest = strings.TrimLeft(rest[u:], " ")
	}
	return sum, nil
}

var sizeUnits = map[string]float64{
	"": 1, "b": 1,
	"k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40,
	"kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40, "pib": 1 << 50,
	"kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12, "pb": 1e15,
}

// ParseSize reads a number of bytes: "10 GiB", "500MB", "1.5T". KiB, MiB and
// so on, and a bare letter, count in 1024; KB, MB and so on in 1000.
func ParseSize(s string) (int64, error) {
	t := strings.TrimSpace(s)
	n := strings.IndexFunc(t, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
	if n < 0 {
		n = len(t)
	}
	num, err := strconv.ParseFloat(t[:n], 64)
	unit, ok := sizeUnits[strings.ToLower(strings.TrimSpace(t[n:]))]
	if err != nil || !ok {
		return 0, fmt.Errorf("%q is no size: the units are B, KiB, MiB, GiB and TiB", s)
	}
	if num*unit >= math.MaxInt64 {
		return 0, fmt.Errorf("%q is too large for a size", s)
	}
	return int64(num * unit), nil
}

var weekdays = map[string]time.Weekday{
	"sun": time.Sunday, "mon": time.Monday, "tue": time.Tuesday, "wed": time.Wednesday,
	"thu": time.Thursday, "fri": time.Friday, "sat": time.Saturday,
}

// parseDays reads days of the week: "sat,sun", "mon-fri", "fri-mon,wed".
func parseDays(text string) ([]time.Weekday, bool) {
	var out []time.Weekday
	for _, d := range strings.Split(strings.ToLower(text), ",") {
		first, last, isRange := strings.Cut(d, "-")
		if !isRange {
			last = first
		}
		a, ok1 := weekdays[first]
		b, ok2 := weekdays[last]
		if !ok1 || !ok2 {
			return nil, false
		}
		for {
			if !slices.Contains(out, a) {
				out = append(out, a)
			}
			if a == b {
				break
			}
			a = (a + 1) % 7
		}
	}
	return out, true
}

// ParseWindow reads a time of the day, with or without days: "22:00-06:00",
// "sat,sun 00:00-24:00", "mon-fri 19:00-07:00".
func ParseWindow(s string) (Window, error) {
	var w Window
	bad := func(why string) (Window, error) { return Window{}, fmt.Errorf("%q is no window: %s", s, why) }
	clock := strings.TrimSpace(s)
	if days, rest, ok := strings.Cut(clock, " "); ok {
		clock = strings.TrimSpace(rest)
		if w.Days, ok = parseDays(days); !ok {
			return bad("the days are mon, tue, wed, thu, fri, sat and sun")
		}
	}
	from, to, ok := strings.Cut(clock, "-")
	if !ok {
		return bad("a time is missing")
	}
	var okFrom, okTo bool
	w.From, okFrom = parseClock(strings.TrimSpace(from))
	w.To, okTo = parseClock(strings.TrimSpace(to))
	switch {
	case !okFrom || !okTo || w.From == 24*time.Hour:
		return bad("times go from 00:00 to 24:00")
	case w.From == w.To:
		return bad("it ends when it begins")
	}
	return w, nil
}

func parseClock(s string) (time.Duration, bool) {
	if len(s) != len("00:00") || s[2] != ':' {
		return 0, false
	}
	h, err1 := strconv.ParseUint(s[:2], 10, 8)
	m, err2 := strconv.ParseUint(s[3:], 10, 8)
	if err1 != nil || err2 != nil || m > 59 || h > 24 || h == 24 && m > 0 {
		return 0, false
	}
	return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute, true
}

// maxName is the longest name of a target in bytes: with its level it fits
// beside a status on a line of 80.
const maxName = 64

// checkName says what is wrong with a name, "" if nothing is.
func checkName(s string) (text, hint string) {
	switch {
	case s == "":
		return "a name is empty", ""
	case len(s) > maxName:
		return fmt.Sprintf("name %q is longer than %d characters", cut(s), maxName), ""
	case reserved(s):
		return fmt.Sprintf("name %q is a word of the selectors", s), "choose another name"
	}
	ok := func(c byte) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' }
	for i := range len(s) {
		if ok(s[i]) || i > 0 && strings.IndexByte("._-", s[i]) >= 0 {
			continue
		}
		hint := "names are made of a-z, 0-9, dot, dash and underscore"
		if low := strings.ToLower(s); low != s {
			if t, _ := checkName(low); t == "" {
				hint = `write "` + low + `"`
			}
		}
		return fmt.Sprintf("bad name %q", cut(s)), hint
	}
	return "", ""
}

// cut shortens what is quoted in a message.
func cut(s string) string {
	if len(s) <= maxName+16 {
		return s
	}
	n := maxName
	for n > 0 && s[n]&0xc0 == 0x80 { // do not split a character
		n--
	}
	return s[:n] + "…"
}

// checkAddress says what is wrong with an address without a port.
func checkAddress(s string) (text, hint string) {
	if user, host, ok := strings.Cut(s, "@"); ok {
		return fmt.Sprintf("address %q holds a user", cut(s)), fmt.Sprintf("write address = %q and user = %q", cut(host), cut(user))
	}
	if in, ok := strings.CutPrefix(s, "["); ok {
		if in, _, ok = strings.Cut(in, "]"); ok {
			return fmt.Sprintf("address %q stands in brackets", cut(s)), fmt.Sprintf("write %q", cut(in))
		}
	}
	if _, err := netip.ParseAddr(s); err == nil {
		return "", ""
	}
	if host, port, ok := strings.Cut(s, ":"); ok && !strings.Contains(port, ":") {
		return fmt.Sprintf("address %q holds a port", cut(s)), fmt.Sprintf("write address = %q and port = %s", cut(host), cut(port))
	}
	if !isHostName(s) {
		return fmt.Sprintf("%q is no address", cut(s)), "write a host name, an IPv4 or an IPv6 address"
	}
	return "", ""
}

// isHostName is generous: what resolves is for the resolver to say. It keeps
// out what a shell or ssh would take for something else.
func isHostName(s string) bool {
	if s == "" || len(s) > 253 || s[0] == '-' || s[0] == '.' {
		return false
	}
	for _, r := range s {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '.' || r == '_') {
			return false
		}
	}
	return true
}

func isUser(s string) bool {
	return s != "" && len(s) <= 256 && s[0] != '-' && !strings.ContainsAny(s, " \t\n:/'\"`$;&|<>()")
}

// isJump reports whether s is a machine outside of the inventory: host,
// user@host, with or without :port, and with at least one of the two or a dot.
func isJump(s string) bool {
	host, hasUser := s, false
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		if !isUser(s[:i]) {
			return false
		}
		host, hasUser = s[i+1:], true
	}
	if ap, err := netip.ParseAddrPort(host); err == nil {
		return ap.Port() > 0
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	name, port, hasPort := strings.Cut(host, ":")
	if hasPort {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return false
		}
	}
	return isHostName(name) && (hasUser || hasPort || strings.Contains(name, "."))
}

// checkURL says what is wrong with a URL.
func checkURL(s string) (text, hint string) {
	u, err := url.Parse(s)
	switch {
	case (err != nil || u.Scheme == "" || u.Host == "") && strings.Contains(s, "@"):
		return "is no URL", `write it whole, as "https://host/path"` // it may hold a password: not repeated
	case err != nil || u.Scheme == "" || u.Host == "":
		return fmt.Sprintf("%q is no URL", cut(s)), `write it whole, as "https://host/path"`
	case u.User != nil:
		if _, has := u.User.Password(); has {
			return "holds a password", "passwords do not stand in an inventory: " + secretForms
		}
	}
	return "", ""
}
