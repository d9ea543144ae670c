package kind

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"jurymast/actions"
)

// fakeStore stands in for an object store: it answers as the API of S3 is
// documented to, to Amazon's own client.
type fakeStore struct {
	mu         sync.Mutex
	objects    map[string]map[string]fakeObject // of each bucket
	versioning string                           // what its XML holds
	lock       string
	refuse     string // the code of an error that it answers everything with
	page       string // what it answers instead
	*httptest.Server
}

type fakeObject struct {
	bytes int
	at    time.Time
}

const (
	bucketKey    = "KEYID"
	bucketSecret = "the/canary+key"
)

func newStore(t *testing.T) *fakeStore {
	t.Helper()
	s := &fakeStore{objects: map[string]map[string]fakeObject{}}
	s.Server = httptest.NewServer(http.HandlerFunc(s.answer))
	t.Cleanup(s.Close)
	return s
}

func (s *fakeStore) answer(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	wrong := func(status int, code string) {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(status)
		fmt.Fprintf(w, "<?xml version=\"1.0\"?><Error><Code>%s</Code><Message>as it is documented</Message></Error>", code)
	}
	name := strings.Trim(r.URL.Path, "/")
	objects, there := s.objects[name]
	q := r.URL.Query()
	switch {
	case s.page != "":
		fmt.Fprint(w, s.page)
	case s.refuse != "":
		wrong(http.StatusForbidden, s.refuse)
	case !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential="+bucketKey+"/"):
		wrong(http.StatusForbidden, "InvalidAccessKeyId")
	case !there:
		wrong(http.StatusNotFound, "NoSuchBucket")
	case q.Has("versioning"):
		if s.versioning == "none" {
			wrong(http.StatusNotImplemented, "NotImplemented")
			return
		}
		fmt.Fprintf(w, `<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">%s</VersioningConfiguration>`, s.versioning)
	case q.Has("object-lock"):
		if s.lock == "" {
			wrong(http.StatusNotFound, "ObjectLockConfigurationNotFoundError")
			return
		}
		fmt.Fprintf(w, `<ObjectLockConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><ObjectLockEnabled>Enabled</ObjectLockEnabled>%s</ObjectLockConfiguration>`, s.lock)
	default:
		s.list(w, name, objects, q.Get("prefix"), q.Get("continuation-token"), q.Get("max-keys"))
	}
}

