package command

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
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
	file  string // of the key, as given
	own   bool   // the flag has no file, so the key is the user's own
	next  string // the argument behind a flag without a file

	redactor *redact.Redactor // nil for no redaction
}

// keyFile is the value of the flag. Its type has no name, so the usage has none
// between the flag and its [=FILE].
type keyFile struct{ name *string }

func (k keyFile) Set(name string) error {
	*k.name = name
	return nil
}

func (k keyFile) Type() string { return "" }

func (k keyFile) String() string { return "" } // no default

// noFile is the value of a flag without one. It is what the usage shows, and
// may be the name of a file, too: see read.
const noFile = "FILE"

func (o *redactOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.Var(keyFile{&o.file}, "redact", "replace account ids, ARNs and names by pseudonyms, made with your own key, or with the key in FILE (the equals sign is needed)")
	f.Lookup("redact").NoOptDefVal = noFile
}

// read finds out from the arguments of the command whether the flag has a file.
func (o *redactOptions) read(given bool, args []string) {
	o.given = given
	bare := false
	for i, arg := range args {
		if arg == "--" {
			break
		}
		switch {
		case arg == "--redact":
			bare, o.next = true, ""
			if i+1 < len(args) {
				o.next = args[i+1]
			}
		case strings.HasPrefix(arg, "--redact="):
			bare, o.next = false, ""
		}
	}
	o.own = bare && o.file == noFile
}

// missing adds to the error of an input that does not exist what may be the
// reason: that it was meant as the key.
func (o *redactOptions) missing(err error) error {
	if !o.given || !o.own || o.next == "" || o.next == input.Stdin || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if _, there := os.Stat(o.next); !errors.Is(there, fs.ErrNotExist) {
		return err
	}
	return fmt.Errorf("%w; if it is to be the key, write --redact=%s", err, o.next)
}

// prepare makes the redactor, if one is wanted, before findings are read, and
// tells the assessment. It may make a key, so it comes after whatever else can be
// wrong with the command line.
func (o *redactOptions) prepare(a *assessOptions, inputs []string, m *mapping.Options, sys process, log *slog.Logger) error {
	if !o.given {
		return nil
	}
	if !o.own && o.file == "" { // such as --redact=$KEY without a KEY
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
	if o.own {
		if file, err = ownKeyFile(); err != nil {
			return fmt.Errorf("--redact: %w", err)
		}
	}
	if inside(a.out, file) {
		return usage("--redact=%s: the key would lie in --out %s, and with it anybody can undo the pseudonyms: keep it elsewhere", file, a.out)
	}
	for _, in := range inputs {
		if in != input.Stdin && inside(in, file) {
			return usage("--redact=%s: the key would be an input, or inside one: keep it elsewhere", file)
		}
	}
	key, made, err := redact.ReadKey(file)
	if err != nil {
		return fmt.Errorf("--redact: %w", err)
	}
	if made {
		fmt.Fprintf(sys.stderr, "shca: made a new key, %s: keep it secret, and use it again to get the same pseudonyms\n", plain(file, 1000))
	}
	warnReadable(log, "the key", file)
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

// ownKeyFile returns the path of the user's own key, in a directory that it makes
// if need be.
func ownKeyFile() (string, error) {
	dir, err := os.UserConfigDir()
	if err == nil {
		dir = filepath.Join(dir, "shca")
		err = os.MkdirAll(dir, 0o700)
	}
	if err != nil {
		return "", fmt.Errorf("there is no directory for the key (%w): name a key file, --redact=FILE", err)
	}
	return filepath.Join(dir, "redact.key"), nil
}

// warnReadable warns if other users of the machine may read a file that is a
// secret. Windows has no such modes.
func warnReadable(log *slog.Logger, secret, file string) {
	if info, err := os.Stat(file); err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		log.Warn("other users of this machine may read "+secret+": chmod 600", "file", file)
	}
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
