package sshlab

import (
	"fmt"
	"strings"
	"time"
)

// Bucket is a bucket of an object store, as the machine's aws sees it.
type Bucket struct {
	Name      string
	Versioned bool
	Locked    int // days for which nothing can be removed; 0: it has no lock
	Objects   []Object
}

// Object is something in a bucket.
type Object struct {
	Key   string
	Bytes int64
	Ago   time.Duration // since it was written
}

// answer has aws say what a store answers (version 2 of the client).
func (b *Bucket) answer(p *programs) {
	of := "*--bucket " + b.Name + " *"
	versioning := ""
	if b.Versioned {
		versioning = asJSON(map[string]string{"Status": "Enabled"}) + "\n"
	}
	p.answer("aws", "s3api get-bucket-versioning "+of, 0, versioning)
	if b.Locked > 0 {
		p.answer("aws", "s3api get-object-lock-configuration "+of, 0, asJSON(map[string]any{"ObjectLockConfiguration": map[string]any{
			"ObjectLockEnabled": "Enabled", "Rule": map[string]any{"DefaultRetention": map[string]any{"Mode": "COMPLIANCE", "Days": b.Locked}},
		}})+"\n")
	} else {
		p.answer("aws", "s3api get-object-lock-configuration "+of, 254,
			"\nAn error occurred (ObjectLockConfigurationNotFoundError) when calling the GetObjectLockConfiguration operation: Object Lock configuration does not exist for this bucket\n")
	}
	p.answer("aws", "s3api list-objects-v2 --max-keys 1 "+of, 0, asJSON(map[string]any{"KeyCount": min(1, len(b.Objects)), "Name": b.Name})+"\n")
	var list strings.Builder
	for _, o := range b.Objects {
		fmt.Fprintf(&list, "%d\t%s\t%s\n", o.Bytes, time.Now().Add(-o.Ago).UTC().Format(time.RFC3339), o.Key)
	}
	if len(b.Objects) == 0 {
		list.WriteString("None\n")
	}
	p.answer("aws", "s3api list-objects-v2 "+of, 0, list.String())
}
