package kind

import (
	"flag"
	"os"
	"testing"
)

// Tests that wait for a real server leave the processors to others: more of
// them run side by side than there are processors.
func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", "5"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
