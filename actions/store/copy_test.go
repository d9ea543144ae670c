package store

import (
	"path/filepath"
	"testing"
	"time"

	"jurymast/actions"
)

// TestCopies: what was shown of a copy stays when it is merely listed again,
// and a store of an earlier release keeps what was measured, too.
func TestCopies(t *testing.T) {
	path := filepath.Join(t.TempDir(), "jurymast.db")
	ofSchema(t, path, 2)
	s := openTest(t, path)
	copied := actions.Copy{Repository: "r", Backup: "b", Target: "service/s", ID: "1", At: noon.Add(-time.Hour), Listed: noon}
	proven := copied
	proven.Proof, proven.Proved, proven.Restored, proven.Partial = "extracted", noon, 7*time.Minute, true
	later := copied
	later.Listed = noon.Add(time.Minute)
	for _, c := range []actions.Copy{copied, proven, later} {
		if err := s.KeepCopies(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.Copies(t.Context(), "service/s")
	want := proven
	want.Listed = later.Listed
	if err != nil || len(got) != 1 || got[0] != want {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
}
