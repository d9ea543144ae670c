package plan

import (
	"fmt"
	"hash/fnv"
	"path"
	"slices"
	"strconv"
	"strings"

	"jurymast/actions"
	"jurymast/inventory"
)

// where returns the host and the folder that a restore goes to. The folder is
// "" for the live data's own place.
func (m *maker) where() (host inventory.Ref, folder string, err error) {
	host = m.target.Host
	switch {
	case m.To == "":
	case strings.HasPrefix(m.To, "/"):
		folder = path.Clean(m.To)
		if folder == "/" {
			return "", "", errorf("name an empty folder", "a restore to / is refused: it would mix the copy with a whole system")
		}
	default:
		t, err := m.Fleet.Lookup(m.To)
		if err != nil {
			return "", "", err
		}
		if l := t.Ref.Level(); l != inventory.LevelNode && l != inventory.LevelVM {
			return "", "", errorf("name a node or a vm, or an absolute path", "%s is no host", t.Ref)
		}
		host = t.Ref
	}
	return host, folder, nil
}

func restoreQuestions(m *maker) error {
	s, ds, err := m.wanted()
	if err != nil {
		return err
	}
	m.askDepots(s.data, s.policy, ds, s.host)
	m.askRoom(ds)
	return nil
}

// source is the copy that is brought back, and what it takes.
type source struct {
	data   actions.Data
	policy inventory.Backup
	depot  depot
	copy   actions.Copy
	host   inventory.Ref
	folder string // "" for the live data's own place
	words  map[string]string
}

// choose picks the copy and adds the conditions that every use of one has.
func (m *maker) choose() (source, bool, error) {
	s, ds, err := m.wanted()
	if err != nil {
		return s, false, err
	}
	m.plan.Name, m.plan.From, m.plan.To = s.policy.Name, m.target.Host, s.host
	m.plan.RTO, m.plan.RPO = s.policy.RTO, s.policy.RPO
	if ofFiles(ds) {
		s.words, _, _ = m.surveyed(s.data, s.host)
	}
	if m.repositories(ds) == 0 {
		return s, false, nil
	}
	all := m.copies(s.policy, ds)
	c, why := pick(all, m.Request)
	next := "jurymast backup status " + s.policy.Name
	if len(all) == 0 {
		why, next = m.nowhere(s.policy, ds)
	}
	if !m.must(why == "", "copy", "there is a copy to bring back", orElse(why, describe(c, m)), next) {
		return s, false, nil
	}
	s.copy = c
	s.depot = ds[slices.IndexFunc(ds, func(d depot) bool { return d.Name == c.Repository })]
	if c.Partial {
		m.condition("whole-copy", "the copy is whole", "something could not be read when it was made", actions.Open)
	}
	if s.depot.Native != nil {
		return s, m.nativeRoom(&s), nil
	}
	m.room(s.words, c.Bytes, c.Bytes > 0, "to extract it on "+s.host.Name(), s.host)
	return s, true, nil
}

// nowhere says where a copy was looked for in vain, and what else there is to
// try. For a drill a new copy is as good as any; it brings nothing back.
func (m *maker) nowhere(b inventory.Backup, ds []depot) (why, next string) {
	var empty, mute []string
	for _, d := range ds {
		if m.listed(d) {
			empty = append(empty, d.Name)
		} else {
			mute = append(mute, d.Name)
		}
	}
	why = "the repositories hold no copy of it"
	if len(empty) > 0 {
		why += ": looked in " + strings.Join(empty, ", ")
	}
	var others []string
	for _, x := range m.Fleet.Backups {
		if x.Of == m.target.Ref && x.Name != b.Name {
			others = append(others, "jurymast plan "+string(m.Verb)+" "+x.Name)
		}
	}
	switch {
	case len(mute) > 0:
		why = "no copy of it was found, and " + strings.Join(mute, ", ") + " could not be asked"
		return why, "get " + strings.Join(mute, ", ") + " to answer: a copy may be there"
	case len(others) > 0:
		return why, others[0]
	case m.Verb == actions.VerbDrill:
		return why, "jurymast run backup " + string(m.target.Ref)
	}
	return why, "look where jurymast does not: a disk kept elsewhere, snapshots of the storage below it, a repository that [backup." + b.Name + "] does not name; a backup made now only keeps what is there now"
}

