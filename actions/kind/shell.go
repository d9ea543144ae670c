package kind

import (
	"fmt"

	"jurymast/actions"
	"jurymast/inventory"
)

var shell = actions.Kind{
	Name: "shell",
	Doc:  "A fence or a redirect of one's own, in lines of shell.",
	About: `For what jurymast does not know: a switch's port, a power outlet, a board (ipmitool), a cloud, a load balancer.

do does it, and proof proves it by another way than do's own exit code: it ends with 0 only when the thing is seen to
be done, and with anything else also when that cannot be seen. A fence whose proof is "do said so" is none, and grade
says what the proof is worth: power (off, seen stopped), storage (cut off, seen from the other side), lease (waited
out), stopped (it said so itself). survey tells whether it could be done now; without one proof's exit codes above 1
are taken for a no.

The lines have NAME and ADDRESS of the host that is fenced, or TO, TO_ADDRESS, FROM_HOST and FROM_ADDRESS of a
redirect, in their environment, and SECRET where secret is set.`,
	Levels: []inventory.Level{inventory.LevelFence, inventory.LevelRedirect},
	Options: []inventory.Option{
		{Name: "do", Type: inventory.TypeString, Required: true, Doc: "the line that does it"},
		{Name: "proof", Type: inventory.TypeString, Required: true, Doc: "the line that proves it: exit code 0, and nothing else"},
		{Name: "survey", Type: inventory.TypeString, Doc: "the line that tells whether it could be done now"},
		{Name: "release", Type: inventory.TypeString, Doc: "fence: the line that undoes it"},
		{Name: "grade", Type: inventory.TypeEnum, Values: []string{"stopped", "lease", "storage", "power"}, Default: "stopped", Doc: "fence: what the proof is worth"},
		{Name: "proof_on", Type: inventory.TypeHost, Doc: "fence: the host that proof runs on; where it is done, where not said"},
		{Name: "sudo", Type: inventory.TypeBool, Default: "false", Doc: "run the lines as root"},
		{Name: "secret", Type: inventory.TypeSecret, Doc: "what the lines find in SECRET"},
		{Name: "takes", Type: inventory.TypeDuration, Default: "1m", Doc: "fence: how long it may take"},
		{Name: "floor", Type: inventory.TypeDuration, Doc: "redirect: how long clients may stay with the old host"},
	},
	Fence: func(f *inventory.Fleet, x inventory.Fence) (actions.Fence, error) {
		on, err := doneOn(x.On, "the host that the lines run on")
		if err != nil {
			return actions.Fence{}, err
		}
		// One of a service with standbys is about all of them, and knows no address.
		in := map[string]string{"NAME": x.Of.Name(), "ADDRESS": ""}
		if h, err := fencedHost(f, x.Of); err == nil {
			in["NAME"], in["ADDRESS"] = h.Name(), addressOf(f, h)
		}
		takes, _ := waitOf(x.Options, "takes", 0)
		out := actions.Fence{
			Grade: shellGrades[x.Options.String("grade")], Host: on, On: inventory.Ref(x.Options.String("proof_on")),
			Text: orDefault(x.Title, "run "+x.Options.String("do")), Proof: "exit code 0 of " + x.Options.String("proof"), Takes: takes,
			Survey: shellSurvey(x.Options, in), Do: shellLine(x.Options, "do", in), Verify: shellLine(x.Options, "proof", in),
		}
		if x.Options.String("release") != "" {
			s := shellLine(x.Options, "release", in)
			out.Release = &s
		}
		return out, nil
	},
	Redirect: func(_ *inventory.Fleet, x inventory.Redirect) (actions.Redirect, error) {
		on, err := doneOn(x.On, "the host that the lines run on")
		if err != nil {
			return actions.Redirect{}, err
		}
		return actions.Redirect{
			Host: on, Text: orDefault(x.Title, "run "+x.Options.String("do")), Floor: x.Options.Duration("floor"),
			Survey: shellSurvey(x.Options, nil), Do: shellLine(x.Options, "do", nil), Verify: shellLine(x.Options, "proof", nil),
		}, nil
	},
	Proved: map[string]actions.Ground{"fence": actions.Real, "redirect": actions.Real},
}

var shellGrades = map[string]actions.Grade{
	"": actions.GradeStopped, "stopped": actions.GradeStopped, "lease": actions.GradeLease, "storage": actions.GradeStorage, "power": actions.GradePower,
}

// shellLine returns the script that runs one of the user's lines.
func shellLine(o inventory.Options, option string, more map[string]string) actions.Script {
	in := map[string]string{"LINE": o.String(option)}
	for k, v := range more {
		in[k] = v
	}
	s := script("shell/line.sh", in)
	s.Keep = keepOf(o, map[string]string{"secret": "SECRET"})
	s.Sudo = o.Bool("sudo")
	return s
}

// shellSurvey asks the user's survey, or else the proof, of which a plain no is
// an answer.
func shellSurvey(o inventory.Options, in map[string]string) actions.Script {
	if o.String("survey") != "" {
		return shellLine(o, "survey", in)
	}
	s := shellLine(o, "proof", in)
	s.Inputs["LINE"] = fmt.Sprintf("( %s\n); [ $? -le 1 ]", o.String("proof"))
	return s
}
