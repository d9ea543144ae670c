package kind

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// The shapes of a move that kinds of this package return.
const (
	shapeShared  = "shared"
	shapeRestore = "restore"
	shapeProxy   = "proxy"
)

// moveHosts are the hosts that can run a service, where the inventory places
// it first.
func moveHosts(t inventory.Target) []inventory.Ref {
	hosts := []inventory.Ref{t.Host}
	for _, h := range t.Standby {
		if h != t.Host {
			hosts = append(hosts, h)
		}
	}
	return hosts
}

// sharesAt returns, for each host of a service, the shares of its data as
// files/share.sh reads them. It reports false when some of the data is on a
// disk of one host alone: then the others can only start from a copy.
func sharesAt(f *inventory.Fleet, t inventory.Target) (map[inventory.Ref]string, bool, error) {
	out := map[inventory.Ref]string{}
	for _, h := range moveHosts(t) {
		var lines []string
		for _, d := range t.Data {
			s, ok := f.Target(inventory.Ref(d))
			if !ok || s.Host == "" {
				return nil, false, nil
			}
			p, ok := placeOf(f, s.Host, s.Path, h)
			if !ok {
				return nil, false, fmt.Errorf("%s is not mounted on %s: add it to the mounts of the share", d, h)
			}
			if p.mount == "" {
				continue // it lies on that very host
			}
			lines = append(lines, strings.Join([]string{p.mount, cmp.Or(s.Options.String("source"), "-"), cmp.Or(s.Options.String("fstype"), "-")}, "\t"))
		}
		out[h] = strings.Join(lines, "\n")
	}
	return out, true, nil
}

// moveScripts builds a move from scripts named NAME/move-VERB.sh, which take the
// shares of the host that they run on; libs are ahead of them.
func moveScripts(f *inventory.Fleet, t inventory.Target, name string, in map[string]string, libs ...string) (actions.Move, error) {
	shares, shared, err := sharesAt(f, t)
	if err != nil {
		return actions.Move{}, err
	}
	at := func(verb string) func(inventory.Ref) actions.Script {
		return func(h inventory.Ref) actions.Script {
			s := compound(in, nil, slices.Concat([]string{filesLib, "files/share.sh"}, libs, []string{name + "/move-" + verb + ".sh"})...)
			return s.With(map[string]string{"SHARES": shares[h]})
		}
	}
	m := actions.Move{
		Shape: shapeShared, Survey: at("survey"), Stop: at("stop"), Resume: at("resume"), Active: at("active"), Promote: at("promote"),
		Verify: at("verify"), Floor: 2 * time.Second, // how long it is watched before it counts as running
	}
	if !shared {
		m.Shape = shapeRestore
	}
	m.Rejoin = func(old, _ inventory.Ref) []actions.Step {
		active := at("active")(old)
		active.Name += "+not"
		active.Body = "jm_active() (\n" + active.Body + ")\n" + script("files/inactive.sh", nil).Body
		return []actions.Step{{
			ID: "standby", Title: "see that " + old.Name() + " does not run it and lets its data go", Host: old, Do: at("rejoin")(old),
			Verify: &active, Redo: true, Timeout: 10 * time.Minute,
		}}
	}
	return m, nil
}
