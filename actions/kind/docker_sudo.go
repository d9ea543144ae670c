package kind

import (
	"regexp"
	"strings"
)

// dockerFormat finds the templates in the scripts of looks.
var dockerFormat = regexp.MustCompile(`--format '([^']*)'`)

// dockerWords are what stands in the commands of [dockerRules] for what only the
// host knows. None of them matches a space, and so none more than one word. Of the
// files that may be shown none is a key: they are named as certificates are, and
// never written by who may look.
var dockerWords = strings.NewReplacer(
	" IDS", "( [a-z0-9]{12,64})+",
	"ONEID", "[a-z0-9]{12,64}",
	"NAME", "[A-Za-z0-9][A-Za-z0-9_.-]*",
	"PLACE", "((/config)?/etc/letsencrypt/live|/[A-Za-z0-9_./-]*(/fullchain[.]pem|[.]crt))",
	"PIDFILE", "(/var)?/run/nginx(/nginx)?[.]pid",
	"HERE", "https?://(127[.]0[.]0[.]1|localhost)(:[0-9]+)?",
)

// dockerRules returns the sudoers rules for a look behind docker/engine.sh: for
// each command just its own words, so that who may look may neither start
// anything nor read what the look leaves out. In a command "%s" stands for the
// next template of the script, and words in capitals for what [dockerWords] says;
// such a command is a regular expression, which sudo knows from 1.9.10 on
// (sudoers(5)).
func dockerRules(name string, commands ...string) []string {
	return append([]string{"/usr/bin/docker version --format {{.Server.Version}}"}, dockerCommands(name, commands...)...)
}

// dockerEntered returns the rules for a look behind docker/enter.sh: what it runs
// in the container.
func dockerEntered(commands ...string) []string {
	rules := dockerCommands("docker/enter.sh", "inspect --type container --format %s NAME")
	for _, c := range commands {
		rules = append(rules, dockerCommands("docker/enter.sh", "exec NAME "+c)...)
	}
	return rules
}

// dockerCommands returns a rule for each command of docker.
func dockerCommands(name string, commands ...string) []string {
	formats := dockerFormat.FindAllStringSubmatch(script(name, nil).Body, -1)
	var rules []string
	for _, c := range commands {
		rule := "/usr/bin/docker " + c
		quoted := regexp.QuoteMeta(c)
		asked := strings.Contains(c, "%s")
		if filled := dockerWords.Replace(quoted); asked || filled != quoted {
			if asked {
				filled = strings.Replace(filled, "%s", regexp.QuoteMeta(formats[0][1]), 1)
				formats = formats[1:]
			}
			rule = "/usr/bin/docker ^" + filled + "$"
		}
		rules = append(rules, rule)
	}
	return rules
}
