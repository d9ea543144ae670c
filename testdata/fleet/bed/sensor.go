//go:build linux

package bed

import (
	"context"
	_ "embed"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
)

// sensor is the thermal zone that the machine's firmware declares. The kernel
// asks it as it asks that of a real board.
//
//go:embed sensor.asl
var sensor string

// roomTemperature is what the machine measures at first, in degrees Celsius.
const roomTemperature = 21

// compileSensor writes the table of the thermal zone, as qemu takes it.
func compileSensor(ctx context.Context, table string) error {
	source := strings.TrimSuffix(table, ".aml")
	if err := os.WriteFile(source+".asl", []byte(sensor), 0o600); err != nil {
		return err
	}
	_, err := tool(ctx, "iasl", "-p", source, source+".asl")
	return err
}

// sensorLine is the socket of the serial line that the sensor listens on.
func (m *Machine) sensorLine() string { return filepath.Join(m.dir, "sensor") }

// Heat has the machine's sensor measure a temperature from now on, in degrees
// Celsius. It returns once the machine's kernel has seen it.
func (m *Machine) Heat(ctx context.Context, celsius uint8) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", m.sensorLine())
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.Write([]byte{celsius}); err != nil {
		return err
	}
	// The line takes a byte only after the one before has been read: closed
	// earlier, it would lose it.
	return until(ctx, fmt.Sprintf("measure %d degrees", celsius), func() error {
		zone, err := m.Run(ctx, "cat /sys/class/thermal/thermal_zone0/temp")
		if err != nil {
			return err
		}
		if is := strings.TrimSpace(zone); is != fmt.Sprintf("%d000", celsius) {
			return fmt.Errorf("it says %s thousandths", is)
		}
		return nil
	})
}
