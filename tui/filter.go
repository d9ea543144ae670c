package tui

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"jurymast/actions"
)

// A filter is words that all must hold: plain text anywhere in a row,
// state:fail, tag:x, node:x, kind:x, site:x, who:x, since:7d, /a regular
// expression/; kind:run,ack takes either; a bang ahead of a word turns it round.
type filter struct {
	text  string
	words []filterWord
}

type filterWord struct {
	not  bool
	key  string
	vals []string // any of them
	re   *regexp.Regexp
	span time.Duration // of since:
}

// filterKeys are the properties that a filter can ask for.
var filterKeys = []string{"state", "tag", "node", "host", "kind", "site", "level", "who", "since"}

// sieve is the filter of a screen with rows, and which knowledge the rows were
// made from.
type sieve struct {
	filt    filter
	version int
}

func (v *sieve) filtered() string { return v.filt.text }

func (v *sieve) filter(text string) error {
	f, err := parseFilter(text)
	if err != nil {
		return err
	}
	v.filt, v.version = f, -1
	return nil
}

// fresh reports whether the rows were made from knowledge of this version; from
// now on they are.
func (v *sieve) fresh(version int) bool {
	was := v.version
	v.version = version
	return was == version
}

// titled is the title of rows: how many of all are shown, and by which filter.
func (v *sieve) titled(name string, shown, all int) string {
	title := fmt.Sprintf("%s %d", name, all)
	if shown != all {
		title = fmt.Sprintf("%s %d of %d", name, shown, all)
	}
	if v.filt.text != "" {
		title += "  / " + v.filt.text
	}
	return title
}

func parseFilter(text string) (filter, error) {
	f := filter{text: strings.TrimSpace(text)}
	for _, w := range strings.Fields(text) {
		var x filterWord
		if w, x.not = strings.CutPrefix(w, "!"); w == "" {
			continue // still being typed
		}
		key, val, ok := strings.Cut(w, ":")
		switch {
		case len(w) > 1 && w[0] == '/':
			re, err := regexp.Compile("(?i)" + strings.TrimSuffix(w[1:], "/"))
			if err != nil {
				return f, fmt.Errorf("%s is no regular expression", w)
			}
			x.re = re
		case ok && key == "since":
			d, err := spanOf(val)
			if err != nil {
				return f, err
			}
			x.key, x.span = key, d
		case ok && slices.Contains(filterKeys, key):
			x.key, x.vals = key, strings.Split(strings.ToLower(val), ",")
		default:
			x.vals = []string{strings.ToLower(w)}
		}
		f.words = append(f.words, x)
	}
	return f, nil
}

// spanOf reads how long ago: 90m, 12h, 7d, 4w.
func spanOf(text string) (time.Duration, error) {
	unit := map[string]time.Duration{"m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour}
	if n := len(text); n > 1 {
		if v, err := strconv.ParseUint(text[:n-1], 10, 16); err == nil && unit[text[n-1:]] > 0 {
			return time.Duration(v) * unit[text[n-1:]], nil
		}
	}
	return 0, fmt.Errorf("since:%s is no span of time: write 90m, 12h, 7d or 4w", text)
}

// filterRow is what a filter looks at.
type filterRow struct {
	text                                string // lower case
	state, host, kind, site, level, who string
	tags                                []string
	age                                 time.Duration // since it came about
}

func (f filter) keeps(r filterRow) bool {
	for _, w := range f.words {
		if w.holds(r) == w.not {
			return false
		}
	}
	return true
}

func (w filterWord) holds(r filterRow) bool {
	switch {
	case w.re != nil:
		return w.re.MatchString(r.text)
	case w.key == "":
		return strings.Contains(r.text, w.vals[0])
	case w.key == "since":
		return r.age <= w.span
	}
	have := r.tags
	if w.key != "tag" {
		have = []string{r.property(w.key)}
	}
	return slices.ContainsFunc(w.vals, func(val string) bool {
		return slices.ContainsFunc(have, func(h string) bool { return strings.HasPrefix(strings.ToLower(h), val) })
	})
}

func (r *filterRow) property(key string) string {
	switch key {
	case "state":
		return r.state
	case "node", "host":
		return r.host
	case "kind":
		return r.kind
	case "site":
		return r.site
	case "level":
		return r.level
	case "who":
		return r.who
	}
	return ""
}

// rowOf is a summary as a filter sees it.
func (w *world) rowOf(s *actions.Summary) filterRow {
	host := s.On
	if host == "" {
		host = s.Host
	}
	return filterRow{
		text:  strings.ToLower(string(s.Ref) + " " + s.Title + " " + s.Summary + " " + s.Check + " " + s.Item + " " + s.Kind + " " + host.Name()),
		state: seen(s).String(), host: host.Name(), kind: s.Kind, site: s.Site, level: string(s.Ref.Level()), tags: s.Tags,
		age: w.now.Sub(s.Since),
	}
}
