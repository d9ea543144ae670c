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
var batchScript string

//go:embed inner.sh
var innerScript string

const (
	maxOut   = 256 << 10 // bytes kept of one check's standard output
	maxErr   = 16 << 10  // and of its standard error
	maxTotal = 16 << 20  // of one host's answer: with more checks each keeps less
	maxLanes = 16        // checks of one host side by side, at most

	// killTime is how long a check may outlive its limit: TERM, two seconds,
	// KILL.
	killTime = 3 * time.Second
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

// lanes puts runs into lanes that are worked off side by side: as many as it
// takes for the worst case, every check hanging until its limit, to end within
// the budget, and no more, since the machine has its own work to do. Runs that
// need each other share a lane, what is needed first; shorter limits go ahead
// of longer ones. Where even the most lanes are too few, the limits shrink.
func lanes(runs []job, budget time.Duration) [][]int {
	groups := components(runs)
	var total time.Duration
	for _, r := range runs {
		total += r.limit + killTime
	}
	n := min(max(1, int((total+budget-1)/budget)), maxLanes, len(groups))
	if n == 0 {
		return nil
	}
	worst := make([]time.Duration, n)
	out := make([][]int, n)
	for _, g := range groups {
		least := 0
		for i := range worst {
			if worst[i] < worst[least] {
				least = i
			}
		}
		for _, r := range g {
			worst[least] += runs[r].limit + killTime
		}
		out[least] = append(out[least], g...)
	}
	for i, lane := range out {
		slack := time.Duration(len(lane)) * killTime
		if worst[i] <= budget {
			continue
		}
		for _, r := range lane {
			share := float64(budget-slack) / float64(worst[i]-slack)
			runs[r].limit = max(time.Second, time.Duration(float64(runs[r].limit)*share).Truncate(time.Second))
		}
	}
	return out
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
// ask for it. Scripts that cannot be rendered are left
// out; their errors are returned by the number of the run.
func batch(runs []job, nonce string, budget time.Duration, sudo bool) (ssh.Command, map[int]error) {
	in := map[string]string{"jm_nonce": nonce, "jm_inner": innerScript, "jm_root": "no", "jm_lanes": ""}
	secrets := map[string]string{}
	broken := map[int]error{}
	var words []string
	for _, lane := range lanes(runs, budget) {
		var numbers []string
		for _, i := range lane {
			r, n := runs[i], strconv.Itoa(i)
			text, secret, err := r.script.Render()
			if err != nil {
				broken[i] = err
				continue
			}
			numbers = append(numbers, n)
			// One quoted word within another: the shell has read it whole
			// before it runs any of it.
			in["jm_text_"+n] = "jm_body=" + actions.Quote(text) + "\n"
			in["jm_limit_"+n] = strconv.Itoa(wholeSeconds(r.limit))
			in["jm_needs_"+n] = strings.Trim(fmt.Sprint(r.needs), "[]")
			in["jm_sudo_"+n] = "no"
			if r.script.Sudo {
				in["jm_sudo_"+n], in["jm_root"] = "never", "yes"
				if sudo {
					in["jm_sudo_"+n] = "yes"
				}
			}
			if len(secret) > 0 {
				secrets["jm_secret_"+n] = string(secret)
			}
		}
		if len(numbers) > 0 {
			words = append(words, strings.Join(numbers, ","))
		}
	}
	in["jm_lanes"] = strings.Join(words, " ")
	keep := min(maxOut, maxTotal/max(1, len(runs)))
	in["jm_max"], in["jm_max_err"] = strconv.Itoa(keep), strconv.Itoa(maxErr)

	whole := actions.Script{Name: "batch.sh", Body: batchScript, Inputs: in, Secrets: secrets}
	text, secret, err := whole.Render()
	if err != nil {
		// Its names are ours and its values have been through Render: only a
		// nonce with a NUL byte could bring this about.
		for i := range runs {
			broken[i] = err
		}
	}
	return ssh.Command{Text: text, Secrets: secret, Max: (keep+maxErr+1<<10)*len(runs) + 64<<10}, broken
}

// seconds rounds up to whole seconds, all that every timeout understands.
func wholeSeconds(d time.Duration) int {
	return max(1, int((d+time.Second-1)/time.Second))
}

// budget returns how long the scripts of a host may take together.
func (l *Looker) budget() time.Duration {
	d := l.deadline()
	return max(d-travel, d/2)
}
