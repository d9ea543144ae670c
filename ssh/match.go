package ssh

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/kevinburke/ssh_config"
)

// LeftOut is a Match block of an ssh configuration that is not applied: whether
// it holds cannot be known without running a program or without what only an
// ssh client has at hand.
type LeftOut struct {
	File string
	Line int
	What string // its criteria as ssh_config(5) calls them: "exec", "host exec"
}

// decode reads a configuration. The parser refuses a whole file for one Match
// block that it does not know, and takes the words behind the first criterion of
// others for names of hosts. So where there is a Match it is given copies in
// which each such block is a Host, one that matches nothing where that cannot be
// decided; their lines keep their numbers.
func (c *Config) decode(text []byte) error {
	look := copier{seen: map[string]string{}, write: func(file string, _ []byte) (string, error) { return file, nil }}
	if look.text(c.path, text, 0); !look.changed {
		var err error
		c.parsed, err = ssh_config.DecodeBytes(text)
		return err
	}
	dir, err := os.MkdirTemp("", "jurymast-config-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // copies of what is no secret, in a folder that is only ours
	made := 0
	copies := copier{seen: map[string]string{}, write: func(_ string, text []byte) (string, error) {
		made++
		path := filepath.Join(dir, strconv.Itoa(made))
		return path, os.WriteFile(path, text, 0o600)
	}}
	whole := copies.text(c.path, text, 0)
	if copies.err != nil {
		return copies.err
	}
	if c.parsed, err = ssh_config.DecodeBytes(whole); err != nil {
		return err
	}
	// While the copies are there: what an Include stands for is read once more
	// for the hosts that it names.
	c.leftOut, c.names = copies.left, aliases(c.parsed, 0)
	return nil
}

// copier settles the Match blocks of a configuration and of the files that it
// includes.
type copier struct {
	write   func(file string, text []byte) (path string, err error) // keeps the copy of a file
	seen    map[string]string                                       // file -> its copy
	changed bool
	left    []LeftOut
	err     error // the first that kept a copy from being written
}

// text returns the text of a file with its Match blocks settled and its Include
// lines leading to copies.
func (c *copier) text(file string, text []byte, depth int) []byte {
	lines := bytes.SplitAfter(text, []byte("\n"))
	for n, line := range lines {
		keyword, words := directive(string(line))
		switch {
		case keyword == "match":
			patterns, what := matched(words)
			if what != "" {
				c.left = append(c.left, LeftOut{File: file, Line: n + 1, What: what})
			}
			c.changed = true
			lines[n] = []byte("Host " + patterns + "\n")
		case keyword == "include" && depth < maxInclude:
			lines[n] = []byte("Include " + strings.Join(c.files(words, depth), " ") + "\n")
		}
	}
	return bytes.Join(lines, nil)
}

// files returns the copies of the files that the words of an Include stand for.
// One that cannot be read is named itself: the parser then says so.
func (c *copier) files(words []string, depth int) []string {
	var out []string
	for _, file := range included(words) {
		if at, ok := c.seen[file]; ok {
			out = append(out, at)
			continue
		}
		c.seen[file] = file // while it is read: it may include itself
		if text, err := os.ReadFile(filepath.Clean(file)); err == nil {
			at, err := c.write(file, c.text(file, text, depth+1))
			if err != nil {
				c.err = errors.Join(c.err, err)
			}
			c.seen[file] = at
		}
		out = append(out, c.seen[file])
	}
	return out
}

// directive takes a line of an ssh configuration apart: its keyword in lower
// case, and its words without their quotes.
func directive(line string) (keyword string, words []string) {
	var word strings.Builder
	quoted, open := false, false
	end := func() {
		if open {
			words = append(words, word.String())
			word.Reset()
			open = false
		}
	}
	for _, r := range strings.TrimSpace(line) {
		switch {
		case r == '"':
			quoted, open = !quoted, true
		case quoted:
			word.WriteRune(r)
		case r == '#' && !open:
			end()
			if len(words) == 0 {
				return "", nil
			}
			return strings.ToLower(words[0]), words[1:]
		case r == ' ' || r == '\t' || r == '=' && len(words) == 0:
			end()
		case r == '=' && len(words) == 1 && !open:
			// between the keyword and its first word, with room around it
		default:
			open = true
			word.WriteRune(r)
		}
	}
	if end(); len(words) == 0 {
		return "", nil
	}
	return strings.ToLower(words[0]), words[1:]
}

// criterion is one condition of a Match line.
type criterion struct {
	name, value string
	not         bool
}

// criteria takes the words of a Match line apart.
func criteria(words []string) []criterion {
	var out []criterion
	for len(words) > 0 {
		name, value, joined := strings.Cut(words[0], "=")
		words = words[1:]
		c := criterion{name: strings.ToLower(strings.TrimPrefix(name, "!")), value: value, not: strings.HasPrefix(name, "!")}
		switch c.name {
		case "all", "canonical", "final": // these stand alone
		default:
			if !joined && len(words) > 0 {
				c.value, words = words[0], words[1:]
			}
		}
		out = append(out, c)
	}
	return out
}

// matched returns the patterns of the Host line that says what a Match line
// does. Where there is none they match nothing, and what names the criteria.
func matched(words []string) (patterns, what string) {
	all := criteria(words)
	if len(all) == 1 && !all[0].not {
		switch c := all[0]; {
		case c.name == "all":
			return "*", ""
		case (c.name == "host" || c.name == "originalhost") && c.value != "":
			return strings.ReplaceAll(c.value, ",", " "), ""
		}
	}
	names := make([]string, len(all))
	for i, c := range all {
		names[i] = c.name
	}
	return "!*", strings.Join(names, " ")
}
