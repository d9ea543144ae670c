package actions

import (
	"maps"
	"slices"
	"strings"
)

// Hidden stands in output where a secret stood.
const Hidden = "(secret)"

// shortest is how many bytes a secret must have to be looked for: what is
// shorter stands in any text.
const shortest = 4

// Hide returns what takes secrets out of text that a machine has printed: tools
// repeat what they were told, and what they print is journaled. Secrets of
// several lines, as keys are, are hidden line by line as well. Secrets of fewer
// than four bytes, and those that were printed in another form, are not found.
func Hide(secrets map[string]string) func(text string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(secrets)) {
		for _, part := range append([]string{secrets[name]}, strings.Split(secrets[name], "\n")...) {
			if part = strings.Trim(part, "\r\n"); len(part) >= shortest && !slices.Contains(parts, part) {
				parts = append(parts, part)
			}
		}
	}
	if len(parts) == 0 {
		return func(text string) string { return text }
	}
	// One may hold another: the longest is taken out first.
	slices.SortStableFunc(parts, func(a, b string) int { return len(b) - len(a) })
	pairs := make([]string, 0, 2*len(parts))
	for _, part := range parts {
		pairs = append(pairs, part, Hidden)
	}
	return strings.NewReplacer(pairs...).Replace
}

// HideIn returns an output whose streams are what hide makes of them.
func (o Output) HideIn(hide func(string) string) Output {
	o.Stdout, o.Stderr = []byte(hide(string(o.Stdout))), []byte(hide(string(o.Stderr)))
	return o
}
