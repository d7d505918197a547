package command

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/go-shca/shca/internal/show"
	"github.com/go-shca/shca/render/manifest"
)

func newVerify(sys process) *cobra.Command {
	var key string
	cmd := &cobra.Command{
		Use:   "verify DIR|ZIP",
		Short: "Check a package against its manifest and its signature",
		Long: `Verify tells whether a package is what 'shca assess' wrote: a directory, or a zip
archive made with --package. Every file that manifest.json lists must be there
with its size and SHA-256, and no other file; folders that hold nothing do not
matter. In a zip archive no byte may have changed.

That shows damage and mistakes. Whoever can change a package can write its
manifest anew: only a signature, made with 'shca assess --sign', shows that
nobody has. --key asks for it, with the public key of the one who signed, which
must come from that person by another way than the package.

Make a key once, keep key.pem to yourself, and hand out key.pub:

  openssl genpkey -algorithm ed25519 -out key.pem && chmod 600 key.pem
  openssl pkey -in key.pem -pubout -out key.pub

Standard output has a line for each problem, and one at the end.

Exit codes: 0 the package is in order, 1 it is not, 2 the command line is wrong,
130 interrupted.`,
		Example: `  shca assess findings.json --out package --package package.zip --sign key.pem
  shca verify package
  shca verify package.zip --key key.pub`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("name one package to verify: a directory or a zip archive")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("key") && key == "" {
				return usage("--key: name the file of a public key")
			}
			return runVerify(cmd.Context(), args[0], key, sys)
		},
	}
	cmd.Flags().StringVar(&key, "key", "", "ask for a signature by the public key in this PEM `file`")
	return cmd
}

func runVerify(ctx context.Context, name, keyFile string, sys process) error {
	var o manifest.VerifyOptions
	if keyFile != "" {
		key, err := manifest.ReadPublicKey(keyFile)
		if err != nil {
			return fmt.Errorf("--key: %w", err)
		}
		o.Key = key
	}
	r, err := manifest.Verify(ctx, name, o)
	if ctx.Err() != nil {
		return &exitError{exitInterrupted, errors.New("interrupted: the package was not verified")}
	}
	if err != nil {
		return err
	}
	shown := plain(name, 1000)
	line := func(format string, args ...any) {
		if err == nil {
			_, err = fmt.Fprintf(sys.stdout, "%s: %s\n", shown, fmt.Sprintf(format, args...))
		}
	}
	for _, p := range r.Problems {
		line("%s", plain(p, 1000))
	}
	if more := r.ProblemCount - len(r.Problems); more > 0 {
		line("%s not shown", show.Plural(more, "more problem"))
	}
	if r.ProblemCount > 0 {
		line("not verified: %s", show.Plural(r.ProblemCount, "problem"))
		if err == nil {
			err = &exitError{exitFailed, nil}
		}
		return err
	}
	agree := "agree"
	if r.Files == 1 {
		agree = "agrees"
	}
	text := fmt.Sprintf("%s %s with %s", show.Plural(r.Files, "file"), agree, manifest.File)
	if r.Zip && !r.Sealed {
		text += "; packed by another program than shca"
	}
	switch r.Signature {
	case manifest.Unsigned:
		text += "; not signed"
	case manifest.Unchecked:
		text += "; signed, and the signature was not checked: give --key"
	case manifest.Verified:
		text += "; signed by key " + o.Key.ID()
	}
	line("%s", text)
	return err
}
