//go:build linux

package bed

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// wire joins two bridges with a latency, where the kernel has no netem: two
// taps, and every frame that is read from one is written to the other when it
// is due.
type wire struct {
	delay atomic.Int64 // nanoseconds each way
	taps  [2]*os.File
	done  chan struct{}
	wg    sync.WaitGroup
}

type frame struct {
	due  time.Time
	data []byte
}

// maxFrames on their way in one direction; more is dropped, as by any line.
const maxFrames = 4096

func newWire(space, near, far string, delay time.Duration) (*wire, error) {
	w := &wire{done: make(chan struct{})}
	w.delay.Store(int64(delay))
	err := within(space, func() (err error) {
		for i, name := range []string{near, far} {
			if w.taps[i], err = openTap(name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		w.stop()
		return nil, err
	}
	for i := range w.taps {
		frames := make(chan frame, maxFrames)
		w.wg.Go(func() { w.read(w.taps[i], frames) })
		w.wg.Go(func() { w.write(w.taps[1-i], frames) })
	}
	return w, nil
}

func (w *wire) read(from *os.File, frames chan<- frame) {
	defer close(frames)
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		switch {
		case errors.Is(err, unix.EIO): // the device is down for the moment
			select {
			case <-w.done:
				return
			case <-time.After(10 * time.Millisecond):
				continue
			}
		case err != nil:
			return
		}
		f := frame{time.Now().Add(time.Duration(w.delay.Load())), append([]byte(nil), buf[:n]...)}
		select {
		case frames <- f:
		default:
		}
	}
}

func (w *wire) write(to *os.File, frames <-chan frame) {
	for f := range frames {
		select {
		case <-time.After(time.Until(f.due)):
		case <-w.done:
			return
		}
		_, _ = to.Write(f.data) // a frame that cannot be sent is lost, as on a line
	}
}

func (w *wire) stop() {
	close(w.done)
	for _, t := range w.taps {
		if t != nil {
			_ = t.Close()
		}
	}
	w.wg.Wait()
}

// openTap makes a tap device in the namespace of the calling thread.
func openTap(name string) (*os.File, error) {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("/dev/net/tun: %w", err)
	}
	var req struct {
		name  [unix.IFNAMSIZ]byte
		flags uint16
		_     [22]byte
	}
	copy(req.name[:unix.IFNAMSIZ-1], name)
	req.flags = unix.IFF_TAP | unix.IFF_NO_PI
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.TUNSETIFF, uintptr(unsafe.Pointer(&req))); errno != 0 {
		return nil, errors.Join(fmt.Errorf("make tap %s: %w", name, errno), unix.Close(fd))
	}
	return os.NewFile(uintptr(fd), name), nil
}
