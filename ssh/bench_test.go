package ssh

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	gossh "golang.org/x/crypto/ssh"
)

// serveElsewhere is set in the process that serves a benchmark: what the
// servers need must not count as what the pool needs.
const serveElsewhere = "JURYMAST_SSH_BENCH_SERVER"

func TestServeElsewhere(t *testing.T) {
	if os.Getenv(serveElsewhere) == "" {
		return // it is no test: BenchmarkConnections runs it
	}
	s := newPlainServer(t)
	fmt.Printf("%d %s", s.addr.Port, gossh.MarshalAuthorizedKey(s.key))
	_, _ = bufio.NewReader(os.Stdin).ReadByte() // until the benchmark has ended
}

// elsewhere starts a server in a process of its own.
func elsewhere(b *testing.B) (*net.TCPAddr, gossh.PublicKey) {
	b.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestServeElsewhere$")
	cmd.Env = append(os.Environ(), serveElsewhere+"=1")
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	var port int
	if _, err := fmt.Sscan(line, &port); err != nil {
		b.Fatal(err)
	}
	_, text, _ := strings.Cut(line, " ")
	key, _, _, _, err := gossh.ParseAuthorizedKey([]byte(text))
	if err != nil {
		b.Fatal(err)
	}
	return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}, key
}

// BenchmarkConnections holds what a thousand kept connections need.
func BenchmarkConnections(b *testing.B) {
	const n = 1000
	addr, key := elsewhere(b)
	h := hostAt(b, "", addr, key)
	for b.Loop() {
		b.StopTimer()
		goroutines, memory := used()
		p := NewPool(func(name string) (Host, error) {
			h := h
			h.Name = name
			return h, nil
		}, Options{})
		b.StartTimer()
		var wg sync.WaitGroup
		wide := make(chan struct{}, 32)
		for i := range n {
			wide <- struct{}{}
			wg.Go(func() {
				defer func() { <-wide }()
				if err := reach(b.Context(), p, fmt.Sprint("node/", i)); err != nil {
					b.Error(err)
				}
			})
		}
		wg.Wait()
		b.StopTimer()
		g, m := used()
		b.ReportMetric(float64(g-goroutines)/n, "goroutines/conn")
		b.ReportMetric(float64(m-memory)/n/1024, "KiB/conn")
		if err := p.Close(); err != nil {
			b.Error(err)
		}
		b.StartTimer()
	}
}

// used returns the goroutines, and the bytes of heap and stacks in use.
func used() (goroutines int, bytes int64) {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what was in a pool goes with the second one
	runtime.ReadMemStats(&m)
	return runtime.NumGoroutine(), int64(m.HeapAlloc + m.StackInuse)
}

// BenchmarkKnownHosts looks a host up among a thousand, by its name and hashed.
func BenchmarkKnownHosts(b *testing.B) {
	s := newPlainServer(b)
	for _, hash := range []bool{false, true} {
		b.Run(fmt.Sprintf("hashed=%v", hash), func(b *testing.B) {
			file := filepath.Join(b.TempDir(), "known_hosts")
			var text strings.Builder
			for i := range 1000 {
				fmt.Fprintf(&text, "10.0.%d.%d %s", i/250, i%250, gossh.MarshalAuthorizedKey(s.key))
			}
			if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
				b.Fatal(err)
			}
			if hash {
				tool(b, nil, "ssh-keygen", "-q", "-H", "-f", file)
			}
			p := poolOf(b, Options{})
			h := Host{Name: "a", Address: "10.0.3.200", KnownHosts: []string{file}}
			for b.Loop() {
				k, err := p.hostKeys(h)
				if err != nil {
					b.Fatal(err)
				}
				if err := k.check(&net.TCPAddr{}, s.key); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
