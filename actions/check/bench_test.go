package check_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	gossh "golang.org/x/crypto/ssh"

	"jurymast/actions/check"
	"jurymast/ssh/sshlab"
)

// measure makes a sweep b.N times over warm connections.
func (d *bed) measure(b *testing.B) {
	d.sweep(b)
	d.sweep(b) // the first has opened what the second finds
	visits := d.visits()
	b.ResetTimer()
	for range b.N {
		for k := range d.looker.Sweep(b.Context(), d.fleet, visits) {
			if k.Err != nil {
				b.Fatal(k.Err)
			}
		}
	}
	b.StopTimer()
}

// BenchmarkChecks compares ten checks with one on one host of a real shell, and
// with what the nine more take themselves: each is a shell that runs it and
// nothing else, started by a shell that waits for it. They are taken in turns,
// and the medians told. The aim is at most 1.1 times one check and what the
// others take themselves.
func BenchmarkChecks(b *testing.B) {
	for _, body := range []string{":", "sleep 0.02"} {
		b.Run(body, func(b *testing.B) {
			warm := func(n int) func() {
				var scripts []string
				for i := range n {
					scripts = append(scripts, fmt.Sprintf("c%d %s", i, body))
				}
				d := newBed(b, map[string][]string{"a": scripts}, sshlab.Host{Name: "a"})
				d.sweep(b)
				d.sweep(b) // the first has opened what the second finds
				visits := d.visits()
				return func() {
					for k := range d.looker.Sweep(b.Context(), d.fleet, visits) {
						if k.Err != nil {
							b.Fatal(k.Err)
						}
					}
				}
			}
			alone := func(n int) func() {
				return func() {
					cmd := exec.CommandContext(b.Context(), "/bin/sh", "-s")
					cmd.Stdin = strings.NewReader(strings.Repeat("/bin/sh -c '"+body+"'\n", n))
					if err := cmd.Run(); err != nil {
						b.Fatal(err)
					}
				}
			}
			do := []func(){warm(1), warm(10), alone(1), alone(10)}
			took := make([][]float64, len(do))
			for b.Loop() {
				for i, f := range do {
					start := time.Now()
					f()
					took[i] = append(took[i], float64(time.Since(start).Microseconds())/1000)
				}
			}
			ms := make([]float64, len(do))
			for i, all := range took {
				slices.Sort(all)
				ms[i] = all[len(all)/2]
			}
			one, ten, own := ms[0], ms[1], ms[3]-ms[2]
			b.ReportMetric(one, "ms/one")
			b.ReportMetric(ten, "ms/ten")
			b.ReportMetric(own, "ms/nine-alone")
			b.ReportMetric(ten/(one+own), "x")
		})
	}
}

// BenchmarkWarmLatency is a warm sweep of one host behind 25 ms each way. The
// aim is 1.2 x (one round trip + the look's own time, which is the row of 0 ms).
// Between two sweeps there is time to open the next shell ahead, as there is
// between those of a console.
func BenchmarkWarmLatency(b *testing.B) {
	for _, d := range []time.Duration{0, 25 * time.Millisecond} {
		b.Run("each way "+d.String(), func(b *testing.B) {
			bed := newBed(b, nil, sshlab.Host{Name: "a"})
			m := bed.lab.Machine("a")
			m.Slow(d, d)
			bed.sweep(b)
			bed.sweep(b) // what was done twice is made ready ahead
			visits := bed.visits()
			for runs := int64(2); b.Loop(); runs++ {
				b.StopTimer()
				until(b, "a shell waits", func() bool { return m.Execs() > runs })
				settle := time.NewTimer(3 * d) // its answer has to come back
				<-settle.C
				b.StartTimer()
				for k := range bed.looker.Sweep(b.Context(), bed.fleet, visits) {
					if k.Err != nil {
						b.Fatal(k.Err)
					}
				}
			}
		})
	}
}

// quick is a host that answers every batch as a shell would, without one.
func quick(name string) sshlab.Host {
	return sshlab.Host{Name: name, SharedKey: true, Canned: func(_ string, stdin []byte) (stdout, stderr []byte, exit int) {
		mark, nonce := word(stdin, "JM_MARK="), word(stdin, `jm_nonce='`)
		out := fmt.Sprintf("%s 0 0\n\n==%s hello .\n\n==%s begin 0 .\nok\n\n==%s end 0 0 .\n\n==%s errors 0 .\n\n==%s code 0 0 .\n\n==%s bye .\n",
			mark, nonce, nonce, nonce, nonce, nonce, nonce)
		return []byte(out), []byte(mark + "\n"), 0
	}}
}

