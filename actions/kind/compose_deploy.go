package kind

import (
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// composePause is how long compose/prove.sh waits from one look to the next.
const composePause = 2 * time.Second

// composeDeploy brings a project to another version: by the variable of its .env
// that names it, or by the checkout that its folder is.
func composeDeploy(f *inventory.Fleet, t inventory.Target) (actions.Deploy, error) {
	project, dir := composeProject(t), t.Options.String("dir")
	if dir == "" {
		return actions.Deploy{}, errors.New("it is not said where its compose file lies: set dir")
	}
	variable := t.Options.String("version_env")
	if strings.Trim(variable, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") != "" {
		return actions.Deploy{}, fmt.Errorf("version_env is %q, which is no name of a variable", variable)
	}
	also, err := composeAlso(f, t)
	if err != nil {
		return actions.Deploy{}, err
	}
	in := map[string]string{"PROJECT": project, "DIR": dir, "VERSION_ENV": variable, "PROVE": t.Options.String("prove"), "REPOSITORY": "", "BRANCH": "", "API": ""}
	libs := []string{filesLib, "compose/project.sh", "compose/move.sh", "compose/deploy.sh"}
	verb := func(names ...string) actions.Script {
		return compound(in, nil, append(append([]string{}, libs...), names...)...)
	}
	d := actions.Deploy{
		Text: "the project " + project, Also: also, Limit: 30 * time.Minute, // an image is built meanwhile
		Do: verb("compose/deploy-do.sh"), Active: verb("compose/deploy-active.sh"), Back: verb("compose/deploy-back.sh"),
		Verify: verb("compose/deploy-proved.sh", "compose/prove.sh"),
		Well:   verb("compose/prove.sh").With(map[string]string{"TRIES": "1"}),
	}
	d.Verify.Name = "compose/deploy-proved.sh"
	wait, _ := waitOf(t.Options, "deploy_wait", 2*time.Minute)
	d.Verify = d.Verify.With(map[string]string{"TRIES": strconv.Itoa(max(1, int(wait/composePause)))})
	d.Survey = verb()
	d.Survey.Name = "compose/deploy-asked.sh"
	d.Survey.Body += "jm_newest() (\n" + script("github/newest.sh", nil).Body + ")\n" + script("compose/deploy-asked.sh", nil).Body
	if x, ok := composeSource(f, t); ok {
		asked := githubInputs(x)
		d.Survey = d.Survey.With(map[string]string{"REPOSITORY": asked["REPOSITORY"], "BRANCH": asked["BRANCH"], "API": asked["API"]})
		d.Survey.Keep = keepOf(x, map[string]string{"token": "GITHUB_TOKEN"})
	}
	d.Survey.Inputs = maps.Clone(d.Survey.Inputs)
	return d, nil
}

// composeAlso returns the services that are the same elsewhere.
func composeAlso(f *inventory.Fleet, t inventory.Target) ([]inventory.Ref, error) {
	var refs []inventory.Ref
	for _, name := range t.Options.List("also") {
		x, err := f.Lookup(name)
		switch {
		case err != nil:
			return nil, fmt.Errorf("also: %w", err)
		case x.Kind != t.Kind:
			return nil, fmt.Errorf("also: %s is of kind %s", x.Ref, x.Kind)
		}
		refs = append(refs, x.Ref)
	}
	return refs, nil
}

// composeSource returns where releases of the project are: in its own check of
// kind github, or in that of the service that it is the same as.
func composeSource(f *inventory.Fleet, t inventory.Target) (inventory.Options, bool) {
	of := func(x *inventory.Target) (inventory.Options, bool) {
		for _, c := range x.Checks {
			if c.Kind == "github" {
				return c.Options, true
			}
		}
		return nil, false
	}
	if o, ok := of(&t); ok {
		return o, true
	}
	for i := range f.Services {
		also, err := composeAlso(f, f.Services[i])
		if err != nil || f.Services[i].Kind != t.Kind {
			continue
		}
		for _, r := range also {
			if o, ok := of(&f.Services[i]); ok && r == t.Ref {
				return o, true
			}
		}
	}
	return nil, false
}
