package check

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// Backup is the id of the check whether the newest copy of a target is as
// young as its policy wants. It needs no machine.
const Backup = "backup"

// Exposed is the id of the check of services that were moved and have no
// standby since.
const Exposed = "exposed"

// Depot is what is known of a repository for the audit of copies.
type Depot struct {
	Medium    string // "disk", "object-store" …
	Encrypted bool
	Locked    bool // copies cannot be removed from where they are made
	Driven    bool // jurymast lists it; else what is in it is not known
}

// Job is how one backup stands.
type Job struct {
	Backup string          `json:"backup"`
	Target inventory.Ref   `json:"target"`
	Class  inventory.Class `json:"class"`
	To     []string        `json:"to"`
	RPO    time.Duration   `json:"rpo_ns"`
	State  actions.Status  `json:"state"`
	Line   string          `json:"line"`
	Next   string          `json:"next,omitempty"`
	// Newest is the newest copy that counts: seen in its repository, whole and
	// not damaged. Its ID is "" when there is none.
	Newest actions.Copy `json:"newest,omitzero"`
	// Drilled is when a copy of it was last proven by a restore, Proof how far.
	Drilled time.Time     `json:"drilled,omitzero"`
	Proof   string        `json:"proof,omitempty"`
	Drill   time.Duration `json:"drill_ns,omitempty"` // how often that is wanted; 0: never
	// Restored is how long bringing a copy back took then, 0 where that was never
	// measured; RTO how long it may take, 0 where the inventory does not say.
	Restored time.Duration `json:"restored_ns,omitempty"`
	RTO      time.Duration `json:"rto_ns,omitempty"`
	Due      bool          `json:"due"`       // a copy is due now
	DueTry   bool          `json:"drill_due"` // a drill is due now
}

// counts reports whether a copy counts at all.
func counts(c actions.Copy) bool {
	return !c.Listed.IsZero() && !c.Partial && c.Proof != "damaged"
}

// future is how far a copy may lie ahead of our clock before one of the clocks
// is taken to be wrong.
const future = 2 * time.Minute

// Jobs returns how every backup of a fleet stands, the worst first. copies are
// those that are known, depots the repositories by name.
func Jobs(f *inventory.Fleet, copies []actions.Copy, depots map[string]Depot, now time.Time) []Job {
	var out []Job
	for _, b := range f.Backups {
		out = append(out, jobOf(f, b, copies, depots, now))
	}
	slices.SortStableFunc(out, func(x, y Job) int {
		if x.State != y.State {
			if x.State.Worse(y.State) {
				return -1
			}
			return 1
		}
		return strings.Compare(x.Backup, y.Backup)
	})
	return out
}

func jobOf(f *inventory.Fleet, b inventory.Backup, copies []actions.Copy, depots map[string]Depot, now time.Time) Job {
	j := Job{Backup: b.Name, Target: b.Of, To: b.To, RPO: b.RPO, RTO: b.RTO, Drill: b.Drill}
	if t, ok := f.Target(b.Of); ok {
		j.Class = t.Class
	}
	var measured time.Time
	for _, c := range copies {
		if c.Backup != b.Name || c.Target != b.Of {
			continue
		}
		if c.Restored > 0 && c.Proved.After(measured) {
			j.Restored, measured = c.Restored, c.Proved
		}
		if counts(c) && c.At.After(j.Newest.At) {
			j.Newest = c
		}
		if tried(c.Proof) && c.Proved.After(j.Drilled) {
			j.Drilled, j.Proof = c.Proved, c.Proof
		}
	}
	blind := !slices.ContainsFunc(b.To, func(r string) bool { return depots[r].Driven })
	age := now.Sub(j.Newest.At)
	run := "jurymast run backup " + b.Name
	switch {
	case blind && j.Newest.ID == "":
		j.State, j.Line = actions.Unknown, "what is in "+strings.Join(b.To, " and ")+" is not known: give the repository a kind"
	case j.Newest.ID == "":
		j.State, j.Line, j.Next, j.Due = actions.Fail, "no copy exists", run, true
	case age < -future:
		j.State, j.Line, j.Next = actions.Unknown, fmt.Sprintf("the newest copy is %s in the future: a clock is wrong", span(-age)), "jurymast doctor"
	case age > b.RPO:
		j.State, j.Line, j.Next, j.Due = actions.Fail, fmt.Sprintf("the newest copy is %s old, at most %s", span(age), span(b.RPO)), run, true
	default:
		j.State, j.Line = actions.OK, fmt.Sprintf("the newest copy is %s old, at most %s", span(max(0, age)), span(b.RPO))
		j.Due = age > b.RPO*3/4
	}
	if b.Drill > 0 && j.Newest.ID != "" && now.Sub(j.Drilled) > b.Drill {
		j.DueTry = true
		if j.State == actions.OK {
			j.State, j.Next = actions.Warn, "jurymast run drill "+b.Name+" --yes"
			j.Line += "; no restore was ever practised"
			if !j.Drilled.IsZero() {
				j.Line = strings.TrimSuffix(j.Line, "; no restore was ever practised") + fmt.Sprintf("; the last drill was %s ago, at most %s", span(now.Sub(j.Drilled)), span(b.Drill))
			}
		}
	}
	j.aim()
	return j
}

