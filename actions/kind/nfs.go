package kind

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

var nfs = actions.Kind{
	Name: "nfs",
	Doc:  "A folder that the kernel's NFS server exports: its threads, the export, its clients.",
	About: `Whether threads of the server run (its unit is active also when none does) and whether the folder, or one above
it, is exported now, and to whom: what stands in /etc/exports says nothing of that. The table is root's: without sudo
it is unknown. How many clients there are is known of version 4 alone. Where the inventory names mounts of the share, both
ends are looked at as kind mount does.

Its files are copied on the server. A restore leaves the folder itself where it is, since clients hold it, and sets
aside what is in it.
` + snapshotAbout,
	Levels:  []inventory.Level{inventory.LevelShare},
	Options: slices.Concat([]inventory.Option{proveOption}, snapshotOptions, mountOptions("nfs")),
	Checks: func(f *inventory.Fleet, t inventory.Target) []actions.Check {
		s := script("nfs/look.sh", map[string]string{"AT": t.Path, "SUDO": sudo(f, t)})
		own := actions.Check{ID: "nfs", Title: "export of " + t.Path, Script: s, Every: time.Minute, Read: func(a actions.Answer) []actions.Reading {
			return []actions.Reading{nfsRead(t, a)}
		}}
		return append([]actions.Check{own}, mountedChecks(f, t)...)
	},
	Data:    folderData,
	Sudoers: []string{"/usr/sbin/exportfs -s"},
	Proved:  map[string]actions.Ground{"look": actions.Real, "backup": actions.Real, "restore": actions.Real},
}

// nfsRead judges the answer of nfs/look.sh.
func nfsRead(t inventory.Target, a actions.Answer) actions.Reading {
	parts, ended := linuxParts(a.Stdout)
	part := func(p string) string { return strings.TrimSpace(parts[p]) }
	fail := func(next, format string, args ...any) actions.Reading {
		return actions.Reading{Status: actions.Fail, Line: actions.Line(fmt.Sprintf(format, args...)), Next: next}
	}
	if strings.TrimSpace(string(a.Stdout)) == "missing" && a.Exit == 0 {
		return fail("apt install nfs-kernel-server, or name another host", "there is no NFS server")
	}
	threads, err := strconv.Atoi(part("threads"))
	lines := strings.Split(part("exports"), "\n")
	last := lines[len(lines)-1]
	switch {
	case !ended || err != nil:
		return actions.UnknownReading("no whole answer: %s", orNothing(firstLine(a.Stderr), a.Exit))[0]
	case threads <= 0:
		return fail("systemctl status nfs-server", "no thread of the NFS server runs")
	case strings.HasPrefix(last, "failed "):
		r := actions.UnknownReading("the table of exports cannot be read: %s", actions.Line(strings.Join(lines[:len(lines)-1], "; ")))[0]
		r.Next = "allow sudo for this host"
		return r
	}
	to, others := nfsExported(lines, t.Path)
	if len(to) == 0 {
		there := strings.Join(others, ", ")
		if there == "" {
			there = "nothing"
		}
		return fail("exportfs -s", "%s is not exported; exported: %s", t.Path, there)
	}
	r := actions.Reading{Status: actions.OK, Line: actions.Line("exported to " + strings.Join(to, ", "))}
	if n, err := strconv.ParseFloat(part("clients"), 64); err == nil && n >= 0 {
		r.Line += fmt.Sprintf(", %.0f clients", n)
		r.Metrics = []actions.Metric{{Name: "clients", Value: n}}
	}
	return r
}

// nfsExported returns to whom a folder is exported, by itself or by one above
// it, and all folders that are, from lines "/srv/nfs  10.0.0.0/8(rw,sync)" of
// exportfs -s. Blanks in a folder's name are written as \040.
func nfsExported(lines []string, folder string) (to, all []string) {
	for _, ln := range lines {
		at, client, ok := strings.Cut(strings.TrimSpace(ln), " ")
		if !ok || !strings.HasPrefix(at, "/") {
			continue
		}
		at = mountUnescape.Replace(at)
		if !slices.Contains(all, at) {
			all = append(all, at)
		}
		if _, in := below(at, folder); in {
			client, _, _ = strings.Cut(strings.TrimSpace(client), "(")
			to = append(to, client)
		}
	}
	return to, all
}
