package run

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"jurymast/actions"
)

// heard tells what steps printed, as it is journaled.
type heard struct {
	*model
	lines chan string
}

func (h heard) Append(ctx context.Context, es ...actions.Event) ([]int64, error) {
	for _, e := range es {
		if e.Type == actions.EventOutput {
			h.lines <- e.Line
		}
	}
	return h.model.Append(ctx, es...)
}

// TestOutputComesBeforeTheStepEnds: a step says what it waits for and then waits.
// Who watches reads it meanwhile: here the step goes on only once it was read.
func TestOutputComesBeforeTheStepEnds(t *testing.T) {
	t.Parallel()
	b := newBench(t, "a")
	gate := filepath.Join(t.TempDir(), "gate")
	p := makePlan(shell("slow", "node/a", "echo one; echo at the gate; while ! test -e '"+gate+"'; do sleep 0.05; done; echo through"))
	p.Steps[0].Timeout = 30 * time.Second
	h := heard{newModel(fault{}), make(chan string, 10)}
	ended := make(chan Outcome, 1)
	go func() {
		o, _ := b.runner(t, h).Run(t.Context(), "r1", p)
		ended <- o
	}()
	for _, want := range []string{"one", "at the gate"} {
		select {
		case line := <-h.lines:
			if line != want {
				t.Errorf("read %q, want %q", line, want)
			}
		case o := <-ended:
			t.Fatalf("%s: %q was not said before the end", o, want)
		}
	}
	if err := os.WriteFile(gate, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if o := <-ended; o != Done {
		t.Errorf("it ended %s\n%s", o, story(h.model))
	}
	if line := <-h.lines; line != "through" {
		t.Errorf("read %q", line)
	}
}
