package kind

import (
	"slices"
	"strconv"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

var mailcow = actions.Kind{
	Name: "mailcow",
	Doc:  "A mailcow: containers, queue, disk, certificate, a newer version, and copies by its own script.",
	About: `mailcow is a compose project: its containers are judged as kind compose does, and those that no mail gets on without
must be there. Besides, postfix is asked for its queue, dovecot for the disk of the mailboxes, and the certificate is
read from data/assets/ssl. acme-mailcow that restarts again and again is trouble with the certificate.

Whether a newer version is out is asked of the git remote by name alone. update.sh --check is not used: it fetches,
and replaces files of mailcow itself. It is told to git that the folder may belong to somebody else.

A copy is made by mailcow's own script, unattended. That ends with 0 whatever happened, with not a single volume found
too: so what it said is read, all six archives are read back to their end, and mariabackup must have said that it
completed. Mails are copied while they arrive. Settings, certificates and hooks, which the script leaves out, are added.
The backup lies below scratch until it is in the repository: there must be room for all of it, packed.

It is not put back in place from here: the script's restore is a dialogue, which answers itself when nobody is there.
Restore to a folder, and run "MAILCOW_BACKUP_LOCATION=FOLDER/…/mailcow helper-scripts/backup_and_restore.sh restore". A
drill reads the archives; a mailcow that was started from them would send what waits in its queue.

Written after the source of mailcow of 2025 and 2026; its containers have not been seen.`,
	Levels: []inventory.Level{inventory.LevelService},
	Options: []inventory.Option{
		{Name: "dir", Type: inventory.TypePath, Default: "/opt/mailcow-dockerized", Doc: "where mailcow lies"},
		{Name: "project", Type: inventory.TypeString, Default: "mailcowdockerized", Doc: "its compose project: COMPOSE_PROJECT_NAME in mailcow.conf"},
		{Name: "services", Type: inventory.TypeList, Doc: "further services of the project that must be there"},
		{Name: "threads", Type: inventory.TypeInt, Default: "1", Doc: "threads that pack the mailboxes"},
		{Name: "scratch", Type: inventory.TypePath, Default: "/var/lib/jurymast", Doc: "folder in which a backup may lie until it is copied"},
	},
	Limits: []inventory.Limit{
		{Name: "queue", Warn: 50, Fail: 500, Doc: "mails that wait to be delivered"},
		{Name: "oldest", Unit: "h", Warn: 6, Fail: 48, Doc: "how long the oldest of them has waited"},
		{Name: "disk", Unit: "%", Warn: 85, Fail: 95, Doc: "use of the disk of the mailboxes"},
		probeCertLimits[0], probeCertLimits[1],
	},
	Sudoers: slices.Concat(dockerContainerRules, dockerCommands("mailcow/look.sh",
		"ps -q --no-trunc --filter label=com.docker.compose.project=NAME --filter label=com.docker.compose.service=postfix-mailcow",
		"ps -q --no-trunc --filter label=com.docker.compose.project=NAME --filter label=com.docker.compose.service=dovecot-mailcow",
		"exec ONEID postqueue -j", "exec ONEID df -Pk /var/vmail")),
	Checks: mailcowChecks,
	Data:   mailcowData,
	Proved: map[string]actions.Ground{"look": actions.Documented, "backup": actions.Documented, "restore": actions.Documented},
}

// mailcowNeeded are the services that a mailcow of any year and any settings
// has.
var mailcowNeeded = []string{
	"dovecot-mailcow", "mysql-mailcow", "nginx-mailcow", "php-fpm-mailcow", "postfix-mailcow", "redis-mailcow", "rspamd-mailcow", "unbound-mailcow",
}

func mailcowInputs(t inventory.Target) map[string]string {
	return map[string]string{
		"DIR":     orDefault(t.Options.String("dir"), "/opt/mailcow-dockerized"),
		"PROJECT": orDefault(t.Options.String("project"), "mailcowdockerized"),
	}
}

func mailcowChecks(f *inventory.Fleet, t inventory.Target) []actions.Check {
	in := mailcowInputs(t)
	want := slices.Concat(t.Options.List("services"), mailcowNeeded)
	s := dockerLook(f, t, "mailcow/look.sh").With(in)
	of := func(id, title string, read func(mailcowSaid, actions.Answer) actions.Reading) actions.Check {
		return actions.Check{ID: id, Title: title, Script: s, Every: time.Minute, Limit: 30 * time.Second, Read: func(a actions.Answer) []actions.Reading {
			m, why := mailcowParse(a)
			if why != nil {
				return []actions.Reading{*why}
			}
			return []actions.Reading{read(m, a)}
		}}
	}
	return []actions.Check{
		{ID: "containers", Title: "containers", Script: dockerLook(f, t, "docker/look.sh"), Every: time.Minute, Read: func(a actions.Answer) []actions.Reading {
			rs := composeRead(dockerParse(a), in["PROJECT"], want, t.Host, true, a)
			for i := range rs {
				rs[i].On = ""
			}
			return rs
		}},
		of("queue", "mails that wait", func(m mailcowSaid, a actions.Answer) actions.Reading { return m.judgeQueue(t, a.Now) }),
		of("disk", "disk of the mailboxes", func(m mailcowSaid, _ actions.Answer) actions.Reading { return m.judgeDisk(t) }),
		of("certificate", "certificate", func(m mailcowSaid, a actions.Answer) actions.Reading { return m.judgeCertificate(t, a.Now) }),
		{ID: "update", Title: "newer version", Script: script("mailcow/update.sh", map[string]string{"DIR": in["DIR"]}), Every: 6 * time.Hour, Limit: 40 * time.Second,
			Read: func(a actions.Answer) []actions.Reading { return []actions.Reading{mailcowUpdate(a)} }},
	}
}

// mailcowData is a backup of mailcow's own script. What it leaves out is added;
// it is not put back by itself.
func mailcowData(_ *inventory.Fleet, t inventory.Target) (actions.Data, error) {
	in := mailcowInputs(t)
	in["FOLDER"] = orDefault(t.Options.String("scratch"), "/var/lib/jurymast")
	in["THREADS"] = strconv.FormatInt(max(1, t.Options.Int("threads")), 10)
	verb := func(name string) *actions.Script {
		s := compound(in, nil, commonFile, "mailcow/lib.sh", "mailcow/"+name)
		return &s
	}
	return actions.Data{Survey: *verb("survey.sh"), Dump: verb("dump.sh"), Try: verb("try.sh"), Scratch: t.Options.String("scratch")}, nil
}
