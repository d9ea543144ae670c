package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"jurymast/actions"
)

const (
	// appID marks a file as ours in the header of SQLite: "JuMa".
	appID = 0x4a754d61

	// busy is how long a process waits for another to finish writing. The
	// longest transaction is a sweep of a thousand hosts, well under a second.
	busy = 5 * time.Second

	// checkpoint is after how many pages of 4 KiB the log is folded into the
	// file: twice what a sweep of ten thousand results writes, so that not
	// each of them pays for it.
	checkpoint = 4000

	// logLimit is the size in bytes to which the log is cut after a fold.
	logLimit = 32 << 20

	// headerSize is the length of the header of an SQLite file, in bytes
	// (sqlite.org/fileformat.html, 1.3).
	headerSize = 100

	// readers is how many readers of one process may be at work at once.
	readers = 4
)

func open(ctx context.Context, path string, readOnly bool) (*Store, error) {
	s := &Store{Now: time.Now, readOnly: readOnly, kept: map[actions.Key]int64{}}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, &Error{Path: path, Doing: "open", Err: err}
	}
	s.path = abs
	if err := s.files(); err != nil {
		return nil, s.wrap("open", err)
	}
	s.read = s.pool(readers, "mode=ro")
	if !readOnly {
		s.write = s.pool(1, "mode=rw", "_txlock=immediate")
	}
	if err := s.prepare(ctx); err != nil {
		_ = s.Close() // the first error is the one to tell
		return nil, s.wrap("open", err)
	}
	return s, nil
}

// files makes folder and file, or looks whether they are there. SQLite gives
// the files beside it the mode of the file itself.
func (s *Store) files() error {
	flags := os.O_RDONLY
	if !s.readOnly {
		if err := os.MkdirAll(filepath.Dir(s.path), 0o700); err != nil {
			return err
		}
		flags = os.O_RDWR | os.O_CREATE
	}
	f, err := os.OpenFile(s.path, flags, 0o600)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	switch {
	case err != nil:
	case !info.Mode().IsRegular():
		err = fmt.Errorf("%w: not a regular file", ErrForeign)
	case info.Size() > 0 && info.Size() < headerSize:
		// SQLite would take some such files for empty and write over them.
		err = fmt.Errorf("%w: it has %d bytes, its header alone would have %d", ErrCorrupt, info.Size(), headerSize)
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return err
}

func (s *Store) pool(size int, params ...string) *sql.DB {
	dsn := "file:" + (&url.URL{Path: s.path}).EscapedPath() + "?" + pragma("busy_timeout", busy.Milliseconds()) +
		"&" + pragma("synchronous", 2) + // FULL: a commit is on the disk when it returns
		"&" + pragma("wal_autocheckpoint", checkpoint) + "&" + pragma("journal_size_limit", logLimit)
	for _, p := range params {
		dsn += "&" + p
	}
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		panic(err) // only an unknown driver name gives an error here
	}
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	return db
}

func pragma(name string, value int64) string { return fmt.Sprintf("_pragma=%s(%d)", name, value) }

// prepare finds out what the file is and makes it a store of this release. A
// store that is up to date is only read.
func (s *Store) prepare(ctx context.Context) error {
	if s.readOnly {
		return s.prepareReadOnly(ctx)
	}
	version, err := s.look(ctx, s.write)
	if err != nil || version == len(migrations) {
		return err
	}
	if version == 0 {
		if err := s.walMode(ctx); err != nil {
			return err
		}
	}
	return s.migrate(ctx)
}

func (s *Store) prepareReadOnly(ctx context.Context) error {
	version, err := s.look(ctx, s.read)
	if codeOf(err) == lib.SQLITE_CANTOPEN || codeOf(err) == lib.SQLITE_READONLY {
		// A log needs a file for its index, which cannot be made in a folder
		// that we may not write. Without a log nobody has the store open.
		info, statErr := os.Stat(s.path + "-wal")
		if errors.Is(statErr, fs.ErrNotExist) || statErr == nil && info.Size() == 0 {
			_ = s.read.Close() // it holds nothing yet
			s.read = s.pool(readers, "mode=ro", "immutable=1")
			version, err = s.look(ctx, s.read)
		}
	}
	if err != nil {
		return err
	}
	if version < len(migrations) {
		return fmt.Errorf("%w: schema %d, this one needs %d", ErrOlder, version, len(migrations))
	}
	return nil
}

