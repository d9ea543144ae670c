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

// mountEnd is how long a helper stays with a mount that hangs before it is
// ended, where the kernel lets it be: the next look then begins another.
const mountEnd = 10 * time.Minute

var mount = actions.Kind{
	Name: "mount",
	Doc:  "A share where it lies and where it is mounted: there, writable, not stale.",
	About: `For each of the share's mounts: whether the table of mounts has it, of the right type, and not read-only; and
whether it answers. The look itself never touches the mount. A helper that is detached from the connection does,
at most one for each mount: when it has not answered within wait, the mount is HUNG, and later looks say since
when instead of sending another one after it. A disk that sleeps can take longer than 3 s: raise wait for it.

The helper keeps what it saw in a folder of its user's alone in /run (root) or /tmp, else in $XDG_RUNTIME_DIR.
Where none can be written, presence is still looked at and the rest is unknown.

Where the share lies: whether the path is there and not empty. An empty folder with no file system of its own
mostly means that the disk behind it is not mounted; empty = true says that it may be so.

write_test = true makes the helper write and remove a small file; without it, writable means that neither the
mount nor the file system says otherwise. Linux reads /proc/mounts, the BSDs ask mount -p.

Its files are copied where the share lies. A restore leaves the folder itself where it is, since clients hold it, and
sets aside what is in it.
` + snapshotAbout,
	Levels:   []inventory.Level{inventory.LevelShare},
	Options:  slices.Concat(mountOptions(""), snapshotOptions),
	Checks:   mountChecks,
	Data:     folderData,
	Unmarked: "what a helper that hangs did not say is part of the answer",
	Proved:   map[string]actions.Ground{"look": actions.Real, "backup": actions.Real, "restore": actions.Real},
}

// mountOptions are those of a share that hosts mount as fstype, where nothing
// else is said of it; "" is any.
func mountOptions(fstype string) []inventory.Option {
	return []inventory.Option{
		{Name: "fstype", Type: inventory.TypeString, Default: fstype, Doc: "type it must be mounted as: \"nfs\" (nfs4, too), \"cifs\" (smb3, too)"},
		{Name: "source", Type: inventory.TypeString, Doc: "what must be mounted: \"nas:/srv/files\""},
		{Name: "read_only", Type: inventory.TypeBool, Default: "false", Doc: "it is meant to be read-only where it is mounted"},
		{Name: "write_test", Type: inventory.TypeBool, Default: "false", Doc: "write and remove a small file"},
		{Name: "empty", Type: inventory.TypeBool, Default: "false", Doc: "it may be empty where it lies"},
		{Name: "wait", Type: inventory.TypeDuration, Default: "3s", Doc: "how long it may take to answer, in whole seconds"},
	}
}

// mountedChecks are those of a share whose server is looked at by its own kind:
// none where the inventory names nobody who mounts it.
func mountedChecks(f *inventory.Fleet, t inventory.Target) []actions.Check {
	if len(t.Mounts) == 0 {
		return nil
	}
	return mountChecks(f, t)
}

func mountChecks(_ *inventory.Fleet, t inventory.Target) []actions.Check {
	var checks []actions.Check
	if t.Host != "" && t.Host != inventory.Console && t.Path != "" {
		checks = append(checks, mountCheck(t, "source", "where it lies", "source", t.Host, t.Path))
	}
	seen := map[inventory.Ref]int{}
	for _, m := range t.Mounts {
		seen[m.On]++
		id := "mount-" + m.On.Name()
		if n := seen[m.On]; n > 1 {
			id += "-" + strconv.Itoa(n)
		}
		checks = append(checks, mountCheck(t, id, "mounted on "+m.On.Name(), "mount", m.On, m.At))
	}
	return checks
}

