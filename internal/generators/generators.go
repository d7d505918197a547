// Package generators is what the programs that write embedded tables have in
// common: their command line, and how they write. It is for the folders named
// generate and knows nothing of any table.
package generators

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// Program is one of these programs.
type Program struct {
	Flag string // that names the directory to read, "facts"
	Of   string // what is in that directory, "the facts"
	Out  string // directory to write unless -out names one

	// Files returns what is to be written, by file name, and notes for the person
	// who runs it. It writes nothing itself, so an error leaves all as it was.
	Files func(dir string) (files map[string][]byte, notes []string, err error)
}

// Run runs the program with the arguments and returns its exit code: 1 if it
// failed, 2 for a wrong command line.
func (p Program) Run(args []string, stderr io.Writer) int {
	flags := flag.NewFlagSet("generate", flag.ContinueOnError)
	flags.SetOutput(stderr)
	in := flags.String(p.Flag, "", "read "+p.Of+" from `DIR`")
	out := flags.String("out", p.Out, "write to `DIR`")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	case *in == "" || flags.NArg() > 0:
		fmt.Fprintf(stderr, "generate: give the directory of %s with -%s DIR, and nothing else\n", p.Of, p.Flag)
		return 2
	}
	files, notes, err := p.Files(*in)
	for _, n := range notes {
		fmt.Fprintln(stderr, "note:", n)
	}
	if err != nil {
		fmt.Fprintln(stderr, "generate:", err)
		return 1
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := os.WriteFile(filepath.Join(*out, name), files[name], 0o644); err != nil {
			fmt.Fprintln(stderr, "generate:", err)
			return 1
		}
	}
	return 0
}
