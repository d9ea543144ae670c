package sshlab

import (
	"fmt"
	"strings"
	"time"
)

// Mailcow is a mailcow below /opt/mailcow-dockerized.
type Mailcow struct {
	Waiting     int           // mails that could not be delivered yet
	Oldest      time.Duration // how long the oldest of them has waited
	Size, Used  int64         // of the disk of the mailboxes, bytes
	Certificate Certificate
	Behind      bool // a newer version is out
}

const (
	mailcowProject = "mailcowdockerized"
	mailcowCommit  = "3f2a9c1e7b5d4806a1c2e3f405162738495a6b7c"
)

// mailcowServices are those of any mailcow, and what renews its certificate.
var mailcowServices = strings.Fields("acme dovecot mysql nginx php-fpm postfix redis rspamd unbound watchdog")

// containers are those of the project, with what answers in them.
func (m *Mailcow) containers() []Container {
	var out []Container
	for _, s := range mailcowServices {
		c := Container{Name: mailcowProject + "-" + s + "-mailcow-1", Project: mailcowProject, Service: s + "-mailcow", Image: "ghcr.io/mailcow/" + s}
		switch s {
		case "postfix":
			c.Inside.program = m.queue
		case "dovecot":
			c.Inside.program = m.mailboxes
		}
		out = append(out, c)
	}
	return out
}

// queue has postqueue -j say what waits, an object a line (postqueue(1)).
func (m *Mailcow) queue(p *programs) {
	var b strings.Builder
	for i := range m.Waiting {
		at := time.Now().Add(-m.Oldest * time.Duration(m.Waiting-i) / time.Duration(m.Waiting)).Unix()
		fmt.Fprintf(&b, "{\"queue_name\": \"deferred\", \"queue_id\": \"4bXyZ%05d\", \"arrival_time\": %d, \"message_size\": 4711, \"forced_expire\": false, \"sender\": \"a@example.org\", \"recipients\": []}\n", i, at)
	}
	p.answer("postqueue", "-j", 0, b.String())
}

func (m *Mailcow) mailboxes(p *programs) {
	p.answer("df", "-Pk /var/vmail", 0, fmt.Sprintf("Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/sdb1 %d %d %d %d%% /var/vmail\n",
		m.Size/kib, m.Used/kib, (m.Size-m.Used)/kib, m.Used*100/max(m.Size, 1)))
}

// answer makes its certificate, and has git tell which version it is.
func (m *Mailcow) answer(p *programs) {
	p.t["opt/mailcow-dockerized/data/assets/ssl/cert.pem"] = m.Certificate.text()
	out := mailcowCommit
	if m.Behind {
		out = swarmID(40, "mailcow", "newer")
	}
	p.answer("git", "* rev-parse --abbrev-ref HEAD", 0, "master\n")
	p.answer("git", "* rev-parse HEAD", 0, mailcowCommit+"\n")
	p.answer("git", "* describe --tags --always", 0, "2026-09\n")
	p.answer("git", "* ls-remote origin refs/heads/master", 0, out+"\trefs/heads/master\n")
}
