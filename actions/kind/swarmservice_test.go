package kind

import (
	"strings"
	"testing"

	"jurymast/actions"
	"jurymast/inventory"
)

// fakeSwarmService is docker on a manager, as far as the scripts of kind
// swarm-service ask it: $STATE/replicas of home_wiki are wanted, and run.
const fakeSwarmService = `
[ ! -e "$STATE/down" ] || { echo 'Error response from daemon: rpc error: code = Unknown desc = The swarm does not have a leader.' >&2; exit 1; }
case "$1 $2" in
'service inspect') case $5 in home_wiki) cat "$STATE/replicas" ;; agent) echo other ;; *) echo "Error: no such service: $5" >&2; exit 1 ;; esac ;;
'service scale') [ "$3 ${4%=*}" = '--detach home_wiki' ] || exit 9; echo "${4#*=}" >"$STATE/replicas"; echo "$4" >>"$STATE/scaled" ;;
'service ps')
    n=$(cat "$STATE/replicas")
    # Each time it is asked for, a task that fails is another.
    age=0
    [ ! -e "$STATE/crashing" ] || age=$(($(cat "$STATE/crashing") + 1))
    [ ! -e "$STATE/crashing" ] || echo "$age" >"$STATE/crashing"
    printf 'old1\tShutdown 3 hours ago\tShutdown\t\nold2\tFailed 4 hours ago\tShutdown\ttask: non-zero exit (1)\n'
    [ ! -e "$STATE/lost" ] || printf 'lost1\tOrphaned 26 hours ago\tShutdown\t\n'
    [ ! -e "$STATE/stubborn" ] || printf 'stubborn1\tRunning 2 days ago\tShutdown\t\n'
    while [ "$n" -gt 0 ]; do
        n=$((n - 1))
        if [ -e "$STATE/pending" ]; then printf 'p%s\tPending 1 second ago\tRunning\tno suitable node\n' "$n"; else printf 'r%sx%s\tRunning 1 second ago\tRunning\t\n' "$n" "$age"; fi
    done ;;
*) exit 9 ;;
esac
`

func swarmServiceBed(t *testing.T, lines string) (*bed, actions.Data) {
	t.Helper()
	b := newBed(t, "[node.app]\n[node.nas]\n[share.volumes]\nkind = \"nfs\"\nclass = \"system\"\non = \"nas\"\npath = \"/srv/volumes\"\n[service.wiki]\nkind = \"swarm-service\"\non = \"app\"\ndata = [\"volumes\"]\nservice = \"home_wiki\"\nquiesce = \"stop\"\nwait = \"1s\"\n"+lines)
	b.standIn("docker", fakeSwarmService)
	b.state("replicas", "3")
	return b, b.data("service/wiki")
}

func TestSwarmServiceHoldsAndStops(t *testing.T) {
	t.Parallel()
	b, d := swarmServiceBed(t, "prove = \"echo proven\"\n")
	in := map[string]string{actions.InRun: "r1"}
	if said := b.does(d.Survey, in); !strings.Contains(said["trouble"], "copy share/volumes instead") || !d.HoldsDown || d.HoldText != "scale home_wiki to none" {
		t.Errorf("survey: %v, %+v", said, d)
	}
	for _, pair := range [][2]*actions.Script{{d.Hold, d.Free}, {d.Stop, d.Start}} {
		for range 2 { // as after a cut
			b.does(*pair[0], in)
			if b.read("replicas") != "0" {
				t.Errorf("%s: %s run", pair[0].Name, b.read("replicas"))
			}
		}
		b.refuses(*d.Prove, in, "home_wiki is scaled to none")
		for range 2 {
			b.does(*pair[1], in)
			if b.read("replicas") != "3" {
				t.Errorf("%s: %s run", pair[1].Name, b.read("replicas"))
			}
		}
	}
	if said := b.does(*d.Prove, in); said["level"] != "answered" || said["proof"] != "3 tasks of home_wiki run; proven" {
		t.Errorf("prove: %v", said)
	}
	if scaled := strings.Join(strings.Fields(b.read("scaled")), " "); scaled != "home_wiki=0 home_wiki=3 home_wiki=0 home_wiki=3" {
		t.Errorf("scaled: %s", scaled)
	}
	// One that nobody ran stays as it was.
	b.state("replicas", "0")
	b.does(*d.Hold, in)
	b.does(*d.Free, in)
	if b.read("replicas") != "0" {
		t.Errorf("%s run", b.read("replicas"))
	}
}

