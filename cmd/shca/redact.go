package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/catalogs"
	"github.com/go-shca/shca/internal/input"
	"github.com/go-shca/shca/mapping"
	"github.com/go-shca/shca/redact"
	"github.com/go-shca/shca/system"
)

// redactOptions are the flag --redact.
type redactOptions struct {
	given bool   // the flag was, with whatever value
	file  string // as given: of the key, ownKey for the user's own

	redactor *redact.Redactor // nil for no redaction
}

// ownKey is what --redact without a file stands for.
const ownKey = "your own key"

func (o *redactOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.file, "redact", "", "replace account ids, ARNs and names in every artifact by pseudonyms, made with the key in this `file`")
	f.Lookup("redact").NoOptDefVal = ownKey
}

// prepare makes the redactor, if one is wanted, before findings are read, and
// tells the assessment.
func (o *redactOptions) prepare(a *assessOptions, inputs []string, m *mapping.Options, sys process, log *slog.Logger) error {
	if !o.given {
		return nil
	}
	if o.file == "" { // such as --redact=$KEY without a KEY
		return usage("--redact= names no key file: write --redact for your own key, or --redact=FILE")
	}
	if a.oscal.ssp != "" || a.oscal.poam != "" {
		return usage("--redact: a plan that people have written cannot be redacted: leave --ssp and --oscal-poam out")
	}
	for _, in := range inputs {
		if in != input.Stdin && redact.IsKeyFile(in) {
			return usage("%s is a key and no input: to redact with it, write --redact=%s", in, in)
		}
	}
	// What is there may be of the estate itself, or people's documents, which
	// would be carried on.
	entries, err := os.ReadDir(a.out)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if len(entries) > 0 {
		return fmt.Errorf("--redact: --out %s is not empty, and what is in it may name what the artifacts must not: choose a new directory", a.out)
	}
	file := o.file
	if file == ownKey {
		if file, err = redact.KeyFile(); err != nil {
			return fmt.Errorf("--redact: %w", err)
		}
	}
	if inside(a.out, file) {
		return usage("--redact=%s: the key would lie in --out %s, and with it anybody can undo the pseudonyms: keep it elsewhere", file, a.out)
	}
	key, made, open, err := redact.ReadKey(file)
	if err != nil {
		return fmt.Errorf("--redact: %w", err)
	}
	if made {
		fmt.Fprintf(sys.stderr, "shca: made a new key, %s: keep it secret, and use it again to get the same pseudonyms\n", plain(file, 1000))
	}
	if open {
		log.Warn("other users of this machine may read the key: chmod 600", "file", file)
	}
	o.redactor = redact.New(key, redact.Options{
		Check: func(id shca.CheckID) bool { _, ok := m.Framework.Check(id); return ok },
		Words: words(m.Framework),
	})
	m.Redacted = true
	if a.profile != "" {
		m.Baseline.Name = "profile" // not the file's
	}
	return nil
}

// source returns the source whose records are assessed.
func (o *redactOptions) source(s shca.Source) shca.Source {
	if o.redactor == nil {
		return s
	}
	return redact.Source(s, o.redactor)
}

// system returns what artifacts may say of the system.
func (o *redactOptions) system(s *system.System) *system.System {
	if o.redactor == nil {
		return s
	}
	return o.redactor.System(s)
}

// inside reports whether the file is somewhere in the directory.
func inside(dir, file string) bool {
	resolved := func(path string) string {
		path, err := filepath.Abs(path)
		if err != nil {
			return path
		}
		for end := ""; ; { // of the path, what exists
			if there, err := filepath.EvalSymlinks(path); err == nil {
				return filepath.Join(there, end)
			}
			parent := filepath.Dir(path)
			if parent == path {
				return filepath.Join(path, end)
			}
			path, end = parent, filepath.Join(filepath.Base(path), end)
		}
	}
	rel, err := filepath.Rel(resolved(dir), resolved(file))
	return err == nil && filepath.IsLocal(rel)
}

// words are those of which the framework's table describes its checks.
func words(f *catalogs.Framework) []string {
	var all []string
	for _, c := range f.Checks() {
		for _, text := range append(slices.Clone(c.ResourceTypes), c.Category, c.ConfigRule) {
			all = append(all, strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) })...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
