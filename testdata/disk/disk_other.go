//go:build !linux

package disk

import "errors"

// Resize gives a mounted disk another size, in bytes; here it cannot.
func Resize(string, int) error { return errors.ErrUnsupported }

func mount(string, int) error { return errors.ErrUnsupported }

func unmount(string) error { return errors.ErrUnsupported }

func must(error) bool { return false }
