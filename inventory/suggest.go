package inventory

import (
	"slices"
	"strings"
)

// didYouMean returns a hint with the candidate nearest to what was written, ""
// when none is near.
func didYouMean(got string, candidates []string) string {
	if s := nearest(got, candidates); s != "" {
		return `did you mean "` + s + `"?`
	}
	return ""
}

// nearest returns the candidate with the fewest slips of a finger between it
// and got: one in three characters, and in a short word one.
// Of equals it is the first.
func nearest(got string, candidates []string) string {
	if len(got) > 64 { // no name is longer
		return ""
	}
	low := strings.ToLower(got)
	best, least := "", max(1, (len(low)+1)/3)+1
	for _, c := range candidates {
		if d := len(c) - len(low); d >= least || -d >= least {
			continue
		}
		if d := slips(low, strings.ToLower(c)); d < least {
			best, least = c, d
		}
	}
	return best
}

// slips counts insertions, deletions, replacements and swaps of neighbours
// between a and b (optimal string alignment), in bytes.
func slips(a, b string) int {
	before, last, cur := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(last[j]+1, cur[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], before[j-2]+1)
			}
		}
		before, last, cur = last, cur, before
	}
	return last[len(b)]
}

// words lists names for a message: "a, b and c".
func words(names []string) string {
	switch n := len(names); n {
	case 0:
		return ""
	case 1:
		return names[0]
	default:
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
}

func sorted(names []string) []string {
	names = slices.Clone(names)
	slices.Sort(names)
	return slices.Compact(names)
}
