package store

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"

	"jurymast/actions"
)

// Metrics are kept as the JSON that everybody else writes of them. A sweep writes
// ten thousand such texts and a look reads them all, so they are written, and
// read where they are as we write them, without reflection.

// appendMetrics adds metrics, all of them finite numbers, to b as JSON.
func appendMetrics(b []byte, ms []actions.Metric) []byte {
	open := byte('[')
	for _, m := range ms {
		b = append(b, open)
		open = ','
		b = appendText(append(b, `{"name":`...), m.Name)
		b = appendNumber(append(b, `,"value":`...), m.Value)
		if m.Unit != "" {
			b = appendText(append(b, `,"unit":`...), m.Unit)
		}
		if m.Warn != nil {
			b = appendNumber(append(b, `,"warn":`...), *m.Warn)
		}
		if m.Fail != nil {
			b = appendNumber(append(b, `,"fail":`...), *m.Fail)
		}
		b = append(b, '}')
	}
	return append(b, ']')
}

func appendNumber(b []byte, f float64) []byte { return strconv.AppendFloat(b, f, 'g', -1, 64) }

func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' || s[i] == '"' || s[i] == '\\' {
			quoted, _ := json.Marshal(s) // a string always can be
			return append(b, quoted...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

// metricReader reads metrics. Their names and units come again and again, and are
// held once.
type metricReader struct {
	words map[string]string
	left  string // of the text
	bad   bool   // it is not as we write it
}

// read returns the metrics of a text.
func (r *metricReader) read(text string) ([]actions.Metric, error) {
	const head = `{"name":`
	r.left, r.bad = text, false
	ms := make([]actions.Metric, 0, strings.Count(text, head))
	r.want("[")
	for {
		r.want(head)
		m := actions.Metric{Name: r.text()}
		r.want(`,"value":`)
		m.Value = r.number()
		if r.skip(`,"unit":`) {
			m.Unit = r.text()
		}
		if r.skip(`,"warn":`) {
			f := r.number()
			m.Warn = &f
		}
		if r.skip(`,"fail":`) {
			f := r.number()
			m.Fail = &f
		}
		r.want("}")
		ms = append(ms, m)
		if r.bad || !r.skip(",") {
			break
		}
	}
	r.want("]")
	if !r.bad && r.left == "" {
		return ms, nil
	}
	ms = nil
	err := json.Unmarshal([]byte(text), &ms)
	return ms, err
}

func (r *metricReader) skip(s string) (ok bool) {
	r.left, ok = strings.CutPrefix(r.left, s)
	return ok
}

func (r *metricReader) want(s string) { r.bad = !r.skip(s) || r.bad }

// text reads a string in which nothing is escaped.
func (r *metricReader) text() string {
	r.want(`"`)
	s, rest, ok := strings.Cut(r.left, `"`)
	r.left = rest
	word, known := r.words[s]
	if known {
		return word
	}
	if !ok || !utf8.ValidString(s) || strings.ContainsFunc(s, func(c rune) bool { return c < ' ' || c == '\\' }) {
		r.bad = true
		return ""
	}
	word = strings.Clone(s) // the text as a whole is not kept
	r.words[word] = word
	return word
}

func (r *metricReader) number() float64 {
	n := max(0, strings.IndexAny(r.left, ",}"))
	f, err := strconv.ParseFloat(r.left[:n], 64)
	r.bad = r.bad || err != nil || !isNumber(r.left[:n])
	r.left = r.left[n:]
	return f
}

// isNumber tells the numbers of JSON from the others that Go can read.
func isNumber(s string) bool {
	s = strings.TrimPrefix(s, "-")
	digit := func(i int) bool { return i < len(s) && s[i] >= '0' && s[i] <= '9' }
	if !digit(0) || s[0] == '0' && (digit(1) || strings.HasPrefix(s, "0x") || strings.HasPrefix(s, "0X")) || strings.Contains(s, "_") {
		return false
	}
	i := strings.IndexByte(s, '.')
	return i < 0 || digit(i+1)
}
