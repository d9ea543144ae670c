package plan

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

func backupQuestions(m *maker) error {
	d, b, ds, err := m.copied(m.target.Host)
	if err != nil {
		return err
	}
	m.askDepots(d, b, ds, m.target.Host)
	return nil
}

// askDepots asks about the data, where a repository of files is among them, and
// about each repository.
func (m *maker) askDepots(d actions.Data, b inventory.Backup, ds []depot, host inventory.Ref) {
	if ofFiles(ds) {
		m.ask("data", host, d.Survey)
	}
	for _, d := range ds {
		in := map[string]string{actions.InTag: b.Name}
		m.ask("repository-"+d.Name, d.Host, d.Use.Survey.With(in))
		m.ask("list-"+d.Name, d.Host, d.Use.List.With(in))
	}
}

// backup plans: hold, dump, copy to every repository of files, let go, have the
// systems copy that do so by means of their own, list again, retention. Letting
// go is also what undoes holding.
func backup(m *maker) error {
	d, b, ds, err := m.copied(m.target.Host)
	if err != nil {
		return err
	}
	p, h := &m.plan, m.target.Host
	p.Name, p.Ladder, p.Unattended, p.RPO = b.Name, actions.LadderHarmless, true, b.RPO
	p.Title = fmt.Sprintf("Copy %s to %s", m.target.Ref, strings.Join(b.To, " and "))
	p.Impact.Risk = "none: nothing of the live data is changed"

	var paths []string
	if ofFiles(ds) {
		words, found, ok := m.surveyed(d, h)
		if bytes, known := number(words, "bytes"); ok && d.Dump != nil {
			m.room(words, bytes, known, "for a dump on "+h.Name(), h)
		}
		m.holdable(words, h)
		paths = found
	}
	usable := m.repositories(ds)
	from := stage(d, b)
	if d.Dump != nil {
		p.Steps = append(p.Steps, folder("stage", "make room for the dump", h, from))
		paths = []string{from}
	}
	m.hold(d, h, ds)
	if d.Dump != nil {
		m.step(actions.Step{
			ID: "dump", Title: "dump " + m.target.Ref.Name(), Host: h,
			Do:   m.whileHeld(d, d.Dump.With(map[string]string{actions.InStage: from}), "dumped.sh"),
			Redo: true, Timeout: copyLimit, Down: m.held(d),
		})
		m.free(d, h)
	}
	mayFail := len(ds) > 1 && usable > 0
	for _, x := range ds {
		if x.Native == nil {
			m.copyTo(x, b, paths, mayFail, d)
		}
	}
	if d.Dump == nil {
		m.free(d, h)
	}
	for _, x := range ds {
		if x.Native != nil {
			m.step(m.nativeCopy(x, b, mayFail))
		}
	}
	for _, x := range ds {
		m.listAgain(x, b)
	}
	for _, x := range ds {
		m.forget(x, b)
	}
	if d.Dump != nil {
		m.step(remove("unstage", "remove the dump", h, from))
	}
	return nil
}

// repositories adds the conditions of the repositories and returns how many
// can be used. One that cannot does not keep the others back.
func (m *maker) repositories(ds []depot) int {
	type trouble struct{ name, seen, next string }
	var bad []trouble
	good := 0
	for _, d := range ds {
		a, ok := m.Answers["repository-"+d.Name]
		words := a.Said()
		why, next := "", mendNext(d.Host)
		switch {
		case !ok || a.Err != "":
			why, next = orElse(a.Err, notAsked), reachNext(d.Host)
		case words["missing"] != "":
			why, next = words["missing"]+" is not installed on "+d.Host.Name(), installNext(words["missing"], d.Host)
		case words["locked"] != "":
			why, next = "locked: "+words["locked"], "wait until who holds it is done; where nobody does, take its lock away: jurymast ssh "+d.Host.Name()
		case words["trouble"] != "":
			why = words["trouble"]
		case a.Output.Exit != 0:
			why = badAnswer(a.Output)
		default:
			good++
			m.holds(own("repository", d.Name), "repository "+d.Name+" can be used", strings.TrimSpace(words["tool"]+" "+words["version"]))
			continue
		}
		bad = append(bad, trouble{d.Name, why, next})
	}
	for _, t := range bad {
		h := actions.Noted
		if good == 0 {
			h = actions.Blocking
		}
		m.condition(own("repository", t.name), "repository "+t.name+" can be used", t.seen, h).Next = t.next
	}
	return good
}