// list answers ListObjectsV2, two objects a page.
func (s *fakeStore) list(w http.ResponseWriter, name string, objects map[string]fakeObject, prefix, after, most string) {
	type content struct {
		Key          string
		LastModified string
		Size         int
	}
	result := struct {
		XMLName               xml.Name `xml:"ListBucketResult"`
		Name                  string
		KeyCount              int
		IsTruncated           bool
		NextContinuationToken string `xml:",omitempty"`
		Contents              []content
	}{Name: name}
	page := 2
	if n, err := strconv.Atoi(most); err == nil {
		page = min(page, n)
	}
	var keys []string
	for key := range objects {
		if strings.HasPrefix(key, prefix) && key > after {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	if len(keys) > page {
		keys, result.IsTruncated, result.NextContinuationToken = keys[:page], true, keys[page-1]
	}
	for _, key := range keys {
		result.Contents = append(result.Contents, content{key, objects[key].at.UTC().Format("2006-01-02T15:04:05.000Z"), objects[key].bytes})
	}
	result.KeyCount = len(keys)
	_ = xml.NewEncoder(w).Encode(result) // a client that has gone
}

// change changes the store while nobody asks it.
func (s *fakeStore) change(how func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	how()
}

// TestBucketIsAsked has Amazon's own client ask a store, well and with what may
// be wrong with it.
func TestBucketIsAsked(t *testing.T) {
	t.Parallel()
	needed(t, "aws", "awscli")
	s := newStore(t)
	now := time.Now()
	hours := func(n float64) time.Time { return now.Add(-time.Duration(n * float64(time.Hour))) }
	put := func(bucket, key string, bytes int, ago float64) {
		s.change(func() { s.objects[bucket][key] = fakeObject{bytes, hours(ago)} })
	}
	s.objects["media"], s.objects["second"] = map[string]fakeObject{}, map[string]fakeObject{}
	f, target := suiteTarget(t, bucket, fmt.Sprintf("bucket = \"media\"\nprefix = \"db/\"\nendpoint = %q\nmirror = \"second\"\nmirror_prefix = \"copies/\"", s.URL),
		`access_key = { env = "K" }`, `secret_key = { env = "S" }`, "versioning = true\nlock = true\nlimits = { age = { warn = 30, fail = 54 } }")
	var series []actions.Point
	asked := map[string]actions.Answer{}
	sees := func(id string, status actions.Status, line string) {
		t.Helper()
		for _, c := range bucket.Checks(f, target) {
			if c.ID != id {
				continue
			}
			a, seen := asked[c.Script.Name]
			if !seen {
				c.Script.Secrets = map[string]string{"ACCESS_KEY": bucketKey, "SECRET_KEY": bucketSecret}
				a = suiteAnswer("")
				a.Output, a.Now = runFully(t.Context(), t, c.Script).Output, now
				asked[c.Script.Name] = a
				if strings.Contains(string(a.Stdout)+string(a.Stderr), bucketSecret) {
					t.Errorf("the key comes back: %s%s", a.Stdout, a.Stderr)
				}
			}
			a.Series = func(string, string) []actions.Point { return series }
			if rs := c.Read(a); len(rs) != 1 || rs[0].Status != status || !strings.Contains(rs[0].Line, line) {
				t.Errorf("%s: want %s %q, got %+v of\n%s%s", id, status, line, rs, a.Stdout, a.Stderr)
			}
			return
		}
		t.Errorf("there is no check %s", id)
	}
	again := func() { clear(asked) }

	s.change(func() {
		s.versioning = "<Status>Enabled</Status>"
		s.lock = "<Rule><DefaultRetention><Mode>COMPLIANCE</Mode><Days>30</Days></DefaultRetention></Rule>"
	})
	for i, name := range []string{"a b", "ü", "a", "a/b", `q"'\`} {
		put("media", "db/"+name, 1000*(i+1), float64(3+i))
		put("second", "copies/"+name, 1000*(i+1), 1)
	}
	put("media", "elsewhere", 1, 1)
	put("second", "copies/zz", 1, 1)
	sees("bucket", actions.OK, "it answers, and is not empty")
	sees("versioning", actions.OK, "on: older versions are kept")
	sees("lock", actions.OK, "what is written cannot be removed for 30 days")
	sees("objects", actions.OK, "5 objects, 15 KiB, the newest 3 h 0 min old")
	sees("mirror", actions.OK, "all 5 objects are there, in their size; it has 1 more")

	// A mirror that is behind, and a bucket that somebody empties.
	again()
	s.change(func() {
		delete(s.objects["second"], "copies/a/b")
		s.versioning, s.lock = "<Status>Suspended</Status>", "<Rule><DefaultRetention><Mode>GOVERNANCE</Mode><Years>1</Years></DefaultRetention></Rule>"
	})
	put("second", `copies/q"'\`, 4999, 1)
	series = []actions.Point{{At: hours(9), Value: 60000}, {At: hours(5), Value: 40000}}
	sees("versioning", actions.Fail, "suspended")
	sees("lock", actions.OK, "for 1 years, but by a key that may lift the lock")
	sees("objects", actions.Warn, "75 % of the 59 KiB that were there are gone, limit 50 %")
	sees("mirror", actions.Warn, `1 of 5 objects are missing there and 1 differ in size; the oldest, q"'\, for 7 h 0 min, limit 2 h`)

	again()
	s.Close()
	sees("bucket", actions.Fail, "the store does not answer")
}

// TestBucketScripts has a client of the test's own be asked: with the key in its
// environment and nowhere else, and by the words that are documented.
func TestBucketScripts(t *testing.T) {
	root := tools(t, map[string]string{
		"aws": "printf '%s key %s %s config %s\\n' \"$*\" \"$AWS_ACCESS_KEY_ID\" \"$AWS_SECRET_ACCESS_KEY\" \"$(cat \"$AWS_CONFIG_FILE\" | tail -n 1)\" >>$ROOT/asked\n" +
			"case $2 in list-objects-v2) printf '7\\t2026-11-20T03:00:00+00:00\\tone\\nNone\\n' ;; esac\n",
	})
	f, target := suiteTarget(t, bucket, "bucket = \"media\"\nendpoint = \"https://s3.example\"\nregion = \"eu\"\ncacert = \"/etc/ca.pem\"\nmirror = \"second\"\nmirror_endpoint = \"https://s3.other\"",
		`access_key = { env = "K" }`, `secret_key = { env = "S" }`, `mirror_access_key = { env = "MK" }`, `mirror_secret_key = { env = "MS" }`)
	var asked []string
	for _, c := range bucket.Checks(f, target) {
		if c.ID != "bucket" && c.ID != "objects" {
			continue
		}
		c.Script.Secrets = map[string]string{"ACCESS_KEY": "K1", "SECRET_KEY": "S1"}
		if c.ID == "objects" {
			c.Script.Secrets["MIRROR_ACCESS_KEY"], c.Script.Secrets["MIRROR_SECRET_KEY"] = "K2", "S2"
		}
		eachShell(t, func(t *testing.T, shell ...string) {
			if r := runFully(t.Context(), t, c.Script, shell...); r.Exit != 0 || len(r.Stderr) > 0 || !strings.HasSuffix(string(r.Stdout), "== end\n") {
				t.Errorf("%v: exit %d: %s%s", shell, r.Exit, r.Stdout, r.Stderr)
			}
		})
		lines := strings.Split(strings.TrimSpace(got(t, root+"/asked")), "\n")
		asked = append(asked, slices.Compact(lines)...)
		if err := os.Remove(root + "/asked"); err != nil {
			t.Fatal(err)
		}
	}
	common := " --cli-connect-timeout 8 --cli-read-timeout 20 --endpoint-url https://s3.example --region eu --ca-bundle /etc/ca.pem key K1 S1 config     addressing_style = path"
	other := strings.NewReplacer("s3.example", "s3.other", "K1 S1", "K2 S2").Replace(common)
	want := []string{
		"s3api list-objects-v2 --max-keys 1 --no-paginate --query {KeyCount: KeyCount, Name: Name} --bucket media --output json" + common,
		"s3api get-bucket-versioning --bucket media --output json" + common,
		"s3api get-object-lock-configuration --bucket media --output json" + common,
		"s3api list-objects-v2 --bucket media --page-size 1000 --output text --query Contents[].[Size,LastModified,Key]" + common,
		"s3api list-objects-v2 --bucket second --page-size 1000 --output text --query Contents[].[Size,LastModified,Key]" + other,
	}
	slices.Sort(asked)
	slices.Sort(want)
	if !slices.Equal(slices.Compact(asked), want) {
		t.Errorf("asked\n%s\nwant\n%s", strings.Join(slices.Compact(asked), "\n"), strings.Join(want, "\n"))
	}
}
