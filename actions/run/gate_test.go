package run

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// gate is a place in a script at which it waits for the test. It is made of two
// pipes, so that neither side asks again and again.
type gate struct{ reached, open *os.File }

func newGate(t testing.TB) *gate {
	t.Helper()
	dir := t.TempDir()
	var g gate
	for name, f := range map[string]**os.File{"reached": &g.reached, "open": &g.open} {
		path := filepath.Join(dir, name)
		if err := syscall.Mkfifo(path, 0o600); err != nil {
			t.Fatal(err)
		}
		// Open for both, nobody waits for the other end.
		file, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		*f = file
	}
	t.Cleanup(g.end)
	return &g
}

// text is the lines of shell that stand at the gate.
func (g *gate) text() string {
	return fmt.Sprintf("echo here >'%s'; read -r jm_gate <'%s'\n", g.reached.Name(), g.open.Name())
}

// wait waits until a script stands at the gate; its error is that the gate was
// closed.
func (g *gate) wait() error {
	_, err := bufio.NewReaderSize(g.reached, 16).ReadString('\n')
	return err
}

// let lets one script through, now or when it comes.
func (g *gate) let() error {
	_, err := g.open.WriteString("go\n")
	return err
}

// close ends waiting; it may be called twice. A script that was let through and
// has not come to it yet still finds the word that it waits for.
func (g *gate) close() {
	_ = g.reached.Close() // closed already, when it is the second time
}

// end takes the gate away, once no script can come to it any more.
func (g *gate) end() {
	g.close()
	_ = g.open.Close()
}