func (m *maker) copyTo(x depot, b inventory.Backup, paths []string, mayFail bool, d actions.Data) {
	in := map[string]string{actions.InTag: b.Name, actions.InPaths: strings.Join(paths, "\n")}
	find := x.Use.Find.With(in)
	s := actions.Step{
		ID: own("copy", x.Name), About: x.Name, Title: "copy to " + x.Name, Host: x.Host, Do: x.Use.Copy.With(in), Check: &find,
		Timeout: copyLimit, MayFail: mayFail,
	}
	if d.Dump == nil {
		s.Down = m.held(d)
		s.Do = m.whileHeld(d, s.Do, "copied.sh")
		find = m.whileHeld(d, find, "")
	}
	m.step(s)
}

// listAgain plans to see the copy in the repository: only then it counts.
func (m *maker) listAgain(x depot, b inventory.Backup) {
	m.step(actions.Step{
		ID: own("list", x.Name), About: x.Name, Title: "see the copy in " + x.Name, Host: x.Host, Do: judged(x, b, m.least(x.Name, b)), Redo: true,
		Timeout: startLimit, MayFail: true, After: []string{own("copy", x.Name)},
	})
}

// judged returns the script that lists a repository and ends well when the copy
// of this run is there, with at least so many bytes.
func judged(x depot, b inventory.Backup, least int64) actions.Script {
	list := x.Use.List.With(map[string]string{actions.InTag: b.Name, "LEAST": strconv.FormatInt(least, 10)})
	judge := script("listed.sh", nil)
	list.Name += "+" + judge.Name
	list.Body = "jm_list() (\n" + list.Body + "\n)\n" + judge.Body
	return list
}

// least is half of the middle of the last five copies: what is smaller has
// lost something, or somebody has tidied up a great deal.
func (m *maker) least(repository string, b inventory.Backup) int64 {
	var sizes []int64
	for _, c := range m.Copies {
		if c.Repository == repository && c.Backup == b.Name && !c.Partial && len(sizes) < 5 {
			sizes = append(sizes, c.Bytes)
		}
	}
	if len(sizes) == 0 {
		return 0
	}
	slices.Sort(sizes)
	return sizes[len(sizes)/2] / 2
}

// defaultKeep is what is kept of a class where the policy does not say
// (providers: five generations of a system, a year of what matters).
var defaultKeep = map[inventory.Class]map[string]int{
	inventory.ClassSystem:      {"last": 5},
	inventory.ClassApplication: {"daily": 7, "weekly": 4, "monthly": 12},
	inventory.ClassUser:        {"daily": 14, "weekly": 8, "monthly": 24, "yearly": 5},
}

func (m *maker) forget(x depot, b inventory.Backup) {
	if x.Use.Forget == nil {
		return
	}
	keep := b.Keep
	if len(keep) == 0 {
		keep = defaultKeep[m.target.Class]
	}
	in := map[string]string{actions.InTag: b.Name}
	var words []string
	for _, k := range []string{"last", "hourly", "daily", "weekly", "monthly", "yearly"} {
		in["KEEP_"+strings.ToUpper(k)] = strconv.Itoa(keep[k])
		if keep[k] > 0 {
			words = append(words, fmt.Sprintf("%d %s", keep[k], k))
		}
	}
	f := x.Use.Forget.With(in)
	f.Body = script("whole.sh", nil).Body + f.Body
	m.step(actions.Step{
		ID: own("forget", x.Name), About: x.Name, Title: "keep " + strings.Join(words, ", ") + " in " + x.Name, Host: x.Host, Do: f,
		Redo: true, Timeout: time.Hour, MayFail: true, After: []string{own("copy", x.Name), own("list", x.Name)},
	})
}
