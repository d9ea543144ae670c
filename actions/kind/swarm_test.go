package kind

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jurymast/actions"
)

// swarmOf is an answer about a swarm of one manager: services, a line each
// "NAME NETWORK…", and more sections in place of empty ones.
func swarmOf(services []string, sections map[string]string) string {
	part := func(name string, lines ...string) string {
		if s, ok := sections[name]; ok {
			lines = strings.Split(s, "\n")
		}
		return fmt.Sprintf("== %s\nids %d\n%s\n", name, len(lines), strings.Join(lines, "\n"))
	}
	var said, tasks []string
	for i, s := range services {
		name, on, _ := strings.Cut(s, " ")
		var targets []string
		for _, n := range strings.Fields(on) {
			targets = append(targets, fmt.Sprintf(`{"Target":%q}`, n))
		}
		said = append(said, fmt.Sprintf(`{"id":"s%d","name":%q,"mode":{"Replicated":{"Replicas":1}},"networks":[%s]}`, i, name, strings.Join(targets, ",")))
		tasks = append(tasks, fmt.Sprintf(`{"Name":"s%d.1","Node":"n1","DesiredState":"Running","CurrentState":"Running 2 days ago","Error":""}`, i))
	}
	net := func(id, name, more string) string {
		return fmt.Sprintf(`{"id":%q,"name":%q,"driver":"overlay"%s}`, id, name, more)
	}
	return "version 28.5.2\n== swarm\n{\"state\":\"active\",\"control\":true,\"error\":\"\",\"id\":\"n1\"}\n" +
		part("nodes", `{"id":"n1","name":"one","state":"ready","availability":"active","role":"manager","manager":{"Leader":true,"Reachability":"reachable"}}`) +
		part("networks", net("a1", "front", ""), net("b1", "data", `,"options":{"encrypted":""}`), net("c1", "open", `,"attachable":true`), net("i1", "ingress", `,"ingress":true`),
			`{"id":"h1","name":"host","driver":"host"}`, `{"id":"br1","name":"bridge","driver":"bridge"}`) +
		part("services", said...) + part("tasks", tasks...) + "== containers\n" + sections["containers"] + "\n== end\n"
}

func swarmFinds(t *testing.T, text, check string, lines ...string) []actions.Reading {
	t.Helper()
	k, _ := Lookup("swarm")
	f, target := suiteTarget(t, k, lines...)
	for _, c := range k.Checks(f, target) {
		if c.ID == check {
			return c.Read(suiteAnswer(text))
		}
	}
	t.Fatalf("there is no check %s", check)
	return nil
}

