package main

import (
	"errors"
	"io"
	"os"
	"strings"

	agefile "filippo.io/age"
	"filippo.io/age/armor"
	"github.com/spf13/cobra"

	"jurymast/actions"
	"jurymast/actions/engine"
)

func (a *app) kitCommand() *cobra.Command {
	return a.group(a.command(&cobra.Command{
		Use:     "kit",
		Short:   "What is needed to begin on a bare machine, encrypted, and whether it still holds",
		Example: "  jurymast kit export --out fleet.kit --passphrase-file pass\n  jurymast kit open fleet.kit --passphrase-file pass\n  jurymast kit check",
	}), a.kitExport(), a.kitOpen(), a.kitCheck())
}

// kitKeys are the flags that say how a kit is encrypted.
type kitKeys struct {
	recipients []string
	passphrase string
	identity   string
}

// passphraseOf reads a passphrase from a file that only its owner can read.
func passphraseOf(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return "", &engine.Trouble{Class: engine.ClassAccess, What: "others can read " + path, Next: "chmod 600 " + path}
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	s, _, _ := strings.Cut(string(b), "\n")
	if len(s) < 12 {
		return "", usageError{"the passphrase in " + path + " is shorter than 12 letters", "a few random words are easy to keep and hard to guess"}
	}
	return s, nil
}

func (a *app) kitExport() *cobra.Command {
	var out string
	var k kitKeys
	c := a.command(&cobra.Command{
		Use:   "export --out FILE",
		Short: "Write one encrypted, printable file",
		Long: `Write what a crew needs to begin on a bare machine: first commands, the order of
restore, where each key is kept, repositories, the inventory and the host keys.
It is encrypted with age, as letters that can be printed and typed in again:
"age --decrypt FILE" opens it without jurymast. Keep it where the fleet is not.`,
		Example: "  jurymast kit export --out fleet.kit --passphrase-file pass\n  jurymast kit export --out fleet.kit --recipient age1…",
		Args:    args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			if out == "" {
				return usageError{"say where to", "jurymast kit export --out fleet.kit --passphrase-file pass"}
			}
			to, err := k.forWriting()
			if err != nil {
				return err
			}
			e, err := a.open(c.Context())
			if err != nil {
				return err
			}
			text, err := e.Kit()
			if err != nil {
				return err
			}
			sealed, err := seal(text, to)
			if err != nil {
				return err
			}
			return engine.WriteFile(out, []byte(sealed))
		},
	})
	f := c.Flags()
	f.StringVar(&out, "out", "", "the `file` to write")
	f.StringSliceVar(&k.recipients, "recipient", nil, "age `key` that can open it; may be given again")
	f.StringVar(&k.passphrase, "passphrase-file", "", "`file` whose first line opens it")
	return c
}

func (k kitKeys) forWriting() ([]agefile.Recipient, error) {
	switch {
	case k.passphrase != "" && len(k.recipients) > 0:
		return nil, usagef("--passphrase-file and --recipient do not go together: age opens a file by one or the other")
	case k.passphrase != "":
		s, err := passphraseOf(k.passphrase)
		if err != nil {
			return nil, err
		}
		r, err := agefile.NewScryptRecipient(s)
		return []agefile.Recipient{r}, err
	case len(k.recipients) == 0:
		return nil, usageError{"a kit is never written unencrypted", "--passphrase-file FILE, or --recipient age1…"}
	}
	var out []agefile.Recipient
	for _, s := range k.recipients {
		r, err := agefile.ParseX25519Recipient(s)
		if err != nil {
			return nil, usagef("--recipient %s: %v", s, err)
		}
		out = append(out, r)
	}
	return out, nil
}

func seal(text string, to []agefile.Recipient) (string, error) {
	var b strings.Builder
	letters := armor.NewWriter(&b)
	w, err := agefile.Encrypt(letters, to...)
	if err != nil {
		return "", err
	}
	_, err = io.WriteString(w, text)
	err = errors.Join(err, w.Close(), letters.Close()) // what is sealed is whole only now
	return b.String(), err
}

func (a *app) kitOpen() *cobra.Command {
	var k kitKeys
	c := a.command(&cobra.Command{
		Use: "open FILE", Short: "Print what a kit holds", Example: "  jurymast kit open fleet.kit --passphrase-file pass", Args: args(cobra.ExactArgs(1)),
		RunE: func(_ *cobra.Command, as []string) error {
			with, err := k.forReading()
			if err != nil {
				return err
			}
			f, err := os.Open(as[0])
			if err != nil {
				return err
			}
			defer func() { _ = f.Close() }() // only read
			r, err := agefile.Decrypt(armor.NewReader(f), with...)
			if err != nil {
				return &engine.Trouble{Class: engine.ClassAccess, What: as[0] + " does not open", Err: err, Next: "is it the right passphrase or key, and a whole kit?"}
			}
			_, err = io.Copy(a.out, r)
			return err
		},
	})
	f := c.Flags()
	f.StringVar(&k.passphrase, "passphrase-file", "", "`file` whose first line opens it")
	f.StringVar(&k.identity, "identity", "", "`file` of the age key that opens it")
	return c
}

func (k kitKeys) forReading() ([]agefile.Identity, error) {
	switch {
	case k.passphrase != "":
		s, err := passphraseOf(k.passphrase)
		if err != nil {
			return nil, err
		}
		id, err := agefile.NewScryptIdentity(s)
		return []agefile.Identity{id}, err
	case k.identity != "":
		f, err := os.Open(k.identity)
		if err != nil {
			return nil, err
		}
		defer func() { _ = f.Close() }() // only read
		return agefile.ParseIdentities(f)
	}
	return nil, usageError{"say what opens it", "--passphrase-file FILE, or --identity FILE"}
}

func (a *app) kitCheck() *cobra.Command {
	return a.command(&cobra.Command{
		Use:   "check",
		Short: "Prove that every key can be had, and still opens its repository",
		Long: `Look every secret of the inventory up where it is kept, and list every repository
with it, asked from the hosts that are copied from. The exit code is that of
check.`,
		Example: "  jurymast kit check\n  jurymast kit check -q",
		Args:    args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			e, err := a.open(c.Context())
			if err != nil {
				return err
			}
			bar := a.progress()
			found, err := e.KitCheck(c.Context(), bar.update)
			bar.clear()
			if err != nil {
				return err
			}
			l := listing{schema: "kit-check", empty: "the inventory refers to no key", columns: []column{{head: "STATE"}, {head: "KEY"}, {head: "WHY", flex: true}}}
			worst := actions.OK
			for _, k := range found {
				worst = actions.Worst(worst, k.State)
				if a.flags.quiet && k.State == actions.OK {
					continue
				}
				state := k.State
				l.rows = append(l.rows, row{name: k.Key, state: &state, cells: []string{state.String(), k.Key, k.Line}, item: k})
			}
			if len(l.rows) > 0 || !a.flags.quiet {
				if err := a.printer().print(l, int(worst)); err != nil {
					return err
				}
			}
			if worst != actions.OK {
				return resultError(int(worst))
			}
			return nil
		},
	}, "0", "1", "64", "65", "74", "77")
}
