package command

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/s3store"
	"github.com/go-shca/shca/render"
	"github.com/go-shca/shca/render/manifest"
	"github.com/go-shca/shca/sources"
)

// storeOptions are the flags that say how objects are written to S3.
type storeOptions struct {
	sse, key, owner string
}

func (o *storeOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.sse, "sse", "", "encrypt objects written to s3:// by this `method`: aws:kms, aws:kms:dsse or AES256 (default the bucket's)")
	f.StringVar(&o.key, "kms-key-id", "", "`id`, ARN or alias of the KMS key to encrypt them with")
	f.StringVar(&o.owner, "bucket-owner", "", "`account` that must own the bucket of an s3:// address")
	complete(cmd, "sse", func() []string { return []string{"aws:kms", "aws:kms:dsse", "AES256"} })
}

// effective refuses flags that would have no effect: written and used say whether
// anything is written to S3, and whether S3 is called at all.
func (o *storeOptions) effective(written, used bool) error {
	switch {
	case !written && (o.sse != "" || o.key != ""):
		return usage("--sse and --kms-key-id encrypt what is written to s3://: give an s3:// address to --out, or leave them out")
	case !used && o.owner != "":
		return usage("--bucket-owner goes with s3:// addresses")
	}
	return nil
}

// options turns the flags into those of an upload.
func (o *storeOptions) options() (s3store.Options, error) {
	options := s3store.Options{SSE: o.sse, KMSKeyID: o.key}
	if err := options.Check(); err != nil {
		return options, usage("--sse, --kms-key-id: %w", err)
	}
	if o.owner != "" && !shca.IsAccountID(o.owner) {
		return options, usage("--bucket-owner: %q is no account id of 12 digits", o.owner)
	}
	return options, nil
}

// open returns what reads and writes S3 as the flags say.
func (o *storeOptions) open(ctx context.Context, aws *awsOptions) (*s3store.Store, error) {
	session, err := aws.open(ctx)
	if err != nil {
		return nil, err
	}
	return &s3store.Store{Config: session.Config("", session.Region()), BucketOwner: o.owner}, nil
}

// schemes lists the inputs that are addresses of S3. AWS is called only if there
// is one.
func (o *storeOptions) schemes(ctx context.Context, aws *awsOptions) sources.Schemes {
	return sources.Schemes{s3store.Scheme: func(address string) ([]sources.File, error) {
		store, err := o.open(ctx, aws)
		if err != nil {
			return nil, err
		}
		return store.List(ctx, address)
	}}
}

// remote is a folder of S3 that artifacts go to, by way of a local directory.
type remote struct {
	store   *s3store.Store
	address s3store.Address
	options s3store.Options
	dir     string   // the local directory
	before  []string // artifacts of the run before, by its manifest
	kept    bool     // the local directory stays, since the artifacts are nowhere else
}

// edited are the artifacts that people edit, which a run carries on.
var edited = []string{"oscal/system-security-plan.json", "oscal/plan-of-action-and-milestones.json"}

const manifestFile = "manifest.json"

// openRemote makes the local directory and fetches into it what the run carries
// on. It refuses a folder in which artifacts of formats that are not written
// would stay beside new ones, as render.CheckDir does for a directory.
func openRemote(ctx context.Context, out string, store *storeOptions, aws *awsOptions) (r *remote, err error) {
	r = &remote{}
	if r.options, err = store.options(); err != nil {
		return nil, err
	}
	if r.address, err = s3store.Parse(out); err != nil {
		return nil, usage("--out: %w", err)
	}
	if r.store, err = store.open(ctx, aws); err != nil {
		return nil, err
	}
	if r.dir, err = os.MkdirTemp("", "shca-out-"); err != nil { // with mode 0700
		return nil, err
	}
	if r.options.IfMatch, err = r.store.Download(ctx, r.address, edited, r.dir); err != nil {
		return nil, errors.Join(err, r.close())
	}
	r.options.Last = []string{manifest.SignatureFile, manifestFile} // so that a manifest says that all are there
	return r, nil
}

// within reports whether the artifacts go below an input's address.
func (r *remote) within(input string) bool {
	at, err := s3store.Parse(input)
	if err != nil || at.Bucket != r.address.Bucket {
		return false
	}
	return strings.HasPrefix(r.address.Folder().Key, at.Folder().Key)
}

func (r *remote) close() error {
	if r.kept {
		return nil
	}
	return os.RemoveAll(r.dir)
}

// check refuses to leave artifacts of other formats beside those of this run, and
// notes those that this run replaces: what looks like an artifact and is listed by
// the manifest beside it, or signs that.
func (r *remote) check(ctx context.Context, formats []render.Format) error {
	listed, err := r.listed(ctx)
	if err != nil {
		return err
	}
	names, err := r.store.Names(ctx, r.address)
	if err != nil {
		return err
	}
	for _, name := range names {
		owner := slices.IndexFunc(render.Formats, func(f render.Format) bool {
			return slices.ContainsFunc(append([]string{f.File}, f.Owned...), func(pattern string) bool {
				ok, err := path.Match(pattern, name)
				return ok && err == nil
			})
		})
		switch {
		case owner < 0:
		case !slices.ContainsFunc(formats, func(f render.Format) bool { return f.Name == render.Formats[owner].Name }):
			return fmt.Errorf("%s has %s of an earlier run, which would stay beside artifacts of this one: write all formats, remove it, or choose another prefix", r.address, name)
		case slices.Contains(listed, name):
			r.before = append(r.before, name)
		}
	}
	return nil
}

// listed reads which artifacts the run before has left by its own account.
func (r *remote) listed(ctx context.Context) (names []string, err error) {
	dir, err := os.MkdirTemp("", "shca-manifest-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if _, err := r.store.Download(ctx, r.address, []string{manifestFile}, dir); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(dir, manifestFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var before struct {
		Files []shca.Artifact `json:"files"`
	}
	if err := cmp.Or(err, json.Unmarshal(text, &before)); err != nil {
		return nil, fmt.Errorf("%s has a %s that cannot be read, so what an earlier run has left there cannot be told: remove it, or choose another prefix: %w", r.address, manifestFile, err)
	}
	names = []string{manifest.SignatureFile}
	for _, a := range before.Files {
		names = append(names, a.File)
	}
	return names, nil
}

// upload stores the artifacts, and then removes those of the run before that this
// one has not written, as render.WriteDir does in a directory. If it fails the
// artifacts stay where they are.
func (r *remote) upload(ctx context.Context, written []shca.Artifact) error {
	err := r.store.Upload(ctx, r.dir, written, r.address, r.options)
	if err == nil {
		err = r.store.Remove(ctx, r.address, slices.DeleteFunc(slices.Clone(r.before), func(name string) bool {
			return slices.ContainsFunc(written, func(a shca.Artifact) bool { return a.File == name })
		}))
	}
	if ctx.Err() != nil {
		return &exitError{exitInterrupted, fmt.Errorf("interrupted: %s may have some of the artifacts, and no manifest of them; run the same command again", r.address)}
	}
	if err != nil {
		r.kept = true
		return fmt.Errorf("%w; the artifacts are in %s", err, r.dir)
	}
	return nil
}

// collectBase is the path below which a snapshot that goes to S3 is collected,
// unless --work names one: the same for the same address, so that a run can go on
// with what an earlier one has left.
func collectBase(out string) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", usage("--work DIR is missing: name a directory to keep what has been pulled in until it goes to %s", out)
	}
	sum := sha256.Sum256([]byte(out))
	return filepath.Join(cache, "shca", "collect-"+hex.EncodeToString(sum[:8])), nil
}
