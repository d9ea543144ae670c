package sshlab

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"

	gossh "golang.org/x/crypto/ssh"
)

// signals are those that RFC 4254, 6.10 names.
var signals = map[string]syscall.Signal{
	"ABRT": syscall.SIGABRT, "ALRM": syscall.SIGALRM, "FPE": syscall.SIGFPE, "HUP": syscall.SIGHUP,
	"ILL": syscall.SIGILL, "INT": syscall.SIGINT, "KILL": syscall.SIGKILL, "PIPE": syscall.SIGPIPE,
	"QUIT": syscall.SIGQUIT, "SEGV": syscall.SIGSEGV, "TERM": syscall.SIGTERM, "USR1": syscall.SIGUSR1,
	"USR2": syscall.SIGUSR2,
}

func signalName(s syscall.Signal) string {
	for name, known := range signals {
		if known == s {
			return name
		}
	}
	return fmt.Sprintf("%d@sshlab", int(s)) // names of one's own hold an @ (RFC 4250, 4.6.1)
}

// process is a command on a machine: a session of its own, three pipes.
type process struct {
	machine *Machine
	cmd     *exec.Cmd
	stdin   *os.File
	stdout  *os.File
	stderr  *os.File
}

// run starts a command as sshd does: by the login shell, in its home.
func (m *Machine) run(command string, interactive bool) (*process, error) {
	shell, err := exec.LookPath(m.shell())
	if err != nil {
		return nil, err
	}
	program, args := m.suffer(shell, command)
	cmd := exec.Command(program, args...)
	if interactive {
		cmd = exec.Command(shell)
		cmd.Args[0] = "-" + filepath.Base(shell) // a login shell
	}
	cmd.Dir = m.home()
	cmd.Env = m.environ(shell)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}

	p := &process{machine: m, cmd: cmd}
	var theirs [3]*os.File
	if err := p.pipes(&theirs); err != nil {
		return nil, err
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = theirs[0], theirs[1], theirs[2]
	m.mu.Lock()
	if m.closed {
		err = errClosed
	} else if err = cmd.Start(); err == nil {
		m.procs[cmd.Process.Pid] = struct{}{}
		m.ran = true
	}
	m.mu.Unlock()
	for _, f := range theirs {
		_ = f.Close() // the child has its own
	}
	if err != nil {
		p.hangUp()
		return nil, err
	}
	return p, nil
}

// pipes opens the three pipes; the child's ends are put into theirs.
func (p *process) pipes(theirs *[3]*os.File) (err error) {
	opened := make([]*os.File, 0, 6)
	for i, ours := range []**os.File{&p.stdin, &p.stdout, &p.stderr} {
		r, w, err := os.Pipe()
		if err != nil {
			for _, f := range opened {
				_ = f.Close() // nothing was written
			}
			return err
		}
		opened = append(opened, r, w)
		if i == 0 {
			theirs[i], *ours = r, w
		} else {
			theirs[i], *ours = w, r
		}
	}
	return nil
}

// serve connects the process with its channel. The channel is closed when the
// process has ended and nobody holds its outputs any more: a child left in the
// background with them keeps it open, as with sshd.
//
// It returns false when the machine is closed; the process is then ended by
// endProcesses.
func (p *process) serve(ch gossh.Channel, wg *sync.WaitGroup) bool {
	var output sync.WaitGroup
	wg.Go(func() {
		_, _ = io.Copy(p.stdin, ch) // the process may not want it all
		_ = p.stdin.Close()
	})
	output.Go(func() {
		_, _ = io.Copy(ch, p.stdout) // the client may have left
		_ = p.stdout.Close()         // now writing is SIGPIPE
	})
	output.Go(func() {
		_, _ = io.Copy(ch.Stderr(), p.stderr)
		_ = p.stderr.Close()
	})
	waiting := p.machine.spawn(func() {
		p.wait(ch)
		output.Wait()
		_ = ch.CloseWrite() // these fail with the connection only
		_ = ch.Close()
	})
	if !waiting {
		p.hangUp()
		output.Wait()
	}
	return waiting
}

// wait reaps the process and reports how it ended.
func (p *process) wait(ch gossh.Channel) {
	_ = p.cmd.Wait() // how it ended stands in its state
	p.machine.mu.Lock()
	delete(p.machine.procs, p.cmd.Process.Pid)
	p.machine.mu.Unlock()
	state := p.cmd.ProcessState
	if state == nil {
		return // it could not be waited for: nothing to tell
	}
	status, ok := state.Sys().(syscall.WaitStatus)
	if ok && status.Signaled() {
		sendSignal(ch, status.Signal(), status.CoreDump())
		return
	}
	sendExit(ch, state.ExitCode())
}

// signal sends a signal to the process group, as sshd does.
func (p *process) signal(name string) bool {
	s, ok := signals[name]
	if !ok {
		return false
	}
	p.machine.mu.Lock()
	defer p.machine.mu.Unlock()
	if _, lives := p.machine.procs[p.cmd.Process.Pid]; !lives {
		return false
	}
	return syscall.Kill(-p.cmd.Process.Pid, s) == nil
}

// hangUp closes our ends of the pipes: input ends, output is SIGPIPE. That is
// all sshd does to a command without terminal when its channel closes.
func (p *process) hangUp() {
	for _, f := range []*os.File{p.stdin, p.stdout, p.stderr} {
		_ = f.Close() // closed already when the process has ended
	}
}
