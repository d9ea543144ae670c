package kind

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"jurymast/actions"
	"jurymast/inventory"
)

// minioAnswers runs the look against an address, with and without a client.
func (b *bed) minioAnswers(url string, lines ...string) map[string][]actions.Reading {
	b.t.Helper()
	f, target := suiteTarget(b.t, minio, append(lines, "url = \""+url+"\"")...)
	out := map[string][]actions.Reading{}
	for _, c := range minio.Checks(f, target) {
		out[c.ID] = c.Read(actions.Answer{Output: b.run(c.Script, nil)})
	}
	return out
}

// The look asks a server with curl itself. That server stands in for MinIO: it
// answers as its health checks are documented to.
func TestMinioAsks(t *testing.T) {
	needTool(t, "curl")
	t.Parallel()
	code := map[string]int{"live": 200, "ready": 200, "cluster": 200, "cluster/read": 200}
	page, begins, complaint := "", "", ""
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Server", "MinIO")
		if begins != "" {
			w.Header().Set("X-Minio-Server-Status", begins)
		}
		w.Header().Set("X-Minio-Write-Quorum", "3")
		answer := code[strings.TrimPrefix(r.URL.Path, "/minio/health/")]
		w.WriteHeader(answer)
		if answer != 200 && page == "" {
			_, _ = w.Write([]byte(complaint))
		}
		_, _ = w.Write([]byte(page))
	}))
	defer s.Close()
	b := newBed(t, "[node.app]\n", "busybox", "sh")
	expect := func(check string, status actions.Status, line string) {
		t.Helper()
		rs := b.minioAnswers(s.URL + "/")[check]
		if len(rs) != 1 || rs[0].Status != status || !strings.Contains(rs[0].Line, line) {
			t.Errorf("%s: want %s %q, got %+v", check, status, line, rs)
		}
	}
	expect("server", actions.OK, "alive and ready")
	expect("quorum", actions.OK, "which takes 3")
	code["cluster"] = 503
	expect("quorum", actions.Fail, "too few drives are there to write")
	code["cluster/read"] = 503
	expect("quorum", actions.Fail, "too few drives are there to read")
	code["cluster"], code["cluster/read"], begins = 503, 503, "iam-offline"
	expect("quorum", actions.Fail, "not ready: it has not read yet what users it has")
	begins = ""
	code["ready"], complaint = 503, "<Error><Code>ServerBusy</Code></Error>"
	expect("server", actions.Fail, "not ready: more wait for it than it takes")
	code["ready"], code["cluster"], code["cluster/read"] = 200, 200, 200
	expect("quorum", actions.OK, "enough drives")
	page = "<html>welcome</html>"
	expect("server", actions.Unknown, "it is not MinIO that answers")
	s.Close()
	expect("server", actions.Fail, "it does not answer: (7)")
}

// A server that answers nothing costs one question, not five.
func TestMinioSilent(t *testing.T) {
	t.Parallel()
	b := newBed(t, "[node.app]\n")
	b.standIn("curl", `echo 'curl: (28) Operation timed out after 12001 milliseconds with 0 bytes received'; echo 'code 000 body 0'`)
	b.standIn("mc", `echo 'mc version RELEASE.2025-04-16T18-13-26Z'`)
	got := b.minioAnswers("http://127.0.0.1:1", "access_key = { env = \"A\" }", "secret_key = { env = \"S\" }")
	for check, want := range map[string]actions.Reading{
		"server": {Status: actions.Fail, Line: "it does not answer: (28) Operation timed out with 0 bytes received"},
		"quorum": {Status: actions.Unknown, Line: "it does not say whether enough drives are there: (28) Operation timed out with 0 bytes received"},
		"drives": {Status: actions.Unknown, Line: "drives are not seen: the server does not answer"},
	} {
		if rs := got[check]; len(rs) != 1 || rs[0].Status != want.Status || rs[0].Line != want.Line {
			t.Errorf("%s: %+v", check, rs)
		}
	}
	// Each of the three checks was asked for itself.
	if calls := b.read("calls"); strings.Count(calls, "/minio/health/") != 3 || strings.Contains(calls, "admin") {
		t.Errorf("called %s", calls)
	}
}

