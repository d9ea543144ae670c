package sshlab

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
)

var errRefused = errors.New("connection refused")

// sharePort lets holdPort bind what a listener listens on.
func sharePort(c syscall.RawConn) error {
	var err error
	if e := c.Control(func(fd uintptr) {
		err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, soReusePort, 1)
	}); e != nil {
		return e
	}
	return os.NewSyscallError("setsockopt", err)
}

// holdPort binds a port of loopback without listening on it: connections are
// refused and nobody else is given the port.
func holdPort(port int) (io.Closer, error) {
	fd, err := newSocket(func() (int, error) { return syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0) })
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	held := os.NewFile(uintptr(fd), "held port")
	if err := syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, soReusePort, 1); err != nil {
		return nil, errors.Join(os.NewSyscallError("setsockopt", err), held.Close())
	}
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return nil, errors.Join(os.NewSyscallError("bind", err), held.Close())
	}
	return held, nil
}

// newSocket keeps what make returns from child processes.
func newSocket(make func() (int, error)) (int, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	fd, err := make()
	if err == nil {
		syscall.CloseOnExec(fd)
	}
	return fd, err
}

// pair returns the two ends of a connection inside the process: buffered, with
// deadlines and half-close, like any socket.
func pair() (a, b net.Conn, err error) {
	var fds [2]int
	_, err = newSocket(func() (int, error) {
		var err error
		fds, err = syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
		if err == nil {
			syscall.CloseOnExec(fds[1])
		}
		return fds[0], err
	})
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	if a, err = fileConn(fds[0]); err != nil {
		return nil, nil, errors.Join(err, syscall.Close(fds[1]))
	}
	if b, err = fileConn(fds[1]); err != nil {
		return nil, nil, errors.Join(err, a.Close())
	}
	return a, b, nil
}

// fileConn takes fd over.
func fileConn(fd int) (net.Conn, error) {
	f := os.NewFile(uintptr(fd), "pair")
	c, err := net.FileConn(f)
	return c, errors.Join(err, f.Close())
}