func TestSwarmAudit(t *testing.T) {
	t.Parallel()
	three := []string{"proxy front", "shop_api front data", "shop_db data"}
	chain := []string{`meet = ["proxy: shop_api", "shop_db: shop_api"]`}
	for name, c := range map[string]struct {
		services []string
		sections map[string]string
		toml     []string
		want     []string // "ITEM STATUS words", "- STATUS words" for no item
	}{
		"no rule":             {three, nil, nil, []string{"- ok 2 pairs on 4 overlay networks: no rule says"}},
		"as it should be":     {three, nil, chain, []string{"- ok nobody meets whom it should not"}},
		"by a pattern":        {three, nil, []string{`meet = ["proxy: shop_a*", "shop_*: shop_*"]`}, []string{"- ok nobody meets"}},
		"one too many":        {[]string{"proxy front b1", "shop_api front data", "shop_db data"}, nil, chain, []string{"data fail share it and should not: proxy and shop_db"}},
		"a stranger":          {append([]string{"wiki front"}, three...), nil, chain, []string{"front fail proxy and wiki, shop_api and wiki"}},
		"apart":               {[]string{"proxy data", "shop_db data"}, nil, []string{`apart = ["proxy: *_db"]`}, []string{"data fail proxy and shop_db"}},
		"apart beats meet":    {[]string{"proxy data", "shop_db data"}, nil, []string{`meet = ["*: *"]`, `apart = ["shop_db: proxy"]`}, []string{"data fail proxy and shop_db"}},
		"apart is misspelt":   {three, nil, []string{`apart = ["prxy: shop_db"]`}, []string{"prxy warn no service has such a name"}},
		"a rule is none":      {three, nil, []string{`meet = ["proxy shop_api"]`}, []string{"- unknown not understood: proxy shop_api"}},
		"a bad pattern":       {three, nil, []string{`apart = ["proxy: [db"]`}, []string{"- unknown not understood"}},
		"by published ports":  {nil, map[string]string{"services": `{"id":"p1","name":"proxy","mode":{"Global":{}},"addresses":[{"NetworkID":"i1"}]}` + "\n" + `{"id":"d1","name":"db","mode":{"Global":{}},"addresses":[{"NetworkID":"i1"}]}`}, []string{`apart = ["proxy: db"]`}, []string{"ingress fail published ports"}},
		"not encrypted":       {three, nil, []string{`encrypted = ["data", "front"]`}, []string{"front fail not encrypted"}},
		"encrypted is gone":   {three, nil, []string{`encrypted = ["old"]`}, []string{"old fail no such overlay network"}},
		"attachable":          {[]string{"proxy open"}, nil, chain, []string{"open warn attachable"}},
		"attachable, allowed": {[]string{"proxy open"}, nil, append(chain, `attachable = ["open"]`), []string{"- ok nobody meets"}},
		"joined by hand": {three, map[string]string{"containers": `{"name":"stray","networks":"data,bridge","service":""}` + "\n" + `{"name":"shop_db.1.x","networks":"data","service":"s2"}`}, chain,
			[]string{"data fail container stray and shop_api, container stray and shop_db"}},
		"on the host":         {[]string{"agent host", "other host"}, nil, []string{`apart = ["agent: other"]`}, []string{"- ok nobody meets"}},
		"a network is gone":   {[]string{"proxy zz9"}, nil, nil, []string{"proxy unknown it is on zz9"}},
		"settings of old":     {nil, map[string]string{"services": `{"id":"p1","name":"proxy","mode":{"Global":{}},"networks":null,"older":[{"Target":"a1"}]}` + "\n" + `{"id":"d1","name":"db","mode":{"Global":{}},"older":[{"Target":"front"}]}`}, []string{`apart = ["proxy: db"]`}, []string{"front fail db and proxy"}},
		"services are hidden": {nil, map[string]string{"services": "<html>"}, chain, []string{"- unknown what is not understood"}},
	} {
		t.Run(name, func(t *testing.T) {
			if !strings.HasPrefix(name, "attachable") {
				c.toml = append(c.toml, `attachable = ["open"]`)
			}
			rs := swarmFinds(t, swarmOf(c.services, c.sections), "audit", c.toml...)
			if len(rs) != len(c.want) {
				t.Fatalf("got %+v", rs)
			}
			for i, w := range c.want {
				f := strings.SplitN(w, " ", 3)
				if item := strings.TrimPrefix(f[0], "-"); !(rs[i].Item == item && rs[i].Status.String() == f[1] && strings.Contains(rs[i].Line, f[2])) {
					t.Errorf("want %s, got %+v", w, rs[i])
				}
			}
		})
	}
}

