package tui

import (
	"context"
	"errors"
	"os"
)

// ErrGone is a terminal that has hung up without a signal that says so.
var ErrGone = errors.New("the terminal is gone")

// terminal is the admin's terminal. The library takes the end of what can be
// read for no more keys, and would draw for nobody ever after; of a terminal it
// means that nobody is there.
type terminal struct {
	*os.File
	gone context.CancelCauseFunc
}

func (t *terminal) Read(p []byte) (int, error) {
	n, err := t.File.Read(p)
	if err != nil {
		t.gone(ErrGone)
	}
	return n, err
}
