package kind

import (
	"regexp"
	"strings"
)

// dockerSudoers allows everything that docker can do, which is as good as root:
// for looks into containers, whose names and programs are the admin's.
const dockerSudoers = "/usr/bin/docker"

// dockerFormat finds the templates in the scripts of looks.
var dockerFormat = regexp.MustCompile(`--format '([^']*)'`)

// dockerRules returns the sudoers rules for a look behind docker/engine.sh: for
// each command just its own words, so that who may look may neither start
// anything nor read what the look leaves out. In a command "%s" stands for the
// next template of the script, "IDS" behind it for one id or more, and "NAME" for
// what compose may call a project or a service; such a command is a regular
// expression, which sudo knows from 1.9.10 on (sudoers(5)).
func dockerRules(name string, commands ...string) []string {
	formats := dockerFormat.FindAllStringSubmatch(script(name, nil).Body, -1)
	rules := []string{"/usr/bin/docker version --format {{.Server.Version}}"}
	for _, c := range commands {
		rule := "/usr/bin/docker " + c
		asked := strings.Contains(c, "%s")
		if asked || strings.Contains(c, "NAME") {
			c = strings.NewReplacer(" IDS", "( [a-z0-9]{12,64})+", "NAME", "[A-Za-z0-9][A-Za-z0-9_.-]*").Replace(regexp.QuoteMeta(c))
			if asked {
				c = strings.Replace(c, "%s", regexp.QuoteMeta(formats[0][1]), 1)
				formats = formats[1:]
			}
			rule = "/usr/bin/docker ^" + c + "$"
		}
		rules = append(rules, rule)
	}
	return rules
}
