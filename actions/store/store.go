// Package store keeps what happened: the newest entry of every check, every
// event, silences, and the course of every metric. All SQL is here.
//
// The store is one SQLite file in write-ahead mode, open in the console, in
// cron jobs and in runs at once. It is history, never the truth about the
// present: losing it loses no more than the past. A Store is safe for
// concurrent use; its methods write on the goroutine that calls them and may
// wait for another process, so none belongs on a goroutine that draws.
//
// The statements keep to what SQLite and PostgreSQL both speak. What is
// SQLite's own stands in sqlite.go.
package store

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"time"

	"jurymast/actions"
)

// Store is one store, open in this process. Close it when done.
type Store struct {
	// Now tells the time where a method is not given one: which silences have
	// ended, since when a lock is held. Open sets it to time.Now; it may be
	// changed before the store is used.
	Now func() time.Time

	path     string
	readOnly bool
	write    *sql.DB // one connection, so that this process waits for itself in Go
	read     *sql.DB

	mu   sync.Mutex
	kept map[actions.Key]int64 // when this process last kept a key's metrics, in seconds since 1970
}

// Open opens the store at path, makes it if it is not there (folders with mode
// 0700, files with 0600), and brings its schema up to date.
//
// The error is an *[Error] that says which of [ErrBusy], [ErrCorrupt],
// [ErrForeign], [ErrFull], [ErrReadOnly], [ErrNewer] or [ErrIO] it is, or ctx's.
func Open(ctx context.Context, path string) (*Store, error) {
	return open(ctx, path, false)
}

// OpenReadOnly opens a store that is there already and writes nothing to it;
// methods that write give [ErrReadOnly]. Where there is none the error is
// fs.ErrNotExist, and of one of an earlier release it is [ErrOlder].
func OpenReadOnly(ctx context.Context, path string) (*Store, error) {
	return open(ctx, path, true)
}

// Path returns the absolute path of the store's file.
func (s *Store) Path() string { return s.path }

// Close ends the use of the store. What was committed is durable already.
func (s *Store) Close() error {
	var errs []error
	if s.write != nil {
		errs = append(errs, s.write.Close())
	}
	if s.read != nil {
		errs = append(errs, s.read.Close())
	}
	return s.wrap("close", errors.Join(errs...))
}

// State returns the newest entry of every check, by target, check and item,
// and the silences that have not ended.
func (s *Store) State(ctx context.Context) (actions.State, error) {
	tx, err := s.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return actions.State{}, s.wrap("read the state", err)
	}
	defer func() { _ = tx.Rollback() }() // nothing was written
	entries, err := readEntries(ctx, tx)
	if err != nil {
		return actions.State{}, s.wrap("read the state", err)
	}
	silences, err := readSilences(ctx, tx, s.Now())
	if err != nil {
		return actions.State{}, s.wrap("read the silences", err)
	}
	return actions.MakeState(entries, silences), nil
}

// querier is the part of a connection and of a transaction that asks.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// each asks and hands over every row of the answer.
func each(ctx context.Context, q querier, row func(*sql.Rows) error, query string, args ...any) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	for rows.Next() && err == nil {
		err = row(rows)
	}
	return errors.Join(err, rows.Err(), rows.Close())
}

// toDB returns a time as it is kept: nanoseconds since 1970, 0 for no time.
func toDB(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func fromDB(ns int64) time.Time {
	if ns == 0 {
		return time.Time{}
	}
	return time.Unix(0, ns).UTC()
}

// writing runs f in one transaction that has the right to write from its
// start, so that it never finds halfway through that another has it.
func (s *Store) writing(ctx context.Context, what string, f func(ctx context.Context, tx *sql.Tx) error) error {
	if s.readOnly {
		return &Error{Path: s.path, Doing: what, Why: ErrReadOnly, Err: errors.New("opened for reading only")}
	}
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return s.wrap(what, err)
	}
	// The statements themselves run without ctx: the driver would start a
	// goroutine for each to watch over it. When ctx ends, the transaction does.
	if err := f(context.WithoutCancel(ctx), tx); err != nil {
		_ = tx.Rollback() // the first error is the one to tell
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return s.wrap(what, err)
	}
	if err := tx.Commit(); err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return s.wrap(what, err)
	}
	return nil
}
