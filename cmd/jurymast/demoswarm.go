package main

import (
	"errors"
	"slices"

	"jurymast/ssh/sshlab"
)

// demoSwarmNodes are the machines of the example's swarm, all of them managers.
var demoSwarmNodes = []string{"swarm1", "swarm2", "swarm3"}

// demoSwarm is the example's swarm: a network for each central service, and
// who is on it.
func demoSwarm() *sshlab.Swarm {
	s := &sshlab.Swarm{
		Networks: []sshlab.SwarmNetwork{{Name: "database"}, {Name: "memory-store"}, {Name: "object-store"}, {Name: "reverse-proxy"}},
		Services: []sshlab.SwarmService{
			// Its ports are published in mode host, so that it sees who asks.
			{Name: "proxy", Networks: []string{"reverse-proxy"}, On: []string{"swarm1"}},
			{Name: "postgres", Networks: []string{"database"}, Published: true, On: []string{"swarm1"}},
			{Name: "redis", Networks: []string{"memory-store"}, Published: true, On: []string{"swarm2"}},
			{Name: "minio", Networks: []string{"object-store"}, Published: true, On: []string{"swarm2"}},
			{Name: "vault", Networks: []string{"database", "reverse-proxy"}, On: []string{"swarm3"}},
		},
	}
	for _, n := range demoSwarmNodes {
		s.Nodes = append(s.Nodes, sshlab.SwarmNode{Name: n})
	}
	return s
}

// swarm changes what every node of the swarm knows of it.
func (d *demoFleet) swarm(change func(*sshlab.Swarm)) error {
	var errs []error
	for _, n := range demoSwarmNodes {
		errs = append(errs, d.lab.Machine(n).Facts(func(l *sshlab.Linux) { change(l.Swarm) }))
	}
	return errors.Join(errs...)
}

// noticed lets the machines know what happened to one of them.
func (d *demoFleet) noticed(name, fault string) error {
	if !slices.Contains(demoSwarmNodes, name) {
		return nil
	}
	down := fault == "down" || fault == "hang"
	if !down && fault != "heal" {
		return nil
	}
	return d.swarm(func(s *sshlab.Swarm) {
		for i := range s.Nodes {
			if s.Nodes[i].Name == name {
				s.Nodes[i].Down = down
			}
		}
	})
}
