package run

import (
	"flag"
	"os"
	"testing"
)

// Runs that are cut wait for much of their time: more of them go on side by side
// than there are processors.
func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", "4"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
