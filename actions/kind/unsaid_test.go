package kind

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"jurymast/actions"
)

// sectionOf is a part of a recorded answer: where its text begins and ends.
type sectionOf struct {
	name       string
	start, end int
}

var looksLikeJSON = regexp.MustCompile(`^(\{|\[[\s{"\]])`)

var sectionHead = regexp.MustCompile(`(?m)^== (.*)\n`)

// sectionsOf takes an answer apart by its heads. What a tool ended with is no part
// of the text.
func sectionsOf(body string) []sectionOf {
	heads := sectionHead.FindAllStringSubmatchIndex(body, -1)
	var out []sectionOf
	for i, h := range heads {
		s := sectionOf{name: body[h[2]:h[3]], start: h[1], end: len(body)}
		if i+1 < len(heads) {
			s.end = heads[i+1][0]
		}
		for {
			rest := body[s.start:s.end]
			line, _, ok := strings.Cut(rest, "\n")
			if !ok || !strings.HasPrefix(line, "exit ") && !strings.HasPrefix(line, "ids ") {
				break
			}
			s.start += len(line) + 1
		}
		if at := strings.LastIndex(strings.TrimRight(body[s.start:s.end], "\n"), "\n"); at >= 0 && strings.HasPrefix(body[s.start+at+1:], "exit ") {
			s.end = s.start + at + 1
		}
		if strings.TrimSpace(body[s.start:s.end]) != "" && !strings.HasPrefix(s.name, "end") {
			out = append(out, s)
		}
	}
	return out
}

// onlyTold are parts, "KIND PART", that no status rests on alone.
var onlyTold = map[string]string{
	"caddy version": "it stands in the line", "caddy processes": "it is asked for where the API does not answer", "caddy pools": "they make a failure milder, and never none",
	"mdadm checks": "a young array needs none", "nginx pid": "the processes are found by their names, too", "nginx status": "nobody asked for it here",
	"smart scan": "the drives that it found have parts of their own", "wireguard all endpoints": "they stand in the line", "wireguard all transfer": "it is counted, and has no limit",
}

// TestAPageInsteadOfAPart takes every recorded answer that is well and has each of
// its parts, one by one, be a page, or half of the JSON that it was: a tool that
// does not answer as it did is seen.
func TestAPageInsteadOfAPart(t *testing.T) {
	t.Parallel()
	for _, k := range marked(t) {
		for _, c := range suiteCases(t, k.Name) {
			f, target := suiteTarget(t, k, c.toml...)
			checks := k.Checks(f, target)
			read := func(body string) (all, well int) {
				a := c.answer
				a.Stdout = []byte(body)
				for _, check := range checks {
					for _, r := range check.Read(a) {
						all++
						if r.Status == actions.OK {
							well++
						}
					}
				}
				return all, well
			}
			body := string(c.answer.Stdout)
			if all, well := read(body); all != well {
				continue
			}
			for _, s := range sectionsOf(body) {
				if onlyTold[k.Name+" "+s.name] != "" {
					continue
				}
				text := body[s.start:s.end]
				half := strings.TrimRight(text[:len(text)/2], "\n")
				for what, instead := range map[string]string{
					"a page":         "<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head></html>\n",
					"half of itself": half[:max(0, len(half)-1)] + "\n",
				} {
					// Half of an empty list may be all of it.
					if what != "a page" && (!looksLikeJSON.MatchString(text) || json.Valid([]byte(instead))) {
						continue
					}
					if all, well := read(body[:s.start] + instead + body[s.end:]); all == well {
						t.Errorf("%s/%s: its part %q is %s, and all is well", k.Name, c.name, s.name, what)
					}
				}
			}
		}
	}
}
