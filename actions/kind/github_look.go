package kind

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// githubNewest is what GitHub has: a release's tag, or a commit.
type githubNewest struct {
	name   string // "v1.4.2", or a whole commit
	at     time.Time
	commit bool
}

// githubRunning is what runs in one place.
type githubRunning struct {
	item            string
	version, commit string // "" where not known
	image           string
}

func githubRead(t inventory.Target, a actions.Answer) []actions.Reading {
	if owner, name, ok := strings.Cut(t.Options.String("repository"), "/"); !ok || owner == "" || name == "" || strings.ContainsAny(owner+name, "/?#% ") {
		return []actions.Reading{{Status: actions.Unknown, Line: "the repository is not written as owner/name: " + t.Options.String("repository"), Next: `set repository = "owner/name"`}}
	}
	parts, ended := linuxParts(a.Stdout)
	if !ended || a.Exit != 0 {
		if _, trouble := dockerAnswers(a, ended); t.Options.String("dir") == "" && trouble != nil {
			return []actions.Reading{*trouble}
		}
		return actions.UnknownReading("the answer is not whole: %s", orNothing(firstLine(a.Stderr), a.Exit))
	}
	newest, why := githubAnswer(t, parts)
	if why != nil {
		return []actions.Reading{*why}
	}
	running, why := githubDeployed(t, parts)
	if why != nil {
		return []actions.Reading{*why}
	}
	var out []actions.Reading
	seen := map[string]int{}
	for _, r := range running {
		// Replicas of one service may run different images for a while.
		if seen[r.item]++; seen[r.item] > 1 {
			r.item = fmt.Sprintf("%s %d", r.item, seen[r.item])
		}
		out = append(out, r.judge(t, newest, a.Now))
	}
	return sorted(out)
}

// githubAnswer reads what GitHub said (REST, 2022-11-28: "Get the latest
// release", "Get a commit").
func githubAnswer(t inventory.Target, parts map[string]string) (githubNewest, *actions.Reading) {
	code, text := strings.TrimSpace(parts["code"]), strings.TrimSpace(parts["newest"])
	trouble := func(next, layout string, args ...any) (githubNewest, *actions.Reading) {
		return githubNewest{}, &actions.Reading{Status: actions.Unknown, Line: fmt.Sprintf(layout, args...), Next: next}
	}
	var said struct {
		Message   string
		Tag       string    `json:"tag_name"`
		Published time.Time `json:"published_at"`
		SHA       string
		Commit    struct{ Committer struct{ Date time.Time } }
	}
	err := json.Unmarshal([]byte(text), &said)
	message := orDefault(actions.Line(said.Message), "it does not say why")
	repository, branch := t.Options.String("repository"), t.Options.String("branch")
	switch {
	case code == "" || code == "000":
		return trouble("", "GitHub could not be asked: %s", orDefault(actions.Line(text), "nothing was said"))
	case code == "401":
		return trouble("make a new token, and put it where token says", "GitHub refuses the token: %s", message)
	case code == "403" || code == "429":
		return trouble("set token, or wait an hour", "GitHub does not answer now: %s", message)
	case code == "404" && branch == "":
		return trouble("set branch, or a token that may read it", "%s has no release, or the token may not see it", repository)
	case code == "404" || code == "422":
		return trouble("", "%s has no branch %s, or the token may not see it", repository, branch)
	case code != "200" || err != nil:
		return trouble("", "GitHub answers with HTTP %s and what is not understood: %s", code, orDefault(actions.Line(text), "nothing"))
	case branch != "" && gitCommit(said.SHA):
		return githubNewest{said.SHA, said.Commit.Committer.Date, true}, nil
	case branch == "" && said.Tag != "":
		return githubNewest{actions.Line(said.Tag), said.Published, false}, nil
	}
	return trouble("", "GitHub answers with HTTP 200 and without what was asked for")
}

