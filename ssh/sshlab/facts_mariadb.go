package sshlab

import "fmt"

// MariaDB is a server that the machine's client reaches.
type MariaDB struct {
	Stopped     bool
	Connections int // of 150
}

// answer has mariadb say what one session asks for (MariaDB 10.11).
func (m *MariaDB) answer(p *programs) {
	if m.Stopped {
		p.answer("mariadb", "*", 1, "ERROR 2002 (HY000): Can't connect to server on '127.0.0.1' (111)\n")
		return
	}
	p.answer("mariadb", "*", 0, fmt.Sprintf("== variables\n\nVariable_name\tValue\nextra_max_connections\t1\nlog_bin\tOFF\nmax_connections\t150\nread_only\tOFF\nserver_id\t1\nversion\t10.11.14-MariaDB-0+deb12u2\nversion_comment\tDebian 12\nwsrep_on\tOFF\n"+
		"== status\n\nVariable_name\tValue\nMax_used_connections\t%d\nSlaves_connected\t0\nThreads_connected\t%[1]d\nThreads_running\t2\nUptime\t2588400\n== replication\n\n== end\n", m.Connections))
}
