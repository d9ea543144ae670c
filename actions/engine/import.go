package engine

import (
	"errors"
	"io"
)

// ImportSSHConfig x.
func ImportSSHConfig(w io.Writer, path string, p Paths) error { return errors.New("soon") }