// githubDeployed reads what runs, or what is checked out.
func githubDeployed(t inventory.Target, parts map[string]string) ([]githubRunning, *actions.Reading) {
	trouble := func(s actions.Status, next, layout string, args ...any) ([]githubRunning, *actions.Reading) {
		return nil, &actions.Reading{Status: s, Line: fmt.Sprintf(layout, args...), Next: next}
	}
	if dir := t.Options.String("dir"); dir != "" {
		r := githubRunning{image: dir}
		for _, ln := range strings.Split(parts["checkout"], "\n") {
			if v, ok := strings.CutPrefix(ln, "commit "); ok && gitCommit(strings.TrimSpace(v)) {
				r.commit = strings.TrimSpace(v)
			} else if v, ok := strings.CutPrefix(ln, "tag "); ok {
				r.version = actions.Line(v)
			}
		}
		if r.commit == "" {
			return trouble(actions.Unknown, "see whether it is a checkout of git", "what lies in %s is not known: %s", dir, orDefault(actions.Line(parts["checkout"]), "git says nothing"))
		}
		return []githubRunning{r}, nil
	}
	var out []githubRunning
	for _, ln := range strings.Split(strings.TrimSpace(parts["running"]), "\n") {
		if ln == "" {
			continue
		}
		var c struct{ Service, Image, Version, Revision string }
		if err := json.Unmarshal([]byte(ln), &c); err != nil || c.Image == "" {
			return trouble(actions.Unknown, "", "docker says what is not understood: %s", actions.Line(ln))
		}
		r := githubRunning{item: actions.Line(c.Service), version: actions.Line(c.Version), image: actions.Line(c.Image)}
		if gitCommit(c.Revision) {
			r.commit = c.Revision
		}
		if r.version == "" {
			r.version = imageTag(r.image)
		}
		if slices.Contains(out, r) {
			continue // a replica
		}
		out = append(out, r)
	}
	if len(out) == 0 {
		return trouble(actions.Fail, "docker compose ls --all", "nothing of the project %s runs", orDefault(t.Options.String("project"), t.Ref.Name()))
	}
	return out, nil
}

// imageTag returns the tag of an image, "" where there is none.
func imageTag(image string) string {
	image, _, _ = strings.Cut(image, "@")
	if i := strings.LastIndexByte(image, ':'); i > strings.LastIndexByte(image, '/') {
		return image[i+1:]
	}
	return ""
}

func (r githubRunning) judge(t inventory.Target, newest githubNewest, now time.Time) actions.Reading {
	out := actions.Reading{Item: r.item}
	has, wants, same := r.version, newest.name, false
	if newest.commit {
		has, wants = r.commit, wants[:12]
		same = has == newest.name
		if has == "" && len(r.version) >= 7 && strings.HasPrefix(newest.name, strings.TrimPrefix(r.version, "sha-")) {
			has, same = r.version, true // a tag that is a short commit
		}
	} else {
		same = strings.TrimPrefix(has, "v") == strings.TrimPrefix(wants, "v")
	}
	switch {
	case has == "" || !newest.commit && !strings.ContainsAny(has, "0123456789"):
		out.Status, out.Line = actions.Unknown, fmt.Sprintf("%s does not say which version it is; %s is out", r.image, wants)
		out.Next = "build it with the label org.opencontainers.image.version or revision, or name a version as its tag"
		if newest.commit && r.version != "" && r.commit == "" {
			out.Line = fmt.Sprintf("%s does not say which commit it is; %s is the newest", r.image, wants)
		}
		return out
	case same:
		out.Line = wants + ", the newest"
		return out
	}
	if newest.commit && len(has) > 12 {
		has = has[:12]
	}
	b := boundOf(t, "behind")
	if newest.at.IsZero() {
		out.Status, out.Line = actions.Warn, fmt.Sprintf("%s runs, and %s is out", has, wants)
	} else {
		days := max(0, now.Sub(newest.at).Hours()/24)
		out.Status, out.Metrics = judge(b, days), []actions.Metric{measured("behind", "days", days, b)}
		out.Line = fmt.Sprintf("%s runs, and %s is out for %s%s", has, wants, span(max(0, now.Sub(newest.at))), limitWords(b, out.Status, "days"))
	}
	if out.Status != actions.OK {
		out.Next = "read what is new, then deploy it: https://github.com/" + t.Options.String("repository") + "/releases"
	}
	return out
}
