package kind

import (
	"maps"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

var github = actions.Kind{
	Name: "github",
	Doc:  "A deployment from GitHub: what runs, against the newest release or commit.",
	About: `What a compose project runs is compared with the newest release of its repository, or with the newest commit of a
branch. What runs is known by the labels that a build gives an image (org.opencontainers.image.version and revision),
and else by the image's tag; a tag such as latest says nothing and reads unknown. With dir it is the commit and the tag
that is checked out there. A leading v is no difference.

GitHub is asked by the host itself, with curl (apt install curl). Without a token it answers 60 questions an hour for an
address; this asks once an hour. A token that has expired, a repository that it may not read and an answer that is none
read unknown. Releases that are drafts or previews are not newest: GitHub leaves them out.

The login must be in group docker, which is as good as root on that machine, or may use sudo: the rules of --sudoers
allow no more than this look (sudo 1.9.10 or newer).

It is a project of kind compose that is deployed ("plan deploy"), and this is how it knows what is newest: as a check of
that service.`,
	Levels: []inventory.Level{inventory.LevelService, inventory.LevelCheck},
	Options: []inventory.Option{
		{Name: "repository", Type: inventory.TypeString, Required: true, Doc: "the repository, as owner/name"},
		{Name: "project", Type: inventory.TypeString, Doc: "the compose project that is deployed from it; the target's name where not said"},
		{Name: "service", Type: inventory.TypeString, Doc: "the one service of the project that is built from it; each where not said"},
		{Name: "dir", Type: inventory.TypePath, Doc: "the folder in which it is checked out, instead of a project"},
		{Name: "branch", Type: inventory.TypeString, Doc: "compare with the newest commit of this branch; with the newest release where not said"},
		{Name: "token", Type: inventory.TypeSecret, Doc: "a token that may read the repository"},
		{Name: "api", Type: inventory.TypeURL, Default: "https://api.github.com", Doc: "address of the API: of an enterprise server, https://HOST/api/v3"},
	},
	Limits: []inventory.Limit{
		{Name: "behind", Unit: "days", Warn: 0, Fail: 90, Doc: "how long something newer has been out"},
	},
	Sudoers: dockerRules("github/running.sh",
		"ps -q --no-trunc --filter label=com.docker.compose.project=NAME",
		"ps -q --no-trunc --filter label=com.docker.compose.project=NAME --filter label=com.docker.compose.service=NAME",
		"inspect --type container --format %s IDS"),
	Checks: githubChecks,
	Proved: map[string]actions.Ground{"look": actions.Documented},
}

func githubChecks(f *inventory.Fleet, t inventory.Target) []actions.Check {
	in := githubInputs(t.Options)
	in["PROJECT"], in["SERVICE"], in["DIR"] = orDefault(t.Options.String("project"), t.Ref.Name()), t.Options.String("service"), t.Options.String("dir")
	s := script("github/newest.sh", in)
	if in["DIR"] != "" {
		s.Body = script("github/checkout.sh", nil).Body + s.Body
	} else {
		running := dockerLook(f, t, "github/running.sh")
		maps.Copy(s.Inputs, running.Inputs)
		s.Body = running.Body + s.Body
	}
	s.Keep = keepOf(t.Options, map[string]string{"token": "GITHUB_TOKEN"})
	return []actions.Check{{
		ID: "release", Title: "newest release", Script: s, Every: time.Hour, Limit: 40 * time.Second, Aside: true,
		Read: func(a actions.Answer) []actions.Reading { return githubRead(t, a) },
	}}
}

// githubInputs are what github/newest.sh is told.
func githubInputs(o inventory.Options) map[string]string {
	return map[string]string{
		"API": strings.TrimSuffix(orDefault(o.String("api"), "https://api.github.com"), "/"), "REPOSITORY": o.String("repository"), "BRANCH": o.String("branch"),
	}
}
