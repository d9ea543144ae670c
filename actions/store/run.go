package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// HeldError is a target that a run holds which has not ended.
type HeldError struct {
	Target inventory.Ref
	Run    string
	By     string
	Since  time.Time
	State  string // of that run
}

func (e *HeldError) Error() string {
	return fmt.Sprintf("%s is held by run %s of %s since %s, which is %s", e.Target, e.Run, e.By, e.Since.Format(time.RFC3339), e.State)
}

// ErrSpent is an approval that was used already.
var ErrSpent = errors.New("this plan was carried out already: an approval counts once")

// openStates are the states of runs that hold their targets, as run.Outcome
// has them.
const openStates = `'queued', 'running', 'undoing', 'hands', 'stopped'`

// AddRun keeps a run that is about to begin and returns it with its id, which
// ends in suffix. Its targets are held from now on, and the approval of its
// plan is spent, or nothing is kept: then the error is a *[HeldError] or
// [ErrSpent].
func (s *Store) AddRun(ctx context.Context, r actions.Run, suffix string) (actions.Run, error) {
	plan, err := json.Marshal(r.Plan)
	if err != nil {
		return r, fmt.Errorf("keep a run: %w", err)
	}
	accepted, err := json.Marshal(r.Accepted)
	if err != nil {
		return r, fmt.Errorf("keep a run: %w", err)
	}
	err = s.writing(ctx, "keep a run", func(ctx context.Context, tx *sql.Tx) error {
		n, err := next(ctx, tx, "run", 1)
		if err != nil {
			return err
		}
		r.ID, r.State = fmt.Sprintf("%04d-%s", n, suffix), "queued"
		for _, t := range r.Plan.Locks {
			if err := hold(ctx, tx, t, r.ID); err != nil {
				return err
			}
		}
		if err := spend(ctx, tx, r); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `
			insert into run (id, number, verb, target, title, state, who, accepted, confirmed, digest, made, began, ended, plan, wish)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, 0, $12, '')`,
			r.ID, n, string(r.Verb), string(r.Target), r.Title, r.State, r.Who, string(accepted), r.Confirmed, r.Digest, toDB(r.Made), string(plan))
		if err != nil {
			return err
		}
		_, err = appendEvents(ctx, tx, []actions.Event{{Run: r.ID, Type: actions.EventRun, At: r.Made, Target: r.Target, To: r.State, Who: r.Who, Line: r.Title}})
		return err
	})
	return r, err
}

// hold takes a target for a run.
func hold(ctx context.Context, tx *sql.Tx, t inventory.Ref, run string) error {
	res, err := tx.ExecContext(ctx, `insert into held (target, run) values ($1, $2) on conflict (target) do nothing`, string(t), run)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 1 {
		return err
	}
	held := &HeldError{Target: t}
	var made int64
	err = tx.QueryRowContext(ctx, `select run.id, run.who, run.made, run.state from held join run on run.id = held.run where held.target = $1`, string(t)).
		Scan(&held.Run, &held.By, &made, &held.State)
	if err != nil {
		return err
	}
	held.Since = fromDB(made)
	return held
}

// spend uses the approval of a run's plan up.
func spend(ctx context.Context, tx *sql.Tx, r actions.Run) error {
	res, err := tx.ExecContext(ctx, `insert into approval (digest, made, run) values ($1, $2, $3) on conflict (digest, made) do nothing`,
		r.Digest, toDB(r.Plan.Made), r.ID)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 1 {
		return err
	}
	return ErrSpent
}

// runEvents takes what events say of runs into the rows of runs, in the
// transaction that keeps them: a run's row never says anything else than its
// journal.
func runEvents(ctx context.Context, tx *sql.Tx, events []actions.Event) error {
	for _, e := range events {
		if e.Type != actions.EventRun || e.Run == "" {
			continue
		}
		at := toDB(e.At)
		_, err := tx.ExecContext(ctx, `
			update run set state = $1,
				began = case when began = 0 and $1 = 'running' then $2 else began end,
				ended = case when $1 in ('queued', 'running', 'undoing') then 0 else $2 end
			where id = $3`, e.To, at, e.Run)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `delete from held where run = $1 and exists (select 1 from run where id = $1 and state not in (`+openStates+`))`, e.Run)
		if err != nil {
			return err
		}
	}
	return nil
}

const runColumns = `id, verb, target, title, state, who, accepted, confirmed, digest, made, began, ended`

// RunFilter says which runs are wanted. The zero RunFilter wants the newest.
type RunFilter struct {
	Target inventory.Ref // "" for all
	Verb   actions.Verb
	Open   bool // only those that hold their targets
	Limit  int  // 0 is 100
}

