package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// migrations are the steps from an empty file to the schema of this release.
// A step that was released is never changed: what is missing is a new step.
//
// Times are nanoseconds since 1970 in UTC, 0 for none, and durations
// nanoseconds; those of a chunk are seconds.
var migrations = []migration{
	{text: `
	create table counter (name text primary key, value bigint not null);
	insert into counter (name, value) values ('event', 0), ('silence', 0);

	create table entry (
		target text not null, chk text not null, item text not null,
		status smallint not null, line text not null, metrics text not null, next_step text not null,
		seen_on text not null, cause text not null, at bigint not null, took bigint not null,
		since bigint not null, bad bigint not null, last_ok bigint not null, every bigint not null, flaps bigint not null,
		primary key (target, chk, item)
	);

	create table event (
		seq bigint primary key, run text not null, step text not null, type text not null, at bigint not null,
		target text not null, chk text not null, item text not null, was text not null, became text not null,
		line text not null, who text not null, exit_code bigint
	);
	create index event_at on event (at, seq);
	create index event_run on event (run, seq) where run <> '';
	create index event_target on event (target, at, seq);

	create table silence (
		id bigint primary key, type text not null, target text not null, chk text not null,
		starts bigint not null, ends bigint not null, who text not null, reason text not null
	);
	create index silence_ends on silence (ends);

	create table chunk (
		target text not null, step bigint not null, since bigint not null, until bigint not null, data bytea not null,
		primary key (target, step, since)
	);
	create index chunk_since on chunk (step, since);
	`},
	{text: `
	insert into counter (name, value) values ('run', 0);

	create table run (
		id text primary key, number bigint not null, verb text not null, target text not null, title text not null,
		state text not null, who text not null, accepted text not null, confirmed text not null, digest text not null,
		made bigint not null, began bigint not null, ended bigint not null, plan text not null, wish text not null
	);
	create index run_number on run (number);

	create table held (target text primary key, run text not null);
	create table approval (digest text not null, made bigint not null, run text not null, primary key (digest, made));

	create table copy (
		repository text not null, backup text not null, id text not null, target text not null, at bigint not null,
		bytes bigint not null, files bigint not null, run text not null, partial smallint not null,
		listed bigint not null, proof text not null, proved bigint not null,
		primary key (repository, id)
	);
	create index copy_target on copy (target, at);
	`},
	{text: `alter table copy add column restored bigint not null default 0`},
	{text: `create table known (target text primary key, entries text not null)`, move: moveEntries},
}

// migration is one step: statements, then what they cannot do.
type migration struct {
	text string
	move func(ctx context.Context, tx *sql.Tx) error // may be nil
}

// migrate runs the steps that the file has not had. Each counts once also when
// several processes open an old store at the same time: the second waits and
// then finds it done.
func (s *Store) migrate(ctx context.Context) error {
	return s.writing(ctx, "bring the schema up to date", func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `create table if not exists migration (number bigint primary key, at bigint not null)`)
		if err != nil {
			return err
		}
		var done int
		if err := tx.QueryRowContext(ctx, `select coalesce(max(number), 0) from migration`).Scan(&done); err != nil {
			return err
		}
		if done == 0 {
			if _, err := tx.ExecContext(ctx, fmt.Sprintf(`pragma application_id = %d`, appID)); err != nil {
				return err
			}
		}
		for i := done; i < len(migrations); i++ {
			for stmt := range strings.SplitSeq(migrations[i].text, ";") {
				if strings.TrimSpace(stmt) == "" {
					continue
				}
				if _, err := tx.ExecContext(ctx, stmt); err != nil {
					return fmt.Errorf("migration %d: %w", i+1, err)
				}
			}
			if move := migrations[i].move; move != nil {
				if err := move(ctx, tx); err != nil {
					return fmt.Errorf("migration %d: %w", i+1, err)
				}
			}
			if _, err := tx.ExecContext(ctx, `insert into migration (number, at) values ($1, $2)`, i+1, toDB(s.Now())); err != nil {
				return fmt.Errorf("migration %d: %w", i+1, err)
			}
		}
		return nil
	})
}
