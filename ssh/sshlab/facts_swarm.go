package sshlab

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Swarm is a Docker swarm, as its managers know it. Each of its nodes has the
// same in its facts; which of them a machine is, its name says.
type Swarm struct {
	Nodes    []SwarmNode // the first manager that is not down leads
	Networks []SwarmNetwork
	Services []SwarmService
}

// SwarmNode is a node of a swarm; its name is that of its machine.
type SwarmNode struct {
	Name         string
	Worker       bool
	Down         bool   // the managers do not hear it
	Availability string // "active"
}

// SwarmNetwork is an overlay network; "ingress" is there without being named.
type SwarmNetwork struct {
	Name                  string
	Attachable, Encrypted bool
}

// SwarmService is a replicated service.
type SwarmService struct {
	Name      string
	Networks  []string
	Published bool     // a port of it is published by the swarm, in mode ingress
	On        []string // where its replicas were put, one a replica; those of a node that is down run elsewhere
	Failed    []string // errors of tasks that failed in the last minutes, the newest first
}

// swarmNoLeader is what a manager says when too few of them are heard (docker
// 20.10).
const swarmNoLeader = "rpc error: code = Unknown desc = The swarm does not have a leader. It's possible that too few managers are online. Make sure more than half of the managers are online."

// swarmID is the id of a thing: 25 characters of the swarm's own, 64 of the
// engine's.
func swarmID(length int, what ...string) string {
	return fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join(what, "/"))))[:length]
}

func (n *SwarmNode) id() string { return swarmID(25, "node", n.Name) }

// leader is the index of the node that leads, -1 without a quorum.
func (s *Swarm) leader() int {
	managers, heard, first := 0, 0, -1
	for i, n := range s.Nodes {
		if n.Worker {
			continue
		}
		managers++
		if !n.Down {
			heard++
			if first < 0 {
				first = i
			}
		}
	}
	if heard <= managers/2 {
		return -1
	}
	return first
}

// write adds what the machine of that name answers, in files of lines
// KEY=VALUE by the names of docker inspect.
func (s *Swarm) write(t tree, name string) {
	me := slices.IndexFunc(s.Nodes, func(n SwarmNode) bool { return n.Name == name })
	if me < 0 {
		return
	}
	leader, trouble := s.leader(), ""
	if leader < 0 && !s.Nodes[me].Worker {
		trouble = swarmNoLeader
	}
	t.add("lab/swarm/info", "Swarm.LocalNodeState=active\nSwarm.ControlAvailable=%t\nSwarm.Error=%s\nSwarm.NodeID=%s\n", !s.Nodes[me].Worker, trouble, s.Nodes[me].id())
	for i := range s.Nodes {
		n := &s.Nodes[i]
		t["lab/swarm/node/"+n.id()] = n.text(i == leader)
	}
	networks := append([]SwarmNetwork{{Name: "ingress"}}, s.Networks...)
	for i, n := range networks {
		t["lab/swarm/network/"+swarmID(25, "network", n.Name)] = n.text(i)
	}
	for _, own := range []string{"bridge", "host"} {
		id := swarmID(64, "network", name, own)
		t.add("lab/swarm/network/"+id, "ID=%s\nName=%s\nDriver=%s\nAttachable=false\nIngress=false\nOptions={}\n", id, own, own)
	}
	for _, x := range s.Services {
		id := swarmID(25, "service", x.Name)
		t["lab/swarm/service/"+id] = x.text()
		t["lab/swarm/tasks/"+id] = s.tasks(x)
	}
}

func (n *SwarmNode) text(leads bool) string {
	state, message, role, manager := "ready", "", "manager", map[string]any{"Reachability": "reachable", "Addr": n.Name + ":2377"}
	if n.Down {
		state, message = "down", "heartbeat failure"
		manager["Reachability"] = "unreachable"
	}
	if leads {
		manager["Leader"] = true
	}
	status := asJSON(manager)
	if n.Worker {
		role, status = "worker", "null"
	}
	availability := n.Availability
	set(&availability, "active")
	return fmt.Sprintf("ID=%s\nDescription.Hostname=%s\nStatus.State=%s\nStatus.Message=%s\nSpec.Availability=%s\nSpec.Role=%s\nManagerStatus=%s\n",
		n.id(), n.Name, state, message, availability, role, status)
}

// text is the network's file; the figure is its place among the overlays.
func (n SwarmNetwork) text(i int) string {
	options := map[string]string{"com.docker.network.driver.overlay.vxlanid_list": fmt.Sprint(4096 + i)}
	if n.Encrypted {
		options["encrypted"] = ""
	}
	return fmt.Sprintf("ID=%s\nName=%s\nDriver=overlay\nAttachable=%t\nIngress=%t\nOptions=%s\n", swarmID(25, "network", n.Name), n.Name, n.Attachable, n.Name == "ingress", asJSON(options))
}

func (x SwarmService) text() string {
	type target struct{ Target string }
	type address struct{ NetworkID, Addr string }
	var networks []target
	var addresses []address
	on := slices.Clone(x.Networks)
	for _, n := range on {
		networks = append(networks, target{swarmID(25, "network", n)})
	}
	if x.Published {
		on = append([]string{"ingress"}, on...)
	}
	for i, n := range on {
		addresses = append(addresses, address{swarmID(25, "network", n), fmt.Sprintf("10.0.%d.5/24", i)})
	}
	return fmt.Sprintf("ID=%s\nSpec.Name=%s\nSpec.Mode={\"Replicated\":{\"Replicas\":%d}}\nSpec.TaskTemplate.Networks=%s\nSpec.Networks=null\nEndpoint.VirtualIPs=%s\nUpdateStatus=null\n",
		swarmID(25, "service", x.Name), x.Name, len(x.On), asJSON(networks), asJSON(addresses))
}

// tasks are the rows of docker service ps: what was put on a node that is down
// runs on another since, and still counts there as it was last heard of.
func (s *Swarm) tasks(x SwarmService) string {
	var b strings.Builder
	service := swarmID(25, "service", x.Name)
	row := func(slot int, node, wanted, state, trouble string) {
		if trouble != "" {
			trouble = `"` + trouble + `"`
		}
		fmt.Fprintln(&b, asJSON(map[string]string{
			"CurrentState": state, "DesiredState": wanted, "Error": trouble, "ID": swarmID(25, "task", fmt.Sprint(b.Len()), x.Name), "Image": x.Name + ":1",
			"Name": fmt.Sprintf("%s.%d", service, slot), "Node": swarmID(25, "node", node), "Ports": "",
		}))
	}
	for i, on := range x.On {
		down := slices.ContainsFunc(s.Nodes, func(n SwarmNode) bool { return n.Name == on && n.Down })
		if !down {
			row(i+1, on, "Running", "Running 5 weeks ago", "")
		} else if j := slices.IndexFunc(s.Nodes, func(n SwarmNode) bool { return !n.Down && (n.Availability == "" || n.Availability == "active") }); j >= 0 {
			row(i+1, s.Nodes[j].Name, "Running", "Running 3 minutes ago", "")
			row(i+1, on, "Shutdown", "Running 5 weeks ago", "")
		}
		for k, trouble := range x.Failed {
			if i == 0 {
				row(1, on, "Shutdown", fmt.Sprintf("Failed %d minutes ago", 2*k+2), trouble)
			}
		}
	}
	return b.String()
}

// asJSON writes what cannot fail to be written: names and numbers.
func asJSON(x any) string {
	b, err := json.Marshal(x)
	if err != nil {
		panic("sshlab: " + err.Error())
	}
	return string(b)
}
