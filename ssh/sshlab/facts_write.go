package sshlab

func (f Linux) withDefaults(name string) Linux { return f }

func (f Linux) write(m *Machine) error { return nil }
