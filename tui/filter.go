package tui

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"jurymast/actions"
)

// A filter is words that all must hold: plain text anywhere in a row,
// state:fail, tag:x, node:x, kind:x, site:x, /a regular expression/; a bang
// ahead of a word turns it round.
type filter struct {
	text  string
	words []filterWord
}

type filterWord struct {
	not      bool
	key, val string
	re       *regexp.Regexp
}

// filterKeys are the properties that a filter can ask for.
var filterKeys = []string{"state", "tag", "node", "host", "kind", "site", "level"}

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
		case ok && slices.Contains(filterKeys, key):
			x.key, x.val = key, strings.ToLower(val)
		default:
			x.val = strings.ToLower(w)
		}
		f.words = append(f.words, x)
	}
	return f, nil
}

// row is what a filter looks at.
type filterRow struct {
	text                           string // lower case
	state, host, kind, site, level string
	tags                           []string
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
		return strings.Contains(r.text, w.val)
	case w.key == "tag":
		return slices.ContainsFunc(r.tags, func(t string) bool { return strings.HasPrefix(strings.ToLower(t), w.val) })
	}
	have := map[string]string{"state": r.state, "node": r.host, "host": r.host, "kind": r.kind, "site": r.site, "level": r.level}[w.key]
	return strings.HasPrefix(strings.ToLower(have), w.val)
}

// rowOf is a summary as a filter sees it.
func rowOf(s *actions.Summary) filterRow {
	host := s.On
	if host == "" {
		host = s.Host
	}
	return filterRow{
		text:  strings.ToLower(string(s.Ref) + " " + s.Title + " " + s.Summary + " " + s.Check + " " + s.Item + " " + s.Kind + " " + host.Name()),
		state: seen(s).String(), host: host.Name(), kind: s.Kind, site: s.Site, level: string(s.Ref.Level()), tags: s.Tags,
	}
}
