package kind

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// What the redirects that change a record of the DNS have in common: which
// address each host has there, and how the record is asked for.

// authorityFile asks name servers for a record by their own word; httpFile asks
// an API by curl.
const (
	authorityFile = "dns/authority.sh"
	httpFile      = "dns/http.sh"
)

// nameOptions are the options that every such kind has.
func nameOptions(more ...inventory.Option) []inventory.Option {
	return append([]inventory.Option{
		{Name: "record", Type: inventory.TypeString, Required: true, Doc: "the name, whole: \"db.example.org\""},
		{Name: "addresses", Type: inventory.TypeList, Doc: "what it leads to for each host, where that is not its address of the inventory: \"db1=203.0.113.5\""},
		{Name: "authorities", Type: inventory.TypeList, Doc: "name servers that must have the change, as \"ADDRESS\" or \"ADDRESS#PORT\""},
		{Name: "wait", Type: inventory.TypeDuration, Default: "1m", Doc: "how long the change may take to be seen at all of them"},
	}, more...)
}

// nameInputs returns what the scripts of such a redirect are told: the record
// and its type, what it leads to for each host of the service, a line each, and
// the servers that have it.
func nameInputs(f *inventory.Fleet, x inventory.Redirect) (map[string]string, error) {
	record, err := domainName(x.Options.String("record"))
	if err != nil {
		return nil, fmt.Errorf("record: %w", err)
	}
	hosts, v6, err := hostAddresses(f, x)
	if err != nil {
		return nil, err
	}
	servers, err := nameServers(x.Options.List("authorities"))
	if err != nil {
		return nil, fmt.Errorf("authorities: %w", err)
	}
	_, wait := waitOf(x.Options, "wait", time.Minute)
	in := map[string]string{"RECORD": record, "TYPE": "A", "ADDRESSES": hosts, "AUTHORITIES": servers, "WAIT": wait}
	if v6 {
		in["TYPE"] = "AAAA"
	}
	return in, nil
}

// nameRedirect gives a redirect its scripts, from a folder that has one of
// each; libs stand ahead of them. None needs root.
func nameRedirect(out actions.Redirect, in map[string]string, keep map[string]inventory.Secret, folder string, libs ...string) actions.Redirect {
	verb := func(name string) actions.Script {
		files := slices.Concat([]string{authorityFile}, libs, []string{folder + "/lib.sh", folder + "/" + name + ".sh"})
		s := wayScript(in, keep, files...)
		s.Sudo = false
		return s
	}
	out.Survey, out.Do, out.Verify = verb("survey"), verb("do"), verb("verify")
	return out
}

// hostAddresses returns "NAME ADDRESS" a line for each host that the service
// can run on, and whether these are addresses of IPv6: one record has one sort.
func hostAddresses(f *inventory.Fleet, x inventory.Redirect) (lines string, v6 bool, err error) {
	t, ok := f.Target(x.Of)
	if !ok {
		return "", false, fmt.Errorf("there is no %s", x.Of)
	}
	said, err := perHost(x.Options.List("addresses"))
	if err != nil {
		return "", false, fmt.Errorf("addresses: %w", err)
	}
	var b strings.Builder
	taken := map[netip.Addr]string{}
	for i, h := range moveHosts(*t) {
		a, ok := said[h.Name()]
		if !ok {
			a = addressOf(f, h)
		}
		delete(said, h.Name())
		ip, err := netip.ParseAddr(a)
		if err != nil || ip.Zone() != "" {
			return "", false, fmt.Errorf("%s has the address %q, and a record takes numbers: set addresses = [%q]", h, a, h.Name()+"=203.0.113.5")
		}
		if other, twice := taken[ip]; twice {
			return "", false, fmt.Errorf("%s and %s both have the address %s: set addresses", other, h.Name(), ip)
		}
		taken[ip] = h.Name()
		if i > 0 && ip.Is6() != v6 {
			return "", false, fmt.Errorf("the hosts of %s have addresses of IPv4 and of IPv6, and one record leads to one sort: set addresses", x.Of)
		}
		v6 = ip.Is6()
		fmt.Fprintf(&b, "%s %s\n", h.Name(), ip)
	}
	for name := range said {
		return "", false, fmt.Errorf("addresses names %q, and %s does not run there", name, x.Of)
	}
	return b.String(), v6, nil
}

// perHost reads a list of "HOST=WORD".
func perHost(list []string) (map[string]string, error) {
	m := map[string]string{}
	for _, s := range list {
		name, word, ok := strings.Cut(s, "=")
		name, word = strings.TrimSpace(name), strings.TrimSpace(word)
		if _, twice := m[name]; !ok || twice || name == "" || word == "" {
			return nil, fmt.Errorf("%q is twice there, or not written as \"HOST=WORD\"", s)
		}
		m[name] = word
	}
	return m, nil
}

// nameServers returns "ADDRESS PORT" a line.
func nameServers(list []string) (string, error) {
	var lines []string
	for _, s := range list {
		host, port, named := strings.Cut(s, "#")
		if !named {
			port = "53"
		}
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 {
			return "", fmt.Errorf("%q: %q is no port", s, port)
		}
		if _, err := netip.ParseAddr(host); err != nil {
			if host, err = domainName(host); err != nil {
				return "", fmt.Errorf("%q: %w", s, err)
			}
		}
		lines = append(lines, fmt.Sprintf("%s %d", host, n))
	}
	return strings.Join(lines, "\n"), nil
}

// domainName returns a name of the DNS, without the dot at its end. What could
// be taken for anything else by a tool is refused.
func domainName(s string) (string, error) {
	s = strings.TrimSuffix(s, ".")
	bad := strings.IndexFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_' && r != '.'
	})
	if s == "" || len(s) > 253 || bad >= 0 || strings.HasPrefix(s, "-") || strings.Contains(s, "..") || strings.HasPrefix(s, ".") {
		return "", fmt.Errorf("%q is no name of the DNS", s)
	}
	return strings.ToLower(s), nil
}