// Runs returns runs without their plans, newest first.
func (s *Store) Runs(ctx context.Context, f RunFilter) ([]actions.Run, error) {
	where, args := []string{"1 = 1"}, []any{}
	if f.Target != "" {
		args = append(args, string(f.Target))
		where = append(where, fmt.Sprintf("target = $%d", len(args)))
	}
	if f.Verb != "" {
		args = append(args, string(f.Verb))
		where = append(where, fmt.Sprintf("verb = $%d", len(args)))
	}
	if f.Open {
		where = append(where, "state in ("+openStates+")")
	}
	if f.Limit <= 0 {
		f.Limit = 100
	}
	args = append(args, f.Limit)
	var runs []actions.Run
	err := each(ctx, s.read, func(rows *sql.Rows) error {
		r, err := scanRun(rows.Scan)
		runs = append(runs, r)
		return err
	}, `select `+runColumns+` from run where `+strings.Join(where, " and ")+fmt.Sprintf(` order by number desc limit $%d`, len(args)), args...)
	return runs, s.wrap("read the runs", err)
}

func scanRun(scan func(...any) error, more ...any) (actions.Run, error) {
	var r actions.Run
	var accepted string
	var made, began, ended int64
	err := scan(append([]any{&r.ID, &r.Verb, &r.Target, &r.Title, &r.State, &r.Who, &accepted, &r.Confirmed, &r.Digest, &made, &began, &ended}, more...)...)
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal([]byte(accepted), &r.Accepted); err != nil {
		return r, fmt.Errorf("run %s: %w: %w", r.ID, errBroken, err)
	}
	r.Made, r.Began, r.Ended = fromDB(made), fromDB(began), fromDB(ended)
	return r, nil
}

// Run returns the run of an id, or of the number at its beginning, with its
// plan. One that is not there is [ErrNotFound].
func (s *Store) Run(ctx context.Context, id string) (actions.Run, error) {
	var plan string
	number, err := strconv.Atoi(id)
	if err != nil {
		number = -1
	}
	row := s.read.QueryRowContext(ctx, `select `+runColumns+`, plan from run where id = $1 or number = $2`, id, number)
	r, err := scanRun(row.Scan, &plan)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return r, fmt.Errorf("run %s: %w", id, ErrNotFound)
	case err != nil:
		return r, s.wrap("read a run", err)
	}
	if err := json.Unmarshal([]byte(plan), &r.Plan); err != nil {
		return r, s.wrap("read a run", fmt.Errorf("the plan of run %s: %w: %w", r.ID, errBroken, err))
	}
	return r, nil
}

// Wish returns what a person has asked of a run, "" for nothing.
func (s *Store) Wish(ctx context.Context, run string) (string, error) {
	var wish string
	err := s.read.QueryRowContext(ctx, `select wish from run where id = $1`, run).Scan(&wish)
	if errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("run %s: %w", run, ErrNotFound)
	}
	return wish, s.wrap("read what was asked of a run", err)
}

// SetWish keeps what a person asks of a run, with the event that tells of it.
func (s *Store) SetWish(ctx context.Context, run, wish string, e actions.Event) error {
	return s.writing(ctx, "keep what is asked of a run", func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `update run set wish = $1 where id = $2`, wish, run); err != nil {
			return err
		}
		_, err := appendEvents(ctx, tx, []actions.Event{e})
		return err
	})
}

// Took returns how long the steps of earlier runs took that ended well, newest
// first and at most so many a step, by the step's id; of runs of any title where
// that is "". How long it took to take a step back stands under "undo " and its
// id.
func (s *Store) Took(ctx context.Context, verb actions.Verb, target inventory.Ref, name string, most int) (map[string][]time.Duration, error) {
	out := map[string][]time.Duration{}
	began := map[string]time.Time{}
	err := each(ctx, s.read, func(rows *sql.Rows) error {
		var run, step, typ string
		var at int64
		if err := rows.Scan(&run, &step, &typ, &at); err != nil {
			return err
		}
		t := actions.EventType(typ)
		if t == actions.EventUndo || t == actions.EventUndone {
			step = "undo " + step
		}
		key := run + " " + step
		if t == actions.EventIntent || t == actions.EventUndo {
			began[key] = fromDB(at)
		} else if b, ok := began[key]; ok {
			out[step] = append(out[step], fromDB(at).Sub(b))
		}
		return nil
	}, `
		select event.run, event.step, event.type, event.at from event
		where event.run in (select id from run where verb = $1 and target = $2 and ($3 = '' or title = $3) order by number desc limit $4)
		  and (event.type in ('intent', 'undo') or event.type = 'done' and event.became = 'ok' or event.type = 'undone' and event.became = 'undone')
		order by event.seq`, string(verb), string(target), name, most)
	if err != nil {
		return nil, s.wrap("read how long steps took", err)
	}
	for step, ds := range out {
		for i, j := 0, len(ds)-1; i < j; i, j = i+1, j-1 {
			ds[i], ds[j] = ds[j], ds[i]
		}
		out[step] = ds[:min(len(ds), most)]
	}
	return out, nil
}
