package actions

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"jurymast/inventory"
)

// Script is a static POSIX sh file and its inputs.
//
// The body never changes: what differs from one run to the next are inputs,
// which reach it as quoted assignments ahead of the text, and secrets, which
// travel apart and are never journaled, logged or put in argv.
type Script struct {
	Name   string            `json:"name"` // "linux/vitals.sh", for people and as its identity
	Body   string            `json:"body"`
	Inputs map[string]string `json:"inputs,omitempty"`
	// Keep says by the name of a shell variable where secrets are kept. They
	// are looked up when the script is sent and are never part of a plan.
	Keep    map[string]inventory.Secret `json:"keep,omitempty"`
	Secrets map[string]string           `json:"-"`
	Sudo    bool                        `json:"sudo,omitempty"` // it needs root: run with sudo -n where the user is not root
}

// With returns the script with more inputs. The receiver stays as it is.
func (s Script) With(inputs map[string]string) Script {
	in := maps.Clone(s.Inputs)
	if in == nil {
		in = map[string]string{}
	}
	maps.Copy(in, inputs)
	s.Inputs = in
	return s
}

// Key identifies a run of the script: scripts of equal keys give one answer.
// Secrets are part of a script's inputs and so of nothing that is kept; a
// script with secrets is never shared, and its Key is "".
func (s Script) Key() string {
	if len(s.Secrets) > 0 || len(s.Keep) > 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%q %t", s.Name, s.Sudo)
	for _, k := range slices.Sorted(maps.Keys(s.Inputs)) {
		fmt.Fprintf(&b, " %s=%q", k, s.Inputs[k])
	}
	return b.String()
}

// Render returns what to send. The text is the inputs as quoted assignments
// ahead of the body, in the order of their names; secrets holds the
// assignments of the secrets, to be fed to the shell's standard input ahead of
// the text and kept nowhere.
//
// It is an error when a name is not a shell name, is both input and secret, or
// a value holds a NUL byte, which no shell variable can.
func (s Script) Render() (text string, secrets []byte, err error) {
	var b, sec strings.Builder
	room := len(s.Body) + 1
	for k, v := range s.Inputs {
		room += len(k) + len(v) + len(`\''`)*strings.Count(v, "'") + len("=''\n")
	}
	b.Grow(room)
	for _, k := range slices.Sorted(maps.Keys(s.Inputs)) {
		if err := assign(&b, k, s.Inputs[k]); err != nil {
			return "", nil, fmt.Errorf("script %s: input %w", s.Name, err)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(s.Secrets)) {
		if _, both := s.Inputs[k]; both {
			return "", nil, fmt.Errorf("script %s: %s is both an input and a secret", s.Name, k)
		}
		if err := assign(&sec, k, s.Secrets[k]); err != nil {
			return "", nil, fmt.Errorf("script %s: secret %w", s.Name, err)
		}
	}
	b.WriteString(s.Body)
	if !strings.HasSuffix(s.Body, "\n") {
		b.WriteByte('\n')
	}
	return b.String(), []byte(sec.String()), nil
}

// assign writes one assignment. A bad name is named, a bad value is not: it
// may be a secret.
func assign(b *strings.Builder, name, value string) error {
	if !shellName(name) {
		return fmt.Errorf("%q is not a shell name", name)
	}
	if strings.IndexByte(value, 0) >= 0 {
		return fmt.Errorf("%s holds a NUL byte, which no shell variable can", name)
	}
	b.WriteString(name)
	b.WriteString("='")
	b.WriteString(strings.ReplaceAll(value, "'", `'\''`))
	b.WriteString("'\n")
	return nil
}

// Quote returns s as one word of POSIX sh (XCU 2.2.2: nothing but the quote
// itself is special between single quotes). s must not hold a NUL byte.
func Quote(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

func shellName(s string) bool {
	if s == "" || s[0] >= '0' && s[0] <= '9' {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if c != '_' && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}
