package sshlab

import (
	"fmt"
	"time"
)

// Redis is a server that the machine's redis-cli reaches.
type Redis struct {
	Stopped           bool
	Memory, MaxMemory int64         // bytes; 0 of the second: no limit
	Saved             time.Duration // how long ago
	Changes           int           // since then
	SaveFailed        bool
}

// answer has redis-cli say what INFO and CONFIG GET say (redis 7.0).
func (r *Redis) answer(p *programs) {
	if r.Stopped {
		p.answer("redis-cli", "*", 1, "Could not connect to Redis at 127.0.0.1:6379: Connection refused\n")
		return
	}
	save := "ok"
	if r.SaveFailed {
		save = "err"
	}
	p.answer("redis-cli", "* INFO", 0, fmt.Sprintf("redis_version:7.0.15\nuptime_in_seconds:3542400\nloading:0\nrdb_changes_since_last_save:%d\nrdb_bgsave_in_progress:0\n"+
		"rdb_last_save_time:%d\nrdb_last_bgsave_status:%s\naof_enabled:0\naof_last_write_status:ok\nused_memory:%d\nmaxmemory:%d\nrole:master\nconnected_slaves:0\nmaster_repl_offset:0\ncluster_enabled:0\n",
		r.Changes, time.Now().Add(-r.Saved).Unix(), save, r.Memory, r.MaxMemory))
	for name, value := range map[string]string{"save": "3600 1 300 100 60 10000", "appendonly": "no", "min-replicas-to-write": "0"} {
		p.answer("redis-cli", "* CONFIG GET "+name, 0, name+"\n"+value+"\n")
	}
}
