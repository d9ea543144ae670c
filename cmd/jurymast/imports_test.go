package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// house is who may import whom, of our own packages. A package that is not
// listed fails the test: adding one is a decision, not an accident. The files
// are parsed here and not by `go list`: the test cache knows which files a
// test opened, not what its children read.
var house = map[string]string{
	"inventory":      "",
	"ssh":            "",
	"ssh/sshlab":     "",
	"actions":        "inventory",
	"actions/kind":   "actions inventory",
	"actions/check":  "actions inventory ssh",
	"actions/store":  "actions inventory",
	"actions/plan":   "actions inventory",
	"actions/run":    "actions inventory ssh",
	"actions/engine": "actions actions/check actions/kind actions/plan actions/run actions/store inventory ssh",
	"tui":            "actions inventory tui/widget",
	"tui/widget":     "",
	"tui/early":      "",
	"cmd/jurymast":   "actions actions/engine inventory ssh/sshlab tui tui/early",
}

func TestImportsGoDownOnly(t *testing.T) {
	const module = "jurymast/"
	root := os.DirFS("../..")
	seen := map[string]bool{}
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && name != ".") {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.Contains(name, "/") || path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		src, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, src, parser.ImportsOnly)
		if err != nil {
			return err
		}
		pkg := path.Dir(name)
		allowed, known := house[pkg]
		if !known && !seen[pkg] {
			t.Errorf("%s: not in the house; add it to the table with what it may import", pkg)
		}
		seen[pkg] = true
		for _, spec := range file.Imports {
			imp, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			imp, ours := strings.CutPrefix(imp, module)
			if ours && !slices.Contains(strings.Fields(allowed), imp) {
				t.Errorf("%s imports %s; %s may import: %q", name, imp, pkg, allowed)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for pkg := range house {
		if !seen[pkg] {
			t.Errorf("%s: in the table but not in the tree", pkg)
		}
	}
}
