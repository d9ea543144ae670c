package kind

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"jurymast/actions"
	"jurymast/inventory"
)

// What the reverse proxies have in common: their data is their configuration
// and their certificates, and a copy is put back only if the proxy takes it.

// proxyCopy is what a kind of proxy says of its data.
type proxyCopy struct {
	in    map[string]string
	files []string // scripts that know the server: see proxy-file/copy-lib.sh
	usual []string // what is copied where the inventory names nothing: the first always, the others where they are there
	also  []string // what is copied in any case where it is there
	tries bool     // a test of a copy writes to nothing but the copy, so that it is good for a drill
}

// proxyData is the data of a proxy: the folders that the inventory names, or
// the usual ones.
func proxyData(f *inventory.Fleet, t inventory.Target, p proxyCopy) (actions.Data, error) {
	roots, why := dataRoots(f, t)
	also := slices.Clone(p.also)
	if len(roots) == 0 {
		if len(t.Data) > 0 {
			return actions.Data{}, errors.New(why)
		}
		roots, also = p.usual[:1], append(also, p.usual[1:]...)
	}
	// What lies in another of them is copied with it.
	also = slices.DeleteFunc(also, func(at string) bool {
		return slices.ContainsFunc(roots, func(r string) bool { _, in := below(r, at); return in })
	})
	d := filesData(roots, why, t)
	container := t.Options.String("container")
	in := maps.Clone(d.Survey.Inputs)
	maps.Copy(in, p.in)
	maps.Copy(in, map[string]string{"USUAL": strings.Join(also, "\n"), "CONTAINER": container, "SCRATCH": "/var/lib/jurymast"})
	d.Scratch = "" // not beside it: a server may read whatever lies there
	if container != "" {
		in["INSIDE"] = "yes" // it holds the folder itself
	}
	verb := func(name string, files ...string) actions.Script {
		s := compound(in, nil, slices.Concat([]string{filesLib}, p.files, []string{"proxy-file/copy-lib.sh"}, files)...)
		s.Name = p.files[0] + "+" + name
		return s
	}
	d.Survey = verb("survey", "proxy-file/copy-asked.sh", "files/survey.sh")
	// Put can take back what it did, before anybody has read it.
	body := func(name string) string { return script(name, nil).Body }
	put := verb("put", "proxy-file/copy-fits.sh")
	put.Body += "jm_back() (\n" + body("files/back.sh") + ")\n" + body("files/put.sh") + body("proxy-file/copy-taken.sh")
	back, prove := verb("back", "files/back.sh", "proxy-file/copy-undone.sh"), verb("prove", "proxy-file/copy-proved.sh")
	d.Put, d.Back, d.Prove = &put, &back, &prove
	if p.tries {
		try := verb("try", "proxy-file/copy-tried.sh")
		d.Try = &try // what it makes ends with it, so that there is nothing to clear
	}
	return d, nil
}
