package check

import (
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/ssh"
)

//go:embed batch.sh
var batchText string

//go:embed lane.sh
var laneText string

//go:embed worker.sh
var workerText string

const (
	maxOut     = 256 << 10 // bytes kept of one check's standard output
	maxErr     = 16 << 10  // and of its standard error
	maxTotal   = 16 << 20  // of one host's answer: with more checks each keeps less
	maxMore    = 1 << 20   // what may come of a check that floods beyond that: see jm_bound in lane.sh
	maxWorkers = 24        // side by side on one host, at most: each is some eight processes

	// killTime is how long a check may outlive its limit: the rest of a
	// second, TERM, two seconds, KILL.
	killTime = 3 * time.Second
	// overtakeTime is when what waits behind a check goes on without it, at
	// the latest.
	overtakeTime = time.Second
	// travel is what is left of a host's deadline for connecting and for the
	// way there and back.
	travel = 15 * time.Second
)

// job is one script on its way to a host, for one check or for several that
// ask the same.
type job struct {
	script actions.Script
	limit  time.Duration
	needs  []int // runs without whose answer this one is not made
	checks []int // indices of the visit's checks that are handed the answer
}

// plan makes the runs of a visit. Equal scripts are run once, with the longest
// of their limits. Probes and the ssh check make no run.
func plan(checks []Due) []job {
	var runs []job
	byKey := map[string]int{}
	of := map[actions.Key]int{}
	for i, d := range checks {
		if d.Check.Script.Name == "" {
			continue
		}
		key := d.Check.Script.Key()
		n, shared := byKey[key]
		if key == "" || !shared {
			n = len(runs)
			runs = append(runs, job{script: d.Check.Script})
			byKey[key] = n
		}
		runs[n].limit = max(runs[n].limit, d.Check.Limit)
		runs[n].checks = append(runs[n].checks, i)
		of[actions.Key{Target: d.Target, Check: d.Check.ID}] = n
	}
	for n := range runs {
		if len(runs[n].checks) != 1 {
			continue // somebody else asks for it too: what one of them needs must not keep it back
		}
		d := checks[runs[n].checks[0]]
		for _, id := range d.Check.Needs {
			if need, ok := of[actions.Key{Target: d.Target, Check: id}]; ok && need != n {
				runs[n].needs = append(runs[n].needs, need)
			}
		}
	}
	return runs
}

// order puts runs into the order in which a host's workers take them, in groups
// that need each other, what is needed first; shorter limits go ahead of longer
// ones. Where the worst case, every check hanging until its limit, would not
// end within the budget, the limits shrink.
func order(runs []job, budget time.Duration) [][]int {
	groups := components(runs)
	// Each that hangs holds up those behind it until it is overtaken; the last
	// worker has nobody to leave anything to.
	aside := max(0, min(len(groups), maxWorkers)-1)
	last := groups[min(aside, len(groups)):]
	share := budget - time.Duration(aside)*overtakeTime
	longest, n := time.Duration(0), 0
	for _, g := range groups {
		longest, n = max(longest, worstOf(runs, g)), max(n, len(g))
	}
	var end time.Duration
	for _, g := range last {
		end += worstOf(runs, g)
	}
	if end > longest {
		longest, n = end, len(slices.Concat(last...))
	}
	if longest <= share {
		return groups
	}
	slack := time.Duration(n) * killTime
	for i := range runs {
		part := float64(share-slack) / float64(longest-slack)
		runs[i].limit = max(time.Second, time.Duration(float64(runs[i].limit)*part).Truncate(time.Second))
	}
	return groups
}

// worstOf is how long runs take one after the other at most.
func worstOf(runs []job, group []int) time.Duration {
	var d time.Duration
	for _, r := range group {
		d += runs[r].limit + killTime
	}
	return d
}

// components returns the runs in groups that hang together by their needs,
// each in an order in which what is needed comes first, the groups by their
// limits.
func components(runs []job) [][]int {
	root := make([]int, len(runs))
	for i := range root {
		root[i] = i
	}
	find := func(i int) int {
		for root[i] != i {
			i = root[i]
		}
		return i
	}
	for i, r := range runs {
		for _, n := range r.needs {
			root[find(i)] = find(n)
		}
	}
	placed := make([]bool, len(runs))
	groups := map[int][]int{}
	var place func(i int)
	place = func(i int) {
		if placed[i] {
			return
		}
		placed[i] = true // before its needs: a loop among them ends here
		for _, n := range runs[i].needs {
			place(n)
		}
		groups[find(i)] = append(groups[find(i)], i)
	}
	for _, i := range byLimit(runs) {
		place(i)
	}
	var out [][]int
	for _, i := range byLimit(runs) {
		if g, ok := groups[find(i)]; ok {
			out = append(out, g)
			delete(groups, find(i))
		}
	}
	return out
}

