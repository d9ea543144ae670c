package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"jurymast/actions/engine"
	"jurymast/inventory"
)

// bar says on stderr how far a look is: on a terminal one line that is drawn
// over, else a line a host that gave trouble, and nothing when quiet.
type bar struct {
	w       io.Writer
	live    bool
	plain   bool
	width   int
	waiting []inventory.Ref
	done    int
	began   time.Time
	now     func() time.Time
	drawn   bool
}

func (a *app) progress() *bar {
	return &bar{w: a.err, live: a.errTTY && !a.flags.quiet, plain: !a.errTTY && a.flags.verbose > 0, width: max(a.width, 40), now: a.now, began: a.now()}
}

// update takes one step of a look. It is called from one goroutine.
func (b *bar) update(p engine.Progress) {
	if p.Done {
		b.done++
		b.waiting = slices.DeleteFunc(b.waiting, func(r inventory.Ref) bool { return r == p.Host })
		if b.plain {
			line := fmt.Sprintf("%s %s looked at in %s", b.now().Format(time.RFC3339), p.Host, p.Took.Round(time.Millisecond))
			if p.Err != nil {
				line = fmt.Sprintf("%s %s not looked at: %v", b.now().Format(time.RFC3339), p.Host, p.Err)
			}
			_, _ = fmt.Fprintln(b.w, line)
		}
	} else {
		b.waiting = append(b.waiting, p.Host)
	}
	if b.live {
		b.draw()
	}
}

func (b *bar) draw() {
	s := fmt.Sprintf("looking: %d of %d hosts", b.done, b.done+len(b.waiting))
	if len(b.waiting) > 0 && len(b.waiting) <= 4 {
		var ns []string
		for _, r := range b.waiting {
			ns = append(ns, r.Name())
		}
		s += fmt.Sprintf(", waiting for %s (%s)", strings.Join(ns, ", "), age(b.now().Sub(b.began)))
	}
	_, _ = io.WriteString(b.w, "\r"+ansi.Truncate(s, b.width-1, "")+"\x1b[K")
	b.drawn = true
}

// clear takes the line away again.
func (b *bar) clear() {
	if b.drawn {
		_, _ = io.WriteString(b.w, "\r\x1b[K")
		b.drawn = false
	}
}
