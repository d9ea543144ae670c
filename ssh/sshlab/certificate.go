package sshlab

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// CertOptions is what a TLS service's certificate is like.
type CertOptions struct {
	NotBefore, NotAfter time.Time // zero: an hour ago, in ninety days
	Names               []string  // host names and addresses; nil is the service's own
	SelfSigned          bool      // instead of signed by the lab's authority
}

// issuer is the lab's certificate authority for TLS.
type issuer struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
}

// CA returns the certificates that clients must trust to trust the lab's TLS
// services.
func (l *Lab) CA() (*x509.CertPool, error) {
	i, err := l.authority()
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AddCert(i.cert)
	return pool, nil
}

// CAFile returns a PEM file of what CA returns.
func (l *Lab) CAFile() (string, error) {
	i, err := l.authority()
	if err != nil {
		return "", err
	}
	name := filepath.Join(l.dir, "ca.pem")
	return name, os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.cert.Raw}), 0o600)
}

// authority makes the authority when it is first asked for.
func (l *Lab) authority() (*issuer, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.issuer != nil {
		return l.issuer, nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "sshlab authority"},
		NotBefore:             now.AddDate(-10, 0, 0),
		NotAfter:              now.AddDate(10, 0, 0),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	l.issuer = &issuer{key, cert}
	return l.issuer, nil
}

// certificate makes a server's certificate for the service at addr.
func (l *Lab) certificate(o CertOptions, addr string) (tls.Certificate, error) {
	i, err := l.authority()
	if err != nil {
		return tls.Certificate{}, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	now := time.Now()
	if o.NotBefore.IsZero() {
		o.NotBefore = now.Add(-time.Hour)
	}
	if o.NotAfter.IsZero() {
		o.NotAfter = now.AddDate(0, 0, 90)
	}
	if o.Names == nil {
		at, _, _ := strings.Cut(addr, "@")
		host, _, err := net.SplitHostPort(at)
		if err != nil {
			return tls.Certificate{}, err
		}
		o.Names = []string{host}
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: o.Names[0]},
		NotBefore:    o.NotBefore,
		NotAfter:     o.NotAfter,
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, n := range o.Names {
		if ip := net.ParseIP(n); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, n)
		}
	}
	parent, signer := i.cert, i.key
	if o.SelfSigned {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

// quiet keeps a server's complaints about clients out of the program's output.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }
