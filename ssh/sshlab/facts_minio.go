package sshlab

import "fmt"

// MinIO is an object store that the machine reaches at a port of its own.
type MinIO struct {
	URL      string // "http://127.0.0.1:9000"
	Down     bool
	ReadOnly bool // too few drives to write
}

// answer has curl say what the health checks answer.
func (m *MinIO) answer(p *programs) {
	if m.Down {
		p.answer("curl", "*"+m.URL+"/minio/health/*", 7, "curl: (7) Failed to connect: Connection refused\n")
		return
	}
	for _, what := range []string{"live", "ready", "cluster", "cluster/read"} {
		code, more := 200, ""
		if what == "cluster" {
			more = "X-Minio-Write-Quorum: 1\r\n"
			if m.ReadOnly {
				code = 503
			}
		}
		p.answer("curl", "*"+m.URL+"/minio/health/"+what, 0, fmt.Sprintf("HTTP/1.1 %d Lab\r\nServer: MinIO\r\n%s\r\ncode %[1]d body 0\n", code, more))
	}
}
