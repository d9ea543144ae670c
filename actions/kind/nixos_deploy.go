package kind

import (
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// nixosDeploy goes to another generation of the system: one that is there, made
// by nixos-rebuild.
func nixosDeploy(_ *inventory.Fleet, t inventory.Target) (actions.Deploy, error) {
	verb := func(names ...string) actions.Script {
		s := compound(nil, nil, append([]string{filesLib, "nixos/generation.sh"}, names...)...)
		s.Name = names[0]
		return s
	}
	return actions.Deploy{
		Text: "the system of " + t.Ref.Name(), Limit: 30 * time.Minute, // units are stopped and started, each in its own time
		Survey: verb("nixos/deploy-asked.sh"), Well: verb("nixos/well.sh"), Do: verb("nixos/deploy-do.sh"), Active: verb("nixos/deploy-active.sh"),
		Verify: verb("nixos/deploy-proved.sh", "nixos/well.sh"), Back: verb("nixos/deploy-back.sh"),
	}, nil
}
