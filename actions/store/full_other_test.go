//go:build !linux

package store

import (
	"errors"
	"testing"
)

func mountDisk(*testing.T, string, int) bool { return false }

func resizeDisk(string, int) error { return errors.ErrUnsupported }
