package sshlab

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"time"
)

// Nginx is an nginx with its certificates where SWAG keeps them.
type Nginx struct {
	Stopped      bool
	Broken       string // what its own test says is wrong: "[emerg] …"; "" is nothing
	Certificates []Certificate
}

// Certificate is one of ninety days, of which some are left.
type Certificate struct {
	Name string
	Left time.Duration
}

// text is the certificate itself, self-signed.
func (c Certificate) text() string {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic("sshlab: " + err.Error()) // it never fails (crypto/rand)
	}
	end := time.Now().Add(c.Left)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: c.Name}, DNSNames: []string{c.Name}, NotBefore: end.AddDate(0, 0, -90), NotAfter: end}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic("sshlab: " + err.Error())
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// answer has nginx say how it is, and makes what it names.
func (n *Nginx) answer(p *programs) {
	const conf = "/etc/nginx/nginx.conf"
	p.answer("nginx", "-V", 0, "nginx version: nginx/1.26.3\nconfigure arguments: --prefix=/var/lib/nginx --conf-path="+conf+" --pid-path=/run/nginx/nginx.pid\n")
	var all strings.Builder
	fmt.Fprintf(&all, "nginx: the configuration file %s syntax is ok\nnginx: configuration file %[1]s test is successful\n# configuration file %[1]s:\nuser abc;\n", conf)
	for _, c := range n.Certificates {
		file := "/config/etc/letsencrypt/live/" + c.Name + "/fullchain.pem"
		p.t[strings.TrimPrefix(file, "/")] = c.text()
		fmt.Fprintf(&all, "ssl_certificate %s;\n", file)
	}
	if n.Broken == "" {
		p.answer("nginx", "-T*", 0, all.String())
	} else {
		p.answer("nginx", "-T*", 1, "nginx: "+n.Broken+"\nnginx: configuration file "+conf+" test failed\n")
	}
	// A master and two workers, since yesterday (proc_pid_stat(5): fields 2, 4 and 22).
	day := int64(24 * time.Hour / time.Second)
	p.t.add("proc/stat", "btime %d\n", time.Now().Unix()-2*day)
	for i, parent := range []int{1, 300, 300} {
		if !n.Stopped {
			p.t.add(fmt.Sprintf("proc/%d/stat", 300+i), "%d (nginx) S %d%s %d\n", 300+i, parent, strings.Repeat(" 0", 17), day*100)
		}
	}
	p.t["run/nginx/nginx.pid"] = "300\n"
}

// write makes the files and the programs that are found in a container, below a
// folder.
func (i Inside) write(t tree, below string) {
	p := &programs{t: tree{}, names: map[string]bool{}}
	if i.Nginx != nil {
		i.Nginx.answer(p)
	}
	if i.Traefik != nil {
		i.Traefik.answer(p)
	}
	if i.program != nil {
		i.program(p)
	}
	for name, text := range p.t {
		t[below+name] = text
	}
	for name := range p.names {
		t[below+"bin/"+name] = programText()
	}
}
