package store

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// What is known of a target is one row: a line for each of its entries, by check
// and item. Each statement and each column costs the driver more than what they
// carry: with a row of sixteen columns for each entry, ten thousand of them took
// nearly twice as long to write and twice as long to read (BenchmarkCommit,
// BenchmarkState).
//
// A line is these fields, with tabs between them. What a later release adds stands
// behind them, and is kept by those that do not know it.
const (
	fieldCheck = iota
	fieldItem
	fieldAt
	fieldStatus
	fieldTook
	fieldSince
	fieldBad
	fieldLastOK
	fieldEvery
	fieldFlaps
	fieldOn
	fieldCause
	fieldNext
	fieldLine
	fieldMetrics
	fields
)

// appendEntry adds the line of an entry to b.
func appendEntry(b []byte, e *actions.Entry) []byte {
	b = append(appendField(b, e.Check), '\t')
	b = appendField(b, e.Item)
	for _, n := range [...]int64{
		toDB(e.At), int64(e.Status), int64(e.Took), toDB(e.Since), int64(e.Bad), toDB(e.LastOK), int64(e.Every), int64(e.Flaps),
	} {
		b = strconv.AppendInt(append(b, '\t'), n, 10)
	}
	for _, s := range [...]string{string(e.On), string(e.Cause), e.Next, e.Line} {
		b = appendField(append(b, '\t'), s)
	}
	b = append(b, '\t')
	if ms := finite(e.Metrics); len(ms) > 0 {
		from := len(b)
		if b = appendMetrics(b, ms); bytes.IndexByte(b[from:], '\\') >= 0 {
			b = appendField(b[:from], string(b[from:]))
		}
	}
	return append(b, '\n')
}

