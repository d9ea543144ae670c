//go:build linux

// Command fleet is a real fleet for a person to practise on: the bed of the
// end-to-end suite, kept up until it is taken down.
//
//	go run ./testdata/fleet up              in one terminal; it says how to use it
//	go run ./testdata/fleet kill n2         in another
//
// Up needs root, makes what it needs on the first call, and holds the fleet as
// long as it runs.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"jurymast/testdata/fleet/bed"
)

const usage = `usage: go run ./testdata/fleet COMMAND

  build                make what every fleet is made of, unless it is there: minutes
  up [-nodes N] [-vm]  bring a fleet up and hold it until "down" or ctrl-c
  down                 take it down
  cut NODE             take its cable out
  heal                 put every cable back, let every packet through, thaw every node
  slow NODE DURATION   let every packet of it take that much longer each way; 0s to end
  drop FROM TO         let packets vanish in one direction, with a word to nobody
  freeze NODE          stop every process of it where it stands
  thaw NODE
  kill NODE            take the power from it
  power NODE           give it back, and wait until it answers
  shell NODE           a shell on it, by SSH
  jurymast ARGS...     jurymast, where an admin of this fleet would run it
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	if err := do(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "fleet:", err)
		os.Exit(1)
	}
}

func do(ctx context.Context, args []string) error {
	if len(args) == 0 || strings.TrimLeft(args[0], "-h") == "" || args[0] == "help" {
		fmt.Print(usage)
		return nil
	}
	if args[0] == "up" {
		return up(ctx, args[1:])
	}
	if args[0] == "build" {
		return build(ctx)
	}
	if args[0] == "shell" || args[0] == "jurymast" {
		return enter(ctx, args)
	}
	return tell(strings.Join(args, " "))
}

// socket is where a fleet that is up listens for the other commands.
func socket() string { return filepath.Join(os.TempDir(), "jurymast-fleet.sock") }

func say(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

// build has the base file system and the saved machine made, which is seen to start.
func build(ctx context.Context) error {
	b, err := bed.Up(ctx, bed.Options{Machine: "vm", Say: say})
	if err != nil {
		return err
	}
	return b.Close()
}

func up(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("up", flag.ContinueOnError)
	count := flags.Int("nodes", 4, "how many nodes, at most 50")
	machine := flags.Bool("vm", false, "a virtual machine as well")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *count < 1 || *count > 50 {
		return errors.New("-nodes: 1 to 50")
	}
	if c, err := net.Dial("unix", socket()); err == nil {
		return errors.Join(errors.New("a fleet is up already: go run ./testdata/fleet down"), c.Close())
	}
	o := bed.Options{Say: say}
	for i := range *count {
		o.Nodes = append(o.Nodes, fmt.Sprintf("n%d", i+1))
	}
	if *machine {
		o.Machine = "vm"
	}
	start := time.Now()
	b, err := bed.Up(ctx, o)
	if err != nil {
		return err
	}
	defer func() {
		if err := b.Close(); err != nil {
			fmt.Fprintln(os.Stderr, "fleet:", err)
		}
	}()
	if err := describe(b); err != nil {
		return err
	}
	if err := os.Remove(socket()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	l, err := net.Listen("unix", socket())
	if err != nil {
		return err
	}
	if err := os.Chmod(socket(), 0o600); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "%d machines of %s are up in %s. In another terminal:\n\n  go run ./testdata/fleet jurymast check all\n  go run ./testdata/fleet shell n1\n  go run ./testdata/fleet help\n\n", len(o.Nodes), b.ID(), time.Since(start).Round(100*time.Millisecond))
	ctx, down := context.WithCancel(ctx)
	defer down()
	defer context.AfterFunc(ctx, func() { _ = l.Close() })()
	for {
		c, err := l.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		line, err := bufio.NewReader(c).ReadString('\n')
		if err == nil {
			err = obey(ctx, b, down, strings.Fields(line))
		}
		if err != nil {
			_, err = fmt.Fprintln(c, "error:", err)
		}
		_ = errors.Join(err, c.Close()) // the other has gone; the fleet stays up
	}
}

// describe writes the inventory of the fleet, and where "enter" finds things.
func describe(b *bed.Bed) error {
	var s strings.Builder
	fmt.Fprintf(&s, "[ssh]\nuser = \"ops\"\nsudo = true\nidentity = [%q]\nknown_hosts = %q\n", b.Key(), b.KnownHosts())
	for _, n := range b.Nodes() {
		fmt.Fprintf(&s, "\n[node.%s]\naddress = %q\n", n, b.Node(n).Addr)
	}
	if m := b.Machine(); m != nil {
		fmt.Fprintf(&s, "\n[node.%s]\naddress = %q\n", m.Name, m.Addr)
	}
	return os.WriteFile(filepath.Join(b.Dir(), "inventory.toml"), []byte(s.String()), 0o600)
}

// obey carries one command out. Shell and jurymast are answered with the words
// of a program that the other runs itself, at its own terminal.
func obey(ctx context.Context, b *bed.Bed, down func(), words []string) error {
	node := func() (*bed.Node, error) {
		if len(words) < 2 {
			return nil, fmt.Errorf("%s which node?", words[0])
		}
		for _, n := range b.Nodes() {
			if n == words[1] {
				return b.Node(n), nil
			}
		}
		return nil, fmt.Errorf("no node %q: %s", words[1], strings.Join(b.Nodes(), ", "))
	}
	if len(words) == 0 {
		return errors.New("nothing was said")
	}
	acts := map[string]func(*bed.Node, context.Context) error{
		"cut": (*bed.Node).Cut, "freeze": (*bed.Node).Freeze, "thaw": (*bed.Node).Thaw, "kill": (*bed.Node).Kill, "power": (*bed.Node).Power,
	}
	if act, ok := acts[words[0]]; ok {
		n, err := node()
		if err != nil {
			return err
		}
		return act(n, ctx)
	}
	switch {
	case words[0] == "down":
		down()
		return nil
	case words[0] == "heal":
		return b.Heal(ctx)
	case words[0] == "slow" && len(words) == 3:
		each, err := time.ParseDuration(words[2])
		if err != nil {
			return err
		}
		return b.Slow(ctx, words[1], each)
	case words[0] == "drop" && len(words) == 3:
		return b.Drop(ctx, words[1], words[2], true)
	}
	return fmt.Errorf("%q is not understood: go run ./testdata/fleet help", strings.Join(words, " "))
}

// tell sends a line to the fleet that is up.
func tell(line string) error {
	c, err := net.Dial("unix", socket())
	if err != nil {
		return fmt.Errorf("no fleet is up: %w (go run ./testdata/fleet up)", err)
	}
	defer func() { _ = c.Close() }()
	if _, err := fmt.Fprintln(c, line); err != nil {
		return err
	}
	answer, _ := bufio.NewReader(c).ReadString('\n') // it may end before it answers: "down"
	if why, ok := strings.CutPrefix(strings.TrimSpace(answer), "error: "); ok {
		return errors.New(why)
	}
	return nil
}

// enter runs a program of the person's inside the fleet.
func enter(ctx context.Context, args []string) error {
	b, err := bed.Join()
	if err != nil {
		return err
	}
	var cmd *exec.Cmd
	if args[0] == "shell" {
		if len(args) < 2 {
			return errors.New("shell on which node?")
		}
		cmd = b.SSH(ctx, args[1])
	} else {
		dir, err := os.MkdirTemp("", "jurymast")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(dir) }()
		program := filepath.Join(dir, "jurymast")
		if out, err := exec.CommandContext(ctx, "go", "build", "-o", program, "./cmd/jurymast").CombinedOutput(); err != nil {
			return fmt.Errorf("build jurymast: %w: %s", err, out)
		}
		cmd = b.Command(ctx, program, args[1:]...)
		cmd.Env = append(os.Environ(), "JURYMAST_SSH_CONFIG=none", "JURYMAST_INVENTORY="+filepath.Join(b.Dir(), "inventory.toml"), "JURYMAST_STATE_DIR="+filepath.Join(b.Dir(), "state"))
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err = cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		os.Exit(exit.ExitCode())
	}
	return err
}
