package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/input"
	"github.com/go-shca/shca/render"
	"github.com/go-shca/shca/render/manifest"
)

// packageOptions are the flags that make a package of the artifacts.
type packageOptions struct {
	file string
	sign string
}

func (o *packageOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.file, "package", "", "pack all artifacts into this zip `file` as well, outside DIR")
	f.StringVar(&o.sign, "sign", "", "sign the manifest with the private key in this PEM `file`, ed25519 or ECDSA")
}

// formats adds the manifest to the formats that were chosen: a package without
// one cannot be verified.
func (o *packageOptions) formats(names []string) []string {
	const name = "manifest"
	if len(names) == 0 || o.file == "" && o.sign == "" || slices.Contains(names, name) {
		return names
	}
	return append(slices.Clone(names), name)
}

// check makes sure that the package overwrites nothing else, and that neither it
// nor the key becomes a part of the package or of the next run's inputs.
func (o *packageOptions) check(out string, inputs []string) error {
	for _, flag := range []struct{ name, file string }{{"--package", o.file}, {"--sign", o.sign}} {
		if flag.file == "" {
			continue
		}
		if inside(out, flag.file) {
			return usage("%s %s is inside --out %s, where nothing may be but the artifacts: choose another directory", flag.name, flag.file, out)
		}
		for _, in := range inputs {
			if in != input.Stdin && inside(in, flag.file) {
				return usage("%s %s is an input, or inside one: choose another file", flag.name, flag.file)
			}
		}
	}
	if o.file == "" {
		return nil
	}
	if o.sign != "" && inside(o.sign, o.file) {
		return usage("--package %s is the key of --sign: choose another file", o.file)
	}
	if info, err := os.Stat(filepath.Dir(o.file)); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("--package %s: there is no directory %s: make it first", o.file, filepath.Dir(o.file))
	} else if err != nil {
		return fmt.Errorf("--package: %w", err)
	} else if !info.IsDir() {
		return fmt.Errorf("--package: %s is no directory", filepath.Dir(o.file))
	}
	return replaceable(o.file)
}

// replaceable returns an error if the file is there and is no zip archive: it
// was surely not meant.
func replaceable(file string) error {
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("--package: %w", err)
	case info.IsDir():
		return usage("--package %s is a directory: name the zip file to write", file)
	case !info.Mode().IsRegular():
		return usage("--package %s is no regular file: name the zip file to write", file)
	}
	f, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("--package: %w", err)
	}
	defer f.Close() // it is only read
	head := make([]byte, 2)
	if n, err := io.ReadFull(f, head); n > 0 && !bytes.Equal(head[:n], []byte("PK")[:n]) || err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return usage("--package %s is there and is no zip archive: choose another file, or remove it", file)
	}
	return nil
}

// options turns the flags into those of the manifest. command is the command
// line to name in it.
func (o *packageOptions) options(command []string, log *slog.Logger) (manifest.Options, error) {
	options := manifest.Options{Command: command}
	if o.sign == "" {
		return options, nil
	}
	key, err := manifest.ReadPrivateKey(o.sign)
	if errors.Is(err, fs.ErrNotExist) {
		return options, fmt.Errorf("--sign: %w ('shca verify --help' shows how to make a key)", err)
	}
	if err != nil {
		return options, fmt.Errorf("--sign: %w", err)
	}
	warnReadable(log, "the private key", o.sign)
	options.Signer = key
	return options, nil
}

// write packs what was written, if it is to be packed, and returns what to tell
// the user.
func (o *packageOptions) write(ctx context.Context, out string, a *shca.Assessment, written []shca.Artifact) (told string, err error) {
	if o.file == "" {
		return "", nil
	}
	size, err := render.Package(ctx, o.file, out, a, written)
	if ctx.Err() != nil {
		return "", &exitError{exitInterrupted, fmt.Errorf("interrupted: the artifacts in %s are written, the package is not", out)}
	}
	if err != nil {
		return "", fmt.Errorf("--package: %w (the artifacts in %s are written, the package is not)", err, out)
	}
	return fmt.Sprintf("Packed them into %s (%.1f MB)", plain(o.file, 1000), float64(size)/1e6), nil
}

// recorded is the command line as the manifest names it: the arguments as given,
// but for the flags that only say where the artifacts go and how the user is
// told.
func recorded(cmd *cobra.Command, args []string) []string {
	leftOut := func(name string) bool {
		return slices.Contains([]string{"out", "package", "sign", "quiet", "snapshots", "sse", "kms-key-id", "bucket-owner", "aws-profile", "external-id", "timeout"}, name)
	}
	kept := []string{"shca"}
	for i := 0; i < len(args); i++ {
		arg := args[i]
		name, long := strings.CutPrefix(arg, "--")
		switch {
		case arg == "--":
			return append(kept, args[i:]...)
		case long:
			name, _, joined := strings.Cut(name, "=")
			from := i
			if f := cmd.Flags().Lookup(name); f != nil && !joined && f.NoOptDefVal == "" {
				i++ // its value
			}
			if !leftOut(name) {
				kept = append(kept, args[from:min(i+1, len(args))]...)
			}
		case len(arg) > 1 && arg[0] == '-':
			short, more := recordedShort(cmd, arg[1:], leftOut)
			from := i
			if more {
				i++
			}
			if short != "" {
				kept = append(append(kept, "-"+short), args[from+1:min(i+1, len(args))]...)
			}
		default:
			kept = append(kept, arg)
		}
	}
	return kept
}

// recordedShort returns what is left of flags of one letter, written together,
// and whether the next argument is the value of the last.
func recordedShort(cmd *cobra.Command, letters string, leftOut func(name string) bool) (kept string, more bool) {
	for i := range letters {
		f := cmd.Flags().ShorthandLookup(letters[i : i+1])
		if f == nil {
			return letters, false // cannot be: the command line was understood
		}
		rest := letters[i+1:]
		takesRest := f.NoOptDefVal == "" || strings.HasPrefix(rest, "=")
		switch {
		case takesRest && leftOut(f.Name):
			return kept, rest == ""
		case takesRest:
			return kept + letters[i:], rest == ""
		case !leftOut(f.Name):
			kept += letters[i : i+1]
		}
	}
	return kept, false
}
