package kind

import (
	"os"
	"strings"
	"testing"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// fakeSwarm is docker on a manager and on its worker w1, as far as the scripts of
// kind swarm-node ask it: what the swarm is lies in $ROOT.
const fakeSwarm = `echo "docker $*" >>$ROOT/log
[ ! -e $ROOT/silent ] || exit 1
case "$1 $2" in
'info --format') case $3 in
    '{{.Swarm.LocalNodeState}}') echo active ;;
    *) echo "active $(cat $ROOT/control) $ME " ;;
    esac ;;
'ps -q') cat $ROOT/containers ;;
'node inspect') case $5 in w1 | id1) echo "id1 w1 $(cat $ROOT/availability) $(cat $ROOT/state)" ;; *) echo "Error: no such node: $5" >&2; exit 1 ;; esac ;;
'node ls') printf 'id0 Active Ready\nid1 Active Ready\n' ;;
'node ps') [ ! -e $ROOT/mute ] || { echo 'rpc error: the swarm does not have a leader' >&2; exit 1; }
    [ "$(cat $ROOT/availability)" = active ] || [ -e $ROOT/stubborn ] || { sed 's/ Running / Shutdown /' $ROOT/tasks >$ROOT/new; cat $ROOT/new >$ROOT/tasks; }
    cat $ROOT/tasks ;;
'node update') [ ! -e $ROOT/refuses ] || { echo 'Error response from daemon: update out of sequence' >&2; exit 1; }; echo $4 >$ROOT/availability ;;
'service inspect')
    case $4 in
    '{{.Spec.Name}}') echo wiki ;;
    *'eq .Type "volume"'*) [ ! -e $ROOT/mute-volumes ] || { echo 'rpc error: code = Unavailable' >&2; exit 1; }; cat $ROOT/volumes ;;
    *Replicas*) cat $ROOT/replicas ;;
    *) shift 4; for s; do grep "^$s	" $ROOT/services; done ;;
    esac ;;
'service ps') cat $ROOT/elsewhere ;;
*) echo "docker: $* is not known here" >&2; exit 9 ;;
esac
`

// swarmNodeBed returns the move of w1, which runs three services.
func swarmNodeBed(t *testing.T, lines string) (m actions.Move, root string) {
	t.Helper()
	f, err := inventory.Parse("swarm.toml", []byte("[node.w1]\n[node.m1]\n[service.work]\nkind = \"swarm-node\"\non = \"w1\"\nstandby = [\"m1\"]\nwait = \"1s\"\n"+lines), Schema())
	if err != nil {
		t.Fatal(err)
	}
	s, _ := f.Target("service/work")
	if m, err = swarmNodeKind.Move(f, *s); err != nil {
		t.Fatal(err)
	}
	root = tools(t, map[string]string{"docker": fakeSwarm})
	t.Setenv("ME", "id0")
	for name, text := range map[string]string{
		"log": "", "control": "true", "availability": "active", "state": "ready", "containers": "c1\nc2\n",
		// As docker lists them: what has ended stands behind an arrow.
		"tasks": "wikiid.1 Running 3 hours ago\n \\_ wikiid.1 Failed 4 hours ago\nagentid.id1 Running 2 days ago\ndbid.1 Running 5 minutes ago\n",
		"services": "wikiid\twiki\t-\t30000000000\t{\"Platforms\":[{}]}\n" +
			"agentid\tagent\tglobal\tnull\tnull\n" +
			"dbid\tdb\t-\tnull\t{\"Constraints\":[\"node.hostname == w1\"]}\n",
		"volumes": "", "replicas": "1", "elsewhere": "id0 Running 1 second ago\t\n",
	} {
		put(t, root+"/"+name, text)
	}
	return m, root
}

const worker, manager = inventory.Ref("node/w1"), inventory.Ref("node/m1")

func TestSwarmNodeDrained(t *testing.T) {
	m, root := swarmNodeBed(t, "")
	if r := must(t, m.Survey(worker), nil); r.said["role"] != "active" {
		t.Errorf("%v", r.said)
	}
	want := "tasks of 1 services go: each has its stop grace period to end (at most 30 s, wiki), and starts elsewhere once it has ended, after a pull where its image is missing; 1 other nodes take tasks; bound to this node, and down meanwhile: db"
	if r := must(t, m.Survey(manager), nil); r.said["role"] != "standby" || r.said["stays"] != "" || r.said["seen"] != want {
		t.Errorf("%v", r.said)
	}
	steps := m.Hand(worker, manager)
	ready, drain := steps[0], steps[1]
	if ready.Host != manager || drain.Host != manager || !drain.Ends || drain.Undo == nil {
		t.Fatalf("%+v", steps)
	}
	said := must(t, ready.Do, nil).said
	in := map[string]string{"SAID_SERVICES": said["services"], "SAID_AVAILABILITY": said["availability"]}
	if said["services"] != "wikiid " || said["availability"] != "active" {
		t.Errorf("%v", said)
	}
	put(t, root+"/refuses", "")
	if r := runFully(t.Context(), t, drain.Do.With(in)); r.Exit == 0 || !strings.Contains(string(r.Stderr), "node w1 cannot be drained: Error response from daemon: update out of sequence") {
		t.Errorf("%d %s", r.Exit, r.Stderr)
	}
	remove(t, root+"/refuses")
	put(t, root+"/stubborn", "")
	if r := runFully(t.Context(), t, drain.Do.With(in)); r.Exit == 0 || !strings.Contains(string(r.Stderr), "after 1 s there still runs on w1: wiki") {
		t.Errorf("%d %s", r.Exit, r.Stderr)
	}
	if exit(t, m.Active(manager), nil) != 1 {
		t.Error("it counts as drained while its tasks run")
	}
	must(t, *drain.Undo, in)
	if got(t, root+"/availability") != "active\n" {
		t.Error("undone, and still drained")
	}
	remove(t, root+"/stubborn")
	for range 2 { // once more after an answer was lost
		must(t, drain.Do, in)
	}
	if n := strings.Count(got(t, root+"/log"), "docker node update --availability drain id1\n"); n != 3 {
		t.Errorf("it was drained %d times:\n%s", n, got(t, root+"/log"))
	}
	must(t, m.Active(manager), nil)
	if r := must(t, m.Survey(manager), nil); r.said["role"] != "active" {
		t.Errorf("%v", r.said)
	}
	if r := must(t, m.Verify(manager), in); r.said["proof"] != "nothing of the swarm runs on w1, and all tasks of 1 services that did run elsewhere" {
		t.Errorf("%v", r.said)
	}
	// In the moment between the two the new one is not meant to run yet.
	for what, say := range map[string]string{"": "after 1 s 0 of 1 tasks of wiki run", "id0 Running 1 second ago\t\n": "after 1 s 1 of 2 tasks of wiki run"} {
		put(t, root+"/elsewhere", what)
		put(t, root+"/replicas", map[bool]string{true: "1", false: "2"}[what == ""])
		if r := runFully(t.Context(), t, m.Verify(manager).With(in)); r.Exit == 0 || !strings.Contains(string(r.Stderr), say) {
			t.Errorf("%d %s", r.Exit, r.Stderr)
		}
	}
	put(t, root+"/replicas", "0") // scaled to none meanwhile
	put(t, root+"/elsewhere", "")
	must(t, m.Verify(manager), in)
	put(t, root+"/replicas", "1")
	put(t, root+"/elsewhere", " Pending 3 seconds ago\tno suitable node\n")
	if r := runFully(t.Context(), t, m.Verify(manager).With(in)); r.Exit == 0 || !strings.Contains(string(r.Stderr), "a task of wiki does not run: Pending 3 seconds ago no suitable node") {
		t.Errorf("%d %s", r.Exit, r.Stderr)
	}

	put(t, root+"/containers", "")
	if r := must(t, m.Survey(worker), nil); r.said["role"] != "stopped" || exit(t, m.Active(worker), nil) != 1 {
		t.Errorf("%v", r.said)
	}
	open := m.Hand(manager, worker)[0]
	must(t, open.Do, nil)
	if got(t, root+"/availability") != "active\n" || open.Ends || exit(t, m.Active(manager), nil) != 1 {
		t.Error("it is not open again, or said to be down for it")
	}
	must(t, m.Verify(worker), nil)
	must(t, *open.Undo, nil)
	must(t, m.Rejoin(worker, manager)[0].Do, nil)
	if got(t, root+"/availability") != "active\n" {
		t.Error("it is not open again")
	}
}

// TestSwarmNodeOfADeadMachine: what the managers say of a node that is down was
// said before; it is drained all the same, and what ran there is waited for.
func TestSwarmNodeOfADeadMachine(t *testing.T) {
	m, root := swarmNodeBed(t, "")
	put(t, root+"/state", "down")
	put(t, root+"/stubborn", "")
	if exit(t, m.Active(manager), nil) != 1 {
		t.Error("it counts as drained")
	}
	if r := must(t, m.Promote(manager), nil); r.said["services"] != "wikiid " {
		t.Errorf("%v", r.said)
	}
	must(t, m.Active(manager), nil)
}

// TestSwarmNodeAsksItsManagers: the others are asked where the first cannot tell,
// and none is believed that most of the managers do not hear.
func TestSwarmNodeAsksItsManagers(t *testing.T) {
	f, err := inventory.Parse("swarm.toml", []byte("[node.w1]\n[node.m1]\n[node.m2]\nsudo = true\n[node.m3]\n[service.work]\nkind = \"swarm-node\"\non = \"w1\"\nstandby = [\"m1\", \"m2\", \"m3\"]\n"), Schema())
	if err != nil {
		t.Fatal(err)
	}
	s, _ := f.Target("service/work")
	checks := swarmNodeKind.Checks(f, *s)
	if len(checks) != 1 || checks[0].Host != manager || len(checks[0].Else) != 2 {
		t.Fatalf("%+v", checks)
	}
	first, second, third := checks[0], checks[0].Else[0], checks[0].Else[1]
	if second.Host != "node/m2" || third.Host != "node/m3" || first.Script.Inputs["SUDO"] != "" || second.Script.Inputs["SUDO"] != "sudo -n" {
		t.Errorf("%+v", checks)
	}
	_, well, _ := strings.Cut(got(t, "testdata/swarm-node/real-well.txt"), "\n\n")
	lost := strings.Replace(well, `"Reachability":"reachable"`, `"Reachability":"unreachable"`, 2)
	const alone = "version 20.10.24\n== swarm\n{\"state\":\"active\",\"control\":true,\"error\":\"rpc error: code = Unknown desc = The swarm does not have a leader.\",\"id\":\"x\"}\n== end\n"
	for _, tt := range []struct {
		c      actions.Check
		answer string
		status actions.Status
		line   string
	}{
		{first, alone, actions.Unknown, "m1: the swarm has lost its quorum and decides nothing"},
		{second, lost, actions.Unknown, "m2 hears 1 of 3 managers, and what it knows of the node may be old"},
		{second, "missing\n", actions.Unknown, "m2: docker is not installed"},
		{third, well, actions.OK, "ready, worker, "},
	} {
		rs := tt.c.Read(actions.Answer{Output: actions.Output{Stdout: []byte(tt.answer)}, Now: time.Unix(1795250450, 0)})
		if len(rs) != 1 || rs[0].Status != tt.status || !strings.HasPrefix(rs[0].Line, tt.line) || tt.status != actions.OK && rs[0].Next == "" {
			t.Errorf("%+v, want %s: %s", rs, tt.status, tt.line)
		}
	}
}

func TestSwarmNodeStays(t *testing.T) {
	for _, tt := range []struct{ name, lines, file, text, word, why string }{
		{"a long grace period", "", "services", "wikiid\twiki\t-\t120000000000\tnull\n", "stays", "wiki has 120 s to end, and the swarm starts another after 60 s: two would run; docker service update --stop-grace-period 60s wiki"},
		{"a volume of its own", "", "volumes", "wiki\twiki_data\t{\"Labels\":{}}\n\n", "stays", "wiki keeps volume wiki_data on this node alone, and would start with an empty one elsewhere: name it in leave if that may be"},
		{"a local volume", "", "volumes", "wiki\twiki_data\t{\"DriverConfig\":{\"Name\":\"local\"}}\n", "stays", "wiki keeps volume wiki_data on this node alone, and would start with an empty one elsewhere: name it in leave if that may be"},
		{"it may stay", "leave = [\"wiki_data\"]\n", "volumes", "wiki\twiki_data\tnull\n", "stays", ""},
		{"a volume on a share", "", "volumes", "wiki\twiki_data\t{\"DriverConfig\":{\"Name\":\"local\",\"Options\":{\"type\":\"nfs\"}}}\n", "stays", ""},
		{"a volume of a plugin", "", "volumes", "wiki\twiki_data\t{\"DriverConfig\":{\"Name\":\"rexray\"}}\n", "stays", ""},
		{"volumes that cannot be seen", "", "mute-volumes", "", "trouble", "the volumes of what goes cannot be asked for: rpc error: code = Unavailable"},
		{"no manager", "", "control", "false", "trouble", "it is no manager that can be asked: active false id0 "},
		{"no such node", "node = \"w9\"\n", "log", "", "trouble", "node w9 cannot be asked for: Error: no such node: w9"},
		{"the engine is silent", "", "silent", "", "trouble", "the engine does not answer: systemctl status docker"},
	} {
		t.Run(strings.ReplaceAll(tt.name, " ", "-"), func(t *testing.T) {
			m, root := swarmNodeBed(t, tt.lines)
			put(t, root+"/"+tt.file, tt.text)
			r := runFully(t.Context(), t, m.Survey(manager))
			if r.Exit != 0 || strings.TrimSpace(r.said[tt.word]) != strings.TrimSpace(tt.why) {
				t.Errorf("exit %d, %v\n%s", r.Exit, r.said, r.Stderr)
			}
		})
	}
	t.Run("itself", func(t *testing.T) {
		m, _ := swarmNodeBed(t, "")
		t.Setenv("ME", "id1")
		if r := must(t, m.Survey(manager), nil); r.said["trouble"] != "it is the node itself: name another manager as standby" {
			t.Errorf("%v", r.said)
		}
	})
	t.Run("without a leader", func(t *testing.T) {
		m, root := swarmNodeBed(t, "")
		put(t, root+"/availability", "drain")
		put(t, root+"/mute", "")
		if n := exit(t, m.Active(manager), nil); n != 2 {
			t.Errorf("whether it is drained is known: %d", n)
		}
		if err := os.Remove(root + "/containers"); err != nil {
			t.Fatal(err)
		}
		if n := exit(t, m.Active(worker), nil); n != 2 {
			t.Errorf("whether tasks run is known: %d", n)
		}
	})
}
