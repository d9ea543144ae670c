package store

import (
	"context"
	"database/sql"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// KeepCopies keeps what was seen of copies. What was not listed now tells only
// of its proof. A copy that is known already keeps
// the best proof that was ever shown of it, unless a newer one says less: then
// it has been found to be damaged.
func (s *Store) KeepCopies(ctx context.Context, copies ...actions.Copy) error {
	if len(copies) == 0 {
		return nil
	}
	return s.writing(ctx, "keep copies", func(ctx context.Context, tx *sql.Tx) error {
		insert, err := tx.PrepareContext(ctx, `
			insert into copy (repository, backup, id, target, at, bytes, files, run, partial, listed, proof, proved, restored)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
			on conflict (repository, id) do update set
				at = case when excluded.listed > 0 then excluded.at else copy.at end,
				bytes = case when excluded.listed > 0 then excluded.bytes else copy.bytes end,
				files = case when excluded.listed > 0 then excluded.files else copy.files end,
				listed = case when excluded.listed > copy.listed then excluded.listed else copy.listed end,
				run = case when excluded.run = '' then copy.run else excluded.run end,
				partial = case when excluded.partial > copy.partial then excluded.partial else copy.partial end,
				proof = case when excluded.proved > copy.proved then excluded.proof else copy.proof end,
				proved = case when excluded.proved > copy.proved then excluded.proved else copy.proved end,
				restored = case when excluded.restored > 0 then excluded.restored else copy.restored end`)
		if err != nil {
			return err
		}
		defer func() { _ = insert.Close() }() // it ends with the transaction at the latest
		for _, c := range copies {
			partial := 0
			if c.Partial {
				partial = 1
			}
			_, err := insert.ExecContext(ctx, c.Repository, c.Backup, c.ID, string(c.Target), toDB(c.At), c.Bytes, c.Files, c.Run, partial,
				toDB(c.Listed), c.Proof, toDB(c.Proved), int64(c.Restored))
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// ListedCopies makes a listing of a repository the truth about the copies of
// one backup there: what it does not hold is forgotten.
func (s *Store) ListedCopies(ctx context.Context, repository, backup string, at time.Time, copies []actions.Copy) error {
	if err := s.KeepCopies(ctx, copies...); err != nil {
		return err
	}
	return s.writing(ctx, "forget copies that are gone", func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `delete from copy where repository = $1 and backup = $2 and listed < $3`, repository, backup, toDB(at))
		return err
	})
}

// Copies returns the copies of a target that are known, newest first; of all
// targets when it is "".
func (s *Store) Copies(ctx context.Context, target inventory.Ref) ([]actions.Copy, error) {
	var copies []actions.Copy
	err := each(ctx, s.read, func(rows *sql.Rows) error {
		var c actions.Copy
		var at, listed, proved int64
		var partial int
		err := rows.Scan(&c.Repository, &c.Backup, &c.ID, &c.Target, &at, &c.Bytes, &c.Files, &c.Run, &partial, &listed, &c.Proof, &proved, &c.Restored)
		c.At, c.Listed, c.Proved, c.Partial = fromDB(at), fromDB(listed), fromDB(proved), partial != 0
		copies = append(copies, c)
		return err
	}, `select repository, backup, id, target, at, bytes, files, run, partial, listed, proof, proved, restored from copy
		where target = $1 or $1 = '' order by at desc, repository`, string(target))
	return copies, s.wrap("read the copies", err)
}