func TestSwarmServiceIsNotBelieved(t *testing.T) {
	t.Parallel()
	b, d := swarmServiceBed(t, "")
	in := map[string]string{actions.InRun: "r1"}
	b.state("stubborn", "")
	b.refuses(*d.Stop, in, "after 1 s tasks of home_wiki have not ended")
	b.gone("stubborn")
	b.state("lost", "")
	b.refuses(*d.Stop, in, "a task of home_wiki is on a node that is lost, and may run there")
	b.state("pending", "")
	b.refuses(*d.Start, in, "after 1 s 0 of 3 tasks of home_wiki run; one is Pending Running no suitable node")
	b.gone("pending")
	b.state("crashing", "0")
	b.refuses(*d.Start, in, "after 1 s the tasks of home_wiki are others again and again: docker service ps home_wiki")
	b.gone("crashing")
	b.does(*d.Start, in) // more of it is nobody's second writer
	b.gone("lost")
	b.refuses(d.Stop.With(map[string]string{"SERVICE": "agent"}), in, "it cannot be scaled")
	b.refuses(d.Stop.With(map[string]string{"SERVICE": "none"}), in, "no such service: none")
	b.state("replicas", "<html>")
	b.refuses(*d.Hold, in, "what is not understood")
	b.state("down", "")
	for _, s := range []*actions.Script{d.Stop, d.Hold, d.Prove} {
		b.refuses(*s, in, "does not have a leader")
	}
}

// TestSwarmVolumesComeBack: a restore of the share that holds the volumes of a
// swarm stops what uses it, and starts it again.
func TestSwarmVolumesComeBack(t *testing.T) {
	t.Parallel()
	f, err := inventory.Parse("swarm.toml", []byte(planHosts+`
[share.volumes]
kind = "nfs"
class = "system"
on = "nas"
path = "/srv/volumes"
mounts = [{ on = "old", at = "/srv/volumes" }]
[service.wiki]
kind = "swarm-service"
on = "old"
data = ["volumes"]
[repository.shelf]
kind = "directory"
site = "home"
path = "/srv/copies"
[backup.volumes]
of = "volumes"
to = ["shelf"]
rpo = "1d"
`), Schema())
	if err != nil {
		t.Fatal(err)
	}
	got := planned{verb: actions.VerbRestore, of: "share/volumes"}.text(t, f, nil)
	for _, want := range []string{"on old: stop wiki\n      do swarm-service/stop.sh, SERVICE=wiki WAIT=120, as root\n      undone by swarm-service/start.sh", "on old: start wiki\n      do swarm-service/start.sh"} {
		if !strings.Contains(got, want) {
			t.Errorf("the plan lacks %q:\n%s", want, got)
		}
	}
	stopped, replaced := strings.Index(got, ": stop wiki"), strings.Index(got, ": set the live data aside")
	if replaced < 0 || stopped > replaced {
		t.Errorf("it is stopped after its data is replaced:\n%s", got)
	}
}

// TestSwarmServiceRestoreDoesNotWaitForThePast: what failed is told for an hour,
// and a restore that ended it would be undone for it.
func TestSwarmServiceRestoreDoesNotWaitForThePast(t *testing.T) {
	t.Parallel()
	f, err := inventory.Parse("swarm.toml", []byte("[node.app]\n[service.wiki]\nkind = \"swarm-service\"\non = \"app\"\n"), Schema())
	if err != nil {
		t.Fatal(err)
	}
	wiki, _ := f.Target("service/wiki")
	for _, c := range swarmServiceChecks(f, *wiki) {
		if want := c.ID == "tasks"; c.Aside != want {
			t.Errorf("%s is aside: %v, want %v", c.ID, c.Aside, want)
		}
	}
}
