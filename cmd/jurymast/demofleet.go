package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"jurymast/actions"
	"jurymast/actions/engine"
	"jurymast/inventory"
	"jurymast/ssh/sshlab"
)

// demoInventory is the example inventory; a test keeps the two the same.
//
//go:embed demo/inventory.toml
var demoInventory string

// demoFleet is the example fleet on simulated machines.
type demoFleet struct {
	dir   string
	ca    string // file of the certificates to trust: the lab signs its own
	lab   *sshlab.Lab
	fleet *inventory.Fleet
}

// demoState is where the example's NixOS machine keeps what is copied.
const demoState = "/var/lib/selfprivacy"

// startDemo starts a machine for every host of the example inventory and makes
// what its services and checks need. Calm leaves everything well.
func startDemo(ctx context.Context, dir string, calm bool) (*demoFleet, error) {
	// The only thing in the example that a simulated machine cannot have is a
	// port of its own choice.
	text := strings.Replace(demoInventory, "port = 2222\n", "", 1)
	// All of its machines share this one: looked at side by side they would starve
	// each other, and be slow by their own limits. It takes the place of an empty
	// line, so that the others keep their numbers.
	text = strings.Replace(text, "connect_timeout = \"10s\"\n\n", fmt.Sprintf("connect_timeout = \"10s\"\nconcurrency = %d\n", 2*runtime.NumCPU()), 1)
	// Nor a sandbox: what is copied and brought back lies in the demo's own
	// folder, and never where a real fleet would have it.
	for name, host := range map[string]string{"/srv/documents": "nas", "/mnt/usb/copies": "nas", demoState: "selfhost"} {
		here := `"` + filepath.Join(dir, "lab", "machine", host, name) + `"`
		text = strings.ReplaceAll(text, `path = "`+name+`"`, `path = `+here)
		text = strings.ReplaceAll(text, `data = ["`+name+`"]`, `data = [`+here+`]`)
	}
	secret := filepath.Join(dir, "bucket.password")
	text = strings.ReplaceAll(text, "~/.config/jurymast/bucket.password", secret)
	f, err := inventory.Parse("inventory.toml", []byte(text), engine.Schema())
	if err != nil {
		return nil, err
	}
	if err := errors.Join(
		os.WriteFile(filepath.Join(dir, "inventory.toml"), []byte(text), 0o600),
		os.WriteFile(secret, []byte("of the demo\n"), 0o600),
		os.Mkdir(filepath.Join(dir, "lab"), 0o700),
	); err != nil {
		return nil, err
	}
	lab, err := sshlab.Start(filepath.Join(dir, "lab"))
	if err != nil {
		return nil, err
	}
	d := &demoFleet{dir: dir, lab: lab, fleet: f}
	if err := d.furnish(ctx, calm); err != nil {
		return nil, errors.Join(err, lab.Close())
	}
	return d, nil
}

func (d *demoFleet) furnish(ctx context.Context, calm bool) error {
	for t := range d.fleet.Hosts() {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if _, err := d.lab.Add(d.machine(t)); err != nil {
			return fmt.Errorf("demo machine %s: %w", t.Ref.Name(), err)
		}
	}
	if err := d.papers(); err != nil {
		return err
	}
	if err := d.serve(); err != nil {
		return err
	}
	ca, err := d.lab.CAFile()
	if err != nil {
		return err
	}
	if d.ca = ca; calm {
		return d.provide(ctx)
	}
	return d.spoil()
}

// certEnv is where crypto/x509 looks for certificates to trust.
const certEnv = "SSL_CERT_FILE"

// machine is the simulated machine of a host: what the inventory says runs on
// it runs there.
func (d *demoFleet) machine(t *inventory.Target) sshlab.Host {
	facts := demoFacts(t.Ref.Name())
	h := sshlab.Host{Name: t.Ref.Name(), Root: t.Reach.User == "root", Sudo: true, Files: map[string]string{}, Facts: &facts}
	if t.Reach.Address != "" {
		h.Aliases = []string{t.Reach.Address}
	}
	d.placeNode(t, &h)
	for s := range d.fleet.Targets() {
		d.place(s, t.Ref, &h)
	}
	return h
}

// serve answers every request that a check of the fleet makes.
func (d *demoFleet) serve() error {
	for t := range d.fleet.Targets() {
		for _, c := range engine.ChecksOf(d.fleet, t) {
			if c.Probe == nil {
				continue
			}
			if err := d.serveProbe(c, t); err != nil {
				return fmt.Errorf("demo service for %s %s: %w", t.Ref, c.ID, err)
			}
		}
	}
	return nil
}

func (d *demoFleet) serveProbe(c actions.Check, t *inventory.Target) error {
	addr, secure := c.Probe.Address, c.Probe.Net == "tls"
	if c.Probe.Net == "http" {
		u, err := url.Parse(c.Probe.URL)
		if err != nil {
			return err
		}
		secure = u.Scheme == "https"
		port := u.Port()
		switch {
		case port == "" && secure:
			port = "443"
		case port == "":
			port = "80"
		}
		addr = net.JoinHostPort(u.Hostname(), port)
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return err
	}
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
		from := c.Host
		if from == "" {
			from = t.Host
		}
		addr = net.JoinHostPort(host, port) + "@" + from.Name()
	}
	if d.lab.Service(addr) != nil {
		return nil
	}
	switch {
	case c.Probe.Net == "tcp":
		_, err = d.lab.ServeTCP(addr, func(c net.Conn) { _, _ = c.Read(make([]byte, 1)) })
	case secure:
		_, err = d.lab.ServeTLS(addr, http.HandlerFunc(demoPage), sshlab.CertOptions{})
	default:
		_, err = d.lab.Serve(addr, http.HandlerFunc(demoPage))
	}
	return err
}

// demoPage answers as the simulated applications do.
func demoPage(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, ".php") || strings.Contains(r.URL.Path, "health") {
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintln(w, `{"installed":true,"maintenance":false,"status":"ok"}`)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = fmt.Fprintln(w, "<!doctype html><title>jurymast demo</title><p>It works.")
}

// environment is what makes a jurymast mean this fleet.
func (d *demoFleet) environment() map[string]string {
	return map[string]string{
		"JURYMAST_INVENTORY":  filepath.Join(d.dir, "inventory.toml"),
		"JURYMAST_STATE_DIR":  filepath.Join(d.dir, "state"),
		"JURYMAST_SSH_CONFIG": d.lab.Config(),
		"SSH_AUTH_SOCK":       "",
		certEnv:               d.ca,
	}
}

// fault breaks a machine, or heals it.
func (d *demoFleet) fault(words []string) error {
	if len(words) < 2 {
		return errors.New("say which machine, and what happens to it: nas down")
	}
	name := words[0]
	if t, err := d.fleet.Lookup(name); err == nil {
		name = t.Ref.Name()
	}
	if err := d.lab.Fault(name, words[1], words[2:]...); err != nil {
		return err
	}
	return d.noticed(name, words[1])
}

// Close ends the fleet.
func (d *demoFleet) Close() error { return d.lab.Close() }
