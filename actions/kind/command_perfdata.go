package kind

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"jurymast/actions"
)

// perfdata reads performance data of a plugin:
//
//	'label'=value[UOM];[warn];[crit];[min];[max]
//
// with blanks between them. A label with blanks stands in single quotes, where
// two of them mean one. What cannot be read is left out: the exit code is the
// verdict, numbers are a gift. The value U, for not known, is left out, too.
func perfdata(s string) []actions.Metric {
	var ms []actions.Metric
	for len(ms) < maxMetrics {
		s = strings.TrimLeft(s, " \t\r")
		if s == "" {
			break
		}
		label, rest, ok := perfLabel(s)
		if !ok { // go on behind the word
			_, s, _ = strings.Cut(s, " ")
			continue
		}
		var word string
		word, s, _ = strings.Cut(strings.ReplaceAll(rest, "\t", " "), " ")
		if m, ok := perfValue(word); ok {
			m.Name = label
			ms = append(ms, m)
		}
	}
	return ms
}

// perfLabel takes a label and its = from the front.
func perfLabel(s string) (label, rest string, ok bool) {
	if s[0] != '\'' {
		label, rest, ok = strings.Cut(s, "=")
		return label, rest, ok && label != "" && !strings.ContainsAny(label, " \t'")
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		if s[i] != '\'' {
			b.WriteByte(s[i])
			continue
		}
		if i+1 < len(s) && s[i+1] == '\'' {
			b.WriteByte('\'')
			i++
			continue
		}
		rest, ok = strings.CutPrefix(s[i+1:], "=")
		label = actions.Line(b.String())
		return label, rest, ok && label != ""
	}
	return "", s, false
}

// perfValue reads value, unit and limits. Times are turned into seconds;
// other units stay as they are, because whether a KB is 1000 or 1024 bytes is
// known to the plugin alone.
func perfValue(s string) (actions.Metric, bool) {
	fields := strings.Split(s, ";")
	n := 0
	for n < len(fields[0]) && strings.IndexByte("0123456789.+-", fields[0][n]) >= 0 {
		n++
	}
	// An exponent is no part of the guidelines, but floats are printed so.
	if n > 0 && n+1 < len(fields[0]) && (fields[0][n] == 'e' || fields[0][n] == 'E') {
		end := n + 1
		for end < len(fields[0]) && strings.IndexByte("0123456789+-", fields[0][end]) >= 0 {
			end++
		}
		if end > n+1 {
			n = end
		}
	}
	v, err := strconv.ParseFloat(fields[0][:n], 64)
	if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
		return actions.Metric{}, false
	}
	m := actions.Metric{Unit: fields[0][n:]}
	scale := 1.0
	switch m.Unit {
	case "ms":
		scale, m.Unit = 1e-3, "s"
	case "us":
		scale, m.Unit = 1e-6, "s"
	case "ns":
		scale, m.Unit = 1e-9, "s"
	}
	m.Value = v * scale
	for i, limit := range []**float64{&m.Warn, &m.Fail} {
		if i+1 >= len(fields) {
			break
		}
		r, err := parseRange(fields[i+1])
		if err != nil {
			continue
		}
		if x, ok := r.limit(v); ok {
			x *= scale
			*limit = &x
		}
	}
	return m, true
}

// alertRange is a range of the plugin guidelines: [@]start:end. It alerts when
// a value lies outside of it, both ends counting as inside; with @ when it
// lies inside.
type alertRange struct {
	start, end float64
	inside     bool
}

// parseRange reads a range. "10" is 0 to 10, "10:" has no end, "~:10" no start.
// It is an error when it is empty, an end is no number, or the start lies
// above the end.
func parseRange(s string) (alertRange, error) {
	r := alertRange{end: math.Inf(1)}
	body, inside := strings.CutPrefix(s, "@")
	r.inside = inside
	start, end, two := strings.Cut(body, ":")
	if !two {
		start, end = "", body
		if end == "" {
			return r, fmt.Errorf("range %q is empty", s)
		}
	}
	var err error
	switch start {
	case "":
	case "~":
		r.start = math.Inf(-1)
	default:
		if r.start, err = number(start); err != nil {
			return r, fmt.Errorf("range %q: %w", s, err)
		}
	}
	if end != "" {
		if r.end, err = number(end); err != nil {
			return r, fmt.Errorf("range %q: %w", s, err)
		}
	}
	if r.start > r.end {
		return r, fmt.Errorf("range %q: its start lies above its end", s)
	}
	return r, nil
}

func number(s string) (float64, error) {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
		return 0, fmt.Errorf("%q is no number", s)
	}
	return v, nil
}

// limit returns the end of the range that a value has to mind: the one that it
// has crossed, else the nearer. It is false for a range without an end. The 0
// of a plain "10" is none: hardly anything is measured below it.
func (r alertRange) limit(v float64) (float64, bool) {
	low, high := r.start, r.end
	if low == 0 && !r.inside && !math.IsInf(high, 0) && v >= 0 {
		return high, true
	}
	switch {
	case math.IsInf(low, 0) && math.IsInf(high, 0):
		return 0, false
	case math.IsInf(low, 0):
		return high, true
	case math.IsInf(high, 0):
		return low, true
	case math.Abs(v-low) < math.Abs(v-high):
		return low, true
	}
	return high, true
}