// A key reaches MinIO's client by its environment, and nothing else; a file
// manager of the same name is not asked.
func TestMinioSecrets(t *testing.T) {
	needTool(t, "curl")
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Server", "MinIO") }))
	defer s.Close()
	b := newBed(t, "[node.app]\n")
	keys := []string{"access_key = { env = \"A\" }", "secret_key = { env = \"S\" }"}
	b.standIn("mc", `[ "$1" != --version ] || { echo "${MC_IS-mc version RELEASE.2025-04-16T18-13-26Z}"; exit 0; }
env >>"$STATE/env"
ls "$MC_CONFIG_DIR" >/dev/null || exit 9
echo '{"status":"success","info":{"servers":[{"state":"online","endpoint":"a:1","drives":[{"path":"/d","state":"ok","totalspace":100,"usedspace":95}]}]}}'
`)
	got := b.minioAnswers(s.URL, keys...)["drives"]
	if !slices.ContainsFunc(got, func(r actions.Reading) bool { return r.Item == "/d" && r.Status == actions.Fail }) {
		t.Errorf("drives: %+v", got)
	}
	if env := b.read("env"); !strings.Contains(env, "MC_HOST_jurymast=http://"+canary+":"+canary+"@"+strings.TrimPrefix(s.URL, "http://")+"\n") || strings.Contains(b.read("calls"), canary[:11]) {
		t.Errorf("called as %s with %s", b.read("calls"), env)
	}
	b.env = append(b.env, "MC_IS=GNU Midnight Commander 4.8.29")
	got = b.minioAnswers(s.URL, keys...)["drives"]
	if len(got) != 1 || got[0].Status != actions.Unknown || !strings.Contains(got[0].Line, "is not installed") {
		t.Errorf("with a file manager: %+v", got)
	}
	// Built from its source it names no release.
	b.env = append(b.env, "MC_IS=mc version DEVELOPMENT.GOGET (commit-id=DEVELOPMENT.GOGET)\nCopyright (c) 2015-0000 MinIO, Inc.")
	if got = b.minioAnswers(s.URL, keys...)["drives"]; len(got) != 2 {
		t.Errorf("with a client that was built here: %+v", got)
	}
	// What follows a second colon is a session's token to the client.
	b.secrets = map[string]string{"S": "half:half"}
	got = b.minioAnswers(s.URL, keys...)["drives"]
	if len(got) != 1 || got[0].Status != actions.Unknown || !strings.Contains(got[0].Line, "a key with a colon") {
		t.Errorf("with a colon: %+v", got)
	}
}

// FuzzMinio lets the reader of drives have any answer, which asks for a key.
func FuzzMinio(f *testing.F) {
	for _, c := range suiteCases(f, "minio") {
		f.Add(string(c.answer.Stdout), c.answer.Exit)
	}
	fleet, target := suiteTarget(f, minio, "access_key = { env = \"A\" }", "secret_key = { env = \"S\" }")
	checks := minio.Checks(fleet, target)
	f.Fuzz(func(t *testing.T, stdout string, exit int) {
		a := suiteAnswer(stdout)
		a.Exit = exit
		for _, c := range checks {
			rs := c.Read(a)
			if len(rs) == 0 {
				t.Errorf("%s: nothing is said", c.ID)
			}
			for _, r := range rs {
				if r.Line == "" || r.Status == actions.OK && (exit != 0 || !strings.Contains(stdout, "end")) {
					t.Errorf("%s: %+v", c.ID, r)
				}
			}
		}
	})
}

// TestMinioDrivesOfOneName: drives of several servers that tell their paths alone
// do not hide one another.
func TestMinioDrivesOfOneName(t *testing.T) {
	t.Parallel()
	server := func(name, state string) string {
		return fmt.Sprintf(`{"state":"online","endpoint":%q,"drives":[{"path":"/d","state":%q,"totalspace":100,"usedspace":5}]}`, name, state)
	}
	said := minioSaid{admin: `{"status":"success","info":{"servers":[` + server("a:1", "ok") + "," + server("b:1", "faulty") + `]}}` + "\nexit 0"}
	got := map[string]actions.Status{}
	for _, r := range said.drives(inventory.Bound{Warn: 80, Fail: 90}) {
		got[r.Item] = r.Status
	}
	if got["a:1 /d"] != actions.OK || got["b:1 /d"] != actions.Fail {
		t.Errorf("%v", got)
	}
}
