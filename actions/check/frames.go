package check

import (
	"bytes"
	"strconv"
	"strings"
)

// frame is what one run answered.
type frame struct {
	begun, ended bool
	needed       int // the run that gave no answer and so kept this one back; -1 for none
	out, err     []byte
	code         int // exit code of the script, where answered
	left         int // exit code of what held it to its limit
	coded, gone  bool
	broken       bool // its marks came in an order that batch.sh does not write
}

// answered reports whether the script ran to its end and all that it said is
// there.
func (f frame) answered() bool {
	return f.begun && f.ended && f.coded && f.gone && f.left == 0 && !f.broken
}

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
	open int // the frame that is open, -1 for none
	part part
	from int // where the part that is open begins
}

type part uint8

const (
	partOut part = iota
	partErr
	partTail // behind the script's own words on standard error
)

// mark takes one mark, which stands at out[at:next].
func (p *parser) mark(words []string, at, next int) {
	if len(words) == 0 {
		p.spoil()
		return
	}
	args := make([]int, 0, 2)
	for _, w := range words[1:] {
		n, err := strconv.Atoi(w)
		if err != nil {
			n = -1
		}
		args = append(args, n)
	}
	word, arg := words[0], -1
	if len(args) > 0 {
		arg = args[0]
	}
	switch word {
	case "hello":
		p.hello = true
	case "bye":
		p.bye = p.open < 0
	case "begin", "skip":
		p.begin(word, arg, args, next)
	case "errors", "end":
		p.turn(word, arg, at, next)
	case "code", "left":
		p.exit(word, arg, at)
	default:
		p.spoil()
	}
}

func (p *parser) begin(word string, n int, args []int, next int) {
	p.spoil() // whatever was open has no end
	if n < 0 || n >= len(p.frames) {
		return
	}
	f := &p.frames[n]
	if f.begun || f.needed >= 0 {
		f.broken = true
		return
	}
	if word == "skip" {
		if len(args) == 2 && args[1] >= 0 && args[1] < len(p.frames) {
			f.needed = args[1]
		}
		return
	}
	f.begun = true
	p.open, p.part, p.from = n, partOut, next
}

func (p *parser) turn(word string, n, at, next int) {
	if p.open < 0 || n != p.open {
		p.spoil()
		return
	}
	f := &p.frames[n]
	switch {
	case word == "errors" && p.part == partOut:
		f.out = p.cut(at)
		p.part, p.from = partErr, next
	case word == "end" && p.part != partOut:
		if p.part == partErr {
			f.err = p.cut(at)
		}
		f.ended = true
		p.open = -1
	default:
		p.spoil()
	}
}

func (p *parser) exit(word string, code, at int) {
	if p.open < 0 || p.part == partOut || code < 0 {
		p.spoil()
		return
	}
	f := &p.frames[p.open]
	if p.part == partErr {
		f.err = p.cut(at)
		p.part = partTail
	}
	if word == "code" && !f.coded && !f.gone {
		f.coded, f.code = true, code
		return
	}
	if word == "left" && !f.gone {
		f.gone, f.left = true, code
		return
	}
	p.spoil()
}

// cut returns the open part up to a mark, without the newline that every mark
// puts ahead of itself.
func (p *parser) cut(at int) []byte {
	return bytes.TrimSuffix(p.out[p.from:max(p.from, at)], []byte("\n"))
}

// spoil gives up the frame that is open.
func (p *parser) spoil() {
	if p.open >= 0 {
		p.frames[p.open].broken = true
		p.open = -1
	}
}
