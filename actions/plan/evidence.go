package plan

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"jurymast/actions"
)

// damaged is the proof of a copy that was found not to be what was copied. One
// that could only not be read, for whatever reason, keeps the proof it had.
const damaged = "damaged"

// Evidence returns what the journal of a run shows of copies: a copy counts
// from when it was seen in its repository by the run that made it, and is
// proven as far as a drill or a restore of it came.
func Evidence(r actions.Run, events []actions.Event, now time.Time) []actions.Copy {
	said := map[string]map[string]string{}
	state := map[string]string{}
	began := map[string]time.Time{}
	took := map[string]time.Duration{}
	for _, e := range events {
		switch e.Type {
		case actions.EventSaid:
			if said[e.Step] == nil {
				said[e.Step] = map[string]string{}
			}
			said[e.Step][e.Item] = e.Line
		case actions.EventIntent:
			began[e.Step] = e.At
		case actions.EventDone:
			state[e.Step] = e.To
			if at, ok := began[e.Step]; ok && e.To == "ok" {
				took[e.Step] = e.At.Sub(at)
			}
		default:
		}
	}
	var out []actions.Copy
	for _, s := range r.Plan.Steps {
		if s.About == "" {
			continue
		}
		words := said[s.ID]
		base := s.ID
		if r.Verb == actions.VerbPlaybook {
			_, base, _ = strings.Cut(s.ID, "-")
		}
		if strings.HasPrefix(base, "list-") && state[s.ID] == "ok" {
			out = append(out, listedCopy(r, s, words, said, now))
		}
		if strings.HasPrefix(base, "copy-") && words["unheld"] != "" && words["copy"] != "" {
			out = append(out, unheldCopy(r, s, words, now))
		}
		if s.Do.Inputs[actions.InCopy] != "" && (base == "extract" || base == "put") {
			if c, ok := provenCopy(r, s, base, said, state, now); ok {
				c.Restored, _ = r.Plan.Restored(func(id string) (time.Duration, bool) {
					d, ok := took[id]
					return d, ok
				}, strings.TrimSuffix(s.ID, base))
				out = append(out, c)
			}
		}
	}
	return out
}

func listedCopy(r actions.Run, s actions.Step, words map[string]string, said map[string]map[string]string, now time.Time) actions.Copy {
	c := actions.Copy{
		Repository: s.About, Backup: s.Do.Inputs[actions.InTag], Target: r.Target, ID: words["copy"], Run: r.ID, At: now, Listed: now,
		Proof: actions.ProofLevels[0], Proved: now,
	}
	if at, err := strconv.ParseInt(words["at"], 10, 64); err == nil {
		c.At = time.Unix(at, 0).UTC()
	}
	c.Bytes, _ = number(words, "listed-bytes")
	c.Files, _ = number(words, "listed-files")
	for _, a := range s.After {
		c.Partial = c.Partial || said[a]["partial"] != ""
	}
	return c
}

// unheldCopy is a copy of data that was not held still to the end. It never
// counts; it is told of so that it is not taken for a good one when it is found
// in the repository.
func unheldCopy(r actions.Run, s actions.Step, words map[string]string, now time.Time) actions.Copy {
	c := actions.Copy{
		Repository: s.About, Backup: s.Do.Inputs[actions.InTag], Target: r.Target, ID: words["copy"], Run: r.ID, At: now, Partial: true,
	}
	c.Bytes, _ = number(words, "bytes")
	c.Files, _ = number(words, "files")
	return c
}

// provenCopy is what a drill or a restore showed of the copy that it used. base
// is the id of the step that brought it back, without what a playbook put ahead.
func provenCopy(r actions.Run, s actions.Step, base string, said map[string]map[string]string, state map[string]string, now time.Time) (actions.Copy, bool) {
	c := actions.Copy{
		Repository: s.About, Backup: s.Do.Inputs[actions.InTag], Target: r.Target, ID: s.Do.Inputs[actions.InCopy], Proved: now,
	}
	reached := ""
	raise := func(level string) {
		if slices.Index(actions.ProofLevels, level) > slices.Index(actions.ProofLevels, reached) {
			reached = level
		}
	}
	verify := strings.TrimSuffix(s.ID, base) + "verify"
	if state[verify] == "ok" {
		raise(orElse(said[verify]["level"], "readable"))
	}
	if state[s.ID] == "ok" {
		raise("extracted")
	}
	for _, id := range []string{"try", "prove"} {
		id = strings.TrimSuffix(s.ID, base) + id
		if state[id] == "ok" {
			raise(said[id]["level"])
		}
	}
	for _, id := range []string{verify, s.ID, strings.TrimSuffix(s.ID, base) + "try"} {
		if state[id] == "failed" && said[id][actions.SaidDamaged] != "" {
			reached = damaged
		}
	}
	c.Proof = reached
	return c, reached != ""
}
