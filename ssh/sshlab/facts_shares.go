package sshlab

import (
	"fmt"
	"strings"
)

// NFS is the kernel's NFS server.
type NFS struct {
	Stopped bool // its unit may say otherwise: no thread runs
	Exports []Export
	Clients int
}

// Export is a folder that NFS clients may mount.
type Export struct{ Path, To string }

// Samba is a running smbd and its shares.
type Samba struct {
	Stopped bool
	Shares  []SambaShare
}

// SambaShare is a section of smb.conf.
type SambaShare struct {
	Name, Path string
	Withdrawn  bool // available = no
	Connected  int
}

// shares writes what the servers of files tell.
func (f *Linux) shares(t tree) {
	if n := f.NFS; n != nil {
		threads := 8 // the default of rpc.nfsd(8)
		if n.Stopped {
			threads = 0
		}
		t.add("proc/fs/nfsd/threads", "%d\n", threads)
		t["proc/fs/nfsd/clients/.keep"] = ""
		for i := range n.Clients {
			t.add(fmt.Sprintf("proc/fs/nfsd/clients/%d/info", i+3), "clientid: 0x%016x\n", i+3)
		}
		var b strings.Builder
		for _, e := range n.Exports {
			fmt.Fprintf(&b, "%s  %s(sync,wdelay,hide,no_subtree_check,sec=sys,rw,secure,root_squash,no_all_squash)\n", escape(e.Path), e.To)
		}
		t["lab/exports"] = b.String()
	}
	if s := f.Samba; s != nil {
		var conf, status strings.Builder
		conf.WriteString("[global]\n\tserver role = standalone server\n")
		status.WriteString("\nService      pid     Machine       Connected at                     Encryption   Signing     \n" + strings.Repeat("-", 94) + "\n")
		for _, x := range s.Shares {
			available := "Yes"
			if x.Withdrawn {
				available = "No"
			}
			fmt.Fprintf(&conf, "\n[%s]\n\tpath = %s\n\tavailable = %s\n\tread only = No\n", x.Name, x.Path, available)
			for i := range x.Connected {
				fmt.Fprintf(&status, "%-12s %-7d 10.10.0.%-5d Mon Nov  2 09:00:00 AM 2026 UTC  -            -           \n", x.Name, 2000+i, 20+i)
			}
		}
		t["etc/samba/smb.conf"], t["lab/smbstatus"] = conf.String(), status.String()
		if !s.Stopped {
			t["proc/1445/comm"] = "smbd\n"
			// Its line of /proc/net/tcp: 0.0.0.0:445, listening (proc_net_tcp.rst).
			t["proc/net/tcp"] = "  sl  local_address rem_address   st\n   0: 00000000:01BD 00000000:0000 0A\n"
		}
	}
}
