package kind

import (
	"strconv"

	"jurymast/actions"
	"jurymast/inventory"
)

var mariadb = actions.Kind{
	Name: "mariadb",
	Doc:  "A MariaDB server: looked at, dumped, restored, drilled.",
	About: `One session of the client mariadb (or mysql, before 10.5) on the host asks for everything: as root by the server's
socket, as Debian sets it up, or as role with its password. The password is a secret and reaches the client by its
environment. What ~/.my.cnf and /etc/mysql say to the client is read as well, but for a password where one is given.
A server in a container is asked at its address; the client has to be on the host (apt install mariadb-client).

A server that replicates from another is a standby: both of its threads must run, and the seconds that it is behind
must be a number. NULL is a broken replica and never 0. Those seconds count from what has been fetched; a replica
whose active is out of reach reads as cut off, however few they are. A standby that is not read_only can be written
to, and breaks by that: that is warned of. What can still write to one that is read_only are users with READ_ONLY
ADMIN, root among them.

A copy is mariadb-dump of all databases in one moment, with routines, events and triggers, and of users, roles, grants,
plugins and time zones; mariadb-dump has to be 10.5.9 or newer. Only InnoDB is of one moment. With sums = true every
table of it is counted and summed up in the moment that is dumped: for that all writes wait until both have begun,
mostly for some milliseconds, and for no more than 5 s; where a statement holds them up for longer, there are no sums.
Numbers of type float come back rounded by every such dump; tables with them are counted and not summed up.

A restore makes new data of the whole copy by a server without a network beside the folder of the data, holds it
against the copy, and exchanges the two folders; what was there, the binary log in it included, is kept beside. It
brings back the users and passwords of that time. Replicas have to be filled anew afterwards. It needs mariadbd on the host
and data in one folder that is no mount point: a server in a container can be copied and drilled, and is brought
back by hand. A drill starts a server of its own below scratch, which reads nothing of the live one's configuration;
engines and encryption that come with plugins of the configuration are not there for it.

A member of a Galera cluster reads unknown, and so does MySQL, which answers differently in much of this.`,
	Levels: []inventory.Level{inventory.LevelService},
	Options: []inventory.Option{
		{Name: "port", Type: inventory.TypePort, Default: "3306", Doc: "the server's port; another one than 3306 is asked at 127.0.0.1 where neither address nor socket is set"},
		{Name: "address", Type: inventory.TypeString, Doc: "the address that it is asked at on its host; by its socket where not said"},
		{Name: "socket", Type: inventory.TypePath, Doc: "its socket; the client's own where not said"},
		{Name: "role", Type: inventory.TypeString, Doc: "database user to ask as; the client's own where not said: root"},
		{Name: "password", Type: inventory.TypeSecret, Doc: "the password of role"},
		{Name: "user", Type: inventory.TypeString, Default: "mysql", Doc: "the system's user that the server runs as"},
		{Name: "unit", Type: inventory.TypeString, Doc: "its systemd unit; found where not said"},
		{Name: "config", Type: inventory.TypePath, Doc: "its configuration file; that of its programs where not said"},
		{Name: "data_folder", Type: inventory.TypePath, Doc: "the folder of its data; of its configuration where not said"},
		{Name: "sums", Type: inventory.TypeBool, Default: "true", Doc: "read every table once more for a dump, so that a drill can compare"},
		{Name: "scratch", Type: inventory.TypePath, Default: "/var/tmp", Doc: "folder for the server of a drill"},
	},
	Limits: []inventory.Limit{
		{Name: "lag", Unit: "s", Warn: 30, Fail: 300, Doc: "how far a replica is behind, beyond the delay that it is told to keep"},
		{Name: "connections", Unit: "%", Warn: 80, Fail: 95, Doc: "share of max_connections in use"},
	},
	Checks:  mariadbChecks,
	Data:    mariadbData,
	Sudoers: wholeRoot,
	Proved:  map[string]actions.Ground{"look": actions.Real, "backup": actions.Real, "restore": actions.Real},
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
		"OWNER":       orDefault(t.Options.String("user"), "mysql"),
		"UNIT":        t.Options.String("unit"),
		"CONFIG":      t.Options.String("config"),
		"DATA":        t.Options.String("data_folder"),
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

func mariadbData(_ *inventory.Fleet, t inventory.Target) (actions.Data, error) {
	one := func(more map[string]string, files ...string) *actions.Script {
		s := mariadbScript(t, more, append([]string{"data"}, files...)...)
		return &s
	}
	try := map[string]string{"SCRATCH": orDefault(t.Options.String("scratch"), "/var/tmp")}
	return actions.Data{
		Survey: *one(map[string]string{"FOLDER": "/var/lib/jurymast"}, "survey"),
		Dump:   one(map[string]string{"SUMS": yesNo(t.Options.Bool("sums"))}, "dump"),
		Stop:   one(nil, "beside", "place", "data-stop"),
		Start:  one(nil, "beside", "place", "data-start"),
		Put:    one(nil, "beside", "place", "put"),
		Back:   one(nil, "beside", "place", "back"),
		Prove:  one(nil, "prove"),
		Try:    one(try, "beside", "try"),
		Clear:  one(try, "beside", "clear"),
	}, nil
}