// word returns the word behind a prefix, without the quotes around it.
func word(text []byte, prefix string) string {
	_, rest, _ := bytes.Cut(text, []byte(prefix))
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	return string(bytes.Trim(line, `'\`))
}

// BenchmarkSweepThousand is a warm sweep of 1000 hosts, and the same number of
// commands over connections of x/crypto/ssh with nothing around them: of the text
// that a host is sent in a sweep, and of two lines. The aim is at most twice.
func BenchmarkSweepThousand(b *testing.B) {
	const n = 1000
	var hosts []sshlab.Host
	for i := range n {
		hosts = append(hosts, quick(fmt.Sprintf("h%d", i)))
	}
	var text atomic.Pointer[[]byte]
	answer := hosts[0].Canned
	hosts[0].Canned = func(command string, stdin []byte) (stdout, stderr []byte, exit int) {
		text.Store(&stdin)
		return answer(command, stdin)
	}
	d := newBed(b, nil, hosts...)
	b.Run("ours", d.measure)
	b.Run("bare", func(b *testing.B) { bare(b, d.lab, *text.Load()) })
	b.Run("bare, two lines", func(b *testing.B) { bare(b, d.lab, []byte("JM_MARK=x\njm_nonce='x'\n")) })
}

// bare gives a shell on every machine a text, 128 at once.
func bare(b *testing.B, lab *sshlab.Lab, text []byte) {
	pem, err := os.ReadFile(lab.Identity())
	if err != nil {
		b.Fatal(err)
	}
	signer, err := gossh.ParsePrivateKey(pem)
	if err != nil {
		b.Fatal(err)
	}
	var clients []*gossh.Client
	for _, m := range lab.Machines() {
		c, err := gossh.Dial("tcp", m.Addr(), &gossh.ClientConfig{User: "admin", Auth: []gossh.AuthMethod{gossh.PublicKeys(signer)}, HostKeyCallback: gossh.FixedHostKey(m.HostKey())})
		if err != nil {
			b.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		clients = append(clients, c)
	}
	b.ResetTimer()
	for range b.N {
		next := make(chan *gossh.Client)
		var all sync.WaitGroup
		for range 128 {
			all.Go(func() {
				for c := range next {
					s, err := c.NewSession()
					if err != nil {
						b.Error(err)
						continue
					}
					s.Stdin = bytes.NewReader(text)
					if _, err := s.Output("exec /bin/sh -s"); err != nil {
						b.Error(err)
					}
				}
			})
		}
		for _, c := range clients {
			next <- c
		}
		close(next)
		all.Wait()
	}
}

// BenchmarkSilentHost is what 200 hosts take until the last of them has
// answered, with one more that never does and without, by turns. The aim is
// less than five in a hundred.
func BenchmarkSilentHost(b *testing.B) {
	hosts := []sshlab.Host{quick("silent")}
	for i := range 200 {
		hosts = append(hosts, quick(fmt.Sprintf("h%d", i)))
	}
	d := newBed(b, nil, hosts...)
	d.looker.Deadline = time.Second
	d.sweep(b)
	d.sweep(b)
	d.lab.Machine("silent").Hang()
	with := d.visits()
	without := slices.DeleteFunc(slices.Clone(with), func(v check.Visit) bool { return v.Host == "node/silent" })
	others := func(visits []check.Visit) time.Duration {
		start, last, n := time.Now(), time.Duration(0), 0
		for k := range d.looker.Sweep(b.Context(), d.fleet, visits) {
			if k.Host == "node/silent" {
				continue
			}
			if n++; n == 200 {
				last = time.Since(start)
			}
		}
		return last
	}
	var one, none []time.Duration
	for b.Loop() {
		none = append(none, others(without)) // the first is not counted: it comes after a rest
		none[len(none)-1] = others(without)
		one = append(one, others(with))
	}
	slices.Sort(one)
	slices.Sort(none)
	b.ReportMetric(float64(none[len(none)/2].Microseconds()), "µs-without")
	b.ReportMetric(float64(one[len(one)/2].Microseconds()), "µs-with")
	b.ReportMetric(0, "ns/op") // it is the silent host's deadline, and says nothing
}
