package kind

import (
	"fmt"
	"math"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// bucketParts takes an answer of bucket/*.sh apart.
func bucketParts(a actions.Answer) (map[string]string, *actions.Reading) {
	if strings.TrimSpace(string(a.Stdout)) == "missing" && a.Exit == 0 {
		return nil, &actions.Reading{Status: actions.Unknown, Line: "Amazon's client is not installed on its host, and nothing else asks", Next: "apt install awscli"}
	}
	parts, ended := linuxParts(a.Stdout)
	if !ended || a.Exit != 0 {
		return nil, &actions.UnknownReading("no whole answer: %s", orNothing(firstLine(a.Stderr), a.Exit))[0]
	}
	return parts, nil
}

// bucketError is what the client complains of: the store's own word where it has
// one, "An error occurred (NoSuchBucket) when calling …".
func bucketError(why string) actions.Reading {
	_, code, _ := strings.Cut(why, "An error occurred (")
	code, _, _ = strings.Cut(code, ")")
	r := actions.Reading{Status: actions.Unknown, Line: why}
	switch code {
	case "NoSuchBucket":
		r.Status, r.Line, r.Next = actions.Fail, "the store has no such bucket", "see its name, and whether the key is of the right account"
	case "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "InvalidTokenId":
		r.Line, r.Next = "the key is wrong: "+why, "set access_key and secret_key"
	case "ExpiredToken", "ExpiredTokenException", "RequestExpired":
		r.Line, r.Next = "the key has expired: "+why, "set access_key and secret_key"
	case "AccessDenied", "AllAccessDisabled", "403":
		r.Line, r.Next = "the key may not ask that: "+why, "jurymast kinds bucket says which rights it needs"
	case "RequestTimeTooSkewed":
		r.Line, r.Next = "the clock of its host is off, so that no key counts: "+why, "timedatectl"
	case "SlowDownRead", "SlowDownWrite": // MinIO's words; what it says of them is to ask less
		r.Status, r.Line, r.Next = actions.Fail, "the store cannot get at what it keeps, too few of its drives may be there: "+why, "see the store itself: kind minio"
	case "SlowDown", "ServiceUnavailable", "ServerBusy", "XMinioServerNotInitialized", "InternalError", "503", "500":
		r.Status, r.Line = actions.Fail, "the store has trouble of its own: "+why
	case "":
		switch {
		case strings.Contains(why, "Could not connect to the endpoint URL"), strings.Contains(why, "Connect timeout on endpoint URL"),
			strings.Contains(why, "Read timeout on endpoint URL"), strings.Contains(why, "Connection was closed before"):
			r.Status, r.Line, r.Next = actions.Fail, "the store does not answer: "+why, "see whether it runs, and endpoint"
		case strings.Contains(why, "Unable to locate credentials"):
			r.Line, r.Next = "no key is known: "+why, "set access_key and secret_key"
		case strings.Contains(why, "Unable to parse response"):
			r.Line, r.Next = "it is no store that answers: "+why, "see endpoint"
		}
	}
	return r
}

func bucketAnswers(parts map[string]string) actions.Reading {
	var s struct {
		KeyCount *int64 // some stores leave it out
		Name     string
	}
	if err := partJSON(parts["answers"], &s); err != nil {
		return bucketError(err.Error())
	}
	if s.KeyCount == nil && s.Name == "" {
		return actions.Reading{Status: actions.Unknown, Line: "what answers says neither which bucket it is nor what lies there", Next: "see endpoint, and aws --version: the client may be too old"}
	}
	if s.KeyCount == nil {
		return actions.Reading{Status: actions.OK, Line: "it answers"}
	}
	if *s.KeyCount == 0 {
		return actions.Reading{Status: actions.OK, Line: "it answers, and is empty"}
	}
	return actions.Reading{Status: actions.OK, Line: "it answers, and is not empty"}
}

// unknownToStore reports whether a store says that it does not know a question.
func unknownToStore(why string) bool {
	for _, code := range []string{"NotImplemented", "MethodNotAllowed", "XNotImplemented", "501", "405"} {
		if strings.Contains(why, "An error occurred ("+code+")") {
			return true
		}
	}
	return false
}

// wanted is a reading of something that is, or is not, as it has to be.
func wanted(must, is bool, line, next string) actions.Reading {
	if must && !is {
		return actions.Reading{Status: actions.Fail, Line: line, Next: next}
	}
	return actions.Reading{Status: actions.OK, Line: line}
}

func bucketVersioning(parts map[string]string, must bool) actions.Reading {
	const next = "aws s3api put-bucket-versioning --versioning-configuration Status=Enabled --bucket NAME"
	var v struct{ Status string }
	// Of a bucket that never had any the client prints nothing.
	if strings.TrimSpace(parts["versioning"]) == "exit 0" {
		return wanted(must, false, "off: what is written over or removed is gone", next)
	}
	if err := partJSON(parts["versioning"], &v); err != nil {
		if unknownToStore(err.Error()) {
			return wanted(must, false, "the store keeps no versions: what is written over or removed is gone", "another store")
		}
		return bucketError(err.Error())
	}
	switch v.Status {
	case "Enabled":
		return actions.Reading{Status: actions.OK, Line: "on: older versions are kept"}
	case "Suspended":
		return wanted(must, false, "suspended: no older versions are kept of what is written now", next)
	case "":
		return wanted(must, false, "off: what is written over or removed is gone", next)
	}
	return actions.UnknownReading("the store calls its versioning %q", actions.Line(v.Status))[0]
}

func bucketLock(parts map[string]string, must bool) actions.Reading {
	// MinIO says of a bucket that is not there what it says of one without a lock.
	if r := bucketAnswers(parts); r.Status == actions.Fail {
		return r
	}
	const next = "aws s3api put-object-lock-configuration; a bucket made without it has to be made anew with many stores"
	var l struct {
		ObjectLockConfiguration *struct {
			ObjectLockEnabled string
			Rule              *struct {
				DefaultRetention *struct {
					Mode        string
					Days, Years int
				}
			}
		}
	}
	if err := partJSON(parts["lock"], &l); err != nil {
		switch why := err.Error(); {
		case strings.Contains(why, "(ObjectLockConfigurationNotFoundError)"):
			return wanted(must, false, "none: a key that may write can remove all of it", next)
		case unknownToStore(why):
			return wanted(must, false, "the store knows no lock: a key that may write can remove all of it", "another store")
		default:
			return bucketError(why)
		}
	}
	c := l.ObjectLockConfiguration
	switch {
	case c == nil || c.ObjectLockEnabled != "Enabled":
		return actions.UnknownReading("what the store says of its lock is not understood")[0]
	case c.Rule == nil || c.Rule.DefaultRetention == nil:
		return wanted(must, false, "it can be locked, and what is written is not by itself", next)
	}
	d := c.Rule.DefaultRetention
	length := fmt.Sprintf("%d days", d.Days)
	if d.Years > 0 {
		length = fmt.Sprintf("%d years", d.Years)
	}
	switch {
	case d.Days <= 0 && d.Years <= 0:
		return actions.UnknownReading("the store does not say for how long it locks")[0]
	case d.Mode == "COMPLIANCE":
		return actions.Reading{Status: actions.OK, Line: "what is written cannot be removed for " + length}
	case d.Mode == "GOVERNANCE":
		return actions.Reading{Status: actions.OK, Line: "what is written cannot be removed for " + length + ", but by a key that may lift the lock (GOVERNANCE)"}
	}
	return actions.UnknownReading("the store calls the sort of its lock %q", actions.Line(d.Mode))[0]
}

// bucketList is what was counted of a bucket.
type bucketList struct {
	count          int64
	bytes          float64
	oldest, newest time.Time // zero: there is none
}

// bucketCounted reads a part that bucket/objects.sh counted.
func bucketCounted(part string) (bucketList, *actions.Reading) {
	var l bucketList
	var count, code, odd int64 = -1, -1, -1
	var first, last, why string
	for ln := range strings.Lines(part) {
		switch word, rest, _ := strings.Cut(strings.TrimSpace(ln), " "); word {
		case "objects":
			if n, _ := fmt.Sscan(rest, &count, &l.bytes, &first, &last); n != 4 {
				count = -1
			}
		case "odd":
			_, _ = fmt.Sscan(rest, &odd) // checked below
		case "exit":
			_, _ = fmt.Sscan(rest, &code)
		default:
			why = actions.Line(ln)
		}
	}
	l.count = count
	switch {
	case code == 124:
		return l, &actions.UnknownReading("it was not listed within four minutes: name a prefix")[0]
	case code != 0 && why != "":
		r := bucketError(why)
		return l, &r
	case code != 0 || count < 0 || odd != 0 || math.IsNaN(l.bytes) || math.IsInf(l.bytes, 0):
		return l, &actions.UnknownReading("what the client lists is not understood")[0]
	case count == 0:
		return l, nil
	}
	var err1, err2 error
	l.oldest, err1 = time.Parse(time.RFC3339, first)
	l.newest, err2 = time.Parse(time.RFC3339, last)
	if err1 != nil || err2 != nil {
		return l, &actions.UnknownReading("the times of its objects are not understood: %q", actions.Line(last))[0]
	}
	return l, nil
}

func bucketObjects(t inventory.Target, parts map[string]string, a actions.Answer) actions.Reading {
	l, why := bucketCounted(parts["objects"])
	if why != nil {
		return *why
	}
	age, shrunk := boundOf(t, "age"), boundOf(t, "shrunk")
	most := l.bytes
	for _, p := range a.Series("", "bytes") {
		most = max(most, p.Value)
	}
	gone := 0.0
	if most > 0 {
		gone = 100 * (most - l.bytes) / most
	}
	r := actions.Reading{Metrics: []actions.Metric{{Name: "objects", Value: float64(l.count)}, {Name: "bytes", Value: l.bytes, Unit: "B"}, measured("shrunk", "%", gone, shrunk)}}
	judged := judge(shrunk, gone)
	if l.count == 0 {
		r.Status, r.Line = judged, "no object"
		if !math.IsNaN(age.Warn) || !math.IsNaN(age.Fail) {
			r.Status = actions.Fail
		}
	} else {
		hours := a.Now.Sub(l.newest).Hours()
		fresh := judge(age, hours)
		r.Status = actions.Worst(judged, fresh)
		r.Line = fmt.Sprintf("%d objects, %s, the newest %s old%s", l.count, bytesWord(l.bytes), span(max(a.Now.Sub(l.newest), 0)), limitWords(age, fresh, "h"))
		r.Metrics = append(r.Metrics, measured("age", "h", hours, age))
	}
	if judged != actions.OK {
		r.Line += fmt.Sprintf("; %.0f %% of the %s that were there are gone%s", gone, bytesWord(most), limitWords(shrunk, judged, "%"))
	}
	if r.Status != actions.OK {
		r.Next = "see what writes to it and what removes from it"
	}
	return r
}

func bucketMirror(t inventory.Target, parts map[string]string, now time.Time) actions.Reading {
	here, why := bucketCounted(parts["objects"])
	if why != nil {
		return *why
	}
	there, why := bucketCounted(parts["mirror"])
	if why != nil {
		why.Line = "the mirror: " + why.Line
		return *why
	}
	var extra int64 = -1
	lacks, worst := "", time.Time{}
	said := map[string]int64{}
	for ln := range strings.Lines(parts["compared"]) {
		f := strings.SplitN(strings.TrimSpace(ln), " ", 4)
		var n int64
		if len(f) < 2 {
			continue
		}
		if _, err := fmt.Sscan(f[1], &n); err != nil || n < 0 {
			return actions.UnknownReading("what was compared is not understood: %s", actions.Line(ln))[0]
		}
		said[f[0]] = n
		switch {
		case f[0] == "extra":
			extra = n
		case f[0] == "exit" || n == 0:
		case len(f) != 4:
			return actions.UnknownReading("what was compared is not understood: %s", actions.Line(ln))[0]
		default:
			at, err := time.Parse(time.RFC3339, f[2])
			if err != nil {
				return actions.UnknownReading("the time of %s is not understood", actions.Line(f[3]))[0]
			}
			if worst.IsZero() || at.Before(worst) {
				worst, lacks = at, actions.Line(f[3])
			}
		}
	}
	missing, known1 := said["missing"]
	differs, known2 := said["differs"]
	// What is counted must add up, or something was left out.
	if !known1 || !known2 || extra < 0 || here.count-missing != there.count-extra {
		return actions.UnknownReading("what was compared does not add up: %d objects, %d in the mirror, %d missing, %d more", here.count, there.count, missing, extra)[0]
	}
	b := boundOf(t, "behind")
	r := actions.Reading{Status: actions.OK, Line: fmt.Sprintf("all %d objects are there, in their size", here.count)}
	hours := 0.0
	if missing+differs > 0 {
		hours = max(now.Sub(worst).Hours(), 0)
		r.Status = judge(b, hours)
		r.Line = fmt.Sprintf("%d of %d objects are missing there and %d differ in size; the oldest, %s, for %s%s", missing, here.count, differs, lacks, span(max(now.Sub(worst), 0)), limitWords(b, r.Status, "h"))
		if r.Status != actions.OK {
			r.Next = "see what copies to the mirror, and when it last did"
		}
	}
	if extra > 0 {
		r.Line += fmt.Sprintf("; it has %d more", extra)
	}
	r.Metrics = []actions.Metric{measured("behind", "h", hours, b), {Name: "missing", Value: float64(missing)}, {Name: "differing", Value: float64(differs)}}
	return r
}
