package kind

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

var hcloudKind = actions.Kind{
	Name: "hcloud",
	Doc:  "A server of Hetzner Cloud, by the cloud's own word: state, locks, rescue system, volumes, age of its snapshots.",
	About: `As a check that is added to a node or vm, seen from a host that has the client hcloud (apt install hcloud-cli):
of = "api", from = "pve1". The token may be one that only reads; it reaches the client by its environment. Without one
the client's own configuration is used. Three questions each time: the cloud counts 3600 an hour.

A server that is off is fail, and one that changes its state is warn. So is one that another action has locked, for it
could not be fenced or moved then, and one whose rescue system is on: it starts that with its next boot. One that has
not all of volumes is fail. Of snapshots and the cloud's backups the newest counts that is whole; volumes are in neither.
How old it may be is not judged unless the inventory says so.

What an old client leaves out is unknown. Seen with hcloud 1.30 at an API of the test's own.`,
	Levels: []inventory.Level{inventory.LevelService, inventory.LevelCheck},
	Options: []inventory.Option{
		{Name: "server", Type: inventory.TypeString, Doc: "name or id of the server; the target's name where not said"},
		{Name: "volumes", Type: inventory.TypeList, Doc: "ids of volumes that must be attached"},
		{Name: "token", Type: inventory.TypeSecret, Doc: "a token of the project; one that only reads will do"},
	},
	Limits: []inventory.Limit{
		{Name: "copy", Unit: "d", Warn: math.NaN(), Fail: math.NaN(), Doc: "age of the newest snapshot or backup of the server"},
	},
	Checks: func(_ *inventory.Fleet, t inventory.Target) []actions.Check {
		server := orDefault(t.Options.String("server"), t.Ref.Name())
		s := compound(map[string]string{"SERVER": server}, keepOf(t.Options, map[string]string{"token": "HCLOUD_TOKEN"}), "hcloud/look.sh")
		s.Sudo = false
		return []actions.Check{{
			ID: "server", Title: "server " + server, Script: s, Every: 5 * time.Minute, Limit: time.Minute,
			Read: func(a actions.Answer) []actions.Reading { return hcloudRead(t, server, a) },
		}}
	},
	Proved: map[string]actions.Ground{"look": actions.Documented},
}

// hcloudSaid is a server as the API has it. What is nil was not said.
type hcloudSaid struct {
	ID      int64
	Name    string
	Status  string
	Locked  *bool
	Rescue  *bool                 `json:"rescue_enabled"`
	Type    struct{ Name string } `json:"server_type"`
	Volumes *[]int64
}

type hcloudImage struct {
	Type, Status string
	Created      time.Time
	From         *struct{ ID int64 } `json:"created_from"`
}

// hcloudRead judges the answer of hcloud/look.sh.
func hcloudRead(t inventory.Target, server string, a actions.Answer) []actions.Reading {
	if strings.TrimSpace(string(a.Stdout)) == "missing" && a.Exit == 0 {
		return []actions.Reading{{Status: actions.Unknown, Line: "hcloud is not installed", Next: "apt install hcloud-cli, or set from to a host that has it"}}
	}
	parts, ended := linuxParts(a.Stdout)
	if !ended {
		return actions.UnknownReading("no whole answer: %s", orNothing(firstLine(a.Stderr), a.Exit))
	}
	var s hcloudSaid
	if err := partJSON(parts["server"], &s); err != nil {
		return actions.UnknownReading("the cloud does not say how server %s is: %v", server, err)
	}
	if s.ID <= 0 || s.Name != server && strconv.FormatInt(s.ID, 10) != server {
		return actions.UnknownReading("the cloud was asked for server %s and told of another: %q", server, s.Name)
	}
	return []actions.Reading{s.state(t.Options.List("volumes")), hcloudCopies(t, s, parts, a.Now)}
}

