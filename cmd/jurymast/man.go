package main

import (
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

func (a *app) manCommand() *cobra.Command {
	var dir string
	c := a.command(&cobra.Command{
		Use:     "man [--dir DIR]",
		Short:   "Print the manual page, or write one for each command",
		Example: "  jurymast man | man -l -\n  jurymast man --dir /usr/local/share/man/man1",
		Args:    args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			root := c.Root()
			root.DisableAutoGenTag = true
			// A fixed date: the same binary always writes the same pages.
			date := time.Unix(0, 0).UTC()
			head := &doc.GenManHeader{Title: "JURYMAST", Section: "1", Date: &date, Source: "jurymast " + thisBuild().Version, Manual: "Jurymast manual"}
			if dir == "" {
				return doc.GenMan(root, head, a.out)
			}
			if err := os.MkdirAll(filepath.Clean(dir), 0o755); err != nil {
				return err
			}
			return doc.GenManTree(root, head, dir)
		},
	}, "0", "64", "74")
	c.Flags().StringVar(&dir, "dir", "", "write one page a command into this `folder`")
	return c
}