// look returns the number of the newest migration in the file, 0 for a new
// file. It reads the header, the schema and one table: SQLite compares the
// length of the file with the header on the way, so that a file that was cut
// off is found here.
func (s *Store) look(ctx context.Context, db *sql.DB) (int, error) {
	var id, tables int
	if err := db.QueryRowContext(ctx, `pragma application_id`).Scan(&id); err != nil {
		return 0, err
	}
	if err := db.QueryRowContext(ctx, `select count(*) from sqlite_master`).Scan(&tables); err != nil {
		return 0, err
	}
	if tables == 0 && id == 0 {
		return 0, nil
	}
	if id != appID {
		return 0, ErrForeign
	}
	var version int
	if err := db.QueryRowContext(ctx, `select coalesce(max(number), 0) from migration`).Scan(&version); err != nil {
		if whySQLite(err) == nil && !isContext(err) {
			err = fmt.Errorf("%w: %w", errBroken, err) // marked as ours, and without the table
		}
		return 0, err
	}
	if version > len(migrations) {
		return 0, fmt.Errorf("%w: schema %d, this one knows %d", ErrNewer, version, len(migrations))
	}
	return version, nil
}

// walMode turns the log on. Two processes that make the same store can be told
// at once that it is busy, without the wait that every other statement has.
func (s *Store) walMode(ctx context.Context) error {
	deadline := time.NewTimer(busy)
	defer deadline.Stop()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		var mode string
		err := s.write.QueryRowContext(ctx, `pragma journal_mode = wal`).Scan(&mode)
		if err == nil && mode != "wal" {
			// A file system without shared memory, most often one of the network.
			return fmt.Errorf("%w: the file system allows no write-ahead log (journal mode %s)", ErrIO, mode)
		}
		if c := codeOf(err); c != lib.SQLITE_BUSY && c != lib.SQLITE_LOCKED {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-deadline.C:
			return err
		case <-again.C:
		}
	}
}

// numbered is a parameter as PostgreSQL wants it.
var numbered = regexp.MustCompile(`\$[0-9]+`)

// byPlace returns a statement with its parameters told apart by their place. Each
// must be there once, in the order of the numbers. SQLite's driver looks a numbered
// one up among all of them by its name, which shows in a sweep: that is one
// statement ten thousand times.
func byPlace(text string) string { return numbered.ReplaceAllLiteralString(text, "?") }

// Check reads the whole file and compares it with itself. It takes about a
// second for each GB; it is for a person who doubts the store.
func (s *Store) Check(ctx context.Context) error {
	var found string
	if err := s.read.QueryRowContext(ctx, `pragma quick_check(1)`).Scan(&found); err != nil {
		return s.wrap("check", err)
	}
	if found != "ok" {
		return &Error{Path: s.path, Doing: "check", Why: ErrCorrupt, Err: errors.New(actions.Line(found))}
	}
	return nil
}

// codeOf returns the primary result code of an error of SQLite, 0 of others.
func codeOf(err error) int {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return 0
	}
	return e.Code() & 0xff
}

func whySQLite(err error) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return nil
	}
	switch e.Code() {
	case lib.SQLITE_IOERR_WRITE, lib.SQLITE_IOERR_TRUNCATE, lib.SQLITE_IOERR_SHMSIZE:
		// SQLite tells ENOSPC as FULL, a quota or a limit of file size so.
		return ErrFull
	}
	switch e.Code() & 0xff {
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED, lib.SQLITE_PROTOCOL:
		return ErrBusy
	case lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB:
		return ErrCorrupt
	case lib.SQLITE_FULL:
		return ErrFull
	case lib.SQLITE_READONLY, lib.SQLITE_PERM, lib.SQLITE_CANTOPEN:
		return ErrReadOnly
	case lib.SQLITE_IOERR:
		return ErrIO
	}
	return nil
}

func isContext(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
