package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// resolution is one of the two in which metrics are kept. The fine one is for
// the eye; the coarse one for long times, and a look that asks for a week of
// every file system reads few rows of it.
type resolution struct {
	step int64 // seconds, one point in each
	keep time.Duration
}

var (
	fine        = resolution{5 * 60, KeepFine}
	coarse      = resolution{60 * 60, KeepCoarse}
	resolutions = []resolution{fine, coarse}
)

// span is the time in seconds after which a chunk is closed though it is not
// full.
func (r resolution) span() int64 { return 2 * chunkRows * r.step }

// recent is for how long before its newest point a look is given fine points.
const recent = 12 * time.Hour

// Series returns the kept points of a metric from a time on, oldest first.
//
// Of each metric the first number in every five minutes is kept for
// [KeepFine], and the first in every hour for [KeepCoarse]: it returns the
// fine ones and, before they begin, the coarse ones.
func (s *Store) Series(ctx context.Context, k actions.Key, metric string, since time.Time) ([]actions.Point, error) {
	t, err := s.tables(ctx, k.Target, seconds(since), KeepFine)
	if err != nil {
		return nil, s.wrap("read the series of "+string(k.Target), err)
	}
	return t.points(column{k.Check, k.Item, metric}, seconds(since)), nil
}

// SeriesFor returns what a look may ask about keys: fine points of half a day
// before the newest one, and before these coarse ones; for a week that is some
// three hundred points a metric.
//
// Few checks ask for what may be asked, and all of it would be much: a target
// is read when the first question about it comes, under ctx. So that a store
// that cannot be read says so ahead of the look, the first target is read at
// once.
func (s *Store) SeriesFor(ctx context.Context, since time.Time, keys ...actions.Key) (*Bulk, error) {
	b := &Bulk{store: s, ctx: ctx, since: seconds(since), may: map[inventory.Ref]bool{}, read: map[inventory.Ref]tables{}}
	for _, k := range keys {
		b.may[k.Target] = true
	}
	if len(keys) > 0 {
		b.of(keys[0].Target)
	}
	return b, b.Err()
}

// Bulk answers questions about the points of several keys. It is safe for
// concurrent use.
type Bulk struct {
	store *Store
	ctx   context.Context
	since int64

	mu   sync.Mutex
	may  map[inventory.Ref]bool
	read map[inventory.Ref]tables // the latest few
	err  error
}

// bulkTargets is how many targets a Bulk holds at once: those of the hosts
// whose answers are read side by side.
const bulkTargets = 64

// Points returns the points of a metric, oldest first; nil where there are
// none, where the key was not among those of [Store.SeriesFor], and where they
// could not be read.
func (b *Bulk) Points(k actions.Key, metric string) []actions.Point {
	return b.of(k.Target).points(column{k.Check, k.Item, metric}, b.since)
}

// Err returns the first error that kept points from being read.
func (b *Bulk) Err() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.err
}

func (b *Bulk) of(target inventory.Ref) tables {
	b.mu.Lock()
	t, ok := b.read[target]
	may := b.may[target]
	b.mu.Unlock()
	if ok || !may {
		return t
	}
	t, err := b.store.tables(b.ctx, target, b.since, recent)
	b.mu.Lock()
	defer b.mu.Unlock()
	if err != nil && b.err == nil {
		b.err = b.store.wrap("read the series of "+string(target), err)
	}
	if len(b.read) >= bulkTargets {
		clear(b.read)
	}
	b.read[target] = t // empty after an error: it is not asked for again at once
	return t
}

func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

// tables are the chunks of a target, oldest first, and the time in seconds at
// which the fine ones take over.
type tables struct {
	fine, coarse []*chunk
	border       int64
}

// points returns the points of a column from a time in seconds on.
func (t tables) points(col column, since int64) []actions.Point {
	const ever = int64(1) << 62
	// Where a check is younger than its target's other ones, or looked at
	// seldom, the fine ones of this metric may begin later than the border.
	var latest []actions.Point
	for _, c := range t.fine {
		latest = c.points(latest, col, max(since, t.border), ever)
	}
	until := ever
	if len(latest) > 0 {
		until = latest[0].At.Unix()
	}
	var ps []actions.Point
	for _, c := range t.coarse {
		ps = c.points(ps, col, since, until)
	}
	ps = append(ps, latest...)
	// Chunks overlap only where a clock was set back.
	if byTime := func(a, b actions.Point) int { return a.At.Compare(b.At) }; !slices.IsSortedFunc(ps, byTime) {
		slices.SortStableFunc(ps, byTime)
	}
	return ps
}

func (s *Store) tables(ctx context.Context, target inventory.Ref, since int64, fineFor time.Duration) (tables, error) {
	var t tables
	var newest sql.NullInt64
	err := s.read.QueryRowContext(ctx, `select max(until) from chunk where target = $1 and step = $2`,
		string(target), fine.step).Scan(&newest)
	if err != nil || !newest.Valid {
		return t, err
	}
	t.border = newest.Int64 - int64(fineFor/time.Second)
	if t.fine, err = s.chunks(ctx, target, fine, max(since, t.border)); err != nil {
		return t, err
	}
	t.coarse, err = s.chunks(ctx, target, coarse, since)
	return t, err
}

