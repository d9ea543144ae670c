package kind

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

var compose = actions.Kind{
	Name: "compose",
	Doc:  "A docker compose project and the health of each of its services.",
	About: `The containers are found by the labels that compose gives them, so that version 1 and 2 of it read alike, and
a misspelt project is fail and names those that are there: compose itself would say nothing and exit 0. Services that
are named in the option services must be there; one that ended with 0 and is not meant to be restarted has done its
work.

A service with standbys is looked at on each of them: it must run on exactly one host. The login must be in group
docker, or may use sudo; either is as good as root on that machine.

What is copied is its data of the inventory and what its containers write to, as docker knows it: volumes and bind
mounts, but for sockets and the system's own folders. Meanwhile the containers are paused, or stopped with quiesce =
"stop": what a database writes at a pause is what it would find after a crash. A restore stops the project, and
proves that its containers run, that those with a health check are well, and that prove ends with 0.

It moves to a standby when all of its data is on shares that are mounted on each of its hosts: it is stopped, docker is
told not to start it by itself, and the shares are unmounted; there they are mounted before it starts. dir is where its
compose file lies. With data on a disk of its own, a standby starts from the newest
copy. One with stateless = true has none, and is not moved while its containers write to a volume or a folder: as
planned it is started on the new host first, its users are led over by the redirects, and then it is stopped on the old.

It is deployed by what sets its version: the variable of dir/.env that version_env names, which the images in its compose
file end with (image: app:${APP_VERSION}), or the checkout of git that dir is, at a tag or commit, from which images are
built. Of the first only those services are pulled and started anew whose image the version changes. What ran before is
noted by the images themselves, so that going back brings those very images, whatever their names lead to by then, while
they are on the host or can be had again by their digest. also names the same project on other hosts: they follow one
after the other. What is newest is told by a check of kind github. A compose file that names its images without such a
variable, a tag that is pushed anew under the same name, and a checkout with changes of its own are not deployed. The
registry is asked as root: "docker login" as root, where it wants to know who asks.`,
	Levels: []inventory.Level{inventory.LevelService, inventory.LevelCheck},
	Options: []inventory.Option{
		{Name: "project", Type: inventory.TypeString, Doc: "the project's name; the target's where not said"},
		{Name: "services", Type: inventory.TypeList, Doc: "services of the project that must be there"},
		{Name: "stateless", Type: inventory.TypeBool, Default: "false", Doc: "it keeps nothing on its hosts, so that it moves without data"},
		{Name: "quiesce", Type: inventory.TypeEnum, Values: []string{"none", "pause", "stop"}, Default: "pause", Doc: "what keeps its data still while it is copied"},
		{Name: "dir", Type: inventory.TypePath, Doc: "the folder with its compose file, on every host that can run it"},
		{Name: "version_env", Type: inventory.TypeString, Doc: "deploy: the variable in dir/.env that holds the version; without, dir is a checkout of git"},
		{Name: "also", Type: inventory.TypeList, Doc: "deploy: services that are the same on other hosts, which come after this one"},
		{Name: "deploy_wait", Type: inventory.TypeDuration, Default: "2m", Doc: "deploy: how long a version may take until its containers are well"},
		proveOption,
	},
	Sudoers: dockerContainerRules,
	Checks: func(f *inventory.Fleet, t inventory.Target) []actions.Check {
		project := composeProject(t)
		want := t.Options.List("services")
		s := dockerLook(f, t, "docker/look.sh")
		return onEach(f, t, actions.Check{ID: "compose", Title: "project " + project, Script: s, Every: time.Minute}, func(h inventory.Ref, alone bool, a actions.Answer) []actions.Reading {
			return composeRead(dockerParse(a), project, want, h, alone, a)
		})
	},
	Data:   composeData,
	Move:   composeMove,
	Deploy: composeDeploy,
	Proved: map[string]actions.Ground{"look": actions.Real, "backup": actions.Real, "restore": actions.Real, "failover": actions.Real, "deploy": actions.Real},
}

func composeProject(t inventory.Target) string {
	if p := t.Options.String("project"); p != "" {
		return p
	}
	return t.Ref.Name()
}

