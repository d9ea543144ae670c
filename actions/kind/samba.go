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

var samba = actions.Kind{
	Name: "samba",
	Doc:  "A share that Samba serves: the server, its configuration, who is connected.",
	About: `Whether smbd runs and listens, and whether its configuration has the share, with the folder that the inventory
says, and lets it be used. How many are connected only root may know: without sudo that is left out. Where the inventory
names mounts of the share, both ends are looked at as kind mount does.

Its files are copied on the server, past Samba, with their lists of access. A restore leaves the folder itself where it
is, since clients hold it, and sets aside what is in it.
` + snapshotAbout,
	Levels: []inventory.Level{inventory.LevelShare},
	Options: append([]inventory.Option{
		{Name: "share", Type: inventory.TypeString, Doc: "the share's name; the target's where not said"},
		{Name: "port", Type: inventory.TypePort, Default: "445", Doc: "the port that smbd listens on"},
		proveOption,
	}, slices.Concat(snapshotOptions, mountOptions("cifs"))...),
	Checks: func(f *inventory.Fleet, t inventory.Target) []actions.Check {
		name := t.Options.String("share")
		if name == "" {
			name = t.Ref.Name()
		}
		s := script("samba/look.sh", map[string]string{"SHARE": name, "PORT": strconv.FormatInt(t.Options.Int("port"), 10), "SUDO": sudo(f, t)})
		own := actions.Check{ID: "samba", Title: "share " + name, Script: s, Every: time.Minute, Read: func(a actions.Answer) []actions.Reading {
			return []actions.Reading{sambaRead(t, name, a)}
		}}
		return append([]actions.Check{own}, mountedChecks(f, t)...)
	},
	Data:    folderData,
	Sudoers: []string{"/usr/bin/smbstatus -S"},
	Proved:  map[string]actions.Ground{"look": actions.Real, "backup": actions.Real, "restore": actions.Real},
}

// sambaRead judges the answer of samba/look.sh.
func sambaRead(t inventory.Target, name string, a actions.Answer) actions.Reading {
	parts, ended := linuxParts(a.Stdout)
	part := func(p string) string { return strings.TrimSpace(parts[p]) }
	fail := func(next, format string, args ...any) actions.Reading {
		return actions.Reading{Status: actions.Fail, Line: actions.Line(fmt.Sprintf(format, args...)), Next: next}
	}
	switch {
	case strings.TrimSpace(string(a.Stdout)) == "missing" && a.Exit == 0:
		return fail("apt install samba, or name another host", "Samba is not installed")
	case !ended:
		return actions.UnknownReading("no whole answer: %s", orNothing(firstLine(a.Stderr), a.Exit))[0]
	case part("smbd") != "running":
		return fail("systemctl status smbd", "smbd does not run")
	case part("port") != "listens":
		return fail("systemctl status smbd", "smbd runs, and nothing listens on port %d", t.Options.Int("port"))
	case strings.HasPrefix(part("path"), "Unknown section"):
		there := strings.ReplaceAll(part("shares"), "\n", ", ")
		if there == "" {
			there = "none"
		}
		return fail("testparm -s", "Samba has no share %s; there: %s", name, there)
	case !strings.HasPrefix(part("path"), "/"):
		return actions.UnknownReading("testparm does not say where the share lies: %s", orNothing(actions.Line(part("path")), a.Exit))[0]
	case !strings.EqualFold(part("available"), "yes"):
		return fail("testparm -s --section-name="+name+" --parameter-name=available", "the share is withdrawn: available = %s", part("available"))
	case t.Path != "" && part("path") != t.Path:
		return actions.Reading{Status: actions.Warn, Line: actions.Line("it serves " + part("path") + ", and the inventory says " + t.Path), Next: "testparm -s"}
	}
	r := actions.Reading{Status: actions.OK, Line: "served from " + actions.Line(part("path"))}
	if n, err := strconv.ParseFloat(part("users"), 64); err == nil && n >= 0 {
		r.Line += fmt.Sprintf(", %.0f connected", n)
		r.Metrics = []actions.Metric{{Name: "connected", Value: n}}
	}
	return r
}
