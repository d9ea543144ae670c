package store

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"time"

	"jurymast/actions"
)

// Sweep is what one look at some hosts, or at all, has brought.
type Sweep struct {
	Entries []actions.Entry
	Gone    []actions.Key   // what there is no more: items that vanished, targets that left the inventory
	Events  []actions.Event // their Seq is given by the store
	At      time.Time       // when the sweep ended
}

// How long history is kept, and how much of what is older one commit takes
// away: enough to keep up with a thousand hosts, too little to be felt.
const (
	KeepEvents = 400 * 24 * time.Hour
	KeepFine   = 30 * 24 * time.Hour  // points five minutes apart
	KeepCoarse = 400 * 24 * time.Hour // points an hour apart
	pruneRows  = 200
)

// ahead is how far a time in the store may lie after a sweep and still count
// as newer. What lies further ahead was written under a wrong clock and must
// not stand there until that time has come.
const ahead = 10 * time.Minute

// Commit keeps a sweep, all of it or nothing, in one short transaction.
//
// An entry that is older than the one in the store does not replace it: of two
// processes that looked at the same time the newer answer stays. Events are
// kept always. Metrics are thinned as told at [Store.Series]; one that is not
// a finite number is left out.
func (s *Store) Commit(ctx context.Context, w Sweep) error {
	changes := changesOf(w) // before the transaction: others are waiting for it
	due := make([][]*actions.Entry, len(resolutions))
	for i, r := range resolutions {
		due[i] = s.dueMetrics(r, w.Entries)
	}
	err := s.writing(ctx, "commit a sweep", func(ctx context.Context, tx *sql.Tx) error {
		if err := putEntries(ctx, tx, changes, w.At); err != nil {
			return fmt.Errorf("entries: %w", err)
		}
		if _, err := appendEvents(ctx, tx, w.Events); err != nil {
			return fmt.Errorf("events: %w", err)
		}
		for i, r := range resolutions {
			if err := putMetrics(ctx, tx, r, due[i]); err != nil {
				return fmt.Errorf("metrics: %w", err)
			}
		}
		if err := prune(ctx, tx, w.At); err != nil {
			return fmt.Errorf("old history: %w", err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.remember(due[0]) // the finest: it has them all
	return nil
}

// finite leaves out what JSON has no word for. Limits that are no numbers are
// no limits.
func finite(ms []actions.Metric) []actions.Metric {
	clean := true
	for _, m := range ms {
		clean = clean && isFinite(m.Value) && (m.Warn == nil || isFinite(*m.Warn)) && (m.Fail == nil || isFinite(*m.Fail))
	}
	if clean {
		return ms
	}
	var kept []actions.Metric
	for _, m := range ms {
		if !isFinite(m.Value) {
			continue
		}
		if m.Warn != nil && !isFinite(*m.Warn) {
			m.Warn = nil
		}
		if m.Fail != nil && !isFinite(*m.Fail) {
			m.Fail = nil
		}
		kept = append(kept, m)
	}
	return kept
}

func isFinite(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }

// prune takes away some of what is too old. Each statement finds it through an
// index, so that it costs next to nothing where there is nothing.
func prune(ctx context.Context, tx *sql.Tx, at time.Time) error {
	_, err := tx.ExecContext(ctx, `
		delete from event where seq in (select seq from event where at < $1 order by at, seq limit $2)`,
		toDB(at.Add(-KeepEvents)), pruneRows)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		delete from silence where id in (select id from silence where ends < $1 order by ends limit $2)`,
		toDB(at.Add(-KeepEvents)), pruneRows)
	if err != nil {
		return err
	}
	for _, r := range resolutions {
		_, err = tx.ExecContext(ctx, `
			delete from chunk where step = $1 and (target, since) in
				(select target, since from chunk where step = $1 and since < $2 order by since limit $3)`,
			r.step, at.Add(-r.keep).Unix(), pruneRows)
		if err != nil {
			return err
		}
	}
	return nil
}
