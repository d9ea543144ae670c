package main

import (
	"bytes"
	_ "embed"
	"io"
	"os"
	"os/exec"
	"runtime/debug"
	"strings"
	"syscall"
)

//go:embed keeper.sh
var keeperScript string

// keepTerminal starts a keeper of the terminal: a process of its own that makes
// it whole and says what has become of the console, should that end without
// having done so, by kill -9 or by a fault that nothing in it catches. Such a
// fault is written to a temporary file. The returned function ends the keeper; it is
// called once the terminal is whole. Where the terminal's settings cannot be read
// there is no keeper.
func (a *app) keepTerminal() (release func()) {
	in, isFile := a.in.(*os.File)
	out, isFile2 := a.out.(*os.File)
	if !isFile || !isFile2 {
		return func() {}
	}
	ask := exec.Command("stty", "-g")
	ask.Stdin = in
	settings, err := ask.Output()
	if err != nil {
		a.log.Debug("the terminal has no keeper", "error", err)
		return func() {}
	}
	words, err := os.CreateTemp("", "jurymast-fault-*.txt")
	if err != nil {
		a.log.Debug("the terminal has no keeper", "error", err)
		return func() {}
	}
	defer func() { _ = words.Close() }()
	keeper := exec.Command("sh", "-c", keeperScript, "jurymast-keeper", string(bytes.TrimSpace(settings)), words.Name())
	keeper.Stdout = out
	keeper.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // what ends the console's group is not meant for it
	line, err := keeper.StdinPipe()
	if err == nil {
		err = keeper.Start()
	}
	if err != nil {
		a.log.Debug("the terminal has no keeper", "error", err)
		_ = os.Remove(words.Name())
		return func() {}
	}
	if err := debug.SetCrashOutput(words, debug.CrashOptions{}); err != nil {
		a.log.Debug("a fault would not be kept", "error", err)
	}
	return func() {
		_ = debug.SetCrashOutput(nil, debug.CrashOptions{})
		_, _ = io.Copy(line, strings.NewReader("over\n"))
		_ = line.Close()
		_ = keeper.Process.Release() // it goes by itself: nobody waits for it at a prompt
		_ = os.Remove(words.Name())
	}
}
