package ssh

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	// readMost is how much of each stream one reading brings.
	readMost = 512 << 10
	// readWait is how long the host waits for something new before it answers,
	// in seconds: one round trip in so long for a job that is silent.
	readWait = 15
	// retryMax is the longest pause between two attempts to reach the host.
	retryMax = 15 * time.Second
)

// Wait follows the job until it has ended and hands on each line that it
// prints, from its beginning, clean and without its newline; stream is "stdout"
// or "stderr". line may be nil. The Output holds the beginning of each stream,
// up to Command.Max, and the exit status.
//
// While the host cannot be reached Wait goes on trying, until ctx ends; then
// its error tells the last trouble. A job of which no end can be told is a
// JobError. When ctx ends the job goes on.
func (j *Job) Wait(ctx context.Context, line func(stream, line string)) (Output, error) {
	start := time.Now()
	var so, se followed
	so.begin(j.max, "stdout", line)
	se.begin(j.max, "stderr", line)
	pause := time.Duration(0)
	for {
		a, r, err := j.next(ctx, so.at, se.at)
		switch {
		case ctx.Err() != nil:
			if err == nil {
				err = context.Cause(ctx)
			}
			return so.output(&se, JobStatus{Exit: -1}, start), fmt.Errorf("ssh %s: job %s: the wait for it ended, the job goes on: %w", j.host, j.id, err)
		case err == nil:
			pause = 0
		case passing(err):
			pause = min(max(2*pause, time.Second), retryMax)
			t := time.NewTimer(pause)
			select {
			case <-t.C:
			case <-ctx.Done():
				t.Stop()
			}
			continue
		default:
			return so.output(&se, JobStatus{Exit: -1}, start), err
		}
		so.take(r.stdout)
		se.take(r.stderr)
		if len(r.stdout) == readMost || len(r.stderr) == readMost {
			continue // there may be more
		}
		switch a.status.State {
		case JobStarting, JobRunning:
			continue
		case JobEnded:
			return so.output(&se, a.status, start), nil
		case JobAbsent, JobInterrupted, JobLost:
			a.status.Exit = -1
			return so.output(&se, a.status, start), j.unknown(a.status)
		}
	}
}

// next returns how the job stands and what it printed after so many bytes: what
// was said when it was started, or else what the host says now or soon.
func (j *Job) next(ctx context.Context, stdout, stderr int64) (answer, raw, error) {
	if stdout == 0 && stderr == 0 {
		if first := j.first.Swap(nil); first != nil {
			return first.answer, first.raw, nil
		}
	}
	inputs := fmt.Sprintf("JM_OUT=%d JM_ERR=%d JM_MOST=%d JM_WAIT=%d\n", stdout, stderr, readMost, readWait)
	return j.do(ctx, "read", inputs, nil)
}

// passing reports troubles that may be over at the next attempt.
func passing(err error) bool {
	for _, t := range []Trouble{LineLost, Timeout, Refused, NoRoute} {
		if errors.Is(err, t) {
			return true
		}
	}
	return false
}

// followed is one stream of a job, as far as it has been read.
type followed struct {
	at    int64 // bytes read
	max   int
	kept  []byte
	lines *Cleaner
}

func (f *followed) begin(keep int, name string, line func(stream, line string)) {
	f.max = keep
	f.lines = &Cleaner{Line: func(l []byte, _ bool) {
		if line != nil {
			line(name, string(l))
		}
	}}
}

func (f *followed) take(b []byte) {
	f.at += int64(len(b))
	f.kept = append(f.kept, b[:min(len(b), f.max-len(f.kept))]...)
	f.lines.Write(b)
}

func (f *followed) output(e *followed, s JobStatus, start time.Time) Output {
	f.lines.Flush()
	e.lines.Flush()
	return Output{
		Stdout: cutAt(Clean(f.kept, 0), f.max),
		Stderr: cutAt(Clean(e.kept, 0), e.max),
		Exit:   s.Exit,
		Cut:    s.Cut || f.at > int64(len(f.kept)) || e.at > int64(len(e.kept)),
		Took:   time.Since(start),
	}
}
