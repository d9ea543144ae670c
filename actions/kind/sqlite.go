package kind

import (
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

var sqlite = actions.Kind{
	Name: "sqlite",
	Doc:  "SQLite databases of an application: looked at, copied while they are used, restored, drilled.",
	About: `paths are files, or folders: in those, what is named *.db, *.db3, *.sqlite or *.sqlite3 and begins as a database does.
One that is encrypted does not, and is said to be no database when it is named itself. A folder of paths without any is
fail, and no copy is made: its disk may be missing. One of which not all can be read, as a folder in it is closed, is
unknown, and no copy is made. Everything is asked by sqlite3 on
the host (apt install sqlite3), for reading alone. It runs as root where sudo is allowed; files that belong to a database
are made for the owner of the database all the same.

Each look opens the databases; every check_every (0: never) they are read by PRAGMA quick_check, whose words count, as
sqlite3 ends with 0 whatever it finds. Where a database is not in WAL mode that keeps writers waiting meanwhile, for up
to 50 s. What is locked for long, or needs functions that only the application has, reads unknown.

A copy is made by the backup of SQLite within one transaction, so that it is of one moment however much is written, and
ends. It is checked whole, its tables are counted against those of the original in that moment, and it is summed up.
In WAL mode nobody notices; else writers wait until it is done. A copy of the file alone, by any other tool, misses what is in
its -wal. Never keep a database on NFS or SMB: its locks do not hold there.

A restore refuses while a process has a file open, in a container, too: make what uses the databases a service that needs
this one, and it is stopped meanwhile. The live files are set aside with their -wal and -shm, under names by which
they can still be opened; mode and owner are those of the copy. What else lies in their folders stays. A drill opens
each database below scratch.`,
	Levels: []inventory.Level{inventory.LevelService},
	Options: []inventory.Option{
		{Name: "paths", Type: inventory.TypeList, Doc: "the databases, or folders with databases; data of the service where not said"},
		{Name: "check_every", Type: inventory.TypeDuration, Default: "1d", Doc: "how often they are read and checked; 0 for never"},
		{Name: "scratch", Type: inventory.TypePath, Default: "/var/tmp", Doc: "folder for the databases of a drill"},
	},
	Limits: []inventory.Limit{
		{Name: "wal", Unit: "MiB", Warn: 256, Fail: 4096, Doc: "size of the log of a database: one that grows has a reader that never ends"},
	},
	Checks:  sqliteChecks,
	Data:    sqliteData,
	Sudoers: wholeRoot,
	Proved:  map[string]actions.Ground{"look": actions.Real, "backup": actions.Real, "restore": actions.Real},
}

// sqliteRoots returns the files and folders of a target, or why there are none.
func sqliteRoots(f *inventory.Fleet, t inventory.Target) ([]string, error) {
	paths := t.Options.List("paths")
	for _, p := range paths {
		if !path.IsAbs(p) || path.Clean(p) != p || p == "/" || strings.ContainsAny(p, "\n\t") {
			return nil, fmt.Errorf("%q is no path of a database: write it from the root, without dots and without a slash at the end", p)
		}
	}
	if len(paths) > 0 {
		return paths, nil
	}
	roots, _ := dataRoots(f, t)
	if len(roots) == 0 {
		return nil, errors.New("it is not said where its databases lie: set paths = [\"/path\"]")
	}
	return roots, nil
}

// sqliteScript puts a script of the kind together with what it rests on.
func sqliteScript(f *inventory.Fleet, t inventory.Target, more map[string]string, files ...string) actions.Script {
	roots, err := sqliteRoots(f, t)
	in := map[string]string{"ROOTS": strings.Join(roots, "\n"), "NAMED": yesNo(len(t.Options.List("paths")) > 0), "WHY": ""}
	if err != nil {
		in["WHY"] = err.Error()
	}
	for k, v := range more {
		in[k] = v
	}
	names := []string{commonFile, "sqlite/lib.sh"}
	for _, f := range files {
		names = append(names, "sqlite/"+f+".sh")
	}
	return compound(in, nil, names...)
}

func sqliteData(f *inventory.Fleet, t inventory.Target) (actions.Data, error) {
	if _, err := sqliteRoots(f, t); err != nil {
		return actions.Data{}, err
	}
	one := func(more map[string]string, files ...string) *actions.Script {
		s := sqliteScript(f, t, more, files...)
		return &s
	}
	try := map[string]string{"SCRATCH": orDefault(t.Options.String("scratch"), "/var/tmp")}
	return actions.Data{
		Survey: *one(map[string]string{"FOLDER": "/var/lib/jurymast"}, "survey"),
		Dump:   one(nil, "data", "dump"),
		Put:    one(nil, "data", "place", "put"),
		Back:   one(nil, "data", "place", "back"),
		Prove:  one(nil, "data", "prove"),
		Try:    one(try, "data", "try"),
		Clear:  one(try, "clear"),
	}, nil
}

// sqliteBudget is how long all databases of a target may be read for a check.
const sqliteBudget = 50 * time.Second

func sqliteChecks(f *inventory.Fleet, t inventory.Target) []actions.Check {
	_, why := sqliteRoots(f, t)
	read := func(columns int, of func(fields []string) actions.Reading) func(actions.Answer) []actions.Reading {
		return func(a actions.Answer) []actions.Reading {
			if why != nil {
				return actions.UnknownReading("%s", why)
			}
			return sqliteRead(a, columns, of)
		}
	}
	out := []actions.Check{{
		ID: "files", Title: "databases", Script: sqliteScript(f, t, nil, "look"), Every: 5 * time.Minute, Limit: 20 * time.Second,
		Read: read(6, func(fields []string) actions.Reading { return sqliteFile(boundOf(t, "wal"), fields) }),
	}}
	every, said := t.Options["check_every"].(time.Duration)
	if !said {
		every = 24 * time.Hour
	}
	if every > 0 {
		in := map[string]string{"SECONDS_LEFT": strconv.Itoa(int(sqliteBudget / time.Second))}
		out = append(out, actions.Check{
			ID: "whole", Title: "databases are whole", Script: sqliteScript(f, t, in, "check"), Every: every, Limit: sqliteBudget + 10*time.Second,
			Read: read(4, sqliteWhole),
		})
	}
	return out
}

// sqliteRead reads an answer: a line of columns for each database, numbered, the
// path last.
func sqliteRead(a actions.Answer, columns int, of func([]string) actions.Reading) []actions.Reading {
	parts, ended := linuxParts(a.Stdout)
	switch {
	case strings.TrimSpace(string(a.Stdout)) == "missing" && a.Exit == 0:
		return []actions.Reading{{Status: actions.Unknown, Line: "sqlite3 is not installed", Next: "apt install sqlite3"}}
	case !ended || a.Exit != 0:
		return actions.UnknownReading("the answer is not whole: %s", orNothing(firstLine(a.Stderr), a.Exit))
	}
	var out []actions.Reading
	for _, ln := range strings.Split(parts["files"], "\n") {
		if ln == "" {
			continue
		}
		fields := strings.Split(ln, "\t")
		if len(fields) != columns || fields[0] != strconv.Itoa(len(out)+1) || fields[columns-1] == "" {
			return actions.UnknownReading("not understood: %s", actions.Line(ln))
		}
		r := of(fields[1:])
		r.Item = fields[columns-1]
		out = append(out, r)
	}
	if len(out) == 0 {
		return []actions.Reading{{Status: actions.Fail, Line: "there is no SQLite database", Next: "see whether paths is right, and whether its disk is mounted"}}
	}
	return out
}

// sqliteTrouble reads a state in which a database could not be read.
func sqliteTrouble(state, said string) actions.Reading {
	because := ""
	if said = actions.Line(said); said != "" {
		because = ": " + said
	}
	switch state {
	case "absent":
		return actions.Reading{Status: actions.Fail, Line: "it is not there", Next: "see whether its disk is mounted, else bring it back: jurymast plan restore"}
	case "bare":
		return actions.Reading{Status: actions.Fail, Line: "no SQLite database is in this folder", Next: "see whether its disk is mounted, or leave it out of paths"}
	case "empty":
		return actions.Reading{Status: actions.Fail, Line: "it is empty: not even a head", Next: "bring it back: jurymast plan restore"}
	case "broken":
		return actions.Reading{Status: actions.Fail, Line: "it is damaged" + because, Next: "stop what uses it, and bring it back: jurymast plan restore"}
	case "foreign":
		return actions.Reading{Status: actions.Fail, Line: "it is no database that can be read: overwritten, or encrypted", Next: "bring it back, or leave it out of paths"}
	case "locked":
		return actions.Reading{Status: actions.Unknown, Line: "it is locked for longer than 2 s", Next: "see what writes to it"}
	case "hot":
		return actions.Reading{Status: actions.Warn, Line: "whoever wrote to it was cut off, and what was half done is to be rolled back yet", Next: "start what uses it: the next that opens it to write does so"}
	case "unseen":
		return actions.Reading{Status: actions.Unknown, Line: "not all of this folder can be read, and there may be databases in it" + because, Next: "allow sudo for this host, or name the databases in paths"}
	case "closed":
		return actions.Reading{Status: actions.Unknown, Line: "it cannot be opened" + because, Next: "allow sudo for this host"}
	}
	return actions.Reading{Status: actions.Unknown, Line: "it could not be read" + because}
}

// sqliteFile reads state, bytes, bytes of the log, mode or words, and path.
func sqliteFile(wal inventory.Bound, f []string) actions.Reading {
	if f[0] != "there" {
		return sqliteTrouble(f[0], f[3])
	}
	size, err1 := strconv.ParseUint(f[1], 10, 63)
	log, err2 := strconv.ParseUint(f[2], 10, 63)
	if err1 != nil || err2 != nil || f[3] == "" {
		return actions.Reading{Status: actions.Unknown, Line: "its size is not understood: " + actions.Line(strings.Join(f, " "))}
	}
	mib, logMiB := float64(size)/(1<<20), float64(log)/(1<<20)
	r := actions.Reading{Status: judge(wal, logMiB), Metrics: []actions.Metric{{Name: "size", Value: mib, Unit: "MiB"}, measured("wal", "MiB", logMiB, wal)}}
	r.Line = fmt.Sprintf("%.1f MiB, mode %s", mib, actions.Line(f[3]))
	if f[3] == "wal" || log > 0 {
		r.Line = fmt.Sprintf("%.1f MiB and a log of %.1f MiB%s", mib, logMiB, limitWords(wal, r.Status, "MiB"))
	}
	if r.Status != actions.OK {
		r.Next = "find the reader that never ends, or the application that never checkpoints; restarting it empties the log"
	}
	return r
}

// sqliteWhole reads state, words and path.
func sqliteWhole(f []string) actions.Reading {
	switch f[0] {
	case "whole":
		return actions.Reading{Status: actions.OK, Line: "it is whole"}
	case "late":
		return actions.Reading{Status: actions.Unknown, Line: fmt.Sprintf("it could not be read within %.0f s, with those ahead of it", sqliteBudget.Seconds()),
			Next: "make several services of them, or set check_every = 0 and rely on drills"}
	}
	return sqliteTrouble(f[0], f[1])
}