// TestSwarmCountsWhatRuns: a replica on a node that is gone is none, and so is
// one that docker has given up.
func TestSwarmCountsWhatRuns(t *testing.T) {
	t.Parallel()
	task := func(service, node, wanted, state, why string) string {
		return fmt.Sprintf(`{"Name":"%s.1","Node":%q,"DesiredState":%q,"CurrentState":%q,"Error":%q}`, service, node, wanted, state, why)
	}
	service := func(mode, more string) string { return `{"id":"s0","name":"web","mode":{` + mode + `}` + more + `}` }
	const three = `"Replicated":{"Replicas":3}`
	nodes := `{"id":"n1","name":"one","state":"ready","availability":"active"}` + "\n" + `{"id":"n2","name":"two","state":"down","availability":"active"}`
	on := func(node string) string { return task("s0", node, "Running", "Running 3 hours ago", "") }
	for name, c := range map[string]struct {
		service string
		tasks   []string
		want    string
	}{
		"all of them":    {service(three, ""), []string{on("n1"), on("n1"), on("n1")}, "ok 3 of 3 run"},
		"a node is gone": {service(three, ""), []string{on("n1"), on("n1"), on("n2")}, "warn 2 of 3 run"},
		"one is left":    {service(three, ""), []string{on("n1"), task("s0", "n2", "Shutdown", "Running 3 hours ago", "")}, "fail 1 of 3 run"},
		"none fits": {service(`"Replicated":{"Replicas":1}`, ""), []string{task("s0", "", "Running", "Pending 2 minutes ago", "no suitable node (scheduling constraints not satisfied on 2 nodes)")},
			"fail 0 of 1 run; one is pending: no suitable node"},
		"scaled to none":     {service(`"Replicated":{"Replicas":0}`, ""), nil, "ok scaled to none"},
		"everywhere":         {service(`"Global":{}`, ""), []string{on("n1"), task("s0", "n1", "Running", "Starting 2 seconds ago", "")}, "warn 1 of 2 run; one is starting"},
		"nowhere":            {service(`"Global":{}`, ""), nil, "warn on each node that fits, and none does"},
		"a job":              {service(`"ReplicatedJob":{}`, ""), []string{task("s0", "n1", "Complete", "Complete 2 hours ago", "")}, "ok a job: 1 ended well"},
		"a job half done":    {service(`"ReplicatedJob":{"TotalCompletions":3}`, ""), []string{task("s0", "n1", "Complete", "Complete 2 hours ago", ""), task("s0", "n1", "Complete", "Failed 2 hours ago", "task: non-zero exit (1)")}, "warn a job: 1 of 3 ended well, 0 run"},
		"a job that did not": {service(`"ReplicatedJob":{}`, ""), []string{task("s0", "n1", "Complete", "Failed 2 hours ago", "task: non-zero exit (1)")}, "warn a job: 0 ended well"},
		"another mode":       {service(`"Cosmic":{}`, ""), nil, "unknown how many of it are wanted"},
		"update stopped":     {service(three, `,"update":{"State":"paused","Message":"update paused due to failure or early termination of task x"}`), []string{on("n1"), on("n1"), on("n1")}, "fail its update was stopped half-way: update paused due"},
		"being updated":      {service(three, `,"update":{"State":"updating"}`), []string{on("n1"), on("n1"), on("n1")}, "ok it is being updated"},
		"new word":           {service(three, `,"update":{"State":"pondering"}`), []string{on("n1"), on("n1"), on("n1")}, "unknown its update is pondering"},
	} {
		t.Run(name, func(t *testing.T) {
			text := swarmOf(nil, map[string]string{"nodes": nodes, "services": c.service, "tasks": strings.Join(c.tasks, "\n")})
			rs := swarmFinds(t, text, "services")
			status, words, _ := strings.Cut(c.want, " ")
			if len(rs) != 1 || rs[0].Item != "web" || rs[0].Status.String() != status || !strings.Contains(rs[0].Line, words) {
				t.Errorf("want %s, got %+v", c.want, rs)
			}
		})
	}
}

// TestSwarmShownInPart: what docker could not show for an error is not left out in
// silence; what is gone by now is.
func TestSwarmShownInPart(t *testing.T) {
	t.Parallel()
	whole := swarmOf([]string{"web front"}, nil)
	in := func(section, said string) string {
		at := strings.Index(whole, "== "+section+"\nids 1\n") + len("== "+section+"\nids 1\n")
		return whole[:at-2] + "2\n" + said + "\n" + whole[at:]
	}
	const trouble = "odd Error response from daemon: rpc error: code = DeadlineExceeded desc = context deadline exceeded"
	for _, section := range []string{"nodes", "services", "tasks"} {
		if rs := swarmFinds(t, in(section, trouble), "services"); rs[0].Status != actions.Unknown || !strings.Contains(rs[0].Line, "does not show all "+section+": Error response from daemon: rpc error") {
			t.Errorf("%s: %+v", section, rs)
		}
		for _, said := range []string{"odd Error: no such service: s9", "odd WARNING: Error loading config file"} {
			if rs := swarmFinds(t, in(section, said), "services"); rs[0].Status != actions.OK {
				t.Errorf("%s, %s: %+v", section, said, rs)
			}
		}
	}
}

