package kind

import (
	"fmt"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

var address = actions.Kind{
	Name: "address",
	Doc:  "A redirect: a floating address is on the host that the service runs on, and its neighbours are told.",
	About: `One for each host that the service can run on, with on set to it: the one on the new host takes the address and
tells its neighbours (gratuitous ARP, by arping), the others give it away. A host that somebody else still answers
for the address on does not take it.

With flag set keepalived moves the address: the file is made on hosts that are not to have it and removed on the one
that is (track_file or track_script with a weight in keepalived.conf). In clouds such addresses do not work: there the
cloud has to be told, by a redirect of kind shell.`,
	Levels: []inventory.Level{inventory.LevelRedirect},
	Options: []inventory.Option{
		{Name: "address", Type: inventory.TypeString, Required: true, Doc: "the address with its bits: 10.0.0.9/24"},
		{Name: "device", Type: inventory.TypeString, Default: "eth0", Doc: "the network device that it is on"},
		{Name: "flag", Type: inventory.TypePath, Doc: "keepalived: the file that gives the address away"},
		{Name: "wait", Type: inventory.TypeDuration, Default: "10s", Doc: "how long until it is there"},
	},
	Redirect: func(_ *inventory.Fleet, x inventory.Redirect) (actions.Redirect, error) {
		on, err := doneOn(x.On, "a host that can have the address")
		if err != nil {
			return actions.Redirect{}, err
		}
		floor, wait := waitOf(x.Options, "wait", 0)
		if x.Options.String("flag") == "" {
			floor = time.Second
		}
		in := map[string]string{
			"HERE": on.Name(), "FLOATING": x.Options.String("address"), "DEVICE": orDefault(x.Options.String("device"), "eth0"),
			"FLAG": x.Options.String("flag"), "WAIT": wait,
		}
		return wayRedirect(actions.Redirect{Host: on, Text: "move " + x.Options.String("address") + ": " + on.Name(), Floor: floor}, in, nil, "address"), nil
	},
	Proved: map[string]actions.Ground{"redirect": actions.Real},
}

var proxyFile = actions.Kind{
	Name: "proxy-file",
	Doc:  "A redirect: a file of a reverse proxy is written anew, tested, and read.",
	About: `content is the whole file, with {TO} and {TO_ADDRESS} where name and address of the host belong: keep it small, as a
file that the proxy's own includes ("upstream db { server {TO_ADDRESS}:8080; }"). The old file is set aside; one that
does not pass test is put back, and the proxy goes on as it was.`,
	Levels: []inventory.Level{inventory.LevelRedirect},
	Options: []inventory.Option{
		{Name: "file", Type: inventory.TypePath, Required: true, Doc: "the file"},
		{Name: "content", Type: inventory.TypeString, Required: true, Doc: "what it holds"},
		{Name: "reload", Type: inventory.TypeString, Required: true, Doc: "line of shell that has it read: \"systemctl reload nginx\""},
		{Name: "test", Type: inventory.TypeString, Doc: "line of shell that tests the configuration: \"nginx -tq\""},
		{Name: "proof", Type: inventory.TypeString, Doc: "line of shell that proves it, with TO and TO_ADDRESS in its environment"},
	},
	Redirect: func(_ *inventory.Fleet, x inventory.Redirect) (actions.Redirect, error) {
		on, err := doneOn(x.On, "the proxy")
		if err != nil {
			return actions.Redirect{}, err
		}
		in := map[string]string{
			"FILE": x.Options.String("file"), "CONTENT": x.Options.String("content"), "TEST": x.Options.String("test"),
			"RELOAD": x.Options.String("reload"), "PROOF": x.Options.String("proof"),
		}
		return wayRedirect(actions.Redirect{Host: on, Text: "write " + in["FILE"] + " on " + on.Name() + " anew"}, in, nil, "proxy-file"), nil
	},
	Proved: map[string]actions.Ground{"redirect": actions.Real},
}

var dns = actions.Kind{
	Name: "dns",
	Doc:  "A redirect: a name is changed by a command of one's own, and asked for until it leads to the new host.",
	About: `do changes the record; it has TO and TO_ADDRESS in its environment, and SECRET where secret is set. Then the name
is asked for, at server where that is set (best: the one that has the record), until it leads to the new host alone.
ttl is how long resolvers may go on with what they know: lower it before it is needed.`,
	Levels: []inventory.Level{inventory.LevelRedirect},
	Options: []inventory.Option{
		{Name: "record", Type: inventory.TypeString, Required: true, Doc: "the name"},
		{Name: "do", Type: inventory.TypeString, Required: true, Doc: "line of shell that changes it"},
		{Name: "server", Type: inventory.TypeString, Doc: "the name server to ask; the host's own where not said"},
		{Name: "ttl", Type: inventory.TypeDuration, Default: "5m", Doc: "how long resolvers may keep the old answer"},
		{Name: "secret", Type: inventory.TypeSecret, Doc: "what do finds in SECRET"},
		{Name: "wait", Type: inventory.TypeDuration, Default: "1m", Doc: "how long the change may take to be seen"},
	},
	Redirect: func(_ *inventory.Fleet, x inventory.Redirect) (actions.Redirect, error) {
		on, err := doneOn(x.On, "the host that the line runs on")
		if err != nil {
			return actions.Redirect{}, err
		}
		_, wait := waitOf(x.Options, "wait", 0)
		in := map[string]string{"RECORD": x.Options.String("record"), "ASK": x.Options.String("server"), "WAIT": wait}
		verb := func(name string) actions.Script {
			s := wayScript(in, nil, "dns/lib.sh", "dns/"+name+".sh")
			s.Sudo = false
			return s
		}
		return actions.Redirect{
			Host: on, Text: fmt.Sprintf("have %s lead to the new host", in["RECORD"]), Floor: x.Options.Duration("ttl"),
			Survey: verb("survey"), Do: shellLine(x.Options, "do", nil), Verify: verb("verify"),
		}, nil
	},
	Proved: map[string]actions.Ground{"redirect": actions.Real},
}

// wayRedirect gives a redirect its scripts, from a folder that has one of each.
func wayRedirect(out actions.Redirect, in map[string]string, keep map[string]inventory.Secret, folder string) actions.Redirect {
	verb := func(name string) actions.Script { return wayScript(in, keep, folder+"/lib.sh", folder+"/"+name+".sh") }
	out.Survey, out.Do, out.Verify = verb("survey"), verb("do"), verb("verify")
	return out
}
