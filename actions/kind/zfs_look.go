package kind

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// zfsPool is one pool by zpool list and by zpool status.
type zfsPool struct {
	name            string
	size, used      float64 // bytes, NaN where not told
	frag            float64 // percent, NaN where not told
	health          string  // of zpool list
	state           string  // of zpool status; "" where it does not name the pool
	status          string  // what it says is wrong, in words; "" for nothing
	scans           []zfsScan
	otherScrub      bool // of known errors alone: it takes the place of the last scrub
	devices         []zfsDevice
	odd             string // a line of the table that was not understood
	errors          string // what it says of lost data
	troubled, whole bool   // zpool status -x names it; its table was seen
}

// zfsScan is a scrub or a resilver: its first line, and how it gets on.
type zfsScan struct{ what, more string }

// zfsDevice is a line of the table of zpool status.
type zfsDevice struct {
	name, section string // section: "" for the pool itself, "logs", "cache", "spares" and so on
	state, why    string
	errors        [3]float64 // read, write, checksum
	depth         int
	leaf          bool
}

// zfsRead has a reader judge each pool; where want names a pool that is not
// imported, that is said too.
func zfsRead(want []string, a actions.Answer, read func(p zfsPool, a actions.Answer) actions.Reading) []actions.Reading {
	pools, trouble := zfsPools(a)
	if trouble != nil {
		return []actions.Reading{*trouble}
	}
	var out []actions.Reading
	for _, p := range pools {
		r := read(p, a)
		r.Item = p.name
		if r.Status == actions.OK {
			r.Next = ""
		}
		out = append(out, r)
	}
	for _, name := range want {
		if !slices.ContainsFunc(pools, func(p zfsPool) bool { return p.name == name }) {
			out = append(out, actions.Reading{Item: name, Status: actions.Fail, Line: "there is no such pool: it is not imported", Next: "zpool import, then: zpool import " + name})
		}
	}
	if len(out) == 0 {
		return []actions.Reading{{Status: actions.Fail, Line: "there is no pool: none is imported", Next: "zpool import"}}
	}
	return out
}

// zfsSaid returns what a command printed, or why it did not answer.
func zfsSaid(parts map[string]string, part string) (string, *actions.Reading) {
	head, text, _ := strings.Cut(parts[part], "\n")
	if head == "exit 0" {
		return text, nil
	}
	if strings.Contains(text, "ZFS modules") {
		return "", &actions.Reading{Status: actions.Fail, Line: "the kernel has no ZFS, so no pool is there: " + actions.Line(text), Next: "modprobe zfs; behind an update of the kernel: dkms status"}
	}
	r := &actions.Reading{Status: actions.Unknown, Line: "ZFS does not say (" + cmp.Or(actions.Line(head), "nothing") + "): " + orNothing(actions.Line(text), 0)}
	if needsRoot(text) {
		r.Next = "sudo = true, and the rule of: jurymast kinds zfs --sudoers"
	}
	return "", r
}

func zfsMissing(a actions.Answer) *actions.Reading {
	if strings.TrimSpace(string(a.Stdout)) == "missing" && a.Exit == 0 {
		return &actions.Reading{Status: actions.Unknown, Line: "ZFS is not installed", Next: "apt install zfsutils-linux"}
	}
	return nil
}

