package sshlab

// MongoDB is a server that is in no replica set.
type MongoDB struct {
	Stopped     bool
	Connections int // of 1000
	Databases   int
	Bytes       int64
}

// answer has mongosh say what one session asks for.
func (m *MongoDB) answer(p *programs) {
	if m.Stopped {
		p.answer("mongosh", "*", 1, "MongoServerSelectionError: connect ECONNREFUSED 127.0.0.1:27017\n")
		return
	}
	type object = map[string]any
	p.answer("mongosh", "*", 0, asJSON(object{
		"hello":   object{"primary": true, "secondary": false, "arbiter": false, "set": "", "leads": ""},
		"version": "7.0.5", "connections": object{"current": m.Connections, "available": 1000 - m.Connections}, "bytes": m.Bytes, "databases": m.Databases,
	})+"\n")
}
