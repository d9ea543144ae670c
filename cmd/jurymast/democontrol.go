package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// controlTime bounds one request to a demo fleet.
const controlTime = 10 * time.Second

// control serves requests of `demo fault` on a socket in the fleet's own
// folder, which nobody else can enter. Stop ends it and waits for what is
// under way.
func (d *demoFleet) control(ctx context.Context) (socket string, stop func(), err error) {
	socket = filepath.Join(d.dir, "control")
	l, err := (&net.ListenConfig{}).Listen(ctx, "unix", socket)
	if err != nil {
		return "", nil, err
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return // closed by stop
			}
			wg.Go(func() { d.answer(ctx, c) })
		}
	})
	return socket, func() { _ = l.Close(); wg.Wait() }, nil
}

// answer reads one request, a line of words, and answers with one line.
func (d *demoFleet) answer(ctx context.Context, c net.Conn) {
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(controlTime)) // a socket always takes one
	in := bufio.NewReader(c)
	line, err := in.ReadString('\n')
	if err != nil {
		return
	}
	if addr, ok := strings.CutPrefix(strings.TrimSpace(line), "dial "); ok {
		d.bridge(ctx, c, in, addr)
		return
	}
	reply := "ok"
	if err := d.fault(strings.Fields(line)); err != nil {
		reply = strings.ReplaceAll(err.Error(), "\n", "; ")
	}
	_, _ = fmt.Fprintln(c, reply)
}

// bridge connects a request of another process to the lab's network, so that
// what is asked from the console's machine leads into the demo and nowhere else.
func (d *demoFleet) bridge(ctx context.Context, c net.Conn, in *bufio.Reader, addr string) {
	to, err := d.lab.Dial(ctx, "tcp", addr)
	if err != nil {
		_, _ = fmt.Fprintln(c, strings.ReplaceAll(err.Error(), "\n", "; "))
		return
	}
	defer func() { _ = to.Close() }()
	if _, err := fmt.Fprintln(c, "ok"); err != nil {
		return
	}
	_ = c.SetDeadline(time.Time{})
	end := context.AfterFunc(ctx, func() { _, _ = c.Close(), to.Close() })
	defer end()
	var wg sync.WaitGroup
	wg.Go(func() { _, _ = io.Copy(to, in); _ = to.Close() })
	_, _ = io.Copy(c, to)
	_ = c.Close()
	wg.Wait()
}

// demoDial returns how a call inside a demo reaches what is asked from the
// console's own machine; nil outside of one.
func (a *app) demoDial() func(ctx context.Context, network, addr string) (net.Conn, error) {
	if a.demo != nil {
		return a.demo.lab.Dial
	}
	socket := a.env.get(demoEnv)
	if socket == "" {
		return nil
	}
	return func(ctx context.Context, _, addr string) (net.Conn, error) {
		c, err := (&net.Dialer{Timeout: controlTime}).DialContext(ctx, "unix", socket)
		if err != nil {
			return nil, err
		}
		// Read byte by byte: what comes behind the line is the connection's.
		reply, err := askLine(c, "dial "+addr)
		if err == nil && reply != "ok" {
			err = errors.New(reply)
		}
		if err != nil {
			return nil, errors.Join(err, c.Close())
		}
		return c, nil
	}
}

// askLine sends a line and reads one, and no byte more.
func askLine(c net.Conn, line string) (string, error) {
	if _, err := fmt.Fprintln(c, line); err != nil {
		return "", err
	}
	var b strings.Builder
	for one := make([]byte, 1); ; {
		if _, err := io.ReadFull(c, one); err != nil {
			return "", err
		}
		if one[0] == '\n' {
			return b.String(), nil
		}
		b.WriteByte(one[0])
	}
}

// askDemo sends a request to a running demo fleet.
func askDemo(ctx context.Context, socket string, words []string) error {
	c, err := (&net.Dialer{Timeout: controlTime}).DialContext(ctx, "unix", socket)
	if err != nil {
		return usageError{"the demo fleet of this shell is gone: " + err.Error(), "jurymast demo shell"}
	}
	defer func() { _ = c.Close() }()
	if err := c.SetDeadline(time.Now().Add(controlTime)); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(c, strings.Join(words, " ")); err != nil {
		return err
	}
	reply, err := bufio.NewReader(c).ReadString('\n')
	switch reply = strings.TrimSpace(reply); {
	case err != nil && reply == "":
		return errors.Join(errors.New("the demo fleet did not answer"), err)
	case reply != "ok":
		return usageError{reply, "jurymast demo --help"}
	}
	return nil
}
