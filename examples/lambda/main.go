// Command lambda is an AWS Lambda function that runs shca: it collects findings,
// assesses them and leaves the package in S3, once a day. It is the one function
// behind examples/lambda and examples/stepfunctions, for whoever wants shca
// scheduled without keeping a server. It is shca itself when it is called with
// arguments, and calls itself so for the work; without any it is the function, which
// says what is to be done and tells how it ended. It serves no requests of users and
// deletes nothing from S3 but what shca replaces.
package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/go-shca/shca/internal/command"
	"github.com/go-shca/shca/internal/s3store"
)

func main() {
	if len(os.Args) > 1 {
		command.Main()
	}
	self, err := os.Executable()
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	aws, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		log.Fatal(err)
	}
	f := &function{
		env:    os.Getenv,
		now:    time.Now,
		dir:    filepath.Join(os.TempDir(), "shca"),
		run:    program(self, os.Stderr),
		bucket: &s3store.Store{Config: aws, BucketOwner: os.Getenv("SHCA_BUCKET_OWNER")},
		log:    os.Stdout,
	}
	lambda.Start(f.handle)
}

// mercy is how long shca may take to end once it has been interrupted.
const mercy = 10 * time.Second

// program returns what runs the program in the file, with temporary files in a
// directory. What the program says goes to w, too.
func program(file string, w io.Writer) func(ctx context.Context, temp string, args ...string) (int, string, error) {
	return func(ctx context.Context, temp string, args ...string) (int, string, error) {
		said := &tail{}
		cmd := exec.CommandContext(ctx, file, args...)
		both := io.MultiWriter(w, said)
		cmd.Stdout, cmd.Stderr = both, both
		cmd.Env = append(os.Environ(), "TMPDIR="+temp)
		cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
		cmd.WaitDelay = mercy
		err := cmd.Run()
		var exit *exec.ExitError
		if ctx.Err() != nil || err != nil && !errors.As(err, &exit) {
			return 0, said.String(), cmp.Or(ctx.Err(), err)
		}
		return cmd.ProcessState.ExitCode(), said.String(), nil
	}
}

// tail keeps the end of what is written to it.
type tail struct{ text []byte }

const maxTail = 2000 // bytes

func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p...)
	if over := len(t.text) - maxTail; over > 0 {
		t.text = append(t.text[:0], t.text[over:]...)
	}
	return len(p), nil
}

func (t *tail) String() string { return string(bytes.ToValidUTF8(bytes.TrimSpace(t.text), nil)) }
