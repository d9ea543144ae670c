package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"jurymast/actions"
)

// filled makes a closed store with something in it and returns its path.
func filled(t *testing.T) string {
	t.Helper()
	return filledIn(t, t.TempDir())
}

func filledIn(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "s.db")
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	commit(t, s, Sweep{Entries: fleetOf(20, noon, 1), At: noon})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFilesThatAreNoGoodStore(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(t *testing.T, path string)
		want   error
		hint   string
	}{
		{"text", func(t *testing.T, path string) { write(t, path, bytes.Repeat([]byte("not a database\n"), 1000)) }, ErrCorrupt, "aside"},
		{"a short text", func(t *testing.T, path string) { write(t, path, []byte("x")) }, ErrCorrupt, "aside"},
		{"cut off", func(t *testing.T, path string) { cut(t, path, 2) }, ErrCorrupt, "aside"},
		{"cut off in the header", func(t *testing.T, path string) { write(t, path, read(t, path)[:50]) }, ErrCorrupt, "aside"},
		{"overwritten after the header", func(t *testing.T, path string) {
			b := read(t, path)
			for i := 100; i < 8192; i++ {
				b[i] = 0xaa
			}
			write(t, path, b)
		}, ErrCorrupt, "aside"},
		{"a database of somebody else", func(t *testing.T, path string) {
			remove(t, path)
			run(t, path, `create table song (title text)`)
		}, ErrForeign, "another file"},
		{"without its table of migrations", func(t *testing.T, path string) { run(t, path, `drop table migration`) }, ErrCorrupt, "aside"},
		{"newer", func(t *testing.T, path string) { run(t, path, `insert into migration (number, at) values (99, 0)`) }, ErrNewer, "newer jurymast"},
		{"a folder", func(t *testing.T, path string) {
			remove(t, path)
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		}, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filled(t)
			c.change(t, path)
			before, _ := os.ReadFile(path)
			for name, open := range map[string]func(context.Context, string) (*Store, error){"open": Open, "open for reading": OpenReadOnly} {
				s, err := open(t.Context(), path)
				if err == nil {
					_ = s.Close()
					t.Fatalf("%s: no error", name)
				}
				var e *Error
				if !errors.As(err, &e) || e.Path != path || !strings.Contains(err.Error(), path) {
					t.Errorf("%s: %v does not say which file", name, err)
				} else if c.want != nil && (!errors.Is(err, c.want) || !strings.Contains(e.Hint(), c.hint)) {
					t.Errorf("%s: %v, hint %q", name, err, e.Hint())
				}
			}
			if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
				t.Error("the file was changed")
			}
		})
	}
}

func TestDamageFoundLater(t *testing.T) {
	path := filled(t)
	b := read(t, path)
	// Everything but the first pages, which hold the schema.
	for i := len(b) / 2; i < len(b); i++ {
		b[i] = 0x55
	}
	write(t, path, b)
	s := openTest(t, path)
	if err := s.Check(t.Context()); !errors.Is(err, ErrCorrupt) {
		t.Errorf("check: %v", err)
	}
	if _, err := s.State(t.Context()); !errors.Is(err, ErrCorrupt) {
		t.Errorf("state: %v", err)
	}
	if err := s.Commit(t.Context(), Sweep{Entries: fleetOf(20, noon, 2), At: noon}); !errors.Is(err, ErrCorrupt) {
		t.Errorf("commit: %v", err)
	}
}

func TestBusy(t *testing.T) {
	s := newTest(t)
	other := openTest(t, s.Path())
	tx, err := other.write.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	// The wait of five seconds would be too long here.
	if _, err := s.write.ExecContext(t.Context(), `pragma busy_timeout = 20`); err != nil {
		t.Fatal(err)
	}
	_, err = s.Append(t.Context(), actions.Event{At: noon})
	var e *Error
	if !errors.Is(err, ErrBusy) || !errors.As(err, &e) || e.Hint() == "" {
		t.Errorf("while another writes: %v", err)
	}
	if _, err := s.State(t.Context()); err != nil {
		t.Errorf("reading while another writes: %v", err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if seqs, err := s.Append(t.Context(), actions.Event{At: noon}); err != nil || seqs[0] != 1 {
		t.Errorf("afterwards: %v, %v", seqs, err)
	}
}

func TestContextEnds(t *testing.T) {
	s := newTest(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, err := range map[string]error{
		"commit": s.Commit(ctx, Sweep{Entries: fleetOf(1, noon, 0), At: noon}),
		"state":  second(s.State(ctx)),
		"append": second(s.Append(ctx, actions.Event{At: noon})),
		"open":   second(Open(ctx, s.Path())),
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
	commit(t, s, Sweep{Entries: fleetOf(1, noon, 0), At: noon}) // and it works as before
}

func TestOlderIsNotReadOnlyTrouble(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	run(t, path, `delete from migration where number = (select max(number) from migration)`)
	_, err = OpenReadOnly(t.Context(), path)
	var e *Error
	if !errors.Is(err, ErrOlder) || errors.Is(err, ErrReadOnly) || !errors.As(err, &e) || e.Hint() != "jurymast check" {
		t.Errorf("%v, next: %q", err, e.Hint())
	}
}

func second[T any](_ T, err error) error { return err }

// deniedPart opens a store as whoever it is started as.
func deniedPart(ctx context.Context, args []string) error {
	_, err := Open(ctx, args[0])
	if !errors.Is(err, ErrReadOnly) {
		return fmt.Errorf("open: %w", err)
	}
	if args[1] == "readable" {
		s, err := OpenReadOnly(ctx, args[0])
		if err != nil {
			return fmt.Errorf("open for reading: %w", err)
		}
		defer s.Close()
		st, err := s.State(ctx)
		if err != nil || st.Len() != 200 {
			return fmt.Errorf("%d entries: %w", st.Len(), err)
		}
	}
	fmt.Println("fine")
	return nil
}

func TestFolderThatCannotBeWritten(t *testing.T) {
	// The parent of t.TempDir is for its owner only.
	top, err := os.MkdirTemp("", "store-test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(top) })
	dir := filepath.Join(top, "state")
	if err := errors.Join(os.Chmod(top, 0o755), os.Mkdir(dir, 0o755)); err != nil {
		t.Fatal(err)
	}
	path := filledIn(t, dir)
	if err := errors.Join(os.Chmod(path, 0o444), os.Chmod(dir, 0o555)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(dir, 0o755) })
	bin := filepath.Join(top, "test")
	copyOfMe(t, bin)
	for _, c := range [][]string{{path, "readable"}, {filepath.Join(dir, "new.db"), ""}, {filepath.Join(dir, "sub", "new.db"), ""}} {
		if out := asNobody(t, bin, "denied", c...); out != "fine" {
			t.Errorf("%s: %s", filepath.Base(c[0]), out)
		}
	}
}

// copyOfMe copies the test binary to where everybody may run it.
func copyOfMe(t *testing.T, to string) {
	t.Helper()
	in, err := os.Open(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(out, in)
	if err := errors.Join(err, out.Close()); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func cut(t *testing.T, path string, parts int) {
	t.Helper()
	b := read(t, path)
	write(t, path, b[:len(b)/parts])
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

func run(t *testing.T, path, stmt string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), stmt); err != nil {
		t.Fatal(err)
	}
}