// composeData is the data of a project: what the inventory names and what
// docker knows that its containers write to.
func composeData(f *inventory.Fleet, t inventory.Target) (actions.Data, error) {
	const lib = "compose/project.sh"
	roots, why := dataRoots(f, t)
	d := filesData(roots, why, t, lib)
	project, quiesce := composeProject(t), t.Options.String("quiesce")
	in := map[string]string{"PROJECT": project, "QUIESCE": quiesce, "PROVE": t.Options.String("prove")}
	verb := func(name string) *actions.Script {
		s := compound(in, nil, filesLib, lib, "compose/"+name)
		return &s
	}
	d.Survey = compound(d.Survey.Inputs, nil, filesLib, lib, "compose/asked.sh", "files/survey.sh").With(in)
	for _, s := range []*actions.Script{d.Put, d.Back} {
		*s = s.With(in)
	}
	d.Stop, d.Start, d.Prove = verb("stop.sh"), verb("start.sh"), verb("prove.sh")
	if quiesce != "none" {
		d.Hold, d.Free = verb("hold.sh"), verb("free.sh")
		d.HoldText, d.HoldsDown = quiesce+" the project "+project, true
	}
	return d, nil
}

func composeRead(e dockerEngine, project string, want []string, h inventory.Ref, alone bool, a actions.Answer) []actions.Reading {
	if e.trouble != nil {
		return []actions.Reading{*e.trouble}
	}
	var out []actions.Reading
	seen, others := map[string]int{}, map[string]bool{}
	for _, c := range e.containers {
		if c.Project != project {
			others[c.Project] = true
			continue
		}
		seen[c.Service]++
		item := c.Service
		if seen[c.Service] > 1 {
			item = fmt.Sprintf("%s %d", item, seen[c.Service])
		}
		r := dockerJudge(c, item, a)
		if c.Status == "running" || c.Status == "restarting" || c.Status == "paused" {
			r.On = h
		}
		out = append(out, r)
	}
	if len(out) == 0 {
		if !alone {
			return []actions.Reading{{Status: actions.OK, Line: "not running here"}}
		}
		return []actions.Reading{{Status: actions.Fail, Line: "there is no such project: " + project + composeOthers(others), Next: "docker compose ls --all"}}
	}
	for _, s := range want {
		if seen[s] == 0 {
			out = append(out, actions.Reading{Item: s, Status: actions.Fail, Line: "the project has no container of this service", Next: "docker compose -p " + project + " up -d " + s})
		}
	}
	if !alone && !slices.ContainsFunc(out, func(r actions.Reading) bool { return r.On != "" }) {
		return []actions.Reading{{Status: actions.OK, Line: "not running here"}}
	}
	return out
}

// composeOthers names the projects that are there.
func composeOthers(there map[string]bool) string {
	var names []string
	for p := range there {
		if p != "" {
			names = append(names, p)
		}
	}
	if len(names) == 0 {
		return "; no project is there"
	}
	sort.Strings(names)
	return "; there: " + strings.Join(names, ", ")
}

// composeMove moves a project. With data in volumes, which the inventory does
// not name, it starts from a copy elsewhere.
func composeMove(f *inventory.Fleet, t inventory.Target) (actions.Move, error) {
	in := map[string]string{"PROJECT": composeProject(t), "DIR": t.Options.String("dir"), "PROVE": t.Options.String("prove")}
	stateless := t.Options.Bool("stateless")
	if stateless {
		in["STATELESS"] = "yes"
	}
	m, err := moveScripts(f, t, "compose", in, "compose/project.sh", "compose/move.sh")
	if err != nil {
		return m, err
	}
	switch {
	case stateless && len(t.Data) == 0:
		m.Shape = shapeProxy
	case len(t.Data) == 0:
		m.Shape = shapeRestore
	}
	verify := m.Verify
	m.Verify = func(h inventory.Ref) actions.Script {
		s := verify(h)
		s.Body += script("compose/prove.sh", nil).Body
		return s
	}
	return m, nil
}