// zfsPools takes an answer apart, or says why it cannot be used.
func zfsPools(a actions.Answer) ([]zfsPool, *actions.Reading) {
	if r := zfsMissing(a); r != nil {
		return nil, r
	}
	parts, ended := linuxParts(a.Stdout)
	if _, seen := parts["troubled"]; !ended || !seen {
		return nil, &actions.Reading{Status: actions.Unknown, Line: "no whole answer: " + orNothing(firstLine(a.Stderr), a.Exit)}
	}
	list, trouble := zfsSaid(parts, "list")
	if trouble != nil {
		return nil, trouble
	}
	status, trouble := zfsSaid(parts, "status")
	if trouble != nil {
		return nil, trouble
	}
	troubled, trouble := zfsSaid(parts, "troubled")
	if trouble != nil {
		return nil, trouble
	}
	var pools []zfsPool
	for _, ln := range strings.Split(strings.TrimSpace(list), "\n") {
		if f := strings.Split(ln, "\t"); len(f) == 7 {
			pools = append(pools, zfsPool{name: f[0], size: zfsNumber(f[1]), used: zfsNumber(f[2]), health: f[5], frag: zfsNumber(f[6])})
		} else if ln != "" && ln != "no pools available" {
			return nil, &actions.Reading{Status: actions.Unknown, Line: "a line of zpool list is not understood: " + actions.Line(ln)}
		}
	}
	if len(pools) == 0 && !strings.Contains(status, "no pools available") {
		return nil, &actions.Reading{Status: actions.Unknown, Line: "zpool list names no pool, and zpool status says: " + orNothing(firstLine([]byte(status)), 0)}
	}
	if !strings.Contains(troubled, "  pool: ") && !strings.Contains(troubled, "all pools are healthy") && len(pools) > 0 {
		return nil, &actions.Reading{Status: actions.Unknown, Line: "zpool status -x is not understood: " + orNothing(firstLine([]byte(troubled)), 0)}
	}
	for i := range pools {
		for _, block := range strings.Split("\n"+status, "\n  pool: ")[1:] {
			if name, text, _ := strings.Cut(block, "\n"); strings.TrimSpace(name) == pools[i].name {
				pools[i].parse(text)
			}
		}
		for _, ln := range strings.Split(troubled, "\n") {
			pools[i].troubled = pools[i].troubled || strings.TrimRight(ln, " ") == "  pool: "+pools[i].name
		}
	}
	return pools, nil
}

// zfsNumber reads a number of zpool, exact or as 1.32K, NaN where it says none.
func zfsNumber(s string) float64 {
	s = strings.TrimSuffix(s, "%")
	scale := 1.0
	if n := len(s) - 1; n > 0 {
		if i := strings.IndexByte("KMGTPE", s[n]); i >= 0 {
			s, scale = s[:n], math.Pow(1024, float64(i+1))
		}
	}
	v, err := strconv.ParseFloat(s, 64)
	if v *= scale; err != nil || !(v >= 0 && v <= math.MaxUint64) {
		return math.NaN()
	}
	return v
}

// parse reads what zpool status prints of a pool: lines "key: value", of which
// some go on with lines that are set in, and the table of its devices.
func (p *zfsPool) parse(text string) {
	key, section := "", ""
	for _, ln := range strings.Split(text, "\n") {
		if strings.TrimSpace(ln) == "" {
			continue
		}
		if ln[0] != '\t' {
			k, v, _ := strings.Cut(strings.TrimSpace(ln), ":")
			v = strings.TrimSpace(v)
			switch key = k; k {
			case "state":
				p.state = v
			case "status":
				p.status = v
			case "scan":
				p.scans = append(p.scans, zfsScan{what: v})
			case "scrub":
				p.otherScrub = true
			case "errors":
				p.errors = v
			}
			continue
		}
		switch key {
		case "status":
			p.status += " " + strings.TrimSpace(ln)
		case "scan":
			p.scans[len(p.scans)-1].more += ln + "\n"
		case "config":
			p.device(ln, &section)
		}
	}
	for i := range p.devices {
		d := &p.devices[i]
		d.leaf = i+1 == len(p.devices) || p.devices[i+1].section != d.section || p.devices[i+1].depth <= d.depth
	}
}

// device reads a line of the table. A name may hold blanks: the state is the
// first word in capitals behind it that three counts follow; a spare has none.
func (p *zfsPool) device(ln string, section *string) {
	ln = strings.TrimPrefix(ln, "\t")
	f := strings.Fields(ln)
	switch {
	case len(f) > 1 && f[0] == "NAME" && f[1] == "STATE":
		p.whole = true
		return
	case len(f) == 1 && ln[0] != ' ':
		*section = f[0]
		return
	}
	for i := 1; i < len(f); i++ {
		if strings.Trim(f[i], "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
			continue
		}
		d := zfsDevice{name: strings.Join(f[:i], " "), section: *section, state: f[i], depth: len(ln) - len(strings.TrimLeft(ln, " "))}
		rest := f[i+1:]
		if *section != "spares" {
			if len(rest) < len(d.errors) {
				break
			}
			for n := range d.errors {
				d.errors[n] = zfsNumber(rest[n])
			}
			if slices.ContainsFunc(d.errors[:], math.IsNaN) {
				continue
			}
			rest = rest[len(d.errors):]
		}
		d.why = strings.Trim(strings.Join(rest, " "), "()")
		p.devices = append(p.devices, d)
		return
	}
	p.odd = strings.TrimSpace(ln)
}

