package kind

import (
	"fmt"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// hcloudLib asks the client of Hetzner Cloud; it rests on jsonFile.
const hcloudLib = "hcloud/lib.sh"

var hcloudAddress = actions.Kind{
	Name: "hcloud-address",
	Doc:  "A redirect: a floating address of Hetzner Cloud is assigned to the server that the service runs on.",
	About: `By the client hcloud on the host that it is done on (apt install hcloud-cli), with a token that reaches it by its
environment; without one, by the client's own configuration there. Old clients will do: what is read of them is what
the API said.

When the plan is made the address must be assigned to one of the service's servers, or to none, and every server must be
there under its name. It is moved only if it is still where the plan saw it; the cloud has no condition of its own, so
that it is asked right before. What is locked by another action is tried again within wait. That the token may write
cannot be known before.

The cloud's word is the proof: what is seen from outside is for a check of the service. Each server must have the address
on its device already, or be given it by a redirect of kind address beside this one.`,
	Levels: []inventory.Level{inventory.LevelRedirect},
	Options: hcloudOptions(
		inventory.Option{Name: "address", Type: inventory.TypeString, Required: true, Doc: "name or id of the floating address"},
	),
	Redirect: func(f *inventory.Fleet, x inventory.Redirect) (actions.Redirect, error) {
		return hcloudRedirect(f, x, "address", "FLOATING", "assign floating address %s to the new host", "hcloud-address")
	},
	Proved: map[string]actions.Ground{"redirect": actions.Documented},
}

var hcloudBalancer = actions.Kind{
	Name: "hcloud-balancer",
	Doc:  "A redirect: a load balancer of Hetzner Cloud leads to the server that the service runs on.",
	About: `By the client hcloud on the host that it is done on (apt install hcloud-cli), with a token that reaches it by its
environment; without one, by the client's own configuration there.

The new server is made a target first, then the service's other servers are taken out; targets that are none of them stay.
It counts as done when the load balancer's own checks find the new one healthy at every port. Targets by label are
refused: these change with the servers' labels and not here.

When the plan is made one of the service's servers must be a target. If others of them than the plan saw have become
targets since, nothing is changed. That the token may write cannot be known before.`,
	Levels: []inventory.Level{inventory.LevelRedirect},
	Options: hcloudOptions(
		inventory.Option{Name: "balancer", Type: inventory.TypeString, Required: true, Doc: "name or id of the load balancer"},
		inventory.Option{Name: "private", Type: inventory.TypeBool, Default: "false", Doc: "it reaches its targets by the private network"},
	),
	Redirect: func(f *inventory.Fleet, x inventory.Redirect) (actions.Redirect, error) {
		return hcloudRedirect(f, x, "balancer", "BALANCER", "have load balancer %s lead to the new host", "hcloud-balancer")
	},
	Proved: map[string]actions.Ground{"redirect": actions.Documented},
}

func hcloudOptions(own ...inventory.Option) []inventory.Option {
	return append(own,
		inventory.Option{Name: "servers", Type: inventory.TypeList, Doc: "what the cloud calls the hosts, where not by their names: \"db1=cloud-db-1\""},
		inventory.Option{Name: "token", Type: inventory.TypeSecret, Doc: "a token of the project, with the right to write"},
		inventory.Option{Name: "wait", Type: inventory.TypeDuration, Default: "1m", Doc: "how long it may take"},
	)
}

// hcloudRedirect is a redirect by the thing of the cloud that an option names.
func hcloudRedirect(f *inventory.Fleet, x inventory.Redirect, option, variable, text, folder string) (actions.Redirect, error) {
	on, err := doneOn(x.On, "a host that has hcloud")
	if err != nil {
		return actions.Redirect{}, err
	}
	thing := x.Options.String(option)
	if !hcloudName(thing) {
		return actions.Redirect{}, fmt.Errorf("%s: %q is no name of the cloud", option, thing)
	}
	servers, err := hcloudServers(f, x)
	if err != nil {
		return actions.Redirect{}, err
	}
	_, wait := waitOf(x.Options, "wait", time.Minute)
	in := map[string]string{variable: thing, "SERVERS": servers, "WAIT": wait}
	if folder == "hcloud-balancer" {
		in["PRIVATE"] = yesNo(x.Options.Bool("private"))
	}
	keep := keepOf(x.Options, map[string]string{"token": "HCLOUD_TOKEN"})
	verb := func(name string) actions.Script {
		s := wayScript(in, keep, jsonFile, hcloudLib, folder+"/lib.sh", folder+"/"+name+".sh")
		s.Sudo = false
		return s
	}
	return actions.Redirect{Host: on, Text: fmt.Sprintf(text, thing), Survey: verb("survey"), Do: verb("do"), Verify: verb("verify")}, nil
}

// hcloudServers returns "HOST SERVER" a line for each host of a service.
func hcloudServers(f *inventory.Fleet, x inventory.Redirect) (string, error) {
	t, ok := f.Target(x.Of)
	if !ok {
		return "", fmt.Errorf("there is no %s", x.Of)
	}
	said, err := perHost(x.Options.List("servers"))
	if err != nil {
		return "", fmt.Errorf("servers: %w", err)
	}
	var lines []string
	for _, h := range moveHosts(*t) {
		server := orDefault(said[h.Name()], h.Name())
		delete(said, h.Name())
		if !hcloudName(server) {
			return "", fmt.Errorf("servers: %q is no name of the cloud", server)
		}
		lines = append(lines, h.Name()+" "+server)
	}
	for name := range said {
		return "", fmt.Errorf("servers names %q, and %s does not run there", name, x.Of)
	}
	return strings.Join(lines, "\n"), nil
}

// hcloudName reports whether a word can be a name or an id of the cloud, and
// neither an option of its client nor several words.
func hcloudName(s string) bool {
	return s != "" && s[0] != '-' && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-_.", r)
	})
}
