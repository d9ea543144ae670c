package inventory

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
)

// FuzzParse holds that no input makes Parse panic, that every problem stands
// inside the file, and that what go-toml refuses is refused here too: the tree
// is built by our own reading of TOML, and this is what it is held against.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob(filepath.Join(testdata, "*.toml"))
	if err != nil || len(files) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	for _, s := range []string{
		"a.b=1\n[a]\nc=1", "[a.b]\n[a]\nb.c=1", "[[a]]\n[a]", "a=[]\n[[a]]", "a={b=1}\na.c=2", "[a]\nb.c=1\n[a.b]",
		"[a]\nb.c=1\n[a.b.d]", "[[a.b]]\n[a]\n[[a.b]]\n[a.b.c]", "a={b.c=1,b.d=2}", "a={b={c=1},b.d=2}", "x=\"\"\"a\nb\"\"\"",
		"x=[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]", "x=1e400", "x=0xffffffffffffffffff", "\"\"=1", "[\"\"]", "x=nan", "x=", "[", "[[", "x", "\r", "x=1\r", "#\x00",
		"[check.a]\nof='a'\n[check.a.x]\n", "node.a.tags=['x']\n[node.b]", "[ssh]\njump=['a']\n[node.a]\n[vm.a]\non='a'\njump='a'",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		fleet, err := Parse("f.toml", data, testKinds)
		var ps Problems
		if err != nil && !errors.As(err, &ps) {
			t.Fatalf("the error is a %T: %v", err, err)
		}
		if err == nil {
			ps = fleet.Warnings
			for range fleet.Targets() {
				if _, err := fleet.Select([]string{"all"}); err != nil {
					t.Errorf("select all: %v", err)
				}
				break
			}
			if err := fleet.Graph().WriteDOT(&strings.Builder{}); err != nil {
				t.Error(err)
			}
			if err := fleet.Graph().WriteTree(&strings.Builder{}); err != nil {
				t.Error(err)
			}
			noLoops(t, fleet)
			var m map[string]any
			if err := toml.Unmarshal([]byte(strings.TrimPrefix(string(data), "\ufeff")), &m); err != nil {
				t.Errorf("go-toml refuses what was taken: %v", err)
			}
		}
		inside(t, "f.toml", data, ps)
	})
}

// noLoops checks what Needs promises.
func noLoops(t *testing.T, f *Fleet) {
	t.Helper()
	state := map[Ref]int{}
	var visit func(Ref)
	visit = func(r Ref) {
		state[r] = 1
		for _, n := range f.Needs(r) {
			if state[n] == 1 {
				t.Fatalf("needs of %s come back to it by way of %s", n, r)
			}
			if state[n] == 0 {
				visit(n)
			}
		}
		state[r] = 2
	}
	for x := range f.Targets() {
		if state[x.Ref] == 0 {
			visit(x.Ref)
		}
	}
}

// big is an inventory of many nodes, each with a guest, a share and a service.
func big(nodes int) []byte {
	var b strings.Builder
	b.WriteString("[ssh]\njump = \"n0\"\n[site.s]\n")
	for i := range nodes {
		fmt.Fprintf(&b, "[node.n%d]\naddress = \"10.%d.%d.%d\"\nsite = \"s\"\ntags = [\"prod\", \"t%d\"]\nlimits = { disk = { warn = 80 } }\n", i, i>>16, i>>8&255, i&255, i%10)
		fmt.Fprintf(&b, "[vm.v%d]\non = \"n%d\"\nid = %d\naddress = \"v%d.example.net\"\n", i, i, i, i)
		fmt.Fprintf(&b, "[share.f%d]\nkind = \"dir\"\non = \"v%d\"\npath = \"/srv\"\nclass = \"system\"\n", i, i)
		fmt.Fprintf(&b, "[service.w%d]\nkind = \"unit\"\nunit = \"w.service\"\non = \"v%d\"\nneeds = [\"service/w%d\"]\n", i, i, max(0, i-1))
	}
	return []byte(strings.Replace(b.String(), "needs = [\"service/w0\"]\n", "", 1))
}

func BenchmarkParse2000Nodes(b *testing.B) {
	data := big(2000)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		f, err := Parse("big.toml", data, testKinds)
		if err != nil {
			b.Fatal(err)
		}
		if len(f.Nodes) != 2000 || len(f.Services) != 2000 {
			b.Fatalf("%d nodes, %d services", len(f.Nodes), len(f.Services))
		}
	}
}

// BenchmarkParseAllWrong is the worst case: every reference is unknown and
// asks for a suggestion.
func BenchmarkParseAllWrong(b *testing.B) {
	data := []byte(strings.ReplaceAll(string(big(2000)), "on = \"n", "on = \"m"))
	for b.Loop() {
		if _, err := Parse("big.toml", data, testKinds); err == nil {
			b.Fatal("no error")
		}
	}
}
