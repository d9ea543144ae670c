package run

import (
	"strings"
	"testing"
	"time"

	"jurymast/actions"
)

// TestReportOfGoals: what was measured stands beside what was wanted.
func TestReportOfGoals(t *testing.T) {
	at := time.Date(2026, 11, 20, 3, 0, 0, 0, time.UTC)
	p := makePlan(makeStep("stop", func(s *actions.Step) { s.Ends = true }), makeStep("extract"), makeStep("start", func(s *actions.Step) { s.Starts = true }))
	p.RTO, p.RPO = 5*time.Minute, time.Hour
	p.Impact = actions.Impact{AtRisk: 2 * time.Hour, Risk: "two hours", Down: []actions.Outage{{Target: p.Target, For: 3 * time.Minute}}}
	es := []actions.Event{{Type: actions.EventRun, To: string(Running), At: at}}
	for i, s := range p.Steps {
		es = append(es,
			actions.Event{Type: actions.EventIntent, Step: s.ID, At: at.Add(time.Duration(i) * 2 * time.Minute)},
			actions.Event{Type: actions.EventDone, Step: s.ID, To: StepOK, At: at.Add(time.Duration(i+1) * 2 * time.Minute)})
	}
	es = append(es, actions.Event{Type: actions.EventRun, To: string(Done), At: at.Add(6 * time.Minute)})
	text := MakeReport(actions.Run{ID: "r", Plan: p}, es).Markdown()
	for _, want := range []string{
		"- RTO 6m0s, MORE than the goal of 5m0s: the service did not work for so long\n",
		"- restored in 4m0s of 5m0s\n",
		"- RPO 2h0m0s at most, MORE than the goal of 1h0m0s: two hours\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %q in\n%s", want, text)
		}
	}
	if est, known := p.Recovery(); est != 3*time.Minute || !known {
		t.Errorf("estimate %s, %t", est, known)
	}
}

// TestRestoredIsMeasured: without one of its steps there is no figure.
func TestRestoredIsMeasured(t *testing.T) {
	took := map[string]time.Duration{"extract": time.Minute, "try": time.Second}
	tell := func(id string) (time.Duration, bool) { d, ok := took[id]; return d, ok }
	for want, ids := range map[time.Duration][]string{
		61 * time.Second: {"verify", "extract", "try", "clear"}, time.Minute: {"extract"}, 0: {"extract", "prove"}, -1: {"try"},
	} {
		var steps []actions.Step
		for _, id := range ids {
			steps = append(steps, makeStep(id))
		}
		got, ok := makePlan(steps...).Restored(tell, "")
		if ok != (want > 0) || ok && got != want {
			t.Errorf("%q: %s, %t, want %s", ids, got, ok, want)
		}
	}
}
