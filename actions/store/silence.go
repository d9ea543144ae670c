package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"jurymast/actions"
)

// AddSilence keeps a silence and returns its ID, which replaces the one given.
func (s *Store) AddSilence(ctx context.Context, q actions.Silence) (int64, error) {
	var id int64
	err := s.writing(ctx, "add a silence", func(ctx context.Context, tx *sql.Tx) (err error) {
		if id, err = next(ctx, tx, "silence", 1); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `
			insert into silence (id, type, target, chk, starts, ends, who, reason) values ($1, $2, $3, $4, $5, $6, $7, $8)`,
			id, string(q.Kind), string(q.Target), q.Check, toDB(q.From), toDB(q.Until), q.Who, q.Reason)
		return err
	})
	if err != nil {
		return 0, err
	}
	return id, nil
}

// EndSilence ends a silence at a time. One that is not there or has ended by
// then is [ErrNotFound].
func (s *Store) EndSilence(ctx context.Context, id int64, at time.Time) error {
	return s.writing(ctx, "end a silence", func(ctx context.Context, tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `update silence set ends = $1 where id = $2 and ends > $1`, toDB(at), id)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n > 0 {
			return err
		}
		return fmt.Errorf("silence %d: %w", id, ErrNotFound)
	})
}

// Silences returns the silences that have not ended at a time, also those that
// have not begun, in the order in which they were added.
func (s *Store) Silences(ctx context.Context, at time.Time) ([]actions.Silence, error) {
	silences, err := readSilences(ctx, s.read, at)
	return silences, s.wrap("read the silences", err)
}

func readSilences(ctx context.Context, q querier, at time.Time) ([]actions.Silence, error) {
	var silences []actions.Silence
	err := each(ctx, q, func(rows *sql.Rows) error {
		var x actions.Silence
		var from, until int64
		if err := rows.Scan(&x.ID, &x.Kind, &x.Target, &x.Check, &from, &until, &x.Who, &x.Reason); err != nil {
			return err
		}
		x.From, x.Until = fromDB(from), fromDB(until)
		silences = append(silences, x)
		return nil
	}, `select id, type, target, chk, starts, ends, who, reason from silence where ends > $1 order by id`, toDB(at))
	return silences, err
}
