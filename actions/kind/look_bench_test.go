package kind

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jurymast/actions"
)

// BenchmarkLook measures what a look takes beside its tools, each of which takes a
// tenth of a second as docker, aws or bconsole do: against the same number of calls
// with nothing around them, in turns. To be reached: 1.1x.
func BenchmarkLook(b *testing.B) {
	bin, calls := b.TempDir(), filepath.Join(b.TempDir(), "calls")
	tool := filepath.Join(bin, ".tool")
	if err := os.WriteFile(tool, []byte("#!/bin/sh\necho >>"+calls+"\nexec sleep 0.1\n"), 0o755); err != nil {
		b.Fatal(err)
	}
	for _, name := range askedTools {
		if err := os.Symlink(tool, filepath.Join(bin, name)); err != nil {
			b.Fatal(err)
		}
	}
	linkPosix(b, bin)
	b.Setenv("PATH", bin)
	timed := func(b *testing.B, text string) time.Duration {
		cmd := exec.CommandContext(b.Context(), "/bin/sh", "-s")
		cmd.Stdin = strings.NewReader(text)
		began := time.Now()
		_ = cmd.Run() // what it says is not asked
		return time.Since(began)
	}
	for _, k := range All() {
		if k.Checks == nil {
			continue
		}
		f, target := suiteTarget(b, k, lacked[k.Name]...)
		seen := map[string]bool{}
		for _, c := range k.Checks(f, target) {
			of, _, _ := strings.Cut(c.Script.Name, "/")
			if c.Probe != nil || seen[c.Script.Name] || of != k.Name && of == "host" {
				continue
			}
			seen[c.Script.Name] = true
			text := lookText(b, c)
			_ = os.Remove(calls)
			timed(b, text)
			made, _ := os.ReadFile(calls) // not there where it calls none
			n := len(made)
			if n == 0 {
				continue
			}
			bare := fmt.Sprintf("i=0\nwhile [ $i -lt %d ]; do docker; i=$((i + 1)); done\n", n)
			b.Run(k.Name+"/"+filepath.Base(c.Script.Name), func(b *testing.B) {
				var look, tools time.Duration
				for b.Loop() {
					look += timed(b, text)
					tools += timed(b, bare)
				}
				b.ReportMetric(float64(look)/float64(tools), "x-of-its-tools")
				b.ReportMetric(float64(n), "calls")
			})
		}
	}
}

// lookText is the text of a look that finds tools in PATH alone.
func lookText(tb testing.TB, c actions.Check) string {
	tb.Helper()
	for _, folders := range []string{":/usr/local/sbin:/usr/sbin:/sbin", ":/usr/sbin:/sbin", ":/usr/local/bin"} {
		c.Script.Body = strings.ReplaceAll(c.Script.Body, "PATH=$PATH"+folders, "PATH=$PATH")
	}
	text, _, err := c.Script.Render()
	if err != nil {
		tb.Fatal(err)
	}
	return text
}
