package ssh

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kevinburke/ssh_config"
)

// Config is an OpenSSH client configuration, read once. The nil Config says
// nothing.
type Config struct {
	path    string
	parsed  *ssh_config.Config
	leftOut []LeftOut
	names   []string // of the hosts, where they were found while it was read
}

// LeftOut returns the blocks that are not applied, in their order. They are
// never guessed at: hosts are resolved as if those lines were not there.
func (c *Config) LeftOut() []LeftOut {
	if c == nil {
		return nil
	}
	return c.leftOut
}

// LoadConfig reads an ssh configuration. One that is not there, or the path "",
// is an empty one.
func LoadConfig(path string) (*Config, error) {
	c := &Config{path: path}
	if path == "" {
		return c, nil
	}
	text, err := os.ReadFile(filepath.Clean(path))
	if errors.Is(err, os.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return nil, err
	}
	if err := c.decode(text); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// get returns the first value of a keyword for a host name, "" for none.
func (c *Config) get(alias, keyword string) (string, error) {
	if c == nil || c.parsed == nil {
		return "", nil
	}
	v, err := c.parsed.Get(alias, keyword)
	if err != nil {
		return "", fmt.Errorf("%s: %s for %s: %w", c.path, keyword, alias, err)
	}
	return v, nil
}

func (c *Config) all(alias, keyword string) ([]string, error) {
	if c == nil || c.parsed == nil {
		return nil, nil
	}
	v, err := c.parsed.GetAll(alias, keyword)
	if err != nil {
		return nil, fmt.Errorf("%s: %s for %s: %w", c.path, keyword, alias, err)
	}
	return v, nil
}

// defaultIdentities are tried where no key is named, the usual one first.
var defaultIdentities = []string{"id_ed25519", "id_ecdsa", "id_rsa"}

// Apply fills what h does not say from the configuration for its address, and
// from OpenSSH's defaults below home. Keywords: HostName, Port, User,
// IdentityFile, IdentitiesOnly, IdentityAgent, ProxyJump, UserKnownHostsFile,
// GlobalKnownHostsFile, RevokedHostKeys, HostKeyAlias, ConnectTimeout. ProxyCommand is an error:
// it would run a program for each connection.
func (c *Config) Apply(h Host, home string) (Host, error) {
	alias := h.Address
	var errs []error
	get := func(keyword string) string {
		v, err := c.get(alias, keyword)
		errs = append(errs, err)
		return v
	}
	if name := get("HostName"); name != "" {
		h.Address = expand(name, map[byte]string{'h': alias})
	}
	if h.Port == 0 {
		if s := get("Port"); s != "" {
			n, err := strconv.Atoi(s)
			if err != nil || n < 1 || n > 65535 {
				errs = append(errs, fmt.Errorf("%s: Port %s for %s is no port", c.path, s, alias))
			}
			h.Port = n
		}
	}
	if h.User == "" {
		h.User = get("User")
	}
	if h.HostKeyAlias == "" {
		h.HostKeyAlias = get("HostKeyAlias")
	}
	if s := get("ConnectTimeout"); h.Timeout == 0 && s != "" {
		if n, err := strconv.Atoi(s); err == nil && n > 0 {
			h.Timeout = time.Duration(n) * time.Second
		}
	}
	if strings.EqualFold(get("IdentitiesOnly"), "yes") {
		h.IdentitiesOnly = true
	}
	if a := get("IdentityAgent"); a != "" && !strings.EqualFold(a, "SSH_AUTH_SOCK") {
		h.Agent = a
		if name, ok := strings.CutPrefix(a, "$"); ok && !strings.HasPrefix(name, "{") {
			if h.Agent = ""; os.Getenv(name) != "" {
				h.Agent = "${" + name + "}"
			}
		}
	}
	if len(h.Jump) == 0 {
		h.Jump = jumps(get("ProxyJump"))
	}
	if p := get("ProxyCommand"); p != "" && !strings.EqualFold(p, "none") && len(h.Jump) == 0 {
		errs = append(errs, &Error{Host: h.Name, Address: h.addr(), Trouble: Misconfigured, Err: fmt.Errorf("%s has a ProxyCommand for %s, which jurymast does not run", c.path, alias), Hint: "use ProxyJump, or jump in the inventory"})
	}
	tokens := tokensOf(h, alias, home)
	if f := get("RevokedHostKeys"); f != "" && !strings.EqualFold(f, "none") {
		h.RevokedKeys = tilde(expand(f, tokens), home)
	}
	errs = append(errs, c.identities(&h, alias, home, tokens), c.knownHosts(&h, alias, home, tokens))
	if h.Agent != "" {
		h.Agent = tilde(expand(h.Agent, tokens), home)
	}
	return h, errors.Join(errs...)
}

func jumps(s string) []string {
	if s == "" || strings.EqualFold(s, "none") {
		return nil
	}
	var out []string
	for _, j := range strings.Split(s, ",") {
		if j = strings.TrimPrefix(strings.TrimSpace(j), "ssh://"); j != "" {
			out = append(out, j)
		}
	}
	return out
}

// identities fills the key files: those configured, which are then all that is
// read, or the usual ones that are there.
func (c *Config) identities(h *Host, alias, home string, tokens map[byte]string) error {
	if len(h.Identities) > 0 {
		return nil
	}
	files, err := c.all(alias, "IdentityFile")
	for _, f := range files {
		if !strings.EqualFold(f, "none") {
			h.Identities = append(h.Identities, tilde(expand(f, tokens), home))
		}
	}
	if len(files) > 0 || home == "" {
		return err
	}
	for _, n := range defaultIdentities {
		f := filepath.Join(home, ".ssh", n)
		if _, err := os.Stat(f); err == nil {
			h.Identities = append(h.Identities, f)
		}
	}
	return err
}

func (c *Config) knownHosts(h *Host, alias, home string, tokens map[byte]string) error {
	if len(h.KnownHosts) > 0 {
		return nil
	}
	files := func(keyword string, usual ...string) error {
		v, err := c.get(alias, keyword)
		list := strings.Fields(v)
		if v == "" {
			list = usual
		}
		for _, f := range list {
			if f = strings.Trim(f, `"`); !strings.EqualFold(f, "none") && f != os.DevNull {
				h.KnownHosts = append(h.KnownHosts, tilde(expand(f, tokens), home))
			}
		}
		return err
	}
	var usual []string
	if home != "" {
		usual = []string{filepath.Join(home, ".ssh", "known_hosts")}
	}
	return errors.Join(files("UserKnownHostsFile", usual...), files("GlobalKnownHostsFile", "/etc/ssh/ssh_known_hosts"))
}

// tokensOf are the percent tokens of ssh_config(5) that make sense in a file
// name.
func tokensOf(h Host, alias, home string) map[byte]string {
	port := h.Port
	if port == 0 {
		port = 22
	}
	t := map[byte]string{'h': h.Address, 'n': alias, 'p': strconv.Itoa(port), 'r': h.User, 'd': home, 'k': h.HostKeyAlias}
	if t['k'] == "" {
		t['k'] = h.Address
	}
	if u, err := user.Current(); err == nil {
		t['u'], t['i'] = u.Username, u.Uid
	}
	return t
}

// expand puts in what percent tokens and ${VARIABLES} of the environment stand
// for. One that is not set is left as it is: no file is called so.
func expand(s string, tokens map[byte]string) string {
	s = variable.ReplaceAllStringFunc(s, func(v string) string {
		if value, ok := os.LookupEnv(v[2 : len(v)-1]); ok {
			return strings.ReplaceAll(value, "%", "%%")
		}
		return v
	})
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch v, ok := tokens[s[i]]; {
		case s[i] == '%':
			b.WriteByte('%')
		case ok:
			b.WriteString(v)
		default:
			b.WriteByte('%')
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

var variable = regexp.MustCompile(`\$\{[A-Za-z_][A-Za-z0-9_]*\}`)

func tilde(path, home string) string {
	path = strings.Trim(path, `"`)
	if path == "~" {
		return home
	}
	if rest, ok := strings.CutPrefix(path, "~/"); ok && home != "" {
		return filepath.Join(home, rest)
	}
	return path
}

// ConfigHost is one host that a configuration names.
type ConfigHost struct {
	Alias      string
	Address    string // HostName, or the alias
	Port       int
	User       string
	Identities []string
	Jump       []string
	Skip       string // why it cannot be used as it stands; "" when it can
}

// Hosts returns the hosts that the configuration names, in its order: not the
// patterns, which name none.
func (c *Config) Hosts() ([]ConfigHost, error) {
	if c == nil || c.parsed == nil {
		return nil, nil
	}
	var out []ConfigHost
	var errs []error
	names := c.names
	if names == nil {
		names = aliases(c.parsed, 0)
	}
	for _, alias := range names {
		h, err := c.describe(alias)
		errs = append(errs, err)
		out = append(out, h)
	}
	return out, errors.Join(errs...)
}

// describe returns what a configuration says of one host.
func (c *Config) describe(alias string) (ConfigHost, error) {
	h := ConfigHost{Alias: alias, Address: alias}
	var errs []error
	get := func(keyword string) string {
		v, err := c.get(alias, keyword)
		errs = append(errs, err)
		return v
	}
	if name := get("HostName"); name != "" {
		h.Address = expand(name, map[byte]string{'h': alias})
	}
	if n, err := strconv.Atoi(get("Port")); err == nil {
		h.Port = n
	}
	h.User = get("User")
	h.Jump = jumps(get("ProxyJump"))
	var err error
	h.Identities, err = c.all(alias, "IdentityFile")
	errs = append(errs, err)
	if p := get("ProxyCommand"); p != "" && !strings.EqualFold(p, "none") && len(h.Jump) == 0 {
		h.Skip = "it has a ProxyCommand, which jurymast does not run: use ProxyJump"
	}
	return h, errors.Join(errs...)
}

// maxInclude is how deep the library follows Include.
const maxInclude = 5

// aliases returns the hosts that a configuration and the files that it includes
// name, each once, in their order.
func aliases(c *ssh_config.Config, depth int) []string {
	var out []string
	add := func(names ...string) {
		for _, n := range names {
			if !strings.ContainsAny(n, "*?!") && !slices.Contains(out, n) {
				out = append(out, n)
			}
		}
	}
	for _, block := range c.Hosts {
		for _, p := range block.Patterns {
			add(p.String())
		}
		for _, node := range block.Nodes {
			if inc, ok := node.(*ssh_config.Include); ok && depth < maxInclude {
				_, words := directive(inc.String())
				for _, file := range included(words) {
					// What cannot be read was an error when all was read.
					if text, err := os.ReadFile(filepath.Clean(file)); err == nil {
						if more, err := ssh_config.DecodeBytes(text); err == nil {
							add(aliases(more, depth+1)...)
						}
					}
				}
			}
		}
	}
	return out
}

// included returns the files that the words of an Include stand for. The
// library follows them and does not say which they are.
func included(words []string) []string {
	home, err := os.UserHomeDir()
	if err != nil {
		return nil
	}
	var files []string
	for _, w := range words {
		if w = tilde(w, home); !filepath.IsAbs(w) {
			w = filepath.Join(home, ".ssh", w)
		}
		found, err := filepath.Glob(w)
		if err == nil {
			files = append(files, found...)
		}
	}
	return files
}
