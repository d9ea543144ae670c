package kind

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestFenceSamba takes a share from a host that has it open, on a real server.
func TestFenceSamba(t *testing.T) {
	t.Parallel()
	smbd := needed(t, "smbd", "samba")
	client := needed(t, "smbclient", "smbclient")
	if os.Getuid() != 0 {
		t.Skip("not tested: smbd needs root")
	}
	dir := serverFolder(t, "root")
	port := freePort(t)
	for _, d := range []string{"data", "priv", "lock", "run"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(dir+"/data", 0o777); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(dir, "smb.conf")
	text := fmt.Sprintf(`[global]
   workgroup = W
   interfaces = lo
   bind interfaces only = yes
   smb ports = %[2]d
   private dir = %[1]s/priv
   lock directory = %[1]s/lock
   state directory = %[1]s/lock
   cache directory = %[1]s/lock
   pid directory = %[1]s/run
   ncalrpc dir = %[1]s/run/ncalrpc
   log file = %[1]s/log
   map to guest = Bad User
   guest account = nobody
   disable spoolss = yes
   load printers = no
[Data]
   path = %[1]s/data
   guest ok = yes
   read only = no
[other]
   path = %[1]s/data
   guest ok = yes
`, dir, port)
	put(t, config, text)
	server := exec.CommandContext(t.Context(), smbd, "-F", "--no-process-group", "-s", config)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Process.Kill(); _ = server.Wait() })
	use := func(share, command string) (string, error) {
		out, err := exec.CommandContext(t.Context(), client, "-N", "-p", strconv.Itoa(port), "//127.0.0.1/"+share, "-c", command).CombinedOutput()
		return string(out), err
	}
	await(t, "smbd answers", func() bool { _, err := use("Data", "ls"); return err == nil })

	for _, everybody := range []string{"false", "true"} {
		t.Run("everybody "+everybody, func(t *testing.T) {
			x := fenceOf(t, "kind = \"samba-share\"\non = \"nas\"\nshare = \"data\"\naddress = \"127.0.0.1\"\neverybody = "+everybody+"\nconfig = \""+config+"\"\n")
			// Somebody who has it open and writes.
			user := exec.CommandContext(t.Context(), client, "-N", "-p", strconv.Itoa(port), "//127.0.0.1/Data")
			in, err := user.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := user.Start(); err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(in, "ls\n"); err != nil {
				t.Fatal(err)
			}
			await(t, "it is in use", func() bool {
				out, err := exec.CommandContext(t.Context(), "smbstatus", "-s", config, "-S").Output()
				return err == nil && strings.Contains(string(out), "\nData ")
			})
			must(t, x.Survey, nil)
			if exit(t, x.Verify, nil) == 0 {
				t.Error("a share that is in use counts as withdrawn")
			}
			must(t, x.Do, nil)
			must(t, x.Do, nil)
			must(t, x.Verify, nil)
			if _, err := io.WriteString(in, "mkdir after"+everybody+"\n"); err != nil {
				t.Fatal(err)
			}
			_ = in.Close()
			_ = user.Wait() // it may end in any way
			if _, err := os.Stat(filepath.Join(dir, "data", "after"+everybody)); err == nil {
				t.Error("who had it open wrote to it after it was withdrawn")
			}
			if said, err := use("Data", "mkdir again"); err == nil || !strings.Contains(said, "NT_STATUS") {
				t.Errorf("who is kept out came in again: %v %s", err, said)
			}
			if _, err := use("other", "ls"); err != nil {
				t.Error("another share was withdrawn as well")
			}
			must(t, *x.Release, nil)
			must(t, *x.Release, nil)
			if got(t, config) != text {
				t.Errorf("released, the configuration is\n%s", got(t, config))
			}
			await(t, "it is there again", func() bool { _, err := use("Data", "ls"); return err == nil })
			if exit(t, x.Verify, nil) == 0 {
				t.Error("released, it still counts as withdrawn")
			}
		})
	}
}
