package sshlab

import (
	"fmt"
	"time"
)

// freshUptime is how long a machine has been up after a Reboot.
const freshUptime = 30 * time.Second

// Facts changes what the machine is like while it runs; the machine's files
// are written anew before it returns. What tools changed meanwhile (a unit
// that was restarted) is overwritten.
func (m *Machine) Facts(change func(*Linux)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	change(&m.facts)
	if err := m.facts.write(m); err != nil {
		return fmt.Errorf("machine %s: write facts: %w", m.host.Name, err)
	}
	return nil
}

// Reboot kills every process of the machine, breaks all connections and gives
// it another boot id. It is back at once.
func (m *Machine) Reboot() error {
	m.cutAll()
	if err := endProcesses(m.dir, []*Machine{m}); err != nil {
		return fmt.Errorf("machine %s: reboot: %w", m.host.Name, err)
	}
	if m.host.canned() {
		return nil
	}
	return m.Facts(func(f *Linux) { f.BootID, f.Uptime = newBootID(), freshUptime })
}
