package check

import (
	"bytes"
	"strconv"
	"strings"
)

// frame is what one run answered.
type frame struct {
	begun    bool
	ended    bool // by itself: all that it printed is there, and its exit code
	needed   int  // the run that gave no answer and so kept this one back; -1 for none
	out, err []byte
	code     int // its exit code, where told
	told     bool
	gone     bool // it was given up
	left     int  // why: leftLate for lack of time, else an exit code
	heard    bool // what it said on standard error is there, as far as it was kept
	broken   bool // its marks came in an order that the scripts do not write
}

// answered reports whether the script ran to its end and all that it printed is
// there. keep is how much of that is wanted: one that said as much or more, on
// either stream, was ended by it and has answered as well.
func (f frame) answered(keep int) bool {
	switch {
	case !f.begun || f.broken || f.gone && f.left == leftLate:
		return false
	case len(f.out) >= keep:
		return f.ended || f.heard
	case f.ended:
		return !f.gone
	}
	return f.told && f.code == brokenPipe
}

// leftLate is how a run was left whose time was over.
const leftLate = 124

// answer is a host's answer, taken apart.
type answer struct {
	frames []frame
	hello  bool // the shell began to work
	bye    bool // and came to its end
}

// parse takes the answer of n runs apart. What does not carry the nonce is
// what a check said; marks that make no sense spoil the frame that they name
// and no other. It never fails: what is not there has not been answered.
func parse(out []byte, nonce string, n int) answer {
	a := answer{frames: make([]frame, n)}
	for i := range a.frames {
		a.frames[i].needed = -1
	}
	p := parser{answer: &a, out: out, open: -1}
	prefix := "==" + nonce + " "
	for at := 0; at < len(out); {
		end := len(out)
		next := end
		if i := bytes.IndexByte(out[at:], '\n'); i >= 0 {
			end, next = at+i, at+i+1
		}
		if words, ok := mark(out[at:end], prefix); ok {
			p.mark(words, at, next)
		}
		at = next
	}
	return a
}

// mark splits a line that is a mark into its words.
func mark(line []byte, prefix string) ([]string, bool) {
	if !bytes.HasPrefix(line, []byte(prefix)) || !bytes.HasSuffix(line, []byte(" .")) || len(line) < len(prefix)+2 {
		return nil, false
	}
	return strings.Split(string(line[len(prefix):len(line)-2]), " "), true
}

// parser is where in an answer parse is.
type parser struct {
	*answer
	out  []byte
	open int  // the frame that is open, -1 for none
	errs bool // what is open is its standard error
	from int  // where what is open begins
}

// mark takes one mark, which stands at out[at:next].
func (p *parser) mark(words []string, at, next int) {
	var args [2]int
	for i := range args {
		args[i] = -1
		if len(words) > i+1 {
			if n, err := strconv.Atoi(words[i+1]); err == nil {
				args[i] = n
			}
		}
	}
	open, errs := p.open, p.errs
	p.close(at)
	var f *frame
	if args[0] >= 0 && args[0] < len(p.frames) {
		f = &p.frames[args[0]]
	}
	switch words[0] {
	case "hello":
		p.hello = true
		return
	case "bye":
		p.bye = open < 0
		return
	case "begin", "end", "errors", "code", "left", "skip":
	default:
		if open >= 0 {
			p.frames[open].broken = true
		}
		return
	}
	if f == nil {
		return
	}
	mine := open == args[0]
	switch words[0] {
	case "begin":
		f.broken = f.broken || f.begun || f.needed >= 0
		f.begun = true
		p.open, p.errs, p.from = args[0], false, next
	case "end":
		f.broken = f.broken || !mine || errs || args[1] < 0
		f.ended, f.told, f.code = true, true, args[1]
	case "errors":
		f.broken = f.broken || f.heard
		p.open, p.errs, p.from = args[0], true, next
	case "code", "left":
		f.broken = f.broken || !mine || !errs || args[1] < 0
		f.heard = true
		if words[0] == "left" {
			f.gone, f.left = true, args[1]
			break
		}
		f.told, f.code = true, args[1]
	case "skip":
		if !f.begun && args[1] >= 0 && args[1] < len(p.frames) {
			f.needed = args[1]
		}
	}
}

// close ends what is open ahead of a mark, without the newline that every mark
// puts ahead of itself.
func (p *parser) close(at int) {
	if p.open < 0 {
		return
	}
	text := bytes.TrimSuffix(p.out[p.from:max(p.from, at)], []byte("\n"))
	if f := &p.frames[p.open]; p.errs {
		f.err = text
	} else {
		f.out = text
	}
	p.open = -1
}
