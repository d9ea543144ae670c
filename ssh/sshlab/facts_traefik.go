package sshlab

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Traefik is a reverse proxy in a container, with its API open inside of it.
type Traefik struct {
	Routes []TraefikRoute
}

// TraefikRoute is a router with a service of its own.
type TraefikRoute struct {
	Name, Host string
	Error      string   // why Traefik has switched it off
	Servers    []string // "http://10.10.0.11:3000"
	Down       []string // those of them that its health check found dead
}

// answer has wget say what its API says (doc.traefik.io, API).
func (x *Traefik) answer(p *programs) {
	const api = "http://127.0.0.1:8080"
	get := func(path, text string) { p.answer("wget", "*"+api+path, 0, text+"\n") }
	type object = map[string]any
	routers, services, broken := []object{}, []object{}, 0
	for _, r := range x.Routes {
		router := object{"entryPoints": []string{"websecure"}, "service": r.Name, "rule": "Host(`" + r.Host + "`)", "status": "enabled", "using": []string{"websecure"}, "name": r.Name + "@file", "provider": "file"}
		if r.Error != "" {
			broken++
			router["status"], router["error"] = "disabled", []string{r.Error}
		}
		routers = append(routers, router)
		servers, states := []object{}, map[string]string{}
		for _, s := range r.Servers {
			servers = append(servers, object{"url": s})
			states[s] = "UP"
			if slices.Contains(r.Down, s) {
				states[s] = "DOWN"
			}
		}
		services = append(services, object{"loadBalancer": object{"servers": servers, "passHostHeader": true}, "status": "enabled", "usedBy": []string{r.Name + "@file"}, "serverStatus": states,
			"name": r.Name + "@file", "provider": "file", "type": "loadbalancer"})
	}
	none := object{"total": 0, "warnings": 0, "errors": 0}
	version := asJSON(object{"Version": "3.5.3", "Codename": "munster", "startDate": time.Now().Add(-41 * 24 * time.Hour).UTC().Format(time.RFC3339)})
	overview := asJSON(object{
		"http": object{"routers": object{"total": len(routers), "warnings": 0, "errors": broken}, "services": object{"total": len(services), "warnings": 0, "errors": 0}},
		"tcp":  object{"routers": none, "services": none}, "udp": object{"routers": none, "services": none}, "providers": []string{"File"},
	})
	lists := []string{asJSON(routers), asJSON(services), "[]", "[]", "[]", "[]"}
	asked := []string{"/api/http/routers?per_page=*", "/api/http/services?per_page=*", "/api/tcp/routers?per_page=*", "/api/tcp/services?per_page=*", "/api/udp/routers?per_page=*", "/api/udp/services?per_page=*"}
	// Of several addresses, wget prints what they answer one behind the other.
	get("/api/version "+api+"/api/overview", version+"\n"+overview)
	get(strings.Join(asked, " "+api)+" "+api+"/ping", strings.Join(lists, "\n")+"\nOK")
	get("/api/version", version)
	get("/api/overview", overview)
	get("/ping", "OK")
	for i, path := range asked {
		get(path, lists[i])
	}
	p.answer("wget", "*", 8, fmt.Sprintln("wget: server returned error: HTTP/1.1 404 Not Found"))
}
