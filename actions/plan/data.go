package plan

import (
	"maps"
	"path"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// workFolder is where dumps and extracted copies lie on a host.
const workFolder = "/var/lib/jurymast"

// Limits of steps. They are what ends a tool that hangs, not what is expected.
const (
	copyLimit  = 24 * time.Hour
	holdLimit  = 5 * time.Minute
	startLimit = 10 * time.Minute
	shortLimit = 2 * time.Minute
)

// dataOf returns what a target's kind knows of its data.
func (m *maker) dataOf(t *inventory.Target) (actions.Data, error) {
	k, ok := m.kind(t.Kind)
	if !ok || k.Data == nil {
		return actions.Data{}, errorf("jurymast kinds", "%s is of kind %s, whose data jurymast cannot copy", t.Ref, t.Kind)
	}
	d, err := k.Data(m.Fleet, *t)
	if err != nil {
		return d, errorf("", "%s: %v", t.Ref, err)
	}
	return d, nil
}

// policy returns the backup that copies the target: the one that is named, or
// the only one.
func (m *maker) policy() (inventory.Backup, error) {
	var mine []inventory.Backup
	var names []string
	for _, b := range m.Fleet.Backups {
		if b.Of == m.target.Ref && (m.Name == "" || b.Name == m.Name) {
			mine = append(mine, b)
			names = append(names, b.Name)
		}
	}
	switch len(mine) {
	case 1:
		return mine[0], nil
	case 0:
		return inventory.Backup{}, errorf("add [backup.NAME] with of = \""+string(m.target.Ref)+"\"", "no backup copies %s", m.target.Ref)
	}
	return inventory.Backup{}, errorf("name one of them", "%s has several backups: %s", m.target.Ref, strings.Join(names, ", "))
}

// stage is where a target's dump lies on its host: always in the same place,
// so that repositories see one thing change and not many come and go.
func stage(d actions.Data, b inventory.Backup) string {
	return path.Join(scratch(d), "stage", b.Name)
}

func scratch(d actions.Data) string {
	if d.Scratch != "" {
		return path.Join(d.Scratch, ".jurymast")
	}
	return workFolder
}

// surveyed checks what the survey of a target's data said: that it can be
// copied, and what is copied. What is lost can be brought back, and not copied.
// In a plan that copies nothing the same answer says what that plan needs of it.
func (m *maker) surveyed(d actions.Data, host inventory.Ref) (words map[string]string, paths []string, ok bool) {
	words, ok = m.answered("data", host)
	if !ok {
		return nil, nil, false
	}
	if why := words["lost"]; why != "" && m.Verb != actions.VerbBackup {
		// That is what copies are for: what is there is set aside as it is.
		m.condition("data", "what is there now answers", why, actions.Noted)
	} else {
		ok = m.usable("data", m.surveyText(), words, host)
	}
	paths = slices.Clone(d.Paths)
	for _, name := range slices.Sorted(maps.Keys(words)) {
		if strings.HasPrefix(name, "path-") && !slices.Contains(paths, words[name]) {
			paths = append(paths, words[name])
		}
	}
	sort.Strings(paths)
	if len(paths) == 0 && d.Dump == nil {
		m.block("data-found", "there is something to copy", "neither the inventory nor "+host.Name()+" names a path", "add data = [\"/PATH\"] to ["+tableOf(m.target.Ref)+"] in the inventory")
		ok = false
	}
	return words, paths, ok
}

// surveyText is what an answer to the survey of the data says, as the plan needs
// it.
func (m *maker) surveyText() string {
	switch {
	case m.Verb == actions.VerbBackup:
		return string(m.target.Ref) + " can be copied"
	case m.Verb == actions.VerbRestore && !strings.HasPrefix(m.To, "/"):
		return "what is there now can be read, and set aside first"
	}
	return "the host can handle a copy of " + string(m.target.Ref) // beside what is there
}

// usable adds the conditions of the @missing and @trouble of a survey on a host.
func (m *maker) usable(name, text string, words map[string]string, host inventory.Ref) bool {
	switch {
	case words["missing"] != "":
		m.block(name+"-tool", text, words["missing"]+" is not installed there", installNext(words["missing"], host))
		return false
	case words["lost"] != "":
		m.block(name, text, words["lost"], "jurymast plan restore "+string(m.target.Ref))
		return false
	case words["trouble"] != "":
		m.block(name, text, words["trouble"], mendNext(host))
		return false
	}
	seen := "seen to be so"
	if v := words["version"]; v != "" {
		seen = "version " + v
	}
	m.holds(name, text, seen)
	return true
}

// room adds the condition that a disk has room for so many bytes and a tenth
// more on a host. Where either number is not known that is said, and can be
// accepted.
func (m *maker) room(words map[string]string, need int64, known bool, where string, host inventory.Ref) {
	free, ok := number(words, "free")
	switch {
	case !ok || !known:
		m.condition("room", "there is room "+where, "how much is needed or free is not known", actions.Open)
	default:
		need += need / 10
		next := ""
		if free < need {
			next = "free " + size(need-free)
			if at := words["scratch"]; at != "" {
				next += " on the disk of " + at
			}
			next += " there: jurymast ssh " + host.Name()
		}
		m.must(free >= need, "room", "there is room "+where, size(free)+" free, "+size(need)+" needed", next)
	}
}

// copies returns the copies that the repositories list, newest first.
func (m *maker) copies(b inventory.Backup, ds []depot) []actions.Copy {
	var out []actions.Copy
	for _, d := range ds {
		if !m.listed(d) {
			continue
		}
		for _, c := range ReadCopies(m.Answers["list-"+d.Name].Output) {
			c.Repository, c.Backup, c.Target, c.Listed = d.Name, b.Name, m.target.Ref, m.Now
			if i := slices.IndexFunc(m.Copies, func(k actions.Copy) bool { return k.Repository == c.Repository && k.ID == c.ID }); i >= 0 {
				known := m.Copies[i]
				c.Partial, c.Proof, c.Proved = c.Partial || known.Partial, known.Proof, known.Proved
			}
			out = append(out, c)
		}
	}
	slices.SortStableFunc(out, func(x, y actions.Copy) int { return y.At.Compare(x.At) })
	return out
}

// listed reports whether a repository said which copies it holds.
func (m *maker) listed(d depot) bool {
	a, ok := m.Answers["list-"+d.Name]
	return ok && a.Err == "" && a.Output.Exit == 0
}

// ReadCopies reads what the List script of a repository said. Lines that do
// not tell a copy's id and time are left out.
func ReadCopies(o actions.Output) []actions.Copy {
	var out []actions.Copy
	for ln := range strings.Lines(string(o.Stdout)) {
		f := strings.Fields(ln)
		if len(f) < 3 || !strings.HasPrefix(f[0], "@copy-") {
			continue
		}
		at, err := strconv.ParseInt(f[2], 10, 64)
		if err != nil || at <= 0 {
			continue
		}
		c := actions.Copy{ID: f[1], At: time.Unix(at, 0).UTC()}
		if len(f) > 3 {
			c.Bytes, _ = strconv.ParseInt(f[3], 10, 64) // not told by every tool
		}
		if len(f) > 4 {
			c.Files, _ = strconv.ParseInt(f[4], 10, 64)
		}
		if len(f) > 5 && f[5] == "partial" {
			c.Partial = true
		}
		out = append(out, c)
	}
	return out
}

// own is the id of a step about one of several things: "copy-nas". Names of an
// inventory may hold what an id must not.
func own(what, name string) string {
	id := []byte(what + "-" + strings.ToLower(name))
	for i, c := range id {
		if c != '-' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			id[i] = '-'
		}
	}
	return string(id[:min(len(id), 40)])
}

// folder returns the steps that make and remove a work folder of ours.
func folder(id, title string, host inventory.Ref, at string) actions.Step {
	in := map[string]string{"FOLDER": at}
	undo := root(script("remove.sh", in))
	return actions.Step{
		ID: id, Title: title, Host: host, Do: root(script("make.sh", in)), Undo: &undo, Redo: true, Timeout: shortLimit,
	}
}

func remove(id, title string, host inventory.Ref, at string) actions.Step {
	return actions.Step{
		ID: id, Title: title, Host: host, Do: root(script("remove.sh", map[string]string{"FOLDER": at})), Redo: true, Timeout: startLimit,
	}
}

// root runs a script as root.
func root(s actions.Script) actions.Script {
	s.Sudo = true
	return s
}

// with returns a script with more inputs, nil for nil.
func with(s *actions.Script, in map[string]string) *actions.Script {
	if s == nil {
		return nil
	}
	w := s.With(in)
	return &w
}
