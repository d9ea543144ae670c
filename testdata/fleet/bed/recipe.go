//go:build linux

package bed

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// packages of Debian that every machine of the fleet has.
//
//go:embed recipe/packages
var packages string

// customize is run in the new file system, once.
//
//go:embed recipe/customize.sh
var customize string

const suite = "bookworm"

// cacheDir returns the folder of what is kept between beds.
func cacheDir(dir string) (string, error) {
	if dir == "" {
		dir = os.Getenv("JURYMAST_FLEET_CACHE")
	}
	if dir == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return "", err
		}
		dir = filepath.Join(user, "jurymast-fleet")
	}
	return dir, os.MkdirAll(dir, 0o700)
}

// recipe is a short name for all that the base file system is made of: it is
// built anew when that changes.
func recipe(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(append(parts, suite, packages, customize), "\x00")))
	return hex.EncodeToString(sum[:6])
}

// wanted are the packages of the recipe, without its comments.
func wanted() string {
	var names []string
	for line := range strings.Lines(packages) {
		line, _, _ = strings.Cut(line, "#")
		names = append(names, strings.Fields(line)...)
	}
	return strings.Join(names, ",")
}

// buildBase returns the folder with the base file system, and builds it first
// if there is none of this recipe: a minute, and about 1.2 GB. Builders wait
// for each other.
func buildBase(ctx context.Context, cache string, say func(string, ...any)) (string, error) {
	base := filepath.Join(cache, "base-"+recipe())
	return base, once(ctx, base, func(building string) error {
		say("building the base file system of Debian %s: about a minute", suite)
		start := time.Now()
		hook := filepath.Join(cache, "customize-"+recipe()+".sh")
		if err := os.WriteFile(hook, []byte(customize), 0o700); err != nil {
			return err
		}
		sources, err := sources()
		if err != nil {
			return err
		}
		args := []string{
			"--quiet", "--variant=minbase", "--mode=root", "--include=" + wanted(),
			"--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/man/*",
			"--dpkgopt=path-exclude=/usr/share/locale/*",
			"--customize-hook=" + hook + ` "$1"`,
			suite, building,
		}
		if _, err := toolIn(ctx, sources, "mmdebstrap", append(args, "-")...); err != nil {
			return err
		}
		say("built it in %s", time.Since(start).Round(time.Second))
		return os.Remove(hook)
	})
}

// sources is where apt gets its packages from on this host.
func sources() (string, error) {
	var all strings.Builder
	for _, pattern := range []string{"/etc/apt/sources.list", "/etc/apt/sources.list.d/*.list", "/etc/apt/sources.list.d/*.sources"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			return "", err
		}
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				return "", err
			}
			if strings.Contains(string(b), suite) {
				return string(b), nil
			}
			all.Write(b)
		}
	}
	return "", fmt.Errorf("apt of this host has no source for Debian %s", suite)
}

// once makes what is not there: build is given a name beside it, and what it
// leaves there takes the place whole or not at all.
func once(ctx context.Context, path string, build func(building string) error) error {
	lock, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = lock.Close() }() // lets go of the lock
	err = until(ctx, "wait for another that builds "+path, func() error {
		return unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	})
	if err != nil {
		return err
	}
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	building := path + ".building"
	if err := os.RemoveAll(building); err != nil {
		return err
	}
	if err := build(building); err != nil {
		return errors.Join(err, os.RemoveAll(building))
	}
	return os.Rename(building, path)
}
