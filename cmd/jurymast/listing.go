package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"jurymast/actions"
)

// format is how a listing is written.
type format string

// The formats. Table is for people, name and tsv for the shell, json is one
// document, ndjson one object a line with a summary as the last.
const (
	formatTable  format = "table"
	formatWide   format = "wide"
	formatJSON   format = "json"
	formatNDJSON format = "ndjson"
	formatTSV    format = "tsv"
	formatName   format = "name"
)

var formats = []string{string(formatTable), string(formatWide), string(formatJSON), string(formatNDJSON), string(formatTSV), string(formatName)}

// listing is what a command found: rows for people and items for programs,
// one item a row.
type listing struct {
	schema  string // "status": becomes "jurymast/status/v1"
	columns []column
	rows    []row
	empty   string         // what a person is told when there are no rows
	extra   map[string]any // more members of the JSON document
}

type column struct {
	head  string
	right bool
	flex  bool // gives way when a terminal is narrow; one a listing
	wide  bool // shown only in wide and tsv
}

type row struct {
	name  string // for -o name
	cells []string
	state *actions.Status // colours the row's first cell
	item  any             // for json and ndjson
}

// printer writes listings as the admin asked.
type printer struct {
	out    io.Writer
	format format
	width  int // 0: nothing is cut
	color  bool
	signs  signs
	now    time.Time
}

// print writes l. The exit code is part of what programs read.
func (p printer) print(l listing, exit int) error {
	switch p.format {
	case formatJSON:
		return p.json(l, exit)
	case formatNDJSON:
		return p.ndjson(l, exit)
	case formatName:
		for _, r := range l.rows {
			if _, err := fmt.Fprintln(p.out, r.name); err != nil {
				return err
			}
		}
		return nil
	case formatTSV:
		return p.tsv(l)
	case formatTable, formatWide:
		return p.table(l)
	}
	return usagef("unknown output format %q", p.format)
}

