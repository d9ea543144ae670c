package kind

import (
	"strconv"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

var mongodb = actions.Kind{
	Name: "mongodb",
	Doc:  "A MongoDB server, alone or in a replica set: looked at, dumped at one moment, restored, moved.",
	About: `One session of mongosh on the host asks for everything. The password is a secret and reaches mongosh and mongodump in
files that nobody else may read: both would show it to everybody who looks at the list of processes. mongosh takes about
a second to start. Without it there is no answer (apt install mongodb-mongosh, from MongoDB's own packages); the older
shell mongo is not used. A server that insists on TLS is not asked.

A service with standbys is looked at on each host: the member that is writable is the active one. Each member tells how
it sees the others, some seconds old. No active, a member that rolls back or was removed, and too few members for a
majority are fail; a member that copies everything anew is warn. A set of two has no spare: it stops taking writes with
either of them. The oplog must reach back longer than a member may be away.

A dump is made by mongodump. Of a member of a replica set it holds what was written meanwhile too, and so is of one
moment; of a server alone it is not, and says so. Take it from a standby where there is one. The role needs backup and
clusterMonitor. mongodump ends with 0 having dumped nothing as well: the archive is read back to its end.

A restore sets aside what is there as a dump of its own, below /var/lib/jurymast, since databases cannot be renamed;
then mongorestore drops and makes anew each collection of the copy, which its checksum must fit, and what was written
while it was made is replayed (--oplogReplay asks for a role with anyAction on anyResource, or root). mongorestore ends
with 0 though documents failed: what it restored is counted against the copy, collection by collection. Collections
that the copy does not have stay. Users and passwords are those of that time. The server goes on meanwhile, and whoever
uses it should not.

A drill starts a mongod of its own in a network with nobody else in it (unshare, of util-linux, and ip), restores into
it, holds each collection against what was dumped, and has the server read and validate all of them. Where mongod is not
on the host, as of a server in a container, the archive is read to its end, and that is what is proven: extracted.

A replica set chooses its active one by majority. As planned, the active one steps down for the member that is meant,
which has caught up, while the others are kept from being chosen for that time (replSetFreeze); where one of another
priority would take over again, the move is refused. Where the active one is lost the set chooses by itself: that is
waited for and seen, and nothing is forced (rs.reconfig with force makes a second history). A member that is cut off
gives up by itself; what it wrote in those seconds lies in rollback/ of its data. For this the role needs
clusterManager too, and the members reach each other by the names that the set has for them.

Written after the documentation of MongoDB 5 to 8 and its tools 100; no server has been seen.`,
	Levels: []inventory.Level{inventory.LevelService},
	Options: []inventory.Option{
		{Name: "port", Type: inventory.TypePort, Default: "27017", Doc: "the server's port"},
		{Name: "address", Type: inventory.TypeString, Default: "127.0.0.1", Doc: "the address that it is asked at on its host"},
		{Name: "role", Type: inventory.TypeString, Doc: "database user to ask as; none where not said"},
		{Name: "auth", Type: inventory.TypeString, Default: "admin", Doc: "the database that knows the role"},
		{Name: "password", Type: inventory.TypeSecret, Doc: "the password of role"},
		{Name: "set", Type: inventory.TypeString, Doc: "the replica set that it must be a member of"},
		{Name: "wait", Type: inventory.TypeDuration, Default: "30s", Doc: "how long a member may take to catch up, and the set to choose"},
	},
	Limits: []inventory.Limit{
		{Name: "lag", Unit: "s", Warn: 15, Fail: 120, Doc: "how far a member is behind the active one"},
		{Name: "connections", Unit: "%", Warn: 80, Fail: 95, Doc: "share of the connections in use that it takes"},
		{Name: "oplog", Unit: "h", Warn: 24, Fail: 2, Low: true, Doc: "how far the oplog reaches back"},
	},
	Checks: mongodbChecks,
	Data:   mongodbData,
	Move:   mongodbMove,
	Proved: map[string]actions.Ground{"look": actions.Documented, "backup": actions.Documented, "restore": actions.Documented, "failover": actions.Documented},
}

// mongodbScript puts a script of the kind together with what it rests on.
func mongodbScript(t inventory.Target, names ...string) actions.Script {
	port := t.Options.Int("port")
	if port == 0 {
		port = 27017
	}
	in := map[string]string{
		"SERVER_PORT": strconv.FormatInt(port, 10),
		"ADDRESS":     orDefault(t.Options.String("address"), "127.0.0.1"),
		"ROLE":        t.Options.String("role"),
		"AUTH":        orDefault(t.Options.String("auth"), "admin"),
		"FOLDER":      "/var/lib/jurymast",
	}
	files := []string{commonFile, "mongodb/lib.sh"}
	for _, name := range names {
		files = append(files, "mongodb/"+name)
	}
	return compound(in, keepOf(t.Options, map[string]string{"password": "MONGODB_PASSWORD"}), files...)
}

func mongodbChecks(f *inventory.Fleet, t inventory.Target) []actions.Check {
	s := mongodbScript(t, "look.sh")
	s.Sudo = false // the server asks for a password, not for root
	var out []actions.Check
	add := func(id, title string, read func(m mongodbSaid, h inventory.Ref) []actions.Reading) {
		cs := onEach(f, t, actions.Check{ID: id, Title: title, Script: s, Every: time.Minute, Limit: 20 * time.Second}, func(h inventory.Ref, _ bool, a actions.Answer) []actions.Reading {
			m, why := mongodbParse(a)
			if why != nil {
				return []actions.Reading{*why}
			}
			return read(m, h)
		})
		for i := range cs {
			if id != "server" {
				cs[i].Needs = []string{"server" + strings.TrimPrefix(cs[i].ID, id)}
			}
		}
		out = append(out, cs...)
	}
	add("server", "server", func(m mongodbSaid, h inventory.Ref) []actions.Reading { return []actions.Reading{m.judgeServer(t, h)} })
	add("replication", "replica set", func(m mongodbSaid, _ inventory.Ref) []actions.Reading { return m.judgeMembers(t) })
	add("connections", "connections", func(m mongodbSaid, _ inventory.Ref) []actions.Reading {
		return []actions.Reading{m.judgeConnections(t)}
	})
	add("oplog", "oplog", func(m mongodbSaid, _ inventory.Ref) []actions.Reading { return []actions.Reading{m.judgeOplog(t)} })
	return out
}

// mongodbData is a dump of all databases. They cannot be renamed: what a restore
// replaces is set aside as a dump of its own.
func mongodbData(_ *inventory.Fleet, t inventory.Target) (actions.Data, error) {
	verb := func(names ...string) *actions.Script {
		s := mongodbScript(t, names...)
		return &s
	}
	return actions.Data{
		Survey: mongodbScript(t, "survey.sh"), Dump: verb("data.sh", "dump.sh"), Try: verb("data.sh", "count.sh", "drill.sh", "try.sh"), Clear: verb("data.sh", "drill.sh", "clear.sh"),
		Put: verb("data.sh", "aside.sh", "put.sh"), Back: verb("data.sh", "aside.sh", "back.sh"), Prove: verb("data.sh", "count.sh", "prove.sh"),
	}, nil
}
