package kind

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"jurymast/actions"
)

// TestGitHubAnswers asks a server that stands for GitHub: for a release and for
// a branch, with a token that is right, wrong, and no token at all.
func TestGitHubAnswers(t *testing.T) {
	t.Parallel()
	needed(t, "curl", "curl")
	const commit = "0123456789abcdef0123456789abcdef01234567"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Header.Get("Authorization") != "Bearer ghp_right":
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, `{"message":"Bad credentials"}`)
		case r.URL.Path == "/repos/example/app/releases/latest":
			fmt.Fprint(w, `{"tag_name":"v2.0.0","published_at":"2026-11-11T10:00:00Z"}`)
		case r.URL.Path == "/repos/example/app/commits/main":
			fmt.Fprintf(w, `{"sha":%q,"commit":{"committer":{"date":"2026-11-11T10:00:00Z"}}}`, commit)
		default:
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"message":"Not Found"}`)
		}
	}))
	t.Cleanup(server.Close)
	dir := t.TempDir()
	client := `#!/bin/sh
printf '%s\n' "$*" >>` + dir + `/argv
case $1 in
version) echo 28.5.2 ;;
ps) echo 0123456789ab ;;
inspect) echo '{"service":"web","image":"ghcr.io/example/app:v1.9.0","version":"","revision":"` + commit + `"}' ;;
esac
`
	if err := os.WriteFile(filepath.Join(dir, "docker"), []byte(client), 0o755); err != nil {
		t.Fatal(err)
	}
	// What is run, with its arguments: the token must not be among them.
	if err := os.WriteFile(filepath.Join(dir, "curl"), []byte("#!/bin/sh\nprintf '%s\\n' \"$*\" >>"+dir+"/argv\nPATH="+os.Getenv("PATH")+" exec curl \"$@\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	k, _ := Lookup("github")
	for name, c := range map[string]struct {
		lines  []string
		token  string
		status actions.Status
		words  string
	}{
		"a release":            {nil, "ghp_right", actions.Warn, "v1.9.0 runs, and v2.0.0 is out"},
		"a branch":             {[]string{`branch = "main"`}, "ghp_right", actions.OK, "0123456789ab, the newest"},
		"no such branch":       {[]string{`branch = "gone"`}, "ghp_right", actions.Unknown, "no branch gone"},
		"an expired token":     {nil, "ghp_old", actions.Unknown, "refuses the token: Bad credentials"},
		"no token":             {nil, "", actions.Unknown, "refuses the token"},
		"a token with a quote": {nil, `x"; url = "http://evil.example/`, actions.Unknown, "has signs that no token of GitHub has"},
	} {
		t.Run(name, func(t *testing.T) {
			f, target := suiteTarget(t, k, append(c.lines, `repository = "example/app"`, fmt.Sprintf("api = %q", server.URL), `token = { env = "T" }`)...)
			check := k.Checks(f, target)[0]
			if len(check.Script.Keep) != 1 {
				t.Fatalf("it keeps %v", check.Script.Keep)
			}
			s := check.Script.With(map[string]string{"PATH": dir + ":" + os.Getenv("PATH")})
			s.Secrets = map[string]string{"GITHUB_TOKEN": c.token}
			for _, shell := range [][]string{{"dash"}, {"busybox", "sh"}, {"bash", "--posix"}} {
				r := runFully(t.Context(), t, s, shell...)
				a := suiteAnswer(string(r.Stdout))
				a.Stderr, a.Exit = r.Stderr, r.Exit
				if rs := check.Read(a); len(rs) != 1 || rs[0].Status != c.status || !strings.Contains(rs[0].Line, c.words) {
					t.Errorf("%s: %+v\n%s%s", shell[0], rs, r.Stdout, r.Stderr)
				}
			}
		})
	}
	argv, err := os.ReadFile(filepath.Join(dir, "argv"))
	if err != nil || strings.Contains(string(argv), "ghp_") || !strings.Contains(string(argv), "-K -") {
		t.Errorf("%v: %s", err, argv)
	}
}

func TestGitHubJudges(t *testing.T) {
	t.Parallel()
	const commit = "0123456789abcdef0123456789abcdef01234567"
	k, _ := Lookup("github")
	_, target := suiteTarget(t, k, `repository = "example/app"`)
	now := suiteAnswer("").Now
	release, head := githubNewest{name: "v2.0.0", at: now.AddDate(0, 0, -100)}, githubNewest{name: commit, at: now.AddDate(0, 0, -2), commit: true}
	for name, c := range map[string]struct {
		running githubRunning
		newest  githubNewest
		want    string
	}{
		"long behind":       {githubRunning{version: "1.0.0"}, release, "fail 1.0.0 runs, and v2.0.0 is out for 100 d"},
		"another v":         {githubRunning{version: "2.0.0"}, release, "ok v2.0.0, the newest"},
		"no version":        {githubRunning{image: "app", version: ""}, release, "unknown app does not say which version"},
		"a word for a tag":  {githubRunning{image: "app:stable", version: "stable"}, release, "unknown app:stable does not say"},
		"no date":           {githubRunning{version: "1.0.0"}, githubNewest{name: "v2.0.0"}, "warn 1.0.0 runs, and v2.0.0 is out"},
		"another commit":    {githubRunning{commit: strings.Repeat("f", 40)}, head, "warn ffffffffffff runs, and 0123456789ab is out"},
		"a tag of a commit": {githubRunning{version: "sha-0123456"}, head, "ok 0123456789ab, the newest"},
		"no commit":         {githubRunning{image: "app:1.0.0", version: "1.0.0"}, head, "unknown app:1.0.0 does not say which commit"},
	} {
		r := c.running.judge(target, c.newest, now)
		status, words, _ := strings.Cut(c.want, " ")
		if r.Status.String() != status || !strings.Contains(r.Line, words) {
			t.Errorf("%s: want %s, got %+v", name, c.want, r)
		}
	}
	for image, want := range map[string]string{"app": "", "app:1.2": "1.2", "reg.example:5000/app": "", "reg.example:5000/app:1.2@sha256:0": "1.2", "app@sha256:0": ""} {
		if got := imageTag(image); got != want {
			t.Errorf("%s: tag %q, want %q", image, got, want)
		}
	}
}