func (p printer) json(l listing, exit int) error {
	doc := map[string]any{
		"schema":       "jurymast/" + l.schema + "/v1",
		"generated_at": p.now,
		"exit":         exit,
		"items":        items(l),
	}
	for k, v := range l.extra {
		doc[k] = v
	}
	e := json.NewEncoder(p.out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(doc)
}

func items(l listing) []any {
	out := make([]any, 0, len(l.rows))
	for _, r := range l.rows {
		out = append(out, r.item)
	}
	return out
}

func (p printer) ndjson(l listing, exit int) error {
	e := json.NewEncoder(p.out)
	e.SetEscapeHTML(false)
	for _, r := range l.rows {
		// The item's own members come first-hand; type and ts stand beside
		// them so that one reader serves every stream.
		b, err := json.Marshal(r.item)
		if err != nil {
			return err
		}
		m := map[string]json.RawMessage{}
		if err := json.Unmarshal(b, &m); err != nil {
			return err
		}
		m["type"] = json.RawMessage(`"item"`)
		if m["ts"], err = json.Marshal(p.now); err != nil {
			return err
		}
		if err := e.Encode(m); err != nil {
			return err
		}
	}
	return e.Encode(map[string]any{"type": "summary", "schema": "jurymast/" + l.schema + "/v1", "ts": p.now, "items": len(l.rows), "exit": exit})
}

// tsv writes every column, wide ones too, with a line of heads. Cells hold no
// tabs or newlines: they are made one line before they come here.
func (p printer) tsv(l listing) error {
	heads := make([]string, len(l.columns))
	for i, c := range l.columns {
		heads[i] = strings.ToLower(strings.ReplaceAll(c.head, " ", "_"))
	}
	if _, err := fmt.Fprintln(p.out, strings.Join(heads, "\t")); err != nil {
		return err
	}
	for _, r := range l.rows {
		cells := make([]string, len(r.cells))
		for i, c := range r.cells {
			cells[i] = actions.Line(c)
		}
		if r.state != nil && len(cells) > 0 {
			cells[0] = r.state.String()
		}
		if _, err := fmt.Fprintln(p.out, strings.Join(cells, "\t")); err != nil {
			return err
		}
	}
	return nil
}

// table writes columns two blanks apart, without borders. On a terminal the
// flexible column is cut to the width; piped output is never cut.
func (p printer) table(l listing) error {
	if len(l.rows) == 0 {
		if l.empty != "" {
			_, err := fmt.Fprintln(p.out, l.empty)
			return err
		}
		return nil
	}
	var shown []int
	for i, c := range l.columns {
		if !c.wide || p.format == formatWide {
			shown = append(shown, i)
		}
	}
	widths := make([]int, len(l.columns))
	cells := make([][]string, len(l.rows))
	for _, i := range shown {
		widths[i] = ansi.StringWidth(l.columns[i].head)
	}
	for n, r := range l.rows {
		cells[n] = make([]string, len(l.columns))
		for _, i := range shown {
			c := actions.Line(r.cells[i])
			if i == 0 && r.state != nil {
				c = p.signs.state(*r.state)
			}
			cells[n][i] = c
			widths[i] = max(widths[i], ansi.StringWidth(c))
		}
	}
	p.squeeze(l.columns, shown, widths)

	var b strings.Builder
	line := func(get func(i int) string, paint func(i int, s string) string) {
		var ln strings.Builder
		for n, i := range shown {
			s := get(i)
			if ansi.StringWidth(s) > widths[i] {
				s = ansi.Truncate(s, widths[i], p.signs.cut)
			}
			pad := strings.Repeat(" ", max(0, widths[i]-ansi.StringWidth(s)))
			s = paint(i, s)
			if l.columns[i].right {
				s = pad + s
			} else if n < len(shown)-1 {
				s += pad
			}
			if n > 0 {
				ln.WriteString("  ")
			}
			ln.WriteString(s)
		}
		b.WriteString(strings.TrimRight(ln.String(), " "))
		b.WriteByte('\n')
	}
	line(func(i int) string { return l.columns[i].head }, func(_ int, s string) string { return p.paint(sgrDim, s) })
	for n, r := range l.rows {
		line(func(i int) string { return cells[n][i] }, func(i int, s string) string {
			if i == 0 && r.state != nil {
				return p.paint(stateColor[*r.state], s)
			}
			return s
		})
	}
	_, err := io.WriteString(p.out, b.String())
	return err
}

// squeeze takes what is too much for the terminal from the flexible column. It
// leaves it 20 cells: below that a cut line says nothing, and the terminal's
// own wrap is the lesser evil.
func (p printer) squeeze(cols []column, shown, widths []int) {
	if p.width == 0 {
		return
	}
	total := 2 * (len(shown) - 1)
	for _, i := range shown {
		total += widths[i]
	}
	for _, i := range shown {
		if cols[i].flex && total > p.width {
			widths[i] = max(20, widths[i]-(total-p.width))
			return
		}
	}
}

// The colours are those of the terminal's own theme.
const (
	sgrDim  = "2"
	sgrBold = "1"
)

var stateColor = [...]string{actions.OK: "32", actions.Warn: "33", actions.Fail: "1;31", actions.Unknown: "35"}

func (p printer) paint(sgr, s string) string {
	if !p.color || s == "" {
		return s
	}
	return "\x1b[" + sgr + "m" + s + "\x1b[0m"
}

// signs are the marks of a state: one cell each, with a word beside it, so
// that colour is never needed.
type signs struct {
	ok, warn, fail, unknown, stale, muted, cut string
}

var (
	unicodeSigns = signs{"✓", "!", "✗", "?", "~", "-", "…"}
	asciiSigns   = signs{"+", "!", "X", "?", "~", "-", "..."}
)

// hold returns the sign of a condition.
func (s signs) hold(h actions.Hold) string {
	switch h {
	case actions.Holds:
		return s.ok
	case actions.Open, actions.Noted:
		return s.warn
	case actions.Blocking:
	}
	return s.fail
}

// state returns sign and word.
func (s signs) state(st actions.Status) string {
	switch st {
	case actions.OK:
		return s.ok + " ok"
	case actions.Warn:
		return s.warn + " warn"
	case actions.Fail:
		return s.fail + " FAIL"
	case actions.Unknown:
	}
	return s.unknown + " unkn"
}
