//go:build linux && fleet

package suite

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"jurymast/testdata/fleet/bed"
)

// A writer runs on each host of a service, beside it, past any network: what it
// writes shows that the service there takes writes, also while nobody can reach
// the host. It notes what was acknowledged, and when; the nodes of a bed share
// one clock.
const writerUnit = `[Service]
ExecStart=/bin/bash /usr/local/lib/writer %H
Restart=always
RestartSec=100ms
StandardError=null
[Install]
WantedBy=multi-user.target
`

// writerScript writes numbers for ever, at most 20 a second. What it does besides
// it does within bash: a writer that starts programs takes a processor from the
// machines it measures. put is a line of shell that writes $n of $who and ends
// with 0 when it was acknowledged.
func writerScript(put string) string {
	return `who=$1
n=$(tail -n 1 /srv/acks 2>/dev/null | cut -d " " -f 1)
n=$((${n:-0} + 0))
exec {never}<> <(:)
while :; do
	n=$((n + 1))
	if ` + put + ` >/dev/null 2>&1; then
		echo "$n ${EPOCHREALTIME/[.,]/}000" >>/srv/acks
	else
		n=$((n - 1))
	fi
	read -rt 0.05 -u "$never"
done
`
}

// write puts a writer on every host of a service.
func (f *fleet) writers(put string, hosts ...string) {
	f.t.Helper()
	for _, h := range hosts {
		f.must(f.Node(h).Write("/usr/local/lib/writer", writerScript(put), 0o755))
		f.must(f.Node(h).Write("/etc/systemd/system/writer.service", writerUnit, 0o644))
		f.on(h, "systemctl daemon-reload; systemctl enable --now writer 2>&1")
	}
}

// ack is a write that was acknowledged.
type ack struct {
	who string
	n   int
	at  time.Time
}

// acks reads what a host's writer noted, also of a host that is off.
func (f *fleet) acks(host string) []ack {
	f.t.Helper()
	b, err := os.ReadFile(filepath.Join(f.Node(host).DiskPath(), "acks"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		f.t.Fatal(err)
	}
	var all []ack
	for line := range bytes.Lines(b) {
		w := strings.Fields(string(line))
		if len(w) != 2 {
			continue // cut off in the middle of a line
		}
		n, err := strconv.Atoi(w[0])
		ns, err2 := strconv.ParseInt(w[1], 10, 64)
		if err := errors.Join(err, err2); err != nil {
			f.t.Fatalf("%s: %q: %v", host, line, err)
		}
		all = append(all, ack{host, n, time.Unix(0, ns)})
	}
	return all
}

// writes waits until a host's writer was acknowledged something that is newer
// than a time.
func (f *fleet) writes(host string, since time.Time) {
	f.t.Helper()
	eventually(f.t, host+" takes writes", 30*time.Second, func() error {
		all := f.acks(host)
		if len(all) == 0 || !all[len(all)-1].at.After(since) {
			return fmt.Errorf("%d so far", len(all))
		}
		return nil
	})
}

// moved is what a move of a service cost, by what its writers were acknowledged.
type moved struct {
	service, how string
	outage       time.Duration // between the last write on the old host, or the beginning of the run, and the first on the new
	two          time.Duration // for how long both were written to
	acked, lost  int
	move         time.Duration // the same from the beginning of the run: without the plan, which finds out that the host is gone
	run          time.Duration // how long jurymast took, plan and last looks included
}

func (m moved) String() string {
	return fmt.Sprintf("%-10s %-10s %9.2fs %9.2fs %9.2fs %9.2fs %8d %6d", m.service, m.how, m.outage.Seconds(), m.move.Seconds(), m.two.Seconds(), m.run.Seconds(), m.acked, m.lost)
}

const movedHead = "service    how           outage       move        two        run    acked   lost"

// measure reads the writers of a move that was asked for at start and whose run
// began at began. stored are the writes
// that the new active has.
func (f *fleet) measure(m moved, from, to string, start, began time.Time, stored map[string]bool) moved {
	f.t.Helper()
	old, recent := f.acks(from), f.acks(to)
	last := start
	for _, a := range old {
		if a.at.After(last) {
			last = a.at
		}
	}
	first := time.Time{}
	for _, a := range recent {
		if a.at.After(start) {
			first = a.at
			break
		}
	}
	if first.IsZero() {
		f.t.Fatalf("%s was never written to", to)
	}
	m.outage, m.move, m.two = first.Sub(last), first.Sub(later(last, began)), max(0, last.Sub(first))
	// A writer may be acknowledged while stored is read: only what is older counts.
	for _, a := range append(old, recent...) {
		if a.at.After(first) && a.who == to {
			continue
		}
		m.acked++
		if !stored[fmt.Sprintf("%s %d", a.who, a.n)] {
			m.lost++
		}
	}
	return m
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// stored reads lines "WHO N".
func stored(lines string) map[string]bool {
	all := map[string]bool{}
	for _, l := range strings.Split(strings.TrimSpace(lines), "\n") {
		all[strings.Join(strings.Fields(l), " ")] = true
	}
	return all
}

// powerFence is the inventory's fence by the bed's power switch, seen from a host.
func powerFence(of, on string) string {
	return fmt.Sprintf(`
[fence.power-%[1]s]
of = %[1]q
on = %[2]q
kind = "shell"
grade = "power"
do = 'echo off $NAME | socat -t 30 - TCP:10.77.0.1:7000'
proof = '[ "$(echo state $NAME | socat -t 30 - TCP:10.77.0.1:7000)" = off ]'
survey = 'echo state $NAME | socat -t 30 - TCP:10.77.0.1:7000'
release = 'echo on $NAME | socat -t 90 - TCP:10.77.0.1:7000'
`, of, on)
}

// ways are the ways in which an active host is lost.
var ways = []struct {
	name string
	lose func(f *fleet, n *bed.Node) error
}{
	{"killed", func(f *fleet, n *bed.Node) error { return n.Kill(f.t.Context()) }},
	{"frozen", func(f *fleet, n *bed.Node) error { return n.Freeze(f.t.Context()) }},
	// It lives, and its writer goes on writing.
	{"cut off", func(f *fleet, n *bed.Node) error { return n.Cut(f.t.Context()) }},
}
