package kind

import (
	"strconv"

	"jurymast/actions"
	"jurymast/inventory"
)

var mariadb = actions.Kind{
	Name: "mariadb",
	Doc:  "A MariaDB server: looked at, with its replication.",
	About: `One session of the client mariadb (or mysql, before 10.5) on the host asks for everything: as root by the server's
socket, as Debian sets it up, or as role with its password. The password is a secret and reaches the client by its
environment. What ~/.my.cnf and /etc/mysql say to the client is read as well, but for a password where one is given.
A server in a container is asked at its address; the client has to be on the host (apt install mariadb-client).

A server that replicates from another is a standby: both of its threads must run, and the seconds that it is behind
must be a number. NULL is a broken replica and never 0. Those seconds count from what has been fetched; a replica
whose active is out of reach reads as cut off, however few they are. A standby that is not read_only can be written
to, and breaks by that: that is warned of. What can still write to one that is read_only are users with READ_ONLY
ADMIN, root among them.

A member of a Galera cluster reads unknown, and so does MySQL, which answers differently in much of this.`,
	Levels: []inventory.Level{inventory.LevelService},
	Options: []inventory.Option{
		{Name: "port", Type: inventory.TypePort, Default: "3306", Doc: "the server's port; another one than 3306 is asked at 127.0.0.1 where neither address nor socket is set"},
		{Name: "address", Type: inventory.TypeString, Doc: "the address that it is asked at on its host; by its socket where not said"},
		{Name: "socket", Type: inventory.TypePath, Doc: "its socket; the client's own where not said"},
		{Name: "role", Type: inventory.TypeString, Doc: "database user to ask as; the client's own where not said: root"},
		{Name: "password", Type: inventory.TypeSecret, Doc: "the password of role"},
	},
	Limits: []inventory.Limit{
		{Name: "lag", Unit: "s", Warn: 30, Fail: 300, Doc: "how far a replica is behind, beyond the delay that it is told to keep"},
		{Name: "connections", Unit: "%", Warn: 80, Fail: 95, Doc: "share of max_connections in use"},
	},
	Checks: mariadbChecks,
	Proved: map[string]actions.Ground{"look": actions.Real},
}

// mariadbScript puts a script of the kind together with what it rests on.
func mariadbScript(t inventory.Target, more map[string]string, files ...string) actions.Script {
	port := int64(3306)
	if p := t.Options.Int("port"); p != 0 {
		port = p
	}
	address, socket := t.Options.String("address"), t.Options.String("socket")
	if port != 3306 && address == "" && socket == "" {
		address = "127.0.0.1" // the client would ask the first server, by its socket
	}
	in := map[string]string{
		"SERVER_PORT": strconv.FormatInt(port, 10),
		"ADDRESS":     address,
		"SOCKET":      socket,
		"ROLE":        t.Options.String("role"),
	}
	for k, v := range more {
		in[k] = v
	}
	names := []string{commonFile, "mariadb/lib.sh"}
	for _, f := range files {
		names = append(names, "mariadb/"+f+".sh")
	}
	return compound(in, keepOf(t.Options, map[string]string{"password": "MYSQL_PWD"}), names...)
}
