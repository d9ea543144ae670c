package ssh

import "bytes"

const (
	// preludeMax is how much is kept of what a login says ahead of the mark,
	// preludeFlood how much it may say.
	preludeMax   = 4 << 10
	preludeFlood = 1 << 20
	// flood is how many times over the bound a stream may go before its
	// command is ended.
	flood = 16
)

// gate takes one stream of a remote shell. What comes ahead of the mark was
// said by the login shell and its start-up files: the end of it is kept to tell
// what went wrong when the mark never comes. What comes behind it is the
// command's own.
type gate struct {
	mark  []byte
	open  func(rest string) // is called once, with what stood behind the mark on its line
	max   int               // how much is kept; 0 keeps nothing and lets everything pass
	lines *Cleaner          // where lines go as they come; may be nil

	passed  bool
	prelude []byte
	kept    []byte
	total   int64
}

// write takes the next piece and reports whether the stream is still within
// bounds.
func (g *gate) write(b []byte) bool {
	g.total += int64(len(b))
	if !g.passed {
		if b = g.seek(b); !g.passed {
			return g.total <= preludeFlood
		}
	}
	if g.lines != nil {
		g.lines.Write(b)
	}
	if g.max == 0 {
		return true
	}
	g.kept = append(g.kept, b[:min(len(b), g.max-len(g.kept))]...)
	return g.total <= int64(g.max)*flood
}

// seek looks for the mark and returns what stands behind its line.
func (g *gate) seek(b []byte) []byte {
	g.prelude = append(g.prelude, b...)
	if i := bytes.Index(g.prelude, g.mark); i >= 0 {
		line := g.prelude[i+len(g.mark):]
		if n := bytes.IndexByte(line, '\n'); n >= 0 {
			g.passed = true
			rest := bytes.Clone(line[n+1:])
			g.prelude = bytes.Clone(g.prelude[:min(i, preludeMax)])
			g.total = int64(len(rest))
			if g.open != nil {
				g.open(string(line[:n]))
			}
			return rest
		}
	}
	if n := len(g.prelude) - preludeMax; n > 0 && !bytes.Contains(g.prelude, g.mark) {
		g.prelude = append(g.prelude[:0], g.prelude[n:]...)
	}
	return nil
}

// cut reports whether more came than was kept.
func (g *gate) cut() bool { return g.max > 0 && g.total > int64(len(g.kept)) }
