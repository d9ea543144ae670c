package kind

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

var files = actions.Kind{
	Name: "files",
	Doc:  "A folder of files: there, readable, with room on its disk.",
	About: `For data that is nothing but files: a share, or what lies in path and data of a service. It is looked at whether
each path is there and can be read, and how full its disk is.

Copies are of the files as they are while it copies: what must not change meanwhile is to be copied from a snapshot, or
belongs to a kind that can hold it still. A restore sets aside what is there, by another name beside it; in a share and at a mount point, where the
folder itself has to stay, in a folder .jurymast-RUN in it, which is copied as well until it is removed.

prove is a line of shell that ends with 0 when the data is right; without one, a restore proves only that files are
in place.
` + snapshotAbout,
	Levels: []inventory.Level{inventory.LevelShare, inventory.LevelService},
	Options: append([]inventory.Option{
		{Name: "path", Type: inventory.TypePath, Doc: "the folder or file; of a share where it lies"},
		proveOption,
	}, snapshotOptions...),
	Limits: []inventory.Limit{
		{Name: "full", Unit: "%", Warn: 85, Fail: 95, Doc: "how full the disk is on which it lies"},
	},
	Checks: filesChecks,
	Data:   folderData,
	// Regular expressions, which sudo knows since 1.9.10: a * would let further words
	// follow.
	Sudoers: []string{"/usr/bin/test ^-[df] /[a-zA-Z0-9/._@-]*$", "/usr/bin/ls ^-A /[a-zA-Z0-9/._@-]*$"},
	Proved:  map[string]actions.Ground{"look": actions.Real, "backup": actions.Real, "restore": actions.Real},
}

var proveOption = inventory.Option{Name: "prove", Type: inventory.TypeString, Doc: "a line of shell, run as root, that ends with 0 when the data is right"}

// dataRoots returns the paths of a target's data on its own host: those of the
// inventory, and those of shares that lie there; without any, why. A share that
// lies elsewhere is copied there.
func dataRoots(f *inventory.Fleet, t inventory.Target) (roots []string, why string) {
	why = "it is not said where its data lies: set data = [\"/path\"]"
	add := func(p string) {
		if p = path.Clean(p); path.IsAbs(p) && p != "/" {
			roots = append(roots, p)
		}
	}
	add(t.Path)
	add(t.Options.String("path"))
	for _, d := range t.Data {
		s, ok := f.Target(inventory.Ref(d))
		switch {
		case !ok:
			add(d)
		case s.Host == t.Host:
			add(s.Path)
		default:
			why = fmt.Sprintf("its data is %s, which lies on %s: copy %s instead", d, s.Host, d)
		}
	}
	slices.Sort(roots)
	// What lies in another of them is copied with it.
	all := slices.Compact(roots)
	return slices.DeleteFunc(slices.Clone(all), func(p string) bool {
		return slices.ContainsFunc(all, func(outer string) bool {
			rest, in := below(outer, p)
			return in && rest != ""
		})
	}), why
}

// folderData is the data of a target that is a folder of its host.
func folderData(f *inventory.Fleet, t inventory.Target) (actions.Data, error) {
	roots, why := dataRoots(f, t)
	if len(roots) == 0 {
		return actions.Data{}, errors.New(why)
	}
	return withSnapshot(filesData(roots, why, t), roots, t)
}

// filesLib is ahead of every script for data in folders.
const filesLib = "files/lib.sh"

// filesData is the data of a target that is nothing but files below roots. The
// folders of a share stay what they are: clients hold them.
func filesData(roots []string, why string, t inventory.Target, ahead ...string) actions.Data {
	scratch := "/var/lib/jurymast"
	d := actions.Data{Paths: roots}
	if len(roots) > 0 && path.Dir(roots[0]) != "/" {
		// On the same disk, mostly: then a copy is put in place by its name alone.
		d.Scratch = path.Dir(roots[0])
		scratch = d.Scratch
	}
	in := map[string]string{
		"ROOTS":   strings.Join(roots, "\n"),
		"SCRATCH": scratch,
		"INSIDE":  yesNo(t.Ref.Level() == inventory.LevelShare),
		"PROVE":   t.Options.String("prove"),
		"WHY":     why,
	}
	verb := func(name string) actions.Script {
		return compound(in, nil, slices.Concat([]string{filesLib}, ahead, []string{"files/" + name})...)
	}
	put, back, prove := verb("put.sh"), verb("back.sh"), verb("prove.sh")
	d.Survey, d.Put, d.Back, d.Prove = verb("survey.sh"), &put, &back, &prove
	return d
}

func filesChecks(f *inventory.Fleet, t inventory.Target) []actions.Check {
	roots, why := dataRoots(f, t)
	s := script("files/look.sh", map[string]string{"ROOTS": strings.Join(roots, "\n"), "SUDO": sudo(f, t)})
	return []actions.Check{{
		ID: "files", Title: "files", Script: s, Every: time.Minute, Limit: 20 * time.Second,
		Read: func(a actions.Answer) []actions.Reading {
			if len(roots) == 0 {
				return actions.UnknownReading("%s", why)
			}
			return filesRead(roots, boundOf(t, "full"), a)
		},
	}}
}

// filesRead reads the answer of files/look.sh: "PATH-NUMBER STATE PERCENT" a
// path, and end.
func filesRead(roots []string, full inventory.Bound, a actions.Answer) []actions.Reading {
	lines := strings.Split(strings.TrimSpace(string(a.Stdout)), "\n")
	if lines[len(lines)-1] != "end" || len(lines) != len(roots)+1 || a.Exit != 0 {
		return actions.UnknownReading("no whole answer: %s", orNothing(firstLine(a.Stderr), a.Exit))
	}
	var out []actions.Reading
	for i, p := range roots {
		var n, percent int
		var state string
		if got, _ := fmt.Sscan(lines[i], &n, &state, &percent); got < 2 || n != i+1 {
			return actions.UnknownReading("not understood: %s", actions.Line(lines[i]))
		} else if got == 2 {
			percent = -1
		}
		r := actions.Reading{Item: p, Status: actions.Fail}
		switch state {
		case "absent":
			r.Line, r.Next = "it is not there", "see whether its disk is mounted, else bring it back: jurymast plan restore"
		case "link":
			r.Status, r.Line = actions.Warn, "a symbolic link, of which a copy has only the link"
		case "closed":
			r.Status, r.Line = actions.Unknown, "the login may not read it"
			r.Next = "allow sudo for this host"
		case "slow":
			r.Line, r.Next = "it does not answer", "see whether its disk or its server does"
		case "empty":
			r.Status, r.Line, r.Next = actions.Warn, "it is empty", "see whether its disk is mounted"
		case "there":
			r.Status, r.Line = actions.OK, "there"
			if percent >= 0 {
				r.Status = judge(full, float64(percent))
				r.Line = fmt.Sprintf("there, its disk is %d %% full%s", percent, limitWords(full, r.Status, "%"))
				r.Metrics = []actions.Metric{measured("full", "%", float64(percent), full)}
			}
		default:
			return actions.UnknownReading("not understood: %s", actions.Line(lines[i]))
		}
		out = append(out, r)
	}
	return out
}
