package ssh

import (
	"net"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// quickConn acknowledges what it reads at once. sshd keeps Nagle's algorithm
// until the first command, so that a delayed acknowledgement of ours holds its
// answer up by 40 ms. The kernel forgets the wish, hence after every read, for
// the first reads only: later there is nothing to gain.
type quickConn struct {
	net.Conn
	tcp  *net.TCPConn
	left atomic.Int32
}

// quickReads is more than handshake, login and first session take.
const quickReads = 64

func (q *quickConn) on() {
	if q.tcp != nil {
		q.left.Store(quickReads)
		q.set()
	}
}

func (q *quickConn) set() {
	raw, err := q.tcp.SyscallConn()
	if err != nil {
		return
	}
	// Only a matter of speed: where it cannot be had, nothing is lost.
	_ = raw.Control(func(fd uintptr) { _ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_QUICKACK, 1) })
}

// Read reads, and acknowledges at once.
func (q *quickConn) Read(b []byte) (int, error) {
	n, err := q.Conn.Read(b)
	if q.tcp != nil && q.left.Load() > 0 && q.left.Add(-1) >= 0 {
		q.set()
	}
	return n, err
}