// state judges the server itself, which is to have some volumes.
func (s hcloudSaid) state(volumes []string) actions.Reading {
	r := actions.Reading{Item: "state", Status: actions.OK, Line: s.Status}
	if s.Type.Name != "" {
		r.Line += ", " + actions.Line(s.Type.Name)
	}
	switch s.Status {
	case "running":
	case "off":
		r.Status, r.Line, r.Next = actions.Fail, "the server is off", "hcloud server poweron "+actions.Line(s.Name)
		return r
	case "initializing", "starting", "stopping", "migrating", "rebuilding", "deleting":
		r.Status, r.Next = actions.Warn, "hcloud server describe "+actions.Line(s.Name)
	default:
		r.Status, r.Line = actions.Unknown, "the cloud calls its state "+orDefault(actions.Line(s.Status), "nothing")
		return r
	}
	switch {
	case s.Locked == nil || s.Rescue == nil || s.Volumes == nil:
		r.Status, r.Line = actions.Unknown, r.Line+"; the client does not say whether it is locked, its rescue system is on, or which volumes it has"
		r.Next = "a newer hcloud"
	case len(s.lacks(volumes)) > 0:
		r.Status, r.Line = actions.Fail, r.Line+"; not attached: volume "+actions.Line(strings.Join(s.lacks(volumes), ", "))
		r.Next = "hcloud volume attach --server " + actions.Line(s.Name) + " VOLUME"
	case *s.Locked:
		r.Status, r.Line = actions.Warn, r.Line+"; locked by an action: it can be neither turned off nor moved now"
		r.Next = "wait, or see the cloud's console"
	case *s.Rescue:
		r.Status, r.Line = actions.Warn, r.Line+"; its rescue system is on: it starts with the next boot"
		r.Next = "hcloud server disable-rescue " + actions.Line(s.Name)
	}
	return r
}

// hcloudCopies judges the newest of the server's snapshots and backups.
func hcloudCopies(t inventory.Target, s hcloudSaid, parts map[string]string, now time.Time) actions.Reading {
	r := actions.Reading{Item: "copies", Status: actions.OK}
	var all []hcloudImage
	for _, name := range []string{"snapshots", "backups"} {
		var some []hcloudImage
		if err := partJSON(parts[name], &some); err != nil {
			r.Status, r.Line = actions.Unknown, fmt.Sprintf("its %s cannot be listed: %v", name, err)
			return r
		}
		all = append(all, some...)
	}
	b := boundOf(t, "copy")
	making := 0
	var newest *hcloudImage
	n := 0
	for i, x := range all {
		switch {
		case x.From == nil || x.From.ID != s.ID:
		case x.Status == "creating":
			making++
		case x.Status != "available":
		case x.Created.Year() < 2000:
			r.Status, r.Line = actions.Unknown, "the client does not say when its snapshots were made"
			return r
		default:
			n++
			if newest == nil || x.Created.After(newest.Created) {
				newest = &all[i]
			}
		}
	}
	if newest == nil {
		r.Line = "no snapshot and no backup of the cloud"
		if !math.IsNaN(b.Warn) || !math.IsNaN(b.Fail) {
			r.Status, r.Next = actions.Fail, "hcloud server create-image --type snapshot "+actions.Line(s.Name)
		}
	} else {
		age := now.Sub(newest.Created)
		days := age.Hours() / 24
		r.Status = judge(b, days)
		r.Line = fmt.Sprintf("the newest copy of %d is %s old%s", n, span(max(age, 0)), limitWords(b, r.Status, "d"))
		r.Metrics = []actions.Metric{measured("copy_age", "d", days, b), {Name: "copies", Value: float64(n)}}
		if r.Status != actions.OK {
			r.Next = "hcloud server create-image --type snapshot " + actions.Line(s.Name)
		}
	}
	if making > 0 {
		r.Line += fmt.Sprintf("; %d being made", making)
	}
	if s.Volumes != nil && len(*s.Volumes) > 0 {
		r.Line += "; no volume is in any"
	}
	return r
}

// lacks returns the ids of wanted that are not attached to the server.
func (s hcloudSaid) lacks(wanted []string) []string {
	return slices.DeleteFunc(slices.Clone(wanted), func(id string) bool {
		return slices.ContainsFunc(*s.Volumes, func(v int64) bool { return strconv.FormatInt(v, 10) == id })
	})
}
