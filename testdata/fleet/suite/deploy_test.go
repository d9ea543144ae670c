//go:build linux && fleet

package suite

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"jurymast/testdata/fleet/bed"
)

// TestDeployBehindProxy brings other versions of a compose project from a
// registry to two docker hosts behind HAProxy, one after the other, while
// somebody visits them: one that is well, one that is not, one that nobody has,
// and back to what ran before.
func TestDeployBehindProxy(t *testing.T) {
	beside(t, light, 150*time.Second)
	service := func(name, on, more string) string {
		return fmt.Sprintf(`
[service.%s]
kind = "compose"
on = %q
project = "web"
dir = "/opt/web"
version_env = "WEB_VERSION"
deploy_wait = "20s"
%s
`, name, on, more)
	}
	f := newFleet(t, bed.Options{Nodes: []string{"app1", "app2", "lb"}, Docker: []string{"app1", "app2"}},
		service("web", "app1", `also = ["web-2"]`), service("web-2", "app2", ""), `
[redirect.front]
of = "web"
on = "lb"
kind = "haproxy"
backend = "web"
`)
	hosts := []string{"app1", "app2"}
	page := f.Node("lb").Addr.String() + ":5000/page"
	f.must(f.Node("lb").Write("/etc/registry.yml", "version: 0.1\nstorage: {filesystem: {rootdirectory: /srv/registry}}\nhttp: {addr: \":5000\"}\n", 0o644))
	f.on("lb", "systemd-run --quiet --unit=registry docker-registry serve /etc/registry.yml")
	for _, h := range hosts {
		f.must(f.Node(h).Write("/etc/docker/daemon.json", fmt.Sprintf("{\"insecure-registries\": [%q]}\n", strings.TrimSuffix(page, "/page")), 0o644))
		f.must(f.Node(h).Write("/opt/web/docker-compose.yml", fmt.Sprintf(`version: "2.4"
services:
  page:
    image: %s:${WEB_VERSION}
    ports: ["8080:80"]
`, page), 0o644))
		f.must(f.Node(h).Write("/opt/web/.env", "WEB_VERSION=1\n", 0o644))
	}
	// The third says of itself that it is not well.
	f.on("app1", image+fmt.Sprintf(`for v in 1 2 3; do
	rm -rf /tmp/page; mkdir /tmp/page; cd /tmp/page; echo "v$v" >index.html; [ $v = 3 ] || touch well
	printf 'FROM lab/bb:1\nCOPY . /www\nHEALTHCHECK --interval=1s --timeout=5s --retries=2 CMD test -e /www/well\nCMD ["httpd", "-f", "-p", "80", "-h", "/www"]\n' >Dockerfile
	docker build -q -t %[1]s:$v . >/dev/null
	docker push -q %[1]s:$v >/dev/null
	docker rmi %[1]s:$v >/dev/null
done`, page))
	f.on("app2", "systemctl start docker")
	for _, h := range hosts {
		f.on(h, "cd /opt/web && docker-compose up -d 2>&1")
	}
	f.proxy("")
	f.well("web")
	f.well("web-2")

	// runs holds which image each host runs, by name and by what it is.
	runs := func(f *fleet, version string) (ids []string) {
		f.t.Helper()
		for _, h := range hosts {
			ref, id, _ := strings.Cut(strings.TrimSpace(f.on(h, "docker inspect --format '{{.Config.Image}} {{.Image}}' $(docker ps -q)")), " ")
			if ref != page+":"+version {
				f.t.Errorf("%s runs %s, not version %s", h, ref, version)
			}
			ids = append(ids, id)
		}
		return ids
	}
	was := runs(f, "1")
	front := "http://" + f.Node("lb").Addr.String() + "/"
	// visited does something while somebody visits, who has to get an answer each
	// time, and never one of a version that is not well.
	visited := func(f *fleet, now string, do func()) {
		f.t.Helper()
		v := f.visit(front, 5*time.Second)
		do()
		eventually(f.t, now+" answers", 20*time.Second, v.answers(now))
		gap, got := v.end()
		f.t.Logf("longest time between two answers %.2f s; %v", gap.Seconds(), got)
		if got["no answer"] > 0 || got["v3"] > 0 {
			f.t.Errorf("visits: %v, %v", got, v.why)
		}
	}
	f.part("another version", func(f *fleet) {
		if o := f.ok("plan", "deploy", "web", "--to", "2"); !strings.Contains(o.out, page+":1 becomes "+page+":2") {
			f.t.Errorf("%s", o)
		}
		visited(f, "v2", func() { f.ok("run", "deploy", "web", "--to", "2", "--confirm", "web") })
		runs(f, "2")
	})
	f.part("one that nobody has", func(f *fleet) {
		if o := f.leaves(13, "plan", "deploy", "web", "--to", "9"); !strings.Contains(o.out, page+":9 is not to be had: no such manifest") {
			f.t.Errorf("%s", o)
		}
	})
	f.part("one that is not well", func(f *fleet) {
		visited(f, "v2", func() {
			if o := f.leaves(10, "run", "deploy", "web", "--to", "3", "--confirm", "web"); !strings.Contains(o.out+o.err, "unhealthy") {
				f.t.Errorf("%s", o)
			}
		})
		runs(f, "2")
		f.well("web")
		f.well("web-2")
	})
	f.part("back to what ran before", func(f *fleet) {
		// What the registry calls 1 by now is another.
		f.on("app1", fmt.Sprintf("docker pull -q %[1]s:3 >/dev/null; docker tag %[1]s:3 %[1]s:1; docker push -q %[1]s:1 >/dev/null", page))
		visited(f, "v1", func() { f.ok("run", "deploy", "web", "--to", "previous", "--confirm", "web") })
		for i, id := range runs(f, "1") {
			if id != was[i] {
				f.t.Errorf("%s runs %s, and ran %s", hosts[i], id, was[i])
			}
		}
		f.well("web")
	})
}