func describe(c actions.Copy, m *maker) string {
	s := fmt.Sprintf("%s of %s, %s old, %s in %s", c.ID, c.At.Format("2006-01-02 15:04 MST"), age(m.Now.Sub(c.At)), size(c.Bytes), c.Repository)
	if c.Proof != "" {
		s += ", proven: " + c.Proof
	}
	return s
}

func orElse(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// pick chooses among copies, newest first, and says why there is none.
func pick(all []actions.Copy, r Request) (actions.Copy, string) {
	var found []actions.Copy
	for _, c := range all {
		switch {
		case r.Copy != "" && r.Copy != "latest":
			if strings.HasPrefix(c.ID, r.Copy) {
				found = append(found, c)
			}
		case c.Partial:
		case !r.At.IsZero() && c.At.After(r.At):
		default:
			found = append(found, c)
		}
	}
	switch {
	case len(all) == 0:
		return actions.Copy{}, "there is none"
	case len(found) == 0 && r.Copy != "" && r.Copy != "latest":
		return actions.Copy{}, "no copy " + r.Copy + " is listed: it may have been removed"
	case len(found) == 0 && !r.At.IsZero():
		return actions.Copy{}, "no whole copy is as old as " + r.At.Format("2006-01-02 15:04 MST")
	case len(found) == 0:
		return actions.Copy{}, "no copy is whole"
	}
	if r.Copy != "" && r.Copy != "latest" {
		for _, c := range found[1:] {
			if c.ID != found[0].ID {
				return actions.Copy{}, r.Copy + " is the beginning of several copies: write more of it"
			}
		}
	}
	// What was found damaged is brought back where there is nothing else.
	if i := slices.IndexFunc(found, func(c actions.Copy) bool { return c.Proof != damaged }); i >= 0 && (r.Copy == "" || r.Copy == "latest") {
		return found[i], ""
	}
	return found[0], ""
}

// from is where what was extracted lies: the dump's own folder below it, or
// all of it.
func (s source) from(into string) string {
	if s.data.Dump != nil {
		return path.Join(into, stage(s.data, s.policy))
	}
	return into
}

func (m *maker) extract(s source, into string) {
	m.step(folder("make", "make a folder to extract to", s.host, into))
	in := map[string]string{actions.InTag: s.policy.Name, actions.InCopy: s.copy.ID, actions.InInto: into}
	m.step(actions.Step{
		ID: "extract", About: s.depot.Name, Title: "extract copy " + s.copy.ID + " from " + s.depot.Name, Host: s.host,
		Do: s.depot.Use.Extract.With(in), Redo: true, Timeout: copyLimit,
	})
}

// restore plans: extract beside, stop who needs it and then itself, put in
// place with the live data set aside, start, prove, start the others. Nothing
// is lost on the way, so every step can be undone.
func restore(m *maker) error {
	s, ok, err := m.choose()
	if err != nil {
		return err
	}
	p, d := &m.plan, s.data
	switch {
	case s.depot.Native != nil:
		return m.nativeRestore(s, ok)
	case s.folder != "":
		return m.restoreBeside(s, ok)
	}
	p.Ladder = actions.LadderGrave
	p.Title = fmt.Sprintf("Bring %s back from a copy", m.target.Ref)
	if !ok {
		return nil
	}
	if d.Put == nil || d.Back == nil {
		return errorf("restore to a folder: --to /path", "kind %s can be copied, but not put back in place", m.target.Kind)
	}
	m.loses(s)
	p.Impact.Risk += "; it is set aside, not removed"
	into := path.Join(scratch(d), "restore", actions.RunMark)
	from := s.from(into)
	in := map[string]string{actions.InFrom: from, actions.InAside: ".jurymast-" + actions.RunMark}
	m.extract(s, into)
	users := m.users()
	for _, u := range users {
		m.step(m.stopStep(own("stop", u.t.Ref.Name()), u.t, u.d, false))
	}
	if d.Stop != nil {
		m.step(m.stopStep("stop", m.target, d, true))
	}
	m.step(actions.Step{
		ID: "put", Title: "set the live data aside and put the copy in its place", Host: s.host, Do: d.Put.With(in), Undo: with(d.Back, in),
		Redo: true, Timeout: copyLimit, Ends: d.Stop == nil,
	})
	if d.Start != nil {
		st := m.startStep("start", m.target, d, true)
		st.Undo = d.Stop // the copy must not be in use when it is taken away again
		m.step(st)
	}
	if d.Prove != nil {
		m.step(actions.Step{
			ID: "prove", Title: "prove that it works", Host: s.host, Do: d.Prove.With(in), Redo: true, Timeout: startLimit, Starts: d.Start == nil,
		})
	}
	for _, u := range slices.Backward(users) {
		m.step(m.startStep(own("start", u.t.Ref.Name()), u.t, u.d, false))
	}
	m.lookAt(append([]inventory.Ref{m.target.Ref}, refsOf(users)...))
	m.step(remove("tidy", "remove what was extracted", s.host, into))
	p.Left = append(p.Left, actions.Todo{Text: "what was there before is set aside under the suffix .jurymast-RUN: remove it when you are sure"})
	return nil
}

// loses tells what goes with bringing a copy back in the place of the live data.
func (m *maker) loses(s source) {
	lost := m.Now.Sub(s.copy.At)
	m.plan.Impact.AtRisk, m.plan.Impact.AtRiskBytes = lost, -1
	m.plan.Impact.Risk = "what was written in the last " + age(lost)
	if m.policyLate(s) {
		m.condition("stale-copy", "the copy is within its rpo", fmt.Sprintf("%s old, rpo %s", age(lost), age(s.policy.RPO)), actions.Open)
	}
}

func (m *maker) policyLate(s source) bool {
	return s.policy.RPO > 0 && m.Now.Sub(s.copy.At) > s.policy.RPO && m.Copy == "" && m.At.IsZero()
}

// restoreBeside plans to extract into a folder and to touch nothing else.
func (m *maker) restoreBeside(s source, ok bool) error {
	p := &m.plan
	p.Ladder = actions.LadderDisruptive
	p.Title = fmt.Sprintf("Extract a copy of %s to %s", m.target.Ref, s.folder)
	p.Impact.Risk = "none: the live data is not touched"
	if !ok {
		return nil
	}
	in := map[string]string{actions.InTag: s.policy.Name, actions.InCopy: s.copy.ID, actions.InInto: s.folder, "FOLDER": s.folder}
	m.step(actions.Step{ID: "make", Title: "make " + s.folder, Host: s.host, Do: root(script("empty.sh", in)), Redo: true, Timeout: shortLimit})
	m.step(actions.Step{
		ID: "extract", About: s.depot.Name, Title: "extract copy " + s.copy.ID + " from " + s.depot.Name, Host: s.host, Do: s.depot.Use.Extract.With(in),
		Redo: true, Timeout: copyLimit,
	})
	return nil
}

// user is a target that needs the one that is restored and can be stopped.
type user struct {
	t *inventory.Target
	d actions.Data
}

// users returns who has to be stopped first, outermost first. A target that
// jurymast cannot stop is named in a condition.
func (m *maker) users() []user {
	var out []user
	for _, ref := range m.dependents() {
		t, ok := m.Fleet.Target(ref)
		if !ok || ref.Level() != inventory.LevelService {
			continue
		}
		d, err := m.dataOf(t)
		if err != nil || d.Stop == nil || d.Start == nil || t.Protected {
			m.condition(own("running", ref.Name()), string(ref)+", which needs it, does not use it meanwhile", "jurymast cannot stop it", actions.Open)
			continue
		}
		out = append(out, user{t, d})
	}
	// NeededBy is nearest first; those furthest away stop first.
	slices.Reverse(out)
	return out
}

func refsOf(us []user) []inventory.Ref {
	var out []inventory.Ref
	for _, u := range us {
		out = append(out, u.t.Ref)
	}
	return out
}

func (m *maker) stopStep(id string, t *inventory.Target, d actions.Data, ends bool) actions.Step {
	if !slices.Contains(m.plan.Locks, t.Ref) {
		m.plan.Locks = append(m.plan.Locks, t.Ref)
	}
	return actions.Step{
		ID: id, Title: "stop " + t.Ref.Name(), Host: t.Host, Do: *d.Stop, Undo: d.Start, Redo: true, Timeout: startLimit,
		Ends: ends, Down: []inventory.Ref{t.Ref},
	}
}

func (m *maker) startStep(id string, t *inventory.Target, d actions.Data, starts bool) actions.Step {
	return actions.Step{
		ID: id, Title: "start " + t.Ref.Name(), Host: t.Host, Do: *d.Start, Redo: true, Timeout: startLimit, Starts: starts,
	}
}

// lookAt plans a look that has to be well.
func (m *maker) lookAt(ts []inventory.Ref) {
	m.step(actions.Step{ID: "look", Title: "look at " + names(ts), Look: ts, Timeout: startLimit})
}

func names(ts []inventory.Ref) string {
	var ns []string
	for _, t := range ts {
		ns = append(ns, t.Name())
	}
	return strings.Join(ns, ", ")
}

// drill plans a restore beside the live data: readable, extracted, and as far
// as the kind can bring it up. What is there afterwards is evidence.
func drill(m *maker) error {
	s, ok, err := m.choose()
	if err != nil {
		return err
	}
	p := &m.plan
	p.Ladder, p.Unattended = actions.LadderDisruptive, true
	p.Title = fmt.Sprintf("Practise a restore of %s beside it", m.target.Ref)
	p.Impact.Risk = "none: the live data is not touched"
	p.Impact.Spares = []inventory.Ref{m.target.Ref}
	if !ok {
		return nil
	}
	if s.folder != "" || s.depot.Native != nil && m.To != "" {
		return errorf("leave --to out, or name a host", "a drill makes and removes its own folder")
	}
	if s.depot.Native != nil {
		return m.nativeDrill(s)
	}
	in := map[string]string{actions.InTag: s.policy.Name, actions.InCopy: s.copy.ID}
	m.step(actions.Step{
		ID: "verify", About: s.depot.Name, Title: "read the copy back in " + s.depot.Name, Host: s.host, Do: s.depot.Use.Verify.With(in), Redo: true, Timeout: copyLimit,
	})
	into := path.Join(scratch(s.data), "drill", actions.RunMark)
	m.extract(s, into)
	if s.data.Try != nil {
		in := map[string]string{actions.InFrom: s.from(into), actions.InPort: strconv.Itoa(port(m.target.Ref)), actions.InAside: ".jurymast-" + actions.RunMark}
		m.step(actions.Step{
			ID: "try", Title: "bring it up beside the live one and prove it", Host: s.host, Do: s.data.Try.With(in), Undo: with(s.data.Clear, in),
			Redo: true, Timeout: copyLimit,
		})
		if s.data.Clear != nil {
			m.step(actions.Step{ID: "clear", Title: "take it down again", Host: s.host, Do: s.data.Clear.With(in), Redo: true, Timeout: startLimit})
		}
	}
	m.step(remove("tidy", "remove what was extracted", s.host, into))
	return nil
}

// port returns a scratch port for a target: the same each time, and below the
// ports that systems give out by themselves (Linux: from 32768).
func port(t inventory.Ref) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(t)) // never an error
	return 21000 + int(h.Sum32()%10000)
}
