package kind

import (
	"fmt"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

var hcloudSnapshot = actions.Kind{
	Name: "hcloud-snapshot",
	Doc:  "Copies of whole servers of Hetzner Cloud that the cloud makes itself: its snapshots and backups.",
	About: `All is asked by the client hcloud on the host from (apt install hcloud-cli), as root: with a token that may write,
which reaches it by its environment, or with the client's own configuration there. What is copied is a node or vm of the
inventory that is a server of the cloud, or a service of kind hcloud.

Every image of the server that the cloud lists as whole counts as a copy, also snapshots made by hand and the backups
that the cloud makes by itself, which go when their server is deleted. Those made here carry labels, and only they are
ever removed, unless they are protected. What the client ends with is not enough: the image has to be listed, whole,
with the labels of the run. A snapshot is paid for by its size.

A server is copied while it runs: its disk is what it would be after a power cut, and what a database has not written
yet is missing. Give databases a backup of their own. Volumes are in no image: one that is attached keeps the server from
being copied until leave names it. A copy cannot be read without making a server of it: it counts as listed.

A restore to a name (--to api-2) makes a new server there of the type and at the location of the live one, with addresses
of its own, and does not start it. In its place the server is shut down, copied, and that copy has to be listed before
its disk is overwritten (rebuild): it keeps its addresses, networks and volumes. Should what follows fail, that copy is
brought back. A server that is gone is made anew, of the type and at the location that are set here; its addresses are
others then. An image may ask for a larger disk than another type has: the cloud refuses that. Where cloud-init is in the
image, it may take a server made of it for a new one, and make new host keys.

A drill makes the newest copy the server spare, behind a firewall that lets nothing in and nothing out (but the cloud's own
name servers and settings), starts it, sees that it runs 10 s later, and removes both. What runs in it nobody can ask
then: it is proven as started. The cloud charges an hour for it.

Seen with hcloud 1.30 at an API of the test's own, written after its documentation.`,
	Levels: []inventory.Level{inventory.LevelRepository},
	Options: []inventory.Option{
		{Name: "from", Type: inventory.TypeHost, Required: true, Doc: "a host that has hcloud, on which all is asked; not one that is copied"},
		{Name: "servers", Type: inventory.TypeList, Doc: "what the cloud calls the targets, where not by their names: \"mail=cloud-mail-1\""},
		{Name: "token", Type: inventory.TypeSecret, Doc: "a token of the project, with the right to write"},
		{Name: "leave", Type: inventory.TypeList, Doc: "ids of volumes that may be in no copy"},
		{Name: "spare", Type: inventory.TypeString, Doc: "name of a server that does not exist: a drill makes it"},
		{Name: "type", Type: inventory.TypeString, Doc: "type of a server that is made; that of the live one where not said"},
		{Name: "location", Type: inventory.TypeString, Doc: "location of a server that is made; that of the live one where not said"},
		{Name: "wait", Type: inventory.TypeDuration, Default: "3m", Doc: "how long a server may take to go up and down, and another action to end"},
	},
	Native: hcloudSnapshotNative,
	Takes:  hcloudSnapshotTakes,
	Proved: map[string]actions.Ground{"backup": actions.Documented, "restore": actions.Documented, "repository": actions.Documented},
}

// hcloudSnapshotTakes says which targets are no servers.
func hcloudSnapshotTakes(t inventory.Target) (why, hint string) {
	if l := t.Ref.Level(); l == inventory.LevelNode || l == inventory.LevelVM || t.Kind == hcloudKind.Name {
		return "", ""
	}
	return "it is no server of the cloud", "name the node or vm, or a service of kind hcloud; files go to a repository of kind restic, borg, rclone or directory"
}

// hcloudServerName reports whether a word can be the name of a server: a name of
// a host, and no number, which would be an id.
func hcloudServerName(s string) bool {
	return hcloudName(s) && len(s) <= 63 && strings.Trim(s, "0123456789") != "" && !strings.HasPrefix(s, ".") && !strings.HasSuffix(s, ".")
}

func hcloudSnapshotNative(_ *inventory.Fleet, r inventory.Repository, t inventory.Target) (actions.Native, error) {
	said, err := perHost(r.Options.List("servers"))
	if err != nil {
		return actions.Native{}, fmt.Errorf("servers: %w", err)
	}
	server := orDefault(said[t.Ref.Name()], t.Ref.Name())
	if t.Kind == hcloudKind.Name {
		server = orDefault(t.Options.String("server"), server)
	}
	spare := r.Options.String("spare")
	from := inventory.Ref(r.Options.String("from"))
	switch {
	case !hcloudServerName(server):
		return actions.Native{}, fmt.Errorf("%q is no name of a server: say in servers what the cloud calls %s", server, t.Ref)
	case spare != "" && (!hcloudServerName(spare) || spare == server):
		return actions.Native{}, fmt.Errorf("spare = %q is not the name of a server that could be made", spare)
	case from == t.Ref:
		return actions.Native{}, fmt.Errorf("from is %s itself, which is off while it is brought back: name another host that has hcloud", from)
	}
	_, wait := waitOf(r.Options, "wait", 3*time.Minute)
	in := map[string]string{
		"SERVER": server, "SERVERS": "", "SPARE": spare, "TYPE": r.Options.String("type"), "LOCATION": r.Options.String("location"),
		"LEAVE": strings.Join(r.Options.List("leave"), "\n"), "WAIT": wait,
	}
	keep := keepOf(r.Options, map[string]string{"token": "HCLOUD_TOKEN"})
	const folder = "hcloud-snapshot/"
	verb := func(name string, ahead ...string) actions.Script {
		files := []string{commonFile}
		if name == "survey.sh" {
			files = append(files, folder+"tool.sh")
		}
		files = append(files, jsonFile, hcloudLib, folder+"lib.sh")
		return compound(in, keep, append(append(files, ahead...), folder+name)...)
	}
	one := func(name string, ahead ...string) *actions.Script {
		s := verb(name, ahead...)
		return &s
	}
	n := actions.Native{
		Repository: verbsOf(actions.Repository{Medium: "disk"}, verb, false),
		Host:       from,
		Place: func(to string) (string, error) {
			if hcloudServerName(to) && to != server {
				return to, nil
			}
			return "", fmt.Errorf("%q is no place for server %s: name a server that does not exist yet, or leave --to out", to, server)
		},
		Room: verb("room.sh"), Clear: verb("clear.sh", folder+"wall.sh"), Spare: spare, Try: one("try.sh", folder+"wall.sh"),
		Put: verb("put.sh"), Back: one("back.sh"), Stop: one("stop.sh"), Start: one("start.sh"), Prove: one("prove.sh"),
	}
	n.Extract = verb("extract.sh", folder+"wall.sh")
	return n, nil
}
