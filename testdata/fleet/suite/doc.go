// Package suite runs jurymast as a user would, the binary with an inventory,
// against a bed of real machines: looked at, copied, moved, cut off and killed.
//
//	go test -tags fleet ./testdata/fleet/suite
package suite