func byLimit(runs []job) []int {
	order := make([]int, len(runs))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return int(runs[a].limit - runs[b].limit) })
	return order
}

// batch renders runs as one command; sudo says whether those that need root may
// ask for it. Scripts that cannot be rendered are left out; their errors are
// returned by the number of the run.
func batch(runs []job, nonce string, budget time.Duration, sudo bool) (ssh.Command, map[int]error) {
	keep := min(maxOut, maxTotal/max(1, len(runs)))
	whole := actions.Script{Name: "batch.sh", Body: batchScript, Secrets: map[string]string{}, Inputs: map[string]string{
		"jm_nonce": nonce, "jm_base": laneFor(keep), "jm_sudo": "no",
	}}
	if sudo {
		whole.Inputs["jm_sudo"] = "yes"
	}
	broken := map[int]error{}
	var plain, rooted []string
	for _, group := range order(runs, budget) {
		// A list for each user: what needs an answer that another user gets is
		// run without knowing it.
		var lists [2][]string
		for _, i := range group {
			text, secret, err := runs[i].script.Render()
			if err != nil {
				broken[i] = err
				continue
			}
			n, root := strconv.Itoa(i), runs[i].script.Sudo
			// One quoted word within another: the shell has read it whole
			// before it runs any of it.
			assign(&whole, root, false, "jm_text_"+n, "jm_body_"+n+"="+actions.Quote(text)+"\n"+
				"jm_limit_"+n+"="+strconv.Itoa(wholeSeconds(runs[i].limit))+"\n"+
				"jm_needs_"+n+"="+actions.Quote(strings.Trim(fmt.Sprint(runs[i].needs), "[]"))+"\n")
			if len(secret) > 0 {
				assign(&whole, root, true, "jm_secret_"+n, "jm_keep_"+n+"="+actions.Quote(string(secret))+"\n")
			}
			at := 0
			if root {
				at = 1
			}
			lists[at] = append(lists[at], n)
		}
		for at, to := range []*[]string{&plain, &rooted} {
			if len(lists[at]) > 0 {
				*to = append(*to, strings.Join(lists[at], "+"))
			}
		}
	}
	whole.Inputs["jm_plain"], whole.Inputs["jm_asroot"] = strings.Join(plain, ","), strings.Join(rooted, ",")
	text, secret, err := whole.Render()
	if err != nil {
		// Its names are ours and its values have been through Render: only a
		// nonce with a NUL byte could bring this about.
		for i := range runs {
			broken[i] = err
		}
	}
	return ssh.Command{Text: text, Secrets: secret, Max: 2*(keep+maxErr+1<<10)*len(runs) + maxMore + 64<<10}, broken
}

// laneFor returns what runs lists of checks, with what it must be told.
func laneFor(keep int) string {
	return fmt.Sprintf("jm_max=%d jm_max_err=%d jm_most=%d\n", keep, maxErr, maxWorkers) + laneAndWorker
}

var laneAndWorker = "jm_worker=" + actions.Quote(workerScript) + "\n" + laneScript

// assign gives a batch a variable. Those of checks that need root are handed on
// to root's shell: they are kept together, as the text of their assignments.
func assign(s *actions.Script, root, secret bool, name, value string) {
	vars, all := s.Inputs, "jm_rooted"
	if secret {
		vars, all = s.Secrets, "jm_hidden"
	}
	if root {
		vars[all] += name + "=" + actions.Quote(value) + "\n"
		return
	}
	vars[name] = value
}

// What goes to every host at every look goes without comments and indents,
// which are half of it.
var batchScript, laneScript, workerScript = terse(batchText), terse(laneText), terse(workerText)

// terse leaves out the lines of a script that are comments, and indents. A line
// within quotes must not look like either.
func terse(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		line = strings.TrimLeft(line, " ")
		if line != "\n" && !strings.HasPrefix(line, "#") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// wholeSeconds rounds up to whole seconds, all that every timeout understands.
func wholeSeconds(d time.Duration) int {
	return max(1, int((d+time.Second-1)/time.Second))
}

// budget returns how long the scripts of a host may take together.
func (l *Looker) budget() time.Duration {
	d := l.deadline()
	return max(d-travel, d/2)
}
