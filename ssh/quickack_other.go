//go:build !linux

package ssh

import "net"

// quickConn is plain where TCP_QUICKACK does not exist.
type quickConn struct {
	net.Conn
	tcp *net.TCPConn
}

func (q *quickConn) on() {}
