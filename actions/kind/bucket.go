package kind

import (
	"fmt"
	"math"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

var bucket = actions.Kind{
	Name: "bucket",
	Doc:  "A bucket of an object store (S3): it answers, its versioning and object lock, how much lies there, how fresh, its mirror.",
	About: `Asked is any store that speaks S3, by Amazon's client on the target's host (apt install awscli): a bucket of MinIO,
of Backblaze, Wasabi, Hetzner, Amazon. Add it as a check to what keeps its data there. The key needs to list the bucket
and to read its versioning and its object lock (s3:ListBucket, s3:GetBucketVersioning,
s3:GetBucketObjectLockConfiguration), and reaches the client by its environment; without one, the client's own
configuration is used. A key that is wrong, has expired or may not ask leaves it unknown, and so does a page that is no
answer of S3.

Every five minutes it is seen that the bucket answers, whether older versions are kept, and for how long nothing can be
removed. With versioning = true or lock = true that must be so. A lock of the sort GOVERNANCE can be lifted by a key
that may; that is said. A store that knows neither is told apart from one where they are off.

Once an hour the objects are listed: their number and bytes, the age of the newest, and what is gone of the most that
was seen before. Older versions are not counted, and cost money all the same. A listing takes a second for some thousand
objects and is given up after four minutes: name a prefix then.

With mirror every object must be in the second bucket, with the same size; what both hold is not read. What was written
a short while ago may be missing there: what counts is the age of the oldest that is. A mirror that has more, versions
apart, is said and is no fault. Copy with a tool that keeps what it did not copy: mc mirror and aws s3 sync with
--delete empty the mirror of an empty bucket, and end with 0.`,
	Levels: []inventory.Level{inventory.LevelService, inventory.LevelCheck},
	Options: []inventory.Option{
		{Name: "bucket", Type: inventory.TypeString, Required: true, Doc: "its name"},
		{Name: "prefix", Type: inventory.TypeString, Doc: "only what lies below it is counted: \"db/\""},
		{Name: "endpoint", Type: inventory.TypeURL, Doc: "the store's address; Amazon's where not said"},
		{Name: "region", Type: inventory.TypeString, Default: "us-east-1", Doc: "its region"},
		{Name: "cacert", Type: inventory.TypePath, Doc: "file on the host with the authority that signed the store's certificate"},
		{Name: "access_key", Type: inventory.TypeSecret, Doc: "the id of the key"},
		{Name: "secret_key", Type: inventory.TypeSecret, Doc: "the key"},
		{Name: "versioning", Type: inventory.TypeBool, Default: "false", Doc: "older versions must be kept"},
		{Name: "lock", Type: inventory.TypeBool, Default: "false", Doc: "what is written must be locked for a while, so that no key can remove it"},
		{Name: "mirror", Type: inventory.TypeString, Doc: "a second bucket that must hold the same"},
		{Name: "mirror_prefix", Type: inventory.TypeString, Doc: "where in it; the same prefix where not said"},
		{Name: "mirror_endpoint", Type: inventory.TypeURL, Doc: "the address of its store; that of the first where not said"},
		{Name: "mirror_region", Type: inventory.TypeString, Doc: "its region; that of the first where not said"},
		{Name: "mirror_access_key", Type: inventory.TypeSecret, Doc: "the id of its key; that of the first where not said"},
		{Name: "mirror_secret_key", Type: inventory.TypeSecret, Doc: "its key"},
	},
	Limits: []inventory.Limit{
		{Name: "age", Unit: "h", Warn: math.NaN(), Fail: math.NaN(), Doc: "age of the newest object"},
		{Name: "shrunk", Unit: "%", Warn: 50, Fail: 90, Doc: "of the most bytes that looks have seen, how many are gone"},
		{Name: "behind", Unit: "h", Warn: 2, Fail: 26, Doc: "age of the oldest object that the mirror lacks, or has in another size"},
	},
	Checks: bucketChecks,
	Proved: map[string]actions.Ground{"look": actions.Recorded},
}

func bucketChecks(_ *inventory.Fleet, t inventory.Target) []actions.Check {
	o := t.Options
	endpoint, region := o.String("endpoint"), orDefault(o.String("region"), "us-east-1")
	in := map[string]string{"BUCKET": o.String("bucket"), "ENDPOINT": endpoint, "REGION": region, "CACERT": o.String("cacert")}
	look := lookScript(in, "bucket/lib.sh", "bucket/look.sh")
	look.Keep = keepOf(o, map[string]string{"access_key": "ACCESS_KEY", "secret_key": "SECRET_KEY"})
	objects := lookScript(in, "bucket/lib.sh", "bucket/objects.sh").With(map[string]string{
		"PREFIX": o.String("prefix"), "MIRROR": o.String("mirror"), "MIRROR_PREFIX": orDefault(o.String("mirror_prefix"), o.String("prefix")),
		"MIRROR_ENDPOINT": orDefault(o.String("mirror_endpoint"), endpoint), "MIRROR_REGION": orDefault(o.String("mirror_region"), region),
	})
	objects.Keep = keepOf(o, map[string]string{
		"access_key": "ACCESS_KEY", "secret_key": "SECRET_KEY", "mirror_access_key": "MIRROR_ACCESS_KEY", "mirror_secret_key": "MIRROR_SECRET_KEY",
	})
	check := func(id, title string, s actions.Script, every, limit time.Duration, judge func(parts map[string]string, a actions.Answer) actions.Reading) actions.Check {
		c := actions.Check{ID: id, Title: title, Script: s, Every: every, Limit: limit, Read: func(a actions.Answer) []actions.Reading {
			parts, why := bucketParts(a)
			if why != nil {
				return []actions.Reading{*why}
			}
			return []actions.Reading{judge(parts, a)}
		}}
		if id != "bucket" {
			c.Needs = []string{"bucket"}
		}
		return c
	}
	const often, seldom = 5 * time.Minute, time.Hour
	out := []actions.Check{
		check("bucket", fmt.Sprintf("bucket %s", o.String("bucket")), look, often, 90*time.Second, func(p map[string]string, _ actions.Answer) actions.Reading { return bucketAnswers(p) }),
		check("versioning", "versioning", look, often, 90*time.Second, func(p map[string]string, _ actions.Answer) actions.Reading {
			return bucketVersioning(p, o.Bool("versioning"))
		}),
		check("lock", "object lock", look, often, 90*time.Second, func(p map[string]string, _ actions.Answer) actions.Reading {
			return bucketLock(p, o.Bool("lock"))
		}),
		check("objects", "objects", objects, seldom, 10*time.Minute, func(p map[string]string, a actions.Answer) actions.Reading {
			return bucketObjects(t, p, a)
		}),
	}
	if o.String("mirror") != "" {
		out = append(out, check("mirror", "mirror "+o.String("mirror"), objects, seldom, 10*time.Minute, func(p map[string]string, a actions.Answer) actions.Reading {
			return bucketMirror(t, p, a.Now)
		}))
	}
	return out
}