// aim warns where a restore is not known to be as fast as it has to be.
func (j *Job) aim() {
	if j.RTO == 0 || j.Newest.ID == "" || j.State != actions.OK || j.Restored > 0 && j.Restored <= j.RTO {
		return
	}
	j.State, j.Next = actions.Warn, "jurymast run drill "+j.Backup+" --yes"
	if j.Restored == 0 {
		j.Line += fmt.Sprintf("; how long a restore takes was never measured, at most %s", span(j.RTO))
		return
	}
	j.Line += fmt.Sprintf("; the last restore took %s, at most %s", span(j.Restored), span(j.RTO))
}

// tried reports whether a proof is one of a restore, and not only of a look.
func tried(proof string) bool {
	return slices.Index(actions.ProofLevels, proof) >= slices.Index(actions.ProofLevels, "extracted")
}

func span(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

// BackupLook returns the answer of the check [Backup] for each job, as a look that
// can be merged into a state. A target with several backups has one item each.
func BackupLook(jobs []Job, now time.Time) Look {
	l := Look{Host: inventory.Console}
	asked := map[inventory.Ref]bool{}
	for _, j := range jobs {
		if !asked[j.Target] {
			asked[j.Target] = true
			l.Asked = append(l.Asked, Due{Target: j.Target, Check: actions.Check{ID: Backup, Title: "copies", Every: time.Hour, Host: inventory.Console}})
		}
		r := actions.Result{Target: j.Target, Check: Backup, Item: j.Backup, Status: j.State, Line: j.Line, Next: j.Next, At: now}
		if j.Newest.ID != "" {
			limit := j.RPO.Seconds()
			r.Metrics = []actions.Metric{{Name: "age", Value: now.Sub(j.Newest.At).Seconds(), Unit: "s", Fail: &limit}}
		}
		l.Results = append(l.Results, r)
	}
	return l
}

// Cover is how well one set of data is kept: three copies with the live one,
// on two machines or stores, one at another site.
type Cover struct {
	Target    inventory.Ref   `json:"target"`
	Class     inventory.Class `json:"class"`
	State     actions.Status  `json:"state"`
	Line      string          `json:"line"`
	Backups   []string        `json:"backups"`
	Copies    int             `json:"copies"` // that can be used, with the live one
	Media     int             `json:"media"`  // machines or stores that hold them
	OffSite   int             `json:"off_site"`
	Encrypted int             `json:"encrypted"`
	Locked    int             `json:"locked"`
	Drilled   time.Time       `json:"drilled,omitzero"`
	Proof     string          `json:"proof,omitempty"`
	Places    []Place         `json:"places"`
	Late      []string        `json:"late,omitempty"` // repositories whose newest copy is too old
}

// Place is one copy that counts in an audit.
type Place struct {
	Repository string        `json:"repository"`
	Medium     string        `json:"medium,omitempty"` // as Depot has it
	Site       string        `json:"site,omitempty"`
	OffSite    bool          `json:"off_site,omitempty"`
	Age        time.Duration `json:"age_ns"`
	Proof      string        `json:"proof,omitempty"`
}

// Coverage audits every set of data of a fleet, also what nothing copies: that
// no copy exists is the worst that can be found. The worst come first.
func Coverage(f *inventory.Fleet, copies []actions.Copy, depots map[string]Depot, now time.Time) []Cover {
	var out []Cover
	for t := range f.Targets() {
		if holdsData(f, t) {
			out = append(out, cover(f, t, copies, depots, now))
		}
	}
	slices.SortStableFunc(out, func(x, y Cover) int {
		if x.State != y.State {
			if x.State.Worse(y.State) {
				return -1
			}
			return 1
		}
		if x.Copies != y.Copies {
			return x.Copies - y.Copies
		}
		return strings.Compare(string(x.Target), string(y.Target))
	})
	return out
}

// holdsData reports whether a target is a set of data of its own: a share, a
// service that names data of its own, and whatever has a backup.
func holdsData(f *inventory.Fleet, t *inventory.Target) bool {
	if slices.ContainsFunc(f.Backups, func(b inventory.Backup) bool { return b.Of == t.Ref }) {
		return true
	}
	switch t.Ref.Level() {
	case inventory.LevelShare:
		return true
	case inventory.LevelService:
		return t.Class == inventory.ClassUser || slices.ContainsFunc(t.Data, func(d string) bool { return strings.HasPrefix(d, "/") })
	}
	return false
}

func cover(f *inventory.Fleet, t *inventory.Target, copies []actions.Copy, depots map[string]Depot, now time.Time) Cover {
	c := Cover{Target: t.Ref, Class: t.Class, Copies: 1, Backups: []string{}, Places: []Place{}}
	stores := map[string]bool{"machine " + string(machine(f, t.Host)): true}
	blind := false
	for _, b := range f.Backups {
		if b.Of != t.Ref {
			continue
		}
		c.Backups = append(c.Backups, b.Name)
		for _, name := range b.To {
			blind = blind || !depots[name].Driven
			newest, any := newestIn(copies, b, name)
			if !any {
				continue
			}
			age := now.Sub(newest.At)
			if b.RPO > 0 && age > b.RPO || age < -future {
				c.Late = append(c.Late, name)
				continue
			}
			r, _ := repository(f, name)
			c.Copies++
			off := r.Site != "" && t.Site != "" && r.Site != t.Site
			c.Places = append(c.Places, Place{Repository: name, Medium: depots[name].Medium, Site: r.Site, OffSite: off, Age: age, Proof: newest.Proof})
			if r.On != "" {
				stores["machine "+string(machine(f, r.On))] = true
			} else {
				stores["store "+name] = true
			}
			c.OffSite += one(off)
			c.Encrypted += one(depots[name].Encrypted)
			c.Locked += one(depots[name].Locked)
		}
	}
	for _, k := range copies {
		if k.Target == t.Ref && tried(k.Proof) && k.Proved.After(c.Drilled) {
			c.Drilled, c.Proof = k.Proved, k.Proof
		}
	}
	c.Media = len(stores)
	c.judge(blind)
	return c
}

func (c *Cover) judge(blind bool) {
	switch {
	case len(c.Backups) == 0 && c.Class == inventory.ClassSystem:
		c.State, c.Line = actions.Warn, "no copy exists: nothing copies it"
	case len(c.Backups) == 0:
		c.State, c.Line = actions.Fail, "no copy exists: nothing copies it"
	case c.Copies == 1 && blind:
		c.State, c.Line = actions.Unknown, "what is in its repositories is not known"
	case c.Copies == 1 && len(c.Late) > 0:
		c.State, c.Line = actions.Fail, "every copy is older than its rpo"
	case c.Copies == 1:
		c.State, c.Line = actions.Fail, "no copy exists: none was ever seen in a repository"
	case c.Copies < 3 || c.Media < 2 || c.OffSite < 1:
		c.State = actions.Warn
		var lacks []string
		if c.Copies < 3 {
			lacks = append(lacks, fmt.Sprintf("%d of 3 copies", c.Copies))
		}
		if c.Media < 2 {
			lacks = append(lacks, "all on one machine")
		}
		if c.OffSite < 1 {
			lacks = append(lacks, "none off site")
		}
		c.Line = strings.Join(lacks, ", ")
	default:
		c.State, c.Line = actions.OK, "holds"
	}
	if len(c.Late) > 0 && c.Copies > 1 {
		c.Line += "; too old in " + strings.Join(c.Late, ", ")
	}
}

func newestIn(copies []actions.Copy, b inventory.Backup, repository string) (actions.Copy, bool) {
	var newest actions.Copy
	found := false
	for _, c := range copies {
		if c.Backup == b.Name && c.Repository == repository && c.Target == b.Of && counts(c) && (!found || c.At.After(newest.At)) {
			newest, found = c, true
		}
	}
	return newest, found
}

func repository(f *inventory.Fleet, name string) (inventory.Repository, bool) {
	i := slices.IndexFunc(f.Repositories, func(r inventory.Repository) bool { return r.Name == name })
	if i < 0 {
		return inventory.Repository{}, false
	}
	return f.Repositories[i], true
}

// machine is the node under a host: what is on it is lost together.
func machine(f *inventory.Fleet, h inventory.Ref) inventory.Ref {
	if t, ok := f.Target(h); ok && t.Ref.Level() == inventory.LevelVM {
		return t.On
	}
	return h
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}
