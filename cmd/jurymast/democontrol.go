package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
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
			wg.Go(func() { d.answer(c) })
		}
	})
	return socket, func() { _ = l.Close(); wg.Wait() }, nil
}

// answer reads one request, a line of words, and answers with one line.
func (d *demoFleet) answer(c net.Conn) {
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(controlTime)) // a socket always takes one
	line, err := bufio.NewReader(c).ReadString('\n')
	if err != nil {
		return
	}
	reply := "ok"
	if err := d.fault(strings.Fields(line)); err != nil {
		reply = strings.ReplaceAll(err.Error(), "\n", "; ")
	}
	_, _ = fmt.Fprintln(c, reply)
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
