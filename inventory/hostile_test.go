package inventory

import (
	"fmt"
	"strings"
	"testing"
)

// TestHostileSizes reads files that are large and made to
// take long: all of them must come to an end within the test's own time.
func TestHostileSizes(t *testing.T) {
	repeat := func(n int, line func(i int) string) string {
		var b strings.Builder
		for i := 0; i < n && b.Len() < 1<<20; i++ {
			b.WriteString(line(i))
		}
		return b.String()
	}
	const many = 1 << 30
	long := strings.Repeat("x", 56)
	for name, doc := range map[string]string{
		"unknown references": repeat(many, func(i int) string { return fmt.Sprintf("[node.%s%d]\nneeds=['%sy%d']\n", long, i, long, i) }),
		"one long list":      "[node.a]\nneeds=[" + repeat(many, func(i int) string { return fmt.Sprintf("'%d',", i) }) + "]",
		"unknown keys":       "[node.a]\n" + repeat(many, func(i int) string { return fmt.Sprintf("%sx%d=1\n", long, i) }),
		"same key":           "[node.a]\n" + repeat(many, func(int) string { return "a=1\n" }),
		"same table":         repeat(many, func(int) string { return "[node.a]\n" }),
		"deep key":           repeat(many, func(int) string { return "a." }) + "a=1",
		"deep key in braces": "a={" + repeat(many, func(int) string { return "a." }) + "a=1}",
		"deep header":        "[" + repeat(many, func(int) string { return "a." }) + "a]",
		"deep list":          "a=" + repeat(many, func(int) string { return "[" }),
		"deep tables":        "a=" + repeat(many, func(int) string { return "{a=" }),
		"long chain":         repeat(many, func(i int) string { return fmt.Sprintf("[node.n%d]\nneeds=['n%d']\n", i, max(0, i-1)) }),
		"long loop":          "[node.last]\nneeds=['n0']\n" + repeat(60000, func(i int) string { return fmt.Sprintf("[node.n%d]\nneeds=['n%d']\n", i, i+1) }) + "[node.n60000]\nneeds=['last','n0','n1','n2']\n",
		"many loops":         repeat(many, func(i int) string { return fmt.Sprintf("[node.n%d]\nneeds=['n%d','n0','n%d']\n", i, max(0, i-1), i+1) }),
		"jumps for all":      "[ssh]\njump=[" + repeat(20000, func(i int) string { return fmt.Sprintf("'n%d',", i) }) + "]\n" + repeat(many, func(i int) string { return fmt.Sprintf("[node.n%d]\n", i) }),
		"mounts":             "[node.a]\n[share.s]\nkind='dir'\non='a'\npath='/x'\nmounts=[" + repeat(many, func(i int) string { return fmt.Sprintf("{on='a',at='/%d'},", i) }) + "]",
		"repositories":       repeat(40000, func(i int) string { return fmt.Sprintf("[repository.r%d]\nkind='x'\n", i) }) + "[node.a]\n" + repeat(20000, func(i int) string { return fmt.Sprintf("[backup.b%d]\nof='a'\nto=['r39999']\n", i) }),
		"open lines":         repeat(many, func(int) string { return "a=[\n" }),
		"no line at all":     repeat(many, func(int) string { return "a=\"" }),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse("t.toml", []byte(doc), testKinds)
			ps, _ := err.(Problems)
			if len(ps) > maxProblems+1 || len(ps.Error()) > maxProblems*600 {
				t.Errorf("%d problems in %d bytes", len(ps), len(ps.Error()))
			}
		})
	}
}