// chunks returns the chunks of a target that may hold points from a time in
// seconds on.
func (s *Store) chunks(ctx context.Context, target inventory.Ref, r resolution, from int64) ([]*chunk, error) {
	var chunks []*chunk
	// A chunk begins at most a span before its last point.
	words := map[string]string{}
	err := each(ctx, s.read, func(rows *sql.Rows) error {
		var data sql.RawBytes
		if err := rows.Scan(&data); err != nil {
			return err
		}
		c, err := decodeChunk(data, words)
		if err != nil {
			return fmt.Errorf("%w: %w", errBroken, err)
		}
		chunks = append(chunks, c)
		return nil
	}, `select data from chunk where target = $1 and step = $2 and since >= $3 and until >= $4 order by since`,
		string(target), r.step, from-r.span(), from)
	return chunks, err
}

// dueMetrics returns the entries whose metrics may be the first of their slot:
// those of which this process has kept none in it yet. Entries of a target
// come one after the other, in order of time.
func (s *Store) dueMetrics(r resolution, entries []actions.Entry) []*actions.Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	var due []*actions.Entry
	for i := range entries {
		if e := &entries[i]; len(e.Metrics) > 0 && !e.Skipped() && s.kept[e.Key()]/r.step != e.At.Unix()/r.step {
			due = append(due, e)
		}
	}
	slices.SortStableFunc(due, func(a, b *actions.Entry) int {
		return cmp.Or(cmp.Compare(a.Target, b.Target), a.At.Compare(b.At))
	})
	return due
}

// remember notes whose metrics were kept, and forgets what is of no use any
// more: who was not looked at in this hour.
func (s *Store) remember(due []*actions.Entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var newest int64
	for _, e := range due {
		s.kept[e.Key()] = e.At.Unix()
		newest = max(newest, e.At.Unix())
	}
	if len(s.kept) < 2*len(due) {
		return
	}
	for k, at := range s.kept {
		if at/coarse.step < newest/coarse.step {
			delete(s.kept, k)
		}
	}
}

// putMetrics writes the metrics of entries, in the order of dueMetrics, into
// the chunks of their targets.
func putMetrics(ctx context.Context, tx *sql.Tx, r resolution, due []*actions.Entry) error {
	if len(due) == 0 {
		return nil
	}
	w, err := newChunkWriter(ctx, tx, r)
	if err != nil {
		return err
	}
	defer w.close()
	for len(due) > 0 {
		n := 1
		for n < len(due) && due[n].Target == due[0].Target {
			n++
		}
		if err := w.put(ctx, due[:n]); err != nil {
			return fmt.Errorf("%s: %w", due[0].Target, err)
		}
		due = due[n:]
	}
	return nil
}

// chunkWriter puts points into chunks of one resolution.
type chunkWriter struct {
	resolution
	find, insert, update *sql.Stmt
	words                map[string]string // names that were met in chunks
}

func newChunkWriter(ctx context.Context, tx *sql.Tx, r resolution) (*chunkWriter, error) {
	w := &chunkWriter{resolution: r, words: map[string]string{}}
	for _, p := range []struct {
		stmt **sql.Stmt
		text string
	}{
		{&w.find, `select since, until, data from chunk where target = $1 and step = $2 and since <= $3 order by since desc limit 1`},
		{&w.insert, `insert into chunk (target, step, since, until, data) values ($1, $2, $3, $4, $5)`},
		{&w.update, `update chunk set until = $1, data = $2 where target = $3 and step = $4 and since = $5`},
	} {
		var err error
		if *p.stmt, err = tx.PrepareContext(ctx, byPlace(p.text)); err != nil {
			w.close()
			return nil, err
		}
	}
	return w, nil
}

func (w *chunkWriter) close() {
	for _, st := range []*sql.Stmt{w.find, w.insert, w.update} {
		if st != nil {
			_ = st.Close() // nothing is lost by it
		}
	}
}

// put writes the metrics of entries of one target, which are in order of time.
func (w *chunkWriter) put(ctx context.Context, entries []*actions.Entry) error {
	target := string(entries[0].Target)
	for len(entries) > 0 {
		c, since, until, err := w.open(ctx, target, entries[0].At.Unix())
		if err != nil {
			return err
		}
		isNew := len(c.rows) == 0
		// All entries of one look go into one chunk, unless the look was long.
		n, changed := 0, false
		for ; n < len(entries) && entries[n].At.Unix() < since+w.span(); n++ {
			changed = c.add(w.step, entries[n]) || changed
			until = max(until, entries[n].At.Unix())
		}
		entries = entries[n:]
		switch {
		case !changed:
		case isNew:
			_, err = w.insert.ExecContext(ctx, target, w.step, since, until, c.encode())
		default:
			_, err = w.update.ExecContext(ctx, until, c.encode(), target, w.step, since)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// open returns the chunk that a point at a time belongs to and the times of
// its first and last: the newest one that begins before it, or an empty one
// where that is full, too old or unreadable.
func (w *chunkWriter) open(ctx context.Context, target string, at int64) (c *chunk, since, until int64, err error) {
	var data []byte
	err = w.find.QueryRowContext(ctx, target, w.step, at).Scan(&since, &until, &data)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, 0, 0, err
	}
	if err == nil && at < since+w.span() {
		c, err := decodeChunk(data, w.words)
		if err == nil && len(c.rows) > 0 && (len(c.rows) < chunkRows || at/w.step <= c.rows[len(c.rows)-1].at/w.step) {
			return c, since, until, nil
		}
		if err != nil && since == at {
			return nil, 0, 0, fmt.Errorf("%w: %w", errBroken, err) // there is no room for another
		}
	}
	return &chunk{}, at, at, nil
}