// zfsRoom judges what is used of a pool, ahead of parity.
func zfsRoom(p zfsPool, t inventory.Target, a actions.Answer) actions.Reading {
	if !(p.size > 0) || math.IsNaN(p.used) {
		return actions.Reading{Status: actions.Unknown, Line: "zpool list does not say how full it is: it is " + cmp.Or(actions.Line(p.health), "without a state"), Next: "zpool status " + p.name}
	}
	b, fill, frag := boundOf(t, "capacity"), boundOf(t, "fill"), boundOf(t, "fragmentation")
	percent := min(100, 100*p.used/p.size)
	st := judge(b, percent)
	r := actions.Reading{Status: st, Next: "zfs list -o space -r " + p.name + ": what snapshots hold is given back when they go"}
	r.Line = fmt.Sprintf("%.0f%% of %s used%s", percent, bytesWord(p.size), limitWords(b, st, "%"))
	r.Metrics = []actions.Metric{measured("capacity", "%", percent, b)}
	if !math.IsNaN(p.frag) {
		sf := judge(frag, p.frag)
		r.Status = actions.Worst(r.Status, sf)
		r.Line += fmt.Sprintf(", fragmentation %.0f%%%s", p.frag, limitWords(frag, sf, "%"))
		r.Metrics = append(r.Metrics, measured("fragmentation", "%", p.frag, frag))
	} else if !math.IsNaN(frag.Warn) || !math.IsNaN(frag.Fail) {
		r.Status = actions.Worst(r.Status, actions.Unknown)
		r.Line += ", its fragmentation is not told"
	}
	if days, ok := fullIn(a.Series(p.name, "capacity"), percent, a.Now); ok {
		sf := judge(fill, days)
		r.Status = actions.Worst(r.Status, sf)
		r.Line += fmt.Sprintf("; full in ~%.0f days%s", days, limitWords(fill, sf, "days"))
		r.Metrics = append(r.Metrics, measured("fill", "days", days, fill))
	}
	return r
}

// zfsSnapshots judges the newest snapshot of each dataset.
func zfsSnapshots(sets []string, b inventory.Bound, a actions.Answer) []actions.Reading {
	if r := zfsMissing(a); r != nil {
		return []actions.Reading{*r}
	}
	parts, ended := linuxParts(a.Stdout)
	if !ended {
		return actions.UnknownReading("no whole answer: %s", orNothing(firstLine(a.Stderr), a.Exit))
	}
	var out []actions.Reading
	for _, set := range sets {
		r := zfsSnapshot(parts, set, b, a.Now)
		r.Item = set
		out = append(out, r)
	}
	return out
}

func zfsSnapshot(parts map[string]string, set string, b inventory.Bound, now time.Time) actions.Reading {
	part := "newest " + strings.TrimSpace(set)
	text, trouble := zfsSaid(parts, part)
	if trouble != nil {
		if strings.Contains(parts[part], "dataset does not exist") {
			trouble.Status, trouble.Line, trouble.Next = actions.Fail, "there is no such dataset", "zfs list"
		}
		return *trouble
	}
	text = strings.TrimSpace(text)
	if text == "" || text == "no datasets available" {
		return actions.Reading{Status: actions.Fail, Line: "it has no snapshot", Next: "see to what makes them; now: zfs snapshot " + set + "@NAME"}
	}
	name, made, _ := strings.Cut(text, "\t")
	at, err := strconv.ParseInt(made, 10, 64)
	_, short, ok := strings.Cut(name, "@")
	if err != nil || !ok || at <= 0 {
		return actions.Reading{Status: actions.Unknown, Line: "its newest snapshot is not understood: " + firstLine([]byte(text))}
	}
	age := max(0, now.Sub(time.Unix(at, 0)))
	r := actions.Reading{Status: judge(b, age.Hours()), Metrics: []actions.Metric{measured("snapshot", "h", age.Hours(), b)}}
	r.Line = fmt.Sprintf("newest snapshot %s ago%s: %s", span(age), limitWords(b, r.Status, "h"), actions.Line(short))
	if r.Status != actions.OK {
		r.Next = "see to what makes them; now: zfs snapshot " + set + "@NAME"
	}
	return r
}