// TestSwarmOfItsOwnWords: what an engine says of its own part is told before
// anything is made of its lists.
func TestSwarmOfItsOwnWords(t *testing.T) {
	t.Parallel()
	for info, want := range map[string]string{
		`{"state":"locked","control":false,"error":""}`:                                    "fail locked since its engine was restarted",
		`{"state":"pending","control":false,"error":"rpc error: cannot reach 10.0.0.1"}`:   "fail not in its swarm (pending): rpc error",
		`{"state":"error","control":false,"error":""}`:                                     "fail not in its swarm (error): it does not say why",
		`{"state":"dreaming","control":false,"error":""}`:                                  "unknown dreaming, which is not known here",
		`{"state":"active","control":true,"error":"x509: certificate has expired"}`:        "unknown could not be asked: x509: certificate has expired",
		`{"state":"active","control":true,"error":"The swarm does not have a leader."}`:    "fail lost its quorum",
		`{"state":"active","control":true,"error":""}` + "\n== failed\nDeadlineExceeded\n": "fail lost its quorum",
		`null`: "unknown not understood: null",
		``:     "unknown not understood",
		`{"state":"active","control":true,"error":""}`: "unknown no part about nodes",
	} {
		rs := swarmFinds(t, "version 28.5.2\n== swarm\n"+info+"\n== end\n", "audit")
		status, words, _ := strings.Cut(want, " ")
		if len(rs) != 1 || rs[0].Status.String() != status || !strings.Contains(rs[0].Line, words) {
			t.Errorf("%s: want %s, got %+v", info, want, rs)
		}
	}
}

func TestSwarmAge(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"Less than a second ago": time.Second, "1 second ago": time.Second, "59 seconds ago": 59 * time.Second, "About a minute ago": time.Minute,
		"59 minutes ago": 59 * time.Minute, "About an hour ago": time.Hour, "47 hours ago": 47 * time.Hour, "13 days ago": 13 * 24 * time.Hour,
		"8 weeks ago": 56 * 24 * time.Hour, "23 months ago": 690 * 24 * time.Hour, "2 years ago": 730 * 24 * time.Hour,
	} {
		if d, ok := swarmAge(text); !ok || d != want {
			t.Errorf("%q: %v %v, want %v", text, d, ok, want)
		}
	}
	for _, text := range []string{"", "ago", "yesterday", "vor 3 Minuten", "-3 minutes ago", "NaN days ago", "3 fortnights ago"} {
		if d, ok := swarmAge(text); ok {
			t.Errorf("%q is %v", text, d)
		}
	}
}

// TestSwarmAsksNoSecrets runs the look against a stand-in that keeps what it is
// asked: no question is about a service's settings, which hold secrets, and a
// worker or a swarm without a leader is asked no more.
func TestSwarmAsksNoSecrets(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ info, never, want string }{
		"manager":   {`{"state":"active","control":true,"error":"","id":"n1"}`, ".Env", "ids 1"},
		"worker":    {`{"state":"active","control":false,"error":"","id":"n1"}`, "node ls", "== end"},
		"no leader": {`{"state":"active","control":true,"error":"rpc error: code = Unknown desc = The swarm does not have a leader.","id":"n1"}`, "node ls", "== end"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			client := "#!/bin/sh\nprintf '%s\\n' \"$*\" >>" + dir + "/argv\ncat >>" + dir + "/stdin\necho 'WARNING: Error loading config file' >&2\n" +
				"case \"$1 $2\" in version*) echo 20.10.24 ;; info*) echo '" + c.info + "' ;; *' ls') echo 0123456789abcdef ;; esac\n"
			if err := os.WriteFile(filepath.Join(dir, "docker"), []byte(client), 0o755); err != nil {
				t.Fatal(err)
			}
			k, _ := Lookup("swarm")
			f, target := suiteTarget(t, k)
			text, _, err := k.Checks(f, target)[0].Script.Render()
			if err != nil {
				t.Fatal(err)
			}
			for _, shell := range [][]string{{"dash"}, {"busybox", "sh"}, {"bash", "--posix"}} {
				cmd := exec.CommandContext(t.Context(), shell[0], append(shell[1:], "-s")...)
				cmd.Stdin = strings.NewReader(text)
				cmd.Env = []string{"PATH=" + dir + ":" + os.Getenv("PATH")}
				out, err := cmd.Output()
				if err != nil || !strings.Contains(string(out), c.want) || !strings.HasSuffix(string(out), "== end\n") {
					t.Errorf("%s: %v\n%s", shell[0], err, out)
				}
			}
			argv, err := os.ReadFile(filepath.Join(dir, "argv"))
			if err != nil || strings.Contains(string(argv), c.never) || strings.Contains(string(argv), "{{json .Spec}}") {
				t.Errorf("%v\n%s", err, argv)
			}
			if in, err := os.ReadFile(filepath.Join(dir, "stdin")); err != nil || len(in) > 0 {
				t.Errorf("it was given %q (%v)", in, err)
			}
		})
	}
}
