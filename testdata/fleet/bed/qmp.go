//go:build linux

package bed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"time"
)

// qmp talks to a qemu (QEMU Machine Protocol: a line of JSON each way).
type qmp struct {
	conn net.Conn
	dec  *json.Decoder
}

type qmpAnswer struct {
	Return json.RawMessage `json:"return"`
	Event  string          `json:"event"`
	Error  *struct {
		Desc string `json:"desc"`
	} `json:"error"`
}

func dialQMP(ctx context.Context, socket string) (*qmp, error) {
	var conn net.Conn
	err := until(ctx, "wait for qemu's monitor", func() (err error) {
		conn, err = new(net.Dialer).DialContext(ctx, "unix", socket)
		return err
	})
	if err != nil {
		return nil, err
	}
	q := &qmp{conn, json.NewDecoder(conn)}
	var greeting json.RawMessage
	if err := q.dec.Decode(&greeting); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	if err := q.do(ctx, "qmp_capabilities", nil, nil); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return q, nil
}

// do has one command done, and reads its answer into to.
func (q *qmp) do(ctx context.Context, command string, arguments map[string]any, to any) error {
	limit := time.Now().Add(2 * time.Minute)
	if d, ok := ctx.Deadline(); ok && d.Before(limit) {
		limit = d
	}
	if err := q.conn.SetDeadline(limit); err != nil {
		return err
	}
	line := map[string]any{"execute": command}
	if arguments != nil {
		line["arguments"] = arguments
	}
	if err := json.NewEncoder(q.conn).Encode(line); err != nil {
		return fmt.Errorf("tell qemu %s: %w", command, err)
	}
	for {
		var a qmpAnswer
		if err := q.dec.Decode(&a); err != nil {
			return fmt.Errorf("qemu's answer to %s: %w", command, err)
		}
		switch {
		case a.Event != "":
		case a.Error != nil:
			return fmt.Errorf("qemu refuses %s: %s", command, a.Error.Desc)
		case to != nil:
			return json.Unmarshal(a.Return, to)
		default:
			return nil
		}
	}
}
