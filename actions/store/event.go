package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// Batch is the most events that [Store.Since] and, unless told otherwise,
// [Store.History] return at once.
const Batch = 1000

// Append adds events to the journal and returns their places in it, which
// replace their Seq. They are on the disk when it returns. Places grow in the
// order of the commits, across all processes, so whoever has seen one has seen
// all before it.
func (s *Store) Append(ctx context.Context, events ...actions.Event) ([]int64, error) {
	if len(events) == 0 {
		return nil, nil
	}
	var seqs []int64
	err := s.writing(ctx, "append events", func(ctx context.Context, tx *sql.Tx) (err error) {
		if seqs, err = appendEvents(ctx, tx, events); err != nil {
			return err
		}
		return runEvents(ctx, tx, events)
	})
	if err != nil {
		return nil, err
	}
	return seqs, nil
}

func appendEvents(ctx context.Context, tx *sql.Tx, events []actions.Event) ([]int64, error) {
	if len(events) == 0 {
		return nil, nil
	}
	last, err := next(ctx, tx, "event", len(events))
	if err != nil {
		return nil, err
	}
	insert, err := tx.PrepareContext(ctx, `
		insert into event (seq, run, step, type, at, target, chk, item, was, became, line, who, exit_code)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`)
	if err != nil {
		return nil, err
	}
	defer func() { _ = insert.Close() }() // it ends with the transaction at the latest
	seqs := make([]int64, len(events))
	for i, e := range events {
		seqs[i] = last - int64(len(events)-1-i)
		var exit sql.NullInt64
		if e.Exit != nil {
			exit = sql.NullInt64{Int64: int64(*e.Exit), Valid: true}
		}
		_, err := insert.ExecContext(ctx, seqs[i], e.Run, e.Step, string(e.Type), toDB(e.At), string(e.Target), e.Check, e.Item,
			e.From, e.To, e.Line, e.Who, exit)
		if err != nil {
			return nil, err
		}
	}
	return seqs, nil
}

// next takes n numbers of a counter and returns the last of them. The row is
// held until the transaction ends: numbers are given in the order of commits.
func next(ctx context.Context, tx *sql.Tx, counter string, n int) (int64, error) {
	var last int64
	err := tx.QueryRowContext(ctx, `update counter set value = value + $1 where name = $2 returning value`, n, counter).Scan(&last)
	return last, err
}

const eventColumns = `seq, run, step, type, at, target, chk, item, was, became, line, who, exit_code`

// Since returns the events of a run that come after a place in the journal,
// oldest first; of everything when run is "". It returns at most [Batch]: ask
// again with the last Seq until there are none.
func (s *Store) Since(ctx context.Context, run string, seq int64) ([]actions.Event, error) {
	query := `select ` + eventColumns + ` from event where seq > $1 order by seq limit $2`
	args := []any{seq, Batch}
	if run != "" {
		// The second condition lets the planner use the index of runs.
		query = `select ` + eventColumns + ` from event where seq > $1 and run = $3 and run <> '' order by seq limit $2`
		args = append(args, run)
	}
	events, err := s.events(ctx, query, args...)
	return events, s.wrap("read events", err)
}

// Last returns the newest place in the journal, 0 when it is empty.
func (s *Store) Last(ctx context.Context) (int64, error) {
	var n int64
	err := s.read.QueryRowContext(ctx, `select value from counter where name = 'event'`).Scan(&n)
	return n, s.wrap("read events", err)
}

// Filter says which events are wanted. The zero Filter wants the newest.
type Filter struct {
	Since, Until time.Time           // from Since on, before Until; zero: no bound
	Types        []actions.EventType // empty: all
	Who          string
	Target       inventory.Ref
	Check        string
	Limit        int // 0 is [Batch], less than 0 no limit
}

// History returns the events that a filter wants, newest first.
func (s *Store) History(ctx context.Context, f Filter) ([]actions.Event, error) {
	var where []string
	var args []any
	add := func(cond string, value any) {
		args = append(args, value)
		where = append(where, fmt.Sprintf(cond, len(args)))
	}
	if !f.Since.IsZero() {
		add("at >= $%d", toDB(f.Since))
	}
	if !f.Until.IsZero() {
		add("at < $%d", toDB(f.Until))
	}
	if f.Who != "" {
		add("who = $%d", f.Who)
	}
	if f.Target != "" {
		add("target = $%d", string(f.Target))
	}
	if f.Check != "" {
		add("chk = $%d", f.Check)
	}
	if len(f.Types) > 0 {
		var marks []string
		for _, t := range f.Types {
			args = append(args, string(t))
			marks = append(marks, fmt.Sprintf("$%d", len(args)))
		}
		where = append(where, "type in ("+strings.Join(marks, ", ")+")")
	}
	query := `select ` + eventColumns + ` from event`
	if len(where) > 0 {
		query += ` where ` + strings.Join(where, " and ")
	}
	query += ` order by at desc, seq desc`
	if f.Limit == 0 {
		f.Limit = Batch
	}
	if f.Limit > 0 {
		args = append(args, f.Limit)
		query += fmt.Sprintf(` limit $%d`, len(args))
	}
	events, err := s.events(ctx, query, args...)
	return events, s.wrap("read the history", err)
}

func (s *Store) events(ctx context.Context, query string, args ...any) ([]actions.Event, error) {
	var events []actions.Event
	err := each(ctx, s.read, func(rows *sql.Rows) error {
		var e actions.Event
		var at int64
		var exit sql.NullInt64
		err := rows.Scan(&e.Seq, &e.Run, &e.Step, &e.Type, &at, &e.Target, &e.Check, &e.Item, &e.From, &e.To, &e.Line, &e.Who, &exit)
		if err != nil {
			return err
		}
		e.At = fromDB(at)
		if exit.Valid {
			code := int(exit.Int64)
			e.Exit = &code
		}
		events = append(events, e)
		return nil
	}, query, args...)
	return events, err
}
