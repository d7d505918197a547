package command

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/go-shca/shca/sources"
)

// fromOptions are the flags of assess that have it collect first.
type fromOptions struct {
	services []string
	keep     string
}

func (o *fromOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringSliceVar(&o.services, "from", nil, "collect from these `services` of AWS first: "+strings.Join(serviceNames(), ", "))
	f.StringVar(&o.keep, "snapshots", "", "keep the snapshots of --from in this `directory`, from which an interrupted run goes on (default a temporary one)")
	complete(cmd, "from", serviceNames)
}

// check looks at the flags; out is where artifacts go.
func (o *fromOptions) check(out string) error {
	for i, name := range o.services {
		if !slices.Contains(serviceNames(), name) {
			return usage("--from: unknown service %q: there are %s", name, strings.Join(serviceNames(), ", "))
		}
		if slices.Contains(o.services[:i], name) {
			return usage("--from: %s is named twice", name)
		}
	}
	switch {
	case o.keep == "":
	case len(o.services) == 0:
		return usage("--snapshots goes with --from")
	case !isS3(out) && (inside(out, o.keep) || inside(o.keep, out)):
		return usage("--snapshots %s and --out %s are in each other: choose directories apart, since snapshots are no artifacts", o.keep, out)
	}
	return nil
}

// snapshots are those that assess makes for itself.
type snapshots struct {
	services []service
	dir      string
	kept     bool
	pull     func(ctx context.Context, s service, file string) error
}

// fromScheme begins what stands for a snapshot among the inputs. It is no path, so
// that artifacts do not name a temporary directory.
const fromScheme = "shca-collect:"

// open prepares collecting; nothing is asked of AWS yet.
func (o *fromOptions) open(quiet bool, aws *awsOptions, sys process) (*snapshots, error) {
	s := &snapshots{dir: o.keep, kept: o.keep != ""}
	for _, service := range services {
		if slices.Contains(o.services, service.name) {
			s.services = append(s.services, service)
		}
	}
	if len(s.services) == 0 {
		return s, nil
	}
	var err error
	if s.kept {
		err = os.MkdirAll(s.dir, 0o700)
	} else {
		s.dir, err = os.MkdirTemp("", "shca-collect-") // with mode 0700
	}
	s.pull = func(ctx context.Context, service service, file string) error {
		_, err := runCollect(ctx, service.name, service.flags(&cobra.Command{}), aws, file, "", quiet, sys)
		return err
	}
	return s, err
}

// addresses are the inputs that stand for the snapshots.
func (s *snapshots) addresses() []string {
	var all []string
	for _, service := range s.services {
		all = append(all, fromScheme+service.name)
	}
	return all
}

// schemes adds how the addresses are read: from what collect has written.
func (s *snapshots) schemes(schemes sources.Schemes) {
	schemes[fromScheme] = func(address string) ([]sources.File, error) {
		name := strings.TrimPrefix(address, fromScheme)
		if !slices.ContainsFunc(s.services, func(service service) bool { return service.name == name }) {
			return nil, fmt.Errorf("%s: no such input", address)
		}
		file := s.file(name)
		shown := filepath.Base(file)
		if s.kept {
			shown = file
		}
		return []sources.File{{Name: shown, Open: func() (io.ReadCloser, error) { return os.Open(file) }}}, nil
	}
}

func (s *snapshots) file(service string) string { return filepath.Join(s.dir, service+".ndjson.zst") }

// collect pulls all of them. What could not be read their scopes say.
func (s *snapshots) collect(ctx context.Context) error {
	for _, service := range s.services {
		err := s.pull(ctx, service, s.file(service.name))
		if ctx.Err() != nil && !s.kept {
			return ctx.Err() // there is nothing to go on from
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// close removes snapshots that are not kept.
func (s *snapshots) close() error {
	if s.kept || s.dir == "" {
		return nil
	}
	return os.RemoveAll(s.dir)
}