func mountCheck(t inventory.Target, id, title, mode string, on inventory.Ref, at string) actions.Check {
	wait := t.Options.Duration("wait")
	if wait < time.Second {
		wait = 3 * time.Second
	}
	return actions.Check{
		ID:    id,
		Title: title,
		Script: script("mount/look.sh", map[string]string{
			"AT":       at,
			"TABLE_AT": mountEscape.Replace(at),
			"MODE":     mode,
			"WRITE":    map[bool]string{true: "yes", false: "no"}[t.Options.Bool("write_test")],
			"WAIT":     strconv.Itoa(int(wait / time.Second)),
			"END":      strconv.Itoa(int(mountEnd / time.Second)),
			"TOUCH":    script("mount/touch.sh", nil).Body,
		}),
		Host:  on,
		Limit: wait + 7*time.Second, // for what is done beside waiting, on a machine that is busy
		Read: func(a actions.Answer) []actions.Reading {
			var r actions.Reading
			if mode == "source" {
				r = mountReadSource(t, a)
			} else {
				r = mountRead(t, a)
			}
			r.Item = on.Name() + ":" + at
			if r.Status != actions.OK && r.Next == "" {
				r.Next = "jurymast ssh " + on.Name()
			}
			return []actions.Reading{r}
		},
	}
}

