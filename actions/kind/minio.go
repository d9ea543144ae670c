package kind

import (
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

var minio = actions.Kind{
	Name: "minio",
	Doc:  "A MinIO server: alive, ready, enough drives to write and to read, and with a key every drive.",
	About: `Its host asks it for its health with curl, which needs no key: whether the process is alive and ready, and whether
enough drives are there to write and to read. A page where MinIO answers with nothing but a code is somebody else's:
unknown.

With access_key and secret_key it also asks, by MinIO's own client (mc, or mcli as its packages call it), for each
server and each drive: one that is offline is fail, even while all still works, for the next one may be one too many;
one that heals is warn. Another program named mc is told apart. The key needs the right admin:ServerInfo and no other.

What lies in its buckets is for kind bucket, added to it as a check; where copies of this server's data lie is said by a
backup of its service.`,
	Levels: []inventory.Level{inventory.LevelService, inventory.LevelCheck},
	Options: []inventory.Option{
		{Name: "url", Type: inventory.TypeURL, Default: "http://127.0.0.1:9000", Doc: "the address of its S3 side, as its host asks it"},
		{Name: "cacert", Type: inventory.TypePath, Doc: "file on the host with the authority that signed its certificate"},
		{Name: "access_key", Type: inventory.TypeSecret, Doc: "the name of a key that may ask for the state of drives"},
		{Name: "secret_key", Type: inventory.TypeSecret, Doc: "that key"},
	},
	Limits: []inventory.Limit{
		{Name: "space", Unit: "%", Warn: 80, Fail: 90, Doc: "of a drive's room that is used"},
	},
	Checks: minioChecks,
	Proved: map[string]actions.Ground{"look": actions.Recorded},
}

func minioChecks(_ *inventory.Fleet, t inventory.Target) []actions.Check {
	keep := keepOf(t.Options, map[string]string{"access_key": "ACCESS_KEY", "secret_key": "SECRET_KEY"})
	address := orDefault(t.Options.String("url"), orDefault(t.URL, "http://127.0.0.1:9000"))
	s := script("minio/look.sh", map[string]string{"URL": address, "CACERT": t.Options.String("cacert"), "ADMIN": yesNo(len(keep) == 2)})
	s.Keep = keep
	check := func(id, title string, needs []string, judge func(m minioSaid) []actions.Reading) actions.Check {
		return actions.Check{ID: id, Title: title, Script: s, Every: time.Minute, Limit: 80 * time.Second, Needs: needs, Read: func(a actions.Answer) []actions.Reading {
			m, why := minioParse(a)
			if why != nil {
				return []actions.Reading{*why}
			}
			return judge(m)
		}}
	}
	out := []actions.Check{
		check("server", "server", nil, func(m minioSaid) []actions.Reading { return []actions.Reading{m.server()} }),
		check("quorum", "enough drives", []string{"server"}, func(m minioSaid) []actions.Reading { return []actions.Reading{m.quorum()} }),
	}
	if len(keep) == 2 {
		out = append(out, check("drives", "drives", []string{"server"}, func(m minioSaid) []actions.Reading { return m.drives(boundOf(t, "space")) }))
	}
	return out
}
