package ssh

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/pkg/sftp"
	gossh "golang.org/x/crypto/ssh"
)

// SFTP moves files to and from one host. Its calls may not be made at the same
// time. After a call whose context ended it can only be closed.
type SFTP struct {
	s *session
	c *sftp.Client
}

// SFTP opens the file transfer of a host. It holds a session there until it is
// closed.
func (p *Pool) SFTP(ctx context.Context, host string) (*SFTP, error) {
	s, err := p.session(ctx, host, "")
	if err != nil {
		return nil, err
	}
	f := &SFTP{s: s}
	err = f.within(ctx, func() error {
		ok, err := s.ch.SendRequest("subsystem", true, gossh.Marshal(struct{ Name string }{"sftp"}))
		if err != nil {
			return err
		}
		if !ok {
			return errors.New("the server offers no file transfer")
		}
		go gossh.DiscardRequests(s.reqs) // ends with the channel
		f.c, err = sftp.NewClientPipe(s.ch, s.ch)
		return err
	})
	if err != nil {
		s.close()
		return nil, fmt.Errorf("ssh %s: sftp: %w", host, err)
	}
	return f, nil
}

// Close ends the file transfer.
func (f *SFTP) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeLimit)
	defer cancel()
	err := f.within(ctx, f.c.Close)
	f.s.close()
	if errors.Is(err, io.EOF) { // it had been closed by the other side
		return nil
	}
	return err
}

// Put writes what r holds to a file, whole or not at all: to a new file beside
// it, with mode, which then takes its place. Where the server can, it is on
// disk when Put returns. r's Read must return when ctx ends.
func (f *SFTP) Put(ctx context.Context, path string, mode fs.FileMode, r io.Reader) error {
	err := f.within(ctx, func() error { return f.put(ctx, path, mode, r) })
	if err != nil {
		return fmt.Errorf("ssh %s: put %s: %w", f.s.host, path, err)
	}
	return nil
}

func (f *SFTP) put(ctx context.Context, path string, mode fs.FileMode, r io.Reader) (err error) {
	temp := path + ".new-" + rand.Text()[:8]
	w, err := f.c.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, ignoreMissing(f.c.Remove(temp)))
		}
	}()
	err = w.Chmod(mode.Perm()) // before there is anything to be read in it
	if err == nil {
		_, err = io.Copy(w, reading{ctx, r})
	}
	if _, ok := f.c.HasExtension("fsync@openssh.com"); ok && err == nil {
		err = w.Sync()
	}
	if cerr := w.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	if _, ok := f.c.HasExtension("posix-rename@openssh.com"); ok {
		return f.c.PosixRename(temp, path)
	}
	// Without it a rename may fail where there is a file already. That is
	// better than to remove it first.
	return f.c.Rename(temp, path)
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Get copies a file to w and returns how many bytes it has. w's Write must
// return when ctx ends. The bytes are as they are on the host, not cleaned.
func (f *SFTP) Get(ctx context.Context, path string, w io.Writer) (int64, error) {
	var n int64
	err := f.within(ctx, func() error {
		r, err := f.c.Open(path)
		if err != nil {
			return err
		}
		n, err = r.WriteTo(writing{ctx, w}) // asks for many pieces at once
		if cerr := r.Close(); err == nil {
			err = cerr
		}
		return err
	})
	if err != nil {
		return n, fmt.Errorf("ssh %s: get %s: %w", f.s.host, path, err)
	}
	return n, nil
}

// reading is a reader that ends with a context.
type reading struct {
	ctx context.Context
	r   io.Reader
}

func (r reading) Read(b []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	return r.r.Read(b)
}

// writing is a writer that ends with a context.
type writing struct {
	ctx context.Context
	w   io.Writer
}

func (w writing) Write(b []byte) (int, error) {
	if w.ctx.Err() != nil {
		return 0, context.Cause(w.ctx)
	}
	return w.w.Write(b)
}

// within calls do and returns soon after ctx ends: do may then still clean up,
// and is cut off when that takes long.
func (f *SFTP) within(ctx context.Context, do func() error) error {
	done := make(chan error, 1)
	go func() { done <- do() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	for _, cut := range []func(){f.s.close, func() { f.s.drop(errNoAnswer) }} {
		t := time.NewTimer(closeLimit)
		select {
		case err := <-done:
			t.Stop()
			return errors.Join(context.Cause(ctx), err)
		case <-t.C:
			cut()
		}
	}
	return errors.Join(context.Cause(ctx), <-done)
}