var (
	fieldEscapes   = strings.NewReplacer(`\`, `\\`, "\t", `\t`, "\n", `\n`)
	fieldUnescapes = strings.NewReplacer(`\\`, `\`, `\t`, "\t", `\n`, "\n")
)

func appendField(b []byte, s string) []byte {
	if strings.ContainsAny(s, "\\\t\n") {
		s = fieldEscapes.Replace(s)
	}
	return append(b, s...)
}

func unescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	return fieldUnescapes.Replace(s)
}

// splitLine returns the fields of a line that are known here, without copying.
func splitLine(line string) (f [fields]string, ok bool) {
	for i := range f {
		var more bool
		f[i], line, more = strings.Cut(line, "\t")
		if !more {
			return f, i == fields-1
		}
	}
	return f, true
}

// entryReader reads lines. Words that come again and again are held once.
type entryReader struct {
	words   map[string]string
	metrics metricReader
}

func newEntryReader() *entryReader {
	words := map[string]string{}
	return &entryReader{words: words, metrics: metricReader{words: words}}
}

// read returns the entry of a line.
func (r *entryReader) read(target inventory.Ref, line string) (actions.Entry, error) {
	var e actions.Entry
	f, ok := splitLine(line)
	number := func(field int) int64 {
		n, err := strconv.ParseInt(f[field], 10, 64)
		ok = ok && err == nil
		return n
	}
	e.Target, e.Check, e.Item = target, r.word(f[fieldCheck]), unescape(f[fieldItem])
	e.At, e.Took, e.Since = fromDB(number(fieldAt)), time.Duration(number(fieldTook)), fromDB(number(fieldSince))
	e.Bad, e.LastOK = int(number(fieldBad)), fromDB(number(fieldLastOK))
	e.Every, e.Flaps = time.Duration(number(fieldEvery)), int(number(fieldFlaps))
	e.Status = actions.Unknown // written by a release that knows more: never ok
	if status := number(fieldStatus); status >= 0 && status < int64(actions.Unknown) {
		e.Status = actions.Status(status)
	}
	e.On, e.Cause = inventory.Ref(r.word(f[fieldOn])), inventory.Ref(r.word(f[fieldCause]))
	e.Next, e.Line = unescape(f[fieldNext]), unescape(f[fieldLine])
	if !ok {
		return e, fmt.Errorf("an entry of %s: %w: not a line of %d fields with numbers where they belong", target, errBroken, fields)
	}
	if text := unescape(f[fieldMetrics]); text != "" {
		var err error
		if e.Metrics, err = r.metrics.read(text); err != nil {
			return e, fmt.Errorf("metrics of %s: %w: %w", e.Key(), errBroken, err)
		}
	}
	return e, nil
}

func (r *entryReader) word(s string) string {
	if s == "" {
		return ""
	}
	word, known := r.words[s]
	if !known {
		word = strings.Clone(unescape(s))
		r.words[strings.Clone(s)] = word
	}
	return word
}

// place is where an entry stands among those of its target.
type place struct{ check, item string }

func (p place) compare(o place) int {
	return cmp.Or(cmp.Compare(p.check, o.check), cmp.Compare(p.item, o.item))
}

// written is one line, and what decides whether another takes its place.
type written struct {
	place
	at   int64
	line string
}

// splitRow returns the lines of a row. A line that cannot be understood is an
// error: nothing is written over what is not known.
func splitRow(target inventory.Ref, row string) ([]written, error) {
	lines := make([]written, 0, strings.Count(row, "\n"))
	for line := range strings.Lines(row) {
		whole, ended := strings.CutSuffix(line, "\n")
		f, ok := splitLine(whole)
		at, err := strconv.ParseInt(f[fieldAt], 10, 64)
		if !ok || !ended || err != nil {
			return nil, fmt.Errorf("an entry of %s: %w: not a line of %d fields with numbers where they belong", target, errBroken, fields)
		}
		lines = append(lines, written{place{unescape(f[fieldCheck]), unescape(f[fieldItem])}, at, line})
	}
	return lines, nil
}

// change is what a sweep has brought of one target.
type change struct {
	lines []written
	gone  []place
}

// changesOf sorts a sweep by targets.
func changesOf(w Sweep) map[inventory.Ref]*change {
	changes := map[inventory.Ref]*change{}
	of := func(target inventory.Ref) *change {
		c := changes[target]
		if c == nil {
			c = &change{}
			changes[target] = c
		}
		return c
	}
	var b []byte
	for i := range w.Entries {
		e := &w.Entries[i]
		b = appendEntry(b[:0], e)
		c := of(e.Target)
		c.lines = append(c.lines, written{place{e.Check, e.Item}, toDB(e.At), string(b)})
	}
	for _, k := range w.Gone {
		c := of(k.Target)
		c.gone = append(c.gone, place{k.Check, k.Item})
	}
	return changes
}

// apply returns the row that a change makes of old for a sweep that ended at
// swept. What is newer in old stays, unless it lies so far ahead that a wrong
// clock wrote it.
func (c *change) apply(target inventory.Ref, old string, swept time.Time) (string, error) {
	lines, err := splitRow(target, old)
	if err != nil {
		return "", err
	}
	where := make(map[place]int, len(lines)+len(c.lines))
	for i, l := range lines {
		where[l.place] = i
	}
	wrong := toDB(swept.Add(ahead))
	for _, l := range c.lines {
		i, there := where[l.place]
		switch {
		case !there:
			where[l.place] = len(lines)
			lines = append(lines, l)
		case lines[i].at <= l.at || lines[i].at > wrong:
			lines[i] = l
		}
	}
	for _, p := range c.gone {
		if i, there := where[p]; there && (lines[i].at <= toDB(swept) || lines[i].at > wrong) {
			lines[i].line = ""
		}
	}
	slices.SortFunc(lines, func(a, b written) int { return a.compare(b.place) })
	var row strings.Builder
	for _, l := range lines {
		row.WriteString(l.line)
	}
	return row.String(), nil
}

// atOnce is how many targets one statement reads or writes. For each statement the
// driver takes memory of the system and gives it back.
const atOnce = 50

// putEntries writes down what a sweep has brought.
func putEntries(ctx context.Context, tx *sql.Tx, changes map[inventory.Ref]*change, swept time.Time) error {
	for targets := range slices.Chunk(slices.Sorted(maps.Keys(changes)), atOnce) {
		rows, err := knownOf(ctx, tx, targets)
		if err != nil {
			return err
		}
		var put, drop []any
		for _, target := range targets {
			row, err := changes[target].apply(target, rows[target], swept)
			switch {
			case err != nil:
				return err
			case row != "":
				put = append(put, string(target), row)
			default:
				drop = append(drop, string(target))
			}
		}
		if len(put) > 0 {
			_, err = tx.ExecContext(ctx, `insert into known (target, entries) values `+marks("(?, ?)", len(put)/2)+`
				on conflict (target) do update set entries = excluded.entries`, put...)
		}
		if err == nil && len(drop) > 0 {
			_, err = tx.ExecContext(ctx, `delete from known where target in (`+marks("?", len(drop))+`)`, drop...)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// knownOf returns the rows of some targets.
func knownOf(ctx context.Context, q querier, targets []inventory.Ref) (map[inventory.Ref]string, error) {
	args := make([]any, len(targets))
	for i, t := range targets {
		args[i] = string(t)
	}
	rows := make(map[inventory.Ref]string, len(targets))
	err := each(ctx, q, func(r *sql.Rows) error {
		var target, row string
		err := r.Scan(&target, &row)
		rows[inventory.Ref(target)] = row
		return err
	}, `select target, entries from known where target in (`+marks("?", len(targets))+`)`, args...)
	return rows, err
}

// marks returns n places for values.
func marks(mark string, n int) string {
	return strings.TrimSuffix(strings.Repeat(mark+", ", n), ", ")
}

// readEntries returns all entries, by target, check and item.
func readEntries(ctx context.Context, q querier) ([]actions.Entry, error) {
	type row struct{ target, lines string }
	var known []row
	n := 0
	err := each(ctx, q, func(rows *sql.Rows) error {
		var r row
		err := rows.Scan(&r.target, &r.lines)
		known, n = append(known, r), n+strings.Count(r.lines, "\n")
		return err
	}, `select target, entries from known order by target`)
	if err != nil {
		return nil, err
	}
	entries := make([]actions.Entry, 0, n)
	read := newEntryReader()
	for _, r := range known {
		for line := range strings.Lines(r.lines) {
			e, err := read.read(inventory.Ref(r.target), strings.TrimSuffix(line, "\n"))
			if err != nil {
				return nil, err
			}
			entries = append(entries, e)
		}
	}
	return entries, nil
}

// moveEntries brings the entries of the second schema, a row of columns each, into
// the rows of now.
func moveEntries(ctx context.Context, tx *sql.Tx) error {
	var w Sweep
	read := metricReader{words: map[string]string{}}
	err := each(ctx, tx, func(rows *sql.Rows) error {
		var e actions.Entry
		var at, since, lastOK int64
		var metrics string
		err := rows.Scan(&e.Target, &e.Check, &e.Item, &e.Status, &e.Line, &metrics, &e.Next, &e.On, &e.Cause, &at, &e.Took, &since, &e.Bad, &lastOK, &e.Every, &e.Flaps)
		if err == nil && metrics != "" {
			e.Metrics, err = read.read(metrics)
		}
		e.At, e.Since, e.LastOK = fromDB(at), fromDB(since), fromDB(lastOK)
		w.Entries = append(w.Entries, e)
		return err
	}, `select target, chk, item, status, line, metrics, next_step, seen_on, cause, at, took, since, bad, last_ok, every, flaps from entry`)
	if err != nil {
		return fmt.Errorf("entries: %w", err)
	}
	if err := putEntries(ctx, tx, changesOf(w), time.Unix(0, 0)); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `drop table entry`)
	return err
}