// The table of mounts writes these as octal (getmntent(3)).
var (
	mountEscape   = strings.NewReplacer(" ", `\040`, "\t", `\011`, "\n", `\012`, `\`, `\134`)
	mountUnescape = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, " ", `\134`, `\`)
)

// mountFacts is what look.sh printed: the last value of each word.
type mountFacts map[string]string

func mountParse(out []byte) mountFacts {
	f := mountFacts{}
	for _, line := range strings.Split(string(out), "\n") {
		if k, v, ok := strings.Cut(line, "="); ok {
			f[k] = strings.TrimSpace(v)
		}
	}
	return f
}

// entry splits "source type options" of the table.
func (f mountFacts) entry() (source, fstype string, options []string) {
	w := strings.Fields(f["mounted"])
	if len(w) < 3 {
		return "", "", nil
	}
	return mountUnescape.Replace(w[0]), w[1], strings.Split(w[2], ",")
}

func mountRead(t inventory.Target, a actions.Answer) actions.Reading {
	f := mountParse(a.Stdout)
	source, fstype, options := f.entry()
	fail := func(format string, args ...any) actions.Reading {
		return actions.Reading{Status: actions.Fail, Line: fmt.Sprintf(format, args...)}
	}
	switch {
	case f["table"] == "no":
		return actions.Reading{Status: actions.Unknown, Line: "the table of mounts cannot be read there"}
	case f["missing"] == "yes":
		return fail("not mounted")
	case fstype == "":
		return mountNoAnswer(a)
	}
	if fstype == "autofs" && f["touch"] == "answered" && f["error"] == "" {
		return fail("only the automounter lies there: it did not mount anything behind it")
	}
	about := fstype + " " + source
	if fstype != "autofs" {
		if want := t.Options.String("fstype"); want != "" && !mountIsType(fstype, want) {
			return fail("%s is mounted, which is not of type %s", about, want)
		}
		if want := t.Options.String("source"); want != "" && want != source {
			return fail("%s is mounted, and not %s", about, want)
		}
	}
	if r, bad := mountTouched(f, a.Now, about); bad {
		return r
	}
	readOnly := slices.Contains(options, "ro")
	if !t.Options.Bool("read_only") {
		switch {
		case readOnly:
			return fail("%s is mounted read-only", about)
		case f["written"] != "" && f["written"] != "yes":
			return fail("%s cannot be written to: %s", about, f["written"])
		case f["writable"] == "no" && f["uid"] == "0" && f["written"] != "yes":
			return fail("%s is mounted for writing and does not let root write", about)
		}
	}
	r := actions.Reading{Line: about}
	switch {
	case f["written"] == "yes":
		r.Line += ", written to"
	case readOnly:
		r.Line += ", read-only as it is meant to be"
	case f["writable"] == "no":
		r.Line += ", not writable for the login user"
	}
	f.use(&r)
	return r
}

func mountReadSource(t inventory.Target, a actions.Answer) actions.Reading {
	f := mountParse(a.Stdout)
	if f["touch"] == "" {
		return mountNoAnswer(a)
	}
	about := "it lies on " + mountUnescape.Replace(f["under"])
	own := f["mounted"] != ""
	if own {
		source, fstype, _ := f.entry()
		about = fstype + " " + source
	}
	if r, bad := mountTouched(f, a.Now, about); bad {
		return r
	}
	switch {
	case f["empty"] == "yes" && !own && !t.Options.Bool("empty"):
		return actions.Reading{Status: actions.Fail,
			Line: "the folder is empty and no file system is mounted on it: the disk behind it may be missing",
			Next: "mount its file system; set empty = true when it may be empty"}
	case f["empty"] == "":
		return actions.Reading{Status: actions.Unknown, Line: "it is there, but whether it is empty is not known"}
	}
	r := actions.Reading{Line: about}
	if f["empty"] == "yes" {
		r.Line += ", empty"
	}
	f.use(&r)
	return r
}

// mountTouched reads what the helper found, and reports whether it is bad.
func mountTouched(f mountFacts, now time.Time, about string) (actions.Reading, bool) {
	switch f["touch"] {
	case "answered":
		why := f["error"]
		switch {
		case why == "":
			return actions.Reading{}, false
		case strings.Contains(why, "Permission denied"):
			return actions.Reading{Status: actions.Unknown, Line: about + " may not be looked at by the login user: " + why,
				Next: "let the login user reach the folder, or log in as another; of NFS, see whether the server exports it still: exportfs -s"}, true
		case strings.Contains(why, "Stale file handle"), strings.Contains(why, "Stale NFS"):
			return actions.Reading{Status: actions.Fail, Line: about + " is stale: " + why, Next: "umount it and mount it again"}, true
		}
		return actions.Reading{Status: actions.Fail, Line: about + " does not answer as it should: " + why}, true
	case "hung":
		return actions.Reading{Status: actions.Fail, Line: mountHung(f, now, about),
			Next: "see whether its server is up: what touches the mount hangs with it"}, true
	case "none":
		return actions.Reading{Status: actions.Unknown, Line: about + " is there; whether it answers is not known: " + f["why"]}, true
	}
	return actions.Reading{Status: actions.Unknown, Line: about + " is there; the helper that was to touch it ended without an answer"}, true
}

// mountHung says since when. The times are of the host's own clock; only their
// distance is trusted.
func mountHung(f mountFacts, now time.Time, about string) string {
	since, err1 := strconv.ParseInt(f["since"], 10, 64)
	there, err2 := strconv.ParseInt(f["now"], 10, 64)
	const year = 365 * 24 * 3600
	if err1 != nil || err2 != nil || since > there+3600 || there-since > year {
		return "HUNG, it is not known since when: " + about
	}
	age := time.Duration(max(0, there-since)) * time.Second
	at := time.Unix(since, 0)
	if now.Sub(time.Unix(there, 0)).Abs() > time.Minute { // its clock is wrong: told by ours
		at = now.Add(-age)
	}
	return fmt.Sprintf("HUNG since %s (%s): %s", at.UTC().Format("2006-01-02 15:04:05 UTC"), span(age), about)
}

// use adds how full it is, as df -Pk said.
func (f mountFacts) use(r *actions.Reading) {
	var h hostFacts
	w := strings.Fields(f["df"])
	for i := len(w) - 1; i >= 4; i-- { // the mount point may hold blanks
		if !strings.HasSuffix(w[i], "%") {
			continue
		}
		h.disk(strings.Join(w[i-4:i+1], " ") + " /")
		if h.df == "" {
			r.Line += fmt.Sprintf(", %.0f %% used", h.used)
			r.Metrics = append(r.Metrics, actions.Metric{Name: "used", Value: h.used, Unit: "%"}, actions.Metric{Name: "free", Value: h.free, Unit: "B"})
		}
		return
	}
}

func mountNoAnswer(a actions.Answer) actions.Reading {
	return actions.Reading{Status: actions.Unknown, Line: "it did not say what is mounted: " + orNothing(firstLine(a.Stderr), a.Exit)}
}

// mountIsType reports whether a type of the table is what an admin means by a
// name: nfs is also nfs4, cifs is also smb3.
func mountIsType(is, want string) bool {
	same := map[string]string{"nfs4": "nfs", "nfs": "nfs", "smb3": "cifs", "cifs": "cifs", "smbfs": "cifs"}
	return is == want || same[is] != "" && same[is] == want
}
