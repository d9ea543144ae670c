package kind

import (
	"slices"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

var swarmServiceKind = actions.Kind{
	Name: "swarm-service",
	Doc:  "One service of a Docker swarm: its replicas, and its volumes copied and brought back while it is scaled to none.",
	About: `Its host is a manager of the swarm, which is asked as kind swarm does: one look serves both.

Volumes of a swarm lie on a share, so that a task finds them wherever it runs. That share is what is copied: name it in
data of the service, and give the share a backup of its own ([backup.volumes] of = "volumes"). A restore of the share
stops the services that name it, and starts them again: each is scaled to none, all of its tasks are seen to have
ended, and then as many are brought back as there were, which is noted on the manager. They count as running once the
same tasks still do after two seconds; where they do not within wait, a restore is undone, and what was there before is
started again. Without this kind, what uses the share goes on writing meanwhile, and the plan asks for a person's word.

Data that lies on the manager itself is copied here; with quiesce = "stop" the service is scaled to none meanwhile. A
volume that only one node has is not seen. Services on every node (global) and jobs cannot be scaled. A task of a node
that is down never ends as far as the swarm knows: then nothing goes on, for it may still write. Tasks that failed are
told of for an hour, for which no restore waits. Seen with docker 20.10.`,
	Levels: []inventory.Level{inventory.LevelService},
	Options: []inventory.Option{
		{Name: "service", Type: inventory.TypeString, Doc: "its name in the swarm, with that of the stack ahead: \"home_wiki\"; the target's name where not said"},
		{Name: "quiesce", Type: inventory.TypeEnum, Values: []string{"none", "stop"}, Default: "none", Doc: "what keeps its data still while it is copied"},
		{Name: "wait", Type: inventory.TypeDuration, Default: "2m", Doc: "how long its tasks may take to end, and to start"},
		proveOption,
	},
	Limits:  slices.DeleteFunc(slices.Clone(swarm.Limits), func(l inventory.Limit) bool { return l.Name == "spare" }),
	Sudoers: swarm.Sudoers,
	Checks:  swarmServiceChecks,
	Data:    swarmServiceData,
	Proved:  map[string]actions.Ground{"look": actions.Real, "backup": actions.Real, "restore": actions.Real},
}

// swarmServiceChecks judges the one service by the look of kind swarm.
func swarmServiceChecks(f *inventory.Fleet, t inventory.Target) []actions.Check {
	name := orDefault(t.Options.String("service"), t.Ref.Name())
	s := dockerLook(f, t, "swarm/look.sh")
	of := func(id, title string, read func(swarmSaid) []actions.Reading) actions.Check {
		return actions.Check{ID: id, Title: title, Script: s, Every: time.Minute, Limit: 45 * time.Second, Read: func(a actions.Answer) []actions.Reading {
			w, why := swarmParse(a)
			if why != nil {
				return []actions.Reading{*why}
			}
			w.services = slices.DeleteFunc(w.services, func(s swarmService) bool { return s.Name != name && s.ID != name })
			if len(w.services) == 0 {
				return []actions.Reading{{Status: actions.Fail, Line: "the swarm has no service called " + actions.Line(name), Next: "docker service ls, and name it in service"}}
			}
			rs := read(w)
			for i := range rs {
				rs[i].Item = ""
			}
			return rs
		}}
	}
	replicas := of("replicas", "replicas", func(w swarmSaid) []actions.Reading { return w.judgeServices(t) })
	replicas.Confirm = 2
	tasks := of("tasks", "tasks that fail", func(w swarmSaid) []actions.Reading { return w.judgeTasks(t) })
	tasks.Needs = []string{"replicas"}
	// It goes on for an hour after what made them fail was mended.
	tasks.Aside = true
	return []actions.Check{replicas, tasks}
}

// swarmServiceData is the data of a service: folders of the manager, and shares,
// which are copied by themselves and are let go of while they are brought back.
func swarmServiceData(f *inventory.Fleet, t inventory.Target) (actions.Data, error) {
	roots, why := dataRoots(f, t)
	d := filesData(roots, why, t)
	name := orDefault(t.Options.String("service"), t.Ref.Name())
	_, wait := waitOf(t.Options, "wait", 2*time.Minute)
	in := map[string]string{"SERVICE": name, "WAIT": wait, "PROVE": t.Options.String("prove")}
	verb := func(name string) *actions.Script {
		s := compound(in, nil, filesLib, "swarm-service/lib.sh", "swarm-service/"+name)
		return &s
	}
	d.Stop, d.Start, d.Prove = verb("stop.sh"), verb("start.sh"), verb("prove.sh")
	if t.Options.String("quiesce") == "stop" {
		d.Hold, d.Free = verb("hold.sh"), verb("free.sh")
		d.HoldText, d.HoldsDown = "scale "+name+" to none", true
	}
	return d, nil
}
