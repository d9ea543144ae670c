package kind

import (
	"slices"
	"strings"
	"testing"

	"jurymast/actions"
)

// databases are the kinds that are asked in a session of their own client, whose
// scripts need a server to say anything.
var databases = []string{"mariadb", "postgres", "redis"}

// TestRecordedDatabases reads answers of real servers, and half of each.
func TestRecordedDatabases(t *testing.T) {
	for _, name := range databases {
		k, _ := Lookup(name)
		for _, c := range suiteCases(t, name) {
			t.Run(name+"/"+c.name, func(t *testing.T) {
				f, target := suiteTarget(t, k, c.toml...)
				checks := k.Checks(f, target)
				for _, want := range c.expected {
					i := slices.IndexFunc(checks, func(x actions.Check) bool { return x.ID == want[1] })
					if i < 0 {
						t.Fatalf("there is no check %s", want[1])
					}
					suiteExpect(t, want, checks[i].Read(c.answer))
				}
				body := string(c.answer.Stdout)
				for at := range len(body) {
					if body[at] != '\n' || strings.TrimSpace(body[at:]) == "" {
						continue
					}
					a := c.answer
					a.Stdout = []byte(body[:at+1])
					for _, x := range checks {
						suiteNotWell(t, x.ID+" cut short", string(a.Stdout), x.Read(a))
					}
				}
			})
		}
	}
}
