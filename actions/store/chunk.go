package store

import (
	"encoding/binary"
	"errors"
	"math"
	"math/bits"
	"slices"
	"time"

	"jurymast/actions"
)

// A chunk is a small table of numbers of one target: a column for each metric
// of each item of each check, a row for each slot of time. Most numbers of a
// machine stay as they are or change a little, so each is written as what
// differs from the one above it: a byte where nothing does. A float64 for each
// with its time would be ten times as much.
//
// Written down it is, in unsigned varints:
//
//	version, columns, { check, item, metric as length and bytes } each,
//	rows, { seconds after the row before (zigzag), { bits } each column } each
//
// where bits are those of the number xor those of the number above it, bytes
// reversed, so that equal numbers are 0 and round ones small. A number that is
// missing is the one NaN of missing.
type chunk struct {
	columns []column
	rows    []row
	place   map[column]int // made when first asked for
	next    int            // the column that is asked for next, if they come in the order they came in before
}

type column struct{ check, item, metric string }

type row struct {
	at     int64     // seconds since 1970
	values []float64 // one for each column; rows from before a column was added are shorter
}

const (
	chunkVersion = 1
	chunkRows    = 24
	// What a chunk that is not ours might say it holds, at most.
	maxColumns = 1 << 16
	maxRows    = 1 << 12
)

// missing is the NaN that stands for no number. Any NaN would do.
var missing = math.NaN()

// add puts the metrics of an entry into the row of its slot and reports whether
// any was new there.
func (c *chunk) add(step int64, e *actions.Entry) bool {
	changed := false
	for _, m := range e.Metrics {
		if isFinite(m.Value) {
			changed = c.set(step, e.At.Unix(), column{e.Check, e.Item, m.Name}, m.Value) || changed
		}
	}
	return changed
}

// set puts a number into a column of the row of its slot, unless there is one:
// the first of a slot stays.
func (c *chunk) set(step, at int64, col column, value float64) bool {
	i := c.index(col)
	c.next = i + 1
	r := c.row(step, at)
	for len(r.values) <= i {
		r.values = append(r.values, missing)
	}
	if !math.IsNaN(r.values[i]) {
		return false
	}
	r.values[i] = value
	return true
}

// index returns the place of a column, which it adds where there is none.
func (c *chunk) index(col column) int {
	if c.next < len(c.columns) && c.columns[c.next] == col {
		return c.next
	}
	if c.place == nil {
		c.place = make(map[column]int, len(c.columns))
		for i, k := range c.columns {
			c.place[k] = i
		}
	}
	i, ok := c.place[col]
	if !ok {
		i = len(c.columns)
		c.place[col] = i
		c.columns = append(c.columns, col)
	}
	return i
}

// row returns the row of the slot that a time lies in. It is nearly always the
// last one.
func (c *chunk) row(step, at int64) *row {
	i := len(c.rows)
	for i > 0 && c.rows[i-1].at/step > at/step {
		i--
	}
	if i > 0 && c.rows[i-1].at/step == at/step {
		return &c.rows[i-1]
	}
	c.rows = slices.Insert(c.rows, i, row{at: at, values: make([]float64, 0, len(c.columns))})
	return &c.rows[i]
}

// points adds the points of a column to ps, from a time in seconds on.
func (c *chunk) points(ps []actions.Point, col column, from, until int64) []actions.Point {
	i := slices.Index(c.columns, col)
	if i < 0 {
		return ps
	}
	for _, r := range c.rows {
		if r.at >= from && r.at < until && i < len(r.values) && !math.IsNaN(r.values[i]) {
			ps = append(ps, actions.Point{At: time.Unix(r.at, 0).UTC(), Value: r.values[i]})
		}
	}
	return ps
}

func (c *chunk) encode() []byte {
	b := make([]byte, 0, 16+32*len(c.columns)+4*len(c.columns)*len(c.rows))
	b = binary.AppendUvarint(b, chunkVersion)
	b = binary.AppendUvarint(b, uint64(len(c.columns)))
	for _, k := range c.columns {
		for _, s := range [...]string{k.check, k.item, k.metric} {
			b = binary.AppendUvarint(b, uint64(len(s)))
			b = append(b, s...)
		}
	}
	b = binary.AppendUvarint(b, uint64(len(c.rows)))
	above := make([]uint64, len(c.columns))
	var at int64
	for _, r := range c.rows {
		b = binary.AppendVarint(b, r.at-at)
		at = r.at
		for i := range c.columns {
			v := missing
			if i < len(r.values) {
				v = r.values[i]
			}
			n := math.Float64bits(v)
			b = binary.AppendUvarint(b, bits.ReverseBytes64(n^above[i]))
			above[i] = n
		}
	}
	return b
}

var errChunk = errors.New("points cannot be read")

// decodeChunk reads a chunk. It believes nothing that it is told: a damaged
// file must give an error, neither a panic nor all of the memory. The names in it
// are taken from words, and added to them: chunks are full of the same ones.
func decodeChunk(b []byte, words map[string]string) (*chunk, error) {
	d := decoder{b: b, words: words}
	if d.uvarint() != chunkVersion {
		return nil, errChunk
	}
	columns := d.uvarint()
	if columns > maxColumns || columns > uint64(len(b)) {
		return nil, errChunk
	}
	c := &chunk{columns: make([]column, columns)}
	for i := range c.columns {
		c.columns[i] = column{d.string(), d.string(), d.string()}
	}
	rows := d.uvarint()
	if d.bad || rows > maxRows || rows*(columns+1) > uint64(len(d.b)) { // each number has a byte at least
		return nil, errChunk
	}
	c.rows = make([]row, rows)
	values := make([]float64, rows*columns)
	above := make([]uint64, columns)
	var at int64
	for i := range c.rows {
		at += d.varint()
		c.rows[i].at = at
		// The capacity is the columns': a column that is added must not grow
		// into the row below.
		c.rows[i].values, values = values[:columns:columns], values[columns:]
		for j := range above {
			above[j] ^= bits.ReverseBytes64(d.uvarint())
			c.rows[i].values[j] = math.Float64frombits(above[j])
		}
	}
	if d.bad || len(d.b) > 0 {
		return nil, errChunk
	}
	return c, nil
}

// decoder takes values off the front of b. After the first that is not there
// it is bad and gives zeros.
type decoder struct {
	b     []byte
	bad   bool
	words map[string]string
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.b)
	return v * uint64(d.take(n))
}

func (d *decoder) varint() int64 {
	v, n := binary.Varint(d.b)
	return v * int64(d.take(n))
}

// take moves on and returns 1, or 0 where there was nothing to take.
func (d *decoder) take(n int) int {
	if n <= 0 {
		d.bad, d.b = true, nil
		return 0
	}
	d.b = d.b[n:]
	return 1
}

func (d *decoder) string() string {
	n := d.uvarint()
	if n > uint64(len(d.b)) {
		d.bad, d.b = true, nil
		return ""
	}
	s, known := d.words[string(d.b[:n])]
	if !known {
		s = string(d.b[:n])
		d.words[s] = s
	}
	d.b = d.b[n:]
	return s
}
